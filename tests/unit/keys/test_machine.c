/* SPDX-License-Identifier: Apache-2.0 */
/* Does the machine behind a key source keep its promises, in every order of events? On a virtual clock. */
#include "keys/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* A small world: one machine, one issuer that answers after `latency`, a log of starts. */
struct world {
    struct jt_machine machine;
    struct jt_machine_action last;
    int64_t now;
    uint64_t random;
    int64_t ends_at; /* of the fetch in flight */
    int64_t latency;
    bool down;
    bool rotates; /* the next answer has a changed set */
    int64_t fresh_for;
    int64_t retry_after;
    unsigned starts;
    unsigned starts_by_cause[5];
    int64_t started_at[4096];
};

static uint64_t draw(struct world *world)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return world->random;
}

static void step(struct world *world, struct jt_machine_event event)
{
    struct jt_machine_action action = jt_machine_step(&world->machine, &event, world->now, draw(world));
    world->last = action;
    if (!action.fetch)
        return;
    world->starts_by_cause[action.cause]++;
    world->started_at[world->starts++ % 4096] = world->now;
    world->ends_at = world->now + world->latency;
}

static void tell(struct world *world, enum jt_event_type type)
{
    step(world, (struct jt_machine_event){.type = type, .fresh_for = -1, .retry_after = -1});
}

static void end_fetch(struct world *world)
{
    struct jt_machine_event event = {.type = JT_EVENT_ACCEPTED, .fresh_for = world->fresh_for, .retry_after = -1};
    event.changed = world->rotates;
    if (world->down) {
        event.type = JT_EVENT_FAILED;
        event.retry_after = world->retry_after;
    } else {
        world->rotates = false;
    }
    world->ends_at = INT64_MAX;
    step(world, event);
}

/* Lets time pass up to `until`, carrying out what the machine asks for; each lookup keeps the source from idling. */
static void run_to(struct world *world, int64_t until)
{
    for (;;) {
        int64_t next = world->machine.fetch == JT_FETCH_INFLIGHT ? world->ends_at : world->last.wake_at;
        if (next > until)
            break;
        assert_true(next >= world->now);
        world->now = next;
        if (world->machine.fetch == JT_FETCH_INFLIGHT)
            end_fetch(world);
        else
            tell(world, JT_EVENT_TIMER);
    }
    world->now = until;
}

static void run_for(struct world *world, int64_t span)
{
    run_to(world, world->now + span);
}

static struct world world_with(const struct jt_machine_times *times)
{
    struct world world = {
        .random = 88172645463325252u, .now = 5 * HOUR, .latency = 100, .fresh_for = -1, .retry_after = -1};
    world.ends_at = INT64_MAX;
    world.last.wake_at = INT64_MAX;
    jt_machine_init(&world.machine, times, world.now);
    return world;
}

static struct world running_world(void)
{
    struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
    tell(&world, JT_EVENT_TIMER);
    run_for(&world, SECOND);
    assert_int_equal(world.starts, 1);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_FRESH);
    return world;
}

static void the_first_step_fetches_and_before_it_nothing_is_usable(void **state)
{
    (void)state;
    struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_EMPTY);
    assert_false(jt_machine_usable(&world.machine, world.now));
    tell(&world, JT_EVENT_TIMER);
    assert_true(world.last.fetch);
    assert_int_equal(world.last.cause, JT_CAUSE_START);
    assert_true(world.last.full);
}

static void S1_11_a_fresh_set_is_left_alone_until_three_quarters_of_its_life(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, 15 * MINUTE); /* the first refresh comes early: from one half on */
    assert_int_equal(world.starts, 2);
    int64_t second = world.started_at[1];
    run_to(&world, second + 15 * MINUTE * 3 / 4 - SECOND);
    assert_int_equal(world.starts, 2);
    run_to(&world, second + 15 * MINUTE * 9 / 10 + 2 * SECOND);
    assert_int_equal(world.starts, 3);
    assert_int_equal(world.starts_by_cause[JT_CAUSE_SCHEDULE], 2);
}

static void S5_27_headers_move_the_refresh_between_its_bounds_only(void **state)
{
    (void)state;
    static const struct {
        int64_t fresh_for, least, most;
    } rows[] = {{-1, 450, 810},
                {0, 150, 270},
                {15 * SECOND, 150, 270},
                {10 * MINUTE, 300, 540},
                {38 * 24 * HOUR, 1800, 3240},
                {INT64_MAX, 1800, 3240}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
        world.fresh_for = rows[i].fresh_for;
        tell(&world, JT_EVENT_TIMER);
        run_for(&world, SECOND);
        int64_t span = world.last.wake_at - world.machine.succeeded_at;
        assert_in_range(span, rows[i].least * SECOND, rows[i].most * SECOND);
    }
}

