/* SPDX-License-Identifier: Apache-2.0 */
/* What can one do with borrowed bytes? Compare, cut, find, count, hash. */
#include "base/bytes.h"

#include <endian.h>
#include <stdlib.h>

static unsigned char lower(unsigned char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

bool jt_bytes_equal_nocase(struct jeton_bytes a, struct jeton_bytes b)
{
    const unsigned char *left = a.at;
    const unsigned char *right = b.at;
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(left[i]) != lower(right[i]))
            return false;
    }
    return true;
}

bool jt_bytes_start(struct jeton_bytes text, struct jeton_bytes prefix)
{
    return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.at, prefix.at, prefix.len) == 0);
}

size_t jt_bytes_find(struct jeton_bytes text, unsigned char byte, size_t from)
{
    if (from >= text.len)
        return text.len;
    const unsigned char *start = text.at;
    const unsigned char *found = memchr(start + from, byte, text.len - from);
    return found != NULL ? (size_t)(found - start) : text.len;
}

struct jeton_bytes jt_bytes_cut(struct jeton_bytes text, size_t from, size_t to)
{
    if (to > text.len)
        to = text.len;
    if (from >= to)
        return jeton_bytes(text.len > 0 ? (const unsigned char *)text.at + to : text.at, 0);
    return jeton_bytes((const unsigned char *)text.at + from, to - from);
}

/* strchr() finds the NUL at the end of `white`, too. */
static bool is_one_of(const char *white, char byte)
{
    return byte != '\0' && strchr(white, byte) != NULL;
}

struct jeton_bytes jt_bytes_trim(struct jeton_bytes text, const char *white)
{
    const char *at = text.at;
    size_t from = 0, to = text.len;

    while (from < to && is_one_of(white, at[from]))
        from++;
    while (to > from && is_one_of(white, at[to - 1]))
        to--;
    return jt_bytes_cut(text, from, to);
}

