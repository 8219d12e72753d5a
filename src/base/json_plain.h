/* SPDX-License-Identifier: Apache-2.0 */
/* What does a JSON text say that is written as services write it? For json.c alone. */
#ifndef JT_BASE_JSON_PLAIN_H
#define JT_BASE_JSON_PLAIN_H

#include "base/json.h"

#define JT_JSON_PLAIN_DEPTH 8

/* Reads a text without spaces, escapes, fractions and anything beyond ASCII, nested no deeper than that. False: this is
 * another one, or no JSON, or there is no room; the arena is then as before and nothing is said about the text.
 * `distinct`: no object has a name twice; where it is false, one may. */
bool jt_json_plain_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_json *out, bool *distinct);
#endif
