/* SPDX-License-Identifier: Apache-2.0 */
/* What does the payload of a token say? The claims that the options name, then those the caller gives as JSON: these
 * are read strictly first, and each replaces the one of ours that has its name. */
#include <stdlib.h>

#include "jose/claims.h"
#include "jose/sign_parts.h"

#define CLAIMS_MAX 256 /* further claims of a call */
#define NO_BYTES ((struct jeton_bytes){NULL, 0})
/* The value of a claim: the payload's object stands around it, and counts. */
#define JSON_VALUE ((struct jt_json_limits){JT_JSON_PAYLOAD.depth - 1, JT_JSON_PAYLOAD.members})

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

static enum jeton_status read_json(struct jeton_bytes text, struct jt_json_limits limits, struct extra *extra,
                                   const char *what, struct jeton_bytes name, struct jt_json *out,
                                   struct jeton_detail *detail)
{
    struct jeton_detail inner = {""};
    enum jeton_status status = jt_json_read(text, limits, &extra->arena, out, &inner);
    if (status == JETON_ARGUMENT_INVALID)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "%s%s: %s", what, jt_escape(name).text, inner.text);
    return status;
}

static enum jeton_status read_claims_json(const struct jeton_sign_options *options, struct extra *extra,
                                          struct jeton_detail *detail)
{
    if (options->claims_json.len == 0)
        return JETON_OK;
    JT_TRY(read_json(options->claims_json, JT_JSON_PAYLOAD, extra, "claims", NO_BYTES, &extra->object, detail));
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
    size_t len = value.len;
    if (len >= 2 && at[0] == '"' && at[len - 1] == '"')
        return jt_bytes_plain(jeton_bytes(at + 1, len - 2)) == len - 2;
    return jt_sign_whole_number(value);
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
    JT_TRY(read_json(claim->value, JSON_VALUE, extra, "claim ", claim->name, &extra->claims[i], detail));
    return checked_claim(claim->name, extra->claims[i], detail);
}

/* How much memory that takes, and which claims of ours it replaces. */
static enum jeton_status measure_extra(const struct jeton_sign_options *options, size_t *out, unsigned *replaced,
                                       struct jeton_detail *detail)
{
    size_t room = options->claims_json.len > 0 ? jt_json_arena_size(options->claims_json.len) : 0;
    if (options->claim_count > CLAIMS_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "more than %d claims", CLAIMS_MAX);
    if (options->claims_json.len > JT_SIGN_PAYLOAD_MAX)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "the claims are larger than 1 MiB");
    for (size_t i = 0; i < options->claim_count; i++) {
        JT_TRY(check_name(options, i, detail));
        if (options->claims[i].value.len > JT_SIGN_PAYLOAD_MAX)
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

enum jeton_status jt_sign_payload(const struct jeton_sign_options *options, struct jt_buffer *out,
                                  struct jeton_detail *detail)
{
    JT_AUTO(extra_done) struct extra extra = {0};
    JT_TRY(read_extra(options, &extra, detail));
    return write_payload(options, &extra, out, detail);
}
