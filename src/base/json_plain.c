/* SPDX-License-Identifier: Apache-2.0 */
/* What does a JSON text say that is written as services write it: no spaces, no escapes, ASCII, whole numbers? Nearly
 * every payload is; it is read here in one pass over a copy, into the layout of json.h. What is written otherwise is
 * not refused here: false sends it to the parser of json.c, which has the last word. */
#include "base/json_plain.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What the outermost object goes through is one piece of code, in registers. */
#define ALWAYS inline __attribute__((always_inline))

/* So the way of nearly every text is code without a jump. */
#define USUALLY(condition) (__builtin_expect((condition), 1) != 0)
#define RARELY(condition) (__builtin_expect((condition), 0) != 0)

#define ONE_MEMBER ((uint64_t)1 << 8)
enum {
    BLOCK = 64,
    BEHIND = BLOCK
}; /* zeros behind the copy: what is read ends there, and a block may reach into them */

/* What is read next, and where its value goes. The bytes that a string ends at are looked for ahead, a block at a time:
 * so the end of one string is known without waiting for what stood before it. Four words, which pass through every step
 * in registers. No text: this is not a plain one. */
struct place {
    unsigned char *at;
    struct jt_json_node *next;
    unsigned char *block; /* looked through last */
    uint64_t marks;       /* a bit for each byte of the block, from `at` on, that a string does not hold as it stands */
};
#define NOT_PLAIN ((struct place){NULL, NULL, NULL, 0})

/* Do all names of all objects differ? Each name of the outermost object sets a bit; one that is set already, or an
 * object further in, leaves that to json.c. */
struct names {
    uint64_t seen[8];
    bool distinct;
};

static ALWAYS struct place put(struct place here, uint64_t tag, unsigned char *text, unsigned char *behind)
{
    here.next->tag = tag;
    here.next->is.text = (const char *)text;
    here.next++;
    here.at = behind;
    return here;
}

/* A quote, an escape, a control character (the zeros behind the text, too), or not ASCII. */
#ifdef __SSE2__
static inline uint64_t sixteen_marks(const unsigned char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                              _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)))); /* signed: 0x80 too */
    return (uint64_t)(unsigned)_mm_movemask_epi8(found);
}
#else
static inline uint64_t sixteen_marks(const unsigned char *at)
{
    uint64_t marks = 0;
    for (unsigned i = 0; i < 16; i++)
        marks |= (uint64_t)(at[i] < 0x20 || at[i] >= 0x80 || at[i] == '"' || at[i] == '\\') << i;
    return marks;
}
#endif

static __attribute__((noinline)) uint64_t marks_of(const unsigned char *block)
{
    return sixteen_marks(block) | sixteen_marks(block + 16) << 16 | sixteen_marks(block + 32) << 32 |
           sixteen_marks(block + 48) << 48;
}

/* To the block with the next mark; there is one, the zeros behind the text have it. */
static ALWAYS struct place look_ahead(struct place here)
{
    while (RARELY(here.marks == 0)) {
        here.block += BLOCK;
        here.marks = marks_of(here.block);
    }
    return here;
}

/* Names that are alike have the same number. Four bytes can be read from any name: behind a short one stand its quote
 * and its colon, the same behind every name that is like it, and then the value's first bytes, which are left away. */
static inline void note_name(struct names *names, const unsigned char *name, size_t len)
{
    uint32_t word;
    memcpy(&word, name, sizeof word);
    word = le32toh(word);
    if (RARELY(len < 2))
        word &= 0xffff;
    uint32_t number = (word + (uint32_t)len) * 0x9e3779b1U >> 23;
    uint64_t bit = (uint64_t)1 << (number & 63);
    names->distinct &= (names->seen[number >> 6] & bit) == 0;
    names->seen[number >> 6] |= bit;
}

/* A name is noted before its end is written over: a word that was just written in part is slow to read. */
static ALWAYS struct place read_string(struct place here, struct names *noted)
{
    if (RARELY(*here.at != '"'))
        return NOT_PLAIN;
    here = look_ahead(here); /* no mark was passed but those of strings: this is the quote here */
    here.marks &= here.marks - 1;
    here = look_ahead(here);
    unsigned char *start = here.at + 1, *end = here.block + (unsigned)__builtin_ctzll(here.marks);
    here.marks &= here.marks - 1;
    if (RARELY(*end != '"'))
        return NOT_PLAIN;
    if (noted != NULL)
        note_name(noted, start, (size_t)(end - start));
    *end = 0; /* as the parser does it */
    return put(here, (uint64_t)(end - start) << 8 | JT_NODE_STRING, start, end + 1);
}

