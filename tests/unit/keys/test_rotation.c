/* SPDX-License-Identifier: Apache-2.0 */
/* Does the rotation keep its promises, in every order of events? On a virtual clock that jumps, with relying parties
 * that keep the set for exactly as long as they may. */
#include "keys/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START (INT64_C(1700000000))

static const struct jt_rotation_times usual = {15 * MINUTE, 30 * DAY, DAY, 15 * MINUTE};

static void begin(struct jt_rotation *rotation, const struct jt_rotation_times *times)
{
    memset(rotation, 0, sizeof *rotation);
    jt_rotation_settle(rotation, times, false, START);
    assert_true(jt_rotation_add(rotation, 1, START));
}

/* --- One step at a time --- */

static void the_first_key_signs_at_once(void **state)
{
    struct jt_rotation rotation = {0};

    (void)state;
    jt_rotation_settle(&rotation, &usual, false, START);
    assert_int_equal(jt_rotation_need(&rotation, START), JT_ROTATION_NEEDS_ACTIVE);
    assert_true(jt_rotation_add(&rotation, 1, START));
    assert_int_equal(jt_rotation_need(&rotation, START), JT_ROTATION_NEEDS_NOTHING);
    assert_int_equal(jt_rotation_active(&rotation)->id, 1);
}

static void S4_10_a_next_key_is_shown_publish_ahead_before_it_signs(void **state)
{
    struct jt_rotation rotation;
    int64_t makes_at = START + 29 * DAY, signs_at = START + 30 * DAY;

    (void)state;
    begin(&rotation, &usual);
    assert_int_equal(jt_rotation_wake(&rotation), makes_at);
    assert_int_equal(jt_rotation_need(&rotation, makes_at - 1), JT_ROTATION_NEEDS_NOTHING);
    assert_int_equal(jt_rotation_need(&rotation, makes_at), JT_ROTATION_NEEDS_NEXT);
    assert_true(jt_rotation_add(&rotation, 2, makes_at));
    assert_int_equal(jt_rotation_wake(&rotation), signs_at);
    assert_false(jt_rotation_step(&rotation, signs_at - 1));
    assert_int_equal(jt_rotation_active(&rotation)->id, 1);
    assert_true(jt_rotation_step(&rotation, signs_at));
    assert_int_equal(jt_rotation_active(&rotation)->id, 2);
}

static void S4_10_a_key_that_stopped_is_shown_until_its_tokens_are_gone(void **state)
{
    struct jt_rotation rotation;
    int64_t stopped = START + 30 * DAY;
    int64_t gone_at = stopped + 1 + 15 * MINUTE + 60 + 15 * MINUTE;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START + 29 * DAY));
    assert_true(jt_rotation_step(&rotation, stopped));
    assert_int_equal(jt_rotation_wake(&rotation), gone_at);
    assert_false(jt_rotation_step(&rotation, gone_at - 1));
    assert_int_equal(rotation.count, 2);
    assert_true(jt_rotation_step(&rotation, gone_at));
    assert_int_equal(rotation.count, 1);
    assert_int_equal(rotation.at[0].id, 2);
}

static void a_key_that_was_made_late_signs_late(void **state)
{
    struct jt_rotation rotation;
    int64_t late = START + 300 * DAY;

    (void)state;
    begin(&rotation, &usual);
    assert_int_equal(jt_rotation_need(&rotation, late), JT_ROTATION_NEEDS_NEXT);
    assert_true(jt_rotation_add(&rotation, 2, late));
    assert_false(jt_rotation_step(&rotation, late + DAY - 1));
    assert_true(jt_rotation_step(&rotation, late + DAY));
}

