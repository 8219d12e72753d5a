/* SPDX-License-Identifier: Apache-2.0 */
/* What must a token show at /verify? Policies of the configuration, compiled: for each named one a trust with all
 * issuers in it, so that judging a token is one call. Part of assembling. */
#include <stdlib.h>

#include "server/issuer/revocations.h"
#include "server/server.h"

enum { LIST_MAX = 256, DEMAND_MAX = 8, CACHE_MIN = 16 * 1024, CACHE_ENTRY = 2048 };

static struct jeton_list texts_of(const struct jt_config_list *list, struct jeton_bytes memory[LIST_MAX])
{
    for (size_t i = 0; i < list->count; i++)
        memory[i] = jeton_text(list->at[i].at);
    return (struct jeton_list){memory, list->count};
}

/* The audiences of /verify: as configured, else those of the first client, else the issuer alone, which no client may
 * get a token for unless that is configured: nothing passes. */
static struct jeton_list default_audiences(const struct jt_server *server, struct jeton_bytes memory[LIST_MAX])
{
    if (server->config->verify.audiences.count > 0)
        return texts_of(&server->config->verify.audiences, memory);
    if (jt_clients_count(server->clients) > 0) {
        const struct jt_text_list *own = &jt_clients_at(server->clients, 0)->audiences;

        return (struct jeton_list){own->at, own->count};
    }
    memory[0] = jeton_text(server->issuer);
    return (struct jeton_list){memory, 1};
}

static JT_CHECKED join_scopes(const struct jt_config_list *scopes, struct jeton_bytes *out)
{
    size_t room = 1, len = 0;
    char *text = NULL;

    for (size_t i = 0; i < scopes->count; i++)
        room += strlen(scopes->at[i].at) + 1;
    text = malloc(room);
    if (text == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < scopes->count; i++) {
        size_t word = strlen(scopes->at[i].at);

        if (len > 0)
            text[len++] = ' ';
        memcpy(text + len, scopes->at[i].at, word);
        len += word;
    }
    *out = jeton_bytes(text, len);
    return JETON_OK;
}

/* --- The policy of one issuer, as the named policy changes it --- */

/* The default policy, and the same with own tokens taken whomever they are for. */
static const struct jt_config_policy plain, for_anyone;

struct lists {
    struct jeton_bytes issuer, type;
    struct jeton_bytes audiences[LIST_MAX], scopes[LIST_MAX], required[2 * LIST_MAX + DEMAND_MAX], algorithms[LIST_MAX],
        types[LIST_MAX], roles[LIST_MAX], role_claims[LIST_MAX];
};

static void fill_common(const struct jt_server *server, const struct jt_config_policy *from, const char *issuer,
                        struct lists *lists, struct jeton_policy_options *options)
{
    lists->issuer = jeton_text(issuer);
    options->issuers = (struct jeton_list){&lists->issuer, 1};
    options->max_token = (size_t)server->config->limits.token.value;
    options->scopes = texts_of(&from->scopes, lists->scopes);
    options->required = texts_of(&from->required_claims, lists->required);
    if (from->role.at == NULL)
        return;
    options->role = jeton_text(from->role.at);
    options->roles = texts_of(&server->config->identity.roles, lists->roles);
    options->role_claims = texts_of(&server->config->identity.claims.role, lists->role_claims);
}

/* Own tokens: typ at+jwt is demanded, so that no other kind of own token passes. */
static void fill_own(const struct jt_server *server, const struct jt_config_policy *from, struct lists *lists,
                     struct jeton_policy_options *options)
{
    lists->type = JT_TEXT("at+jwt");
    options->types = (struct jeton_list){&lists->type, 1};
    options->any_audience = from == &for_anyone;
    if (options->any_audience)
        return;
    options->audiences = from->audiences.count > 0 ? texts_of(&from->audiences, lists->audiences)
                                                   : default_audiences(server, lists->audiences);
}

static void fill_trusted(const struct jt_server *server, const struct jt_config_trust *trust,
                         const struct jt_config_policy *from, struct lists *lists, struct jeton_policy_options *options)
{
    const struct jt_config_list *required = &trust->required_claims;

    if (trust->any_issuer)
        options->issuers.count = 0;
    options->audiences = from->audiences.count > 0 ? texts_of(&from->audiences, lists->audiences)
                         : trust->own_audiences    ? default_audiences(server, lists->audiences)
                                                   : texts_of(&trust->audiences, lists->audiences);
    options->any_audience = trust->any_audience.value != 0 && from->audiences.count == 0;
    options->algorithms = texts_of(&trust->algorithms, lists->algorithms);
    options->types = texts_of(&trust->types, lists->types);
    options->leeway = trust->leeway.value / 1000;
    for (size_t i = 0; i < required->count; i++)
        lists->required[options->required.count + i] = jeton_text(required->at[i].at);
    options->required.count += required->count;
}

