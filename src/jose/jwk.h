/* SPDX-License-Identifier: Apache-2.0 */
/* What is a key together with what its JWK says about it? Two types, and no way from the public to the secret one.
 * Both are immutable and counted; the library's jeton_public_key and jeton_secret_key are these. */
#ifndef JT_JOSE_JWK_H
#define JT_JOSE_JWK_H

#include <jeton/keyset.h>

#include "base/buffer.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "jose/algorithm.h"

#define JT_KID_MAX 256          /* bytes */
#define JT_SECRET_MIN 32        /* bytes of an HMAC secret (RFC 7518 §3.2) */
#define JT_THUMBPRINT_LENGTH 43 /* characters */

/* What a JWK says beside its numbers. Each NULL at: not said. */
struct jt_jwk_labels {
    struct jeton_bytes kid;
    struct jeton_bytes use;
    struct jeton_bytes alg;
    bool bare; /* from PEM, DER or raw bytes, which can say nothing: written as JWK it gets its thumbprint and "sig" */
};

struct jt_jwk_about {
    struct jeton_bytes kid;         /* a NUL stands behind it; at NULL: none */
    const struct jt_algorithm *alg; /* the one `alg` names; NULL: none or unknown */
    struct jt_key_shape shape;
    jt_alg_mask verifies;   /* what it may check: type, curve, size, alg, use, key_ops */
    jt_alg_mask signs;      /* what it may sign with */
    struct jeton_bytes use; /* as found; at NULL: none */
    struct jeton_bytes alg_name;
    bool bare;
    enum jeton_skip skip; /* why verifies is 0: ALG_UNSUITABLE, USE, KEY_OPS; else NONE */
    char thumbprint[JT_THUMBPRINT_LENGTH + 1];
};

struct jt_public_jwk {
    unsigned held; /* counted atomically */
    struct jt_public_key *key;
    struct jt_jwk_about about;
};
struct jt_secret_jwk {
    unsigned held;
    struct jt_secret_key *key; /* private or symmetric */
    struct jt_jwk_about about;
};

struct jt_public_jwk *jt_public_jwk_hold(const struct jt_public_jwk *jwk);
void jt_public_jwk_release(struct jt_public_jwk *jwk); /* takes NULL */
struct jt_secret_jwk *jt_secret_jwk_hold(const struct jt_secret_jwk *jwk);
void jt_secret_jwk_release(struct jt_secret_jwk *jwk);

/* --- Making --- */

/* `kid` at NULL: none; `alg` NULL: none. The handle is held by the result, the caller keeps its own. */
JT_CHECKED jt_secret_jwk_make(struct jt_secret_key *key, struct jeton_bytes kid, const struct jt_algorithm *alg,
                              struct jt_secret_jwk **out);
/* The same with all that a JWK can say; labels->alg is looked up. */
JT_CHECKED jt_public_jwk_label(struct jt_public_key *key, const struct jt_jwk_labels *labels,
                               struct jt_public_jwk **out);
JT_CHECKED jt_secret_jwk_label(struct jt_secret_key *key, const struct jt_jwk_labels *labels,
                               struct jt_secret_jwk **out);
/* A new key for `alg`; bits 0: the default. kid empty: the thumbprint, none for a secret. JETON_ARGUMENT_INVALID. */
JT_CHECKED jt_secret_jwk_generate(const struct jt_algorithm *alg, unsigned bits, struct jeton_bytes kid,
                                  struct jt_secret_jwk **out, struct jeton_detail *detail);
/* Raw bytes as an HMAC secret. JETON_KEY_INVALID under 32. */
JT_CHECKED jt_secret_jwk_from_bytes(struct jeton_bytes secret, struct jt_secret_jwk **out, struct jeton_detail *detail);
/* The public half, with the same kid and alg. JETON_ARGUMENT_INVALID for a symmetric key. */
JT_CHECKED jt_public_jwk_of(const struct jt_secret_jwk *secret, struct jt_public_jwk **out);

/* --- Reading --- */

/* What one JWK turned out to be. */
struct jt_jwk_found {
    struct jt_public_jwk *public_key; /* owned; NULL for a symmetric key and where skip says broken */
    struct jt_secret_jwk *secret_key; /* owned; a symmetric key, or a private one where that was asked for */
    struct jeton_bytes kid;           /* borrowed from the JSON */
    enum jt_key_type type;
    enum jt_curve curve;
    unsigned bits;
    const struct jt_algorithm *alg;
    enum jeton_skip skip;       /* why it cannot be used at all, or allows nothing; NONE: it can */
    struct jeton_detail detail; /* one sentence when skip is set */
};
void jt_jwk_found_done(struct jt_jwk_found *found);

/* Reads one JWK for verification. JETON_OK also for a key that is skipped: `found` says why. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_jwk_read_public(struct jt_json json, enum jeton_origin origin, struct jt_jwk_found *found);
/* Reads one private or symmetric JWK for signing. */
JT_CHECKED jt_jwk_read_secret(struct jt_json json, struct jt_jwk_found *found);

/* A key file told by content: JWK, PEM, DER. A private key gives its public half. JETON_KEY_INVALID. */
JT_CHECKED jt_public_jwk_read(struct jeton_bytes text, struct jt_public_jwk **out, struct jeton_detail *detail);
JT_CHECKED jt_secret_jwk_read(struct jeton_bytes text, struct jt_secret_jwk **out, struct jeton_detail *detail);

/* --- Writing --- */

/* {"kty":…,numbers,"kid":…,"use":"sig","alg":…}; members that the key has. Public keys only: no private member can be
 * written from here (jwk_write.c). */
void jt_jwk_write_public(struct jt_buffer *buffer, const struct jt_public_jwk *jwk);
/* {"keys":[…]} */
void jt_jwks_write(struct jt_buffer *buffer, const struct jt_public_jwk *const *keys, size_t count);
/* Private members and all, into a secret buffer. */
JT_CHECKED jt_jwk_write_secret(struct jt_buffer *buffer, const struct jt_secret_jwk *jwk);

/* RFC 7638 with SHA-256, base64url and a NUL. */
JT_CHECKED jt_thumbprint_public(const struct jt_public_key *key, char out[JT_THUMBPRINT_LENGTH + 1]);
/* The numbers of a key that was made: if they cannot be had, that is the library's trouble, never the key's. */
JT_CHECKED jt_numbers_of(const struct jt_secret_key *key, struct jt_key_numbers *out, struct jt_secret *store);
JT_CHECKED jt_thumbprint_secret(const struct jt_secret_key *key, char out[JT_THUMBPRINT_LENGTH + 1]);
#endif
