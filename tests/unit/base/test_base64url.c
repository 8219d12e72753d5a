/* SPDX-License-Identifier: Apache-2.0 */
/* SECURITY rows 23 and 57. */
#include "base_test.h"

#include "base/base64url.h"

static bool decodes(struct jeton_bytes text)
{
    /* On the heap in the promised size, so that a sanitizer sees a byte too many. */
    unsigned char *in = malloc(text.len + 1);
    unsigned char *out = malloc(jt_base64url_decoded(text.len) + (text.len < 2));
    assert_true(in != NULL && out != NULL);
    memcpy(in, text.at, text.len);
    bool good = jt_base64url_decode(jeton_bytes(in, text.len), out);
    free(in);
    free(out);
    return good;
}

static void the_examples_of_rfc_4648_pass_both_ways(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < JT_COUNT(pairs); i++) {
        char out[16];
        size_t len = strlen(pairs[i][0]);
        assert_int_equal(jt_base64url_encoded(len), strlen(pairs[i][1]));
        jt_base64url_encode(jeton_text(pairs[i][0]), out);
        assert_memory_equal(out, pairs[i][1], strlen(pairs[i][1]));
        assert_int_equal(jt_base64url_decoded(strlen(pairs[i][1])), len);
        assert_true(jt_base64url_decode(jeton_text(pairs[i][1]), (unsigned char *)out));
        assert_memory_equal(out, pairs[i][0], len);
    }
}

static void every_length_comes_back_as_it_was(void **state)
{
    (void)state;
    struct numbers numbers = {23};
    for (size_t len = 0; len < 400; len++) {
        unsigned char *bytes = malloc(len + 1);
        unsigned char *back = malloc(len + (len == 0));
        char *text = malloc(jt_base64url_encoded(len) + 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)number_below(&numbers, 256);
        jt_base64url_encode(jeton_bytes(bytes, len), text);
        assert_true(jt_base64url_decode(jeton_bytes(text, jt_base64url_encoded(len)), back));
        assert_memory_equal(back, bytes, len);
        free(bytes);
        free(back);
        free(text);
    }
}

/* Six bits after the other, by the definition (RFC 4648 §5). */
static void encode_bit_by_bit(const unsigned char *bytes, size_t len, char *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t bit = 0; bit < len * 8; bit += 6) {
        unsigned six = 0;
        for (size_t i = bit; i < bit + 6; i++)
            six = six << 1 | (i < len * 8 ? (unsigned)bytes[i / 8] >> (7 - i % 8) & 1 : 0);
        *out++ = alphabet[six];
    }
}

static void every_length_at_every_alignment_is_encoded_by_the_definition(void **state)
{
    (void)state;
    struct numbers numbers = {29};
    char expected[300], written[400];
    for (size_t len = 0; len <= 200; len++) {
        size_t encoded = jt_base64url_encoded(len);
        for (size_t shift = 0; shift < 32; shift++) {
            /* Up to the end of its memory, so that a sanitizer sees a byte too many. */
            unsigned char *memory = malloc(shift + len + 1);
            unsigned char *bytes = memory + 1 + shift;
            assert_non_null(memory);
            for (size_t i = 0; i < len; i++)
                bytes[i] = (unsigned char)number_below(&numbers, 256);
            encode_bit_by_bit(bytes, len, expected);
            memset(written, '*', sizeof written);
            jt_base64url_encode(jeton_bytes(bytes, len), written + 1 + shift);
            assert_memory_equal(written + 1 + shift, expected, encoded);
            assert_int_equal(written[shift], '*');
            assert_int_equal(written[1 + shift + encoded], '*');
            free(memory);
        }
    }
}

static void every_value_of_six_bits_is_encoded_at_every_place(void **state)
{
    (void)state;
    unsigned char bytes[51] = {0};
    char expected[68], written[68];
    for (size_t at = 0; at < sizeof bytes; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            bytes[at] = (unsigned char)byte;
            encode_bit_by_bit(bytes, sizeof bytes, expected);
            jt_base64url_encode(jeton_bytes(bytes, sizeof bytes), written);
            assert_memory_equal(written, expected, sizeof expected);
        }
        bytes[at] = (unsigned char)(at * 37);
    }
}

static void every_foreign_byte_is_refused_at_every_place(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t len = 2; len < 48; len++) {
        if (len % 4 == 1)
            continue;
        char text[48];
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                if (byte != 0 && strchr(alphabet, byte) != NULL)
                    continue;
                memset(text, 'A', len);
                assert_true(decodes(jeton_bytes(text, len)));
                text[at] = (char)byte;
                assert_false(decodes(jeton_bytes(text, len)));
            }
        }
    }
}

static void bits_that_are_not_used_must_be_zero(void **state)
{
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < 64; i++) {
        char two[] = {'z', alphabet[i]};
        char three[] = {'z', '_', alphabet[i]};
        assert_int_equal(decodes(jeton_bytes(two, 2)), i % 16 == 0);
        assert_int_equal(decodes(jeton_bytes(three, 3)), i % 4 == 0);
    }
}

static void no_length_may_leave_one_character_over(void **state)
{
    (void)state;
    assert_false(decodes(JT_TEXT("A")));
    assert_false(decodes(JT_TEXT("AAAAA")));
    assert_true(decodes(JT_TEXT("AAAA")));
    assert_true(decodes(JT_TEXT("AA")));
}

static void padding_other_alphabet_and_white_space_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"Zg==", "Zm8=", "Zm9v\n", "Zm 9",     "Zm+v",
                                        "Zm/v", "=",    "====",   "Zm9vYmF=", " Zm9"};
    for (size_t i = 0; i < JT_COUNT(texts); i++)
        assert_false(decodes(jeton_text(texts[i])));
    assert_false(decodes(jeton_bytes("Zm9\0", 4)));
}

static void a_refusal_takes_nothing_from_the_arena(void **state)
{
    (void)state;
    unsigned char memory[64];
    struct jt_arena arena;
    struct jeton_bytes out = {NULL, 77};
    jt_arena_init(&arena, memory, sizeof memory);
    assert_false(jt_base64url_decode_arena(JT_TEXT("Zm9="), &arena, &out));
    assert_int_equal(arena.used, 0);
    assert_int_equal(out.len, 77);
    assert_true(jt_base64url_decode_arena(JT_TEXT("Zm9v"), &arena, &out));
    assert_bytes(out, "foo");
}

static void too_little_room_is_refused(void **state)
{
    (void)state;
    unsigned char memory[16];
    struct jt_arena arena;
    struct jeton_bytes out;
    jt_arena_init(&arena, memory, sizeof memory);
    assert_false(jt_base64url_decode_arena(JT_TEXT("AAAAAAAAAAAAAAAAAAAAAAAA"), &arena, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_4648_pass_both_ways),
        cmocka_unit_test(every_length_comes_back_as_it_was),
        cmocka_unit_test(every_length_at_every_alignment_is_encoded_by_the_definition),
        cmocka_unit_test(every_value_of_six_bits_is_encoded_at_every_place),
        cmocka_unit_test(every_foreign_byte_is_refused_at_every_place),
        cmocka_unit_test(bits_that_are_not_used_must_be_zero),
        cmocka_unit_test(no_length_may_leave_one_character_over),
        cmocka_unit_test(padding_other_alphabet_and_white_space_are_refused),
        cmocka_unit_test(a_refusal_takes_nothing_from_the_arena),
        cmocka_unit_test(too_little_room_is_refused),
    };
    return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}
