/* SPDX-License-Identifier: Apache-2.0 */
/* How do the promise's opaque types and the rooms' types meet? They are the same objects under two names; these are the
 * only places where one becomes the other. */
#ifndef JT_LIBRARY_BORDER_H
#define JT_LIBRARY_BORDER_H

#include <jeton/jeton.h>

#include "auth/policy.h"
#include "base/buffer.h"
#include "jose/jwk.h"
#include "jose/keyset.h"
#include "jose/verify.h"

static inline struct jt_public_jwk *jt_border_public(const struct jeton_public_key *key)
{
    return (struct jt_public_jwk *)(uintptr_t)key;
}
static inline struct jt_secret_jwk *jt_border_secret(const struct jeton_secret_key *key)
{
    return (struct jt_secret_jwk *)(uintptr_t)key;
}
static inline struct jt_keyset *jt_border_keyset(const struct jeton_keyset *set)
{
    return (struct jt_keyset *)(uintptr_t)set;
}
static inline struct jt_policy *jt_border_policy(const struct jeton_policy *policy)
{
    return (struct jt_policy *)(uintptr_t)policy;
}
static inline const struct jt_verified *jt_border_verified(const struct jeton_verified *token)
{
    return (const struct jt_verified *)(const void *)token;
}

/* Moves a buffer's memory out, with a NUL behind it; the buffer is done afterwards in any case. */
JT_CHECKED jt_border_give(struct jt_buffer *buffer, struct jeton_output *output);
#endif
