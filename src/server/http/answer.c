/* SPDX-License-Identifier: Apache-2.0 */
/* What do endpoints read of a request and write into an answer? The part of http.h that needs no HTTP library. */
#include <stdio.h>
#include <stdlib.h>

#include "server/http/http.h"

struct jeton_bytes jt_request_header(const struct jt_request *request, const char *name, size_t *count)
{
    struct jeton_bytes value = {NULL, 0};
    size_t found = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        if (jt_bytes_equal_nocase(request->headers[i].name, jeton_text(name)) && found++ == 0)
            value = request->headers[i].value;
    }
    if (count != NULL)
        *count = found;
    return value;
}

void jt_answer_header(struct jt_answer *answer, const char *name, const char *value)
{
    if (answer->header_count == JT_ANSWER_HEADERS)
        abort(); /* ours, not a client's: a route writes a bounded number */
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count++].value = value[0] != '\0' ? value : " ";
}

void jt_answer_error(struct jt_answer *answer, struct jt_arena *arena, unsigned status, const char *error,
                     const char *description)
{
    size_t room = 64 + strlen(error) + (description != NULL ? strlen(description) : 0);
    char *text = jt_arena_take(arena, room);

    answer->status = status;
    answer->content_type = "application/json";
    if (text == NULL)
        return;
    if (description != NULL)
        snprintf(text, room, "{\"error\":\"%s\",\"error_description\":\"%s\"}\n", error, description);
    else
        snprintf(text, room, "{\"error\":\"%s\"}\n", error);
    answer->body = jeton_text(text);
}
