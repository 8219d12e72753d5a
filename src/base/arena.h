/* SPDX-License-Identifier: Apache-2.0 */
/* Where does memory come from on the hot path? From one block the caller gave, front to back; nothing is freed alone.
 */
#ifndef JT_BASE_ARENA_H
#define JT_BASE_ARENA_H

#include <stddef.h>

struct jt_arena {
    unsigned char *at;
    size_t len;
    size_t used;
};

/* `memory` is borrowed for the arena's life; any alignment. */
void jt_arena_init(struct jt_arena *arena, void *memory, size_t len);
/* 16-byte aligned; NULL when it does not fit (the arena is then unchanged). */
void *jt_arena_take(struct jt_arena *arena, size_t bytes) __attribute__((malloc));
/* Gives back everything taken since `used` was read from the arena. */
static inline void jt_arena_rewind(struct jt_arena *arena, size_t used)
{
    arena->used = used;
}
#endif
