/* SPDX-License-Identifier: Apache-2.0 */
/* Does what the token says satisfy what is demanded, at this time? The last stage before a principal; one function per
 * condition. What the claims are is found in claims_find.c. */
#include "jose/claims.h"

static bool there(const struct jt_claims *claims, enum jt_claim which)
{
    return claims->at[which].value != NULL;
}

static enum jeton_status missing(struct jeton_detail *detail, const char *name)
{
    return jt_fail(detail, JETON_CLAIM_MISSING, "%s is missing", name);
}

static inline bool one_of(const struct jt_texts *texts, struct jeton_bytes text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (jt_bytes_equal(texts->at[i], text))
            return true;
    return false;
}

/* A time in words: "12 s"; "the far past" is not worth an overflow. */
static const char *span(int64_t from, int64_t to, char out[32])
{
    int64_t seconds;
    if (__builtin_sub_overflow(to, from, &seconds) || seconds < 0)
        seconds = 0;
    jt_span_write(seconds, out);
    return out;
}

/* The whole second at or after a time: with a fraction, the next one. Judged times are whole seconds, so
 * `now >= exp` and `now >= ceil(exp)` are the same, exactly. */
static int64_t up(struct jt_numeric_date date)
{
    return date.seconds + (date.fraction ? 1 : 0);
}

enum jeton_status jt_claims_exp(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                                struct jeton_detail *detail)
{
    if (!there(claims, JT_CLAIM_EXP))
        return rules->exp_optional ? JETON_OK : missing(detail, "exp");
    int64_t ends = up(claims->time[JT_CLAIM_EXP]); /* ≤ 2^53, so leeway can be added */
    if (now < ends + rules->leeway)
        return JETON_OK;
    char text[32];
    return jt_fail(detail, JETON_TOKEN_EXPIRED, "expired %s ago (leeway %lld s)", span(ends, now, text),
                   (long long)rules->leeway);
}

static inline enum jeton_status begun(const struct jt_claims *claims, enum jt_claim which, const char *what,
                                      const struct jt_claim_rules *rules, int64_t now, struct jeton_detail *detail)
{
    if (!there(claims, which))
        return JETON_OK;
    int64_t begins = up(claims->time[which]);
    if (now >= begins - rules->leeway)
        return JETON_OK;
    char text[32];
    return jt_fail(detail, JETON_TOKEN_NOT_YET_VALID, "%s in %s (leeway %lld s)", what, span(now, begins, text),
                   (long long)rules->leeway);
}

enum jeton_status jt_claims_nbf(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                                struct jeton_detail *detail)
{
    return begun(claims, JT_CLAIM_NBF, "becomes valid", rules, now, detail);
}

enum jeton_status jt_claims_iat(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                                struct jeton_detail *detail)
{
    return begun(claims, JT_CLAIM_IAT, "issued", rules, now, detail);
}

enum jeton_status jt_claims_max_age(const struct jt_claims *claims, const struct jt_claim_rules *rules, int64_t now,
                                    struct jeton_detail *detail)
{
    if (rules->max_age < 0)
        return JETON_OK;
    if (!there(claims, JT_CLAIM_IAT))
        return missing(detail, "iat, which a greatest age needs,");
    /* now > iat + max_age + leeway; a fraction of iat cannot change that for a whole `now`. */
    int64_t issued = claims->time[JT_CLAIM_IAT].seconds;
    if (now <= issued + rules->max_age + rules->leeway)
        return JETON_OK;
    char text[32];
    return jt_fail(detail, JETON_TOKEN_TOO_OLD, "issued %s ago (at most %lld s, leeway %lld s)",
                   span(issued, now, text), (long long)rules->max_age, (long long)rules->leeway);
}

enum jeton_status jt_claims_issuer(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                                   struct jeton_detail *detail)
{
    if (rules->issuers.count == 0)
        return JETON_OK;
    if (!there(claims, JT_CLAIM_ISS))
        return missing(detail, "iss");
    struct jeton_bytes issuer = jt_json_string(claims->at[JT_CLAIM_ISS]);
    if (one_of(&rules->issuers, issuer))
        return JETON_OK;
    return jt_fail(detail, JETON_ISSUER_MISMATCH, "iss is \"%s\", not \"%s\"", jt_escape(issuer).text,
                   jt_escape(rules->issuers.at[0]).text);
}

