/* SPDX-License-Identifier: Apache-2.0 */
/* For whom is a token, and what may it do there? Never for more than the client may have, nor than the token it stands
 * on: audiences and scopes narrow. */
#include "server/token/grant.h"

/* RFC 8707 §2: an absolute address without a fragment; of this kind are http and https alone (S5.21). */
static bool is_resource(struct jeton_bytes text)
{
    size_t colon = jt_bytes_find(text, ':', 0);
    struct jeton_bytes scheme = jt_bytes_cut(text, 0, colon), rest = jt_bytes_cut(text, colon + 1, text.len);

    return (jt_bytes_equal_nocase(scheme, JT_TEXT("https")) || jt_bytes_equal_nocase(scheme, JT_TEXT("http"))) &&
           jt_bytes_start(rest, JT_TEXT("//")) && rest.len > 2 && ((const char *)rest.at)[2] != '/' &&
           jt_bytes_find(text, '#', 0) == text.len;
}

bool jt_grant_audience(struct jt_asking *asking)
{
    size_t resources = 0, audiences = 0;
    struct jeton_bytes audience = jt_form_get(&asking->form, "audience", &audiences);
    struct jeton_bytes resource = jt_form_get(&asking->form, "resource", &resources);
    const struct jt_text_list *own = &asking->client->audiences;

    if (resources > 1 || audiences > 1)
        return jt_grant_fail(asking, 400, "invalid_target", "a token is for one resource");
    if (resource.len > 0 && !is_resource(resource))
        return jt_grant_fail(asking, 400, "invalid_target",
                             "resource must be an absolute http or https address without a fragment");
    if (resource.len > 0 && audience.len > 0 && !jt_bytes_equal(resource, audience))
        return jt_grant_fail(asking, 400, "invalid_target", "audience and resource are different");
    if (resource.len > 0)
        audience = resource;
    if (audience.len == 0) {
        if (own->count != 1)
            return jt_grant_fail(asking, 400, "invalid_target",
                                 "this client has several audiences and must ask for one");
        audience = own->at[0];
    }
    if (!jt_text_list_has(own, audience))
        return jt_grant_fail(asking, 400, "invalid_target", "not an audience of this client");
    asking->audience = audience;
    return true;
}

/* --- Scopes --- */

static void append(char *memory, size_t *len, struct jeton_bytes word)
{
    if (*len > 0)
        memory[(*len)++] = ' ';
    memcpy(memory + *len, word.at, word.len);
    *len += word.len;
}

static bool has_word(struct jeton_bytes words, struct jeton_bytes word)
{
    for (size_t from = 0; from < words.len;) {
        size_t end = jt_bytes_find(words, ' ', from);

        if (jt_bytes_equal(jt_bytes_cut(words, from, end), word))
            return true;
        from = end + 1;
    }
    return false;
}

static bool may_have(const struct jt_asking *asking, const struct jt_verified *ground, struct jeton_bytes scope)
{
    return jt_text_list_has(&asking->client->scopes, scope) && (ground == NULL || jt_verified_has_scope(ground, scope));
}

bool jt_grant_scope(struct jt_asking *asking, const struct jt_verified *ground)
{
    struct jeton_bytes asked = jt_form_get(&asking->form, "scope", NULL);
    const struct jt_text_list *own = &asking->client->scopes;
    size_t room = asked.len, len = 0;
    char *memory = NULL;

    for (size_t i = 0; i < own->count; i++)
        room += own->at[i].len + 1;
    memory = jt_arena_take(asking->request->arena, room + 1);
    if (memory == NULL)
        return jt_grant_fail_internally(asking);
    for (size_t i = 0; i < own->count && asked.len == 0; i++) {
        if (may_have(asking, ground, own->at[i]))
            append(memory, &len, own->at[i]);
    }
    for (size_t from = 0; from < asked.len;) {
        size_t end = jt_bytes_find(asked, ' ', from);
        struct jeton_bytes word = jt_bytes_cut(asked, from, end);

        if (word.len > 0 && !may_have(asking, ground, word))
            return jt_grant_fail(asking, 400, "invalid_scope",
                                 ground == NULL ? "a scope that this client may not have"
                                                : "a scope that this client or the token it brings does not have");
        if (word.len > 0 && !has_word(jeton_bytes(memory, len), word))
            append(memory, &len, word);
        from = end + 1;
    }
    asking->scope = jeton_bytes(memory, len);
    return true;
}
