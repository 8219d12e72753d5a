/* SPDX-License-Identifier: Apache-2.0 */
/* With which token does a service call another one in the name of its caller? Short ones, made when they are needed:
 * one subject, one audience, a minute at most. A token is for who it was made for: the little cache knows it under
 * subject, audience and claims whole, so that two callers never share one. Any number of threads may ask. */
#ifndef JT_KEYS_MINTER_H
#define JT_KEYS_MINTER_H

#include <jeton/sign.h>

#include "base/buffer.h"

#define JT_MINT_TTL_MAX 60       /* seconds */
#define JT_MINT_BACKDATE_MAX 600 /* seconds */
#define JT_MINT_KEEP_MAX 65536   /* tokens */

/* Who signs: as jt_sign_token() without its key. Called under no lock, from any thread. */
typedef enum jeton_status (*jt_mint_sign)(void *context, const struct jeton_sign_options *options,
                                          struct jt_buffer *out, struct jeton_detail *detail);

struct jt_mint_options {
    struct jeton_bytes issuer; /* `iss`; copied */
    int64_t ttl;               /* seconds, 1 to 60 */
    /* Seconds by which `nbf` lies before now, so that a verifier whose clock is behind and who has no leeway takes the
     * token; `iat` tells the truth. */
    int64_t backdate;
    size_t keep; /* tokens kept for reuse at most, rounded up to 4 times a power of two; 0: none */
    jt_mint_sign sign;
    void *context; /* handed to both functions; outlives the minter */
    /* Another number each time other keys are shown; tokens of before are not given any more: the key may have been
     * revoked. NULL: it never changes. */
    uint64_t (*epoch)(void *context);
};

/* What the token is to say; borrowed for the call. */
struct jt_mint_request {
    struct jeton_bytes subject;     /* `sub`: the caller. An anonymous caller gets no token: empty is refused */
    struct jeton_bytes audience;    /* `aud`: whom the call is for; never the issuer itself */
    struct jeton_bytes claims_json; /* an object with further claims, which replace none of ours; empty: none */
};

struct jt_minter;

/* JETON_ARGUMENT_INVALID with a detail, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no randomness). */
JT_CHECKED jt_minter_new(const struct jt_mint_options *options, struct jt_minter **out, struct jeton_detail *detail);
void jt_minter_free(struct jt_minter *minter); /* takes NULL; nobody may be inside */

/* Appends a token with at least half of its life left: kept or new. Half, because whoever calls with it needs time to
 * arrive and be judged, and because a key or a right that ends is then felt within half a life; still one signature
 * serves all calls of a caller for half a minute. `now` in seconds since 1970; after a clock went back, tokens from
 * its future are made anew.
 * JETON_ARGUMENT_INVALID (no subject, no audience, the issuer as audience), JETON_CLAIMS_INVALID (claims_json), or what
 * `sign` gave, JETON_KEYS_UNAVAILABLE say: in each case there is no token and `out` is as it was; the call can still be
 * made without one, and the upstream will say what it thinks of that. */
JT_CHECKED jt_minter_token(struct jt_minter *minter, const struct jt_mint_request *request, int64_t now,
                           struct jt_buffer *out, struct jeton_detail *detail);

/* Forgets what is kept, also what is being signed right now. */
void jt_minter_forget(struct jt_minter *minter);
#endif
