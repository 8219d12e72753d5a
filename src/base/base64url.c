/* SPDX-License-Identifier: Apache-2.0 */
/* How do bytes travel in a token? Where the machine can, thirty-two or sixteen characters are read or written at once;
 * elsewhere four characters become three bytes by four table look-ups: the tables hold each character's bits where they
 * end up in a little-endian word, and the top byte says "no such character". No early way out: the time depends on the
 * length alone, and keys pass here too. For the tests, JT_BASE64URL_SIXTEEN and JT_BASE64URL_PLAIN leave the wider ways
 * off. */
#include "base/base64url.h"

#include <endian.h>
#if defined(__x86_64__) && !defined(JT_BASE64URL_PLAIN)
#include <immintrin.h>
#endif

#ifdef JT_BASE64URL_SIXTEEN
#define SIXTEEN_ALONE true
#else
#define SIXTEEN_ALONE false
#endif

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

static bool decode_by_tables(const unsigned char *in, size_t len, unsigned char *out)
{
    uint32_t wrong = 0;
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

#if defined(__x86_64__) && !defined(JT_BASE64URL_PLAIN)
/* Sixteen characters become twelve bytes, with four bytes of nothing behind them. The high half of a character is its
 * row, and says how far its value is from it; "_" alone is not like its neighbours and takes row 0. The low half is its
 * column: a character of the alphabet has a bit that its row and its column share; `known` keeps the least of what they
 * share. A byte beyond ASCII has no column. */
#define DISTANCE _mm_setr_epi8(63 - '_', 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0)
#define ROW _mm_setr_epi8(0, 0, 1, 2, 4, 8, 4, 16, 0, 0, 0, 0, 0, 0, 0, 0)
#define COLUMN _mm_setr_epi8(26, 30, 30, 30, 30, 30, 30, 30, 30, 30, 28, 4, 4, 5, 4, 12)
#define ORDER _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1)

__attribute__((target("ssse3"))) static inline __m128i sixteen(__m128i text, __m128i *known)
{
    __m128i row = _mm_and_si128(_mm_srli_epi32(text, 4), _mm_set1_epi8(15));
    *known = _mm_min_epu8(*known, _mm_and_si128(_mm_shuffle_epi8(ROW, row), _mm_shuffle_epi8(COLUMN, text)));
    row = _mm_andnot_si128(_mm_cmpeq_epi8(text, _mm_set1_epi8('_')), row);
    __m128i value = _mm_add_epi8(text, _mm_shuffle_epi8(DISTANCE, row));
    __m128i twelve = _mm_maddubs_epi16(value, _mm_set1_epi32(0x01400140)); /* pairs of six bits */
    __m128i three = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));    /* pairs of twelve */
    return _mm_shuffle_epi8(three, ORDER);
}

/* Twelve bytes, and none behind them. */
static inline void put12(unsigned char *out, __m128i bytes)
{
    _mm_storel_epi64((__m128i *)(void *)out, bytes);
    put4(out + 8, (uint32_t)_mm_cvtsi128_si32(_mm_unpackhi_epi64(bytes, bytes)));
}

/* The last two or three characters, filled up with "A", which is zero. */
static inline uint32_t rest_of(const unsigned char *in, size_t rest)
{
    return in[0] | (uint32_t)in[1] << 8 | (uint32_t)(rest == 3 ? in[2] : 'A') << 16 | (uint32_t)'A' << 24;
}

/* Their one or two bytes; false: they say something beyond whole bytes. */
static inline bool put_rest(unsigned char *out, size_t rest, uint32_t bytes)
{
    out[0] = (unsigned char)bytes;
    if (rest == 3)
        out[1] = (unsigned char)(bytes >> 8);
    return (bytes & 0xffffff) >> 8 * (rest - 1) == 0;
}

