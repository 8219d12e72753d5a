/* SPDX-License-Identifier: Apache-2.0 */
/* Does a key id that nobody has cost one fetch, and does the memory of it end in time? */
#include "keys/missed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const unsigned char key[16] = "a fixed hash key";
static struct jt_missed missed;

static enum jt_miss look(const char *kid, int64_t now, uint64_t started, uint64_t answered)
{
    return jt_missed_look(&missed, jeton_text(kid), now, started, answered);
}

static void R14_the_same_bogus_kid_is_new_once_then_pending_then_final(void **state)
{
    (void)state;
    jt_missed_init(&missed, key, 60000);
    assert_int_equal(look("bogus", 1000000, 7, 7), JT_MISS_NEW);
    assert_int_equal(look("bogus", 1000001, 8, 7), JT_MISS_PENDING);
    assert_int_equal(look("bogus", 1000002, 8, 8), JT_MISS_FINAL);
    for (int64_t t = 0; t < 57000; t += 100)
        assert_int_equal(look("bogus", 1000002 + t, 8, 8), JT_MISS_FINAL);
}

static void a_fetch_already_under_way_does_not_answer(void **state)
{
    (void)state;
    jt_missed_init(&missed, key, 60000);
    assert_int_equal(look("late", 1000, 5, 4), JT_MISS_NEW); /* number 5 is in flight */
    assert_int_equal(look("late", 2000, 5, 5), JT_MISS_PENDING);
    assert_int_equal(look("late", 3000, 6, 6), JT_MISS_FINAL);
}

static void a_probed_kid_is_asked_for_again_after_its_time(void **state)
{
    (void)state;
    jt_missed_init(&missed, key, 60000);
    assert_int_equal(look("future", 1000, 1, 1), JT_MISS_NEW);
    assert_int_equal(look("future", 2000, 2, 2), JT_MISS_FINAL);
    assert_int_equal(look("future", 63000, 2, 2), JT_MISS_NEW);
}

static void different_kids_do_not_stand_for_each_other(void **state)
{
    (void)state;
    jt_missed_init(&missed, key, 60000);
    assert_int_equal(look("a", 1000, 1, 1), JT_MISS_NEW);
    assert_int_equal(look("b", 1000, 1, 1), JT_MISS_NEW);
    assert_int_equal(look("", 1000, 1, 1), JT_MISS_NEW);
    assert_int_equal(look("a", 1000, 2, 2), JT_MISS_FINAL);
}

static void a_flood_changes_no_size_and_the_counters_may_wrap(void **state)
{
    (void)state;
    jt_missed_init(&missed, key, 60000);
    char kid[32];
    unsigned fresh = 0;
    for (unsigned i = 0; i < 200000; i++) {
        snprintf(kid, sizeof kid, "random-%u", i);
        fresh += look(kid, 1000, 65535, 65535) == JT_MISS_NEW;
    }
    assert_in_range(fresh, 199900, 200000);
    assert_int_equal(look("wrap", 5000, 65535, 65535), JT_MISS_NEW);
    assert_int_equal(look("wrap", 5001, 65536, 65536), JT_MISS_FINAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(R14_the_same_bogus_kid_is_new_once_then_pending_then_final),
        cmocka_unit_test(a_fetch_already_under_way_does_not_answer),
        cmocka_unit_test(a_probed_kid_is_asked_for_again_after_its_time),
        cmocka_unit_test(different_kids_do_not_stand_for_each_other),
        cmocka_unit_test(a_flood_changes_no_size_and_the_counters_may_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
