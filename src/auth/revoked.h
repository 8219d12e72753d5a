/* SPDX-License-Identifier: Apache-2.0 */
/* Was this very token revoked? Names of revoked tokens in memory: whoever asks takes no lock, allocates nothing and
 * sees what was revoked before it asked; who adds or takes out holds the lock. Bounded; what has ended leaves. */
#ifndef JT_AUTH_REVOKED_H
#define JT_AUTH_REVOKED_H

#include "jose/verify.h"

#define JT_REVOKED_ID 32

struct jt_revoked;

/* The name that a token is revoked under: its `jti` where that is a UUID, as of every token made here, which costs a
 * judgement next to nothing; else SHA-256 of its issuer and `jti`, or of its payload where it has none. Not of its
 * text: the signature of one token may be written in more ways than one. */
JT_CHECKED jt_revoked_name(const struct jt_verified *token, unsigned char id[JT_REVOKED_ID]);

/* At most `max` names. JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. */
JT_CHECKED jt_revoked_new(size_t max, struct jt_revoked **out);
void jt_revoked_free(struct jt_revoked *revoked); /* takes NULL; nobody may be asking */

/* Nothing is revoked: no need to name a token. */
bool jt_revoked_none(struct jt_revoked *revoked);
bool jt_revoked_has(struct jt_revoked *revoked, const unsigned char id[JT_REVOKED_ID]);
size_t jt_revoked_count(struct jt_revoked *revoked);

/* Until then, or later if it is there until later. JETON_OUT_OF_MEMORY; JETON_INTERNAL_ERROR when it is full. */
JT_CHECKED jt_revoked_add(struct jt_revoked *revoked, const unsigned char id[JT_REVOKED_ID], int64_t until);
/* Takes out what has ended; skipped when memory is short. */
void jt_revoked_expire(struct jt_revoked *revoked, int64_t now);
#endif
