/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps the issuer's keys? The run of a change: the rotation decides on a copy, a key is made, everything that can
 * fail is made ready, the store takes it in one transaction, and then it is shown. */
#include "server/issuer/keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "server/issuer/keeper_parts.h"

enum { WAIT_MAX_MS = 1000, TOLD_EVERY = 60, MARK_EVERY = 3600, GATEWAY_TTL = 60 };

/* --- Looking --- */

const struct jt_kept_key *jt_keeper_find(const struct jt_keeper *keeper, uint64_t id)
{
    for (size_t i = 0; i < keeper->kept_count; i++) {
        if (keeper->kept[i].id == id)
            return &keeper->kept[i];
    }
    return NULL;
}

const struct jt_rotation_key *jt_keeper_find_id(const struct jt_rotation *rotation, uint64_t id)
{
    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->at[i].id == id)
            return &rotation->at[i];
    }
    return NULL;
}

size_t jt_keeper_find_kid(const struct jt_keeper *keeper, const struct jt_rotation *rotation, struct jeton_bytes kid)
{
    for (size_t i = 0; i < rotation->count; i++) {
        const struct jt_kept_key *kept = jt_keeper_find(keeper, rotation->at[i].id);

        if (kept != NULL && jt_bytes_equal(kept->key->about.kid, kid))
            return i;
    }
    return rotation->count;
}

const struct jt_revoked_key *jt_keeper_find_revoked(const struct jt_keeper *keeper, const struct jt_jwk_about *about)
{
    for (size_t i = 0; i < keeper->revoked_count; i++) {
        if (strcmp(keeper->revoked[i].thumbprint, about->thumbprint) == 0)
            return &keeper->revoked[i];
    }
    return NULL;
}

/* --- Time --- */

/* A jump is told once, and the spans that went by stay as they were. */
static void take_jump(struct jt_keeper *keeper, int64_t now, int64_t jumped)
{
    char by[24];

    jt_rotation_jump(&keeper->rotation, now, jumped);
    keeper->unstored = true;
    snprintf(by, sizeof by, "%" PRId64, jumped);
    jt_log(keeper->log, JT_LOG_WARN,
           "the clock jumped; keys sign and leave by the time that went by, tokens carry the new time", "seconds", by,
           NULL);
}

int64_t jt_keeper_now(struct jt_keeper *keeper)
{
    int64_t wall_ms, steady_ms, jumped, now;

    keeper->clock(keeper->clock_context, &wall_ms, &steady_ms);
    now = jt_rotation_clock_read(&keeper->time, wall_ms, steady_ms, &jumped);
    if (jumped != 0)
        take_jump(keeper, now, jumped);
    return now;
}

/* --- A change --- */

struct jt_keeper_change jt_keeper_change_of(const struct jt_keeper *keeper, int64_t now)
{
    return (struct jt_keeper_change){
        .rotation = keeper->rotation, .now = now, .seal_key = jt_secret_bytes(&keeper->seal_key)};
}

void jt_keeper_change_done(struct jt_keeper_change *change)
{
    jt_secret_jwk_release(change->added);
    change->added = NULL;
}

bool jt_keeper_change_add(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jt_secret_jwk *key,
                          bool shown_only)
{
    uint64_t id = keeper->last_id + 1;
    bool added = shown_only ? jt_rotation_show(&change->rotation, id, change->now)
                            : jt_rotation_add(&change->rotation, id, change->now);

    if (!added)
        return false;
    change->added = jt_secret_jwk_hold(key);
    change->added_id = id;
    return true;
}

/* One that was made and could not be stored is not made twice. */
JT_CHECKED jt_keeper_make_spare(struct jt_keeper *keeper, struct jeton_detail *detail)
{
    if (keeper->spare != NULL && keeper->spare->about.alg == keeper->algorithm)
        return JETON_OK;
    jt_secret_jwk_release(keeper->spare);
    keeper->spare = NULL;
    return jt_secret_jwk_generate(keeper->algorithm, 0, JT_TEXT(""), &keeper->spare, detail);
}

JT_CHECKED jt_keeper_change_make(struct jt_keeper *keeper, struct jt_keeper_change *change, struct jeton_detail *detail)
{
    if (change->added != NULL || jt_rotation_need(&change->rotation, change->now) == JT_ROTATION_NEEDS_NOTHING)
        return JETON_OK;
    JT_TRY(jt_keeper_make_spare(keeper, detail));
    if (!jt_keeper_change_add(keeper, change, keeper->spare, false))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "there are %d keys already", JT_ROTATION_KEYS);
    return JETON_OK;
}

