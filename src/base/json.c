/* SPDX-License-Identifier: Apache-2.0 */
/* What does a JSON text say, strictly? The text is measured (depth, members), then parsed by yyjson into the arena,
 * then every object's names are compared. First stop of a header, a payload, a key set; values come from here alone. */
#include "base/json.h"

#include <yyjson.h>

#include "base/json_plain.h"

/* --- Measuring, before the parser spends memory on it. --- */

typedef unsigned char sixteen __attribute__((vector_size(16)));

/* -1 where there is a "[" or a "{": they differ in one bit. */
static inline sixteen opening(const unsigned char *in)
{
    sixteen bytes;
    memcpy(&bytes, in, sizeof bytes);
    return (sixteen)((bytes | 0x20) == '{');
}

/* All lanes together: bytes to pairs, pairs to one number in the highest of them. */
static inline size_t sum_of(sixteen lanes)
{
    const uint64_t even = 0x00ff00ff00ff00ff;
    uint64_t half[2];
    memcpy(half, &lanes, sizeof half);
    uint64_t pairs = (half[0] & even) + (half[0] >> 8 & even) + (half[1] & even) + (half[1] >> 8 & even);
    return (size_t)((pairs * 0x0001000100010001) >> 48);
}

/* How many "[" and "{" there are, those in strings too, and some of the end perhaps twice: never less than there are
 * arrays and objects, and almost always enough to know that they are not too deep. Sixteen bytes at a time, each lane
 * counting up to 255. */
static size_t openings(const unsigned char *in, size_t len)
{
    size_t found = 0;
    const unsigned char *end = in + len;
    while (len >= sizeof(sixteen)) {
        sixteen lanes = {0};
        size_t rounds = len / sizeof lanes < 254 ? len / sizeof lanes : 254;
        for (size_t i = 0; i < rounds; i++, in += sizeof lanes)
            lanes -= opening(in);
        len -= rounds * sizeof lanes;
        if (len > 0 && len < sizeof lanes) {
            lanes -= opening(end - sizeof lanes);
            len = 0;
        }
        found += sum_of(lanes);
    }
    for (; len > 0; in++, len--)
        found += (*in | 0x20) == '{';
    return found;
}

/* The exact measure: strings are stepped over. On a text that is no JSON it may be off; the parser refuses that. */
static enum jeton_status measure(const unsigned char *in, size_t len, struct jt_json_limits limits,
                                 struct jeton_detail *detail)
{
    size_t depth = 0;
    size_t members = 0;
    bool opened = false; /* the next value would be the first of its container */
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = in[i];
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
            continue;
        bool closes = byte == ']' || byte == '}';
        if ((opened && !closes) || byte == ',')
            members++;
        if (members > limits.members)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "more than %zu members", limits.members);
        opened = byte == '[' || byte == '{';
        if (opened && ++depth > limits.depth)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "nested more than %zu deep", limits.depth);
        if (closes && depth > 0)
            depth--;
        if (byte == '"') {
            for (i++; i < len && in[i] != '"'; i++)
                i += in[i] == '\\';
        }
    }
    return JETON_OK;
}

/* --- Memory: yyjson takes a copy of the text, then the values, which it lets grow; they grow in place. --- */

static void *pool_malloc(void *arena, size_t size)
{
    return jt_arena_take(arena, size);
}

static void *pool_realloc(void *context, void *block, size_t old_size, size_t size)
{
    struct jt_arena *arena = context;
    size_t start = (size_t)((unsigned char *)block - arena->at);
    if (start + old_size == arena->used) {
        if (size > arena->len - start)
            return NULL;
        arena->used = start + size;
        return block;
    }
    void *moved = jt_arena_take(arena, size);
    if (moved != NULL)
        memcpy(moved, block, old_size < size ? old_size : size);
    return moved;
}

static void pool_free(void *context, void *block)
{
    (void)context;
    (void)block;
}

size_t jt_json_arena_size(size_t len)
{
    /* yyjson: the text once, a value of 16 bytes for each two characters, half as many again for the last step of
     * growth. An unfinished text may open one value for each character, up to the depth. What is over after the parse
     * is more than the names of the largest object need to be put in order. */
    const size_t each = 13;
    const size_t more = 2048;
    return len > (SIZE_MAX - more) / each ? SIZE_MAX : len * each + more;
}

/* --- No name twice in one object. --- */

enum { FEW = 32 }; /* up to here each with each; beyond, in order */

