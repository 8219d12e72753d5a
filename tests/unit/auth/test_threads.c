/* SPDX-License-Identifier: Apache-2.0 */
/* Can any number of threads share one key set and one policy? Run under the thread sanitizer, too. */
#include "auth_test.h"

#include <pthread.h>

#define THREADS 4
#define ROUNDS 200

struct shared {
    const struct jt_keyset *set;
    const struct jt_policy *policy;
    char *good[3];
    char *bad;
    pthread_barrier_t start;
    unsigned wrong;
};

static void *work(void *context)
{
    struct shared *shared = context;
    size_t room = jt_authenticate_arena_size(MAX_TOKEN);
    void *memory = malloc(room);
    unsigned wrong = 0;
    pthread_barrier_wait(&shared->start); /* the first headers are remembered by all at once */
    for (int i = 0; i < ROUNDS; i++) {
        struct jt_arena arena;
        const struct jt_verified *verified = NULL;
        const char *token = shared->good[i % 3];
        jt_arena_init(&arena, memory, room);
        wrong += jt_authenticate(jeton_text(token), shared->set, shared->policy, NOW, &arena, &verified, NULL) !=
                 JETON_OK;
        if (verified != NULL)
            wrong += !jt_bytes_equal(jt_verified_subject(verified), JT_TEXT("s"));
        jt_arena_init(&arena, memory, room);
        wrong += jt_authenticate(jeton_text(shared->bad), shared->set, shared->policy, NOW, &arena, &verified, NULL) !=
                 JETON_SIGNATURE_INVALID;
    }
    __atomic_fetch_add(&shared->wrong, wrong, __ATOMIC_RELAXED);
    free(memory);
    return NULL;
}

static void threads_share_a_key_set_and_a_policy(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = one_key(keys.es);
    struct jt_policy *policy = policy_of(&options);
    add_key(set, keys.ed, false);
    add_key(set, keys.secret, true);
    struct shared shared = {.set = set, .policy = policy};
    shared.good[0] = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    shared.good[1] = jws(keys.ed, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", GOOD_PAYLOAD);
    shared.good[2] = jws(keys.secret, "HS256", "{\"alg\":\"HS256\"}", GOOD_PAYLOAD);
    shared.bad = jws(keys.other, "ES256", ES_HEADER, GOOD_PAYLOAD);
    pthread_t threads[THREADS];
    pthread_barrier_init(&shared.start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &shared), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&shared.start);
    assert_int_equal(shared.wrong, 0);
    for (size_t i = 0; i < 3; i++)
        free(shared.good[i]);
    free(shared.bad);
    jt_keyset_free(set);
    jt_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_a_key_set_and_a_policy)};
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
