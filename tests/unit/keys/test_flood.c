/* SPDX-License-Identifier: Apache-2.0 */
/* Does memory stay flat, and the issuer in peace, whatever number of key ids an attacker makes up? Usage:
 * test_keys_flood KIDS. Every allocation of ours is counted by wrappers that the linker puts in between. */
#include "../../scripted_issuer.h"

#include <sys/resource.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);

static uint64_t calls;
static int64_t alive;

void *__wrap_malloc(size_t size)
{
    void *at = __real_malloc(size);
    calls++;
    alive += at != NULL;
    return at;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *at = __real_calloc(count, size);
    calls++;
    alive += at != NULL;
    return at;
}

void *__wrap_realloc(void *at, size_t size)
{
    void *to = __real_realloc(at, size);
    calls++;
    alive += at == NULL && to != NULL;
    return to;
}

void __wrap_free(void *at)
{
    alive -= at != NULL;
    __real_free(at);
}

#define KEY_A                                                                                                          \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"eSbt9oGxCtwbEE0eGyHnLdUAfLpoJS4gJBpaFtbohaw\",\"y\":"     \
    "\"q7iJyINNUJDqO0o5qAtJDi3PN1ZptAmOa02GAnhSFQQ\"}"

static uint64_t kids;

static long resident_peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static bool look_up(struct jt_source *source, int64_t now, const char *kid, size_t len)
{
    static const struct jt_algorithm *es256;
    struct jt_candidates candidates;
    if (es256 == NULL)
        es256 = jt_algorithm_find(JT_TEXT("ES256"));
    struct jt_header header = {.algorithm = es256, .kid = jeton_bytes(kid, len)};
    struct jt_keys_guard guard = jt_source_enter(source, now);
    bool found = guard.keys != NULL && jt_keyset_find(guard.keys, &header, &candidates, NULL) == JETON_OK;
    if (!found && guard.keys != NULL)
        (void)!jt_source_missed(source, &guard, header.kid, now);
    jt_source_leave(&guard);
    return found;
}

/* An hour of it on the virtual clock. */
static void R12_random_kids_leave_memory_flat_and_a_lookup_allocates_nothing(void **state)
{
    (void)state;
    struct issuer *issuer = calloc(1, sizeof *issuer);
    struct jt_source_options options = options_default();
    struct jt_source *source = NULL;
    *issuer = (struct issuer){.transport = {begin, cancel, step, wake},
                              .now = 1000 * HOUR,
                              .wall = 1700000000,
                              .latency = 50,
                              .status = 200,
                              .body = "{\"keys\":[" KEY_A "]}"};
    struct jt_engine *engine = engine_over(issuer);
    assert_int_equal(jt_source_open(JT_SOURCE_URL, JT_TEXT("https://login.example/keys"), &options, &source, NULL),
                     JETON_OK);
    assert_int_equal(jt_engine_add(engine, source), JETON_OK);
    run_engine(engine, issuer, MINUTE);
    assert_true(look_up(source, issuer->now, "a", 1));
    unsigned requests = issuer->requests;
    int64_t alive_before = alive;
    long peak = 0;
    for (uint64_t i = 0, steps = 0; i < kids; i++) {
        char kid[16];
        uint64_t calls_before = calls, draw[2] = {random_of(issuer), random_of(issuer)};
        memcpy(kid, draw, sizeof kid);
        if (look_up(source, issuer->now, kid, sizeof kid) || calls != calls_before)
            fail_msg("kid %llu was found, or took memory", (unsigned long long)i);
        if (i * 3600 / kids > steps) {
            steps++;
            run_engine(engine, issuer, SECOND);
        }
        if (i == kids / 2)
            peak = resident_peak();
    }
    assert_true(look_up(source, issuer->now, "a", 1));
    assert_in_range(alive, alive_before - 4, alive_before + 4); /* a fetch may be on its way */
    assert_in_range(resident_peak() - peak, 0, 4096);
    assert_in_range(issuer->requests - requests, 2, 2 + 30 + 4 + 2); /* bucket and schedule */
    jt_engine_remove(engine, source);
    jt_source_close(source);
    jt_engine_close(engine);
    free(issuer);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R12_random_kids_leave_memory_flat_and_a_lookup_allocates_nothing),
    };
    kids = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