/* The five systems' own times: five minutes fresh, half a minute between fetches for misses. */
static void S1_10_S2_13_a_set_of_300_seconds_is_fetched_once_within_them_and_again_after(void **state)
{
    (void)state;
    struct jt_machine_times times = JT_MACHINE_TIMES_DEFAULT;
    times.fresh_min = times.fresh_default = times.fresh_max = 300 * SECOND;
    times.miss_interval = 30 * SECOND;
    times.miss_burst = 1;
    times.timeout = 5 * SECOND;
    struct world world = world_with(&times);
    tell(&world, JT_EVENT_TIMER);
    run_for(&world, 149 * SECOND);
    assert_int_equal(world.starts, 1);
    run_for(&world, 151 * SECOND);
    assert_int_equal(world.starts, 2); /* ahead of the end, at most nine tenths in */
    tell(&world, JT_EVENT_REFRESH);
    assert_int_equal(world.starts, 3);
    assert_int_equal(world.starts_by_cause[JT_CAUSE_REFRESH], 1);
    run_for(&world, 5 * SECOND);
    for (int second = 0; second < 29; second++) { /* one token at hand, the next after half a minute */
        tell(&world, JT_EVENT_MISS);
        run_for(&world, SECOND);
    }
    assert_int_equal(world.starts_by_cause[JT_CAUSE_MISS], 1);
}

static void S1_12_an_unknown_kid_refetches_once(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, MINUTE);
    world.rotates = true;
    tell(&world, JT_EVENT_MISS);
    assert_true(world.last.fetch);
    assert_int_equal(world.last.cause, JT_CAUSE_MISS);
    run_for(&world, MINUTE);
    assert_int_equal(world.starts_by_cause[JT_CAUSE_MISS], 1);
    assert_int_equal(world.machine.generation, 2);
    assert_false(world.machine.wanted);
}

static void S1_13_a_storm_of_misses_fetches_the_burst_then_one_per_interval(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, MINUTE);
    for (int64_t i = 0; i < 30 * SECOND; i += 10) {
        run_for(&world, 10);
        tell(&world, JT_EVENT_MISS);
    }
    /* Two tokens, and at most one refill within half a minute. */
    assert_in_range(world.starts_by_cause[JT_CAUSE_MISS], 2, 3);
    unsigned before = world.starts_by_cause[JT_CAUSE_MISS];
    for (int64_t i = 0; i < HOUR; i += 100) {
        run_for(&world, 100);
        tell(&world, JT_EVENT_MISS);
    }
    assert_in_range(world.starts_by_cause[JT_CAUSE_MISS] - before, 28, 32); /* the interval has grown to 120 s */
}

static void R13_a_rotation_during_a_flood_is_seen_within_the_grown_interval(void **state)
{
    (void)state;
    struct world world = running_world();
    for (int round = 0; round < 40; round++) {
        for (int64_t i = 0; i < 20 * MINUTE + round * 1777; i += 250) {
            run_for(&world, 250);
            tell(&world, JT_EVENT_MISS);
        }
        uint64_t generation = world.machine.generation;
        int64_t rotated_at = world.now;
        world.rotates = true;
        while (world.machine.generation == generation) {
            run_for(&world, 250);
            tell(&world, JT_EVENT_MISS);
        }
        assert_true(world.now - rotated_at <= 120 * SECOND + world.latency + 500);
    }
}

static void a_throttled_miss_is_answered_without_further_traffic(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, MINUTE);
    for (int i = 0; i < 3; i++) {
        tell(&world, JT_EVENT_MISS);
        run_for(&world, 3 * SECOND);
    }
    assert_int_equal(world.starts_by_cause[JT_CAUSE_MISS], 2); /* the third waits for its token */
    assert_true(world.machine.wanted);
    world.rotates = true;
    run_for(&world, 121 * SECOND);
    assert_int_equal(world.machine.generation, 2);
    assert_false(world.machine.wanted);
}

