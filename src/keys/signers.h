/* SPDX-License-Identifier: Apache-2.0 */
/* With which key does this server sign, and which does it show? The last stage of the walk "Secret -> published JWKS":
 * an immutable set of keys with the one that signs, swapped whole while any number of threads sign and show. Which key
 * is in which state is rotation.h's to say. Who verifies gets `struct jt_published`, from which no way leads to a
 * secret.
 */
#ifndef JT_KEYS_SIGNERS_H
#define JT_KEYS_SIGNERS_H

#include <jeton/sign.h>

#include "base/buffer.h"
#include "jose/jwk.h"
#include "keys/rotation.h"
#include "keys/snapshot.h"

/* A key and what it does. */
struct jt_signer {
    const struct jt_secret_jwk *key;
    enum jt_signer_state state;
};

/* The public side: immutable. */
struct jt_published {
    struct jt_buffer jwks;  /* what others fetch: next, active, retiring; an order that tells nothing but the order */
    char etag[48];          /* of the jwks, with its quotes */
    jt_alg_mask algorithms; /* what its keys sign with */
    size_t count;
    struct {
        struct jt_public_jwk *key;
        enum jt_signer_state state;
    } at[JT_ROTATION_KEYS]; /* as in the jwks */
};

/* --- Making a set, which nobody sees yet --- */

struct jt_signer_set;

/* The keys are held. JETON_KEY_INVALID for a second active one, and for one that has no kid or cannot sign. */
JT_CHECKED jt_signer_set_make(const struct jt_signer *keys, size_t count, struct jt_signer_set **out,
                              struct jeton_detail *detail);
void jt_signer_set_free(struct jt_signer_set *set); /* takes NULL */
const struct jt_published *jt_signer_set_published(const struct jt_signer_set *set);

/* --- The set that counts --- */

struct jt_signers;

JT_CHECKED jt_signers_new(struct jt_signers **out);
void jt_signers_free(struct jt_signers *signers); /* takes NULL */
/* Takes the set; it counts from now on. One thread at a time, and none that has entered: it may wait for a reader. */
void jt_signers_put(struct jt_signers *signers, struct jt_signer_set *set);

/* --- Readers: any thread, no lock, no wait --- */

struct jt_published_guard {
    const struct jt_published *published; /* NULL: there is no set yet. Good until the guard is left */
    struct jt_snapshot_guard inner;
};
struct jt_published_guard jt_signers_enter(struct jt_signers *signers);
void jt_signers_leave(struct jt_published_guard *guard);
/* Another number for each set that counts. Read before signing: with the old number it may have been the new set. */
uint64_t jt_signers_generation(const struct jt_signers *signers);
/* Is there a key that signs? */
bool jt_signers_ready(struct jt_signers *signers);
/* Signs a token with the active key; nobody else gets to it. As jt_sign_token(); JETON_KEYS_UNAVAILABLE without one. */
JT_CHECKED jt_signers_sign(struct jt_signers *signers, const struct jeton_sign_options *options, struct jt_buffer *out,
                           struct jeton_detail *detail);

const char *jt_signer_state_name(enum jt_signer_state state);
bool jt_signer_state_find(struct jeton_bytes name, enum jt_signer_state *out);
#endif
