/* SPDX-License-Identifier: Apache-2.0 */
/* How do numbers become an OpenSSL key, and a key numbers again? Here the mathematics is checked that OpenSSL does not
 * check by itself: EVP_PKEY_fromdata takes an RSA exponent of 1, and private halves that are another key's. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/backend_openssl.h"
#include "crypto/numbers.h"

static const struct {
    const char *name;
    int group; /* of EC */
} curves[] = {
    [JT_CURVE_P256] = {"prime256v1", NID_X9_62_prime256v1},
    [JT_CURVE_P384] = {"secp384r1", NID_secp384r1},
    [JT_CURVE_P521] = {"secp521r1", NID_secp521r1},
    [JT_CURVE_SECP256K1] = {"secp256k1", NID_secp256k1},
    [JT_CURVE_ED25519] = {"ED25519", 0},
    [JT_CURVE_ED448] = {"ED448", 0},
    [JT_CURVE_MLDSA44] = {"ML-DSA-44", 0}, /* OpenSSL 3.5 and later; looked for when asked, so one build fits both */
    [JT_CURVE_MLDSA65] = {"ML-DSA-65", 0},
    [JT_CURVE_MLDSA87] = {"ML-DSA-87", 0},
};

const char *jt_openssl_name(enum jt_curve curve)
{
    return curve > JT_CURVE_NONE && curve < JT_COUNT(curves) ? curves[curve].name : NULL;
}

enum jt_curve jt_openssl_curve(const char *name)
{
    for (size_t i = JT_CURVE_NONE + 1; i < JT_COUNT(curves); i++)
        if (strcmp(curves[i].name, name) == 0)
            return (enum jt_curve)i;
    return JT_CURVE_NONE;
}

/* Looked up in the list: to make the group would take as long as several signatures. */
static bool is_built_in(int group)
{
    EC_builtin_curve list[160]; /* OpenSSL 3 has 82 */
    size_t count = EC_get_builtin_curves(list, JT_COUNT(list));
    for (size_t i = 0; i < count && i < JT_COUNT(list); i++) {
        if (list[i].nid == group)
            return true;
    }
    return false;
}

bool jt_openssl_has(enum jt_curve curve)
{
    bool there = curve == JT_CURVE_NONE;
    if (!there && jt_openssl_name(curve) != NULL) {
        if (curves[curve].group != 0) { /* some distributions leave out secp256k1 */
            there = is_built_in(curves[curve].group);
        } else {
            EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, curves[curve].name, NULL);
            there = context != NULL;
            EVP_PKEY_CTX_free(context);
        }
    }
    ERR_clear_error();
    return there;
}

/* Was it the point? Any other failure is the library's own trouble and says nothing about the key; its check of points
 * says "not on the curve" when it has no memory, too. */
static bool says_no_point(void)
{
    bool says = false, short_of_memory = false;
    for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error()) {
        int reason = ERR_GET_REASON(error);
        says = says || (ERR_GET_LIB(error) == ERR_LIB_EC &&
                        (reason == EC_R_POINT_IS_NOT_ON_CURVE || reason == EC_R_COORDINATES_OUT_OF_RANGE ||
                         reason == EC_R_INVALID_ENCODING || reason == EC_R_POINT_AT_INFINITY));
        short_of_memory = short_of_memory || reason == ERR_R_MALLOC_FAILURE;
    }
    return says && !short_of_memory;
}

static enum jeton_status trouble(enum jt_curve curve, struct jeton_detail *detail)
{
    enum jeton_status status = jt_openssl_failed(JETON_INTERNAL_ERROR);
    if (status == JETON_INTERNAL_ERROR && !jt_openssl_has(curve))
        return jt_fail(detail, JETON_KEY_INVALID, "the linked %s does not have %s", OpenSSL_version(OPENSSL_VERSION),
                       jt_openssl_name(curve));
    return jt_fail(detail, status, "the crypto library could not make the key");
}

/* --- RSA --- */

enum { N, E, D, P, Q, DP, DQ, QI, RSA_NUMBERS };

static const char *const rsa_names[RSA_NUMBERS] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

