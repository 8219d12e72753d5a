/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Keys, one at a time: reading, writing, making and naming them.
 *
 * There are two types, and no way from the first to the second: a public key can
 * check signatures and be shown to anyone; a secret key (private, or symmetric)
 * can sign. Refused: RSA under 2048 or over 8192 bits, even moduli or exponents,
 * points off their curve, private keys whose public half does not belong to them,
 * secrets shorter than 32 bytes.
 *
 *     struct jeton_secret_key *key = NULL;
 *     if (jeton_secret_key_generate(jeton_text("ES256"), 0, jeton_text(""), &key, NULL) == JETON_OK)
 *         puts(jeton_secret_key_id(key));
 *     jeton_secret_key_free(key);
 */
#ifndef JETON_KEY_H
#define JETON_KEY_H

#include <jeton/bytes.h>
#include <jeton/output.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A key that checks signatures. Immutable; any number of threads may use one. */
struct jeton_public_key;
/** A key that signs. Immutable; any number of threads may use one. Its memory is guarded and wiped. */
struct jeton_secret_key;

/** File formats of keys. */
enum jeton_key_format {
    JETON_FORMAT_JWK, /**< one JSON object (RFC 7517 §4) */
    JETON_FORMAT_PEM, /**< SubjectPublicKeyInfo or PKCS#8 in PEM (RFC 7468) */
    JETON_FORMAT_DER  /**< the same in DER */
};

/** Characters of a thumbprint, without the NUL. */
#define JETON_THUMBPRINT_LENGTH 43

/**
 * Reads one public key: a JWK, or a PEM or DER public key, certificate or private
 * key (of which the public half is taken), told by content.
 *
 * @param text    borrowed; at most 1 MiB
 * @param key     out, owned by you; jeton_public_key_free()
 * @param detail  out on failure; may be NULL
 * @return JETON_OK, JETON_KEY_INVALID, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Rule: RFC 7517 §4, RFC 7468, RFC 5280 §4.1.2.7.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_public_key_read(struct jeton_bytes text,
                                                                   struct jeton_public_key **key,
                                                                   struct jeton_detail *detail);

/**
 * Writes a public key. A JWK has exactly its public members and `kid`, `use`, `alg`
 * where the key has them; an RSA or EC key read from PEM gets `kid` (its thumbprint),
 * `use` "sig" and no `alg` beyond what it was given.
 *
 * @param key     borrowed
 * @param format  JWK, PEM or DER
 * @param output  out, owned by you; jeton_output_done()
 * @return JETON_OK, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Rule: RFC 7517 §4.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_public_key_write(const struct jeton_public_key *key,
                                                                    enum jeton_key_format format,
                                                                    struct jeton_output *output);

/**
 * Writes public keys as a JWK set. Only public keys can be given, so no set made
 * here can hold a private member.
 *
 * @param keys    borrowed; @p count pointers
 * @param count   keys, may be 0
 * @param output  out, owned by you; jeton_output_done()
 * @return JETON_OK, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Rule: RFC 7517 §5.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_public_keys_write(const struct jeton_public_key *const *keys,
                                                                     size_t count, struct jeton_output *output);

/**
 * The RFC 7638 SHA-256 thumbprint in base64url, and a NUL.
 *
 * Threads: any. Allocates: no. Rule: RFC 7638 §3.
 */
JETON_API void jeton_public_key_thumbprint(const struct jeton_public_key *key, char out[JETON_THUMBPRINT_LENGTH + 1]);

/** The key id it was given, or "" when none; NUL-terminated, lives as long as the key. Threads: any. Allocates: no. */
JETON_API const char *jeton_public_key_id(const struct jeton_public_key *key);

/** Gives a public key back; NULL is fine. Threads: any. Allocates: no. */
JETON_API void jeton_public_key_free(struct jeton_public_key *key);

/**
 * Reads one secret key: a private or symmetric JWK, or a PEM or DER private key
 * (PKCS#8, PKCS#1, SEC 1). An encrypted PEM is refused; nothing ever prompts.
 *
 * @param text    borrowed; at most 1 MiB. Wiping it is the caller's part
 * @param key     out, owned by you; jeton_secret_key_free()
 * @param detail  out on failure; may be NULL; never holds a part of the key
 * @return JETON_OK, JETON_KEY_INVALID, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Rule: RFC 7517 §4, RFC 7518 §6, RFC 5958.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_secret_key_read(struct jeton_bytes text,
                                                                   struct jeton_secret_key **key,
                                                                   struct jeton_detail *detail);

/**
 * Takes raw bytes as an HMAC secret, every one of them. At least 32; HS384 and
 * HS512 need 48 and 64.
 *
 * @param secret  borrowed
 * @param key     out, owned by you
 * @param detail  out on failure; may be NULL
 * @return JETON_OK, JETON_KEY_INVALID, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Rule: RFC 7518 §3.2.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_secret_key_from_bytes(struct jeton_bytes secret,
                                                                         struct jeton_secret_key **key,
                                                                         struct jeton_detail *detail);

/**
 * Makes a new key for an algorithm.
 *
 * @param alg     "RS256", "ES256", "EdDSA" (Ed25519), "Ed448", "HS256", …
 * @param bits    RSA modulus bits (0: 2048) or secret bits (0: the hash's); 0 for others
 * @param kid     key id; empty: the thumbprint, for a secret none
 * @param key     out, owned by you
 * @param detail  out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (unknown algorithm, bits out of range), JETON_OUT_OF_MEMORY,
 *         JETON_INTERNAL_ERROR (no randomness)
 *
 * Threads: any. Allocates: yes. Rule: RFC 7518 §3.1.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_secret_key_generate(struct jeton_bytes alg, unsigned bits,
                                                                       struct jeton_bytes kid,
                                                                       struct jeton_secret_key **key,
                                                                       struct jeton_detail *detail);

/**
 * Writes a secret key, private members and all. A symmetric key has no PEM or DER form.
 *
 * @param key     borrowed
 * @param format  JWK, PEM or DER
 * @param output  out, owned by you; jeton_output_done() wipes it
 * @return JETON_OK, JETON_ARGUMENT_INVALID (a symmetric key as PEM or DER), JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Rule: RFC 7517 §4, RFC 5958.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_secret_key_write(const struct jeton_secret_key *key,
                                                                    enum jeton_key_format format,
                                                                    struct jeton_output *output);

/**
 * The public half, with the same key id and algorithm.
 *
 * @return JETON_OK, JETON_ARGUMENT_INVALID (a symmetric key has none), JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_secret_key_public(const struct jeton_secret_key *key,
                                                                     struct jeton_public_key **out);

/** The RFC 7638 thumbprint (of a symmetric key too) in base64url, and a NUL. Threads: any. Allocates: no. */
JETON_API void jeton_secret_key_thumbprint(const struct jeton_secret_key *key, char out[JETON_THUMBPRINT_LENGTH + 1]);

/** The key id, or "" when none; NUL-terminated, lives as long as the key. Threads: any. Allocates: no. */
JETON_API const char *jeton_secret_key_id(const struct jeton_secret_key *key);

/** Wipes and gives back; NULL is fine. Threads: any. Allocates: no. */
JETON_API void jeton_secret_key_free(struct jeton_secret_key *key);

#ifdef __cplusplus
}
#endif
#endif