enum jeton_status jt_claims_trusted(struct jt_json payload, const struct jt_claim_rules *rules,
                                    struct jeton_detail *detail)
{
    struct jt_json issuer = jt_json_get(payload, JT_TEXT("iss"));
    if (jt_json_type(issuer) == JT_JSON_NONE)
        return missing(detail, "iss");
    if (jt_json_type(issuer) != JT_JSON_STRING)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "iss is no string");
    if (one_of(&rules->issuers, jt_json_string(issuer)))
        return JETON_OK;
    return jt_fail(detail, JETON_ISSUER_UNKNOWN, "iss is \"%s\", none of the %zu trusted ones",
                   jt_escape(jt_json_string(issuer)).text, rules->issuers.count);
}

enum jeton_status jt_claims_audience(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                                     struct jeton_detail *detail)
{
    if (rules->audiences.count == 0)
        return JETON_OK;
    if (!there(claims, JT_CLAIM_AUD))
        return missing(detail, "aud");
    struct jt_json aud = claims->at[JT_CLAIM_AUD];
    struct jeton_bytes first = {NULL, 0};
    if (jt_json_type(aud) == JT_JSON_STRING) {
        first = jt_json_string(aud);
        if (one_of(&rules->audiences, first))
            return JETON_OK;
    }
    for (struct jt_json_walk w = jt_json_walk(aud); jt_json_type(aud) == JT_JSON_ARRAY && jt_json_next(&w);) {
        if (one_of(&rules->audiences, jt_json_string(w.value)))
            return JETON_OK;
        if (first.at == NULL)
            first = jt_json_string(w.value);
    }
    return jt_fail(detail, JETON_AUDIENCE_MISMATCH, "aud is \"%s\"%s, not \"%s\"", jt_escape(first).text,
                   jt_json_type(aud) == JT_JSON_ARRAY && jt_json_count(aud) > 1 ? " and others" : "",
                   jt_escape(rules->audiences.at[0]).text);
}

enum jeton_status jt_claims_subject(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                                    struct jeton_detail *detail)
{
    if (rules->subject.len == 0)
        return JETON_OK;
    if (!there(claims, JT_CLAIM_SUB))
        return missing(detail, "sub");
    struct jeton_bytes subject = jt_json_string(claims->at[JT_CLAIM_SUB]);
    if (jt_bytes_equal(subject, rules->subject))
        return JETON_OK;
    return jt_fail(detail, JETON_SUBJECT_MISMATCH, "sub is \"%s\", not \"%s\"", jt_escape(subject).text,
                   jt_escape(rules->subject).text);
}

struct jeton_bytes jt_media_type_short(struct jeton_bytes type)
{
    static const struct jeton_bytes prefix = {"application/", 12};
    if (type.len > prefix.len && jt_bytes_equal_nocase(jt_bytes_cut(type, 0, prefix.len), prefix))
        return jt_bytes_cut(type, prefix.len, type.len);
    return type;
}

enum jeton_status jt_claims_typ(struct jeton_bytes typ, const struct jt_claim_rules *rules, struct jeton_detail *detail)
{
    if (rules->types.count == 0)
        return JETON_OK;
    if (typ.at == NULL)
        return jt_fail(detail, JETON_TYPE_MISMATCH, "the header has no typ; \"%s\" is wanted",
                       jt_escape(rules->types.at[0]).text);
    struct jeton_bytes name = jt_media_type_short(typ);
    for (size_t i = 0; i < rules->types.count; i++)
        if (jt_bytes_equal_nocase(rules->types.at[i], name))
            return JETON_OK;
    return jt_fail(detail, JETON_TYPE_MISMATCH, "typ is \"%s\", not \"%s\"", jt_escape(typ).text,
                   jt_escape(rules->types.at[0]).text);
}

enum jeton_status jt_claims_required(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                                     struct jeton_detail *detail)
{
    for (size_t i = 0; i < rules->required.count; i++) {
        struct jeton_bytes name = rules->required.at[i];
        struct jt_json claim = jt_json_get(claims->all, name);
        bool empty_audience = jt_bytes_equal(name, JT_TEXT("aud")) && jt_json_type(claim) == JT_JSON_ARRAY &&
                              jt_json_count(claim) == 0;
        if (jt_json_type(claim) == JT_JSON_NONE || empty_audience)
            return missing(detail, jt_escape(name).text);
    }
    return JETON_OK;
}

enum jeton_status jt_claims_scopes(const struct jt_claims *claims, const struct jt_claim_rules *rules,
                                   struct jeton_detail *detail)
{
    for (size_t i = 0; i < rules->scopes.count; i++)
        if (!jt_claims_has_scope(claims, rules->scopes.at[i]))
            return jt_fail(detail, JETON_SCOPE_INSUFFICIENT, "scope \"%s\" is missing",
                           jt_escape(rules->scopes.at[i]).text);
    return JETON_OK;
}
