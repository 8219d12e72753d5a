/* SPDX-License-Identifier: Apache-2.0 */
/* With which keys does the issuer start? Those of the state, unsealed, in the states that their times give now; at the
 * very first start a new one. An older clock or database than the last one seen is refused. Everything of a first start
 * is on the disk before it counts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "server/clients/first_client.h"
#include "server/issuer/keeper_parts.h"

enum { PATH_ROOM = 4096, CLOCK_TOLERANCE = 60, CLOCK_TRIES = 5, CLOCK_CLOSE_MS = 50 };

struct opening {
    struct jt_keeper *keeper;
    const struct jt_keeper_options *options;
    struct jt_secret old_seal_key; /* empty: none is named */
    struct jeton_detail *detail;
    size_t resealed;
};

/* --- Clock, paths --- */

static int64_t milliseconds(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Both at one moment: a thread that is put aside in between must not look like a jump. */
static void machine_clock(void *context, int64_t *wall_ms, int64_t *steady_ms)
{
    (void)context;
    for (unsigned i = 0; i < CLOCK_TRIES; i++) {
        int64_t before = milliseconds(CLOCK_BOOTTIME);

        *wall_ms = milliseconds(CLOCK_REALTIME);
        *steady_ms = milliseconds(CLOCK_BOOTTIME);
        if (*steady_ms - before < CLOCK_CLOSE_MS)
            return;
    }
}

static JT_CHECKED path_in(const char *state, const char *file, char **out, struct jeton_detail *detail)
{
    char path[PATH_ROOM];

    if (snprintf(path, sizeof path, "%s/%s", state, file) >= (int)sizeof path)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state's path is too long");
    *out = strdup(path);
    return *out != NULL ? JETON_OK : JETON_OUT_OF_MEMORY;
}

static JT_CHECKED name_files(struct jt_keeper *keeper, const struct jt_config *config, struct jeton_detail *detail)
{
    keeper->state = strdup(config->state.at);
    if (keeper->state == NULL)
        return JETON_OUT_OF_MEMORY;
    keeper->seal_file.beside = config->seal_key_file.at == NULL;
    if (keeper->seal_file.beside)
        JT_TRY(path_in(keeper->state, "seal.key", &keeper->seal_file.path, detail));
    else
        keeper->seal_file.path = strdup(config->seal_key_file.at);
    if (config->mark_file.at == NULL)
        return path_in(keeper->state, "jetond.mark", &keeper->mark_path, detail);
    keeper->mark_path = strdup(config->mark_file.at);
    return keeper->seal_file.path != NULL && keeper->mark_path != NULL ? JETON_OK : JETON_OUT_OF_MEMORY;
}

/* --- The seal key --- */

static enum jeton_status count_key(void *context, const struct jt_stored_key *stored)
{
    (void)stored;
    (*(size_t *)context)++;
    return JETON_OK;
}

static JT_CHECKED open_seal_key(struct opening *opening, bool first)
{
    struct jt_keeper *keeper = opening->keeper;
    const struct jt_seal_file *file = &keeper->seal_file;
    const struct jt_config_text *old = &opening->options->config->seal_key_old_file;
    struct jt_seal_file old_file = {(char *)(uintptr_t)old->at, false};

    if (old->at != NULL)
        JT_TRY(jt_seal_file_read(&old_file, keeper->state, &opening->old_seal_key, opening->detail));
    if (!file->beside)
        return jt_seal_file_read(file, keeper->state, &keeper->seal_key, opening->detail);
    if (access(file->path, F_OK) == 0)
        JT_TRY(jt_seal_file_read(file, keeper->state, &keeper->seal_key, opening->detail));
    else if (first)
        JT_TRY(jt_seal_file_make(file, &keeper->seal_key, opening->detail));
    else
        return jt_fail(opening->detail, JETON_CONFIG_INVALID,
                       "seal.key is gone from the state and seal_key_file is not set; its keys cannot be opened");
    jt_log(keeper->log, JT_LOG_WARN,
           "the seal key lies beside what it seals: who reads the state has the keys; set seal_key_file", "file",
           file->path, NULL);
    return JETON_OK;
}

/* --- Keys that are there --- */

static JT_CHECKED take_revoked(struct opening *opening, const struct jt_stored_key *stored)
{
    struct jt_keeper *keeper = opening->keeper;
    struct jt_revoked_key *revoked = &keeper->revoked[keeper->revoked_count];

    if (keeper->revoked_count == JT_KEEPER_REVOKED || stored->kid.len >= sizeof revoked->kid ||
        stored->algorithm.len >= sizeof revoked->algorithm || stored->sealed.len >= sizeof revoked->thumbprint)
        return jt_fail(opening->detail, JETON_CONFIG_INVALID, "the state tells of a revoked key that was none");
    memcpy(revoked->kid, stored->kid.at, stored->kid.len);
    memcpy(revoked->algorithm, stored->algorithm.at, stored->algorithm.len);
    memcpy(revoked->thumbprint, stored->sealed.at, stored->sealed.len);
    revoked->at = stored->created_at;
    keeper->revoked_count++;
    return JETON_OK;
}

/* Under the present seal key, or under the one before it. */
static JT_CHECKED unseal(struct opening *opening, const struct jt_stored_key *stored, struct jt_secret_jwk **out,
                         struct jeton_detail *why)
{
    struct jt_seal_bond bond = {JT_SEAL_SCHEMA, stored->kid, stored->algorithm, stored->state};
    enum jeton_status status = jt_sealed_key_read(stored->sealed, jt_secret_bytes(&opening->keeper->seal_key), &bond,
                                                  out, why);

    if (status != JETON_KEY_INVALID || opening->old_seal_key.len == 0)
        return status;
    status = jt_sealed_key_read(stored->sealed, jt_secret_bytes(&opening->old_seal_key), &bond, out, why);
    opening->resealed += status == JETON_OK;
    return status;
}

/* Times that an older version did not keep: the key was shown since it was made. */
static struct jt_rotation_key times_of_row(const struct jt_stored_key *stored, enum jt_signer_state state, int64_t now)
{
    struct jt_rotation_key key = {.state = state,
                                  .published_at = stored->published_at,
                                  .signs_from = stored->signs_from,
                                  .signs_until = stored->signs_until};

    if (key.published_at == 0)
        key.published_at = state == JT_SIGNER_NEXT ? now : stored->created_at;
    if (key.signs_from == 0 && state == JT_SIGNER_ACTIVE)
        key.signs_from = stored->created_at;
    if (key.signs_until == 0 && state != JT_SIGNER_NEXT)
        key.signs_until = now + 1;
    return key;
}

static JT_CHECKED take_key(struct opening *opening, const struct jt_stored_key *stored, struct jeton_detail *why)
{
    struct jt_keeper *keeper = opening->keeper;
    struct jt_rotation *rotation = &keeper->ring.rotation;
    enum jt_signer_state state = JT_SIGNER_RETIRING;
    struct jt_secret_jwk *key = NULL;
    int64_t now = keeper->ring.clock.time_ms / 1000;

    if (!jt_signer_state_find(stored->state, &state))
        return jt_fail(why, JETON_CONFIG_INVALID, "it is in no known state");
    if (rotation->count == JT_ROTATION_KEYS || (state == JT_SIGNER_ACTIVE && jt_rotation_active(rotation) != NULL))
        return jt_fail(why, JETON_CONFIG_INVALID, "it is one too many");
    JT_TRY(unseal(opening, stored, &key, why));
    jt_key_ring_keep(&keeper->ring, key, stored->created_at);
    rotation->at[rotation->count] = times_of_row(stored, state, now);
    rotation->at[rotation->count++].id = keeper->ring.last_id;
    return JETON_OK;
}

static enum jeton_status open_row(void *context, const struct jt_stored_key *stored)
{
    struct opening *opening = context;
    struct jeton_detail why = {""};
    enum jeton_status status;

    if (jt_bytes_equal(stored->state, JT_TEXT("revoked")))
        return take_revoked(opening, stored);
    status = take_key(opening, stored, &why);
    if (status != JETON_OK && status != JETON_OUT_OF_MEMORY)
        return jt_fail(opening->detail, JETON_CONFIG_INVALID, "key %s of the state cannot be used: %.120s",
                       jt_escape(stored->kid).text, why.text);
    return status;
}

/* --- Marks --- */

static JT_CHECKED read_marks(struct opening *opening, struct jt_keeper_mark *out)
{
    struct jt_rotation *rotation = &opening->keeper->ring.rotation;
    const struct {
        struct jeton_bytes name;
        int64_t *value;
    } all[] = {{JT_TEXT("generation"), &out->generation},
               {JT_TEXT("seen_at"), &out->seen_at},
               {JT_TEXT("token_ttl"), &rotation->times.token_ttl},
               {JT_TEXT("jwks_max_age"), &rotation->times.jwks_max_age},
               {JT_TEXT("past_token_ttl"), &rotation->past.token_ttl},
               {JT_TEXT("past_jwks_max_age"), &rotation->past.jwks_max_age},
               {JT_TEXT("past_until"), &rotation->past.until}};

    for (size_t i = 0; i < JT_COUNT(all); i++)
        JT_TRY(jt_store_mark_read(opening->keeper->store, all[i].name, all[i].value, opening->detail));
    opening->keeper->generation = out->generation;
    return JETON_OK;
}

static JT_CHECKED accept_older_state(struct opening *opening, const struct jt_keeper_mark *stored,
                                     const struct jt_keeper_mark *beside, int64_t now)
{
    struct jt_keeper *keeper = opening->keeper;
    char seen[21];

    jt_time_write(beside->seen_at, seen);
    if (!opening->options->accept_rollback)
        return jt_fail(opening->detail, JETON_CONFIG_INVALID,
                       "the state is older than the last one seen (change %" PRId64 " of %" PRId64
                       ", %s): was it put back? Keys made since are lost; --accept-rollback goes on without them",
                       stored->generation, beside->generation, seen);
    jt_log(keeper->log, JT_LOG_WARN,
           "an older state is accepted: tokens signed by keys made since are good for nobody; next keys start anew",
           "seen_at", seen, NULL);
    keeper->generation = beside->generation;
    jt_rotation_restore(&keeper->ring.rotation, now);
    return JETON_OK;
}

/* A little is what clocks are apart after a boot. */
static JT_CHECKED accept_older_clock(struct opening *opening, int64_t seen_at, int64_t now)
{
    struct jt_keeper *keeper = opening->keeper;
    char seen[21], shows[21];

    jt_time_write(seen_at, seen);
    jt_time_write(now, shows);
    if (seen_at - now > CLOCK_TOLERANCE && !opening->options->accept_rollback)
        return jt_fail(opening->detail, JETON_CONFIG_INVALID,
                       "the clock shows %s, and this state has seen %s: set the clock, or start once with "
                       "--accept-rollback",
                       shows, seen);
    if (seen_at - now > CLOCK_TOLERANCE)
        jt_log(keeper->log, JT_LOG_WARN, "an older clock is accepted; the spans that went by stay as they were",
               "seen_at", seen, "now", shows, NULL);
    jt_rotation_jump(&keeper->ring.rotation, now, now - seen_at);
    keeper->unstored = true;
    return JETON_OK;
}

static JT_CHECKED check_marks(struct opening *opening, int64_t now)
{
    struct jt_keeper *keeper = opening->keeper;
    struct jt_keeper_mark stored = {0, 0}, beside = {0, 0};
    bool found = false;
    int64_t seen_at;

    JT_TRY(read_marks(opening, &stored));
    JT_TRY(jt_keeper_mark_read(keeper->mark_path, &beside, &found, opening->detail));
    if (!found && stored.generation > 0)
        jt_log(keeper->log, JT_LOG_WARN,
               "the mark beside the state is gone: this time nobody can tell whether the state was put back", "file",
               keeper->mark_path, NULL);
    if (stored.generation < beside.generation)
        JT_TRY(accept_older_state(opening, &stored, &beside, now));
    seen_at = stored.seen_at > beside.seen_at ? stored.seen_at : beside.seen_at;
    return seen_at > now ? accept_older_clock(opening, seen_at, now) : JETON_OK;
}

/* --- The first start, and every start --- */

static JT_CHECKED store_first(struct opening *opening, const struct jt_keeper_change *change)
{
    struct jt_keeper *keeper = opening->keeper;
    unsigned char hash[JT_FIRST_CLIENT_HASH];
    struct jt_stored_client client;
    bool with_client = opening->options->config->clients.count == 0;

    if (with_client)
        JT_TRY(jt_first_client_make(keeper->state, change->keys.now, keeper->log, hash, &client, opening->detail));
    return jt_keeper_store_first(keeper, change, with_client ? &client : NULL, opening->detail);
}

static bool differs(const struct jt_rotation *a, const struct jt_rotation *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++) {
        if (a->at[i].id != b->at[i].id || a->at[i].state != b->at[i].state ||
            a->at[i].signs_from != b->at[i].signs_from)
            return true;
    }
    return a->count != b->count || memcmp(&a->times, &b->times, sizeof a->times) != 0;
}

