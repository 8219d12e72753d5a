/* SPDX-License-Identifier: Apache-2.0 */
/* Do keys follow their issuers through the promise alone? No network: the fetcher is a table of documents, the clock a
 * number (S1.16). */
#include "library_test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define ISSUER_A "https://a.example"
#define ISSUER_B "https://b.example"

/* The whole world: two issuers' documents, what was asked, what is still unanswered. */
struct world {
    int64_t clock;
    const char *bodies[2]; /* of a and b; NULL: no answer comes */
    bool held;             /* answers are kept back */
    struct jeton_request *waiting[4];
    size_t waiting_count;
    unsigned asked, cancelled, woken, fetched, failed, disjoint, states;
    char last_url[128], last_fault[JETON_DETAIL_TEXT];
    struct jeton_engine *engine;
    struct jeton_secret_key *keys[2];
    struct jeton_output sets[2];
    struct jeton_trust *trust;
    struct jeton_source *sources[2];
    char arena[200000];
};

static int64_t clock_of(void *context)
{
    return ((struct world *)context)->clock;
}

static int random_of(void *context, void *out, size_t len)
{
    (void)context;
    memset(out, 0x55, len);
    return 0;
}

static void answer(struct world *world, struct jeton_request *request)
{
    struct jeton_answer answer = JETON_ANSWER_INIT;
    struct jeton_bytes url = jeton_request_url(request);
    const char *body = world->bodies[memmem(url.at, url.len, "b.example", 9) != NULL];
    answer.http_status = 200;
    if (body != NULL)
        answer.body = jeton_text(body);
    else
        answer = (struct jeton_answer){.size = sizeof answer, .error = "the line is dead"};
    jeton_request_finish(request, &answer);
}

static void begin(void *context, struct jeton_request *request)
{
    struct world *world = context;
    struct jeton_bytes url = jeton_request_url(request);
    world->asked++;
    snprintf(world->last_url, sizeof world->last_url, "%.*s", (int)url.len, (const char *)url.at);
    assert_true(world->waiting_count < 4);
    if (world->held)
        world->waiting[world->waiting_count++] = request;
    else
        answer(world, request);
}

static void cancel(void *context, struct jeton_request *request)
{
    (void)request;
    ((struct world *)context)->cancelled++;
}

static void note(void *context, const struct jeton_event *event)
{
    struct world *world = context;
    world->fetched += event->type == JETON_EVENT_FETCHED;
    world->failed += event->type == JETON_EVENT_FAILED;
    world->disjoint += event->type == JETON_EVENT_DISJOINT;
    world->states += event->type == JETON_EVENT_STATE;
    if (event->type == JETON_EVENT_FAILED)
        snprintf(world->last_fault, sizeof world->last_fault, "%s", event->detail);
}

static void woken(void *context)
{
    ((struct world *)context)->woken++;
}

static void answer_all(struct world *world)
{
    while (world->waiting_count > 0)
        answer(world, world->waiting[--world->waiting_count]);
}

/* Steps through `span` milliseconds, from deadline to deadline, as a caller's loop does. */
static void run_for(struct world *world, int64_t span)
{
    int64_t until = world->clock + span;
    for (;;) {
        int64_t next = jeton_engine_step(world->engine);
        if (next <= world->clock) /* an answer that came at once is taken by the next step */
            continue;
        if (next > until)
            break;
        world->clock = next;
    }
    world->clock = until;
    jeton_engine_step(world->engine);
}

static struct jeton_engine *engine_new(struct world *world, const struct jeton_fetcher *fetcher)
{
    struct jeton_engine_options options = JETON_ENGINE_OPTIONS_INIT;
    struct jeton_engine *engine = NULL;
    options.clock = clock_of;
    options.random = random_of;
    options.fetcher = fetcher;
    options.event = note;
    options.wake = woken;
    options.context = world;
    assert_code(jeton_engine_new(&options, &engine, NULL), JETON_OK);
    return engine;
}