const struct jt_secret_jwk *jt_keeper_key_of(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                                             uint64_t id, int64_t *created_at)
{
    const struct jt_kept_key *kept = jt_keeper_find(keeper, id);

    *created_at = kept != NULL ? kept->created_at : change->now;
    return kept != NULL ? kept->key : change->added;
}

/* --- What is shown --- */

static JT_CHECKED make_set(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                           struct jt_signer_set **out, struct jeton_detail *detail)
{
    struct jt_signer signers[JT_ROTATION_KEYS];
    int64_t created_at;

    for (size_t i = 0; i < change->rotation.count; i++) {
        signers[i].key = jt_keeper_key_of(keeper, change, change->rotation.at[i].id, &created_at);
        signers[i].state = change->rotation.at[i].state;
    }
    return jt_signer_set_make(signers, change->rotation.count, out, detail);
}

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
    size_t kept = 0;

    if (change->added != NULL) {
        keeper->kept[keeper->kept_count++] = (struct jt_kept_key){change->added_id, jt_secret_jwk_hold(change->added),
                                                                  change->now};
        keeper->last_id = change->added_id;
        if (change->added == keeper->spare) {
            jt_secret_jwk_release(keeper->spare);
            keeper->spare = NULL;
        }
    }
    keeper->rotation = change->rotation;
    for (size_t i = 0; i < keeper->kept_count; i++) {
        if (jt_keeper_find_id(&keeper->rotation, keeper->kept[i].id) != NULL)
            keeper->kept[kept++] = keeper->kept[i];
        else
            jt_secret_jwk_release(keeper->kept[i].key);
    }
    keeper->kept_count = kept;
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

    for (size_t i = 0; i < keeper->rotation.count; i++) {
        struct jt_rotation_key *key = &keeper->rotation.at[i];

        if (key->id == change->added_id && key->state == JT_SIGNER_NEXT) {
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

    JT_TRY(make_set(keeper, change, &set, detail));
    show(keeper, set);
    keeper->rotation = change->rotation;
    return JETON_OK;
}

JT_CHECKED jt_keeper_commit(struct jt_keeper *keeper, const struct jt_keeper_change *change,
                            struct jeton_detail *detail)
{
    const struct jt_rotation_key *active = jt_rotation_active(&keeper->rotation);
    uint64_t was_active = active != NULL ? active->id : 0;
    struct jt_signer_set *set = NULL;
    enum jeton_status status;

    JT_TRY(make_set(keeper, change, &set, detail));
    status = jt_keeper_store(keeper, change, detail);
    if (status != JETON_OK) {
        jt_signer_set_free(set);
        return status;
    }
    show(keeper, set);
    jt_keeper_tell(keeper, change);
    take_change(keeper, change);
    note_shown(keeper, change, was_active);
    write_mark(keeper, change->now);
    return JETON_OK;
}

/* --- By itself --- */

static JT_CHECKED move(struct jt_keeper *keeper, int64_t now, struct jeton_detail *detail)
{
    struct jt_keeper_change change = jt_keeper_change_of(keeper, now);
    bool changed = jt_rotation_step(&change.rotation, now);
    enum jeton_status status = jt_keeper_change_make(keeper, &change, detail);

    if (status == JETON_OK && (changed || change.added != NULL || keeper->unstored))
        status = jt_keeper_commit(keeper, &change, detail);
    else if (status == JETON_OK)
        keeper->rotation = change.rotation; /* until when the active key has signed */
    jt_keeper_change_done(&change);
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
    int64_t wake = keeper->unstored ? 0 : jt_rotation_wake(&keeper->rotation);
    int64_t wait = wake == JT_ROTATION_NEVER ? WAIT_MAX_MS : wake * 1000 - keeper->time.time_ms;

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
    keeper->algorithm = jt_algorithm_find(jeton_text(config->signing.algorithm.at));
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
    jt_keeper_take_settings(keeper, config, &change.rotation, now);
    if (memcmp(&change.rotation.times, &keeper->rotation.times, sizeof change.rotation.times) != 0) {
        status = jt_keeper_commit(keeper, &change, &detail);
        keeper->rotation = change.rotation; /* that they hold matters more than that they are stored */
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
    for (size_t i = 0; i < keeper->kept_count; i++)
        jt_secret_jwk_release(keeper->kept[i].key);
    jt_secret_jwk_release(keeper->spare);
    jt_secret_done(&keeper->seal_key);
    free(keeper->seal_file.path);
    free(keeper->mark_path);
    free(keeper->state);
    pthread_mutex_destroy(&keeper->mutex);
    free(keeper);
}
