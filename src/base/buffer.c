/* SPDX-License-Identifier: Apache-2.0 */
/* How does a text grow without ever growing too far? Doubling, up to the maximum it was born with. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

enum { FIRST_ROOM = 256 };

void jt_buffer_init(struct jt_buffer *buffer, size_t max)
{
    *buffer = (struct jt_buffer){.max = max};
}

void jt_buffer_init_secret(struct jt_buffer *buffer, size_t max)
{
    *buffer = (struct jt_buffer){.max = max, .secret = true};
}

void jt_buffer_init_in(struct jt_buffer *buffer, void *memory, size_t room, size_t max)
{
    *buffer = (struct jt_buffer){.at = memory, .room = room < max ? room : max, .max = max, .borrowed = true};
}

static void leave(struct jt_buffer *buffer)
{
    if (buffer->secret && buffer->at != NULL)
        jt_wipe(buffer->at, buffer->room);
    if (!buffer->borrowed)
        free(buffer->at);
    buffer->borrowed = false;
}

void jt_buffer_done(struct jt_buffer *buffer)
{
    if (buffer == NULL)
        return;
    leave(buffer);
    *buffer = (struct jt_buffer){.max = buffer->max, .secret = buffer->secret};
}

/* realloc() would leave the old copy of a secret behind. */
static bool move(struct jt_buffer *buffer, size_t room)
{
    unsigned char *at = malloc(room > 0 ? room : 1);
    if (at == NULL)
        return false;
    if (buffer->at != NULL)
        memcpy(at, buffer->at, buffer->len);
    leave(buffer);
    buffer->at = at;
    buffer->room = room;
    return true;
}

unsigned char *jt_buffer_grow_moving(struct jt_buffer *buffer, size_t len)
{
    if (buffer->status != JETON_OK)
        return NULL;
    if (len > buffer->max - buffer->len) {
        buffer->status = JETON_ARGUMENT_INVALID;
        return NULL;
    }
    size_t needed = buffer->len + len;
    if (needed > buffer->room || buffer->at == NULL) {
        size_t room = buffer->room < buffer->max / 2 ? buffer->room * 2 : buffer->max;
        if (room < needed)
            room = needed;
        if (room < FIRST_ROOM)
            room = FIRST_ROOM < buffer->max ? FIRST_ROOM : buffer->max;
        if (!move(buffer, room)) {
            buffer->status = JETON_OUT_OF_MEMORY;
            return NULL;
        }
    }
    unsigned char *at = buffer->at + buffer->len;
    buffer->len = needed;
    return at;
}

void jt_buffer_add_text(struct jt_buffer *buffer, const char *text)
{
    jt_buffer_add(buffer, jeton_text(text));
}

/* The two digits of each number below a hundred. */
static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
    "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
    "9293949596979899";

void jt_buffer_add_number(struct jt_buffer *buffer, int64_t number)
{
    char text[20]; /* the digits of 2^63 and a sign; written from the end, since a token has three of these */
    size_t at = sizeof text;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (; rest >= 100; rest /= 100) {
        text[--at] = pairs[rest % 100 * 2 + 1];
        text[--at] = pairs[rest % 100 * 2];
    }
    if (rest >= 10)
        text[--at] = (char)('0' + rest % 10);
    text[--at] = (char)('0' + (rest >= 10 ? rest / 10 : rest));
    if (number < 0)
        text[--at] = '-';
    jt_buffer_add(buffer, jeton_bytes(text + at, sizeof text - at));
}

void jt_buffer_add_format(struct jt_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0) {
        if (buffer->status == JETON_OK)
            buffer->status = JETON_INTERNAL_ERROR;
    } else if ((size_t)len == buffer->max - buffer->len) {
        /* vsnprintf() wants room for a NUL that the maximum may not have: one more, taken off the count again. */
        buffer->max++;
        unsigned char *at = jt_buffer_grow(buffer, (size_t)len + 1);
        if (at != NULL) {
            vsnprintf((char *)at, (size_t)len + 1, format, again);
            buffer->len--;
        }
        buffer->max--;
        if (buffer->room > buffer->max)
            buffer->room = buffer->max;
    } else {
        unsigned char *at = jt_buffer_grow(buffer, (size_t)len + 1);
        if (at != NULL) {
            vsnprintf((char *)at, (size_t)len + 1, format, again);
            buffer->len--;
        }
    }
    va_end(again);
}
