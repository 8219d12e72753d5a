/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the known roles does a token claim, and is it high enough? An ordered list decides; nothing outside it is
 * ever taken for something in it. */
#ifndef JT_JOSE_ROLE_H
#define JT_JOSE_ROLE_H

#include "jose/claims.h"

/* Is it as if this claim were not there: null, or a string without anything but spaces? */
bool jt_claim_is_blank(struct jt_json claim);

/* The index of the role that a claim says, 0 for the highest. Names are compared without case; "user" is "basic" where
 * that is a role and "user" is none. JETON_CLAIM_MISSING when it is blank; JETON_CLAIMS_INVALID for a role that is not
 * known, or no text. */
JT_CHECKED jt_role_read(struct jt_json claim, const struct jt_role_rules *rules, size_t *index,
                        struct jeton_detail *detail);
/* By the first of rules->claims that is not blank. JETON_OK, the two above, JETON_ROLE_INSUFFICIENT. */
JT_CHECKED jt_claims_role(const struct jt_claims *claims, const struct jt_role_rules *rules,
                          struct jeton_detail *detail);
/* The index of a role by its name; false when there is none such. */
bool jt_role_find(const struct jt_texts *names, struct jeton_bytes name, size_t *index);
#endif
