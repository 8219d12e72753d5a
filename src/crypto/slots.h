/* SPDX-License-Identifier: Apache-2.0 */
/* How do many threads use contexts that only one may hold at a time, without a lock? Each key has a few slots, one to a
 * cache line. A thread takes the context out of its slot, uses it and puts it back; where it finds none it makes one.
 * There are never more contexts than threads that ever used the key in the same moment, and none is freed before the
 * key is: after its first use a thread neither allocates nor waits. */
#ifndef JT_CRYPTO_SLOTS_H
#define JT_CRYPTO_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
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

static inline void jt_slots_init(struct jt_slots *slots)
{
    for (size_t i = 0; i < JT_SLOTS; i++)
        atomic_init(&slots->slot[i].context, NULL);
    atomic_init(&slots->more, NULL);
}

/* The slot where this thread looks first. Thread ids are addresses far apart: the product's high bits mix them. */
static inline size_t jt_slots_home(void)
{
    pthread_t self = pthread_self();
    uint64_t bits = 0;
    memcpy(&bits, &self, sizeof self < sizeof bits ? sizeof self : sizeof bits);
    return (size_t)((bits * UINT64_C(0x9E3779B97F4A7C15)) >> 61) % JT_SLOTS;
}

/* A context that nobody else holds, or NULL: then the caller makes one and gives that back. */
static inline void *jt_slots_take(struct jt_slots *slots)
{
    size_t home = jt_slots_home();
    for (; slots != NULL; slots = atomic_load_explicit(&slots->more, memory_order_acquire)) {
        for (size_t i = 0; i < JT_SLOTS; i++) {
            struct jt_slot *slot = &slots->slot[(home + i) % JT_SLOTS];
            if (atomic_load_explicit(&slot->context, memory_order_relaxed) == NULL)
                continue;
            void *context = atomic_exchange_explicit(&slot->context, NULL, memory_order_acquire);
            if (context != NULL)
                return context;
        }
    }
    return NULL;
}

/* False when there was no room for it and no memory for more room: the caller then frees the context. */
static inline bool jt_slots_give(struct jt_slots *slots, void *context)
{
    size_t home = jt_slots_home();
    for (;;) {
        for (size_t i = 0; i < JT_SLOTS; i++) {
            struct jt_slot *slot = &slots->slot[(home + i) % JT_SLOTS];
            void *empty = NULL;
            if (atomic_compare_exchange_strong_explicit(&slot->context, &empty, context, memory_order_release,
                                                        memory_order_relaxed))
                return true;
        }
        struct jt_slots *more = atomic_load_explicit(&slots->more, memory_order_acquire);
        if (more == NULL) {
            struct jt_slots *made = aligned_alloc(JT_CACHE_LINE, sizeof *made);
            if (made == NULL)
                return false;
            jt_slots_init(made);
            if (atomic_compare_exchange_strong_explicit(&slots->more, &more, made, memory_order_acq_rel,
                                                        memory_order_acquire))
                more = made;
            else
                free(made);
        }
        slots = more;
    }
}

/* Frees every context; nobody may hold one any more. */
static inline void jt_slots_done(struct jt_slots *slots, void (*free_context)(void *context))
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
#endif
