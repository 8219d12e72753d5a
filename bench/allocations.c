/* SPDX-License-Identifier: Apache-2.0 */
/* How often does one verification ask for memory, and who asks? OpenSSL is given functions of its own to allocate with;
 * every other malloc of this process, of whatever library, ends in the ones below and is not OpenSSL's.
 *
 * usage: bench_allocations - [PEER.so]… */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define RUNS 640

/* The allocator of glibc under the names this file takes from it. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *at, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);
extern void __libc_free(void *at);

static _Thread_local unsigned long own, cryptos;

void *malloc(size_t bytes)
{
    own++;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    own++;
    return __libc_calloc(count, bytes);
}

void *realloc(void *at, size_t bytes)
{
    own++;
    return __libc_realloc(at, bytes);
}

void free(void *at)
{
    __libc_free(at);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    own++;
    return __libc_memalign(alignment, bytes);
}

void *memalign(size_t alignment, size_t bytes);
void *memalign(size_t alignment, size_t bytes)
{
    own++;
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    own++;
    void *at = __libc_memalign(alignment, bytes);
    if (at == NULL)
        return ENOMEM;
    *out = at;
    return 0;
}

static void *crypto_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    cryptos++;
    return __libc_malloc(bytes);
}

static void *crypto_realloc(void *at, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    cryptos++;
    return __libc_realloc(at, bytes);
}

static void crypto_free(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    __libc_free(at);
}

static void count(const struct bench_subject *subject, const struct bench_material *material)
{
    void *state = subject->open(material);
    if (state == NULL)
        return;
    if (bench_is_honest(subject, state, material)) {
        unsigned long own_before = own, cryptos_before = cryptos;
        bool good = true;
        for (size_t i = 0; i < RUNS; i++)
            good &= subject->verify(state, &material->token[i % BENCH_TOKENS]);
        double own_each = (double)(own - own_before) / RUNS, crypto_each = (double)(cryptos - cryptos_before) / RUNS;
        if (!good)
            bench_die("%s: failed while it was counted", subject->name);
        printf("{\"what\":\"allocations\",\"alg\":\"%s\",\"subject\":\"%s\",\"own\":%.6g,\"openssl\":%.6g}\n",
               material->alg, subject->name, own_each, crypto_each);
        fflush(stdout);
    }
    subject->close(state);
}

/* A counter that counts nothing would give the best result of all. */
static void must_count(void)
{
    unsigned long own_before = own, cryptos_before = cryptos;
    void *volatile mine = malloc(16);
    void *volatile theirs = OPENSSL_malloc(16);
    free(mine);
    OPENSSL_free(theirs);
    if (own != own_before + 1 || cryptos != cryptos_before + 1)
        bench_die("the allocation counter does not count");
}

int main(int argc, char **argv)
{
    if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
        bench_die("OpenSSL has allocated before it could be told how");
    must_count();
    const struct bench_subject *subjects[2 + BENCH_PEERS_MAX] = {&bench_raw, &bench_jeton};
    size_t subject_count = 2 + bench_peers_open(argc, argv, subjects + 2);
    for (size_t i = 0; bench_algorithms[i] != NULL; i++) {
        struct bench_material *material = bench_material_new(bench_algorithms[i]);
        for (size_t j = 0; j < subject_count; j++)
            count(subjects[j], material);
        bench_material_free(material);
    }
    return 0;
}
