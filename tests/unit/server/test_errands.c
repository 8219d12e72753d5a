/* SPDX-License-Identifier: Apache-2.0 */
/* Is the same thing fetched once, shared, kept for its time and no longer, within bounds? A clock and a run of the
 * test's own; threads only where threads are the question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/outbound/errands.h"

struct world {
    struct jt_errands *errands;
    int64_t now_ms;
    unsigned runs, told;
    _Atomic unsigned alive; /* results not given back */
    int64_t fresh_for_ms, renew_after_ms;
    size_t bytes;
    bool fails, nothing;
    struct jeton_bytes nested; /* a key that a run gets by jt_errands_do() */
    char last_order[32];
};

struct brought {
    struct jt_errand_result result;
    struct world *world;
    unsigned number;
};

static int64_t clock_ms(void *context)
{
    return ((struct world *)context)->now_ms;
}

static void told(void *context, const _Atomic uint64_t *what)
{
    (void)what;
    ((struct world *)context)->told++;
}

static void give_back(struct jt_errand_result *result)
{
    struct brought *brought = (struct brought *)(void *)result;

    atomic_fetch_sub(&brought->world->alive, 1);
    free(brought);
}

static struct jt_errand_result *run(void *context, struct jeton_bytes order)
{
    struct world *world = context;
    struct brought *brought;

    world->runs++;
    snprintf(world->last_order, sizeof world->last_order, "%.*s", (int)order.len, (const char *)order.at);
    if (world->nothing)
        return NULL;
    if (world->nested.len > 0 && !jt_bytes_equal(order, world->nested)) {
        struct jt_errand nested = {world->nested, world->nested, world, run};

        jt_errand_result_release(jt_errands_do(world->errands, &nested));
    }
    brought = malloc(sizeof *brought);
    assert_non_null(brought);
    brought->world = world;
    brought->number = world->runs;
    atomic_fetch_add(&world->alive, 1);
    jt_errand_result_init(&brought->result, give_back, world->bytes, world->fresh_for_ms);
    brought->result.renew_after_ms = world->renew_after_ms;
    brought->result.failed = world->fails;
    return &brought->result;
}

static void open_world(struct world *world, size_t in_flight, size_t bytes)
{
    struct jt_errands_options options = {.in_flight_max = in_flight,
                                         .bytes_max = bytes,
                                         .queued_for_ms = 10000,
                                         .clock_ms = clock_ms,
                                         .clock_context = world,
                                         .told = told,
                                         .told_context = world};

    *world = (struct world){.now_ms = 1000000, .fresh_for_ms = 60000, .bytes = 100};
    assert_int_equal(jt_errands_open(&options, &world->errands), JETON_OK);
}

static void close_world(struct world *world)
{
    jt_errands_stop(world->errands);
    jt_errands_free(world->errands);
    assert_int_equal(world->alive, 0);
}

static struct jt_errand errand_of(struct world *world, const char *key)
{
    return (struct jt_errand){jeton_text(key), jeton_text(key), world, run};
}

/* The number of the run that brought it, 0 when it is not here; the answer must be the one expected. */
static unsigned expect(struct world *world, const char *key, bool waited, enum jt_errand_answer answer)
{
    struct jt_errand errand = errand_of(world, key);
    struct jt_errand_result *result = NULL;
    struct jt_errand_wait wait = {NULL, 0};
    unsigned number = 0;

    assert_int_equal(jt_errands_ask(world->errands, &errand, waited, &result, &wait), answer);
    if (answer == JT_ERRAND_HERE)
        number = ((struct brought *)(void *)result)->number;
    if (answer == JT_ERRAND_AWAY)
        assert_true(atomic_load(wait.what) == wait.mark);
    jt_errand_result_release(result);
    return number;
}

