/* SPDX-License-Identifier: Apache-2.0 */
/* What does the operator hear of a change of the keys? Each key that came, moved or went, once. Beside keeper.c. */
#include "base/time.h"
#include "server/issuer/keeper_parts.h"

static void tell_new(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                     const struct jt_rotation_key *key, const struct jt_jwk_about *about)
{
    int64_t at = jt_rotation_signs_at(&change->keys.rotation, key);
    char when[21] = "";

    if (key->state == JT_SIGNER_NEXT && at != JT_ROTATION_NEVER)
        jt_time_write(at, when);
    jt_log(keeper->log, JT_LOG_INFO,
           key->state == JT_SIGNER_NEXT     ? "a next key is published"
           : key->state == JT_SIGNER_ACTIVE ? "a new key signs"
                                            : "a key is published that does not sign",
           "kid", about->kid.at, "algorithm", about->alg->name, when[0] != '\0' ? "signs_at" : NULL, when, NULL);
}

static void tell_moved(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                       const struct jt_rotation_key *key, const struct jt_jwk_about *about)
{
    char until[21];

    if (key->state == JT_SIGNER_ACTIVE) {
        jt_log(keeper->log, JT_LOG_INFO, "the key signs from now on", "kid", about->kid.at, "algorithm",
               about->alg->name, NULL);
        return;
    }
    jt_time_write(jt_rotation_gone_at(&change->keys.rotation, key), until);
    jt_log(keeper->log, JT_LOG_INFO, "the key signs no more and stays published", "kid", about->kid.at,
           key->held ? NULL : "until", until, NULL);
}

void jt_keeper_tell(const struct jt_keeper *keeper, const struct jt_keeper_change *change)
{
    for (size_t i = 0; i < change->keys.rotation.count; i++) {
        const struct jt_rotation_key *key = &change->keys.rotation.at[i],
                                     *was = jt_rotation_find(&keeper->ring.rotation, key->id);
        const struct jt_jwk_about *about = &jt_key_ring_key_of(&keeper->ring, &change->keys, key->id, NULL)->about;

        if (was == NULL)
            tell_new(keeper, change, key, about);
        else if (was->state != key->state)
            tell_moved(keeper, change, key, about);
    }
    for (size_t i = 0; i < keeper->ring.rotation.count; i++) {
        const struct jt_ring_key *kept = jt_key_ring_find(&keeper->ring, keeper->ring.rotation.at[i].id);

        if (kept != NULL && jt_rotation_find(&change->keys.rotation, kept->id) == NULL)
            jt_log(keeper->log, JT_LOG_INFO, "the key is gone", "kid", kept->key->about.kid.at, NULL);
    }
}
