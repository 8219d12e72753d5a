/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Bytes with a length: how every text, token, key and signature crosses the
 * border of this library. Nothing here needs a terminating NUL, and a NUL inside
 * is a byte like any other.
 */
#ifndef JETON_BYTES_H
#define JETON_BYTES_H

#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define JETON_API __attribute__((visibility("default")))
#define JETON_MUST_CHECK __attribute__((warn_unused_result))
#else
#define JETON_API
#define JETON_MUST_CHECK
#endif

/** A borrowed run of bytes. `at` may be NULL only when `len` is 0. */
struct jeton_bytes {
    const void *at; /**< first byte, borrowed */
    size_t len;     /**< count of bytes */
};

/**
 * The bytes of a C string without its terminating NUL; NULL gives no bytes.
 *
 * @param text  borrowed; the result points into it
 */
static inline struct jeton_bytes jeton_text(const char *text)
{
    struct jeton_bytes bytes;
    bytes.at = text;
    bytes.len = text != NULL ? strlen(text) : 0;
    return bytes;
}

/**
 * A run of @p len bytes at @p at.
 *
 * @param at   borrowed; the result points to it
 * @param len  bytes
 */
static inline struct jeton_bytes jeton_bytes(const void *at, size_t len)
{
    struct jeton_bytes bytes;
    bytes.at = at;
    bytes.len = len;
    return bytes;
}

#ifdef __cplusplus
}
#endif
#endif
