/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens are believed, by which keys, and who may cause a fetch? Several issuers, chains of sources and
 * attackers, on a virtual clock. */
#include "trust_test.h"

#define URL_A ISS_A "/keys"
#define URL_B ISS_B "/keys"

static uint64_t misses_told(const struct jt_source *source)
{
    return atomic_load(&source->counts.misses[JT_MISS_NEW]) + atomic_load(&source->counts.misses[JT_MISS_PENDING]) +
           atomic_load(&source->counts.misses[JT_MISS_FINAL]);
}

static struct world *world_of_chain(void)
{
    struct world *world = world_new();
    struct party party = party_of(ISS_A, URL_A);
    party.provider = true;
    add_party(world, party);
    provide(world, 0, keys.es);
    serve(world, 0, keys.other, NULL);
    assert_int_equal(make_trust(world), JETON_OK);
    return world;
}

static void S5_2_the_key_of_this_process_wins_and_the_remote_one_is_the_fallback(void **state)
{
    (void)state;
    struct world *world = world_of_chain();
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK); /* nothing fetched yet */
    assert_code(ask_made(world, keys.other, HEADER("ES256", "other"), PAYLOAD(ISS_A)), JETON_KEYS_UNAVAILABLE);
    run_for(world, MINUTE);
    unsigned asked = world->issuer.requests;
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, keys.other, HEADER("ES256", "other"), PAYLOAD(ISS_A)), JETON_OK);
    assert_int_equal(misses_told(world->remote[0]), 0);
    run_for(world, MINUTE);
    assert_int_equal(world->issuer.requests, asked);
    /* a kid of this process under another key is no reason to ask elsewhere */
    assert_code(ask_made(world, keys.other, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
    assert_int_equal(world->outlook, JT_OUTLOOK_NONE);
    /* a kid of neither is the remote's to find */
    assert_code(ask_made(world, keys.other, HEADER("ES256", "new"), PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    assert_ptr_equal(world->told, world->remote[0]);
    run_for(world, SECOND);
    assert_int_equal(world->issuer.requests, asked + 1);
    assert_code(ask_made(world, keys.other, HEADER("ES256", "new"), PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
    assert_int_equal(world->outlook, JT_OUTLOOK_FINAL);
    world_free(world);
}

static void S5_4_S5_6_a_provider_alone_needs_no_address_and_what_it_has_not_is_final(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct party party = party_of(ISS_A, NULL);
    party.provider = true;
    add_party(world, party);
    assert_int_equal(make_trust(world), JETON_OK);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_KEYS_UNAVAILABLE);
    provide(world, 0, keys.es);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "new"), PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
    assert_int_equal(world->outlook, JT_OUTLOOK_FINAL);
    assert_null(world->told);
    run_for(world, HOUR);
    assert_int_equal(world->issuer.requests + world->issuer.discoveries, 0);
    world_free(world);
}

static void S5_5_a_dead_remote_does_not_touch_the_tokens_of_this_process(void **state)
{
    (void)state;
    struct world *world = world_of_chain();
    world->issuer.places[0].status = 500;
    for (int minute = 0; minute < 60; minute++) {
        run_for(world, MINUTE);
        assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK);
        assert_code(ask_made(world, keys.other, HEADER("ES256", "other"), PAYLOAD(ISS_A)), JETON_KEYS_UNAVAILABLE);
    }
    assert_int_equal(misses_told(world->remote[0]), 0); /* no set, no miss: back-off alone decides */
    world_free(world);
}

static void S5_7_a_judged_token_does_not_change_with_the_keys(void **state)
{
    (void)state;
    struct world *world = world_of_chain();
    struct jt_arena arena;
    struct jt_trust_result result;
    char *token = jws(keys.es, "ES256", HEADER("ES256", "es"), PAYLOAD(ISS_A));
    jt_arena_init(&arena, world->memory, world->room);
    assert_code(jt_trust_judge(world->trust, jeton_text(token), NOW, world->issuer.now, &arena, &result, NULL),
                JETON_OK);
    for (int i = 0; i < 20; i++)
        provide(world, 0, keys.other);
    assert_true(jt_bytes_equal(jt_verified_kid(result.token), JT_TEXT("es")));
    assert_true(jt_bytes_equal(jt_verified_subject(result.token), JT_TEXT("s")));
    jt_trust_leave(&result);
    free(token);
    world_free(world);
}

static struct world *world_of_two(void)
{
    struct world *world = world_new();
    struct party b = party_of(ISS_B, URL_B);
    const struct jeton_bytes audience = JT_TEXT("b-only");
    b.policy.any_audience = false;
    b.policy.audiences = (struct jeton_list){&audience, 1};
    add_party(world, party_of(ISS_A, URL_A));
    add_party(world, b);
    assert_int_equal(make_trust(world), JETON_OK);
    return world;
}

static void R18_issuers_with_one_kid_and_different_keys_never_speak_for_each_other(void **state)
{
    (void)state;
    struct world *world = world_of_two();
    struct jt_secret_jwk *a = new_key("ES256", "same"), *b = new_key("ES256", "same");
    const char *for_b = "{\"iss\":\"" ISS_B "\",\"aud\":\"b-only\",\"exp\":1700003600}";
    serve(world, 0, a, NULL);
    serve(world, 1, b, NULL);
    run_for(world, MINUTE);
    assert_code(ask_made(world, a, HEADER("ES256", "same"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, b, HEADER("ES256", "same"), for_b), JETON_OK);
    assert_code(ask_made(world, b, HEADER("ES256", "same"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
    assert_code(ask_made(world, a, HEADER("ES256", "same"), for_b), JETON_SIGNATURE_INVALID);
    /* and each has its own policy */
    assert_code(ask_made(world, b, HEADER("ES256", "same"), PAYLOAD(ISS_B)), JETON_AUDIENCE_MISMATCH);
    jt_secret_jwk_release(a);
    jt_secret_jwk_release(b);
    world_free(world);
}

static void R42_an_issuer_that_is_none_of_ours_is_refused_whatever_it_says(void **state)
{
    (void)state;
    struct world *world = world_of_two();
    serve(world, 0, keys.es, NULL);
    serve(world, 1, keys.es, NULL);
    run_for(world, MINUTE);
    unsigned asked = world->issuer.requests;
    static const struct {
        const char *iss;
        enum jeton_status expected;
    } hints[] = {
        {"\"https://a.example\"", JETON_OK},
        {"\"https:\\/\\/\\u0061.example\"", JETON_OK}, /* the same text, written otherwise */
        {"\"https://a.example/\"", JETON_ISSUER_UNKNOWN},
        {"\"HTTPS://a.example\"", JETON_ISSUER_UNKNOWN},
        {"\"https://a.exampl\"", JETON_ISSUER_UNKNOWN},
        {"\"https://a.example\\u0000\"", JETON_ISSUER_UNKNOWN},
        {"\"\\u0000a\"", JETON_ISSUER_UNKNOWN},
        {"\"\"", JETON_CLAIMS_INVALID},
        {"7", JETON_CLAIMS_INVALID},
        {"null", JETON_CLAIMS_INVALID},
        {"[\"https://a.example\"]", JETON_CLAIMS_INVALID},
        {"{\"https://a.example\":1}", JETON_CLAIMS_INVALID},
        {"\"https://a.example\",\"iss\":\"https://b.example\"", JETON_CLAIMS_INVALID},
        {"\"https://a.example\",\"\\u0069ss\":\"https://a.example\"", JETON_CLAIMS_INVALID},
    };
    for (size_t i = 0; i < JT_COUNT(hints); i++) {
        char payload[256];
        snprintf(payload, sizeof payload, "{\"exp\":1700003600,\"iss\":%s}", hints[i].iss);
        enum jeton_status status = ask_made(world, keys.es, HEADER("ES256", "es"), payload);
        if (status != hints[i].expected && !(i == 7 && status == JETON_ISSUER_UNKNOWN))
            fail_msg("%s: %s", hints[i].iss, jeton_status_code(status));
    }
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), "{\"exp\":1700003600}"), JETON_CLAIM_MISSING);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), "[\"" ISS_A "\"]"), JETON_CLAIMS_INVALID);
    run_for(world, MINUTE);
    assert_int_equal(world->issuer.requests, asked);
    assert_int_equal(misses_told(world->remote[0]) + misses_told(world->remote[1]), 0);
    world_free(world);
}