static void a_rotation_on_command_waits_until_the_key_is_known(void **state)
{
    struct jt_rotation rotation;
    int64_t asked = START + HOUR;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_rotate(&rotation, asked) == JT_ROTATION_NEVER);
    assert_true(jt_rotation_add(&rotation, 2, asked));
    assert_int_equal(jt_rotation_rotate(&rotation, asked), asked + DAY);
    assert_int_equal(jt_rotation_active(&rotation)->id, 1);
    assert_int_equal(jt_rotation_rotate(&rotation, asked + HOUR), asked + DAY); /* asking again changes nothing */
    assert_false(jt_rotation_step(&rotation, asked + DAY - 1));
    assert_true(jt_rotation_step(&rotation, asked + DAY));
    assert_int_equal(jt_rotation_active(&rotation)->id, 2);
    assert_int_equal(jt_rotation_makes_at(&rotation), asked + DAY + 29 * DAY);
}

static void a_rotation_on_command_is_done_when_the_key_is_known(void **state)
{
    struct jt_rotation rotation;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START));
    assert_int_equal(jt_rotation_rotate(&rotation, START + 2 * DAY), START + 2 * DAY);
    assert_int_equal(jt_rotation_active(&rotation)->id, 2);
}

static void a_revoked_active_key_is_followed_at_once_and_the_breach_is_told(void **state)
{
    struct jt_rotation rotation;
    struct jt_rotation_breach breach;

    (void)state;
    begin(&rotation, &usual);
    breach = jt_rotation_revoke(&rotation, 0, START + HOUR);
    assert_true(breach.was_active && breach.fresh);
    assert_int_equal(jt_rotation_need(&rotation, START + HOUR), JT_ROTATION_NEEDS_ACTIVE);

    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START));
    breach = jt_rotation_revoke(&rotation, 0, START + DAY - 1);
    assert_true(breach.was_active && !breach.fresh);
    assert_int_equal(breach.signs, 2);
    assert_int_equal(breach.early_for, 1);

    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START));
    assert_int_equal(jt_rotation_revoke(&rotation, 0, START + DAY).early_for, 0);
    assert_int_equal(rotation.count, 1);
}

static void a_revoked_key_that_does_not_sign_just_leaves(void **state)
{
    struct jt_rotation rotation;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START));
    assert_false(jt_rotation_revoke(&rotation, 1, START).was_active);
    assert_int_equal(jt_rotation_active(&rotation)->id, 1);
    assert_int_equal(rotation.count, 1);
}

static void there_are_never_too_many_keys(void **state)
{
    struct jt_rotation rotation;

    (void)state;
    begin(&rotation, &usual);
    for (uint64_t id = 2; id <= JT_ROTATION_KEYS; id++)
        assert_true(jt_rotation_add(&rotation, id, START));
    assert_false(jt_rotation_add(&rotation, 100, START));
    assert_false(jt_rotation_show(&rotation, 100, START));
    assert_int_equal(rotation.count, JT_ROTATION_KEYS);
}

static void S4_2_a_slot_that_is_held_stays_and_leaves_in_time_when_it_is_let_go(void **state)
{
    struct jt_rotation rotation;
    int64_t gone_at = START + 1 + 31 * MINUTE;

    (void)state;
    memset(&rotation, 0, sizeof rotation);
    jt_rotation_settle(&rotation, &usual, true, START);
    assert_true(jt_rotation_add(&rotation, 1, START));
    assert_true(jt_rotation_show(&rotation, 2, START));
    rotation.at[1].held = true;
    assert_true(jt_rotation_wake(&rotation) == JT_ROTATION_NEVER);
    assert_false(jt_rotation_step(&rotation, START + 1000 * DAY));
    assert_int_equal(jt_rotation_need(&rotation, START + 1000 * DAY), JT_ROTATION_NEEDS_NOTHING);
    rotation.at[1].held = false;
    assert_int_equal(jt_rotation_wake(&rotation), gone_at);
    assert_true(jt_rotation_step(&rotation, gone_at));
    assert_int_equal(rotation.count, 1);
}

