/* SPDX-License-Identifier: Apache-2.0 */
/* How is a token made? The last stage of secret → token: header and claims are written straight as base64url's input,
 * signed, and put together. What the caller gives as JSON is read strictly first; the rest is ours and is not. Nearly
 * every token is written by sign_plain.c; here is any other, and every refusal. */
#include "jose/sign.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "jose/claims.h"
#include "jose/keyset.h"
#include "jose/sign_parts.h"

#define CLAIMS_MAX 256 /* further claims of a call */
#define PAYLOAD_MAX ((size_t)1 << 20)
/* Most of them are smaller, and take no memory of their own. */
#define PAYLOAD_ROOM 1024
#define HEADER_ROOM 256
#define TIME_MAX ((int64_t)1 << 53)
#define NO_BYTES ((struct jeton_bytes){NULL, 0})

/* What the caller gave as JSON, read. */
struct extra {
    void *memory;
    struct jt_arena arena;
    struct jt_json object;  /* of claims_json */
    struct jt_json *claims; /* of a call; none where it is written as it is */
    unsigned replaced;      /* a bit 1 << jt_claim for each that the call gives itself */
};

static void extra_done(struct extra *extra)
{
    free(extra->memory);
}

/* --- Reading what came as JSON --- */

static enum jeton_status checked_claim(struct jeton_bytes name, struct jt_json value, struct jeton_detail *detail)
{
    if (!jt_claim_type_fits(name, value))
        return jt_fail(detail, JETON_CLAIMS_INVALID, "claim %s has a wrong type or value", jt_escape(name).text);
    return JETON_OK;
}

static enum jeton_status read_json(struct jeton_bytes text, struct extra *extra, const char *what,
                                   struct jeton_bytes name, struct jt_json *out, struct jeton_detail *detail)
{
    struct jeton_detail inner = {""};
    enum jeton_status status = jt_json_read(text, JT_JSON_PAYLOAD, &extra->arena, out, &inner);
    if (status == JETON_ARGUMENT_INVALID)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "%s%s: %s", what, jt_escape(name).text, inner.text);
    return status;
}

static enum jeton_status read_claims_json(const struct jeton_sign_options *options, struct extra *extra,
                                          struct jeton_detail *detail)
{
    if (options->claims_json.len == 0)
        return JETON_OK;
    JT_TRY(read_json(options->claims_json, extra, "claims", NO_BYTES, &extra->object, detail));
    if (jt_json_type(extra->object) != JT_JSON_OBJECT)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "the claims are no JSON object");
    for (struct jt_json_walk w = jt_json_walk(extra->object); jt_json_next(&w);)
        JT_TRY(checked_claim(w.name, w.value, detail));
    return JETON_OK;
}

/* A value that needs no parser to be seen as JSON in its one form: a string of plain ASCII, or a whole number. */
static bool is_plain(struct jeton_bytes value)
{
    const unsigned char *at = value.at;
    size_t len = value.len, i = 1;
    if (len >= 2 && at[0] == '"' && at[len - 1] == '"')
        return jt_bytes_plain(jeton_bytes(at + 1, len - 2)) == len - 2;
    if (len == 0 || len > 18 || at[0] < '1' || at[0] > '9')
        return false;
    while (i < len && at[i] >= '0' && at[i] <= '9')
        i++;
    return i == len;
}

static enum jeton_status check_name(const struct jeton_sign_options *options, size_t i, struct jeton_detail *detail)
{
    const struct jeton_claim *claim = &options->claims[i];
    if (claim->name.len == 0 || !jt_bytes_utf8(claim->name))
        return jt_fail(detail, JETON_CLAIMS_INVALID, "a claim has no name in UTF-8");
    for (size_t j = 0; j < i; j++)
        if (jt_bytes_equal(options->claims[j].name, claim->name))
            return jt_fail(detail, JETON_CLAIMS_INVALID, "claim %s is there twice", jt_escape(claim->name).text);
    return JETON_OK;
}

/* A plain claim that no rule speaks of is written as it is; only the others are parsed. */
static bool is_parsed(const struct jeton_claim *claim, enum jt_claim which)
{
    return jt_claim_typed(which) || !is_plain(claim->value);
}

static enum jeton_status read_claim(const struct jeton_sign_options *options, size_t i, struct extra *extra,
                                    struct jeton_detail *detail)
{
    const struct jeton_claim *claim = &options->claims[i];
    extra->claims[i].value = NULL;
    if (!is_parsed(claim, jt_claim_of(claim->name)))
        return JETON_OK;
    JT_TRY(read_json(claim->value, extra, "claim ", claim->name, &extra->claims[i], detail));
    return checked_claim(claim->name, extra->claims[i], detail);
}

