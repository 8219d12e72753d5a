/* SPDX-License-Identifier: Apache-2.0 */
/* Was this very token revoked? An open table that only ever gains names: a slot counts from the moment its tag is
 * there, and is never changed again where readers look. To grow and to lose names a new table is made and swapped in
 * (keys/snapshot.h). */
#include "auth/revoked.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "jose/claims.h"
#include "keys/snapshot.h"

enum { SLOTS_MIN = 256, UUID_TEXT = 36 };

struct slot {
    _Atomic uint64_t tag; /* keyed hash of the name; 0: empty, and what stands beside it is nobody's */
    unsigned char id[JT_REVOKED_ID];
    int64_t until; /* for those who hold the lock alone */
};

struct table {
    size_t mask; /* slots less one; at most half of them are taken */
    size_t count;
    struct slot slots[];
};

struct jt_revoked {
    struct jt_snapshot table;
    _Atomic size_t count;
    size_t max;
    unsigned char key[16];
    pthread_mutex_t lock;
};

/* --- The name --- */

static JT_CHECKED digest_of(struct jeton_bytes first, struct jeton_bytes second, unsigned char id[JT_REVOKED_ID])
{
    unsigned char halves[2 * JT_REVOKED_ID];

    JT_TRY(jt_digest(JT_HASH_SHA256, first, halves));
    JT_TRY(jt_digest(JT_HASH_SHA256, second, halves + JT_REVOKED_ID));
    return jt_digest(JT_HASH_SHA256, jeton_bytes(halves, sizeof halves), id);
}

/* 16 and more for what is none, capitals too: a UUID is written in lower case here. */
static unsigned digit_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return (unsigned)letter - '0';
    return letter >= 'a' && letter <= 'f' ? (unsigned)letter - 'a' + 10 : 16;
}

/* The 16 bytes of a UUID; no hash ends in the zeros behind them. */
static bool read_uuid(struct jeton_bytes text, unsigned char id[JT_REVOKED_ID])
{
    const char *at = text.at;
    unsigned char bytes[JT_REVOKED_ID] = {0};
    unsigned wrong = 0;

    if (text.len != UUID_TEXT)
        return false;
    for (size_t i = 0, digits = 0; i < UUID_TEXT; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            wrong |= at[i] != '-';
            continue;
        }
        wrong |= digit_of(at[i]) >> 4;
        bytes[digits / 2] = (unsigned char)((unsigned)bytes[digits / 2] << 4 | digit_of(at[i]));
        digits++;
    }
    memcpy(id, bytes, JT_REVOKED_ID);
    return wrong == 0;
}

JT_CHECKED jt_revoked_name(const struct jt_verified *token, unsigned char id[JT_REVOKED_ID])
{
    struct jeton_bytes jti = jt_json_string(jt_verified_typed(token)->at[JT_CLAIM_JTI]);

    if (read_uuid(jti, id))
        return JETON_OK;
    if (jti.len > 0)
        return digest_of(jt_verified_issuer(token), jti, id);
    return jt_digest(JT_HASH_SHA256, jt_verified_payload(token), id);
}

/* --- Tables --- */

static struct table *table_new(size_t slots)
{
    struct table *table = calloc(1, sizeof *table + slots * sizeof(struct slot));

    if (table != NULL)
        table->mask = slots - 1;
    return table;
}

static struct slot *slot_at(struct table *table, uint64_t tag, size_t step)
{
    return &table->slots[((size_t)(tag >> 8) + step) & table->mask];
}

/* The slot of that name, or NULL. Each tag is looked at once: an empty slot may be another name's a moment later. */
static struct slot *find(struct table *table, uint64_t tag, const unsigned char id[JT_REVOKED_ID])
{
    for (size_t step = 0;; step++) {
        struct slot *slot = slot_at(table, tag, step);
        uint64_t there = atomic_load_explicit(&slot->tag, memory_order_acquire);

        if (there == 0)
            return NULL;
        if (there == tag && memcmp(slot->id, id, JT_REVOKED_ID) == 0)
            return slot;
    }
}

/* A name that is not there. */
static void put(struct table *table, uint64_t tag, const unsigned char id[JT_REVOKED_ID], int64_t until)
{
    size_t step = 0;
    struct slot *slot;

    while (atomic_load_explicit(&slot_at(table, tag, step)->tag, memory_order_relaxed) != 0)
        step++;
    slot = slot_at(table, tag, step);
    memcpy(slot->id, id, JT_REVOKED_ID);
    slot->until = until;
    table->count++;
    atomic_store_explicit(&slot->tag, tag, memory_order_release);
}

/* A new table with all that ends after `now`, and room for one more. */
static struct table *table_anew(const struct table *old, int64_t now)
{
    struct table *table = NULL;
    size_t left = 0, slots = SLOTS_MIN;

