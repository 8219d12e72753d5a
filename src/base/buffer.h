/* SPDX-License-Identifier: Apache-2.0 */
/* How does a text grow without ever growing too far? A buffer is born with a maximum and remembers its first failure,
 * so that a writer checks once, at the end. */
#ifndef JT_BASE_BUFFER_H
#define JT_BASE_BUFFER_H

#include "base/bytes.h"

struct jt_buffer {
    unsigned char *at;
    size_t len;
    size_t room;  /* at most max; once failed no more than len, so that one compare says that nothing fits */
    size_t taken; /* bytes of memory */
    size_t max;
    bool secret;   /* wiped when it moves and when it is done */
    bool borrowed; /* its first memory is the caller's */
    enum jeton_status status;
};

void jt_buffer_init(struct jt_buffer *buffer, size_t max);
void jt_buffer_init_secret(struct jt_buffer *buffer, size_t max);
/* Begins in the caller's memory, which must outlive it; takes its own where that does not do. */
void jt_buffer_init_in(struct jt_buffer *buffer, void *memory, size_t room, size_t max);
void jt_buffer_done(struct jt_buffer *buffer);
void jt_buffer_add_text(struct jt_buffer *buffer, const char *text);
void jt_buffer_add_number(struct jt_buffer *buffer, int64_t number);
/* The digits of a number from 10^9 to below 10^10, as every time from 2001 to 2286 has them. */
void jt_number_put_ten(uint64_t number, unsigned char out[10]);
void jt_buffer_add_format(struct jt_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* jt_buffer_grow() where there may not be room enough yet. */
unsigned char *jt_buffer_grow_moving(struct jt_buffer *buffer, size_t len);

/* Room for `len` more bytes, counted as written; NULL once failed, and only then. One compare: what fills it to the
 * last byte, what has no memory yet and what failed has no room beyond `len`, and goes the longer way. */
static inline unsigned char *jt_buffer_grow(struct jt_buffer *buffer, size_t len)
{
    if (len >= buffer->room - buffer->len)
        return jt_buffer_grow_moving(buffer, len);
    unsigned char *at = buffer->at + buffer->len;
    buffer->len += len;
    return at;
}

static inline void jt_buffer_add(struct jt_buffer *buffer, struct jeton_bytes bytes)
{
    unsigned char *at = bytes.len > 0 ? jt_buffer_grow(buffer, bytes.len) : NULL;
    if (at != NULL)
        memcpy(at, bytes.at, bytes.len);
}

static inline void jt_buffer_add_byte(struct jt_buffer *buffer, unsigned char byte)
{
    unsigned char *at = jt_buffer_grow(buffer, 1);
    if (at != NULL)
        *at = byte;
}

/* No memory, no bytes: said here, since nothing on the way to it compares with NULL. */
static inline struct jeton_bytes jt_buffer_bytes(const struct jt_buffer *buffer)
{
    return jeton_bytes(buffer->at, buffer->at != NULL ? buffer->len : 0);
}
#endif
