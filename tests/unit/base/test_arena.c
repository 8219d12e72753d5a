/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

static void what_is_taken_is_aligned_wherever_the_block_starts(void **state)
{
    (void)state;
    unsigned char block[256];
    for (size_t shift = 0; shift < 16; shift++) {
        struct jt_arena arena;
        jt_arena_init(&arena, block + shift, sizeof block - shift);
        for (size_t len = 0; len < 40; len += 13) {
            unsigned char *at = jt_arena_take(&arena, len);
            assert_non_null(at);
            assert_int_equal((uintptr_t)at % 16, 0);
            assert_true(at + len <= block + sizeof block);
        }
    }
}

static void pieces_do_not_overlap(void **state)
{
    (void)state;
    unsigned char block[256];
    struct jt_arena arena;
    jt_arena_init(&arena, block, sizeof block);
    unsigned char *one = jt_arena_take(&arena, 17);
    unsigned char *two = jt_arena_take(&arena, 1);
    assert_true(two >= one + 17);
}

static void what_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    _Alignas(16) unsigned char block[64];
    struct jt_arena arena;
    jt_arena_init(&arena, block, sizeof block);
    assert_non_null(jt_arena_take(&arena, 1));
    assert_null(jt_arena_take(&arena, 49));
    assert_null(jt_arena_take(&arena, SIZE_MAX));
    assert_int_equal(arena.used, 1);
    assert_non_null(jt_arena_take(&arena, 48));
    assert_int_equal(arena.used, arena.len);
    assert_null(jt_arena_take(&arena, 1));
}

static void rewinding_gives_the_same_memory_again(void **state)
{
    (void)state;
    unsigned char block[128];
    struct jt_arena arena;
    jt_arena_init(&arena, block, sizeof block);
    size_t before = arena.used;
    void *first = jt_arena_take(&arena, 40);
    jt_arena_rewind(&arena, before);
    assert_ptr_equal(jt_arena_take(&arena, 40), first);
}

static void an_arena_without_memory_gives_nothing(void **state)
{
    (void)state;
    struct jt_arena arena;
    jt_arena_init(&arena, NULL, 100);
    assert_null(jt_arena_take(&arena, 0));
    assert_null(jt_arena_take(&arena, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_aligned_wherever_the_block_starts),
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(what_does_not_fit_changes_nothing),
        cmocka_unit_test(rewinding_gives_the_same_memory_again),
        cmocka_unit_test(an_arena_without_memory_gives_nothing),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
