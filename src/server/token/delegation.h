/* SPDX-License-Identifier: Apache-2.0 */
/* Who acts for whom, and for how long? What a token says that stands for another one (RFC 8693 §4). Pure: claims in,
 * claims out; texts live in the arena. */
#ifndef JT_SERVER_DELEGATION_H
#define JT_SERVER_DELEGATION_H

#include "base/arena.h"
#include "base/json.h"

#define JT_ACT_DEPTH 10   /* actors in a chain */
#define JT_ACT_BYTES 8192 /* of the chain as JSON */

/* The `sub` here of a user of another issuer: ISSUER#SUB. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_delegation_subject(struct jeton_bytes issuer, struct jeton_bytes sub, struct jt_arena *arena,
                                 struct jeton_bytes *out);

/* The chain with `actor` as the newest before those of `earlier` (JT_JSON_NONE: there are none); with an empty `actor`,
 * the earlier ones alone, or nothing. JETON_CLAIMS_INVALID when they are no chain, too many or too long. */
JT_CHECKED jt_delegation_act(struct jeton_bytes actor, struct jt_json earlier, struct jt_arena *arena,
                             struct jeton_bytes *out, struct jeton_detail *detail);

/* May this actor act? `may_act` (JT_JSON_NONE: anybody may) names it: each of its members must be a claim of the actor,
 * and `sub` or `client_id` must be there. `claim` gives the actor's claims. JETON_CLAIMS_INVALID when it is malformed,
 * JETON_SUBJECT_MISMATCH when it names another. */
JT_CHECKED jt_delegation_may_act(struct jt_json may_act,
                                 struct jeton_bytes (*claim)(const void *actor, struct jeton_bytes name),
                                 const void *actor, struct jeton_detail *detail);

/* Seconds that a token may live which stands for one that ends at `exp`: never longer than that one, than the others'
 * life and than the cap; 0: that one has ended. */
int64_t jt_delegation_ttl(int64_t exp, int64_t now, int64_t token_ttl, int64_t cap);
#endif
