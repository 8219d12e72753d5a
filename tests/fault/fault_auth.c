/* SPDX-License-Identifier: Apache-2.0 */
/* Is a trust as strict, and its cache as true, when memory or randomness is short? */
#include <stdlib.h>

#include "auth/introspected.h"
#include "auth/revoked.h"
#include "auth/trust.h"
#include "jose/sign.h"

#include "fault.h"

#define NOW 1700000000
#define MAX_TOKEN ((size_t)4096)

/* What is ready before anything may fail. */
struct ready {
    struct jt_keyset *set;
    char *token;
};

static struct jt_keyset *set_of(const struct jt_secret_jwk *key)
{
    struct jt_keyset *set = NULL;
    struct jt_public_jwk *half = NULL;
    if (jt_keyset_new(&set) != JETON_OK || jt_public_jwk_of(key, &half) != JETON_OK ||
        jt_keyset_add_public(set, half, false) != JETON_OK)
        abort();
    jt_public_jwk_release(half);
    jt_keyset_warm(set);
    return set;
}

static struct ready make_ready(bool forged)
{
    const struct jt_algorithm *alg = jt_algorithm_find(JT_TEXT("ES256"));
    struct ready ready = {NULL, NULL};
    struct jt_secret_jwk *key = NULL, *other = NULL;
    struct jt_buffer token;
    fault_pause();
    jt_buffer_init(&token, MAX_TOKEN);
    if (jt_secret_jwk_generate(alg, 0, JT_TEXT("k"), &key, NULL) != JETON_OK ||
        jt_secret_jwk_generate(alg, 0, JT_TEXT("k"), &other, NULL) != JETON_OK ||
        jt_sign_jws(forged ? other : key, alg, JT_TEXT("{\"alg\":\"ES256\",\"kid\":\"k\"}"),
                    JT_TEXT("{\"iss\":\"https://a.example\",\"exp\":1700000100}"), &token, NULL) != JETON_OK)
        abort();
    jt_buffer_add_byte(&token, 0);
    ready.token = (char *)token.at;
    ready.set = set_of(key);
    jt_secret_jwk_release(key);
    jt_secret_jwk_release(other);
    fault_resume();
    return ready;
}

static enum jeton_status new_trust(struct jt_source *source, struct jt_token_cache *cache, struct jt_trust **out)
{
    struct jeton_bytes issuer = JT_TEXT("https://a.example");
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jt_trusted trusted = {.issuer = issuer, .sources = {source}, .source_count = 1};
    options.issuers = (struct jeton_list){&issuer, 1};
    options.any_audience = true;
    JT_TRY(jt_policy_new(&options, &trusted.policy, NULL));
    struct jt_trust_options with = {.issuers = &trusted, .issuer_count = 1, .max_token = MAX_TOKEN, .cache = cache};
    enum jeton_status status = jt_trust_new(&with, out, NULL);
    if (status != JETON_OK)
        jt_policy_free(trusted.policy);
    return status;
}

static enum jeton_status judge(struct jt_trust *trust, const char *token)
{
    size_t room = jt_trust_arena_size(MAX_TOKEN);
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_trust_result result;
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_trust_judge(trust, jeton_text(token), NOW, 1, &arena, &result, NULL);
    jt_trust_leave(&result);
    free(memory);
    return status;
}

/* Twice, so that the second may come from the cache. */
static enum jeton_status judge_twice(bool forged)
{
    struct ready ready = make_ready(forged);
    struct jt_source *source = NULL;
    struct jt_token_cache *cache = NULL;
    struct jt_trust *trust = NULL;
    enum jeton_status status = jt_source_open_static(ready.set, &source);
    if (status != JETON_OK)
        jt_keyset_free(ready.set);
    if (status == JETON_OK)
        status = jt_token_cache_new(16, 1 << 16, &cache);
    if (status == JETON_OK)
        status = new_trust(source, cache, &trust);
    if (status == JETON_OK)
        status = judge(trust, ready.token);
    if (status == JETON_OK)
        status = judge(trust, ready.token);
    jt_trust_free(trust);
    jt_token_cache_free(cache);
    jt_source_close(source);
    free(ready.token);
    return status;
}

