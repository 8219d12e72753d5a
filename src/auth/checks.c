/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged about a token, in which order, and what must hold before? The table, and the glue from each check to
 * the stage of jose that knows. The order is a promise
 * (jeton-verify(1), VERDICTS): the first failure names the error. */
#include "auth/checks.h"

#include "jose/role.h"

#define BIT(id) (1u << JT_CHECK_##id)
#define CLAIM(id) (1u << JT_CLAIM_##id)

static enum jeton_status check_size(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->text.len == 0)
        return jt_fail(detail, JETON_TOKEN_MISSING, "the token is empty");
    if (j->text.len > j->policy->max_token)
        return jt_fail(detail, JETON_TOKEN_TOO_LARGE, "%zu bytes; at most %zu are taken", j->text.len,
                       j->policy->max_token);
    return JETON_OK;
}

static enum jeton_status check_shape(struct jt_judgement *j, struct jeton_detail *detail)
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

static enum jeton_status check_header(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->known != NULL)
        return known_header(j, detail);
    return jt_header_read(j->token.header, j->arena, &j->header, detail);
}

static enum jeton_status check_crit(struct jt_judgement *j, struct jeton_detail *detail)
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

static enum jeton_status check_algorithm(struct jt_judgement *j, struct jeton_detail *detail)
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

static enum jeton_status check_trust(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_payload_read(&j->payload, j->token.payload, j->arena, detail));
    return jt_claims_trusted(j->payload.json, &j->policy->rules, detail);
}

static enum jeton_status check_key(struct jt_judgement *j, struct jeton_detail *detail)
{
    if (j->keys == NULL)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "there are no keys at this time");
    if (j->known != NULL) {
        j->candidates = j->known->candidates;
        return JETON_OK;
    }
    return jt_keyset_find(j->keys, &j->header, &j->candidates, detail);
}

static enum jeton_status check_signature(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_verify_token(&j->token, &j->header, &j->candidates, j->arena, &j->verified, detail));
    if (j->known == NULL)
        jt_keyset_remember(j->keys, j->token.header_text, j->token.header, &j->header, &j->candidates);
    return JETON_OK;
}

static enum jeton_status check_payload(struct jt_judgement *j, struct jeton_detail *detail)
{
    JT_TRY(jt_verified_open(j->verified, &j->payload, j->arena, detail));
    j->claims = jt_verified_typed(j->verified);
    return JETON_OK;
}

static enum jeton_status check_types(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_types(j->claims, detail);
}

static enum jeton_status check_exp(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_exp(j->claims, &j->policy->rules, j->now, detail);
}

static enum jeton_status check_nbf(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_nbf(j->claims, &j->policy->rules, j->now, detail);
}

static enum jeton_status check_iat(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_iat(j->claims, &j->policy->rules, j->now, detail);
}

static enum jeton_status check_issuer(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_issuer(j->claims, &j->policy->rules, detail);
}

static enum jeton_status check_audience(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_audience(j->claims, &j->policy->rules, detail);
}

static enum jeton_status check_subject(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_subject(j->claims, &j->policy->rules, detail);
}

static enum jeton_status check_typ(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_typ(j->header.typ, &j->policy->rules, detail);
}

static enum jeton_status check_required(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_required(j->claims, &j->policy->rules, detail);
}

static enum jeton_status check_max_age(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_max_age(j->claims, &j->policy->rules, j->now, detail);
}

static enum jeton_status check_scope(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_scopes(j->claims, &j->policy->rules, detail);
}

static enum jeton_status check_role(struct jt_judgement *j, struct jeton_detail *detail)
{
    return jt_claims_role(j->claims, &j->policy->rules.role, detail);
}

/* --- What a policy asks for at all --- */

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
        if (jt_checks[i].asked == NULL || jt_checks[i].asked(policy))
            plan |= 1u << i;
    return plan;
}

const struct jt_check jt_checks[JT_CHECK_COUNT] = {
    [JT_CHECK_SIZE] = {"size", check_size, NULL, 0, 0, 0},
    [JT_CHECK_SHAPE] = {"shape", check_shape, NULL, BIT(SIZE), 0, 0},
    [JT_CHECK_HEADER] = {"header", check_header, NULL, BIT(SHAPE), 0, 0},
    [JT_CHECK_CRIT] = {"crit", check_crit, NULL, BIT(HEADER), 0, 0},
    [JT_CHECK_ALGORITHM] = {"algorithm", check_algorithm, NULL, BIT(HEADER), 0, 0},
    [JT_CHECK_TRUST] = {"trusted_issuer", check_trust, several_issuers, BIT(SHAPE), 0, 0},
    [JT_CHECK_KEY] = {"key", check_key, NULL, BIT(ALGORITHM), 0, 0},
    [JT_CHECK_SIGNATURE] = {"signature", check_signature, NULL, BIT(CRIT) | BIT(KEY), 0, 0},
    [JT_CHECK_PAYLOAD] = {"payload", check_payload, NULL, BIT(SIGNATURE), 0, 0},
    [JT_CHECK_TYPES] = {"claim_types", check_types, NULL, BIT(PAYLOAD), 0, 0},
    [JT_CHECK_EXP] = {"exp", check_exp, NULL, BIT(PAYLOAD), CLAIM(EXP), CLAIM(EXP)},
    [JT_CHECK_NBF] = {"nbf", check_nbf, NULL, BIT(PAYLOAD), CLAIM(NBF), CLAIM(NBF)},
    [JT_CHECK_IAT] = {"iat", check_iat, NULL, BIT(PAYLOAD), CLAIM(IAT), CLAIM(IAT)},
    [JT_CHECK_ISSUER] = {"issuer", check_issuer, an_issuer, BIT(PAYLOAD), 0, CLAIM(ISS)},
    [JT_CHECK_AUDIENCE] = {"audience", check_audience, an_audience, BIT(PAYLOAD), 0, CLAIM(AUD)},
    [JT_CHECK_SUBJECT] = {"subject", check_subject, a_subject, BIT(PAYLOAD), 0, CLAIM(SUB)},
    [JT_CHECK_TYP] = {"typ", check_typ, a_type, BIT(HEADER), 0, 0},
    [JT_CHECK_REQUIRED] = {"required", check_required, a_claim, BIT(PAYLOAD), 0, 0},
    [JT_CHECK_MAX_AGE] = {"max_age", check_max_age, an_age, BIT(PAYLOAD), 0, CLAIM(IAT)},
    [JT_CHECK_SCOPE] = {"scope", check_scope, a_scope, BIT(PAYLOAD), 0, 0},
    [JT_CHECK_ROLE] = {"role", check_role, a_role, BIT(PAYLOAD), 0, 0},
};
_Static_assert(JT_CHECK_COUNT <= JETON_CHECKS_MAX, "a verdict holds them all");
