/* SPDX-License-Identifier: Apache-2.0 */
/* How does one thread verify with a key set and a policy it may share with others? For the rows where the sets grow or
 * the threads are two. */
#ifndef BENCH_JETON_PARTS_H
#define BENCH_JETON_PARTS_H

#include "bench.h"

struct jeton_keyset;
struct jeton_policy;

struct bench_jeton {
    const struct jeton_keyset *keys;   /* borrowed */
    const struct jeton_policy *policy; /* borrowed */
    int64_t now;
    void *arena;
    size_t arena_len;
};

void bench_jeton_init(struct bench_jeton *side, const struct jeton_keyset *keys, const struct jeton_policy *policy,
                      int64_t now);
void bench_jeton_done(struct bench_jeton *side);
bool bench_jeton_verify(void *side, const struct bench_token *token);

/* The right issuer stands in the middle. Owned by you. */
struct jeton_policy *bench_policy(const char *alg, size_t issuers);
/* The keys of `jwks`, or where that is NULL the material's one key. Owned by you. */
struct jeton_keyset *bench_keyset(const struct bench_material *material, const char *jwks);
#endif