static struct jeton_output set_text(const struct jeton_secret_key *const *keys, size_t count)
{
    struct jeton_public_key *halves[4];
    struct jeton_output json = JETON_OUTPUT_INIT;
    for (size_t i = 0; i < count; i++)
        assert_code(jeton_secret_key_public(keys[i], &halves[i]), JETON_OK);
    assert_code(jeton_public_keys_write((const struct jeton_public_key *const *)halves, count, &json), JETON_OK);
    for (size_t i = 0; i < count; i++)
        jeton_public_key_free(halves[i]);
    return json;
}

static struct jeton_trusted trusted(const char *issuer, struct jeton_source *source,
                                    const struct jeton_policy_options *policy)
{
    return (struct jeton_trusted){jeton_text(issuer), policy, source, NULL, false};
}

/* Both issuers sign with a key of the same id. */
static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    struct jeton_fetcher fetcher = {sizeof fetcher, begin, cancel, world};
    struct jeton_policy_options policy = JETON_POLICY_OPTIONS_INIT;
    struct jeton_trust_options options = JETON_TRUST_OPTIONS_INIT;
    world->clock = 1000;
    for (int i = 0; i < 2; i++) {
        world->keys[i] = make_key("ES256", "same");
        world->sets[i] = set_text((const struct jeton_secret_key *const *)&world->keys[i], 1);
        world->bodies[i] = world->sets[i].at;
    }
    world->engine = engine_new(world, &fetcher);
    assert_code(jeton_source_open_url(world->engine, jeton_text(ISSUER_A "/keys"), NULL, &world->sources[0], NULL),
                JETON_OK);
    assert_code(jeton_source_open_url(world->engine, jeton_text(ISSUER_B "/keys"), NULL, &world->sources[1], NULL),
                JETON_OK);
    policy.any_audience = true;
    struct jeton_trusted list[] = {trusted(ISSUER_A, world->sources[0], &policy),
                                   trusted(ISSUER_B, world->sources[1], &policy)};
    options.trusted = list;
    options.count = 2;
    options.engine = world->engine;
    options.cache_entries = 64;
    assert_code(jeton_trust_new(&options, &world->trust, NULL), JETON_OK);
    assert_true(sizeof world->arena >= jeton_trust_arena_size(16384));
    return world;
}

static void world_free(struct world *world)
{
    jeton_trust_free(world->trust);
    for (int i = 0; i < 2; i++) {
        world->bodies[i] = "";
        jeton_source_close(world->sources[i]);
        jeton_secret_key_free(world->keys[i]);
        jeton_output_done(&world->sets[i]);
    }
    jeton_engine_free(world->engine);
    answer_all(world); /* after the engine is gone: nobody waits for it, and nothing leaks */
    free(world);
}

static struct jeton_output token_of(const struct jeton_secret_key *key, const char *issuer)
{
    struct jeton_sign_options options = sign_options();
    options.issuer = jeton_text(issuer);
    return sign(key, &options);
}

static enum jeton_status judge(struct world *world, const struct jeton_secret_key *key, const char *issuer,
                               enum jeton_outlook *outlook)
{
    struct jeton_output token = token_of(key, issuer);
    struct jeton_trust_result result;
    struct jeton_detail detail = {""};
    enum jeton_status status = jeton_trust_verify(world->trust, jeton_bytes(token.at, token.len), NOW, world->arena,
                                                  sizeof world->arena, &result, &detail);
    assert_int_equal(status == JETON_OK, result.verified != NULL);
    assert_int_equal(result.outlook == JETON_OUTLOOK_PENDING, result.source != NULL);
    if (status == JETON_OK)
        assert_true(jeton_verified_issuer(result.verified).len == strlen(issuer));
    if (outlook != NULL)
        *outlook = result.outlook;
    jeton_trust_leave(&result);
    jeton_trust_leave(&result);
    jeton_output_done(&token);
    return status;
}

static struct jeton_health health_of(struct jeton_source *source)
{
    struct jeton_health health = {.size = sizeof health};
    assert_code(jeton_source_health(source, &health), JETON_OK);
    return health;
}

/* --- Opening and coming up --- */

