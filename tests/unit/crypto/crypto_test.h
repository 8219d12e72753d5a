/* SPDX-License-Identifier: Apache-2.0 */
/* What do the tests of this room share? Hex, files, and a key of every type. */
#ifndef JT_TESTS_CRYPTO_TEST_H
#define JT_TESTS_CRYPTO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "crypto/crypto.h"

/* A method, the key it needs, and a name for messages. */
struct method_case {
    const char *name;
    enum jt_key_type type;
    enum jt_curve curve;
    unsigned bits;
    struct jt_method method;
};

static const struct method_case method_cases[] = {
    {"RS256", JT_KEY_RSA, JT_CURVE_NONE, 2048, {JT_SCHEME_RSA_PKCS1, JT_HASH_SHA256}},
    {"RS384", JT_KEY_RSA, JT_CURVE_NONE, 2048, {JT_SCHEME_RSA_PKCS1, JT_HASH_SHA384}},
    {"RS512", JT_KEY_RSA, JT_CURVE_NONE, 2048, {JT_SCHEME_RSA_PKCS1, JT_HASH_SHA512}},
    {"PS256", JT_KEY_RSA, JT_CURVE_NONE, 2048, {JT_SCHEME_RSA_PSS, JT_HASH_SHA256}},
    {"PS384", JT_KEY_RSA, JT_CURVE_NONE, 2048, {JT_SCHEME_RSA_PSS, JT_HASH_SHA384}},
    {"PS512", JT_KEY_RSA, JT_CURVE_NONE, 2048, {JT_SCHEME_RSA_PSS, JT_HASH_SHA512}},
    {"ES256", JT_KEY_EC, JT_CURVE_P256, 0, {JT_SCHEME_ECDSA, JT_HASH_SHA256}},
    {"ES384", JT_KEY_EC, JT_CURVE_P384, 0, {JT_SCHEME_ECDSA, JT_HASH_SHA384}},
    {"ES512", JT_KEY_EC, JT_CURVE_P521, 0, {JT_SCHEME_ECDSA, JT_HASH_SHA512}},
    {"ES256K", JT_KEY_EC, JT_CURVE_SECP256K1, 0, {JT_SCHEME_ECDSA, JT_HASH_SHA256}},
    {"Ed25519", JT_KEY_OKP, JT_CURVE_ED25519, 0, {JT_SCHEME_EDDSA, JT_HASH_NONE}},
    {"Ed448", JT_KEY_OKP, JT_CURVE_ED448, 0, {JT_SCHEME_EDDSA, JT_HASH_NONE}},
    {"ML-DSA-44", JT_KEY_AKP, JT_CURVE_MLDSA44, 0, {JT_SCHEME_MLDSA, JT_HASH_NONE}},
    {"ML-DSA-65", JT_KEY_AKP, JT_CURVE_MLDSA65, 0, {JT_SCHEME_MLDSA, JT_HASH_NONE}},
    {"ML-DSA-87", JT_KEY_AKP, JT_CURVE_MLDSA87, 0, {JT_SCHEME_MLDSA, JT_HASH_NONE}},
};

/* RSA keys take long to make under the sanitizers: one for the whole program, made at first use. */
static struct jt_secret_key *rsa_key;

static inline struct jt_secret_key *case_key(const struct method_case *one)
{
    struct jt_secret_key *key = NULL;
    if (one->type == JT_KEY_RSA && rsa_key != NULL)
        return jt_secret_key_hold(rsa_key);
    if (!jt_crypto_has(one->curve))
        return NULL;
    assert_int_equal(jt_secret_key_generate(one->type, one->curve, one->bits, &key, NULL), JETON_OK);
    if (one->type == JT_KEY_RSA)
        rsa_key = jt_secret_key_hold(key);
    return key;
}

static inline int release_rsa_key(void **state)
{
    (void)state;
    jt_secret_key_release(rsa_key);
    rsa_key = NULL;
    return 0;
}

static inline struct jt_public_key *public_half(const struct jt_secret_key *key)
{
    struct jt_public_key *half = NULL;
    assert_int_equal(jt_public_of(key, &half, NULL), JETON_OK);
    return half;
}

/* Freed with free(); never NULL, so that no bytes are bytes too. */
static inline unsigned char *from_hex(struct jeton_bytes hex, struct jeton_bytes *out)
{
    unsigned char *at = malloc(hex.len / 2 + 1);
    assert_non_null(at);
    for (size_t i = 0; i < hex.len / 2; i++) {
        char pair[3] = {((const char *)hex.at)[2 * i], ((const char *)hex.at)[2 * i + 1], 0};
        at[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    *out = jeton_bytes(at, hex.len / 2);
    return at;
}

/* A file below tests/vectors, whole. */
static inline unsigned char *read_vectors(const char *name, struct jeton_bytes *out)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", JT_VECTORS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("no file %s", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long len = ftell(file);
    assert_true(len >= 0);
    rewind(file);
    unsigned char *at = malloc((size_t)len + 1);
    assert_non_null(at);
    assert_int_equal(fread(at, 1, (size_t)len, file), (size_t)len);
    fclose(file);
    at[len] = 0;
    *out = jeton_bytes(at, (size_t)len);
    return at;
}
#endif
