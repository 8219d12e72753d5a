/* SPDX-License-Identifier: Apache-2.0 */
/* How is a signature made or checked with OpenSSL 3 without paying for its object model each time? By contexts that are
 * set up once per key, method and thread, and then only fed: a digest context and an EVP_PKEY_CTX for RSA and ECDSA, a
 * template that is copied for EdDSA and ML-DSA, an EVP_MAC_CTX that starts again for HMAC. Last stop of the walk. */
#include "crypto/backend_openssl.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "crypto/numbers.h"

/* --- Contexts --- */

/* What one method of one key needs; only the members of its scheme are set. */
struct lane {
    bool ready;
    EVP_MD_CTX *digest; /* RSA, ECDSA: of the message */
    EVP_PKEY_CTX *pkey; /* RSA, ECDSA: from the digest on */
    EVP_MD_CTX *fresh;  /* EdDSA, ML-DSA: initialised, never used itself */
    EVP_MD_CTX *work;   /* EdDSA, ML-DSA: the copy that is used up */
    EVP_MAC_CTX *mac;   /* HMAC */
};

/* A key of RSA has six methods, of oct three, of the others one. */
#define LANES 6

struct context {
    struct lane lane[LANES];
};

static size_t lane_of(struct jt_method method)
{
    size_t hash = method.hash == JT_HASH_NONE ? 0 : (size_t)method.hash - 1;
    switch (method.scheme) {
    case JT_SCHEME_HMAC:
    case JT_SCHEME_RSA_PKCS1:
        return hash;
    case JT_SCHEME_RSA_PSS:
        return 3 + hash;
    case JT_SCHEME_ECDSA:
    case JT_SCHEME_EDDSA:
    case JT_SCHEME_MLDSA:
        break;
    }
    return 0;
}

static void lane_close(struct lane *lane)
{
    EVP_MD_CTX_free(lane->digest);
    EVP_PKEY_CTX_free(lane->pkey);
    EVP_MD_CTX_free(lane->fresh);
    EVP_MD_CTX_free(lane->work);
    EVP_MAC_CTX_free(lane->mac);
    *lane = (struct lane){0};
}

static void context_free(void *at)
{
    struct context *context = at;
    for (size_t i = 0; i < LANES; i++)
        lane_close(&context->lane[i]);
    free(context);
}

/* PSS with a salt of exactly the hash's length (RFC 7518 §3.5) and MGF1 with the same hash. */
static bool set_method(EVP_PKEY_CTX *pkey, struct jt_method method, const EVP_MD *hash)
{
    if (EVP_PKEY_CTX_set_signature_md(pkey, hash) <= 0)
        return false;
    if (method.scheme == JT_SCHEME_RSA_PKCS1)
        return EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PADDING) > 0;
    if (method.scheme == JT_SCHEME_RSA_PSS)
        return EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(pkey, hash) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST) > 0;
    return true;
}

static bool open_two_steps(struct lane *lane, const struct jt_backend_key *key, struct jt_method method)
{
    EVP_MD *hash = EVP_MD_fetch(NULL, jt_openssl_hash_name(method.hash),
                                NULL); /* the digest context keeps it from here on */
    lane->digest = EVP_MD_CTX_new();
    lane->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool open = hash != NULL && lane->digest != NULL && lane->pkey != NULL &&
                EVP_DigestInit_ex2(lane->digest, hash, NULL) > 0 &&
                (key->secret ? EVP_PKEY_sign_init(lane->pkey) : EVP_PKEY_verify_init(lane->pkey)) > 0 &&
                set_method(lane->pkey, method, hash);
    EVP_MD_free(hash);
    return open;
}

static bool open_one_step(struct lane *lane, const struct jt_backend_key *key)
{
    lane->fresh = EVP_MD_CTX_new();
    lane->work = EVP_MD_CTX_new();
    if (lane->fresh == NULL || lane->work == NULL)
        return false;
    return (key->secret ? EVP_DigestSignInit_ex(lane->fresh, NULL, NULL, NULL, NULL, key->pkey, NULL)
                        : EVP_DigestVerifyInit_ex(lane->fresh, NULL, NULL, NULL, NULL, key->pkey, NULL)) > 0;
}

static bool open_mac(struct lane *lane, const struct jt_backend_key *key, struct jt_method method)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    lane->mac = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    EVP_MAC_free(hmac);
    char name[16] = {0};
    strncpy(name, jt_openssl_hash_name(method.hash), sizeof name - 1);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    return lane->mac != NULL && EVP_MAC_init(lane->mac, key->mac.at, key->mac.len, params) > 0;
}

