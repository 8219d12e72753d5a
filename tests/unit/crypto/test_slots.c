/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto_test.h"

#include "crypto/slots.h"

#define MANY (3 * JT_SLOTS + 1)

static unsigned freed;

static void count_freed(void *context)
{
    (void)context;
    freed++;
}

/* The first block lies within its key. */
static struct jt_slots *block_new(void)
{
    struct jt_slots *slots = aligned_alloc(JT_CACHE_LINE, sizeof *slots);
    assert_non_null(slots);
    jt_slots_init(slots);
    return slots;
}

static void what_was_given_is_taken_once(void **state)
{
    (void)state;
    int context = 0;
    struct jt_slots *slots = block_new();
    for (size_t home = 0; home < JT_SLOTS; home++) {
        assert_null(jt_slots_take(slots, home));
        assert_true(jt_slots_give(slots, home, &context));
        assert_ptr_equal(jt_slots_take(slots, home), &context);
        assert_null(jt_slots_take(slots, home));
    }
    jt_slots_done(slots, count_freed);
    free(slots);
}

static void a_context_is_found_from_every_other_slot(void **state)
{
    (void)state;
    int context = 0;
    struct jt_slots *slots = block_new();
    for (size_t home = 0; home < JT_SLOTS; home++)
        for (size_t other = 0; other < JT_SLOTS; other++) {
            assert_true(jt_slots_give(slots, home, &context));
            assert_ptr_equal(jt_slots_take(slots, other), &context);
        }
    jt_slots_done(slots, count_freed);
    free(slots);
}

static void more_than_there_are_slots_find_room_and_are_freed(void **state)
{
    (void)state;
    int contexts[MANY] = {0};
    struct jt_slots *slots = block_new();
    for (size_t i = 0; i < MANY; i++)
        assert_true(jt_slots_give(slots, 3, &contexts[i]));
    for (size_t i = 0; i < MANY; i++) {
        int *taken = jt_slots_take(slots, 5);
        assert_non_null(taken);
        assert_int_equal((*taken)++, 0); /* each once */
    }
    assert_null(jt_slots_take(slots, 5));
    for (size_t i = 0; i < MANY; i++)
        assert_true(jt_slots_give(slots, i % JT_SLOTS, &contexts[i]));
    freed = 0;
    jt_slots_done(slots, count_freed);
    assert_int_equal(freed, MANY);
    free(slots);
}

static void a_thread_has_one_home(void **state)
{
    (void)state;
    assert_true(jt_slots_home() < JT_SLOTS);
    assert_int_equal(jt_slots_home(), jt_slots_home());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_is_taken_once),
        cmocka_unit_test(a_context_is_found_from_every_other_slot),
        cmocka_unit_test(more_than_there_are_slots_find_room_and_are_freed),
        cmocka_unit_test(a_thread_has_one_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