static void R11_a_miss_during_a_fetch_gets_one_fetch_of_its_own(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, MINUTE);
    world.latency = 5 * SECOND;
    tell(&world, JT_EVENT_MISS);
    run_for(&world, SECOND);
    tell(&world, JT_EVENT_MISS); /* came after the fetch began: its answer may be older */
    tell(&world, JT_EVENT_MISS);
    run_for(&world, 4 * SECOND + 10);
    assert_int_equal(world.starts_by_cause[JT_CAUSE_MISS], 2);
    run_for(&world, 10 * MINUTE);
    assert_int_equal(world.starts_by_cause[JT_CAUSE_MISS], 2);
    assert_false(world.machine.wanted);
}

static void S1_26_a_failure_starts_a_cool_down_too(void **state)
{
    (void)state;
    struct world world = running_world();
    world.down = true;
    run_for(&world, HOUR);
    unsigned before = world.starts;
    run_for(&world, HOUR);
    assert_in_range(world.starts - before, 12, 24); /* 2.5 to 5 minutes apart */
    assert_int_equal(world.machine.generation, 1);
}

static void R15_an_outage_is_survived_until_the_hard_limit_and_not_beyond(void **state)
{
    (void)state;
    struct world world = running_world();
    int64_t succeeded = world.machine.succeeded_at;
    world.down = true;
    while (world.now < succeeded + 24 * HOUR - 1) {
        tell(&world, JT_EVENT_LOOKUP);
        int64_t next = world.now + 10 * MINUTE;
        run_to(&world, next < succeeded + 24 * HOUR - 1 ? next : succeeded + 24 * HOUR - 1);
    }
    world.machine.succeeded_at = succeeded; /* nothing else may have moved it */
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_STALE);
    assert_true(jt_machine_usable(&world.machine, world.now));
    run_for(&world, 1);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_EXPIRED);
    assert_false(jt_machine_usable(&world.machine, world.now));
    world.down = false;
    tell(&world, JT_EVENT_LOOKUP);
    run_for(&world, 6 * MINUTE);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_FRESH);
}

static void an_issuer_down_at_start_is_asked_again_soon(void **state)
{
    (void)state;
    struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
    world.down = true;
    tell(&world, JT_EVENT_TIMER);
    run_for(&world, MINUTE);
    assert_in_range(world.starts, 4, 25);
    world.down = false;
    run_for(&world, 31 * SECOND);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_FRESH);
}

static void R4_a_retry_after_is_kept_even_by_misses_and_clamped(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, MINUTE);
    world.down = true;
    world.retry_after = 5 * MINUTE;
    tell(&world, JT_EVENT_MISS);
    run_for(&world, SECOND);
    unsigned before = world.starts;
    int64_t failed_at = world.now;
    while (world.now < failed_at + 4 * MINUTE) {
        tell(&world, JT_EVENT_MISS);
        tell(&world, JT_EVENT_REFRESH);
        run_for(&world, 10 * SECOND);
    }
    assert_int_equal(world.starts, before);
    world.retry_after = INT64_MAX; /* "99999999…" */
    run_for(&world, 2 * MINUTE);
    assert_true(world.starts > before);
    before = world.starts;
    run_for(&world, 16 * MINUTE);
    assert_true(world.starts > before);
}

static void R5_an_unasked_304_is_a_failure(void **state)
{
    (void)state;
    struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
    tell(&world, JT_EVENT_TIMER);
    assert_true(world.last.full);
    tell(&world, JT_EVENT_NOT_MODIFIED);
    assert_int_equal(world.machine.fetch, JT_FETCH_BACKOFF);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_EMPTY);
}

static void R5_a_full_answer_is_asked_for_every_day_and_after_a_bad_body(void **state)
{
    (void)state;
    struct world world = running_world();
    int64_t full_at = world.now;
    while (!(world.last.fetch && world.last.full)) {
        assert_true(world.now - full_at <= 25 * HOUR);
        tell(&world, JT_EVENT_LOOKUP);
        if (world.machine.fetch == JT_FETCH_INFLIGHT) {
            world.now += 50;
            tell(&world, JT_EVENT_NOT_MODIFIED);
        } else {
            world.now = world.last.wake_at;
            tell(&world, JT_EVENT_TIMER);
        }
    }
    assert_true(world.now - full_at >= 23 * HOUR);
    step(&world, (struct jt_machine_event){.type = JT_EVENT_FAILED, .rejected = true, .retry_after = -1});
    world.now = world.last.wake_at;
    tell(&world, JT_EVENT_TIMER);
    assert_true(world.last.full);
}

