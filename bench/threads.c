/* SPDX-License-Identifier: Apache-2.0 */
/* Do two threads that share one key set and one policy do twice the work of one? Counted in two ways: by the clock on
 * the wall, which is right on a machine that does nothing else, and by CPU time, which is right always but does not see
 * waiting; so waits (voluntary switches) are counted too. Raw OpenSSL in the same minute shows what the machine gives.
 */
#include <jeton/jeton.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "jeton_parts.h"
#include "measure.h"
#include "speed.h"

#define SLICES 11
#define SLICE_NS 15000000L

struct worker {
    bool (*run)(void *state, const struct bench_token *token);
    void *state;
    const struct bench_token *tokens;
    pthread_barrier_t *start;
    const atomic_bool *stop;
    size_t runs;
    double cpu_ns, wall_ns;
    long waits;
    bool good;
};

static double wall_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static long waits_of_thread(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static void *work(void *at)
{
    struct worker *worker = at;
    worker->good = true;
    for (size_t i = 0; i < 64; i++) /* its own contexts and caches */
        worker->good &= worker->run(worker->state, &worker->tokens[i]);
    pthread_barrier_wait(worker->start);
    long waits = waits_of_thread();
    double cpu = bench_thread_time(), wall = wall_time();
    size_t runs = 0;
    do {
        for (size_t i = 0; i < 8; i++)
            worker->good &= worker->run(worker->state, &worker->tokens[runs++ % BENCH_TOKENS]);
    } while (!atomic_load_explicit(worker->stop, memory_order_relaxed));
    worker->cpu_ns = bench_thread_time() - cpu;
    worker->wall_ns = wall_time() - wall;
    worker->waits = waits_of_thread() - waits;
    worker->runs = runs;
    return NULL;
}

static void together(struct worker *workers, unsigned count)
{
    pthread_t thread[2];
    pthread_barrier_t start;
    atomic_bool stop = false;
    if (pthread_barrier_init(&start, NULL, count + 1) != 0)
        bench_die("barrier");
    for (unsigned i = 0; i < count; i++) {
        workers[i].start = &start;
        workers[i].stop = &stop;
        if (pthread_create(&thread[i], NULL, work, &workers[i]) != 0)
            bench_die("thread");
    }
    pthread_barrier_wait(&start);
    nanosleep(&(struct timespec){0, SLICE_NS}, NULL);
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (unsigned i = 0; i < count; i++) {
        pthread_join(thread[i], NULL);
        if (!workers[i].good)
            bench_die("threads: a verification failed");
    }
    pthread_barrier_destroy(&start);
}

struct scaling {
    double wall[BENCH_ROUNDS], cpu[BENCH_ROUNDS];
    long waits;
    double runs;
};

static void round_of(struct worker workers[2], struct scaling *out, size_t round)
{
    double wall[SLICES], cpu[SLICES];
    for (size_t s = 0; s < SLICES; s++) {
        together(workers, 1);
        double one_rate = (double)workers[0].runs / workers[0].wall_ns;
        double one_cost = workers[0].cpu_ns / (double)workers[0].runs;
        together(workers, 2);
        double rate = 0, cost = 0;
        for (size_t i = 0; i < 2; i++) {
            rate += (double)workers[i].runs / workers[i].wall_ns;
            cost += workers[i].cpu_ns / (double)workers[i].runs / 2;
            out->waits += workers[i].waits;
            out->runs += (double)workers[i].runs;
        }
        wall[s] = rate / one_rate;
        cpu[s] = 2 * one_cost / cost;
    }
    out->wall[round] = bench_median(wall, SLICES);
    out->cpu[round] = bench_median(cpu, SLICES);
}

static void print(const char *alg, const char *subject, const struct scaling *scaling)
{
    printf("{\"what\":\"threads\",\"alg\":\"%s\",\"subject\":\"%s\",\"waits\":%ld,\"runs\":%.0f,", alg, subject,
           scaling->waits, scaling->runs);
    bench_print_list("wall", scaling->wall, BENCH_ROUNDS);
    printf(",");
    bench_print_list("cpu", scaling->cpu, BENCH_ROUNDS);
    printf("}\n");
    fflush(stdout);
}

static void one_algorithm(const char *alg)
{
    struct bench_material *material = bench_material_new(alg);
    struct jeton_policy *policy = bench_policy(alg, 1);
    struct jeton_keyset *keys = bench_keyset(material, NULL);
    struct bench_jeton side[2];
    struct worker ours[2], raws[2];
    for (size_t i = 0; i < 2; i++) {
        bench_jeton_init(&side[i], keys, policy, material->now);
        ours[i] = (struct worker){.run = bench_jeton_verify, .state = &side[i], .tokens = material->token};
        raws[i] = (struct worker){
            .run = bench_raw.verify, .state = bench_raw.open(material), .tokens = material->token};
    }
    struct scaling our = {.waits = 0}, raw = {.waits = 0};
    for (size_t round = 0; round < BENCH_ROUNDS; round++) {
        round_of(raws, &raw, round);
        round_of(ours, &our, round);
    }
    print(alg, bench_raw.name, &raw);
    print(alg, bench_jeton.name, &our);
    for (size_t i = 0; i < 2; i++) {
        bench_jeton_done(&side[i]);
        bench_raw.close(raws[i].state);
    }
    jeton_keyset_free(keys);
    jeton_policy_free(policy);
    bench_material_free(material);
}

int bench_threads(void)
{
    static const char *const algorithms[] = {"HS256", "RS256", "ES256"};
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        one_algorithm(algorithms[i]);
    return 0;
}
