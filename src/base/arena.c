/* SPDX-License-Identifier: Apache-2.0 */
/* Where does memory come from on the hot path? One block, front to back. */
#include "base/arena.h"

#include <stdint.h>

enum { ALIGNMENT = 16 };

void jt_arena_init(struct jt_arena *arena, void *memory, size_t len)
{
    *arena = (struct jt_arena){memory, memory != NULL ? len : 0, 0};
}

void *jt_arena_take(struct jt_arena *arena, size_t bytes)
{
    if (arena->at == NULL)
        return NULL;
    /* The block may start anywhere: it is the address that is aligned, not the offset. */
    size_t gap = (size_t)(-((uintptr_t)arena->at + arena->used) & (ALIGNMENT - 1));
    size_t left = arena->len - arena->used;
    if (gap > left || bytes > left - gap)
        return NULL;
    void *taken = arena->at + arena->used + gap;
    arena->used += gap + bytes;
    return taken;
}
