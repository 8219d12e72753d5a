/* SPDX-License-Identifier: Apache-2.0 */
/* Does a rotation happen whole or not at all when memory, files or randomness fail? Whatever fails, there is one key
 * that signs, it is shown, and what is stored is what is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/issuer/keeper.h"

#include "fault.h"

/* Memory, files and randomness of SQLite and the machine do as they are told; the clock is ours. */
static int64_t now_ms = INT64_C(1700000000000);

static void our_clock(void *context, int64_t *wall_ms, int64_t *steady_ms)
{
    (void)context;
    *wall_ms = now_ms;
    *steady_ms = now_ms;
}

struct house {
    char state[40]; /* in memory where there is such a place: every change is synced */
    struct jt_config config;
    struct jt_log log;
    struct jt_store *store;
    struct jt_signers *signers;
    struct jt_source *own;
    struct jt_keeper *keeper;
};

static enum jeton_status open_keeper(struct house *house)
{
    struct jt_keeper_options options = {.log = &house->log,
                                        .store = house->store,
                                        .signers = house->signers,
                                        .config = &house->config,
                                        .clock = our_clock};

    return jt_keeper_open(&options, &house->keeper, NULL);
}

static void build(struct house *house, bool with_keeper)
{
    bool open_to_others;

    fault_pause();
    *house = (struct house){.log = {-1, JT_LOG_ERROR}};
    snprintf(house->state, sizeof house->state, "%s/jt-fault-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(house->state) == NULL ||
        jt_config_defaults(&jt_config_keys, &house->config.memory, &house->config) != JETON_OK ||
        jt_store_open(house->state, &house->store, &open_to_others, NULL) != JETON_OK ||
        jt_signers_new(&house->signers) != JETON_OK || jt_source_open_provider(&house->own) != JETON_OK)
        abort();
    house->config.state.at = house->state;
    house->config.clients.count = 1; /* no first client */
    house->config.signing.algorithm.at = "EdDSA";
    if (with_keeper &&
        (open_keeper(house) != JETON_OK || jt_keeper_provide(house->keeper, house->own, NULL) != JETON_OK))
        abort();
    fault_resume();
}

static void pull_down(struct house *house)
{
    char command[64];

    fault_pause();
    jt_keeper_close(house->keeper);
    jt_source_close(house->own);
    jt_signers_free(house->signers);
    jt_store_close(house->store);
    house->config.clients.count = 0;
    jt_config_done(&house->config);
    snprintf(command, sizeof command, "rm -rf %s", house->state);
    if (system(command) != 0)
        abort();
    fault_resume();
}

struct counts {
    unsigned active, others;
};

static enum jeton_status count_row(void *context, const struct jt_stored_key *row)
{
    struct counts *counts = context;

    counts->active += jt_bytes_equal(row->state, JT_TEXT("active"));
    counts->others += jt_bytes_equal(row->state, JT_TEXT("next")) || jt_bytes_equal(row->state, JT_TEXT("retiring"));
    return JETON_OK;
}

/* One signs, all are shown, and the store has just these. */
static bool is_whole(struct house *house)
{
    struct jt_published_guard guard = jt_signers_enter(house->signers);
    struct counts shown = {0, 0}, stored = {0, 0};
    bool whole;

    fault_pause();
    for (size_t i = 0; i < guard.published->count; i++) {
        shown.active += guard.published->at[i].state == JT_SIGNER_ACTIVE;
        shown.others += guard.published->at[i].state != JT_SIGNER_ACTIVE;
    }
    whole = jt_store_keys(house->store, count_row, &stored, NULL) == JETON_OK && shown.active == 1 &&
            stored.active == 1 && shown.others == stored.others && jt_signers_ready(house->signers);
    fault_resume();
    jt_signers_leave(&guard);
    return whole;
}

static void read_active(struct house *house, char kid[64])
{
    struct jt_published_guard guard = jt_signers_enter(house->signers);

    for (size_t i = 0; i < guard.published->count; i++) {
        if (guard.published->at[i].state == JT_SIGNER_ACTIVE)
            snprintf(kid, 64, "%s", (const char *)guard.published->at[i].key->about.kid.at);
    }
    jt_signers_leave(&guard);
}

