/* SPDX-License-Identifier: Apache-2.0 */
/* What do the tests of base share? cmocka with what it needs, random numbers that are the same in every run, and a JSON
 * text read into memory of exactly the promised size. */
#ifndef JT_TESTS_BASE_TEST_H
#define JT_TESTS_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"

/* xorshift64*: a failure shows up again in the next run. */
struct numbers {
    uint64_t state;
};
static inline uint64_t number_below(struct numbers *numbers, uint64_t below)
{
    numbers->state ^= numbers->state >> 12;
    numbers->state ^= numbers->state << 25;
    numbers->state ^= numbers->state >> 27;
    return (numbers->state * 0x2545f4914f6cdd1dU >> 16) % below;
}

struct reading {
    void *memory;
    struct jt_arena arena;
    struct jt_json json;
    struct jeton_detail detail;
    enum jeton_status status;
};
static inline struct reading reading_with(struct jeton_bytes text, struct jt_json_limits limits)
{
    struct reading reading = {0};
    size_t room = jt_json_arena_size(text.len);
    reading.memory = malloc(room);
    assert_non_null(reading.memory);
    jt_arena_init(&reading.arena, reading.memory, room);
    reading.status = jt_json_read(text, limits, &reading.arena, &reading.json, &reading.detail);
    return reading;
}
static inline struct reading reading_of(const char *text)
{
    return reading_with(jeton_text(text), JT_JSON_PAYLOAD);
}
static inline void reading_done(struct reading *reading)
{
    free(reading->memory);
}

#define assert_bytes(bytes, literal)                                                                                   \
    do {                                                                                                               \
        struct jeton_bytes assert_bytes_got = (bytes);                                                                 \
        assert_int_equal(assert_bytes_got.len, sizeof(literal) - 1);                                                   \
        if (sizeof(literal) > 1)                                                                                       \
            assert_memory_equal(assert_bytes_got.at, literal, sizeof(literal) - 1);                                    \
    } while (0)
#endif
