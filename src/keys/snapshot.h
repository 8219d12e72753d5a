/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are there right now? One pointer to an immutable value, swapped whole. Readers never wait; neither does
 * the publisher: what it replaced is freed later, when nobody can hold it any more (readers.h). */
#ifndef JT_KEYS_SNAPSHOT_H
#define JT_KEYS_SNAPSHOT_H

#include "keys/readers.h"

#define JT_SNAPSHOT_RETIRED 8

struct jt_snapshot {
    struct jt_readers readers;
    _Atomic(void *) current;
    /* The publisher's alone: values replaced and not yet freed, oldest first. A grace period covers the first
     * `waiting`; the ones behind wait for the next. */
    void *retired[JT_SNAPSHOT_RETIRED];
    unsigned retired_count;
    unsigned waiting;
    void (*free_value)(void *value);
};

/* `free_value` runs in the publisher's thread. */
void jt_snapshot_init(struct jt_snapshot *snapshot, void (*free_value)(void *value));
/* Frees the current value and all retired ones. No reader may be inside or come. */
void jt_snapshot_done(struct jt_snapshot *snapshot);

struct jt_snapshot_guard {
    void *value; /* may be NULL: nothing published yet. Good until the guard is left */
    jt_reader reader;
};
struct jt_snapshot_guard jt_snapshot_enter(struct jt_snapshot *snapshot);
/* Leaving twice is leaving once. */
void jt_snapshot_leave(struct jt_snapshot_guard *guard);

/* Swaps in `value` (ownership taken; NULL withdraws what is there). False, and nothing happened, while
 * JT_SNAPSHOT_RETIRED old values are still being read: collect and try later. One publisher at a time. */
bool jt_snapshot_publish(struct jt_snapshot *snapshot, void *value);
/* Frees what can be freed by now; never waits. True when nothing retired is left. The publisher calls it from its
 * timer. */
bool jt_snapshot_collect(struct jt_snapshot *snapshot);
/* Waits until every reader that is inside now has left, for as long as a reader takes. The publisher's, and of no
 * thread that is a reader itself. */
void jt_snapshot_drain(struct jt_snapshot *snapshot);
#endif
