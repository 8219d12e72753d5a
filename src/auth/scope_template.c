/* SPDX-License-Identifier: Apache-2.0 */
/* What does "{org}/public/" mean for this caller? See scope_template.h. */
#include "auth/scope_template.h"

/* The piece at `from`: a claim's name in braces, or the text up to the next brace. False where a brace has no mate. */
struct piece {
    struct jeton_bytes text;
    bool claim;
    size_t end;
};

static bool next_piece(struct jeton_bytes text, size_t from, struct piece *out)
{
    const char *at = text.at;
    size_t open = jt_bytes_find(text, '{', from), close = jt_bytes_find(text, '}', from);
    if (at[from] != '{') {
        out->end = open < close ? open : close;
        out->text = jt_bytes_cut(text, from, out->end);
        out->claim = false;
        return at[from] != '}';
    }
    out->text = jt_bytes_cut(text, from + 1, close);
    out->claim = true;
    out->end = close + 1;
    return close < text.len && out->text.len > 0 && jt_bytes_find(out->text, '{', 0) == out->text.len;
}

bool jt_scope_template_fits(struct jeton_bytes text)
{
    struct piece piece;
    for (size_t from = 0; from < text.len; from = piece.end)
        if (!next_piece(text, from, &piece))
            return false;
    return true;
}

/* One name of a path, and nothing that could be read as more: no slash, no "..", no brace, no control character. */
static bool may_stand(struct jeton_bytes value)
{
    const unsigned char *at = value.at;
    for (size_t i = 0; i < value.len; i++)
        if (at[i] < 0x20 || at[i] == 0x7f || strchr("/\\{}", at[i]) != NULL ||
            (at[i] == '.' && i + 1 < value.len && at[i + 1] == '.'))
            return false;
    return value.len > 0 && !jt_bytes_equal(value, JT_TEXT("."));
}

static enum jeton_status value_of(const struct piece *piece, struct jt_json claims, struct jeton_bytes *out,
                                  struct jeton_detail *detail)
{
    *out = piece->text;
    if (!piece->claim)
        return JETON_OK;
    *out = jt_json_string(jt_json_get(claims, piece->text));
    if (!may_stand(*out))
        return jt_fail(detail, JETON_CLAIMS_UNMAPPABLE, "the claim %s is missing, or cannot stand in a scope",
                       jt_escape(piece->text).text);
    return JETON_OK;
}

enum jeton_status jt_scope_template_expand(struct jeton_bytes text, struct jt_json claims, struct jt_arena *arena,
                                           struct jeton_bytes *out, struct jeton_detail *detail)
{
    struct piece piece;
    struct jeton_bytes value;
    size_t room = 0, len = 0;
    for (size_t from = 0; from < text.len; from = piece.end) {
        if (!next_piece(text, from, &piece))
            return jt_fail(detail, JETON_CLAIMS_UNMAPPABLE, "the scope is malformed");
        JT_TRY(value_of(&piece, claims, &value, detail));
        room += value.len;
    }
    char *memory = jt_arena_take(arena, room + 1);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t from = 0; from < text.len; from = piece.end) {
        if (!next_piece(text, from, &piece) || value_of(&piece, claims, &value, detail) != JETON_OK)
            return JETON_CLAIMS_UNMAPPABLE;
        if (value.len > 0)
            memcpy(memory + len, value.at, value.len);
        len += value.len;
    }
    *out = jeton_bytes(memory, len);
    return JETON_OK;
}
