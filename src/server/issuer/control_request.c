/* SPDX-License-Identifier: Apache-2.0 */
/* What does an operator ask through the control socket, and what is the answer? See control_request.h. */
#include "server/issuer/control_request.h"

#include "base/secret.h"
#include "server/issuer/keeper.h"

enum { DEPTH = 2, MEMBERS = 8 };

static const struct verb {
    const char *name;
    bool takes_kid, needs_kid, needs_key;
} verbs[] = {
    [JT_CONTROL_STATUS] = {"status", false, false, false}, [JT_CONTROL_ROTATE] = {"rotate", false, false, false},
    [JT_CONTROL_REVOKE] = {"revoke", true, true, false},   [JT_CONTROL_IMPORT] = {"import", true, false, true},
    [JT_CONTROL_RESEAL] = {"reseal", false, false, false},
};

static JT_CHECKED take_verb(struct jeton_bytes name, struct jt_control_request *out, struct jeton_detail *detail)
{
    for (size_t i = 0; i < JT_COUNT(verbs); i++) {
        if (jt_bytes_equal(name, jeton_text(verbs[i].name))) {
            out->verb = (enum jt_control_verb)i;
            return JETON_OK;
        }
    }
    return jt_fail(detail, JETON_REQUEST_INVALID, "\"do\" is none of status, rotate, revoke, import, reseal");
}

static JT_CHECKED take_members(struct jt_json json, struct jt_control_request *out, struct jeton_detail *detail)
{
    bool named = false;

    for (struct jt_json_walk walk = jt_json_walk(json); jt_json_next(&walk);) {
        struct jeton_bytes value = jt_json_string(walk.value);

        if (value.len == 0)
            return jt_fail(detail, JETON_REQUEST_INVALID, "every member is a text that is not empty");
        if (jt_bytes_equal(walk.name, JT_TEXT("do"))) {
            JT_TRY(take_verb(value, out, detail));
            named = true;
        } else if (jt_bytes_equal(walk.name, JT_TEXT("kid"))) {
            out->kid = value;
        } else if (jt_bytes_equal(walk.name, JT_TEXT("key"))) {
            out->key = value;
        } else {
            return jt_fail(detail, JETON_REQUEST_INVALID, "a member that is not known");
        }
    }
    return named ? JETON_OK : jt_fail(detail, JETON_REQUEST_INVALID, "\"do\" is missing");
}

JT_CHECKED jt_control_request_read(struct jeton_bytes line, struct jt_arena *arena, struct jt_control_request *out,
                                   struct jeton_detail *detail)
{
    struct jt_control_request request = {.verb = JT_CONTROL_STATUS};
    struct jt_json json = {NULL};
    enum jeton_status status = jt_json_read(line, (struct jt_json_limits){DEPTH, MEMBERS}, arena, &json, detail);
    const struct verb *verb;

    if (status != JETON_OK)
        return status == JETON_ARGUMENT_INVALID ? JETON_REQUEST_INVALID : status;
    if (jt_json_type(json) != JT_JSON_OBJECT)
        return jt_fail(detail, JETON_REQUEST_INVALID, "a request is a JSON object");
    JT_TRY(take_members(json, &request, detail));
    verb = &verbs[request.verb];
    if ((request.kid.len > 0 && !verb->takes_kid) || (request.key.len > 0 && !verb->needs_key))
        return jt_fail(detail, JETON_REQUEST_INVALID, "%s does not take that", verb->name);
    if ((verb->needs_kid && request.kid.len == 0) || (verb->needs_key && request.key.len == 0))
        return jt_fail(detail, JETON_REQUEST_INVALID, "%s needs \"%s\"", verb->name, verb->needs_key ? "key" : "kid");
    *out = request;
    return JETON_OK;
}

static JT_CHECKED carry_out(struct jt_keeper *keeper, const char *issuer, const struct jt_control_request *request,
                            struct jt_json_writer *out, struct jeton_detail *detail)
{
    switch (request->verb) {
    case JT_CONTROL_STATUS:
        jt_json_add_text(out, "issuer", issuer);
        return jt_keeper_status(keeper, out, detail);
    case JT_CONTROL_ROTATE:
        return jt_keeper_rotate(keeper, out, detail);
    case JT_CONTROL_REVOKE:
        return jt_keeper_revoke(keeper, request->kid, out, detail);
    case JT_CONTROL_IMPORT:
        return jt_keeper_import(keeper, request->key, request->kid, out, detail);
    case JT_CONTROL_RESEAL:
        return jt_keeper_reseal(keeper, out, detail);
    }
    return JETON_INTERNAL_ERROR;
}

static JT_CHECKED read_and_carry_out(struct jt_keeper *keeper, const char *issuer, struct jeton_bytes line,
                                     struct jt_json_writer *out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret room = {NULL, 0}; /* a private key may be in the line */
    struct jt_control_request request;
    struct jt_arena arena;

    JT_TRY(jt_secret_new(jt_json_arena_size(line.len), &room));
    jt_arena_init(&arena, room.at, room.len);
    JT_TRY(jt_control_request_read(line, &arena, &request, detail));
    return carry_out(keeper, issuer, &request, out, detail);
}

void jt_control_answer(struct jt_keeper *keeper, const char *issuer, struct jeton_bytes line, struct jt_buffer *out)
{
    struct jeton_detail detail = {""};
    struct jt_json_writer writer;
    enum jeton_status status;

    jt_json_open(&writer, out);
    jt_json_add_boolean(&writer, "ok", true);
    status = read_and_carry_out(keeper, issuer, line, &writer, &detail);
    if (status != JETON_OK) {
        out->len = 0;
        jt_json_open(&writer, out);
        jt_json_add_boolean(&writer, "ok", false);
        jt_json_add_text(&writer, "error", jeton_status_code(status));
        jt_json_add_text(&writer, "detail", detail.text[0] != '\0' ? detail.text : jeton_status_text(status));
    }
    jt_json_close(&writer);
}
