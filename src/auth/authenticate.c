/* SPDX-License-Identifier: Apache-2.0 */
/* Is this token good? The coordinator of the walk token → principal: one check after the other, the first that fails is
 * the answer. What each does stands in checks.c. */
#include "auth/checks.h"

/* The checks about what a token that holds may do; all others come before. */
#define RIGHTS (1u << JT_CHECK_SCOPE | 1u << JT_CHECK_ROLE)
_Static_assert(JT_CHECK_SCOPE == JT_CHECK_COUNT - 2 && JT_CHECK_ROLE == JT_CHECK_COUNT - 1, "rights are judged last");

static void begin(struct jt_judgement *judgement)
{
    judgement->explain = false;
    judgement->known = NULL;
    judgement->payload.read = false;
    judgement->verified = NULL;
}

static enum jeton_status judge(struct jt_judgement *judgement, const struct jt_revocation *revocation,
                               struct jeton_detail *detail)
{
    const struct jt_policy *policy = judgement->policy;

    JT_TRY(jt_checks_run(judgement, policy->plan & ~RIGHTS, detail));
    if (revocation->revoked != NULL && revocation->revoked(revocation->context, judgement->verified))
        return jt_fail(detail, JETON_TOKEN_REVOKED, "the token was revoked");
    return jt_checks_run(judgement, policy->plan & RIGHTS, detail);
}

enum jeton_status jt_authenticate_unrevoked(struct jeton_bytes token, const struct jt_keyset *keys,
                                            const struct jt_policy *policy, const struct jt_revocation *revocation,
                                            int64_t now, struct jt_arena *arena, const struct jt_verified **out,
                                            struct jeton_detail *detail)
{
    struct jt_judgement judgement;
    judgement.text = token;
    judgement.keys = keys;
    judgement.policy = policy;
    judgement.now = now;
    judgement.arena = arena;
    begin(&judgement);
    JT_TRY(judge(&judgement, revocation, detail));
    *out = judgement.verified;
    return JETON_OK;
}

enum jeton_status jt_authenticate(struct jeton_bytes token, const struct jt_keyset *keys,
                                  const struct jt_policy *policy, int64_t now, struct jt_arena *arena,
                                  const struct jt_verified **out, struct jeton_detail *detail)
{
    static const struct jt_revocation none;

    return jt_authenticate_unrevoked(token, keys, policy, &none, now, arena, out, detail);
}

/* The decoded parts and the header's strings; then the larger of the header's parse tree (given back) and the
 * payload's. A remembered header takes no more than a decoded one. */
size_t jt_authenticate_arena_size(size_t max_token)
{
    size_t decoded = max_token < 4 ? 3 : max_token / 4 * 3 + 3;
    return jt_token_arena_size(max_token) + jt_json_arena_size(decoded) + jt_verified_size() + 64;
}
