/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are there right now? See snapshot.h. */
#include "keys/snapshot.h"

#include <sched.h>
#include <stddef.h>
#include <string.h>

void jt_snapshot_init(struct jt_snapshot *snapshot, void (*free_value)(void *value))
{
    jt_readers_init(&snapshot->readers);
    atomic_init(&snapshot->current, NULL);
    snapshot->retired_count = snapshot->waiting = 0;
    snapshot->free_value = free_value;
}

void jt_snapshot_done(struct jt_snapshot *snapshot)
{
    for (unsigned i = 0; i < snapshot->retired_count; i++)
        snapshot->free_value(snapshot->retired[i]);
    void *value = atomic_exchange(&snapshot->current, NULL);
    if (value != NULL)
        snapshot->free_value(value);
    snapshot->retired_count = snapshot->waiting = 0;
}

struct jt_snapshot_guard jt_snapshot_enter(struct jt_snapshot *snapshot)
{
    jt_reader reader = jt_readers_enter(&snapshot->readers);
    return (struct jt_snapshot_guard){atomic_load(&snapshot->current), reader};
}

void jt_snapshot_leave(struct jt_snapshot_guard *guard)
{
    jt_readers_leave(guard->reader);
    *guard = (struct jt_snapshot_guard){NULL, NULL};
}

bool jt_snapshot_collect(struct jt_snapshot *snapshot)
{
    while (snapshot->retired_count > 0) {
        if (snapshot->waiting == 0) {
            jt_readers_turn(&snapshot->readers);
            snapshot->waiting = snapshot->retired_count;
        }
        if (!jt_readers_gone(&snapshot->readers))
            return false;
        for (unsigned i = 0; i < snapshot->waiting; i++)
            snapshot->free_value(snapshot->retired[i]);
        snapshot->retired_count -= snapshot->waiting;
        memmove(snapshot->retired, snapshot->retired + snapshot->waiting,
                snapshot->retired_count * sizeof snapshot->retired[0]);
        snapshot->waiting = 0;
    }
    return true;
}

void jt_snapshot_drain(struct jt_snapshot *snapshot)
{
    while (snapshot->waiting > 0 && !jt_snapshot_collect(snapshot)) /* one turn at a time */
        sched_yield();
    jt_readers_turn(&snapshot->readers);
    while (!jt_readers_gone(&snapshot->readers))
        sched_yield();
}

bool jt_snapshot_publish(struct jt_snapshot *snapshot, void *value)
{
    jt_snapshot_collect(snapshot);
    if (snapshot->retired_count == JT_SNAPSHOT_RETIRED)
        return false;
    void *old = atomic_exchange(&snapshot->current, value);
    if (old != NULL)
        snapshot->retired[snapshot->retired_count++] = old;
    jt_snapshot_collect(snapshot);
    return true;
}
