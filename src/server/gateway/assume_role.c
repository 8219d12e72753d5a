/* SPDX-License-Identifier: Apache-2.0 */
/* How does one speak to an STS, as its client? See assume_role.h. */
#include "server/gateway/assume_role.h"

#include <stdio.h>

#include "server/gateway/s3_request.h"

enum { NAME_LEAST = 2, NAME_MOST = 64, TEXT_MAX = 8192 };

/* --- What goes out --- */

static bool is_session_byte(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte != 0 && strchr("+=,.@_-", byte) != NULL);
}

static struct jeton_bytes session_name(struct jeton_bytes name, char out[NAME_MOST])
{
    size_t len = name.len < NAME_MOST ? name.len : NAME_MOST;

    if (len < NAME_LEAST)
        return JT_TEXT("jetond-session");
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = ((const unsigned char *)name.at)[i];

        out[i] = is_session_byte(byte) ? (char)byte : '_';
    }
    return jeton_bytes(out, len);
}

void jt_assume_write(struct jt_buffer *out, struct jeton_bytes role_arn, struct jeton_bytes name,
                     struct jeton_bytes token)
{
    char memory[NAME_MOST];

    jt_buffer_add_text(out, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=");
    jt_s3_encode(out, role_arn, false);
    jt_buffer_add_text(out, "&RoleSessionName=");
    jt_s3_encode(out, session_name(name, memory), false);
    jt_buffer_add_text(out, "&WebIdentityToken=");
    jt_s3_encode(out, token, false);
}

/* --- What comes back --- */

static size_t find(struct jeton_bytes text, const char *what, size_t from)
{
    size_t len = strlen(what);
    const void *at = from < text.len ? memmem((const char *)text.at + from, text.len - from, what, len) : NULL;

    return at != NULL ? (size_t)((const char *)at - (const char *)text.at) : text.len;
}

/* The text of the only element of that name; printable ASCII without markup and references, as everything here is. */
static bool element(struct jeton_bytes text, const char *name, struct jeton_bytes *out)
{
    char open[40], close[40];
    size_t start, end;

    snprintf(open, sizeof open, "<%s>", name);
    snprintf(close, sizeof close, "</%s>", name);
    start = find(text, open, 0);
    end = find(text, close, start);
    if (end == text.len || find(text, open, start + 1) < text.len)
        return false;
    *out = jt_bytes_cut(text, start + strlen(open), end);
    if (out->len == 0 || out->len > TEXT_MAX)
        return false;
    for (size_t i = 0; i < out->len; i++) {
        unsigned char byte = ((const unsigned char *)out->at)[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '<' || byte == '>' || byte == '&')
            return false;
    }
    return true;
}

static bool digits(struct jeton_bytes text, size_t from, size_t len, uint64_t most, uint64_t *out)
{
    struct jeton_bytes part = jt_bytes_cut(text, from, from + len);

    return part.len == len && jt_bytes_number(part, most, out);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* 2026-11-24T03:01:03Z, with or without a fraction, which is cut off. */
static bool time_of(struct jeton_bytes text, int64_t *out)
{
    uint64_t year, month, day, hour, minute, second, fraction;
    const char *at = text.at;

    if (text.len < 20 || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':' ||
        at[text.len - 1] != 'Z')
        return false;
    if (!digits(text, 0, 4, 9999, &year) || !digits(text, 5, 2, 12, &month) || !digits(text, 8, 2, 31, &day) ||
        !digits(text, 11, 2, 23, &hour) || !digits(text, 14, 2, 59, &minute) || !digits(text, 17, 2, 60, &second))
        return false;
    if (text.len > 20 && (at[19] != '.' || text.len > 30 || !digits(text, 20, text.len - 21, UINT64_MAX, &fraction)))
        return false;
    if (month == 0 || day == 0 || year < 1970)
        return false;
    *out = days_of((int64_t)year, (int64_t)month, (int64_t)day) * 86400 + (int64_t)(hour * 3600 + minute * 60 + second);
    return true;
}

static bool read_credentials(struct jeton_bytes text, struct jt_assumed *out)
{
    size_t start = find(text, "<Credentials>", 0);
    size_t end = find(text, "</Credentials>", start);
    struct jeton_bytes part = jt_bytes_cut(text, start, end);
    struct jeton_bytes expiration;

    return end < text.len && element(part, "AccessKeyId", &out->access_key_id) &&
           element(part, "SecretAccessKey", &out->secret) && element(part, "SessionToken", &out->token) &&
           element(part, "Expiration", &expiration) && time_of(expiration, &out->expires_at);
}

bool jt_assume_read(struct jeton_bytes text, struct jt_assumed *out)
{
    memset(out, 0, sizeof *out);
    if (find(text, "<AssumeRoleWithWebIdentityResponse", 0) < text.len)
        return read_credentials(text, out);
    if (find(text, "<Error>", 0) < text.len && element(text, "Code", &out->code))
        return true;
    memset(out, 0, sizeof *out);
    return false;
}
