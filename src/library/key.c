/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/key.h>: keys of the promise are the counted keys of jose. */
#include "library/border.h"

#define OUTPUT_MAX ((size_t)1 << 20)
#define SET_MAX ((size_t)64 << 20)

/* --- Public keys --- */

enum jeton_status jeton_public_key_read(struct jeton_bytes text, struct jeton_public_key **key,
                                        struct jeton_detail *detail)
{
    struct jt_public_jwk *jwk = NULL;
    JT_TRY(jt_public_jwk_read(text, &jwk, detail));
    *key = (struct jeton_public_key *)jwk;
    return JETON_OK;
}

enum jeton_status jeton_public_key_write(const struct jeton_public_key *key, enum jeton_key_format format,
                                         struct jeton_output *output)
{
    const struct jt_public_jwk *jwk = jt_border_public(key);
    struct jt_buffer buffer;
    enum jeton_status status = JETON_OK;
    jt_buffer_init(&buffer, OUTPUT_MAX);
    switch (format) {
    case JETON_FORMAT_JWK:
        jt_jwk_write_public(&buffer, jwk);
        break;
    case JETON_FORMAT_PEM:
    case JETON_FORMAT_DER:
        status = jt_public_key_encode(jwk->key, format == JETON_FORMAT_PEM, &buffer);
        break;
    }
    if (status == JETON_OK)
        return jt_border_give(&buffer, output);
    jt_buffer_done(&buffer);
    return status;
}

enum jeton_status jeton_public_keys_write(const struct jeton_public_key *const *keys, size_t count,
                                          struct jeton_output *output)
{
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, SET_MAX);
    jt_jwks_write(&buffer, (const struct jt_public_jwk *const *)(const void *)keys, count);
    return jt_border_give(&buffer, output);
}

void jeton_public_key_thumbprint(const struct jeton_public_key *key, char out[JETON_THUMBPRINT_LENGTH + 1])
{
    memcpy(out, jt_border_public(key)->about.thumbprint, JETON_THUMBPRINT_LENGTH + 1);
}

const char *jeton_public_key_id(const struct jeton_public_key *key)
{
    const char *kid = jt_border_public(key)->about.kid.at;
    return kid != NULL ? kid : "";
}

void jeton_public_key_free(struct jeton_public_key *key)
{
    jt_public_jwk_release(jt_border_public(key));
}

/* --- Secret keys --- */

enum jeton_status jeton_secret_key_read(struct jeton_bytes text, struct jeton_secret_key **key,
                                        struct jeton_detail *detail)
{
    struct jt_secret_jwk *jwk = NULL;
    JT_TRY(jt_secret_jwk_read(text, &jwk, detail));
    *key = (struct jeton_secret_key *)jwk;
    return JETON_OK;
}

enum jeton_status jeton_secret_key_from_bytes(struct jeton_bytes secret, struct jeton_secret_key **key,
                                              struct jeton_detail *detail)
{
    struct jt_secret_jwk *jwk = NULL;
    JT_TRY(jt_secret_jwk_from_bytes(secret, &jwk, detail));
    *key = (struct jeton_secret_key *)jwk;
    return JETON_OK;
}

enum jeton_status jeton_secret_key_generate(struct jeton_bytes alg, unsigned bits, struct jeton_bytes kid,
                                            struct jeton_secret_key **key, struct jeton_detail *detail)
{
    const struct jt_algorithm *algorithm = jt_algorithm_find(alg);
    struct jt_secret_jwk *jwk = NULL;
    if (algorithm == NULL)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "there is no signature algorithm \"%s\"", jt_escape(alg).text);
    JT_TRY(jt_secret_jwk_generate(algorithm, bits, kid, &jwk, detail));
    *key = (struct jeton_secret_key *)jwk;
    return JETON_OK;
}

enum jeton_status jeton_secret_key_write(const struct jeton_secret_key *key, enum jeton_key_format format,
                                         struct jeton_output *output)
{
    const struct jt_secret_jwk *jwk = jt_border_secret(key);
    struct jt_buffer buffer;
    enum jeton_status status = JETON_OK;
    if (format != JETON_FORMAT_JWK && jwk->about.shape.type == JT_KEY_OCT)
        return JETON_ARGUMENT_INVALID;
    jt_buffer_init_secret(&buffer, OUTPUT_MAX);
    switch (format) {
    case JETON_FORMAT_JWK:
        status = jt_jwk_write_secret(&buffer, jwk);
        break;
    case JETON_FORMAT_PEM:
    case JETON_FORMAT_DER:
        status = jt_secret_key_encode(jwk->key, format == JETON_FORMAT_PEM, &buffer);
        break;
    }
    if (status == JETON_OK)
        return jt_border_give(&buffer, output);
    jt_buffer_done(&buffer);
    return status;
}

enum jeton_status jeton_secret_key_public(const struct jeton_secret_key *key, struct jeton_public_key **out)
{
    struct jt_public_jwk *jwk = NULL;
    JT_TRY(jt_public_jwk_of(jt_border_secret(key), &jwk));
    *out = (struct jeton_public_key *)jwk;
    return JETON_OK;
}

void jeton_secret_key_thumbprint(const struct jeton_secret_key *key, char out[JETON_THUMBPRINT_LENGTH + 1])
{
    memcpy(out, jt_border_secret(key)->about.thumbprint, JETON_THUMBPRINT_LENGTH + 1);
}

const char *jeton_secret_key_id(const struct jeton_secret_key *key)
{
    const char *kid = jt_border_secret(key)->about.kid.at;
    return kid != NULL ? kid : "";
}

void jeton_secret_key_free(struct jeton_secret_key *key)
{
    jt_secret_jwk_release(jt_border_secret(key));
}
