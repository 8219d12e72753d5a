/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Which jeton is this?
 */
#ifndef JETON_VERSION_H
#define JETON_VERSION_H

#include <jeton/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of these headers. */
#define JETON_VERSION "0.1.0"

/** Version of the library that runs, such as "0.1.0". Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_version(void);

/** The crypto library behind it and its version. Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_crypto_version(void);

/**
 * The signature algorithms this build can use, in the order of the registry.
 *
 * @param index  from 0
 * @return the name, living for ever; NULL past the end
 *
 * Threads: any. Allocates: no.
 */
JETON_API const char *jeton_algorithm(size_t index);

#ifdef __cplusplus
}
#endif
#endif
