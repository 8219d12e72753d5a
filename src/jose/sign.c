/* SPDX-License-Identifier: Apache-2.0 */
/* How is a token made? The last stage of secret → token: header and claims are written straight as base64url's input,
 * signed, and put together. Nearly every token is written by sign_plain.c; any other, and every refusal, comes from
 * here and from sign_claims.c. */
#include "jose/sign.h"

#include "base/base64url.h"
#include "jose/keyset.h"
#include "jose/sign_parts.h"

/* Most of them are smaller, and take no memory of their own. */
#define PAYLOAD_ROOM 1024
#define HEADER_ROOM 256
#define TIME_MAX ((int64_t)1 << 53)

/* --- What both ways ask for --- */

/* RFC 9562 §5.4. */
bool jt_sign_uuid(const struct jeton_sign_options *options, unsigned char out[JT_SIGN_UUID])
{
    unsigned char raw[16];
    static const char hex[] = "0123456789abcdef";
    bool filled = options->random != NULL ? options->random(options->random_context, raw, sizeof raw) == 0
                                          : jt_random(raw, sizeof raw) == JETON_OK;
    if (!filled)
        return false;
    raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x40);
    raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80);
    for (size_t i = 0, at = 0; i < sizeof raw; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = (unsigned char)hex[raw[i] >> 4];
        out[at++] = (unsigned char)hex[raw[i] & 15];
    }
    return true;
}

/* --- The header --- */

static struct jeton_bytes kid_of(const struct jt_secret_jwk *key, const struct jeton_sign_options *options)
{
    const struct jt_jwk_about *about = &key->about;
    if (options->kid.len > 0)
        return options->kid;
    if (about->kid.len > 0 || about->shape.type == JT_KEY_OCT)
        return about->kid;
    return jeton_bytes(about->thumbprint, JT_THUMBPRINT_LENGTH);
}

static void write_header(const struct jt_secret_jwk *key, const struct jt_algorithm *alg,
                         const struct jeton_sign_options *options, struct jt_buffer *out)
{
    struct jt_json_writer writer;
    struct jeton_bytes kid = kid_of(key, options);
    jt_json_open(&writer, out);
    jt_json_add_string(&writer, "alg", jt_algorithm_name(alg));
    jt_json_add_string(&writer, "typ", options->typ.len > 0 ? options->typ : JT_TEXT("JWT"));
    if (kid.len > 0)
        jt_json_add_string(&writer, "kid", kid);
    jt_json_close(&writer);
}

/* --- The algorithm --- */

/* What the key signs with of itself, or the one of that name among those it signs with; NULL: none. */
static JT_HOT const struct jt_algorithm *suited(const struct jt_jwk_about *about, struct jeton_bytes name)
{
    if (name.len == 0) {
        const struct jt_algorithm *alg = about->alg != NULL ? about->alg : jt_algorithm_default(about->shape);
        return alg != NULL && (about->signs & JT_ALG_BIT(alg->id)) != 0 ? alg : NULL;
    }
    for (jt_alg_mask mask = about->signs; mask != 0; mask &= mask - 1) { /* one to six of them */
        const struct jt_algorithm *alg = jt_algorithm_at((size_t)__builtin_ctz(mask));
        if (jt_bytes_equal(jt_algorithm_name(alg), name))
            return alg;
    }
    return NULL;
}

static enum jeton_status unsuited(const struct jt_jwk_about *about, struct jeton_bytes name,
                                  struct jeton_detail *detail)
{
    const struct jt_algorithm *alg = about->alg != NULL ? about->alg : jt_algorithm_default(about->shape);
    if (name.len > 0) {
        alg = jt_algorithm_find(name);
        if (alg == NULL || !jt_algorithm_usable(alg))
            return jt_fail(detail, JETON_ALG_NOT_ALLOWED, "there is no algorithm \"%s\" here", jt_escape(name).text);
    }
    return jt_fail(detail, JETON_KEY_UNSUITABLE, "this key (%s) cannot sign with %s", jt_about_words(about).text,
                   alg != NULL ? alg->name : "anything");
}

/* --- Putting together --- */

