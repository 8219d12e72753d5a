/* SPDX-License-Identifier: Apache-2.0 */
/* Which claims do user, org and role stand for beside an identity header? The names of `identity`, compiled; part of
 * assembling, and the question that route_verify.c asks. */
#include "server/verify/mapping.h"

#include <stdlib.h>

static bool is_given(const struct jt_config *config)
{
    const struct jt_config_list *lists[] = {&config->identity.roles, &config->identity.claims.user,
                                            &config->identity.claims.org, &config->identity.claims.role};

    for (size_t i = 0; i < JT_COUNT(lists); i++) {
        if (lists[i]->place.line > 0)
            return true;
    }
    return config->identity.dev_org.place.line > 0;
}

static struct jt_texts take(const struct jt_config_list *list, struct jeton_bytes **memory)
{
    struct jt_texts texts = {*memory, list->count};

    for (size_t i = 0; i < list->count; i++)
        texts.at[i] = jeton_text(list->at[i].at);
    *memory += list->count;
    return texts;
}

JT_CHECKED jt_server_open_mapping(struct jt_server *server)
{
    const struct jt_config *config = server->config;
    struct jt_mapping *mapping = &server->mapping;
    size_t count = config->identity.roles.count + config->identity.claims.user.count +
                   config->identity.claims.org.count + config->identity.claims.role.count;
    struct jeton_bytes *memory = calloc(count + 1, sizeof *memory);

    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    mapping->user = take(&config->identity.claims.user, &memory);
    mapping->org = take(&config->identity.claims.org, &memory);
    mapping->role.claims = take(&config->identity.claims.role, &memory);
    mapping->role.names = take(&config->identity.roles, &memory);
    mapping->given = is_given(config);
    return JETON_OK;
}

void jt_server_close_mapping(struct jt_server *server)
{
    free(server->mapping.user.at); /* the first of one block */
}

const struct jt_texts *jt_mapping_claims(const struct jt_mapping *mapping, const char *name)
{
    if (!mapping->given)
        return NULL;
    if (strcmp(name, "user") == 0)
        return &mapping->user;
    if (strcmp(name, "org") == 0)
        return &mapping->org;
    return strcmp(name, "role") == 0 ? &mapping->role.claims : NULL;
}
