/* SPDX-License-Identifier: Apache-2.0 */
/* SECURITY rows 22, 26, 27. */
#include "base_test.h"

#include <stdio.h>

static void assert_accepted(const char *text)
{
    struct reading reading = reading_of(text);
    if (reading.status != JETON_OK)
        fail_msg("%s: %s", text, reading.detail.text);
    reading_done(&reading);
}

static void assert_refused(const char *text)
{
    struct reading reading = reading_of(text);
    if (reading.status != JETON_ARGUMENT_INVALID)
        fail_msg("%s: %s", text, jeton_status_code(reading.status));
    assert_true(strlen(reading.detail.text) > 0);
    assert_null(reading.json.value);
    assert_int_equal(reading.arena.used, 0);
    reading_done(&reading);
}

static void each_type_is_told(void **state)
{
    (void)state;
    struct reading reading = reading_of("[null,true,false,-1.50e+3,\"x\",[],{}]");
    static const enum jt_json_type types[] = {JT_JSON_NULL,   JT_JSON_BOOLEAN, JT_JSON_BOOLEAN, JT_JSON_NUMBER,
                                              JT_JSON_STRING, JT_JSON_ARRAY,   JT_JSON_OBJECT};
    size_t count = 0;
    assert_int_equal(jt_json_count(reading.json), 7);
    for (struct jt_json_walk walk = jt_json_walk(reading.json); jt_json_next(&walk); count++) {
        assert_int_equal(jt_json_type(walk.value), types[count]);
        assert_int_equal(walk.name.len, 0);
        assert_int_equal(jt_json_boolean(walk.value), count == 1);
        assert_int_equal(jt_json_number(walk.value).len, count == 3 ? 8 : 0);
        assert_int_equal(jt_json_string(walk.value).len, count == 4 ? 1 : 0);
        assert_int_equal(jt_json_count(walk.value), 0);
    }
    assert_int_equal(count, 7);
    reading_done(&reading);
}

static void none_has_nothing(void **state)
{
    (void)state;
    struct jt_json none = {NULL};
    assert_int_equal(jt_json_type(none), JT_JSON_NONE);
    assert_int_equal(jt_json_string(none).len, 0);
    assert_int_equal(jt_json_number(none).len, 0);
    assert_false(jt_json_boolean(none));
    assert_int_equal(jt_json_count(none), 0);
    assert_null(jt_json_get(none, JT_TEXT("x")).value);
    struct jt_json_walk walk = jt_json_walk(none);
    assert_false(jt_json_next(&walk));
}

static void members_are_found_and_walked_in_order(void **state)
{
    (void)state;
    struct reading reading = reading_of("{\"b\":{\"x\":[1,2]},\"a\":2,\"\":3,\"a\\u0000\":4}");
    assert_bytes(jt_json_number(jt_json_get(reading.json, JT_TEXT("a"))), "2");
    assert_bytes(jt_json_number(jt_json_get(reading.json, JT_TEXT(""))), "3");
    assert_bytes(jt_json_number(jt_json_get(reading.json, jeton_bytes("a\0", 2))), "4");
    assert_null(jt_json_get(reading.json, JT_TEXT("x")).value);
    assert_null(jt_json_get(jt_json_get(reading.json, JT_TEXT("a")), JT_TEXT("x")).value);
    struct jt_json inner = jt_json_get(jt_json_get(reading.json, JT_TEXT("b")), JT_TEXT("x"));
    assert_int_equal(jt_json_count(inner), 2);
    struct jt_json_walk walk = jt_json_walk(reading.json);
    assert_true(jt_json_next(&walk));
    assert_bytes(walk.name, "b");
    assert_true(jt_json_next(&walk));
    assert_bytes(walk.name, "a");
    assert_bytes(jt_json_number(walk.value), "2");
    assert_true(jt_json_next(&walk));
    assert_true(jt_json_next(&walk));
    assert_bytes(walk.name, "a\0");
    assert_false(jt_json_next(&walk));
    reading_done(&reading);
}

