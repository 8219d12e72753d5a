/* SPDX-License-Identifier: Apache-2.0 */
/* Is a remembered verdict ever older than its token, its keys or its policy; is memory bounded; may any number of
 * threads ask? The cache by itself, and behind a trust. */
#include "trust_test.h"

#include <pthread.h>

#define URL_A ISS_A "/keys"

static struct world *cached_world(struct party party)
{
    struct world *world = world_new();
    assert_int_equal(jt_token_cache_new(64, 1 << 20, &world->cache), JETON_OK);
    add_party(world, party);
    if (party.provider)
        provide(world, 0, keys.es);
    if (party.url != NULL)
        serve(world, 0, keys.es, NULL);
    run_for(world, MINUTE);
    assert_int_equal(make_trust(world), JETON_OK);
    return world;
}

static struct party local_party(void)
{
    struct party party = party_of(ISS_A, NULL);
    party.provider = true;
    return party;
}

static char *token_of(const char *payload)
{
    return jws(keys.es, "ES256", HEADER("ES256", "es"), payload);
}

static void a_second_look_comes_from_the_cache_and_says_the_same(void **state)
{
    (void)state;
    struct world *world = cached_world(local_party());
    char *token = token_of(PAYLOAD(ISS_A));
    assert_code(ask(world, token), JETON_OK);
    assert_false(world->cached);
    assert_code(ask(world, token), JETON_OK);
    assert_true(world->cached);
    struct jt_cache_counts counts = jt_token_cache_counts(world->cache);
    assert_int_equal(counts.hits, 1);
    assert_int_equal(counts.misses, 1);
    assert_int_equal(counts.entries, 1);
    /* one bit of it otherwise is another token */
    token[strlen(token) - 10] = token[strlen(token) - 10] == 'A' ? 'B' : 'A';
    assert_code(ask(world, token), JETON_SIGNATURE_INVALID);
    assert_false(world->cached);
    free(token);
    world_free(world);
}

static void without_a_cache_every_look_is_a_judgement(void **state)
{
    (void)state;
    struct world *world = world_of_one(party_of(ISS_A, URL_A));
    char *token = token_of(PAYLOAD(ISS_A));
    for (int i = 0; i < 3; i++) {
        assert_code(ask(world, token), JETON_OK);
        assert_false(world->cached);
    }
    free(token);
    world_free(world);
}

/* For every second around every edge the verdict with a warm cache is the verdict without one. */
static void R50_a_cached_token_ends_and_begins_to_the_second(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000020}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000020.5}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000020.999999}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000030,\"nbf\":1699999990}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000030,\"nbf\":1699999990.25}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000030,\"iat\":1699999985}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000030,\"iat\":1699999985.75}",
        "{\"iss\":\"" ISS_A "\",\"exp\":1700000030.5,\"iat\":1699999985.75,\"nbf\":1699999990.5}",
        "{\"iss\":\"" ISS_A "\",\"exp\":9007199254740992,\"iat\":1700000000}",
        "{\"iss\":\"" ISS_A "\"}",
    };
    static const int64_t leeways[] = {0, 7}, ages[] = {-1, 12};
    for (size_t p = 0; p < JT_COUNT(payloads); p++)
        for (size_t l = 0; l < 2; l++)
            for (size_t a = 0; a < 2; a++) {
                struct party party = local_party();
                party.policy.leeway = leeways[l];
                party.policy.max_age = ages[a];
                party.policy.exp_optional = true;
                struct world *with = cached_world(party), *without = world_new();
                add_party(without, party);
                provide(without, 0, keys.es);
                assert_int_equal(make_trust(without), JETON_OK);
                char *token = token_of(payloads[p]);
                for (int64_t warm = NOW; warm < NOW + 20; warm += 9)
                    for (int64_t now = NOW - 30; now < NOW + 70; now++) {
                        with->now = warm;
                        (void)!ask(with, token);
                        with->now = without->now = now;
                        enum jeton_status expected = ask(without, token), got = ask(with, token);
                        if (got != expected)
                            fail_msg("%s, leeway %d, age %d, at %+d: %s instead of %s", payloads[p], (int)leeways[l],
                                     (int)ages[a], (int)(now - NOW), jeton_status_code(got),
                                     jeton_status_code(expected));
                    }
                assert_true(jt_token_cache_counts(with->cache).hits > 0 || ages[a] >= 0);
                free(token);
                world_free(with);
                world_free(without);
            }
}

