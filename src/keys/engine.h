/* SPDX-License-Identifier: Apache-2.0 */
/* Who makes the sources move? One engine for any number of them: it asks each machine what to do, starts fetches,
 * publishes what they bring and sleeps until the next is due. Three ways to drive it: a thread of its own, the caller's
 * loop (step when the deadline or a wake-up says so), or by hand with a virtual clock. Clock, randomness and transport
 * are parameters.
 *
 * Fork: a child may go on reading the sets it has; the engine does not run in it until it is started anew there. */
#ifndef JT_KEYS_ENGINE_H
#define JT_KEYS_ENGINE_H

#include "keys/source.h"
#include "keys/transport.h"

/* What happened to a source, for logs; called from the engine, never under a lock. Borrowed for the call. */
enum jt_source_event_type {
    JT_SOURCE_FETCHED,   /* a fetch ended well and is seen by readers; `changed`: it brought another set */
    JT_SOURCE_FAILED,    /* a fetch or a body was no good; `detail` says cause and remedy */
    JT_SOURCE_STATE,     /* the data state changed */
    JT_SOURCE_DISJOINT,  /* the new set shares no key with the old: an emergency rotation, or a takeover */
    JT_SOURCE_SAVED_BAD, /* the last-known-good file was damaged, foreign or too old, and is ignored */
    JT_SOURCE_HELD       /* readers hold too many old sets; the new one waits */
};
struct jt_source_event {
    enum jt_source_event_type type;
    const struct jt_source *source;
    enum jt_fetch_cause cause;
    enum jt_data_state state;
    bool changed;
    size_t keys, skipped;
    int64_t took_ms;
    const char *detail;
};

struct jt_engine_options {
    int64_t (*clock_ms)(void *context); /* monotonic */
    int64_t (*wall)(void *context);     /* seconds since 1970; last-known-good files only */
    uint64_t (*random)(void *context);
    void *context;                  /* for the three above */
    struct jt_transport *transport; /* borrowed; closed by its owner after the engine */
    void (*event)(void *context, const struct jt_source_event *event); /* may be NULL */
    void *event_context;
};

JT_CHECKED jt_engine_open(const struct jt_engine_options *options, struct jt_engine **out);
/* Stops the thread if there is one, aborts what is in flight, lets go of all sources. Waits for readers that are inside
 * a source, never for the network. In a forked child it does nothing, and its memory stays: what the thread was at when
 * the fork came is not known, and the connections are the parent's. */
void jt_engine_close(struct jt_engine *engine);

/* The engine moves the source from its next step on; it must be let go of before it is closed. While a thread runs,
 * both are done by that thread before they return. */
JT_CHECKED jt_engine_add(struct jt_engine *engine, struct jt_source *source);
void jt_engine_remove(struct jt_engine *engine, struct jt_source *source);

/* Does all that is due now, and gives the monotonic time of the next thing; waits in the transport until `until_ms`, an
 * answer or a wake-up, whichever comes first; `until_ms` in the past does not wait. */
int64_t jt_engine_step(struct jt_engine *engine, int64_t until_ms);
/* From any thread, also from a reader: look again. */
void jt_engine_wake(struct jt_engine *engine);
/* The engine's clock. Any thread. */
int64_t jt_engine_now(const struct jt_engine *engine);
/* Whether a thread of its own drives it; how many fetches are in flight (the driver's question); whether this process
 * is another than the one that opened it: nothing moves then. */
bool jt_engine_runs(const struct jt_engine *engine);
size_t jt_engine_in_flight(const struct jt_engine *engine);
bool jt_engine_is_foreign(const struct jt_engine *engine);
/* Steps in a thread of its own until the engine is closed; all signals are blocked there. */
JT_CHECKED jt_engine_start(struct jt_engine *engine);
/* Asks for a fetch now; spends no token, keeps the gap and a Retry-After. */
void jt_engine_refresh(struct jt_engine *engine, struct jt_source *source);
/* Waits until the source has had a usable set, or until the deadline (monotonic ms). Only while a thread drives. */
bool jt_engine_wait(struct jt_engine *engine, struct jt_source *source, int64_t until_ms);
#endif
