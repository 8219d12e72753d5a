/* SPDX-License-Identifier: Apache-2.0 */
/* Was this very token judged good a moment ago? Verified tokens under a keyed hash of their last bytes and a full
 * compare; bounded in memory; safe between threads. Looking takes no lock and allocates nothing; keeping is skipped
 * when another thread is at it.
 *
 * An entry is good only while the stamp holds that it was kept with: its own times, the issuer it was judged for, the
 * generations of the key sets and of the policies. A token that failed is never kept, so each entry has cost whoever
 * made it a good token; an unknown one costs four comparisons of a number. */
#ifndef JT_AUTH_TOKEN_CACHE_H
#define JT_AUTH_TOKEN_CACHE_H

#include "jose/verify.h"
#include "keys/readers.h"

struct jt_token_cache;

/* What a kept verdict rests on. */
struct jt_cache_stamp {
    uint64_t issuer;         /* which entry of which trust: never the same number twice */
    uint64_t generations[2]; /* of its key sets */
    int64_t from, until;     /* good at from ≤ now < until, seconds since 1970 */
};

/* At most `entries` tokens (rounded up to a power of two, at least 4) in at most `bytes` of memory. */
JT_CHECKED jt_token_cache_new(size_t entries, size_t bytes, struct jt_token_cache **out);
void jt_token_cache_free(struct jt_token_cache *cache); /* nobody may be inside */

/* Borrowed from the cache until the hit is left. */
struct jt_cache_hit {
    const struct jt_verified *token;
    const struct jt_cache_stamp *stamp;
    jt_reader reader;
};
/* Leave a hit also when nothing was found or the stamp does not hold. */
bool jt_token_cache_find(struct jt_token_cache *cache, struct jeton_bytes text, struct jt_cache_hit *hit);
void jt_token_cache_leave(struct jt_cache_hit *hit);

/* Keeps a copy. Nothing is promised: it may be skipped, and it may be replaced at any time. */
void jt_token_cache_keep(struct jt_token_cache *cache, struct jeton_bytes text, const struct jt_verified *token,
                         const struct jt_cache_stamp *stamp);

struct jt_cache_counts {
    uint64_t hits, misses, entries, bytes;
};
struct jt_cache_counts jt_token_cache_counts(struct jt_token_cache *cache);
/* Counts a hit that held, or one that did not. */
void jt_token_cache_count(struct jt_token_cache *cache, bool hit);
#endif