static void S4_10_a_slots_new_key_signs_at_once_and_is_no_breach_when_it_was_shown_before(void **state)
{
    struct jt_rotation rotation;

    (void)state;
    memset(&rotation, 0, sizeof rotation);
    jt_rotation_settle(&rotation, &usual, true, START);
    assert_true(jt_rotation_add(&rotation, 1, START));
    assert_true(jt_rotation_show(&rotation, 2, START));
    assert_int_equal(jt_rotation_sign_at_once(&rotation, 1, START + 10).early_for, DAY - 10);
    assert_int_equal(jt_rotation_active(&rotation)->id, 2);
    assert_int_equal(jt_rotation_sign_at_once(&rotation, 0, START + DAY).early_for, 0);
    assert_int_equal(jt_rotation_active(&rotation)->id, 1);
    assert_true(jt_rotation_sign_at_once(&rotation, 0, START + DAY).was_active);
    assert_int_equal(rotation.count, 2);
}

static void shorter_times_keep_what_was_promised_under_longer_ones(void **state)
{
    static const struct jt_rotation_times brief = {MINUTE, DAY, 2 * MINUTE, MINUTE};
    struct jt_rotation rotation;
    int64_t now = START + HOUR;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, now));
    jt_rotation_settle(&rotation, &brief, false, now);
    /* Somebody may have fetched the set of a second ago, and keeps it for 15 minutes. */
    assert_int_equal(jt_rotation_rotate(&rotation, now), now + 16 * MINUTE);
    assert_true(jt_rotation_step(&rotation, now + 16 * MINUTE));
    assert_int_equal(jt_rotation_gone_at(&rotation, &rotation.at[0]), now + 31 * MINUTE);
}

static void a_jump_of_the_clock_changes_no_span(void **state)
{
    struct jt_rotation rotation;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START));
    assert_int_equal(jt_rotation_rotate(&rotation, START), START + DAY);
    jt_rotation_jump(&rotation, START + 10 * DAY, 10 * DAY);
    assert_false(jt_rotation_step(&rotation, START + 11 * DAY - 1));
    jt_rotation_jump(&rotation, START + DAY - 1, -10 * DAY);
    assert_true(jt_rotation_step(&rotation, START + DAY));
    /* Tokens with times that lie ten days ahead are about: who signed them stays until they are gone. */
    assert_int_equal(jt_rotation_gone_at(&rotation, &rotation.at[0]), START + 11 * DAY + 31 * MINUTE);
}

static void the_clock_tells_of_jumps_and_of_nothing_else(void **state)
{
    struct jt_rotation_clock clock;
    int64_t jumped = 7;

    (void)state;
    jt_rotation_clock_start(&clock, START * 1000, 5000);
    assert_int_equal(jt_rotation_clock_read(&clock, START * 1000 + 2500, 7500, &jumped), START + 2);
    assert_int_equal(jumped, 0);
    assert_int_equal(jt_rotation_clock_read(&clock, START * 1000 + 3499, 7500, &jumped), START + 2);
    assert_int_equal(jumped, 0);
    assert_int_equal(jt_rotation_clock_read(&clock, START * 1000 + 3500, 7500, &jumped), START + 3);
    assert_int_equal(jumped, 1);
    assert_int_equal(jt_rotation_clock_read(&clock, START * 1000 - 96500, 7500, &jumped), START - 97);
    assert_int_equal(jumped, -100);
    assert_int_equal(jt_rotation_clock_read(&clock, START * 1000 - 96500, 7400, &jumped), START - 97);
    assert_int_equal(jumped, 0);
}

static void an_older_copy_shows_its_next_keys_anew(void **state)
{
    struct jt_rotation rotation;

    (void)state;
    begin(&rotation, &usual);
    assert_true(jt_rotation_add(&rotation, 2, START));
    jt_rotation_restore(&rotation, START + 29 * DAY);
    assert_int_equal(jt_rotation_rotate(&rotation, START + 29 * DAY), START + 30 * DAY);
}

/* --- The model: a world of relying parties, tokens and accidents --- */

