/* SPDX-License-Identifier: Apache-2.0 */
/* What does this key file hold? Shared by the readers of one key and of a set. */
#ifndef JT_JOSE_KEY_FILE_H
#define JT_JOSE_KEY_FILE_H

#include "base/arena.h"
#include "base/json.h"

/* First character that is no white space is one that only JSON begins with. */
bool jt_key_file_is_json(struct jeton_bytes text);

/* A parsed document of keys on the heap; wiped when done. */
struct jt_key_json {
    void *memory;
    struct jt_arena arena;
    struct jt_json json;
};
/* JETON_KEY_INVALID when it is no JSON object. */
JT_CHECKED jt_key_json_read(struct jeton_bytes text, struct jt_key_json *out, struct jeton_detail *detail);
void jt_key_json_done(struct jt_key_json *json);
#endif
