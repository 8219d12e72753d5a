/* SPDX-License-Identifier: Apache-2.0 */
/* Was this key id asked for a moment ago, and has a fetch answered since? A small memory of missed key ids, so that a
 * client that keeps sending the same bad token costs the issuer one fetch, and a flood of random ones costs us no
 * memory: 1024 entries of 8 bytes, two ways, no lock. A keyed hash stands for the id; what is forgotten early is asked
 * for again, through the bucket. */
#ifndef JT_KEYS_MISSED_H
#define JT_KEYS_MISSED_H

#include <stdatomic.h>

#include "base/bytes.h"

#define JT_MISSED_SLOTS 1024

struct jt_missed {
    atomic_uint_fast64_t slots[JT_MISSED_SLOTS];
    unsigned char key[16]; /* random, set once before use */
    int64_t ttl;           /* ms */
};

enum jt_miss {
    JT_MISS_NEW,     /* first time, or long ago: tell the machine */
    JT_MISS_PENDING, /* known; no fetch that started after it has ended well yet */
    JT_MISS_FINAL    /* a set fetched after it was first missed does not have it */
};

void jt_missed_init(struct jt_missed *missed, const unsigned char key[16], int64_t ttl_ms);

/* `started` and `answered`: how many fetches have started, and the number of the last that ended well. `answered` must
 * have been read before the set in which `kid` was not found was entered. Remembers `kid` when it is new. */
enum jt_miss jt_missed_look(struct jt_missed *missed, struct jeton_bytes kid, int64_t now_ms, uint64_t started,
                            uint64_t answered);
#endif