enum { PARTIES = 6, TOKENS = 256, MODEL_STEPS = 150000 };

struct set {
    uint64_t ids[JT_ROTATION_KEYS];
    size_t count;
};

struct world {
    struct jt_rotation rotation;
    struct jt_rotation_clock clock;
    uint64_t random;
    uint64_t last_id;
    int64_t true_ms;          /* what really goes by */
    int64_t offset_ms;        /* how far the wall's clock is off */
    int64_t excused_until_ms; /* an emergency: kept sets may lack a key until then */
    struct {
        struct set set;
        int64_t until_ms;
    } parties[PARTIES];
    struct {
        uint64_t id;
        int64_t expires; /* by the wall */
    } tokens[TOKENS];
    size_t token_count;
    unsigned long promotions, verified, met_unknown, emergencies, jumps, restarts, removals, settings;
};

static uint64_t draw(struct world *world)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return world->random;
}

static uint64_t below(struct world *world, uint64_t limit)
{
    return draw(world) % limit;
}

static int64_t wall_ms(const struct world *world)
{
    return world->true_ms + world->offset_ms;
}

static bool is_shown(const struct world *world, uint64_t id)
{
    for (size_t i = 0; i < world->rotation.count; i++)
        if (world->rotation.at[i].id == id)
            return true;
    return false;
}

static int64_t read_clock(struct world *world)
{
    int64_t jumped;
    int64_t now = jt_rotation_clock_read(&world->clock, wall_ms(world), world->true_ms, &jumped);

    if (jumped != 0)
        jt_rotation_jump(&world->rotation, now, jumped);
    return now;
}

/* What the server does whenever it looks. */
static void move(struct world *world)
{
    int64_t now = read_clock(world);
    size_t before = world->rotation.count;
    const struct jt_rotation_key *was = jt_rotation_active(&world->rotation);
    uint64_t id = was->id;

    jt_rotation_step(&world->rotation, now);
    world->removals += before - world->rotation.count;
    while (jt_rotation_need(&world->rotation, now) != JT_ROTATION_NEEDS_NOTHING)
        assert_true(jt_rotation_add(&world->rotation, ++world->last_id, now));
    world->promotions += jt_rotation_active(&world->rotation)->id != id;
}

static void emergency(struct world *world)
{
    int64_t longest = world->rotation.times.jwks_max_age;

    if (world->rotation.past.jwks_max_age > longest)
        longest = world->rotation.past.jwks_max_age;
    world->excused_until_ms = world->true_ms + (longest + 1) * 1000;
    world->emergencies++;
}

static void forget_tokens(struct world *world, uint64_t id)
{
    size_t kept = 0;

    for (size_t i = 0; i < world->token_count; i++)
        if (world->tokens[i].id != id)
            world->tokens[kept++] = world->tokens[i];
    world->token_count = kept;
}

static void revoke_one(struct world *world)
{
    int64_t now = read_clock(world);
    size_t index = below(world, world->rotation.count);

    forget_tokens(world, world->rotation.at[index].id);
    if (jt_rotation_revoke(&world->rotation, index, now).early_for > 0)
        emergency(world);
    while (jt_rotation_need(&world->rotation, now) != JT_ROTATION_NEEDS_NOTHING)
        assert_true(jt_rotation_add(&world->rotation, ++world->last_id, now));
}

static void rotate(struct world *world)
{
    int64_t now = read_clock(world);

    if (jt_rotation_rotate(&world->rotation, now) == JT_ROTATION_NEVER &&
        jt_rotation_add(&world->rotation, ++world->last_id, now))
        assert_true(jt_rotation_rotate(&world->rotation, now) > now);
}

static struct jt_rotation_times any_times(struct world *world)
{
    struct jt_rotation_times times;

