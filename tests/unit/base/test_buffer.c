/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base_test.h"

static void pieces_are_joined(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 1000);
    jt_buffer_add_text(&buffer, "a");
    jt_buffer_add_byte(&buffer, 0);
    jt_buffer_add_number(&buffer, INT64_MIN);
    jt_buffer_add_format(&buffer, "<%s %d>", "x", 7);
    jt_buffer_add(&buffer, jeton_bytes(NULL, 0));
    assert_int_equal(buffer.status, JETON_OK);
    assert_bytes(jt_buffer_bytes(&buffer), "a\0-9223372036854775808<x 7>");
    jt_buffer_done(&buffer);
    jt_buffer_done(&buffer);
}

static void it_fills_to_the_maximum_and_not_a_byte_more(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max += 37) {
        struct jt_buffer buffer;
        jt_buffer_init(&buffer, max);
        for (size_t i = 0; i < max; i++)
            jt_buffer_add_byte(&buffer, (unsigned char)i);
        assert_int_equal(buffer.status, JETON_OK);
        assert_int_equal(buffer.len, max);
        jt_buffer_add_byte(&buffer, 'x');
        assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
        assert_int_equal(buffer.len, max);
        jt_buffer_done(&buffer);
    }
}

static void a_format_may_fill_it_exactly(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 5);
    jt_buffer_add_format(&buffer, "%s", "12345");
    assert_int_equal(buffer.status, JETON_OK);
    assert_bytes(jt_buffer_bytes(&buffer), "12345");
    assert_int_equal(buffer.max, 5);
    jt_buffer_done(&buffer);
    jt_buffer_add_format(&buffer, "%s", "123456");
    assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
    jt_buffer_done(&buffer);
}

static void after_a_failure_nothing_fits_that_would_have(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    unsigned char memory[64];
    jt_buffer_init_in(&buffer, memory, sizeof memory, sizeof memory);
    jt_buffer_add_text(&buffer, "1");
    assert_null(jt_buffer_grow(&buffer, sizeof memory));
    jt_buffer_add_byte(&buffer, '2');
    jt_buffer_add_number(&buffer, 1795762112);
    assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
    assert_bytes(jt_buffer_bytes(&buffer), "1");
    jt_buffer_done(&buffer);
}

static void room_for_nothing_is_there_until_it_failed(void **state)
{
    (void)state;
    unsigned char memory[4];
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 10);
    assert_non_null(jt_buffer_grow(&buffer, 0));
    jt_buffer_done(&buffer);
    jt_buffer_init_in(&buffer, memory, sizeof memory, sizeof memory);
    assert_ptr_equal(jt_buffer_grow(&buffer, sizeof memory), memory);
    assert_ptr_equal(jt_buffer_grow(&buffer, 0), memory + sizeof memory);
    assert_null(jt_buffer_grow(&buffer, 1));
    assert_null(jt_buffer_grow(&buffer, 0));
    jt_buffer_done(&buffer);
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 3);
    jt_buffer_add_text(&buffer, "toolong");
    jt_buffer_add_text(&buffer, "a");
    assert_null(jt_buffer_grow(&buffer, 1));
    assert_null(jt_buffer_grow(&buffer, SIZE_MAX));
    assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
    assert_int_equal(buffer.len, 0);
    jt_buffer_done(&buffer);
}

static void a_secret_one_keeps_its_bytes_when_it_moves(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    jt_buffer_init_secret(&buffer, 100000);
    for (int i = 0; i < 10000; i++)
        jt_buffer_add_byte(&buffer, (unsigned char)i);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buffer.at[i], (unsigned char)i);
    jt_buffer_done(&buffer);
    assert_null(buffer.at);
}

static void one_in_the_callers_memory_takes_its_own_when_that_is_full(void **state)
{
    (void)state;
    unsigned char memory[8];
    struct jt_buffer buffer;
    jt_buffer_init_in(&buffer, memory, sizeof memory, 1000);
    jt_buffer_add_text(&buffer, "12345678");
    assert_ptr_equal(buffer.at, memory);
    jt_buffer_add_byte(&buffer, '9');
    assert_ptr_not_equal(buffer.at, memory);
    assert_bytes(jt_buffer_bytes(&buffer), "123456789");
    jt_buffer_done(&buffer);
    jt_buffer_add_text(&buffer, "again"); /* in memory of its own */
    assert_ptr_not_equal(buffer.at, memory);
    jt_buffer_done(&buffer);
}

static void one_in_the_callers_memory_keeps_to_its_maximum(void **state)
{
    (void)state;
    unsigned char memory[8];
    struct jt_buffer buffer;
    jt_buffer_init_in(&buffer, memory, sizeof memory, 3);
    jt_buffer_add_text(&buffer, "123");
    assert_int_equal(buffer.status, JETON_OK);
    jt_buffer_add_byte(&buffer, '4');
    assert_int_equal(buffer.status, JETON_ARGUMENT_INVALID);
    assert_bytes(jt_buffer_bytes(&buffer), "123");
    jt_buffer_done(&buffer);
}

static void numbers_are_written_with_every_count_of_digits(void **state)
{
    (void)state;
    char expected[24];
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 100);
    for (int64_t power = 1; power < INT64_MAX / 10; power *= 10) {
        const int64_t numbers[] = {power - 1, power, power + 1, -power, 7 * power + power / 3};
        for (size_t i = 0; i < JT_COUNT(numbers); i++) {
            buffer.len = 0;
            jt_buffer_add_number(&buffer, numbers[i]);
            snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
            assert_int_equal(buffer.len, strlen(expected));
            assert_memory_equal(buffer.at, expected, buffer.len);
        }
    }
    for (int64_t number = 999999000; number < 10000001000;
         number += 98765 + number % 1000) { /* ten digits, both ends */
        buffer.len = 0;
        jt_buffer_add_number(&buffer, number);
        snprintf(expected, sizeof expected, "%lld", (long long)number);
        assert_int_equal(buffer.len, strlen(expected));
        assert_memory_equal(buffer.at, expected, buffer.len);
    }
    jt_buffer_done(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(it_fills_to_the_maximum_and_not_a_byte_more),
        cmocka_unit_test(a_format_may_fill_it_exactly),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(room_for_nothing_is_there_until_it_failed),
        cmocka_unit_test(after_a_failure_nothing_fits_that_would_have),
        cmocka_unit_test(a_secret_one_keeps_its_bytes_when_it_moves),
        cmocka_unit_test(one_in_the_callers_memory_takes_its_own_when_that_is_full),
        cmocka_unit_test(one_in_the_callers_memory_keeps_to_its_maximum),
        cmocka_unit_test(numbers_are_written_with_every_count_of_digits),
    };
    return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
