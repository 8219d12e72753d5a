/* SPDX-License-Identifier: Apache-2.0 */
/* How does a text grow without ever growing too far? A buffer is born with a maximum and remembers its first failure,
 * so that a writer checks once, at the end. */
#ifndef JT_BASE_BUFFER_H
#define JT_BASE_BUFFER_H

#include "base/bytes.h"

struct jt_buffer {
    unsigned char *at;
    size_t len;
    size_t room;
    size_t max;
    bool secret; /* wiped when it moves and when it is done */
    enum jeton_status status;
};

void jt_buffer_init(struct jt_buffer *buffer, size_t max);
void jt_buffer_init_secret(struct jt_buffer *buffer, size_t max);
void jt_buffer_done(struct jt_buffer *buffer);
void jt_buffer_add(struct jt_buffer *buffer, struct jeton_bytes bytes);
void jt_buffer_add_text(struct jt_buffer *buffer, const char *text);
void jt_buffer_add_byte(struct jt_buffer *buffer, unsigned char byte);
void jt_buffer_add_number(struct jt_buffer *buffer, int64_t number);
void jt_buffer_add_format(struct jt_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `len` more bytes, counted as written; NULL once failed. */
unsigned char *jt_buffer_grow(struct jt_buffer *buffer, size_t len);
static inline struct jeton_bytes jt_buffer_bytes(const struct jt_buffer *buffer)
{
    return jeton_bytes(buffer->at, buffer->len);
}
#endif
