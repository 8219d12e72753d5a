/* SPDX-License-Identifier: Apache-2.0 */
/* How do bytes travel in a token? Four characters become three bytes by four table look-ups; the tables hold each
 * character's bits where they end up in a little-endian word, and the top byte says "no such character".
 * No early way out: the time depends on the length alone, and keys pass here too. */
#include "base/base64url.h"

#include <endian.h>

#define BAD 0xff000000U
/* RFC 4648 §5, table 2. */
#define VALUE(c)                                                                                                       \
    ((c) >= 'A' && (c) <= 'Z'   ? (uint32_t)(c) - 'A'                                                                  \
     : (c) >= 'a' && (c) <= 'z' ? (uint32_t)(c) - 'a' + 26                                                             \
     : (c) >= '0' && (c) <= '9' ? (uint32_t)(c) - '0' + 52                                                             \
     : (c) == '-'               ? 62U                                                                                  \
     : (c) == '_'               ? 63U                                                                                  \
                                : 64U)
#define FIRST(c) (VALUE(c) > 63 ? BAD : VALUE(c) << 2)
#define SECOND(c) (VALUE(c) > 63 ? BAD : VALUE(c) >> 4 | (VALUE(c) & 15) << 12)
#define THIRD(c) (VALUE(c) > 63 ? BAD : (VALUE(c) >> 2) << 8 | (VALUE(c) & 3) << 22)
#define FOURTH(c) (VALUE(c) > 63 ? BAD : VALUE(c) << 16)
#define TIMES4(X, c) X(c), X((c) + 1), X((c) + 2), X((c) + 3)
#define TIMES16(X, c) TIMES4(X, c), TIMES4(X, (c) + 4), TIMES4(X, (c) + 8), TIMES4(X, (c) + 12)
#define TIMES64(X, c) TIMES16(X, c), TIMES16(X, (c) + 16), TIMES16(X, (c) + 32), TIMES16(X, (c) + 48)
#define TABLE(X)                                                                                                       \
    {                                                                                                                  \
        TIMES64(X, 0), TIMES64(X, 64), TIMES64(X, 128), TIMES64(X, 192)                                                \
    }

static const uint32_t first[256] = TABLE(FIRST);
static const uint32_t second[256] = TABLE(SECOND);
static const uint32_t third[256] = TABLE(THIRD);
static const uint32_t fourth[256] = TABLE(FOURTH);

static inline uint32_t quad(const unsigned char *in)
{
    return first[in[0]] | second[in[1]] | third[in[2]] | fourth[in[3]];
}

/* Four bytes at once where the next three bytes overwrite the fourth. */
static inline void put4(unsigned char *out, uint32_t word)
{
    word = htole32(word);
    memcpy(out, &word, 4);
}

/* The last two or three characters: what they say beyond whole bytes must be zero (RFC 4648 §3.5). */
static uint32_t tail(const unsigned char *in, size_t len, unsigned char *out)
{
    uint32_t word = first[in[0]] | second[in[1]];
    out[0] = (unsigned char)word;
    if (len == 2)
        return (word & BAD) | (word & 0xffff00U);
    word |= third[in[2]];
    out[1] = (unsigned char)(word >> 8);
    return (word & BAD) | (word & 0xff0000U);
}

bool jt_base64url_decode(struct jeton_bytes text, unsigned char *out)
{
    const unsigned char *in = text.at;
    size_t len = text.len;
    uint32_t wrong = 0;
    if (len % 4 == 1)
        return false;
    for (; len >= 20; len -= 16, in += 16, out += 12) {
        uint32_t a = quad(in);
        uint32_t b = quad(in + 4);
        uint32_t c = quad(in + 8);
        uint32_t d = quad(in + 12);
        wrong |= (a | b | c | d) & BAD;
        put4(out, a);
        put4(out + 3, b);
        put4(out + 6, c);
        put4(out + 9, d); /* the byte too many is inside: four characters are left */
    }
    for (; len >= 4; len -= 4, in += 4, out += 3) {
        uint32_t word = quad(in);
        wrong |= word & BAD;
        out[0] = (unsigned char)word;
        out[1] = (unsigned char)(word >> 8);
        out[2] = (unsigned char)(word >> 16);
    }
    if (len > 0)
        wrong |= tail(in, len, out);
    return wrong == 0;
}

bool jt_base64url_decode_arena(struct jeton_bytes text, struct jt_arena *arena, struct jeton_bytes *out)
{
    size_t before = arena->used;
    size_t len = jt_base64url_decoded(text.len);
    unsigned char *at = jt_arena_take(arena, len);
    if (at == NULL)
        return false;
    if (!jt_base64url_decode(text, at)) {
        jt_arena_rewind(arena, before);
        return false;
    }
    *out = jeton_bytes(at, len);
    return true;
}

void jt_base64url_encode(struct jeton_bytes bytes, char *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = bytes.at;
    size_t len = bytes.len;
    for (; len >= 3; len -= 3, in += 3, out += 4) {
        out[0] = alphabet[in[0] >> 2];
        out[1] = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
        out[2] = alphabet[(in[1] & 15) << 2 | in[2] >> 6];
        out[3] = alphabet[in[2] & 63];
    }
    if (len == 0)
        return;
    unsigned char next = len == 2 ? in[1] : 0;
    out[0] = alphabet[in[0] >> 2];
    out[1] = alphabet[(in[0] & 3) << 4 | next >> 4];
    if (len == 2)
        out[2] = alphabet[(next & 15) << 2];
}
