/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

#include "base/xml_write.h"

static void is_written(struct jeton_bytes text, const char *expected)
{
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 1000);
    jt_xml_write(&buffer, text);
    assert_int_equal(buffer.status, JETON_OK);
    assert_int_equal(buffer.len, strlen(expected));
    assert_memory_equal(buffer.len > 0 ? (const char *)buffer.at : "", expected, buffer.len);
    jt_buffer_done(&buffer);
}

static void S4_25_markup_in_a_text_is_escaped(void **state)
{
    (void)state;
    is_written(JT_TEXT("</Message><Code>\"Ok\" & 'fine'"),
               "&lt;/Message&gt;&lt;Code&gt;&quot;Ok&quot; &amp; &apos;fine&apos;");
    is_written(JT_TEXT("]]>"), "]]&gt;");
    is_written(JT_TEXT("&amp;"), "&amp;amp;");
}

static void plain_and_foreign_letters_stay_as_they_are(void **state)
{
    (void)state;
    is_written(JT_TEXT(""), "");
    is_written(JT_TEXT("a b\tc\nd\x7f"), "a b\tc\nd\x7f");
    is_written(JT_TEXT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void what_xml_cannot_carry_is_replaced(void **state)
{
    (void)state;
    is_written(JT_TEXT("a\0b\x01\x1b"), "a\xef\xbf\xbd"
                                        "b\xef\xbf\xbd\xef\xbf\xbd");
    is_written(JT_TEXT("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd");                 /* no UTF-8, and cut off */
    is_written(JT_TEXT("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    is_written(JT_TEXT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
    is_written(JT_TEXT("\xef\xbf\xbe"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* U+FFFE */
    is_written(JT_TEXT("\xef\xbf\xbd\xef\xbf\xbc"), "\xef\xbf\xbd\xef\xbf\xbc"); /* its neighbours */
    is_written(JT_TEXT("a\r\n"), "a&#13;\n");
}

static void elements_open_and_close(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 1000);
    jt_xml_declare(&buffer);
    jt_xml_open_in(&buffer, "A", "https://a.example/?a&b");
    jt_xml_open(&buffer, "B");
    jt_xml_add_text(&buffer, "C", "x<y");
    jt_xml_add(&buffer, "D", jeton_bytes(NULL, 0));
    jt_xml_close(&buffer, "B");
    jt_xml_close(&buffer, "A");
    assert_int_equal(buffer.status, JETON_OK);
    assert_bytes(jt_buffer_bytes(&buffer), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                           "<A xmlns=\"https://a.example/?a&amp;b\"><B><C>x&lt;y</C><D></D></B></A>");
    jt_buffer_done(&buffer);
}

static void a_text_that_does_not_fit_fails_and_stays_failed(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 8);
    jt_xml_write(&buffer, JT_TEXT("<<"));
    assert_int_equal(buffer.status, JETON_OK);
    jt_xml_write(&buffer, JT_TEXT("a"));
    assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
    jt_buffer_done(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_25_markup_in_a_text_is_escaped),
        cmocka_unit_test(plain_and_foreign_letters_stay_as_they_are),
        cmocka_unit_test(what_xml_cannot_carry_is_replaced),
        cmocka_unit_test(elements_open_and_close),
        cmocka_unit_test(a_text_that_does_not_fit_fails_and_stays_failed),
    };
    return cmocka_run_group_tests_name("xml_write", tests, NULL, NULL);
}
