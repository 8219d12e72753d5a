/* SPDX-License-Identifier: Apache-2.0 */
/* How does a text grow without ever growing too far? Doubling, up to the maximum it was born with. */
#include "base/buffer.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"

enum { FIRST_ROOM = 256, SPARE = 1 }; /* beyond what is asked for: else the next step goes the longer way */

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
    room = room < max ? room : max;
    *buffer = (struct jt_buffer){.at = memory, .room = room, .taken = room, .max = max, .borrowed = true};
}

static void leave(struct jt_buffer *buffer)
{
    if (buffer->secret && buffer->at != NULL)
        jt_wipe(buffer->at, buffer->taken);
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
    if (buffer->at != NULL) {
        memcpy(at, buffer->at, buffer->len);
        leave(buffer);
    }
    buffer->at = at;
    buffer->room = buffer->taken = room;
    return true;
}

static unsigned char *fail(struct jt_buffer *buffer, enum jeton_status status)
{
    buffer->room = buffer->len;
    buffer->status = status;
    return NULL;
}

JT_HOT unsigned char *jt_buffer_grow_moving(struct jt_buffer *buffer, size_t len)
{
    if (buffer->status != JETON_OK)
        return NULL;
    if (len > buffer->max - buffer->len)
        return fail(buffer, JETON_ARGUMENT_INVALID);
    size_t needed = buffer->len + len;
    if (needed > buffer->room || buffer->at == NULL) {
        size_t room = buffer->room < buffer->max / 2 ? buffer->room * 2 : buffer->max;
        if (room < FIRST_ROOM)
            room = FIRST_ROOM;
        if (room <= needed)
            room = needed + SPARE;
        if (room > buffer->max)
            room = buffer->max;
        if (!move(buffer, room))
            return fail(buffer, JETON_OUT_OF_MEMORY);
    }
    unsigned char *at = buffer->at + buffer->len;
    buffer->len = needed;
    return at;
}

void jt_buffer_add_text(struct jt_buffer *buffer, const char *text)
{
    jt_buffer_add(buffer, jeton_text(text));
}

#define TEN_TO_8 100000000U

/* Eight decimal digits at once, the first in the lowest byte: split into fours, these into pairs, these into digits. */
static uint64_t eight_digits(uint64_t number)
{
    uint64_t fours = number / 10000 | number % 10000 << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007fU;
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000fU;
    return tens | (pairs - tens * 10) << 8;
}

JT_HOT void jt_number_put_ten(uint64_t number, unsigned char out[10])
{
    unsigned top = (unsigned)(number / TEN_TO_8);
    uint64_t eight = htole64(eight_digits(number % TEN_TO_8) | 0x3030303030303030U);
    out[0] = (unsigned char)('0' + top / 10);
    out[1] = (unsigned char)('0' + top % 10);
    memcpy(out + 2, &eight, sizeof eight);
}

void jt_buffer_add_number(struct jt_buffer *buffer, int64_t number)
{
    char text[20]; /* the digits of 2^63 and a sign; written from the end */
    size_t at = sizeof text;
    if (number >= 10LL * TEN_TO_8 && number < 100LL * TEN_TO_8) { /* nearly every time */
        unsigned char *ten = jt_buffer_grow(buffer, 10);
        if (ten != NULL)
            jt_number_put_ten((uint64_t)number, ten);
        return;
    }
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (; rest >= 10; rest /= 10)
        text[--at] = (char)('0' + rest % 10);
    text[--at] = (char)('0' + rest);
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
            fail(buffer, JETON_INTERNAL_ERROR);
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