static void strings_are_unescaped_and_a_nul_is_visible(void **state)
{
    (void)state;
    struct reading reading = reading_of("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e4\\ud83d\\ude00\"");
    assert_bytes(jt_json_string(reading.json), "\"\\/\b\f\n\r\t\0\xc3\xa4\xf0\x9f\x98\x80");
    reading_done(&reading);
}

static void numbers_stay_as_written(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "0", "-0", "1e400", "18446744073709551617", "1.000000000000000000000000001", "1E+26", "-1e-999"};
    for (size_t i = 0; i < JT_COUNT(numbers); i++) {
        struct reading reading = reading_of(numbers[i]);
        assert_true(jt_bytes_equal(jt_json_number(reading.json), jeton_text(numbers[i])));
        reading_done(&reading);
    }
    static const char *const bad[] = {"01",  "+1",  "1.",       ".1",        "1e",  "-",
                                      "0x1", "NaN", "Infinity", "-Infinity", "1e+", "--1"};
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_refused(bad[i]);
}

static void a_name_twice_is_refused_at_every_level(void **state)
{
    (void)state;
    assert_accepted("{\"sub\":\"a\",\"Sub\":\"b\"}");
    assert_refused("{\"sub\":\"a\",\"sub\":\"b\"}");
    assert_refused("{\"sub\":\"a\",\"sub\":\"a\"}");
    assert_refused("{\"\":1,\"\":1}");
    assert_refused("{\"a\":1,\"b\":2,\"c\":3,\"a\":4}");
    assert_accepted("{\"a\":{\"a\":{\"a\":1}}}");
    assert_refused("{\"a\":{\"a\":{\"a\":1,\"b\":2,\"a\":1}}}");
    assert_accepted("[{\"a\":1},{\"a\":1}]");
    assert_refused("[{\"a\":1},[{\"x\":[0,{\"a\":1,\"a\":2}]}]]");
    assert_refused("{\"a\":{\"z\":1},\"b\":[],\"a\":{}}");
}

static void a_name_twice_is_refused_in_other_escapes(void **state)
{
    (void)state;
    assert_refused("{\"sub\":\"a\",\"s\\u0075b\":\"b\"}");
    assert_refused("{\"\\u0073\\u0075\\u0062\":\"a\",\"sub\":\"b\"}");
    assert_refused("{\"/\":1,\"\\/\":2}");
    assert_refused("{\"\\n\":1,\"\\u000A\":2}");
    assert_refused("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}");
    assert_refused("{\"a\\u0000\":1,\"a\\u0000\":2}");
    assert_accepted("{\"a\\u0000\":1,\"a\":2,\"a\\u0000b\":3}");
    assert_accepted("{\"\xc3\xa4\":1,\"a\xcc\x88\":2}"); /* composed and not: other bytes */
}

/* Every size around the change of method, the twin at every distance. */
static void a_name_twice_is_found_in_objects_of_every_size(void **state)
{
    (void)state;
    struct numbers numbers = {22};
    for (size_t count = 2; count < 140; count++) {
        for (int round = 0; round < 12; round++) {
            struct jt_buffer text;
            size_t twin = round % 3 == 0 ? count : number_below(&numbers, count - 1) + 1;
            size_t of = number_below(&numbers, twin < count ? twin : 1);
            jt_buffer_init(&text, 1 << 16);
            for (size_t i = 0; i < count; i++) {
                size_t name = i == twin ? of : i;
                jt_buffer_add_format(&text, "%s\"n%zu\":[%zu,{}]", i == 0 ? "{" : ",", name * 7919 % 1009, i);
            }
            jt_buffer_add_text(&text, "}");
            struct reading reading = reading_with(jt_buffer_bytes(&text), JT_JSON_PAYLOAD);
            assert_int_equal(reading.status, twin < count ? JETON_ARGUMENT_INVALID : JETON_OK);
            if (twin < count)
                assert_non_null(strstr(reading.detail.text, "twice"));
            reading_done(&reading);
            jt_buffer_done(&text);
        }
    }
}

