/* SPDX-License-Identifier: Apache-2.0 */
/* How do numbers become an OpenSSL key, and a key numbers again? Here is checked what OpenSSL does not check by itself:
 * EVP_PKEY_fromdata takes private halves that are another key's. RSA has its own file, backend_openssl_rsa.c. */
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

enum jeton_status jt_openssl_trouble(enum jt_curve curve, struct jeton_detail *detail)
{
    enum jeton_status status = jt_openssl_failed(JETON_INTERNAL_ERROR);
    if (status == JETON_INTERNAL_ERROR && !jt_openssl_has(curve))
        return jt_fail(detail, JETON_KEY_INVALID, "the linked %s does not have %s", OpenSSL_version(OPENSSL_VERSION),
                       jt_openssl_name(curve));
    return jt_fail(detail, status, "the crypto library could not make the key");
}

/* --- Building --- */

EVP_PKEY *jt_openssl_pkey_from(const char *type, OSSL_PARAM_BLD *build, bool secret)
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
        return jt_openssl_trouble(numbers->curve, detail);
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
    EVP_PKEY *pkey = ready ? jt_openssl_pkey_from("EC", build, secret) : NULL;
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
        return jt_openssl_trouble(numbers->curve, detail);
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
        pkey = jt_openssl_pkey_from(name, build, true);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static enum jeton_status raw_build(const struct jt_key_numbers *numbers, bool secret, EVP_PKEY **out,
                                   struct jeton_detail *detail)
{
    EVP_PKEY *pkey = raw_pkey(numbers, secret);
    if (pkey == NULL)
        return jt_openssl_trouble(numbers->curve, detail); /* any string of the right length is taken */
    if (secret) {
        unsigned char x[2592];
        size_t len = sizeof x;
        bool got = EVP_PKEY_get_raw_public_key(pkey, x, &len) > 0;
        if (!got || !jt_bytes_equal(jeton_bytes(x, len), numbers->x)) {
            EVP_PKEY_free(pkey);
            return got ? jt_fail(detail, JETON_KEY_INVALID, "the public half of the key is not that of its private one")
                       : jt_openssl_trouble(numbers->curve, detail);
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
        JT_TRY(jt_openssl_rsa_pkey(numbers, secret, &pkey, detail));
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
    enum jeton_status status = type == JT_KEY_RSA ? jt_openssl_rsa_numbers(pkey, secret, &numbers, &made)
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
