/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Making a signed token: claims in, compact JWS out. The key decides which
 * algorithms are possible; `kid` stands in the header only.
 */
#ifndef JETON_SIGN_H
#define JETON_SIGN_H

#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/key.h>
#include <jeton/output.h>
#include <jeton/policy.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One more claim: its name and its value as JSON text. */
struct jeton_claim {
    struct jeton_bytes name;  /**< not empty */
    struct jeton_bytes value; /**< strict JSON; written in one line, numbers as they are */
};

/** Fills @p len bytes with randomness; 0 on success. */
typedef int (*jeton_random_function)(void *context, void *out, size_t len);

/** What to put into a token. Start from JETON_SIGN_OPTIONS_INIT. Empty texts leave their claim out. */
struct jeton_sign_options {
    size_t size;                      /**< sizeof the struct: keeps the ABI */
    struct jeton_bytes alg;           /**< empty: the key's own, else its type's default */
    struct jeton_bytes kid;           /**< empty: the key's, else its thumbprint; none for a secret */
    struct jeton_bytes typ;           /**< empty: "JWT" */
    struct jeton_bytes issuer;        /**< `iss` */
    struct jeton_bytes subject;       /**< `sub` */
    struct jeton_list audiences;      /**< `aud`: a string for one, an array for several */
    int64_t now;                      /**< seconds since 1970: `iat`, and `nbf` when set */
    int64_t ttl;                      /**< seconds: `exp` = now + ttl; 0: no `exp` */
    int64_t backdate;                 /**< seconds by which `nbf` lies before now; -1: no `nbf` */
    const struct jeton_claim *claims; /**< further claims; they replace those above of the same name */
    size_t claim_count;               /**< how many */
    struct jeton_bytes claims_json;   /**< an object with further claims, replaced by all of the above; empty: none */
    struct jeton_bytes jti;           /**< `jti`; empty: a random UUID (version 4) */
    jeton_random_function random;     /**< for `jti`; NULL: the crypto library's */
    void *random_context;             /**< handed to random */
};

/** Defaults: an unnamed token for 15 minutes; `now` must be set. */
#define JETON_SIGN_OPTIONS_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(struct jeton_sign_options), {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 900,   \
            0, NULL, 0, {NULL, 0}, {NULL, 0}, NULL, NULL                                                               \
    }

/**
 * Signs a token.
 *
 * @param key      borrowed
 * @param options  borrowed
 * @param token    out, owned by you; jeton_output_done()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_KEY_UNSUITABLE (the algorithm is not this key's), JETON_ALG_NOT_ALLOWED (no such algorithm),
 *         JETON_CLAIMS_INVALID (a claim is no JSON, twice there, or of a wrong type), JETON_ARGUMENT_INVALID (times),
 *         JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no randomness)
 *
 * Threads: any. Allocates: yes. Rule: RFC 7515 §5.1, RFC 7519 §7.1.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_sign(const struct jeton_secret_key *key,
                                                        const struct jeton_sign_options *options,
                                                        struct jeton_output *token, struct jeton_detail *detail);

#ifdef __cplusplus
}
#endif
#endif