/* Length of the well-formed character at `in` (RFC 3629 §4), 0 when there is none. */
static size_t character(const unsigned char *in, size_t left)
{
    if (in[0] < 0x80)
        return 1;
    size_t len = in[0] >= 0xf0 ? 4 : in[0] >= 0xe0 ? 3 : 2;
    if (in[0] < 0xc2 || in[0] > 0xf4 || left < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((in[i] & 0xc0) != 0x80)
            return 0;
    }
    bool overlong = (in[0] == 0xe0 && in[1] < 0xa0) || (in[0] == 0xf0 && in[1] < 0x90);
    bool surrogate = in[0] == 0xed && in[1] > 0x9f;
    bool beyond = in[0] == 0xf4 && in[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : len;
}

#define EACH(byte) (0x0101010101010101U * (byte))

/* One to seven bytes, some of them twice, and letters. */
static inline uint64_t few(const unsigned char *in, size_t len)
{
    uint32_t low, high;
    if (len < 4)
        return in[0] | (uint64_t)in[len / 2] << 8 | (uint64_t)in[len - 1] << 16 | EACH('a') << 24;
    memcpy(&low, in, sizeof low);
    memcpy(&high, in + len - sizeof high, sizeof high);
    return low | (uint64_t)high << 32;
}

static inline uint64_t eight(const unsigned char *in)
{
    uint64_t word;
    memcpy(&word, in, sizeof word);
    return word;
}

typedef signed char sixteen __attribute__((vector_size(16))); /* what has the high bit is below zero */
typedef unsigned char unsigned_sixteen __attribute__((vector_size(16)));
typedef uint64_t two_words __attribute__((vector_size(16)));

/* Zero where all stand as they are. */
static inline two_words foreign_of(sixteen bytes)
{
    sixteen next = (sixteen)((unsigned_sixteen)bytes + 1); /* 0x7f is below zero now, too */
    return (two_words)((next < 0x21) | (bytes == '"') | (bytes == '\\'));
}

static inline bool words_plain(uint64_t one, uint64_t other)
{
    const two_words words = {one, other};
    two_words foreign = foreign_of((sixteen)words);
    return (foreign[0] | foreign[1]) == 0;
}

/* Where the length is no multiple of what is looked at in one step, the last step looks at some bytes again. */
static inline bool all_plain(const unsigned char *in, size_t len)
{
    if (len < 8)
        return len == 0 || words_plain(few(in, len), EACH('a'));
    for (size_t i = 0; len - i > 16; i += 16)
        if (!words_plain(eight(in + i), eight(in + i + 8)))
            return false;
    return words_plain(eight(len < 16 ? in : in + len - 16), eight(in + len - 8));
}

size_t jt_bytes_plain(struct jeton_bytes text)
{
    const unsigned char *in = text.at;
    size_t i = 0;
    if (all_plain(in, text.len))
        return text.len;
    while (i < text.len && in[i] >= 0x20 && in[i] < 0x7f && in[i] != '"' && in[i] != '\\')
        i++;
    return i;
}

/* What few() took, back to its places. */
static inline void put_few(uint64_t word, size_t len, unsigned char *out)
{
    uint32_t low = (uint32_t)word, high = (uint32_t)(word >> 32);
    if (len < 4) {
        out[0] = (unsigned char)low;
        out[len / 2] = (unsigned char)(low >> 8);
        out[len - 1] = (unsigned char)(low >> 16);
        return;
    }
    memcpy(out, &low, sizeof low);
    memcpy(out + len - sizeof high, &high, sizeof high);
}

static inline two_words put_sixteen(const unsigned char *in, unsigned char *out)
{
    sixteen bytes;
    memcpy(&bytes, in, sizeof bytes);
    memcpy(out, &bytes, sizeof bytes);
    return foreign_of(bytes);
}

JT_HOT bool jt_bytes_put_plain(struct jeton_bytes text, unsigned char *out)
{
    const unsigned char *in = text.at;
    size_t len = text.len;
    if (len >= 16) {
        const unsigned char *last = in + len - 16;
        two_words foreign = put_sixteen(last, out + len - 16);
        for (; in < last; in += 16, out += 16)
            foreign |= put_sixteen(in, out);
        return (foreign[0] | foreign[1]) == 0;
    }
    if (len >= 8) {
        uint64_t front = eight(in), back = eight(in + len - 8);
        memcpy(out, &front, sizeof front);
        memcpy(out + len - 8, &back, sizeof back);
        return words_plain(front, back);
    }
    if (len == 0)
        return true;
    uint64_t word = few(in, len);
    put_few(word, len, out);
    return words_plain(word, EACH('a'));
}

static inline bool all_ascii(const unsigned char *in, size_t len)
{
    if (len < 8)
        return len == 0 || (few(in, len) & EACH(0x80U)) == 0;
    uint64_t seen = eight(in + len - 8);
    for (size_t i = 0; len - i > 8; i += 8)
        seen |= eight(in + i);
    return (seen & EACH(0x80U)) == 0;
}

bool jt_bytes_utf8(struct jeton_bytes text)
{
    const unsigned char *in = text.at;
    if (all_ascii(in, text.len)) /* nearly always */
        return true;
    for (size_t i = 0; i < text.len;) {
        if (text.len - i >= 8 && (eight(in + i) & EACH(0x80U)) == 0) {
            i += 8;
            continue;
        }
        size_t len = character(in + i, text.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

bool jt_bytes_number(struct jeton_bytes text, uint64_t max, uint64_t *out)
{
    const unsigned char *in = text.at;
    uint64_t number = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (in[i] < '0' || in[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(in[i] - '0');
        if (digit > max || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

char *jt_bytes_copy(struct jeton_bytes text)
{
    if (text.len == SIZE_MAX)
        return NULL;
    char *copy = malloc(text.len + 1);
    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return copy;
}

static uint64_t word(const unsigned char *in)
{
    uint64_t number;
    memcpy(&number, in, sizeof number);
    return le64toh(number);
}

static uint64_t turn(uint64_t number, unsigned by)
{
    return number << by | number >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = turn(v[1], 13) ^ v[0];
    v[0] = turn(v[0], 32);
    v[2] += v[3];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = turn(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = turn(v[1], 17) ^ v[2];
    v[2] = turn(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t number)
{
    v[3] ^= number;
    sip_round(v);
    sip_round(v);
    v[0] ^= number;
}

uint64_t jt_bytes_hash(struct jeton_bytes text, const unsigned char key[16])
{
    const unsigned char *in = text.at;
    uint64_t k0 = word(key);
    uint64_t k1 = word(key + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
                     k1 ^ 0x7465646279746573U};
    size_t whole = text.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8)
        sip_word(v, word(in + i));
    uint64_t last = (uint64_t)text.len << 56;
    for (size_t i = whole; i < text.len; i++)
        last |= (uint64_t)in[i] << 8 * (i - whole);
    sip_word(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
