/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps the issuer's keys? The run of a change (keys/key_ring.h) as the server does it: what the rotation decided
 * is stored in one transaction, then shown to those who verify, told, and marked. */
#include "server/issuer/keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/issuer/keeper_parts.h"

enum { WAIT_MAX_MS = 1000, TOLD_EVERY = 60, MARK_EVERY = 3600, GATEWAY_TTL = 60 };

/* --- Looking --- */

const struct jt_revoked_key *jt_keeper_find_revoked(const struct jt_keeper *keeper, const struct jt_jwk_about *about)
{
    for (size_t i = 0; i < keeper->revoked_count; i++) {
        if (strcmp(keeper->revoked[i].thumbprint, about->thumbprint) == 0)
            return &keeper->revoked[i];
    }
    return NULL;
}

/* --- Time --- */

/* A jump is told once. */
static void tell_jump(const struct jt_keeper *keeper, int64_t jumped)
{
    char by[24];

    snprintf(by, sizeof by, "%" PRId64, jumped);
    jt_log(keeper->log, JT_LOG_WARN,
           "the clock jumped; keys sign and leave by the time that went by, tokens carry the new time", "seconds", by,
           NULL);
}

int64_t jt_keeper_now(struct jt_keeper *keeper)
{
    int64_t wall_ms, steady_ms, jumped, now;

    keeper->clock(keeper->clock_context, &wall_ms, &steady_ms);
    now = jt_key_ring_now(&keeper->ring, wall_ms, steady_ms, &jumped);
    if (jumped != 0) {
        keeper->unstored = true;
        tell_jump(keeper, jumped);
    }
    return now;
}

/* --- A change --- */

struct jt_keeper_change jt_keeper_change_of(const struct jt_keeper *keeper, int64_t now)
{
    return (struct jt_keeper_change){.keys = jt_key_ring_change(&keeper->ring, now),
                                     .seal_key = jt_secret_bytes(&keeper->seal_key)};
}

/* --- What is shown --- */

/* The set as everybody else reads it: no way leads from there to a private key. */
static JT_CHECKED provide(struct jt_source *own, const struct jt_published *published, struct jeton_detail *detail)
{
    struct jt_keyset *keys = NULL;
    enum jeton_status status;

    JT_TRY(jt_keyset_new(&keys));
    status = jt_keyset_read_jwks(keys, jt_buffer_bytes(&published->jwks), JETON_ORIGIN_OPERATOR, NULL, NULL, detail);
    if (status == JETON_OK) {
        jt_keyset_warm(keys);
        status = jt_source_provide(own, keys);
    }
    if (status != JETON_OK)
        jt_keyset_free(keys);
    return status;
}

static void show(struct jt_keeper *keeper, struct jt_signer_set *set)
{
    keeper->unprovided = keeper->own != NULL && provide(keeper->own, jt_signer_set_published(set), NULL) != JETON_OK;
    jt_signers_put(keeper->signers, set);
}

static void provide_again(struct jt_keeper *keeper)
{
    struct jt_published_guard guard = jt_signers_enter(keeper->signers);

    keeper->unprovided = provide(keeper->own, guard.published, NULL) != JETON_OK;
    jt_signers_leave(&guard);
}

JT_CHECKED jt_keeper_provide(struct jt_keeper *keeper, struct jt_source *own, struct jeton_detail *detail)
{
    struct jt_published_guard guard;
    enum jeton_status status;

    pthread_mutex_lock(&keeper->mutex);
    guard = jt_signers_enter(keeper->signers);
    status = provide(own, guard.published, detail);
    jt_signers_leave(&guard);
    if (status == JETON_OK)
        keeper->own = own;
    pthread_mutex_unlock(&keeper->mutex);
    return status;
}

