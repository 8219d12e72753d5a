/* SPDX-License-Identifier: Apache-2.0 */
/* Does a verification allocate nothing of ours? Every call from libjeton's own objects to the allocator is counted;
 * those of the crypto library, on its own account, do not pass here. */
#include "library_test.h"

#include <sys/mman.h>

static size_t calls;

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *at, size_t len);
void *__real_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *at, size_t len);
void *__wrap_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset);

void *__wrap_malloc(size_t len)
{
    calls++;
    return __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    calls++;
    return __real_calloc(count, len);
}

void *__wrap_realloc(void *at, size_t len)
{
    calls++;
    return __real_realloc(at, len);
}

void *__wrap_mmap(void *at, size_t len, int protection, int flags, int file, off_t offset)
{
    calls++;
    return __real_mmap(at, len, protection, flags, file, offset);
}

static void a_verification_allocates_nothing_of_ours(void **state)
{
    (void)state;
    const char *algorithms[] = {"HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"};
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct jeton_secret_key *key = make_key(algorithms[i], "");
        struct jeton_keyset *set = set_of_key(key);
        struct jeton_sign_options options = sign_options();
        struct jeton_policy_options policy_options = any_audience();
        struct jeton_policy *policy = NULL;
        struct jeton_output token = sign(key, &options);
        const struct jeton_verified *verified = NULL;
        assert_code(jeton_policy_new(&policy_options, &policy, NULL), JETON_OK);
        jeton_keyset_warm(set);
        size_t before = calls;
        assert_true(before > 0); /* the counter counts */
        for (int n = 0; n < 10; n++) {
            assert_code(jeton_verify(jeton_bytes(token.at, token.len), set, policy, NOW, test_arena, sizeof test_arena,
                                     &verified, &last_detail),
                        JETON_OK);
            enum jeton_status refused = jeton_verify(jeton_bytes(token.at, token.len - 1), set, policy, NOW, test_arena,
                                                     sizeof test_arena, &verified, &last_detail);
            assert_int_equal(jeton_status_kind(refused), JETON_KIND_REFUSED);
        }
        assert_int_equal(calls, before);
        struct jeton_verdict *verdict = calloc(1, sizeof *verdict);
        verdict->size = sizeof *verdict;
        before = calls;
        assert_code(
            jeton_explain(jeton_bytes(token.at, token.len), set, policy, NOW, test_arena, sizeof test_arena, verdict),
            JETON_OK);
        assert_int_equal(calls, before);
        free(verdict);
        jeton_policy_free(policy);
        jeton_output_done(&token);
        jeton_keyset_free(set);
        jeton_secret_key_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_verification_allocates_nothing_of_ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
