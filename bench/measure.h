/* SPDX-License-Identifier: Apache-2.0 */
/* How long does it take, next to what it is compared with? */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench.h"

#define BENCH_ROUNDS 7
#define BENCH_JOBS_MAX 16

struct bench_job {
    const char *name;
    bool (*run)(void *state, const struct bench_token *token);
    void *state;
    const struct bench_token *tokens; /* BENCH_TOKENS of them, in turn */
    /* Results, one per round. */
    double ratio[BENCH_ROUNDS]; /* to the first job */
    double us[BENCH_ROUNDS];    /* of this thread's CPU time, for one run */
    /* Working state of the measurement. */
    size_t batch;
    size_t turn;
};

/* Each round is many short slices; in a slice every job runs for about a millisecond, one after the other, forwards
 * and backwards in turn. A slice gives each job's ratio to the first; a round's ratio is the median of its quieter
 * half of slices. */
void bench_measure(struct bench_job *jobs, size_t count);

/* CPU time of the calling thread, in nanoseconds. */
double bench_thread_time(void);
double bench_median(double *values, size_t count);
void bench_print_list(const char *name, const double *values, size_t count);
#endif
