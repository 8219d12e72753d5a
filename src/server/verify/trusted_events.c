/* SPDX-License-Identifier: Apache-2.0 */
/* What does the operator hear about the keys of other issuers: cause and remedy, each thing once, never a part of what
 * came; and which requests have waited for it? Called in the engine's thread. */
#include <inttypes.h>
#include <stdio.h>

#include "keys/engine.h"
#include "server/server.h"

/* Requests wait for the end of a fetch whose set they have not seen. What counts is its number: the next may be on its
 * way. */
static void tell_requests(struct jt_lasting *lasting, struct jt_issuer *issuer, const struct jt_source *source)
{
    uint64_t ended = atomic_load(&source->started) - (atomic_load(&source->fetch_state) == JT_FETCH_INFLIGHT);

    atomic_store(&issuer->told, ended);
    jt_lasting_told(lasting, &issuer->told);
}

static void log_fetched(const struct jt_log *log, const struct jt_issuer *issuer, const struct jt_source_event *event)
{
    char keys[24], skipped[24], took[24], generation[24];

    if (!jt_log_wants(log, event->changed ? JT_LOG_INFO : JT_LOG_DEBUG))
        return;
    snprintf(keys, sizeof keys, "%zu", event->keys);
    snprintf(skipped, sizeof skipped, "%zu", event->skipped);
    snprintf(took, sizeof took, "%" PRId64, event->took_ms);
    snprintf(generation, sizeof generation, "%" PRIu64, (uint64_t)atomic_load(&event->source->generation));
    jt_log(log, event->changed ? JT_LOG_INFO : JT_LOG_DEBUG,
           event->changed ? "the issuer has another key set" : "the issuer's key set is unchanged", "issuer",
           issuer->name, "cause", jt_cause_name(event->cause), "keys", keys, "skipped", skipped, "generation",
           generation, "took_ms", took, NULL);
}

/* The first failure, then the second, fourth, eighth in a row: an outage is not a flood of lines. */
static void log_failed(const struct jt_log *log, const struct jt_issuer *issuer, const struct jt_source_event *event)
{
    unsigned failures = atomic_load(&event->source->failures);
    enum jt_log_level level = (failures & (failures - 1)) == 0 ? JT_LOG_WARN : JT_LOG_DEBUG;
    char count[24];

    snprintf(count, sizeof count, "%u", failures);
    jt_log(log, level, "the issuer's keys could not be fetched", "issuer", issuer->name, "cause",
           jt_cause_name(event->cause), "detail", event->detail, "failures", count, "keys",
           jt_data_state_name((enum jt_data_state)atomic_load(&event->source->data_state)), NULL);
}

static void log_state(const struct jt_log *log, const struct jt_issuer *issuer, enum jt_data_state state)
{
    switch (state) {
    case JT_DATA_FRESH:
        jt_log(log, JT_LOG_INFO, "the issuer's keys are fresh", "issuer", issuer->name, NULL);
        return;
    case JT_DATA_STALE:
        jt_log(log, JT_LOG_WARN, "the issuer's keys are overdue; they are believed until key_source.max_stale",
               "issuer", issuer->name, NULL);
        return;
    case JT_DATA_EXPIRED:
        jt_log(log, JT_LOG_ERROR,
               "the issuer's keys are past key_source.max_stale; its tokens get 503 until a fetch succeeds", "issuer",
               issuer->name, NULL);
        return;
    case JT_DATA_EMPTY:
        return;
    }
}

void jt_server_source_event(void *context, const struct jt_source_event *event)
{
    struct jt_lasting *lasting = context;
    const struct jt_log *log = &lasting->log;
    struct jt_issuer *issuer = event->source->owner;

    switch (event->type) {
    case JT_SOURCE_FETCHED:
        log_fetched(log, issuer, event);
        tell_requests(lasting, issuer, event->source);
        return;
    case JT_SOURCE_FAILED:
        log_failed(log, issuer, event);
        tell_requests(lasting, issuer, event->source);
        return;
    case JT_SOURCE_STATE:
        log_state(log, issuer, event->state);
        return;
    case JT_SOURCE_DISJOINT:
        jt_log(log, JT_LOG_WARN,
               "the issuer's new key set shares no key with the one before: an emergency rotation, or a takeover",
               "issuer", issuer->name, NULL);
        return;
    case JT_SOURCE_SAVED_BAD:
        jt_log(log, JT_LOG_WARN, "the last known good keys on disk are of no use", "issuer", issuer->name, "detail",
               event->detail, NULL);
        return;
    case JT_SOURCE_HELD:
        jt_log(log, JT_LOG_WARN, "requests still hold too many old key sets; the new one waits", "issuer", issuer->name,
               NULL);
        return;
    }
}
