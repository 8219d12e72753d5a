/* SPDX-License-Identifier: Apache-2.0 */
/* How fast is it? One mode per part of the table, one line of JSON per row; bench/run makes the table of them.
 *
 * usage: bench_speed verify|sign|threads|scale [PEER.so]…
 *        bench_speed raw|raw-sign ALGORITHM */
#include <stdio.h>
#include <stdlib.h>

#include "jeton_parts.h"
#include "measure.h"
#include "speed.h"

static void print_job(const char *what, const char *alg, const struct bench_job *job,
                      const struct bench_subject *subject)
{
    printf("{\"what\":\"%s\",\"alg\":\"%s\",\"subject\":\"%s\",\"version\":\"%s\",\"checks\":\"%s\",", what, alg,
           job->name, subject->version, subject->checks);
    bench_print_list("us", job->us, BENCH_ROUNDS);
    printf(",");
    bench_print_list("ratio", job->ratio, BENCH_ROUNDS);
    printf("}\n");
    fflush(stdout);
}

/* Every subject that knows the algorithm, raw OpenSSL first. */
static void compare(const char *what, const char *alg, const struct bench_subject *const *subjects, size_t count)
{
    struct bench_material *material = bench_material_new(alg);
    struct bench_job jobs[BENCH_JOBS_MAX] = {{0}};
    const struct bench_subject *of[BENCH_JOBS_MAX];
    size_t open = 0;
    bool sign = strcmp(what, "sign") == 0;
    for (size_t i = 0; i < count; i++) {
        if (sign && subjects[i]->sign == NULL)
            continue;
        void *state = subjects[i]->open(material);
        if (state == NULL)
            continue;
        if (!bench_is_honest(subjects[i], state, material)) {
            if (i < 2)
                exit(3);
            subjects[i]->close(state);
            continue;
        }
        of[open] = subjects[i];
        jobs[open++] = (struct bench_job){.name = subjects[i]->name,
                                          .run = sign ? subjects[i]->sign : subjects[i]->verify,
                                          .state = state,
                                          .tokens = material->token};
    }
    bench_measure(jobs, open);
    for (size_t i = 0; i < open; i++) {
        print_job(what, alg, &jobs[i], of[i]);
        of[i]->close(jobs[i].state);
    }
    bench_material_free(material);
}

/* The bare signature alone, checked or made, for a comparison with a program that runs elsewhere. */
static int raw_alone(const char *alg, bool sign)
{
    struct bench_material *material = bench_material_new(alg);
    struct bench_job job = {.name = bench_raw.name,
                            .run = sign ? bench_raw.sign : bench_raw.verify,
                            .state = bench_raw.open(material),
                            .tokens = material->token};
    bench_measure(&job, 1);
    print_job(sign ? "raw sign" : "raw", alg, &job, &bench_raw);
    bench_raw.close(job.state);
    bench_material_free(material);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    const struct bench_subject *subjects[2 + BENCH_PEERS_MAX] = {&bench_raw, &bench_jeton};
    size_t count = 2;
    if (strcmp(mode, "threads") == 0)
        return bench_threads();
    if (strcmp(mode, "scale") == 0)
        return bench_scale();
    if (strcmp(mode, "raw") == 0 && argc == 3)
        return raw_alone(argv[2], false);
    if (strcmp(mode, "raw-sign") == 0 && argc == 3)
        return raw_alone(argv[2], true);
    if (strcmp(mode, "verify") != 0 && strcmp(mode, "sign") != 0)
        bench_die("usage: bench_speed verify|sign|threads|scale [PEER.so]…");
    count += bench_peers_open(argc, argv, subjects + 2);
    for (size_t i = 0; bench_algorithms[i] != NULL; i++)
        compare(mode, bench_algorithms[i], subjects, count);
    return 0;
}
