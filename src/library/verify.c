/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/verify.h>: judging and explaining. What a verified token says is in verified.c. */
#include "auth/authenticate.h"
#include "library/border.h"

size_t jeton_verify_arena_size(size_t max_token)
{
    return jt_authenticate_arena_size(max_token < JT_TOKEN_MAX ? max_token : JT_TOKEN_MAX);
}

enum jeton_status jeton_verify(struct jeton_bytes token, const struct jeton_keyset *keys,
                               const struct jeton_policy *policy, int64_t now, void *arena, size_t arena_len,
                               const struct jeton_verified **verified, struct jeton_detail *detail)
{
    struct jt_arena memory;
    const struct jt_verified *made = NULL;
    jt_arena_init(&memory, arena, arena_len);
    JT_TRY(jt_authenticate(token, jt_border_keyset(keys), jt_border_policy(policy), now, &memory, &made, detail));
    *verified = (const struct jeton_verified *)(const void *)made;
    return JETON_OK;
}

enum jeton_status jeton_explain(struct jeton_bytes token, const struct jeton_keyset *keys,
                                const struct jeton_policy *policy, int64_t now, void *arena, size_t arena_len,
                                struct jeton_verdict *verdict)
{
    struct jt_arena memory;
    const struct jt_verified *made = NULL;
    if (verdict->size != sizeof *verdict)
        return JETON_ARGUMENT_INVALID;
    jt_arena_init(&memory, arena, arena_len);
    enum jeton_status status = jt_explain(token, jt_border_keyset(keys), jt_border_policy(policy), now, &memory, &made,
                                          verdict);
    verdict->verified = (const struct jeton_verified *)(const void *)made;
    return status;
}

static struct jeton_bytes peek_issuer(struct jeton_bytes payload, struct jt_arena *arena)
{
    struct jt_payload read = {.read = false};
    if (jt_payload_read(&read, payload, arena, NULL) != JETON_OK)
        return (struct jeton_bytes){NULL, 0};
    return jt_json_string(jt_json_get(read.json, JT_TEXT("iss")));
}

enum jeton_status jeton_inspect(struct jeton_bytes token, size_t max_token, void *arena, size_t arena_len,
                                struct jeton_bytes *header, struct jeton_bytes *payload, struct jeton_bytes *issuer,
                                struct jeton_detail *detail)
{
    struct jt_arena memory;
    struct jt_token parts;
    struct jt_header read;
    jt_arena_init(&memory, arena, arena_len);
    if (token.len > max_token)
        return jt_fail(detail, JETON_TOKEN_TOO_LARGE, "%zu bytes; at most %zu are taken", token.len, max_token);
    JT_TRY(jt_token_read(token, &memory, &parts, detail));
    JT_TRY(jt_header_read(parts.header, &memory, &read, detail));
    if (header != NULL)
        *header = parts.header;
    if (payload != NULL)
        *payload = parts.payload;
    if (issuer != NULL)
        *issuer = peek_issuer(parts.payload, &memory);
    return JETON_OK;
}