/* In yyjson's array a container is followed by what it holds; a name is followed by its value. */
static inline yyjson_val *first_name(yyjson_val *object)
{
    return object + 1;
}

static inline yyjson_val *next_name(yyjson_val *name)
{
    return unsafe_yyjson_get_next(name + 1);
}

static inline bool same_name(yyjson_val *a, yyjson_val *b)
{
    size_t len = unsafe_yyjson_get_len(a);
    return len == unsafe_yyjson_get_len(b) && memcmp(a->uni.str, b->uni.str, len) == 0;
}

/* A number below 256 for a name: names with different numbers differ. Four bytes can be read from any name: behind it
 * stand its closing quote, the colon and the value. */
static inline unsigned name_number(yyjson_val *name)
{
    static const unsigned char kept[5][4] = {{0}, {0xff}, {0xff, 0xff}, {0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}};
    size_t len = unsafe_yyjson_get_len(name);
    uint32_t word;
    uint32_t mask;
    memcpy(&word, name->uni.str, sizeof word);
    memcpy(&mask, kept[len < 4 ? len : 4], sizeof mask);
    return (((word & mask) + (uint32_t)len) * 0x9e3779b1U) >> 24;
}

static yyjson_val *duplicate_of_few(yyjson_val *object, size_t count)
{
    uint64_t seen[4] = {0};
    yyjson_val *name = first_name(object);
    for (size_t i = 0; i < count; i++, name = next_name(name)) {
        unsigned number = name_number(name);
        uint64_t bit = (uint64_t)1 << (number & 63);
        if (seen[number >> 6] & bit) {
            for (yyjson_val *other = first_name(object); other != name; other = next_name(other)) {
                if (same_name(other, name))
                    return name;
            }
        }
        seen[number >> 6] |= bit;
    }
    return NULL;
}

static int name_order(yyjson_val *a, yyjson_val *b)
{
    size_t left = unsafe_yyjson_get_len(a);
    size_t right = unsafe_yyjson_get_len(b);
    if (left != right)
        return left < right ? -1 : 1;
    return memcmp(a->uni.str, b->uni.str, left);
}

/* Merges two ordered runs; false when a name of the one is in the other, too (then it is in *out). */
static bool merge(yyjson_val **from, size_t left, size_t middle, size_t right, yyjson_val **to)
{
    size_t a = left;
    size_t b = middle;
    for (size_t i = left; i < right; i++) {
        int order = a == middle ? 1 : b == right ? -1 : name_order(from[a], from[b]);
        if (order == 0) {
            *to = from[b];
            return false;
        }
        to[i] = order < 0 ? from[a++] : from[b++];
    }
    return true;
}

/* Merge sort: at worst n log n comparisons and no hash that a sender could make collide. Equal names meet in some merge
 * at the latest. */
static enum jeton_status duplicate_of_many(yyjson_val *object, size_t count, struct jt_arena *arena, yyjson_val **out)
{
    yyjson_val **names = jt_arena_take(arena, count * 2 * sizeof *names);
    if (names == NULL)
        return JETON_OUT_OF_MEMORY;
    yyjson_val **other = names + count;
    yyjson_val *name = first_name(object);
    for (size_t i = 0; i < count; i++, name = next_name(name))
        names[i] = name;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t left = 0; left < count; left += 2 * run) {
            size_t middle = left + run < count ? left + run : count;
            size_t right = left + 2 * run < count ? left + 2 * run : count;
            if (!merge(names, left, middle, right, other)) {
                *out = *other;
                return JETON_OK;
            }
        }
        yyjson_val **swap = names;
        names = other;
        other = swap;
    }
    *out = NULL;
    return JETON_OK;
}

static enum jeton_status refuse_duplicates(yyjson_val *root, struct jt_arena *arena, struct jeton_detail *detail)
{
    const yyjson_val *end = unsafe_yyjson_get_next(root);
    for (yyjson_val *value = root; value < end; value++) {
        if (!unsafe_yyjson_is_obj(value))
            continue;
        size_t count = unsafe_yyjson_get_len(value);
        yyjson_val *twice = NULL;
        if (count <= FEW) {
            twice = duplicate_of_few(value, count);
        } else {
            size_t before = arena->used;
            JT_TRY(duplicate_of_many(value, count, arena, &twice));
            jt_arena_rewind(arena, before);
        }
        if (twice != NULL) {
            struct jeton_bytes name = jeton_bytes(twice->uni.str, unsafe_yyjson_get_len(twice));
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "the name \"%s\" is there twice", jt_escape(name).text);
        }
    }
    return JETON_OK;
}