static void opening_asks_nobody_and_a_token_before_the_first_answer_is_not_judged(void **state)
{
    (void)state;
    struct world *world = world_new();
    enum jeton_outlook outlook;
    assert_int_equal(world->asked, 0);
    assert_code(judge(world, world->keys[0], ISSUER_A, &outlook), JETON_KEYS_UNAVAILABLE);
    assert_int_equal(outlook, JETON_OUTLOOK_UNAVAILABLE);
    assert_int_equal(world->asked, 0);
    assert_int_equal(health_of(world->sources[0]).data, JETON_DATA_EMPTY);
    run_for(world, 10);
    assert_int_equal(world->asked, 2);
    assert_code(judge(world, world->keys[0], ISSUER_A, &outlook), JETON_OK);
    assert_int_equal(outlook, JETON_OUTLOOK_NONE);
    world_free(world);
}

static void R15_an_issuer_that_is_down_at_the_start_is_waited_for_no_longer_than_asked(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->bodies[0] = NULL;
    assert_code(jeton_source_wait(world->sources[0], 0), JETON_KEYS_UNAVAILABLE);
    run_for(world, 10);
    assert_code(jeton_source_wait(world->sources[1], 0), JETON_OK);
    assert_code(judge(world, world->keys[1], ISSUER_B, NULL), JETON_OK);
    struct jeton_health health = health_of(world->sources[0]);
    assert_int_equal(health.data, JETON_DATA_EMPTY);
    assert_int_equal(health.fetch, JETON_FETCH_BACKOFF);
    assert_int_equal(health.failed_in_a_row, 1);
    assert_string_equal(health.fault.text, "the line is dead");
    assert_string_equal(world->last_fault, "the line is dead");
    world->bodies[0] = world->sets[0].at;
    run_for(world, 60000);
    health = health_of(world->sources[0]);
    assert_int_equal(health.data, JETON_DATA_FRESH);
    assert_string_equal(health.fault.text, "");
    assert_int_equal(health.failed_in_a_row, 0);
    assert_int_equal(health.generation, 1);
    assert_int_equal(health.keys, 1);
    assert_in_range(health.age_ms, 0, 60000);
    assert_code(judge(world, world->keys[0], ISSUER_A, NULL), JETON_OK);
    world_free(world);
}

/* --- Several issuers --- */

static void R18_keys_of_one_issuer_judge_no_token_of_another(void **state)
{
    (void)state;
    struct world *world = world_new();
    run_for(world, 10);
    assert_code(judge(world, world->keys[0], ISSUER_B, NULL), JETON_SIGNATURE_INVALID);
    assert_code(judge(world, world->keys[1], ISSUER_A, NULL), JETON_SIGNATURE_INVALID);
    assert_code(judge(world, world->keys[1], ISSUER_B, NULL), JETON_OK);
    assert_code(judge(world, world->keys[0], ISSUER_A "/", NULL), JETON_ISSUER_UNKNOWN);
    world_free(world);
}

static void S1_12_an_unknown_key_is_pending_then_found_and_one_nobody_has_is_final(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_secret_key *next = make_key("ES256", "next"), *bogus = make_key("ES256", "bogus");
    const struct jeton_secret_key *both[] = {world->keys[0], next};
    struct jeton_output set = set_text(both, 2);
    enum jeton_outlook outlook;
    run_for(world, 5000);
    world->bodies[0] = set.at;
    unsigned asked = world->asked;
    assert_code(judge(world, next, ISSUER_A, &outlook), JETON_KEY_UNKNOWN);
    assert_int_equal(outlook, JETON_OUTLOOK_PENDING);
    assert_true(world->woken > 0);
    run_for(world, 10);
    assert_int_equal(world->asked, asked + 1);
    assert_code(judge(world, next, ISSUER_A, &outlook), JETON_OK);
    assert_code(judge(world, world->keys[0], ISSUER_A, &outlook), JETON_OK);
    assert_code(judge(world, bogus, ISSUER_A, &outlook), JETON_KEY_UNKNOWN);
    assert_int_equal(outlook, JETON_OUTLOOK_PENDING);
    run_for(world, 5000);
    assert_code(judge(world, bogus, ISSUER_A, &outlook), JETON_KEY_UNKNOWN);
    assert_int_equal(outlook, JETON_OUTLOOK_FINAL);
    assert_int_equal(world->asked, asked + 2);
    jeton_secret_key_free(next);
    jeton_secret_key_free(bogus);
    world_free(world);
    jeton_output_done(&set);
}

