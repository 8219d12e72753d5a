/* SPDX-License-Identifier: Apache-2.0 */
/* What are the parts of this text? Stage 1 of the walk token → principal. */
#include "jose/token.h"

#include "base/base64url.h"

/* A fourth part, or five of them, is an encrypted token or garbage; none of it is worth decoding. */
static enum jeton_status wrong_parts(struct jeton_bytes text, struct jeton_detail *detail)
{
    size_t dots = 0;
    for (size_t i = 0; i < text.len && dots < 5; i++)
        dots += ((const char *)text.at)[i] == '.';
    if (dots == 4)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "five parts: an encrypted token, not a signed one");
    return jt_fail(detail, JETON_TOKEN_MALFORMED, "%s%zu part%s between dots instead of 3",
                   dots == 5 ? "more than " : "", dots == 5 ? dots : dots + 1, dots == 0 ? "" : "s");
}

enum jeton_status jt_token_split(struct jeton_bytes text, struct jt_token *out, struct jeton_detail *detail)
{
    if (text.len == 0)
        return jt_fail(detail, JETON_TOKEN_MISSING, "the token is empty");
    const char *start = text.at;
    const char *end = start + text.len;
    const char *first = memchr(start, '.', text.len);
    if (first == NULL)
        return wrong_parts(text, detail);
    const char *second = memchr(first + 1, '.', (size_t)(end - first) - 1);
    if (second == NULL)
        return wrong_parts(text, detail); /* a third dot stands in the signature, where it will be refused */
    out->signed_text = jeton_bytes(start, (size_t)(second - start));
    out->header_text = jeton_bytes(start, (size_t)(first - start));
    out->payload_text = jeton_bytes(first + 1, (size_t)(second - first) - 1);
    out->signature_text = jeton_bytes(second + 1, (size_t)(end - second) - 1);
    out->header = out->payload = out->signature = jeton_bytes(NULL, 0);
    return JETON_OK;
}

static inline bool part(struct jeton_bytes text, unsigned char **at, struct jeton_bytes *out)
{
    *out = jeton_bytes(*at, jt_base64url_decoded(text.len));
    *at += out->len;
    return jt_base64url_decode(text, (unsigned char *)(uintptr_t)out->at);
}

static enum jeton_status not_decoded(const struct jt_token *token, const char *name, struct jeton_detail *detail)
{
    struct jeton_bytes rest = token->signature_text;
    struct jeton_bytes whole = {token->signed_text.at, token->signed_text.len + 1 + rest.len};
    if (jt_bytes_find(rest, '.', 0) < rest.len)
        return wrong_parts(whole, detail);
    return jt_fail(detail, JETON_TOKEN_MALFORMED, "the %s is not canonical base64url", name);
}

enum jeton_status jt_token_decode(struct jt_token *token, bool known, struct jt_arena *arena,
                                  struct jeton_detail *detail)
{
    if (token->header_text.len == 0)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "the header is empty");
    size_t room = (known ? 0 : jt_base64url_decoded(token->header_text.len)) +
                  jt_base64url_decoded(token->payload_text.len) + jt_base64url_decoded(token->signature_text.len);
    unsigned char *at = jt_arena_take(arena, room + 1);
    if (at == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
    if (!known && !part(token->header_text, &at, &token->header))
        return not_decoded(token, "header", detail);
    if (!part(token->payload_text, &at, &token->payload))
        return not_decoded(token, "payload", detail);
    if (!part(token->signature_text, &at, &token->signature))
        return not_decoded(token, "signature", detail);
    return JETON_OK;
}

enum jeton_status jt_token_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_token *out,
                                struct jeton_detail *detail)
{
    JT_TRY(jt_token_split(text, out, detail));
    return jt_token_decode(out, false, arena, detail);
}

size_t jt_token_arena_size(size_t len)
{
    size_t decoded = jt_base64url_decoded(len) + 1;
    return (decoded + 15) / 16 * 16 + (decoded + 15) / 16 * 16 + 16; /* the parts; the header's strings; alignment */
}
