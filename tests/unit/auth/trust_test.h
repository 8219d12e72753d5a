/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of trust need: issuers that answer as scripted, a trust over them, a verdict by one line. */
#ifndef JT_TESTS_TRUST_TEST_H
#define JT_TESTS_TRUST_TEST_H

#include "auth_test.h"

#include "../../scripted_issuer.h"
#include "auth/trust.h"

#define ISS_A "https://a.example"
#define ISS_B "https://b.example"

/* One issuer of the trust: where its keys come from, and what is demanded. */
struct party {
    const char *issuer;
    bool provider;   /* keys of this process, first */
    const char *url; /* keys of a URL, behind it; NULL: none */
    struct jeton_policy_options policy;
    bool refresh_on_bad_signature;
};

struct world {
    struct issuer issuer;
    struct jt_engine *engine;
    struct party parties[3];
    size_t count;
    struct jt_source *provider[3], *remote[3];
    struct jt_token_cache *cache;
    struct jt_trust *trust;
    void *memory;
    size_t room;
    int64_t now; /* wall seconds that tokens are judged at */
    bool (*revoked)(void *context, const struct jt_verified *token);
    /* of the last judgement */
    struct jeton_detail detail;
    enum jt_outlook outlook;
    struct jt_source *told;
    bool cached;
    char *bodies[64];
    size_t body_count;
};

static inline struct party party_of(const char *issuer, const char *url)
{
    return (struct party){.issuer = issuer, .url = url, .policy = any_audience()};
}

static inline struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->now = NOW;
    world->issuer = (struct issuer){
        .transport = {begin, cancel, step, wake}, .now = 1000 * HOUR, .wall = NOW, .latency = 50, .status = 500};
    world->engine = engine_over(&world->issuer);
    world->room = jt_trust_arena_size(MAX_TOKEN);
    world->memory = malloc(world->room);
    assert_non_null(world->memory);
    return world;
}

static inline enum jeton_status make_trust(struct world *world)
{
    struct jt_trusted trusted[3];
    struct jeton_bytes names[3];
    for (size_t i = 0; i < world->count; i++) {
        struct party *party = &world->parties[i];
        names[i] = jeton_text(party->issuer);
        party->policy.issuers = (struct jeton_list){&names[i], 1};
        trusted[i] = (struct jt_trusted){.issuer = names[i],
                                         .policy = policy_of(&party->policy),
                                         .refresh_on_bad_signature = party->refresh_on_bad_signature};
        if (world->provider[i] != NULL)
            trusted[i].sources[trusted[i].source_count++] = world->provider[i];
        if (world->remote[i] != NULL)
            trusted[i].sources[trusted[i].source_count++] = world->remote[i];
    }
    struct jt_trust_options options = {.issuers = trusted,
                                       .issuer_count = world->count,
                                       .max_token = MAX_TOKEN,
                                       .cache = world->cache,
                                       .revocation = {world->revoked, NULL}};
    enum jeton_status status = jt_trust_new(&options, &world->trust, &world->detail);
    for (size_t i = 0; status != JETON_OK && i < world->count; i++)
        jt_policy_free(trusted[i].policy);
    return status;
}

/* Opens the sources of a party; the trust is made of all of them. */
static inline void add_party(struct world *world, struct party party)
{
    size_t i = world->count++;
    world->parties[i] = party;
    if (party.provider)
        assert_int_equal(jt_source_open_provider(&world->provider[i]), JETON_OK);
    if (party.url == NULL)
        return;
    struct jt_source_options options = options_default();
    assert_int_equal(jt_source_open(JT_SOURCE_URL, jeton_text(party.url), &options, &world->remote[i], &world->detail),
                     JETON_OK);
    assert_int_equal(jt_engine_add(world->engine, world->remote[i]), JETON_OK);
    world->issuer.places[i] = (struct place){.url = party.url, .status = 500};
}

static inline void run_for(struct world *world, int64_t span)
{
    run_engine(world->engine, &world->issuer, span);
}

static inline char *jwks_of(size_t count, const struct jt_secret_jwk *const *members)
{
    struct jt_public_jwk *halves[4];
    struct jt_buffer text;
    assert_true(count <= 4);
    for (size_t i = 0; i < count; i++)
        halves[i] = public_half(members[i]);
    jt_buffer_init(&text, 1 << 16);
    jt_jwks_write(&text, (const struct jt_public_jwk *const *)halves, count);
    jt_buffer_add_byte(&text, 0);
    assert_int_equal(text.status, JETON_OK);
    for (size_t i = 0; i < count; i++)
        jt_public_jwk_release(halves[i]);
    return (char *)text.at;
}

/* From now on party `i` serves these keys. */
static inline void serve(struct world *world, size_t i, const struct jt_secret_jwk *a, const struct jt_secret_jwk *b)
{
    char *body = jwks_of(b != NULL ? 2 : 1, (const struct jt_secret_jwk *const[]){a, b});
    assert_true(world->body_count < JT_COUNT(world->bodies));
    world->bodies[world->body_count++] = body;
    world->issuer.places[i].status = 200;
    world->issuer.places[i].body = body;
}

static inline void provide(struct world *world, size_t i, const struct jt_secret_jwk *key)
{
    assert_int_equal(jt_source_provide(world->provider[i], one_key(key)), JETON_OK);
}

/* One issuer at a URL that serves keys.es. */
static inline struct world *world_of_one(struct party party)
{
    struct world *world = world_new();
    add_party(world, party);
    serve(world, 0, keys.es, NULL);
    run_for(world, MINUTE);
    assert_int_equal(make_trust(world), JETON_OK);
    return world;
}

static inline void world_free(struct world *world)
{
    jt_trust_free(world->trust);
    for (size_t i = 0; i < world->count; i++) {
        if (world->remote[i] != NULL)
            jt_engine_remove(world->engine, world->remote[i]);
        jt_source_close(world->remote[i]);
        jt_source_close(world->provider[i]);
    }
    jt_engine_close(world->engine);
    jt_token_cache_free(world->cache);
    for (size_t i = 0; i < world->body_count; i++)
        free(world->bodies[i]);
    free(world->memory);
    free(world);
}

/* The verdict over a token, in an arena of exactly the promised size. */
static inline enum jeton_status ask(struct world *world, const char *token)
{
    struct jt_arena arena;
    struct jt_trust_result result;
    jt_arena_init(&arena, world->memory, world->room);
    world->detail.text[0] = '\0';
    enum jeton_status status = jt_trust_judge(world->trust, jeton_text(token), world->now, world->issuer.now, &arena,
                                              &result, &world->detail);
    world->outlook = result.outlook;
    world->told = result.source;
    world->cached = result.hit.token != NULL;
    if (status == JETON_OK)
        assert_true(result.token != NULL && result.issuer != NULL &&
                    jt_bytes_equal(jt_verified_issuer(result.token), result.issuer->issuer));
    else
        assert_int_not_equal(world->detail.text[0], '\0');
    jt_trust_leave(&result);
    return status;
}

/* As ask(), for a token made on the spot. */
static inline enum jeton_status ask_made(struct world *world, const struct jt_secret_jwk *key, const char *header,
                                         const char *payload)
{
    char *token = jws(key, jt_algorithm_default(key->about.shape)->name, header, payload);
    enum jeton_status status = ask(world, token);
    free(token);
    return status;
}

#define HEADER(alg, kid) "{\"alg\":\"" alg "\",\"kid\":\"" kid "\"}"
#define PAYLOAD(iss) "{\"iss\":\"" iss "\",\"sub\":\"s\",\"aud\":\"api\",\"exp\":1700003600}"
#endif