static void S5_28_a_bad_signature_asks_for_nothing(void **state)
{
    (void)state;
    struct world *world = world_new();
    enum jeton_outlook outlook;
    run_for(world, 5000);
    unsigned asked = world->asked;
    for (int i = 0; i < 10; i++) {
        assert_code(judge(world, world->keys[1], ISSUER_A, &outlook), JETON_SIGNATURE_INVALID);
        assert_int_equal(outlook, JETON_OUTLOOK_NONE);
        run_for(world, 5000);
    }
    assert_int_equal(world->asked, asked);
    world_free(world);
}

/* --- In process first --- */

/* S5.1: what a provider is given are public keys by their type; there is no way to hand it another. */
_Static_assert(__builtin_types_compatible_p(__typeof__(jeton_source_provide),
                                            enum jeton_status(struct jeton_source *,
                                                              const struct jeton_public_key *const *, size_t)),
               "a provider takes public keys alone");

static void S5_1_S5_2_keys_of_this_process_come_first_and_a_remote_set_is_the_fallback(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_secret_key *own = make_key("ES256", "own");
    struct jeton_public_key *half = NULL;
    struct jeton_source *provider = NULL;
    struct jeton_policy_options policy = JETON_POLICY_OPTIONS_INIT;
    struct jeton_trust_options options = JETON_TRUST_OPTIONS_INIT;
    policy.any_audience = true;
    assert_code(jeton_secret_key_public(own, &half), JETON_OK);
    assert_code(jeton_source_open_provider(&provider), JETON_OK);
    struct jeton_trusted one = trusted(ISSUER_A, provider, &policy);
    one.fallback = world->sources[0];
    options.trusted = &one;
    options.count = 1;
    options.engine = world->engine;
    jeton_trust_free(world->trust);
    assert_code(jeton_trust_new(&options, &world->trust, NULL), JETON_OK);
    assert_int_equal(health_of(provider).data, JETON_DATA_EMPTY);
    assert_code(jeton_source_wait(provider, 1000), JETON_KEYS_UNAVAILABLE);
    const struct jeton_public_key *list[] = {half};
    assert_code(jeton_source_provide(provider, list, 1), JETON_OK);
    assert_code(jeton_source_provide(world->sources[0], list, 1), JETON_ARGUMENT_INVALID);
    assert_code(jeton_source_wait(provider, 0), JETON_OK);
    assert_code(judge(world, own, ISSUER_A, NULL), JETON_OK);
    assert_int_equal(world->asked, 0); /* and nobody was asked */
    assert_code(judge(world, world->keys[0], ISSUER_A, NULL), JETON_KEYS_UNAVAILABLE);
    run_for(world, 10);
    assert_code(judge(world, world->keys[0], ISSUER_A, NULL), JETON_OK);
    assert_code(jeton_source_provide(provider, NULL, 0), JETON_OK);
    assert_code(judge(world, own, ISSUER_A, NULL), JETON_KEY_UNKNOWN);
    assert_int_equal(health_of(provider).generation, 2);
    jeton_trust_free(world->trust);
    world->trust = NULL;
    jeton_source_close(provider);
    jeton_public_key_free(half);
    jeton_secret_key_free(own);
    world_free(world);
}

