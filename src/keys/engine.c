/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes the sources move? See engine.h. One step: do what other threads asked for, look at each source, wait in the
 * transport, take what came back. The lock guards the list of wishes alone and is never held while anything is done. */
#include "keys/engine.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys/refresh.h"

#define HEARTBEAT_MS 60000 /* the longest sleep: sources that idle are looked at this often */
#define COLLECT_MS 50      /* while readers still hold an old set */

enum wish_type { WISH_ADD, WISH_REMOVE, WISH_REFRESH };
struct wish {
    enum wish_type type;
    struct jt_source *source;
    struct wish *next;
    bool done;
    enum jeton_status status;
};

struct jt_engine {
    struct jt_engine_options options;
    struct jt_refresh **sources; /* the driving thread's alone */
    size_t count, room;
    pthread_mutex_t lock; /* wishes, running, closing */
    pthread_cond_t changed;
    struct wish *wishes;
    bool running; /* a thread drives */
    bool closing;
    pid_t pid; /* of the process that opened it */
    pthread_t thread;
};

int64_t jt_engine_now(const struct jt_engine *engine)
{
    return engine->options.clock_ms(engine->options.context);
}

int64_t jt_engine_wall(const struct jt_engine *engine)
{
    return engine->options.wall(engine->options.context);
}

uint64_t jt_engine_random(const struct jt_engine *engine)
{
    return engine->options.random(engine->options.context);
}

struct jt_transport *jt_engine_transport(const struct jt_engine *engine)
{
    return engine->options.transport;
}

void jt_engine_tell(const struct jt_engine *engine, const struct jt_source_event *event)
{
    if (engine->options.event != NULL)
        engine->options.event(engine->options.event_context, event);
}

