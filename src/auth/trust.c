/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens are believed here, and by which keys? See trust.h; jt_trust_judge at the end is the walk. */
#include "auth/trust.h"

#include <stdlib.h>

#include "base/base64url.h"

#define NO_EXP_KEPT_FOR 60 /* seconds a token without `exp` stays in the cache */

struct jt_trust {
    struct jt_trusted *issuers; /* sorted by name */
    size_t count;
    uint64_t first_number;       /* issuer i has number first_number + i in stamps */
    struct jt_policy *strangers; /* demands one of all issuers: the refusal for those that are none of them */
    struct jt_token_cache *cache;
    struct jt_revocation revocation;
};

static int compare_names(struct jeton_bytes a, struct jeton_bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_issuers(const void *a, const void *b)
{
    const struct jt_trusted *left = a, *right = b;
    return compare_names(left->issuer, right->issuer);
}

/* --- Building --- */

/* With more than one issuer in it, a policy refuses strangers before it asks for a key; one name alone would not. */
static enum jeton_status make_strangers(struct jt_trust *trust, size_t max_token, struct jeton_detail *detail)
{
    size_t count = trust->count < 2 ? 2 : trust->count;
    struct jeton_bytes *names = calloc(count, sizeof *names);
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    if (names == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) /* a name that no `iss` can equal stands for the missing ones */
        names[i] = i < trust->count && trust->issuers[i].issuer.len > 0 ? trust->issuers[i].issuer
                                                                        : jeton_bytes(i == 0 ? "\0a" : "\0b", 2);
    options.issuers = (struct jeton_list){names, count};
    options.any_audience = true;
    options.max_token = max_token;
    enum jeton_status status = jt_policy_new(&options, &trust->strangers, detail);
    free(names);
    return status;
}

static enum jeton_status copy_issuers(struct jt_trust *trust, const struct jt_trust_options *options)
{
    size_t bytes = 0;
    for (size_t i = 0; i < options->issuer_count; i++)
        bytes += options->issuers[i].issuer.len;
    trust->issuers = malloc(options->issuer_count * sizeof(struct jt_trusted) + bytes + 1);
    if (trust->issuers == NULL)
        return JETON_OUT_OF_MEMORY;
    unsigned char *at = (unsigned char *)(trust->issuers + options->issuer_count);
    for (size_t i = 0; i < options->issuer_count; i++) {
        struct jt_trusted *issuer = &trust->issuers[i];
        *issuer = options->issuers[i];
        memcpy(at, issuer->issuer.at, issuer->issuer.len);
        issuer->issuer.at = at;
        at += issuer->issuer.len;
    }
    trust->count = options->issuer_count;
    if (trust->count > 1)
        qsort(trust->issuers, trust->count, sizeof(struct jt_trusted), compare_issuers);
    return JETON_OK;
}

static void free_shell(struct jt_trust *trust)
{
    jt_policy_free(trust->strangers);
    free(trust->issuers);
    free(trust);
}

enum jeton_status jt_trust_new(const struct jt_trust_options *options, struct jt_trust **out,
                               struct jeton_detail *detail)
{
    for (size_t i = 0; i < options->issuer_count; i++)
        if (options->issuers[i].source_count > JT_COUNT(options->issuers[i].sources))
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "more than two sources of keys");
    struct jt_trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL)
        return JETON_OUT_OF_MEMORY;
    trust->cache = options->cache;
    trust->revocation = options->revocation;
    enum jeton_status status = copy_issuers(trust, options);
    for (size_t i = 1; status == JETON_OK && i < trust->count; i++)
        if (jt_bytes_equal(trust->issuers[i - 1].issuer, trust->issuers[i].issuer))
            status = jt_fail(detail, JETON_ARGUMENT_INVALID, "issuer \"%s\" is named twice",
                             jt_escape(trust->issuers[i].issuer).text);
    if (status == JETON_OK)
        status = make_strangers(trust, options->max_token, detail);
    if (status == JETON_OK) /* a random start: stamps of an earlier trust with the same cache never fit */
        status = jt_random(&trust->first_number, sizeof trust->first_number);
    if (status != JETON_OK) {
        free_shell(trust);
        return status;
    }
    *out = trust;
    return JETON_OK;
}

