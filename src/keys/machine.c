/* SPDX-License-Identifier: Apache-2.0 */
/* When is a remote key set fetched, and until when is it believed? See machine.h. Read jt_machine_step first: an event
 * changes the state, then `decide` looks at the state alone and says what to do. */
#include "keys/machine.h"

#include <assert.h>
#include <stddef.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* now + span without running over. */
static int64_t later(int64_t now, int64_t span)
{
    return now > 0 && span > INT64_MAX - now ? INT64_MAX : now + span;
}

/* `span` × a fraction drawn evenly from [low, high) thousandths. */
static int64_t spread(int64_t span, int64_t low, int64_t high, uint64_t random)
{
    int64_t thousandths = low + (int64_t)((random >> 16) % (uint64_t)(high - low));
    return span / 1000 * thousandths + span % 1000 * thousandths / 1000;
}

void jt_machine_init(struct jt_machine *machine, const struct jt_machine_times *times, int64_t now)
{
    *machine = (struct jt_machine){.times = *times, .bucket_at = now, .looked_up_at = now};
    machine->bucket = times->miss_burst * times->miss_interval;
}

enum jt_data_state jt_machine_data(const struct jt_machine *machine, int64_t now)
{
    if (!machine->has_set)
        return JT_DATA_EMPTY;
    if (now >= jt_machine_usable_until(machine))
        return JT_DATA_EXPIRED;
    return now < machine->fresh_until ? JT_DATA_FRESH : JT_DATA_STALE;
}

bool jt_machine_usable(const struct jt_machine *machine, int64_t now)
{
    return machine->has_set && now < jt_machine_usable_until(machine);
}

int64_t jt_machine_usable_until(const struct jt_machine *machine)
{
    return machine->has_set ? later(machine->succeeded_at, machine->times.max_stale) : 0;
}

/* --- The miss bucket: refilled continuously, counted in milliseconds of refill --- */

static int64_t miss_interval(const struct jt_machine *machine)
{
    return machine->times.miss_interval << machine->miss_stretch;
}

static void refill(struct jt_machine *machine, int64_t now)
{
    int64_t full = machine->times.miss_burst * miss_interval(machine);
    machine->bucket = smaller(later(machine->bucket, larger(0, now - machine->bucket_at)), full);
    machine->bucket_at = now;
}

static bool bucket_has_token(const struct jt_machine *machine)
{
    return machine->bucket >= miss_interval(machine);
}

/* After quiet times a flood is over: the interval is the configured one again. The bucket keeps its share of full. */
static void stretch(struct jt_machine *machine, unsigned by)
{
    if (by > machine->miss_stretch)
        machine->bucket <<= by - machine->miss_stretch;
    else
        machine->bucket >>= machine->miss_stretch - by;
    machine->miss_stretch = by;
}

/* --- What an event does to the state --- */

static int64_t clamp_fresh(const struct jt_machine_times *times, int64_t fresh_for)
{
    if (fresh_for < 0)
        return times->fresh_default;
    return larger(times->fresh_min, smaller(fresh_for, times->fresh_max));
}

/* Times run down from here; the first set after a start is refreshed earlier and more spread, so that a fleet started
 * together does not stay together. */
static void succeed(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now, uint64_t random)
{
    int64_t fresh_for = clamp_fresh(&machine->times, event->fresh_for);
    bool first = machine->success_count == 0;
    machine->success_count++;
    machine->answered_count = machine->start_count;
    machine->succeeded_at = now;
    machine->fresh_until = later(now, fresh_for);
    machine->refresh_at = later(now, spread(fresh_for, first ? 500 : 750, 900, random));
    machine->failures = 0;
    machine->not_before = 0;
    machine->fetch = JT_FETCH_IDLE;
    if (machine->wanted && machine->wanted_mark < machine->start_count)
        machine->wanted = false;
}

static void accept(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now, uint64_t random)
{
    bool changed = event->type == JT_EVENT_ACCEPTED && (event->changed || !machine->has_set);
    if (event->type == JT_EVENT_ACCEPTED) {
        machine->has_set = true;
        machine->full_at = now;
        machine->full_next = false;
    }
    if (changed) {
        machine->generation++;
        stretch(machine, 0);
    } else if (machine->cause == JT_CAUSE_MISS && machine->miss_stretch < 2) {
        stretch(machine, machine->miss_stretch + 1);
    }
    succeed(machine, event, now, random);
}

/* The set, its times and the validators stay as they are; the token of a miss is not given back. */
static void fail(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now, uint64_t random)
{
    bool usable = jt_machine_usable(machine, now);
    int64_t least = usable ? machine->times.backoff_min : larger(1, machine->times.backoff_min / 10);
    int64_t most = usable ? machine->times.backoff_max : larger(1, machine->times.backoff_max / 10);
    int64_t wait = machine->failures < 20 ? smaller(most, least << machine->failures) : most;
    wait = larger(1, spread(wait, 500, 1000, random));
    if (event->retry_after >= 0) {
        wait = larger(wait, smaller(event->retry_after, JT_RETRY_AFTER_MAX));
        machine->not_before = later(now, wait);
    }
    if (machine->failures < 1000)
        machine->failures++;
    machine->full_next = machine->full_next || event->rejected;
    if (machine->cause == JT_CAUSE_MISS && machine->miss_stretch < 2) /* it changed nothing either */
        stretch(machine, machine->miss_stretch + 1);
    machine->retry_at = later(now, wait);
    machine->fetch = JT_FETCH_BACKOFF;
    /* A miss that this fetch was to answer waits for the next one: wanted stays set. */
}

