/* SPDX-License-Identifier: Apache-2.0 */
/* libjwt 3: the key is parsed once from a JWK, the checker keeps it together with the claims it wants. */
#include <jwt.h>
#include <stdlib.h>

#include "bench.h"

struct state {
    jwk_set_t *keys;
    jwt_checker_t *checker;
};

static void *open_key(const struct bench_material *material)
{
    jwt_alg_t alg = jwt_str_alg(material->alg);
    if (alg == JWT_ALG_INVAL)
        return NULL;
    struct state *state = bench_memory(sizeof *state);
    state->keys = jwks_create(material->public_jwk);
    state->checker = jwt_checker_new();
    if (state->keys == NULL || state->checker == NULL ||
        jwt_checker_setkey(state->checker, alg, jwks_item_get(state->keys, 0)) != 0 ||
        jwt_checker_claim_set(state->checker, JWT_CLAIM_ISS, BENCH_ISSUER) != 0 ||
        jwt_checker_claim_set(state->checker, JWT_CLAIM_AUD, BENCH_AUDIENCE) != 0) {
        jwt_checker_free(state->checker);
        jwks_free(state->keys);
        free(state);
        return NULL;
    }
    return state;
}

static bool verify(void *at, const struct bench_token *token)
{
    struct state *state = at;
    return jwt_checker_verify(state->checker, token->text) == 0;
}

static void close_key(void *at)
{
    struct state *state = at;
    jwt_checker_free(state->checker);
    jwks_free(state->keys);
    free(state);
}

extern const struct bench_subject bench_peer;
__attribute__((visibility("default"))) const struct bench_subject bench_peer = {
    .name = "libjwt",
    .version = PEER_VERSION,
    .checks = "exp nbf iss aud",
    .open = open_key,
    .verify = verify,
    .close = close_key,
};
