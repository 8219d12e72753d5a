/* SPDX-License-Identifier: Apache-2.0 */
/* How do many threads use contexts that only one may hold at a time, without a lock? What is done where they meet. */
#include "crypto/slots.h"

#include <stdlib.h>

void jt_slots_init(struct jt_slots *slots)
{
    for (size_t i = 0; i < JT_SLOTS; i++)
        atomic_init(&slots->slot[i].context, NULL);
    atomic_init(&slots->more, NULL);
}

void *jt_slots_take_any(struct jt_slots *slots, size_t home)
{
    for (; slots != NULL; slots = atomic_load_explicit(&slots->more, memory_order_acquire)) {
        for (size_t i = 0; i < JT_SLOTS; i++) {
            void *context = jt_slot_take(&slots->slot[(home + i) % JT_SLOTS]);
            if (context != NULL)
                return context;
        }
    }
    return NULL;
}

/* The block behind, made where there is none; NULL: no memory. */
static struct jt_slots *more_of(struct jt_slots *slots)
{
    struct jt_slots *more = atomic_load_explicit(&slots->more, memory_order_acquire);
    if (more != NULL)
        return more;
    struct jt_slots *made = aligned_alloc(JT_CACHE_LINE, sizeof *made);
    if (made == NULL)
        return NULL;
    jt_slots_init(made);
    if (atomic_compare_exchange_strong_explicit(&slots->more, &more, made, memory_order_acq_rel, memory_order_acquire))
        return made;
    free(made);
    return more;
}

bool jt_slots_give_any(struct jt_slots *slots, size_t home, void *context)
{
    for (; slots != NULL; slots = more_of(slots))
        for (size_t i = 0; i < JT_SLOTS; i++)
            if (jt_slot_give(&slots->slot[(home + i) % JT_SLOTS], context))
                return true;
    return false;
}

void jt_slots_done(struct jt_slots *slots, void (*free_context)(void *context))
{
    struct jt_slots *more = NULL;
    for (struct jt_slots *block = slots; block != NULL; block = more) {
        for (size_t i = 0; i < JT_SLOTS; i++) {
            void *context = atomic_load_explicit(&block->slot[i].context, memory_order_acquire);
            if (context != NULL)
                free_context(context);
        }
        more = atomic_load_explicit(&block->more, memory_order_acquire);
        if (block != slots)
            free(block);
    }
}
