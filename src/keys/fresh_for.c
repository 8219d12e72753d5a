/* SPDX-License-Identifier: Apache-2.0 */
/* How long does the answer of an issuer say that it is good, and when may we ask again? See fresh_for.h. */
#include "keys/fresh_for.h"

#define SECONDS_MAX INT64_C(315360000) /* ten years: more is as good as for ever, and cannot run over */

/* delta-seconds: digits alone, perhaps quoted; more than we count is the most we count. */
static bool read_seconds(struct jeton_bytes text, int64_t *out)
{
    const char *at = text.at;
    if (text.len >= 2 && at[0] == '"' && at[text.len - 1] == '"')
        text = jt_bytes_cut(text, 1, text.len - 1);
    if (text.len == 0)
        return false;
    int64_t seconds = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char digit = ((const unsigned char *)text.at)[i];
        if (digit < '0' || digit > '9')
            return false;
        seconds = seconds * 10 + (digit - '0');
        if (seconds > SECONDS_MAX)
            seconds = SECONDS_MAX;
    }
    *out = seconds;
    return true;
}

/* The next directive of a list, cut at commas outside quotes. */
static bool next_directive(struct jeton_bytes list, size_t *from, struct jeton_bytes *name, struct jeton_bytes *value)
{
    const char *at = list.at;
    if (*from >= list.len)
        return false;
    size_t to = *from;
    bool quoted = false;
    while (to < list.len && (quoted || at[to] != ',')) {
        if (quoted && at[to] == '\\' && to + 1 < list.len)
            to++;
        else if (at[to] == '"')
            quoted = !quoted;
        to++;
    }
    struct jeton_bytes directive = jt_bytes_cut(list, *from, to);
    size_t equals = jt_bytes_find(directive, '=', 0);
    *name = jt_bytes_trim(jt_bytes_cut(directive, 0, equals), " \t");
    *value = jt_bytes_trim(jt_bytes_cut(directive, equals + 1, directive.len), " \t");
    *from = to + 1;
    return true;
}

struct cache_control {
    bool no_cache; /* no-cache, no-store, or must-revalidate with nothing else */
    bool revalidate;
    int64_t max_age; /* -1: none; of several the shortest */
};

static struct cache_control read_cache_control(struct jeton_bytes list)
{
    struct cache_control control = {.max_age = -1};
    struct jeton_bytes name, value;
    for (size_t from = 0; next_directive(list, &from, &name, &value);) {
        int64_t seconds;
        if (jt_bytes_equal_nocase(name, JT_TEXT("no-cache")) || jt_bytes_equal_nocase(name, JT_TEXT("no-store")))
            control.no_cache = true;
        else if (jt_bytes_equal_nocase(name, JT_TEXT("must-revalidate")))
            control.revalidate = true;
        else if (jt_bytes_equal_nocase(name, JT_TEXT("max-age")) && read_seconds(value, &seconds) &&
                 (control.max_age < 0 || seconds < control.max_age))
            control.max_age = seconds;
    }
    return control;
}

int64_t jt_fresh_for(const struct jt_freshness *headers)
{
    struct cache_control control = read_cache_control(jeton_text(headers->cache_control));
    int64_t expires, date, age;
    if (control.no_cache)
        return 0;
    if (control.max_age >= 0) {
        if (!read_seconds(jt_bytes_trim(jeton_text(headers->age), " \t"), &age))
            age = 0;
        return age < control.max_age ? (control.max_age - age) * 1000 : 0;
    }
    if (headers->expires[0] != '\0') {
        if (!jt_http_date_read(jt_bytes_trim(jeton_text(headers->expires), " \t"), &expires))
            return 0; /* "0" and other junk mean: stale already (RFC 9111 §5.3) */
        if (!jt_http_date_read(jt_bytes_trim(jeton_text(headers->date), " \t"), &date))
            return -1;
        int64_t span = expires - date;
        return span <= 0 ? 0 : (span < SECONDS_MAX ? span : SECONDS_MAX) * 1000;
    }
    return control.revalidate ? 0 : -1;
}

int64_t jt_retry_after(const struct jt_freshness *headers)
{
    struct jeton_bytes text = jt_bytes_trim(jeton_text(headers->retry_after), " \t");
    int64_t seconds, until, date;
    if (read_seconds(text, &seconds))
        return seconds * 1000;
    if (!jt_http_date_read(text, &until) || !jt_http_date_read(jt_bytes_trim(jeton_text(headers->date), " \t"), &date))
        return -1;
    return until <= date ? 0 : (until - date < SECONDS_MAX ? until - date : SECONDS_MAX) * 1000;
}

static bool two_digits(const char *at, unsigned *out)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
    return true;
}

static bool one_of_three_letters(const char *at, const char *names, unsigned count, unsigned *out)
{
    for (unsigned i = 0; i < count; i++)
        if (memcmp(at, names + 3 * (size_t)i, 3) == 0) {
            *out = i;
            return true;
        }
    return false;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, counted in years that begin in March. */
static int64_t days_since_1970(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400, in_era = year % 400;
    int64_t in_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

/*  0         1         2
 *  01234567890123456789012345678
 *  Sun, 06 Nov 1994 08:49:37 GMT */
bool jt_http_date_read(struct jeton_bytes text, int64_t *out)
{
    const char *at = text.at;
    unsigned weekday, day, month, century, year, hour, minute, second;
    if (text.len != 29 || !one_of_three_letters(at, "SunMonTueWedThuFriSat", 7, &weekday) ||
        memcmp(at + 3, ", ", 2) != 0 || !two_digits(at + 5, &day) || at[7] != ' ' ||
        !one_of_three_letters(at + 8, "JanFebMarAprMayJunJulAugSepOctNovDec", 12, &month) || at[11] != ' ' ||
        !two_digits(at + 12, &century) || !two_digits(at + 14, &year) || at[16] != ' ' || !two_digits(at + 17, &hour) ||
        at[19] != ':' || !two_digits(at + 20, &minute) || at[22] != ':' || !two_digits(at + 23, &second) ||
        memcmp(at + 25, " GMT", 4) != 0)
        return false;
    static const unsigned char days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (day < 1 || day > days[month] || hour > 23 || minute > 59 || second > 60)
        return false;
    *out = days_since_1970(century * 100 + year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}
