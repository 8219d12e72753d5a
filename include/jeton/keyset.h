/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A set of keys to verify with. It is filled by one thread and then only read;
 * from then on any number of threads may verify with it at once.
 *
 * A key inside a JWK set is matched by its key id, byte for byte. A key given on
 * its own without a key id fits any. One bad key of a JWK set is left out,
 * counted and told to the caller's note function, never the whole set.
 */
#ifndef JETON_KEYSET_H
#define JETON_KEYSET_H

#include <jeton/bytes.h>
#include <jeton/key.h>
#include <jeton/output.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Keys to verify with. */
struct jeton_keyset;

/** Where a key set came from decides what it may hold. */
enum jeton_origin {
    JETON_ORIGIN_OPERATOR, /**< a file the operator named: secrets allowed, RSA up to 8192 bits, 16384 keys */
    JETON_ORIGIN_FETCHED   /**< over the network: no symmetric or private keys, RSA up to 4096 bits, 256 keys */
};

/** Why a key of a set is not used, or JETON_SKIP_NONE. The names are stable: jeton_skip_name(). */
enum jeton_skip {
    JETON_SKIP_NONE,           /**< the key is used */
    JETON_SKIP_NOT_OBJECT,     /**< an element of "keys" is no object */
    JETON_SKIP_TYPE_UNKNOWN,   /**< `kty` is missing or not one we know */
    JETON_SKIP_CURVE_UNKNOWN,  /**< `crv` is missing or not one we know */
    JETON_SKIP_MEMBER_MISSING, /**< a number of the key is missing */
    JETON_SKIP_MEMBER_INVALID, /**< a member has a wrong type, encoding or length */
    JETON_SKIP_KEY_INVALID,    /**< the numbers are no key: point off the curve, halves that do not belong together */
    JETON_SKIP_KEY_WEAK,       /**< too few (or too many) bits, even modulus or exponent, short secret */
    JETON_SKIP_KID_INVALID,    /**< `kid` is no string, or over 256 bytes */
    JETON_SKIP_ALG_UNSUITABLE, /**< `alg` is unknown or not for this type of key */
    JETON_SKIP_USE,            /**< `use` is not "sig" */
    JETON_SKIP_KEY_OPS,        /**< `key_ops` does not allow "verify" */
    JETON_SKIP_SYMMETRIC,      /**< a symmetric key in a fetched set */
    JETON_SKIP_PRIVATE,        /**< private members in a fetched set */
    JETON_SKIP_DUPLICATE,      /**< the same key under the same key id stood earlier */
    JETON_SKIP_TOO_MANY        /**< over the count a set may have */
};

/** What the reader found about one key of a document; borrowed during the call of the note function. */
struct jeton_key_note {
    size_t index;           /**< position in "keys", from 0 */
    struct jeton_bytes kid; /**< as found; empty when none or not usable */
    const char *type;       /**< "RSA", "EC", "OKP", "oct", "AKP", or "" */
    const char *curve;      /**< "P-256", …, or "" */
    const char *alg;        /**< `alg` as found when known, or "" */
    unsigned bits;          /**< size, 0 when not known */
    const char *thumbprint; /**< RFC 7638, or "" when the key could not be made */
    enum jeton_skip skip;   /**< why it is not used */
    const char *text;       /**< one sentence, or "" */
};

/** Called once per key of a document, in its order. Must not call into the set. */
typedef void (*jeton_key_note_function)(void *context, const struct jeton_key_note *note);

/** How to read keys into a set. Start from JETON_KEYSET_OPTIONS_INIT. */
struct jeton_keyset_options {
    size_t size;                  /**< sizeof the struct: keeps the ABI */
    enum jeton_origin origin;     /**< default JETON_ORIGIN_OPERATOR */
    jeton_key_note_function note; /**< told about every key; may be NULL */
    void *note_context;           /**< handed to note */
};

/** Defaults. */
#define JETON_KEYSET_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct jeton_keyset_options), JETON_ORIGIN_OPERATOR, NULL, NULL                                         \
    }

/** The stable name of a reason, such as "key_weak". Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_skip_name(enum jeton_skip skip);

/**
 * An empty set.
 *
 * @param set  out, owned by you; jeton_keyset_free()
 * @return JETON_OK, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_keyset_new(struct jeton_keyset **set);

/**
 * Adds what a key file holds, told by content: a JWK set (its keys are set members), or a single key as
 * jeton_public_key_read() takes it, or a symmetric JWK (the key is one given on its own).
 *
 * @param set      borrowed
 * @param text     borrowed; at most 16 MiB
 * @param options  borrowed; NULL for the defaults
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_KEY_INVALID (nothing was added), JETON_OUT_OF_MEMORY
 *
 * Threads: one. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_keyset_add(struct jeton_keyset *set, struct jeton_bytes text,
                                                              const struct jeton_keyset_options *options,
                                                              struct jeton_detail *detail);

/**
 * Adds the keys of a JWK set; anything else is refused. From a file, a missing or empty
 * "keys" gives no keys; in a fetched set it is JETON_KEY_INVALID, as is a set in which no key can be used.
 *
 * Parameters, statuses, threads as jeton_keyset_add(). Rule: RFC 7517 §5.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_keyset_add_jwks(struct jeton_keyset *set, struct jeton_bytes json,
                                                                   const struct jeton_keyset_options *options,
                                                                   struct jeton_detail *detail);

/**
 * Adds a public key as one given on its own.
 *
 * @param set  borrowed
 * @param key  borrowed; the set holds on to it by itself
 * @return JETON_OK, JETON_OUT_OF_MEMORY
 *
 * Threads: one. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_keyset_add_public_key(struct jeton_keyset *set,
                                                                         const struct jeton_public_key *key);

/**
 * Adds raw bytes as an HMAC secret, every one of them, at least 32.
 *
 * @return JETON_OK, JETON_KEY_INVALID, JETON_OUT_OF_MEMORY
 *
 * Threads: one. Allocates: yes. Rule: RFC 7518 §3.2.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_keyset_add_secret(struct jeton_keyset *set,
                                                                     struct jeton_bytes secret,
                                                                     struct jeton_detail *detail);

/** Keys that can be used. Threads: any, after filling. Allocates: no. */
JETON_API size_t jeton_keyset_count(const struct jeton_keyset *set);

/** Keys that were left out while reading, or can be read but verify nothing. Threads: any, after filling. Allocates:
 * no. */
JETON_API size_t jeton_keyset_skipped(const struct jeton_keyset *set);

/**
 * Makes the per-key contexts ahead of the first use, in the calling thread.
 *
 * Threads: one. Allocates: yes.
 */
JETON_API void jeton_keyset_warm(struct jeton_keyset *set);

/** Gives the set back; NULL is fine. No verification may be running on it. Threads: one. Allocates: no. */
JETON_API void jeton_keyset_free(struct jeton_keyset *set);

#ifdef __cplusplus
}
#endif
#endif
