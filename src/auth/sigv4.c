/* SPDX-License-Identifier: Apache-2.0 */
/* How is a request signed as AWS's clients do? The text that is signed, the key derived for a day, region and service,
 * and signing requests of our own. */
#include "auth/sigv4.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/sigv4_parts.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/crypto.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { CANONICAL_MAX = 1 << 20, HASH = 32, SECRET_MAX = 256, SIGNED_HEADERS = 100 };

static const struct {
    const char *s3, *sts;
    unsigned http;
    const char *text;
} outcomes[] = {
#define JT_SIGNED(id, s3, sts, http, text) {s3, sts, http, text},
#include "auth/signed.def"
#undef JT_SIGNED
};

const char *jt_signed_s3_code(enum jt_signed outcome)
{
    return outcomes[outcome].s3;
}

const char *jt_signed_sts_code(enum jt_signed outcome)
{
    return outcomes[outcome].sts;
}

unsigned jt_signed_http(enum jt_signed outcome)
{
    return outcomes[outcome].http;
}

const char *jt_signed_text(enum jt_signed outcome)
{
    return outcomes[outcome].text;
}

/* Room for the query decoded and encoded, a parameter at its least of two bytes, and the path. */
size_t jt_sigv4_arena_size(size_t len)
{
    return 2 * (16 * len + (JT_SIGV4_PARAMETERS + 1) * (sizeof(struct jt_sigv4_parameter) + 64)) + 4096;
}

/* --- Times --- */

static bool digits(struct jeton_bytes text, size_t from, size_t to, int64_t *out)
{
    uint64_t number = 0;
    if (!jt_bytes_number(jt_bytes_cut(text, from, to), 9999, &number))
        return false;
    *out = (int64_t)number;
    return true;
}