/* What the settings, the slots and the time that went by make of the keys. */
static JT_CHECKED decide(struct opening *opening, struct jt_keeper_change *change)
{
    struct jt_keeper *keeper = opening->keeper;

    jt_keeper_take_settings(keeper, opening->options->config, &change->keys.rotation, change->keys.now);
    JT_TRY(jt_keeper_take_slots(keeper, opening->options->config, change, opening->detail));
    (void)jt_rotation_step(&change->keys.rotation, change->keys.now);
    return jt_key_ring_make(&keeper->ring, &change->keys, opening->detail);
}

static bool must_store(const struct opening *opening, const struct jt_keeper_change *change)
{
    return opening->keeper->unstored || opening->resealed > 0 ||
           differs(&change->keys.rotation, &opening->keeper->ring.rotation);
}

/* A full disk is no reason not to start: the keys go on as they were, and it is tried again. */
static JT_CHECKED go_on(struct opening *opening, int64_t now)
{
    struct jt_keeper *keeper = opening->keeper;
    struct jt_keeper_change change = jt_keeper_change_of(keeper, now);

    jt_keeper_take_settings(keeper, opening->options->config, &change.keys.rotation, now);
    JT_TRY(jt_keeper_begin(keeper, &change, opening->detail));
    keeper->unstored = true;
    return JETON_OK;
}