static void a_set_given_once_needs_no_engine(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_source *fixed = NULL;
    struct jeton_policy_options policy = JETON_POLICY_OPTIONS_INIT;
    struct jeton_trust_options options = JETON_TRUST_OPTIONS_INIT;
    policy.any_audience = true;
    assert_code(jeton_source_open_keys(set_of_key(world->keys[0]), &fixed), JETON_OK);
    struct jeton_trusted one = trusted(ISSUER_A, fixed, &policy);
    options.trusted = &one;
    options.count = 1;
    jeton_trust_free(world->trust);
    assert_code(jeton_trust_new(&options, &world->trust, NULL), JETON_OK);
    assert_code(judge(world, world->keys[0], ISSUER_A, NULL), JETON_OK);
    assert_code(judge(world, world->keys[1], ISSUER_A, NULL), JETON_SIGNATURE_INVALID);
    struct jeton_health health = health_of(fixed);
    assert_int_equal(health.data, JETON_DATA_FRESH);
    assert_true(health.usable_for_ms == INT64_MAX && health.age_ms == -1);
    jeton_source_refresh(fixed);
    jeton_trust_free(world->trust);
    world->trust = NULL;
    jeton_source_close(fixed);
    world_free(world);
}

/* --- The memory of verified tokens --- */

static bool revoke_all(void *context, const struct jeton_verified *token)
{
    (void)token;
    return *(bool *)context;
}

static void a_remembered_token_is_asked_about_again_and_ends_with_its_keys(void **state)
{
    (void)state;
    struct world *world = world_new();
    bool revoked = false;
    struct jeton_policy_options policy = JETON_POLICY_OPTIONS_INIT;
    struct jeton_trust_options options = JETON_TRUST_OPTIONS_INIT;
    struct jeton_trust_counts counts = {.size = sizeof counts};
    struct jeton_trust_result result;
    policy.any_audience = true;
    struct jeton_trusted one = trusted(ISSUER_A, world->sources[0], &policy);
    options.trusted = &one;
    options.count = 1;
    options.engine = world->engine;
    options.cache_entries = 16;
    options.revoked = revoke_all;
    options.revoked_context = &revoked;
    jeton_trust_free(world->trust);
    assert_code(jeton_trust_new(&options, &world->trust, NULL), JETON_OK);
    run_for(world, 10);
    struct jeton_output token = token_of(world->keys[0], ISSUER_A);
    struct jeton_bytes text = jeton_bytes(token.at, token.len);
#define JUDGE(at) jeton_trust_verify(world->trust, text, at, world->arena, sizeof world->arena, &result, NULL)
    for (int i = 0; i < 3; i++) {
        assert_code(JUDGE(NOW), JETON_OK);
        assert_true(jeton_verified_subject(result.verified).len == 1);
        jeton_trust_leave(&result);
    }
    assert_code(jeton_trust_count(world->trust, &counts), JETON_OK);
    assert_int_equal(counts.hits, 2);
    assert_int_equal(counts.entries, 1);
    revoked = true;
    assert_code(JUDGE(NOW), JETON_TOKEN_REVOKED);
    assert_null(result.verified);
    jeton_trust_leave(&result);
    revoked = false;
    assert_code(JUDGE(NOW + 900 + 59), JETON_OK); /* exact to the second: S50 */
    jeton_trust_leave(&result);
    assert_code(JUDGE(NOW + 900 + 60), JETON_TOKEN_EXPIRED);
    jeton_trust_leave(&result);
    world->bodies[0] = world->sets[1].at; /* replaced under the same id: R17 */
    jeton_source_refresh(world->sources[0]);
    run_for(world, 5000);
    assert_int_equal(world->disjoint, 1);
    assert_code(JUDGE(NOW), JETON_SIGNATURE_INVALID);
    jeton_trust_leave(&result);
#undef JUDGE
    jeton_output_done(&token);
    world_free(world);
}

/* --- Options and misuse --- */

