/* SPDX-License-Identifier: Apache-2.0 */
/* With which key does this server sign, and which does it show? The coordinator of the walk "Secret -> published JWKS":
 * next -> active -> retiring -> gone. Who verifies gets `struct jt_published`, from which no way leads to a secret. */
#ifndef JT_KEYS_SIGNERS_H
#define JT_KEYS_SIGNERS_H

#include <jeton/sign.h>

#include "base/buffer.h"
#include "jose/jwk.h"
#include "jose/keyset.h"
#include "keys/rotation.h"

/* The public side: immutable, swapped whole. */
struct jt_published {
    struct jt_keyset *keys; /* to verify own tokens with */
    struct jt_buffer jwks;  /* what others fetch */
    char etag[48];          /* of the jwks, with its quotes */
    jt_alg_mask algorithms; /* what its keys sign with */
};

struct jt_signers;

JT_CHECKED jt_signers_new(struct jt_signers **out);
void jt_signers_free(struct jt_signers *signers); /* takes NULL */
/* The key is held. One active key at most: JETON_KEY_INVALID for a second one, and for one that cannot sign. */
JT_CHECKED jt_signers_add(struct jt_signers *signers, const struct jt_secret_jwk *key, enum jt_signer_state state,
                          struct jeton_detail *detail);
/* Builds what is published: next, active, retiring. To be called after the last jt_signers_add(). */
JT_CHECKED jt_signers_publish(struct jt_signers *signers, struct jeton_detail *detail);

/* NULL before publish. */
const struct jt_published *jt_signers_published(const struct jt_signers *signers);
/* Is there a key that signs? */
bool jt_signers_ready(const struct jt_signers *signers);
/* Signs a token with the active key; nobody else gets to it. As jt_sign_token(); JETON_KEYS_UNAVAILABLE without one. */
JT_CHECKED jt_signers_sign(struct jt_signers *signers, const struct jeton_sign_options *options, struct jt_buffer *out,
                           struct jeton_detail *detail);
size_t jt_signers_count(const struct jt_signers *signers);
/* About key `index`, without a way to it. */
const struct jt_jwk_about *jt_signers_about(const struct jt_signers *signers, size_t index,
                                            enum jt_signer_state *state);

const char *jt_signer_state_name(enum jt_signer_state state);
bool jt_signer_state_find(struct jeton_bytes name, enum jt_signer_state *out);
#endif
