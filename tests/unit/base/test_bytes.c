/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

static void letters_alone_are_folded(void **state)
{
    (void)state;
    assert_true(jt_bytes_equal_nocase(JT_TEXT("BeArer-1"), JT_TEXT("bEARER-1")));
    assert_false(jt_bytes_equal_nocase(JT_TEXT("@"), JT_TEXT("`")));
    assert_false(jt_bytes_equal_nocase(JT_TEXT("["), JT_TEXT("{")));
    assert_false(jt_bytes_equal_nocase(JT_TEXT("a"), JT_TEXT("ab")));
    assert_false(jt_bytes_equal_nocase(JT_TEXT("\xc4"), JT_TEXT("\xe4")));
}

static void a_text_starts_with_itself_and_with_nothing(void **state)
{
    (void)state;
    assert_true(jt_bytes_start(JT_TEXT("abc"), JT_TEXT("abc")));
    assert_true(jt_bytes_start(JT_TEXT("abc"), jeton_bytes(NULL, 0)));
    assert_false(jt_bytes_start(JT_TEXT("abc"), JT_TEXT("abcd")));
    assert_false(jt_bytes_start(JT_TEXT("abc"), JT_TEXT("b")));
}

static void finding_starts_where_it_is_told(void **state)
{
    (void)state;
    assert_int_equal(jt_bytes_find(JT_TEXT("a.b.c"), '.', 0), 1);
    assert_int_equal(jt_bytes_find(JT_TEXT("a.b.c"), '.', 2), 3);
    assert_int_equal(jt_bytes_find(JT_TEXT("a.b.c"), '.', 4), 5);
    assert_int_equal(jt_bytes_find(JT_TEXT("a.b.c"), '.', 99), 5);
    assert_int_equal(jt_bytes_find(jeton_bytes(NULL, 0), '.', 0), 0);
}

static void cuts_are_clipped(void **state)
{
    (void)state;
    assert_bytes(jt_bytes_cut(JT_TEXT("abcdef"), 2, 4), "cd");
    assert_bytes(jt_bytes_cut(JT_TEXT("abcdef"), 4, 99), "ef");
    assert_bytes(jt_bytes_cut(JT_TEXT("abcdef"), 5, 2), "");
    assert_bytes(jt_bytes_cut(JT_TEXT("abcdef"), 99, 100), "");
    assert_bytes(jt_bytes_cut(jeton_bytes(NULL, 0), 0, 1), "");
}

/* The slow way: decode, then look at the number (RFC 3629 §3). */
static bool utf8_by_definition(const unsigned char *in, size_t len)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < len;) {
        size_t bytes = in[i] < 0x80           ? 1
                       : (in[i] >> 5) == 6    ? 2
                       : (in[i] >> 4) == 0xe  ? 3
                       : (in[i] >> 3) == 0x1e ? 4
                                              : 0;
        if (bytes == 0 || bytes > len - i)
            return false;
        uint32_t number = bytes == 1 ? in[i] : in[i] & (0x7fU >> bytes);
        for (size_t k = 1; k < bytes; k++) {
            if (in[i + k] >> 6 != 2)
                return false;
            number = number << 6 | (in[i + k] & 0x3fU);
        }
        if (number < least[bytes] || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
            return false;
        i += bytes;
    }
    return true;
}

static void utf8_is_what_its_definition_says_for_every_three_bytes(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 0x1000000; n += n >= 0xe00000 ? 1 : 7) {
        const unsigned char text[] = {(unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};
        if (jt_bytes_utf8(jeton_bytes(text, 3)) != utf8_by_definition(text, 3))
            fail_msg("%06x", n);
    }
}

/* Whatever stands around it, and in whichever step it is looked at. */
static void the_first_byte_that_needs_an_escape_is_found_at_every_place(void **state)
{
    (void)state;
    unsigned char text[40], copy[sizeof text + 1];
    for (size_t len = 0; len <= sizeof text; len++) {
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (unsigned char)('A' + i % 26);
        memset(copy, '*', sizeof copy);
        assert_int_equal(jt_bytes_plain(jeton_bytes(text, len)), len);
        assert_true(jt_bytes_utf8(jeton_bytes(text, len)));
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (unsigned char)byte;
                bool stands = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
                assert_int_equal(jt_bytes_plain(jeton_bytes(text, len)), stands ? len : at);
                assert_int_equal(jt_bytes_put_plain(jeton_bytes(text, len), copy), stands);
                assert_true(!stands || (memcmp(copy, text, len) == 0 && copy[len] == '*'));
                assert_int_equal(jt_bytes_utf8(jeton_bytes(text, len)), byte < 0x80);
            }
            text[at] = (unsigned char)('A' + at % 26);
        }
    }
}

