/* SPDX-License-Identifier: Apache-2.0 */
/* When is a remote key set fetched, and until when is it believed? The pure machine behind one source of keys:
 * (state, event, monotonic now, random) → what to do next. No clock, no input or output, no threads: a driver
 * (engine.c) carries out what it says, and a test runs a year of it in a second.
 *
 * Two regions. Data, derived from time and never stored: EMPTY, FRESH, STALE (served, refresh overdue), EXPIRED (not
 * served). Fetch, stored: IDLE (waiting for a time), INFLIGHT (at most one, ever), BACKOFF (waiting after a failure).
 *
 * What it promises, whatever the events: at most one fetch in flight; a failure never changes the set; nothing is
 * believed past its hard limit; misses fetch only as the bucket allows; a miss is never forgotten before a fetch that
 * started after it has ended; no two fetches start closer than min_gap; the time to wake at is never in the past
 * twice. */
#ifndef JT_KEYS_MACHINE_H
#define JT_KEYS_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* All in milliseconds of a monotonic clock. jetond.yaml(5) says of each under key_source what it is for. */
struct jt_machine_times {
    int64_t fresh_default, fresh_min, fresh_max; /* how long an accepted set is fresh */
    int64_t max_stale;                           /* believed this long after the last success; INT64_MAX: for ever */
    int64_t miss_interval;                       /* the miss bucket gains a token in this time… */
    int64_t miss_burst;                          /* …up to this many */
    int64_t backoff_min, backoff_max;            /* after failures while keys are at hand; a tenth while not */
    int64_t min_gap;                             /* between the starts of any two fetches */
    int64_t timeout;                             /* of one fetch; the driver aborts, the machine asserts */
    int64_t full_after;                          /* a fetch without validators at least this often */
    int64_t idle_after;                          /* without a lookup this long, polling stops */
};
/* Without `redirects`, `wait` and the like, which the machine does not know. */
#define JT_MACHINE_TIMES_DEFAULT                                                                                       \
    ((struct jt_machine_times){.fresh_default = 900000,                                                                \
                               .fresh_min = 300000,                                                                    \
                               .fresh_max = 3600000,                                                                   \
                               .max_stale = 86400000,                                                                  \
                               .miss_interval = 30000,                                                                 \
                               .miss_burst = 2,                                                                        \
                               .backoff_min = 5000,                                                                    \
                               .backoff_max = 300000,                                                                  \
                               .min_gap = 2000,                                                                        \
                               .timeout = 10000,                                                                       \
                               .full_after = 86400000,                                                                 \
                               .idle_after = 86400000})

#define JT_RETRY_AFTER_MAX 900000 /* a Retry-After is honoured up to here */

enum jt_data_state { JT_DATA_EMPTY, JT_DATA_FRESH, JT_DATA_STALE, JT_DATA_EXPIRED };
enum jt_fetch_state { JT_FETCH_IDLE, JT_FETCH_INFLIGHT, JT_FETCH_BACKOFF };
enum jt_fetch_cause { JT_CAUSE_START, JT_CAUSE_SCHEDULE, JT_CAUSE_RETRY, JT_CAUSE_MISS, JT_CAUSE_REFRESH };

enum jt_event_type {
    JT_EVENT_TIMER,        /* woken, by time or for a look at the latch */
    JT_EVENT_MISS,         /* a plausible token named a key that is not there (or, where allowed, did not fit) */
    JT_EVENT_REFRESH,      /* somebody asks for a fetch now; spends no token, keeps min_gap and Retry-After */
    JT_EVENT_LOOKUP,       /* the source was used; told at least once per idle_after while it is */
    JT_EVENT_ACCEPTED,     /* the fetch brought a usable set; `changed`, `fresh_for` */
    JT_EVENT_NOT_MODIFIED, /* 304 to a conditional request; `fresh_for` */
    JT_EVENT_FAILED,       /* anything else; `retry_after`, `rejected` when a body came and was refused */
    JT_EVENT_SEEDED        /* a last-known-good set of `age` was loaded before the start */
};

struct jt_machine_event {
    enum jt_event_type type;
    bool changed;
    bool rejected;
    int64_t fresh_for;   /* what the answer's headers say, unclamped; -1: nothing usable; 0: no-cache and the like */
    int64_t retry_after; /* -1: none */
    int64_t age;
};

struct jt_machine {
    struct jt_machine_times times;
    /* data */
    bool has_set;
    int64_t succeeded_at; /* the hard limit counts from here */
    int64_t fresh_until;
    int64_t refresh_at;
    uint64_t generation; /* a changed set was accepted this many times */
    /* fetch */
    enum jt_fetch_state fetch;
    enum jt_fetch_cause cause; /* of the fetch in flight or the last one */
    bool started;              /* any fetch so far */
    int64_t started_at;        /* of the last fetch */
    uint64_t start_count;      /* fetches started */
    uint64_t answered_count;   /* number (by start_count) of the last fetch that succeeded; 0: none */
    uint64_t success_count;
    unsigned failures;  /* in a row */
    int64_t retry_at;   /* in BACKOFF */
    int64_t not_before; /* a Retry-After that has not passed */
    bool full_next;     /* the next fetch goes without validators */
    bool full_sent;     /* the one in flight does */
    int64_t full_at;    /* when the last full answer came */
    /* misses */
    bool wanted;           /* the latch */
    uint64_t wanted_mark;  /* start_count when it was set last: a fetch numbered higher answers it */
    int64_t missed_at;     /* the last miss */
    int64_t bucket;        /* in milliseconds of refill: one token is miss_interval_now */
    int64_t bucket_at;     /* when it was counted */
    unsigned miss_stretch; /* the interval is miss_interval << this, 0 to 2 */
    bool refresh_wanted;
    int64_t looked_up_at;
};

struct jt_machine_action {
    bool fetch; /* start one now, with `cause` */
    enum jt_fetch_cause cause;
    bool full;       /* without validators */
    int64_t wake_at; /* JT_EVENT_TIMER is due then; INT64_MAX: only events wake */
};

/* Nothing is fetched before the first step. */
void jt_machine_init(struct jt_machine *machine, const struct jt_machine_times *times, int64_t now);

/* The one transition. `random`: 64 fresh random bits. ACCEPTED, NOT_MODIFIED and FAILED belong to the fetch in flight;
 * without one they are ignored. */
struct jt_machine_action jt_machine_step(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now,
                                         uint64_t random);

enum jt_data_state jt_machine_data(const struct jt_machine *machine, int64_t now);
/* FRESH and STALE: the set may be used. */
bool jt_machine_usable(const struct jt_machine *machine, int64_t now);
/* When the set stops being usable; INT64_MAX: never; 0 when there is none. */
int64_t jt_machine_usable_until(const struct jt_machine *machine);
const char *jt_cause_name(enum jt_fetch_cause cause);
const char *jt_data_state_name(enum jt_data_state state);
#endif