/* What the crypto library has no memory for it calls a curve it does not have, or a bad key. */
static enum jeton_status plain(enum jeton_status status)
{
    return status == JETON_ARGUMENT_INVALID || status == JETON_KEY_INVALID ? JETON_OUT_OF_MEMORY : status;
}

typedef enum jeton_status wish(struct house *house, struct jt_json_writer *writer);

static enum jeton_status run(wish *ask)
{
    struct jt_json_writer writer;
    struct jt_buffer answer;
    struct house house;
    enum jeton_status status;

    build(&house, true);
    jt_buffer_init(&answer, 1 << 20);
    jt_json_open(&writer, &answer);
    status = plain(ask(&house, &writer));
    if (!is_whole(&house))
        status = JETON_CLAIMS_INVALID; /* no outcome of this scenario */
    jt_buffer_done(&answer);
    pull_down(&house);
    return status;
}

static enum jeton_status ask_rotate(struct house *house, struct jt_json_writer *writer)
{
    return jt_keeper_rotate(house->keeper, writer, NULL);
}

static enum jeton_status ask_revoke(struct house *house, struct jt_json_writer *writer)
{
    char before[64] = "", after[64] = "";
    enum jeton_status status;

    read_active(house, before);
    status = jt_keeper_revoke(house->keeper, jeton_text(before), writer, NULL);
    read_active(house, after);
    /* Refused: the old one goes on. Done: it never signs again. */
    if ((strcmp(before, after) == 0) != (status != JETON_OK))
        abort();
    return status;
}

static enum jeton_status ask_import(struct house *house, struct jt_json_writer *writer)
{
    static const char key[] =
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
        "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}";

    return jt_keeper_import(house->keeper, jeton_text(key), JT_TEXT("ours"), writer, NULL);
}

static enum jeton_status ask_reseal(struct house *house, struct jt_json_writer *writer)
{
    return jt_keeper_reseal(house->keeper, writer, NULL);
}

/* From the making of the next key to the going of the old one; a tick that fails is made up for by a later one. */
static enum jeton_status tick_on(struct house *house, struct jt_json_writer *writer)
{
    static const int64_t days[] = {29, 30, 31};
    int64_t began = now_ms;

    (void)writer;
    for (size_t i = 0; i < JT_COUNT(days); i++) {
        now_ms = began + days[i] * INT64_C(86400000);
        for (unsigned tries = 0; tries < 3; tries++) {
            (void)jt_keeper_tick(house->keeper);
            if (!is_whole(house))
                return JETON_CLAIMS_INVALID;
        }
    }
    now_ms = began;
    return JETON_OK;
}

static enum jeton_status a_rotation_on_command_is_whole(void)
{
    return run(ask_rotate);
}

static enum jeton_status an_emergency_is_whole(void)
{
    return run(ask_revoke);
}

static enum jeton_status an_import_is_whole(void)
{
    return run(ask_import);
}

static enum jeton_status sealing_anew_is_whole(void)
{
    return run(ask_reseal);
}

static enum jeton_status S4_11_a_timed_rotation_is_whole(void)
{
    return run(tick_on);
}

static enum jeton_status a_first_start_is_whole(void)
{
    struct house house;
    enum jeton_status status;

    build(&house, false);
    status = plain(open_keeper(&house));
    if (status == JETON_OK && !is_whole(&house))
        status = JETON_CLAIMS_INVALID;
    pull_down(&house);
    return status;
}

FAULT_SCENARIOS({"S4_11_a_timed_rotation_is_whole", S4_11_a_timed_rotation_is_whole, JETON_OK, FAULT_RANDOM, JETON_OK},
                {"a_rotation_on_command_is_whole", a_rotation_on_command_is_whole, JETON_OK, FAULT_RANDOM, JETON_OK},
                {"an_emergency_is_whole", an_emergency_is_whole, JETON_OK, FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"an_import_is_whole", an_import_is_whole, JETON_OK, FAULT_RANDOM, JETON_OK},
                {"sealing_anew_is_whole", sealing_anew_is_whole, JETON_OK, FAULT_FILE | FAULT_RANDOM, JETON_OK},
                {"a_first_start_is_whole", a_first_start_is_whole, JETON_OK, FAULT_FILE | FAULT_RANDOM, JETON_OK});
