/* SPDX-License-Identifier: Apache-2.0 */
/* Which of our tokens were revoked? In the store, so that a restart forgets none, and in memory, where every judgement
 * of a token asks. */
#ifndef JT_SERVER_REVOCATIONS_H
#define JT_SERVER_REVOCATIONS_H

#include "auth/revoked.h"
#include "server/log.h"
#include "store/store.h"

struct jt_revocations;

/* Those of the store. JETON_INTERNAL_ERROR when it cannot be read or holds more than there may be: better no start than
 * a revoked token that passes. JETON_OUT_OF_MEMORY. The store is borrowed. */
JT_CHECKED jt_revocations_open(struct jt_store *store, int64_t now, struct jt_revocations **out,
                               struct jeton_detail *detail);
void jt_revocations_close(struct jt_revocations *revocations); /* takes NULL */

/* Revokes a token: on the disk and at work when it returns. JETON_INTERNAL_ERROR, JETON_OUT_OF_MEMORY: it may be
 * either, and can be tried again. */
JT_CHECKED jt_revocations_add(struct jt_revocations *revocations, const struct jt_verified *token, int64_t now,
                              struct jeton_detail *detail);
/* For struct jt_revocation; true also when the token cannot be named. */
bool jt_revocations_has(void *revocations, const struct jt_verified *token);
size_t jt_revocations_count(struct jt_revocations *revocations);

/* To be called now and then by one thread: what has ended leaves, and what was used once with it; never because a clock
 * jumped ahead (slow_clock.h). `now_ms` is a clock that never jumps. */
void jt_revocations_tick(struct jt_revocations *revocations, int64_t now, int64_t now_ms, const struct jt_log *log);
#endif