static void R17_a_removed_key_takes_its_cached_tokens_along(void **state)
{
    (void)state;
    struct world *world = cached_world(party_of(ISS_A, URL_A));
    char *token = token_of(PAYLOAD(ISS_A));
    assert_code(ask(world, token), JETON_OK);
    assert_code(ask(world, token), JETON_OK);
    assert_true(world->cached);
    serve(world, 0, keys.other, NULL);
    run_for(world, HOUR);
    assert_code(ask(world, token), JETON_KEY_UNKNOWN);
    /* back again under a third set: good, but judged anew */
    serve(world, 0, keys.other, keys.es);
    run_for(world, HOUR);
    assert_code(ask(world, token), JETON_OK);
    assert_false(world->cached);
    free(token);
    world_free(world);
}

static void R15_expired_keys_judge_no_cached_token(void **state)
{
    (void)state;
    struct world *world = cached_world(party_of(ISS_A, URL_A));
    char *token = token_of("{\"iss\":\"" ISS_A "\",\"exp\":1800000000}");
    assert_code(ask(world, token), JETON_OK);
    world->issuer.places[0].status = 500;
    int64_t ends = (int64_t)atomic_load(&world->remote[0]->usable_until);
    while (world->issuer.now < ends - SECOND) {
        assert_code(ask(world, token), JETON_OK);
        assert_true(world->cached);
        run_for(world, ends - SECOND - world->issuer.now < HOUR ? ends - SECOND - world->issuer.now : HOUR);
        ends = (int64_t)atomic_load(&world->remote[0]->usable_until);
    }
    world->issuer.now = ends - 1; /* the engine need not have looked */
    assert_code(ask(world, token), JETON_OK);
    world->issuer.now = ends;
    assert_code(ask(world, token), JETON_KEYS_UNAVAILABLE);
    world->issuer.places[0].status = 200;
    run_for(world, MINUTE);
    assert_code(ask(world, token), JETON_OK);
    free(token);
    world_free(world);
}

static void a_source_that_went_and_came_back_brings_no_old_verdicts(void **state)
{
    (void)state;
    struct world *world = cached_world(party_of(ISS_A, URL_A));
    char *token = token_of(PAYLOAD(ISS_A));
    assert_code(ask(world, token), JETON_OK);
    jt_engine_remove(world->engine, world->remote[0]);
    serve(world, 0, keys.other, NULL);
    assert_int_equal(jt_engine_add(world->engine, world->remote[0]), JETON_OK);
    run_for(world, SECOND);
    assert_code(ask(world, token), JETON_KEY_UNKNOWN);
    free(token);
    world_free(world);
}

static void a_replaced_policy_judges_anew(void **state)
{
    (void)state;
    const struct jeton_bytes web = JT_TEXT("web");
    struct world *world = cached_world(local_party());
    char *token = token_of(PAYLOAD(ISS_A));
    assert_code(ask(world, token), JETON_OK);
    assert_code(ask(world, token), JETON_OK);
    assert_true(world->cached);
    jt_trust_free(world->trust);
    world->trust = NULL;
    world->parties[0].policy.any_audience = false;
    world->parties[0].policy.audiences = (struct jeton_list){&web, 1};
    assert_int_equal(make_trust(world), JETON_OK);
    assert_code(ask(world, token), JETON_AUDIENCE_MISMATCH);
    assert_false(world->cached);
    free(token);
    world_free(world);
}

static bool revoked_now;
static bool is_revoked(void *context, const struct jt_verified *token)
{
    (void)context;
    return revoked_now && jt_bytes_equal(jt_verified_subject(token), JT_TEXT("s"));
}

