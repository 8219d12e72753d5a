/* SPDX-License-Identifier: Apache-2.0 */
/* What does the header ask for? Stage 2 of the walk token → principal. */
#include "jose/header.h"

#include "base/json.h"

/* The strings outlive the parse tree, in memory taken ahead of it. Together they are no longer than the header. */
struct strings {
    unsigned char *at;
    size_t used;
};

static enum jeton_status take_string(struct strings *strings, struct jt_json_walk *member, struct jeton_bytes *out,
                                     struct jeton_detail *detail)
{
    if (jt_json_type(member->value) != JT_JSON_STRING)
        return jt_fail(detail, JETON_HEADER_INVALID, "%.*s is no string", (int)member->name.len,
                       (const char *)member->name.at);
    struct jeton_bytes text = jt_json_string(member->value);
    if (text.len > 0)
        memcpy(strings->at + strings->used, text.at, text.len);
    *out = jeton_bytes(strings->at + strings->used, text.len);
    strings->used += text.len;
    return JETON_OK;
}

static bool is(struct jeton_bytes name, const char *three)
{
    return memcmp(name.at, three, 3) == 0;
}

static enum jeton_status take_members(struct jt_json object, struct strings *strings, struct jt_header *header,
                                      struct jeton_detail *detail)
{
    bool b64 = false;
    struct jeton_bytes unused;
    for (struct jt_json_walk w = jt_json_walk(object); jt_json_next(&w);) {
        if (w.name.len == 4 && memcmp(w.name.at, "crit", 4) == 0)
            header->crit = true;
        if (w.name.len != 3)
            continue;
        if (is(w.name, "alg"))
            JT_TRY(take_string(strings, &w, &header->alg, detail));
        else if (is(w.name, "kid"))
            JT_TRY(take_string(strings, &w, &header->kid, detail));
        else if (is(w.name, "typ"))
            JT_TRY(take_string(strings, &w, &header->typ, detail));
        else if (is(w.name, "cty"))
            JT_TRY(take_string(strings, &w, &unused, detail));
        else if (is(w.name, "b64"))
            b64 = true;
    }
    if (header->alg.at == NULL)
        return jt_fail(detail, JETON_HEADER_INVALID, "alg is missing");
    if (b64 && !header->crit) /* RFC 7797 §6; with crit the next check refuses it */
        return jt_fail(detail, JETON_HEADER_INVALID, "b64 stands in the header, but not in crit");
    header->algorithm = jt_algorithm_find(header->alg);
    return JETON_OK;
}

enum jeton_status jt_header_read(struct jeton_bytes json, struct jt_arena *arena, struct jt_header *out,
                                 struct jeton_detail *detail)
{
    struct jeton_detail inner;
    struct jt_json object;
    struct jt_header header = {0};
    size_t start = arena->used;
    struct strings strings = {jt_arena_take(arena, json.len + 1), 0};
    if (strings.at == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
    size_t taken = arena->used;
    enum jeton_status status = jt_json_read(json, JT_JSON_HEADER, arena, &object, detail != NULL ? &inner : NULL);
    if (status == JETON_ARGUMENT_INVALID)
        status = jt_fail(detail, JETON_HEADER_INVALID, "header: %s", detail != NULL ? inner.text : "");
    else if (status != JETON_OK)
        status = jt_fail(detail, status, "the arena is too small");
    else if (jt_json_type(object) != JT_JSON_OBJECT)
        status = jt_fail(detail, JETON_HEADER_INVALID, "the header is no JSON object");
    else
        status = take_members(object, &strings, &header, detail);
    jt_arena_rewind(arena, status == JETON_OK ? taken : start);
    if (status == JETON_OK)
        *out = header;
    return status;
}