static void the_same_errand_runs_once_for_all_who_ask(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    for (int i = 0; i < 100; i++)
        expect(&world, "a", false, JT_ERRAND_AWAY);
    assert_true(jt_errands_step(world.errands));
    assert_false(jt_errands_step(world.errands));
    for (int i = 0; i < 100; i++)
        assert_int_equal(expect(&world, "a", i % 2 == 0, JT_ERRAND_HERE), 1);
    assert_int_equal(world.runs, 1);
    assert_int_equal(world.told, 1);
    assert_string_equal(world.last_order, "a");
    close_world(&world);
}

static void its_number_passes_the_mark_when_it_ends(void **state)
{
    struct world world;
    struct jt_errand errand;
    struct jt_errand_result *result = NULL;
    struct jt_errand_wait wait;

    (void)state;
    open_world(&world, 8, 1 << 20);
    errand = errand_of(&world, "a");
    assert_int_equal(jt_errands_ask(world.errands, &errand, false, &result, &wait), JT_ERRAND_AWAY);
    assert_true(atomic_load(wait.what) <= wait.mark);
    assert_true(jt_errands_step(world.errands));
    assert_true(atomic_load(wait.what) > wait.mark);
    close_world(&world);
}

static void it_is_fresh_for_its_time_and_not_a_millisecond_longer(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    world.now_ms += 59999;
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 1);
    world.now_ms += 1;
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 2);
    close_world(&world);
}

static void what_may_not_be_kept_is_for_those_alone_who_waited(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    world.fresh_for_ms = 0;
    world.fails = true;
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    assert_int_equal(expect(&world, "a", true, JT_ERRAND_HERE), 1);
    world.fails = false;
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    assert_int_equal(expect(&world, "a", true, JT_ERRAND_HERE), 2);
    world.now_ms += 5000;
    expect(&world, "a", true, JT_ERRAND_FULL);
    close_world(&world);
}

static void who_waited_for_nothing_begins_nothing(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    world.nothing = true;
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    assert_int_equal(world.told, 1);
    expect(&world, "a", true, JT_ERRAND_FULL);
    assert_false(jt_errands_step(world.errands));
    assert_int_equal(jt_errands_kept(world.errands), 0);
    close_world(&world);
}

static void no_more_is_under_way_than_fits(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 2, 1 << 20);
    expect(&world, "a", false, JT_ERRAND_AWAY);
    expect(&world, "b", false, JT_ERRAND_AWAY);
    expect(&world, "c", false, JT_ERRAND_FULL);
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    expect(&world, "c", false, JT_ERRAND_AWAY);
    close_world(&world);
}

static void the_least_lately_used_go_when_memory_is_full(void **state)
{
    struct world world;
    char key[16];

    (void)state;
    open_world(&world, 8, 20000);
    world.bytes = 2000;
    for (int i = 0; i < 50; i++) {
        snprintf(key, sizeof key, "k%d", i);
        expect(&world, key, false, JT_ERRAND_AWAY);
        jt_errands_step(world.errands);
        assert_true(jt_errands_kept_bytes(world.errands) <= 20000);
        if (i > 0)
            assert_int_equal(expect(&world, "k0", false, JT_ERRAND_HERE), 1);
    }
    assert_true(jt_errands_kept(world.errands) < 10);
    expect(&world, "k1", false, JT_ERRAND_AWAY);
    close_world(&world);
}

static void one_larger_than_all_the_room_is_not_kept(void **state)
{
    struct world world;
    struct jt_errand errand;
    struct jt_errand_result *result;

    (void)state;
    open_world(&world, 8, 1000);
    world.bytes = 5000;
    errand = errand_of(&world, "a");
    result = jt_errands_do(world.errands, &errand);
    assert_null(result); /* it did not stay, and so cannot be had */
    assert_int_equal(jt_errands_kept(world.errands), 0);
    close_world(&world);
}