static void times_that_contradict_each_other_are_refused_by_name(void **state)
{
    (void)state;
    struct world *world = world_new();
    static const struct {
        size_t offset;
        int64_t value;
        const char *word;
    } bad[] = {
#define FIELD(name) offsetof(struct jeton_source_options, name)
        {FIELD(fresh_default_ms), 99, "fresh_default_ms"},
        {FIELD(fresh_default_ms), 299999, "fresh_min_ms"},
        {FIELD(fresh_default_ms), 3600001, "fresh_max_ms"},
        {FIELD(fresh_max_ms), 86400001, "max_stale_ms"},
        {FIELD(max_stale_ms), 3599999, "max_stale_ms"},
        {FIELD(backoff_min_ms), 300001, "backoff_max_ms"},
        {FIELD(backoff_min_ms), -1, "backoff_min_ms"},
        {FIELD(min_gap_ms), 99, "min_gap_ms"},
        {FIELD(miss_interval_ms), 0, "miss_interval_ms"},
        {FIELD(miss_burst), 0, "miss_burst"},
        {FIELD(miss_burst), 101, "miss_burst"},
        {FIELD(timeout_ms), INT64_MAX, "timeout_ms"},
        {FIELD(connect_timeout_ms), 1, "connect_timeout_ms"},
        {FIELD(negative_ttl_ms), 1, "negative_ttl_ms"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jeton_source_options options = JETON_SOURCE_OPTIONS_INIT;
        struct jeton_source *source = NULL;
        struct jeton_detail detail = {""};
        memcpy((char *)&options + bad[i].offset, &bad[i].value, sizeof bad[i].value);
        assert_code(jeton_source_open_url(world->engine, jeton_text(ISSUER_A), &options, &source, &detail),
                    JETON_ARGUMENT_INVALID);
        assert_non_null(strstr(detail.text, bad[i].word));
        assert_null(source);
    }
    struct jeton_source_options options = JETON_SOURCE_OPTIONS_INIT;
    struct jeton_source *source = NULL;
    options.max_stale_ms = INT64_MAX;
    options.fresh_min_ms = options.fresh_default_ms = options.fresh_max_ms = 100; /* S1.10: as short as that */
    assert_code(jeton_source_open_url(world->engine, jeton_text(ISSUER_A), &options, &source, NULL), JETON_OK);
    jeton_source_close(source);
    world_free(world);
}

static void S5_32_an_address_that_its_text_refuses_is_told_with_the_option_that_would_allow_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_source *source = NULL;
    struct jeton_detail detail = {""};
    assert_code(jeton_source_open_issuer(world->engine, jeton_text("http://a.example"), NULL, &source, &detail),
                JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "allow_http"));
    assert_code(jeton_source_open_url(world->engine, jeton_text("https://10.0.0.1/k"), NULL, &source, &detail),
                JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "allow_private_ip"));
    struct jeton_source_options options = JETON_SOURCE_OPTIONS_INIT;
    options.allow_http = true; /* independent: the one does not bring the other */
    assert_code(jeton_source_open_url(world->engine, jeton_text("http://10.0.0.1/k"), &options, &source, &detail),
                JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "allow_private_ip"));
    options.allow_private_ip = true;
    assert_code(jeton_source_open_url(world->engine, jeton_text("http://10.0.0.1/k"), &options, &source, &detail),
                JETON_OK);
    jeton_source_close(source);
    world_free(world);
}

static void S5_3_S5_30_a_trust_without_issuer_source_or_word_on_the_audience_is_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_policy_options policy = JETON_POLICY_OPTIONS_INIT;
    struct jeton_trust_options options = JETON_TRUST_OPTIONS_INIT;
    struct jeton_trust *trust = NULL;
    struct jeton_detail detail;
    assert_code(jeton_trust_new(&options, &trust, &detail), JETON_ARGUMENT_INVALID);
    struct jeton_trusted list[] = {trusted(ISSUER_A, world->sources[0], &policy),
                                   trusted(ISSUER_A, world->sources[1], &policy)};
    options.trusted = list;
    options.count = 1;
    assert_code(jeton_trust_new(&options, &trust, &detail), JETON_ARGUMENT_INVALID); /* S2.20 */
    assert_non_null(strstr(detail.text, "audience"));
    policy.any_audience = true;
    options.count = 2;
    assert_code(jeton_trust_new(&options, &trust, &detail), JETON_ARGUMENT_INVALID);
    assert_non_null(strstr(detail.text, "twice"));
    options.count = 1;
    list[0].source = NULL;
    assert_code(jeton_trust_new(&options, &trust, &detail), JETON_ARGUMENT_INVALID);
    assert_null(trust);
    world_free(world);
}