static void write_mark(struct jt_keeper *keeper, int64_t now)
{
    struct jt_keeper_mark mark = {keeper->generation, now};
    struct jeton_detail why = {""};

    if (jt_keeper_mark_write(keeper->mark_path, &mark, &why) != JETON_OK)
        jt_log(keeper->log, JT_LOG_WARN,
               "the mark that shows whether a state was put back cannot be written; make room or mend its mode", "file",
               keeper->mark_path, "detail", why.text, NULL);
    keeper->marked_at = now;
}

/* --- The commit --- */

/* Nothing here fails. */
static void take_change(struct jt_keeper *keeper, const struct jt_keeper_change *change)
{
    jt_key_ring_take(&keeper->ring, &change->keys);
    if (change->revoked != NULL) {
        if (keeper->revoked_count == JT_KEEPER_REVOKED)
            memmove(keeper->revoked, keeper->revoked + 1, --keeper->revoked_count * sizeof keeper->revoked[0]);
        keeper->revoked[keeper->revoked_count++] = *change->revoked;
    }
    keeper->generation++;
    keeper->unstored = false;
}

/* Storing takes its time, on a busy disk seconds: a new key is shown since now and not since it was stored, and the one
 * before has signed until now. What changes by that is stored with the next tick. */
static void note_shown(struct jt_keeper *keeper, const struct jt_keeper_change *change, uint64_t was_active)
{
    int64_t now = jt_keeper_now(keeper);

    for (size_t i = 0; i < keeper->ring.rotation.count; i++) {
        struct jt_rotation_key *key = &keeper->ring.rotation.at[i];

        if (key->id == change->keys.added_id && key->state == JT_SIGNER_NEXT) {
            key->published_at = now;
            keeper->unstored = true;
        }
        if (key->id == was_active && key->state == JT_SIGNER_RETIRING && key->signs_until <= now) {
            key->signs_until = now + 1;
            keeper->unstored = true;
        }
    }
}

JT_CHECKED jt_keeper_begin(struct jt_keeper *keeper, const struct jt_keeper_change *change, struct jeton_detail *detail)
{
    struct jt_signer_set *set = NULL;

    JT_TRY(jt_key_ring_set(&keeper->ring, &change->keys, &set, detail));
    show(keeper, set);
    keeper->ring.rotation = change->keys.rotation;
    return JETON_OK;
}

JT_CHECKED jt_keeper_commit(struct jt_keeper *keeper, const struct jt_keeper_change *change,
                            struct jeton_detail *detail)
{
    const struct jt_rotation_key *active = jt_rotation_active(&keeper->ring.rotation);
    uint64_t was_active = active != NULL ? active->id : 0;
    struct jt_signer_set *set = NULL;
    enum jeton_status status;

    JT_TRY(jt_key_ring_set(&keeper->ring, &change->keys, &set, detail));
    status = jt_keeper_store(keeper, change, detail);
    if (status != JETON_OK) {
        jt_signer_set_free(set);
        return status;
    }
    show(keeper, set);
    jt_keeper_tell(keeper, change);
    take_change(keeper, change);
    note_shown(keeper, change, was_active);
    write_mark(keeper, change->keys.now);
    return JETON_OK;
}

/* --- By itself --- */

static JT_CHECKED move(struct jt_keeper *keeper, int64_t now, struct jeton_detail *detail)
{
    struct jt_keeper_change change = jt_keeper_change_of(keeper, now);
    bool changed = jt_rotation_step(&change.keys.rotation, now);
    enum jeton_status status = jt_key_ring_make(&keeper->ring, &change.keys, detail);

    if (status == JETON_OK && (changed || change.keys.added != NULL || keeper->unstored))
        status = jt_keeper_commit(keeper, &change, detail);
    else if (status == JETON_OK)
        keeper->ring.rotation = change.keys.rotation; /* until when the active key has signed */
    jt_ring_change_done(&change.keys);
    return status;
}

