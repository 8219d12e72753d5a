/* SPDX-License-Identifier: Apache-2.0 */
/* Which key signs when the operator rotates by hand? Two slots of the environment, OIDC_PROVIDER_KEY and
 * OIDC_PROVIDER_KEY_PREVIOUS, are taken at the start into the same rotation as every other key: the state stays the one
 * place that knows who signed and until when, so that a key which left a slot is still shown until its tokens are gone.
 */
#include <inttypes.h>
#include <stdio.h>

#include "server/issuer/keeper_parts.h"

JT_CHECKED jt_keeper_read_key(struct jeton_bytes text, struct jeton_bytes kid, struct jt_secret_jwk **out,
                              struct jeton_detail *detail)
{
    struct jt_secret_jwk *read = NULL;
    const struct jt_algorithm *algorithm;
    enum jeton_status status;

    JT_TRY(jt_secret_jwk_read(text, &read, detail));
    algorithm = read->about.alg != NULL ? read->about.alg : jt_algorithm_default(read->about.shape);
    if (kid.len == 0)
        kid = read->about.kid.len > 0 ? read->about.kid : jeton_text(read->about.thumbprint);
    if (read->about.shape.type == JT_KEY_OCT)
        status = jt_fail(detail, JETON_KEY_INVALID, "it is symmetric: what is published could sign");
    else if (algorithm == NULL || read->about.signs == 0)
        status = jt_fail(detail, JETON_KEY_INVALID, "it may not sign");
    else if (kid.len > JT_KID_MAX || !jt_bytes_utf8(kid) || jt_bytes_find(kid, 0, 0) < kid.len)
        status = jt_fail(detail, JETON_KEY_INVALID, "its kid is too long or no text");
    else
        status = jt_secret_jwk_make(read->key, kid, algorithm, out);
    jt_secret_jwk_release(read);
    return status;
}

/* Under which index of the rotation the slot's key is known; count when it is new. One kid is one key. */
static JT_CHECKED find_slot(const struct jt_keeper *keeper, const struct jt_rotation *rotation,
                            const struct jt_jwk_about *about, const char *variable, size_t *out,
                            struct jeton_detail *detail)
{
    size_t index = jt_key_ring_find_kid(&keeper->ring, rotation, about->kid);

    if (index < rotation->count &&
        strcmp(jt_key_ring_find(&keeper->ring, rotation->at[index].id)->key->about.thumbprint, about->thumbprint) != 0)
        return jt_fail(detail, JETON_CONFIG_INVALID,
                       "%s names another key than before under the same kid; a new key needs a new kid", variable);
    *out = index;
    return JETON_OK;
}

/* At the start nobody sees the keeper yet: what is read here is kept at once. */
static JT_CHECKED add_slot(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jt_secret_jwk *key,
                           bool shown_only, struct jeton_detail *detail)
{
    uint64_t id = keeper->ring.last_id + 1;

    if (!(shown_only ? jt_rotation_show(&change->keys.rotation, id, change->keys.now)
                     : jt_rotation_add(&change->keys.rotation, id, change->keys.now)))
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state shows %d keys already", JT_ROTATION_KEYS);
    jt_key_ring_keep(&keeper->ring, jt_secret_jwk_hold(key), change->keys.now);
    return JETON_OK;
}

static void warn_of_breach(const struct jt_keeper *keeper, const struct jt_jwk_about *about, int64_t early_for)
{
    char seconds[24];

    snprintf(seconds, sizeof seconds, "%" PRId64, keeper->ring.rotation.times.jwks_max_age);
    if (early_for > 0)
        jt_log(
            keeper->log, JT_LOG_WARN,
            "OIDC_PROVIDER_KEY signs at once, and whoever keeps the published set may not know it yet; next time put "
            "the new key into OIDC_PROVIDER_KEY_PREVIOUS first and swap the two after signing.publish_ahead, or "
            "leave both unset and let jetond rotate",
            "kid", about->kid.at, "unknown_for_at_most_seconds", seconds, NULL);
}

static JT_CHECKED take_active(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jt_secret_jwk *key,
                              struct jeton_detail *detail)
{
    const struct jt_jwk_about *about = &key->about;
    bool had_active = jt_rotation_active(&change->keys.rotation) != NULL;
    struct jt_rotation_breach breach;
    size_t index = 0;