struct rsa {
    BIGNUM *number[RSA_NUMBERS];
    size_t count; /* 2: public */
};

static void rsa_done(struct rsa *rsa)
{
    for (size_t i = 0; i < RSA_NUMBERS; i++)
        BN_clear_free(rsa->number[i]);
}

static bool rsa_take(struct rsa *rsa, size_t at, struct jeton_bytes number)
{
    rsa->number[at] = BN_secure_new();
    return rsa->number[at] != NULL && BN_bin2bn(number.at, (int)number.len, rsa->number[at]) != NULL;
}

/* q, dp, dq and qi from p, n and d. */
static bool rsa_complete(struct rsa *rsa, BN_CTX *work)
{
    BIGNUM *p1 = BN_CTX_get(work), *q1 = BN_CTX_get(work);
    for (size_t i = Q; i < RSA_NUMBERS; i++)
        if (rsa->number[i] == NULL && (rsa->number[i] = BN_secure_new()) == NULL)
            return false;
    BIGNUM **number = rsa->number;
    return q1 != NULL && BN_div(number[Q], NULL, number[N], number[P], work) &&
           (BN_cmp(number[P], number[Q]) > 0 || (BN_swap(number[P], number[Q]), true)) &&
           BN_sub(p1, number[P], BN_value_one()) && BN_sub(q1, number[Q], BN_value_one()) &&
           BN_mod(number[DP], number[D], p1, work) && BN_mod(number[DQ], number[D], q1, work) &&
           BN_mod_inverse(number[QI], number[Q], number[P], work) != NULL;
}

/* A key of n, e and d alone: from e·d - 1, a multiple of λ(n), comes a square root of 1 that is not ±1, and that gives
 * away a prime (RSA's own proof; NIST SP 800-56B app. C). `found` stays false when d does not belong to n and e. */
static bool rsa_factor(struct rsa *rsa, BN_CTX *work, bool *found)
{
    BIGNUM **number = rsa->number;
    BIGNUM *odd = BN_CTX_get(work), *base = BN_CTX_get(work), *root = BN_CTX_get(work), *next = BN_CTX_get(work),
           *minus_one = BN_CTX_get(work);
    *found = false;
    if (minus_one == NULL || !BN_mul(odd, number[E], number[D], work) || !BN_sub_word(odd, 1) ||
        !BN_sub(minus_one, number[N], BN_value_one()))
        return false;
    int halvings = 0;
    while (!BN_is_zero(odd) && !BN_is_odd(odd)) {
        if (!BN_rshift1(odd, odd))
            return false;
        halvings++;
    }
    if (halvings == 0)
        return true;
    for (BN_ULONG g = 2; g < 100; g++) {
        if (!BN_set_word(base, g) || !BN_mod_exp(root, base, odd, number[N], work))
            return false;
        bool skip = BN_is_one(root) || BN_cmp(root, minus_one) == 0;
        for (int i = 0; i < halvings && !skip; i++) {
            if (!BN_mod_sqr(next, root, number[N], work))
                return false;
            if (BN_is_one(next)) {
                number[P] = BN_secure_new();
                if (number[P] == NULL || !BN_sub_word(root, 1) || !BN_gcd(number[P], root, number[N], work))
                    return false;
                *found = true;
                return rsa_complete(rsa, work);
            }
            skip = BN_cmp(next, minus_one) == 0;
            if (BN_copy(root, next) == NULL)
                return false;
        }
        if (!skip)
            return true; /* g^(e·d-1) is not 1: d is not this key's */
    }
    return true;
}

/* n = p·q, e·d = 1 mod p-1 and q-1, and the CRT members are d's. Primes are not proved: that takes as long as making a
 * key, and a private key comes from its owner. */
