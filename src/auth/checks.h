/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged about a token, in which order, and what must hold before? One table, checks.def, for authenticate.c,
 * which stops at the first failure, and explain.c, which goes on. */
#ifndef JT_AUTH_CHECKS_H
#define JT_AUTH_CHECKS_H

#include "auth/authenticate.h"

/* One token being judged; filled from check to check. */
struct jt_judgement {
    struct jeton_bytes text;
    const struct jt_keyset *keys;
    const struct jt_policy *policy;
    int64_t now;
    struct jt_arena *arena;
    bool explain; /* take the long way, so that every step can say something */

    struct jt_token token;
    const struct jt_known_header *known; /* the header passed before */
    struct jt_header header;
    struct jt_candidates candidates;
    struct jt_payload payload;
    struct jt_verified *verified;
    const struct jt_claims *claims;
};

enum jt_check_id {
#define JT_CHECK(id, ...) JT_CHECK_##id,
#include "auth/checks.def"
#undef JT_CHECK
    JT_CHECK_COUNT
};

struct jt_check {
    const char *name;
    enum jeton_status (*run)(struct jt_judgement *judgement, struct jeton_detail *detail);
    bool (*asked)(const struct jt_policy *policy);
    unsigned needs;   /* bits of the checks that must have passed for this one to be possible */
    unsigned without; /* bit of the claim without which nothing is asked, unless it is required */
    unsigned claims;  /* bits of the claims that must be of their type */
};

extern const struct jt_check jt_checks[JT_CHECK_COUNT];

/* Bits of the checks that this policy asks for: the plan of every judgement by it. A check that is not asked for would
 * hold. */
unsigned jt_checks_asked(const struct jt_policy *policy);
/* Those of the plan, up to the first that fails. */
JT_CHECKED jt_checks_run(struct jt_judgement *judgement, unsigned plan, struct jeton_detail *detail);
#endif
