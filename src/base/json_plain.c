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

#define ONE_MEMBER ((uint64_t)1 << 8)
enum { BEHIND = 16 }; /* zeros behind the copy: a scan ends there, and may load from before them */

/* What is read next, and where its value goes: two words, so that they pass through every step in registers. No text:
 * this is not a plain one. */
struct place {
    unsigned char *at;
    struct jt_json_node *next;
};
#define NOT_PLAIN ((struct place){NULL, NULL})

/* Do all names of all objects differ? Each name of the outermost object sets a bit; one that is set already, or an
 * object further in, leaves that to json.c. */
struct names {
    uint64_t seen[8];
    bool distinct;
};

static inline struct place put(struct place here, uint64_t tag, unsigned char *text, unsigned char *behind)
{
    here.next->tag = tag;
    here.next->is.text = (const char *)text;
    return (struct place){behind, here.next + 1};
}

/* The first byte of a string that needs a second look: the end, an escape, a control character, or not ASCII. */
static inline unsigned char *string_end(unsigned char *at)
{
#ifdef __SSE2__
    for (;; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                    _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                                 _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)))); /* signed: 0x80 too */
        unsigned found = (unsigned)_mm_movemask_epi8(ends);
        if (found != 0)
            return at + __builtin_ctz(found);
    }
#else
    while (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return at;
#endif
}

static inline struct place read_string(struct place here)
{
    if (*here.at != '"')
        return NOT_PLAIN;
    unsigned char *start = here.at + 1, *end = string_end(start);
    if (*end != '"')
        return NOT_PLAIN;
    *end = 0; /* as the parser does it */
    return put(here, (uint64_t)(end - start) << 8 | JT_NODE_STRING, start, end + 1);
}

/* A fraction or an exponent behind it is no comma, and ends the reading there. */
static inline struct place read_number(struct place here)
{
    unsigned char *end = here.at;
    while (*end >= '0' && *end <= '9')
        end++;
    if (*here.at == '0' && end - here.at > 1)
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
    switch (*here.at) {
    case '"':
        return read_string(here);
    case '{':
    case '[':
        return read_inner(here, names, depth);
    default:
        return *here.at >= '0' && *here.at <= '9' ? read_number(here) : read_word(here);
    }
}

static inline struct place close_container(struct place here, struct jt_json_node *container, uint64_t tag)
{
    container->tag = tag;
    container->is.step = (size_t)((char *)here.next - (char *)container);
    return (struct place){here.at + 1, here.next};
}

/* Names that are alike have the same number. Four bytes can be read from any name: behind it stand its end, the colon
 * and zeros at least. */
static inline void note_name(struct names *names, const struct jt_json_node *name)
{
    uint64_t len = name->tag >> 8;
    uint32_t word;
    memcpy(&word, name->is.text, sizeof word);
    word = le32toh(word);
    if (len < sizeof word)
        word &= ((uint32_t)1 << 8 * len) - 1;
    uint32_t number = (word + (uint32_t)len) * 0x9e3779b1U >> 23;
    uint64_t bit = (uint64_t)1 << (number & 63);
    names->distinct &= (names->seen[number >> 6] & bit) == 0;
    names->seen[number >> 6] |= bit;
}

static ALWAYS struct place read_object(struct place here, struct names *names, unsigned depth)
{
    struct jt_json_node *object = here.next++, *name;
    uint64_t tag = JT_NODE_OBJECT;
    here.at++;
    if (*here.at == '}')
        return close_container(here, object, tag);
    for (;; here.at++) {
        name = here.next;
        here = read_string(here);
        if (here.at == NULL || *here.at != ':')
            return NOT_PLAIN;
        if (depth == 1)
            note_name(names, name);
        here.at++;
        here = read_value(here, names, depth);
        if (here.at == NULL)
            return NOT_PLAIN;
        tag += ONE_MEMBER;
        if (*here.at != ',')
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
        if (here.at == NULL)
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
    struct place end = read_all((struct place){copy, nodes}, &names);
    if (end.at != copy + text.len) {
        jt_arena_rewind(arena, before);
        return false;
    }
    jt_arena_rewind(arena, (size_t)((unsigned char *)end.next - arena->at));
    out->value = nodes;
    *distinct = names.distinct;
    return true;
}
