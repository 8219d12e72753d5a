/* SPDX-License-Identifier: Apache-2.0 */
/* Which secrets stand behind the keys of a rotation, and how does one change become the next state? See key_ring.h. */
#include "keys/key_ring.h"

void jt_key_ring_done(struct jt_key_ring *ring)
{
    for (size_t i = 0; i < ring->kept_count; i++)
        jt_secret_jwk_release(ring->kept[i].key);
    ring->kept_count = 0;
    jt_secret_jwk_release(ring->spare);
    ring->spare = NULL;
}

int64_t jt_key_ring_now(struct jt_key_ring *ring, int64_t wall_ms, int64_t steady_ms, int64_t *jumped)
{
    int64_t now = jt_rotation_clock_read(&ring->clock, wall_ms, steady_ms, jumped);

    if (*jumped != 0)
        jt_rotation_jump(&ring->rotation, now, *jumped);
    return now;
}

/* --- Looking --- */

const struct jt_ring_key *jt_key_ring_find(const struct jt_key_ring *ring, uint64_t id)
{
    for (size_t i = 0; i < ring->kept_count; i++) {
        if (ring->kept[i].id == id)
            return &ring->kept[i];
    }
    return NULL;
}

size_t jt_key_ring_find_kid(const struct jt_key_ring *ring, const struct jt_rotation *rotation, struct jeton_bytes kid)
{
    for (size_t i = 0; i < rotation->count; i++) {
        const struct jt_ring_key *kept = jt_key_ring_find(ring, rotation->at[i].id);

        if (kept != NULL && jt_bytes_equal(kept->key->about.kid, kid))
            return i;
    }
    return rotation->count;
}

const struct jt_secret_jwk *jt_key_ring_key_of(const struct jt_key_ring *ring, const struct jt_ring_change *change,
                                               uint64_t id, int64_t *created_at)
{
    const struct jt_ring_key *kept = jt_key_ring_find(ring, id);
    bool is_new = kept == NULL && change != NULL && change->added_id == id;

    if (created_at != NULL)
        *created_at = kept != NULL ? kept->created_at : is_new ? change->now : 0;
    return kept != NULL ? kept->key : is_new ? change->added : NULL;
}

/* --- A change --- */

struct jt_ring_change jt_key_ring_change(const struct jt_key_ring *ring, int64_t now)
{
    return (struct jt_ring_change){.rotation = ring->rotation, .now = now};
}

void jt_ring_change_done(struct jt_ring_change *change)
{
    jt_secret_jwk_release(change->added);
    change->added = NULL;
}

JT_CHECKED jt_key_ring_spare(struct jt_key_ring *ring, struct jeton_detail *detail)
{
    if (ring->spare != NULL && ring->spare->about.alg == ring->algorithm)
        return JETON_OK;
    jt_secret_jwk_release(ring->spare);
    ring->spare = NULL;
    return jt_secret_jwk_generate(ring->algorithm, 0, JT_TEXT(""), &ring->spare, detail);
}

bool jt_key_ring_add(const struct jt_key_ring *ring, struct jt_ring_change *change, struct jt_secret_jwk *key,
                     bool shown_only)
{
    uint64_t id = ring->last_id + 1;
    bool added = shown_only ? jt_rotation_show(&change->rotation, id, change->now)
                            : jt_rotation_add(&change->rotation, id, change->now);

    if (!added)
        return false;
    change->added = jt_secret_jwk_hold(key);
    change->added_id = id;
    return true;
}

JT_CHECKED jt_key_ring_make(struct jt_key_ring *ring, struct jt_ring_change *change, struct jeton_detail *detail)
{
    if (change->added != NULL || jt_rotation_need(&change->rotation, change->now) == JT_ROTATION_NEEDS_NOTHING)
        return JETON_OK;
    JT_TRY(jt_key_ring_spare(ring, detail));
    if (!jt_key_ring_add(ring, change, ring->spare, false))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "there are %d keys already", JT_ROTATION_KEYS);
    return JETON_OK;
}

JT_CHECKED jt_key_ring_set(const struct jt_key_ring *ring, const struct jt_ring_change *change,
                           struct jt_signer_set **out, struct jeton_detail *detail)
{
    struct jt_signer signers[JT_ROTATION_KEYS];
    const struct jt_rotation *rotation = &change->rotation;

    for (size_t i = 0; i < rotation->count; i++)
        signers[i] = (struct jt_signer){jt_key_ring_key_of(ring, change, rotation->at[i].id, NULL),
                                        rotation->at[i].state};
    return jt_signer_set_make(signers, rotation->count, out, detail);
}

void jt_key_ring_keep(struct jt_key_ring *ring, struct jt_secret_jwk *key, int64_t created_at)
{
    ring->kept[ring->kept_count++] = (struct jt_ring_key){++ring->last_id, key, created_at};
}

void jt_key_ring_take(struct jt_key_ring *ring, const struct jt_ring_change *change)
{
    size_t count = 0;

    if (change->added != NULL) {
        jt_key_ring_keep(ring, jt_secret_jwk_hold(change->added), change->now);
        if (change->added == ring->spare) {
            jt_secret_jwk_release(ring->spare);
            ring->spare = NULL;
        }
    }
    ring->rotation = change->rotation;
    for (size_t i = 0; i < ring->kept_count; i++) {
        if (jt_rotation_find(&ring->rotation, ring->kept[i].id) != NULL)
            ring->kept[count++] = ring->kept[i];
        else
            jt_secret_jwk_release(ring->kept[i].key);
    }
    ring->kept_count = count;
}
