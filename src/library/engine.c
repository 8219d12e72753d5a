/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/source.h>: engines. Sources are in source.c, fetching by the caller's own means in fetcher.c. */
#include "library/engine.h"

#include <stdlib.h>
#include <time.h>

#include "keys/fetch_url_many.h"

#define NETWORK_STEP_MS 20 /* the sockets of requests in flight are the library's own secret: look this often */

/* The types of the promise and of the keys room are counted alike. */
_Static_assert((int)JETON_DATA_EXPIRED == (int)JT_DATA_EXPIRED && (int)JETON_DATA_STALE == (int)JT_DATA_STALE, "data");
_Static_assert((int)JETON_FETCH_BACKOFF == (int)JT_FETCH_BACKOFF, "fetch");
_Static_assert((int)JETON_EVENT_FETCHED == (int)JT_SOURCE_FETCHED && (int)JETON_EVENT_STATE == (int)JT_SOURCE_STATE &&
                   (int)JETON_EVENT_SAVED_BAD == (int)JT_SOURCE_SAVED_BAD,
               "events");

/* --- What the inner engine runs on --- */

static int64_t clock_ms(void *context)
{
    const struct jeton_engine *engine = context;
    struct timespec now;
    if (engine->options.clock != NULL)
        return engine->options.clock(engine->options.context);
    clock_gettime(CLOCK_BOOTTIME, &now); /* a machine that slept has older keys */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

/* Jitter is no secret: where the caller's randomness fails, the clock has to do. */
static uint64_t random_bits(void *context)
{
    struct jeton_engine *engine = context;
    uint64_t bits = 0;
    bool good = engine->options.random != NULL
                    ? engine->options.random(engine->options.context, &bits, sizeof bits) == 0
                    : jt_random(&bits, sizeof bits) == JETON_OK;
    return good ? bits : (uint64_t)clock_ms(context) * UINT64_C(0x9E3779B97F4A7C15);
}

static void tell(void *context, const struct jt_source_event *event)
{
    struct jeton_engine *engine = context;
    if ((int)event->type > (int)JETON_EVENT_SAVED_BAD)
        return;
    struct jeton_event told = {.type = (enum jeton_event_type)event->type,
                               .source = (const struct jeton_source *)event->source,
                               .state = (enum jeton_data_state)atomic_load(&event->source->data_state),
                               .changed = event->changed,
                               .keys = event->keys,
                               .skipped = event->skipped,
                               .took_ms = event->took_ms,
                               .cause = jt_cause_name(event->cause),
                               .detail = event->detail != NULL ? event->detail : ""};
    engine->options.event(engine->options.context, &told);
}

/* --- The transport: handed on, except that the caller's loop hears of a wake-up too --- */

static struct jeton_engine *engine_of(struct jt_transport *transport)
{
    return (struct jeton_engine *)(void *)transport;
}

static void begin(struct jt_transport *transport, struct jt_request *request)
{
    struct jt_transport *through = engine_of(transport)->through;
    through->begin(through, request);
}

static void cancel(struct jt_transport *transport, struct jt_request *request)
{
    struct jt_transport *through = engine_of(transport)->through;
    through->cancel(through, request);
}

static struct jt_request *step(struct jt_transport *transport, int64_t wait_ms)
{
    struct jt_transport *through = engine_of(transport)->through;
    return through->step(through, wait_ms);
}

static void wake(struct jt_transport *transport)
{
    struct jeton_engine *engine = engine_of(transport);
    engine->through->wake(engine->through);
    if (engine->options.wake != NULL)
        engine->options.wake(engine->options.context);
}

static enum jeton_status open_through(struct jeton_engine *engine)
{
    engine->transport = (struct jt_transport){begin, cancel, step, wake};
    engine->network = engine->options.fetcher == NULL;
    if (engine->network)
        return jt_transport_open_url(&engine->through);
    JT_TRY(jt_border_fetcher_open(engine->options.fetcher, &engine->through));
    jt_border_fetcher_tell(engine->through, engine->options.wake, engine->options.context);
    return JETON_OK;
}

static void close_through(struct jeton_engine *engine)
{
    if (engine->network)
        jt_transport_close_url(engine->through);
    else
        jt_border_fetcher_close(engine->through);
}

/* --- The promise --- */

enum jeton_status jeton_engine_new(const struct jeton_engine_options *options, struct jeton_engine **out,
                                   struct jeton_detail *detail)
{
    static const struct jeton_engine_options defaults = JETON_ENGINE_OPTIONS_INIT;
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "engine options of another version");
    if (options->fetcher != NULL &&
        (options->fetcher->size != sizeof *options->fetcher || options->fetcher->begin == NULL))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a fetcher of another version, or without begin");
    struct jeton_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    engine->options = *options;
    struct jt_engine_options inner = {.clock_ms = clock_ms,
                                      .wall = wall,
                                      .random = random_bits,
                                      .context = engine,
                                      .transport = &engine->transport,
                                      .event = options->event != NULL ? tell : NULL,
                                      .event_context = engine};
    enum jeton_status status = open_through(engine);
    if (status == JETON_OK)
        status = jt_engine_open(&inner, &engine->inner);
    if (status == JETON_OK) {
        *out = engine;
        return JETON_OK;
    }
    close_through(engine);
    free(engine);
    return jt_fail(detail, status, "%s", jeton_status_text(status));
}

enum jeton_status jeton_engine_start(struct jeton_engine *engine)
{
    if (jt_engine_runs(engine->inner))
        return JETON_ARGUMENT_INVALID;
    return jt_engine_start(engine->inner);
}

int64_t jeton_engine_step(struct jeton_engine *engine)
{
    int64_t now = clock_ms(engine);
    int64_t next = jt_engine_step(engine->inner, now);
    bool looking = engine->network && next != INT64_MAX && jt_engine_in_flight(engine->inner) > 0;
    return looking && next > now + NETWORK_STEP_MS ? now + NETWORK_STEP_MS : next;
}

void jeton_engine_free(struct jeton_engine *engine)
{
    if (engine == NULL || jt_engine_is_foreign(engine->inner))
        return; /* of a forked child's: see engine.h of the keys room */
    jt_engine_close(engine->inner);
    close_through(engine);
    free(engine);
}
