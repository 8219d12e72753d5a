/* SPDX-License-Identifier: Apache-2.0 */
/* How is a few percent seen on a machine that others use too? By the thread's own CPU time, by comparing only what ran
 * within the same few milliseconds, and by medians: a neighbour on the core slows both sides of a slice alike, and a
 * slice that was disturbed on one side only is an outlier that no median sees. Of each round only the quietest
 * quarter of the slices counts: on a busy host more than half of them can be disturbed. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SLICES 81
#define QUIET (SLICES / 4)
#define SLICE_NS 1.2e6
#define WARM_UP 4 /* runs before a slice that are not timed: whoever ran before has left other things in the caches */

double bench_thread_time(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0)
        bench_die("no clock of the thread's CPU time");
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sorts them. */
double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count % 2 != 0 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void bench_print_list(const char *name, const double *values, size_t count)
{
    printf("\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        printf("%s%.5g", i == 0 ? "" : ",", values[i]);
    printf("]");
}

/* Nanoseconds for one run. */
static double slice(struct bench_job *job)
{
    bool good = true;
    for (size_t i = 0; i < WARM_UP; i++)
        good &= job->run(job->state, &job->tokens[job->turn++ % BENCH_TOKENS]);
    double from = bench_thread_time();
    for (size_t i = 0; i < job->batch; i++)
        good &= job->run(job->state, &job->tokens[job->turn++ % BENCH_TOKENS]);
    double spent = bench_thread_time() - from;
    if (!good)
        bench_die("%s: failed while it was measured", job->name);
    return spent / (double)job->batch;
}

static void choose_batch(struct bench_job *job)
{
    job->batch = 1;
    job->turn = 0;
    for (double spent = 0; (spent = slice(job) * (double)job->batch) < SLICE_NS / 2;)
        job->batch *= 2;
}

/* The median ratio of the quietest slices: those in which both sides together took least. */
static double quiet_ratio(const double *us, const double *base)
{
    double sum[SLICES], order[SLICES], kept[SLICES];
    size_t count = 0;
    for (size_t s = 0; s < SLICES; s++)
        sum[s] = order[s] = us[s] + base[s];
    qsort(order, SLICES, sizeof *order, by_value);
    for (size_t s = 0; s < SLICES; s++)
        if (sum[s] <= order[QUIET])
            kept[count++] = us[s] / base[s];
    return bench_median(kept, count);
}

void bench_measure(struct bench_job *jobs, size_t count)
{
    static double us[BENCH_JOBS_MAX][SLICES];
    if (count > BENCH_JOBS_MAX)
        bench_die("too many jobs");
    for (size_t i = 0; i < count; i++)
        choose_batch(&jobs[i]);
    for (size_t round = 0; round < BENCH_ROUNDS; round++) {
        for (size_t s = 0; s < SLICES; s++) {
            for (size_t i = 0; i < count; i++) {
                size_t job = s % 2 == 0 ? i : count - 1 - i;
                us[job][s] = slice(&jobs[job]) / 1000;
            }
        }
        for (size_t i = 0; i < count; i++)
            jobs[i].ratio[round] = quiet_ratio(us[i], us[0]);
        for (size_t i = 0; i < count; i++)
            jobs[i].us[round] = bench_median(us[i], SLICES);
    }
}