static void a_trust_of_nobody_refuses_everybody(void **state)
{
    (void)state;
    struct world *world = world_new();
    assert_int_equal(make_trust(world), JETON_OK);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_ISSUER_UNKNOWN);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD("\\u0000a")), JETON_ISSUER_UNKNOWN);
    world_free(world);
}

static void junk_and_foreign_tokens_never_reach_the_latch(void **state)
{
    (void)state;
    const struct jeton_bytes api = JT_TEXT("api"), es256 = JT_TEXT("ES256");
    struct party party = party_of(ISS_A, URL_A);
    party.policy.any_audience = false;
    party.policy.audiences = (struct jeton_list){&api, 1};
    party.policy.algorithms = (struct jeton_list){&es256, 1};
    struct world *world = world_of_one(party);
    unsigned asked = world->issuer.requests;
    char long_kid[400], header[512];
    memset(long_kid, 'k', sizeof long_kid);
    long_kid[sizeof long_kid - 1] = '\0';
    snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", long_kid);
    const struct {
        const struct jt_secret_jwk *key;
        const char *header, *payload;
    } junk[] = {
        {keys.es, HEADER("ES256", "new"), PAYLOAD(ISS_B)},
        {keys.es, HEADER("ES256", "new"), "{\"iss\":\"" ISS_A "\",\"aud\":\"api\",\"exp\":1699999000}"},
        {keys.es, HEADER("ES256", "new"), "{\"iss\":\"" ISS_A "\",\"aud\":\"api\"}"},
        {keys.es, HEADER("ES256", "new"), "{\"iss\":\"" ISS_A "\",\"aud\":\"web\",\"exp\":1700003600}"},
        {keys.es, HEADER("ES256", "new"), "{\"iss\":\"" ISS_A "\",\"aud\":\"api\",\"exp\":\"1700003600\"}"},
        {keys.es, HEADER("ES256", "new"), "{\"aud\":\"api\",\"exp\":1700003600}"},
        {keys.es, HEADER("ES256", "new"), "[]"},
        {keys.es, HEADER("ES256", "new"), "not json"},
        {keys.es, header, PAYLOAD(ISS_A)},
        {keys.rsa, HEADER("RS256", "new"), PAYLOAD(ISS_A)},
        {keys.es, "{\"alg\":\"ES256\",\"kid\":\"new\",\"crit\":[\"x\"]}", PAYLOAD(ISS_A)},
        {keys.es, HEADER("none", "new"), PAYLOAD(ISS_A)},
        {keys.es, HEADER("HS256", "new"), PAYLOAD(ISS_A)},
        {keys.es, HEADER("XX", "new"), PAYLOAD(ISS_A)},
    };
    for (size_t i = 0; i < JT_COUNT(junk); i++) {
        assert_int_not_equal(ask_made(world, junk[i].key, junk[i].header, junk[i].payload), JETON_OK);
        assert_int_not_equal(world->outlook, JT_OUTLOOK_PENDING);
        if (misses_told(world->remote[0]) != 0)
            fail_msg("junk %zu was told", i);
    }
    char *token = jws(keys.es, "ES256", HEADER("ES256", "new"), PAYLOAD(ISS_A));
    strrchr(token, '.')[1] = '\0'; /* without a signature */
    assert_code(ask(world, token), JETON_KEY_UNKNOWN);
    assert_int_equal(misses_told(world->remote[0]), 0);
    free(token);
    run_for(world, MINUTE);
    assert_int_equal(world->issuer.requests, asked);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "new"), PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    world_free(world);
}