static enum jeton_status lane_open(struct lane *lane, const struct jt_backend_key *key, struct jt_method method)
{
    bool open = false;
    switch (method.scheme) {
    case JT_SCHEME_HMAC:
        open = open_mac(lane, key, method);
        break;
    case JT_SCHEME_RSA_PKCS1:
    case JT_SCHEME_RSA_PSS:
    case JT_SCHEME_ECDSA:
        open = open_two_steps(lane, key, method);
        break;
    case JT_SCHEME_EDDSA:
    case JT_SCHEME_MLDSA:
        open = open_one_step(lane, key);
        break;
    }
    if (!open) {
        lane_close(lane);
        return jt_openssl_failed(JETON_INTERNAL_ERROR);
    }
    lane->ready = true;
    return JETON_OK;
}

/* Gives the context back; one that failed in a way that is not the signature's is not kept. */
static inline void context_give(struct jt_backend_key *key, size_t home, struct context *context, bool good)
{
    if (!good || !jt_slots_give(&key->slots, home, context))
        context_free(context);
}

/* --- The form of ECDSA signatures: JOSE has R||S (RFC 7518 §3.4), OpenSSL DER (RFC 3279 §2.2.3). --- */

#define DER_MAX 144 /* P-521: 3 + 2 × (2 + 66), rounded up */

static size_t integer_write(unsigned char *out, const unsigned char *number, size_t len)
{
    while (len > 1 && *number == 0) {
        number++;
        len--;
    }
    size_t sign = number[0] >> 7; /* positive: a zero in front of a high bit */
    out[0] = 0x02;
    out[1] = (unsigned char)(len + sign);
    out[2] = 0;
    memcpy(out + 2 + sign, number, len);
    return 2 + sign + len;
}

static size_t der_write(unsigned char out[DER_MAX], struct jeton_bytes signature)
{
    size_t half = signature.len / 2;
    const unsigned char *r = signature.at;
    unsigned char body[DER_MAX];
    size_t len = integer_write(body, r, half);
    len += integer_write(body + len, r + half, half);
    size_t head = 0;
    out[head++] = 0x30;
    if (len > 0x7f)
        out[head++] = 0x81;
    out[head++] = (unsigned char)len;
    memcpy(out + head, body, len);
    return head + len;
}

/* One INTEGER of OpenSSL's own making, right-aligned into `half` bytes. */
static JT_HOT bool integer_read(const unsigned char **at, const unsigned char *end, unsigned char *out, size_t half)
{
    const unsigned char *in = *at;
    if (end - in < 2 || in[0] != 0x02 || in[1] > end - in - 2)
        return false;
    size_t len = in[1];
    in += 2;
    *at = in + len;
    if (len > 0 && in[0] == 0) {
        in++;
        len--;
    }
    if (len > half)
        return false;
    if (len < half)
        memset(out, 0, half - len);
    memmove(out + half - len, in, len); /* gcc knows the bound, and would make memcpy() a slow "rep movs" */
    return true;
}

static bool der_read(const unsigned char *der, size_t len, unsigned char *out, size_t half)
{
    const unsigned char *end = der + len;
    if (len < 3 || der[0] != 0x30)
        return false;
    der += der[1] == 0x81 ? 3 : 2;
    return integer_read(&der, end, out, half) && integer_read(&der, end, out + half, half) && der == end;
}

/* --- Checking --- */

static JT_HOT bool digest_of(EVP_MD_CTX *context, struct jeton_bytes message, unsigned char out[EVP_MAX_MD_SIZE],
                             unsigned *len)
{
    /* NULL keeps the hash of the last time: no fetch, no lock */
    return EVP_DigestInit_ex2(context, NULL, NULL) > 0 && EVP_DigestUpdate(context, message.at, message.len) > 0 &&
           EVP_DigestFinal_ex(context, out, len) > 0;
}

/* 0 says that the signature does not fit. Below it something failed: if the first word is the curve's (the point at
 * infinity), that is the signature's doing; otherwise nothing was found out, and OpenSSL 3.5 does not always say why.
 */
static enum jeton_status not_good(int result)
{
    bool judged = result == 0 || ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_EC;
    return jt_openssl_failed(judged ? JETON_SIGNATURE_INVALID : JETON_INTERNAL_ERROR);
}

static enum jeton_status verify_two_steps(struct lane *lane, struct jt_method method, struct jeton_bytes message,
                                          struct jeton_bytes signature)
{
    unsigned char hash[EVP_MAX_MD_SIZE], der[DER_MAX];
    unsigned len = 0;
    if (!digest_of(lane->digest, message, hash, &len))
        return jt_openssl_failed(JETON_INTERNAL_ERROR);
    if (method.scheme == JT_SCHEME_ECDSA)
        signature = jeton_bytes(der, der_write(der, signature));
    int result = EVP_PKEY_verify(lane->pkey, signature.at, signature.len, hash, len);
    return result == 1 ? JETON_OK : not_good(result);
}

static enum jeton_status verify_one_step(struct lane *lane, struct jeton_bytes message, struct jeton_bytes signature)
{
    if (EVP_MD_CTX_copy_ex(lane->work, lane->fresh) <= 0)
        return jt_openssl_failed(JETON_INTERNAL_ERROR);
    int result = EVP_DigestVerify(lane->work, signature.at, signature.len, message.at, message.len);
    return result == 1 ? JETON_OK : not_good(result);
}