static void revocation_reaches_cached_tokens(void **state)
{
    (void)state;
    struct world *world = world_new();
    assert_int_equal(jt_token_cache_new(64, 1 << 20, &world->cache), JETON_OK);
    world->revoked = is_revoked;
    add_party(world, local_party());
    provide(world, 0, keys.es);
    assert_int_equal(make_trust(world), JETON_OK);
    char *token = token_of(PAYLOAD(ISS_A));
    revoked_now = false;
    assert_code(ask(world, token), JETON_OK);
    assert_code(ask(world, token), JETON_OK);
    assert_true(world->cached);
    revoked_now = true;
    assert_code(ask(world, token), JETON_TOKEN_REVOKED);
    assert_true(world->cached);
    revoked_now = false;
    assert_code(ask(world, token), JETON_OK);
    free(token);
    world_free(world);
}

/* Revoked stands before scope and behind what makes a token no good. */
static void a_revoked_token_is_revoked_before_its_rights_are_judged(void **state)
{
    (void)state;
    static struct jeton_bytes admin = {"admin", 5};
    struct world *world = world_new();
    struct party party = local_party();
    world->revoked = is_revoked;
    party.policy.scopes = (struct jeton_list){&admin, 1};
    add_party(world, party);
    provide(world, 0, keys.es);
    assert_int_equal(make_trust(world), JETON_OK);
    char *token = token_of(PAYLOAD(ISS_A));
    char *forged = jws(keys.other, "ES256", HEADER("ES256", "es"), PAYLOAD(ISS_A));
    revoked_now = false;
    assert_code(ask(world, token), JETON_SCOPE_INSUFFICIENT);
    revoked_now = true;
    assert_code(ask(world, token), JETON_TOKEN_REVOKED);
    assert_code(ask(world, forged), JETON_SIGNATURE_INVALID);
    world->now = NOW + 7200;
    assert_code(ask(world, token), JETON_TOKEN_EXPIRED);
    free(forged);
    free(token);
    world_free(world);
}

static void tokens_that_failed_are_never_kept(void **state)
{
    (void)state;
    struct world *world = cached_world(local_party());
    for (int i = 0; i < 200; i++) {
        char payload[128];
        snprintf(payload, sizeof payload, "{\"iss\":\"" ISS_A "\",\"exp\":%d,\"jti\":\"%d\"}",
                 i % 2 == 0 ? 1700003600 : 1600000000, i);
        assert_int_not_equal(ask_made(world, i % 2 == 0 ? keys.other : keys.es, HEADER("ES256", "es"), payload),
                             JETON_OK);
    }
    struct jt_cache_counts counts = jt_token_cache_counts(world->cache);
    assert_int_equal(counts.entries, 0);
    assert_int_equal(counts.bytes, 0);
    assert_int_equal(counts.hits, 0);
    world_free(world);
}

/* --- The cache by itself --- */

struct kept {
    void *memory;
    const struct jt_verified *token;
    struct jt_keyset *set;
    char *text;
};

static struct kept verified(void)
{
    struct kept kept = {.set = one_key(keys.es), .text = token_of(PAYLOAD(ISS_A))};
    struct jeton_policy_options options = any_audience();
    struct jt_policy *policy = policy_of(&options);
    struct jt_arena arena;
    size_t room = jt_authenticate_arena_size(MAX_TOKEN);
    kept.memory = malloc(room);
    assert_non_null(kept.memory);
    jt_arena_init(&arena, kept.memory, room);
    assert_int_equal(jt_authenticate(jeton_text(kept.text), kept.set, policy, NOW, &arena, &kept.token, NULL),
                     JETON_OK);
    jt_policy_free(policy);
    return kept;
}

static void done(struct kept *kept)
{
    jt_keyset_free(kept->set);
    free(kept->text);
    free(kept->memory);
}

