/* SPDX-License-Identifier: Apache-2.0 */
/* What are the parts of this text? Stage 1 of the walk token → principal: nothing is believed yet. */
#ifndef JT_JOSE_TOKEN_H
#define JT_JOSE_TOKEN_H

#include "base/arena.h"
#include "base/bytes.h"

/* A compact JWS in its parts. `text` ones are borrowed from the token, decoded ones from the arena. */
struct jt_token {
    struct jeton_bytes signed_text; /* header.payload, as signed */
    struct jeton_bytes header_text; /* base64url */
    struct jeton_bytes payload_text;
    struct jeton_bytes signature_text;
    struct jeton_bytes header; /* decoded */
    struct jeton_bytes payload;
    struct jeton_bytes signature; /* may be empty: that is for the signature step to judge */
};

/* Cuts at the two dots; nothing is decoded. JETON_OK, JETON_TOKEN_MISSING (no bytes), JETON_TOKEN_MALFORMED. */
JT_CHECKED jt_token_split(struct jeton_bytes text, struct jt_token *out, struct jeton_detail *detail);
/* Decodes the three canonical base64url parts, the header not when it is `known` already (then it stays as it is). The
 * header must not be empty; whether an empty payload is fine is the caller's to say (RFC 7519 §7.2 wants a JSON object
 * there, a bare JWS does not). JETON_OK, JETON_TOKEN_MALFORMED, JETON_OUT_OF_MEMORY (arena). */
JT_CHECKED jt_token_decode(struct jt_token *token, bool known, struct jt_arena *arena, struct jeton_detail *detail);
/* Both. */
JT_CHECKED jt_token_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_token *out,
                         struct jeton_detail *detail);
/* Bytes of arena that jt_token_decode and jt_header_read keep at most for a token of `len` bytes (the header's parse
 * tree, given back, is not among them). */
size_t jt_token_arena_size(size_t len);
#endif
