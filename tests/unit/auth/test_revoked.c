/* SPDX-License-Identifier: Apache-2.0 */
/* Is what was revoked found by every thread that asks after it, and nothing else; is the set bounded; do names tell
 * tokens apart? Run under the thread sanitizer, too. */
#include "auth_test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "auth/revoked.h"

struct name {
    unsigned char id[JT_REVOKED_ID];
};

/* Names that differ in their last bytes alone. */
static struct name name_of(unsigned number)
{
    struct name name = {{0}};
    memcpy(name.id + JT_REVOKED_ID - sizeof number, &number, sizeof number);
    return name;
}

static struct jt_revoked *new_revoked(size_t max)
{
    struct jt_revoked *revoked = NULL;
    assert_int_equal(jt_revoked_new(max, &revoked), JETON_OK);
    return revoked;
}

static bool has(struct jt_revoked *revoked, unsigned number)
{
    return jt_revoked_has(revoked, name_of(number).id);
}

static enum jeton_status add(struct jt_revoked *revoked, unsigned number, int64_t until)
{
    return jt_revoked_add(revoked, name_of(number).id, until);
}

static void a_name_is_there_once_added_and_its_neighbour_is_not(void **state)
{
    (void)state;
    struct jt_revoked *revoked = new_revoked(10);
    assert_true(jt_revoked_none(revoked));
    assert_false(has(revoked, 1));
    assert_int_equal(add(revoked, 1, NOW), JETON_OK);
    assert_false(jt_revoked_none(revoked));
    assert_true(has(revoked, 1));
    assert_false(has(revoked, 0));
    assert_false(has(revoked, 2));
    jt_revoked_free(revoked);
}

static void it_grows_and_loses_nothing(void **state)
{
    (void)state;
    struct jt_revoked *revoked = new_revoked(5000);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(add(revoked, i, NOW), JETON_OK);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(has(revoked, i), i < 5000);
    assert_int_equal(jt_revoked_count(revoked), 5000);
    jt_revoked_free(revoked);
}

static void a_full_one_refuses_and_forgets_nothing(void **state)
{
    (void)state;
    struct jt_revoked *revoked = new_revoked(2);
    assert_int_equal(add(revoked, 1, NOW), JETON_OK);
    assert_int_equal(add(revoked, 2, NOW), JETON_OK);
    assert_int_equal(add(revoked, 3, NOW), JETON_INTERNAL_ERROR);
    assert_int_equal(add(revoked, 2, NOW + 1), JETON_OK); /* it is there already */
    assert_true(has(revoked, 1) && has(revoked, 2) && !has(revoked, 3));
    jt_revoked_free(revoked);
}

static void what_has_ended_leaves_and_not_a_second_before(void **state)
{
    (void)state;
    struct jt_revoked *revoked = new_revoked(3);
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(add(revoked, i, NOW + i), JETON_OK);
    assert_int_equal(add(revoked, 1, NOW + 9), JETON_OK); /* the later end holds */
    assert_int_equal(add(revoked, 3, NOW), JETON_OK);
    jt_revoked_expire(revoked, NOW + 1);
    assert_int_equal(jt_revoked_count(revoked), 3);
    jt_revoked_expire(revoked, NOW + 2);
    assert_true(has(revoked, 1) && !has(revoked, 2) && has(revoked, 3));
    assert_int_equal(add(revoked, 4, NOW + 9), JETON_OK);
    jt_revoked_expire(revoked, NOW + 9);
    assert_true(jt_revoked_none(revoked));
    assert_false(has(revoked, 1));
    jt_revoked_free(revoked);
}

/* --- Threads --- */

enum { NAMES = 3000, ASKERS = 3 };

struct shared {
    struct jt_revoked *revoked;
    atomic_uint added; /* names below it are revoked */
    _Atomic bool over;
    atomic_uint wrong;
};

static void *keep_asking(void *context)
{
    struct shared *shared = context;
    for (unsigned round = 0; !atomic_load(&shared->over); round++) {
        unsigned added = atomic_load(&shared->added);
        if (added > 0 && !has(shared->revoked, round % added))
            atomic_fetch_add(&shared->wrong, 1);
        if (has(shared->revoked, 100000 + round))
            atomic_fetch_add(&shared->wrong, 1);
    }
    return NULL;
}