    if (jt_keeper_find_revoked(keeper, about) != NULL) {
        jt_log(keeper->log, JT_LOG_ERROR,
               "OIDC_PROVIDER_KEY is a key that was revoked: it does not come back; put another one there", "kid",
               about->kid.at, NULL);
        return JETON_OK;
    }
    JT_TRY(find_slot(keeper, &change->keys.rotation, about, "OIDC_PROVIDER_KID", &index, detail));
    if (index == change->keys.rotation.count)
        JT_TRY(add_slot(keeper, change, key, false, detail));
    else if (change->keys.rotation.at[index].state == JT_SIGNER_RETIRING &&
             change->keys.rotation.at[index].signs_from != 0)
        jt_log(keeper->log, JT_LOG_WARN, "OIDC_PROVIDER_KEY is a key that had been rotated out: it signs again", "kid",
               about->kid.at, NULL);
    breach = jt_rotation_sign_at_once(&change->keys.rotation, index, change->keys.now);
    if (had_active)
        warn_of_breach(keeper, about, breach.early_for);
    return JETON_OK;
}

static JT_CHECKED hold_previous(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jt_secret_jwk *key,
                                struct jeton_detail *detail)
{
    size_t index = 0;

    if (jt_keeper_find_revoked(keeper, &key->about) != NULL) {
        jt_log(keeper->log, JT_LOG_ERROR, "OIDC_PROVIDER_KEY_PREVIOUS is a key that was revoked: it does not come back",
               "kid", key->about.kid.at, NULL);
        return JETON_OK;
    }
    JT_TRY(find_slot(keeper, &change->keys.rotation, &key->about, "OIDC_PROVIDER_KID_PREVIOUS", &index, detail));
    if (index == change->keys.rotation.count)
        JT_TRY(add_slot(keeper, change, key, true, detail));
    if (change->keys.rotation.at[index].state == JT_SIGNER_ACTIVE)
        jt_log(keeper->log, JT_LOG_WARN, "OIDC_PROVIDER_KEY_PREVIOUS is the key that signs", "kid", key->about.kid.at,
               NULL);
    else
        change->keys.rotation.at[index].held = true;
    return JETON_OK;
}

/* A previous key is there to be helpful: without it the start goes on. */
static JT_CHECKED take_previous(struct jt_keeper *keeper, const struct jt_config_slots *slots,
                                struct jt_keeper_change *change, struct jeton_detail *detail)
{
    struct jt_secret_jwk *key = NULL;
    struct jeton_detail why = {""};
    enum jeton_status status;

    if (slots->previous == NULL)
        return JETON_OK;
    if (slots->previous_kid == NULL) {
        jt_log(keeper->log, JT_LOG_WARN,
               "OIDC_PROVIDER_KEY_PREVIOUS is left out of the key set: OIDC_PROVIDER_KID_PREVIOUS is not set", NULL);
        return JETON_OK;
    }
    status = jt_keeper_read_key(jeton_text(slots->previous), jeton_text(slots->previous_kid), &key, &why);
    if (status == JETON_OUT_OF_MEMORY)
        return status;
    if (status != JETON_OK) {
        jt_log(keeper->log, JT_LOG_WARN, "OIDC_PROVIDER_KEY_PREVIOUS is left out of the key set: it cannot be read",
               "detail", why.text, NULL);
        return JETON_OK;
    }
    status = hold_previous(keeper, change, key, detail);
    jt_secret_jwk_release(key);
    return status;
}

/* Keys that were to sign by time sign no more, and go like any other that stopped. */
static void let_next_go(struct jt_rotation *rotation, int64_t now)
{
    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->at[i].state == JT_SIGNER_NEXT) {
            rotation->at[i].state = JT_SIGNER_RETIRING;
            rotation->at[i].signs_until = now + 1;
        }
    }
}

JT_CHECKED jt_keeper_take_slots(struct jt_keeper *keeper, const struct jt_config *config,
                                struct jt_keeper_change *change, struct jeton_detail *detail)
{
    const struct jt_config_slots *slots = &config->slots;
    struct jt_secret_jwk *key = NULL;
    struct jeton_detail why = {""};
    enum jeton_status status;

    if (slots->key == NULL)
        return JETON_OK;
    status = jt_keeper_read_key(jeton_text(slots->key), jeton_text(slots->kid), &key, &why);
    if (status != JETON_OK)
        return jt_fail(detail, status == JETON_KEY_INVALID ? JETON_CONFIG_INVALID : status,
                       "OIDC_PROVIDER_KEY cannot be read: %.150s", why.text);
    status = take_active(keeper, change, key, detail);
    jt_secret_jwk_release(key);
    if (status == JETON_OK)
        status = take_previous(keeper, slots, change, detail);
    let_next_go(&change->keys.rotation, change->keys.now);
    return status;
}
