/* SPDX-License-Identifier: Apache-2.0 */
/* Does the reader of the control socket's lines stand any bytes, and of the key in one? */
#include "fuzz.h"

#include <string.h>

#include "jose/jwk.h"
#include "server/issuer/control_request.h"

static bool is_inside(struct jeton_bytes part, const struct jt_arena *arena)
{
    const unsigned char *at = part.at;

    return part.len == 0 || (at >= arena->at && at + part.len <= arena->at + arena->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_control_request request;
    struct jt_secret_jwk *key = NULL;
    struct jeton_detail detail = {""};
    struct jt_arena arena;
    void *memory;

    if (size > 65536)
        return 0;
    memory = malloc(jt_json_arena_size(size));
    FUZZ_HOLDS(memory != NULL);
    jt_arena_init(&arena, memory, jt_json_arena_size(size));
    if (jt_control_request_read(jeton_bytes(data, size), &arena, &request, &detail) == JETON_OK) {
        FUZZ_HOLDS(is_inside(request.kid, &arena) && is_inside(request.key, &arena));
        FUZZ_HOLDS((request.verb == JT_CONTROL_IMPORT) == (request.key.len > 0));
        FUZZ_HOLDS(request.verb == JT_CONTROL_IMPORT || request.verb == JT_CONTROL_REVOKE || request.kid.len == 0);
        if (request.key.len > 0 && jt_secret_jwk_read(request.key, &key, &detail) == JETON_OK)
            FUZZ_HOLDS(key->about.signs != 0 || key->about.verifies == 0);
        jt_secret_jwk_release(key);
    } else {
        FUZZ_HOLDS(detail.text[0] != '\0');
        FUZZ_HOLDS(memchr(detail.text, '\n', strlen(detail.text)) == NULL);
    }
    free(memory);
    return 0;
}