/* The last sixteen of the whole fours may be decoded twice in part. */
__attribute__((target("ssse3"))) static bool decode_by_sixteens(const unsigned char *in, size_t len, unsigned char *out)
{
    __m128i known = _mm_set1_epi8(-1);
    size_t rest = len % 4, whole = len - rest;
    for (size_t at = 0; at < whole; at += 16) {
        if (at > whole - 16)
            at = whole - 16;
        put12(out + at / 4 * 3, sixteen(_mm_loadu_si128((const __m128i *)(const void *)(in + at)), &known));
    }
    bool clean = true;
    if (rest > 0) {
        __m128i bytes = sixteen(_mm_set1_epi32((int)rest_of(in + whole, rest)), &known);
        clean = put_rest(out + whole / 4 * 3, rest, (uint32_t)_mm_cvtsi128_si32(bytes));
    }
    return clean & (_mm_movemask_epi8(_mm_cmpeq_epi8(known, _mm_setzero_si128())) == 0);
}

/* The same for thirty-two characters, each half by itself. */
__attribute__((target("avx2"))) static inline __m256i thirty_two(__m256i text, __m256i *known)
{
    const __m256i rows = _mm256_broadcastsi128_si256(ROW), columns = _mm256_broadcastsi128_si256(COLUMN);
    const __m256i distance = _mm256_broadcastsi128_si256(DISTANCE), order = _mm256_broadcastsi128_si256(ORDER);
    __m256i row = _mm256_and_si256(_mm256_srli_epi32(text, 4), _mm256_set1_epi8(15));
    *known = _mm256_min_epu8(*known,
                             _mm256_and_si256(_mm256_shuffle_epi8(rows, row), _mm256_shuffle_epi8(columns, text)));
    row = _mm256_andnot_si256(_mm256_cmpeq_epi8(text, _mm256_set1_epi8('_')), row);
    __m256i value = _mm256_add_epi8(text, _mm256_shuffle_epi8(distance, row));
    __m256i twelve = _mm256_maddubs_epi16(value, _mm256_set1_epi32(0x01400140));
    __m256i three = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
    return _mm256_shuffle_epi8(three, order);
}

/* Thirty-two characters at `in`; the halves' bytes are joined: 24, and none behind them. */
__attribute__((target("avx2"))) static inline void put24(const unsigned char *in, unsigned char *out, __m256i *known)
{
    __m256i bytes = thirty_two(_mm256_loadu_si256((const __m256i *)(const void *)in), known);
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(bytes));
    _mm_storel_epi64((__m128i *)(void *)(out + 16), _mm256_extracti128_si256(bytes, 1));
}

/* The last thirty-two of the whole fours may be decoded twice in part. */
__attribute__((target("avx2"))) static bool decode_by_thirty_twos(const unsigned char *in, size_t len,
                                                                  unsigned char *out)
{
    __m256i known = _mm256_set1_epi8(-1);
    size_t rest = len % 4, whole = len - rest;
    const unsigned char *last = in + whole - 32, *behind = in + whole;
    unsigned char *last_out = out + whole / 4 * 3 - 24, *behind_out = last_out + 24;
    for (; in < last; in += 32, out += 24)
        put24(in, out, &known);
    put24(last, last_out, &known);
    bool clean = true;
    if (rest > 0) {
        __m256i bytes = thirty_two(_mm256_set1_epi32((int)rest_of(behind, rest)), &known);
        clean = put_rest(behind_out, rest, (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(bytes)));
    }
    __m256i foreign = _mm256_cmpeq_epi8(known, _mm256_setzero_si256());
    return clean & _mm256_testz_si256(foreign, foreign);
}

static bool decode(const unsigned char *in, size_t len, unsigned char *out)
{
    if (!SIXTEEN_ALONE && len >= 32 && __builtin_cpu_supports("avx2"))
        return decode_by_thirty_twos(in, len, out);
    if (len >= 16 && __builtin_cpu_supports("ssse3"))
        return decode_by_sixteens(in, len, out);
    return decode_by_tables(in, len, out);
}
#else
static bool decode(const unsigned char *in, size_t len, unsigned char *out)
{
    return decode_by_tables(in, len, out);
}
#endif

