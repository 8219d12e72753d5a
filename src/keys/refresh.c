/* SPDX-License-Identifier: Apache-2.0 */
/* How does a document become the key set that readers see? See refresh.h. Read from the bottom: step → begin →
 * finished → accept. */
#include "keys/refresh.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "keys/discovery.h"
#include "keys/fresh_for.h"
#include "keys/saved_set.h"

#define DISCOVERY_LASTS INT64_C(86400000) /* ms; then the place is looked up again */
#define DISCOVERY_FAILURES 5              /* of the keys in a row, then too */
#define BEARER_MAX 16384

enum jeton_status jt_refresh_new(struct jt_engine *engine, struct jt_source *source, struct jt_refresh **out)
{
    struct jt_refresh *refresh = calloc(1, sizeof *refresh);
    if (refresh == NULL)
        return JETON_OUT_OF_MEMORY;
    refresh->source = source;
    jt_machine_init(&refresh->machine, &source->options.times, jt_engine_now(engine));
    /* A source that was let go of and comes back goes on counting: no two of its sets share a number. */
    refresh->machine.generation = atomic_load(&source->generation);
    jt_buffer_init(&refresh->place, 0);
    jt_buffer_init(&refresh->jwks_uri, JT_FETCH_URL_MAX);
    jt_buffer_init_secret(&refresh->bearer, BEARER_MAX);
    jt_fetch_result_init(&refresh->request.result);
    refresh->request.owner = refresh;
    refresh->wake_at = INT64_MAX;
    *out = refresh;
    return JETON_OK;
}

void jt_refresh_free(struct jt_engine *engine, struct jt_refresh *refresh)
{
    (void)engine;
    if (refresh == NULL)
        return;
    jt_fetch_result_done(&refresh->request.result);
    jt_buffer_done(&refresh->place);
    jt_buffer_done(&refresh->jwks_uri);
    jt_buffer_done(&refresh->bearer);
    free(refresh);
}

/* --- Accepting a document --- */

/* What the notes of a reading add up to. */
struct reading {
    uint64_t fingerprints[JT_FINGERPRINTS];
    size_t used;
    uint64_t skipped[JT_SKIP_REASONS];
    size_t skipped_sum;
};

static void note_key(void *context, const struct jeton_key_note *note)
{
    struct reading *reading = context;
    static const unsigned char fixed[16] = "key fingerprints";
    if (note->skip != JETON_SKIP_NONE) {
        reading->skipped[note->skip]++;
        reading->skipped_sum++;
    } else if (reading->used < JT_FINGERPRINTS) {
        reading->fingerprints[reading->used++] = jt_bytes_hash(jeton_text(note->thumbprint), fixed);
    }
}

static bool shares_a_key(const struct jt_refresh *refresh, const struct reading *reading)
{
    for (size_t i = 0; i < reading->used; i++)
        for (size_t k = 0; k < refresh->fingerprint_count; k++)
            if (reading->fingerprints[i] == refresh->fingerprints[k])
                return true;
    return false;
}

static enum jeton_status read_set(struct jt_refresh *refresh, struct jeton_bytes body, struct jt_keyset **out,
                                  struct reading *reading, struct jeton_detail *detail)
{
    enum jeton_origin origin = refresh->source->kind == JT_SOURCE_FILE ? JETON_ORIGIN_OPERATOR : JETON_ORIGIN_FETCHED;
    struct jt_keyset *keys;
    memset(reading, 0, sizeof *reading);
    JT_TRY(jt_keyset_new(&keys));
    enum jeton_status status = jt_keyset_read_jwks(keys, body, origin, note_key, reading, detail);
    if (status != JETON_OK) {
        jt_keyset_free(keys);
        return status;
    }
    jt_keyset_warm(keys);
    *out = keys;
    return JETON_OK;
}

static uint64_t fingerprint_of(const unsigned char digest[32])
{
    uint64_t fingerprint;
    memcpy(&fingerprint, digest, sizeof fingerprint);
    return fingerprint;
}