/* How much memory that takes, and which claims of ours it replaces. */
static enum jeton_status measure_extra(const struct jeton_sign_options *options, size_t *out, unsigned *replaced,
                                       struct jeton_detail *detail)
{
    size_t room = options->claims_json.len > 0 ? jt_json_arena_size(options->claims_json.len) : 0;
    if (options->claim_count > CLAIMS_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "more than %d claims", CLAIMS_MAX);
    if (options->claims_json.len > PAYLOAD_MAX)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "the claims are larger than 1 MiB");
    for (size_t i = 0; i < options->claim_count; i++) {
        JT_TRY(check_name(options, i, detail));
        if (options->claims[i].value.len > PAYLOAD_MAX)
            return jt_fail(detail, JETON_CLAIMS_INVALID, "a claim is larger than 1 MiB");
        enum jt_claim which = jt_claim_of(options->claims[i].name);
        if (which != JT_CLAIM_COUNT)
            *replaced |= 1u << which;
        if (is_parsed(&options->claims[i], which))
            room += jt_json_arena_size(options->claims[i].value.len) + 16;
    }
    *out = room;
    return JETON_OK;
}

static enum jeton_status read_extra(const struct jeton_sign_options *options, struct extra *extra,
                                    struct jeton_detail *detail)
{
    size_t room = 0;
    JT_TRY(measure_extra(options, &room, &extra->replaced, detail));
    if (room == 0)
        return JETON_OK;
    room += options->claim_count * sizeof *extra->claims + 16;
    extra->memory = malloc(room);
    if (extra->memory == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_arena_init(&extra->arena, extra->memory, room);
    extra->claims = jt_arena_take(&extra->arena, options->claim_count * sizeof *extra->claims);
    if (extra->claims == NULL)
        return JETON_OUT_OF_MEMORY;
    JT_TRY(read_claims_json(options, extra, detail));
    for (size_t i = 0; i < options->claim_count; i++)
        JT_TRY(read_claim(options, i, extra, detail));
    return JETON_OK;
}

/* --- Writing the payload --- */

struct payload {
    struct jt_json_writer writer;
    const struct jeton_sign_options *options;
    unsigned taken; /* a bit 1 << jt_claim for each that is written, or will be as a claim of the call */
};

/* The name of a standard claim, unless it is taken. */
static bool begin(struct payload *payload, enum jt_claim which)
{
    static const char *const names[] = {
        [JT_CLAIM_EXP] = "exp", [JT_CLAIM_NBF] = "nbf", [JT_CLAIM_IAT] = "iat", [JT_CLAIM_ISS] = "iss",
        [JT_CLAIM_SUB] = "sub", [JT_CLAIM_AUD] = "aud", [JT_CLAIM_JTI] = "jti",
    };
    unsigned bit = 1u << which;
    if ((payload->taken & bit) != 0)
        return false;
    payload->taken |= bit;
    jt_json_name(&payload->writer, names[which]);
    return true;
}

static void add_text(struct payload *payload, enum jt_claim which, struct jeton_bytes text)
{
    if (text.len > 0 && begin(payload, which))
        jt_json_write_string(payload->writer.buffer, text);
}

static void add_time(struct payload *payload, enum jt_claim which, int64_t seconds)
{
    if (begin(payload, which))
        jt_buffer_add_number(payload->writer.buffer, seconds);
}

static void add_audiences(struct payload *payload)
{
    const struct jeton_list *list = &payload->options->audiences;
    struct jt_buffer *buffer = payload->writer.buffer;
    if (list->count == 1) {
        add_text(payload, JT_CLAIM_AUD, list->at[0]);
        return;
    }
    if (list->count == 0 || !begin(payload, JT_CLAIM_AUD))
        return;
    for (size_t i = 0; i < list->count; i++) {
        jt_buffer_add_byte(buffer, i == 0 ? '[' : ',');
        jt_json_write_string(buffer, list->at[i]);
    }
    jt_buffer_add_byte(buffer, ']');
}

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

static enum jeton_status add_jti(struct payload *payload, struct jeton_detail *detail)
{
    const struct jeton_sign_options *options = payload->options;
    unsigned char uuid[JT_SIGN_UUID];
    if (options->jti.len > 0) {
        add_text(payload, JT_CLAIM_JTI, options->jti);
        return JETON_OK;
    }
    if (!begin(payload, JT_CLAIM_JTI))
        return JETON_OK;
    if (!jt_sign_uuid(options, uuid))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "no randomness");
    jt_json_write_string(payload->writer.buffer, jeton_bytes(uuid, sizeof uuid));
    return JETON_OK;
}

