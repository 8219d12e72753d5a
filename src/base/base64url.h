/* SPDX-License-Identifier: Apache-2.0 */
/* How do bytes travel in a token? base64url without padding, and only in its one canonical form (RFC 4648 §3.5, §5;
 * RFC 7515 §2): no "=", no white space, no other alphabet, unused bits zero. */
#ifndef JT_BASE_BASE64URL_H
#define JT_BASE_BASE64URL_H

#include "base/arena.h"
#include "base/bytes.h"

/* Bytes that `len` characters decode to; exact for a well-formed length. */
static inline size_t jt_base64url_decoded(size_t len)
{
    return len / 4 * 3 + (len % 4 > 1 ? len % 4 - 1 : 0);
}
static inline size_t jt_base64url_encoded(size_t len)
{
    return len + (len + 2) / 3;
}

/* Decodes into `out`, which holds jt_base64url_decoded(text.len) bytes; false when not canonical (out is then junk). */
JETON_MUST_CHECK bool jt_base64url_decode(struct jeton_bytes text, unsigned char *out);
/* The same into the arena; JETON_TOKEN_MALFORMED is not decided here: false says "not canonical or no room". */
JETON_MUST_CHECK bool jt_base64url_decode_arena(struct jeton_bytes text, struct jt_arena *arena,
                                                struct jeton_bytes *out);
/* Writes jt_base64url_encoded(bytes.len) characters, no NUL. */
void jt_base64url_encode(struct jeton_bytes bytes, char *out);
#endif
