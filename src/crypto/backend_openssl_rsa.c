/* SPDX-License-Identifier: Apache-2.0 */
/* Do these RSA numbers belong together, and how do they come into an OpenSSL key and out again? EVP_PKEY_fromdata looks
 * at nothing: not at an exponent of 1, nor whether d is another key's. Everything of RSA that needs big numbers. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/backend_openssl.h"

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

/* --- Into a key, and out again --- */

static EVP_PKEY *pkey_of(const struct rsa *rsa)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool ready = build != NULL;
    for (size_t i = 0; i < rsa->count && ready; i++)
        ready = OSSL_PARAM_BLD_push_BN(build, rsa_names[i], rsa->number[i]);
    EVP_PKEY *pkey = ready ? jt_openssl_pkey_from("RSA", build, rsa->count > 2) : NULL;
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

enum jeton_status jt_openssl_rsa_pkey(const struct jt_key_numbers *numbers, bool secret, EVP_PKEY **out,
                                      struct jeton_detail *detail)
{
    const struct jeton_bytes given[RSA_NUMBERS] = {numbers->n, numbers->e,  numbers->d,  numbers->p,
                                                   numbers->q, numbers->dp, numbers->dq, numbers->qi};
    JT_AUTO(rsa_done) struct rsa rsa = {.count = secret ? RSA_NUMBERS : 2};
    bool good = true;
    for (size_t i = 0; i < rsa.count; i++)
        if (given[i].len > 0 && !rsa_take(&rsa, i, given[i]))
            return jt_openssl_trouble(JT_CURVE_NONE, detail);
    if (secret) {
        good = false;
        if (!rsa_check(&rsa, &good))
            return jt_openssl_trouble(JT_CURVE_NONE, detail);
    }
    if (!good)
        return jt_fail(detail, JETON_KEY_INVALID, "the private RSA numbers do not belong to n and e");
    *out = pkey_of(&rsa);
    return *out != NULL ? JETON_OK : jt_openssl_trouble(JT_CURVE_NONE, detail);
}

enum jeton_status jt_openssl_rsa_numbers(const EVP_PKEY *pkey, bool secret, struct jt_key_numbers *out,
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