static void who_asks_sees_all_that_was_revoked_before_while_it_grows_and_expires(void **state)
{
    (void)state;
    struct shared shared = {.revoked = new_revoked(2 * NAMES)};
    pthread_t askers[ASKERS];
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, keep_asking, &shared), 0);
    for (unsigned i = 0; i < NAMES; i++) {
        enum jeton_status status;
        do /* out of memory: too many old tables are still being read */
            status = add(shared.revoked, i, NOW + 10);
        while (status == JETON_OUT_OF_MEMORY);
        assert_int_equal(status, JETON_OK);
        atomic_store(&shared.added, i + 1);
        if (i % 100 == 0) {
            (void)add(shared.revoked, 50000 + i, NOW);
            jt_revoked_expire(shared.revoked, NOW);
        }
    }
    atomic_store(&shared.over, true);
    for (int i = 0; i < ASKERS; i++)
        pthread_join(askers[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    jt_revoked_free(shared.revoked);
}

/* --- Names of tokens --- */

static struct name name_of_token(const char *payload)
{
    struct jeton_policy_options options = any_audience();
    struct jt_policy *policy = policy_of(&options);
    struct jt_keyset *set = one_key(keys.es);
    size_t room = jt_authenticate_arena_size(MAX_TOKEN);
    void *memory = malloc(room);
    struct jt_arena arena;
    const struct jt_verified *token = NULL;
    struct name name;
    char *text = jws(keys.es, "ES256", ES_HEADER, payload);
    jt_arena_init(&arena, memory, room);
    assert_int_equal(jt_authenticate(jeton_text(text), set, policy, NOW, &arena, &token, NULL), JETON_OK);
    assert_int_equal(jt_revoked_name(token, name.id), JETON_OK);
    free(text);
    free(memory);
    jt_keyset_free(set);
    jt_policy_free(policy);
    return name;
}

static bool same_name(const char *a, const char *b)
{
    struct name first = name_of_token(a), second = name_of_token(b);
    return memcmp(first.id, second.id, sizeof first.id) == 0;
}

#define EXP "\"exp\":1700003600"

static void a_token_is_named_by_issuer_and_jti(void **state)
{
    (void)state;
    assert_true(same_name("{\"iss\":\"i\",\"jti\":\"a\"," EXP "}", "{\"jti\":\"\\u0061\",\"iss\":\"i\"," EXP "}"));
    assert_false(same_name("{\"iss\":\"i\",\"jti\":\"a\"," EXP "}", "{\"iss\":\"i\",\"jti\":\"b\"," EXP "}"));
    assert_false(same_name("{\"iss\":\"i\",\"jti\":\"a\"," EXP "}", "{\"iss\":\"j\",\"jti\":\"a\"," EXP "}"));
    assert_false(same_name("{\"iss\":\"ij\",\"jti\":\"a\"," EXP "}", "{\"iss\":\"i\",\"jti\":\"ja\"," EXP "}"));
}

#define UUID "01234567-89ab-4cde-8f01-23456789abcd"

static void a_uuid_is_a_name_by_itself_and_what_is_nearly_one_is_not(void **state)
{
    (void)state;
    static const unsigned char bytes[JT_REVOKED_ID] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4c, 0xde,
                                                       0x8f, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd};
    static const char *const nearly[] = {
        "{\"jti\":\"01234567-89ab-4cde-8f01-23456789abcD\"," EXP "}",
        "{\"jti\":\"01234567-89ab-4cde-8f01-23456789abcg\"," EXP "}",
        "{\"jti\":\"01234567089ab-4cde-8f01-23456789abcd\"," EXP "}",
        "{\"jti\":\"01234567-89ab-4cde-8f01-23456789abc\"," EXP "}",
        "{\"jti\":\"01234567-89ab-4cde-8f01-23456789abcd0\"," EXP "}",
        "{\"jti\":\"0123456-789ab-4cde-8f01-23456789abcd\"," EXP "}",
    };
    struct name name = name_of_token("{\"iss\":\"i\",\"jti\":\"" UUID "\"," EXP "}");
    assert_memory_equal(name.id, bytes, sizeof bytes);
    for (size_t i = 0; i < JT_COUNT(nearly); i++) {
        name = name_of_token(nearly[i]);
        assert_memory_not_equal(name.id, bytes, sizeof bytes);
    }
}

static void a_token_without_jti_is_named_by_all_it_says(void **state)
{
    (void)state;
    assert_true(same_name("{\"sub\":\"a\"," EXP "}", "{\"sub\":\"a\"," EXP "}"));
    assert_false(same_name("{\"sub\":\"a\"," EXP "}", "{\"sub\":\"b\"," EXP "}"));
    assert_false(same_name("{\"jti\":\"\",\"sub\":\"a\"," EXP "}", "{\"jti\":\"\",\"sub\":\"b\"," EXP "}"));
}

static void freeing_none_is_fine(void **state)
{
    (void)state;
    jt_revoked_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_there_once_added_and_its_neighbour_is_not),
        cmocka_unit_test(it_grows_and_loses_nothing),
        cmocka_unit_test(a_full_one_refuses_and_forgets_nothing),
        cmocka_unit_test(what_has_ended_leaves_and_not_a_second_before),
        cmocka_unit_test(who_asks_sees_all_that_was_revoked_before_while_it_grows_and_expires),
        cmocka_unit_test(a_token_is_named_by_issuer_and_jti),
        cmocka_unit_test(a_uuid_is_a_name_by_itself_and_what_is_nearly_one_is_not),
        cmocka_unit_test(a_token_without_jti_is_named_by_all_it_says),
        cmocka_unit_test(freeing_none_is_fine),
    };
    return cmocka_run_group_tests_name("revoked", tests, make_keys, free_keys);
}
