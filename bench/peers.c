/* SPDX-License-Identifier: Apache-2.0 */
/* Which other libraries are there, and do they do what is measured? Each is a module of its own, so that none brings
 * its symbols into the others; and each must refuse what it says it checks before its time counts. */
#include <dlfcn.h>
#include <stdio.h>

#include "bench.h"

size_t bench_peers_open(int argc, char **argv, const struct bench_subject *peers[BENCH_PEERS_MAX])
{
    size_t count = 0;
    for (int i = 2; i < argc && count < BENCH_PEERS_MAX; i++) {
        void *module = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        const struct bench_subject *peer = module != NULL ? dlsym(module, BENCH_PEER_SYMBOL) : NULL;
        if (peer == NULL)
            fprintf(stderr, "bench: left out: %s\n", dlerror());
        else
            peers[count++] = peer;
    }
    return count;
}

bool bench_is_honest(const struct bench_subject *subject, void *state, const struct bench_material *material)
{
    for (size_t i = 0; i < BENCH_TOKENS; i++)
        if (!subject->verify(state, &material->token[i])) {
            fprintf(stderr, "bench: %s: %s: refuses a good token\n", subject->name, material->alg);
            return false;
        }
    if (subject->verify(state, &material->forged)) {
        fprintf(stderr, "bench: %s: %s: takes a forged token\n", subject->name, material->alg);
        return false;
    }
    if (strstr(subject->checks, "exp") != NULL && subject->verify(state, &material->expired)) {
        fprintf(stderr, "bench: %s: %s: takes an expired token\n", subject->name, material->alg);
        return false;
    }
    return true;
}
