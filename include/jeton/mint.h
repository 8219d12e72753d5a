/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Short tokens for calls to other services, each in the name of a caller.
 *
 * A token says who calls (`sub`) and for whom it is (`aud`, one), lives a minute at most, and is of type "JWT". One is
 * made when it is needed, and given again to the same caller for the same service while at least half of its life is
 * left: the call has time to arrive, and a right or a key that ends is felt within half a life. What is kept is kept
 * under subject, audience and claims whole; two callers never share a token.
 *
 *     struct jeton_minter_options options = JETON_MINTER_OPTIONS_INIT;
 *     struct jeton_mint_request request = JETON_MINT_REQUEST_INIT;
 *     options.issuer = jeton_text("https://me.example");
 *     options.signer = signer;
 *     jeton_minter_new(&options, &minter, &detail);
 *     request.subject = jeton_text("alice");
 *     request.audience = jeton_text("https://api.example/v1");
 *     if (jeton_minter_token(minter, &request, time(NULL), &token, &detail) == JETON_OK)
 *         send(token);     // Authorization: Bearer
 *     else
 *         send(nothing);   // the other side says what it thinks of an unknown caller
 */
#ifndef JETON_MINT_H
#define JETON_MINT_H

#include <stddef.h>
#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/key.h>
#include <jeton/output.h>
#include <jeton/signer.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Makes and keeps short tokens. Any number of threads may ask one. */
struct jeton_minter;

/** What its tokens are like. Start from JETON_MINTER_OPTIONS_INIT. */
struct jeton_minter_options {
    size_t size;                        /**< sizeof the struct: keeps the ABI */
    struct jeton_bytes issuer;          /**< `iss`, copied; needed */
    int64_t ttl;                        /**< seconds, 1 to 60; default 60 */
    int64_t backdate;                   /**< seconds by which `nbf` lies before now, for verifiers whose clock is behind
                                             and who allow for nothing; `iat` is now. 0 to 600; default 30 */
    size_t keep;                        /**< tokens kept at most, 0 to 65536; 0: each call signs; default 1024 */
    const struct jeton_secret_key *key; /**< signs; held by the minter; or */
    struct jeton_signer *signer;        /**< signs; borrowed until the minter is freed. One of the two */
};

/** Defaults; they name no issuer and nobody who signs. */
#define JETON_MINTER_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct jeton_minter_options), {NULL, 0}, 60, 30, 1024, NULL, NULL                                       \
    }

/** What a token is to say. Start from JETON_MINT_REQUEST_INIT; borrowed for the call. */
struct jeton_mint_request {
    size_t size;                    /**< sizeof the struct: keeps the ABI */
    struct jeton_bytes subject;     /**< `sub`: the caller; empty is refused, nobody has no token */
    struct jeton_bytes audience;    /**< `aud`: whom the call is for; not the issuer itself */
    struct jeton_bytes claims_json; /**< an object with further claims, which replace none of ours; empty: none */
};

/** A request for nobody. */
#define JETON_MINT_REQUEST_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(struct jeton_mint_request), {NULL, 0}, {NULL, 0},                                                       \
        {                                                                                                              \
            NULL, 0                                                                                                    \
        }                                                                                                              \
    }

/**
 * A minter that keeps nothing yet.
 *
 * @param options  borrowed
 * @param minter   out, owned by you; jeton_minter_free()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (the options), JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no randomness)
 *
 * Threads: any. Allocates: yes. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_minter_new(const struct jeton_minter_options *options,
                                                              struct jeton_minter **minter,
                                                              struct jeton_detail *detail);

/**
 * A token with at least half of its life left.
 *
 * @param request  borrowed
 * @param now      seconds since 1970; after a clock went back, tokens from its future are made anew
 * @param token    out, owned by you; jeton_output_done()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (no subject, no audience, the issuer as audience, times), or as
 * jeton_sign(); in each case the call can still be made without a token
 *
 * Threads: any. Allocates: yes. Blocks: no longer than others need to copy a token. Rule: RFC 7519 §4.1.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_minter_token(struct jeton_minter *minter,
                                                                const struct jeton_mint_request *request, int64_t now,
                                                                struct jeton_output *token,
                                                                struct jeton_detail *detail);

/** Forgets what is kept, and what is being signed right now. When the keys of its signer change, a minter does so by
 * itself. Threads: any. Allocates: no. */
JETON_API void jeton_minter_forget(struct jeton_minter *minter);

/** Gives a minter back; NULL is fine. Threads: one, nobody else inside. Allocates: no. */
JETON_API void jeton_minter_free(struct jeton_minter *minter);

#ifdef __cplusplus
}
#endif
#endif
