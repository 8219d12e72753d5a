/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when the n-th call to the machine fails? A scenario is run once with nothing failing; then with the
 * first call of a kind failing, the second, … until a run meets no failure. Whatever fails, the scenario must come back
 * with the status it gave undisturbed or with one that tells of trouble: never with another judgement, never with a
 * crash or a leak (the sanitizers watch).
 *
 * A file fault_<area>.c holds the functions, the table and nothing else; one line in meson.build names it. */
#ifndef JT_TESTS_FAULT_H
#define JT_TESTS_FAULT_H

#include <stdbool.h>

#include <jeton/status.h>

/* Kinds of calls that can fail; a scenario names those it makes. */
enum {
    FAULT_MEMORY = 1, /* malloc, calloc, realloc, strdup, mmap, …; those of the crypto library too */
    FAULT_FILE = 2,   /* open, read, write, fsync, rename, … */
    FAULT_RANDOM = 4  /* RAND_bytes, getrandom */
};

struct fault_scenario {
    const char *name; /* a sentence with _ for spaces, as of a test */
    enum jeton_status (*run)(void);
    enum jeton_status expected; /* with nothing failing */
    unsigned kinds;
    /* What `kinds` failing may turn the outcome into besides `expected`, JETON_OUT_OF_MEMORY and JETON_INTERNAL_ERROR
     * (file faults: JETON_CONFIG_INVALID too); JETON_OK adds nothing. */
    enum jeton_status also;
};

extern const struct fault_scenario fault_scenarios[];
extern const unsigned fault_scenario_count;

/* Is this the call that fails? For calls that no wrapper reaches, because a library of others makes them. */
bool fault_fails(unsigned kind);

/* Around what a scenario prepares or checks and what must not fail (it may nest). */
void fault_pause(void);
void fault_resume(void);

#define FAULT_SCENARIOS(...)                                                                                           \
    const struct fault_scenario fault_scenarios[] = {__VA_ARGS__};                                                     \
    const unsigned fault_scenario_count = sizeof(fault_scenarios) / sizeof(fault_scenarios[0])
#endif
