/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/source.h>: sources of the promise are the sources of the keys room. */
#include <stdlib.h>

#include "library/engine.h"

#define TIME_MIN 100       /* ms */
#define MISS_BURST_MAX 100 /* fetches at once are a storm */
#define TIME_MAX                                                                                                       \
    (INT64_MAX / 1024) /* room for doubling and adding; more only for max_stale, which is then for ever                \
                        */

/* --- Options --- */

static enum jeton_status check_time(const char *name, int64_t value, struct jeton_detail *detail)
{
    if (value < TIME_MIN || value > TIME_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s is %lld ms; at least %d ms are needed", name,
                       (long long)value, TIME_MIN);
    return JETON_OK;
}

static enum jeton_status check_order(const char *less, int64_t small, const char *more, int64_t large,
                                     struct jeton_detail *detail)
{
    if (small > large)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s (%lld ms) is more than %s (%lld ms)", less, (long long)small,
                       more, (long long)large);
    return JETON_OK;
}

static enum jeton_status check_times(const struct jeton_source_options *options, struct jeton_detail *detail)
{
    const struct {
        const char *name;
        int64_t value;
    } times[] = {
        {"fresh_default_ms", options->fresh_default_ms},
        {"fresh_min_ms", options->fresh_min_ms},
        {"fresh_max_ms", options->fresh_max_ms},
        {"max_stale_ms", options->max_stale_ms == INT64_MAX ? TIME_MAX : options->max_stale_ms},
        {"miss_interval_ms", options->miss_interval_ms},
        {"backoff_min_ms", options->backoff_min_ms},
        {"backoff_max_ms", options->backoff_max_ms},
        {"min_gap_ms", options->min_gap_ms},
        {"negative_ttl_ms", options->negative_ttl_ms},
        {"connect_timeout_ms", options->connect_timeout_ms},
        {"timeout_ms", options->timeout_ms},
    };
    for (size_t i = 0; i < JT_COUNT(times); i++)
        JT_TRY(check_time(times[i].name, times[i].value, detail));
    if (options->miss_burst < 1 || options->miss_burst > MISS_BURST_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "miss_burst is %lld; 1 to %d are fine",
                       (long long)options->miss_burst, MISS_BURST_MAX);
    JT_TRY(check_order("fresh_min_ms", options->fresh_min_ms, "fresh_default_ms", options->fresh_default_ms, detail));
    JT_TRY(check_order("fresh_default_ms", options->fresh_default_ms, "fresh_max_ms", options->fresh_max_ms, detail));
    JT_TRY(check_order("fresh_max_ms", options->fresh_max_ms, "max_stale_ms", options->max_stale_ms, detail));
    return check_order("backoff_min_ms", options->backoff_min_ms, "backoff_max_ms", options->backoff_max_ms, detail);
}

/* The two paths are C strings below: copied to `saved` and `bearer`, which the caller frees. */
static enum jeton_status read_options(const struct jeton_source_options *options, struct jt_source_options *out,
                                      char **saved, char **bearer, struct jeton_detail *detail)
{
    static const struct jeton_source_options defaults = JETON_SOURCE_OPTIONS_INIT;
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "source options of another version");
    JT_TRY(check_times(options, detail));
    *out = (struct jt_source_options){
        .times = JT_MACHINE_TIMES_DEFAULT, .negative_ttl = options->negative_ttl_ms, .fetch = JT_FETCH_OPTIONS_INIT};
    out->times.fresh_default = options->fresh_default_ms;
    out->times.fresh_min = options->fresh_min_ms;
    out->times.fresh_max = options->fresh_max_ms;
    out->times.max_stale = options->max_stale_ms;
    out->times.miss_interval = options->miss_interval_ms;
    out->times.miss_burst = options->miss_burst;
    out->times.backoff_min = options->backoff_min_ms;
    out->times.backoff_max = options->backoff_max_ms;
    out->times.min_gap = options->min_gap_ms;
    out->times.timeout = options->timeout_ms;
    out->fetch.allow_http = options->allow_http;
    out->fetch.allow_private_ip = options->allow_private_ip;
    out->fetch.ca_file = options->ca_file;
    out->fetch.connect_timeout_ms = (long)options->connect_timeout_ms;
    out->fetch.timeout_ms = (long)options->timeout_ms;
    *saved = jt_bytes_copy(options->saved_file);
    *bearer = jt_bytes_copy(options->bearer_file);
    if (*saved == NULL || *bearer == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    out->saved_path = options->saved_file.len > 0 ? *saved : NULL;
    out->bearer_path = options->bearer_file.len > 0 ? *bearer : NULL;
    return JETON_OK;
}

