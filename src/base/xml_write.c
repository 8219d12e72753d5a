/* SPDX-License-Identifier: Apache-2.0 */
/* How is XML written? See xml_write.h; the last stop of an answer to an AWS client. */
#include "base/xml_write.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void jt_xml_declare(struct jt_buffer *buffer)
{
    jt_buffer_add_text(buffer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void jt_xml_open(struct jt_buffer *buffer, const char *name)
{
    jt_buffer_add_byte(buffer, '<');
    jt_buffer_add_text(buffer, name);
    jt_buffer_add_byte(buffer, '>');
}

void jt_xml_open_in(struct jt_buffer *buffer, const char *name, const char *space)
{
    jt_buffer_add_byte(buffer, '<');
    jt_buffer_add_text(buffer, name);
    jt_buffer_add_text(buffer, " xmlns=\"");
    jt_xml_write(buffer, jeton_text(space));
    jt_buffer_add_text(buffer, "\">");
}

void jt_xml_close(struct jt_buffer *buffer, const char *name)
{
    jt_buffer_add_text(buffer, "</");
    jt_buffer_add_text(buffer, name);
    jt_buffer_add_byte(buffer, '>');
}

void jt_xml_add(struct jt_buffer *buffer, const char *name, struct jeton_bytes text)
{
    jt_xml_open(buffer, name);
    jt_xml_write(buffer, text);
    jt_xml_close(buffer, name);
}

void jt_xml_add_text(struct jt_buffer *buffer, const char *name, const char *text)
{
    jt_xml_add(buffer, name, jeton_text(text));
}

/* What one ASCII character is written as; NULL: as it is. A carriage return alone would be read as a line feed. */
static const char *written_as(unsigned char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    case '\r':
        return "&#13;";
    case '\t':
    case '\n':
        return NULL;
    default:
        return byte < 0x20 ? REPLACEMENT : NULL;
    }
}

/* Length of the UTF-8 character at `in` when XML can carry it; 0 otherwise. U+FFFE and U+FFFF are none. */
static size_t character(const unsigned char *in, size_t left)
{
    size_t len = in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
    if (len > left || !jt_bytes_utf8(jeton_bytes(in, len)))
        return 0;
    return len == 3 && in[0] == 0xef && in[1] == 0xbf && in[2] >= 0xbe ? 0 : len;
}

void jt_xml_write(struct jt_buffer *buffer, struct jeton_bytes text)
{
    const unsigned char *in = text.at;
    size_t from = 0; /* the part that goes out as it is starts here */
    size_t i = 0;
    while (i < text.len) {
        size_t len = in[i] < 0x80 ? 1 : character(in + i, text.len - i);
        const char *instead = len == 1 ? written_as(in[i]) : len == 0 ? REPLACEMENT : NULL;
        if (instead != NULL) {
            jt_buffer_add(buffer, jt_bytes_cut(text, from, i));
            jt_buffer_add_text(buffer, instead);
            from = i + 1;
        }
        i += len > 0 ? len : 1;
    }
    jt_buffer_add(buffer, jt_bytes_cut(text, from, text.len));
}