static JT_CHECKED store_or_go_on(struct opening *opening, const struct jt_keeper_change *change)
{
    struct jt_keeper *keeper = opening->keeper;
    enum jeton_status status = jt_keeper_commit(keeper, change, opening->detail);

    if (status != JETON_INTERNAL_ERROR || keeper->by_hand || jt_rotation_active(&keeper->ring.rotation) == NULL)
        return status;
    jt_log(keeper->log, JT_LOG_ERROR, "what is due of the signing keys cannot be stored; they go on as they were",
           "detail", opening->detail != NULL ? opening->detail->text : "", NULL);
    return go_on(opening, change->keys.now);
}

static JT_CHECKED settle(struct opening *opening, bool first, int64_t now)
{
    struct jt_keeper_change change = jt_keeper_change_of(opening->keeper, now);
    enum jeton_status status = decide(opening, &change);

    if (status == JETON_OK && first)
        status = store_first(opening, &change);
    if (status == JETON_OK && first)
        status = jt_keeper_commit(opening->keeper, &change, opening->detail);
    else if (status == JETON_OK && must_store(opening, &change))
        status = store_or_go_on(opening, &change);
    else if (status == JETON_OK)
        status = jt_keeper_begin(opening->keeper, &change, opening->detail);
    jt_ring_change_done(&change.keys);
    return status;
}

