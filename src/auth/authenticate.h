/* SPDX-License-Identifier: Apache-2.0 */
/* Who is this? The walk token → principal: the table of checks in the order that jeton-verify(1) promises, run up to
 * the first failure or, to explain, to its end. */
#ifndef JT_AUTH_AUTHENTICATE_H
#define JT_AUTH_AUTHENTICATE_H

#include <jeton/verify.h>

#include "auth/policy.h"
#include "base/arena.h"
#include "jose/keyset.h"
#include "jose/verify.h"

/* As jeton_verify(): stops at the first failure. `keys` NULL: none can be had now. */
JT_CHECKED jt_authenticate(struct jeton_bytes token, const struct jt_keyset *keys, const struct jt_policy *policy,
                           int64_t now, struct jt_arena *arena, const struct jt_verified **out,
                           struct jeton_detail *detail);
/* Asks of a verified token whether it was revoked; must not block. */
struct jt_revocation {
    bool (*revoked)(void *context, const struct jt_verified *token);
    void *context;
};
/* The same where tokens can be revoked, and JETON_TOKEN_REVOKED: asked in its place in the order, before the rights of
 * the token are looked at. */
JT_CHECKED jt_authenticate_unrevoked(struct jeton_bytes token, const struct jt_keyset *keys,
                                     const struct jt_policy *policy, const struct jt_revocation *revocation,
                                     int64_t now, struct jt_arena *arena, const struct jt_verified **out,
                                     struct jeton_detail *detail);
/* As jeton_explain(): goes on as far as can be; verdict->verified is set by the caller from `out`. */
enum jeton_status jt_explain(struct jeton_bytes token, const struct jt_keyset *keys, const struct jt_policy *policy,
                             int64_t now, struct jt_arena *arena, const struct jt_verified **out,
                             struct jeton_verdict *verdict);
/* Arena bytes for any token of at most this size. */
size_t jt_authenticate_arena_size(size_t max_token);
#endif
