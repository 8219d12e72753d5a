/* SPDX-License-Identifier: Apache-2.0 */
/* Who is still reading? Two-phase reader counters, striped over cache lines: readers never wait, lock or allocate, and
 * whoever replaces something finds out, without waiting, when nobody can hold the old one any more.
 *
 * A reader counts itself in under the current phase and looks again whether the phase still holds. The publisher takes
 * the old value out of reach, turns the phase, and the old value is free once every counter of the phase before has
 * been seen at zero. All of it is read-modify-write with sequential consistency, so that ThreadSanitizer can judge it.
 * No registration of threads; a reader may leave in another thread than it entered in, and entering nests. */
#ifndef JT_KEYS_READERS_H
#define JT_KEYS_READERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JT_READERS_STRIPES 32

struct jt_readers {
    struct {
        _Alignas(128) atomic_uint_fast64_t inside[2];
    } stripes[JT_READERS_STRIPES];
    _Alignas(128) atomic_uint_fast64_t phase;
};

typedef atomic_uint_fast64_t *jt_reader; /* where this reader is counted; NULL: nowhere */

static inline void jt_readers_init(struct jt_readers *readers)
{
    for (unsigned i = 0; i < JT_READERS_STRIPES; i++) {
        atomic_init(&readers->stripes[i].inside[0], 0);
        atomic_init(&readers->stripes[i].inside[1], 0);
    }
    atomic_init(&readers->phase, 0);
}

/* From here on until it leaves, nothing that is reachable now is freed. */
jt_reader jt_readers_enter(struct jt_readers *readers);
static inline void jt_readers_leave(jt_reader reader)
{
    if (reader != NULL)
        atomic_fetch_sub(reader, 1);
}

/* The publisher's alone: begins a grace period for all that was taken out of reach before. Only one at a time: the
 * next may begin when jt_readers_gone() has said yes. */
void jt_readers_turn(struct jt_readers *readers);
/* Whether the readers of before the turn have all left. Never waits. */
bool jt_readers_gone(struct jt_readers *readers);
#endif