void jt_trust_free(struct jt_trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->count; i++)
        jt_policy_free(trust->issuers[i].policy);
    free_shell(trust);
}

size_t jt_trust_arena_size(size_t max_token)
{
    return jt_authenticate_arena_size(max_token);
}

/* --- The hint: whose token does it say it is? Nothing is believed. --- */

const struct jt_trusted *jt_trust_find(const struct jt_trust *trust, struct jeton_bytes name)
{
    size_t low = 0, high = trust->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(name, trust->issuers[middle].issuer);
        if (order == 0)
            return &trust->issuers[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* One without a name stands first and takes what is nobody else's. */
static const struct jt_trusted *chosen_issuer(const struct jt_trust *trust, struct jeton_bytes name)
{
    const struct jt_trusted *issuer = jt_trust_find(trust, name);
    return issuer == NULL && trust->count > 0 && trust->issuers[0].issuer.len == 0 ? &trust->issuers[0] : issuer;
}

/* NULL for a token that cannot be read or names none of ours. */
static const struct jt_trusted *hinted_issuer(const struct jt_trust *trust, struct jeton_bytes text,
                                              struct jt_arena *arena)
{
    size_t start = arena->used;
    struct jt_token token;
    struct jt_payload payload = {.read = false};
    const struct jt_trusted *issuer = NULL;
    if (text.len <= trust->strangers->max_token && jt_token_split(text, &token, NULL) == JETON_OK &&
        jt_base64url_decode_arena(token.payload_text, arena, &token.payload) &&
        jt_payload_read(&payload, token.payload, arena, NULL) == JETON_OK)
        issuer = chosen_issuer(trust, jt_json_string(jt_json_get(payload.json, JT_TEXT("iss"))));
    jt_arena_rewind(arena, start);
    return issuer;
}

/* --- The miss: is this token worth a fetch? --- */

/* Junk and tokens that would be refused anyway never reach the source. All of it can be forged, so this is a filter and
 * no protection: that is the bucket's part. */
static bool plausible(const struct jt_trusted *issuer, struct jeton_bytes text, int64_t now, struct jt_arena *arena,
                      struct jeton_bytes *kid)
{
    const struct jt_claim_rules *rules = &issuer->policy->rules;
    struct jt_token token;
    struct jt_header header;
    struct jt_payload payload = {.read = false};
    struct jt_claims claims;
    if (jt_token_read(text, arena, &token, NULL) != JETON_OK ||
        jt_header_read(token.header, arena, &header, NULL) != JETON_OK || header.algorithm == NULL ||
        header.algorithm->type == JT_KEY_OCT || !jt_algorithm_usable(header.algorithm) || token.signature.len == 0 ||
        header.kid.len > JT_KID_MAX ||
        (issuer->policy->algorithms != 0 && (issuer->policy->algorithms & JT_ALG_BIT(header.algorithm->id)) == 0) ||
        jt_payload_read(&payload, token.payload, arena, NULL) != JETON_OK)
        return false;
    jt_claims_find(payload.json, &claims);
    *kid = header.kid.at != NULL ? header.kid : jeton_bytes("", 0);
    return jt_claims_types(&claims, NULL) == JETON_OK && jt_claims_exp(&claims, rules, now, NULL) == JETON_OK &&
           jt_claims_issuer(&claims, rules, NULL) == JETON_OK && jt_claims_audience(&claims, rules, NULL) == JETON_OK;
}

/* A key of another algorithm may be the one that is not there yet: the keys at hand do not settle that. */
static bool may_be_missing(const struct jt_trusted *issuer, enum jeton_status status)
{
    return status == JETON_KEY_UNKNOWN || (status == JETON_ALG_NOT_ALLOWED && issuer->policy->algorithms == 0) ||
           (status == JETON_SIGNATURE_INVALID && issuer->refresh_on_bad_signature);
}

static void tell_miss(const struct jt_trusted *issuer, struct jt_keys_guard *guards, struct jeton_bytes text,
                      enum jeton_status status, int64_t now, int64_t now_ms, struct jt_arena *arena,
                      struct jt_trust_result *out)
{
    struct jeton_bytes kid;
    size_t start = arena->used;
    if (status == JETON_KEY_UNKNOWN)
        out->outlook = JT_OUTLOOK_FINAL;
    if (may_be_missing(issuer, status) && plausible(issuer, text, now, arena, &kid)) {
        out->outlook = JT_OUTLOOK_FINAL;
        for (size_t i = 0; i < issuer->source_count; i++)
            if (jt_source_missed(issuer->sources[i], &guards[i], kid, now_ms) == JT_MISS_PENDING) {
                out->outlook = JT_OUTLOOK_PENDING;
                out->source = issuer->sources[i];
                out->mark = guards[i].answered;
            }
    }
    jt_arena_rewind(arena, start);
}

/* --- The judgement of one issuer --- */

/* What a source says that cannot decide: another may know better. The heavier word is the answer when none knows. "No
 * keys now" outweighs "not among mine": the token was not judged; and what the keys allow is the union over all. */
static int weight_of(const struct jt_trusted *issuer, enum jeton_status status)
{
    if (status == JETON_KEYS_UNAVAILABLE)
        return 3;
    if (status == JETON_KEY_UNKNOWN)
        return 2;
    return status == JETON_ALG_NOT_ALLOWED && issuer->policy->algorithms == 0 ? 1 : 0;
}

/* The first source that has the key decides; one that has none, or no such key, hands on to the next. */
static enum jeton_status judge_by(const struct jt_trust *trust, const struct jt_trusted *issuer,
                                  struct jt_keys_guard *guards, struct jeton_bytes text, int64_t now,
                                  struct jt_arena *arena, const struct jt_verified **token, struct jeton_detail *detail)
{
    enum jeton_status result = JETON_KEYS_UNAVAILABLE;
    size_t start = arena->used;
    for (size_t i = 0; i < issuer->source_count; i++) {
        struct jeton_detail why = {""};
        enum jeton_status status = jt_authenticate_unrevoked(text, guards[i].keys, issuer->policy, &trust->revocation,
                                                             now, arena, token, detail != NULL ? &why : NULL);
        if (status == JETON_OK)
            return status;
        jt_arena_rewind(arena, start);
        bool final = weight_of(issuer, status) == 0;
        if (i == 0 || final || weight_of(issuer, status) > weight_of(issuer, result)) {
            result = status;
            if (detail != NULL)
                *detail = why;
        }
        if (final)
            return status;
    }
    return result;
}

/* --- The cache --- */

static bool stamp_holds(const struct jt_trust *trust, const struct jt_cache_stamp *stamp, int64_t now, int64_t now_ms,
                        const struct jt_trusted **issuer)
{
    uint64_t number = stamp->issuer - trust->first_number;
    if (number >= trust->count || now < stamp->from || now >= stamp->until)
        return false;
    *issuer = &trust->issuers[number];
    for (size_t i = 0; i < (*issuer)->source_count; i++)
        if (jt_source_usable_generation((*issuer)->sources[i], now_ms) != stamp->generations[i])
            return false;
    return true;
}

static int64_t later_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void keep(struct jt_trust *trust, const struct jt_trusted *issuer, const struct jt_keys_guard *guards,
                 struct jeton_bytes text, const struct jt_verified *token, int64_t now)
{
    const struct jt_claim_rules *rules = &issuer->policy->rules;
    struct jt_numeric_date exp, nbf = {0, false}, iat = {0, false};
    struct jt_cache_stamp stamp = {.issuer = trust->first_number + (uint64_t)(issuer - trust->issuers),
                                   .until = now + NO_EXP_KEPT_FOR};
    for (size_t i = 0; i < issuer->source_count; i++)
        stamp.generations[i] = guards[i].keys != NULL ? guards[i].generation : 0;
    if (jt_verified_time(token, JETON_TIME_EXPIRES, &exp))
        stamp.until = exp.seconds + exp.fraction + rules->leeway;
    if (jt_verified_time(token, JETON_TIME_NOT_BEFORE, &nbf))
        stamp.from = nbf.seconds + nbf.fraction - rules->leeway;
    if (jt_verified_time(token, JETON_TIME_ISSUED, &iat)) {
        stamp.from = later_of(stamp.from, iat.seconds + iat.fraction - rules->leeway);
        if (rules->max_age >= 0 && iat.seconds + rules->max_age + rules->leeway + 1 < stamp.until)
            stamp.until = iat.seconds + rules->max_age + rules->leeway + 1;
    }
    jt_token_cache_keep(trust->cache, text, token, &stamp);
}

static bool recall(struct jt_trust *trust, struct jeton_bytes text, int64_t now, int64_t now_ms,
                   struct jt_trust_result *out)
{
    bool good = jt_token_cache_find(trust->cache, text, &out->hit) &&
                stamp_holds(trust, out->hit.stamp, now, now_ms, &out->issuer);
    jt_token_cache_count(trust->cache, good);
    if (good) {
        out->token = out->hit.token;
        return true;
    }
    jt_token_cache_leave(&out->hit);
    out->issuer = NULL;
    return false;
}

/* --- The walk --- */

/* Of a remembered token: one that was judged afresh was asked about in its place in the order. */
static enum jeton_status refuse_revoked(const struct jt_trust *trust, const struct jt_verified *token,
                                        struct jeton_detail *detail)
{
    if (trust->revocation.revoked != NULL && trust->revocation.revoked(trust->revocation.context, token))
        return jt_fail(detail, JETON_TOKEN_REVOKED, "the token was revoked");
    return JETON_OK;
}

static enum jeton_status judge_fresh(struct jt_trust *trust, struct jeton_bytes text, int64_t now, int64_t now_ms,
                                     struct jt_arena *arena, struct jt_trust_result *out, struct jeton_detail *detail)
{
    struct jt_keys_guard guards[2] = {{.keys = NULL}, {.keys = NULL}};
    const struct jt_verified *token = NULL;
    out->issuer = trust->count == 1 ? &trust->issuers[0] : hinted_issuer(trust, text, arena);
    if (out->issuer == NULL) { /* what exactly is wrong with it, in the order of judgement */
        enum jeton_status why = jt_authenticate(text, NULL, trust->strangers, now, arena, &token, detail);
        return why == JETON_KEYS_UNAVAILABLE ? jt_fail(detail, JETON_ISSUER_UNKNOWN, "nobody is trusted") : why;
    }
    const struct jt_trusted *issuer = out->issuer;
    for (size_t i = 0; i < issuer->source_count; i++)
        guards[i] = jt_source_enter(issuer->sources[i], now_ms);
    enum jeton_status status = judge_by(trust, issuer, guards, text, now, arena, &token, detail);
    if (status == JETON_OK && trust->cache != NULL)
        keep(trust, issuer, guards, text, token, now);
    else if (status != JETON_OK)
        tell_miss(issuer, guards, text, status, now, now_ms, arena, out);
    for (size_t i = 0; i < issuer->source_count; i++)
        jt_source_leave(&guards[i]);
    out->token = token;
    return status;
}

enum jeton_status jt_trust_judge(struct jt_trust *trust, struct jeton_bytes text, int64_t now, int64_t now_ms,
                                 struct jt_arena *arena, struct jt_trust_result *out, struct jeton_detail *detail)
{
    *out = (struct jt_trust_result){.outlook = JT_OUTLOOK_NONE};
    if (trust->cache == NULL || !recall(trust, text, now, now_ms, out))
        return judge_fresh(trust, text, now, now_ms, arena, out, detail);
    return refuse_revoked(trust, out->token, detail);
}

void jt_trust_leave(struct jt_trust_result *result)
{
    jt_token_cache_leave(&result->hit);
    result->token = NULL;
}