/* --- Opening --- */

enum jeton_status jeton_source_open_keys(struct jeton_keyset *keys, struct jeton_source **source)
{
    struct jt_source *made = NULL;
    JT_TRY(jt_source_open_static(jt_border_keyset(keys), &made));
    *source = (struct jeton_source *)made;
    return JETON_OK;
}

enum jeton_status jeton_source_open_provider(struct jeton_source **source)
{
    struct jt_source *made = NULL;
    JT_TRY(jt_source_open_provider(&made));
    *source = (struct jeton_source *)made;
    return JETON_OK;
}

enum jeton_status jeton_source_provide(struct jeton_source *source, const struct jeton_public_key *const *keys,
                                       size_t count)
{
    struct jt_keyset *set = NULL;
    enum jeton_status status = JETON_OK;
    if (jt_border_source(source)->kind != JT_SOURCE_PROVIDER)
        return JETON_ARGUMENT_INVALID;
    JT_TRY(jt_keyset_new(&set));
    for (size_t i = 0; i < count && status == JETON_OK; i++)
        status = jt_keyset_add_public(set, jt_border_public(keys[i]), false);
    if (status == JETON_OK) {
        jt_keyset_warm(set);
        status = jt_source_provide(jt_border_source(source), set);
    }
    if (status != JETON_OK)
        jt_keyset_free(set);
    return status;
}

static enum jeton_status open_followed(struct jeton_engine *engine, enum jt_source_kind kind,
                                       struct jeton_bytes address, const struct jeton_source_options *options,
                                       struct jeton_source **out, struct jeton_detail *detail)
{
    struct jt_source_options inner;
    struct jt_source *source = NULL;
    char *saved = NULL, *bearer = NULL;
    if (jt_engine_is_foreign(engine->inner))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "the engine is that of the process before the fork");
    enum jeton_status status = read_options(options, &inner, &saved, &bearer, detail);
    if (status == JETON_OK)
        status = jt_source_open(kind, address, &inner, &source, detail);
    free(saved);
    free(bearer);
    if (status == JETON_OK)
        status = jt_engine_add(engine->inner, source);
    if (status == JETON_OK) {
        jt_engine_wake(engine->inner);
        *out = (struct jeton_source *)source;
        return JETON_OK;
    }
    jt_source_close(source);
    return status;
}

enum jeton_status jeton_source_open_file(struct jeton_engine *engine, struct jeton_bytes path,
                                         const struct jeton_source_options *options, struct jeton_source **source,
                                         struct jeton_detail *detail)
{
    return open_followed(engine, JT_SOURCE_FILE, path, options, source, detail);
}

enum jeton_status jeton_source_open_url(struct jeton_engine *engine, struct jeton_bytes url,
                                        const struct jeton_source_options *options, struct jeton_source **source,
                                        struct jeton_detail *detail)
{
    return open_followed(engine, JT_SOURCE_URL, url, options, source, detail);
}

enum jeton_status jeton_source_open_issuer(struct jeton_engine *engine, struct jeton_bytes issuer,
                                           const struct jeton_source_options *options, struct jeton_source **source,
                                           struct jeton_detail *detail)
{
    return open_followed(engine, JT_SOURCE_DISCOVERY, issuer, options, source, detail);
}

/* --- Waiting, asking, looking --- */

static bool is_usable(struct jt_source *source, int64_t now)
{
    return now < atomic_load(&source->usable_until);
}

static enum jeton_status step_until_usable(struct jt_engine *engine, struct jt_source *source, int64_t until)
{
    while (!is_usable(source, jt_engine_now(engine)) && jt_engine_now(engine) < until)
        if (jt_engine_step(engine, until) == INT64_MAX)
            break; /* a forked child */
    return is_usable(source, jt_engine_now(engine)) ? JETON_OK : JETON_KEYS_UNAVAILABLE;
}