static enum jeton_status verify(struct jt_backend_key *key, struct jt_method method, struct jeton_bytes message,
                                struct jeton_bytes signature)
{
    size_t home = jt_slots_home();
    struct context *context = jt_slots_take(&key->slots, home);
    if (context == NULL && (context = calloc(1, sizeof *context)) == NULL)
        return JETON_OUT_OF_MEMORY;
    struct lane *lane = &context->lane[lane_of(method)];
    enum jeton_status status = lane->ready ? JETON_OK : lane_open(lane, key, method);
    if (status == JETON_OK)
        status = lane->fresh != NULL ? verify_one_step(lane, message, signature)
                                     : verify_two_steps(lane, method, message, signature);
    context_give(key, home, context, status == JETON_OK || status == JETON_SIGNATURE_INVALID);
    return status;
}

/* --- Signing --- */

static bool sign_two_steps(struct lane *lane, struct jt_method method, struct jeton_bytes message, unsigned char *out,
                           size_t size)
{
    unsigned char hash[EVP_MAX_MD_SIZE], der[DER_MAX];
    unsigned len = 0;
    if (!digest_of(lane->digest, message, hash, &len))
        return false;
    if (method.scheme == JT_SCHEME_ECDSA) {
        size_t der_len = sizeof der;
        return EVP_PKEY_sign(lane->pkey, der, &der_len, hash, len) > 0 && der_read(der, der_len, out, size / 2);
    }
    size_t made = size;
    return EVP_PKEY_sign(lane->pkey, out, &made, hash, len) > 0 && made == size;
}

static bool sign_one_step(struct lane *lane, struct jeton_bytes message, unsigned char *out, size_t size)
{
    size_t made = size;
    return EVP_MD_CTX_copy_ex(lane->work, lane->fresh) > 0 &&
           EVP_DigestSign(lane->work, out, &made, message.at, message.len) > 0 && made == size;
}

static bool sign_mac(struct lane *lane, struct jeton_bytes message, unsigned char *out, size_t size)
{
    size_t made = 0;
    return EVP_MAC_init(lane->mac, NULL, 0, NULL) > 0 && EVP_MAC_update(lane->mac, message.at, message.len) > 0 &&
           EVP_MAC_final(lane->mac, out, &made, size) > 0 && made == size;
}

static JT_HOT enum jeton_status sign(struct jt_backend_key *key, struct jt_method method, struct jeton_bytes message,
                                     unsigned char *out, size_t size)
{
    size_t home = jt_slots_home();
    struct context *context = jt_slots_take(&key->slots, home);
    if (context == NULL && (context = calloc(1, sizeof *context)) == NULL)
        return JETON_OUT_OF_MEMORY;
    struct lane *lane = &context->lane[lane_of(method)];
    enum jeton_status status = lane->ready ? JETON_OK : lane_open(lane, key, method);
    if (status == JETON_OK) {
        bool signed_it = lane->mac != NULL     ? sign_mac(lane, message, out, size)
                         : lane->fresh != NULL ? sign_one_step(lane, message, out, size)
                                               : sign_two_steps(lane, method, message, out, size);
        if (!signed_it)
            status = jt_openssl_failed(JETON_INTERNAL_ERROR);
    }
    context_give(key, home, context, status == JETON_OK);
    return status;
}

/* --- Keys --- */

enum jeton_status jt_openssl_key(EVP_PKEY *pkey, enum jt_key_type type, enum jt_curve curve, bool secret,
                                 struct jt_backend_key **out)
{
    struct jt_backend_key *made = aligned_alloc(JT_CACHE_LINE, sizeof *made);
    if (made == NULL) {
        EVP_PKEY_free(pkey);
        return JETON_OUT_OF_MEMORY;
    }
    memset(made, 0, sizeof *made);
    jt_slots_init(&made->slots);
    made->pkey = pkey;
    made->type = type;
    made->curve = curve;
    made->secret = secret;
    *out = made;
    return JETON_OK;
}

static void release(struct jt_backend_key *key)
{
    if (key == NULL)
        return;
    jt_slots_done(&key->slots, context_free);
    EVP_PKEY_free(key->pkey);
    jt_secret_done(&key->mac);
    free(key);
}

static const char *library(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

const struct jt_backend jt_backend_openssl = {
    .library = library,
    .has = jt_openssl_has,
    .public_key = jt_openssl_public_key,
    .secret_key = jt_openssl_secret_key,
    .make_key = jt_openssl_make_key,
    .release = release,
    .numbers = jt_openssl_numbers,
    .decode = jt_openssl_decode,
    .encode = jt_openssl_encode,
    .verify = verify,
    .sign = sign,
    .digest = jt_openssl_digest,
    .mac = jt_openssl_mac,
    .random = jt_openssl_random,
    .seal = jt_openssl_seal,
    .open = jt_openssl_open,
};