static void utf8_of_four_bytes_ends_at_10ffff(void **state)
{
    (void)state;
    for (unsigned a = 0xf0; a < 0x100; a++) {
        for (unsigned b = 0; b < 0x100; b++) {
            const unsigned char text[] = {(unsigned char)a, (unsigned char)b, 0x80, 0xbf};
            assert_int_equal(jt_bytes_utf8(jeton_bytes(text, 4)), utf8_by_definition(text, 4));
        }
    }
    assert_true(jt_bytes_utf8(jeton_bytes(NULL, 0)));
}

static void numbers_are_digits_up_to_the_maximum(void **state)
{
    (void)state;
    uint64_t number = 5;
    assert_true(jt_bytes_number(JT_TEXT("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_true(jt_bytes_number(JT_TEXT("007"), 7, &number));
    assert_int_equal(number, 7);
    static const char *const bad[] = {
        "", "8", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999999"};
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_false(jt_bytes_number(jeton_text(bad[i]), 7, &number));
    assert_false(jt_bytes_number(JT_TEXT("18446744073709551616"), UINT64_MAX, &number));
    assert_int_equal(number, 7);
    assert_true(jt_bytes_number(JT_TEXT("0"), 0, &number));
    assert_false(jt_bytes_number(JT_TEXT("1"), 0, &number));
}

static void a_copy_ends_with_a_nul(void **state)
{
    (void)state;
    char *copy = jt_bytes_copy(JT_TEXT("abc"));
    assert_string_equal(copy, "abc");
    free(copy);
    copy = jt_bytes_copy(jeton_bytes(NULL, 0));
    assert_string_equal(copy, "");
    free(copy);
}

static void the_hash_is_siphash_2_4(void **state)
{
    (void)state;
    /* From the paper "SipHash: a fast short-input PRF", appendix A: key and message 00 01 02 … */
    unsigned char key[16];
    unsigned char text[15];
    for (unsigned char i = 0; i < 16; i++)
        key[i] = i;
    for (unsigned char i = 0; i < 15; i++)
        text[i] = i;
    assert_true(jt_bytes_hash(jeton_bytes(text, 15), key) == 0xa129ca6149be45e5U);
    assert_true(jt_bytes_hash(jeton_bytes(text, 0), key) == 0x726fdb47dd0e0e31U);
    assert_true(jt_bytes_hash(jeton_bytes(text, 8), key) == 0x93f5f5799a932462U);
}

static void white_bytes_leave_the_ends_and_stay_within(void **state)
{
    (void)state;
    assert_true(jt_bytes_equal(jt_bytes_trim(JT_TEXT(" \ta b\t "), " \t"), JT_TEXT("a b")));
    assert_true(jt_bytes_equal(jt_bytes_trim(JT_TEXT("\ta "), " "), JT_TEXT("\ta")));
    assert_true(jt_bytes_equal(jt_bytes_trim(jeton_bytes("a\0", 2), " "), jeton_bytes("a\0", 2)));
    assert_int_equal(jt_bytes_trim(JT_TEXT("  "), " ").len, 0);
    assert_int_equal(jt_bytes_trim(jeton_bytes(NULL, 0), " ").len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_alone_are_folded),
        cmocka_unit_test(a_text_starts_with_itself_and_with_nothing),
        cmocka_unit_test(finding_starts_where_it_is_told),
        cmocka_unit_test(cuts_are_clipped),
        cmocka_unit_test(white_bytes_leave_the_ends_and_stay_within),
        cmocka_unit_test(utf8_is_what_its_definition_says_for_every_three_bytes),
        cmocka_unit_test(utf8_of_four_bytes_ends_at_10ffff),
        cmocka_unit_test(the_first_byte_that_needs_an_escape_is_found_at_every_place),
        cmocka_unit_test(numbers_are_digits_up_to_the_maximum),
        cmocka_unit_test(a_copy_ends_with_a_nul),
        cmocka_unit_test(the_hash_is_siphash_2_4),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