static void remember(struct jt_refresh *refresh, const unsigned char digest[32], const struct reading *reading,
                     size_t count)
{
    struct jt_source_counts *counts = &refresh->source->counts;
    memcpy(refresh->digest, digest, 32);
    refresh->has_digest = true;
    memcpy(refresh->fingerprints, reading->fingerprints, sizeof reading->fingerprints);
    refresh->fingerprint_count = reading->used;
    refresh->keys = count;
    refresh->skipped = reading->skipped_sum;
    for (size_t i = 0; i < JT_SKIP_REASONS; i++)
        atomic_store(&counts->skipped[i], reading->skipped[i]);
}

/* Reads, warms and swaps in. JETON_OK with *changed false when the text is the one we have. */
static enum jeton_status accept(struct jt_engine *engine, struct jt_refresh *refresh, struct jeton_bytes body,
                                bool *changed, struct jeton_detail *detail)
{
    unsigned char digest[32];
    struct reading reading;
    struct jt_keyset *keys = NULL;
    JT_TRY(jt_digest(JT_HASH_SHA256, body, digest));
    *changed = !refresh->has_digest || memcmp(digest, refresh->digest, sizeof digest) != 0;
    if (!*changed)
        return JETON_OK;
    JT_TRY(read_set(refresh, body, &keys, &reading, detail));
    size_t count = jt_keyset_count(keys); /* readers may have it from here on */
    enum jeton_status status = jt_source_publish(refresh->source, keys, refresh->machine.generation + 1,
                                                 fingerprint_of(digest));
    if (status != JETON_OK) {
        jt_keyset_free(keys);
        return jt_fail(detail, status, "the new keys wait: readers still hold %d older sets", JT_SNAPSHOT_RETIRED);
    }
    if (refresh->fingerprint_count > 0 && !shares_a_key(refresh, &reading)) {
        atomic_fetch_add(&refresh->source->counts.disjoint, 1);
        jt_engine_tell(engine, &(struct jt_source_event){.type = JT_SOURCE_DISJOINT, .source = refresh->source});
    }
    remember(refresh, digest, &reading, count);
    return JETON_OK;
}

/* A last-known-good file makes the source usable before the first answer. */
void jt_refresh_seed(struct jt_engine *engine, struct jt_refresh *refresh)
{
    struct jt_source *source = refresh->source;
    struct jeton_detail detail = {""};
    struct jt_buffer body;
    int64_t age = -1;
    bool changed = false;
    if (source->options.saved_path == NULL)
        return;
    enum jeton_status status = jt_saved_set_read(source->options.saved_path, source->address, jt_engine_wall(engine),
                                                 &body, &age, &detail);
    if (status == JETON_OK && age * 1000 >= source->options.times.max_stale)
        status = jt_fail(&detail, JETON_KEYS_UNAVAILABLE, "the saved key set is too old");
    if (status == JETON_OK)
        status = accept(engine, refresh, jt_buffer_bytes(&body), &changed, &detail);
    jt_buffer_done(&body);
    if (status == JETON_OK) {
        jt_refresh_step(engine, refresh, &(struct jt_machine_event){.type = JT_EVENT_SEEDED, .age = age * 1000});
        return;
    }
    if (detail.text[0] != '\0') /* no file at all is no news */
        jt_engine_tell(engine,
                       &(struct jt_source_event){.type = JT_SOURCE_SAVED_BAD, .source = source, .detail = detail.text});
}

static void save(struct jt_engine *engine, struct jt_refresh *refresh, struct jeton_bytes body, bool changed)
{
    const struct jt_source_options *options = &refresh->source->options;
    int64_t now = jt_engine_now(engine);
    struct jeton_detail detail = {""};
    if (options->saved_path == NULL || (!changed && now - refresh->saved_at < options->times.max_stale / 16))
        return;
    if (jt_saved_set_write(options->saved_path, refresh->source->address, body, jt_engine_wall(engine), &detail) ==
        JETON_OK)
        refresh->saved_at = now;
    else
        jt_engine_tell(engine, &(struct jt_source_event){
                                   .type = JT_SOURCE_SAVED_BAD, .source = refresh->source, .detail = detail.text});
}

/* --- Beginning a fetch --- */

