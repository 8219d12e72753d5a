/* SPDX-License-Identifier: Apache-2.0 */
/* How is JSON written? On one line, without spaces, members in the order given; the last stop of a payload, a key set,
 * an answer. A failure stays in the buffer. */
#include "base/json.h"

/* Length of the UTF-8 character at `in`; 0 when there is none. */
static size_t character(const unsigned char *in, size_t left)
{
    size_t len = in[0] < 0x80 ? 1 : in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
    return len <= left && jt_bytes_utf8(jeton_bytes(in, len)) ? len : 0;
}

static void add_escaped(struct jt_buffer *buffer, unsigned char byte)
{
    static const char names[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *name = byte != 0 ? strchr(names, byte) : NULL;
    if (name != NULL) {
        jt_buffer_add_byte(buffer, '\\');
        jt_buffer_add_byte(buffer, (unsigned char)letters[name - names]);
        return;
    }
    static const char digits[] = "0123456789abcdef";
    const char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    jt_buffer_add(buffer, jeton_bytes(escape, sizeof escape));
}

static inline bool plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Nearly every text stands as it is and is written in one step, `before` and `behind` around it. False, with nothing
 * written, where it does not: with escapes it needs more room, never less. */
static inline bool wrote_plain(struct jt_buffer *buffer, struct jeton_bytes before, struct jeton_bytes text,
                               struct jeton_bytes behind)
{
    size_t len = before.len + text.len + behind.len;
    unsigned char *at = jt_buffer_grow(buffer, len);
    if (at == NULL)
        return true; /* the failure stays in the buffer */
    memcpy(at, before.at, before.len);
    memcpy(at + before.len + text.len, behind.at, behind.len);
    if (jt_bytes_put_plain(text, at + before.len))
        return true;
    buffer->len -= len;
    return false;
}

static void write_escaped(struct jt_buffer *buffer, struct jeton_bytes text)
{
    const unsigned char *in = text.at;
    jt_buffer_add_byte(buffer, '"');
    for (size_t i = 0; i < text.len;) {
        size_t len = 0;
        while (i + len < text.len && plain(in[i + len]))
            len++;
        if (len == 0 && in[i] >= 0x7f) {
            len = character(in + i, text.len - i);
            if (len == 0)
                jt_buffer_add(buffer, JT_TEXT("\xef\xbf\xbd")); /* U+FFFD */
        } else if (len == 0) {
            add_escaped(buffer, in[i]);
        }
        jt_buffer_add(buffer, jeton_bytes(in + i, len));
        i += len > 0 ? len : 1;
    }
    jt_buffer_add_byte(buffer, '"');
}

void jt_json_write_string(struct jt_buffer *buffer, struct jeton_bytes text)
{
    if (!wrote_plain(buffer, JT_TEXT("\""), text, JT_TEXT("\"")))
        write_escaped(buffer, text);
}

static void write_container(struct jt_buffer *buffer, struct jt_json json, bool object)
{
    bool first = true;
    jt_buffer_add_byte(buffer, object ? '{' : '[');
    for (struct jt_json_walk walk = jt_json_walk(json); jt_json_next(&walk); first = false) {
        if (!first)
            jt_buffer_add_byte(buffer, ',');
        if (object) {
            jt_json_write_string(buffer, walk.name);
            jt_buffer_add_byte(buffer, ':');
        }
        jt_json_write(buffer, walk.value);
    }
    jt_buffer_add_byte(buffer, object ? '}' : ']');
}

/* Goes down as deep as the value is nested; the reader's limit bounds that. */
void jt_json_write(struct jt_buffer *buffer, struct jt_json json)
{
    switch (jt_json_type(json)) {
    case JT_JSON_NONE:
    case JT_JSON_NULL:
        jt_buffer_add_text(buffer, "null");
        break;
    case JT_JSON_BOOLEAN:
        jt_buffer_add_text(buffer, jt_json_boolean(json) ? "true" : "false");
        break;
    case JT_JSON_NUMBER:
        jt_buffer_add(buffer, jt_json_number(json));
        break;
    case JT_JSON_STRING:
        jt_json_write_string(buffer, jt_json_string(json));
        break;
    case JT_JSON_ARRAY:
        write_container(buffer, json, false);
        break;
    case JT_JSON_OBJECT:
        write_container(buffer, json, true);
        break;
    }
}

void jt_json_open(struct jt_json_writer *writer, struct jt_buffer *buffer)
{
    *writer = (struct jt_json_writer){buffer, true};
    jt_buffer_add_byte(buffer, '{');
}

void jt_json_close(struct jt_json_writer *writer)
{
    jt_buffer_add_byte(writer->buffer, '}');
}

void jt_json_member(struct jt_json_writer *writer, struct jeton_bytes name)
{
    if (!writer->first)
        jt_buffer_add_byte(writer->buffer, ',');
    writer->first = false;
    if (wrote_plain(writer->buffer, JT_TEXT("\""), name, JT_TEXT("\":")))
        return;
    write_escaped(writer->buffer, name);
    jt_buffer_add_byte(writer->buffer, ':');
}

void jt_json_add_string(struct jt_json_writer *writer, const char *name, struct jeton_bytes text)
{
    jt_json_name(writer, name);
    jt_json_write_string(writer->buffer, text);
}

void jt_json_add_text(struct jt_json_writer *writer, const char *name, const char *text)
{
    jt_json_add_string(writer, name, jeton_text(text));
}

void jt_json_add_number(struct jt_json_writer *writer, const char *name, int64_t number)
{
    jt_json_name(writer, name);
    jt_buffer_add_number(writer->buffer, number);
}

void jt_json_add_boolean(struct jt_json_writer *writer, const char *name, bool value)
{
    jt_json_name(writer, name);
    jt_buffer_add_text(writer->buffer, value ? "true" : "false");
}