static void polling_stops_when_nobody_looks_and_starts_with_the_next_lookup(void **state)
{
    (void)state;
    struct world world = running_world();
    run_for(&world, 25 * HOUR);
    unsigned before = world.starts;
    run_for(&world, 30 * 24 * HOUR);
    assert_int_equal(world.starts, before);
    tell(&world, JT_EVENT_LOOKUP);
    assert_true(world.last.fetch);
}

static void a_seed_serves_stale_until_its_own_limit_and_is_refreshed_at_once(void **state)
{
    (void)state;
    struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
    world.down = true;
    step(&world, (struct jt_machine_event){.type = JT_EVENT_SEEDED, .age = 23 * HOUR, .retry_after = -1});
    assert_true(world.last.fetch);
    assert_true(world.last.full);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_STALE);
    run_for(&world, HOUR);
    assert_int_equal(jt_machine_data(&world.machine, world.now), JT_DATA_EXPIRED);
}

static void R16_a_jump_of_the_clock_causes_one_refresh(void **state)
{
    (void)state;
    struct world world = running_world();
    unsigned before = world.starts;
    world.now += 8 * HOUR; /* the machine slept */
    tell(&world, JT_EVENT_LOOKUP);
    run_for(&world, SECOND);
    assert_int_equal(world.starts, before + 1);
    tell(&world, JT_EVENT_TIMER); /* and a clock that stands still causes none */
    tell(&world, JT_EVENT_TIMER);
    assert_int_equal(world.starts, before + 1);
}

static void R21_a_fleet_started_together_does_not_stay_together(void **state)
{
    (void)state;
    enum { PROCESSES = 500, MINUTES = 24 * 60 };
    static unsigned per_minute[MINUTES + 1];
    memset(per_minute, 0, sizeof per_minute);
    for (uint64_t i = 0; i < PROCESSES; i++) {
        struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
        int64_t zero = world.now;
        world.random += i * 0x9E3779B97F4A7C15u;
        draw(&world);
        run_for(&world, (int64_t)(draw(&world) % 1000));
        tell(&world, JT_EVENT_TIMER);
        for (int minute = 0; minute < MINUTES; minute += 60) {
            tell(&world, JT_EVENT_LOOKUP);
            run_for(&world, 60 * MINUTE);
        }
        for (unsigned k = 0; k < world.starts; k++)
            if (world.started_at[k] - zero < MINUTES * MINUTE)
                per_minute[(world.started_at[k] - zero) / MINUTE]++;
    }
    unsigned peak = 0, sum = 0;
    for (int minute = 5; minute < MINUTES; minute++) { /* the start itself is together by definition */
        sum += per_minute[minute];
        if (per_minute[minute] > peak)
            peak = per_minute[minute];
    }
    assert_true(peak <= 3 * sum / (MINUTES - 5));
}