static bool place_is_due(const struct jt_refresh *refresh, int64_t now)
{
    return refresh->source->kind == JT_SOURCE_DISCOVERY &&
           (refresh->jwks_uri.len == 0 || now - refresh->discovered_at >= DISCOVERY_LASTS ||
            refresh->keys_failures >= DISCOVERY_FAILURES);
}

static void begin_request(struct jt_engine *engine, struct jt_refresh *refresh, struct jeton_bytes url)
{
    struct jt_request *request = &refresh->request;
    jt_fetch_result_done(&request->result);
    jt_fetch_result_init(&request->result);
    request->url = url;
    request->options = refresh->source->options.fetch;
    request->detail.text[0] = '\0';
    if (!refresh->discovering) {
        if (!refresh->full)
            request->options.etag = jeton_text(refresh->etag);
        if (refresh->source->kind == JT_SOURCE_DISCOVERY)
            request->options.typed = refresh->source->address;
    }
    /* A document may name any host for the keys; the token is for the one the operator typed. */
    if (jt_fetch_same_origin(url, refresh->source->address))
        request->options.bearer = jt_buffer_bytes(&refresh->bearer);
    struct jt_transport *transport = jt_engine_transport(engine);
    transport->begin(transport, request);
}

static void begin_keys(struct jt_engine *engine, struct jt_refresh *refresh)
{
    refresh->discovering = false;
    begin_request(engine, refresh,
                  refresh->source->kind == JT_SOURCE_DISCOVERY ? jt_buffer_bytes(&refresh->jwks_uri)
                                                               : refresh->source->address);
}

/* The end of a fetch, told to the machine and to whoever counts. */
static void conclude(struct jt_engine *engine, struct jt_refresh *refresh, struct jt_machine_event event,
                     enum jt_fetch_outcome outcome, const char *detail)
{
    struct jt_source *source = refresh->source;
    int64_t took = jt_engine_now(engine) - refresh->machine.started_at;
    enum jt_fetch_cause cause = refresh->machine.cause;
    atomic_fetch_add(&source->counts.fetches[cause][outcome], 1);
    atomic_fetch_add(&source->counts.fetch_ms, (uint64_t)took);
    if (refresh->request.result.address_refused)
        atomic_fetch_add(&source->counts.refused_addresses, 1);
    struct jt_source_event told = {.type = JT_SOURCE_FAILED,
                                   .source = source,
                                   .cause = cause,
                                   .changed = outcome == JT_FETCHED_CHANGED,
                                   .took_ms = took,
                                   .detail = detail};
    if (outcome < JT_FETCHED_REJECTED) {
        atomic_store(&source->succeeded_wall, jt_engine_wall(engine));
        told.type = JT_SOURCE_FETCHED;
        told.keys = refresh->keys;
        told.skipped = refresh->skipped;
    }
    jt_source_set_fault(source, detail);
    jt_refresh_step(engine, refresh, &event);
    jt_engine_tell(engine, &told); /* last: whoever hears it finds what it says */
}

static struct jt_machine_event success(const struct jt_refresh *refresh, enum jt_event_type type, bool changed)
{
    return (struct jt_machine_event){.type = type,
                                     .changed = changed,
                                     .fresh_for = jt_fresh_for(&refresh->request.result.freshness),
                                     .retry_after = -1};
}

static struct jt_machine_event failure(const struct jt_refresh *refresh, bool rejected)
{
    long http = refresh->request.result.http_status;
    bool asks = http == 429 || http == 503;
    return (struct jt_machine_event){.type = JT_EVENT_FAILED,
                                     .rejected = rejected,
                                     .fresh_for = -1,
                                     .retry_after = asks ? jt_retry_after(&refresh->request.result.freshness) : -1};
}

static bool file_is_unchanged(struct jt_refresh *refresh, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return false;
    int64_t seen[4] = {(int64_t)about.st_dev, (int64_t)about.st_ino, (int64_t)about.st_size,
                       (int64_t)about.st_ctim.tv_sec * 1000000000 + about.st_ctim.tv_nsec};
    bool same = memcmp(seen, refresh->file_seen, sizeof seen) == 0;
    memcpy(refresh->file_seen, seen, sizeof seen);
    return same;
}