static inline unsigned char *digits_end(unsigned char *at)
{
#ifdef __SSE2__
    for (;; at += 16) {
        __m128i value = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_set1_epi8('0'));
        __m128i digit = _mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value);
        unsigned other = ~(unsigned)_mm_movemask_epi8(digit) & 0xffff;
        if (USUALLY(other != 0))
            return at + (unsigned)__builtin_ctz(other);
    }
#else
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
#endif
}

/* A fraction or an exponent behind it is no comma, and ends the reading there. */
static ALWAYS struct place read_number(struct place here)
{
    unsigned char *end = digits_end(here.at);
    if (RARELY(*here.at == '0' && end - here.at > 1))
        return NOT_PLAIN;
    return put(here, (uint64_t)(end - here.at) << 8 | JT_NODE_RAW, here.at, end);
}

static inline struct place read_word(struct place here)
{
    if (memcmp(here.at, "true", 4) == 0)
        return put(here, JT_NODE_TRUE, NULL, here.at + 4);
    if (memcmp(here.at, "false", 5) == 0)
        return put(here, JT_NODE_FALSE, NULL, here.at + 5);
    if (memcmp(here.at, "null", 4) == 0)
        return put(here, JT_NODE_NULL, NULL, here.at + 4);
    return NOT_PLAIN;
}

static struct place read_inner(struct place here, struct names *names, unsigned depth);

static ALWAYS struct place read_value(struct place here, struct names *names, unsigned depth)
{
    if (USUALLY(*here.at == '"'))
        return read_string(here, NULL);
    if (*here.at >= '0' && *here.at <= '9')
        return read_number(here);
    if (*here.at == '{' || *here.at == '[')
        return read_inner(here, names, depth);
    return read_word(here);
}

static ALWAYS struct place close_container(struct place here, struct jt_json_node *container, uint64_t tag)
{
    container->tag = tag;
    container->is.step = (size_t)((char *)here.next - (char *)container);
    here.at++;
    return here;
}

static ALWAYS struct place read_object(struct place here, struct names *names, unsigned depth)
{
    struct jt_json_node *object = here.next++;
    uint64_t tag = JT_NODE_OBJECT;
    here.at++;
    if (*here.at == '}')
        return close_container(here, object, tag);
    for (;; here.at++) {
        here = read_string(here, depth == 1 ? names : NULL);
        if (RARELY(here.at == NULL || *here.at != ':'))
            return NOT_PLAIN;
        here.at++;
        here = read_value(here, names, depth);
        if (RARELY(here.at == NULL))
            return NOT_PLAIN;
        tag += ONE_MEMBER;
        if (RARELY(*here.at != ','))
            return *here.at == '}' ? close_container(here, object, tag) : NOT_PLAIN;
    }
}

static inline struct place read_array(struct place here, struct names *names, unsigned depth)
{
    struct jt_json_node *array = here.next++;
    uint64_t tag = JT_NODE_ARRAY;
    here.at++;
    if (*here.at == ']')
        return close_container(here, array, tag);
    for (;; here.at++) {
        here = read_value(here, names, depth);
        if (RARELY(here.at == NULL))
            return NOT_PLAIN;
        tag += ONE_MEMBER;
        if (*here.at != ',')
            return *here.at == ']' ? close_container(here, array, tag) : NOT_PLAIN;
    }
}

/* A container within another. */
static struct place read_inner(struct place here, struct names *names, unsigned depth)
{
    if (depth == JT_JSON_PLAIN_DEPTH)
        return NOT_PLAIN;
    if (*here.at == '[')
        return read_array(here, names, depth + 1);
    names->distinct = false;
    return read_object(here, names, depth + 1);
}

/* Most texts are one object: it has a copy of the code to itself, without a call. */
static inline struct place read_all(struct place here, struct names *names)
{
    return *here.at == '{' ? read_object(here, names, 1) : read_value(here, names, 0);
}

bool jt_json_plain_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_json *out, bool *distinct)
{
    size_t before = arena->used;
    unsigned char *copy = jt_arena_take(arena, text.len + BEHIND);
    /* A value with its comma, or its brackets, is two characters at least; of an unfinished text some are still open.
     */
    size_t room = text.len / 2 + JT_JSON_PLAIN_DEPTH + 2;
    struct jt_json_node *nodes = copy != NULL ? jt_arena_take(arena, room * sizeof *nodes) : NULL;
    if (nodes == NULL) {
        jt_arena_rewind(arena, before);
        return false;
    }
    memcpy(copy, text.at, text.len);
    memset(copy + text.len, 0, BEHIND);
    struct names names = {.distinct = true};
    struct place end = read_all((struct place){copy, nodes, copy, marks_of(copy)}, &names);
    if (end.at != copy + text.len) {
        jt_arena_rewind(arena, before);
        return false;
    }
    jt_arena_rewind(arena, (size_t)((unsigned char *)end.next - arena->at));
    out->value = nodes;
    *distinct = names.distinct;
    return true;
}
