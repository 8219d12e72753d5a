/* SPDX-License-Identifier: Apache-2.0 */
/* What does a JSON text say that is written as services write it: no spaces, no escapes, ASCII, whole numbers? Nearly
 * every payload is; it is read here in one pass over a copy, into the layout of json.h. What is written otherwise is
 * not refused here: false sends it to the parser of json.c, which has the last word. */
#include "base/json_plain.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BEHIND = 16 }; /* zeros behind the copy: a scan ends there, and may load from before them */
#define ONE_MEMBER ((uint64_t)1 << 8)

struct reader {
    unsigned char *at;
    struct jt_json_node *next; /* where the next value goes */
    struct jt_json_node *open[JT_JSON_PLAIN_DEPTH];
    size_t depth;
    size_t containers;
};

enum outcome { OTHER, WHOLE, OPENED };

static inline struct jt_json_node *put(struct reader *reader, uint64_t tag)
{
    reader->next->tag = tag;
    return reader->next++;
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

static inline bool read_string(struct reader *reader)
{
    if (*reader->at != '"')
        return false;
    unsigned char *start = reader->at + 1, *end = string_end(start);
    if (*end != '"')
        return false;
    put(reader, (uint64_t)(end - start) << 8 | JT_NODE_STRING)->is.text = (const char *)start;
    *end = 0; /* as the parser does it */
    reader->at = end + 1;
    return true;
}

static inline enum outcome read_number(struct reader *reader)
{
    unsigned char *start = reader->at, *end = start;
    while (*end >= '0' && *end <= '9')
        end++;
    if (*start == '0' && end - start > 1)
        return OTHER;
    put(reader, (uint64_t)(end - start) << 8 | JT_NODE_RAW)->is.text = (const char *)start;
    reader->at = end;
    return WHOLE; /* a fraction or an exponent behind it is no comma, and ends it there */
}

static inline bool is_word(struct reader *reader, struct jeton_bytes word, uint64_t tag)
{
    if (memcmp(reader->at, word.at, word.len) != 0)
        return false;
    put(reader, tag)->is.step = 0;
    reader->at += word.len;
    return true;
}

static inline enum outcome read_word(struct reader *reader)
{
    return is_word(reader, JT_TEXT("true"), JT_NODE_TRUE) || is_word(reader, JT_TEXT("false"), JT_NODE_FALSE) ||
                   is_word(reader, JT_TEXT("null"), JT_NODE_NULL)
               ? WHOLE
               : OTHER;
}

static inline unsigned char closing(const struct jt_json_node *container)
{
    return (container->tag & 7) == JT_NODE_OBJECT ? '}' : ']';
}

static inline void close_container(struct reader *reader, struct jt_json_node *container)
{
    container->is.step = (size_t)((char *)reader->next - (char *)container);
    reader->at++;
}

static inline enum outcome open_container(struct reader *reader, uint64_t tag)
{
    struct jt_json_node *container = put(reader, tag);
    reader->containers++;
    reader->at++;
    if (*reader->at == closing(container)) {
        close_container(reader, container);
        return WHOLE;
    }
    if (reader->depth == JT_JSON_PLAIN_DEPTH)
        return OTHER;
    reader->open[reader->depth++] = container;
    return OPENED;
}

static inline enum outcome read_value(struct reader *reader)
{
    switch (*reader->at) {
    case '"':
        return read_string(reader) ? WHOLE : OTHER;
    case '{':
        return open_container(reader, JT_NODE_OBJECT);
    case '[':
        return open_container(reader, JT_NODE_ARRAY);
    default:
        if (*reader->at >= '0' && *reader->at <= '9')
            return read_number(reader);
        return read_word(reader);
    }
}

/* The name of a member of an object, or nothing in an array. */
static inline bool begin_member(struct reader *reader)
{
    struct jt_json_node *container = reader->open[reader->depth - 1];
    container->tag += ONE_MEMBER;
    if ((container->tag & 7) == JT_NODE_ARRAY)
        return true;
    return read_string(reader) && *reader->at++ == ':';
}

/* Behind a whole value: closes what ends here, up to a comma or the end of all. */
static inline bool end_member(struct reader *reader)
{
    while (reader->depth > 0) {
        struct jt_json_node *container = reader->open[reader->depth - 1];
        if (*reader->at == ',') {
            reader->at++;
            return true;
        }
        if (*reader->at != closing(container))
            return false;
        close_container(reader, container);
        reader->depth--;
    }
    return true;
}

/* All of it is inlined here, so that the place in the text and the next value stay in registers. */
static inline bool read_all(struct reader *reader)
{
    do {
        if (reader->depth > 0 && !begin_member(reader))
            return false;
        enum outcome outcome = read_value(reader);
        if (outcome == OTHER || (outcome == WHOLE && !end_member(reader)))
            return false;
    } while (reader->depth > 0);
    return true;
}

bool jt_json_plain_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_json *out, bool *flat)
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
    struct reader reader;
    reader.at = copy;
    reader.next = nodes;
    reader.depth = 0;
    reader.containers = 0;
    if (!read_all(&reader) || reader.at != copy + text.len) {
        jt_arena_rewind(arena, before);
        return false;
    }
    jt_arena_rewind(arena, (size_t)((unsigned char *)reader.next - arena->at));
    out->value = nodes;
    *flat = reader.containers == 1;
    return true;
}
