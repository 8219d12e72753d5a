/* SPDX-License-Identifier: Apache-2.0 */
/* What may an operator ask of the signing keys? Each wish is a change like any other: stored, then shown, or not at
 * all.
 */
#include <inttypes.h>
#include <stdio.h>

#include "server/issuer/keeper_parts.h"

static void add_time(struct jt_json_writer *out, const char *name, int64_t time)
{
    if (time != 0 && time != JT_ROTATION_NEVER)
        jt_json_add_number(out, name, time);
}

/* --- status --- */

static void add_key(const struct jt_keeper *keeper, const struct jt_rotation_key *key, struct jt_json_writer *out)
{
    const struct jt_jwk_about *about = &jt_key_ring_find(&keeper->ring, key->id)->key->about;
    struct jt_json_writer one;

    jt_json_open(&one, out->buffer);
    jt_json_add_string(&one, "kid", about->kid);
    jt_json_add_text(&one, "algorithm", about->alg->name);
    jt_json_add_text(&one, "state", jt_signer_state_name(key->state));
    jt_json_add_text(&one, "thumbprint", about->thumbprint);
    add_time(&one, "published_at", key->published_at);
    if (key->state == JT_SIGNER_NEXT) {
        add_time(&one, "signs_from", jt_rotation_signs_at(&keeper->ring.rotation, key));
    } else {
        add_time(&one, "signs_from", key->signs_from);
        if (key->state == JT_SIGNER_RETIRING && key->signs_from != 0)
            add_time(&one, "signs_until", key->signs_until);
        if (key->state == JT_SIGNER_RETIRING && !key->held)
            add_time(&one, "gone_at", jt_rotation_gone_at(&keeper->ring.rotation, key));
    }
    jt_json_close(&one);
}

static void add_keys(const struct jt_keeper *keeper, struct jt_json_writer *out)
{
    bool first = true;

    jt_json_name(out, "keys");
    jt_buffer_add_byte(out->buffer, '[');
    for (enum jt_signer_state state = JT_SIGNER_NEXT; state <= JT_SIGNER_RETIRING; state++) {
        for (size_t i = 0; i < keeper->ring.rotation.count; i++) {
            if (keeper->ring.rotation.at[i].state != state)
                continue;
            if (!first)
                jt_buffer_add_byte(out->buffer, ',');
            add_key(keeper, &keeper->ring.rotation.at[i], out);
            first = false;
        }
    }
    jt_buffer_add_byte(out->buffer, ']');
}

static void add_revoked(const struct jt_keeper *keeper, struct jt_json_writer *out)
{
    jt_json_name(out, "revoked");
    jt_buffer_add_byte(out->buffer, '[');
    for (size_t i = keeper->revoked_count; i-- > 0;) {
        struct jt_json_writer one;

        jt_json_open(&one, out->buffer);
        jt_json_add_text(&one, "kid", keeper->revoked[i].kid);
        jt_json_add_number(&one, "revoked_at", keeper->revoked[i].at);
        jt_json_close(&one);
        if (i > 0)
            jt_buffer_add_byte(out->buffer, ',');
    }
    jt_buffer_add_byte(out->buffer, ']');
}

JT_CHECKED jt_keeper_status(struct jt_keeper *keeper, struct jt_json_writer *out, struct jeton_detail *detail)
{
    const struct jt_rotation_times *times = &keeper->ring.rotation.times;

    (void)detail;
    pthread_mutex_lock(&keeper->mutex);
    jt_json_add_number(out, "now", jt_keeper_now(keeper));
    jt_json_add_text(out, "rotation", keeper->by_hand ? "slots" : "timed");
    jt_json_add_text(out, "algorithm", keeper->ring.algorithm->name);
    jt_json_add_number(out, "token_ttl", times->token_ttl);
    jt_json_add_number(out, "rotate_every", times->rotate_every);
    jt_json_add_number(out, "publish_ahead", times->publish_ahead);
    jt_json_add_number(out, "jwks_max_age", times->jwks_max_age);
    add_time(out, "next_made_at", jt_rotation_makes_at(&keeper->ring.rotation));
    add_keys(keeper, out);
    add_revoked(keeper, out);
    pthread_mutex_unlock(&keeper->mutex);
    return out->buffer->status;
}

/* --- rotate --- */

static JT_CHECKED refuse_by_hand(const struct jt_keeper *keeper, struct jeton_detail *detail)
{
    if (!keeper->by_hand)
        return JETON_OK;
    return jt_fail(detail, JETON_CONFIG_INVALID,
                   "the environment says which key signs (OIDC_PROVIDER_KEY): rotate there, or leave it unset");
}

