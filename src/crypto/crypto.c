/* SPDX-License-Identifier: Apache-2.0 */
/* Does this signature fit, and what is this key made of? The door: here stands once what is true for every backend —
 * who may ask what of which key, and which lengths can be right at all. Numbers are judged in numbers.c. */
#include "crypto/crypto.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "crypto/backend.h"
#include "crypto/numbers.h"

/* New handles are of this one; each handle remembers its own. */
static const struct jt_backend *const backend = &jt_backend_openssl;

#define DECODE_MAX ((size_t)1 << 20)
#define SEAL_MAX ((size_t)1 << 30)
#define RANDOM_MAX ((size_t)1 << 20)
#define MAC_MAX 64

struct jt_public_key {
    atomic_uint held;
    struct jt_key_shape shape;
    const struct jt_backend *backend;
    struct jt_backend_key *key;
    struct jt_key_numbers numbers; /* pointing into bytes */
    unsigned char bytes[];
};

struct jt_secret_key {
    atomic_uint held;
    struct jt_key_shape shape;
    const struct jt_backend *backend;
    struct jt_backend_key *key;
};

/* --- Making handles --- */

static struct jeton_bytes place(unsigned char **at, struct jeton_bytes number)
{
    if (number.len == 0)
        return jeton_bytes(NULL, 0);
    unsigned char *to = *at;
    memcpy(to, number.at, number.len);
    *at += number.len;
    return jeton_bytes(to, number.len);
}

enum jeton_status jt_public_key_make(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                                     struct jt_public_key **out, struct jeton_detail *detail)
{
    struct jt_key_numbers clean;
    struct jt_key_shape shape;
    JT_TRY(jt_numbers_public(numbers, rules, &clean, &shape, detail));
    size_t len = clean.n.len + clean.e.len + clean.x.len + clean.y.len;
    struct jt_public_key *made = malloc(sizeof *made + len);
    if (made == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a key");
    struct jt_backend_key *key = NULL;
    enum jeton_status status = backend->public_key(&clean, &key, detail);
    if (status != JETON_OK) {
        free(made);
        return status;
    }
    atomic_init(&made->held, 1);
    made->shape = shape;
    made->backend = backend;
    made->key = key;
    made->numbers = (struct jt_key_numbers){.type = clean.type, .curve = clean.curve};
    unsigned char *at = made->bytes;
    made->numbers.n = place(&at, clean.n);
    made->numbers.e = place(&at, clean.e);
    made->numbers.x = place(&at, clean.x);
    made->numbers.y = place(&at, clean.y);
    *out = made;
    return JETON_OK;
}

static enum jeton_status secret_handle(struct jt_backend_key *key, struct jt_key_shape shape,
                                       struct jt_secret_key **out, struct jeton_detail *detail)
{
    struct jt_secret_key *made = malloc(sizeof *made);
    if (made == NULL) {
        backend->release(key);
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a key");
    }
    atomic_init(&made->held, 1);
    made->shape = shape;
    made->backend = backend;
    made->key = key;
    *out = made;
    return JETON_OK;
}

enum jeton_status jt_secret_key_make(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                                     struct jt_secret_key **out, struct jeton_detail *detail)
{
    struct jt_key_numbers clean;
    struct jt_key_shape shape;
    struct jt_backend_key *key = NULL;
    JT_TRY(jt_numbers_secret(numbers, rules, &clean, &shape, detail));
    JT_TRY(backend->secret_key(&clean, &key, detail));
    return secret_handle(key, shape, out, detail);
}

static enum jeton_status generate_oct(unsigned bits, struct jt_secret_key **out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret bytes = {0};
    JT_TRY(jt_secret_new(bits / 8, &bytes));
    JT_TRY(backend->random(bytes.at, bytes.len));
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = jt_secret_bytes(&bytes)};
    return jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, out, detail);
}

enum jeton_status jt_secret_key_generate(enum jt_key_type type, enum jt_curve curve, unsigned bits,
                                         struct jt_secret_key **out, struct jeton_detail *detail)
{
    const struct jt_curve_facts *facts = jt_curve_facts(curve);
    if (type == JT_KEY_RSA || type == JT_KEY_OCT) {
        if (curve != JT_CURVE_NONE)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "this key type has no curve");
        if (type == JT_KEY_OCT) {
            if (bits < 256 || bits > 4096 || bits % 8 != 0)
                return jt_fail(detail, JETON_ARGUMENT_INVALID, "a secret has 256 to 4096 bits, a multiple of 8");
            return generate_oct(bits, out, detail);
        }
        if (bits < 2048 || bits > 8192)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "an RSA key has 2048 to 8192 bits");
    } else {
        if (facts == NULL || facts->type != type)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "the curve is not one of this key type");
        if (bits != 0)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "the size of this key is its curve's");
        bits = facts->bits;
    }
    struct jt_key_shape shape = {type, curve, bits};
    struct jt_backend_key *key = NULL;
    enum jeton_status status = backend->make_key(shape, &key, detail);
    if (status == JETON_INTERNAL_ERROR && !backend->has(curve))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s does not have %s", backend->library(),
                       facts != NULL ? facts->name : "this key type");
    JT_TRY(status);
    return secret_handle(key, shape, out, detail);
}

