/* SPDX-License-Identifier: Apache-2.0 */
/* Does a verification get dearer when the set has 10 000 keys, or the policy 1 000 issuers? Against one key and one
 * issuer, for tokens of one key and for tokens of 64 different keys (which costs cache besides). */
#include <jeton/jeton.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "jeton_parts.h"
#include "measure.h"
#include "speed.h"

#define KEYS 10000
#define ISSUERS 1000
#define PLACE_OF_THE_ONE 7919 /* where among all others the material's own key stands */

/* RSA keys take a second to make; for a set of which one is used, an odd number of 2048 bits does as a modulus. */
static char *filler_key(const char *alg, EVP_PKEY *pkey, const char *kid)
{
    if (pkey != NULL)
        return bench_public_jwk(pkey, alg, kid);
    unsigned char modulus[256];
    if (RAND_bytes(modulus, sizeof modulus) <= 0)
        bench_die("no randomness");
    modulus[0] |= 0x80;
    modulus[255] |= 1;
    char *n = bench_base64url(modulus, sizeof modulus), *jwk = NULL;
    if (asprintf(&jwk, "{\"kty\":\"RSA\",\"kid\":\"%s\",\"alg\":\"%s\",\"use\":\"sig\",\"n\":\"%s\",\"e\":\"AQAB\"}",
                 kid, alg, n) < 0)
        bench_die("out of memory");
    free(n);
    return jwk;
}

/* Makes tokens of 64 keys spread over the set, where the keys can sign. */
static char *big_set(const struct bench_material *material, struct bench_token *spread)
{
    char *text = NULL;
    size_t len = 0, spread_count = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        bench_die("out of memory");
    bool real = EVP_PKEY_is_a(material->pkey, "EC");
    fprintf(out, "{\"keys\":[");
    for (size_t i = 0; i < KEYS; i++) {
        char kid[40];
        snprintf(kid, sizeof kid, "key-of-the-year-2026-%06zu", i);
        EVP_PKEY *pkey = real ? bench_key_new(material->alg) : NULL;
        char *jwk = i == PLACE_OF_THE_ONE ? bench_public_jwk(material->pkey, material->alg, material->kid)
                                          : filler_key(material->alg, pkey, kid);
        fprintf(out, "%s%s", i == 0 ? "" : ",", jwk);
        free(jwk);
        if (real && i != PLACE_OF_THE_ONE && i % (KEYS / BENCH_TOKENS) == 0 && spread_count < BENCH_TOKENS)
            bench_token_make(material, pkey, kid, (unsigned)i, material->now + 86400, &spread[spread_count++]);
        EVP_PKEY_free(pkey);
    }
    fprintf(out, "]}");
    if (fclose(out) != 0)
        bench_die("out of memory");
    if (real && spread_count != BENCH_TOKENS)
        bench_die("%zu tokens of different keys", spread_count);
    return text;
}

static void one_algorithm(const char *alg)
{
    struct bench_material *material = bench_material_new(alg);
    struct bench_token *spread = bench_memory(BENCH_TOKENS * sizeof *spread);
    char *jwks = big_set(material, spread);
    struct jeton_keyset *one_key = bench_keyset(material, NULL), *keys = bench_keyset(material, jwks);
    struct jeton_policy *one_issuer = bench_policy(alg, 1), *issuers = bench_policy(alg, ISSUERS);
    if (jeton_keyset_count(keys) != KEYS)
        bench_die("the set has %zu keys", jeton_keyset_count(keys));
    struct {
        const char *name;
        const struct jeton_keyset *keys;
        const struct jeton_policy *policy;
        const struct bench_token *tokens;
    } rows[] = {
        {"1 key, 1 issuer", one_key, one_issuer, material->token},
        {"10 000 keys", keys, one_issuer, material->token},
        {"1 000 issuers", one_key, issuers, material->token},
        {"10 000 keys and 1 000 issuers", keys, issuers, material->token},
        {"10 000 keys, 64 of them in use", keys, one_issuer, spread},
    };
    size_t count = sizeof rows / sizeof *rows - (spread[0].text == NULL);
    struct bench_jeton side[sizeof rows / sizeof *rows];
    struct bench_job jobs[sizeof rows / sizeof *rows] = {{0}};
    for (size_t i = 0; i < count; i++) {
        bench_jeton_init(&side[i], rows[i].keys, rows[i].policy, material->now);
        jobs[i] = (struct bench_job){
            .name = rows[i].name, .run = bench_jeton_verify, .state = &side[i], .tokens = rows[i].tokens};
    }
    bench_measure(jobs, count);
    for (size_t i = 0; i < count; i++) {
        printf("{\"what\":\"scale\",\"alg\":\"%s\",\"subject\":\"%s\",", alg, jobs[i].name);
        bench_print_list("us", jobs[i].us, BENCH_ROUNDS);
        printf(",");
        bench_print_list("ratio", jobs[i].ratio, BENCH_ROUNDS);
        printf("}\n");
        fflush(stdout);
        bench_jeton_done(&side[i]);
    }
    for (size_t i = 0; i < BENCH_TOKENS; i++)
        bench_token_done(&spread[i]);
    free(spread);
    free(jwks);
    jeton_keyset_free(one_key);
    jeton_keyset_free(keys);
    jeton_policy_free(one_issuer);
    jeton_policy_free(issuers);
    bench_material_free(material);
}

int bench_scale(void)
{
    one_algorithm("RS256");
    one_algorithm("ES256");
    return 0;
}
