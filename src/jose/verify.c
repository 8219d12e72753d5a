/* SPDX-License-Identifier: Apache-2.0 */
/* Does the signature fit, and what does the token then say? The stage between a key set and claims; the only maker of
 * struct jt_verified. */
#include "jose/verify.h"

#include "jose/claims.h"

struct jt_verified {
    struct jeton_bytes header;
    struct jeton_bytes payload;
    const struct jt_algorithm *algorithm;
    struct jeton_bytes kid;
    struct jeton_bytes typ;
    bool open; /* the payload was read */
    char thumbprint[JT_THUMBPRINT_LENGTH + 1];
    struct jt_claims claims;
};

/* Says what is wrong with a payload, by reading it once more: the good ones should not pay for a place for words. */
static __attribute__((noinline, cold)) enum jeton_status not_claims(enum jeton_status status, struct jeton_bytes text,
                                                                    struct jt_arena *arena, struct jeton_detail *detail)
{
    struct jeton_detail why = {""};
    struct jt_json unused;
    if (status == JETON_OK)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "the payload is no JSON object");
    if (status != JETON_ARGUMENT_INVALID)
        return jt_fail(detail, status, "the arena is too small");
    if (jt_json_read(text, JT_JSON_PAYLOAD, arena, &unused, &why) == JETON_OK)
        return JETON_INTERNAL_ERROR; /* it cannot have become good */
    return jt_fail(detail, JETON_CLAIMS_INVALID, "payload: %s", why.text);
}

enum jeton_status jt_payload_read(struct jt_payload *payload, struct jeton_bytes text, struct jt_arena *arena,
                                  struct jeton_detail *detail)
{
    if (payload->read && payload->status == JETON_OK)
        return JETON_OK;
    size_t start = arena->used;
    enum jeton_status status = jt_json_read(text, JT_JSON_PAYLOAD, arena, &payload->json, NULL);
    if (status != JETON_OK || jt_json_type(payload->json) != JT_JSON_OBJECT) {
        jt_arena_rewind(arena, start);
        status = not_claims(status, text, arena, detail);
        jt_arena_rewind(arena, start);
    }
    payload->read = true;
    payload->status = status;
    return status;
}

static enum jeton_status fits(const struct jt_candidate *candidate, const struct jt_token *token,
                              const struct jt_algorithm *algorithm)
{
    if (candidate->public_key != NULL)
        return jt_verify(candidate->public_key->key, algorithm->method, token->signed_text, token->signature);
    /* A MAC is checked with keys that are secrets by their type; a public key cannot get here (CVE-2015-9235). */
    return jt_verify_mac(candidate->secret_key->key, algorithm->method, token->signed_text, token->signature);
}

static enum jeton_status signature_fails(const struct jt_token *token, const struct jt_header *header,
                                         const struct jt_candidates *candidates, struct jeton_detail *detail)
{
    const struct jt_jwk_about *about = jt_candidate_about(&candidates->at[0]);
    size_t size = jt_signature_size(about->shape, header->algorithm->method);
    if (token->signature.len == 0)
        return jt_fail(detail, JETON_SIGNATURE_INVALID, "the signature is empty");
    if (candidates->count > 1)
        return jt_fail(detail, JETON_SIGNATURE_INVALID, "none of %zu keys fits", candidates->count);
    if (token->signature.len != size)
        return jt_fail(detail, JETON_SIGNATURE_INVALID, "%zu bytes; %s with this key has %zu", token->signature.len,
                       header->algorithm->name, size);
    return jt_fail(detail, JETON_SIGNATURE_INVALID, "made with another key, or the token was changed");
}

