/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

static void every_status_has_code_kind_text_and_http(void **state)
{
    (void)state;
    for (int i = 0; i < JETON_STATUS_COUNT; i++) {
        enum jeton_status status = (enum jeton_status)i;
        assert_true(strlen(jeton_status_code(status)) > 1);
        assert_true(strlen(jeton_status_text(status)) > 1);
        assert_non_null(jeton_status_rule(status));
        assert_in_range(jeton_status_http(status), 200, 599);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(jeton_status_code(status), jeton_status_code((enum jeton_status)k));
    }
}

static void kind_and_http_go_together(void **state)
{
    (void)state;
    static const int http[] = {[JETON_KIND_OK] = 200,          [JETON_KIND_REFUSED] = 401, [JETON_KIND_UNKNOWN] = 401,
                               [JETON_KIND_UNAVAILABLE] = 503, [JETON_KIND_DENIED] = 403,  [JETON_KIND_CONFIG] = 500,
                               [JETON_KIND_MISUSED] = 500,     [JETON_KIND_BROKEN] = 500};
    for (int i = 0; i < JETON_STATUS_COUNT; i++) {
        enum jeton_status status = (enum jeton_status)i;
        if (jeton_status_kind(status) != JETON_KIND_REQUEST)
            assert_int_equal(jeton_status_http(status), http[jeton_status_kind(status)]);
    }
    assert_int_equal(jeton_status_http(JETON_TOKEN_MISSING), 401);
    assert_int_equal(jeton_status_http(JETON_REQUEST_INVALID), 400);
}

static void the_table_is_read_by_name(void **state)
{
    (void)state;
    assert_int_equal(JETON_OK, 0);
    assert_string_equal(jeton_status_code(JETON_TOKEN_EXPIRED), "token_expired");
    assert_int_equal(jeton_status_kind(JETON_KEYS_UNAVAILABLE), JETON_KIND_UNAVAILABLE);
    assert_string_equal(jeton_status_rule(JETON_TOKEN_EXPIRED), "RFC 7519 §4.1.4");
    assert_string_equal(jeton_kind_name(JETON_KIND_REFUSED), "refused");
    assert_string_equal(jeton_kind_name(JETON_KIND_BROKEN), "broken");
}

static void a_number_that_is_no_status_is_an_internal_error(void **state)
{
    (void)state;
    volatile int wild[] = {JETON_STATUS_COUNT, 1000, -1};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(jeton_status_code((enum jeton_status)wild[i]), "internal_error");
        assert_int_equal(jeton_status_http((enum jeton_status)wild[i]), 500);
        assert_string_equal(jeton_kind_name((enum jeton_kind)(wild[i] < 0 ? -1 : 1000)), "broken");
    }
}

static void a_failure_writes_its_sentence(void **state)
{
    (void)state;
    struct jeton_detail detail;
    assert_int_equal(jt_fail(&detail, JETON_KEY_INVALID, "RSA of %d bits", 12), JETON_KEY_INVALID);
    assert_string_equal(detail.text, "RSA of 12 bits");
    assert_int_equal(jt_fail(NULL, JETON_KEY_INVALID, "RSA of %d bits", 12), JETON_KEY_INVALID);
}

static void a_long_sentence_is_cut_between_characters(void **state)
{
    (void)state;
    char text[400];
    for (size_t shift = 0; shift < 4; shift++) {
        struct jeton_detail detail;
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        (void)jt_fail(&detail, JETON_KEY_INVALID, "%s", text);
        assert_in_range(strlen(detail.text), JETON_DETAIL_TEXT - 4, JETON_DETAIL_TEXT - 1);
        assert_true(jt_bytes_utf8(jeton_text(detail.text)));
    }
}

static void what_is_not_printable_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(jt_escape(JT_TEXT("plain ~")).text, "plain ~");
    assert_string_equal(jt_escape(JT_TEXT("\n\x1b[1m\x7f\xc3\xa4")).text, "\\x0a\\x1b[1m\\x7f\\xc3\\xa4");
    assert_string_equal(jt_escape(jeton_bytes("a\0b", 3)).text, "a\\x00b");
    assert_string_equal(jt_escape(JT_TEXT("\\\"")).text, "\\\\\\\"");
    assert_string_equal(jt_escape(jeton_bytes(NULL, 0)).text, "");
}

static void what_is_long_is_cut_and_says_so(void **state)
{
    (void)state;
    char text[200];
    for (size_t len = 0; len < sizeof text; len++) {
        memset(text, len % 2 ? '\n' : 'a', len);
        struct jt_shown shown = jt_escape(jeton_bytes(text, len));
        size_t whole = len * (len % 2 ? 4 : 1);
        assert_true(strlen(shown.text) < JT_SHOWN);
        assert_int_equal(strlen(shown.text) < whole, strstr(shown.text, "...") != NULL);
        if (whole < JT_SHOWN)
            assert_int_equal(strlen(shown.text), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_code_kind_text_and_http),
        cmocka_unit_test(kind_and_http_go_together),
        cmocka_unit_test(the_table_is_read_by_name),
        cmocka_unit_test(a_number_that_is_no_status_is_an_internal_error),
        cmocka_unit_test(a_failure_writes_its_sentence),
        cmocka_unit_test(a_long_sentence_is_cut_between_characters),
        cmocka_unit_test(what_is_not_printable_is_escaped),
        cmocka_unit_test(what_is_long_is_cut_and_says_so),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
