/* SPDX-License-Identifier: Apache-2.0 */
/* How do texts say times and spans? All arithmetic is on whole decimal digits: no double, so nothing is rounded or
 * clamped on the way (a clamped exp would never expire). */
#include "base/time.h"

#include <stdio.h>

#define LARGEST ((int64_t)1 << 53)

bool jt_duration_read(struct jeton_bytes text, bool bare, int64_t *out_ms)
{
    static const struct {
        struct jeton_bytes name;
        uint64_t ms;
    } units[] = {{{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"m", 1}, 60000}, {{"h", 1}, 3600000}, {{"d", 1}, 86400000}};
    const unsigned char *in = text.at;
    size_t digits = 0;
    while (digits < text.len && in[digits] >= '0' && in[digits] <= '9')
        digits++;
    struct jeton_bytes name = jt_bytes_cut(text, digits, text.len);
    uint64_t unit = name.len == 0 && bare ? 1000 : 0;
    for (size_t i = 0; i < JT_COUNT(units); i++) {
        if (jt_bytes_equal(name, units[i].name))
            unit = units[i].ms;
    }
    uint64_t count;
    if (unit == 0 || !jt_bytes_number(jt_bytes_cut(text, 0, digits), (uint64_t)INT64_MAX / unit, &count))
        return false;
    *out_ms = (int64_t)(count * unit);
    return true;
}

/* A JSON number in its parts (RFC 8259 §6). */
struct decimal {
    bool negative;
    struct jeton_bytes whole;
    struct jeton_bytes fraction;
    int64_t exponent; /* clipped far beyond what any text of digits could make up for */
};

static struct jeton_bytes digits(struct jeton_bytes text, size_t from)
{
    const unsigned char *in = text.at;
    size_t to = from;
    while (to < text.len && in[to] >= '0' && in[to] <= '9')
        to++;
    return jt_bytes_cut(text, from, to);
}

static int64_t exponent_read(struct jeton_bytes text)
{
    const int64_t far = INT64_MAX / 4;
    const unsigned char *in = text.at;
    int64_t exponent = 0;
    for (size_t i = 0; i < text.len; i++)
        exponent = exponent < far / 10 ? exponent * 10 + (in[i] - '0') : far;
    return exponent;
}

static bool decimal_read(struct jeton_bytes text, struct decimal *out)
{
    const unsigned char *in = text.at;
    size_t at = text.len > 0 && in[0] == '-' ? 1 : 0;
    *out = (struct decimal){.negative = at == 1, .whole = digits(text, at)};
    if (out->whole.len == 0 || (out->whole.len > 1 && in[at] == '0'))
        return false;
    at += out->whole.len;
    if (at < text.len && in[at] == '.') {
        out->fraction = digits(text, at + 1);
        if (out->fraction.len == 0)
            return false;
        at += 1 + out->fraction.len;
    }
    if (at < text.len && (in[at] == 'e' || in[at] == 'E')) {
        at++;
        bool down = at < text.len && in[at] == '-';
        if (at < text.len && (in[at] == '-' || in[at] == '+'))
            at++;
        struct jeton_bytes power = digits(text, at);
        if (power.len == 0)
            return false;
        at += power.len;
        out->exponent = down ? -exponent_read(power) : exponent_read(power);
    }
    return at == text.len;
}

static unsigned char digit_at(const struct decimal *decimal, size_t at)
{
    if (at < decimal->whole.len)
        return (unsigned char)(((const unsigned char *)decimal->whole.at)[at] - '0');
    at -= decimal->whole.len;
    if (at < decimal->fraction.len)
        return (unsigned char)(((const unsigned char *)decimal->fraction.at)[at] - '0');
    return 0;
}

bool jt_numeric_date_read(struct jeton_bytes number, struct jt_numeric_date *out)
{
    enum { DIGITS_MAX = 16 }; /* 2^53 has sixteen */
    struct decimal decimal;
    if (!decimal_read(number, &decimal))
        return false;
    size_t count = decimal.whole.len + decimal.fraction.len;
    size_t start = 0;
    while (start < count && digit_at(&decimal, start) == 0)
        start++;
    if (start == count) { /* zero, whatever its sign and exponent */
        *out = (struct jt_numeric_date){0, false};
        return true;
    }
    /* Where the point stands, counted from the first digit that is not zero. */
    int64_t point = (int64_t)decimal.whole.len - (int64_t)start + decimal.exponent;
    if (decimal.negative || point > DIGITS_MAX)
        return false;
    struct jt_numeric_date date = {0, false};
    size_t at = start;
    for (; point > 0; point--)
        date.seconds = date.seconds * 10 + digit_at(&decimal, at++);
    for (; at < count && !date.fraction; at++)
        date.fraction = digit_at(&decimal, at) != 0;
    if (date.seconds > LARGEST || (date.seconds == LARGEST && date.fraction))
        return false;
    *out = date;
    return true;
}

void jt_time_write(int64_t seconds, char out[21])
{
    const int64_t first = -62167219200; /* 0000-01-01T00:00:00Z */
    const int64_t last = 253402300799;  /* 9999-12-31T23:59:59Z */
    if (seconds < first)
        seconds = first;
    if (seconds > last)
        seconds = last;
    /* Days counted from the first of March of the year 0, so that the leap day ends a year. */
    int64_t day = (seconds - first) / 86400 - 60;
    int64_t clock = (seconds - first) % 86400;
    int64_t era = (day >= 0 ? day : day - 146096) / 146097;
    int64_t in_era = day - era * 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t march = (5 * in_year + 2) / 153;
    int64_t month = march < 10 ? march + 3 : march - 9;
    year += era * 400 + (month <= 2 ? 1 : 0);
    char text[128];
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month,
             (int)(in_year - (153 * march + 2) / 5 + 1), (int)(clock / 3600), (int)(clock / 60 % 60),
             (int)(clock % 60));
    memcpy(out, text, 20);
    out[20] = '\0';
}

void jt_span_write(int64_t seconds, char out[32])
{
    const char *sign = seconds < 0 ? "-" : "";
    uint64_t span = seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds;
    if (span < 60)
        snprintf(out, 32, "%s%d s", sign, (int)span);
    else if (span < 3600)
        snprintf(out, 32, "%s%d min", sign, (int)(span / 60));
    else if (span >= 172800)
        snprintf(out, 32, "%s%llu d", sign, (unsigned long long)(span / 86400));
    else if (span % 3600 < 60)
        snprintf(out, 32, "%s%d h", sign, (int)(span / 3600));
    else
        snprintf(out, 32, "%s%d h %d min", sign, (int)(span / 3600), (int)(span / 60 % 60));
}