enum jeton_status jt_engine_open(const struct jt_engine_options *options, struct jt_engine **out)
{
    struct jt_engine *engine = calloc(1, sizeof *engine);
    pthread_condattr_t monotonic;
    if (engine == NULL)
        return JETON_OUT_OF_MEMORY;
    engine->options = *options;
    engine->pid = getpid();
    pthread_mutex_init(&engine->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&engine->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = engine;
    return JETON_OK;
}

/* --- Wishes: from any thread to the one that drives --- */

static enum jeton_status add_now(struct jt_engine *engine, struct jt_source *source)
{
    struct jt_refresh *refresh;
    if (engine->count == engine->room) {
        size_t room = engine->room == 0 ? 8 : engine->room * 2;
        struct jt_refresh **sources = realloc(engine->sources, room * sizeof(struct jt_refresh *));
        if (sources == NULL)
            return JETON_OUT_OF_MEMORY;
        engine->sources = sources;
        engine->room = room;
    }
    JT_TRY(jt_refresh_new(engine, source, &refresh));
    engine->sources[engine->count++] = refresh;
    refresh->wake_at = jt_engine_now(engine); /* the next step begins it: adding asks and reads nothing */
    source->refresh = refresh;
    atomic_store(&source->engine, engine);
    return JETON_OK;
}

static void let_go(struct jt_engine *engine, size_t index)
{
    struct jt_refresh *refresh = engine->sources[index];
    if (refresh->machine.fetch == JT_FETCH_INFLIGHT)
        engine->options.transport->cancel(engine->options.transport, &refresh->request);
    refresh->source->refresh = NULL;
    atomic_store(&refresh->source->engine, NULL);
    jt_snapshot_drain(&refresh->source->snapshot); /* a reader inside may be about to wake us */
    jt_refresh_free(engine, refresh);
    engine->sources[index] = engine->sources[--engine->count];
}

static void remove_now(struct jt_engine *engine, struct jt_source *source)
{
    for (size_t i = 0; i < engine->count; i++)
        if (engine->sources[i]->source == source) {
            let_go(engine, i);
            return;
        }
}

static void grant(struct jt_engine *engine, struct wish *wish)
{
    switch (wish->type) {
    case WISH_ADD:
        wish->status = add_now(engine, wish->source);
        return;
    case WISH_REMOVE:
        remove_now(engine, wish->source);
        return;
    case WISH_REFRESH:
        if (wish->source->refresh != NULL)
            jt_refresh_step(engine, wish->source->refresh, &(struct jt_machine_event){.type = JT_EVENT_REFRESH});
        return;
    }
}

static void grant_all(struct jt_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    while (engine->wishes != NULL) {
        struct wish *wish = engine->wishes;
        engine->wishes = wish->next;
        pthread_mutex_unlock(&engine->lock);
        grant(engine, wish);
        pthread_mutex_lock(&engine->lock);
        wish->done = true;
        pthread_cond_broadcast(&engine->changed);
    }
    pthread_mutex_unlock(&engine->lock);
}

/* With a thread at work it grants the wish, and we wait for that; without one we are the driver. */
static enum jeton_status wish(struct jt_engine *engine, enum wish_type type, struct jt_source *source)
{
    struct wish mine = {.type = type, .source = source};
    if (jt_engine_is_foreign(engine))
        return JETON_ARGUMENT_INVALID;
    pthread_mutex_lock(&engine->lock);
    if (!engine->running || pthread_equal(pthread_self(), engine->thread)) {
        pthread_mutex_unlock(&engine->lock);
        grant(engine, &mine);
        return mine.status;
    }
    struct wish **last = &engine->wishes;
    while (*last != NULL)
        last = &(*last)->next;
    *last = &mine;
    engine->options.transport->wake(engine->options.transport);
    while (!mine.done)
        pthread_cond_wait(&engine->changed, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
    return mine.status;
}

enum jeton_status jt_engine_add(struct jt_engine *engine, struct jt_source *source)
{
    assert(atomic_load(&source->engine) == NULL && source->address.at != NULL);
    return wish(engine, WISH_ADD, source);
}

void jt_engine_remove(struct jt_engine *engine, struct jt_source *source)
{
    enum jeton_status status = wish(engine, WISH_REMOVE, source);
    (void)status; /* removing cannot fail */
}

void jt_engine_refresh(struct jt_engine *engine, struct jt_source *source)
{
    enum jeton_status status = wish(engine, WISH_REFRESH, source);
    (void)status; /* nor can asking */
}

void jt_engine_wake(struct jt_engine *engine)
{
    if (!jt_engine_is_foreign(engine))
        engine->options.transport->wake(engine->options.transport);
}

bool jt_engine_runs(const struct jt_engine *engine)
{
    return engine->running;
}

bool jt_engine_is_foreign(const struct jt_engine *engine)
{
    return engine->pid != getpid();
}

size_t jt_engine_in_flight(const struct jt_engine *engine)
{
    size_t count = 0;
    for (size_t i = 0; i < engine->count; i++)
        count += engine->sources[i]->machine.fetch == JT_FETCH_INFLIGHT;
    return count;
}

/* --- One step --- */

static void look_at(struct jt_engine *engine, struct jt_refresh *refresh)
{
    struct jt_source *source = refresh->source;
    if (!refresh->begun) {
        refresh->begun = true;
        jt_refresh_seed(engine, refresh);
    }
    if (atomic_exchange(&source->looked_up, false))
        jt_refresh_step(engine, refresh, &(struct jt_machine_event){.type = JT_EVENT_LOOKUP});
    if (atomic_exchange(&source->wanted, false))
        jt_refresh_step(engine, refresh, &(struct jt_machine_event){.type = JT_EVENT_MISS});
    if (refresh->machine.fetch != JT_FETCH_INFLIGHT && jt_engine_now(engine) >= refresh->wake_at)
        jt_refresh_step(engine, refresh, &(struct jt_machine_event){.type = JT_EVENT_TIMER});
    else
        jt_refresh_show(engine, refresh);
}

/* When something is to be done next. A set that expires is something: its state is told. */
static int64_t next_deadline(struct jt_engine *engine, int64_t now)
{
    int64_t next = now + HEARTBEAT_MS;
    for (size_t i = 0; i < engine->count; i++) {
        struct jt_refresh *refresh = engine->sources[i];
        int64_t expires = jt_machine_usable_until(&refresh->machine);
        if (refresh->machine.fetch != JT_FETCH_INFLIGHT && refresh->wake_at < next)
            next = refresh->wake_at;
        if (expires > now && expires < next)
            next = expires;
        if (atomic_load(&refresh->source->dormant) && atomic_load(&refresh->source->looked_up))
            next = now; /* looked up while it fell asleep */
        if (!jt_snapshot_collect(&refresh->source->snapshot) && next > now + COLLECT_MS)
            next = now + COLLECT_MS;
    }
    return next;
}

static bool is_closing(struct jt_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    bool closing = engine->closing;
    pthread_mutex_unlock(&engine->lock);
    return closing;
}

int64_t jt_engine_step(struct jt_engine *engine, int64_t until_ms)
{
    struct jt_transport *transport = engine->options.transport;
    if (jt_engine_is_foreign(engine))
        return INT64_MAX;
    grant_all(engine);
    for (size_t i = 0; i < engine->count; i++)
        look_at(engine, engine->sources[i]);
    int64_t now = jt_engine_now(engine), next = next_deadline(engine, now);
    int64_t wait = (until_ms < next ? until_ms : next) - now;
    struct jt_request *request = transport->step(transport, wait > 0 ? wait : 0);
    for (; request != NULL; request = transport->step(transport, 0))
        jt_refresh_finished(engine, request->owner);
    now = jt_engine_now(engine);
    next = next_deadline(engine, now);
    if (engine->running) {
        pthread_mutex_lock(&engine->lock);
        pthread_cond_broadcast(&engine->changed);
        pthread_mutex_unlock(&engine->lock);
    }
    return next;
}

/* --- A thread of its own --- */

static void *drive(void *context)
{
    struct jt_engine *engine = context;
    while (!is_closing(engine))
        jt_engine_step(engine, INT64_MAX);
    return NULL;
}

enum jeton_status jt_engine_start(struct jt_engine *engine)
{
    sigset_t all, before;
    assert(!engine->running);
    if (jt_engine_is_foreign(engine))
        return JETON_ARGUMENT_INVALID;
    engine->running = true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&engine->thread, NULL, drive, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0)
        return JETON_OK;
    engine->running = false;
    return JETON_OUT_OF_MEMORY;
}

bool jt_engine_wait(struct jt_engine *engine, struct jt_source *source, int64_t until_ms)
{
    bool usable = false;
    if (jt_engine_is_foreign(engine))
        return jt_engine_now(engine) < atomic_load(&source->usable_until);
    pthread_mutex_lock(&engine->lock);
    for (;;) {
        int64_t now = jt_engine_now(engine);
        usable = now < atomic_load(&source->usable_until);
        if (usable || now >= until_ms)
            break;
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        int64_t left = until_ms - now < 1000 ? until_ms - now : 1000; /* our clock may not be the system's */
        end.tv_sec += (time_t)(left / 1000);
        end.tv_nsec += (long)(left % 1000) * 1000000;
        if (end.tv_nsec >= 1000000000) {
            end.tv_nsec -= 1000000000;
            end.tv_sec++;
        }
        pthread_cond_timedwait(&engine->changed, &engine->lock, &end);
    }
    pthread_mutex_unlock(&engine->lock);
    return usable;
}

void jt_engine_close(struct jt_engine *engine)
{
    if (engine == NULL || jt_engine_is_foreign(engine))
        return;
    bool threaded = engine->running;
    pthread_mutex_lock(&engine->lock);
    engine->closing = true;
    pthread_mutex_unlock(&engine->lock);
    if (threaded) {
        engine->options.transport->wake(engine->options.transport);
        pthread_join(engine->thread, NULL);
    }
    engine->running = false;
    while (engine->count > 0)
        let_go(engine, 0);
    pthread_cond_destroy(&engine->changed);
    pthread_mutex_destroy(&engine->lock);
    free(engine->sources);
    free(engine);
}
