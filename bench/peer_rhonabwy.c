/* SPDX-License-Identifier: Apache-2.0 */
/* rhonabwy, over GnuTLS: the JWK is read once; parse without keys out of the header, verify, then its own claim check.
 */
#include <rhonabwy.h>

#include "bench.h"

static void *open_key(const struct bench_material *material)
{
    jwk_t *key = NULL;
    if (r_global_init() != RHN_OK || r_jwk_init(&key) != RHN_OK)
        return NULL;
    if (r_jwk_import_from_json_str(key, material->public_jwk) != RHN_OK) {
        r_jwk_free(key);
        return NULL;
    }
    return key;
}

static bool verify(void *key, const struct bench_token *token)
{
    jwt_t *jwt = r_jwt_quick_parsen(token->text, token->len, R_PARSE_NONE, R_FLAG_IGNORE_REMOTE);
    bool good = jwt != NULL && r_jwt_verify_signature(jwt, key, R_FLAG_IGNORE_REMOTE) == RHN_OK &&
                r_jwt_validate_claims(jwt, R_JWT_CLAIM_ISS, BENCH_ISSUER, R_JWT_CLAIM_AUD, BENCH_AUDIENCE,
                                      R_JWT_CLAIM_EXP, R_JWT_CLAIM_NOW, R_JWT_CLAIM_NBF, R_JWT_CLAIM_NOW,
                                      R_JWT_CLAIM_NOP) == RHN_OK;
    r_jwt_free(jwt);
    return good;
}

static void close_key(void *key)
{
    r_jwk_free(key);
}

extern const struct bench_subject bench_peer;
__attribute__((visibility("default"))) const struct bench_subject bench_peer = {
    .name = "rhonabwy",
    .version = PEER_VERSION,
    .checks = "exp nbf iss aud",
    .open = open_key,
    .verify = verify,
    .close = close_key,
};
