/* SPDX-License-Identifier: Apache-2.0 */
/* Was this very token judged good a moment ago? See token_cache.h. Slots hold pointers to immutable entries; who
 * replaces one retires it, and it is freed when the readers of its time have left (keys/readers.h). */
#include "auth/token_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/crypto.h"

#define WAYS 4
#define RETIRED_MAX 64
#define HASHED_BYTES 32 /* of the end: the signature differs between any two tokens that do */

struct entry {
    uint64_t hash;
    size_t size; /* of the whole block */
    struct jeton_bytes text;
    const struct jt_verified *token;
    struct jt_cache_stamp stamp;
};

struct slot {
    atomic_uint_fast64_t hash; /* of the entry, to look before following the pointer */
    _Atomic(struct entry *) entry;
};

struct jt_token_cache {
    struct jt_readers readers;
    unsigned char key[16];
    size_t mask; /* of sets */
    size_t bytes_max;
    struct {
        _Alignas(64) atomic_uint_fast64_t hits;
        atomic_uint_fast64_t misses;
    } counts;
    _Alignas(64) pthread_mutex_t lock; /* of all below; only ever tried */
    size_t hand;                       /* next slot to look at for room */
    atomic_uint_fast64_t bytes, entries;
    struct entry *retired[RETIRED_MAX];
    unsigned retired_count, waiting;
    struct slot slots[];
};

enum jeton_status jt_token_cache_new(size_t entries, size_t bytes, struct jt_token_cache **out)
{
    size_t sets = 1;
    while (sets * WAYS < entries && sets < (size_t)1 << 24)
        sets *= 2;
    size_t size = sizeof(struct jt_token_cache) + sets * WAYS * sizeof(struct slot);
    struct jt_token_cache *cache = aligned_alloc(_Alignof(struct jt_token_cache),
                                                 (size + _Alignof(struct jt_token_cache) - 1) /
                                                     _Alignof(struct jt_token_cache) * _Alignof(struct jt_token_cache));
    if (cache == NULL)
        return JETON_OUT_OF_MEMORY;
    memset(cache, 0, size);
    enum jeton_status status = jt_random(cache->key, sizeof cache->key);
    if (status != JETON_OK) {
        free(cache);
        return status;
    }
    jt_readers_init(&cache->readers);
    pthread_mutex_init(&cache->lock, NULL);
    cache->mask = sets - 1;
    cache->bytes_max = bytes;
    *out = cache;
    return JETON_OK;
}

void jt_token_cache_free(struct jt_token_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < (cache->mask + 1) * WAYS; i++)
        free(atomic_load(&cache->slots[i].entry));
    for (unsigned i = 0; i < cache->retired_count; i++)
        free(cache->retired[i]);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static uint64_t hash_of(const struct jt_token_cache *cache, struct jeton_bytes text)
{
    size_t from = text.len > HASHED_BYTES ? text.len - HASHED_BYTES : 0;
    return jt_bytes_hash(jt_bytes_cut(text, from, text.len), cache->key) | 1; /* 0 is an empty slot */
}

static struct slot *set_of(struct jt_token_cache *cache, uint64_t hash)
{
    return &cache->slots[((hash >> 20) & cache->mask) * WAYS];
}

/* --- Looking --- */

bool jt_token_cache_find(struct jt_token_cache *cache, struct jeton_bytes text, struct jt_cache_hit *hit)
{
    uint64_t hash = hash_of(cache, text);
    struct slot *set = set_of(cache, hash);
    *hit = (struct jt_cache_hit){NULL, NULL, NULL};
    for (unsigned way = 0; way < WAYS; way++) {
        if (atomic_load_explicit(&set[way].hash, memory_order_relaxed) != hash)
            continue;
        if (hit->reader == NULL)
            hit->reader = jt_readers_enter(&cache->readers);
        const struct entry *entry = atomic_load(&set[way].entry);
        if (entry != NULL && entry->hash == hash && jt_bytes_equal(entry->text, text)) {
            hit->token = entry->token;
            hit->stamp = &entry->stamp;
            return true;
        }
    }
    return false;
}

void jt_token_cache_leave(struct jt_cache_hit *hit)
{
    jt_readers_leave(hit->reader);
    *hit = (struct jt_cache_hit){NULL, NULL, NULL};
}

void jt_token_cache_count(struct jt_token_cache *cache, bool hit)
{
    atomic_fetch_add_explicit(hit ? &cache->counts.hits : &cache->counts.misses, 1, memory_order_relaxed);
}

struct jt_cache_counts jt_token_cache_counts(struct jt_token_cache *cache)
{
    return (struct jt_cache_counts){atomic_load(&cache->counts.hits), atomic_load(&cache->counts.misses),
                                    atomic_load(&cache->entries), atomic_load(&cache->bytes)};
}

