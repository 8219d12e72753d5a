/* SPDX-License-Identifier: Apache-2.0 */
/* cjose: the key is parsed once from its JWK; import, verify, payload out. It knows JWS and no claims. */
#include <cjose/cjose.h>

#include "bench.h"

static void *open_key(const struct bench_material *material)
{
    cjose_err error;
    if (strcmp(material->alg, "EdDSA") == 0)
        return NULL;
    return cjose_jwk_import(material->public_jwk, strlen(material->public_jwk), &error);
}

static bool verify(void *key, const struct bench_token *token)
{
    cjose_err error;
    uint8_t *payload = NULL;
    size_t len = 0;
    cjose_jws_t *jws = cjose_jws_import(token->text, token->len, &error);
    bool good = jws != NULL && cjose_jws_verify(jws, key, &error) &&
                cjose_jws_get_plaintext(jws, &payload, &len, &error);
    cjose_jws_release(jws);
    return good;
}

static void close_key(void *key)
{
    cjose_jwk_release(key);
}

extern const struct bench_subject bench_peer;
__attribute__((visibility("default"))) const struct bench_subject bench_peer = {
    .name = "cjose",
    .version = PEER_VERSION,
    .checks = "",
    .open = open_key,
    .verify = verify,
    .close = close_key,
};
