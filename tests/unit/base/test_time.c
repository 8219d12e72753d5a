/* SPDX-License-Identifier: Apache-2.0 */
/* SECURITY row 26: no date is ever clamped or rounded up. */
#include "base_test.h"

#include <stdio.h>
#include <time.h>

#include "base/time.h"

static void assert_date(const char *text, int64_t seconds, bool fraction)
{
    struct jt_numeric_date date = {-7, false};
    if (!jt_numeric_date_read(jeton_text(text), &date))
        fail_msg("%s was refused", text);
    assert_true(date.seconds == seconds);
    assert_int_equal(date.fraction, fraction);
}

static void assert_no_date(const char *text)
{
    struct jt_numeric_date date = {-7, false};
    if (jt_numeric_date_read(jeton_text(text), &date))
        fail_msg("%s was read as %lld", text, (long long)date.seconds);
    assert_int_equal(date.seconds, -7);
}

static void dates_are_read_exactly(void **state)
{
    (void)state;
    assert_date("0", 0, false);
    assert_date("-0", 0, false);
    assert_date("-0.000e5", 0, false);
    assert_date("0e999999999999999999999", 0, false);
    assert_date("1764000000", 1764000000, false);
    assert_date("1e3", 1000, false);
    assert_date("1E+3", 1000, false);
    assert_date("1.5e9", 1500000000, false);
    assert_date("15e8", 1500000000, false);
    assert_date("1700000000.999", 1700000000, true);
    assert_date("1700000000.000", 1700000000, false);
    assert_date("17000000005e-1", 1700000000, true);
    assert_date("0.9", 0, true);
    assert_date("0.00001e5", 1, false);
    assert_date("0.00001e4", 0, true);
    assert_date("1e-999999999999999999999999", 0, true);
    assert_date("1000e-3", 1, false);
}

static void the_last_date_is_two_to_the_53(void **state)
{
    (void)state;
    assert_date("9007199254740992", 9007199254740992, false);
    assert_date("9007199254740992.0", 9007199254740992, false);
    assert_date("9007199254740991.9999999999999999999999", 9007199254740991, true);
    assert_date("9.007199254740992e15", 9007199254740992, false);
    assert_no_date("9007199254740992.5");
    assert_no_date("9007199254740992.00000000000000000000000000000000000000000000001");
    assert_no_date("9007199254740993");
    assert_no_date("9999999999999999");
    assert_no_date("10000000000000000");
    assert_no_date("1e26");
    assert_no_date("1e400");
    assert_no_date("1e999999999999999999999999999999");
    assert_no_date("9223372036854775807");
    assert_no_date("18446744073709551616");
    assert_no_date("18446744073709551617");
}

static void nothing_below_zero_is_a_date(void **state)
{
    (void)state;
    assert_no_date("-1");
    assert_no_date("-0.0000001");
    assert_no_date("-1e-400");
    assert_no_date("-1e400");
}

static void what_is_no_json_number_is_no_date(void **state)
{
    (void)state;
    static const char *const texts[] = {"",   "-",  "+1",  "01",  "1.",       ".5",    "1e",   "1e+", "1.e1", "0x10",
                                        "1 ", " 1", "1,0", "NaN", "Infinity", "1e1.5", "1ee1", "--1", "00",   "1a"};
    for (size_t i = 0; i < JT_COUNT(texts); i++)
        assert_no_date(texts[i]);
    struct jt_numeric_date date;
    assert_false(jt_numeric_date_read(jeton_bytes(NULL, 0), &date));
    assert_false(jt_numeric_date_read(jeton_bytes("1\0", 2), &date));
}

static void a_hundred_thousand_digits_are_read_in_their_own_time(void **state)
{
    (void)state;
    enum { DIGITS = 100000 };
    char *text = malloc(DIGITS + 32);
    memset(text, '9', DIGITS);
    text[DIGITS] = '\0';
    assert_no_date(text);
    /* 1700000000 followed by zeros, and the exponent that takes them away. */
    memset(text, '0', DIGITS);
    memcpy(text, "17", 2);
    snprintf(text + DIGITS, 32, "e-%d", DIGITS - 10);
    assert_date(text, 1700000000, false);
    snprintf(text + DIGITS, 32, "1e-%d", DIGITS + 1 - 10);
    assert_date(text, 1700000000, true);
    memset(text, '0', DIGITS);
    text[1] = '.';
    snprintf(text + DIGITS, 32, "17e%d", DIGITS);
    assert_date(text, 17, false);
    free(text);
}

