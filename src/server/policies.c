/* SPDX-License-Identifier: Apache-2.0 */
/* What must a token show at /verify? Policies of the configuration, compiled. Own tokens alone: issuer, audience and
 * typ at+jwt are always demanded. */
#include <stdlib.h>

#include "server/server.h"

enum { LIST_MAX = 256 };

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

static JT_CHECKED add_policy(struct jt_server *server, const struct jt_config_policy *from, struct jeton_detail *detail)
{
    struct jeton_bytes audiences[LIST_MAX], scopes[LIST_MAX], required[LIST_MAX];
    struct jeton_bytes issuer = jeton_text(server->issuer), type = JT_TEXT("at+jwt");
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jt_named_policy *policy = &server->policies[server->policy_count];

    options.issuers = (struct jeton_list){&issuer, 1};
    options.types = (struct jeton_list){&type, 1};
    options.max_token = (size_t)server->config->limits.token.value;
    options.audiences = from->audiences.count > 0 ? texts_of(&from->audiences, audiences)
                                                  : default_audiences(server, audiences);
    options.scopes = texts_of(&from->scopes, scopes);
    options.required = texts_of(&from->required_claims, required);
    JT_TRY(jt_policy_new(&options, &policy->policy, detail));
    policy->name = jeton_text(from->name.at);
    server->policy_count++;
    return join_scopes(&from->scopes, &policy->scopes);
}

JT_CHECKED jt_server_open_policies(struct jt_server *server, struct jeton_detail *detail)
{
    static const struct jt_config_policy plain;
    const struct jt_config_items *named = &server->config->verify.policies;

    server->policies = calloc(named->count + 1, sizeof *server->policies);
    if (server->policies == NULL)
        return JETON_OUT_OF_MEMORY;
    JT_TRY(add_policy(server, &plain, detail));
    for (size_t i = 0; i < named->count; i++)
        JT_TRY(add_policy(server, &((const struct jt_config_policy *)named->at)[i], detail));
    return JETON_OK;
}
