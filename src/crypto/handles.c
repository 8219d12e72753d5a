/* SPDX-License-Identifier: Apache-2.0 */
/* What is this key made of? Handles of keys: made from numbers, PEM, DER or chance, held by count, looked at and
 * written. Numbers are judged in numbers.c. */
#include "crypto/handles.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "crypto/numbers.h"

#define DECODE_MAX ((size_t)1 << 20)

/* --- Making --- */

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
    enum jeton_status status = jt_backend_used->public_key(&clean, &key, detail);
    if (status != JETON_OK) {
        free(made);
        return status;
    }
    atomic_init(&made->held, 1);
    made->shape = shape;
    made->backend = jt_backend_used;
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
        jt_backend_used->release(key);
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a key");
    }
    atomic_init(&made->held, 1);
    made->shape = shape;
    made->backend = jt_backend_used;
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
    JT_TRY(jt_backend_used->secret_key(&clean, &key, detail));
    return secret_handle(key, shape, out, detail);
}

static enum jeton_status generate_oct(unsigned bits, struct jt_secret_key **out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret bytes = {0};
    JT_TRY(jt_secret_new(bits / 8, &bytes));
    JT_TRY(jt_backend_used->random(bytes.at, bytes.len));
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
    enum jeton_status status = jt_backend_used->make_key(shape, &key, detail);
    if (status == JETON_INTERNAL_ERROR && !jt_backend_used->has(curve))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s does not have %s", jt_backend_used->library(),
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
    return jt_backend_used->decode(pem_or_der, secret, numbers, store, detail);
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
