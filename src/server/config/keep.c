/* SPDX-License-Identifier: Apache-2.0 */
/* What does a reload leave as it was? Keys of the table that need a restart: the address, the state, the memory of a
 * connection. */
#include <assert.h>

#include "server/config/config.h"
#include "server/config/value.h"

static bool same(const struct jt_config_key *key, const void *one, const void *other)
{
    if (key->type == JT_CONFIG_TEXT || key->type == JT_CONFIG_CHOICE) {
        const struct jt_config_text *a = one, *b = other;

        return a->at == NULL || b->at == NULL ? a->at == b->at : strcmp(a->at, b->at) == 0;
    }
    return ((const struct jt_config_number *)one)->value == ((const struct jt_config_number *)other)->value;
}

static JT_CHECKED keep(const struct jt_config_key *key, const void *from, struct jt_config_memory *memory, void *to)
{
    struct jt_config_text *text = to;
    struct jt_place none = {NULL, 0, 0};

    if (key->type != JT_CONFIG_TEXT && key->type != JT_CONFIG_CHOICE) {
        *(struct jt_config_number *)to = (struct jt_config_number){((const struct jt_config_number *)from)->value,
                                                                   none};
        return JETON_OK;
    }
    *text = (struct jt_config_text){NULL, none};
    if (((const struct jt_config_text *)from)->at == NULL)
        return JETON_OK;
    return jt_config_copy(memory, jeton_text(((const struct jt_config_text *)from)->at), &text->at);
}

JT_CHECKED jt_config_keep(const struct jt_config_table *table, const void *before, struct jt_config_memory *memory,
                          void *config, void (*told)(void *context, const char *path, struct jt_place place),
                          void *context)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct jt_config_key *key = &table->at[i];
        const void *from = (const char *)before + key->offset;
        struct jt_config_text *to = jt_config_field(key, config); /* text or number: the place tells apart nothing */

        if (!key->restart || same(key, from, to))
            continue;
        assert(key->path[strcspn(key->path, "[*")] == '\0');
        told(context, key->path,
             key->type == JT_CONFIG_TEXT || key->type == JT_CONFIG_CHOICE
                 ? to->place
                 : ((const struct jt_config_number *)(const void *)to)->place);
        JT_TRY(keep(key, from, memory, to));
    }
    return JETON_OK;
}
