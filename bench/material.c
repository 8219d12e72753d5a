/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens and keys does everybody get? Fresh ones of each run, made with OpenSSL alone: 10 claims, a payload of
 * 281 bytes, a header with kid, and every form of the key that some library asks for. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"

#define PAYLOAD_SIZE 281

const char *const bench_algorithms[] = {"HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA", NULL};

void bench_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(3);
}

void *bench_memory(size_t bytes)
{
    void *at = calloc(1, bytes);
    if (at == NULL)
        bench_die("out of memory");
    return at;
}

/* For calls of OpenSSL that do not fail here. */
static void must(bool worked, const char *what)
{
    if (!worked)
        bench_die("OpenSSL: %s failed", what);
}

char *bench_base64url(const void *at, size_t len)
{
    char *text = bench_memory(4 * ((len + 2) / 3) + 1);
    int made = EVP_EncodeBlock((unsigned char *)text, at, (int)len);
    while (made > 0 && text[made - 1] == '=')
        text[--made] = '\0';
    for (char *c = text; *c != '\0'; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
    return text;
}

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *print(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        bench_die("out of memory");
    va_end(arguments);
    return text;
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* --- Keys --- */

EVP_PKEY *bench_key_new(const char *alg)
{
    EVP_PKEY *pkey = NULL;
    if (is(alg, "RS256") || is(alg, "PS256"))
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    else if (is(alg, "ES256"))
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    else if (is(alg, "ES384"))
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    else if (is(alg, "EdDSA"))
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    must(pkey != NULL, "key generation");
    return pkey;
}

static char *number(EVP_PKEY *pkey, const char *name, size_t size)
{
    BIGNUM *value = NULL;
    must(EVP_PKEY_get_bn_param(pkey, name, &value) > 0, name);
    unsigned char bytes[1024];
    size_t len = size != 0 ? size : (size_t)BN_num_bytes(value);
    must(BN_bn2binpad(value, bytes, (int)len) >= 0, name);
    BN_free(value);
    return bench_base64url(bytes, len);
}

char *bench_public_jwk(EVP_PKEY *pkey, const char *alg, const char *kid)
{
    char *one = NULL, *two = NULL, *jwk = NULL;
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        one = number(pkey, OSSL_PKEY_PARAM_RSA_N, 0);
        two = number(pkey, OSSL_PKEY_PARAM_RSA_E, 0);
        jwk = print("{\"kty\":\"RSA\",\"kid\":\"%s\",\"alg\":\"%s\",\"use\":\"sig\",\"n\":\"%s\",\"e\":\"%s\"}", kid,
                    alg, one, two);
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        size_t half = is(alg, "ES384") ? 48 : 32;
        one = number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, half);
        two = number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, half);
        jwk = print(
            "{\"kty\":\"EC\",\"kid\":\"%s\",\"alg\":\"%s\",\"use\":\"sig\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}",
            kid, alg, half == 48 ? "P-384" : "P-256", one, two);
    } else {
        unsigned char bytes[32];
        size_t len = sizeof bytes;
        must(EVP_PKEY_get_raw_public_key(pkey, bytes, &len) > 0, "raw public key");
        one = bench_base64url(bytes, len);
        jwk = print("{\"kty\":\"OKP\",\"kid\":\"%s\",\"alg\":\"%s\",\"use\":\"sig\",\"crv\":\"Ed25519\",\"x\":\"%s\"}",
                    kid, alg, one);
    }
    free(one);
    free(two);
    return jwk;
}

static char *pem_of(EVP_PKEY *pkey, bool secret)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *at = NULL;
    must(memory != NULL, "BIO_new");
    must((secret ? PEM_write_bio_PKCS8PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL)
                 : PEM_write_bio_PUBKEY(memory, pkey)) > 0,
         "PEM");
    long len = BIO_get_mem_data(memory, &at);
    char *text = print("%.*s", (int)len, at);
    BIO_free(memory);
    return text;
}

/* --- Tokens --- */

static char *payload_of(const struct bench_material *material, struct bench_token *token, int64_t expires)
{
    char *tenant_id = token->tenant_id; /* as long as it takes */
    static const char filler[] = "3f0c9a51-7d2e-4b68-a1f4-5e9b07c8d263-3f0c9a51-7d2e-4b68-a1f4-5e9b07c8d263";
    for (int pad = 0; pad < (int)sizeof filler; pad++) {
        snprintf(tenant_id, sizeof token->tenant_id, "\"%.*s\"", pad, filler);
        char *text = print(
            "{\"iss\":\"" BENCH_ISSUER "\",\"sub\":\"user-4f1c0a3e\",\"aud\":\"" BENCH_AUDIENCE
            "\",\"exp\":%lld,\"nbf\":%lld,\"iat\":%lld,\"jti\":\"%s\",\"scope\":\"read write\",\"client_id\":"
            "\"web\",\"tenant_id\":%s}",
            (long long)expires, (long long)material->now - 60, (long long)material->now - 60, token->id, tenant_id);
        if (strlen(text) == PAYLOAD_SIZE)
            return text;
        free(text);
    }
    bench_die("no payload of %d bytes", PAYLOAD_SIZE);
}