static bool rsa_consistent(const struct rsa *rsa, BN_CTX *work, bool *good)
{
    BIGNUM *const *number = rsa->number;
    BIGNUM *p1 = BN_CTX_get(work), *q1 = BN_CTX_get(work), *made = BN_CTX_get(work);
    *good = false;
    if (made == NULL)
        return false;
    if (BN_cmp(number[P], BN_value_one()) <= 0 || BN_cmp(number[Q], BN_value_one()) <= 0 || !BN_is_odd(number[P]) ||
        !BN_is_odd(number[Q]) || BN_cmp(number[P], number[Q]) == 0 || BN_cmp(number[D], number[N]) >= 0)
        return true;
    if (!BN_mul(made, number[P], number[Q], work) || !BN_sub(p1, number[P], BN_value_one()) ||
        !BN_sub(q1, number[Q], BN_value_one()))
        return false;
    if (BN_cmp(made, number[N]) != 0)
        return true;
    if (!BN_mod(made, number[D], p1, work))
        return false;
    if (BN_cmp(made, number[DP]) != 0)
        return true;
    if (!BN_mod(made, number[D], q1, work))
        return false;
    if (BN_cmp(made, number[DQ]) != 0)
        return true;
    if (!BN_mod_mul(made, number[DP], number[E], p1, work))
        return false;
    if (!BN_is_one(made))
        return true;
    if (!BN_mod_mul(made, number[DQ], number[E], q1, work))
        return false;
    if (!BN_is_one(made))
        return true;
    if (!BN_mod_mul(made, number[QI], number[Q], number[P], work))
        return false;
    *good = BN_is_one(made) && BN_cmp(number[QI], number[P]) < 0;
    return true;
}

static bool rsa_check(struct rsa *rsa, bool *good)
{
    BN_CTX *work = BN_CTX_secure_new();
    bool ran = work != NULL, found = true;
    if (ran) {
        BN_CTX_start(work);
        if (rsa->number[P] == NULL)
            ran = rsa_factor(rsa, work, &found);
        ran = ran && (!found || rsa_consistent(rsa, work, good));
        BN_CTX_end(work);
    }
    BN_CTX_free(work);
    return ran;
}

/* --- Building --- */

static EVP_PKEY *pkey_from(const char *type, OSSL_PARAM_BLD *build, bool secret)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = params != NULL ? EVP_PKEY_CTX_new_from_name(NULL, type, NULL) : NULL;
    if (context == NULL || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &pkey, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *rsa_pkey(const struct rsa *rsa)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool ready = build != NULL;
    for (size_t i = 0; i < rsa->count && ready; i++)
        ready = OSSL_PARAM_BLD_push_BN(build, rsa_names[i], rsa->number[i]);
    EVP_PKEY *pkey = ready ? pkey_from("RSA", build, rsa->count > 2) : NULL;
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static enum jeton_status rsa_build(const struct jt_key_numbers *numbers, bool secret, EVP_PKEY **out,
                                   struct jeton_detail *detail)
{
    const struct jeton_bytes given[RSA_NUMBERS] = {numbers->n, numbers->e,  numbers->d,  numbers->p,
                                                   numbers->q, numbers->dp, numbers->dq, numbers->qi};
    JT_AUTO(rsa_done) struct rsa rsa = {.count = secret ? RSA_NUMBERS : 2};
    bool good = true;
    for (size_t i = 0; i < rsa.count; i++)
        if (given[i].len > 0 && !rsa_take(&rsa, i, given[i]))
            return trouble(JT_CURVE_NONE, detail);
    if (secret) {
        good = false;
        if (!rsa_check(&rsa, &good))
            return trouble(JT_CURVE_NONE, detail);
    }
    if (!good)
        return jt_fail(detail, JETON_KEY_INVALID, "the private RSA numbers do not belong to n and e");
    *out = rsa_pkey(&rsa);
    return *out != NULL ? JETON_OK : trouble(JT_CURVE_NONE, detail);
}

/* d·G, to be compared with the point that was given; false when d is not in 1 to n-1. */
static bool ec_point_of(const struct jt_key_numbers *numbers, size_t len, unsigned char x[66], unsigned char y[66],
                        bool *in_range)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[numbers->curve].group);
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    BIGNUM *d = BN_secure_new(), *ax = BN_new(), *ay = BN_new();
    bool ran = point != NULL && d != NULL && ax != NULL && ay != NULL &&
               BN_bin2bn(numbers->d.at, (int)numbers->d.len, d) != NULL;
    *in_range = false;
    if (ran) {
        BN_set_flags(d, BN_FLG_CONSTTIME);
        *in_range = !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0;
        if (*in_range)
            ran = EC_POINT_mul(group, point, d, NULL, NULL, NULL) > 0 &&
                  EC_POINT_get_affine_coordinates(group, point, ax, ay, NULL) > 0 &&
                  BN_bn2binpad(ax, x, (int)len) > 0 && BN_bn2binpad(ay, y, (int)len) > 0;
    }
    BN_clear_free(d);
    BN_free(ax);
    BN_free(ay);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return ran;
}

