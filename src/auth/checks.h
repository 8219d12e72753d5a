/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged about a token, in which order, and what must hold before? One table for the two loops of
 * authenticate.c and explain.c. */
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
    JT_CHECK_SIZE,
    JT_CHECK_SHAPE,
    JT_CHECK_HEADER,
    JT_CHECK_CRIT,
    JT_CHECK_ALGORITHM,
    JT_CHECK_TRUST,
    JT_CHECK_KEY,
    JT_CHECK_SIGNATURE,
    JT_CHECK_PAYLOAD,
    JT_CHECK_TYPES,
    JT_CHECK_EXP,
    JT_CHECK_NBF,
    JT_CHECK_IAT,
    JT_CHECK_ISSUER,
    JT_CHECK_AUDIENCE,
    JT_CHECK_SUBJECT,
    JT_CHECK_TYP,
    JT_CHECK_REQUIRED,
    JT_CHECK_MAX_AGE,
    JT_CHECK_SCOPE,
    JT_CHECK_ROLE,
    JT_CHECK_COUNT
};

struct jt_check {
    const char *name;
    enum jeton_status (*run)(struct jt_judgement *judgement, struct jeton_detail *detail);
    bool (*asked)(const struct jt_policy *policy); /* NULL: always */
    unsigned needs;   /* bits of the checks that must have passed for this one to be possible */
    unsigned without; /* bit of the claim without which nothing is asked, unless it is required */
    unsigned claims;  /* bits of the claims that must be of their type */
};

extern const struct jt_check jt_checks[JT_CHECK_COUNT];

/* Bits of the checks that this policy asks for: the plan of every judgement by it. A check that is not asked for would
 * hold. */
unsigned jt_checks_asked(const struct jt_policy *policy);
#endif
