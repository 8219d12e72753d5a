/* SPDX-License-Identifier: Apache-2.0 */
/* Are the headers of real issuers read as they are meant, and odd ones ignored? */
#include "keys/fresh_for.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void put(char field[JT_FETCH_FIELD_MAX], const char *value)
{
    assert_true(strlen(value) < JT_FETCH_FIELD_MAX);
    strcpy(field, value);
}

static int64_t fresh(const char *cache_control, const char *age, const char *expires, const char *date)
{
    struct jt_freshness headers = {.etag = ""};
    put(headers.cache_control, cache_control);
    put(headers.age, age);
    put(headers.expires, expires);
    put(headers.date, date);
    return jt_fresh_for(&headers);
}

static int64_t retry(const char *retry_after, const char *date)
{
    struct jt_freshness headers = {.etag = ""};
    put(headers.retry_after, retry_after);
    put(headers.date, date);
    return jt_retry_after(&headers);
}

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 09:49:37 GMT"

static void R22_headers_of_real_issuers(void **state)
{
    (void)state;
    assert_int_equal(fresh("public, max-age=15, stale-while-revalidate=15, stale-if-error=15", "", "", ""), 15000);
    assert_int_equal(fresh("max-age=86400, private", "", "", ""), 86400000);
    assert_int_equal(fresh("public, max-age=24873, must-revalidate, no-transform", "5059", "", ""), 19814000);
    assert_int_equal(fresh("max-age=3293198, must-revalidate", "", "", ""), 3293198000);
    assert_int_equal(fresh("no-cache", "", "", ""), 0);
    assert_int_equal(fresh("public, max-age=3600", "", "", ""), 3600000);
    assert_int_equal(fresh("max-age=21583, must-revalidate", "", "", ""), 21583000);
    assert_int_equal(fresh("", "", "", ""), -1);
    assert_int_equal(fresh("no-store, must-revalidate, max-age=0", "", "", ""), 0);
}

static void what_is_odd_is_ignored_or_taken_for_stale(void **state)
{
    (void)state;
    assert_int_equal(fresh("max-age=60", "61", "", ""), 0);
    assert_int_equal(fresh("max-age=60", "minus one", "", ""), 60000);
    assert_int_equal(fresh("max-age=60, max-age=30", "", "", ""), 30000);
    assert_int_equal(fresh("max-age=\"60\"", "", "", ""), 60000);
    assert_int_equal(fresh("max-age=-1", "", "", ""), -1);
    assert_int_equal(fresh("max-age=1e9", "", "", ""), -1);
    assert_int_equal(fresh("max-age", "", "", ""), -1);
    assert_int_equal(fresh("MAX-AGE = 7", "", "", ""), 7000);
    assert_int_equal(fresh("s-maxage=60", "", "", ""), -1);
    assert_int_equal(fresh("x=\"max-age=9, no-cache\", max-age=5", "", "", ""), 5000);
    assert_int_equal(fresh("x=\"unclosed, max-age=5", "", "", ""), -1);
    assert_int_equal(fresh("no-cache=\"set-cookie\"", "", "", ""), 0);
    assert_int_equal(fresh("must-revalidate", "", "", ""), 0);
    assert_int_equal(fresh("max-age=99999999999999999999999", "", "", ""), INT64_C(315360000000));
    assert_int_equal(fresh(",,, ,", "", "", ""), -1);
}

static void expires_is_measured_by_the_servers_own_clock(void **state)
{
    (void)state;
    assert_int_equal(fresh("", "", LATER, DATE), 3600000);
    assert_int_equal(fresh("", "", DATE, LATER), 0);
    assert_int_equal(fresh("", "", "0", DATE), 0);
    assert_int_equal(fresh("", "", LATER, ""), -1);
    assert_int_equal(fresh("max-age=1", "", LATER, DATE), 1000);
}

static void R4_retry_after_is_seconds_or_a_date_or_garbage(void **state)
{
    (void)state;
    assert_int_equal(retry("3", ""), 3000);
    assert_int_equal(retry(" 99999 ", ""), 99999000);
    assert_int_equal(retry("soon", ""), -1);
    assert_int_equal(retry("-3", ""), -1);
    assert_int_equal(retry("", ""), -1);
    assert_int_equal(retry(LATER, DATE), 3600000);
    assert_int_equal(retry(DATE, LATER), 0);
    assert_int_equal(retry(LATER, ""), -1);
}

static void a_date_is_read_exactly_or_not_at_all(void **state)
{
    (void)state;
    int64_t at = -7;
    assert_true(jt_http_date_read(jeton_text(DATE), &at));
    assert_int_equal(at, 784111777);
    assert_true(jt_http_date_read(jeton_text("Thu, 01 Jan 1970 00:00:00 GMT"), &at));
    assert_int_equal(at, 0);
    assert_true(jt_http_date_read(jeton_text("Thu, 29 Feb 2024 23:59:59 GMT"), &at));
    assert_int_equal(at, 1709251199);
    static const char *const refused[] = {
        "",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT ",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
    };
    at = -7;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_false(jt_http_date_read(jeton_text(refused[i]), &at));
    assert_int_equal(at, -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R22_headers_of_real_issuers),
        cmocka_unit_test(what_is_odd_is_ignored_or_taken_for_stale),
        cmocka_unit_test(expires_is_measured_by_the_servers_own_clock),
        cmocka_unit_test(R4_retry_after_is_seconds_or_a_date_or_garbage),
        cmocka_unit_test(a_date_is_read_exactly_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
