/* SPDX-License-Identifier: Apache-2.0 */
/* What does a fuzz target look like? One function that takes bytes from outside and must come back: no crash, no leak,
 * no hang, whatever the bytes. It returns 0. What must hold for every input (what was read writes back the same, …) is
 * said with FUZZ_HOLDS, which stays on in every build. */
#ifndef JT_TESTS_FUZZ_H
#define JT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_HOLDS(condition)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)
#endif
