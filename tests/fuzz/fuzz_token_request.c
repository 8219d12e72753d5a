/* SPDX-License-Identifier: Apache-2.0 */
/* Does POST /token stand any bytes, and does it give a token only where it should? A server of two clients, with one
 * known key for everything, so that good tokens and assertions can lie in the corpus. The first line goes in as the
 * Authorization header (empty: none), the rest as the form. */
#include "fuzz.h"

#include "keys/signers.h"
#include "server/routes.h"

#define NOW 1700000000
#define ISSUER "https://as.example"
#define LOGIN "https://login.example"

/* RFC 8037 A.1 */
static const char key_text[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"alg\":\"EdDSA\","
                               "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
                               "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

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

    FUZZ_HOLDS(jt_keyset_new(&keys) == JETON_OK);
    FUZZ_HOLDS(jt_keyset_read(keys, JT_TEXT(key_text), JETON_ORIGIN_OPERATOR, NULL, NULL, NULL) == JETON_OK);
    FUZZ_HOLDS(jt_source_open_static(keys, &source) == JETON_OK);
    return source;
}

static struct jt_trusted trusted_of(struct jt_issuer *issuer, const char *name, const struct jeton_list *audiences)
{
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jeton_bytes text = jeton_text(name);
    struct jt_trusted trusted = {.issuer = text, .sources = {issuer->source}, .source_count = 1, .context = issuer};

    options.issuers = (struct jeton_list){&text, 1};
    options.audiences = *audiences;
    FUZZ_HOLDS(jt_policy_new(&options, &trusted.policy, NULL) == JETON_OK);
    return trusted;
}

static struct jt_trust *trust_of(const struct jt_trusted *all, size_t count)
{
    struct jt_trust *trust = NULL;

    FUZZ_HOLDS(jt_trust_new(&(struct jt_trust_options){.issuers = all, .issuer_count = count, .max_token = 16384},
                            &trust, NULL) == JETON_OK);
    return trust;
}

static struct jt_signers *open_signers(void)
{
    struct jt_secret_jwk *key = NULL;
    struct jt_signer_set *set = NULL;
    struct jt_signers *signers = NULL;

    FUZZ_HOLDS(jt_secret_jwk_read(JT_TEXT(key_text), &key, NULL) == JETON_OK);
    FUZZ_HOLDS(jt_signer_set_make(&(struct jt_signer){key, JT_SIGNER_ACTIVE}, 1, &set, NULL) == JETON_OK);
    FUZZ_HOLDS(jt_signers_new(&signers) == JETON_OK);
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

    FUZZ_HOLDS(jt_clients_new(&clients) == JETON_OK);
    FUZZ_HOLDS(jt_digest(JT_HASH_SHA256, JT_TEXT("secret"), client.secret_hash) == JETON_OK);
    FUZZ_HOLDS(jt_clients_add(clients, &client) == JETON_OK);
    client.id = JT_TEXT("batch");
    client.has_keys = true;
    FUZZ_HOLDS(jt_clients_add(clients, &client) == JETON_OK);
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

static bool has(struct jeton_bytes text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static void answer_holds(const struct jt_answer *answer)
{
    switch (answer->status) {
    case 200:
        FUZZ_HOLDS(has(answer->body, "{\"access_token\":\"") && has(answer->body, "\"token_type\":\"Bearer\""));
        return;
    case 400:
    case 401:
        FUZZ_HOLDS(has(answer->body, "{\"error\":\"") && !has(answer->body, "access_token\":\""));
        return;
    default:
        FUZZ_HOLDS(!"a status that no request can bring about");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *world;
    static unsigned char memory[1 << 20];
    struct jeton_bytes all = {data, size}, line = jt_bytes_cut(all, 0, jt_bytes_find(all, '\n', 0));
    struct jt_header_field headers[] = {{JT_TEXT("Content-Type"), JT_TEXT("application/x-www-form-urlencoded")},
                                        {JT_TEXT("Authorization"), line}};
    struct jt_arena arena;
    struct jt_answer answer = {.status = 0};
    bool spent = true; /* what is used once is the store's matter, which is not here */

    if (world == NULL)
        world = make_world();
    if (size > 16384)
        return 0;
    jt_arena_init(&arena, memory, sizeof memory);
    struct jt_request request = {.method = JT_TEXT("POST"),
                                 .path = JT_TEXT("/token"),
                                 .body = jt_bytes_cut(all, line.len + 1, size),
                                 .headers = headers,
                                 .header_count = line.len > 0 ? 2 : 1,
                                 .arena = &arena,
                                 .now = NOW,
                                 .spent = &spent};

    world->server.clients = open_clients();
    jt_route_token(&world->server, &request, &answer);
    answer_holds(&answer);
    jt_clients_free(world->server.clients);
    return 0;
}