/* Texts that differ only at the front have one hash: the full compare alone tells them apart. */
static void texts_of_one_hash_are_told_apart_and_take_no_more_than_a_set(void **state)
{
    (void)state;
    struct kept kept = verified();
    struct jt_token_cache *cache;
    struct jt_cache_hit hit;
    char text[64];
    assert_int_equal(jt_token_cache_new(4096, 1 << 22, &cache), JETON_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        struct jt_cache_stamp stamp = {.issuer = i, .until = NOW + (int64_t)i};
        snprintf(text, sizeof text, "%06u.the-same-thirty-two-bytes-at-the-end", (unsigned)i);
        jt_token_cache_keep(cache, jeton_text(text), kept.token, &stamp);
        assert_true(jt_token_cache_find(cache, jeton_text(text), &hit));
        assert_int_equal(hit.stamp->issuer, i);
        jt_token_cache_leave(&hit);
        text[0] = 'x';
        assert_false(jt_token_cache_find(cache, jeton_text(text), &hit));
        jt_token_cache_leave(&hit);
    }
    assert_true(jt_token_cache_counts(cache).entries <= 4);
    unsigned found = 0;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%06u.the-same-thirty-two-bytes-at-the-end", i);
        bool there = jt_token_cache_find(cache, jeton_text(text), &hit);
        if (there)
            assert_int_equal(hit.stamp->issuer, i);
        found += there;
        jt_token_cache_leave(&hit);
    }
    assert_in_range(found, 1, 4);
    jt_token_cache_free(cache);
    done(&kept);
}

static void a_flood_of_good_tokens_stays_within_entries_and_bytes(void **state)
{
    (void)state;
    struct kept kept = verified();
    struct jt_token_cache *cache;
    struct jt_cache_hit hit;
    char text[64];
    const size_t limit = 200000;
    struct jt_cache_stamp stamp = {.until = NOW + 60};
    assert_int_equal(jt_token_cache_new(1024, limit, &cache), JETON_OK);
    unsigned found = 0;
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "a-good-token-number-%08u", i);
        jt_token_cache_keep(cache, jeton_text(text), kept.token, &stamp);
        found += jt_token_cache_find(cache, jeton_text(text), &hit);
        jt_token_cache_leave(&hit);
        struct jt_cache_counts counts = jt_token_cache_counts(cache);
        assert_true(counts.bytes <= limit && counts.entries <= 1024);
    }
    assert_true(found > 5000); /* and new ones still get in */
    jt_token_cache_free(cache);
    done(&kept);
}

static void a_hit_outlives_whatever_replaces_it(void **state)
{
    (void)state;
    struct kept kept = verified();
    struct jt_token_cache *cache;
    struct jt_cache_hit held, hit;
    struct jt_cache_stamp stamp = {.issuer = 7, .until = NOW};
    char text[64];
    assert_int_equal(jt_token_cache_new(4, 1 << 20, &cache), JETON_OK);
    jt_token_cache_keep(cache, JT_TEXT("the held one"), kept.token, &stamp);
    assert_true(jt_token_cache_find(cache, JT_TEXT("the held one"), &held));
    for (unsigned i = 0; i < 500; i++) { /* more than may wait to be freed: keeping stops, nothing breaks */
        snprintf(text, sizeof text, "another-%u", i);
        stamp.issuer = i;
        jt_token_cache_keep(cache, jeton_text(text), kept.token, &stamp);
    }
    assert_int_equal(held.stamp->issuer, 7);
    assert_true(jt_bytes_equal(jt_verified_subject(held.token), JT_TEXT("s")));
    jt_token_cache_leave(&held);
    jt_token_cache_leave(&held); /* leaving twice is leaving once */
    jt_token_cache_keep(cache, JT_TEXT("the last one"), kept.token, &stamp);
    assert_true(jt_token_cache_find(cache, JT_TEXT("the last one"), &hit));
    jt_token_cache_leave(&hit);
    jt_token_cache_free(cache);
    done(&kept);
}

static void what_is_too_large_is_not_kept(void **state)
{
    (void)state;
    struct kept kept = verified();
    struct jt_token_cache *cache;
    struct jt_cache_hit hit;
    struct jt_cache_stamp stamp = {.until = NOW};
    for (size_t bytes = 0; bytes < 4096; bytes += 512) {
        assert_int_equal(jt_token_cache_new(0, bytes, &cache), JETON_OK);
        jt_token_cache_keep(cache, jeton_text(kept.text), kept.token, &stamp);
        assert_false(jt_token_cache_find(cache, jeton_text(kept.text), &hit));
        jt_token_cache_leave(&hit);
        jt_token_cache_free(cache);
    }
    done(&kept);
}

