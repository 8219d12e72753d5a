/* SPDX-License-Identifier: Apache-2.0 */
/* Which numbers may be a key, and which key may do what? First stop of every key, before the backend looks at it. */
#include "crypto/numbers.h"

static const struct jt_curve_facts facts[] = {
    [JT_CURVE_P256] = {"P-256", JT_KEY_EC, JT_HASH_SHA256, 256, 32, 32, 64},
    [JT_CURVE_P384] = {"P-384", JT_KEY_EC, JT_HASH_SHA384, 384, 48, 48, 96},
    [JT_CURVE_P521] = {"P-521", JT_KEY_EC, JT_HASH_SHA512, 521, 66, 66, 132},
    [JT_CURVE_SECP256K1] = {"secp256k1", JT_KEY_EC, JT_HASH_SHA256, 256, 32, 32, 64},
    [JT_CURVE_ED25519] = {"Ed25519", JT_KEY_OKP, JT_HASH_NONE, 256, 32, 32, 64},
    [JT_CURVE_ED448] = {"Ed448", JT_KEY_OKP, JT_HASH_NONE, 448, 57, 57, 114},
    [JT_CURVE_MLDSA44] = {"ML-DSA-44", JT_KEY_AKP, JT_HASH_NONE, 1312 * 8, 1312, 32, 2420},
    [JT_CURVE_MLDSA65] = {"ML-DSA-65", JT_KEY_AKP, JT_HASH_NONE, 1952 * 8, 1952, 32, 3309},
    [JT_CURVE_MLDSA87] = {"ML-DSA-87", JT_KEY_AKP, JT_HASH_NONE, 2592 * 8, 2592, 32, 4627},
};

const struct jt_curve_facts *jt_curve_facts(enum jt_curve curve)
{
    return curve > JT_CURVE_NONE && curve < JT_COUNT(facts) ? &facts[curve] : NULL;
}

const char *jt_curve_name(enum jt_curve curve)
{
    const struct jt_curve_facts *known = jt_curve_facts(curve);
    return known != NULL ? known->name : "";
}

enum jt_curve jt_curve_find(enum jt_key_type type, struct jeton_bytes name)
{
    for (size_t i = JT_CURVE_NONE + 1; i < JT_COUNT(facts); i++)
        if (facts[i].type == type && jt_bytes_equal(jeton_text(facts[i].name), name))
            return (enum jt_curve)i;
    return JT_CURVE_NONE;
}

size_t jt_hash_size(enum jt_hash hash)
{
    switch (hash) {
    case JT_HASH_SHA256:
        return 32;
    case JT_HASH_SHA384:
        return 48;
    case JT_HASH_SHA512:
        return 64;
    case JT_HASH_NONE:
        break;
    }
    return 0;
}

JT_HOT bool jt_method_fits(struct jt_key_shape shape, struct jt_method method)
{
    const struct jt_curve_facts *curve = jt_curve_facts(shape.curve);
    switch (method.scheme) {
    case JT_SCHEME_HMAC: /* RFC 7518 §3.2: a key of the hash's size or larger */
        return shape.type == JT_KEY_OCT && method.hash != JT_HASH_NONE && shape.bits / 8 >= jt_hash_size(method.hash);
    case JT_SCHEME_RSA_PKCS1:
    case JT_SCHEME_RSA_PSS:
        return shape.type == JT_KEY_RSA && method.hash != JT_HASH_NONE;
    case JT_SCHEME_ECDSA: /* RFC 7518 §3.4, RFC 8812 §3.2: each curve has one hash */
        return shape.type == JT_KEY_EC && curve != NULL && curve->hash == method.hash;
    case JT_SCHEME_EDDSA:
        return shape.type == JT_KEY_OKP && curve != NULL && method.hash == JT_HASH_NONE;
    case JT_SCHEME_MLDSA:
        return shape.type == JT_KEY_AKP && curve != NULL && method.hash == JT_HASH_NONE;
    }
    return false;
}

JT_HOT size_t jt_signature_size(struct jt_key_shape shape, struct jt_method method)
{
    const struct jt_curve_facts *curve = jt_curve_facts(shape.curve);
    switch (method.scheme) {
    case JT_SCHEME_HMAC:
        return jt_hash_size(method.hash);
    case JT_SCHEME_RSA_PKCS1:
    case JT_SCHEME_RSA_PSS:
        return (shape.bits + 7) / 8;
    case JT_SCHEME_ECDSA:
    case JT_SCHEME_EDDSA:
    case JT_SCHEME_MLDSA:
        return curve != NULL ? curve->signature_len : 0;
    }
    return 0;
}

/* --- RSA --- */

/* Some libraries put a sign byte or fixed-size padding in front of RSA numbers (RFC 7518 §6.3.1.1 warns of it). The
 * value is the same, and thumbprints are made from what is left, so zeros in front do no harm. */