/* The old keys go on, whatever it was: they are shown and sign as before. Told once a minute. */
static void tell_failure(struct jt_keeper *keeper, int64_t now, enum jeton_status status,
                         const struct jeton_detail *detail)
{
    if (keeper->failed_at != 0 && now >= keeper->failed_at && now - keeper->failed_at < TOLD_EVERY)
        return;
    keeper->failed_at = now;
    jt_log(keeper->log, JT_LOG_ERROR,
           "the signing keys cannot be moved on and stay as they are; it is tried again every second", "detail",
           detail->text[0] != '\0' ? detail->text : jeton_status_text(status), NULL);
}

static int64_t wait_of(const struct jt_keeper *keeper)
{
    int64_t wake = keeper->unstored ? 0 : jt_rotation_wake(&keeper->ring.rotation);
    int64_t wait = wake == JT_ROTATION_NEVER ? WAIT_MAX_MS : wake * 1000 - keeper->ring.clock.time_ms;

    return wait < 1 ? 1 : wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
}

int64_t jt_keeper_tick(struct jt_keeper *keeper)
{
    struct jeton_detail detail = {""};
    enum jeton_status status;
    int64_t now, wait;

    pthread_mutex_lock(&keeper->mutex);
    now = jt_keeper_now(keeper);
    if (keeper->unprovided)
        provide_again(keeper);
    status = move(keeper, now, &detail);
    if (status != JETON_OK)
        tell_failure(keeper, now, status, &detail);
    else
        keeper->failed_at = 0;
    if (now - keeper->marked_at >= MARK_EVERY || now < keeper->marked_at)
        write_mark(keeper, now);
    wait = status == JETON_OK ? wait_of(keeper) : WAIT_MAX_MS;
    pthread_mutex_unlock(&keeper->mutex);
    return wait;
}

/* --- Other settings --- */

/* The short tokens of the gateway live a minute, whatever the others do. */
static int64_t longest_ttl(const struct jt_config *config)
{
    int64_t ttl = config->signing.token_ttl.value / 1000;

    return config->gateway.upstream_api.at != NULL && ttl < GATEWAY_TTL ? GATEWAY_TTL : ttl;
}

static struct jt_rotation_times times_of(const struct jt_config *config)
{
    return (struct jt_rotation_times){longest_ttl(config), config->signing.rotate_every.value / 1000,
                                      config->signing.publish_ahead.value / 1000,
                                      config->signing.jwks_max_age.value / 1000};
}

void jt_keeper_take_settings(struct jt_keeper *keeper, const struct jt_config *config, struct jt_rotation *rotation,
                             int64_t now)
{
    struct jt_rotation_times times = times_of(config);

    jt_rotation_settle(rotation, &times, keeper->by_hand, now);
    keeper->ring.algorithm = jt_algorithm_find(jeton_text(config->signing.algorithm.at));
}

void jt_keeper_settle(struct jt_keeper *keeper, const struct jt_config *config)
{
    struct jt_keeper_change change;
    struct jeton_detail detail = {""};
    enum jeton_status status;
    int64_t now;

    pthread_mutex_lock(&keeper->mutex);
    now = jt_keeper_now(keeper);
    change = jt_keeper_change_of(keeper, now);
    jt_keeper_take_settings(keeper, config, &change.keys.rotation, now);
    if (memcmp(&change.keys.rotation.times, &keeper->ring.rotation.times, sizeof change.keys.rotation.times) != 0) {
        status = jt_keeper_commit(keeper, &change, &detail);
        keeper->ring.rotation = change.keys.rotation; /* that they hold matters more than that they are stored */
        keeper->unstored = status != JETON_OK;
        if (status != JETON_OK)
            tell_failure(keeper, now, status, &detail);
    }
    pthread_mutex_unlock(&keeper->mutex);
}

void jt_keeper_close(struct jt_keeper *keeper)
{
    if (keeper == NULL)
        return;
    if (keeper->opened)
        write_mark(keeper, jt_keeper_now(keeper));
    jt_key_ring_done(&keeper->ring);
    jt_secret_done(&keeper->seal_key);
    free(keeper->seal_file.path);
    free(keeper->mark_path);
    free(keeper->state);
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}