/* The same value written in many ways is read as the same. */
static void moving_the_point_and_the_exponent_changes_nothing(void **state)
{
    (void)state;
    struct numbers numbers = {26};
    for (int round = 0; round < 20000; round++) {
        int64_t seconds = (int64_t)number_below(&numbers, (uint64_t)1 << (1 + number_below(&numbers, 53)));
        char digits[32];
        char text[128];
        int len = snprintf(digits, sizeof digits, "%lld", (long long)seconds);
        int shift = (int)number_below(&numbers, 12);
        snprintf(text, sizeof text, "%.*s%se0", len, digits, shift % 2 ? ".0" : "");
        assert_date(text, seconds, false);
        snprintf(text, sizeof text, "%s%.*se-%d", digits, shift, "000000000000", shift);
        if (seconds != 0)
            assert_date(text, seconds, false);
        if (seconds != 0) {
            snprintf(text, sizeof text, "%c.%s0E+%d", digits[0], digits + 1, len - 1);
            assert_date(text, seconds, false);
            snprintf(text, sizeof text, "0.%.*s%se%d", shift, "000000000000", digits, len + shift);
            assert_date(text, seconds, false);
            snprintf(text, sizeof text, "%s.%.*s1", digits, shift, "000000000000");
            if (seconds < ((int64_t)1 << 53))
                assert_date(text, seconds, true);
        }
    }
}

static void durations_are_read_with_their_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"500ms", 500}, {"90s", 90000}, {"15m", 900000}, {"24h", 86400000}, {"30d", 2592000000}, {"0s", 0}};
    int64_t ms = 0;
    for (size_t i = 0; i < JT_COUNT(good); i++) {
        assert_true(jt_duration_read(jeton_text(good[i].text), false, &ms));
        assert_true(ms == good[i].ms);
    }
    assert_true(jt_duration_read(JT_TEXT("300"), true, &ms));
    assert_int_equal(ms, 300000);
    assert_true(jt_duration_read(JT_TEXT("15m"), true, &ms));
    assert_int_equal(ms, 900000);
}

static void durations_have_no_sign_fraction_or_other_unit(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "s",
                                      "-1s",
                                      "+1s",
                                      "1.5h",
                                      "1 s",
                                      " 1s",
                                      "1s ",
                                      "1w",
                                      "1S",
                                      "1min",
                                      "1sm",
                                      "1h30m",
                                      "0x1s",
                                      "9223372036854775808ms",
                                      "106751991168d",
                                      "99999999999999999999s"};
    int64_t ms = 3;
    for (size_t i = 0; i < JT_COUNT(bad); i++) {
        assert_false(jt_duration_read(jeton_text(bad[i]), false, &ms));
        assert_false(jt_duration_read(jeton_text(bad[i]), true, &ms));
    }
    assert_false(jt_duration_read(JT_TEXT("300"), false, &ms));
    assert_int_equal(ms, 3);
    assert_true(jt_duration_read(JT_TEXT("9223372036854775807ms"), false, &ms));
}

static void times_are_written_as_the_system_counts_them(void **state)
{
    (void)state;
    struct numbers numbers = {1};
    for (int round = 0; round < 50000; round++) {
        int64_t seconds = (int64_t)number_below(&numbers, 315569519999) - 62167219200;
        time_t clock = (time_t)seconds;
        struct tm parts;
        char expected[64];
        char got[21];
        assert_non_null(gmtime_r(&clock, &parts));
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                 parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        jt_time_write(seconds, got);
        assert_string_equal(got, expected);
    }
}

static void times_are_clipped_to_four_digits(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } times[] = {{0, "1970-01-01T00:00:00Z"},
                 {951782400, "2000-02-29T00:00:00Z"},
                 {-62167219200, "0000-01-01T00:00:00Z"},
                 {-62167219201, "0000-01-01T00:00:00Z"},
                 {INT64_MIN, "0000-01-01T00:00:00Z"},
                 {253402300799, "9999-12-31T23:59:59Z"},
                 {INT64_MAX, "9999-12-31T23:59:59Z"},
                 {-62162035201, "0000-02-29T23:59:59Z"}};
    char got[21];
    for (size_t i = 0; i < JT_COUNT(times); i++) {
        jt_time_write(times[i].seconds, got);
        assert_string_equal(got, times[i].text);
    }
}

static void spans_are_short(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } spans[] = {{0, "0 s"},
                 {12, "12 s"},
                 {59, "59 s"},
                 {60, "1 min"},
                 {300, "5 min"},
                 {3599, "59 min"},
                 {3600, "1 h"},
                 {12000, "3 h 20 min"},
                 {172799, "47 h 59 min"},
                 {172800, "2 d"},
                 {3600000, "41 d"},
                 {-12, "-12 s"},
                 {INT64_MAX, "106751991167300 d"},
                 {INT64_MIN, "-106751991167300 d"}};
    char got[32];
    for (size_t i = 0; i < JT_COUNT(spans); i++) {
        jt_span_write(spans[i].seconds, got);
        assert_string_equal(got, spans[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_exactly),
        cmocka_unit_test(the_last_date_is_two_to_the_53),
        cmocka_unit_test(nothing_below_zero_is_a_date),
        cmocka_unit_test(what_is_no_json_number_is_no_date),
        cmocka_unit_test(a_hundred_thousand_digits_are_read_in_their_own_time),
        cmocka_unit_test(moving_the_point_and_the_exponent_changes_nothing),
        cmocka_unit_test(durations_are_read_with_their_units),
        cmocka_unit_test(durations_have_no_sign_fraction_or_other_unit),
        cmocka_unit_test(times_are_written_as_the_system_counts_them),
        cmocka_unit_test(times_are_clipped_to_four_digits),
        cmocka_unit_test(spans_are_short),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
