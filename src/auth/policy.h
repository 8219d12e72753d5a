/* SPDX-License-Identifier: Apache-2.0 */
/* What must a token show here? Checked and compiled once, immutable from then on. */
#ifndef JT_AUTH_POLICY_H
#define JT_AUTH_POLICY_H

#include <jeton/policy.h>

#include "jose/algorithm.h"
#include "jose/claims.h"

#define JT_TOKEN_MAX ((size_t)1 << 20) /* no policy takes larger tokens */

struct jt_policy {
    struct jt_claim_rules rules;
    jt_alg_mask algorithms; /* 0: what the keys allow */
    size_t max_token;
    unsigned plan;               /* the checks it asks for, a bit each (checks.h) */
    struct jeton_bytes memory[]; /* the texts: slices first, then their bytes */
};

/* As jeton_policy_new(). */
JT_CHECKED jt_policy_new(const struct jeton_policy_options *options, struct jt_policy **out,
                         struct jeton_detail *detail);
void jt_policy_free(struct jt_policy *policy);
#endif
