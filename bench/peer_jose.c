/* SPDX-License-Identifier: Apache-2.0 */
/* jose (libjose): the JWK is parsed once as JSON, which is all its interface keeps of a key. It takes a JWS as a JSON
 * object, so the three parts of the token are put into one, as its own command does. It checks no claims. */
#include <jose/jws.h>

#include "bench.h"

static void *open_key(const struct bench_material *material)
{
    if (strcmp(material->alg, "EdDSA") == 0)
        return NULL;
    return json_loads(material->public_jwk, 0, NULL);
}

static bool verify(void *key, const struct bench_token *token)
{
    const char *first = memchr(token->text, '.', token->len);
    const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
    if (second == NULL)
        return false;
    json_t *jws = json_pack("{s:s%,s:s%,s:s}", "protected", token->text, (size_t)(first - token->text), "payload",
                            first + 1, (size_t)(second - first - 1), "signature", second + 1);
    bool good = jws != NULL && jose_jws_ver(NULL, jws, NULL, key, false);
    json_decref(jws);
    return good;
}

static void close_key(void *key)
{
    json_decref(key);
}

extern const struct bench_subject bench_peer;
__attribute__((visibility("default"))) const struct bench_subject bench_peer = {
    .name = "jose",
    .version = PEER_VERSION,
    .checks = "",
    .open = open_key,
    .verify = verify,
    .close = close_key,
};
