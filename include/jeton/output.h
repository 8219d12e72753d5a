/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A text or structure that this library made for the caller: a token, a key in a
 * file format, a key set. It may hold a secret, so giving it back wipes it.
 */
#ifndef JETON_OUTPUT_H
#define JETON_OUTPUT_H

#include <jeton/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes owned by you until jeton_output_done(). A NUL stands behind them, not counted. */
struct jeton_output {
    char *at;   /**< first byte, or NULL when empty */
    size_t len; /**< bytes */
};

/** An output that holds nothing. */
#define JETON_OUTPUT_INIT                                                                                              \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

/**
 * Wipes and frees what the output holds; it is then empty. Fine on an empty one.
 *
 * @param output  borrowed; NULL is fine
 *
 * Threads: one at a time per output. Allocates: no.
 */
JETON_API void jeton_output_done(struct jeton_output *output);

#ifdef __cplusplus
}
#endif
#endif