static struct jeton_bytes without_zeros(struct jeton_bytes number)
{
    const unsigned char *at = number.at;
    while (number.len > 0 && *at == 0) {
        at++;
        number.len--;
    }
    return jeton_bytes(at, number.len);
}

unsigned jt_number_bits(struct jeton_bytes number)
{
    number = without_zeros(number);
    if (number.len == 0)
        return 0;
    unsigned bits = (unsigned)(number.len - 1) * 8;
    for (unsigned first = *(const unsigned char *)number.at; first != 0; first >>= 1)
        bits++;
    return bits;
}

static bool is_odd(struct jeton_bytes number)
{
    return number.len > 0 && (((const unsigned char *)number.at)[number.len - 1] & 1) != 0;
}

/* CVE-2017-15361 (ROCA): the primes of one vendor's chips are powers of 65537 modulo small primes, and so is n; such a
 * key can be factored. An honest modulus looks like that once in 2^27. */
static bool looks_like_roca(struct jeton_bytes n)
{
    static const unsigned char primes[] = {37, 97, 79, 11, 127, 73, 61, 13, 17, 19, 53, 71, 103, 107, 109, 151, 157};
    const unsigned char *digit = n.at;
    for (size_t i = 0; i < sizeof primes; i++) {
        unsigned prime = primes[i], rest = 0, power = 1;
        for (size_t at = 0; at < n.len; at++)
            rest = (rest * 256 + digit[at]) % prime;
        while (power != rest) {
            power = power * (65537 % prime) % prime;
            if (power == 1)
                return false; /* all powers seen */
        }
    }
    return true;
}

/* In place of the library's own check, which takes 3 to 108 ms and a stranger chooses the size. */
static enum jeton_status rsa_public(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                                    struct jt_key_numbers *clean, struct jt_key_shape *shape,
                                    struct jeton_detail *detail)
{
    clean->n = without_zeros(numbers->n);
    clean->e = without_zeros(numbers->e);
    if (clean->n.len == 0 || clean->e.len == 0)
        return jt_fail(detail, JETON_KEY_INVALID, "an RSA key needs n and e");
    if (clean->n.len > (size_t)rules->rsa_bits_max / 8 + 1)
        return jt_fail(detail, JETON_KEY_INVALID, "RSA modulus of %zu bytes; at most %u bits are taken", clean->n.len,
                       rules->rsa_bits_max);
    unsigned bits = jt_number_bits(clean->n);
    if (bits < rules->rsa_bits_min || bits > rules->rsa_bits_max)
        return jt_fail(detail, JETON_KEY_INVALID, "RSA modulus of %u bits; %u to %u are taken", bits,
                       rules->rsa_bits_min, rules->rsa_bits_max);
    if (!is_odd(clean->n))
        return jt_fail(detail, JETON_KEY_INVALID, "RSA modulus is even");
    if (clean->e.len > 8)
        return jt_fail(detail, JETON_KEY_INVALID, "RSA exponent is larger than 2^64-1");
    if (!is_odd(clean->e) || jt_number_bits(clean->e) < 2)
        return jt_fail(detail, JETON_KEY_INVALID, "RSA exponent is even or 1; an odd one from 3 on is taken");
    if (looks_like_roca(clean->n))
        return jt_fail(detail, JETON_KEY_INVALID, "RSA modulus of a weak generator (CVE-2017-15361)");
    *shape = (struct jt_key_shape){JT_KEY_RSA, JT_CURVE_NONE, bits};
    return JETON_OK;
}

static enum jeton_status rsa_secret(const struct jt_key_numbers *numbers, struct jt_key_numbers *clean,
                                    struct jeton_detail *detail)
{
    const struct jeton_bytes given[] = {numbers->p, numbers->q, numbers->dp, numbers->dq, numbers->qi};
    struct jeton_bytes *const taken[] = {&clean->p, &clean->q, &clean->dp, &clean->dq, &clean->qi};
    size_t members = 0;
    clean->d = without_zeros(numbers->d);
    if (clean->d.len == 0 || clean->d.len > clean->n.len)
        return jt_fail(detail, JETON_KEY_INVALID, "an RSA private key needs d, smaller than n");
    for (size_t i = 0; i < JT_COUNT(given); i++) {
        *taken[i] = without_zeros(given[i]);
        if (taken[i]->len > clean->n.len)
            return jt_fail(detail, JETON_KEY_INVALID, "a prime or exponent of the RSA key is larger than n");
        members += taken[i]->len > 0;
    }
    if (members != 0 && members != JT_COUNT(given)) /* RFC 7518 §6.3.2: all or none */
        return jt_fail(detail, JETON_KEY_INVALID, "of p, q, dp, dq and qi either all are there or none");
    return JETON_OK;
}

/* --- The others: full length, no other (RFC 7518 §6.2.1.2) --- */

