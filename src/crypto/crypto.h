/* SPDX-License-Identifier: Apache-2.0 */
/* Does this signature fit, and what is this key made of? The narrow door to the crypto library: bytes, integers and
 * handles; no JSON, no base64, no token. Signatures are in JOSE form (ECDSA: R||S), key numbers big-endian.
 *
 * crypto.c and handles.c hold what is true whatever the backend (key and algorithm agree, sizes, shapes); a backend
 * holds no policy. Handles are counted and immutable: any number of threads may verify with one at the same time. */
#ifndef JT_CRYPTO_CRYPTO_H
#define JT_CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/secret.h"

enum jt_key_type { JT_KEY_NONE, JT_KEY_RSA, JT_KEY_EC, JT_KEY_OKP, JT_KEY_OCT, JT_KEY_AKP };

enum jt_curve {
    JT_CURVE_NONE,
    JT_CURVE_P256,
    JT_CURVE_P384,
    JT_CURVE_P521,
    JT_CURVE_SECP256K1,
    JT_CURVE_ED25519,
    JT_CURVE_ED448,
    JT_CURVE_MLDSA44, /* the parameter set of an AKP key */
    JT_CURVE_MLDSA65,
    JT_CURVE_MLDSA87
};

enum jt_hash { JT_HASH_NONE, JT_HASH_SHA256, JT_HASH_SHA384, JT_HASH_SHA512 };

enum jt_scheme {
    JT_SCHEME_HMAC,
    JT_SCHEME_RSA_PKCS1,
    JT_SCHEME_RSA_PSS,
    JT_SCHEME_ECDSA,
    JT_SCHEME_EDDSA,
    JT_SCHEME_MLDSA
};

/* How to sign and check: what jose/algs.def gives each name. */
struct jt_method {
    enum jt_scheme scheme;
    enum jt_hash hash; /* NONE for EdDSA and ML-DSA */
};

/* The numbers of a key, big-endian, as a JWK has them (RFC 7518 §6, RFC 8037 §2, RFC 9964 for AKP). Absent ones are
 * empty. Borrowed. Leading zero bytes are accepted in RSA numbers alone. */
struct jt_key_numbers {
    enum jt_key_type type;
    enum jt_curve curve;
    struct jeton_bytes n, e;                /* RSA public */
    struct jeton_bytes x, y;                /* EC public; OKP public key in x; AKP public key in x */
    struct jeton_bytes d, p, q, dp, dq, qi; /* private: RSA, EC (d), OKP (d), AKP (d = the 32-byte seed) */
    struct jeton_bytes k;                   /* oct */
};

/* "P-256", …, "ML-DSA-44", …; "" for NONE. Found byte for byte among those that keys of this type can have; NONE when
 * it is none of them. */
const char *jt_curve_name(enum jt_curve curve);
enum jt_curve jt_curve_find(enum jt_key_type type, struct jeton_bytes name);
/* Of a big-endian number, zeros in front not counted. */
unsigned jt_number_bits(struct jeton_bytes number);

/* What a key must keep to besides being well-formed. RSA: odd modulus, odd exponent from 3 to 2^64-1 always. */
struct jt_key_rules {
    unsigned rsa_bits_min;
    unsigned rsa_bits_max;
};
#define JT_KEY_RULES_OPERATOR ((struct jt_key_rules){2048, 8192}) /* files the operator named */
#define JT_KEY_RULES_FETCHED ((struct jt_key_rules){2048, 4096})  /* sets that came over the network */

/* What a handle is, without its numbers. */
struct jt_key_shape {
    enum jt_key_type type;
    enum jt_curve curve;
    unsigned bits; /* RSA modulus; oct: 8 × bytes; else the curve's */
};

struct jt_public_key; /* asymmetric, can check */
struct jt_secret_key; /* private asymmetric or symmetric, can sign; memory guarded */

/* --- Making handles. JETON_KEY_INVALID with a detail when the numbers are no key or break the rules. --- */

JT_CHECKED jt_public_key_make(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                              struct jt_public_key **out, struct jeton_detail *detail);
/* A private key's public half is computed again and compared with the one given (RFC 7518 §6, CVE-2026-102275). */
JT_CHECKED jt_secret_key_make(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                              struct jt_secret_key **out, struct jeton_detail *detail);
/* RSA: `bits` 2048 to 8192. OCT: `bits` 256 to 4096, a multiple of 8. Others: by curve, bits 0. */
JT_CHECKED jt_secret_key_generate(enum jt_key_type type, enum jt_curve curve, unsigned bits, struct jt_secret_key **out,
                                  struct jeton_detail *detail);
/* The public half. JETON_KEY_INVALID for an oct key: it has none. */
JT_CHECKED jt_public_of(const struct jt_secret_key *secret, struct jt_public_key **out, struct jeton_detail *detail);

