/* SPDX-License-Identifier: Apache-2.0 */
/* Does this signature fit? The door: here stands once what is true for every backend — who may ask what of which key,
 * and which lengths can be right at all. Keys are made in handles.c. */
#include "crypto/handles.h"

#include "crypto/numbers.h"

#define SEAL_MAX ((size_t)1 << 30)
#define RANDOM_MAX ((size_t)1 << 20)
#define MAC_MAX 64

/* --- Signing and checking --- */

static bool is_zero(const unsigned char *at, size_t len)
{
    unsigned char any = 0;
    for (size_t i = 0; i < len; i++)
        any |= at[i];
    return any == 0;
}

/* What needs no mathematics to be refused: a method that is not the key's, a length that cannot be right (also what
 * keeps every backend from reading past the end), r or s zero (CVE-2022-21449). */
static inline enum jeton_status plausible(const struct jt_public_key *key, struct jt_method method,
                                          struct jeton_bytes signature)
{
    if (!jt_method_fits(key->shape, method))
        return JETON_KEY_UNSUITABLE;
    if (signature.len == 0 || signature.len != jt_signature_size(key->shape, method))
        return JETON_SIGNATURE_INVALID;
    if (method.scheme == JT_SCHEME_ECDSA) {
        size_t half = signature.len / 2;
        const unsigned char *r = signature.at;
        if (is_zero(r, half) || is_zero(r + half, half))
            return JETON_SIGNATURE_INVALID;
    }
    return JETON_OK;
}

enum jeton_status jt_verify(const struct jt_public_key *key, struct jt_method method, struct jeton_bytes message,
                            struct jeton_bytes signature)
{
    JT_TRY(plausible(key, method, signature));
    return key->backend->verify(key->key, method, message, signature);
}

enum jeton_status jt_verify_mac(const struct jt_secret_key *key, struct jt_method method, struct jeton_bytes message,
                                struct jeton_bytes mac)
{
    unsigned char expected[MAC_MAX];
    size_t len = jt_hash_size(method.hash);
    if (method.scheme != JT_SCHEME_HMAC || !jt_method_fits(key->shape, method))
        return JETON_KEY_UNSUITABLE;
    if (mac.len == 0 || mac.len != len)
        return JETON_SIGNATURE_INVALID;
    JT_TRY(key->backend->sign(key->key, method, message, expected, len));
    /* No branch on the outcome here: the caller is the first to look. */
    unsigned equal = jt_crypto_equal(jeton_bytes(expected, len), mac);
    jt_wipe(expected, sizeof expected);
    _Static_assert(JETON_OK == 0, "arithmetic on the status");
    return (enum jeton_status)((1u - equal) * (unsigned)JETON_SIGNATURE_INVALID);
}

enum jeton_status jt_sign(const struct jt_secret_key *key, struct jt_method method, struct jeton_bytes message,
                          unsigned char *out, size_t room, size_t *len)
{
    if (!jt_method_fits(key->shape, method))
        return JETON_KEY_UNSUITABLE;
    size_t size = jt_signature_size(key->shape, method);
    if (room < size)
        return JETON_ARGUMENT_INVALID;
    JT_TRY(key->backend->sign(key->key, method, message, out, size));
    *len = size;
    return JETON_OK;
}

void jt_verify_many(struct jt_verify_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        jobs[i].result = plausible(jobs[i].key, jobs[i].method, jobs[i].signature);
    for (size_t from = 0, to = 0; from < count; from = to) {
        const struct jt_backend *one = jobs[from].key->backend;
        for (to = from + 1; to < count && jobs[to].key->backend == one; to++)
            ;
        if (one->verify_many != NULL) {
            one->verify_many(jobs + from, to - from);
            continue;
        }
        for (struct jt_verify_job *job = jobs + from; job < jobs + to; job++)
            if (job->result == JETON_OK)
                job->result = one->verify(job->key->key, job->method, job->message, job->signature);
    }
}

