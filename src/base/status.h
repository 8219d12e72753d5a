/* SPDX-License-Identifier: Apache-2.0 */
/* How does a function say that it failed, and how is that passed on without noise?
 * Every room sees the promise's two value headers (bytes, status) through this file. */
#ifndef JT_BASE_STATUS_H
#define JT_BASE_STATUS_H

#include <jeton/bytes.h>
#include <jeton/status.h>

/* A function whose outcome must be looked at. */
#define JT_CHECKED JETON_MUST_CHECK enum jeton_status

/* Leaves the function with the status of `call` unless it is JETON_OK. */
#define JT_TRY(call)                                                                                                   \
    do {                                                                                                               \
        enum jeton_status jt_try_status = (call);                                                                      \
        if (jt_try_status != JETON_OK)                                                                                 \
            return jt_try_status;                                                                                      \
    } while (0)

/* What runs for every token that is signed: the linker lays it side by side, since between two signatures none of it is
 * left in the processor's first caches. */
#define JT_HOT __attribute__((hot))

/* Releases a local at scope end: JT_AUTO(jt_key_release) struct jt_key *key = NULL;
 * the function named takes a pointer to the local. JT_TAKE moves the value out. */
#define JT_AUTO(release) __attribute__((cleanup(release)))
#define JT_TAKE(pointer)                                                                                               \
    __extension__({                                                                                                    \
        __typeof__(pointer) jt_taken = (pointer);                                                                      \
        (pointer) = NULL;                                                                                              \
        jt_taken;                                                                                                      \
    })

/* Writes the sentence into `detail` (may be NULL) and gives `status` back:
 *     return jt_fail(detail, JETON_KEY_INVALID, "RSA of %u bits", bits);
 * Bytes from outside go in through jt_escape, never by %s. */
enum jeton_status jt_fail(struct jeton_detail *detail, enum jeton_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
#ifdef __clang_analyzer__
/* Lets the analyser see that the status given comes back. */
#define jt_fail(detail, status, ...) ((void)jt_fail((detail), (status), __VA_ARGS__), (status))
#endif

/* `bytes` as printable ASCII for a message, at most JT_SHOWN - 1 characters, "…" as "..." where cut. */
#define JT_SHOWN 72
struct jt_shown {
    char text[JT_SHOWN];
};
struct jt_shown jt_escape(struct jeton_bytes bytes);
#endif