static void the_largest_token_with_a_new_kid_is_told_too(void **state)
{
    (void)state;
    struct world *world = world_of_one(party_of(ISS_A, URL_A));
    char *payload = calloc(1, MAX_TOKEN);
    char *text = payload + sprintf(payload, "{\"iss\":\"" ISS_A "\",\"exp\":1700003600,\"many\":[");
    for (size_t i = 0; i < 5900; i++)
        text += sprintf(text, i == 0 ? "1" : ",1");
    sprintf(text, "]}");
    char *token = jws(keys.other, "ES256", HEADER("ES256", "other"), payload);
    assert_in_range(strlen(token), MAX_TOKEN * 95 / 100, MAX_TOKEN);
    assert_code(ask(world, token), JETON_KEY_UNKNOWN);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    serve(world, 0, keys.other, NULL);
    run_for(world, SECOND);
    assert_code(ask(world, token), JETON_OK);
    free(token);
    free(payload);
    world_free(world);
}

static struct world *world_that_refreshes(void)
{
    struct party party = party_of(ISS_A, URL_A);
    party.refresh_on_bad_signature = true;
    return world_of_one(party);
}

static void S3_1_S3_2_what_is_permanent_is_refused_at_once_and_asks_nobody(void **state)
{
    (void)state;
    struct world *world = world_that_refreshes();
    unsigned asked = world->issuer.requests;
    const struct {
        const char *payload;
        enum jeton_status expected;
    } permanent[] = {
        {"{\"iss\":\"" ISS_A "\",\"exp\":1600000000}", JETON_TOKEN_EXPIRED},
        {"{\"iss\":\"" ISS_A "\",\"exp\":\"x\"}", JETON_CLAIMS_INVALID},
        {"{\"iss\":\"" ISS_A "\"}", JETON_CLAIM_MISSING},
        {"{\"iss\":\"" ISS_A "\",\"exp\":1700003600,\"nbf\":1700003000}", JETON_TOKEN_NOT_YET_VALID},
        {PAYLOAD(ISS_B), JETON_ISSUER_MISMATCH},
    };
    for (size_t i = 0; i < JT_COUNT(permanent); i++) {
        assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), permanent[i].payload), permanent[i].expected);
        assert_int_equal(world->outlook, JT_OUTLOOK_NONE);
    }
    /* a bad signature over claims that would be refused anyway is not worth a fetch either */
    assert_code(ask_made(world, keys.other, HEADER("ES256", "es"), "{\"iss\":\"" ISS_A "\",\"exp\":1600000000}"),
                JETON_SIGNATURE_INVALID);
    assert_int_equal(world->outlook, JT_OUTLOOK_NONE);
    run_for(world, 5 * MINUTE);
    assert_int_equal(world->issuer.requests, asked);
    world_free(world);
}

