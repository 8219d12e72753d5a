/* SPDX-License-Identifier: Apache-2.0 */
/* What of the start is not needed any more? Loading libraries, reading YAML, making a key: megabytes of code that an
 * idle server does not run again. They are clean pages of files, so dropping them costs a fault when they are wanted.
 */
#include "server/start_memory.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that are not writable were never written, relocations stand in the writable ones: they equal their file. */
static int give_back_object(struct dl_phdr_info *object, size_t size, void *context)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)context;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t from = (uintptr_t)object->dlpi_addr + (uintptr_t)segment->p_vaddr;
        uintptr_t to = (from + (uintptr_t)segment->p_filesz) / page * page;

        from = (from + page - 1) / page * page;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0 && from < to)
            (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 0;
}

void jt_start_memory_give_back(void)
{
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(give_back_object, NULL);
}
