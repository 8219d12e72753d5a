/* SPDX-License-Identifier: Apache-2.0 */
/* What does an outcome mean? The one table of jeton/status.h, unfolded; and the sentence that goes with a failure. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/bytes.h"

struct row {
    const char *code;
    const char *rule;
    const char *text;
    enum jeton_kind kind;
    int http;
};

static const struct row rows[] = {
#define ROW(name, code, kind, http, rule, text) {code, rule, text, JETON_KIND_##kind, http},
    JETON_STATUS_TABLE(ROW)
#undef ROW
};
_Static_assert(JT_COUNT(rows) == JETON_STATUS_COUNT, "one row for each status");

/* A number that is no status is a fault of ours and is shown as one. */
static const struct row *row_of(enum jeton_status status)
{
    return &rows[(size_t)status < JT_COUNT(rows) ? status : JETON_INTERNAL_ERROR];
}

const char *jeton_status_code(enum jeton_status status)
{
    return row_of(status)->code;
}

enum jeton_kind jeton_status_kind(enum jeton_status status)
{
    return row_of(status)->kind;
}

const char *jeton_status_text(enum jeton_status status)
{
    return row_of(status)->text;
}

const char *jeton_status_rule(enum jeton_status status)
{
    return row_of(status)->rule;
}

int jeton_status_http(enum jeton_status status)
{
    return row_of(status)->http;
}

const char *jeton_kind_name(enum jeton_kind kind)
{
    static const char *const names[] = {
        [JETON_KIND_OK] = "ok",           [JETON_KIND_REFUSED] = "refused",
        [JETON_KIND_UNKNOWN] = "unknown", [JETON_KIND_UNAVAILABLE] = "unavailable",
        [JETON_KIND_DENIED] = "denied",   [JETON_KIND_REQUEST] = "request",
        [JETON_KIND_CONFIG] = "config",   [JETON_KIND_MISUSED] = "misused",
        [JETON_KIND_BROKEN] = "broken",
    };
    return names[(size_t)kind < JT_COUNT(names) ? kind : JETON_KIND_BROKEN];
}

enum jeton_status(jt_fail)(struct jeton_detail *detail, enum jeton_status status, const char *format, ...)
{
    if (detail == NULL)
        return status;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(detail->text, sizeof detail->text, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        detail->text[0] = '\0';
    if ((size_t)wanted < sizeof detail->text)
        return status;
    /* Cut: a character of several bytes must not be left in two. */
    size_t len = sizeof detail->text - 1;
    for (int cut = 0; cut < 3 && !jt_bytes_utf8(jeton_bytes(detail->text, len)); cut++)
        detail->text[--len] = '\0';
    return status;
}

struct jt_shown jt_escape(struct jeton_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    static const char more[] = "...";
    const unsigned char *in = bytes.at;
    struct jt_shown shown = {{0}};
    size_t at = 0;
    size_t whole = 0; /* what still leaves room for "..." */
    for (size_t i = 0; i < bytes.len; i++) {
        char piece[4] = {(char)in[i]};
        size_t len = 1;
        if (in[i] == '\\' || in[i] == '"') {
            piece[0] = '\\';
            piece[1] = (char)in[i];
            len = 2;
        } else if (in[i] < 0x20 || in[i] > 0x7e) {
            piece[0] = '\\';
            piece[1] = 'x';
            piece[2] = digits[in[i] >> 4];
            piece[3] = digits[in[i] & 15];
            len = 4;
        }
        if (at + len > JT_SHOWN - 1) {
            memcpy(shown.text + whole, more, sizeof more);
            return shown;
        }
        memcpy(shown.text + at, piece, len);
        at += len;
        if (at <= JT_SHOWN - sizeof more)
            whole = at;
    }
    shown.text[at] = '\0';
    return shown;
}