JT_HOT enum jeton_status jt_sign_jws(const struct jt_secret_jwk *key, const struct jt_algorithm *alg,
                                     struct jeton_bytes header, struct jeton_bytes payload, struct jt_buffer *token,
                                     struct jeton_detail *detail)
{
    unsigned char signature[4627]; /* ML-DSA-87; RSA of 8192 bits has 1024 */
    size_t start = token->len, size = 0;
    size_t first = jt_base64url_encoded(header.len), second = jt_base64url_encoded(payload.len);
    size_t third = jt_base64url_encoded(jt_signature_size(key->about.shape, alg->method));
    if ((key->about.signs & JT_ALG_BIT(alg->id)) == 0)
        return jt_fail(detail, JETON_KEY_UNSUITABLE, "this key cannot sign with %s", alg->name);
    /* All the room at once; the NUL of who gives it away fits, too. */
    char *at = (char *)jt_buffer_grow(token, first + 1 + second + 1 + third + 1);
    if (at == NULL)
        return jt_fail(detail, token->status, "no room for the token");
    token->len--;
    jt_base64url_encode(header, at);
    at[first] = '.';
    jt_base64url_encode(payload, at + first + 1);
    struct jeton_bytes message = jeton_bytes(at, first + 1 + second);
    enum jeton_status status = jt_sign(key->key, alg->method, message, signature, sizeof signature, &size);
    if (status != JETON_OK) {
        token->len = start;
        return jt_fail(detail, status == JETON_OUT_OF_MEMORY ? status : JETON_INTERNAL_ERROR,
                       "the crypto library could not sign");
    }
    at[message.len] = '.';
    jt_base64url_encode(jeton_bytes(signature, size), at + message.len + 1);
    return JETON_OK;
}

static enum jeton_status check_options(const struct jeton_sign_options *options, struct jeton_detail *detail)
{
    if (options->now < 0 || options->now > TIME_MAX || options->ttl < 0 || options->ttl > TIME_MAX - options->now)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "now and ttl must lie in 0 to 2^53");
    if (options->backdate < -1 || options->backdate > options->now)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "backdate must be -1 or up to now");
    const struct jeton_bytes texts[] = {options->kid, options->typ, options->issuer, options->subject, options->jti};
    for (size_t i = 0; i < JT_COUNT(texts); i++)
        if (!jt_bytes_utf8(texts[i]))
            return jt_fail(detail, JETON_CLAIMS_INVALID, "\"%s\" is not UTF-8", jt_escape(texts[i]).text);
    for (size_t i = 0; i < options->audiences.count; i++)
        if (options->audiences.at[i].len == 0 || !jt_bytes_utf8(options->audiences.at[i]))
            return jt_fail(detail, JETON_CLAIMS_INVALID, "an audience is empty or not UTF-8");
    return JETON_OK;
}

/* Any token, and every refusal. Out of line: between two signatures the code of the quick way is no longer in the
 * processor's first cache, so that it should lie together. */
static __attribute__((noinline, cold)) enum jeton_status sign_any(const struct jt_secret_jwk *key,
                                                                  const struct jeton_sign_options *options,
                                                                  struct jt_buffer *token, struct jeton_detail *detail)
{
    JT_TRY(check_options(options, detail));
    const struct jt_algorithm *alg = suited(&key->about, options->alg);
    if (alg == NULL)
        return unsuited(&key->about, options->alg, detail);
    JT_AUTO(jt_buffer_done) struct jt_buffer header = {0};
    JT_AUTO(jt_buffer_done) struct jt_buffer payload = {0};
    unsigned char header_room[HEADER_ROOM], payload_room[PAYLOAD_ROOM];
    jt_buffer_init_in(&header, header_room, sizeof header_room, JT_SIGN_PAYLOAD_MAX);
    jt_buffer_init_in(&payload, payload_room, sizeof payload_room, JT_SIGN_PAYLOAD_MAX);
    write_header(key, alg, options, &header);
    JT_TRY(jt_sign_payload(options, &payload, detail));
    JT_TRY(header.status);
    return jt_sign_jws(key, alg, jt_buffer_bytes(&header), jt_buffer_bytes(&payload), token, detail);
}

JT_HOT enum jeton_status jt_sign_token(const struct jt_secret_jwk *key, const struct jeton_sign_options *options,
                                       struct jt_buffer *token, struct jeton_detail *detail)
{
    struct jt_sign_plain plain;
    const struct jt_algorithm *alg = suited(&key->about, options->alg);
    if (alg == NULL || !jt_sign_plain_write(jt_algorithm_name(alg), kid_of(key, options), options, &plain))
        return sign_any(key, options, token, detail);
    if (plain.uuid != NULL && !jt_sign_uuid(options, plain.uuid))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "no randomness");
    return jt_sign_jws(key, alg, plain.header, plain.payload, token, detail);
}
