/* SPDX-License-Identifier: Apache-2.0 */
/* Does a change of the keys become what is, whole or not at all? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "keys/key_ring.h"

enum { START = 1700000000, DAY = 86400 };

static const struct jt_rotation_times times = {
    .token_ttl = 900, .rotate_every = 30 * DAY, .publish_ahead = DAY, .jwks_max_age = 900};

static int open_ring(void **state)
{
    struct jt_key_ring *ring = calloc(1, sizeof *ring);

    jt_rotation_clock_start(&ring->clock, (int64_t)START * 1000, 0);
    ring->algorithm = jt_algorithm_find(JT_TEXT("ES256"));
    jt_rotation_settle(&ring->rotation, &times, false, START);
    *state = ring;
    return 0;
}

static int close_ring(void **state)
{
    jt_key_ring_done(*state);
    jt_key_ring_done(*state); /* once more does nothing */
    free(*state);
    return 0;
}

/* One change as an owner runs it, stored or not. */
static struct jt_signer_set *run(struct jt_key_ring *ring, struct jt_ring_change *change, bool stored)
{
    struct jt_signer_set *set = NULL;

    assert_int_equal(jt_key_ring_make(ring, change, NULL), JETON_OK);
    assert_int_equal(jt_key_ring_set(ring, change, &set, NULL), JETON_OK);
    if (stored)
        jt_key_ring_take(ring, change);
    jt_ring_change_done(change);
    return set;
}

static void make_first(struct jt_key_ring *ring)
{
    struct jt_ring_change change = jt_key_ring_change(ring, START);

    jt_signer_set_free(run(ring, &change, true));
}

static void the_first_change_makes_the_key_that_signs(void **state)
{
    struct jt_key_ring *ring = *state;
    struct jt_ring_change change = jt_key_ring_change(ring, START);
    struct jt_signer_set *set = run(ring, &change, true);

    assert_int_equal(jt_signer_set_published(set)->count, 1);
    assert_int_equal(ring->kept_count, 1);
    assert_null(ring->spare);
    assert_int_equal(jt_rotation_active(&ring->rotation)->id, ring->kept[0].id);
    assert_int_equal(ring->kept[0].created_at, START);
    jt_signer_set_free(set);
}

static void a_change_that_was_not_stored_leaves_the_ring_and_keeps_its_key_for_the_next(void **state)
{
    struct jt_key_ring *ring = *state;
    struct jt_ring_change change = jt_key_ring_change(ring, START);
    const struct jt_secret_jwk *made = NULL;

    jt_signer_set_free(run(ring, &change, false));
    assert_int_equal(ring->kept_count, 0);
    assert_int_equal(ring->rotation.count, 0);
    assert_non_null(ring->spare);
    made = ring->spare;
    make_first(ring);
    assert_ptr_equal(ring->kept[0].key, made);
}

static void a_spare_of_another_algorithm_is_not_used(void **state)
{
    struct jt_key_ring *ring = *state;

    assert_int_equal(jt_key_ring_spare(ring, NULL), JETON_OK);
    ring->algorithm = jt_algorithm_find(JT_TEXT("EdDSA"));
    make_first(ring);
    assert_string_equal(ring->kept[0].key->about.alg->name, "EdDSA");
}

static void a_key_is_found_by_id_and_kid_and_in_its_change_alone_before_that_is_taken(void **state)
{
    struct jt_key_ring *ring = *state;
    struct jt_ring_change change;
    struct jt_secret_jwk *other = NULL;
    int64_t created_at = 0;

    make_first(ring);
    change = jt_key_ring_change(ring, START + 1);
    assert_int_equal(jt_secret_jwk_generate(ring->algorithm, 0, JT_TEXT("other"), &other, NULL), JETON_OK);
    assert_true(jt_key_ring_add(ring, &change, other, false));
    assert_ptr_equal(jt_key_ring_key_of(ring, &change, change.added_id, &created_at), other);
    assert_int_equal(created_at, START + 1);
    assert_null(jt_key_ring_key_of(ring, NULL, change.added_id, NULL));
    assert_null(jt_key_ring_key_of(ring, &change, change.added_id + 1, NULL));
    assert_int_equal(jt_key_ring_find_kid(ring, &ring->rotation, JT_TEXT("other")), ring->rotation.count);
    jt_key_ring_take(ring, &change);
    assert_ptr_equal(jt_key_ring_find(ring, change.added_id)->key, other);
    assert_true(jt_key_ring_find_kid(ring, &ring->rotation, JT_TEXT("other")) < ring->rotation.count);
    jt_ring_change_done(&change);
    jt_secret_jwk_release(other);
}

static void a_key_that_the_rotation_lost_leaves(void **state)
{
    struct jt_key_ring *ring = *state;
    struct jt_ring_change change;
    uint64_t first;

    make_first(ring);
    first = ring->kept[0].id;
    change = jt_key_ring_change(ring, START + 1);
    (void)jt_rotation_revoke(&change.rotation, 0, change.now);
    jt_signer_set_free(run(ring, &change, true));
    assert_null(jt_key_ring_find(ring, first));
    assert_int_equal(ring->kept_count, ring->rotation.count);
    assert_non_null(jt_rotation_active(&ring->rotation));
}

static void more_keys_than_a_rotation_has_room_for_are_refused(void **state)
{
    struct jt_key_ring *ring = *state;
    struct jt_ring_change change;
    struct jt_secret_jwk *key = NULL;

    make_first(ring);
    assert_int_equal(jt_secret_jwk_generate(ring->algorithm, 0, JT_TEXT(""), &key, NULL), JETON_OK);
    while (ring->rotation.count < JT_ROTATION_KEYS) {
        change = jt_key_ring_change(ring, START);
        assert_true(jt_key_ring_add(ring, &change, key, true));
        jt_key_ring_take(ring, &change);
        jt_ring_change_done(&change);
    }
    change = jt_key_ring_change(ring, START);
    assert_false(jt_key_ring_add(ring, &change, key, true));
    assert_null(change.added);
    jt_secret_jwk_release(key);
}

static void a_jump_of_the_clock_is_told_and_taken_into_the_rotation(void **state)
{
    struct jt_key_ring *ring = *state;
    int64_t jumped = 0;

    make_first(ring);
    assert_int_equal(jt_key_ring_now(ring, (int64_t)(START + 5) * 1000, 5000, &jumped), START + 5);
    assert_int_equal(jumped, 0);
    assert_int_equal(jt_key_ring_now(ring, (int64_t)(START + 5 + DAY) * 1000, 5000, &jumped), START + 5 + DAY);
    assert_int_equal(jumped, DAY);
    assert_int_equal(jt_rotation_active(&ring->rotation)->signs_from, START + DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_change_makes_the_key_that_signs, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(a_change_that_was_not_stored_leaves_the_ring_and_keeps_its_key_for_the_next,
                                        open_ring, close_ring),
        cmocka_unit_test_setup_teardown(a_spare_of_another_algorithm_is_not_used, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(a_key_is_found_by_id_and_kid_and_in_its_change_alone_before_that_is_taken,
                                        open_ring, close_ring),
        cmocka_unit_test_setup_teardown(a_key_that_the_rotation_lost_leaves, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(more_keys_than_a_rotation_has_room_for_are_refused, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(a_jump_of_the_clock_is_told_and_taken_into_the_rotation, open_ring, close_ring),
    };
    return cmocka_run_group_tests_name("key_ring", tests, NULL, NULL);
}
