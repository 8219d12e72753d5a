/* SPDX-License-Identifier: Apache-2.0 */
/* Who is still reading? See readers.h.
 *
 * Why an old value is safe to free once the counters of the phase before the turn were seen at zero, each at some time
 * after the turn: a reader whose second look at the phase succeeded either counted itself in before the turn — then its
 * stripe was not zero until it left — or read the phase after the turn, and then it looks for the value after it was
 * taken out of reach. What is taken out of reach after the turn waits for the next one. Phases are told apart by one
 * bit; that is enough because a turn is made only when the counters of the phase before the last were at zero. */
#include "keys/readers.h"

#include <pthread.h>

/* Threads spread over the stripes by the address of their descriptor; any spread is right, an even one is fast. */
static unsigned stripe_of_this_thread(void)
{
    uint64_t self = (uint64_t)(uintptr_t)pthread_self();
    return (unsigned)((self * UINT64_C(0x9E3779B97F4A7C15)) >> 59);
}
_Static_assert(JT_READERS_STRIPES == 32, "stripe_of_this_thread takes the top five bits");

jt_reader jt_readers_enter(struct jt_readers *readers)
{
    unsigned stripe = stripe_of_this_thread();
    for (;;) {
        uint_fast64_t phase = atomic_load(&readers->phase);
        jt_reader reader = &readers->stripes[stripe].inside[phase & 1];
        atomic_fetch_add(reader, 1);
        if (atomic_load(&readers->phase) == phase)
            return reader;
        atomic_fetch_sub(reader, 1); /* turned in between: count in under the new phase */
    }
}

void jt_readers_turn(struct jt_readers *readers)
{
    atomic_fetch_add(&readers->phase, 1);
}

bool jt_readers_gone(struct jt_readers *readers)
{
    unsigned before = (unsigned)((atomic_load(&readers->phase) + 1) & 1);
    for (unsigned i = 0; i < JT_READERS_STRIPES; i++)
        if (atomic_load(&readers->stripes[i].inside[before]) != 0)
            return false;
    return true;
}
