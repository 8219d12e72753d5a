/* SPDX-License-Identifier: Apache-2.0 */
/* What is a key together with what its JWK says about it? Making, counting, generating; reading is in jwk_read.c. */
#include "jose/jwk.h"

#include <stdlib.h>

struct jt_public_jwk *jt_public_jwk_hold(const struct jt_public_jwk *jwk)
{
    struct jt_public_jwk *held = (struct jt_public_jwk *)(uintptr_t)jwk;
    __atomic_fetch_add(&held->held, 1, __ATOMIC_RELAXED);
    return held;
}

void jt_public_jwk_release(struct jt_public_jwk *jwk)
{
    if (jwk == NULL || __atomic_sub_fetch(&jwk->held, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    jt_public_key_release(jwk->key);
    free(jwk);
}

struct jt_secret_jwk *jt_secret_jwk_hold(const struct jt_secret_jwk *jwk)
{
    struct jt_secret_jwk *held = (struct jt_secret_jwk *)(uintptr_t)jwk;
    __atomic_fetch_add(&held->held, 1, __ATOMIC_RELAXED);
    return held;
}

void jt_secret_jwk_release(struct jt_secret_jwk *jwk)
{
    if (jwk == NULL || __atomic_sub_fetch(&jwk->held, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    jt_secret_key_release(jwk->key);
    free(jwk);
}

static struct jeton_bytes keep(char **at, struct jeton_bytes text)
{
    if (text.at == NULL)
        return text;
    char *to = *at;
    if (text.len > 0)
        memcpy(to, text.at, text.len);
    to[text.len] = '\0';
    *at += text.len + 1;
    return jeton_bytes(to, text.len);
}

static size_t labels_size(const struct jt_jwk_labels *labels)
{
    return labels->kid.len + labels->use.len + labels->alg.len + 3;
}

/* The texts stand behind the struct, each with a NUL. */
static void set_about(struct jt_jwk_about *about, char *texts, const struct jt_jwk_labels *labels)
{
    about->kid = keep(&texts, labels->kid);
    about->use = keep(&texts, labels->use);
    about->alg_name = keep(&texts, labels->alg);
    about->bare = labels->bare;
    about->alg = labels->alg.at != NULL ? jt_algorithm_find(labels->alg) : NULL;
    if (labels->alg.at == NULL)
        about->verifies = jt_algorithms_of(about->shape);
    else if (about->alg != NULL)
        about->verifies = jt_algorithms_pinned(about->shape, about->alg);
    about->signs = about->verifies;
    about->skip = about->verifies == 0 ? JETON_SKIP_ALG_UNSUITABLE : JETON_SKIP_NONE;
}

enum jeton_status jt_public_jwk_label(struct jt_public_key *key, const struct jt_jwk_labels *labels,
                                      struct jt_public_jwk **out)
{
    struct jt_public_jwk *jwk = calloc(1, sizeof *jwk + labels_size(labels));
    if (jwk == NULL)
        return JETON_OUT_OF_MEMORY;
    enum jeton_status status = jt_thumbprint_public(key, jwk->about.thumbprint);
    if (status != JETON_OK) {
        free(jwk);
        return status;
    }
    jwk->held = 1;
    jwk->key = jt_public_key_hold(key);
    jwk->about.shape = jt_public_key_shape(key);
    set_about(&jwk->about, (char *)(jwk + 1), labels);
    *out = jwk;
    return JETON_OK;
}

enum jeton_status jt_secret_jwk_label(struct jt_secret_key *key, const struct jt_jwk_labels *labels,
                                      struct jt_secret_jwk **out)
{
    struct jt_secret_jwk *jwk = calloc(1, sizeof *jwk + labels_size(labels));
    if (jwk == NULL)
        return JETON_OUT_OF_MEMORY;
    enum jeton_status status = jt_thumbprint_secret(key, jwk->about.thumbprint);
    if (status != JETON_OK) {
        free(jwk);
        return status;
    }
    jwk->held = 1;
    jwk->key = jt_secret_key_hold(key);
    jwk->about.shape = jt_secret_key_shape(key);
    set_about(&jwk->about, (char *)(jwk + 1), labels);
    *out = jwk;
    return JETON_OK;
}

enum jeton_status jt_secret_jwk_make(struct jt_secret_key *key, struct jeton_bytes kid, const struct jt_algorithm *alg,
                                     struct jt_secret_jwk **out)
{
    struct jt_jwk_labels labels = {.kid = kid, .use = JT_TEXT("sig")};
    if (alg != NULL)
        labels.alg = jt_algorithm_name(alg);
    return jt_secret_jwk_label(key, &labels, out);
}

enum jeton_status jt_public_jwk_of(const struct jt_secret_jwk *secret, struct jt_public_jwk **out)
{
    struct jt_public_key *key = NULL;
    if (secret->about.shape.type == JT_KEY_OCT)
        return JETON_ARGUMENT_INVALID;
    JT_TRY(jt_public_of(secret->key, &key, NULL));
    const struct jt_jwk_about *about = &secret->about;
    struct jt_jwk_labels labels = {about->kid, about->use, about->alg_name, about->bare};
    enum jeton_status status = jt_public_jwk_label(key, &labels, out);
    if (status == JETON_OK) {
        (*out)->about.verifies = secret->about.verifies;
        (*out)->about.skip = secret->about.skip;
    }
    jt_public_key_release(key);
    return status;
}

/* The secret bits that an HS* needs at least: its hash's. */
static unsigned secret_bits(const struct jt_algorithm *alg)
{
    struct jt_key_shape none = {JT_KEY_OCT, JT_CURVE_NONE, 0};
    return (unsigned)jt_signature_size(none, alg->method) * 8;
}

static enum jeton_status generate(const struct jt_algorithm *alg, unsigned bits, struct jt_secret_key **out,
                                  struct jeton_detail *detail)
{
    switch (alg->type) {
    case JT_KEY_RSA:
        bits = bits == 0 ? 2048 : bits;
        if (bits < 2048 || bits > 8192 || bits % 8 != 0)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "an RSA key has 2048 to 8192 bits, a multiple of 8");
        break;
    case JT_KEY_OCT:
        bits = bits == 0 ? secret_bits(alg) : bits;
        if (bits < secret_bits(alg) || bits > 4096 || bits % 8 != 0)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "a secret for %s has %u to 4096 bits, a multiple of 8",
                           alg->name, secret_bits(alg));
        break;
    case JT_KEY_EC:
    case JT_KEY_OKP:
    case JT_KEY_AKP:
        if (bits != 0)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "the size of an %s key is given by its algorithm",
                           alg->name);
        break;
    case JT_KEY_NONE:
        return JETON_INTERNAL_ERROR;
    }
    enum jt_curve curve = alg->id == JT_ALG_EDDSA ? JT_CURVE_ED25519 : alg->curve;
    return jt_secret_key_generate(alg->type, curve, bits, out, detail);
}

enum jeton_status jt_secret_jwk_generate(const struct jt_algorithm *alg, unsigned bits, struct jeton_bytes kid,
                                         struct jt_secret_jwk **out, struct jeton_detail *detail)
{
    struct jt_secret_key *key = NULL;
    char thumbprint[JT_THUMBPRINT_LENGTH + 1];
    if (!jt_algorithm_usable(alg))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s is not in this crypto library", alg->name);
    if (kid.len > JT_KID_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "the key id has more than %d bytes", JT_KID_MAX);
    JT_TRY(generate(alg, bits, &key, detail));
    enum jeton_status status = JETON_OK;
    if (kid.len == 0)
        kid.at = NULL;
    if (kid.len == 0 && alg->type != JT_KEY_OCT) {
        status = jt_thumbprint_secret(key, thumbprint);
        kid = jeton_bytes(thumbprint, JT_THUMBPRINT_LENGTH);
    }
    if (status == JETON_OK)
        status = jt_secret_jwk_make(key, kid, alg, out);
    jt_secret_key_release(key);
    return status;
}

enum jeton_status jt_secret_jwk_from_bytes(struct jeton_bytes secret, struct jt_secret_jwk **out,
                                           struct jeton_detail *detail)
{
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = secret};
    struct jt_secret_key *key = NULL;
    if (secret.len < JT_SECRET_MIN)
        return jt_fail(detail, JETON_KEY_INVALID, "a secret of %zu bytes; at least %d are needed", secret.len,
                       JT_SECRET_MIN);
    JT_TRY(jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, detail));
    struct jt_jwk_labels labels = {.bare = true};
    enum jeton_status status = jt_secret_jwk_label(key, &labels, out);
    jt_secret_key_release(key);
    return status;
}