enum jeton_status jt_public_of(const struct jt_secret_key *secret, struct jt_public_key **out,
                               struct jeton_detail *detail)
{
    if (secret->shape.type == JT_KEY_OCT)
        return jt_fail(detail, JETON_KEY_INVALID, "a symmetric key has no public half");
    /* What was good enough for the private half is for the public one. */
    const struct jt_key_rules rules = {secret->shape.bits, secret->shape.bits};
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers numbers;
    JT_TRY(secret->backend->numbers(secret->key, false, &numbers, &store));
    return jt_public_key_make(&numbers, &rules, out, detail);
}

static enum jeton_status decode(struct jeton_bytes pem_or_der, bool secret, struct jt_key_numbers *numbers,
                                struct jt_secret *store, struct jeton_detail *detail)
{
    if (pem_or_der.len == 0)
        return jt_fail(detail, JETON_KEY_INVALID, "the key is empty");
    if (pem_or_der.len > DECODE_MAX)
        return jt_fail(detail, JETON_KEY_INVALID, "the key has more than 1 MiB");
    return backend->decode(pem_or_der, secret, numbers, store, detail);
}

enum jeton_status jt_public_key_decode(struct jeton_bytes pem_or_der, const struct jt_key_rules *rules,
                                       struct jt_public_key **out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers numbers;
    JT_TRY(decode(pem_or_der, false, &numbers, &store, detail));
    return jt_public_key_make(&numbers, rules, out, detail);
}

enum jeton_status jt_secret_key_decode(struct jeton_bytes pem_or_der, const struct jt_key_rules *rules,
                                       struct jt_secret_key **out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers numbers;
    JT_TRY(decode(pem_or_der, true, &numbers, &store, detail));
    return jt_secret_key_make(&numbers, rules, out, detail);
}

/* --- Holding --- */

struct jt_public_key *jt_public_key_hold(const struct jt_public_key *key)
{
    struct jt_public_key *held = (struct jt_public_key *)key;
    atomic_fetch_add_explicit(&held->held, 1, memory_order_relaxed);
    return held;
}

void jt_public_key_release(struct jt_public_key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->held, 1, memory_order_acq_rel) != 1)
        return;
    key->backend->release(key->key);
    free(key);
}

struct jt_secret_key *jt_secret_key_hold(const struct jt_secret_key *key)
{
    struct jt_secret_key *held = (struct jt_secret_key *)key;
    atomic_fetch_add_explicit(&held->held, 1, memory_order_relaxed);
    return held;
}

void jt_secret_key_release(struct jt_secret_key *key)
{
    if (key == NULL || atomic_fetch_sub_explicit(&key->held, 1, memory_order_acq_rel) != 1)
        return;
    key->backend->release(key->key);
    free(key);
}

/* --- Looking, writing --- */

struct jt_key_shape jt_public_key_shape(const struct jt_public_key *key)
{
    return key->shape;
}

struct jt_key_shape jt_secret_key_shape(const struct jt_secret_key *key)
{
    return key->shape;
}

void jt_public_key_numbers(const struct jt_public_key *key, struct jt_key_numbers *out)
{
    *out = key->numbers;
}

enum jeton_status jt_secret_key_numbers(const struct jt_secret_key *key, struct jt_key_numbers *out,
                                        struct jt_secret *store)
{
    return key->backend->numbers(key->key, true, out, store);
}

enum jeton_status jt_public_key_encode(const struct jt_public_key *key, bool pem, struct jt_buffer *out)
{
    return key->backend->encode(key->key, false, pem, out);
}

enum jeton_status jt_secret_key_encode(const struct jt_secret_key *key, bool pem, struct jt_buffer *out)
{
    if (key->shape.type == JT_KEY_OCT)
        return JETON_KEY_INVALID; /* PKCS#8 knows no symmetric keys */
    if (!out->secret)
        return JETON_ARGUMENT_INVALID;
    return key->backend->encode(key->key, true, pem, out);
}

struct jt_backend_key *jt_public_key_backend(const struct jt_public_key *key)
{
    return key->key;
}

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
    return hash != JT_HASH_NONE ? backend->digest(hash, message, out) : JETON_ARGUMENT_INVALID;
}

enum jeton_status jt_mac(enum jt_hash hash, struct jeton_bytes key, struct jeton_bytes message, unsigned char *out)
{
    /* No bytes at all would be the hash library's "key of the last time". */
    return hash != JT_HASH_NONE && key.len > 0 ? backend->mac(hash, key, message, out) : JETON_ARGUMENT_INVALID;
}

enum jeton_status jt_random(void *out, size_t len)
{
    return len <= RANDOM_MAX ? backend->random(out, len) : JETON_ARGUMENT_INVALID;
}

enum jeton_status jt_seal(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                          struct jeton_bytes text, unsigned char *out, unsigned char tag[16])
{
    if (key.len != 32 || text.len > SEAL_MAX || associated.len > SEAL_MAX)
        return JETON_ARGUMENT_INVALID;
    return backend->seal(key, nonce, associated, text, out, tag);
}

enum jeton_status jt_open(struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated,
                          struct jeton_bytes sealed, const unsigned char tag[16], unsigned char *out)
{
    if (key.len != 32 || sealed.len > SEAL_MAX || associated.len > SEAL_MAX)
        return JETON_ARGUMENT_INVALID;
    enum jeton_status status = backend->open(key, nonce, associated, sealed, tag, out);
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
    return backend->library();
}

bool jt_crypto_has(enum jt_curve curve)
{
    return backend->has(curve);
}