bool jt_base64url_decode(struct jeton_bytes text, unsigned char *out)
{
    return text.len % 4 != 1 && decode(text.at, text.len, out);
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

#if defined(__x86_64__) && !defined(JT_BASE64URL_PLAIN)
/* Twelve bytes become sixteen characters: the bytes are laid so that each six bits can be multiplied to their place,
 * and each value is moved by the distance of its row of the alphabet. The twelve stand at the front of the sixteen that
 * are read, or at the back: so no step reads beyond its text. Rows: a to z, ten times 0 to 9 (each digit is a row
 * here),
 * "-", "_", A to Z. */
#define FRONT _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10)
#define BACK _mm_setr_epi8(5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14)
#define ROWS                                                                                                           \
    _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,  \
                  '0' - 52, '-' - 62, '_' - 63, 'A', 0, 0)

__attribute__((target("ssse3"))) static inline void twelve(const unsigned char *in, __m128i order, char *out)
{
    __m128i bytes = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)in), order);
    __m128i odd = _mm_mulhi_epu16(_mm_and_si128(bytes, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
    __m128i even = _mm_mullo_epi16(_mm_and_si128(bytes, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));
    __m128i value = _mm_or_si128(odd, even);
    __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), value), _mm_set1_epi8(13));
    __m128i row = _mm_or_si128(_mm_subs_epu8(value, _mm_set1_epi8(51)), upper);
    _mm_storeu_si128((__m128i *)(void *)out, _mm_add_epi8(value, _mm_shuffle_epi8(ROWS, row)));
}

/* The same for twenty-four, twelve in each half. */
__attribute__((target("avx2"))) static inline void twenty_four(const unsigned char *in, char *out)
{
    __m128i first_half = _mm_loadu_si128((const __m128i *)(const void *)in);
    __m128i second_half = _mm_loadu_si128((const __m128i *)(const void *)(in + 8));
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set_m128i(second_half, first_half), _mm256_set_m128i(BACK, FRONT));
    __m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(bytes, _mm256_set1_epi32(0x0fc0fc00)),
                                     _mm256_set1_epi32(0x04000040));
    __m256i even = _mm256_mullo_epi16(_mm256_and_si256(bytes, _mm256_set1_epi32(0x003f03f0)),
                                      _mm256_set1_epi32(0x01000010));
    __m256i value = _mm256_or_si256(odd, even);
    __m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), value), _mm256_set1_epi8(13));
    __m256i row = _mm256_or_si256(_mm256_subs_epu8(value, _mm256_set1_epi8(51)), upper);
    value = _mm256_add_epi8(value, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(ROWS), row));
    _mm256_storeu_si256((__m256i *)(void *)out, value);
}

/* Both take a multiple of three; the last step ends where the text does, and may encode bytes of the one before it
 * again. The first here reads forward, the others backward: 18 bytes at least. */
__attribute__((target("ssse3"))) static void encode_by_twelves(const unsigned char *in, size_t len, char *out)
{
    const unsigned char *last = in + len - 12;
    char *last_out = out + len / 3 * 4 - 16;
    twelve(in, FRONT, out);
    for (in += 12, out += 16; in < last; in += 12, out += 16)
        twelve(in - 4, BACK, out);
    twelve(last - 4, BACK, last_out);
}

/* 24 bytes at least. */
__attribute__((target("avx2"))) static JT_HOT void encode_by_twenty_fours(const unsigned char *in, size_t len,
                                                                          char *out)
{
    for (size_t at = 0; at < len; at += 24) {
        if (at > len - 24)
            at = len - 24;
        twenty_four(in + at, out + at / 3 * 4);
    }
}

/* Gives how many bytes were encoded: all threes, or none. */
static size_t encode_threes(const unsigned char *in, size_t len, char *out)
{
    size_t threes = len / 3 * 3;
    if (!SIXTEEN_ALONE && len >= 24 && __builtin_cpu_supports("avx2"))
        encode_by_twenty_fours(in, threes, out);
    else if (len >= 18 && __builtin_cpu_supports("ssse3"))
        encode_by_twelves(in, threes, out);
    else
        return 0;
    return threes;
}
#else
static size_t encode_threes(const unsigned char *in, size_t len, char *out)
{
    (void)in, (void)len, (void)out;
    return 0;
}
#endif

JT_HOT void jt_base64url_encode(struct jeton_bytes bytes, char *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = bytes.at;
    size_t done = encode_threes(in, bytes.len, out);
    size_t len = bytes.len - done;
    in += done;
    out += done / 3 * 4;
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
