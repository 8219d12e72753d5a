/* SPDX-License-Identifier: Apache-2.0 */
/* How is each thing judged? The glue from each check of checks.def to the stage of jose that knows, and the walk
 * through them. */
#include "auth/checks.h"

#include "jose/role.h"

#define BIT(id) (1u << JT_CHECK_##id)
#define CLAIM(id) (1u << JT_CLAIM_##id)
/* Each stands in the walk itself: a call by pointer would take longer than most of them do. */
#define ALWAYS inline __attribute__((always_inline))

static ALWAYS enum jeton_status check_size(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->text.len == 0)
        return jt_fail(detail, JETON_TOKEN_MISSING, "the token is empty");
    if (j->text.len > j->policy->max_token)
        return jt_fail(detail, JETON_TOKEN_TOO_LARGE, "%zu bytes; at most %zu are taken", j->text.len,
                       j->policy->max_token);
    return JETON_OK;
}

static ALWAYS enum jeton_status check_shape(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_token_split(j->text, &j->token, detail));
    if (j->keys != NULL && !j->explain)
        j->known = jt_keyset_recall(j->keys, j->token.header_text);
    JT_TRY(jt_token_decode(&j->token, j->known != NULL, j->arena, detail));
    if (j->token.payload.len == 0)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "the payload is empty");
    return JETON_OK;
}

/* A remembered header lives in the set, a verified token must not: its texts move into the arena, as they stand there,
 * one behind the other. */
static enum jeton_status known_header(struct jt_judgement *j, struct jeton_detail *detail)
{
    const struct jt_known_header *known = j->known;
    const struct jeton_bytes *kid = &known->header.kid, *typ = &known->header.typ;
    size_t len = known->json.len + kid->len + typ->len;
    unsigned char *at = jt_arena_take(j->arena, len + 1);
    if (at == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
    memcpy(at, known->json.at, len);
    j->header = known->header;
    j->token.header = jeton_bytes(at, known->json.len);
    if (kid->at != NULL)
        j->header.kid.at = at + known->json.len;
    if (typ->at != NULL)
        j->header.typ.at = at + known->json.len + kid->len;
    return JETON_OK;
}

static ALWAYS enum jeton_status check_header(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->known != NULL)
        return known_header(j, detail);
    return jt_header_read(j->token.header, j->arena, &j->header, detail);
}

static ALWAYS enum jeton_status check_crit(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->header.crit) /* no extension is understood in a JWT, so none is looked at */
        return jt_fail(detail, JETON_CRIT_UNSUPPORTED, "the header has crit; no extension is understood here");
    return JETON_OK;
}

/* What the keys allow; without any keys, everything that a public key can check. */
static jt_alg_mask allowed(const struct jt_judgement *j)
{
    if (j->policy->algorithms != 0)
        return j->policy->algorithms;
    return j->keys != NULL ? jt_keyset_allows(j->keys) : JT_ALG_ALL & ~JT_ALG_SYMMETRIC;
}

static ALWAYS enum jeton_status check_algorithm(struct jt_judgement *j, struct jeton_detail *detail)
{
    const struct jt_algorithm *algorithm = j->header.algorithm;
    if (algorithm == NULL)
        return jt_fail(detail, JETON_ALG_NOT_ALLOWED, "\"%s\" is no signature algorithm",
                       jt_escape(j->header.alg).text);
    bool fits = (allowed(j) & JT_ALG_BIT(algorithm->id)) != 0;
    /* What a policy or a key allows is there; asking the library takes it longer than many a token. */
    bool surely = fits && (j->keys != NULL || j->policy->algorithms != 0);
    if (!surely && !jt_algorithm_usable(algorithm))
        return jt_fail(detail, JETON_ALG_NOT_ALLOWED, "%s is not in this crypto library", algorithm->name);
    if (algorithm->type == JT_KEY_OCT && (j->keys == NULL || !jt_keyset_has_secret(j->keys)))
        return jt_fail(detail, JETON_ALG_NOT_ALLOWED, "%s needs a secret, and none was given", algorithm->name);
    if (!fits)
        return jt_fail(detail, JETON_ALG_NOT_ALLOWED, "%s is not one that %s", algorithm->name,
                       j->policy->algorithms != 0 ? "the policy allows" : "the keys allow");
    return JETON_OK;
}