static JT_CHECKED add_next(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jeton_detail *detail)
{
    JT_TRY(jt_key_ring_spare(&keeper->ring, detail));
    if (!jt_key_ring_add(&keeper->ring, &change->keys, keeper->ring.spare, false))
        return jt_fail(detail, JETON_CONFIG_INVALID, "there are %d keys already; wait until some are gone",
                       JT_ROTATION_KEYS);
    return JETON_OK;
}

static JT_CHECKED rotate(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jt_json_writer *out,
                         struct jeton_detail *detail)
{
    int64_t at;

    JT_TRY(refuse_by_hand(keeper, detail));
    at = jt_rotation_rotate(&change->keys.rotation, change->keys.now);
    if (at == JT_ROTATION_NEVER) {
        JT_TRY(add_next(keeper, change, detail));
        at = jt_rotation_rotate(&change->keys.rotation, change->keys.now);
    }
    JT_TRY(jt_keeper_commit(keeper, change, detail));
    jt_json_add_boolean(out, "rotated", at <= change->keys.now);
    jt_json_add_number(out, "now", change->keys.now);
    jt_json_add_number(out, "signs_from", at);
    return JETON_OK;
}

JT_CHECKED jt_keeper_rotate(struct jt_keeper *keeper, struct jt_json_writer *out, struct jeton_detail *detail)
{
    struct jt_keeper_change change;
    enum jeton_status status;
    int64_t now;

    pthread_mutex_lock(&keeper->mutex);
    now = jt_keeper_now(keeper);
    change = jt_keeper_change_of(keeper, now);
    status = rotate(keeper, &change, out, detail);
    jt_ring_change_done(&change.keys);
    pthread_mutex_unlock(&keeper->mutex);
    return status;
}

/* --- revoke --- */

static void name_revoked(const struct jt_jwk_about *about, int64_t now, struct jt_revoked_key *out)
{
    *out = (struct jt_revoked_key){.at = now};
    memcpy(out->kid, about->kid.at, about->kid.len);
    snprintf(out->algorithm, sizeof out->algorithm, "%s", about->alg->name);
    memcpy(out->thumbprint, about->thumbprint, sizeof out->thumbprint);
}

static void warn_of_breach(const struct jt_keeper *keeper, const char *kid, const struct jt_rotation_breach *breach)
{
    char seconds[24];

    snprintf(seconds, sizeof seconds, "%" PRId64, keeper->ring.rotation.times.jwks_max_age);
    jt_log(keeper->log, JT_LOG_WARN,
           "a key was revoked: it is out of the set, and its tokens are good for nobody who fetches the set from now "
           "on; who keeps an older set believes them until that ends",
           "kid", kid, "believed_for_at_most_seconds", seconds, NULL);
    if (breach->early_for > 0)
        jt_log(keeper->log, JT_LOG_WARN,
               "the key that signs now was not published long enough before: who keeps an older set refuses its tokens "
               "until that ends",
               "refused_for_at_most_seconds", seconds, NULL);
}

static JT_CHECKED revoke(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jeton_bytes kid,
                         struct jt_revoked_key *revoked, struct jt_json_writer *out, struct jeton_detail *detail)
{
    size_t index = jt_key_ring_find_kid(&keeper->ring, &change->keys.rotation, kid);
    const struct jt_rotation_key *active;
    struct jt_rotation_breach breach;

    if (index == change->keys.rotation.count)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "no key here has the kid %s", jt_escape(kid).text);
    name_revoked(&jt_key_ring_find(&keeper->ring, change->keys.rotation.at[index].id)->key->about, change->keys.now,
                 revoked);
    change->revoked = revoked;
    breach = jt_rotation_revoke(&change->keys.rotation, index, change->keys.now);
    JT_TRY(jt_key_ring_make(&keeper->ring, &change->keys, detail));
    JT_TRY(jt_keeper_commit(keeper, change, detail));
    warn_of_breach(keeper, revoked->kid, &breach);
    active = jt_rotation_active(&keeper->ring.rotation);
    jt_json_add_text(out, "revoked", revoked->kid);
    jt_json_add_boolean(out, "was_active", breach.was_active);
    jt_json_add_string(out, "active", jt_key_ring_find(&keeper->ring, active->id)->key->about.kid);
    jt_json_add_boolean(out, "fresh", breach.fresh);
    jt_json_add_number(out, "believed_for", keeper->ring.rotation.times.jwks_max_age);
    jt_json_add_number(out, "early_for", breach.early_for);
    return JETON_OK;
}

JT_CHECKED jt_keeper_revoke(struct jt_keeper *keeper, struct jeton_bytes kid, struct jt_json_writer *out,
                            struct jeton_detail *detail)
{
    struct jt_keeper_change change;
    struct jt_revoked_key revoked;
    enum jeton_status status;
    int64_t now;

