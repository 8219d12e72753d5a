/* SPDX-License-Identifier: Apache-2.0 */
/* A server for POST /token without HTTP, state or network: two clients, web with a secret and batch with a key, one
 * other issuer, and one known key for everything, so that good tokens and assertions can be written down. For the fuzz
 * target and the fault scenarios of /token. HOLDS(condition) is the caller's. */
#ifndef JT_TESTS_TOKEN_WORLD_H
#define JT_TESTS_TOKEN_WORLD_H

#include "keys/signers.h"
#include "server/routes.h"

#define NOW 1700000000 /* when everything happens */
#define ISSUER "https://as.example"
#define LOGIN "https://login.example"

/* RFC 7515 A.3 */
static const char key_text[] = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"ec\",\"alg\":\"ES256\","
                               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","
                               "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}";

struct world {
    struct jt_config config;
    struct jt_metrics metrics;
    struct jt_issuer own, login, batch;
    struct jt_issuer *issuers[2];
    struct jt_client_trust trusts[2];
    struct jt_server server;
};

static struct jt_source *open_source(void)
{
    struct jt_keyset *keys = NULL;
    struct jt_source *source = NULL;

    HOLDS(jt_keyset_new(&keys) == JETON_OK);
    HOLDS(jt_keyset_read(keys, JT_TEXT(key_text), JETON_ORIGIN_OPERATOR, NULL, NULL, NULL) == JETON_OK);
    HOLDS(jt_source_open_static(keys, &source) == JETON_OK);
    return source;
}

static struct jt_trusted trusted_of(struct jt_issuer *issuer, const char *name, const struct jeton_list *audiences)
{
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jeton_bytes text = jeton_text(name);
    struct jt_trusted trusted = {.issuer = text, .sources = {issuer->source}, .source_count = 1, .context = issuer};

    options.issuers = (struct jeton_list){&text, 1};
    options.audiences = *audiences;
    HOLDS(jt_policy_new(&options, &trusted.policy, NULL) == JETON_OK);
    return trusted;
}

static struct jt_trust *trust_of(const struct jt_trusted *all, size_t count)
{
    struct jt_trust *trust = NULL;

    HOLDS(jt_trust_new(&(struct jt_trust_options){.issuers = all, .issuer_count = count, .max_token = 16384}, &trust,
                       NULL) == JETON_OK);
    return trust;
}

static struct jt_signers *open_signers(void)
{
    struct jt_secret_jwk *key = NULL;
    struct jt_signer_set *set = NULL;
    struct jt_signers *signers = NULL;

    HOLDS(jt_secret_jwk_read(JT_TEXT(key_text), &key, NULL) == JETON_OK);
    HOLDS(jt_signer_set_make(&(struct jt_signer){key, JT_SIGNER_ACTIVE}, 1, &set, NULL) == JETON_OK);
    HOLDS(jt_signers_new(&signers) == JETON_OK);
    jt_signers_put(signers, set);
    jt_secret_jwk_release(key);
    return signers;
}

/* Made anew for each input: failures of earlier ones close nobody. */
static struct jt_clients *open_clients(void)
{
    static struct jeton_bytes audiences[] = {{"api", 3}, {"https://files.example/", 22}},
                              scopes[] = {{"read", 4}, {"write", 5}};
    struct jt_client client = {.id = JT_TEXT("web"), .grants = 7, .audiences = {audiences, 2}, .scopes = {scopes, 2}};
    struct jt_clients *clients = NULL;

    HOLDS(jt_clients_new(&clients) == JETON_OK);
    HOLDS(jt_digest(JT_HASH_SHA256, JT_TEXT("secret"), client.secret_hash) == JETON_OK);
    HOLDS(jt_clients_add(clients, &client) == JETON_OK);
    client.id = JT_TEXT("batch");
    client.has_keys = true;
    HOLDS(jt_clients_add(clients, &client) == JETON_OK);
    return clients;
}

static struct world *make_world(void)
{
    static struct world world;
    static struct jeton_bytes audiences[] = {{"web", 3}, {"batch", 5}, {"api", 3}}, server = {ISSUER, 18};
    const struct jeton_list ours = {audiences, 3}, alone = {&server, 1};

    world.config.signing.token_ttl.value = world.config.signing.delegation_ttl.value = 900000;
    world.config.limits.token.value = 16384;
    world.own = (struct jt_issuer){.name = (char *)(uintptr_t)ISSUER, .source = open_source()};
    world.login = (struct jt_issuer){.name = (char *)(uintptr_t)LOGIN, .source = open_source()};
    world.batch = (struct jt_issuer){.name = (char *)(uintptr_t) "batch", .source = open_source()};
    world.issuers[0] = &world.own;
    world.issuers[1] = &world.login;
    for (size_t i = 0; i < 2; i++) {
        struct jt_trusted both[] = {trusted_of(&world.own, ISSUER, &ours), trusted_of(&world.login, LOGIN, &ours)};
        struct jt_trusted bearer = trusted_of(&world.login, LOGIN, &alone);
        struct jt_trusted proof = trusted_of(&world.batch, "batch", &alone);

        world.trusts[i] = (struct jt_client_trust){trust_of(&proof, 1), trust_of(both, 2), trust_of(&bearer, 1)};
    }
    world.server = (struct jt_server){.config = &world.config,
                                      .log = {-1, JT_LOG_ERROR},
                                      .issuer = ISSUER,
                                      .signers = open_signers(),
                                      .metrics = &world.metrics,
                                      .issuers = world.issuers,
                                      .issuer_count = 2,
                                      .client_trusts = world.trusts,
                                      .client_trust_count = 2};
    return &world;
}

/* The answer of the server, whose clients are made anew for each request. What may be used once is the store's matter,
 * which is not here. */
static struct jt_answer ask_for_token(struct world *world, struct jeton_bytes authorization, struct jeton_bytes form,
                                      struct jt_arena *arena)
{
    struct jt_header_field headers[] = {{JT_TEXT("Content-Type"), JT_TEXT("application/x-www-form-urlencoded")},
                                        {JT_TEXT("Authorization"), authorization}};
    bool spent = true;
    struct jt_request request = {.method = JT_TEXT("POST"),
                                 .path = JT_TEXT("/token"),
                                 .body = form,
                                 .headers = headers,
                                 .header_count = authorization.len > 0 ? 2 : 1,
                                 .arena = arena,
                                 .now = NOW,
                                 .spent = &spent};
    struct jt_answer answer = {.status = 0};

    jt_route_token(&world->server, &request, &answer);
    return answer;
}
#endif