/* PEM (any of its labels: PUBLIC KEY, RSA PUBLIC KEY, EC PUBLIC KEY is none, CERTIFICATE, PRIVATE KEY, RSA PRIVATE KEY,
 * EC PRIVATE KEY; text around is skipped, the first key wins, an encrypted one is refused by name) or one DER structure
 * (SubjectPublicKeyInfo, PKCS#8, PKCS#1, SEC 1, X.509), told by content. A certificate's dates and chain are not
 * judged. Reading the public half of a private key is fine. */
JT_CHECKED jt_public_key_decode(struct jeton_bytes pem_or_der, const struct jt_key_rules *rules,
                                struct jt_public_key **out, struct jeton_detail *detail);
JT_CHECKED jt_secret_key_decode(struct jeton_bytes pem_or_der, const struct jt_key_rules *rules,
                                struct jt_secret_key **out, struct jeton_detail *detail);

struct jt_public_key *jt_public_key_hold(const struct jt_public_key *key);
void jt_public_key_release(struct jt_public_key *key); /* takes NULL */
struct jt_secret_key *jt_secret_key_hold(const struct jt_secret_key *key);
void jt_secret_key_release(struct jt_secret_key *key);

/* --- Looking at handles --- */

struct jt_key_shape jt_public_key_shape(const struct jt_public_key *key);
struct jt_key_shape jt_secret_key_shape(const struct jt_secret_key *key);
/* The public numbers, minimal length for RSA, padded to the field for EC; borrowed from the handle. */
void jt_public_key_numbers(const struct jt_public_key *key, struct jt_key_numbers *out);
/* All numbers, private ones too, in secret memory owned by `store` (jt_secret_done frees them all). */
JT_CHECKED jt_secret_key_numbers(const struct jt_secret_key *key, struct jt_key_numbers *out, struct jt_secret *store);

/* --- Writing: into a buffer born with enough maximum. Private forms need a secret buffer. --- */

struct jt_buffer;
JT_CHECKED jt_public_key_encode(const struct jt_public_key *key, bool pem, struct jt_buffer *out); /* SPKI */
JT_CHECKED jt_secret_key_encode(const struct jt_secret_key *key, bool pem, struct jt_buffer *out); /* PKCS#8 */

/* --- Signing and checking. No allocation of ours; the backend's contexts are made once per key and kept. --- */

/* Longest signature of this key in bytes. */
size_t jt_signature_size(struct jt_key_shape shape, struct jt_method method);
/* Can this key take this method at all (type, curve, size)? */
bool jt_method_fits(struct jt_key_shape shape, struct jt_method method);

/* JETON_OK fits · JETON_SIGNATURE_INVALID does not · JETON_KEY_UNSUITABLE the method is not this key's ·
 * JETON_OUT_OF_MEMORY · JETON_INTERNAL_ERROR. A length that cannot be right is refused before the backend is asked. */
JT_CHECKED jt_verify(const struct jt_public_key *key, struct jt_method method, struct jeton_bytes message,
                     struct jeton_bytes signature);
/* HMAC with an oct key; compared in constant time. */
JT_CHECKED jt_verify_mac(const struct jt_secret_key *key, struct jt_method method, struct jeton_bytes message,
                         struct jeton_bytes mac);
/* `room` ≥ jt_signature_size; *len is set on success. */
JT_CHECKED jt_sign(const struct jt_secret_key *key, struct jt_method method, struct jeton_bytes message,
                   unsigned char *out, size_t room, size_t *len);

/* Many at once, each with a result of its own. A backend that has verify_many does this its own way. */
struct jt_verify_job {
    const struct jt_public_key *key;
    struct jt_method method;
    struct jeton_bytes message;
    struct jeton_bytes signature;
    enum jeton_status result;
};
void jt_verify_many(struct jt_verify_job *jobs, size_t count);

/* Builds the contexts of one thread ahead of the first use, with one dummy check. */
void jt_public_key_warm(const struct jt_public_key *key);

/* --- Small tools that need the crypto library --- */

JT_CHECKED jt_digest(enum jt_hash hash, struct jeton_bytes message, unsigned char *out); /* 32, 48 or 64 bytes */
/* HMAC under a key of any length, for protocols that bring their own (AWS SigV4); tokens go through jt_sign. `out` as
 * of jt_digest. */
JT_CHECKED jt_mac(enum jt_hash hash, struct jeton_bytes key, struct jeton_bytes message, unsigned char *out);
JT_CHECKED jt_random(void *out, size_t len);
/* AES-256-GCM: `key` 32 bytes, `nonce` 12, `tag` 16; text and result may be the same memory. Opening gives
 * JETON_SIGNATURE_INVALID when the tag does not fit (out is then wiped). */
JT_CHECKED jt_seal(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                   struct jeton_bytes text, unsigned char *out, unsigned char tag[16]);
JT_CHECKED jt_open(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                   struct jeton_bytes sealed, const unsigned char tag[16], unsigned char *out);
/* The one compare for secrets: time depends on the lengths alone. */
bool jt_crypto_equal(struct jeton_bytes a, struct jeton_bytes b);
/* "OpenSSL 3.0.19 27 Jan 2026"; and whether ML-DSA is there. */
const char *jt_crypto_library(void);
bool jt_crypto_has(enum jt_curve curve);
#endif
