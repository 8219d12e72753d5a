/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

static void assert_string_written(struct jeton_bytes text, const char *expected)
{
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 4096);
    jt_json_write_string(&buffer, text);
    assert_int_equal(buffer.status, JETON_OK);
    if (!jt_bytes_equal(jt_buffer_bytes(&buffer), jeton_text(expected)))
        fail_msg("%.*s instead of %s", (int)buffer.len, (const char *)buffer.at, expected);
    jt_buffer_done(&buffer);
}

static void strings_are_escaped_where_they_must_be(void **state)
{
    (void)state;
    assert_string_written(jeton_bytes(NULL, 0), "\"\"");
    assert_string_written(JT_TEXT("plain / ~"), "\"plain / ~\"");
    assert_string_written(JT_TEXT("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    assert_string_written(jeton_bytes("a\0\x1f", 3), "\"a\\u0000\\u001f\"");
    assert_string_written(JT_TEXT("\x7f\xc3\xa4\xf0\x9f\x98\x80"), "\"\x7f\xc3\xa4\xf0\x9f\x98\x80\"");
}

static void what_is_not_utf8_becomes_the_replacement_character(void **state)
{
    (void)state;
    assert_string_written(JT_TEXT("a\xff"
                                  "b"),
                          "\"a\xef\xbf\xbd"
                          "b\"");
    assert_string_written(JT_TEXT("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_string_written(JT_TEXT("\xe2\x82\""), "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\"");
    assert_string_written(JT_TEXT("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void whatever_bytes_are_written_can_be_read(void **state)
{
    (void)state;
    struct numbers numbers = {3};
    for (int round = 0; round < 5000; round++) {
        unsigned char bytes[40];
        size_t len = number_below(&numbers, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)number_below(&numbers, round % 2 ? 256 : 128);
        struct jt_buffer text;
        jt_buffer_init(&text, 4096);
        jt_json_write_string(&text, jeton_bytes(bytes, len));
        struct reading reading = reading_with(jt_buffer_bytes(&text), JT_JSON_PAYLOAD);
        assert_int_equal(reading.status, JETON_OK);
        if (jt_bytes_utf8(jeton_bytes(bytes, len)))
            assert_true(jt_bytes_equal(jt_json_string(reading.json), jeton_bytes(bytes, len)));
        reading_done(&reading);
        jt_buffer_done(&text);
    }
}

static void values_are_written_on_one_line_as_they_were(void **state)
{
    (void)state;
    struct reading reading = reading_of(
        " { \"b\" : [ 1.50e+3 , -0 , true , false , null ] , \"a\" : { } , \"\\u0041\" : [ ] } ");
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 4096);
    jt_json_write(&buffer, reading.json);
    assert_bytes(jt_buffer_bytes(&buffer), "{\"b\":[1.50e+3,-0,true,false,null],\"a\":{},\"A\":[]}");
    jt_buffer_done(&buffer);
    reading_done(&reading);
}

static void a_writer_sets_the_commas(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    struct jt_json_writer outer, inner;
    jt_buffer_init(&buffer, 4096);
    jt_json_open(&outer, &buffer);
    jt_json_add_text(&outer, "t", "x\"");
    jt_json_add_string(&outer, "s", jeton_bytes("\0", 1));
    jt_json_add_number(&outer, "n", INT64_MIN);
    jt_json_add_boolean(&outer, "b", true);
    jt_json_name(&outer, "o");
    jt_json_open(&inner, &buffer);
    jt_json_close(&inner);
    jt_json_add_boolean(&outer, "c", false);
    jt_json_close(&outer);
    assert_bytes(jt_buffer_bytes(&buffer), "{\"t\":\"x\\\"\",\"s\":\"\\u0000\",\"n\":-9223372036854775808,\"b\":true,"
                                           "\"o\":{},\"c\":false}");
    jt_buffer_done(&buffer);
}

static void a_full_buffer_is_noticed_at_the_end(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    struct jt_json_writer writer;
    jt_buffer_init(&buffer, 8);
    jt_json_open(&writer, &buffer);
    jt_json_add_text(&writer, "name", "value");
    jt_json_close(&writer);
    assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
    jt_buffer_done(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_escaped_where_they_must_be),
        cmocka_unit_test(what_is_not_utf8_becomes_the_replacement_character),
        cmocka_unit_test(whatever_bytes_are_written_can_be_read),
        cmocka_unit_test(values_are_written_on_one_line_as_they_were),
        cmocka_unit_test(a_writer_sets_the_commas),
        cmocka_unit_test(a_full_buffer_is_noticed_at_the_end),
    };
    return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
