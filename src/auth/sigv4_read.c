/* SPDX-License-Identifier: Apache-2.0 */
/* What does a request say of its own signature? The Authorization header, or the parameters of a presigned address;
 * strictly: each part once and well-formed, one way of the two. Nothing is believed yet. */
#include "auth/sigv4_parts.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

bool jt_sigv4_is_hash(struct jeton_bytes text)
{
    const char *at = text.at;
    for (size_t i = 0; i < text.len; i++)
        if (!((at[i] >= '0' && at[i] <= '9') || (at[i] >= 'a' && at[i] <= 'f')))
            return false;
    return text.len == JT_SIGV4_HASH;
}

/* Lower-case names of headers, sorted, each once; Host among them. */
static bool is_header_list(struct jeton_bytes list)
{
    struct jeton_bytes left = list, name, before = {NULL, 0};
    bool host = false;
    while (jt_sigv4_next_header(&left, &name)) {
        for (size_t i = 0; i < name.len; i++) {
            char letter = ((const char *)name.at)[i];
            if (letter <= 0x20 || letter >= 0x7f || (letter >= 'A' && letter <= 'Z') || strchr(",:()\"", letter))
                return false;
        }
        size_t shorter = name.len < before.len ? name.len : before.len;
        int order = shorter > 0 ? memcmp(before.at, name.at, shorter) : -1;
        if (name.len == 0 || order > 0 || (order == 0 && before.len >= name.len))
            return false;
        host = host || jt_bytes_equal(name, JT_TEXT("host"));
        before = name;
    }
    return host && ((const char *)list.at)[list.len - 1] != ';';
}

static bool is_word(struct jeton_bytes text, size_t max)
{
    const char *at = text.at;
    for (size_t i = 0; i < text.len; i++)
        if (at[i] <= 0x20 || at[i] >= 0x7f || at[i] == ',')
            return false;
    return text.len <= max;
}

/* The part after the last slash, cut off. */
static struct jeton_bytes last_part(struct jeton_bytes *text)
{
    size_t from = text->len;
    while (from > 0 && ((const char *)text->at)[from - 1] != '/')
        from--;
    struct jeton_bytes part = jt_bytes_cut(*text, from, text->len);
    *text = jt_bytes_cut(*text, 0, from > 0 ? from - 1 : 0);
    return part;
}

/* AKIDEXAMPLE/20150830/us-east-1/service/aws4_request */
static bool read_credential(struct jeton_bytes text, struct jt_sigv4_claim *out)
{
    bool ended = jt_bytes_equal(last_part(&text), JT_TEXT("aws4_request"));
    out->service = last_part(&text);
    out->region = last_part(&text);
    out->day = last_part(&text);
    out->access_key_id = text;
    return ended && out->service.len > 0 && is_word(out->service, 64) && is_word(out->region, 64) &&
           out->day.len == 8 && text.len > 0 && is_word(text, 128);
}

/* What holds whichever way it came. */
static bool well_formed(struct jt_sigv4_claim *out)
{
    return jt_sigv4_time_read(out->time, &out->at) && jt_bytes_equal(out->day, jt_bytes_cut(out->time, 0, 8)) &&
           is_header_list(out->signed_headers) && jt_sigv4_is_hash(out->signature);
}

/* --- In the header --- */

static bool take_part(struct jeton_bytes part, const char *name, struct jeton_bytes *out)
{
    size_t len = strlen(name);
    if (out->at != NULL || !jt_bytes_start(part, jeton_bytes(name, len)))
        return false;
    *out = jt_bytes_cut(part, len, part.len);
    return out->len > 0;
}

static bool read_authorization(struct jeton_bytes text, struct jt_sigv4_claim *out)
{
    struct jeton_bytes credential = {NULL, 0};
    for (size_t from = 0, end = 0; from < text.len; from = end + 1) {
        end = jt_bytes_find(text, ',', from);
        struct jeton_bytes part = jt_bytes_trim(jt_bytes_cut(text, from, end), " \t");
        if (!take_part(part, "Credential=", &credential) && !take_part(part, "SignedHeaders=", &out->signed_headers) &&
            !take_part(part, "Signature=", &out->signature))
            return false;
    }
    return credential.at != NULL && out->signed_headers.at != NULL && out->signature.at != NULL &&
           read_credential(credential, out);
}

/* A header that may be there once. */
static bool take_header(const struct jt_sigv4_request *request, struct jeton_bytes name, struct jeton_bytes *out)
{
    size_t count = 0;
    *out = jt_bytes_trim(jt_sigv4_header(request, name, &count), " \t");
    return count <= 1;
}

