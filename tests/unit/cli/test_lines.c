/* SPDX-License-Identifier: Apache-2.0 */
/* Do lines come whole and in step, wherever the reads fall apart, and without more memory than one may have? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/lines.h"

struct feed {
    int fd;
    const char *at;
    size_t len, step;
};

/* Writes in steps, so that reads fall apart at every place. */
static void *feed_run(void *context)
{
    struct feed *feed = context;

    for (size_t at = 0; at < feed->len;) {
        size_t len = feed->len - at < feed->step ? feed->len - at : feed->step;
        ssize_t done = write(feed->fd, feed->at + at, len);

        if (done <= 0)
            break;
        at += (size_t)done;
    }
    close(feed->fd);
    return NULL;
}

struct expected {
    size_t len;
    const char *text; /* NULL: not looked at */
};

static void expect_lines(const char *at, size_t len, size_t step, size_t limit, const struct expected *expected,
                         size_t count)
{
    struct cli_lines *lines = malloc(sizeof(*lines));
    struct cli_line line;
    struct feed feed = {0};
    pthread_t thread;
    int pipe_of[2];

    assert_non_null(lines);
    assert_int_equal(pipe(pipe_of), 0);
    feed = (struct feed){pipe_of[1], at, len, step};
    assert_int_equal(pthread_create(&thread, NULL, feed_run, &feed), 0);
    assert_true(cli_lines_init(lines, pipe_of[0], limit));
    for (size_t i = 0; i < count; i++) {
        size_t kept = expected[i].len < limit + 1 ? expected[i].len : limit + 1;

        assert_int_equal(cli_lines_next(lines, &line), 1);
        assert_int_equal(line.len, expected[i].len);
        assert_int_equal(line.text.len, kept);
        if (expected[i].text != NULL)
            assert_memory_equal(line.text.at, expected[i].text, kept);
    }
    assert_int_equal(cli_lines_next(lines, &line), 0);
    assert_int_equal(cli_lines_next(lines, &line), 0);
    cli_lines_done(lines);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(pipe_of[0]);
    free(lines);
}

static void lines_are_the_same_however_they_arrive(void **state)
{
    static const char text[] = "one\ntwo\r\n\n\r\nth\rree\r\r\nfour\0!\nlast\r";
    static const struct expected expected[] = {{3, "one"},       {3, "two"},     {0, NULL},    {0, NULL},
                                               {7, "th\rree\r"}, {6, "four\0!"}, {5, "last\r"}};

    (void)state;
    for (size_t step = 1; step <= sizeof(text); step++)
        expect_lines(text, sizeof(text) - 1, step, 100, expected, JT_COUNT(expected));
}

static void what_is_over_the_limit_is_cut_and_counted_and_the_next_is_in_step(void **state)
{
    static const char text[] = "12345\n123456\n12345\r\n123456\r\n12345\r\r\n1234567890\r\nok\n123456";
    static const struct expected expected[] = {{5, "12345"},   {6, "123456"},      {5, "12345"}, {6, "123456"},
                                               {6, "12345\r"}, {10, "1234567890"}, {2, "ok"},    {6, "123456"}};

    (void)state;
    for (size_t step = 1; step <= sizeof(text); step++)
        expect_lines(text, sizeof(text) - 1, step, 5, expected, JT_COUNT(expected));
}

static void lines_may_be_larger_than_a_read(void **state)
{
    enum { LONG = 200000 };
    char *text = malloc(2 * LONG + 16);
    struct expected expected[3] = {{LONG, NULL}, {LONG, NULL}, {1, "x"}};

    (void)state;
    assert_non_null(text);
    memset(text, 'a', LONG);
    memcpy(text + LONG, "\r\n", 2);
    memset(text + LONG + 2, 'b', LONG);
    memcpy(text + 2 * LONG + 2, "\nx", 2);
    expected[0].text = text;
    expected[1].text = text + LONG + 2;
    expect_lines(text, 2 * LONG + 4, 65536, LONG, expected, 3);
    expect_lines(text, 2 * LONG + 4, 65537, LONG - 1, expected, 3);
    expect_lines(text, 2 * LONG + 4, 4093, 1000, expected, 3);
    free(text);
}

static void nothing_is_no_line(void **state)
{
    static const struct expected one[] = {{0, NULL}};

    (void)state;
    expect_lines("", 0, 1, 10, NULL, 0);
    expect_lines("\n", 1, 1, 10, one, 1);
}

static void a_descriptor_that_cannot_be_read_is_told(void **state)
{
    struct cli_lines *lines = malloc(sizeof(*lines));
    struct cli_line line;

    (void)state;
    assert_non_null(lines);
    assert_true(cli_lines_init(lines, -1, 10));
    assert_int_equal(cli_lines_next(lines, &line), -1);
    cli_lines_done(lines);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_however_they_arrive),
        cmocka_unit_test(what_is_over_the_limit_is_cut_and_counted_and_the_next_is_in_step),
        cmocka_unit_test(lines_may_be_larger_than_a_read),
        cmocka_unit_test(nothing_is_no_line),
        cmocka_unit_test(a_descriptor_that_cannot_be_read_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