static enum jeton_status curve_length(const struct jt_curve_facts *curve, const char *member, struct jeton_bytes number,
                                      size_t len, struct jeton_detail *detail)
{
    if (number.len == len)
        return JETON_OK;
    return jt_fail(detail, JETON_KEY_INVALID, "%s of the %s key has %zu bytes; it must have %zu", member, curve->name,
                   number.len, len);
}

static enum jeton_status curve_public(const struct jt_key_numbers *numbers, struct jt_key_numbers *clean,
                                      struct jt_key_shape *shape, struct jeton_detail *detail)
{
    const struct jt_curve_facts *curve = jt_curve_facts(numbers->curve);
    if (curve == NULL || curve->type != numbers->type)
        return jt_fail(detail, JETON_KEY_INVALID, "the curve is not one of this key type");
    clean->x = numbers->x;
    JT_TRY(curve_length(curve, "x", numbers->x, curve->public_len, detail));
    if (curve->type == JT_KEY_EC) {
        clean->y = numbers->y;
        JT_TRY(curve_length(curve, "y", numbers->y, curve->public_len, detail));
    }
    *shape = (struct jt_key_shape){curve->type, numbers->curve, curve->bits};
    return JETON_OK;
}

/* Points of small order sign for anybody: with A among them, S = 0 and a fitting R pass for one message in eight or for
 * all (RFC 8032 §8.8 leaves it to the user of the keys). Ed25519's as the encodings of y without the sign bit, those
 * not reduced too; Ed448's are y = 0, 1 and -1. */
static const unsigned char small_order_25519[][32] = {
    {0},
    {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static bool small_order(enum jt_curve curve, struct jeton_bytes x)
{
    unsigned char y[57];
    if (x.len > sizeof y)
        return false;
    memcpy(y, x.at, x.len);
    y[x.len - 1] &= 0x7f; /* the sign of x */
    if (curve == JT_CURVE_ED25519) {
        for (size_t i = 0; i < JT_COUNT(small_order_25519); i++)
            if (memcmp(y, small_order_25519[i], 32) == 0)
                return true;
        return false;
    }
    /* p = 2^448 - 2^224 - 1; encodings of p and above are refused when a signature is checked. */
    static const unsigned char zero[57] = {0}, one[57] = {1};
    unsigned char minus_one[57];
    memset(minus_one, 0xff, 56);
    minus_one[0] = 0xfe;
    minus_one[28] = 0xfe;
    minus_one[56] = 0;
    return memcmp(y, zero, 57) == 0 || memcmp(y, one, 57) == 0 || memcmp(y, minus_one, 57) == 0;
}

enum jeton_status jt_numbers_public(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                                    struct jt_key_numbers *clean, struct jt_key_shape *shape,
                                    struct jeton_detail *detail)
{
    *clean = (struct jt_key_numbers){.type = numbers->type, .curve = numbers->curve};
    switch (numbers->type) {
    case JT_KEY_RSA:
        return rsa_public(numbers, rules, clean, shape, detail);
    case JT_KEY_OKP:
        JT_TRY(curve_public(numbers, clean, shape, detail));
        if (small_order(numbers->curve, numbers->x))
            return jt_fail(detail, JETON_KEY_INVALID, "the public key is a point of small order");
        return JETON_OK;
    case JT_KEY_EC:
    case JT_KEY_AKP:
        return curve_public(numbers, clean, shape, detail);
    case JT_KEY_OCT:
        return jt_fail(detail, JETON_KEY_INVALID, "a symmetric key is not a public key");
    case JT_KEY_NONE:
        break;
    }
    return jt_fail(detail, JETON_KEY_INVALID, "the key has no type");
}

enum jeton_status jt_numbers_secret(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules,
                                    struct jt_key_numbers *clean, struct jt_key_shape *shape,
                                    struct jeton_detail *detail)
{
    if (numbers->type == JT_KEY_OCT) {
        *clean = (struct jt_key_numbers){.type = JT_KEY_OCT, .k = numbers->k};
        if (numbers->k.len == 0 || numbers->k.len > JT_SECRET_BYTES_MAX)
            return jt_fail(detail, JETON_KEY_INVALID, "a secret has 1 to %u bytes", JT_SECRET_BYTES_MAX);
        *shape = (struct jt_key_shape){JT_KEY_OCT, JT_CURVE_NONE, (unsigned)numbers->k.len * 8};
        return JETON_OK;
    }
    JT_TRY(jt_numbers_public(numbers, rules, clean, shape, detail));
    if (numbers->type == JT_KEY_RSA)
        return rsa_secret(numbers, clean, detail);
    const struct jt_curve_facts *curve = jt_curve_facts(numbers->curve);
    clean->d = numbers->d;
    return curve_length(curve, "d", numbers->d, curve->secret_len, detail);
}