/* Reading a file is quick enough to be done on the spot. One that is being written is read again a moment later. */
static void read_file(struct jt_engine *engine, struct jt_refresh *refresh)
{
    const char *path = refresh->source->address.at;
    struct jeton_detail detail = {""};
    struct jt_buffer text;
    bool changed = false;
    if (refresh->has_digest && file_is_unchanged(refresh, path)) {
        conclude(engine, refresh, success(refresh, JT_EVENT_ACCEPTED, false), JT_FETCHED_SAME, "");
        return;
    }
    file_is_unchanged(refresh, path);
    jt_buffer_init(&text, 16u << 20);
    enum jeton_status status = jt_file_read(path, &text, &detail);
    if (status == JETON_OK)
        status = accept(engine, refresh, jt_buffer_bytes(&text), &changed, &detail);
    jt_buffer_done(&text);
    if (status == JETON_OK) {
        conclude(engine, refresh, success(refresh, JT_EVENT_ACCEPTED, changed),
                 changed ? JT_FETCHED_CHANGED : JT_FETCHED_SAME, "");
        return;
    }
    memset(refresh->file_seen, 0, sizeof refresh->file_seen);
    conclude(engine, refresh, failure(refresh, true), JT_FETCHED_REJECTED, detail.text);
}

static void fail_fetch(struct jt_engine *engine, struct jt_refresh *refresh, bool rejected, const char *detail)
{
    if (refresh->keys_failures < DISCOVERY_FAILURES)
        refresh->keys_failures++;
    conclude(engine, refresh, failure(refresh, rejected), rejected ? JT_FETCHED_REJECTED : JT_FETCHED_FAILED, detail);
}

static void begin(struct jt_engine *engine, struct jt_refresh *refresh, bool full)
{
    struct jt_source *source = refresh->source;
    struct jeton_detail detail = {""};
    refresh->full = full;
    jt_fetch_result_done(&refresh->request.result); /* a failure before the request must not tell of the last one */
    jt_fetch_result_init(&refresh->request.result);
    atomic_store(&source->started, refresh->machine.start_count);
    if (source->kind == JT_SOURCE_FILE) {
        read_file(engine, refresh);
        return;
    }
    jt_buffer_done(&refresh->bearer);
    if (source->options.bearer_path != NULL &&
        jt_file_read(source->options.bearer_path, &refresh->bearer, &detail) != JETON_OK) {
        conclude(engine, refresh, failure(refresh, false), JT_FETCHED_FAILED, detail.text);
        return;
    }
    if (!place_is_due(refresh, jt_engine_now(engine))) {
        begin_keys(engine, refresh);
        return;
    }
    struct jt_buffer url;
    refresh->discovering = true;
    if (jt_discovery_url(source->address, "/.well-known/openid-configuration", &url, &detail) != JETON_OK) {
        conclude(engine, refresh, failure(refresh, false), JT_FETCHED_FAILED, detail.text);
        return;
    }
    jt_buffer_done(&refresh->place);
    refresh->place = url;
    begin_request(engine, refresh, jt_buffer_bytes(&refresh->place));
}

/* --- A request came back --- */

/* The place of the keys is known from here on, or still is. A document that answers 404 leaves the well-known name. */
static bool take_place(struct jt_refresh *refresh, int64_t now, struct jeton_detail *detail)
{
    struct jt_request *request = &refresh->request;
    struct jt_buffer uri;
    enum jeton_status status;
    if (request->status == JETON_OK)
        status = jt_discovery_read(jt_buffer_bytes(&request->result.body), refresh->source->address, &uri, detail);
    else if (request->result.http_status == 404)
        status = jt_discovery_url(refresh->source->address, "/.well-known/jwks.json", &uri, detail);
    else
        status = jt_fail(detail, request->status, "%s", request->detail.text);
    if (status != JETON_OK)
        return false;
    if (!jt_bytes_equal(jt_buffer_bytes(&uri), jt_buffer_bytes(&refresh->jwks_uri)))
        refresh->etag[0] = '\0'; /* another place: its validators say nothing about this one */
    jt_buffer_done(&refresh->jwks_uri);
    refresh->jwks_uri = uri;
    refresh->discovered_at = now;
    refresh->keys_failures = 0;
    return true;
}