    for (size_t i = 0; i <= old->mask; i++)
        left += atomic_load(&old->slots[i].tag) != 0 && old->slots[i].until > now;
    while (slots < 2 * (left + 1))
        slots *= 2;
    table = table_new(slots);
    for (size_t i = 0; table != NULL && i <= old->mask; i++) {
        uint64_t tag = atomic_load(&old->slots[i].tag);

        if (tag != 0 && old->slots[i].until > now)
            put(table, tag, old->slots[i].id, old->slots[i].until);
    }
    return table;
}

/* --- The set --- */

JT_CHECKED jt_revoked_new(size_t max, struct jt_revoked **out)
{
    struct jt_revoked *revoked = aligned_alloc(_Alignof(struct jt_revoked), sizeof *revoked);
    struct table *table = table_new(SLOTS_MIN);

    if (revoked == NULL || table == NULL) {
        free(table);
        free(revoked);
        return JETON_OUT_OF_MEMORY;
    }
    memset(revoked, 0, sizeof *revoked);
    enum jeton_status status = jt_random(revoked->key, sizeof revoked->key);
    if (status != JETON_OK) {
        free(table);
        free(revoked);
        return status;
    }
    revoked->max = max;
    pthread_mutex_init(&revoked->lock, NULL);
    jt_snapshot_init(&revoked->table, free);
    atomic_store(&revoked->table.current, table);
    *out = revoked;
    return JETON_OK;
}

void jt_revoked_free(struct jt_revoked *revoked)
{
    if (revoked == NULL)
        return;
    jt_snapshot_done(&revoked->table);
    pthread_mutex_destroy(&revoked->lock);
    free(revoked);
}

size_t jt_revoked_count(struct jt_revoked *revoked)
{
    return atomic_load(&revoked->count);
}

bool jt_revoked_none(struct jt_revoked *revoked)
{
    return atomic_load(&revoked->count) == 0;
}

static uint64_t tag_of(const struct jt_revoked *revoked, const unsigned char id[JT_REVOKED_ID])
{
    return jt_bytes_hash(jeton_bytes(id, JT_REVOKED_ID), revoked->key) | 1;
}

bool jt_revoked_has(struct jt_revoked *revoked, const unsigned char id[JT_REVOKED_ID])
{
    struct jt_snapshot_guard guard;
    bool has = false;

    if (jt_revoked_none(revoked))
        return false;
    guard = jt_snapshot_enter(&revoked->table);
    has = find(guard.value, tag_of(revoked, id), id) != NULL;
    jt_snapshot_leave(&guard);
    return has;
}

/* The table at present, for those who hold the lock. */
static struct table *present(struct jt_revoked *revoked)
{
    return atomic_load(&revoked->table.current);
}

static JT_CHECKED make_room(struct jt_revoked *revoked)
{
    struct table *table = present(revoked), *larger = NULL;

    if (table->count >= revoked->max)
        return JETON_INTERNAL_ERROR;
    if (2 * (table->count + 1) <= table->mask + 1)
        return JETON_OK;
    larger = table_anew(table, INT64_MIN);
    if (larger == NULL)
        return JETON_OUT_OF_MEMORY;
    if (!jt_snapshot_publish(&revoked->table, larger)) {
        free(larger);
        return JETON_OUT_OF_MEMORY;
    }
    return JETON_OK;
}

static JT_CHECKED add(struct jt_revoked *revoked, const unsigned char id[JT_REVOKED_ID], int64_t until)
{
    uint64_t tag = tag_of(revoked, id);
    struct slot *slot = find(present(revoked), tag, id);

    if (slot != NULL) {
        if (slot->until < until)
            slot->until = until;
        return JETON_OK;
    }
    JT_TRY(make_room(revoked));
    put(present(revoked), tag, id, until);
    atomic_store(&revoked->count, present(revoked)->count);
    return JETON_OK;
}

JT_CHECKED jt_revoked_add(struct jt_revoked *revoked, const unsigned char id[JT_REVOKED_ID], int64_t until)
{
    enum jeton_status status;

    pthread_mutex_lock(&revoked->lock);
    status = add(revoked, id, until);
    pthread_mutex_unlock(&revoked->lock);
    return status;
}

static bool any_ended(const struct table *table, int64_t now)
{
    for (size_t i = 0; i <= table->mask; i++) {
        if (atomic_load(&table->slots[i].tag) != 0 && table->slots[i].until <= now)
            return true;
    }
    return false;
}

void jt_revoked_expire(struct jt_revoked *revoked, int64_t now)
{
    struct table *table = NULL;

    pthread_mutex_lock(&revoked->lock);
    (void)jt_snapshot_collect(&revoked->table);
    if (any_ended(present(revoked), now) && (table = table_anew(present(revoked), now)) != NULL) {
        if (jt_snapshot_publish(&revoked->table, table))
            atomic_store(&revoked->count, table->count);
        else
            free(table);
    }
    pthread_mutex_unlock(&revoked->lock);
}
