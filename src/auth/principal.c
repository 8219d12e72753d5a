/* SPDX-License-Identifier: Apache-2.0 */
/* Who is it, in few words? The end of the walk token → principal. */
#include "auth/principal.h"

#include "jose/claims.h"

struct jt_principal jt_principal_of(const struct jt_verified *token)
{
    return (struct jt_principal){jt_verified_subject(token), jt_verified_issuer(token), token};
}

static void add_word(struct jt_buffer *out, size_t start, struct jeton_bytes word)
{
    if (word.len == 0)
        return;
    if (out->len > start)
        jt_buffer_add_byte(out, ' ');
    jt_buffer_add(out, word);
}

static void add_claim(struct jt_json claim, bool text, size_t start, struct jt_buffer *out)
{
    struct jeton_bytes element;
    if (jt_json_type(claim) == JT_JSON_STRING) {
        struct jeton_bytes words = text ? jt_json_string(claim) : (struct jeton_bytes){NULL, 0};
        for (size_t from = 0, to; from < words.len; from = to + 1) {
            to = jt_bytes_find(words, ' ', from);
            add_word(out, start, jt_bytes_cut(words, from, to));
        }
    } else if (jt_claims_element(claim, 0, &element)) { /* an array of strings, whole */
        for (struct jt_json_walk w = jt_json_walk(claim); jt_json_next(&w);)
            add_word(out, start, jt_json_string(w.value));
    }
}

void jt_principal_scopes(const struct jt_principal *principal, struct jt_buffer *out)
{
    const struct jt_claims *claims = jt_verified_typed(principal->token);
    size_t start = out->len;
    add_claim(claims->at[JT_CLAIM_SCOPE], true, start, out);
    add_claim(claims->at[JT_CLAIM_SCP], false, start, out);
}
