/* SPDX-License-Identifier: Apache-2.0 */
/* What does the issuer of a token that is no JWT say of it? See introspected.h. */
#include "auth/introspected.h"

#include <stdlib.h>

#include "auth/checks.h"
#include "base/base64url.h"
#include "base/secret.h"

bool jt_is_jwt(struct jeton_bytes token, struct jt_arena *arena)
{
    size_t start = arena->used;
    struct jt_token parts;
    struct jt_json header;
    bool is = jt_token_split(token, &parts, NULL) == JETON_OK &&
              jt_base64url_decode_arena(parts.header_text, arena, &parts.header) &&
              jt_json_read(parts.header, JT_JSON_HEADER, arena, &header, NULL) == JETON_OK &&
              jt_json_type(header) == JT_JSON_OBJECT;

    jt_arena_rewind(arena, start);
    return is;
}

bool jt_is_bearer(struct jeton_bytes token, size_t max)
{
    const char *at = token.at;
    size_t len = token.len;

    while (len > 0 && at[len - 1] == '=')
        len--;
    if (len == 0 || token.len > max)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool plain = (at[i] >= 'A' && at[i] <= 'Z') || (at[i] >= 'a' && at[i] <= 'z') ||
                     (at[i] >= '0' && at[i] <= '9') || (at[i] != '\0' && strchr("-._~+/", at[i]) != NULL);

        if (!plain)
            return false;
    }
    return true;
}

static void write_claims(struct jt_json answer, struct jeton_bytes issuer, struct jt_buffer *claims)
{
    struct jt_json_writer writer;

    jt_json_open(&writer, claims);
    if (jt_json_type(jt_json_get(answer, JT_TEXT("iss"))) == JT_JSON_NONE)
        jt_json_add_string(&writer, "iss", issuer);
    for (struct jt_json_walk walk = jt_json_walk(answer); jt_json_next(&walk);) {
        if (jt_bytes_equal(walk.name, JT_TEXT("active")))
            continue;
        if (!writer.first)
            jt_buffer_add_byte(claims, ',');
        writer.first = false;
        jt_json_write_string(claims, walk.name);
        jt_buffer_add_byte(claims, ':');
        jt_json_write(claims, walk.value);
    }
    jt_json_close(&writer);
}

static JT_CHECKED read_answer(struct jeton_bytes text, struct jeton_bytes issuer, struct jt_arena *arena, bool *active,
                              struct jt_buffer *claims, struct jeton_detail *detail)
{
    struct jt_json answer, said;

    if (jt_json_read(text, JT_JSON_PAYLOAD, arena, &answer, NULL) != JETON_OK || jt_json_type(answer) != JT_JSON_OBJECT)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the issuer's answer about the token is no JSON object");
    said = jt_json_get(answer, JT_TEXT("active"));
    if (jt_json_type(said) != JT_JSON_BOOLEAN)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the issuer's answer does not say whether the token is active");
    if (jt_json_boolean(said))
        write_claims(answer, issuer, claims);
    JT_TRY(claims->status);
    *active = jt_json_boolean(said);
    return JETON_OK;
}

JT_CHECKED jt_introspected_read(struct jeton_bytes answer, struct jeton_bytes issuer, bool *active,
                                struct jt_buffer *claims, struct jeton_detail *detail)
{
    size_t room = jt_json_arena_size(answer.len);
    struct jt_arena arena;
    enum jeton_status status;
    void *memory = NULL;

    if (answer.len > JT_INTROSPECTED_MAX)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the issuer's answer about the token is too long");
    memory = malloc(room);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_arena_init(&arena, memory, room);
    status = read_answer(answer, issuer, &arena, active, claims, detail);
    jt_wipe(memory, room);
    free(memory);
    return status;
}

/* --- The judgement --- */

/* The checks about claims; not the one of the header that such a token does not have. */
#define ABOUT_CLAIMS (~((1u << JT_CHECK_TYPES) - 1) & ~(1u << JT_CHECK_TYP))

JT_CHECKED jt_introspected_judge(struct jeton_bytes text, const struct jt_policy *policy, int64_t now,
                                 struct jt_arena *arena, struct jt_json *out, struct jeton_detail *detail)
{
    struct jt_claims claims;
    struct jt_judgement judgement = {.policy = policy, .now = now, .arena = arena, .claims = &claims};
    struct jt_json json;

    JT_TRY(jt_json_read(text, JT_JSON_PAYLOAD, arena, &json, detail));
    jt_claims_find(json, &claims);
    JT_TRY(jt_checks_run(&judgement, policy->plan & ABOUT_CLAIMS, detail));
    *out = json;
    return JETON_OK;
}