static void tell_start(const struct opening *opening)
{
    const struct jt_keeper *keeper = opening->keeper;
    const struct jt_rotation_key *active = jt_rotation_active(&keeper->ring.rotation);
    const struct jt_ring_key *kept = active != NULL ? jt_key_ring_find(&keeper->ring, active->id) : NULL;
    char count[24];

    if (opening->resealed > 0) {
        snprintf(count, sizeof count, "%zu", opening->resealed);
        jt_log(keeper->log, JT_LOG_INFO, "keys were sealed anew; seal_key_old_file is not needed any more", "keys",
               count, NULL);
    }
    if (kept != NULL && kept->key->about.alg != keeper->ring.algorithm && !keeper->by_hand)
        jt_log(keeper->log, JT_LOG_INFO,
               "signing.algorithm is another one than the active key's: the next key that is made has it; jeton issuer "
               "rotate has it sooner",
               "active", kept->key->about.alg->name, "configured", keeper->ring.algorithm->name, NULL);
}

static JT_CHECKED open_keys(struct opening *opening)
{
    struct jt_keeper *keeper = opening->keeper;
    int64_t wall_ms, steady_ms, now;
    size_t count = 0;

    keeper->clock(keeper->clock_context, &wall_ms, &steady_ms);
    jt_rotation_clock_start(&keeper->ring.clock, wall_ms, steady_ms);
    now = wall_ms / 1000;
    JT_TRY(jt_store_keys(keeper->store, count_key, &count, opening->detail));
    JT_TRY(open_seal_key(opening, count == 0));
    JT_TRY(jt_store_keys(keeper->store, open_row, opening, opening->detail));
    JT_TRY(check_marks(opening, now));
    JT_TRY(settle(opening, count == 0, now));
    tell_start(opening);
    keeper->opened = true;
    return JETON_OK;
}

JT_CHECKED jt_keeper_open(const struct jt_keeper_options *options, struct jt_keeper **out, struct jeton_detail *detail)
{
    struct jt_keeper *keeper = calloc(1, sizeof *keeper);
    struct opening opening = {.keeper = keeper, .options = options, .detail = detail};
    enum jeton_status status;

    if (keeper == NULL)
        return JETON_OUT_OF_MEMORY;
    pthread_mutex_init(&keeper->mutex, NULL);
    keeper->log = options->log;
    keeper->store = options->store;
    keeper->signers = options->signers;
    keeper->clock = options->clock != NULL ? options->clock : machine_clock;
    keeper->clock_context = options->clock_context;
    keeper->by_hand = options->config->slots.key != NULL;
    status = name_files(keeper, options->config, detail);
    if (status == JETON_OK)
        status = open_keys(&opening);
    jt_secret_done(&opening.old_seal_key);
    if (status == JETON_OK)
        *out = keeper;
    else
        jt_keeper_close(keeper);
    return status;
}