static enum jeton_status ec_halves(const struct jt_key_numbers *numbers, struct jeton_detail *detail)
{
    unsigned char x[66], y[66];
    size_t len = numbers->x.len;
    bool in_range = false;
    if (!ec_point_of(numbers, len, x, y, &in_range))
        return trouble(numbers->curve, detail);
    if (!in_range)
        return jt_fail(detail, JETON_KEY_INVALID, "d of the EC key is zero or not below the order of the curve");
    if (memcmp(x, numbers->x.at, len) != 0 || memcmp(y, numbers->y.at, len) != 0)
        return jt_fail(detail, JETON_KEY_INVALID, "x and y of the EC key are not those of its d");
    return JETON_OK;
}

static EVP_PKEY *ec_pkey(const struct jt_key_numbers *numbers, bool secret)
{
    unsigned char point[1 + 2 * 66] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t len = numbers->x.len;
    memcpy(point + 1, numbers->x.at, len);
    memcpy(point + 1 + len, numbers->y.at, len);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *d = NULL;
    bool ready = build != NULL &&
                 OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[numbers->curve].name, 0) &&
                 OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * len);
    if (ready && secret) {
        d = BN_secure_new();
        ready = d != NULL && BN_bin2bn(numbers->d.at, (int)numbers->d.len, d) != NULL;
        if (ready) {
            BN_set_flags(d, BN_FLG_CONSTTIME);
            ready = OSSL_PARAM_BLD_push_BN_pad(build, OSSL_PKEY_PARAM_PRIV_KEY, d, numbers->d.len);
        }
    }
    EVP_PKEY *pkey = ready ? pkey_from("EC", build, secret) : NULL;
    BN_clear_free(d);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

/* In the field, on the curve, not infinity. The four curves have cofactor 1: every such point has the right order, so
 * the quick check is the whole one (SP 800-56A §5.6.2.3.4). */
static bool ec_good(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool good = context != NULL && EVP_PKEY_public_check_quick(context) == 1;
    EVP_PKEY_CTX_free(context);
    return good;
}

static enum jeton_status ec_build(const struct jt_key_numbers *numbers, bool secret, EVP_PKEY **out,
                                  struct jeton_detail *detail)
{
    if (secret)
        JT_TRY(ec_halves(numbers, detail));
    ERR_clear_error(); /* so that what it says below is about this key */
    EVP_PKEY *pkey = ec_pkey(numbers, secret);
    if (pkey == NULL || !ec_good(pkey)) {
        EVP_PKEY_free(pkey);
        if (says_no_point())
            return jt_fail(detail, JETON_KEY_INVALID, "the point of the EC key is not on its curve");
        return trouble(numbers->curve, detail);
    }
    *out = pkey;
    return JETON_OK;
}

