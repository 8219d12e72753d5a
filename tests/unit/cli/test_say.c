/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing from outside reach a terminal raw, and does the worst outcome of a run decide its exit? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli.h"

static void texts_are_shown_and_what_misleads_by_its_code(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"", ""},
        {"plain ~ text", "plain ~ text"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91"},
        {"\x1b[2J", "\\u{1b}[2J"},
        {"a\r\nb\tc", "a\\u{d}\\u{a}b\\u{9}c"},
        {"\x7f", "\\u{7f}"},
        {"\xc2\x9b", "\\u{9b}"},             /* C1: CSI */
        {"\xe2\x80\xae", "\\u{202e}"},       /* right-to-left override */
        {"\xe2\x81\xa6", "\\u{2066}"},       /* isolate */
        {"\xe2\x80\x8b", "\\u{200b}"},       /* zero width */
        {"\xef\xbb\xbf", "\\u{feff}"},       /* byte order mark */
        {"\xf3\xa0\x80\x81", "\\u{e0001}"},  /* tag */
        {"\xff\xfe", "\\xff\\xfe"},          /* no UTF-8 */
        {"\xc3", "\\xc3"},                   /* cut */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
        {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
        {"\x80x", "\\x80x"},
    };

    (void)state;
    for (size_t i = 0; i < JT_COUNT(cases); i++) {
        struct jt_buffer out;

        jt_buffer_init(&out, 1024);
        cli_show(&out, jeton_text(cases[i].text));
        if (!jt_bytes_equal(jt_buffer_bytes(&out), jeton_text(cases[i].shown)))
            fail_msg("%zu: %.*s", i, (int)out.len, (const char *)out.at);
        jt_buffer_done(&out);
    }
}

static void the_worst_outcome_decides_in_the_order_4_2_3_1_0(void **state)
{
    static const enum cli_exit order[] = {CLI_GOOD, CLI_REFUSED, CLI_UNAVAILABLE, CLI_USAGE, CLI_BROKEN};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(order); i++) {
        for (size_t j = 0; j < JT_COUNT(order); j++)
            assert_int_equal(cli_worse(order[i], order[j]), order[i > j ? i : j]);
    }
    assert_int_equal(order[2], 3);
    assert_int_equal(order[3], 2);
}

static void every_status_has_its_exit(void **state)
{
    (void)state;
    for (enum jeton_status status = JETON_OK; status < JETON_STATUS_COUNT; status++) {
        enum cli_exit end = cli_exit_of(status);

        assert_int_equal(end == CLI_GOOD, status == JETON_OK);
        assert_in_range(end, CLI_GOOD, CLI_BROKEN);
    }
    assert_int_equal(cli_exit_of(JETON_TOKEN_MISSING), CLI_REFUSED);
    assert_int_equal(cli_exit_of(JETON_KEY_AMBIGUOUS), CLI_REFUSED);
    assert_int_equal(cli_exit_of(JETON_SCOPE_INSUFFICIENT), CLI_REFUSED);
    assert_int_equal(cli_exit_of(JETON_KEYS_UNAVAILABLE), CLI_UNAVAILABLE);
    assert_int_equal(cli_exit_of(JETON_KEY_INVALID), CLI_USAGE);
    assert_int_equal(cli_exit_of(JETON_ARGUMENT_INVALID), CLI_USAGE);
    assert_int_equal(cli_exit_of(JETON_OUT_OF_MEMORY), CLI_BROKEN);
}

static void options_are_named_as_on_the_command_line(void **state)
{
    struct jeton_detail detail = {"address 10.0.0.1 is refused (private, 10.0.0.0/8); allow_private_ip would allow it"};
    struct jeton_detail other = {"no such host as allow_http.example"};

    (void)state;
    cli_name_options(&detail);
    assert_string_equal(detail.text,
                        "address 10.0.0.1 is refused (private, 10.0.0.0/8); --allow-private-ip would allow it");
    cli_name_options(&other);
    assert_string_equal(other.text, "no such host as allow_http.example");
}

static void urls_are_told_from_paths(void **state)
{
    (void)state;
    assert_true(cli_is_url("https://a.example/keys"));
    assert_true(cli_is_url("HTTP://a"));
    assert_true(cli_is_url("file:///etc/passwd"));
    assert_false(cli_is_url("keys.json"));
    assert_false(cli_is_url("./https://a"));
    assert_false(cli_is_url("://a"));
    assert_false(cli_is_url("-"));
    assert_false(cli_is_url(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_shown_and_what_misleads_by_its_code),
        cmocka_unit_test(the_worst_outcome_decides_in_the_order_4_2_3_1_0),
        cmocka_unit_test(every_status_has_its_exit),
        cmocka_unit_test(options_are_named_as_on_the_command_line),
        cmocka_unit_test(urls_are_told_from_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
