/* SPDX-License-Identifier: Apache-2.0 */
/* What can one do with borrowed bytes? Compare, cut, find; nothing here owns or allocates. */
#ifndef JT_BASE_BYTES_H
#define JT_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define JT_TEXT(literal) ((struct jeton_bytes){(literal), sizeof(literal) - 1})
#define JT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Not for secrets: stops at the first difference. */
static inline bool jt_bytes_equal(struct jeton_bytes a, struct jeton_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ASCII letters alone are folded. */
bool jt_bytes_equal_nocase(struct jeton_bytes a, struct jeton_bytes b);
bool jt_bytes_start(struct jeton_bytes text, struct jeton_bytes prefix);
/* Index of the first `byte` at or after `from`, or text.len. */
size_t jt_bytes_find(struct jeton_bytes text, unsigned char byte, size_t from);
/* The part [from, to); both are clipped to the text. */
struct jeton_bytes jt_bytes_cut(struct jeton_bytes text, size_t from, size_t to);
/* Without the bytes of `white` at its two ends. */
struct jeton_bytes jt_bytes_trim(struct jeton_bytes text, const char *white);
/* How many bytes from the start on stand in a JSON string as they are: printable ASCII but for the quote and backslash.
 */
size_t jt_bytes_plain(struct jeton_bytes text);
/* Copies them while it looks: false, with anything in `out`, where not all of them do. */
bool jt_bytes_put_plain(struct jeton_bytes text, unsigned char *out);
/* Well-formed UTF-8 without surrogates and overlong forms (RFC 3629). */
bool jt_bytes_utf8(struct jeton_bytes text);
/* Decimal digits alone, no sign, at most `max`. */
bool jt_bytes_number(struct jeton_bytes text, uint64_t max, uint64_t *out);
/* A heap copy with a NUL behind it; NULL when out of memory. Freed with free(). */
char *jt_bytes_copy(struct jeton_bytes text);
/* SipHash-2-4 under a 16-byte key: the hash of every table that outside bytes reach. */
uint64_t jt_bytes_hash(struct jeton_bytes text, const unsigned char key[16]);
#endif
