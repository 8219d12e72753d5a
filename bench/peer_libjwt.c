/* SPDX-License-Identifier: Apache-2.0 */
/* libjwt 1.10 to 2: jwt_decode() takes the key as PEM text at every call, there is no parsed key. From 1.12 on it has
 * a claim check of its own (LIBJWT_VALIDATES). */
#include <jwt.h>
#include <stdlib.h>

#include "bench.h"

struct state {
    const unsigned char *key;
    int key_len;
    jwt_alg_t alg;
#ifdef LIBJWT_VALIDATES
    jwt_valid_t *claims;
#endif
};

static void *open_key(const struct bench_material *material)
{
    jwt_alg_t alg = jwt_str_alg(material->alg);
    if (alg == JWT_ALG_INVAL)
        return NULL;
    struct state *state = bench_memory(sizeof *state);
    state->alg = alg;
    state->key = material->pkey != NULL ? (const unsigned char *)material->public_pem : material->secret;
    state->key_len = material->pkey != NULL ? (int)strlen(material->public_pem) : (int)sizeof material->secret;
#ifdef LIBJWT_VALIDATES
    if (jwt_valid_new(&state->claims, alg) != 0 || jwt_valid_set_now(state->claims, (time_t)material->now) != 0 ||
        jwt_valid_add_grant(state->claims, "iss", BENCH_ISSUER) != 0 ||
        jwt_valid_add_grant(state->claims, "aud", BENCH_AUDIENCE) != 0)
        bench_die("libjwt: policy");
#endif
    return state;
}

static bool verify(void *at, const struct bench_token *token)
{
    struct state *state = at;
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, token->text, state->key, state->key_len) != 0)
        return false;
    bool good = jwt_get_alg(jwt) == state->alg;
#ifdef LIBJWT_VALIDATES
    good = good && jwt_validate(jwt, state->claims) == 0;
#endif
    jwt_free(jwt);
    return good;
}

static void close_key(void *at)
{
#ifdef LIBJWT_VALIDATES
    jwt_valid_free(((struct state *)at)->claims);
#endif
    free(at);
}

extern const struct bench_subject bench_peer;
__attribute__((visibility("default"))) const struct bench_subject bench_peer = {
    .name = "libjwt",
    .version = PEER_VERSION,
#ifdef LIBJWT_VALIDATES
    .checks = "exp nbf iss aud",
#else
    .checks = "",
#endif
    .open = open_key,
    .verify = verify,
    .close = close_key,
};