static void signature_of(const struct bench_material *material, EVP_PKEY *pkey, struct jeton_bytes message,
                         struct bench_token *out)
{
    unsigned char *der = bench_memory(1024), *jose = bench_memory(1024);
    size_t der_len = 1024, jose_len = 0;
    if (pkey == NULL) {
        unsigned len = 0;
        must(HMAC(EVP_sha256(), material->secret, sizeof material->secret, message.at, message.len, der, &len) != NULL,
             "HMAC");
        der_len = len;
    } else {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *inner = NULL;
        const char *hash = is(material->alg, "EdDSA") ? NULL : is(material->alg, "ES384") ? "SHA384" : "SHA256";
        must(context != NULL && EVP_DigestSignInit_ex(context, &inner, hash, NULL, NULL, pkey, NULL) > 0, "sign init");
        if (is(material->alg, "PS256"))
            must(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) > 0 &&
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) > 0,
                 "PSS");
        must(EVP_DigestSign(context, der, &der_len, message.at, message.len) > 0, "sign");
        EVP_MD_CTX_free(context);
    }
    memcpy(jose, der, jose_len = der_len);
    if (pkey != NULL && EVP_PKEY_is_a(pkey, "EC")) {
        const unsigned char *at = der;
        int half = is(material->alg, "ES384") ? 48 : 32;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der_len);
        must(pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), jose, half) == half &&
                 BN_bn2binpad(ECDSA_SIG_get0_s(pair), jose + half, half) == half,
             "R and S");
        ECDSA_SIG_free(pair);
        jose_len = (size_t)half * 2;
    }
    out->raw_signature = jeton_bytes(der, der_len);
    out->signature = jeton_bytes(jose, jose_len);
}

void bench_token_make(const struct bench_material *material, EVP_PKEY *pkey, const char *kid, unsigned serial,
                      int64_t expires, struct bench_token *out)
{
    snprintf(out->id, sizeof out->id, "9b1deb4d-3b7d-4bad-9bdd-%012x", serial);
    char *header = print("{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"}", material->alg, kid);
    char *payload = payload_of(material, out, expires);
    char *first = bench_base64url(header, strlen(header)), *second = bench_base64url(payload, strlen(payload));
    char *message = print("%s.%s", first, second);
    signature_of(material, pkey, jeton_text(message), out);
    char *third = bench_base64url(out->signature.at, out->signature.len);
    out->text = print("%s.%s", message, third);
    out->len = strlen(out->text);
    out->message = jeton_bytes(out->text, strlen(message));
    free(header);
    free(payload);
    free(first);
    free(second);
    free(third);
    free(message);
}

void bench_token_done(struct bench_token *token)
{
    free(token->text);
    free((void *)token->signature.at);
    free((void *)token->raw_signature.at);
    memset(token, 0, sizeof *token);
}

/* Makes the signature wrong in few bits, where base64url stays canonical, DER whole and R in range. */
static void forge(struct bench_token *token)
{
    size_t at = token->message.len + 1 + 8;
    token->text[at] = token->text[at] == 'A' ? 'B' : 'A';
    ((unsigned char *)token->raw_signature.at)[10] ^= 1;
    ((unsigned char *)token->signature.at)[10] ^= 1;
}

/* --- Both together --- */

struct bench_material *bench_material_new(const char *alg)
{
    struct bench_material *material = bench_memory(sizeof *material);
    material->alg = alg;
    material->kid = "bench-1";
    material->now = (int64_t)time(NULL);
    if (is(alg, "HS256")) {
        must(RAND_bytes(material->secret, sizeof material->secret) > 0, "randomness");
        char *k = bench_base64url(material->secret, sizeof material->secret);
        material->public_jwk = print("{\"kty\":\"oct\",\"kid\":\"%s\",\"alg\":\"%s\",\"k\":\"%s\"}", material->kid, alg,
                                     k);
        free(k);
    } else {
        material->pkey = bench_key_new(alg);
        material->private_pem = pem_of(material->pkey, true);
        material->public_pem = pem_of(material->pkey, false);
        material->public_jwk = bench_public_jwk(material->pkey, alg, material->kid);
    }
    for (unsigned i = 0; i < BENCH_TOKENS; i++)
        bench_token_make(material, material->pkey, material->kid, i, material->now + 86400, &material->token[i]);
    bench_token_make(material, material->pkey, material->kid, 1000, material->now + 86400, &material->forged);
    forge(&material->forged);
    bench_token_make(material, material->pkey, material->kid, 1001, material->now - 3600, &material->expired);
    return material;
}

void bench_material_free(struct bench_material *material)
{
    if (material == NULL)
        return;
    for (size_t i = 0; i < BENCH_TOKENS; i++)
        bench_token_done(&material->token[i]);
    bench_token_done(&material->forged);
    bench_token_done(&material->expired);
    free(material->private_pem);
    free(material->public_pem);
    free(material->public_jwk);
    EVP_PKEY_free(material->pkey);
    free(material);
}
