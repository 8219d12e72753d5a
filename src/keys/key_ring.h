/* SPDX-License-Identifier: Apache-2.0 */
/* Which secrets stand behind the keys of a rotation, and how does one change become the next state? The run of a
 * change, for whoever rotates keys: it begins as a copy (jt_key_ring_change), the rotation decides on the copy, a key
 * is added where one is needed, the set is made ready (jt_key_ring_set), the owner stores it; when that went well it is
 * shown and taken (jt_key_ring_take, which cannot fail). Until then the ring is as it was. The server's keeper stores
 * in its database, a signer of the library by its program's function. One thread at a time. */
#ifndef JT_KEYS_KEY_RING_H
#define JT_KEYS_KEY_RING_H

#include "keys/rotation.h"
#include "keys/signers.h"

struct jt_ring_key {
    uint64_t id; /* in the rotation */
    struct jt_secret_jwk *key;
    int64_t created_at;
};

struct jt_key_ring {
    struct jt_rotation_clock clock;
    struct jt_rotation rotation;
    const struct jt_algorithm *algorithm;          /* of the next key that is made */
    struct jt_ring_key kept[JT_ROTATION_KEYS + 1]; /* those of the rotation */
    size_t kept_count;
    struct jt_secret_jwk *spare; /* made for a change that was not stored: good for the next try */
    uint64_t last_id;
};

/* What is to be, beside the ring that is. */
struct jt_ring_change {
    struct jt_rotation rotation;
    int64_t now;
    struct jt_secret_jwk *added; /* held; NULL: none */
    uint64_t added_id;
};

void jt_key_ring_done(struct jt_key_ring *ring);

/* Seconds since 1970; a jump of the wall's clock is taken into the rotation, by so many seconds (0: none). */
int64_t jt_key_ring_now(struct jt_key_ring *ring, int64_t wall_ms, int64_t steady_ms, int64_t *jumped);

/* --- Looking --- */

/* NULL: none. */
const struct jt_ring_key *jt_key_ring_find(const struct jt_key_ring *ring, uint64_t id);
/* The rotation's key of this kid; its count when there is none. */
size_t jt_key_ring_find_kid(const struct jt_key_ring *ring, const struct jt_rotation *rotation, struct jeton_bytes kid);
/* What a key is made of, be it kept or new in the change, and since when it is (may be NULL); NULL: neither. */
const struct jt_secret_jwk *jt_key_ring_key_of(const struct jt_key_ring *ring, const struct jt_ring_change *change,
                                               uint64_t id, int64_t *created_at);

/* --- A change --- */

struct jt_ring_change jt_key_ring_change(const struct jt_key_ring *ring, int64_t now);
void jt_ring_change_done(struct jt_ring_change *change);
/* ring->spare is a key of the algorithm then. JETON_OUT_OF_MEMORY and others of jt_secret_jwk_generate(). */
JT_CHECKED jt_key_ring_spare(struct jt_key_ring *ring, struct jeton_detail *detail);
/* Holds a key for the change: a next one, or one that is only shown. False when there are too many. */
bool jt_key_ring_add(const struct jt_key_ring *ring, struct jt_ring_change *change, struct jt_secret_jwk *key,
                     bool shown_only);
/* Makes the key that the change's rotation needs, if any, and adds it. JETON_INTERNAL_ERROR: too many. */
JT_CHECKED jt_key_ring_make(struct jt_key_ring *ring, struct jt_ring_change *change, struct jeton_detail *detail);
/* The set as the change has it, which nobody sees yet. */
JT_CHECKED jt_key_ring_set(const struct jt_key_ring *ring, const struct jt_ring_change *change,
                           struct jt_signer_set **out, struct jeton_detail *detail);
/* The change becomes what is: its rotation, and the secrets that this still has. */
void jt_key_ring_take(struct jt_key_ring *ring, const struct jt_ring_change *change);
/* For whoever fills a ring: a key that the rotation has, or is about to get, under ring->last_id + 1. Taken. */
void jt_key_ring_keep(struct jt_key_ring *ring, struct jt_secret_jwk *key, int64_t created_at);
#endif
