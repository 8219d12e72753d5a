/* SPDX-License-Identifier: Apache-2.0 */
/* Where do keys come from in tests? An issuer that answers as its fields say, behind a transport of our own and on a
 * virtual clock: no socket, no thread, no sleep. */
#ifndef JT_TESTS_SCRIPTED_ISSUER_H
#define JT_TESTS_SCRIPTED_ISSUER_H

#include "keys/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* What another URL answers, where not all of them answer alike. */
struct place {
    const char *url;
    long status;
    const char *body;
    unsigned requests;
};

/* What the issuer answers now; requests are logged. */
struct issuer {
    struct jt_transport transport; /* first: the transport's functions cast back */
    int64_t now;
    int64_t wall;
    int64_t latency;
    long status; /* of the key set; 0: no answer at all */
    const char *body;
    const char *etag;
    const char *cache_control;
    const char *retry_after;
    long discovery_status;
    const char *discovery;
    struct place places[4]; /* by URL, before all of the above */
    unsigned requests, discoveries, conditional;
    atomic_uint wakes; /* readers do that, in their threads */
    char last_url[256];
    struct jt_request *pending[8];
    int64_t due[8];
    size_t pending_count;
    /* what the engine told */
    unsigned fetched, failed, disjoint, saved_bad;
    char last_detail[JETON_DETAIL_TEXT];
};

static inline struct issuer *issuer_of(struct jt_transport *transport)
{
    return (struct issuer *)(void *)transport;
}

static inline void begin(struct jt_transport *transport, struct jt_request *request)
{
    struct issuer *issuer = issuer_of(transport);
    assert_true(issuer->pending_count < 8);
    assert_true(request->url.len < sizeof issuer->last_url);
    memcpy(issuer->last_url, request->url.at, request->url.len);
    issuer->last_url[request->url.len] = '\0';
    if (strstr(issuer->last_url, "openid-configuration") != NULL)
        issuer->discoveries++;
    else
        issuer->requests++;
    issuer->conditional += request->options.etag.len > 0;
    issuer->pending[issuer->pending_count] = request;
    issuer->due[issuer->pending_count++] = issuer->now + issuer->latency;
}

static inline void forget(struct issuer *issuer, size_t index)
{
    issuer->pending_count--;
    issuer->pending[index] = issuer->pending[issuer->pending_count];
    issuer->due[index] = issuer->due[issuer->pending_count];
}

static inline void cancel(struct jt_transport *transport, struct jt_request *request)
{
    struct issuer *issuer = issuer_of(transport);
    for (size_t i = 0; i < issuer->pending_count; i++)
        if (issuer->pending[i] == request) {
            forget(issuer, i);
            return;
        }
    fail();
}

static inline void put(char field[JT_FETCH_FIELD_MAX], const char *value)
{
    snprintf(field, JT_FETCH_FIELD_MAX, "%s", value != NULL ? value : "");
}

static inline void answer(struct issuer *issuer, struct jt_request *request)
{
    bool discovery = memmem(request->url.at, request->url.len, "openid-configuration", 20) != NULL;
    long status = discovery ? issuer->discovery_status : issuer->status;
    const char *body = discovery ? issuer->discovery : issuer->body;
    for (size_t i = 0; i < sizeof issuer->places / sizeof issuer->places[0]; i++) {
        struct place *place = &issuer->places[i];
        if (place->url != NULL && jt_bytes_equal(request->url, jeton_text(place->url))) {
            status = place->status;
            body = place->body;
            place->requests++;
        }
    }
    put(request->result.freshness.etag, discovery ? NULL : issuer->etag);
    put(request->result.freshness.cache_control, issuer->cache_control);
    put(request->result.freshness.retry_after, issuer->retry_after);
    if (!discovery && status == 200 && issuer->etag != NULL &&
        jt_bytes_equal(request->options.etag, jeton_text(issuer->etag)))
        status = 304;
    request->result.http_status = status;
    request->status = status == 200 || status == 304 ? JETON_OK : JETON_KEYS_UNAVAILABLE;
    if (request->status != JETON_OK)
        (void)!jt_fail(&request->detail, JETON_KEYS_UNAVAILABLE, "HTTP status %ld", status);
    if (status == 200) {
        jt_buffer_init(&request->result.body, 1 << 20);
        jt_buffer_add_text(&request->result.body, body);
    }
}

/* The clock goes on by what the engine would have waited, or to the next answer. */
static inline struct jt_request *step(struct jt_transport *transport, int64_t wait_ms)
{
    struct issuer *issuer = issuer_of(transport);
    size_t first = issuer->pending_count;
    for (size_t i = 0; i < issuer->pending_count; i++)
        if (issuer->due[i] <= issuer->now + wait_ms &&
            (first == issuer->pending_count || issuer->due[i] < issuer->due[first]))
            first = i;
    int64_t to = first < issuer->pending_count ? issuer->due[first] : issuer->now + wait_ms;
    if (to > issuer->now) {
        issuer->wall += (to - issuer->now) / SECOND;
        issuer->now = to;
    }
    if (first == issuer->pending_count)
        return NULL;
    struct jt_request *request = issuer->pending[first];
    forget(issuer, first);
    answer(issuer, request);
    return request;
}

static inline void wake(struct jt_transport *transport)
{
    issuer_of(transport)->wakes++;
}

static inline int64_t clock_of(void *context)
{
    return ((struct issuer *)context)->now;
}

static inline int64_t wall_of(void *context)
{
    return ((struct issuer *)context)->wall;
}

static inline uint64_t random_of(void *context)
{
    static uint64_t state = 88172645463325252u;
    (void)context;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static inline void note(void *context, const struct jt_source_event *event)
{
    struct issuer *issuer = context;
    issuer->fetched += event->type == JT_SOURCE_FETCHED;
    issuer->failed += event->type == JT_SOURCE_FAILED;
    issuer->disjoint += event->type == JT_SOURCE_DISJOINT;
    issuer->saved_bad += event->type == JT_SOURCE_SAVED_BAD;
    if (event->detail != NULL)
        snprintf(issuer->last_detail, sizeof issuer->last_detail, "%s", event->detail);
}

static inline struct jt_source_options options_default(void)
{
    return (struct jt_source_options){
        .times = JT_MACHINE_TIMES_DEFAULT, .negative_ttl = 60000, .fetch = JT_FETCH_OPTIONS_INIT};
}

/* An engine over the issuer, driven by hand. */
static inline struct jt_engine *engine_over(struct issuer *issuer)
{
    struct jt_engine *engine = NULL;
    struct jt_engine_options options = {.clock_ms = clock_of,
                                        .wall = wall_of,
                                        .random = random_of,
                                        .context = issuer,
                                        .transport = &issuer->transport,
                                        .event = note,
                                        .event_context = issuer};
    assert_int_equal(jt_engine_open(&options, &engine), JETON_OK);
    return engine;
}

static inline void run_engine(struct jt_engine *engine, struct issuer *issuer, int64_t span)
{
    int64_t until = issuer->now + span;
    while (issuer->now < until)
        jt_engine_step(engine, until);
    jt_engine_step(engine, until); /* what is due exactly now */
}
#endif
