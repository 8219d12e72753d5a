/* SPDX-License-Identifier: Apache-2.0 */
/* Where do the texts of a configuration live? In blocks that belong to the filled struct and go with it; wiped, since
 * the environment may have brought a secret. */
#include <stdlib.h>

#include "base/secret.h"
#include "server/config/read.h"

struct block {
    struct block *next;
    size_t len;
    max_align_t bytes[];
};

void *jt_config_take(struct jt_config_memory *memory, size_t len)
{
    struct block *block = calloc(1, sizeof *block + len);

    if (block == NULL)
        return NULL;
    block->next = memory->blocks;
    block->len = len;
    memory->blocks = block;
    return block->bytes;
}

void jt_config_memory_done(struct jt_config_memory *memory)
{
    struct block *next;

    for (struct block *block = memory->blocks; block != NULL; block = next) {
        next = block->next;
        jt_wipe(block->bytes, block->len);
        free(block);
    }
    memory->blocks = NULL;
}