/* OKP and AKP: one octet string each way. The seed gives everything of ML-DSA (FIPS 204 §3.6.3). */
static EVP_PKEY *raw_pkey(const struct jt_key_numbers *numbers, bool secret)
{
    const char *name = curves[numbers->curve].name;
    if (!secret)
        return EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, numbers->x.at, numbers->x.len);
    if (numbers->type == JT_KEY_OKP)
        return EVP_PKEY_new_raw_private_key_ex(NULL, name, NULL, numbers->d.at, numbers->d.len);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;
    if (build != NULL && OSSL_PARAM_BLD_push_octet_string(build, "seed", numbers->d.at, numbers->d.len))
        pkey = pkey_from(name, build, true);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static enum jeton_status raw_build(const struct jt_key_numbers *numbers, bool secret, EVP_PKEY **out,
                                   struct jeton_detail *detail)
{
    EVP_PKEY *pkey = raw_pkey(numbers, secret);
    if (pkey == NULL)
        return trouble(numbers->curve, detail); /* any string of the right length is taken */
    if (secret) {
        unsigned char x[2592];
        size_t len = sizeof x;
        bool got = EVP_PKEY_get_raw_public_key(pkey, x, &len) > 0;
        if (!got || !jt_bytes_equal(jeton_bytes(x, len), numbers->x)) {
            EVP_PKEY_free(pkey);
            return got ? jt_fail(detail, JETON_KEY_INVALID, "the public half of the key is not that of its private one")
                       : trouble(numbers->curve, detail);
        }
    }
    *out = pkey;
    return JETON_OK;
}

static enum jeton_status build(const struct jt_key_numbers *numbers, bool secret, struct jt_backend_key **out,
                               struct jeton_detail *detail)
{
    EVP_PKEY *pkey = NULL;
    switch (numbers->type) {
    case JT_KEY_RSA:
        JT_TRY(rsa_build(numbers, secret, &pkey, detail));
        break;
    case JT_KEY_EC:
        JT_TRY(ec_build(numbers, secret, &pkey, detail));
        break;
    case JT_KEY_OKP:
    case JT_KEY_AKP:
        JT_TRY(raw_build(numbers, secret, &pkey, detail));
        break;
    case JT_KEY_OCT:
    case JT_KEY_NONE:
        return JETON_INTERNAL_ERROR;
    }
    return jt_openssl_key(pkey, numbers->type, numbers->curve, secret, out);
}

enum jeton_status jt_openssl_public_key(const struct jt_key_numbers *numbers, struct jt_backend_key **out,
                                        struct jeton_detail *detail)
{
    return build(numbers, false, out, detail);
}

enum jeton_status jt_openssl_secret_key(const struct jt_key_numbers *numbers, struct jt_backend_key **out,
                                        struct jeton_detail *detail)
{
    if (numbers->type != JT_KEY_OCT)
        return build(numbers, true, out, detail);
    struct jt_secret mac = {0};
    JT_TRY(jt_secret_copy(numbers->k, &mac));
    enum jeton_status status = jt_openssl_key(NULL, JT_KEY_OCT, JT_CURVE_NONE, true, out);
    if (status == JETON_OK)
        (*out)->mac = mac;
    else
        jt_secret_done(&mac);
    return status;
}

enum jeton_status jt_openssl_make_key(struct jt_key_shape shape, struct jt_backend_key **out,
                                      struct jeton_detail *detail)
{
    EVP_PKEY *pkey = NULL;
    const char *type = shape.type == JT_KEY_RSA ? "RSA" : shape.type == JT_KEY_EC ? "EC" : jt_openssl_name(shape.curve);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool ready = context != NULL && EVP_PKEY_keygen_init(context) > 0;
    if (ready && shape.type == JT_KEY_RSA)
        ready = EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)shape.bits) > 0;
    if (ready && shape.type == JT_KEY_EC)
        ready = EVP_PKEY_CTX_set_group_name(context, jt_openssl_name(shape.curve)) > 0;
    if (!ready || EVP_PKEY_generate(context, &pkey) <= 0)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    if (pkey == NULL)
        return jt_fail(detail, jt_openssl_failed(JETON_INTERNAL_ERROR), "the key could not be made");
    return jt_openssl_key(pkey, shape.type, shape.curve, true, out);
}

/* --- Numbers from keys --- */

