/* SPDX-License-Identifier: Apache-2.0 */
/* Which algorithm does a name stand for, and which may a key take? Registry, discovery document and configuration
 * read the one table, algs.def. Names are case-sensitive (RFC 7515 §4.1.1). */
#ifndef JT_JOSE_ALGORITHM_H
#define JT_JOSE_ALGORITHM_H

#include "base/bytes.h"
#include "crypto/crypto.h"

enum jt_alg {
#define JT_ALG(id, name, scheme, hash, type, curve) JT_ALG_##id,
#include "jose/algs.def"
#undef JT_ALG
    JT_ALG_COUNT
};

/* A set of algorithms: bit 1 << jt_alg. */
typedef uint32_t jt_alg_mask;
#define JT_ALG_BIT(alg) ((jt_alg_mask)1 << (alg))
#define JT_ALG_SYMMETRIC (JT_ALG_BIT(JT_ALG_HS256) | JT_ALG_BIT(JT_ALG_HS384) | JT_ALG_BIT(JT_ALG_HS512))
#define JT_ALG_ALL (JT_ALG_BIT(JT_ALG_COUNT) - 1)

struct jt_algorithm {
    enum jt_alg id;
    const char *name; /* NUL-terminated */
    size_t name_len;
    struct jt_method method;
    enum jt_key_type type;
    enum jt_curve curve;
};

/* Every one of the table, usable or not; NULL past the end. */
const struct jt_algorithm *jt_algorithm_at(size_t index);
/* By name, byte for byte; NULL when there is none ("none" is none). */
const struct jt_algorithm *jt_algorithm_find(struct jeton_bytes name);
/* Does the linked crypto library have it? */
bool jt_algorithm_usable(const struct jt_algorithm *algorithm);
static inline struct jeton_bytes jt_algorithm_name(const struct jt_algorithm *algorithm)
{
    return jeton_bytes(algorithm->name, algorithm->name_len);
}

/* All that a key of this shape can take: type, curve, size. */
jt_alg_mask jt_algorithms_of(struct jt_key_shape shape);
/* What a JWK `alg` leaves of that: itself alone; EdDSA also the name of its curve, and the reverse. */
jt_alg_mask jt_algorithms_pinned(struct jt_key_shape shape, const struct jt_algorithm *alg);
/* What a key of this shape signs with unless told otherwise; NULL for none. */
const struct jt_algorithm *jt_algorithm_default(struct jt_key_shape shape);

/* "RSA", "EC", …, "": the names of JWK; found byte for byte, NONE when unknown. */
const char *jt_key_type_name(enum jt_key_type type);
enum jt_key_type jt_key_type_find(struct jeton_bytes name);
#endif
