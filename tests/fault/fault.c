/* SPDX-License-Identifier: Apache-2.0 */
/* How is the n-th call made to fail? The linker sends each call of the rooms through a wrapper here (--wrap, the list
 * in meson.build); the crypto library gets its memory through the same counter. The program prints a TAP case for each
 * scenario and kind. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "fault.h"

/* No scenario is this long; a loop that gets here does not end. */
enum { RUNS_MAX = 20000 };

static struct {
    _Atomic bool armed;
    atomic_int paused;
    unsigned kind;
    atomic_ulong until; /* calls of the kind that still succeed */
    _Atomic bool hit;
} plan;

void fault_pause(void)
{
    atomic_fetch_add(&plan.paused, 1);
}

void fault_resume(void)
{
    atomic_fetch_sub(&plan.paused, 1);
}

/* One call fails, the ones after it succeed again. */
bool fault_fails(unsigned kind)
{
    if (!atomic_load(&plan.armed) || plan.kind != kind || atomic_load(&plan.paused) > 0 || atomic_load(&plan.hit))
        return false;
    if (atomic_fetch_sub(&plan.until, 1) != 0)
        return false;
    atomic_store(&plan.hit, true);
    return true;
}

static bool memory_fails(void)
{
    if (!fault_fails(FAULT_MEMORY))
        return false;
    errno = ENOMEM;
    return true;
}

static bool file_fails(void)
{
    if (!fault_fails(FAULT_FILE))
        return false;
    errno = EIO;
    return true;
}

/* The real functions come by the linker under __real_…, the wrappers go under __wrap_…. */
#define WRAP(result, name, parameters, arguments, failing, failure)                                                    \
    result __real_##name parameters;                                                                                   \
    result __wrap_##name parameters;                                                                                   \
    result __wrap_##name parameters                                                                                    \
    {                                                                                                                  \
        return failing() ? (failure) : __real_##name arguments;                                                        \
    }

WRAP(void *, malloc, (size_t size), (size), memory_fails, NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), memory_fails, NULL)
WRAP(void *, realloc, (void *old, size_t size), (old, size), memory_fails, NULL)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size), (old, count, size), memory_fails, NULL)
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size), memory_fails, NULL)
WRAP(char *, strdup, (const char *text), (text), memory_fails, NULL)
WRAP(char *, strndup, (const char *text, size_t len), (text, len), memory_fails, NULL)
WRAP(int, vasprintf, (char **out, const char *format, va_list list), (out, format, list), memory_fails, -1)
WRAP(void *, mmap, (void *at, size_t len, int protection, int flags, int fd, off_t offset),
     (at, len, protection, flags, fd, offset), memory_fails, MAP_FAILED)
WRAP(ssize_t, read, (int fd, void *out, size_t len), (fd, out, len), file_fails, -1)
WRAP(ssize_t, write, (int fd, const void *from, size_t len), (fd, from, len), file_fails, -1)
WRAP(int, fsync, (int fd), (fd), file_fails, -1)
WRAP(int, fstat, (int fd, struct stat *out), (fd, out), file_fails, -1)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), file_fails, -1)
WRAP(int, rename, (const char *from, const char *to), (from, to), file_fails, -1)

int __wrap_asprintf(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list list;
    int len;

    if (memory_fails())
        return -1;
    va_start(list, format);
    len = __real_vasprintf(out, format, list);
    va_end(list);
    return len;
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    return memory_fails() ? ENOMEM : __real_posix_memalign(out, alignment, size);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    va_list list;
    mode_t mode;

    if (file_fails())
        return -1;
    va_start(list, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return __real_open(path, flags, mode);
}

static bool random_fails(void)
{
    return fault_fails(FAULT_RANDOM);
}
WRAP(ssize_t, getrandom, (void *out, size_t len, unsigned flags), (out, len, flags), random_fails, -1)
WRAP(int, RAND_bytes, (unsigned char *out, int len), (out, len), random_fails, 0)
WRAP(int, RAND_priv_bytes, (unsigned char *out, int len), (out, len), random_fails, 0)

/* --- The crypto library's memory. --- */

static void *crypto_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size == 0 ? NULL : __wrap_malloc(size);
}

static void *crypto_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return __wrap_realloc(old, size);
}

static void crypto_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

/* --- Running. --- */

static const char *kind_name(unsigned kind)
{
    return kind == FAULT_MEMORY ? "memory" : kind == FAULT_FILE ? "file" : "random";
}

static bool allowed(const struct fault_scenario *scenario, unsigned kind, enum jeton_status status)
{
    return status == scenario->expected || status == JETON_OUT_OF_MEMORY || status == JETON_INTERNAL_ERROR ||
           (kind == FAULT_FILE && status == JETON_CONFIG_INVALID) ||
           (scenario->also != JETON_OK && status == scenario->also);
}

static enum jeton_status run_once(const struct fault_scenario *scenario, unsigned kind, unsigned long until)
{
    enum jeton_status status;

    plan.kind = kind;
    atomic_store(&plan.until, until);
    atomic_store(&plan.hit, false);
    atomic_store(&plan.paused, 0);
    atomic_store(&plan.armed, true);
    status = scenario->run();
    atomic_store(&plan.armed, false);
    return status;
}

/* Gives the count of calls that were failed, or -1 and a message. */
static long run_kind(const struct fault_scenario *scenario, unsigned kind)
{
    for (unsigned long until = 0; until < RUNS_MAX; until++) {
        enum jeton_status status;

        fflush(stdout);
        status = run_once(scenario, kind, until);
        if (!allowed(scenario, kind, status)) {
            printf("# %s call %lu failing: status %d\n", kind_name(kind), until + 1, (int)status);
            return -1;
        }
        if (!atomic_load(&plan.hit)) {
            if (status == scenario->expected)
                return (long)until;
            printf("# status %d with nothing failing\n", (int)status);
            return -1;
        }
    }
    printf("# still failing after %d runs\n", RUNS_MAX);
    return -1;
}

int main(void)
{
    static const unsigned kinds[] = {FAULT_MEMORY, FAULT_FILE, FAULT_RANDOM};
    unsigned number = 0;
    bool good = true;

    if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
        return EXIT_FAILURE;
    for (unsigned i = 0; i < fault_scenario_count; i++) {
        const struct fault_scenario *scenario = &fault_scenarios[i];

        /* Once undisturbed: what is made once per process is made here. */
        (void)run_once(scenario, 0, 0);
        for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            long failed;

            if ((scenario->kinds & kinds[k]) == 0)
                continue;
            failed = run_kind(scenario, kinds[k]);
            good = good && failed >= 0;
            printf("%s %u - %s: %ld %s calls failed in turn\n", failed < 0 ? "not ok" : "ok", ++number, scenario->name,
                   failed < 0 ? 0 : failed, kind_name(kinds[k]));
        }
    }
    printf("1..%u\n", number);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