/* Days since 1970-01-01 of a Gregorian date. */
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool jt_sigv4_time_read(struct jeton_bytes text, int64_t *out)
{
    const char *at = text.at;
    int64_t year, month, day, hour, minute, second;
    if (text.len != 16 || at[8] != 'T' || at[15] != 'Z' || !digits(text, 0, 4, &year) || !digits(text, 4, 6, &month) ||
        !digits(text, 6, 8, &day) || !digits(text, 9, 11, &hour) || !digits(text, 11, 13, &minute) ||
        !digits(text, 13, 15, &second) || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    *out = day_number(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

void jt_sigv4_time_write(int64_t at, char out[17])
{
    char text[21];
    size_t len = 0;
    jt_time_write(at, text);
    for (const char *from = text; *from != '\0'; from++)
        if (*from != '-' && *from != ':')
            out[len++] = *from;
    out[len] = '\0';
}

/* --- The signature --- */

static void write_hex(const unsigned char hash[HASH], char out[JT_SIGV4_HASH + 1])
{
    static const char letters[] = "0123456789abcdef";
    for (size_t i = 0; i < HASH; i++) {
        out[2 * i] = letters[hash[i] >> 4];
        out[2 * i + 1] = letters[hash[i] & 15];
    }
    out[JT_SIGV4_HASH] = '\0';
}

enum jeton_status jt_sigv4_payload(struct jeton_bytes body, char out[JT_SIGV4_HASH + 1])
{
    unsigned char hash[HASH];
    JT_TRY(jt_digest(JT_HASH_SHA256, body, hash));
    write_hex(hash, out);
    return JETON_OK;
}

enum jeton_status jt_sigv4_string_to_sign(const struct jt_sigv4_scope *scope, struct jeton_bytes canonical,
                                          struct jt_buffer *out)
{
    char hash[JT_SIGV4_HASH + 1];
    JT_TRY(jt_sigv4_payload(canonical, hash));
    jt_buffer_add_text(out, ALGORITHM "\n");
    jt_buffer_add(out, scope->time);
    jt_buffer_add_byte(out, '\n');
    jt_buffer_add(out, scope->day);
    jt_buffer_add_byte(out, '/');
    jt_buffer_add(out, scope->region);
    jt_buffer_add_byte(out, '/');
    jt_buffer_add(out, scope->service);
    jt_buffer_add_text(out, "/aws4_request\n");
    jt_buffer_add_text(out, hash);
    return out->status;
}

enum jeton_status jt_sigv4_signature(const struct jt_sigv4_scope *scope, struct jeton_bytes secret,
                                     struct jeton_bytes text, char out[JT_SIGV4_HASH + 1])
{
    unsigned char first[4 + SECRET_MAX] = "AWS4", key[HASH];
    const struct jeton_bytes steps[] = {scope->day, scope->region, scope->service, JT_TEXT("aws4_request"), text};
    struct jeton_bytes with = jeton_bytes(first, 4 + secret.len);
    enum jeton_status status = JETON_OK;
    if (secret.len == 0 || secret.len > SECRET_MAX)
        return JETON_ARGUMENT_INVALID;
    memcpy(first + 4, secret.at, secret.len);
    for (size_t i = 0; i < JT_COUNT(steps) && status == JETON_OK; i++) {
        unsigned char next[HASH];
        status = jt_mac(JT_HASH_SHA256, with, steps[i], next);
        memcpy(key, next, sizeof key);
        jt_wipe(next, sizeof next);
        with = jeton_bytes(key, sizeof key);
    }
    if (status == JETON_OK)
        write_hex(key, out);
    jt_wipe(first, sizeof first);
    jt_wipe(key, sizeof key);
    return status;
}

/* --- Signing --- */

static int compare_fields(const void *a, const void *b)
{
    struct jeton_bytes left = ((const struct jt_header_field *)a)->name;
    struct jeton_bytes right = ((const struct jt_header_field *)b)->name;
    size_t shorter = left.len < right.len ? left.len : right.len;
    int order = shorter > 0 ? memcmp(left.at, right.at, shorter) : 0;
    return order != 0 ? order : (left.len > right.len) - (left.len < right.len);
}

static enum jeton_status lower_name(struct jeton_bytes name, struct jt_arena *arena, struct jeton_bytes *out)
{
    unsigned char *memory = jt_arena_take(arena, name.len + 1);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char byte = ((const unsigned char *)name.at)[i];
        memory[i] = byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
    }
    *out = jeton_bytes(memory, name.len);
    return JETON_OK;
}

/* One request being signed: all that goes into the signature. */
struct signing {
    struct jt_header_field fields[SIGNED_HEADERS + 3];
    size_t count;
    struct jt_buffer names, canonical, text;
    struct jt_sigv4_scope scope;
};

/* Its headers and the signer's own. Those of one name keep their order: they are joined in it. */
static enum jeton_status collect(struct signing *signing, const struct jt_sigv4_request *request,
                                 const struct jt_sigv4_signer *signer, struct jt_arena *arena)
{
    if (request->header_count > SIGNED_HEADERS)
        return JETON_ARGUMENT_INVALID;
    for (size_t i = 0; i < request->header_count; i++) {
        struct jt_header_field *field = &signing->fields[signing->count++];
        JT_TRY(lower_name(request->headers[i].name, arena, &field->name));
        field->value = request->headers[i].value;
    }
    signing->fields[signing->count++] = (struct jt_header_field){JT_TEXT("x-amz-date"), signing->scope.time};
    if (signer->send_payload)
        signing->fields[signing->count++] = (struct jt_header_field){JT_TEXT("x-amz-content-sha256"), signer->payload};
    if (signer->token.len > 0)
        signing->fields[signing->count++] = (struct jt_header_field){JT_TEXT("x-amz-security-token"), signer->token};
    return JETON_OK;
}

/* Sorted, each once. */
static void list_names(struct signing *signing)
{
    struct jt_header_field sorted[SIGNED_HEADERS + 3];
    memcpy(sorted, signing->fields, signing->count * sizeof *sorted);
    qsort(sorted, signing->count, sizeof *sorted, compare_fields);
    for (size_t i = 0; i < signing->count; i++) {
        if (i > 0 && jt_bytes_equal(sorted[i].name, sorted[i - 1].name))
            continue;
        if (i > 0)
            jt_buffer_add_byte(&signing->names, ';');
        jt_buffer_add(&signing->names, sorted[i].name);
    }
}

static enum jeton_status write_authorization(struct signing *signing, const struct jt_sigv4_signer *signer,
                                             struct jt_arena *arena, struct jeton_bytes *out)
{
    char signature[JT_SIGV4_HASH + 1];
    JT_TRY(jt_sigv4_string_to_sign(&signing->scope, jt_buffer_bytes(&signing->canonical), &signing->text));
    JT_TRY(jt_sigv4_signature(&signing->scope, signer->secret, jt_buffer_bytes(&signing->text), signature));
    size_t room = 160 + signer->access_key_id.len + signer->region.len + signer->service.len + signing->names.len +
                  sizeof signature;
    char *text = jt_arena_take(arena, room);
    if (text == NULL)
        return JETON_OUT_OF_MEMORY;
    int len = snprintf(text, room,
                       ALGORITHM " Credential=%.*s/%.*s/%.*s/%.*s/aws4_request, SignedHeaders=%.*s, Signature=%s",
                       (int)signer->access_key_id.len, (const char *)signer->access_key_id.at,
                       (int)signing->scope.day.len, (const char *)signing->scope.day.at, (int)signer->region.len,
                       (const char *)signer->region.at, (int)signer->service.len, (const char *)signer->service.at,
                       (int)signing->names.len, (const char *)signing->names.at, signature);
    *out = jeton_bytes(text, (size_t)len);
    return JETON_OK;
}

static enum jeton_status sign(struct signing *signing, const struct jt_sigv4_request *request,
                              const struct jt_sigv4_signer *signer, struct jt_arena *arena,
                              struct jeton_bytes *authorization)
{
    JT_TRY(collect(signing, request, signer, arena));
    list_names(signing);
    JT_TRY(signing->names.status);
    struct jt_sigv4_request whole = *request;
    whole.headers = signing->fields;
    whole.header_count = signing->count;
    struct jt_sigv4_canonical from = {&whole, signer->path, jt_buffer_bytes(&signing->names), signer->payload, false};
    JT_TRY(jt_sigv4_canonical(&from, arena, &signing->canonical));
    return write_authorization(signing, signer, arena, authorization);
}

enum jeton_status jt_sigv4_sign(const struct jt_sigv4_request *request, const struct jt_sigv4_signer *signer,
                                int64_t now, struct jt_arena *arena, struct jt_sigv4_signed *out,
                                struct jeton_detail *detail)
{
    struct signing signing = {.count = 0};
    size_t hosts = 0;
    char *time = jt_arena_take(arena, 17);
    if (time == NULL)
        return JETON_OUT_OF_MEMORY;
    (void)jt_sigv4_header(request, JT_TEXT("host"), &hosts);
    if (hosts != 1)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a request without Host cannot be signed");
    jt_sigv4_time_write(now, time);
    signing.scope = (struct jt_sigv4_scope){jeton_bytes(time, 16), jeton_bytes(time, 8), signer->region,
                                            signer->service};
    jt_buffer_init(&signing.names, CANONICAL_MAX);
    jt_buffer_init_secret(&signing.canonical, CANONICAL_MAX);
    jt_buffer_init(&signing.text, 1024);
    struct jeton_bytes authorization = {NULL, 0};
    enum jeton_status status = sign(&signing, request, signer, arena, &authorization);
    jt_buffer_done(&signing.names);
    jt_buffer_done(&signing.canonical);
    jt_buffer_done(&signing.text);
    if (status == JETON_REQUEST_INVALID)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a request whose path or query has a bad escape");
    if (status == JETON_OK)
        *out = (struct jt_sigv4_signed){authorization, signing.scope.time};
    return status;
}
