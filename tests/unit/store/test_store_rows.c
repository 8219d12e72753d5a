/* SPDX-License-Identifier: Apache-2.0 */
/* Are keys replaced whole, is what was revoked never forgotten, and is a first use the only one? */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/store.h"

#define NOW 1700000000

static char directory[64];
static struct jt_store *store;

static void open_again(void)
{
    struct jeton_detail detail = {""};
    bool open_to_others = false;
    char path[96];

    jt_store_close(store);
    store = NULL;
    snprintf(path, sizeof path, "%s/state", directory);
    if (jt_store_open(path, &store, &open_to_others, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/jt-rows-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return -1;
    open_again();
    return 0;
}

static int tear_down(void **state)
{
    char command[128];

    (void)state;
    jt_store_close(store);
    store = NULL;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command) == 0 ? 0 : -1;
}

/* Names that differ in their last bytes alone. */
struct name {
    unsigned char id[JT_STORE_ID];
};

static struct name name_of(unsigned number)
{
    struct name name = {{0}};

    name.id[JT_STORE_ID - 2] = (unsigned char)(number >> 8);
    name.id[JT_STORE_ID - 1] = (unsigned char)number;
    return name;
}

static bool use(unsigned number, int64_t until, int64_t now)
{
    struct name name = name_of(number);
    struct jeton_detail detail = {""};
    bool fresh = false;

    if (jt_store_use_once(store, name.id, until, now, &fresh, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
    return fresh;
}

static void revoke(unsigned number, int64_t until)
{
    struct name name = name_of(number);

    assert_int_equal(jt_store_revoke(store, name.id, until, NOW, NULL), JETON_OK);
}

struct seen {
    unsigned count;
    int64_t until[8];
};

static enum jeton_status take(void *context, const unsigned char id[JT_STORE_ID], int64_t until)
{
    struct seen *seen = context;

    assert_true(id[JT_STORE_ID - 1] < JT_COUNT(seen->until));
    seen->until[id[JT_STORE_ID - 1]] = until;
    seen->count++;
    return JETON_OK;
}

static struct seen look(void)
{
    struct seen seen = {0};

    assert_int_equal(jt_store_revoked(store, take, &seen, NULL), JETON_OK);
    return seen;
}

/* --- Keys and marks --- */

static const struct jt_stored_key first = {{"a", 1}, {"ES256", 5}, {"active", 6}, 1, {"x", 1}, 2, 3, 4};
static const struct jt_stored_key second = {{"b", 1}, {"ES256", 5}, {"next", 4}, 5, {"y", 1}, 6, 0, 0};

static enum jeton_status note_kid(void *context, const struct jt_stored_key *key)
{
    strncat(context, key->kid.at, 1);
    return JETON_OK;
}

static void expect_kids(const char *expected)
{
    char kids[8] = "";

    assert_int_equal(jt_store_keys(store, note_kid, kids, NULL), JETON_OK);
    assert_string_equal(kids, expected);
}

static int64_t mark_of(const char *name)
{
    int64_t value = -1;

    assert_int_equal(jt_store_mark_read(store, jeton_text(name), &value, NULL), JETON_OK);
    return value;
}

static void keys_and_their_marks_are_replaced_together(void **state)
{
    (void)state;
    struct jt_stored_key both[] = {first, second};
    struct jt_store_mark marks[] = {{JT_TEXT("seen"), 7}, {JT_TEXT("rotated"), 8}};

    assert_int_equal(jt_store_begin(store, &first, NULL, NULL), JETON_OK);
    assert_int_equal(jt_store_replace_keys(store, both, 2, marks, 2, NULL), JETON_OK);
    open_again();
    expect_kids("ab");
    assert_int_equal(mark_of("seen"), 7);
    assert_int_equal(mark_of("rotated"), 8);
    assert_int_equal(jt_store_replace_keys(store, &second, 1, marks, 0, NULL), JETON_OK);
    open_again();
    expect_kids("b");
    assert_int_equal(mark_of("seen"), 7);
}

static void keys_that_cannot_be_replaced_stay_with_their_marks(void **state)
{
    (void)state;
    struct jt_stored_key twice[] = {second, second};
    struct jt_store_mark mark = {JT_TEXT("seen"), 7};
    struct jeton_detail detail = {""};

    assert_int_equal(jt_store_begin(store, &first, NULL, NULL), JETON_OK);
    assert_int_equal(jt_store_mark_write(store, mark.name, 6, NULL), JETON_OK);
    assert_int_equal(jt_store_replace_keys(store, twice, 2, &mark, 1, &detail), JETON_INTERNAL_ERROR);
    assert_non_null(strstr(detail.text, "cannot be written"));
    expect_kids("a");
    assert_int_equal(mark_of("seen"), 6);
}

static void a_mark_is_the_last_one_written_and_zero_before(void **state)
{
    (void)state;
    assert_int_equal(mark_of("seen"), 0);
    assert_int_equal(jt_store_mark_write(store, JT_TEXT("seen"), INT64_MAX, NULL), JETON_OK);
    assert_int_equal(jt_store_mark_write(store, JT_TEXT("seen"), INT64_MIN, NULL), JETON_OK);
    open_again();
    assert_true(mark_of("seen") == INT64_MIN);
    assert_int_equal(mark_of("see"), 0);
}

/* --- Revoked --- */

static void what_was_revoked_is_there_after_a_restart(void **state)
{
    (void)state;
    revoke(1, NOW + 10);
    revoke(2, NOW + 20);
    open_again();
    struct seen seen = look();

    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.until[1], NOW + 10);
    assert_int_equal(seen.until[2], NOW + 20);
}

static void revoked_twice_is_revoked_until_the_later_end(void **state)
{
    (void)state;
    revoke(1, NOW + 10);
    revoke(1, NOW + 30);
    revoke(1, NOW + 20);
    assert_int_equal(look().count, 1);
    assert_int_equal(look().until[1], NOW + 30);
}

static enum jeton_status stop(void *context, const unsigned char id[JT_STORE_ID], int64_t until)
{
    (void)id;
    (void)until;
    (*(int *)context)++;
    return JETON_OUT_OF_MEMORY;
}

static void the_walk_ends_with_the_status_of_the_one_who_takes(void **state)
{
    (void)state;
    int calls = 0;

    revoke(1, NOW + 10);
    revoke(2, NOW + 10);
    assert_int_equal(jt_store_revoked(store, stop, &calls, NULL), JETON_OUT_OF_MEMORY);
    assert_int_equal(calls, 1);
}

/* --- Used once --- */

static void SECURITY_49_a_first_use_is_the_only_one_across_restarts(void **state)
{
    (void)state;
    assert_true(use(1, NOW + 60, NOW));
    assert_false(use(1, NOW + 60, NOW));
    assert_true(use(2, NOW + 60, NOW));
    open_again();
    assert_false(use(1, NOW + 60, NOW + 59));
    assert_false(use(1, NOW + 600, NOW + 59));
}

static void a_use_is_forgotten_when_it_has_ended_and_not_a_second_before(void **state)
{
    (void)state;
    assert_true(use(1, NOW + 60, NOW));
    assert_false(use(1, NOW + 120, NOW + 59));
    assert_true(use(1, NOW + 120, NOW + 60));
    assert_false(use(1, NOW + 120, NOW + 60));
}

struct racer {
    pthread_t thread;
    unsigned first_uses;
};

static void *race(void *context)
{
    struct racer *racer = context;

    for (unsigned i = 0; i < 20; i++) {
        struct name name = name_of(i);
        bool fresh = false;

        if (jt_store_use_once(store, name.id, NOW + 60, NOW, &fresh, NULL) == JETON_OK && fresh)
            racer->first_uses++;
    }
    return NULL;
}

static void SECURITY_49_of_uses_at_the_same_time_one_is_the_first(void **state)
{
    (void)state;
    struct racer racers[4] = {0};
    unsigned first_uses = 0;

    for (size_t i = 0; i < JT_COUNT(racers); i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (size_t i = 0; i < JT_COUNT(racers); i++) {
        pthread_join(racers[i].thread, NULL);
        first_uses += racers[i].first_uses;
    }
    assert_int_equal(first_uses, 20);
}

/* --- Bounds --- */

static void a_full_table_refuses_and_forgets_nothing(void **state)
{
    (void)state;
    struct name third = name_of(3);
    struct jeton_detail detail = {""};
    bool fresh = false;

    jt_store_bound(store, 2);
    assert_true(use(1, NOW + 60, NOW));
    assert_true(use(2, NOW + 60, NOW));
    assert_int_equal(jt_store_use_once(store, third.id, NOW + 60, NOW, &fresh, &detail), JETON_INTERNAL_ERROR);
    assert_non_null(strstr(detail.text, "no room"));
    assert_false(fresh);
    revoke(1, NOW + 60);
    revoke(2, NOW + 60);
    assert_int_equal(jt_store_revoke(store, third.id, NOW + 60, NOW, &detail), JETON_INTERNAL_ERROR);
    assert_int_equal(look().count, 2);
    /* The bound counts what was there before the start, too. */
    open_again();
    jt_store_bound(store, 2);
    assert_int_equal(jt_store_revoke(store, third.id, NOW + 60, NOW, &detail), JETON_INTERNAL_ERROR);
    assert_int_equal(jt_store_use_once(store, third.id, NOW + 60, NOW, &fresh, &detail), JETON_INTERNAL_ERROR);
}

static void a_full_table_has_room_once_a_row_has_ended(void **state)
{
    (void)state;
    struct name third = name_of(3);
    bool fresh = false;

    jt_store_bound(store, 2);
    assert_true(use(1, NOW + 60, NOW));
    assert_true(use(2, NOW + 61, NOW));
    assert_int_equal(jt_store_use_once(store, third.id, NOW + 90, NOW + 59, &fresh, NULL), JETON_INTERNAL_ERROR);
    assert_true(use(3, NOW + 90, NOW + 60));
    assert_int_equal(jt_store_use_once(store, name_of(4).id, NOW + 90, NOW + 60, &fresh, NULL), JETON_INTERNAL_ERROR);
}

static void what_has_ended_leaves_and_the_rest_stays(void **state)
{
    (void)state;
    bool left = true;

    for (unsigned i = 1; i <= 4; i++) {
        assert_true(use(i, NOW + (int)i * 10, NOW));
        revoke(i, NOW + (int)i * 10);
    }
    assert_int_equal(jt_store_expire(store, NOW + 20, &left, NULL), JETON_OK);
    assert_false(left);
    assert_int_equal(look().count, 2);
    assert_int_equal(look().until[1], 0);
    assert_int_equal(look().until[3], NOW + 30);
    /* Of the two that are left in `used` the bound tells. */
    jt_store_bound(store, 3);
    assert_true(use(5, NOW + 90, NOW + 20));
    bool fresh = false;
    assert_int_equal(jt_store_use_once(store, name_of(6).id, NOW + 90, NOW + 20, &fresh, NULL), JETON_INTERNAL_ERROR);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keys_and_their_marks_are_replaced_together),
        CASE(keys_that_cannot_be_replaced_stay_with_their_marks),
        CASE(a_mark_is_the_last_one_written_and_zero_before),
        CASE(what_was_revoked_is_there_after_a_restart),
        CASE(revoked_twice_is_revoked_until_the_later_end),
        CASE(the_walk_ends_with_the_status_of_the_one_who_takes),
        CASE(SECURITY_49_a_first_use_is_the_only_one_across_restarts),
        CASE(a_use_is_forgotten_when_it_has_ended_and_not_a_second_before),
        CASE(SECURITY_49_of_uses_at_the_same_time_one_is_the_first),
        CASE(a_full_table_refuses_and_forgets_nothing),
        CASE(a_full_table_has_room_once_a_row_has_ended),
        CASE(what_has_ended_leaves_and_the_rest_stays),
    };

    return cmocka_run_group_tests_name("store_rows", tests, NULL, NULL);
}
