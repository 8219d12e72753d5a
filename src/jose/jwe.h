/* SPDX-License-Identifier: Apache-2.0 */
/* What does an encrypted token hold? JWE in its compact form (RFC 7516 §7.1): the parts, the header, the content under
 * its key. Compressed content is refused, as is every critical extension. How a content key is come by is a matter of
 * `alg`: with "dir" it is the shared key itself. */
#ifndef JT_JOSE_JWE_H
#define JT_JOSE_JWE_H

#include "base/arena.h"
#include "base/buffer.h"

enum jt_jwe_alg {
#define JT_JWE_ALG(id, name) JT_JWE_##id,
#include "jose/jwe_algs.def"
#undef JT_JWE_ALG
    JT_JWE_ALG_COUNT
};
enum jt_jwe_enc {
#define JT_JWE_ENC(id, name, key, iv, tag) JT_JWE_##id,
#include "jose/jwe_algs.def"
#undef JT_JWE_ENC
    JT_JWE_ENC_COUNT
};
struct jt_jwe_algorithm {
    enum jt_jwe_alg id;
    const char *name;
};
struct jt_jwe_encryption {
    enum jt_jwe_enc id;
    const char *name;
    size_t key, iv, tag; /* bytes */
};
/* By name, byte for byte; NULL when there is none. */
const struct jt_jwe_algorithm *jt_jwe_algorithm_find(struct jeton_bytes name);
const struct jt_jwe_encryption *jt_jwe_encryption_find(struct jeton_bytes name);

/* A compact JWE in its five parts; the header's text is borrowed from the token, the rest is decoded into the arena. */
struct jt_jwe {
    struct jeton_bytes header_text; /* base64url: what is authenticated beside the content */
    struct jeton_bytes header;
    struct jeton_bytes encrypted_key;
    struct jeton_bytes iv;
    struct jeton_bytes sealed;
    struct jeton_bytes tag;
};
/* JETON_OK, JETON_TOKEN_MISSING, JETON_TOKEN_MALFORMED, JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_jwe_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_jwe *out,
                       struct jeton_detail *detail);

/* What the header asks for; texts live in the arena. */
struct jt_jwe_header {
    const struct jt_jwe_algorithm *algorithm;
    const struct jt_jwe_encryption *encryption;
    struct jeton_bytes kid; /* at NULL: none */
    struct jeton_bytes typ; /* at NULL: none */
};
/* Reads the header and judges what can be without a key: crit and zip, the names, the lengths of the other parts
 * (RFC 7516 §4.1, §5.2). JETON_OK, JETON_HEADER_INVALID, JETON_CRIT_UNSUPPORTED, JETON_ALG_NOT_ALLOWED,
 * JETON_TOKEN_MALFORMED, JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_jwe_header_read(const struct jt_jwe *jwe, struct jt_arena *arena, struct jt_jwe_header *out,
                              struct jeton_detail *detail);

/* The content under its key, into the arena: the caller wipes it when it is secret. JETON_OK, JETON_SIGNATURE_INVALID
 * when anything about the token was changed or the key is another, JETON_KEY_UNSUITABLE (its length),
 * JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_jwe_open(const struct jt_jwe *jwe, const struct jt_jwe_encryption *encryption, struct jeton_bytes key,
                       struct jt_arena *arena, struct jeton_bytes *out, struct jeton_detail *detail);
/* Arena bytes for reading a token of `len` bytes, its header and its content. */
size_t jt_jwe_arena_size(size_t len);

/* A token with alg dir, enc A256GCM, a random iv and this kid (and typ, unless empty), added to `out`. The caller
 * counts: not more than 2^32 under one key (NIST SP 800-38D §8.3). JETON_OK, JETON_KEY_UNSUITABLE,
 * JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no randomness: nothing is added). */
JT_CHECKED jt_jwe_seal_direct(struct jeton_bytes key, struct jeton_bytes kid, struct jeton_bytes typ,
                              struct jeton_bytes content, struct jt_buffer *out);
#endif
