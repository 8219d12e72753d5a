/* SPDX-License-Identifier: Apache-2.0 */
/* Do readers always see a whole value, and is nothing freed under them? Also built with ThreadSanitizer. */
#include "keys/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct value {
    uint64_t number;
    uint64_t copies[15];
};

static unsigned freed;
/* Not on the stack: sanitizers keep no alignment of 128 there. */
static struct jt_snapshot snapshot;

static void free_value(void *pointer)
{
    memset(pointer, 0xdd, sizeof(struct value)); /* a reader still inside would see it */
    free(pointer);
    freed++;
}

static struct value *new_value(uint64_t number)
{
    struct value *value = malloc(sizeof *value);
    assert_non_null(value);
    value->number = number;
    for (size_t i = 0; i < 15; i++)
        value->copies[i] = number;
    return value;
}

static void a_reader_keeps_what_it_entered_with(void **state)
{
    (void)state;
    freed = 0;
    jt_snapshot_init(&snapshot, free_value);
    struct jt_snapshot_guard none = jt_snapshot_enter(&snapshot);
    assert_null(none.value);
    jt_snapshot_leave(&none);
    assert_true(jt_snapshot_publish(&snapshot, new_value(1)));
    struct jt_snapshot_guard first = jt_snapshot_enter(&snapshot);
    assert_true(jt_snapshot_publish(&snapshot, new_value(2)));
    struct jt_snapshot_guard second = jt_snapshot_enter(&snapshot);
    assert_int_equal(((struct value *)first.value)->number, 1);
    assert_int_equal(((struct value *)second.value)->number, 2);
    assert_false(jt_snapshot_collect(&snapshot));
    assert_int_equal(freed, 0);
    jt_snapshot_leave(&first);
    assert_true(jt_snapshot_collect(&snapshot));
    assert_int_equal(freed, 1);
    assert_int_equal(((struct value *)second.value)->number, 2);
    jt_snapshot_leave(&second);
    jt_snapshot_done(&snapshot);
    assert_int_equal(freed, 2);
}

static void publishing_never_waits_and_says_when_readers_hold_too_much(void **state)
{
    (void)state;
    freed = 0;
    jt_snapshot_init(&snapshot, free_value);
    assert_true(jt_snapshot_publish(&snapshot, new_value(0)));
    struct jt_snapshot_guard held = jt_snapshot_enter(&snapshot);
    for (uint64_t i = 1; i <= JT_SNAPSHOT_RETIRED; i++)
        assert_true(jt_snapshot_publish(&snapshot, new_value(i)));
    struct value *refused = new_value(99);
    assert_false(jt_snapshot_publish(&snapshot, refused));
    assert_int_equal(((struct value *)held.value)->number, 0);
    struct jt_snapshot_guard now = jt_snapshot_enter(&snapshot);
    assert_int_equal(((struct value *)now.value)->number, JT_SNAPSHOT_RETIRED);
    jt_snapshot_leave(&now);
    jt_snapshot_leave(&held);
    assert_true(jt_snapshot_publish(&snapshot, refused));
    assert_true(jt_snapshot_collect(&snapshot));
    jt_snapshot_done(&snapshot);
    assert_int_equal(freed, JT_SNAPSHOT_RETIRED + 2);
}

static void withdrawing_leaves_nothing_for_new_readers(void **state)
{
    (void)state;
    freed = 0;
    jt_snapshot_init(&snapshot, free_value);
    assert_true(jt_snapshot_publish(&snapshot, new_value(1)));
    assert_true(jt_snapshot_publish(&snapshot, NULL));
    struct jt_snapshot_guard guard = jt_snapshot_enter(&snapshot);
    assert_null(guard.value);
    jt_snapshot_leave(&guard);
    jt_snapshot_leave(&guard); /* leaving twice is leaving once */
    assert_true(jt_snapshot_collect(&snapshot));
    assert_int_equal(freed, 1);
    jt_snapshot_done(&snapshot);
}

static void guards_nest_and_may_be_left_in_any_order(void **state)
{
    (void)state;
    freed = 0;
    jt_snapshot_init(&snapshot, free_value);
    struct jt_snapshot_guard guards[6];
    for (uint64_t i = 0; i < 6; i++) {
        assert_true(jt_snapshot_publish(&snapshot, new_value(i)));
        guards[i] = jt_snapshot_enter(&snapshot);
    }
    static const int order[] = {3, 0, 5, 1, 4, 2};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(((struct value *)guards[order[i]].value)->number, order[i]);
        jt_snapshot_leave(&guards[order[i]]);
        jt_snapshot_collect(&snapshot);
    }
    assert_true(jt_snapshot_collect(&snapshot));
    assert_int_equal(freed, 5);
    jt_snapshot_done(&snapshot);
}

struct race {
    struct jt_snapshot snapshot;
    atomic_bool stop;
    atomic_uint_fast64_t bad;
    atomic_uint_fast64_t reads;
};

static void *read_until_stopped(void *context)
{
    struct race *race = context;
    uint64_t newest = 0;
    while (!atomic_load(&race->stop)) {
        struct jt_snapshot_guard guard = jt_snapshot_enter(&race->snapshot);
        const struct value *value = guard.value;
        for (size_t i = 0; i < 15; i++)
            if (value->copies[i] != value->number)
                atomic_fetch_add(&race->bad, 1);
        if (value->number < newest)
            atomic_fetch_add(&race->bad, 1); /* never back to an older one */
        newest = value->number;
        jt_snapshot_leave(&guard);
        atomic_fetch_add(&race->reads, 1);
    }
    return NULL;
}

static void R19_fifty_thousand_publishes_against_readers(void **state)
{
    (void)state;
    enum { READERS = 3, PUBLISHES = 50000 };
    static struct race race;
    memset(&race, 0, sizeof race);
    freed = 0;
    jt_snapshot_init(&race.snapshot, free_value);
    assert_true(jt_snapshot_publish(&race.snapshot, new_value(0)));
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_until_stopped, &race), 0);
    uint64_t published = 0;
    for (uint64_t tries = 0; published < PUBLISHES && tries < UINT64_C(2000000000); tries++) {
        struct value *next = new_value(published + 1);
        if (jt_snapshot_publish(&race.snapshot, next))
            published++;
        else
            free(next);
    }
    atomic_store(&race.stop, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(published, PUBLISHES);
    assert_int_equal(atomic_load(&race.bad), 0);
    assert_true(atomic_load(&race.reads) > 0);
    assert_true(jt_snapshot_collect(&race.snapshot));
    jt_snapshot_done(&race.snapshot);
    assert_int_equal(freed, PUBLISHES + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_keeps_what_it_entered_with),
        cmocka_unit_test(publishing_never_waits_and_says_when_readers_hold_too_much),
        cmocka_unit_test(withdrawing_leaves_nothing_for_new_readers),
        cmocka_unit_test(guards_nest_and_may_be_left_in_any_order),
        cmocka_unit_test(R19_fifty_thousand_publishes_against_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
