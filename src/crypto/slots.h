/* SPDX-License-Identifier: Apache-2.0 */
/* How do many threads use contexts that only one may hold at a time, without a lock? Each key has a few slots, one to a
 * cache line. A thread takes the context out of its slot, uses it and puts it back; where it finds none it makes one.
 * There are never more contexts than threads that ever used the key in the same moment, and none is freed before the
 * key is: after its first use a thread neither allocates nor waits. */
#ifndef JT_CRYPTO_SLOTS_H
#define JT_CRYPTO_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define JT_SLOTS 8
#define JT_CACHE_LINE 64

struct jt_slot {
    _Alignas(JT_CACHE_LINE) _Atomic(void *) context;
};

/* More than JT_SLOTS threads at once go on to further blocks. */
struct jt_slots {
    struct jt_slot slot[JT_SLOTS];
    _Alignas(JT_CACHE_LINE) _Atomic(struct jt_slots *) more;
};

void jt_slots_init(struct jt_slots *slots);
/* Frees every context; nobody may hold one any more. */
void jt_slots_done(struct jt_slots *slots, void (*free_context)(void *context));
/* jt_slots_take() and jt_slots_give() where another thread was at the slot first. */
void *jt_slots_take_any(struct jt_slots *slots, size_t home);
bool jt_slots_give_any(struct jt_slots *slots, size_t home, void *context);

/* The slot where this thread looks first. Thread ids are addresses far apart: the product's high bits mix them. */
static inline size_t jt_slots_home(void)
{
    pthread_t self = pthread_self();
    uint64_t bits = 0;
    memcpy(&bits, &self, sizeof self < sizeof bits ? sizeof self : sizeof bits);
    return (size_t)((bits * UINT64_C(0x9E3779B97F4A7C15)) >> 61) % JT_SLOTS;
}

static inline void *jt_slot_take(struct jt_slot *slot)
{
    if (atomic_load_explicit(&slot->context, memory_order_relaxed) == NULL)
        return NULL;
    return atomic_exchange_explicit(&slot->context, NULL, memory_order_acquire);
}

static inline bool jt_slot_give(struct jt_slot *slot, void *context)
{
    void *empty = NULL;
    return atomic_compare_exchange_strong_explicit(&slot->context, &empty, context, memory_order_release,
                                                   memory_order_relaxed);
}

/* A context that nobody else holds, or NULL: then the caller makes one and gives that back. */
static inline void *jt_slots_take(struct jt_slots *slots, size_t home)
{
    void *context = jt_slot_take(&slots->slot[home]);
    return context != NULL ? context : jt_slots_take_any(slots, home);
}

/* False when there was no room for it and no memory for more room: the caller then frees the context. */
static inline bool jt_slots_give(struct jt_slots *slots, size_t home, void *context)
{
    return jt_slot_give(&slots->slot[home], context) || jt_slots_give_any(slots, home, context);
}
#endif
