/* SPDX-License-Identifier: Apache-2.0 */
/* How does a claim travel in a header? As text that no proxy can misread, or not at all. */
#ifndef JT_SERVER_IDENTITY_H
#define JT_SERVER_IDENTITY_H

#include "base/arena.h"
#include "base/json.h"

/* The header's value for a claim, with a NUL behind it, in the arena: "" when the claim is absent. A string of 0x21 to
 * 0x7E and inner single spaces as it is; an array of such strings without spaces joined by spaces; numbers and booleans
 * as written. JETON_CLAIMS_UNMAPPABLE for anything else, JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_identity_value(struct jt_json claim, struct jt_arena *arena, const char **out);
/* All claims as base64url JSON, at most 2 KiB; JETON_CLAIMS_UNMAPPABLE when they are more. */
JT_CHECKED jt_identity_claims(struct jeton_bytes payload, struct jt_arena *arena, const char **out);
#endif