/* Random events in random order for a million steps; the promises of machine.h after each. */
static void R20_no_order_of_events_breaks_a_promise(void **state)
{
    (void)state;
    enum { STEPS = 1000000 };
    struct world world = world_with(&JT_MACHINE_TIMES_DEFAULT);
    struct jt_machine *machine = &world.machine;
    int64_t miss_starts[4096];
    uint64_t miss_count = 0;
    int64_t last_start = -1, last_success = -1, stuck = 0;
    for (int i = 0; i < STEPS; i++) {
        struct jt_machine before = *machine;
        uint64_t pick = draw(&world);
        int64_t jump = (int64_t)((pick >> 8) % 5 == 0 ? (pick >> 20) % (uint64_t)HOUR : (pick >> 20) % 3000);
        if ((pick >> 12) % 7 == 0 && world.last.wake_at != INT64_MAX && world.last.wake_at >= world.now)
            world.now = world.last.wake_at;
        else
            world.now += jump;
        struct jt_machine_event event = {.type = (enum jt_event_type)(pick % 8), .fresh_for = -1, .retry_after = -1};
        if (event.type == JT_EVENT_SEEDED && i > 3)
            event.type = JT_EVENT_MISS;
        event.changed = (pick >> 40) % 3 == 0;
        event.rejected = (pick >> 42) % 3 == 0;
        event.fresh_for = (pick >> 44) % 4 == 0 ? -1 : (int64_t)((pick >> 30) % (uint64_t)(48 * HOUR));
        event.retry_after = (pick >> 46) % 4 != 0 ? -1 : (int64_t)((pick >> 30) % (uint64_t)HOUR);
        event.age = (int64_t)((pick >> 30) % (uint64_t)HOUR);
        step(&world, event);

        bool was_inflight = before.fetch == JT_FETCH_INFLIGHT;
        bool succeeded = machine->success_count > before.success_count;
        if (succeeded)
            last_success = world.now;
        if (world.last.fetch) {
            /* at most one in flight, never closer than the gap, never before a Retry-After */
            assert_true(!was_inflight || event.type >= JT_EVENT_ACCEPTED);
            assert_true(last_start < 0 || world.now - last_start >= machine->times.min_gap);
            assert_true(world.now >= machine->not_before);
            last_start = world.now;
            if (world.last.cause == JT_CAUSE_MISS) {
                /* in any window: the burst and one per shortest interval */
                miss_starts[miss_count % 4096] = world.now;
                for (uint64_t back = 1; back <= 64 && back <= miss_count; back++) {
                    int64_t window = world.now - miss_starts[(miss_count - back) % 4096];
                    assert_true((int64_t)back + 1 <=
                                machine->times.miss_burst + window / machine->times.miss_interval + 1);
                }
                miss_count++;
            }
        }
        /* a failure, a miss or time never changes the set or how long it is believed */
        if (!succeeded && event.type != JT_EVENT_SEEDED) {
            assert_int_equal(machine->generation, before.generation);
            assert_int_equal(machine->succeeded_at, before.succeeded_at);
        }
        /* nothing is believed past the hard limit */
        if (jt_machine_usable(machine, world.now) && last_success >= 0)
            assert_true(world.now - machine->succeeded_at < machine->times.max_stale);
        /* the latch is let go only by a fetch that started after the miss and succeeded */
        if (before.wanted && !machine->wanted)
            assert_true(succeeded && before.wanted_mark < before.start_count);
        if (event.type == JT_EVENT_MISS)
            assert_true(machine->wanted);
        /* there is always a next thing: an end of a fetch, a time ahead, or nothing only while idle */
        if (machine->fetch != JT_FETCH_INFLIGHT) {
            assert_true(world.last.wake_at > world.now);
            if (world.last.wake_at == INT64_MAX) {
                assert_true(world.now - machine->looked_up_at >= machine->times.idle_after);
                assert_false(machine->wanted);
                stuck++;
            }
        }
    }
    assert_true(miss_count > 1000);
    assert_true(stuck < STEPS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_step_fetches_and_before_it_nothing_is_usable),
        cmocka_unit_test(S1_11_a_fresh_set_is_left_alone_until_three_quarters_of_its_life),
        cmocka_unit_test(S5_27_headers_move_the_refresh_between_its_bounds_only),
        cmocka_unit_test(S1_10_S2_13_a_set_of_300_seconds_is_fetched_once_within_them_and_again_after),
        cmocka_unit_test(S1_12_an_unknown_kid_refetches_once),
        cmocka_unit_test(S1_13_a_storm_of_misses_fetches_the_burst_then_one_per_interval),
        cmocka_unit_test(R13_a_rotation_during_a_flood_is_seen_within_the_grown_interval),
        cmocka_unit_test(a_throttled_miss_is_answered_without_further_traffic),
        cmocka_unit_test(R11_a_miss_during_a_fetch_gets_one_fetch_of_its_own),
        cmocka_unit_test(S1_26_a_failure_starts_a_cool_down_too),
        cmocka_unit_test(R15_an_outage_is_survived_until_the_hard_limit_and_not_beyond),
        cmocka_unit_test(an_issuer_down_at_start_is_asked_again_soon),
        cmocka_unit_test(R4_a_retry_after_is_kept_even_by_misses_and_clamped),
        cmocka_unit_test(R5_an_unasked_304_is_a_failure),
        cmocka_unit_test(R5_a_full_answer_is_asked_for_every_day_and_after_a_bad_body),
        cmocka_unit_test(polling_stops_when_nobody_looks_and_starts_with_the_next_lookup),
        cmocka_unit_test(a_seed_serves_stale_until_its_own_limit_and_is_refreshed_at_once),
        cmocka_unit_test(R16_a_jump_of_the_clock_causes_one_refresh),
        cmocka_unit_test(R21_a_fleet_started_together_does_not_stay_together),
        cmocka_unit_test(R20_no_order_of_events_breaks_a_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