static void structures_of_another_version_are_refused(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_engine_options engine_options = JETON_ENGINE_OPTIONS_INIT;
    struct jeton_source_options source_options = JETON_SOURCE_OPTIONS_INIT;
    struct jeton_trust_options trust_options = JETON_TRUST_OPTIONS_INIT;
    struct jeton_health health = {.size = 1};
    struct jeton_trust_counts counts = {.size = 1};
    struct jeton_engine *engine = NULL;
    struct jeton_source *source = NULL;
    struct jeton_trust *trust = NULL;
    engine_options.size--, source_options.size--, trust_options.size--;
    assert_code(jeton_engine_new(&engine_options, &engine, NULL), JETON_ARGUMENT_INVALID);
    assert_code(jeton_source_open_url(world->engine, jeton_text(ISSUER_A), &source_options, &source, NULL),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_trust_new(&trust_options, &trust, NULL), JETON_ARGUMENT_INVALID);
    assert_code(jeton_source_health(world->sources[0], &health), JETON_ARGUMENT_INVALID);
    assert_code(jeton_trust_count(world->trust, &counts), JETON_ARGUMENT_INVALID);
    jeton_engine_free(NULL);
    jeton_source_close(NULL);
    jeton_trust_free(NULL);
    world_free(world);
}

/* --- The fetcher --- */

static void S1_17_a_fetch_ends_in_any_thread_and_after_it_was_given_up(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->held = true;
    run_for(world, 10);
    assert_int_equal(world->waiting_count, 2);
    assert_int_equal(health_of(world->sources[0]).fetch, JETON_FETCH_INFLIGHT);
    jeton_trust_free(world->trust);
    world->trust = NULL;
    jeton_source_close(world->sources[0]); /* at once, although nobody has answered */
    world->sources[0] = NULL;
    assert_int_equal(world->cancelled, 1);
    unsigned woken_before = world->woken;
    answer_all(world);
    assert_true(world->woken > woken_before);
    run_for(world, 10);
    assert_code(jeton_source_wait(world->sources[1], 0), JETON_OK);
    world->held = true;
    jeton_source_refresh(world->sources[1]);
    run_for(world, 3000);
    assert_int_equal(world->waiting_count, 1); /* ended by world_free after the engine is gone */
    world_free(world);
}

static void S1_16_discovery_goes_through_the_fetcher_too(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_source *source = NULL;
    run_for(world, 10);
    world->bodies[0] = "{\"issuer\":\"" ISSUER_A "\",\"jwks_uri\":\"" ISSUER_B "/found\"}";
    assert_code(jeton_source_open_issuer(world->engine, jeton_text(ISSUER_A), NULL, &source, NULL), JETON_OK);
    run_for(world, 10);
    assert_string_equal(world->last_url, ISSUER_B "/found");
    assert_code(jeton_source_wait(source, 0), JETON_OK);
    jeton_source_close(source);
    world_free(world);
}

/* --- Threads and forks --- */

struct load {
    struct world *world;
    char token[1024];
    atomic_bool *stop;
    unsigned good;
};

static void *verify_all_the_time(void *context)
{
    struct load *load = context;
    char arena[200000];
    struct jeton_trust_result result;
    while (!atomic_load(load->stop)) {
        enum jeton_status status = jeton_trust_verify(load->world->trust, jeton_text(load->token), NOW, arena,
                                                      sizeof arena, &result, NULL);
        __atomic_fetch_add(&load->good, status == JETON_OK, __ATOMIC_RELAXED);
        jeton_trust_leave(&result);
    }
    return NULL;
}

