/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits, and who lets them go: the number that passed, the time that is over, the end of what they wait for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/parking.h"

static struct jt_parking parking;
static int held, gone;

static void hold(void *who)
{
    held++;
    *(int *)who = 1;
}

static void let_go(void *who)
{
    gone++;
    *(int *)who = 2;
}

static int begin(void **state)
{
    (void)state;
    held = gone = 0;
    jt_parking_init(&parking, hold, let_go);
    return 0;
}

static int end(void **state)
{
    (void)state;
    jt_parking_done(&parking);
    return 0;
}

static enum jt_park park(int *who, const _Atomic uint64_t *what, uint64_t mark, int64_t until_ms)
{
    return jt_parking_add(&parking, &(struct jt_parked){who, what, mark, until_ms});
}

static void who_waits_goes_when_the_number_has_passed_and_not_before(void **state)
{
    _Atomic uint64_t number = 3;
    int who[3] = {0, 0, 0};

    (void)state;
    assert_int_equal(park(&who[0], &number, 3, 100), JT_PARK_HELD);
    assert_int_equal(park(&who[1], &number, 4, 100), JT_PARK_HELD);
    assert_int_equal(park(&who[2], &number, 2, 100), JT_PARK_PASSED);
    jt_parking_told(&parking, &number);
    assert_int_equal(gone, 0);
    number = 4;
    jt_parking_told(&parking, &number);
    assert_int_equal(who[0], 2);
    assert_int_equal(who[1], 1);
    jt_parking_tick(&parking, 99);
    assert_int_equal(who[1], 1);
    jt_parking_tick(&parking, 100);
    assert_int_equal(who[1], 2);
    assert_int_equal(jt_parking_count(&parking), 0);
}

static void who_waits_for_what_is_about_to_go_is_let_go_and_nobody_else(void **state)
{
    _Atomic uint64_t goes = 0, stays = 0;
    int who[3] = {0, 0, 0};

    (void)state;
    assert_int_equal(park(&who[0], &goes, 0, 100), JT_PARK_HELD);
    assert_int_equal(park(&who[1], &stays, 0, 100), JT_PARK_HELD);
    assert_int_equal(park(&who[2], &goes, 7, 100), JT_PARK_HELD);
    jt_parking_let_go(&parking, &goes);
    assert_int_equal(who[0], 2);
    assert_int_equal(who[1], 1);
    assert_int_equal(who[2], 2);
    assert_int_equal(jt_parking_count(&parking), 1);
    jt_parking_close(&parking);
    assert_int_equal(who[1], 2);
    assert_int_equal(park(&who[0], &stays, 0, 100), JT_PARK_FULL);
}

static void there_is_room_for_so_many_and_no_more(void **state)
{
    _Atomic uint64_t number = 0;
    int who = 0;

    (void)state;
    for (int i = 0; i < JT_PARKED_MAX; i++)
        assert_int_equal(park(&who, &number, 0, 100), JT_PARK_HELD);
    assert_int_equal(park(&who, &number, 0, 100), JT_PARK_FULL);
    assert_int_equal(held, JT_PARKED_MAX);
    jt_parking_tick(&parking, 100);
    assert_int_equal(gone, JT_PARKED_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(who_waits_goes_when_the_number_has_passed_and_not_before),
        CASE(who_waits_for_what_is_about_to_go_is_let_go_and_nobody_else),
        CASE(there_is_room_for_so_many_and_no_more),
    };

    return cmocka_run_group_tests_name("parking", tests, NULL, NULL);
}
