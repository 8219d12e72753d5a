/* SPDX-License-Identifier: Apache-2.0 */
/* Does what the token says satisfy what is demanded, at this time? One function per condition, in the order
 * of auth/checks.c; pure: rules + now → status. */
#ifndef JT_JOSE_CLAIMS_H
#define JT_JOSE_CLAIMS_H

#include "base/json.h"
#include "base/time.h"

/* The registered claims, found in one walk. */
enum jt_claim {
    JT_CLAIM_EXP,
    JT_CLAIM_NBF,
    JT_CLAIM_IAT,
    JT_CLAIM_ISS,
    JT_CLAIM_SUB,
    JT_CLAIM_AUD,
    JT_CLAIM_JTI,
    JT_CLAIM_SCOPE,
    JT_CLAIM_SCP,
    JT_CLAIM_COUNT
};

struct jt_claims {
    struct jt_json all;
    struct jt_json at[JT_CLAIM_COUNT]; /* JT_JSON_NONE: not there (an empty `aud` array too) */
    struct jt_numeric_date time[JT_CLAIM_IAT + 1];
    unsigned wrong; /* bit per claim of a wrong type or range */
};

struct jt_texts {
    struct jeton_bytes *at;
    size_t count;
};

/* Which roles there are, the highest first, and how high one must stand (role.h). No names: nothing is asked. */
struct jt_role_rules {
    struct jt_texts names;
    struct jt_texts claims; /* that may hold it */
    size_t least;           /* the index of the lowest that will do */
};

/* What is demanded; compiled by auth/policy.c. */
struct jt_claim_rules {
    struct jt_texts issuers;
    struct jt_texts audiences;
    bool any_audience;
    struct jt_texts types; /* lower case, without "application/" */
    struct jeton_bytes subject;
    struct jt_texts required;
    struct jt_texts scopes;
    struct jt_role_rules role;
    int64_t leeway;
    int64_t max_age; /* -1: any */
    bool exp_optional;
};

/* Finds and types them. Never fails: `wrong` says what is of a wrong type. `object` must be one. */
void jt_claims_find(struct jt_json object, struct jt_claims *out);

/* Each JETON_OK or its code. What the rules do not ask for holds. */
JT_CHECKED jt_claims_types(const struct jt_claims *claims, struct jeton_detail *detail);
JT_CHECKED jt_claims_exp(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                         struct jeton_detail *detail);
JT_CHECKED jt_claims_nbf(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                         struct jeton_detail *detail);
JT_CHECKED jt_claims_iat(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                         struct jeton_detail *detail);
JT_CHECKED jt_claims_issuer(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                            struct jeton_detail *detail);
/* Before the signature: is the peeked `iss` one of several trusted? issuer_unknown, claim_missing, claims_invalid. */
JT_CHECKED jt_claims_trusted(struct jt_json payload, const struct jt_claim_rules *rules, struct jeton_detail *detail);
JT_CHECKED jt_claims_audience(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                              struct jeton_detail *detail);
JT_CHECKED jt_claims_subject(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                             struct jeton_detail *detail);
JT_CHECKED jt_claims_typ(struct jeton_bytes typ, const struct jt_claim_rules *rules, struct jeton_detail *detail);
JT_CHECKED jt_claims_required(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                              struct jeton_detail *detail);
JT_CHECKED jt_claims_max_age(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                             struct jeton_detail *detail);
JT_CHECKED jt_claims_scopes(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                            struct jeton_detail *detail);

bool jt_claims_has_scope(const struct jt_claims *claims, struct jeton_bytes scope);
bool jt_claims_has_audience(const struct jt_claims *claims, struct jeton_bytes audience);
/* Element `index` of a string or an array of strings; false past the end or when it is neither. */
bool jt_claims_element(struct jt_json claim, size_t index, struct jeton_bytes *out);
/* JT_CLAIM_COUNT for a name that is not registered. */
enum jt_claim jt_claim_of(struct jeton_bytes name);
/* Must this claim be of a certain type? */
bool jt_claim_typed(enum jt_claim which);
/* Is this value of the type that the registered claim of this name must have? True for names that are not registered.
 */
bool jt_claim_type_fits(struct jeton_bytes name, struct jt_json value);
/* Without "application/"; compared without case (RFC 7515 §4.1.9, RFC 8725 §3.11). */
struct jeton_bytes jt_media_type_short(struct jeton_bytes type);
#endif