enum jeton_status jeton_source_wait(struct jeton_source *handle, int64_t for_ms)
{
    struct jt_source *source = jt_border_source(handle);
    struct jt_engine *engine = atomic_load(&source->engine);
    if (engine == NULL) /* nothing will change by waiting */
        return is_usable(source, INT64_MAX - 1) ? JETON_OK : JETON_KEYS_UNAVAILABLE;
    int64_t now = jt_engine_now(engine);
    int64_t until = for_ms < INT64_MAX - now ? now + for_ms : INT64_MAX;
    if (!jt_engine_runs(engine))
        return step_until_usable(engine, source, until);
    return jt_engine_wait(engine, source, until) ? JETON_OK : JETON_KEYS_UNAVAILABLE;
}

void jeton_source_refresh(struct jeton_source *handle)
{
    struct jt_source *source = jt_border_source(handle);
    struct jt_engine *engine = atomic_load(&source->engine);
    if (engine != NULL)
        jt_engine_refresh(engine, source);
}

static void count_fetches(const struct jt_source_counts *counts, struct jeton_health *health)
{
    health->fetches = health->failed = 0;
    for (size_t cause = 0; cause < JT_COUNT(counts->fetches); cause++)
        for (size_t outcome = 0; outcome < JT_COUNT(counts->fetches[0]); outcome++) {
            uint64_t count = atomic_load(&counts->fetches[cause][outcome]);
            health->fetches += count;
            health->failed += outcome >= JT_FETCHED_REJECTED ? count : 0;
        }
    health->misses = 0;
    for (size_t i = 0; i < JT_COUNT(counts->misses); i++)
        health->misses += atomic_load(&counts->misses[i]);
    health->addresses_refused = atomic_load(&counts->refused_addresses);
}

static void look_at_set(struct jt_source *source, struct jeton_health *health)
{
    struct jt_snapshot_guard guard = jt_snapshot_enter(&source->snapshot);
    const struct jt_key_state *state = guard.value;
    health->keys = state != NULL ? jt_keyset_count(state->keys) : 0;
    health->generation = state != NULL ? state->generation : 0;
    health->fingerprint = state != NULL ? state->fingerprint : 0;
    jt_snapshot_leave(&guard);
}

enum jeton_status jeton_source_health(struct jeton_source *handle, struct jeton_health *health)
{
    struct jt_source *source = jt_border_source(handle);
    struct jt_engine *engine = atomic_load(&source->engine);
    if (health->size != sizeof *health)
        return JETON_ARGUMENT_INVALID;
    int64_t now = engine != NULL ? jt_engine_now(engine) : 0;
    int64_t until = atomic_load(&source->usable_until), succeeded = atomic_load(&source->succeeded_at);
    look_at_set(source, health);
    count_fetches(&source->counts, health);
    health->data = (enum jeton_data_state)atomic_load(&source->data_state);
    if (source->kind == JT_SOURCE_STATIC || source->kind == JT_SOURCE_PROVIDER)
        health->data = until == INT64_MAX ? JETON_DATA_FRESH : JETON_DATA_EMPTY;
    health->fetch = (enum jeton_fetch_state)atomic_load(&source->fetch_state);
    health->age_ms = engine == NULL || succeeded == INT64_MIN ? -1 : now - succeeded;
    health->usable_for_ms = until == INT64_MAX ? INT64_MAX : until > now ? until - now : 0;
    health->failed_in_a_row = atomic_load(&source->failures);
    jt_source_fault(source, &health->fault);
    return JETON_OK;
}

void jeton_source_close(struct jeton_source *handle)
{
    struct jt_source *source = jt_border_source(handle);
    if (source == NULL)
        return;
    struct jt_engine *engine = atomic_load(&source->engine);
    if (engine != NULL && jt_engine_is_foreign(engine))
        return; /* a forked child's: the parent's thread may have been at it when the fork came */
    if (engine != NULL)
        jt_engine_remove(engine, source);
    jt_source_close(source);
}
