/* SPDX-License-Identifier: Apache-2.0 */
/* Does a text look like this pattern? The pieces between stars are looked for one behind the other, each at its first
 * place: a later one could not leave more room for the rest, so that nothing is ever tried twice (memmem is linear). */
#include "auth/glob.h"

static bool ends_with(struct jeton_bytes text, struct jeton_bytes end)
{
    return text.len >= end.len && jt_bytes_equal(jt_bytes_cut(text, text.len - end.len, text.len), end);
}

/* Cuts the text behind the first place of `piece`. */
static bool skip_past(struct jeton_bytes *text, struct jeton_bytes piece)
{
    if (piece.len == 0)
        return true;
    const char *start = text->at, *found = text->len > 0 ? memmem(start, text->len, piece.at, piece.len) : NULL;
    if (found == NULL)
        return false;
    *text = jt_bytes_cut(*text, (size_t)(found - start) + piece.len, text->len);
    return true;
}

bool jt_glob_matches(struct jeton_bytes pattern, struct jeton_bytes text)
{
    size_t star = jt_bytes_find(pattern, '*', 0);
    struct jeton_bytes first = jt_bytes_cut(pattern, 0, star);
    if (star == pattern.len)
        return jt_bytes_equal(pattern, text);
    if (!jt_bytes_start(text, first))
        return false;
    text = jt_bytes_cut(text, first.len, text.len);
    for (;;) {
        size_t next = jt_bytes_find(pattern, '*', star + 1);
        struct jeton_bytes piece = jt_bytes_cut(pattern, star + 1, next);
        if (next == pattern.len)
            return ends_with(text, piece);
        if (!skip_past(&text, piece))
            return false;
        star = next;
    }
}