static void S3_3_S3_5_a_stale_failure_is_judged_once_more_after_one_fetch_and_then_final(void **state)
{
    (void)state;
    struct world *world = world_that_refreshes();
    unsigned asked = world->issuer.requests;
    char *forged = jws(keys.other, "ES256", HEADER("ES256", "es"), PAYLOAD(ISS_A));
    assert_code(ask(world, forged), JETON_SIGNATURE_INVALID);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    assert_ptr_equal(world->told, world->remote[0]);
    run_for(world, SECOND);
    for (int i = 0; i < 50; i++) {
        assert_code(ask(world, forged), JETON_SIGNATURE_INVALID);
        assert_int_equal(world->outlook, JT_OUTLOOK_FINAL);
        run_for(world, SECOND);
    }
    assert_int_equal(world->issuer.requests, asked + 1);
    free(forged);
    world_free(world);
}

static void S3_4_failures_at_the_same_time_share_one_fetch(void **state)
{
    (void)state;
    struct world *world = world_that_refreshes();
    unsigned asked = world->issuer.requests;
    for (int i = 0; i < 100; i++) {
        char payload[128];
        snprintf(payload, sizeof payload, "{\"iss\":\"" ISS_A "\",\"exp\":1700003600,\"jti\":\"%d\"}", i);
        assert_code(ask_made(world, keys.other, HEADER("ES256", "es"), payload), JETON_SIGNATURE_INVALID);
        assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    }
    run_for(world, 20 * SECOND);
    assert_int_equal(world->issuer.requests, asked + 1);
    assert_code(ask_made(world, keys.other, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
    assert_int_equal(world->outlook, JT_OUTLOOK_FINAL);
    world_free(world);
}

static void S3_6_a_key_replaced_under_its_old_kid_is_found_without_a_restart(void **state)
{
    (void)state;
    struct world *world = world_that_refreshes();
    struct jt_secret_jwk *next = new_key("ES256", "es");
    serve(world, 0, next, NULL);
    assert_code(ask_made(world, next, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    run_for(world, SECOND);
    assert_code(ask_made(world, next, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
    jt_secret_jwk_release(next);
    world_free(world);
}

static void S3_7_S5_28_S5_33_a_bad_signature_fetches_nothing_by_default(void **state)
{
    (void)state;
    struct world *world = world_of_one(party_of(ISS_A, URL_A));
    unsigned asked = world->issuer.requests;
    for (int i = 0; i < 20; i++) {
        assert_code(ask_made(world, keys.other, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
        assert_int_equal(world->outlook, JT_OUTLOOK_NONE);
        run_for(world, SECOND);
    }
    assert_int_equal(world->issuer.requests, asked);
    assert_int_equal(misses_told(world->remote[0]), 0);
    world_free(world);
}

static void S3_7_forged_tokens_fetch_no_more_than_the_bucket_allows(void **state)
{
    (void)state;
    struct world *world = world_that_refreshes();
    unsigned asked = world->issuer.requests;
    for (int i = 0; i < 600; i++) { /* ten minutes, the one known kid and many unknown ones */
        char header[64];
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"k%d\"}", i);
        assert_code(ask_made(world, keys.other, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_SIGNATURE_INVALID);
        assert_code(ask_made(world, keys.other, header, PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
        run_for(world, SECOND);
    }
    assert_in_range(world->issuer.requests - asked, 2, 2 + 600 / 60 + 2);
    world_free(world);
}

static void a_rotation_to_another_algorithm_is_seen(void **state)
{
    (void)state;
    struct world *world = world_of_one(party_of(ISS_A, URL_A));
    serve(world, 0, keys.rsa, NULL);
    run_for(world, HOUR);
    assert_code(ask_made(world, keys.rsa, HEADER("RS256", "rsa"), PAYLOAD(ISS_A)), JETON_OK);
    serve(world, 0, keys.es, NULL);
    /* the keys at hand allow RS256 alone, but the keys at hand are not the last word */
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    run_for(world, SECOND);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, keys.rsa, HEADER("RS256", "rsa"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    run_for(world, 5 * SECOND);
    assert_code(ask_made(world, keys.rsa, HEADER("RS256", "rsa"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    assert_int_equal(world->outlook, JT_OUTLOOK_FINAL);
    world_free(world);
}

static void a_rotation_to_an_algorithm_that_the_policy_forbids_asks_nobody(void **state)
{
    (void)state;
    const struct jeton_bytes rs256 = JT_TEXT("RS256");
    struct party party = party_of(ISS_A, URL_A);
    party.policy.algorithms = (struct jeton_list){&rs256, 1};
    struct world *world = world_of_one(party);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    assert_int_equal(world->outlook, JT_OUTLOOK_NONE);
    assert_int_equal(misses_told(world->remote[0]), 0);
    world_free(world);
}

static void what_the_keys_allow_is_the_union_over_the_sources_of_an_issuer(void **state)
{
    (void)state;
    struct world *world = world_of_chain(); /* ES256 here */
    serve(world, 0, keys.rsa, NULL);        /* RS256 there */
    run_for(world, MINUTE);
    assert_code(ask_made(world, keys.rsa, HEADER("RS256", "rsa"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, keys.rsa, HEADER("RS256", "new"), PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
    assert_int_equal(world->outlook, JT_OUTLOOK_PENDING);
    assert_non_null(strstr(world->detail.text, "new")); /* and the words belong to the verdict */
    assert_code(ask_made(world, keys.es, HEADER("ES256", "gone"), PAYLOAD(ISS_A)), JETON_KEY_UNKNOWN);
    assert_non_null(strstr(world->detail.text, "gone"));
    world_free(world);
}

static void having_no_keys_is_told_from_a_bad_token(void **state)
{
    (void)state;
    struct world *world = world_new();
    add_party(world, party_of(ISS_A, URL_A));
    assert_int_equal(make_trust(world), JETON_OK);
    run_for(world, MINUTE);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_KEYS_UNAVAILABLE);
    assert_int_equal(world->outlook, JT_OUTLOOK_NONE);
    assert_code(ask(world, "no token"), JETON_TOKEN_MALFORMED);
    assert_code(ask(world, ""), JETON_TOKEN_MISSING);
    assert_code(ask_made(world, keys.es, HEADER("none", "es"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    assert_code(ask_made(world, keys.es, HEADER("HS256", "es"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    assert_int_equal(misses_told(world->remote[0]), 0);
    serve(world, 0, keys.es, NULL);
    run_for(world, MINUTE);
    assert_code(ask_made(world, keys.es, HEADER("ES256", "es"), PAYLOAD(ISS_A)), JETON_OK);
    assert_code(ask_made(world, keys.es, HEADER("none", "es"), PAYLOAD(ISS_A)), JETON_ALG_NOT_ALLOWED);
    world_free(world);
}

static void an_issuer_named_twice_or_with_three_sources_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    add_party(world, party_of(ISS_A, NULL));
    add_party(world, party_of(ISS_B, NULL));
    add_party(world, party_of(ISS_A, NULL));
    assert_code(make_trust(world), JETON_ARGUMENT_INVALID);
    struct jt_trusted many = {.issuer = JT_TEXT(ISS_A), .source_count = 3};
    struct jt_trust_options options = {.issuers = &many, .issuer_count = 1, .max_token = MAX_TOKEN};
    assert_code(jt_trust_new(&options, &world->trust, &world->detail), JETON_ARGUMENT_INVALID);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S5_2_the_key_of_this_process_wins_and_the_remote_one_is_the_fallback),
        cmocka_unit_test(S5_4_S5_6_a_provider_alone_needs_no_address_and_what_it_has_not_is_final),
        cmocka_unit_test(S5_5_a_dead_remote_does_not_touch_the_tokens_of_this_process),
        cmocka_unit_test(S5_7_a_judged_token_does_not_change_with_the_keys),
        cmocka_unit_test(R18_issuers_with_one_kid_and_different_keys_never_speak_for_each_other),
        cmocka_unit_test(R42_an_issuer_that_is_none_of_ours_is_refused_whatever_it_says),
        cmocka_unit_test(a_trust_of_nobody_refuses_everybody),
        cmocka_unit_test(junk_and_foreign_tokens_never_reach_the_latch),
        cmocka_unit_test(the_largest_token_with_a_new_kid_is_told_too),
        cmocka_unit_test(S3_1_S3_2_what_is_permanent_is_refused_at_once_and_asks_nobody),
        cmocka_unit_test(S3_3_S3_5_a_stale_failure_is_judged_once_more_after_one_fetch_and_then_final),
        cmocka_unit_test(S3_4_failures_at_the_same_time_share_one_fetch),
        cmocka_unit_test(S3_6_a_key_replaced_under_its_old_kid_is_found_without_a_restart),
        cmocka_unit_test(S3_7_S5_28_S5_33_a_bad_signature_fetches_nothing_by_default),
        cmocka_unit_test(S3_7_forged_tokens_fetch_no_more_than_the_bucket_allows),
        cmocka_unit_test(a_rotation_to_another_algorithm_is_seen),
        cmocka_unit_test(a_rotation_to_an_algorithm_that_the_policy_forbids_asks_nobody),
        cmocka_unit_test(what_the_keys_allow_is_the_union_over_the_sources_of_an_issuer),
        cmocka_unit_test(having_no_keys_is_told_from_a_bad_token),
        cmocka_unit_test(an_issuer_named_twice_or_with_three_sources_is_refused),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