static enum jeton_status rsa_numbers(const EVP_PKEY *pkey, bool secret, struct jt_key_numbers *out,
                                     struct jt_secret *store)
{
    struct jeton_bytes *const members[RSA_NUMBERS] = {&out->n, &out->e,  &out->d,  &out->p,
                                                      &out->q, &out->dp, &out->dq, &out->qi};
    JT_AUTO(rsa_done) struct rsa rsa = {.count = secret ? RSA_NUMBERS : 2};
    size_t len = 0, used = 0;
    for (size_t i = 0; i < rsa.count; i++) {
        if (EVP_PKEY_get_bn_param(pkey, rsa_names[i], &rsa.number[i]) <= 0) {
            if (i < P)
                return jt_openssl_failed(JETON_KEY_INVALID);
            ERR_clear_error(); /* a key of n, e and d alone */
            continue;
        }
        len += (size_t)BN_num_bytes(rsa.number[i]);
    }
    JT_TRY(jt_secret_new(len > 0 ? len : 1, store));
    for (size_t i = 0; i < rsa.count; i++) {
        if (rsa.number[i] == NULL)
            continue;
        size_t wrote = (size_t)BN_bn2bin(rsa.number[i], store->at + used);
        *members[i] = jeton_bytes(store->at + used, wrote);
        used += wrote;
    }
    return JETON_OK;
}

static bool ec_number(const EVP_PKEY *pkey, const char *name, unsigned char *at, size_t len, struct jeton_bytes *out)
{
    BIGNUM *number = NULL;
    bool got = EVP_PKEY_get_bn_param(pkey, name, &number) > 0 && BN_bn2binpad(number, at, (int)len) == (int)len;
    BN_clear_free(number);
    *out = jeton_bytes(at, len);
    return got;
}

static enum jeton_status curve_numbers(const EVP_PKEY *pkey, enum jt_key_type type, enum jt_curve curve, bool secret,
                                       struct jt_key_numbers *out, struct jt_secret *store)
{
    size_t len = jt_curve_facts(curve)->public_len, secret_len = jt_curve_facts(curve)->secret_len;
    size_t publics = type == JT_KEY_EC ? 2 * len : len;
    JT_TRY(jt_secret_new(publics + secret_len, store));
    unsigned char *x = store->at, *d = x + publics;
    bool got = false;
    if (type == JT_KEY_EC) {
        got = ec_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, x, len, &out->x) &&
              ec_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, x + len, len, &out->y) &&
              (!secret || ec_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, d, secret_len, &out->d));
    } else {
        size_t x_len = len, d_len = secret_len;
        got = EVP_PKEY_get_raw_public_key(pkey, x, &x_len) > 0 && x_len == len;
        if (got && secret)
            got = type == JT_KEY_OKP ? EVP_PKEY_get_raw_private_key(pkey, d, &d_len) > 0
                                     : EVP_PKEY_get_octet_string_param(pkey, "seed", d, secret_len, &d_len) > 0;
        got = got && d_len == secret_len;
        out->x = jeton_bytes(x, len);
        out->d = secret ? jeton_bytes(d, secret_len) : jeton_bytes(NULL, 0);
    }
    return got ? JETON_OK : jt_openssl_failed(JETON_KEY_INVALID);
}

enum jeton_status jt_openssl_pkey_numbers(const EVP_PKEY *pkey, enum jt_key_type type, enum jt_curve curve, bool secret,
                                          struct jt_key_numbers *out, struct jt_secret *store)
{
    struct jt_key_numbers numbers = {.type = type, .curve = curve};
    struct jt_secret made = {0};
    enum jeton_status status = type == JT_KEY_RSA ? rsa_numbers(pkey, secret, &numbers, &made)
                                                  : curve_numbers(pkey, type, curve, secret, &numbers, &made);
    if (status != JETON_OK) {
        jt_secret_done(&made);
        return status;
    }
    *out = numbers;
    *store = made;
    return JETON_OK;
}

enum jeton_status jt_openssl_numbers(const struct jt_backend_key *key, bool secret, struct jt_key_numbers *out,
                                     struct jt_secret *store)
{
    if (key->type != JT_KEY_OCT)
        return jt_openssl_pkey_numbers(key->pkey, key->type, key->curve, secret, out, store);
    JT_TRY(jt_secret_copy(jt_secret_bytes(&key->mac), store));
    *out = (struct jt_key_numbers){.type = JT_KEY_OCT, .k = jt_secret_bytes(store)};
    return JETON_OK;
}
