/* SPDX-License-Identifier: Apache-2.0 */
/* How is XML written? What AWS's clients read: elements and texts, no attribute but the namespace, no white space
 * between. Whatever bytes come in, well-formed XML 1.0 comes out; a failure stays in the buffer. */
#ifndef JT_BASE_XML_WRITE_H
#define JT_BASE_XML_WRITE_H

#include "base/buffer.h"

/* <?xml version="1.0" encoding="UTF-8"?> and a line feed. */
void jt_xml_declare(struct jt_buffer *buffer);
/* Names are literals: they are written as they are. */
void jt_xml_open(struct jt_buffer *buffer, const char *name);
void jt_xml_open_in(struct jt_buffer *buffer, const char *name, const char *space);
void jt_xml_close(struct jt_buffer *buffer, const char *name);
/* An element that holds a text alone. */
void jt_xml_add(struct jt_buffer *buffer, const char *name, struct jeton_bytes text);
void jt_xml_add_text(struct jt_buffer *buffer, const char *name, const char *text);
/* Escaped for an element or a quoted attribute. What is not UTF-8, and characters that XML cannot carry (XML 1.0 §2.2),
 * become U+FFFD. */
void jt_xml_write(struct jt_buffer *buffer, struct jeton_bytes text);
#endif
