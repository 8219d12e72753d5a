/* SPDX-License-Identifier: Apache-2.0 */
/* What does the issuer of a token that is no JWT say of it, and does that satisfy the policy? Reads answers of a
 * token introspection endpoint (RFC 7662 §2.2); pure. */
#ifndef JT_AUTH_INTROSPECTED_H
#define JT_AUTH_INTROSPECTED_H

#include "auth/policy.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"

/* Longest answer that is read (S5.14). */
#define JT_INTROSPECTED_MAX ((size_t)64 * 1024)

/* Can this be a JWT at all, signed or encrypted: three parts or more, the first of them a JSON object? What can be is
 * judged as one, and its issuer is never asked. */
bool jt_is_jwt(struct jeton_bytes token, struct jt_arena *arena);
/* The bytes of a bearer token (RFC 6750 §2.1), and at most `max` of them? Others no issuer can have given. */
bool jt_is_bearer(struct jeton_bytes token, size_t max);

/* The answer as claims: without `active`, and with `iss` where it has none; from the issuer's own endpoint it could
 * come from nobody else. Nothing is written for a token that is not active. JETON_KEYS_UNAVAILABLE when it is no proper
 * answer: the token was not judged. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_introspected_read(struct jeton_bytes answer, struct jeton_bytes issuer, bool *active,
                                struct jt_buffer *claims, struct jeton_detail *detail);
/* Those claims judged in the order of auth/checks.c from their types on; the type of the token (typ) alone is not
 * asked, since it has no header. The claims live in the arena. Statuses as jeton_verify(). */
JT_CHECKED jt_introspected_judge(struct jeton_bytes claims, const struct jt_policy *policy, int64_t now,
                                 struct jt_arena *arena, struct jt_json *out, struct jeton_detail *detail);
#endif
