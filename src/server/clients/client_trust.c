/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed from a client: which assertions prove it, which tokens may it exchange, which grants may it bring?
 * For each client trusts of its own, compiled from the configuration: trust for /verify is none for exchange. Part of
 * assembling. */
#include <stdlib.h>

#include "server/issuer/revocations.h"
#include "server/server.h"

enum { LIST_MAX = 256 };

static const struct jt_config_policy plain;

/* An issuer as one of a client's trusts sees it. */
static void fill_trusted(struct jt_issuer *issuer, struct jt_trusted *out)
{
    out->issuer = jeton_text(issuer->name);
    out->sources[0] = issuer->source;
    out->source_count = 1;
    out->context = issuer;
}

/* Takes the policies of `all` in any case. */
static JT_CHECKED make_trust(const struct jt_server *server, struct jt_trusted *all, size_t count,
                             struct jt_trust **out, struct jeton_detail *detail)
{
    struct jt_trust_options options = {.issuers = all,
                                       .issuer_count = count,
                                       .max_token = (size_t)server->config->limits.token.value,
                                       .revocation = {jt_revocations_has, server->lasting->revocations}};
    enum jeton_status status = jt_trust_new(&options, out, detail);

    for (size_t i = 0; i < count && status != JETON_OK; i++)
        jt_policy_free(all[i].policy);
    return status;
}

/* --- What proves a client --- */

static size_t list_asymmetric(struct jeton_bytes names[JT_ALG_COUNT])
{
    size_t count = 0;

    for (size_t i = 0; i < JT_ALG_COUNT; i++) {
        const struct jt_algorithm *algorithm = jt_algorithm_at(i);

        if (algorithm->type != JT_KEY_OCT && jt_algorithm_usable(algorithm))
            names[count++] = jeton_text(algorithm->name);
    }
    return count;
}

/* RFC 7523 §3: of the client, about the client, for this server. What a policy cannot say is in client_assertion.c. */
static JT_CHECKED open_assertions(const struct jt_server *server, const struct jt_client *client,
                                  struct jt_issuer *holder, struct jt_trust **out, struct jeton_detail *detail)
{
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jeton_bytes audience = jeton_text(server->issuer), required = JT_TEXT("jti");
    struct jeton_bytes algorithms[JT_ALG_COUNT];
    struct jt_trusted trusted = {.policy = NULL};

    options.issuers = (struct jeton_list){&client->id, 1};
    options.subject = client->id;
    options.audiences = (struct jeton_list){&audience, 1};
    options.required = (struct jeton_list){&required, 1};
    options.algorithms = (struct jeton_list){algorithms, list_asymmetric(algorithms)};
    options.max_token = (size_t)server->config->limits.token.value;
    JT_TRY(jt_policy_new(&options, &trusted.policy, detail));
    fill_trusted(holder, &trusted);
    trusted.issuer = client->id;
    return make_trust(server, &trusted, 1, out, detail);
}

/* --- What a client may bring --- */

/* The places among the issuers of those in `exchange_from`. */
static size_t find_issuers(const struct jt_server *server, const struct jt_config_client *client,
                           size_t places[LIST_MAX])
{
    const struct jt_config_trust *entries = server->config->trust.at;
    size_t count = 0;

    for (size_t i = 1; i < server->issuer_count; i++) {
        if (entries[i - 1].any_issuer)
            continue;
        for (size_t k = 0; k < client->exchange_from.count; k++) {
            if (count < LIST_MAX && strcmp(server->issuers[i]->name, client->exchange_from.at[k].at) == 0) {
                places[count++] = i;
                break;
            }
        }
    }
    return count;
}

/* `own`: whom own tokens must be for; no elements: they are not taken. `audiences`: in place of those of each entry. */
static JT_CHECKED open_brought(const struct jt_server *server, const struct jt_config_client *client,
                               const struct jeton_list *own, const struct jeton_list *audiences, struct jt_trust **out,
                               struct jeton_detail *detail)
{
    const struct jeton_bytes subject = JT_TEXT("sub");
    const struct jeton_list required = {&subject, 1};
    size_t places[LIST_MAX + 1] = {0}, made = 0;
    size_t count = find_issuers(server, client, places + (own->count > 0)) + (own->count > 0);
    struct jt_trusted *all = calloc(count + 1, sizeof *all);
    enum jeton_status status = all != NULL ? JETON_OK : JETON_OUT_OF_MEMORY;

