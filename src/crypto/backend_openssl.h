/* SPDX-License-Identifier: Apache-2.0 */
/* What do the files of the OpenSSL backend share? backend_openssl.c signs and checks, _keys.c and _rsa.c go between
 * numbers and keys, _encode.c between keys and PEM or DER, _tools.c digests, seals and gives random bytes. */
#ifndef JT_CRYPTO_BACKEND_OPENSSL_H
#define JT_CRYPTO_BACKEND_OPENSSL_H

#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/backend.h"
#include "crypto/slots.h"

struct jt_backend_key {
    struct jt_slots slots; /* of struct context */
    EVP_PKEY *pkey;        /* NULL for oct */
    struct jt_secret mac;  /* the bytes of oct; what OpenSSL copies into its contexts it wipes, but cannot lock */
    enum jt_key_type type;
    enum jt_curve curve;
    bool secret;
};

/* Takes pkey over, also when it fails. */
JT_CHECKED jt_openssl_key(EVP_PKEY *pkey, enum jt_key_type type, enum jt_curve curve, bool secret,
                          struct jt_backend_key **out);

/* OpenSSL's name of a curve or parameter set, and back (JT_CURVE_NONE when it is none of ours). */
const char *jt_openssl_name(enum jt_curve curve);
enum jt_curve jt_openssl_curve(const char *name);

/* backend_openssl_keys.c */
JT_CHECKED jt_openssl_public_key(const struct jt_key_numbers *numbers, struct jt_backend_key **out,
                                 struct jeton_detail *detail);
JT_CHECKED jt_openssl_secret_key(const struct jt_key_numbers *numbers, struct jt_backend_key **out,
                                 struct jeton_detail *detail);
JT_CHECKED jt_openssl_make_key(struct jt_key_shape shape, struct jt_backend_key **out, struct jeton_detail *detail);
JT_CHECKED jt_openssl_numbers(const struct jt_backend_key *key, bool secret, struct jt_key_numbers *out,
                              struct jt_secret *store);
JT_CHECKED jt_openssl_pkey_numbers(const EVP_PKEY *pkey, enum jt_key_type type, enum jt_curve curve, bool secret,
                                   struct jt_key_numbers *out, struct jt_secret *store);
bool jt_openssl_has(enum jt_curve curve);
/* NULL when OpenSSL takes the parameters for no key of that type. */
EVP_PKEY *jt_openssl_pkey_from(const char *type, OSSL_PARAM_BLD *build, bool secret);
/* After a key could not be made although its numbers are fine: no memory, no such curve in this library, or broken. */
enum jeton_status jt_openssl_trouble(enum jt_curve curve, struct jeton_detail *detail);

/* backend_openssl_rsa.c. JETON_KEY_INVALID when private numbers do not belong to n and e; those that a key of n, e and
 * d alone lacks are made. */
JT_CHECKED jt_openssl_rsa_pkey(const struct jt_key_numbers *numbers, bool secret, EVP_PKEY **out,
                               struct jeton_detail *detail);
JT_CHECKED jt_openssl_rsa_numbers(const EVP_PKEY *pkey, bool secret, struct jt_key_numbers *out,
                                  struct jt_secret *store);

/* backend_openssl_encode.c */
JT_CHECKED jt_openssl_decode(struct jeton_bytes pem_or_der, bool secret, struct jt_key_numbers *out,
                             struct jt_secret *store, struct jeton_detail *detail);
JT_CHECKED jt_openssl_encode(const struct jt_backend_key *key, bool secret, bool pem, struct jt_buffer *out);

/* backend_openssl_tools.c; most as in backend.h. After a call of OpenSSL failed, jt_openssl_failed() empties its error
 * queue: JETON_OUT_OF_MEMORY when that was the reason, else `status`. */
enum jeton_status jt_openssl_failed(enum jeton_status status);
const char *jt_openssl_hash_name(enum jt_hash hash);
JT_CHECKED jt_openssl_digest(enum jt_hash hash, struct jeton_bytes message, unsigned char *out);
JT_CHECKED jt_openssl_mac(enum jt_hash hash, struct jeton_bytes key, struct jeton_bytes message, unsigned char *out);
JT_CHECKED jt_openssl_random(void *out, size_t len);
JT_CHECKED jt_openssl_seal(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                           struct jeton_bytes text, unsigned char *out, unsigned char tag[16]);
JT_CHECKED jt_openssl_open(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                           struct jeton_bytes sealed, const unsigned char tag[16], unsigned char *out);
#endif
