/* SPDX-License-Identifier: Apache-2.0 */
/* Does a verification get dearer when the set has 10 000 keys, or the policy 1 000 issuers? Against one key and one
 * issuer; and for tokens of 64 different keys, which costs cache besides, against a set of those 64 keys. */
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

/* The set, and where its keys can sign, a token of each of 64 keys spread over it, and a set of those 64 alone. */
struct sets {
    char *all;
    char *few;
    struct bench_token spread[BENCH_TOKENS];
    size_t spread_count;
};

static void make_sets(const struct bench_material *material, struct sets *out)
{
    size_t len = 0, few_len = 0;
    FILE *all = open_memstream(&out->all, &len), *few = open_memstream(&out->few, &few_len);
    if (all == NULL || few == NULL)
        bench_die("out of memory");
    bool real = EVP_PKEY_is_a(material->pkey, "EC");
    fprintf(all, "{\"keys\":[");
    fprintf(few, "{\"keys\":[");
    for (size_t i = 0; i < KEYS; i++) {
        char kid[40];
        snprintf(kid, sizeof kid, "key-of-the-year-2026-%06zu", i);
        EVP_PKEY *pkey = real ? bench_key_new(material->alg) : NULL;
        char *jwk = i == PLACE_OF_THE_ONE ? bench_public_jwk(material->pkey, material->alg, material->kid)
                                          : filler_key(material->alg, pkey, kid);
        fprintf(all, "%s%s", i == 0 ? "" : ",", jwk);
        if (real && i != PLACE_OF_THE_ONE && i % (KEYS / BENCH_TOKENS) == 0 && out->spread_count < BENCH_TOKENS) {
            fprintf(few, "%s%s", out->spread_count == 0 ? "" : ",", jwk);
            bench_token_make(material, pkey, kid, (unsigned)i, material->now + 86400,
                             &out->spread[out->spread_count++]);
        }
        free(jwk);
        EVP_PKEY_free(pkey);
    }
    fprintf(all, "]}");
    fprintf(few, "]}");
    if (fclose(all) != 0 || fclose(few) != 0)
        bench_die("out of memory");
    if (real && out->spread_count != BENCH_TOKENS)
        bench_die("%zu tokens of different keys", out->spread_count);
}

struct row {
    const char *name;
    const struct jeton_keyset *keys;
    const struct jeton_policy *policy;
    const struct bench_token *tokens;
};

/* All rows over the first. */
static void compare(const struct bench_material *material, const struct row *rows, size_t count)
{
    struct bench_jeton side[BENCH_JOBS_MAX];
    struct bench_job jobs[BENCH_JOBS_MAX] = {{0}};
    for (size_t i = 0; i < count; i++) {
        bench_jeton_init(&side[i], rows[i].keys, rows[i].policy, material->now);
        jobs[i] = (struct bench_job){
            .name = rows[i].name, .run = bench_jeton_verify, .state = &side[i], .tokens = rows[i].tokens};
    }
    bench_measure(jobs, count);
    for (size_t i = 0; i < count; i++) {
        printf("{\"what\":\"scale\",\"alg\":\"%s\",\"subject\":\"%s\",", material->alg, jobs[i].name);
        bench_print_list("us", jobs[i].us, BENCH_ROUNDS);
        printf(",");
        bench_print_list("ratio", jobs[i].ratio, BENCH_ROUNDS);
        printf("}\n");
        fflush(stdout);
        bench_jeton_done(&side[i]);
    }
}

static void one_algorithm(const char *alg)
{
    struct bench_material *material = bench_material_new(alg);
    struct sets *sets = bench_memory(sizeof *sets);
    make_sets(material, sets);
    struct jeton_keyset *one_key = bench_keyset(material, NULL), *keys = bench_keyset(material, sets->all);
    struct jeton_policy *one_issuer = bench_policy(alg, 1), *issuers = bench_policy(alg, ISSUERS);
    if (jeton_keyset_count(keys) != KEYS)
        bench_die("the set has %zu keys", jeton_keyset_count(keys));
    const struct row rows[] = {
        {"1 key, 1 issuer", one_key, one_issuer, material->token},
        {"10 000 keys", keys, one_issuer, material->token},
        {"1 000 issuers", one_key, issuers, material->token},
        {"10 000 keys and 1 000 issuers", keys, issuers, material->token},
    };
    compare(material, rows, sizeof rows / sizeof *rows);
    if (sets->spread_count > 0) {
        struct jeton_keyset *few = bench_keyset(material, sets->few);
        const struct row used[] = {
            {"64 keys, all in use", few, one_issuer, sets->spread},
            {"10 000 keys, 64 of them in use", keys, one_issuer, sets->spread},
        };
        compare(material, used, sizeof used / sizeof *used);
        jeton_keyset_free(few);
    }
    for (size_t i = 0; i < sets->spread_count; i++)
        bench_token_done(&sets->spread[i]);
    free(sets->all);
    free(sets->few);
    free(sets);
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