    times.jwks_max_age = 1 + (int64_t)below(world, 1 + below(world, 900));
    times.publish_ahead = times.jwks_max_age + jt_rotation_margin(times.jwks_max_age) +
                          (int64_t)below(world, 1 + below(world, 900));
    times.rotate_every = times.publish_ahead + (int64_t)below(world, 1 + below(world, 3600));
    times.token_ttl = 1 + (int64_t)below(world, (uint64_t)times.rotate_every);
    return times;
}

/* The process ends and comes again, perhaps with other settings. */
static void restart(struct world *world)
{
    struct jt_rotation_times times = world->rotation.times;

    if (below(world, 4) == 0) {
        times = any_times(world);
        world->settings++;
    }
    move(world);
    world->true_ms += (int64_t)below(world, 1 + below(world, 4000000));
    jt_rotation_clock_start(&world->clock, wall_ms(world), world->true_ms);
    jt_rotation_settle(&world->rotation, &times, false, wall_ms(world) / 1000);
    world->restarts++;
}

static void jump(struct world *world)
{
    static const int64_t spans[] = {1000, 60000, 3600000, 86400000, 86400000 * INT64_C(3650)};
    int64_t by = (int64_t)below(world, (uint64_t)spans[below(world, 5)]);

    move(world); /* the server looks once a second */
    world->offset_ms += below(world, 2) == 0 ? by : -by;
    if (world->offset_ms < -1000 * START / 2 || world->offset_ms > 1000 * START)
        world->offset_ms = 0;
    world->jumps++;
}

static void add_next(struct world *world)
{
    int64_t now = read_clock(world);

    if (world->rotation.count < JT_ROTATION_KEYS / 2)
        assert_true(jt_rotation_add(&world->rotation, ++world->last_id, now));
}

/* Every relying party verifies a token that was signed this very moment, by a set it keeps as long as it may. */
static void sign_and_verify(struct world *world)
{
    const struct jt_rotation_key *active = jt_rotation_active(&world->rotation);

    for (size_t p = 0; p < PARTIES; p++) {
        bool knows = false;

        if (world->parties[p].until_ms < world->true_ms) {
            struct set *set = &world->parties[p].set;

            set->count = 0;
            for (size_t i = 0; i < world->rotation.count; i++)
                set->ids[set->count++] = world->rotation.at[i].id;
            world->parties[p].until_ms = world->true_ms + world->rotation.times.jwks_max_age * 1000;
        }
        for (size_t i = 0; i < world->parties[p].set.count; i++)
            knows = knows || world->parties[p].set.ids[i] == active->id;
        world->verified++;
        world->met_unknown += !knows;
        if (!knows && world->true_ms > world->excused_until_ms)
            fail_msg("a relying party meets an unknown key");
    }
    if (world->token_count == TOKENS)
        memmove(world->tokens, world->tokens + 1, --world->token_count * sizeof world->tokens[0]);
    world->tokens[world->token_count].id = active->id;
    world->tokens[world->token_count++].expires = wall_ms(world) / 1000 + world->rotation.times.token_ttl;
}

/* A token that has expired for everybody stays so, whatever the clock does. */
static bool is_over(const struct world *world, int64_t expires)
{
    return expires + JT_ROTATION_LEEWAY < wall_ms(world) / 1000;
}

static void look(struct world *world)
{
    size_t active = 0, kept = 0;

    for (size_t i = 0; i < world->rotation.count; i++)
        active += world->rotation.at[i].state == JT_SIGNER_ACTIVE;
    assert_int_equal(active, 1);
    for (size_t i = 0; i < world->token_count; i++) {
        if (is_over(world, world->tokens[i].expires))
            continue;
        if (!is_shown(world, world->tokens[i].id))
            fail_msg("a token is good whose key is not shown");
        world->tokens[kept++] = world->tokens[i];
    }
    world->token_count = kept;
}

static void pass_time(struct world *world)
{
    int64_t wake = jt_rotation_wake(&world->rotation);
    int64_t to_wake = wake == JT_ROTATION_NEVER ? 1000 : wake * 1000 - world->clock.time_ms;

    if (below(world, 2) == 0)
        world->true_ms += (int64_t)below(world, 60000);
    else
        world->true_ms += (to_wake > 0 ? to_wake : 0) - (int64_t)below(world, 3) + 1;
}