static enum jt_signed read_header(const struct jt_sigv4_request *request, struct jeton_bytes authorization,
                                  struct jt_sigv4_claim *out, struct jeton_detail *detail)
{
    size_t len = strlen(ALGORITHM);
    if (!jt_bytes_start(authorization, JT_TEXT(ALGORITHM " "))) {
        (void)jt_fail(detail, JETON_REQUEST_INVALID, "only " ALGORITHM " is supported");
        return JT_SIGNED_MALFORMED;
    }
    if (!read_authorization(jt_bytes_cut(authorization, len + 1, authorization.len), out) ||
        !take_header(request, JT_TEXT("x-amz-date"), &out->time) ||
        !take_header(request, JT_TEXT("x-amz-security-token"), &out->token) ||
        !take_header(request, JT_TEXT("x-amz-content-sha256"), &out->payload) || !well_formed(out)) {
        (void)jt_fail(detail, JETON_REQUEST_INVALID,
                      "Credential, SignedHeaders, Signature or X-Amz-Date is missing, given twice or malformed");
        return JT_SIGNED_MALFORMED;
    }
    return JT_SIGNED_OK;
}

/* --- In the query --- */

static bool take_parameter(const struct jt_sigv4_query *query, const char *name, bool needed, struct jeton_bytes *out)
{
    size_t count = 0;
    *out = jt_sigv4_query_get(query, name, &count);
    return count == 1 || (count == 0 && !needed);
}

static enum jt_signed read_query(const struct jt_sigv4_request *request, const struct jt_sigv4_query *query,
                                 struct jt_sigv4_claim *out, struct jeton_detail *detail)
{
    struct jeton_bytes algorithm, credential, expires, header;
    uint64_t seconds = 0;
    out->presigned = true;
    if (!take_parameter(query, "X-Amz-Algorithm", true, &algorithm) ||
        !take_parameter(query, "X-Amz-Credential", true, &credential) ||
        !take_parameter(query, "X-Amz-Date", true, &out->time) ||
        !take_parameter(query, "X-Amz-Expires", true, &expires) ||
        !take_parameter(query, "X-Amz-SignedHeaders", true, &out->signed_headers) ||
        !take_parameter(query, "X-Amz-Signature", true, &out->signature) ||
        !take_parameter(query, "X-Amz-Security-Token", false, &out->token) ||
        !take_parameter(query, "X-Amz-Content-Sha256", false, &out->payload) ||
        !take_header(request, JT_TEXT("x-amz-content-sha256"), &header) ||
        !jt_bytes_equal(algorithm, JT_TEXT(ALGORITHM)) || !read_credential(credential, out) || !well_formed(out)) {
        (void)jt_fail(detail, JETON_REQUEST_INVALID,
                      "a parameter of the signature is missing, given twice or malformed");
        return JT_SIGNED_QUERY_MALFORMED;
    }
    if (out->payload.len == 0)
        out->payload = header;
    if (!jt_bytes_number(expires, INT64_MAX, &seconds) || seconds < 1 || seconds > JT_SIGV4_EXPIRES_MAX) {
        (void)jt_fail(detail, JETON_REQUEST_INVALID, "X-Amz-Expires must be 1 to %d seconds", JT_SIGV4_EXPIRES_MAX);
        return JT_SIGNED_QUERY_MALFORMED;
    }
    out->expires = (int64_t)seconds;
    return JT_SIGNED_OK;
}

/* --- Which of the two --- */

static bool is_presigned(const struct jt_sigv4_query *query)
{
    static const char *const traces[] = {"X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"};
    size_t count = 0;
    for (size_t i = 0; i < JT_COUNT(traces) && count == 0; i++)
        (void)jt_sigv4_query_get(query, traces[i], &count);
    return count > 0;
}

static enum jt_signed find_signature(const struct jt_sigv4_request *request, struct jt_arena *arena,
                                     struct jt_sigv4_claim *out, struct jeton_detail *detail)
{
    struct jt_sigv4_query query;
    size_t count = 0;
    struct jeton_bytes authorization = jt_bytes_trim(jt_sigv4_header(request, JT_TEXT("authorization"), &count), " \t");
    bool in_header = jt_bytes_start(authorization, JT_TEXT("AWS4-")) || jt_bytes_start(authorization, JT_TEXT("AWS "));
    enum jeton_status status = jt_sigv4_query_read(request->query, arena, &query);
    if (status == JETON_OUT_OF_MEMORY)
        return JT_SIGNED_BROKEN;
    if (status != JETON_OK) {
        (void)jt_fail(detail, JETON_REQUEST_INVALID, "the query has a bad escape or too many parameters");
        return in_header ? JT_SIGNED_MALFORMED : JT_SIGNED_QUERY_MALFORMED;
    }
    bool in_query = is_presigned(&query);
    if (!in_header && !in_query)
        return JT_SIGNED_NOT;
    if (count > 1 || (in_header && in_query)) {
        (void)jt_fail(detail, JETON_REQUEST_INVALID, "there is more than one authorization");
        return JT_SIGNED_MALFORMED;
    }
    return in_query ? read_query(request, &query, out, detail) : read_header(request, authorization, out, detail);
}

enum jt_signed jt_sigv4_read(const struct jt_sigv4_request *request, struct jt_arena *arena, struct jt_sigv4_claim *out,
                             struct jeton_detail *detail)
{
    struct jt_sigv4_claim claim = {.presigned = false};
    enum jt_signed outcome = find_signature(request, arena, &claim, detail);
    if (outcome == JT_SIGNED_OK)
        *out = claim;
    return outcome;
}