/* --- Keeping: all of it under the lock --- */

static void collect(struct jt_token_cache *cache)
{
    while (cache->retired_count > 0) {
        if (cache->waiting == 0) {
            jt_readers_turn(&cache->readers);
            cache->waiting = cache->retired_count;
        }
        if (!jt_readers_gone(&cache->readers))
            return;
        for (unsigned i = 0; i < cache->waiting; i++)
            free(cache->retired[i]);
        cache->retired_count -= cache->waiting;
        memmove(cache->retired, cache->retired + cache->waiting, cache->retired_count * sizeof cache->retired[0]);
        cache->waiting = 0;
    }
}

/* Takes what is in the slot out of reach. False while too many old ones are still being read. */
static bool empty_slot(struct jt_token_cache *cache, struct slot *slot)
{
    if (atomic_load(&slot->entry) == NULL)
        return true;
    if (cache->retired_count == RETIRED_MAX)
        collect(cache);
    if (cache->retired_count == RETIRED_MAX)
        return false;
    struct entry *old = atomic_exchange(&slot->entry, NULL);
    atomic_store(&slot->hash, 0);
    atomic_fetch_sub(&cache->bytes, old->size);
    atomic_fetch_sub(&cache->entries, 1);
    cache->retired[cache->retired_count++] = old;
    return true;
}

/* Whatever the hand comes by has to go until there is room; a few steps at a time. */
static bool make_room(struct jt_token_cache *cache, size_t size)
{
    size_t slots = (cache->mask + 1) * WAYS;
    for (unsigned steps = 0; atomic_load(&cache->bytes) + size > cache->bytes_max; steps++) {
        if (steps == 4 * WAYS || !empty_slot(cache, &cache->slots[cache->hand++ % slots]))
            return false;
    }
    return true;
}

/* An empty way, or the entry that ends first. */
static struct slot *victim_of(struct slot *set)
{
    struct slot *victim = &set[0];
    int64_t soonest = INT64_MAX;
    for (unsigned way = 0; way < WAYS; way++) {
        const struct entry *entry = atomic_load(&set[way].entry);
        if (entry == NULL)
            return &set[way];
        if (entry->stamp.until < soonest) {
            soonest = entry->stamp.until;
            victim = &set[way];
        }
    }
    return victim;
}

/* One block: the entry, the text, and an arena with the copy of the verified token. */
static struct entry *make_entry(uint64_t hash, struct jeton_bytes text, const struct jt_verified *token,
                                const struct jt_cache_stamp *stamp)
{
    size_t arena_size = jt_verified_copy_size(token);
    size_t size = sizeof(struct entry) + text.len + arena_size;
    struct entry *entry = malloc(size);
    struct jt_arena arena;
    struct jt_verified *copy;
    if (entry == NULL)
        return NULL;
    unsigned char *behind = (unsigned char *)(entry + 1);
    memcpy(behind, text.at, text.len);
    jt_arena_init(&arena, behind + text.len, arena_size);
    if (jt_verified_copy(token, &arena, &copy) != JETON_OK) {
        free(entry);
        return NULL;
    }
    *entry = (struct entry){hash, size, jeton_bytes(behind, text.len), copy, *stamp};
    return entry;
}

static void put(struct jt_token_cache *cache, struct entry *entry)
{
    struct slot *set = set_of(cache, entry->hash);
    struct slot *slot = NULL;
    for (unsigned way = 0; way < WAYS && slot == NULL; way++) {
        const struct entry *there = atomic_load(&set[way].entry);
        if (there != NULL && there->hash == entry->hash && jt_bytes_equal(there->text, entry->text))
            slot = &set[way]; /* the same token under an older stamp */
    }
    if (slot == NULL)
        slot = victim_of(set);
    if (!empty_slot(cache, slot) || !make_room(cache, entry->size)) {
        free(entry);
        return;
    }
    atomic_fetch_add(&cache->bytes, entry->size);
    atomic_fetch_add(&cache->entries, 1);
    atomic_store(&slot->entry, entry);
    atomic_store(&slot->hash, entry->hash);
}

void jt_token_cache_keep(struct jt_token_cache *cache, struct jeton_bytes text, const struct jt_verified *token,
                         const struct jt_cache_stamp *stamp)
{
    if (text.len + jt_verified_copy_size(token) > cache->bytes_max / 4)
        return;
    struct entry *entry = make_entry(hash_of(cache, text), text, token, stamp);
    if (entry == NULL)
        return;
    if (pthread_mutex_trylock(&cache->lock) != 0) {
        free(entry);
        return;
    }
    put(cache, entry);
    collect(cache);
    pthread_mutex_unlock(&cache->lock);
}
