/* SPDX-License-Identifier: Apache-2.0 */
/* Who acts for whom, and for how long? See delegation.h. */
#include "server/token/delegation.h"

/* --- Subject --- */

JT_CHECKED jt_delegation_subject(struct jeton_bytes issuer, struct jeton_bytes sub, struct jt_arena *arena,
                                 struct jeton_bytes *out)
{
    char *text = jt_arena_take(arena, issuer.len + 1 + sub.len);

    if (text == NULL)
        return JETON_OUT_OF_MEMORY;
    memcpy(text, issuer.at, issuer.len);
    text[issuer.len] = '#';
    memcpy(text + issuer.len + 1, sub.at, sub.len);
    *out = jeton_bytes(text, issuer.len + 1 + sub.len);
    return JETON_OK;
}

/* --- The chain of actors --- */

static JT_CHECKED count_actors(struct jt_json act, size_t *count, struct jeton_detail *detail)
{
    for (*count = 0; jt_json_type(act) != JT_JSON_NONE; ++*count) {
        if (jt_json_type(act) != JT_JSON_OBJECT || jt_json_string(jt_json_get(act, JT_TEXT("sub"))).len == 0)
            return jt_fail(detail, JETON_CLAIMS_INVALID, "act is no chain of actors, each with a sub");
        act = jt_json_get(act, JT_TEXT("act"));
    }
    return JETON_OK;
}

static void write_chain(struct jeton_bytes actor, struct jt_json earlier, struct jt_buffer *out)
{
    if (actor.len == 0) {
        jt_json_write(out, earlier);
        return;
    }
    jt_buffer_add_text(out, "{\"sub\":");
    jt_json_write_string(out, actor);
    if (jt_json_type(earlier) != JT_JSON_NONE) {
        jt_buffer_add_text(out, ",\"act\":");
        jt_json_write(out, earlier);
    }
    jt_buffer_add_byte(out, '}');
}

static JT_CHECKED keep(const struct jt_buffer *text, struct jt_arena *arena, struct jeton_bytes *out)
{
    void *copy = jt_arena_take(arena, text->len);

    if (copy == NULL)
        return JETON_OUT_OF_MEMORY;
    memcpy(copy, text->at, text->len);
    *out = jeton_bytes(copy, text->len);
    return JETON_OK;
}

JT_CHECKED jt_delegation_act(struct jeton_bytes actor, struct jt_json earlier, struct jt_arena *arena,
                             struct jeton_bytes *out, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    size_t count = 0;

    jt_buffer_init(&text, JT_ACT_BYTES);
    JT_TRY(count_actors(earlier, &count, detail));
    count += actor.len > 0;
    if (count > JT_ACT_DEPTH)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "act would name more than %d actors", JT_ACT_DEPTH);
    if (count == 0) {
        *out = (struct jeton_bytes){NULL, 0};
        return JETON_OK;
    }
    write_chain(actor, earlier, &text);
    if (text.status == JETON_OUT_OF_MEMORY)
        return text.status;
    if (text.status != JETON_OK)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "act would be longer than %d bytes", JT_ACT_BYTES);
    return keep(&text, arena, out);
}

/* --- may_act --- */

JT_CHECKED jt_delegation_may_act(struct jt_json may_act,
                                 struct jeton_bytes (*claim)(const void *actor, struct jeton_bytes name),
                                 const void *actor, struct jeton_detail *detail)
{
    bool named = false;

    if (jt_json_type(may_act) == JT_JSON_NONE)
        return JETON_OK;
    if (jt_json_type(may_act) != JT_JSON_OBJECT)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "may_act is no object");
    for (struct jt_json_walk walk = jt_json_walk(may_act); jt_json_next(&walk);) {
        if (jt_json_string(walk.value).len == 0)
            return jt_fail(detail, JETON_CLAIMS_INVALID, "may_act has a member that is no text");
        named = named || jt_bytes_equal(walk.name, JT_TEXT("sub")) || jt_bytes_equal(walk.name, JT_TEXT("client_id"));
    }
    if (!named)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "may_act names nobody");
    for (struct jt_json_walk walk = jt_json_walk(may_act); jt_json_next(&walk);) {
        if (!jt_bytes_equal(jt_json_string(walk.value), claim(actor, walk.name)))
            return jt_fail(detail, JETON_SUBJECT_MISMATCH, "may_act names another actor");
    }
    return JETON_OK;
}

/* --- Life --- */

int64_t jt_delegation_ttl(int64_t exp, int64_t now, int64_t token_ttl, int64_t cap)
{
    int64_t left = exp - now;

    if (left <= 0)
        return 0;
    left = left < token_ttl ? left : token_ttl;
    return left < cap ? left : cap;
}