static void demand(const struct jeton_list *audiences, const struct jeton_list *required, struct lists *lists,
                   struct jeton_policy_options *options)
{
    if (audiences->count > 0)
        options->audiences = *audiences;
    for (size_t i = 0; i < required->count && options->required.count < JT_COUNT(lists->required); i++)
        lists->required[options->required.count++] = required->at[i];
    options->required.at = lists->required;
}

JT_CHECKED jt_server_make_policy(const struct jt_server *server, const struct jt_config_policy *from, size_t index,
                                 const struct jeton_list *audiences, const struct jeton_list *required,
                                 struct jt_policy **out, struct jeton_detail *detail)
{
    const struct jt_config_trust *entries = server->config->trust.at;
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct lists *lists = calloc(1, sizeof *lists);
    enum jeton_status status;

    if (lists == NULL)
        return JETON_OUT_OF_MEMORY;
    fill_common(server, from, server->issuers[index]->name, lists, &options);
    if (index == 0)
        fill_own(server, from, lists, &options);
    else
        fill_trusted(server, &entries[index - 1], from, lists, &options);
    demand(audiences, required, lists, &options);
    status = jt_policy_new(&options, out, detail);
    free(lists);
    return status;
}

/* --- The trust of one named policy: every issuer under it --- */

static bool refreshes_on_bad_signature(const struct jt_server *server, size_t index)
{
    const struct jt_config_trust *entries = server->config->trust.at;

    return index > 0 && entries[index - 1].refresh_on_bad_signature.value != 0;
}

static bool is_anybody(const struct jt_server *server, size_t index)
{
    return index > 0 && ((const struct jt_config_trust *)server->config->trust.at)[index - 1].any_issuer;
}

static JT_CHECKED fill_issuers(struct jt_server *server, const struct jt_config_policy *from, struct jt_trusted *all,
                               struct jeton_detail *detail)
{
    static const struct jeton_list none;

    for (size_t i = 0; i < server->issuer_count; i++) {
        struct jt_issuer *issuer = server->issuers[i];

        all[i] = (struct jt_trusted){.issuer = is_anybody(server, i) ? JT_TEXT("") : jeton_text(issuer->name),
                                     .sources = {issuer->source, NULL},
                                     .source_count = 1,
                                     .refresh_on_bad_signature = refreshes_on_bad_signature(server, i),
                                     .context = issuer};
        JT_TRY(jt_server_make_policy(server, from, i, &none, &none, &all[i].policy, detail));
    }
    return JETON_OK;
}

/* A cache of its own: what passed one policy has not passed another. */
static JT_CHECKED open_cache(const struct jt_server *server, struct jt_token_cache **out)
{
    size_t bytes = (size_t)server->config->limits.token_cache.value / (server->config->verify.policies.count + 1);

    if (bytes < CACHE_MIN)
        return JETON_OK;
    return jt_token_cache_new(bytes / CACHE_ENTRY, bytes, out);
}

static JT_CHECKED open_trust(struct jt_server *server, const struct jt_config_policy *from,
                             struct jt_token_cache *cache, struct jt_trust **out, struct jeton_detail *detail)
{
    struct jt_trusted *all = calloc(server->issuer_count, sizeof *all);
    enum jeton_status status;

    if (all == NULL)
        return JETON_OUT_OF_MEMORY;
    status = fill_issuers(server, from, all, detail);
    if (status == JETON_OK)
        status = jt_trust_new(
            &(struct jt_trust_options){.issuers = all,
                                       .issuer_count = server->issuer_count,
                                       .max_token = (size_t)server->config->limits.token.value,
                                       .cache = cache,
                                       .revocation = {jt_revocations_has, server->lasting->revocations}},
            out, detail);
    for (size_t i = 0; i < server->issuer_count && status != JETON_OK; i++)
        jt_policy_free(all[i].policy);
    free(all);
    return status;
}

static JT_CHECKED add_policy(struct jt_server *server, const struct jt_config_policy *from, struct jeton_detail *detail)
{
    struct jt_named_policy *policy = &server->policies[server->policy_count++];

    policy->name = jeton_text(from->name.at);
    JT_TRY(open_cache(server, &policy->cache));
    JT_TRY(open_trust(server, from, policy->cache, &policy->trust, detail));
    return join_scopes(&from->scopes, &policy->scopes);
}

JT_CHECKED jt_server_open_policies(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config_items *named = &server->config->verify.policies;

    server->policies = calloc(named->count + 1, sizeof *server->policies);
    if (server->policies == NULL)
        return JETON_OUT_OF_MEMORY;
    JT_TRY(add_policy(server, &plain, detail));
    for (size_t i = 0; i < named->count; i++)
        JT_TRY(add_policy(server, &((const struct jt_config_policy *)named->at)[i], detail));
    return open_trust(server, &for_anyone, NULL, &server->believed, detail);
}
