/* SPDX-License-Identifier: Apache-2.0 */
/* What did the client send in its form? application/x-www-form-urlencoded, strictly: every escape whole, no NUL, no
 * control character, UTF-8 (RFC 6749 appendix B). */
#ifndef JT_SERVER_FORM_H
#define JT_SERVER_FORM_H

#include "base/arena.h"
#include "base/bytes.h"

#define JT_FORM_FIELDS 32

struct jt_form_field {
    struct jeton_bytes name;
    struct jeton_bytes value;
};
struct jt_form {
    struct jt_form_field at[JT_FORM_FIELDS];
    size_t count;
};

/* Reads a whole body; names and values live in the arena. JETON_REQUEST_INVALID with a detail, JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_form_read(struct jeton_bytes body, struct jt_arena *arena, struct jt_form *out,
                        struct jeton_detail *detail);
/* The field of that name, how often it was given into `count` (may be NULL). A field without a value is as if absent
 * (RFC 6749 §3.2): no bytes. */
struct jeton_bytes jt_form_get(const struct jt_form *form, const char *name, size_t *count);
/* The first name that is given twice with a value, other than those in `may_repeat` (a space between); no bytes when
 * there is none. */
struct jeton_bytes jt_form_repeated(const struct jt_form *form, const char *may_repeat);
/* Decodes one name or value ("+" is a space) into `out`, which has text.len bytes; its length, or false when it is not
 * well-formed. */
JETON_MUST_CHECK bool jt_form_decode(struct jeton_bytes text, char *out, size_t *len);
/* Is this header value the media type of a form, with or without parameters? */
bool jt_form_is_type(struct jeton_bytes content_type);
#endif