/* --- Threads: judging, while keys are swapped. Also run with ThreadSanitizer. --- */

#define THREADS 4
#define TOKENS 24

struct shared {
    struct world *world;
    char *tokens[TOKENS];
    atomic_bool stop;
    atomic_uint good, unknown, wrong;
};

static void *judge_on(void *context)
{
    struct shared *shared = context;
    void *memory = malloc(shared->world->room);
    for (unsigned i = 0; !atomic_load(&shared->stop); i++) {
        struct jt_arena arena;
        struct jt_trust_result result;
        jt_arena_init(&arena, memory, shared->world->room);
        enum jeton_status status = jt_trust_judge(shared->world->trust, jeton_text(shared->tokens[i % TOKENS]), NOW,
                                                  shared->world->issuer.now, &arena, &result, NULL);
        if (status == JETON_OK && jt_bytes_equal(jt_verified_subject(result.token), JT_TEXT("s")))
            atomic_fetch_add(&shared->good, 1);
        else
            atomic_fetch_add(status == JETON_KEY_UNKNOWN ? &shared->unknown : &shared->wrong, 1);
        jt_trust_leave(&result);
    }
    free(memory);
    return NULL;
}

static void R56_threads_judge_through_the_cache_while_keys_are_swapped(void **state)
{
    (void)state;
    struct shared shared = {.world = world_new()};
    assert_int_equal(jt_token_cache_new(16, 40000, &shared.world->cache), JETON_OK); /* smaller than what comes */
    add_party(shared.world, local_party());
    provide(shared.world, 0, keys.es);
    assert_int_equal(make_trust(shared.world), JETON_OK);
    for (int i = 0; i < TOKENS; i++) {
        char payload[128];
        snprintf(payload, sizeof payload, "{\"iss\":\"" ISS_A "\",\"sub\":\"s\",\"exp\":1700003600,\"jti\":\"%d\"}", i);
        shared.tokens[i] = token_of(payload);
    }
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge_on, &shared), 0);
    for (unsigned i = 0; i < 400 || atomic_load(&shared.good) + atomic_load(&shared.unknown) < 10000; i++) {
        struct jt_keyset *set = one_key(i % 4 == 0 ? keys.other : keys.es);
        if (jt_source_provide(shared.world->provider[0], set) != JETON_OK)
            jt_keyset_free(set); /* readers hold many old ones: a publisher tries again later */
        for (unsigned k = 0; k < 8; k++)
            sched_yield();
    }
    atomic_store(&shared.stop, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_true(atomic_load(&shared.good) > 0);
    provide(shared.world, 0, keys.other);
    for (int i = 0; i < TOKENS; i++)
        assert_code(ask(shared.world, shared.tokens[i]), JETON_KEY_UNKNOWN);
    for (int i = 0; i < TOKENS; i++)
        free(shared.tokens[i]);
    world_free(shared.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_look_comes_from_the_cache_and_says_the_same),
        cmocka_unit_test(without_a_cache_every_look_is_a_judgement),
        cmocka_unit_test(R50_a_cached_token_ends_and_begins_to_the_second),
        cmocka_unit_test(R17_a_removed_key_takes_its_cached_tokens_along),
        cmocka_unit_test(R15_expired_keys_judge_no_cached_token),
        cmocka_unit_test(a_source_that_went_and_came_back_brings_no_old_verdicts),
        cmocka_unit_test(a_replaced_policy_judges_anew),
        cmocka_unit_test(revocation_reaches_cached_tokens),
        cmocka_unit_test(a_revoked_token_is_revoked_before_its_rights_are_judged),
        cmocka_unit_test(tokens_that_failed_are_never_kept),
        cmocka_unit_test(texts_of_one_hash_are_told_apart_and_take_no_more_than_a_set),
        cmocka_unit_test(a_flood_of_good_tokens_stays_within_entries_and_bytes),
        cmocka_unit_test(a_hit_outlives_whatever_replaces_it),
        cmocka_unit_test(what_is_too_large_is_not_kept),
        cmocka_unit_test(R56_threads_judge_through_the_cache_while_keys_are_swapped),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