static void finish_discovery(struct jt_engine *engine, struct jt_refresh *refresh)
{
    struct jeton_detail detail = {""};
    if (take_place(refresh, jt_engine_now(engine), &detail)) {
        begin_keys(engine, refresh);
        return;
    }
    if (refresh->jwks_uri.len > 0) { /* the place known so far will do for another day */
        refresh->discovered_at = jt_engine_now(engine);
        refresh->keys_failures = 0;
        begin_keys(engine, refresh);
        return;
    }
    bool rejected = refresh->request.status == JETON_OK; /* an answer came, and was no good */
    conclude(engine, refresh, failure(refresh, rejected), rejected ? JT_FETCHED_REJECTED : JT_FETCHED_FAILED,
             detail.text);
}

static void finish_keys(struct jt_engine *engine, struct jt_refresh *refresh)
{
    struct jt_request *request = &refresh->request;
    struct jeton_detail detail = request->detail;
    bool changed = false;
    if (request->status != JETON_OK) {
        long http = request->result.http_status;
        if (http == 404 || http == 410)
            refresh->keys_failures = DISCOVERY_FAILURES; /* moved: look the place up again */
        fail_fetch(engine, refresh, false, detail.text);
        return;
    }
    if (request->result.http_status == 304) {
        refresh->keys_failures = 0;
        conclude(engine, refresh, success(refresh, JT_EVENT_NOT_MODIFIED, false), JT_FETCHED_SAME, "");
        return;
    }
    struct jeton_bytes body = jt_buffer_bytes(&request->result.body);
    if (accept(engine, refresh, body, &changed, &detail) != JETON_OK) {
        refresh->etag[0] = '\0';
        fail_fetch(engine, refresh, true, detail.text);
        return;
    }
    memcpy(refresh->etag, request->result.freshness.etag, sizeof refresh->etag);
    refresh->keys_failures = 0;
    save(engine, refresh, body, changed);
    conclude(engine, refresh, success(refresh, JT_EVENT_ACCEPTED, changed),
             changed ? JT_FETCHED_CHANGED : JT_FETCHED_SAME, "");
}

void jt_refresh_finished(struct jt_engine *engine, struct jt_refresh *refresh)
{
    if (refresh->discovering)
        finish_discovery(engine, refresh);
    else
        finish_keys(engine, refresh);
    if (refresh->machine.fetch != JT_FETCH_INFLIGHT)
        jt_buffer_done(&refresh->bearer);
}

/* --- One step --- */

/* What readers and health see of the machine. `answered` last: whoever reads it before entering finds a set at least
 * that new. */
void jt_refresh_show(struct jt_engine *engine, struct jt_refresh *refresh)
{
    struct jt_source *source = refresh->source;
    int64_t now = jt_engine_now(engine);
    enum jt_data_state state = jt_machine_data(&refresh->machine, now);
    atomic_store(&source->usable_until, jt_machine_usable_until(&refresh->machine));
    atomic_store(&source->succeeded_at, refresh->machine.has_set ? refresh->machine.succeeded_at : INT64_MIN);
    atomic_store(&source->fetch_state, (unsigned)refresh->machine.fetch);
    atomic_store(&source->failures, refresh->machine.failures);
    atomic_store(&source->started, refresh->machine.start_count);
    atomic_store(&source->answered, refresh->machine.answered_count);
    if (atomic_exchange(&source->data_state, (unsigned)state) != (unsigned)state)
        jt_engine_tell(engine, &(struct jt_source_event){.type = JT_SOURCE_STATE, .source = source, .state = state});
}

void jt_refresh_step(struct jt_engine *engine, struct jt_refresh *refresh, const struct jt_machine_event *event)
{
    struct jt_machine_action action = jt_machine_step(&refresh->machine, event, jt_engine_now(engine),
                                                      jt_engine_random(engine));
    refresh->wake_at = action.wake_at;
    atomic_store(&refresh->source->dormant,
                 !action.fetch && refresh->machine.fetch != JT_FETCH_INFLIGHT && action.wake_at == INT64_MAX);
    jt_refresh_show(engine, refresh);
    if (action.fetch)
        begin(engine, refresh, action.full);
}
