/* SPDX-License-Identifier: Apache-2.0 */
/* What is a key's name when nobody gave it one? SHA-256 over its required members in lexicographic order
 * (RFC 7638 §3; RFC 8037 §2 for OKP, RFC 9964 for AKP). Computed once, when the key is made. */
#include "base/base64url.h"
#include "jose/jwk.h"

#define CANONICAL_MAX ((size_t)256 * 1024)

static void member(struct jt_buffer *text, const char *name, const char *value)
{
    jt_buffer_add_byte(text, text->len == 0 ? '{' : ',');
    jt_buffer_add_format(text, "\"%s\":\"%s\"", name, value);
}

static void number(struct jt_buffer *text, const char *name, struct jeton_bytes value)
{
    jt_buffer_add_byte(text, text->len == 0 ? '{' : ',');
    jt_buffer_add_format(text, "\"%s\":\"", name);
    size_t len = jt_base64url_encoded(value.len);
    unsigned char *at = jt_buffer_grow(text, len);
    if (at != NULL)
        jt_base64url_encode(value, (char *)at);
    jt_buffer_add_byte(text, '"');
}

static void canonical(struct jt_buffer *text, const struct jt_key_numbers *numbers)
{
    const char *type = jt_key_type_name(numbers->type);
    switch (numbers->type) {
    case JT_KEY_RSA:
        number(text, "e", numbers->e);
        member(text, "kty", type);
        number(text, "n", numbers->n);
        break;
    case JT_KEY_EC:
        member(text, "crv", jt_curve_name(numbers->curve));
        member(text, "kty", type);
        number(text, "x", numbers->x);
        number(text, "y", numbers->y);
        break;
    case JT_KEY_OKP:
        member(text, "crv", jt_curve_name(numbers->curve));
        member(text, "kty", type);
        number(text, "x", numbers->x);
        break;
    case JT_KEY_AKP:
        member(text, "alg", jt_curve_name(numbers->curve));
        member(text, "kty", type);
        number(text, "pub", numbers->x);
        break;
    case JT_KEY_OCT:
        number(text, "k", numbers->k);
        member(text, "kty", type);
        break;
    case JT_KEY_NONE:
        break;
    }
    jt_buffer_add_byte(text, '}');
}

static enum jeton_status digest(struct jt_buffer *text, char out[JT_THUMBPRINT_LENGTH + 1])
{
    unsigned char hash[32];
    enum jeton_status status = text->status;
    if (status == JETON_OK)
        status = jt_digest(JT_HASH_SHA256, jt_buffer_bytes(text), hash);
    if (status == JETON_OK) {
        jt_base64url_encode(jeton_bytes(hash, sizeof hash), out);
        out[JT_THUMBPRINT_LENGTH] = '\0';
    }
    jt_buffer_done(text);
    return status;
}

enum jeton_status jt_thumbprint_public(const struct jt_public_key *key, char out[JT_THUMBPRINT_LENGTH + 1])
{
    struct jt_key_numbers numbers;
    struct jt_buffer text;
    jt_public_key_numbers(key, &numbers);
    jt_buffer_init(&text, CANONICAL_MAX);
    canonical(&text, &numbers);
    return digest(&text, out);
}

enum jeton_status jt_numbers_of(const struct jt_secret_key *key, struct jt_key_numbers *out, struct jt_secret *store)
{
    enum jeton_status status = jt_secret_key_numbers(key, out, store);
    return status == JETON_KEY_INVALID ? JETON_INTERNAL_ERROR : status;
}

enum jeton_status jt_thumbprint_secret(const struct jt_secret_key *key, char out[JT_THUMBPRINT_LENGTH + 1])
{
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers numbers;
    struct jt_buffer text;
    JT_TRY(jt_numbers_of(key, &numbers, &store));
    jt_buffer_init_secret(&text, CANONICAL_MAX);
    canonical(&text, &numbers);
    return digest(&text, out);
}
