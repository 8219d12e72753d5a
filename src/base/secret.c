/* SPDX-License-Identifier: Apache-2.0 */
/* Where do secrets live? Each in pages of its own between two that nobody may touch, flush with the upper one, so that
 * reading on past the end faults at once. */
#include "base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

enum { ALIGNMENT = 16 };

void jt_wipe(void *at, size_t len)
{
    if (at != NULL && len > 0)
        explicit_bzero(at, len);
}

/* The whole mapping of a secret of `len` bytes: guard, pages, guard. 0 when it cannot be counted. */
static size_t mapped(size_t len, size_t page)
{
    if (len > SIZE_MAX / 2)
        return 0;
    return (len + page - 1) / page * page + 2 * page;
}

enum jeton_status jt_secret_new(size_t len, struct jt_secret *out)
{
    if (len == 0) {
        *out = (struct jt_secret){NULL, 0};
        return JETON_OK;
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = mapped(len, page);
    if (whole == 0)
        return JETON_OUT_OF_MEMORY;
    unsigned char *start = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return JETON_OUT_OF_MEMORY;
    size_t inner = whole - 2 * page;
    if (mprotect(start + page, inner, PROT_READ | PROT_WRITE) != 0 ||
        madvise(start + page, inner, MADV_DONTDUMP) != 0) {
        munmap(start, whole);
        return JETON_OUT_OF_MEMORY;
    }
    /* Refused when RLIMIT_MEMLOCK is used up: the secret is then no worse off than any other memory. */
    (void)mlock(start + page, inner);
    size_t taken = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *out = (struct jt_secret){start + page + inner - taken, len};
    return JETON_OK;
}

enum jeton_status jt_secret_copy(struct jeton_bytes bytes, struct jt_secret *out)
{
    struct jt_secret copy;
    JT_TRY(jt_secret_new(bytes.len, &copy));
    if (bytes.len > 0)
        memcpy(copy.at, bytes.at, bytes.len);
    *out = copy;
    return JETON_OK;
}

void jt_secret_done(struct jt_secret *secret)
{
    if (secret == NULL || secret->at == NULL)
        return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t past_page = (size_t)((uintptr_t)secret->at % page);
    jt_wipe(secret->at, secret->len);
    /* munmap() unlocks, too. */
    munmap(secret->at - past_page - page, mapped(secret->len, page));
    *secret = (struct jt_secret){NULL, 0};
}