static enum jeton_status a_good_token_is_judged_and_kept(void)
{
    return judge_twice(false);
}

static enum jeton_status a_forged_token_stays_refused(void)
{
    return judge_twice(true);
}

/* A provider whose new set cannot be swapped in keeps the old one, and the new one stays its owner's. */
static enum jeton_status a_provider_replaces_its_keys(void)
{
    struct ready ready = make_ready(false), next = make_ready(false);
    struct jt_source *source = NULL;
    enum jeton_status status = jt_source_open_provider(&source);
    enum jeton_status first = status == JETON_OK ? jt_source_provide(source, ready.set) : status;
    enum jeton_status second = first == JETON_OK ? jt_source_provide(source, next.set) : first;
    if (first != JETON_OK)
        jt_keyset_free(ready.set);
    if (second != JETON_OK)
        jt_keyset_free(next.set);
    if (first == JETON_OK) {
        struct jt_keys_guard guard = jt_source_enter(source, 1);
        if (guard.keys != (second == JETON_OK ? next.set : ready.set))
            abort();
        jt_source_leave(&guard);
    }
    jt_source_close(source);
    free(ready.token);
    free(next.token);
    return second;
}

/* What was added is there, what was refused changed nothing; growing and losing names takes a new table. */
static enum jeton_status revoked_names_stay_while_it_grows(void)
{
    struct jt_revoked *revoked = NULL;
    enum jeton_status status = jt_revoked_new(1000, &revoked);
    unsigned added = 0;
    unsigned char id[JT_REVOKED_ID] = {0};
    for (; status == JETON_OK && added < 600; added++) {
        memcpy(id, &added, sizeof added);
        status = jt_revoked_add(revoked, id, NOW + 10);
        if (status != JETON_OK)
            break;
    }
    if (revoked != NULL)
        jt_revoked_expire(revoked, NOW + 9);
    for (unsigned i = 0; revoked != NULL && i < added; i++) {
        memcpy(id, &i, sizeof i);
        if (!jt_revoked_has(revoked, id))
            abort();
    }
    if (revoked != NULL)
        jt_revoked_expire(revoked, NOW + 10);
    jt_revoked_free(revoked);
    return status;
}

static enum jeton_status an_answer_about_a_token_is_read(void)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer claims;
    bool active = false;
    jt_buffer_init(&claims, 4096);
    enum jeton_status status = jt_introspected_read(JT_TEXT("{\"active\":true,\"sub\":\"a\"}"),
                                                    JT_TEXT("https://a.example"), &active, &claims, NULL);
    if ((status == JETON_OK) != active)
        abort();
    return status;
}

static enum jeton_status an_inactive_token_never_becomes_active(void)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer claims;
    bool active = false;
    jt_buffer_init(&claims, 4096);
    enum jeton_status status = jt_introspected_read(JT_TEXT("{\"active\":false,\"sub\":\"a\"}"),
                                                    JT_TEXT("https://a.example"), &active, &claims, NULL);
    if (active || claims.len > 0)
        abort();
    return status;
}

FAULT_SCENARIOS({"revoked_names_stay_while_it_grows", revoked_names_stay_while_it_grows, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"an_answer_about_a_token_is_read", an_answer_about_a_token_is_read, JETON_OK, FAULT_MEMORY, JETON_OK},
                {"an_inactive_token_never_becomes_active", an_inactive_token_never_becomes_active, JETON_OK,
                 FAULT_MEMORY, JETON_OK},
                {"a_good_token_is_judged_and_kept", a_good_token_is_judged_and_kept, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_forged_token_stays_refused", a_forged_token_stays_refused, JETON_SIGNATURE_INVALID,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_provider_replaces_its_keys", a_provider_replaces_its_keys, JETON_OK, FAULT_MEMORY | FAULT_RANDOM,
                 JETON_OK});