static void S4_47_inside_the_lead_one_renews_and_all_keep_the_valid_one(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    world.renew_after_ms = 40000;
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    world.now_ms += 39999;
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 1);
    assert_false(jt_errands_step(world.errands));
    world.now_ms += 1;
    for (int i = 0; i < 10; i++)
        assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 1);
    assert_true(jt_errands_step(world.errands));
    assert_false(jt_errands_step(world.errands));
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 2);
    close_world(&world);
}

static void S4_47_a_failed_renewal_drops_the_claim_and_not_the_valid_one(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    world.renew_after_ms = 40000;
    expect(&world, "a", false, JT_ERRAND_AWAY);
    jt_errands_step(world.errands);
    world.now_ms += 40000;
    world.fails = true;
    expect(&world, "a", false, JT_ERRAND_HERE);
    assert_true(jt_errands_step(world.errands));
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 1);
    assert_false(jt_errands_step(world.errands)); /* not again at once */
    world.now_ms += 1000;
    world.fails = false;
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 1);
    assert_true(jt_errands_step(world.errands));
    assert_int_equal(expect(&world, "a", false, JT_ERRAND_HERE), 3);
    close_world(&world);
}

static void one_that_no_thread_had_time_for_is_dropped(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    expect(&world, "a", false, JT_ERRAND_AWAY);
    world.now_ms += 10001;
    assert_true(jt_errands_step(world.errands));
    assert_int_equal(world.runs, 0);
    assert_int_equal(world.told, 1);
    expect(&world, "a", true, JT_ERRAND_FULL);
    close_world(&world);
}

static void an_errand_within_an_errand_is_shared_too(void **state)
{
    struct world world;

    (void)state;
    open_world(&world, 8, 1 << 20);
    world.nested = JT_TEXT("n");
    expect(&world, "a", false, JT_ERRAND_AWAY);
    expect(&world, "b", false, JT_ERRAND_AWAY);
    expect(&world, "n", false, JT_ERRAND_AWAY); /* stands in the queue: the run of a takes it over */
    while (jt_errands_step(world.errands))
        continue;
    assert_int_equal(world.runs, 3);
    assert_int_equal(jt_errands_kept(world.errands), 3);
    close_world(&world);
}

static void fields_of_a_key_cannot_run_into_each_other(void **state)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer one, other;
    struct jeton_bytes rest;

    (void)state;
    jt_buffer_init(&one, 100);
    jt_buffer_init(&other, 100);
    jt_errand_key_add(&one, JT_TEXT("ab"));
    jt_errand_key_add(&one, JT_TEXT("c"));
    jt_errand_key_add(&one, JT_TEXT(""));
    jt_errand_key_add(&other, JT_TEXT("a"));
    jt_errand_key_add(&other, JT_TEXT("bc"));
    jt_errand_key_add(&other, JT_TEXT(""));
    assert_false(jt_bytes_equal(jt_buffer_bytes(&one), jt_buffer_bytes(&other)));
    rest = jt_buffer_bytes(&one);
    assert_true(jt_bytes_equal(jt_errand_key_next(&rest), JT_TEXT("ab")));
    assert_true(jt_bytes_equal(jt_errand_key_next(&rest), JT_TEXT("c")));
    assert_int_equal(jt_errand_key_next(&rest).len, 0);
    assert_int_equal(rest.len, 0);
    assert_int_equal(jt_errand_key_next(&rest).len, 0);
}

/* --- With threads --- */

enum { ASKERS = 4, ROUNDS = 300, KEYS = 7 };

struct crowd {
    struct jt_errands *errands;
    _Atomic int64_t now_ms;
    _Atomic unsigned runs, alive;
};

static int64_t crowd_clock(void *context)
{
    return atomic_load(&((struct crowd *)context)->now_ms);
}

static void crowd_told(void *context, const _Atomic uint64_t *what)
{
    (void)context;
    (void)what;
}

struct shared {
    struct jt_errand_result result;
    struct crowd *crowd;
    char text[16];
};

