/* SPDX-License-Identifier: Apache-2.0 */
/* Which numbers may be a key, and which key may do what? The rules that hold whatever the backend; no mathematics
 * beyond sizes and parity. Between handles and backends. */
#ifndef JT_CRYPTO_NUMBERS_H
#define JT_CRYPTO_NUMBERS_H

#include "crypto/crypto.h"

/* The longest symmetric key. */
#define JT_SECRET_BYTES_MAX (64u * 1024)

/* RFC 7518 §6.2.1.2, RFC 8032 §5.1.5 and §5.2.5, FIPS 204 §4 table 2. */
struct jt_curve_facts {
    const char *name;
    enum jt_key_type type;
    enum jt_hash hash; /* NONE where the scheme has its own */
    unsigned bits;
    size_t public_len; /* one coordinate, or the whole public key */
    size_t secret_len; /* scalar or seed */
    size_t signature_len;
};
/* NULL for JT_CURVE_NONE. */
const struct jt_curve_facts *jt_curve_facts(enum jt_curve curve);
size_t jt_hash_size(enum jt_hash hash);

/* Checks sizes and the rules; `clean` gets the numbers without the zeros in front of RSA's and without those that are
 * not of this type or half. */
JT_CHECKED jt_numbers_public(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                             struct jt_key_numbers *clean, struct jt_key_shape *shape, struct jeton_detail *detail);
JT_CHECKED jt_numbers_secret(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                             struct jt_key_numbers *clean, struct jt_key_shape *shape, struct jeton_detail *detail);
#endif
