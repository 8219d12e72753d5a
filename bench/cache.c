/* SPDX-License-Identifier: Apache-2.0 */
/* What does a key cost to find, and a token that was judged a moment ago? Next to a whole ES256 verification through
 * the same door, alone and beside a second thread that does the same to the same source and cache.
 *
 * usage: bench_cache */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/trust.h"
#include "measure.h"

#define NOW_MS INT64_C(1000000)
#define MAX_TOKEN ((size_t)16384)
#define KEYS 8

struct side {
    struct jt_trust *trust;
    struct jt_source *source;
    struct jt_header header;
    int64_t now;
    void *memory;
    size_t room;
};

static void check(enum jeton_status status)
{
    if (status != JETON_OK)
        bench_die("cache: %s", jeton_status_code(status));
}

/* The material's key among others, as an issuer would publish it. */
static struct jt_source *make_source(const struct bench_material *material)
{
    struct jt_keyset *keys;
    struct jt_source *source;
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    fprintf(file, "{\"keys\":[%s", material->public_jwk);
    for (int i = 1; i < KEYS; i++) {
        struct evp_pkey_st *pkey = bench_key_new(material->alg);
        char kid[32];
        snprintf(kid, sizeof kid, "another-key-%d", i);
        char *jwk = bench_public_jwk(pkey, material->alg, kid);
        fprintf(file, ",%s", jwk);
        free(jwk);
    }
    fprintf(file, "]}");
    if (fclose(file) != 0)
        bench_die("out of memory");
    check(jt_keyset_new(&keys));
    check(jt_keyset_read_jwks(keys, jeton_bytes(text, len), JETON_ORIGIN_FETCHED, NULL, NULL, NULL));
    jt_keyset_warm(keys);
    check(jt_source_open_static(keys, &source));
    free(text);
    return source;
}

static struct jt_trust *make_trust(struct jt_source *source, struct jt_token_cache *cache)
{
    struct jeton_bytes issuer = jeton_text(BENCH_ISSUER), audience = jeton_text(BENCH_AUDIENCE);
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jt_trusted trusted = {.issuer = issuer, .sources = {source}, .source_count = 1};
    struct jt_trust *trust;
    options.issuers = (struct jeton_list){&issuer, 1};
    options.audiences = (struct jeton_list){&audience, 1};
    check(jt_policy_new(&options, &trusted.policy, NULL));
    struct jt_trust_options with = {.issuers = &trusted, .issuer_count = 1, .max_token = MAX_TOKEN, .cache = cache};
    check(jt_trust_new(&with, &trust, NULL));
    return trust;
}

static bool judge(void *at, const struct bench_token *token)
{
    struct side *side = at;
    struct jt_arena arena;
    struct jt_trust_result result;
    jt_arena_init(&arena, side->memory, side->room);
    enum jeton_status status = jt_trust_judge(side->trust, jeton_bytes(token->text, token->len), side->now, NOW_MS,
                                              &arena, &result, NULL);
    jt_trust_leave(&result);
    return status == JETON_OK;
}

static bool look_up(void *at, const struct bench_token *token)
{
    struct side *side = at;
    struct jt_candidates candidates;
    (void)token;
    struct jt_keys_guard guard = jt_source_enter(side->source, NOW_MS);
    enum jeton_status status = jt_keyset_find(guard.keys, &side->header, &candidates, NULL);
    jt_source_leave(&guard);
    return status == JETON_OK && candidates.count == 1;
}

static struct side side_of(const struct side *other)
{
    struct side side = *other;
    side.room = jt_trust_arena_size(MAX_TOKEN);
    side.memory = bench_memory(side.room);
    return side;
}

/* --- The neighbour --- */

struct neighbour {
    bool (*run)(void *state, const struct bench_token *token);
    struct side side;
    const struct bench_token *tokens;
    atomic_bool stop;
    pthread_t thread;
};

static void *keep_busy(void *at)
{
    struct neighbour *neighbour = at;
    bool good = true;
    for (size_t i = 0; !atomic_load_explicit(&neighbour->stop, memory_order_relaxed); i++)
        good &= neighbour->run(&neighbour->side, &neighbour->tokens[i % BENCH_TOKENS]);
    if (!good)
        bench_die("cache: the second thread failed");
    return NULL;
}

static void print(const struct bench_job *job, const char *beside, const struct bench_material *material)
{
    printf("{\"what\":\"cache\",\"alg\":\"%s\",\"subject\":\"%s%s\",\"bytes\":%zu,", material->alg, job->name, beside,
           material->token[0].len);
    bench_print_list("us", job->us, BENCH_ROUNDS);
    printf(",");
    bench_print_list("ratio", job->ratio, BENCH_ROUNDS);
    printf("}\n");
    fflush(stdout);
}

/* `job` over a whole verification; with `crowd`, while a second thread does what `job` does. */
static void measure(const struct bench_material *material, struct side *whole, struct bench_job job, bool crowd)
{
    struct bench_job jobs[2] = {{.name = "whole verification", .run = judge, .state = whole, .tokens = material->token},
                                job};
    struct neighbour neighbour = {.run = job.run, .side = side_of(job.state), .tokens = material->token};
    if (crowd && pthread_create(&neighbour.thread, NULL, keep_busy, &neighbour) != 0)
        bench_die("thread");
    bench_measure(jobs, 2);
    if (crowd) {
        atomic_store(&neighbour.stop, true);
        pthread_join(neighbour.thread, NULL);
    }
    print(&jobs[1], crowd ? ", beside a second thread" : "", material);
    free(neighbour.side.memory);
}

int main(void)
{
    struct bench_material *material = bench_material_new("ES256");
    struct jt_token_cache *cache;
    struct side base = {.source = make_source(material), .now = material->now};
    base.header = (struct jt_header){.algorithm = jt_algorithm_find(jeton_text(material->alg)),
                                     .kid = jeton_text(material->kid)};
    check(jt_token_cache_new(1024, (size_t)4 << 20, &cache));
    struct side whole = side_of(&base), cached = side_of(&base);
    whole.trust = make_trust(base.source, NULL);
    cached.trust = make_trust(base.source, cache);
    for (size_t i = 0; i < BENCH_TOKENS; i++)
        if (!judge(&cached, &material->token[i]))
            bench_die("cache: a good token was refused");
    if (jt_token_cache_counts(cache).entries != BENCH_TOKENS)
        bench_die("cache: %zu of %d tokens are kept", (size_t)jt_token_cache_counts(cache).entries, BENCH_TOKENS);
    const struct bench_job rows[] = {
        {.name = "key lookup", .run = look_up, .state = &cached, .tokens = material->token},
        {.name = "cached token", .run = judge, .state = &cached, .tokens = material->token},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        measure(material, &whole, rows[i], false);
        measure(material, &whole, rows[i], true);
    }
    jt_trust_free(whole.trust);
    jt_trust_free(cached.trust);
    jt_source_close(base.source);
    jt_token_cache_free(cache);
    free(whole.memory);
    free(cached.memory);
    bench_material_free(material);
    return 0;
}