static void one_step(struct world *world)
{
    switch (below(world, 40)) {
    case 0:
        rotate(world);
        break;
    case 1:
        if (below(world, 8) == 0)
            revoke_one(world);
        break;
    case 2:
        add_next(world);
        break;
    case 3:
        if (below(world, 4) == 0)
            jump(world);
        break;
    case 4:
        if (below(world, 4) == 0)
            restart(world);
        break;
    default:
        pass_time(world);
        break;
    }
    move(world);
    sign_and_verify(world);
    look(world);
}

static struct world *new_world(uint64_t seed)
{
    struct world *world = calloc(1, sizeof *world);
    struct jt_rotation_times times;

    assert_non_null(world);
    world->random = seed;
    world->true_ms = START * 1000;
    times = any_times(world);
    jt_rotation_clock_start(&world->clock, wall_ms(world), world->true_ms);
    jt_rotation_settle(&world->rotation, &times, false, START);
    assert_true(jt_rotation_add(&world->rotation, ++world->last_id, START));
    return world;
}

static void S4_11_no_accident_makes_a_party_meet_an_unknown_key(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world *world = new_world(seed * UINT64_C(0x9e3779b97f4a7c15));

        for (unsigned i = 0; i < MODEL_STEPS / 3; i++)
            one_step(world);
        assert_true(world->promotions > 500 && world->removals > 500 && world->emergencies > 20);
        assert_true(world->jumps > 100 && world->restarts > 100 && world->settings > 20);
        assert_true(world->met_unknown < world->verified / 100);
        free(world);
    }
}

/* Without accidents there is no excuse: 100 rotations, and every set is kept to its last millisecond. */
static void S4_10_a_party_that_keeps_the_set_for_exactly_max_age_knows_every_key_of_100_rotations(void **state)
{
    struct world *world = new_world(UINT64_C(0x9e3779b97f4a7c15));

    (void)state;
    while (world->promotions < 100) {
        pass_time(world);
        move(world);
        sign_and_verify(world);
        look(world);
    }
    assert_int_equal(world->met_unknown, 0);
    assert_true(world->verified > 600);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_key_signs_at_once),
        cmocka_unit_test(S4_10_a_next_key_is_shown_publish_ahead_before_it_signs),
        cmocka_unit_test(S4_10_a_key_that_stopped_is_shown_until_its_tokens_are_gone),
        cmocka_unit_test(a_key_that_was_made_late_signs_late),
        cmocka_unit_test(a_rotation_on_command_waits_until_the_key_is_known),
        cmocka_unit_test(a_rotation_on_command_is_done_when_the_key_is_known),
        cmocka_unit_test(a_revoked_active_key_is_followed_at_once_and_the_breach_is_told),
        cmocka_unit_test(a_revoked_key_that_does_not_sign_just_leaves),
        cmocka_unit_test(there_are_never_too_many_keys),
        cmocka_unit_test(S4_2_a_slot_that_is_held_stays_and_leaves_in_time_when_it_is_let_go),
        cmocka_unit_test(S4_10_a_slots_new_key_signs_at_once_and_is_no_breach_when_it_was_shown_before),
        cmocka_unit_test(shorter_times_keep_what_was_promised_under_longer_ones),
        cmocka_unit_test(a_jump_of_the_clock_changes_no_span),
        cmocka_unit_test(the_clock_tells_of_jumps_and_of_nothing_else),
        cmocka_unit_test(an_older_copy_shows_its_next_keys_anew),
        cmocka_unit_test(S4_11_no_accident_makes_a_party_meet_an_unknown_key),
        cmocka_unit_test(S4_10_a_party_that_keeps_the_set_for_exactly_max_age_knows_every_key_of_100_rotations),
    };
    return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
