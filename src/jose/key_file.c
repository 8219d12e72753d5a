/* SPDX-License-Identifier: Apache-2.0 */
/* What does this key file hold? Told by content: JSON begins with "{", everything else is PEM or DER. */
#include "jose/jwk.h"

#include <stdlib.h>

#include "jose/key_file.h"

#define KEY_FILE_MAX ((size_t)1 << 20)

bool jt_key_file_is_json(struct jeton_bytes text)
{
    const char *at = text.at;
    for (size_t i = 0; i < text.len; i++)
        if (at[i] != ' ' && at[i] != '\t' && at[i] != '\n' && at[i] != '\r')
            return at[i] == '{' || at[i] == '[';
    return false;
}

enum jeton_status jt_key_json_read(struct jeton_bytes text, struct jt_key_json *out, struct jeton_detail *detail)
{
    static const struct jt_json_limits limits = {32, (size_t)1 << 20};
    struct jeton_detail inner = {""};
    size_t len = jt_json_arena_size(text.len);
    *out = (struct jt_key_json){.memory = malloc(len)};
    if (out->memory == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory to read the keys");
    jt_arena_init(&out->arena, out->memory, len);
    enum jeton_status status = jt_json_read(text, limits, &out->arena, &out->json, &inner);
    if (status == JETON_ARGUMENT_INVALID)
        status = jt_fail(detail, JETON_KEY_INVALID, "not strict JSON: %s", inner.text);
    else if (status == JETON_OK && jt_json_type(out->json) != JT_JSON_OBJECT)
        status = jt_fail(detail, JETON_KEY_INVALID, "neither a JWK nor a JWK set: no JSON object");
    if (status != JETON_OK)
        jt_key_json_done(out);
    return status;
}

void jt_key_json_done(struct jt_key_json *json)
{
    if (json->memory == NULL)
        return;
    jt_wipe(json->memory, json->arena.used); /* private members may have stood there */
    free(json->memory);
    *json = (struct jt_key_json){0};
}

static enum jeton_status checked_len(struct jeton_bytes text, struct jeton_detail *detail)
{
    if (text.len > KEY_FILE_MAX)
        return jt_fail(detail, JETON_KEY_INVALID, "a key file of %zu bytes; at most 1 MiB is read", text.len);
    return JETON_OK;
}

static enum jeton_status one_jwk(struct jt_json json, struct jeton_detail *detail)
{
    if (jt_json_type(jt_json_get(json, JT_TEXT("kty"))) == JT_JSON_NONE &&
        jt_json_type(jt_json_get(json, JT_TEXT("keys"))) != JT_JSON_NONE)
        return jt_fail(detail, JETON_KEY_INVALID, "a JWK set; one key is wanted");
    return JETON_OK;
}

static enum jeton_status public_from_json(struct jeton_bytes text, struct jt_public_jwk **out,
                                          struct jeton_detail *detail)
{
    JT_AUTO(jt_key_json_done) struct jt_key_json json = {0};
    struct jt_jwk_found found = {0};
    JT_TRY(jt_key_json_read(text, &json, detail));
    JT_TRY(one_jwk(json.json, detail));
    JT_TRY(jt_jwk_read_public(json.json, JETON_ORIGIN_OPERATOR, &found));
    *out = JT_TAKE(found.public_key);
    enum jeton_status status = JETON_OK;
    if (found.secret_key != NULL)
        status = jt_fail(detail, JETON_KEY_INVALID, "a symmetric key; it has no public half");
    else if (*out == NULL)
        status = jt_fail(detail, JETON_KEY_INVALID, "%s", found.detail.text);
    jt_jwk_found_done(&found);
    return status;
}

enum jeton_status jt_public_jwk_read(struct jeton_bytes text, struct jt_public_jwk **out, struct jeton_detail *detail)
{
    struct jt_public_key *key = NULL;
    struct jt_public_jwk *jwk = NULL;
    struct jt_jwk_labels labels = {.bare = true};
    JT_TRY(checked_len(text, detail));
    enum jeton_status status;
    if (jt_key_file_is_json(text)) {
        status = public_from_json(text, &jwk, detail);
    } else {
        JT_TRY(jt_public_key_decode(text, &JT_KEY_RULES_OPERATOR, &key, detail));
        status = jt_public_jwk_label(key, &labels, &jwk);
        jt_public_key_release(key);
    }
    if (status == JETON_OK)
        *out = jwk;
    return status;
}

static enum jeton_status secret_from_json(struct jeton_bytes text, struct jt_secret_jwk **out,
                                          struct jeton_detail *detail)
{
    JT_AUTO(jt_key_json_done) struct jt_key_json json = {0};
    struct jt_jwk_found found = {0};
    JT_TRY(jt_key_json_read(text, &json, detail));
    JT_TRY(one_jwk(json.json, detail));
    JT_TRY(jt_jwk_read_secret(json.json, &found));
    *out = JT_TAKE(found.secret_key);
    enum jeton_status status = JETON_OK;
    if (*out == NULL)
        status = jt_fail(detail, JETON_KEY_INVALID, "%s", found.detail.text);
    jt_jwk_found_done(&found);
    return status;
}

enum jeton_status jt_secret_jwk_read(struct jeton_bytes text, struct jt_secret_jwk **out, struct jeton_detail *detail)
{
    struct jt_secret_key *key = NULL;
    struct jt_secret_jwk *jwk = NULL;
    struct jt_jwk_labels labels = {.bare = true};
    JT_TRY(checked_len(text, detail));
    enum jeton_status status;
    if (jt_key_file_is_json(text)) {
        status = secret_from_json(text, &jwk, detail);
    } else {
        JT_TRY(jt_secret_key_decode(text, &JT_KEY_RULES_OPERATOR, &key, detail));
        status = jt_secret_jwk_label(key, &labels, &jwk);
        jt_secret_key_release(key);
    }
    if (status == JETON_OK)
        *out = jwk;
    return status;
}
