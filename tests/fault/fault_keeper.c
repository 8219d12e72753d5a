/* SPDX-License-Identifier: Apache-2.0 */
/* Do the issuer's keys rotate whole or not at all, when memory, files or randomness fail? What is shown, what is stored
 * and who signs agree after each failure, and the next tick does what this one could not. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config/read.h"
#include "server/issuer/keeper.h"

#include "fault.h"

#define NOW INT64_C(1700000000)

static int64_t elapsed; /* seconds */

static void clock_of(void *context, int64_t *wall_ms, int64_t *steady_ms)
{
    (void)context;
    *wall_ms = (NOW + elapsed) * 1000;
    *steady_ms = elapsed * 1000;
}

struct ready {
    char directory[64];
    struct jt_config *config;
    struct jt_log log;
    struct jt_store *store;
    struct jt_signers *signers;
    struct jt_keeper *keeper;
};

static void must(bool good)
{
    if (!good)
        abort();
}

static void load_config(struct ready *ready)
{
    static const char *const environment[] = {"JETON_SIGNING_ROTATE_EVERY=1000s", "JETON_SIGNING_PUBLISH_AHEAD=200s",
                                              "JETON_SIGNING_JWKS_MAX_AGE=100s", "JETON_SIGNING_TOKEN_TTL=60s", NULL};
    struct jt_config_options options = {.state = ready->directory};
    struct jt_config_faults *faults = calloc(1, sizeof *faults);
    const char *unknown = NULL;
    ready->config = calloc(1, sizeof *ready->config);
    must(ready->config != NULL && faults != NULL);
    must(jt_config_load(&options, environment, ready->config, faults, &unknown) == JETON_OK && faults->count == 0);
    free(faults);
}

/* A keeper with its first key, and a next one from 800 s on. */
static void make_ready(struct ready *ready)
{
    *ready = (struct ready){
        .directory = "/dev/shm/jeton-fault-XXXXXX"}; /* a thousand states: the disk would take minutes */
    if (access("/dev/shm", W_OK) != 0)
        strcpy(ready->directory, "/tmp/jeton-fault-XXXXXX");
    struct jt_keeper_options options = {.clock = clock_of};
    bool open_to_others = false;
    fault_pause();
    elapsed = 0;
    must(mkdtemp(ready->directory) != NULL);
    load_config(ready);
    ready->log.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    must(ready->log.fd >= 0);
    must(jt_store_open(ready->directory, &ready->store, &open_to_others, NULL) == JETON_OK);
    must(jt_signers_new(&ready->signers) == JETON_OK);
    options.log = &ready->log;
    options.store = ready->store;
    options.signers = ready->signers;
    options.config = ready->config;
    must(jt_keeper_open(&options, &ready->keeper, NULL) == JETON_OK);
    fault_resume();
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    char name[512];
    must(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(name);
    }
    closedir(directory);
    rmdir(path);
}

static void ready_done(struct ready *ready)
{
    fault_pause();
    jt_keeper_close(ready->keeper);
    jt_signers_free(ready->signers);
    jt_store_close(ready->store);
    jt_config_free(ready->config);
    close(ready->log.fd);
    remove_directory(ready->directory);
    fault_resume();
}

/* --- What must agree --- */

struct seen {
    const struct jt_published *published;
    size_t stored, shown;
};

static bool is_shown(const struct jt_published *published, const struct jt_stored_key *stored)
{
    for (size_t i = 0; i < published->count; i++)
        if (jt_bytes_equal(published->at[i].key->about.kid, stored->kid) &&
            jt_bytes_equal(jeton_text(jt_signer_state_name(published->at[i].state)), stored->state))
            return true;
    return false;
}

static enum jeton_status see(void *context, const struct jt_stored_key *stored)
{
    struct seen *seen = context;
    if (jt_bytes_equal(stored->state, JT_TEXT("revoked")))
        return JETON_OK;
    seen->stored++;
    seen->shown += is_shown(seen->published, stored);
    return JETON_OK;
}

/* Each key that is shown is stored in that state, and the reverse, and one signs. How many there are. */
static size_t agrees(struct ready *ready)
{
    struct jt_published_guard guard = jt_signers_enter(ready->signers);
    struct seen seen = {.published = guard.published};
    size_t count = guard.published->count;
    must(jt_store_keys(ready->store, see, &seen, NULL) == JETON_OK);
    must(seen.stored == count && seen.shown == count && jt_signers_ready(ready->signers));
    jt_signers_leave(&guard);
    return count;
}

/* Something fails in the tick at this time, and nothing in the one after it. How many keys there were in between. */
static size_t tick_at(struct ready *ready, int64_t seconds)
{
    size_t count;
    elapsed = seconds;
    (void)jt_keeper_tick(ready->keeper);
    fault_pause();
    count = agrees(ready);
    elapsed++;
    (void)jt_keeper_tick(ready->keeper);
    fault_resume();
    return count;
}

static void must_have(struct ready *ready, size_t count)
{
    fault_pause();
    must(agrees(ready) == count);
    fault_resume();
}

static enum jeton_status the_next_key_is_published_or_nothing_changes(void)
{
    struct ready ready;
    enum jeton_status status;
    make_ready(&ready);
    status = tick_at(&ready, 800) == 2 ? JETON_OK : JETON_OUT_OF_MEMORY;
    must_have(&ready, 2);
    ready_done(&ready);
    return status;
}

/* 1200: it signs whichever tick published it; 1500: the one before it leaves. */
static enum jeton_status keys_sign_and_leave_or_nothing_changes(void)
{
    struct ready ready;
    enum jeton_status status = JETON_OK;
    make_ready(&ready);
    fault_pause();
    elapsed = 800;
    (void)jt_keeper_tick(ready.keeper);
    fault_resume();
    if (tick_at(&ready, 1200) != 2)
        abort();
    if (tick_at(&ready, 1500) != 1)
        status = JETON_OUT_OF_MEMORY;
    must_have(&ready, 1);
    ready_done(&ready);
    return status;
}

static enum jeton_status an_operator_revokes_or_nothing_changes(void)
{
    struct ready ready;
    struct jt_published_guard guard;
    struct jeton_bytes shown;
    struct jt_json_writer writer;
    struct jt_buffer out;
    char kid[64] = "";
    enum jeton_status status;
    make_ready(&ready);
    guard = jt_signers_enter(ready.signers);
    shown = guard.published->at[0].key->about.kid;
    memcpy(kid, shown.at, shown.len);
    jt_signers_leave(&guard);
    jt_buffer_init(&out, 65536);
    jt_json_open(&writer, &out);
    status = jt_keeper_revoke(ready.keeper, jeton_text(kid), &writer, NULL);
    fault_pause();
    must(agrees(&ready) == 1);
    guard = jt_signers_enter(ready.signers);
    must(jt_bytes_equal(guard.published->at[0].key->about.kid, jeton_text(kid)) == (status != JETON_OK));
    jt_signers_leave(&guard);
    fault_resume();
    jt_buffer_done(&out);
    ready_done(&ready);
    return status;
}

FAULT_SCENARIOS({"the_next_key_is_published_or_nothing_changes", the_next_key_is_published_or_nothing_changes, JETON_OK,
                 FAULT_MEMORY | FAULT_FILE | FAULT_RANDOM, JETON_OK},
                {"keys_sign_and_leave_or_nothing_changes", keys_sign_and_leave_or_nothing_changes, JETON_OK,
                 FAULT_MEMORY | FAULT_FILE, JETON_OK},
                {"an_operator_revokes_or_nothing_changes", an_operator_revokes_or_nothing_changes, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK});
