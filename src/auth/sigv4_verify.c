/* SPDX-License-Identifier: Apache-2.0 */
/* Does the signature that a request claims fit it, at this time? Scope, time, what must be signed, the body's hash, and
 * then the signature itself, in this order; compared in constant time. */
#include "auth/sigv4_parts.h"
#include "crypto/crypto.h"

enum { CANONICAL_MAX = 1 << 20 };

static enum jt_signed refuse(enum jt_signed outcome, struct jeton_detail *detail, const char *what)
{
    (void)jt_fail(detail, JETON_SIGNATURE_INVALID, "%s", what);
    return outcome;
}

static enum jt_signed malformed(const struct jt_sigv4_claim *claim, struct jeton_detail *detail, const char *what)
{
    return refuse(claim->presigned ? JT_SIGNED_QUERY_MALFORMED : JT_SIGNED_MALFORMED, detail, what);
}

static enum jt_signed judge_time(const struct jt_sigv4_claim *claim, int64_t now, struct jeton_detail *detail)
{
    if (claim->at > now + JT_SIGV4_SKEW)
        return refuse(JT_SIGNED_SKEWED, detail, "the request was signed in the future");
    if (claim->presigned)
        return now < claim->at + claim->expires ? JT_SIGNED_OK
                                                : refuse(JT_SIGNED_OVER, detail, "the request has expired");
    return now <= claim->at + JT_SIGV4_SKEW ? JT_SIGNED_OK
                                            : refuse(JT_SIGNED_SKEWED, detail, "the request was signed too long ago");
}

static bool is_signed(struct jeton_bytes list, struct jeton_bytes name)
{
    struct jeton_bytes one;
    while (jt_sigv4_next_header(&list, &one))
        if (jt_bytes_equal_nocase(one, name))
            return true;
    return false;
}

/* What stands in an x-amz-* header changes what the request does: none may be added to a signed request. */
static enum jt_signed judge_headers(const struct jt_sigv4_request *request, const struct jt_sigv4_claim *claim,
                                    struct jeton_detail *detail)
{
    size_t hosts = 0;
    (void)jt_sigv4_header(request, JT_TEXT("host"), &hosts);
    if (hosts != 1)
        return malformed(claim, detail, "there must be one Host header");
    for (size_t i = 0; i < request->header_count; i++) {
        struct jeton_bytes name = request->headers[i].name;
        if (jt_bytes_equal_nocase(jt_bytes_cut(name, 0, 6), JT_TEXT("x-amz-")) &&
            !is_signed(claim->signed_headers, name))
            return malformed(claim, detail, "an x-amz-* header is not signed");
    }
    return JT_SIGNED_OK;
}

static bool is_marker(struct jeton_bytes payload)
{
    static const char *const markers[] = {JT_SIGV4_UNSIGNED, "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                                          "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                          "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"};
    for (size_t i = 0; i < JT_COUNT(markers); i++)
        if (jt_bytes_equal(payload, jeton_text(markers[i])))
            return true;
    return false;
}

/* What stands for the body in what was signed; `memory` holds its hash where it is made here. Only S3 may leave a body
 * unsigned, and there a presigned one is unless it says otherwise. */
static enum jt_signed judge_payload(const struct jt_sigv4_claim *claim, const struct jt_sigv4_rules *rules,
                                    char memory[JT_SIGV4_HASH + 1], struct jeton_bytes *payload,
                                    struct jeton_detail *detail)
{
    bool s3 = jt_bytes_equal(rules->service, JT_TEXT("s3"));
    *payload = claim->payload;
    if (claim->payload.len > 0 && !jt_sigv4_is_hash(claim->payload) && !(s3 && is_marker(claim->payload)))
        return malformed(claim, detail, "x-amz-content-sha256 is neither a hash nor a known marker");
    if (claim->payload.len == 0 && s3 && claim->presigned) {
        *payload = JT_TEXT(JT_SIGV4_UNSIGNED);
        return JT_SIGNED_OK;
    }
    if (claim->payload.len == 0 && !rules->body_known)
        return malformed(claim, detail, "x-amz-content-sha256 is missing");
    if (!rules->body_known || is_marker(claim->payload))
        return JT_SIGNED_OK;
    if (jt_sigv4_payload(rules->body, memory) != JETON_OK)
        return JT_SIGNED_BROKEN;
    if (claim->payload.len > 0 && !jt_crypto_equal(claim->payload, jeton_bytes(memory, JT_SIGV4_HASH)))
        return refuse(JT_SIGNED_BODY, detail, "the body does not have the hash that was signed");
    *payload = jeton_bytes(memory, JT_SIGV4_HASH);
    return JT_SIGNED_OK;
}

static enum jeton_status compute(const struct jt_sigv4_canonical *from, const struct jt_sigv4_claim *claim,
                                 struct jeton_bytes secret, struct jt_arena *arena, char out[JT_SIGV4_HASH + 1])
{
    JT_AUTO(jt_buffer_done) struct jt_buffer canonical;
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    const struct jt_sigv4_scope scope = {claim->time, claim->day, claim->region, claim->service};
    jt_buffer_init_secret(&canonical, CANONICAL_MAX);
    jt_buffer_init(&text, 1024);
    JT_TRY(jt_sigv4_canonical(from, arena, &canonical));
    JT_TRY(jt_sigv4_string_to_sign(&scope, jt_buffer_bytes(&canonical), &text));
    return jt_sigv4_signature(&scope, secret, jt_buffer_bytes(&text), out);
}

static enum jt_signed judge_signature(const struct jt_sigv4_request *request, const struct jt_sigv4_claim *claim,
                                      const struct jt_sigv4_rules *rules, struct jeton_bytes payload,
                                      struct jeton_bytes secret, struct jt_arena *arena, struct jeton_detail *detail)
{
    const struct jt_sigv4_canonical from = {request, rules->path, claim->signed_headers, payload, claim->presigned};
    char signature[JT_SIGV4_HASH + 1];
    size_t start = arena->used;
    enum jeton_status status = compute(&from, claim, secret, arena, signature);
    jt_arena_rewind(arena, start);
    if (status == JETON_REQUEST_INVALID)
        return malformed(claim, detail, "a signed header is missing, or the path has a bad escape");
    if (status != JETON_OK)
        return JT_SIGNED_BROKEN;
    bool fits = jt_crypto_equal(claim->signature, jeton_bytes(signature, JT_SIGV4_HASH));
    return fits ? JT_SIGNED_OK : refuse(JT_SIGNED_MISMATCH, detail, "the signature does not fit the request");
}

enum jt_signed jt_sigv4_verify(const struct jt_sigv4_request *request, const struct jt_sigv4_claim *claim,
                               const struct jt_sigv4_rules *rules, struct jeton_bytes secret, int64_t now,
                               struct jt_arena *arena, struct jeton_detail *detail)
{
    char memory[JT_SIGV4_HASH + 1];
    struct jeton_bytes payload = {NULL, 0};
    enum jt_signed outcome = jt_bytes_equal(claim->service, rules->service)
                                 ? JT_SIGNED_OK
                                 : malformed(claim, detail, "the credential is for another service");
    if (outcome == JT_SIGNED_OK)
        outcome = judge_time(claim, now, detail);
    if (outcome == JT_SIGNED_OK)
        outcome = judge_headers(request, claim, detail);
    if (outcome == JT_SIGNED_OK)
        outcome = judge_payload(claim, rules, memory, &payload, detail);
    if (outcome == JT_SIGNED_OK)
        outcome = judge_signature(request, claim, rules, payload, secret, arena, detail);
    return outcome;
}