static void miss(struct jt_machine *machine, int64_t now)
{
    int64_t quiet = 30 * machine->times.miss_interval;
    if (machine->miss_stretch > 0 && now - machine->missed_at >= quiet)
        stretch(machine, 0);
    machine->missed_at = now;
    machine->wanted = true;
    machine->wanted_mark = machine->start_count;
}

static void seed(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now)
{
    if (machine->has_set || event->age < 0)
        return;
    machine->has_set = true;
    machine->generation++;
    machine->succeeded_at = now - event->age;
    machine->fresh_until = now;
    machine->refresh_at = now;
    machine->full_next = true;
}

static void apply(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now, uint64_t random)
{
    switch (event->type) {
    case JT_EVENT_TIMER:
        return;
    case JT_EVENT_MISS:
        miss(machine, now);
        return;
    case JT_EVENT_REFRESH:
        machine->refresh_wanted = true;
        return;
    case JT_EVENT_LOOKUP:
        machine->looked_up_at = now;
        return;
    case JT_EVENT_SEEDED:
        seed(machine, event, now);
        return;
    case JT_EVENT_ACCEPTED:
        if (machine->fetch == JT_FETCH_INFLIGHT)
            accept(machine, event, now, random);
        return;
    case JT_EVENT_NOT_MODIFIED:
        if (machine->fetch == JT_FETCH_INFLIGHT && machine->has_set && !machine->full_sent)
            accept(machine, event, now, random);
        else if (machine->fetch == JT_FETCH_INFLIGHT)
            fail(machine, event, now, random);
        return;
    case JT_EVENT_FAILED:
        if (machine->fetch == JT_FETCH_INFLIGHT)
            fail(machine, event, now, random);
        return;
    }
}

/* --- What the state asks for --- */

struct due {
    int64_t at;
    enum jt_fetch_cause cause;
};

/* The fetch that time alone asks for; INT64_MAX while nobody uses the source. */
static struct due due_by_time(const struct jt_machine *machine, int64_t now)
{
    if (!machine->started)
        return (struct due){now, JT_CAUSE_START};
    if (now - machine->looked_up_at >= machine->times.idle_after)
        return (struct due){INT64_MAX, JT_CAUSE_SCHEDULE};
    if (machine->fetch == JT_FETCH_BACKOFF)
        return (struct due){machine->retry_at, JT_CAUSE_RETRY};
    return (struct due){machine->refresh_at, JT_CAUSE_SCHEDULE};
}

static struct due due_by_miss(const struct jt_machine *machine, int64_t now)
{
    if (!machine->wanted)
        return (struct due){INT64_MAX, JT_CAUSE_MISS};
    if (bucket_has_token(machine))
        return (struct due){now, JT_CAUSE_MISS};
    return (struct due){later(now, miss_interval(machine) - machine->bucket), JT_CAUSE_MISS};
}

/* The earliest of what is asked for, moved behind what forbids it. */
static struct due next_due(const struct jt_machine *machine, int64_t now)
{
    struct due due = due_by_time(machine, now);
    struct due by_miss = due_by_miss(machine, now);
    if (machine->refresh_wanted)
        due = (struct due){now, JT_CAUSE_REFRESH};
    if (by_miss.at < due.at)
        due = by_miss;
    due.at = larger(due.at, machine->not_before);
    if (machine->started)
        due.at = larger(due.at, later(machine->started_at, machine->times.min_gap));
    return due;
}

static void start(struct jt_machine *machine, enum jt_fetch_cause cause, int64_t now)
{
    assert(machine->fetch != JT_FETCH_INFLIGHT);
    if (cause == JT_CAUSE_MISS)
        machine->bucket -= miss_interval(machine);
    machine->fetch = JT_FETCH_INFLIGHT;
    machine->cause = cause;
    machine->started = true;
    machine->started_at = now;
    machine->start_count++;
    machine->refresh_wanted = false;
}

static struct jt_machine_action decide(struct jt_machine *machine, int64_t now)
{
    struct jt_machine_action action = {.wake_at = INT64_MAX};
    if (machine->fetch == JT_FETCH_INFLIGHT)
        return action; /* its end is the next event */
    struct due due = next_due(machine, now);
    if (due.at > now) {
        action.wake_at = due.at;
        return action;
    }
    action.fetch = true;
    action.cause = due.cause;
    action.full = machine->full_next || !machine->has_set || now - machine->full_at >= machine->times.full_after;
    machine->full_sent = action.full;
    start(machine, due.cause, now);
    return action;
}

struct jt_machine_action jt_machine_step(struct jt_machine *machine, const struct jt_machine_event *event, int64_t now,
                                         uint64_t random)
{
    refill(machine, now);
    apply(machine, event, now, random);
    return decide(machine, now);
}

const char *jt_cause_name(enum jt_fetch_cause cause)
{
    static const char *const names[] = {"start", "schedule", "retry", "miss", "refresh"};
    return names[cause];
}

const char *jt_data_state_name(enum jt_data_state state)
{
    static const char *const names[] = {"empty", "fresh", "stale", "expired"};
    return names[state];
}
