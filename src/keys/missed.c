/* SPDX-License-Identifier: Apache-2.0 */
/* Was this key id asked for a moment ago, and has a fetch answered since? See missed.h.
 *
 * An entry is one word: 32 bits of hash (0: empty), 16 bits of the fetch count when it was first missed, 16 bits of
 * time in units of a 32nd of the life. Counts and times are compared as serial numbers; entries are so short-lived that
 * a turn of 65536 units cannot be mistaken for less than one life by more than chance. */
#include "keys/missed.h"

#define UNITS_PER_LIFE 32

struct entry {
    uint32_t tag;
    uint16_t mark;
    uint16_t stamp;
};

static struct entry unpack(uint64_t word)
{
    return (struct entry){(uint32_t)(word >> 32), (uint16_t)(word >> 16), (uint16_t)word};
}

static uint64_t pack(struct entry entry)
{
    return (uint64_t)entry.tag << 32 | (uint64_t)entry.mark << 16 | entry.stamp;
}

void jt_missed_init(struct jt_missed *missed, const unsigned char key[16], int64_t ttl_ms)
{
    for (size_t i = 0; i < JT_MISSED_SLOTS; i++)
        atomic_init(&missed->slots[i], 0);
    memcpy(missed->key, key, sizeof missed->key);
    missed->ttl = ttl_ms > 0 ? ttl_ms : 1;
}

static uint16_t age_of(struct entry entry, uint16_t stamp)
{
    return entry.tag == 0 ? UINT16_MAX : (uint16_t)(stamp - entry.stamp);
}

enum jt_miss jt_missed_look(struct jt_missed *missed, struct jeton_bytes kid, int64_t now_ms, uint64_t started,
                            uint64_t answered)
{
    uint64_t hash = jt_bytes_hash(kid, missed->key);
    uint32_t tag = (uint32_t)(hash >> 32) | 1;
    atomic_uint_fast64_t *pair = &missed->slots[(hash % (JT_MISSED_SLOTS / 2)) * 2];
    int64_t unit = missed->ttl / UNITS_PER_LIFE > 0 ? missed->ttl / UNITS_PER_LIFE : 1;
    uint16_t stamp = (uint16_t)(now_ms / unit);
    unsigned oldest = 0;
    uint16_t oldest_age = 0;
    for (unsigned way = 0; way < 2; way++) {
        struct entry entry = unpack(atomic_load_explicit(&pair[way], memory_order_relaxed));
        uint16_t age = age_of(entry, stamp);
        if (entry.tag == tag && age < UNITS_PER_LIFE)
            return (int16_t)((uint16_t)answered - entry.mark) > 0 ? JT_MISS_FINAL : JT_MISS_PENDING;
        if (age >= oldest_age) {
            oldest = way;
            oldest_age = age;
        }
    }
    struct entry fresh = {tag, (uint16_t)started, stamp};
    atomic_store_explicit(&pair[oldest], pack(fresh), memory_order_relaxed);
    return JT_MISS_NEW;
}