/* --- Reading. --- */

static enum jeton_status parse(struct jeton_bytes text, struct jt_arena *arena, yyjson_val **out,
                               struct jeton_detail *detail)
{
    const yyjson_alc pool = {pool_malloc, pool_realloc, pool_free, arena};
    yyjson_read_err error;
    /* Without the flag INSITU yyjson copies the text and does not write to it. */
    char *borrowed = (char *)(uintptr_t)text.at;
    yyjson_doc *document = yyjson_read_opts(borrowed, text.len, YYJSON_READ_NUMBER_AS_RAW, &pool, &error);
    if (document == NULL && error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return JETON_OUT_OF_MEMORY;
    if (document == NULL)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "not JSON at byte %zu: %s", error.pos, error.msg);
    *out = yyjson_doc_get_root(document);
    return JETON_OK;
}

static enum jeton_status read_into(struct jeton_bytes text, struct jt_json_limits limits, struct jt_arena *arena,
                                   yyjson_val **out, struct jeton_detail *detail)
{
    if (text.len == 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "not JSON: no text");
    bool few = text.len / 2 <= limits.members; /* each takes two characters at least */
    bool distinct = false;
    struct jt_json plain = {NULL};
    if (few && limits.depth >= JT_JSON_PLAIN_DEPTH && jt_json_plain_read(text, arena, &plain, &distinct)) {
        *out = plain.value;
        return distinct ? JETON_OK : refuse_duplicates(*out, arena, detail);
    }
    if (!few || openings(text.at, text.len) > limits.depth)
        JT_TRY(measure(text.at, text.len, limits, detail));
    JT_TRY(parse(text, arena, out, detail));
    /* The room kept for growth goes back. */
    jt_arena_rewind(arena, (size_t)((unsigned char *)unsafe_yyjson_get_next(*out) - arena->at));
    return refuse_duplicates(*out, arena, detail);
}

enum jeton_status jt_json_read(struct jeton_bytes text, struct jt_json_limits limits, struct jt_arena *arena,
                               struct jt_json *out, struct jeton_detail *detail)
{
    size_t before = arena->used;
    yyjson_val *root = NULL;
    enum jeton_status status = read_into(text, limits, arena, &root, detail);
    if (status != JETON_OK) {
        jt_arena_rewind(arena, before);
        return status;
    }
    out->value = root;
    return JETON_OK;
}

/* --- Looking. --- */

/* What json.h says of the layout. */
_Static_assert(sizeof(struct jt_json_node) == sizeof(yyjson_val) &&
                   offsetof(struct jt_json_node, tag) == offsetof(yyjson_val, tag) &&
                   offsetof(struct jt_json_node, is.text) == offsetof(yyjson_val, uni.str) &&
                   offsetof(struct jt_json_node, is.step) == offsetof(yyjson_val, uni.ofs),
               "a value is laid out as json.h has it");
_Static_assert(YYJSON_TYPE_MASK == 7 && YYJSON_TAG_BIT == 8 && YYJSON_TYPE_NONE == 0 && YYJSON_TYPE_NULL == 2 &&
                   YYJSON_TYPE_BOOL == 3 && YYJSON_TYPE_NUM == 4 && (int)YYJSON_TYPE_RAW == (int)JT_NODE_RAW &&
                   (int)YYJSON_TYPE_STR == (int)JT_NODE_STRING && (int)YYJSON_TYPE_ARR == (int)JT_NODE_ARRAY &&
                   (int)YYJSON_TYPE_OBJ == (int)JT_NODE_OBJECT && (int)YYJSON_TYPE_NULL == (int)JT_NODE_NULL &&
                   (YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_FALSE) == (int)JT_NODE_FALSE &&
                   (YYJSON_TYPE_BOOL | YYJSON_SUBTYPE_TRUE) == (int)JT_NODE_TRUE,
               "types are numbered as json.h has them");

struct jt_json jt_json_get(struct jt_json object, struct jeton_bytes name)
{
    yyjson_val *value = object.value;
    if (!yyjson_is_obj(value))
        return (struct jt_json){NULL};
    yyjson_val *at = first_name(value);
    for (size_t left = unsafe_yyjson_get_len(value); left > 0; left--, at = next_name(at)) {
        if (unsafe_yyjson_get_len(at) == name.len && (name.len == 0 || memcmp(at->uni.str, name.at, name.len) == 0))
            return (struct jt_json){at + 1};
    }
    return (struct jt_json){NULL};
}