static void what_is_not_a_strict_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          " ",
                                      "{",         "}",
                                      "[1,]",      "{\"a\":1,}",
                                      "{a:1}",     "{'a':1}",
                                      "[1 2]",     "{\"a\" 1}",
                                      "tru",       "True",
                                      "nul",       "\"",
                                      "\"\\x41\"", "\"\\u12\"",
                                      "\"\n\"",    "\"\t\"",
                                      "// c\n1",   "/**/1",
                                      "[1]//",     "\xef\xbb\xbf{}",
                                      "1 2",       "{}{}",
                                      "{} x",      "[]]",
                                      ",",         ":"};
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_refused(bad[i]);
    assert_accepted(" \t\r\n{ \"a\" : [ 1 , 2 ] } \t\r\n");
    struct reading reading = reading_with(jeton_bytes("{}\0", 3), JT_JSON_PAYLOAD);
    assert_int_equal(reading.status, JETON_ARGUMENT_INVALID);
    reading_done(&reading);
    reading = reading_with(jeton_bytes("\"a\0b\"", 5), JT_JSON_PAYLOAD);
    assert_int_equal(reading.status, JETON_ARGUMENT_INVALID);
    reading_done(&reading);
    reading = reading_with(jeton_bytes(NULL, 0), JT_JSON_PAYLOAD);
    assert_int_equal(reading.status, JETON_ARGUMENT_INVALID);
    reading_done(&reading);
}

static void lone_surrogates_and_bad_utf8_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"\\ud800\"",     "\"\\udc00\"", "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud800x\"",
        "{\"\\ud800\":1}", "\"\xff\"",    "\"\xc0\x80\"",       "\"\xed\xa0\x80\"",   "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",    "\"\x80\"",    "{\"\xc3\":1}"};
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_refused(bad[i]);
    assert_accepted("\"\xf4\x8f\xbf\xbf\"");
}

static void the_text_is_neither_changed_nor_kept(void **state)
{
    (void)state;
    char text[] = "{\"a\":\"x\\ny\",\"n\":12}";
    char before[sizeof text];
    memcpy(before, text, sizeof text);
    struct reading reading = reading_of(text);
    assert_memory_equal(text, before, sizeof text);
    memset(text, 'z', sizeof text - 1);
    assert_bytes(jt_json_string(jt_json_get(reading.json, JT_TEXT("a"))), "x\ny");
    assert_bytes(jt_json_number(jt_json_get(reading.json, JT_TEXT("n"))), "12");
    reading_done(&reading);
}

static void a_hostile_name_is_shown_escaped(void **state)
{
    (void)state;
    struct reading reading = reading_of("{\"\\u001b[2J\\n\":1,\"\\u001b[2J\\n\":1}");
    assert_int_equal(reading.status, JETON_ARGUMENT_INVALID);
    assert_non_null(strstr(reading.detail.text, "\\x1b[2J\\x0a"));
    assert_null(strchr(reading.detail.text, '\n'));
    reading_done(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_told),
        cmocka_unit_test(none_has_nothing),
        cmocka_unit_test(members_are_found_and_walked_in_order),
        cmocka_unit_test(strings_are_unescaped_and_a_nul_is_visible),
        cmocka_unit_test(numbers_stay_as_written),
        cmocka_unit_test(a_name_twice_is_refused_at_every_level),
        cmocka_unit_test(a_name_twice_is_refused_in_other_escapes),
        cmocka_unit_test(a_name_twice_is_found_in_objects_of_every_size),
        cmocka_unit_test(what_is_not_a_strict_text_is_refused),
        cmocka_unit_test(lone_surrogates_and_bad_utf8_are_refused),
        cmocka_unit_test(the_text_is_neither_changed_nor_kept),
        cmocka_unit_test(a_hostile_name_is_shown_escaped),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
