/* SPDX-License-Identifier: Apache-2.0 */
/* What does a token cost through the promise of libjeton, whole: parse, signature, exp, nbf, iss, aud? */
#include <jeton/jeton.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "jeton_parts.h"

struct state {
    struct jeton_keyset *keys;
    struct jeton_policy *policy;
    struct jeton_secret_key *secret;
    struct bench_jeton side;
    const struct bench_material *material;
};

struct jeton_policy *bench_policy(const char *alg, size_t issuers)
{
    struct jeton_bytes *list = bench_memory(issuers * sizeof *list);
    char(*names)[48] = bench_memory(issuers * sizeof *names);
    for (size_t i = 0; i < issuers; i++) {
        snprintf(names[i], sizeof names[i], "https://login-%04zu.example", i);
        list[i] = jeton_text(names[i]);
    }
    list[issuers / 2] = jeton_text(BENCH_ISSUER);
    struct jeton_bytes audience = jeton_text(BENCH_AUDIENCE), algorithm = jeton_text(alg);
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.issuers = (struct jeton_list){list, issuers};
    options.audiences = (struct jeton_list){&audience, 1};
    options.algorithms = (struct jeton_list){&algorithm, 1};
    struct jeton_policy *policy = NULL;
    struct jeton_detail detail;
    if (jeton_policy_new(&options, &policy, &detail) != JETON_OK)
        bench_die("jeton: %s", detail.text);
    free(list);
    free(names);
    return policy;
}

struct jeton_keyset *bench_keyset(const struct bench_material *material, const char *jwks)
{
    struct jeton_keyset *keys = NULL;
    struct jeton_detail detail = {""};
    enum jeton_status status = jeton_keyset_new(&keys);
    if (status == JETON_OK && jwks != NULL)
        status = jeton_keyset_add_jwks(keys, jeton_text(jwks), NULL, &detail);
    else if (status == JETON_OK && material->pkey == NULL)
        status = jeton_keyset_add_secret(keys, jeton_bytes(material->secret, sizeof material->secret), &detail);
    else if (status == JETON_OK) {
        size_t room = strlen(material->public_jwk) + 16;
        char *set = bench_memory(room);
        snprintf(set, room, "{\"keys\":[%s]}", material->public_jwk);
        status = jeton_keyset_add_jwks(keys, jeton_text(set), NULL, &detail);
        free(set);
    }
    if (status != JETON_OK)
        bench_die("jeton: %s: %s", jeton_status_code(status), detail.text);
    jeton_keyset_warm(keys);
    return keys;
}

void bench_jeton_init(struct bench_jeton *side, const struct jeton_keyset *keys, const struct jeton_policy *policy,
                      int64_t now)
{
    side->keys = keys;
    side->policy = policy;
    side->now = now;
    side->arena_len = jeton_verify_arena_size(16384);
    side->arena = bench_memory(side->arena_len);
}

void bench_jeton_done(struct bench_jeton *side)
{
    free(side->arena);
}

bool bench_jeton_verify(void *at, const struct bench_token *token)
{
    struct bench_jeton *side = at;
    const struct jeton_verified *verified = NULL;
    return jeton_verify(jeton_bytes(token->text, token->len), side->keys, side->policy, side->now, side->arena,
                        side->arena_len, &verified, NULL) == JETON_OK;
}

static void *jeton_open(const struct bench_material *material)
{
    struct state *state = bench_memory(sizeof *state);
    struct jeton_detail detail = {""};
    state->material = material;
    state->policy = bench_policy(material->alg, 1);
    state->keys = bench_keyset(material, NULL);
    bench_jeton_init(&state->side, state->keys, state->policy, material->now);
    enum jeton_status status = material->pkey == NULL
                                   ? jeton_secret_key_from_bytes(jeton_bytes(material->secret, sizeof material->secret),
                                                                 &state->secret, &detail)
                                   : jeton_secret_key_read(jeton_text(material->private_pem), &state->secret, &detail);
    if (status != JETON_OK)
        bench_die("jeton: %s: %s", jeton_status_code(status), detail.text);
    return state;
}

static bool jeton_check(void *at, const struct bench_token *token)
{
    struct state *state = at;
    return bench_jeton_verify(&state->side, token);
}

/* The same ten claims that the token has, so that both sides sign as many bytes. */
static bool jeton_make(void *at, const struct bench_token *token)
{
    struct state *state = at;
    struct jeton_bytes audience = jeton_text(BENCH_AUDIENCE);
    const struct jeton_claim claims[] = {
        {jeton_text("scope"), jeton_text("\"read write\"")},
        {jeton_text("client_id"), jeton_text("\"web\"")},
        {jeton_text("tenant_id"), jeton_text(token->tenant_id)},
    };
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    options.alg = jeton_text(state->material->alg);
    options.kid = jeton_text(state->material->kid);
    options.issuer = jeton_text(BENCH_ISSUER);
    options.subject = jeton_text("user-4f1c0a3e");
    options.audiences = (struct jeton_list){&audience, 1};
    options.now = state->material->now;
    options.ttl = 86400;
    options.claims = claims;
    options.claim_count = 3;
    options.jti = jeton_text(token->id);
    struct jeton_output out = JETON_OUTPUT_INIT;
    if (jeton_sign(state->secret, &options, &out, NULL) != JETON_OK)
        return false;
    bool as_long = out.len == token->len;
    jeton_output_done(&out);
    return as_long;
}

static void jeton_close(void *at)
{
    struct state *state = at;
    bench_jeton_done(&state->side);
    jeton_keyset_free(state->keys);
    jeton_policy_free(state->policy);
    jeton_secret_key_free(state->secret);
    free(state);
}

const struct bench_subject bench_jeton = {
    .name = "jeton",
    .version = JETON_VERSION,
    .checks = "exp nbf iss aud",
    .open = jeton_open,
    .verify = jeton_check,
    .sign = jeton_make,
    .close = jeton_close,
};
