/* SPDX-License-Identifier: Apache-2.0 */
/* What does the mathematics cost when nothing else is done? OpenSSL by its quickest public calls: every context made
 * and set up before, the message and the signature already decoded, ECDSA's already in DER. The line all ratios are
 * drawn from. Nothing is shared with the library under test. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "bench.h"

struct half {
    EVP_MD_CTX *digest; /* RSA, ECDSA */
    EVP_PKEY_CTX *pkey; /* RSA, ECDSA */
    EVP_MD_CTX *fresh;  /* EdDSA: the template */
    EVP_MD_CTX *work;   /* EdDSA: its copy */
};

struct raw {
    struct half check, make;
    EVP_MAC_CTX *mac; /* HMAC */
};

static void half_open(struct half *half, const struct bench_material *material, bool sign)
{
    if (strcmp(material->alg, "EdDSA") == 0) {
        half->fresh = EVP_MD_CTX_new();
        half->work = EVP_MD_CTX_new();
        if (half->fresh == NULL || half->work == NULL ||
            (sign ? EVP_DigestSignInit_ex(half->fresh, NULL, NULL, NULL, NULL, material->pkey, NULL)
                  : EVP_DigestVerifyInit_ex(half->fresh, NULL, NULL, NULL, NULL, material->pkey, NULL)) <= 0)
            bench_die("raw: EdDSA");
        return;
    }
    EVP_MD *hash = EVP_MD_fetch(NULL, strcmp(material->alg, "ES384") == 0 ? "SHA384" : "SHA256", NULL);
    half->digest = EVP_MD_CTX_new();
    half->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, material->pkey, NULL);
    bool good = hash != NULL && half->digest != NULL && half->pkey != NULL &&
                EVP_DigestInit_ex2(half->digest, hash, NULL) > 0 &&
                (sign ? EVP_PKEY_sign_init(half->pkey) : EVP_PKEY_verify_init(half->pkey)) > 0 &&
                EVP_PKEY_CTX_set_signature_md(half->pkey, hash) > 0;
    if (good && strcmp(material->alg, "RS256") == 0)
        good = EVP_PKEY_CTX_set_rsa_padding(half->pkey, RSA_PKCS1_PADDING) > 0;
    if (good && strcmp(material->alg, "PS256") == 0)
        good = EVP_PKEY_CTX_set_rsa_padding(half->pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(half->pkey, hash) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(half->pkey, RSA_PSS_SALTLEN_DIGEST) > 0;
    EVP_MD_free(hash);
    if (!good)
        bench_die("raw: %s", material->alg);
}

static void half_close(struct half *half)
{
    EVP_MD_CTX_free(half->digest);
    EVP_PKEY_CTX_free(half->pkey);
    EVP_MD_CTX_free(half->fresh);
    EVP_MD_CTX_free(half->work);
}

static void *raw_open(const struct bench_material *material)
{
    struct raw *raw = bench_memory(sizeof *raw);
    if (material->pkey != NULL) {
        half_open(&raw->check, material, false);
        half_open(&raw->make, material, true);
        return raw;
    }
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    raw->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    char name[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    if (raw->mac == NULL || EVP_MAC_init(raw->mac, material->secret, sizeof material->secret, params) <= 0)
        bench_die("raw: HMAC");
    return raw;
}

static void raw_close(void *state)
{
    struct raw *raw = state;
    half_close(&raw->check);
    half_close(&raw->make);
    EVP_MAC_CTX_free(raw->mac);
    free(raw);
}

static bool mac_of(struct raw *raw, struct jeton_bytes message, unsigned char out[32])
{
    size_t len = 0;
    return EVP_MAC_init(raw->mac, NULL, 0, NULL) > 0 && EVP_MAC_update(raw->mac, message.at, message.len) > 0 &&
           EVP_MAC_final(raw->mac, out, &len, 32) > 0;
}

static bool digest_of(struct half *half, struct jeton_bytes message, unsigned char hash[EVP_MAX_MD_SIZE], unsigned *len)
{
    return EVP_DigestInit_ex2(half->digest, NULL, NULL) > 0 &&
           EVP_DigestUpdate(half->digest, message.at, message.len) > 0 &&
           EVP_DigestFinal_ex(half->digest, hash, len) > 0;
}

static bool raw_verify(void *state, const struct bench_token *token)
{
    struct raw *raw = state;
    struct jeton_bytes signature = token->raw_signature, message = token->message;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (raw->mac != NULL)
        return mac_of(raw, message, hash) && CRYPTO_memcmp(hash, signature.at, 32) == 0;
    if (raw->check.fresh != NULL)
        return EVP_MD_CTX_copy_ex(raw->check.work, raw->check.fresh) > 0 &&
               EVP_DigestVerify(raw->check.work, signature.at, signature.len, message.at, message.len) == 1;
    return digest_of(&raw->check, message, hash, &len) &&
           EVP_PKEY_verify(raw->check.pkey, signature.at, signature.len, hash, len) == 1;
}

static bool raw_sign(void *state, const struct bench_token *token)
{
    struct raw *raw = state;
    struct jeton_bytes message = token->message;
    unsigned char hash[EVP_MAX_MD_SIZE], signature[512];
    unsigned hash_len = 0;
    size_t len = sizeof signature;
    if (raw->mac != NULL)
        return mac_of(raw, message, hash);
    if (raw->make.fresh != NULL)
        return EVP_MD_CTX_copy_ex(raw->make.work, raw->make.fresh) > 0 &&
               EVP_DigestSign(raw->make.work, signature, &len, message.at, message.len) > 0;
    return digest_of(&raw->make, message, hash, &hash_len) &&
           EVP_PKEY_sign(raw->make.pkey, signature, &len, hash, hash_len) > 0;
}

const struct bench_subject bench_raw = {
    .name = "raw OpenSSL",
    .version = "",
    .checks = "",
    .open = raw_open,
    .verify = raw_verify,
    .sign = raw_sign,
    .close = raw_close,
};
