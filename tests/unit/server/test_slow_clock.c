/* SPDX-License-Identifier: Apache-2.0 */
/* Is nothing forgotten early, whatever the wall's clock shows, and everything in the end? */
#include "server/issuer/slow_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000)
#define YEARS (INT64_C(3650) * 86400)
#define MS INT64_C(1000)

static struct jt_slow_clock clock_since(int64_t seen_at)
{
    struct jt_slow_clock clock;
    jt_slow_clock_init(&clock, seen_at);
    return clock;
}

static void it_goes_as_the_walls_clock_goes(void **state)
{
    (void)state;
    struct jt_slow_clock clock = clock_since(NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW, 5), NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + 100, 5 + 100 * MS), NOW + 100);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + 260, 5 + 200 * MS), NOW + 260); /* set right by a minute */
    assert_int_equal(jt_slow_clock_read(&clock, NOW + 361, 5 + 300 * MS), NOW + 361);
}

static void a_jump_ahead_and_back_forgets_nothing(void **state)
{
    (void)state;
    struct jt_slow_clock clock = clock_since(NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW, 0), NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS, 0), NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS + 50, 50 * MS), NOW + 50);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + 60, 60 * MS), NOW + 60);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + 161, 100 * MS), NOW + 100); /* a minute and a second */
}

static void a_time_that_stands_is_believed_in_the_end(void **state)
{
    (void)state;
    struct jt_slow_clock clock = clock_since(NOW);
    int64_t hold = JT_SLOW_CLOCK_HOLD_MS / MS;
    assert_int_equal(jt_slow_clock_read(&clock, NOW, 0), NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS, 0), NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS + hold - 1, (hold - 1) * MS), NOW + hold - 1);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS + hold, hold * MS), NOW + YEARS + hold);
}

static void a_jump_that_was_taken_back_starts_its_time_anew(void **state)
{
    (void)state;
    struct jt_slow_clock clock = clock_since(NOW);
    int64_t hold = JT_SLOW_CLOCK_HOLD_MS / MS;
    (void)jt_slow_clock_read(&clock, NOW, 0);
    (void)jt_slow_clock_read(&clock, NOW + YEARS, 0);
    (void)jt_slow_clock_read(&clock, NOW + hold - 1, (hold - 1) * MS);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS + hold, hold * MS), NOW + hold);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS + hold + 1, (hold + 1) * MS), NOW + hold + 1);
}

static void going_back_is_believed_at_once(void **state)
{
    (void)state;
    struct jt_slow_clock clock = clock_since(NOW);
    (void)jt_slow_clock_read(&clock, NOW, 0);
    assert_int_equal(jt_slow_clock_read(&clock, NOW - YEARS, 10 * MS), NOW - YEARS);
    assert_int_equal(jt_slow_clock_read(&clock, NOW - YEARS + 5, 15 * MS), NOW - YEARS + 5);
}

static void a_start_on_a_clock_that_is_ahead_goes_on_from_the_last_run(void **state)
{
    (void)state;
    struct jt_slow_clock clock = clock_since(NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS, 777), NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + YEARS + 9, 777 + 9 * MS), NOW + 9);
    clock = clock_since(NOW);
    assert_int_equal(jt_slow_clock_read(&clock, NOW + 30, 777), NOW + 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_as_the_walls_clock_goes),
        cmocka_unit_test(a_jump_ahead_and_back_forgets_nothing),
        cmocka_unit_test(a_time_that_stands_is_believed_in_the_end),
        cmocka_unit_test(a_jump_that_was_taken_back_starts_its_time_anew),
        cmocka_unit_test(going_back_is_believed_at_once),
        cmocka_unit_test(a_start_on_a_clock_that_is_ahead_goes_on_from_the_last_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
