/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What a token must show to be believed here: issuer, audience, algorithms, type,
 * subject, claims, scopes and times. A policy is checked and copied once and is
 * immutable from then on; any number of threads may share one.
 *
 * There is no policy without a word on the audience: name audiences, or set
 * `any_audience` (RFC 7519 §4.1.3). `exp` is required unless `exp_optional` is set.
 */
#ifndef JETON_POLICY_H
#define JETON_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A checked, compiled policy. */
struct jeton_policy;

/** A borrowed list of texts. */
struct jeton_list {
    const struct jeton_bytes *at; /**< first text, borrowed; may be NULL when count is 0 */
    size_t count;                 /**< texts */
};

/** What to demand. Start from JETON_POLICY_OPTIONS_INIT; all lists are copied by jeton_policy_new(). */
struct jeton_policy_options {
    size_t size;                   /**< sizeof the struct: keeps the ABI */
    struct jeton_list issuers;     /**< `iss` equals one of these byte for byte; empty: not looked at */
    struct jeton_list audiences;   /**< `aud` holds at least one of these */
    bool any_audience;             /**< believe tokens for anyone; exclusive with audiences */
    struct jeton_list algorithms;  /**< allow-list of names; empty: what the keys allow */
    struct jeton_list types;       /**< `typ` is one of these, without case, with or without "application/" */
    struct jeton_bytes subject;    /**< `sub` equals this; empty: not looked at */
    struct jeton_list required;    /**< claims that must be there */
    struct jeton_list scopes;      /**< scopes that must all be there */
    int64_t leeway;                /**< seconds, 0 to 600; default 60 */
    int64_t max_age;               /**< seconds since `iat`, which is then required; -1: any age */
    bool exp_optional;             /**< a token without `exp` is fine; one with it is judged all the same */
    size_t max_token;              /**< bytes; default 16384, at most 1 MiB */
    struct jeton_list roles;       /**< all roles there are, the highest first, compared without case; empty: not looked
                                        at. A token must say one of them; "user" stands for "basic" where only that is one */
    struct jeton_bytes role;       /**< the lowest of them that is enough; empty: any of them */
    struct jeton_list role_claims; /**< claims that may hold the role: the first that is there and not blank; empty:
                                       "role" */
};

/** Defaults; they name no audience, so something must be set. */
#define JETON_POLICY_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct jeton_policy_options), {NULL, 0}, {NULL, 0}, false, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0},  \
            {NULL, 0}, 60, -1, false, 16384, {NULL, 0}, {NULL, 0},                                                     \
        {                                                                                                              \
            NULL, 0                                                                                                    \
        }                                                                                                              \
    }

/**
 * Checks the options and compiles them.
 *
 * @param options  borrowed
 * @param policy   out, owned by you; jeton_policy_free()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (no word on the audience, unknown algorithm, a time out of range,
 *         an empty issuer, audience, claim, scope or role, a role named twice or not among the roles),
 *         JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_policy_new(const struct jeton_policy_options *options,
                                                              struct jeton_policy **policy,
                                                              struct jeton_detail *detail);

/** Gives the policy back; NULL is fine. No verification may be running on it. Threads: one. Allocates: no. */
JETON_API void jeton_policy_free(struct jeton_policy *policy);

#ifdef __cplusplus
}
#endif
#endif
