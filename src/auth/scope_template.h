/* SPDX-License-Identifier: Apache-2.0 */
/* What does "{org}/public/" mean for this caller? Texts of a role's scopes with claims put in, once: what a claim holds
 * is never looked into for further claims. A claim that is missing, is no string, or could lead anywhere else than one
 * name of a path is a denial, never an empty text. */
#ifndef JT_AUTH_SCOPE_TEMPLATE_H
#define JT_AUTH_SCOPE_TEMPLATE_H

#include "base/arena.h"
#include "base/json.h"

/* Every brace one of a pair around the name of a claim? */
bool jt_scope_template_fits(struct jeton_bytes text);
/* Into the arena. JETON_OK, JETON_CLAIMS_UNMAPPABLE with a detail that names the claim, JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_scope_template_expand(struct jeton_bytes text, struct jt_json claims, struct jt_arena *arena,
                                    struct jeton_bytes *out, struct jeton_detail *detail);
#endif