static ALWAYS enum jeton_status check_trust(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_payload_read(&j->payload, j->token.payload, j->arena, detail));
    return jt_claims_trusted(j->payload.json, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_key(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->keys == NULL)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "there are no keys at this time");
    if (j->known != NULL) {
        j->candidates = j->known->candidates;
        return JETON_OK;
    }
    return jt_keyset_find(j->keys, &j->header, &j->candidates, detail);
}

static ALWAYS enum jeton_status check_signature(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_verify_token(&j->token, &j->header, &j->candidates, j->arena, &j->verified, detail));
    if (j->known == NULL)
        jt_keyset_remember(j->keys, j->token.header_text, j->token.header, &j->header, &j->candidates);
    return JETON_OK;
}

static ALWAYS enum jeton_status check_payload(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_verified_open(j->verified, &j->payload, j->arena, detail));
    j->claims = jt_verified_typed(j->verified);
    return JETON_OK;
}

static ALWAYS enum jeton_status check_types(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_types(j->claims, detail);
}

static ALWAYS enum jeton_status check_exp(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_exp(j->claims, &j->policy->rules, j->now, detail);
}

static ALWAYS enum jeton_status check_nbf(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_nbf(j->claims, &j->policy->rules, j->now, detail);
}

static ALWAYS enum jeton_status check_iat(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_iat(j->claims, &j->policy->rules, j->now, detail);
}

static ALWAYS enum jeton_status check_issuer(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_issuer(j->claims, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_audience(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_audience(j->claims, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_subject(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_subject(j->claims, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_typ(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_typ(j->header.typ, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_required(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_required(j->claims, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_max_age(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_max_age(j->claims, &j->policy->rules, j->now, detail);
}

static ALWAYS enum jeton_status check_scope(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_scopes(j->claims, &j->policy->rules, detail);
}

static ALWAYS enum jeton_status check_role(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_role(j->claims, &j->policy->rules.role, detail);
}

/* --- What a policy asks for at all --- */

static bool always(const struct jt_policy *policy)
{
    (void)policy;
    return true;
}

static bool several_issuers(const struct jt_policy *policy)
{
    return policy->rules.issuers.count > 1;
}

static bool an_issuer(const struct jt_policy *policy)
{
    return policy->rules.issuers.count > 0;
}

static bool an_audience(const struct jt_policy *policy)
{
    return policy->rules.audiences.count > 0;
}

static bool a_subject(const struct jt_policy *policy)
{
    return policy->rules.subject.len > 0;
}

static bool a_type(const struct jt_policy *policy)
{
    return policy->rules.types.count > 0;
}

static bool a_claim(const struct jt_policy *policy)
{
    return policy->rules.required.count > 0;
}

static bool an_age(const struct jt_policy *policy)
{
    return policy->rules.max_age >= 0;
}

static bool a_scope(const struct jt_policy *policy)
{
    return policy->rules.scopes.count > 0;
}

static bool a_role(const struct jt_policy *policy)
{
    return policy->rules.role.names.count > 0;
}

unsigned jt_checks_asked(const struct jt_policy *policy)
{
    unsigned plan = 0;
    for (unsigned i = 0; i < JT_CHECK_COUNT; i++)
        if (jt_checks[i].asked(policy))
            plan |= 1u << i;
    return plan;
}

/* --- The table, and the walk through it --- */

const struct jt_check jt_checks[JT_CHECK_COUNT] = {
#define JT_CHECK(id, name, run, asked, needs, without, claims) {name, run, asked, needs, without, claims},
#include "auth/checks.def"
#undef JT_CHECK
};
_Static_assert(JT_CHECK_COUNT <= JETON_CHECKS_MAX, "a verdict holds them all");

enum jeton_status jt_checks_run(struct jt_judgement *judgement, unsigned plan, struct jeton_detail *detail)
{
    if (plan == 0)
        return JETON_OK;
#define JT_CHECK(id, name, run, ...)                                                                                   \
    if ((plan & BIT(id)) != 0)                                                                                         \
        JT_TRY(run(judgement, detail));
#include "auth/checks.def"
#undef JT_CHECK
    return JETON_OK;
}