static void R19_threads_verify_while_the_engine_works(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jeton_secret_key *bogus = make_key("ES256", "bogus");
    atomic_bool stop = false;
    struct load loads[2] = {{.world = world, .stop = &stop}, {.world = world, .stop = &stop}};
    pthread_t threads[2];
    assert_code(jeton_engine_start(world->engine), JETON_OK);
    assert_code(jeton_engine_start(world->engine), JETON_ARGUMENT_INVALID);
    assert_code(jeton_source_wait(world->sources[0], 1000000), JETON_OK);
    for (int i = 0; i < 2; i++) {
        struct jeton_output token = token_of(i == 0 ? world->keys[0] : bogus, ISSUER_A);
        snprintf(loads[i].token, sizeof loads[i].token, "%s", token.at);
        jeton_output_done(&token);
        assert_int_equal(pthread_create(&threads[i], NULL, verify_all_the_time, &loads[i]), 0);
    }
    /* Both have had their turn. */
    while (health_of(world->sources[0]).misses < 50 || __atomic_load_n(&loads[0].good, __ATOMIC_RELAXED) == 0)
        sched_yield();
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(loads[0].good > 0 && loads[1].good == 0);
    jeton_secret_key_free(bogus);
    world_free(world);
}

static void R19_a_child_reads_on_and_leaves_the_engine_alone(void **state)
{
    (void)state;
    struct world *world = world_new();
    assert_code(jeton_engine_start(world->engine), JETON_OK);
    assert_code(jeton_source_wait(world->sources[0], 1000000), JETON_OK);
    assert_code(jeton_source_wait(world->sources[1], 1000000), JETON_OK);
    pid_t child = fork();
    if (child == 0) {
        struct jeton_secret_key *bogus = make_key("ES256", "bogus");
        struct jeton_source *source = NULL;
        bool good = judge(world, world->keys[0], ISSUER_A, NULL) == JETON_OK;
        good &= judge(world, bogus, ISSUER_A, NULL) == JETON_KEY_UNKNOWN;
        good &= jeton_engine_step(world->engine) == INT64_MAX;
        good &= jeton_engine_start(world->engine) == JETON_ARGUMENT_INVALID;
        good &= jeton_source_open_url(world->engine, jeton_text(ISSUER_A), NULL, &source, NULL) ==
                JETON_ARGUMENT_INVALID;
        good &= jeton_source_wait(world->sources[0], 1000000) == JETON_OK;
        jeton_source_refresh(world->sources[0]);
        jeton_source_close(world->sources[0]);
        jeton_engine_free(world->engine);
        struct jeton_fetcher fetcher = {sizeof fetcher, begin, cancel, world};
        world->engine = engine_new(world, &fetcher);
        good &= jeton_source_open_url(world->engine, jeton_text(ISSUER_A "/keys"), NULL, &source, NULL) == JETON_OK;
        good &= jeton_source_wait(source, 1000000) == JETON_OK;
        jeton_source_close(source);
        jeton_engine_free(world->engine);
        _exit(good ? 0 : 1);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_code(judge(world, world->keys[1], ISSUER_B, NULL), JETON_OK);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_asks_nobody_and_a_token_before_the_first_answer_is_not_judged),
        cmocka_unit_test(R15_an_issuer_that_is_down_at_the_start_is_waited_for_no_longer_than_asked),
        cmocka_unit_test(R18_keys_of_one_issuer_judge_no_token_of_another),
        cmocka_unit_test(S1_12_an_unknown_key_is_pending_then_found_and_one_nobody_has_is_final),
        cmocka_unit_test(S5_28_a_bad_signature_asks_for_nothing),
        cmocka_unit_test(S5_1_S5_2_keys_of_this_process_come_first_and_a_remote_set_is_the_fallback),
        cmocka_unit_test(a_set_given_once_needs_no_engine),
        cmocka_unit_test(a_remembered_token_is_asked_about_again_and_ends_with_its_keys),
        cmocka_unit_test(times_that_contradict_each_other_are_refused_by_name),
        cmocka_unit_test(S5_32_an_address_that_its_text_refuses_is_told_with_the_option_that_would_allow_it),
        cmocka_unit_test(S5_3_S5_30_a_trust_without_issuer_source_or_word_on_the_audience_is_refused),
        cmocka_unit_test(structures_of_another_version_are_refused),
        cmocka_unit_test(S1_17_a_fetch_ends_in_any_thread_and_after_it_was_given_up),
        cmocka_unit_test(S1_16_discovery_goes_through_the_fetcher_too),
        cmocka_unit_test(R19_threads_verify_while_the_engine_works),
        cmocka_unit_test(R19_a_child_reads_on_and_leaves_the_engine_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