static void add_claim(struct payload *payload, const struct extra *extra, size_t i)
{
    const struct jeton_claim *claim = &payload->options->claims[i];
    jt_json_member(&payload->writer, claim->name);
    if (extra->claims != NULL && extra->claims[i].value != NULL)
        jt_json_write(payload->writer.buffer, extra->claims[i]);
    else
        jt_buffer_add(payload->writer.buffer, claim->value);
}

static bool written(const struct payload *payload, struct jeton_bytes name)
{
    if ((payload->taken & 1u << jt_claim_of(name)) != 0)
        return true;
    for (size_t i = 0; i < payload->options->claim_count; i++)
        if (jt_bytes_equal(payload->options->claims[i].name, name))
            return true;
    return false;
}

static enum jeton_status write_payload(const struct jeton_sign_options *options, const struct extra *extra,
                                       struct jt_buffer *out, struct jeton_detail *detail)
{
    struct payload payload = {.options = options, .taken = extra->replaced};
    jt_json_open(&payload.writer, out);
    add_text(&payload, JT_CLAIM_ISS, options->issuer);
    add_text(&payload, JT_CLAIM_SUB, options->subject);
    add_audiences(&payload);
    add_time(&payload, JT_CLAIM_IAT, options->now);
    if (options->backdate >= 0)
        add_time(&payload, JT_CLAIM_NBF, options->now - options->backdate);
    if (options->ttl > 0)
        add_time(&payload, JT_CLAIM_EXP, options->now + options->ttl);
    JT_TRY(add_jti(&payload, detail));
    for (size_t i = 0; i < options->claim_count; i++)
        add_claim(&payload, extra, i);
    for (struct jt_json_walk w = jt_json_walk(extra->object); jt_json_next(&w);)
        if (!written(&payload, w.name)) {
            jt_json_member(&payload.writer, w.name);
            jt_json_write(out, w.value);
        }
    jt_json_close(&payload.writer);
    return out->status;
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
static const struct jt_algorithm *suited(const struct jt_jwk_about *about, struct jeton_bytes name)
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

/* All the room at once; the caller's NUL will fit, too. */
static unsigned char *grow_once(struct jt_buffer *token, size_t len)
{
    size_t start = token->len;
    if (len > token->room - start && jt_buffer_grow(token, len + 1) != NULL)
        token->len = start;
    return jt_buffer_grow(token, len);
}

enum jeton_status jt_sign_jws(const struct jt_secret_jwk *key, const struct jt_algorithm *alg,
                              struct jeton_bytes header, struct jeton_bytes payload, struct jt_buffer *token,
                              struct jeton_detail *detail)
{
    unsigned char signature[4627]; /* ML-DSA-87; RSA of 8192 bits has 1024 */
    size_t start = token->len, size = 0;
    size_t first = jt_base64url_encoded(header.len), second = jt_base64url_encoded(payload.len);
    size_t third = jt_base64url_encoded(jt_signature_size(key->about.shape, alg->method));
    if ((key->about.signs & JT_ALG_BIT(alg->id)) == 0)
        return jt_fail(detail, JETON_KEY_UNSUITABLE, "this key cannot sign with %s", alg->name);
    char *at = (char *)grow_once(token, first + 1 + second + 1 + third);
    if (at == NULL)
        return jt_fail(detail, token->status, "no room for the token");
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

/* Any token, and every refusal. */
static enum jeton_status sign_any(const struct jt_secret_jwk *key, const struct jeton_sign_options *options,
                                  struct jt_buffer *token, struct jeton_detail *detail)
{
    JT_TRY(check_options(options, detail));
    const struct jt_algorithm *alg = suited(&key->about, options->alg);
    if (alg == NULL)
        return unsuited(&key->about, options->alg, detail);
    JT_AUTO(extra_done) struct extra extra = {0};
    JT_TRY(read_extra(options, &extra, detail));
    JT_AUTO(jt_buffer_done) struct jt_buffer header = {0};
    JT_AUTO(jt_buffer_done) struct jt_buffer payload = {0};
    unsigned char header_room[HEADER_ROOM], payload_room[PAYLOAD_ROOM];
    jt_buffer_init_in(&header, header_room, sizeof header_room, PAYLOAD_MAX);
    jt_buffer_init_in(&payload, payload_room, sizeof payload_room, PAYLOAD_MAX);
    write_header(key, alg, options, &header);
    JT_TRY(write_payload(options, &extra, &payload, detail));
    JT_TRY(header.status);
    return jt_sign_jws(key, alg, jt_buffer_bytes(&header), jt_buffer_bytes(&payload), token, detail);
}

enum jeton_status jt_sign_token(const struct jt_secret_jwk *key, const struct jeton_sign_options *options,
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
