/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/trust.h>: the trust of the auth room with its cache and the caller's word on revocation. */
#include "auth/trust.h"

#include <stdlib.h>

#include "library/engine.h"

struct jeton_trust {
    struct jt_trust *inner;
    struct jt_token_cache *cache; /* NULL: off */
    struct jeton_engine *engine;  /* NULL: no source is followed */
    jeton_revoked_function revoked;
    void *revoked_context;
};

static bool is_revoked(void *context, const struct jt_verified *token)
{
    const struct jeton_trust *trust = context;
    return trust->revoked(trust->revoked_context, (const struct jeton_verified *)(const void *)token);
}

/* --- Building --- */

static enum jeton_status read_trusted(const struct jeton_trusted *trusted, size_t max_token, struct jt_trusted *out,
                                      struct jeton_detail *detail)
{
    struct jeton_policy_options policy;
    if (trusted->source == NULL || trusted->policy == NULL || trusted->issuer.len == 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a trusted issuer without name, source or policy");
    if (trusted->policy->size != sizeof policy)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "policy options of another version");
    policy = *trusted->policy;
    policy.issuers = (struct jeton_list){&trusted->issuer, 1};
    policy.max_token = max_token;
    JT_TRY(jt_policy_new(&policy, &out->policy, detail));
    out->issuer = trusted->issuer;
    out->sources[0] = jt_border_source(trusted->source);
    out->sources[1] = trusted->fallback != NULL ? jt_border_source(trusted->fallback) : NULL;
    out->source_count = trusted->fallback != NULL ? 2 : 1;
    out->refresh_on_bad_signature = trusted->refresh_on_bad_signature;
    return JETON_OK;
}

static enum jeton_status read_all(const struct jeton_trust_options *options, struct jeton_trust *trust,
                                  struct jt_trusted *trusted, struct jeton_detail *detail)
{
    for (size_t i = 0; i < options->count; i++)
        JT_TRY(read_trusted(&options->trusted[i], options->max_token, &trusted[i], detail));
    if (options->cache_entries > 0)
        JT_TRY(jt_token_cache_new(options->cache_entries, options->cache_bytes, &trust->cache));
    struct jt_trust_options inner = {.issuers = trusted,
                                     .issuer_count = options->count,
                                     .max_token = options->max_token,
                                     .cache = trust->cache,
                                     .revocation = {options->revoked != NULL ? is_revoked : NULL, trust}};
    return jt_trust_new(&inner, &trust->inner, detail);
}

enum jeton_status jeton_trust_new(const struct jeton_trust_options *options, struct jeton_trust **out,
                                  struct jeton_detail *detail)
{
    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "trust options of another version");
    if (options->count == 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "no issuer is trusted");
    struct jeton_trust *trust = calloc(1, sizeof *trust);
    struct jt_trusted *trusted = calloc(options->count, sizeof *trusted);
    enum jeton_status status = JETON_OUT_OF_MEMORY;
    if (trust != NULL && trusted != NULL) {
        trust->engine = options->engine;
        trust->revoked = options->revoked;
        trust->revoked_context = options->revoked_context;
        status = read_all(options, trust, trusted, detail);
    }
    if (status == JETON_OK) {
        free(trusted);
        *out = trust;
        return JETON_OK;
    }
    for (size_t i = 0; trusted != NULL && i < options->count; i++)
        jt_policy_free(trusted[i].policy);
    free(trusted);
    jeton_trust_free(trust);
    if (status == JETON_OUT_OF_MEMORY)
        return jt_fail(detail, status, "out of memory");
    return status;
}

void jeton_trust_free(struct jeton_trust *trust)
{
    if (trust == NULL)
        return;
    jt_trust_free(trust->inner);
    jt_token_cache_free(trust->cache);
    free(trust);
}

size_t jeton_trust_arena_size(size_t max_token)
{
    return jt_trust_arena_size(max_token < JT_TOKEN_MAX ? max_token : JT_TOKEN_MAX);
}

/* --- Judging --- */

_Static_assert((int)JETON_OUTLOOK_PENDING == (int)JT_OUTLOOK_PENDING &&
                   (int)JETON_OUTLOOK_FINAL == (int)JT_OUTLOOK_FINAL,
               "outlooks are counted alike");
_Static_assert(sizeof(struct jt_cache_hit) <= sizeof((struct jeton_trust_result *)0)->inner, "a hit fits");

enum jeton_status jeton_trust_verify(struct jeton_trust *trust, struct jeton_bytes token, int64_t now, void *arena,
                                     size_t arena_len, struct jeton_trust_result *result, struct jeton_detail *detail)
{
    struct jt_arena memory;
    struct jt_trust_result inner;
    int64_t now_ms = trust->engine != NULL ? jt_engine_now(trust->engine->inner) : 0;
    jt_arena_init(&memory, arena, arena_len);
    enum jeton_status status = jt_trust_judge(trust->inner, token, now, now_ms, &memory, &inner, detail);
    *result = (struct jeton_trust_result){.outlook = (enum jeton_outlook)inner.outlook,
                                          .source = (struct jeton_source *)inner.source};
    if (inner.issuer != NULL)
        result->issuer = inner.issuer->issuer;
    if (status == JETON_OK)
        result->verified = (const struct jeton_verified *)(const void *)inner.token;
    if (status == JETON_KEYS_UNAVAILABLE)
        result->outlook = JETON_OUTLOOK_UNAVAILABLE;
    memcpy(result->inner, &inner.hit, sizeof inner.hit);
    return status;
}

void jeton_trust_leave(struct jeton_trust_result *result)
{
    struct jt_cache_hit hit;
    memcpy(&hit, result->inner, sizeof hit);
    jt_token_cache_leave(&hit);
    memset(result->inner, 0, sizeof result->inner);
    result->verified = NULL;
}

enum jeton_status jeton_trust_count(struct jeton_trust *trust, struct jeton_trust_counts *counts)
{
    if (counts->size != sizeof *counts)
        return JETON_ARGUMENT_INVALID;
    struct jt_cache_counts inner = {0, 0, 0, 0};
    if (trust->cache != NULL)
        inner = jt_token_cache_counts(trust->cache);
    counts->hits = inner.hits;
    counts->misses = inner.misses;
    counts->entries = inner.entries;
    counts->bytes = inner.bytes;
    return JETON_OK;
}