void jt_public_key_warm(const struct jt_public_key *key)
{
    static const struct jt_method methods[] = {
        {JT_SCHEME_RSA_PKCS1, JT_HASH_SHA256}, {JT_SCHEME_RSA_PSS, JT_HASH_SHA256}, {JT_SCHEME_ECDSA, JT_HASH_SHA256},
        {JT_SCHEME_ECDSA, JT_HASH_SHA384},     {JT_SCHEME_ECDSA, JT_HASH_SHA512},   {JT_SCHEME_EDDSA, JT_HASH_NONE},
        {JT_SCHEME_MLDSA, JT_HASH_NONE},
    };
    unsigned char signature[4627];
    for (size_t i = 0; i < JT_COUNT(methods); i++) {
        if (!jt_method_fits(key->shape, methods[i]))
            continue;
        /* Small numbers in every half: within range, so that the backend goes all the way. */
        size_t size = jt_signature_size(key->shape, methods[i]);
        if (size > sizeof signature)
            continue;
        memset(signature, 0, size);
        signature[size / 2 - 1] = signature[size - 1] = 2;
        enum jeton_status ignored = jt_verify(key, methods[i], JT_TEXT("warm"), jeton_bytes(signature, size));
        (void)ignored;
    }
}

/* --- Small tools --- */

enum jeton_status jt_digest(enum jt_hash hash, struct jeton_bytes message, unsigned char *out)
{
    return hash != JT_HASH_NONE ? jt_backend_used->digest(hash, message, out) : JETON_ARGUMENT_INVALID;
}

enum jeton_status jt_mac(enum jt_hash hash, struct jeton_bytes key, struct jeton_bytes message, unsigned char *out)
{
    /* No bytes at all would be the hash library's "key of the last time". */
    return hash != JT_HASH_NONE && key.len > 0 ? jt_backend_used->mac(hash, key, message, out) : JETON_ARGUMENT_INVALID;
}

enum jeton_status jt_random(void *out, size_t len)
{
    return len <= RANDOM_MAX ? jt_backend_used->random(out, len) : JETON_ARGUMENT_INVALID;
}

enum jeton_status jt_seal(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                          struct jeton_bytes text, unsigned char *out, unsigned char tag[16])
{
    if (key.len != 32 || text.len > SEAL_MAX || associated.len > SEAL_MAX)
        return JETON_ARGUMENT_INVALID;
    return jt_backend_used->seal(key, nonce, associated, text, out, tag);
}

enum jeton_status jt_open(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                          struct jeton_bytes sealed, const unsigned char tag[16], unsigned char *out)
{
    if (key.len != 32 || sealed.len > SEAL_MAX || associated.len > SEAL_MAX)
        return JETON_ARGUMENT_INVALID;
    enum jeton_status status = jt_backend_used->open(key, nonce, associated, sealed, tag, out);
    if (status != JETON_OK && sealed.len > 0)
        jt_wipe(out, sealed.len); /* nobody may see a text whose tag does not fit */
    return status;
}

bool jt_crypto_equal(struct jeton_bytes a, struct jeton_bytes b)
{
    const unsigned char *left = a.at, *right = b.at;
    uint64_t difference = 0, one, other;
    size_t i = 0;
    if (a.len != b.len)
        return false;
    for (; i + sizeof one <= a.len; i += sizeof one) {
        memcpy(&one, left + i, sizeof one);
        memcpy(&other, right + i, sizeof other);
        difference |= one ^ other;
        __asm__ volatile("" : "+r"(difference)); /* keeps the compiler from stopping early */
    }
    for (; i < a.len; i++) {
        difference |= (uint64_t)(left[i] ^ right[i]);
        __asm__ volatile("" : "+r"(difference));
    }
    return (bool)(1 & ~((difference | (0 - difference)) >> 63));
}

const char *jt_crypto_library(void)
{
    return jt_backend_used->library();
}

bool jt_crypto_has(enum jt_curve curve)
{
    return jt_backend_used->has(curve);
}
