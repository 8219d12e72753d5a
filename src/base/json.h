/* SPDX-License-Identifier: Apache-2.0 */
/* What does a JSON text say, strictly? RFC 8259, UTF-8, no BOM, nothing after the value, no duplicate member names at
 * any level (names compared after their escapes are read), numbers kept as written, depth and member count bounded
 * before the parser runs. A NUL may stand in a string (as \u0000); lengths show it. yyjson lives in json.c alone. */
#ifndef JT_BASE_JSON_H
#define JT_BASE_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"

/* Depth counts the arrays and objects around a value: [] has depth 1. Members: all names and elements of the text. */
struct jt_json_limits {
    size_t depth;
    size_t members;
};
#define JT_JSON_HEADER ((struct jt_json_limits){32, 256})    /* token headers */
#define JT_JSON_PAYLOAD ((struct jt_json_limits){64, 16384}) /* token payloads */
#define JT_JSON_KEYS ((struct jt_json_limits){32, 65536})    /* keys and key sets */

enum jt_json_type {
    JT_JSON_NONE, /* no such value */
    JT_JSON_NULL,
    JT_JSON_BOOLEAN,
    JT_JSON_NUMBER,
    JT_JSON_STRING,
    JT_JSON_ARRAY,
    JT_JSON_OBJECT
};

/* A value, borrowed from the arena the text was read into; zero-initialised it is JT_JSON_NONE. */
struct jt_json {
    void *value;
};

/* Bytes of arena that reading a text of `len` bytes can need at most, duplicate check included. */
size_t jt_json_arena_size(size_t len);

/* Reads `text` (not changed, need not outlive the call). JETON_ARGUMENT_INVALID when the text is not strict JSON or
 * over a limit — the caller turns it into its own code —, JETON_OUT_OF_MEMORY when the arena is too small. */
JT_CHECKED jt_json_read(struct jeton_bytes text, struct jt_json_limits limits, struct jt_arena *arena,
                        struct jt_json *out, struct jeton_detail *detail);

/* How the parser lays a value out in memory, so that looking at one is a load and no call; json.c asserts that it is
 * so. Nothing but the functions of this file looks inside. */
struct jt_json_node {
    uint64_t tag; /* length above 8 bits of type */
    union {
        const char *text; /* of a string or number */
        size_t step;      /* bytes from a container to what follows it */
    } is;
};
enum {
    JT_NODE_RAW = 1,
    JT_NODE_NULL = 2,
    JT_NODE_FALSE = 3,
    JT_NODE_TRUE = 11,
    JT_NODE_STRING = 5,
    JT_NODE_ARRAY = 6,
    JT_NODE_OBJECT = 7
};

static inline const struct jt_json_node *jt_json_node(struct jt_json json)
{
    return (const struct jt_json_node *)json.value;
}
static inline unsigned jt_json_kind(struct jt_json json)
{
    return json.value != NULL ? (unsigned)jt_json_node(json)->tag & 7 : 0;
}
static inline enum jt_json_type jt_json_type(struct jt_json json)
{
    return (enum jt_json_type)(0x65432130u >> 4 * jt_json_kind(json) & 7); /* a digit for each kind of the parser */
}
/* Each gives no bytes, 0 or false for a value of another type. */
static inline struct jeton_bytes jt_json_text_of(struct jt_json json, unsigned kind)
{
    if (jt_json_kind(json) != kind)
        return jeton_bytes(NULL, 0);
    return jeton_bytes(jt_json_node(json)->is.text, (size_t)(jt_json_node(json)->tag >> 8));
}
static inline struct jeton_bytes jt_json_string(struct jt_json json) /* unescaped; may hold NUL */
{
    return jt_json_text_of(json, JT_NODE_STRING);
}
static inline struct jeton_bytes jt_json_number(struct jt_json json) /* as written */
{
    return jt_json_text_of(json, JT_NODE_RAW);
}
static inline bool jt_json_boolean(struct jt_json json)
{
    return json.value != NULL && (jt_json_node(json)->tag & 0xff) == JT_NODE_TRUE;
}
static inline size_t jt_json_count(struct jt_json json) /* elements or members */
{
    return jt_json_kind(json) >= JT_NODE_ARRAY ? (size_t)(jt_json_node(json)->tag >> 8) : 0;
}
/* JT_JSON_NONE when not there or `object` is none. */
struct jt_json jt_json_get(struct jt_json object, struct jeton_bytes name);

/* for (struct jt_json_walk w = jt_json_walk(v); jt_json_next(&w);) … w.name … w.value
 * walks an array (name empty) or an object in the order written; any other value is empty. */
struct jt_json_walk {
    struct jeton_bytes name;
    struct jt_json value;
    void *next;
    size_t left;
    bool object;
};
static inline struct jt_json_walk jt_json_walk(struct jt_json json)
{
    struct jt_json_walk walk = {.left = jt_json_count(json), .object = jt_json_kind(json) == JT_NODE_OBJECT};
    if (walk.left > 0)
        walk.next = (struct jt_json_node *)json.value + 1;
    return walk;
}
static inline bool jt_json_next(struct jt_json_walk *walk)
{
    struct jt_json_node *value = (struct jt_json_node *)walk->next;
    if (walk->left == 0)
        return false;
    if (walk->object) { /* a name is followed by its value */
        walk->name = jeton_bytes(value->is.text, (size_t)(value->tag >> 8));
        value++;
    }
    walk->value.value = value;
    walk->left--;
    /* A container is followed by what it holds. */
    if ((value->tag & 7) >= JT_NODE_ARRAY)
        walk->next = (char *)value + value->is.step;
    else
        walk->next = value + 1;
    return true;
}

/* --- Writing: one line, no spaces, members in the order given. --- */

/* A value read before, numbers as written. */
void jt_json_write(struct jt_buffer *buffer, struct jt_json json);
/* A string with its quotes; what is not UTF-8 becomes U+FFFD. */
void jt_json_write_string(struct jt_buffer *buffer, struct jeton_bytes text);

/* An object or array being written, with its commas: open, add…, close. A nested one is opened by `name`. */
struct jt_json_writer {
    struct jt_buffer *buffer;
    bool first;
};
void jt_json_open(struct jt_json_writer *writer, struct jt_buffer *buffer); /* "{" */
void jt_json_close(struct jt_json_writer *writer);                          /* "}" */
/* The comma, the name and ":". */
void jt_json_member(struct jt_json_writer *writer, struct jeton_bytes name);
static inline void jt_json_name(struct jt_json_writer *writer, const char *name)
{
    jt_json_member(writer, jeton_text(name));
}
void jt_json_add_string(struct jt_json_writer *writer, const char *name, struct jeton_bytes text);
void jt_json_add_text(struct jt_json_writer *writer, const char *name, const char *text);
void jt_json_add_number(struct jt_json_writer *writer, const char *name, int64_t number);
void jt_json_add_boolean(struct jt_json_writer *writer, const char *name, bool value);
#endif
