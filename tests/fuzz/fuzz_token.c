/* SPDX-License-Identifier: Apache-2.0 */
/* Does every text come back as parts or as a refusal, within the arena that was promised? */
#include "fuzz.h"

#include "base/base64url.h"
#include "base/json.h"
#include "jose/header.h"
#include "jose/token.h"

static void look(const struct jt_token *token, struct jt_arena *arena)
{
    struct jt_header header;
    struct jeton_detail detail = {{0}};
    size_t before = arena->used;
    FUZZ_HOLDS(token->header.len == jt_base64url_decoded(token->header_text.len));
    FUZZ_HOLDS(token->signature.len == jt_base64url_decoded(token->signature_text.len));
    FUZZ_HOLDS(token->signed_text.len == token->header_text.len + 1 + token->payload_text.len);
    enum jeton_status status = jt_header_read(token->header, arena, &header, &detail);
    FUZZ_HOLDS(status == JETON_OK || status == JETON_HEADER_INVALID);
    FUZZ_HOLDS(jt_bytes_utf8(jeton_text(detail.text)));
    if (status != JETON_OK) {
        FUZZ_HOLDS(arena->used == before && detail.text[0] != '\0');
        return;
    }
    FUZZ_HOLDS(header.alg.at != NULL);
    FUZZ_HOLDS(header.algorithm == jt_algorithm_find(header.alg));
    FUZZ_HOLDS(jt_bytes_utf8(header.kid) && jt_bytes_utf8(header.typ));
    FUZZ_HOLDS(header.alg.len + header.kid.len + header.typ.len <= token->header.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = jt_token_arena_size(size) + jt_json_arena_size(jt_base64url_decoded(size));
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_token token;
    struct jeton_detail detail = {{0}};

    FUZZ_HOLDS(memory != NULL);
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_token_read(jeton_bytes(data, size), &arena, &token, &detail);
    FUZZ_HOLDS(status == (size == 0 ? JETON_TOKEN_MISSING : status));
    FUZZ_HOLDS(status == JETON_OK || status == JETON_TOKEN_MISSING || status == JETON_TOKEN_MALFORMED);
    if (status == JETON_OK)
        look(&token, &arena);
    free(memory);
    return 0;
}