    pthread_mutex_lock(&keeper->mutex);
    now = jt_keeper_now(keeper);
    change = jt_keeper_change_of(keeper, now);
    status = revoke(keeper, &change, kid, &revoked, out, detail);
    jt_ring_change_done(&change.keys);
    pthread_mutex_unlock(&keeper->mutex);
    return status;
}

/* --- import --- */

static JT_CHECKED check_new(const struct jt_keeper *keeper, const struct jt_jwk_about *about,
                            struct jeton_detail *detail)
{
    if (jt_keeper_find_revoked(keeper, about) != NULL)
        return jt_fail(detail, JETON_KEY_INVALID, "this key was revoked and does not come back");
    for (size_t i = 0; i < keeper->ring.kept_count; i++) {
        const struct jt_jwk_about *other = &keeper->ring.kept[i].key->about;

        if (strcmp(other->thumbprint, about->thumbprint) == 0)
            return jt_fail(detail, JETON_KEY_INVALID, "this key is here already, as %s", jt_escape(other->kid).text);
        if (jt_bytes_equal(other->kid, about->kid))
            return jt_fail(detail, JETON_KEY_INVALID, "another key has the kid %s", jt_escape(other->kid).text);
    }
    return JETON_OK;
}

static JT_CHECKED import(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jt_secret_jwk *key,
                         struct jt_json_writer *out, struct jeton_detail *detail)
{
    const struct jt_rotation *rotation = &keeper->ring.rotation;

    JT_TRY(refuse_by_hand(keeper, detail));
    JT_TRY(check_new(keeper, &key->about, detail));
    if (!jt_key_ring_add(&keeper->ring, &change->keys, key, false))
        return jt_fail(detail, JETON_CONFIG_INVALID, "there are %d keys already; wait until some are gone",
                       JT_ROTATION_KEYS);
    JT_TRY(jt_keeper_commit(keeper, change, detail));
    jt_json_add_string(out, "imported", key->about.kid);
    jt_json_add_text(out, "algorithm", key->about.alg->name);
    jt_json_add_number(out, "now", change->keys.now);
    jt_json_add_number(out, "signs_from", jt_rotation_signs_at(rotation, &rotation->at[rotation->count - 1]));
    return JETON_OK;
}

JT_CHECKED jt_keeper_import(struct jt_keeper *keeper, struct jeton_bytes text, struct jeton_bytes kid,
                            struct jt_json_writer *out, struct jeton_detail *detail)
{
    struct jt_secret_jwk *key = NULL;
    struct jt_keeper_change change;
    enum jeton_status status;
    int64_t now;

    JT_TRY(jt_keeper_read_key(text, kid, &key, detail));
    pthread_mutex_lock(&keeper->mutex);
    now = jt_keeper_now(keeper);
    change = jt_keeper_change_of(keeper, now);
    status = import(keeper, &change, key, out, detail);
    jt_ring_change_done(&change.keys);
    pthread_mutex_unlock(&keeper->mutex);
    jt_secret_jwk_release(key);
    return status;
}

/* --- reseal --- */

static JT_CHECKED reseal(struct jt_keeper *keeper, struct jt_secret *seal_key, struct jt_json_writer *out,
                         struct jeton_detail *detail)
{
    struct jt_keeper_change change = jt_keeper_change_of(keeper, jt_keeper_now(keeper));

    change.seal_key = jt_secret_bytes(seal_key);
    JT_TRY(jt_keeper_commit(keeper, &change, detail));
    jt_json_add_number(out, "resealed", (int64_t)keeper->ring.rotation.count);
    jt_json_add_boolean(out, "changed",
                        !jt_crypto_equal(jt_secret_bytes(&keeper->seal_key), jt_secret_bytes(seal_key)));
    jt_secret_done(&keeper->seal_key);
    keeper->seal_key = *seal_key;
    *seal_key = (struct jt_secret){NULL, 0};
    jt_log(keeper->log, JT_LOG_INFO, "keys were sealed anew under the present seal key", "file", keeper->seal_file.path,
           NULL);
    return JETON_OK;
}

JT_CHECKED jt_keeper_reseal(struct jt_keeper *keeper, struct jt_json_writer *out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret seal_key = {NULL, 0};
    enum jeton_status status;

    JT_TRY(jt_seal_file_read(&keeper->seal_file, keeper->state, &seal_key, detail));
    pthread_mutex_lock(&keeper->mutex);
    status = reseal(keeper, &seal_key, out, detail);
    pthread_mutex_unlock(&keeper->mutex);
    return status;
}