static void crowd_give_back(struct jt_errand_result *result)
{
    struct shared *shared = (struct shared *)(void *)result;

    atomic_fetch_sub(&shared->crowd->alive, 1);
    free(shared);
}

static struct jt_errand_result *crowd_run(void *context, struct jeton_bytes order)
{
    struct crowd *crowd = context;
    struct shared *shared = calloc(1, sizeof *shared);

    assert_non_null(shared);
    if (*(const char *)order.at != 'n') {
        struct jt_errand nested = {JT_TEXT("n"), JT_TEXT("n"), crowd, crowd_run};

        jt_errand_result_release(jt_errands_do(crowd->errands, &nested));
    }
    shared->crowd = crowd;
    memcpy(shared->text, order.at, order.len);
    atomic_fetch_add(&crowd->runs, 1);
    atomic_fetch_add(&crowd->alive, 1);
    jt_errand_result_init(&shared->result, crowd_give_back, sizeof *shared, 50);
    return &shared->result;
}

static void *ask_often(void *context)
{
    struct crowd *crowd = context;

    for (unsigned i = 0; i < ROUNDS; i++) {
        char key[2] = {(char)('a' + i % KEYS), 0};
        struct jt_errand errand = {jeton_text(key), jeton_text(key), crowd, crowd_run};
        struct jt_errand_result *result = NULL;
        struct jt_errand_wait wait;

        atomic_fetch_add(&crowd->now_ms, 1);
        switch (jt_errands_ask(crowd->errands, &errand, false, &result, &wait)) {
        case JT_ERRAND_HERE:
            assert_string_equal(((struct shared *)(void *)result)->text, key);
            jt_errand_result_release(result);
            break;
        case JT_ERRAND_AWAY:
            while (atomic_load(wait.what) <= wait.mark)
                sched_yield();
            break;
        case JT_ERRAND_FULL:
            break;
        }
    }
    return NULL;
}

static void many_threads_ask_and_run_without_a_race(void **state)
{
    struct crowd crowd = {.now_ms = 1};
    struct jt_errands_options options = {.threads = 3,
                                         .in_flight_max = 4,
                                         .bytes_max = 800,
                                         .queued_for_ms = 100000,
                                         .clock_ms = crowd_clock,
                                         .clock_context = &crowd,
                                         .told = crowd_told,
                                         .told_context = &crowd};
    pthread_t askers[ASKERS];

    (void)state;
    assert_int_equal(jt_errands_open(&options, &crowd.errands), JETON_OK);
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, ask_often, &crowd), 0);
    for (int i = 0; i < ASKERS; i++)
        pthread_join(askers[i], NULL);
    jt_errands_stop(crowd.errands);
    assert_true(crowd.runs > 0);
    jt_errands_free(crowd.errands);
    assert_int_equal(crowd.alive, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_errand_runs_once_for_all_who_ask),
        cmocka_unit_test(its_number_passes_the_mark_when_it_ends),
        cmocka_unit_test(it_is_fresh_for_its_time_and_not_a_millisecond_longer),
        cmocka_unit_test(what_may_not_be_kept_is_for_those_alone_who_waited),
        cmocka_unit_test(who_waited_for_nothing_begins_nothing),
        cmocka_unit_test(no_more_is_under_way_than_fits),
        cmocka_unit_test(the_least_lately_used_go_when_memory_is_full),
        cmocka_unit_test(one_larger_than_all_the_room_is_not_kept),
        cmocka_unit_test(S4_47_inside_the_lead_one_renews_and_all_keep_the_valid_one),
        cmocka_unit_test(S4_47_a_failed_renewal_drops_the_claim_and_not_the_valid_one),
        cmocka_unit_test(one_that_no_thread_had_time_for_is_dropped),
        cmocka_unit_test(an_errand_within_an_errand_is_shared_too),
        cmocka_unit_test(fields_of_a_key_cannot_run_into_each_other),
        cmocka_unit_test(many_threads_ask_and_run_without_a_race),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
