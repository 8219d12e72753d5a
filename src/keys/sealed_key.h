/* SPDX-License-Identifier: Apache-2.0 */
/* How does a signing key lie on a disk? Sealed with AES-256-GCM and bound to what stands beside it, so that a row of
 * the store cannot be passed off as another. In the walk "Secret -> published JWKS" the first stage after the store. */
#ifndef JT_KEYS_SEALED_KEY_H
#define JT_KEYS_SEALED_KEY_H

#include "base/buffer.h"
#include "jose/jwk.h"

#define JT_SEAL_KEY_LENGTH 32

/* Layout of what is sealed, and part of what it is bound to. Not the store's: its tables change without a key being
 * sealed anew. */
#define JT_SEAL_SCHEMA 1

/* What a sealed key is bound to; borrowed. */
struct jt_seal_bond {
    unsigned schema;
    struct jeton_bytes kid;
    struct jeton_bytes algorithm;
    struct jeton_bytes state;
};

/* nonce (12) || PKCS#8 sealed || tag (16), appended to `out`. The nonce is random: fewer than 2^32 seals for each
 * seal key are a matter of course here. JETON_OK, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. */
JT_CHECKED jt_sealed_key_write(const struct jt_secret_jwk *key, struct jeton_bytes seal_key,
                               const struct jt_seal_bond *bond, struct jt_buffer *out, struct jeton_detail *detail);
/* JETON_KEY_INVALID when it was sealed under another key, for another place, or damaged: one answer for all three. */
JT_CHECKED jt_sealed_key_read(struct jeton_bytes sealed, struct jeton_bytes seal_key, const struct jt_seal_bond *bond,
                              struct jt_secret_jwk **out, struct jeton_detail *detail);
#endif