    while (made < count && status == JETON_OK) {
        size_t place = places[made];

        status = jt_server_make_policy(server, &plain, place, place == 0 ? own : audiences, &required,
                                       &all[made].policy, detail);
        if (status == JETON_OK)
            fill_trusted(server->issuers[place], &all[made++]);
    }
    if (status == JETON_OK)
        status = make_trust(server, all, count, out, detail);
    else
        for (size_t i = 0; i < made; i++)
            jt_policy_free(all[i].policy);
    free(all);
    return status;
}

/* Own tokens: those for the client itself or one of its audiences. */
static JT_CHECKED open_tokens(const struct jt_server *server, const struct jt_config_client *from,
                              const struct jt_client *client, struct jt_trust **out, struct jeton_detail *detail)
{
    static const struct jeton_list as_configured;
    struct jeton_bytes own[LIST_MAX + 1] = {client->id};
    size_t count = 1;

    for (size_t i = 0; i < client->audiences.count && count < JT_COUNT(own); i++)
        own[count++] = client->audiences.at[i];
    return open_brought(server, from, &(struct jeton_list){own, count}, &as_configured, out, detail);
}

static JT_CHECKED open_grants(const struct jt_server *server, const struct jt_config_client *from,
                              struct jt_trust **out, struct jeton_detail *detail)
{
    static const struct jeton_list no_own;
    struct jeton_bytes audience = jeton_text(server->issuer);

    return open_brought(server, from, &no_own, &(struct jeton_list){&audience, 1}, out, detail);
}

/* Neither is a fault: nothing passes that should not. */
static void warn_of_nothing(const struct jt_server *server, const struct jt_config_client *from, unsigned grants)
{
    if ((grants & 1u << JT_GRANT_JWT_BEARER) != 0 && from->exchange_from.count == 0)
        jt_log(&server->log, JT_LOG_WARN,
               "jwt-bearer without exchange_from: no assertion that this client brings passes", "client", from->id.at,
               NULL);
    if ((grants & (1u << JT_GRANT_JWT_BEARER | 1u << JT_GRANT_TOKEN_EXCHANGE)) == 0 && from->exchange_from.count > 0)
        jt_log(&server->log, JT_LOG_WARN,
               "exchange_from without token-exchange or jwt-bearer among the grants: this client brings nothing",
               "client", from->id.at, NULL);
}

static JT_CHECKED open_client(struct jt_server *server, size_t index, struct jeton_detail *detail)
{
    const struct jt_config_client *from = &((const struct jt_config_client *)server->config->clients.at)[index];
    const struct jt_client *client = jt_clients_at(server->clients, index);
    struct jt_client_trust *trust = &server->client_trusts[index];

    warn_of_nothing(server, from, client->grants);
    if (server->holders[index] != NULL)
        JT_TRY(open_assertions(server, client, server->holders[index], &trust->assertions, detail));
    if ((client->grants & 1u << JT_GRANT_TOKEN_EXCHANGE) != 0)
        JT_TRY(open_tokens(server, from, client, &trust->tokens, detail));
    if ((client->grants & 1u << JT_GRANT_JWT_BEARER) != 0)
        JT_TRY(open_grants(server, from, &trust->grants, detail));
    return JETON_OK;
}

/* The client made at the first start has neither keys nor anything to bring. */
JT_CHECKED jt_server_open_client_trusts(struct jt_server *server, struct jeton_detail *detail)
{
    server->client_trust_count = jt_clients_count(server->clients);
    server->client_trusts = calloc(server->client_trust_count + 1, sizeof *server->client_trusts);
    if (server->client_trusts == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < server->config->clients.count; i++)
        JT_TRY(open_client(server, i, detail));
    return JETON_OK;
}

void jt_server_close_client_trusts(struct jt_server *server)
{
    for (size_t i = 0; server->client_trusts != NULL && i < server->client_trust_count; i++) {
        jt_trust_free(server->client_trusts[i].assertions);
        jt_trust_free(server->client_trusts[i].tokens);
        jt_trust_free(server->client_trusts[i].grants);
    }
    free(server->client_trusts);
}
