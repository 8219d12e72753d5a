/* SPDX-License-Identifier: Apache-2.0 */
/* How does a claim travel in a header? Pure; the last stage of Token -> principal for /verify. */
#include "server/verify/identity.h"

#include "base/base64url.h"

enum { CLAIMS_MAX = 2048 };

/* Visible ASCII; spaces where allowed only alone and inside. */
static bool is_plain(struct jeton_bytes text, bool spaces)
{
    const unsigned char *at = text.at;

    for (size_t i = 0; i < text.len; i++) {
        bool inner = i > 0 && i + 1 < text.len && at[i - 1] != ' ';

        if (at[i] == ' ' ? !(spaces && inner) : at[i] < 0x21 || at[i] > 0x7e)
            return false;
    }
    return true;
}

static JT_CHECKED copy(struct jeton_bytes text, struct jt_arena *arena, const char **out)
{
    char *memory = jt_arena_take(arena, text.len + 1);

    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    if (text.len > 0)
        memcpy(memory, text.at, text.len);
    memory[text.len] = '\0';
    *out = memory;
    return JETON_OK;
}

static JT_CHECKED join(struct jt_json array, struct jt_arena *arena, const char **out)
{
    size_t room = 1, len = 0;
    char *memory = NULL;

    for (struct jt_json_walk walk = jt_json_walk(array); jt_json_next(&walk);) {
        struct jeton_bytes text = jt_json_string(walk.value);

        if (jt_json_type(walk.value) != JT_JSON_STRING || text.len == 0 || !is_plain(text, false))
            return JETON_CLAIMS_UNMAPPABLE;
        room += text.len + 1;
    }
    memory = jt_arena_take(arena, room);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    for (struct jt_json_walk walk = jt_json_walk(array); jt_json_next(&walk);) {
        struct jeton_bytes text = jt_json_string(walk.value);

        if (len > 0)
            memory[len++] = ' ';
        if (text.len > 0)
            memcpy(memory + len, text.at, text.len);
        len += text.len;
    }
    memory[len] = '\0';
    *out = memory;
    return JETON_OK;
}

JT_CHECKED jt_identity_value(struct jt_json claim, struct jt_arena *arena, const char **out)
{
    switch (jt_json_type(claim)) {
    case JT_JSON_NONE:
        *out = "";
        return JETON_OK;
    case JT_JSON_BOOLEAN:
        *out = jt_json_boolean(claim) ? "true" : "false";
        return JETON_OK;
    case JT_JSON_NUMBER:
        return copy(jt_json_number(claim), arena, out);
    case JT_JSON_STRING:
        if (!is_plain(jt_json_string(claim), true))
            return JETON_CLAIMS_UNMAPPABLE;
        return copy(jt_json_string(claim), arena, out);
    case JT_JSON_ARRAY:
        return join(claim, arena, out);
    case JT_JSON_NULL:
    case JT_JSON_OBJECT:
        break;
    }
    return JETON_CLAIMS_UNMAPPABLE;
}

JT_CHECKED jt_identity_claims(struct jeton_bytes payload, struct jt_arena *arena, const char **out)
{
    size_t len = jt_base64url_encoded(payload.len);
    char *memory = NULL;

    if (len > CLAIMS_MAX)
        return JETON_CLAIMS_UNMAPPABLE;
    memory = jt_arena_take(arena, len + 1);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_base64url_encode(payload, memory);
    memory[len] = '\0';
    *out = memory;
    return JETON_OK;
}