enum jeton_status jt_verify_token(const struct jt_token *token, const struct jt_header *header,
                                  const struct jt_candidates *candidates, struct jt_arena *arena,
                                  struct jt_verified **out, struct jeton_detail *detail)
{
    const struct jt_jwk_about *about = NULL;
    for (size_t i = 0; i < candidates->count && about == NULL; i++) {
        enum jeton_status status = fits(&candidates->at[i], token, header->algorithm);
        if (status == JETON_OK)
            about = jt_candidate_about(&candidates->at[i]);
        else if (status != JETON_SIGNATURE_INVALID) /* a key set lets no unsuitable key through */
            return jt_fail(detail, status == JETON_KEY_UNSUITABLE ? JETON_INTERNAL_ERROR : status,
                           "the crypto library failed");
    }
    if (about == NULL)
        return signature_fails(token, header, candidates, detail);
    struct jt_verified *verified = jt_arena_take(arena, sizeof *verified);
    if (verified == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
    verified->header = token->header;
    verified->payload = token->payload;
    verified->algorithm = header->algorithm;
    verified->kid = header->kid;
    verified->typ = header->typ;
    verified->open = false;
    /* The digest of a secret would help to guess it (RFC 7638 §7). */
    if (about->shape.type == JT_KEY_OCT)
        verified->thumbprint[0] = '\0';
    else
        memcpy(verified->thumbprint, about->thumbprint, sizeof verified->thumbprint);
    *out = verified;
    return JETON_OK;
}

enum jeton_status jt_verified_open(struct jt_verified *token, struct jt_payload *payload, struct jt_arena *arena,
                                   struct jeton_detail *detail)
{
    JT_TRY(jt_payload_read(payload, token->payload, arena, detail));
    jt_claims_find(payload->json, &token->claims);
    token->open = true;
    return JETON_OK;
}

size_t jt_verified_copy_size(const struct jt_verified *token)
{
    return jt_verified_size() + token->header.len + token->kid.len + token->typ.len + token->payload.len +
           jt_json_arena_size(token->payload.len) + 6 * (size_t)16; /* each part starts aligned */
}

static bool copy_bytes(struct jeton_bytes *bytes, struct jt_arena *arena)
{
    if (bytes->at == NULL)
        return true;
    unsigned char *at = jt_arena_take(arena, bytes->len);
    if (at == NULL)
        return false;
    memcpy(at, bytes->at, bytes->len);
    bytes->at = at;
    return true;
}

enum jeton_status jt_verified_copy(const struct jt_verified *token, struct jt_arena *arena, struct jt_verified **out)
{
    struct jt_payload payload = {.read = false};
    struct jt_verified *copy = jt_arena_take(arena, sizeof *copy);
    if (copy == NULL)
        return JETON_OUT_OF_MEMORY;
    *copy = *token;
    if (!copy_bytes(&copy->header, arena) || !copy_bytes(&copy->kid, arena) || !copy_bytes(&copy->typ, arena) ||
        !copy_bytes(&copy->payload, arena))
        return JETON_OUT_OF_MEMORY;
    copy->open = false;
    if (token->open)
        JT_TRY(jt_verified_open(copy, &payload, arena, NULL));
    *out = copy;
    return JETON_OK;
}

size_t jt_verified_size(void)
{
    return (sizeof(struct jt_verified) + 15) / 16 * 16;
}

const struct jt_claims *jt_verified_typed(const struct jt_verified *token)
{
    static const struct jt_claims nothing;
    return token->open ? &token->claims : &nothing;
}

struct jeton_bytes jt_verified_issuer(const struct jt_verified *token)
{
    return jt_json_string(jt_verified_typed(token)->at[JT_CLAIM_ISS]);
}

struct jeton_bytes jt_verified_subject(const struct jt_verified *token)
{
    return jt_json_string(jt_verified_typed(token)->at[JT_CLAIM_SUB]);
}

const struct jt_algorithm *jt_verified_algorithm(const struct jt_verified *token)
{
    return token->algorithm;
}

struct jeton_bytes jt_verified_kid(const struct jt_verified *token)
{
    return token->kid;
}

struct jeton_bytes jt_verified_typ(const struct jt_verified *token)
{
    return token->typ;
}

const char *jt_verified_thumbprint(const struct jt_verified *token)
{
    return token->thumbprint;
}

struct jeton_bytes jt_verified_header(const struct jt_verified *token)
{
    return token->header;
}

struct jeton_bytes jt_verified_payload(const struct jt_verified *token)
{
    return token->payload;
}

struct jt_json jt_verified_claims(const struct jt_verified *token)
{
    return jt_verified_typed(token)->all;
}

struct jt_json jt_verified_claim(const struct jt_verified *token, struct jeton_bytes name)
{
    return jt_json_get(jt_verified_claims(token), name);
}

bool jt_verified_has_scope(const struct jt_verified *token, struct jeton_bytes scope)
{
    return jt_claims_has_scope(jt_verified_typed(token), scope);
}

bool jt_verified_has_audience(const struct jt_verified *token, struct jeton_bytes audience)
{
    return jt_claims_has_audience(jt_verified_typed(token), audience);
}

bool jt_verified_time(const struct jt_verified *token, enum jeton_time_claim which, struct jt_numeric_date *out)
{
    static const enum jt_claim claim[] = {[JETON_TIME_EXPIRES] = JT_CLAIM_EXP,
                                          [JETON_TIME_NOT_BEFORE] = JT_CLAIM_NBF,
                                          [JETON_TIME_ISSUED] = JT_CLAIM_IAT};
    const struct jt_claims *claims = jt_verified_typed(token);
    if ((unsigned)which >= JT_COUNT(claim) || claims->at[claim[which]].value == NULL ||
        (claims->wrong & 1u << claim[which]) != 0)
        return false;
    *out = claims->time[claim[which]];
    return true;
}
