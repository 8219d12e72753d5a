/* SPDX-License-Identifier: Apache-2.0 */
/* POST /introspect: is this token good, and what does it say? (RFC 7662.) A client is told about tokens that were
 * issued to it and about those that are for an audience of its own; of every other one it learns that it is not active,
 * and not why. */
#include "auth/principal.h"
#include "base/json.h"
#include "server/routes.h"
#include "server/token/asked_token.h"

enum { ANSWER_BESIDE = 1024 };

static bool is_for(const struct jt_client *client, const struct jt_verified *token)
{
    for (size_t i = 0; i < client->audiences.count; i++) {
        if (jt_verified_has_audience(token, client->audiences.at[i]))
            return true;
    }
    return false;
}

static void add_claims(struct jt_json_writer *writer, const struct jt_verified *token)
{
    static const char *const names[] = {"client_id", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "act"};

    for (size_t i = 0; i < JT_COUNT(names); i++) {
        struct jt_json claim = jt_verified_claim(token, jeton_text(names[i]));

        if (jt_json_type(claim) == JT_JSON_NONE)
            continue;
        jt_json_name(writer, names[i]);
        jt_json_write(writer->buffer, claim);
    }
}

static void add_scope(struct jt_json_writer *writer, const struct jt_verified *token, struct jt_buffer *scope)
{
    struct jt_principal principal = jt_principal_of(token);

    jt_principal_scopes(&principal, scope);
    if (scope->len > 0)
        jt_json_add_string(writer, "scope", jt_buffer_bytes(scope));
    if (scope->status != JETON_OK)
        writer->buffer->status = scope->status;
}

/* Every claim fits: what is written is never longer than six times what was read. */
static JT_CHECKED write_active(const struct jt_verified *token, struct jt_arena *arena, struct jeton_bytes *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text, scope;
    size_t room = 6 * jt_verified_payload(token).len + ANSWER_BESIDE;
    struct jt_json_writer writer;
    void *body = NULL;

    jt_buffer_init(&text, room);
    jt_buffer_init(&scope, room);
    jt_json_open(&writer, &text);
    jt_json_add_boolean(&writer, "active", true);
    jt_json_add_text(&writer, "token_type", "Bearer");
    add_scope(&writer, token, &scope);
    add_claims(&writer, token);
    jt_json_close(&writer);
    JT_TRY(text.status);
    body = jt_arena_take(arena, text.len);
    if (body == NULL)
        return JETON_OUT_OF_MEMORY;
    memcpy(body, text.at, text.len);
    *out = jeton_bytes(body, text.len);
    return JETON_OK;
}

static void tell(struct jt_server *server, const struct jt_request *request, const struct jt_asked *asked,
                 struct jt_answer *answer)
{
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body = JT_TEXT("{\"active\":false}");
    if (asked->status != JETON_OK || !(asked->to_client || is_for(asked->client, asked->result.token)))
        return;
    if (write_active(asked->result.token, request->arena, &answer->body) == JETON_OK)
        return;
    jt_log(&server->log, JT_LOG_ERROR, "a token could not be told about", NULL);
    jt_answer_error(answer, request->arena, 500, "server_error", NULL);
}

void jt_route_introspect(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jt_asked asked;

    jt_answer_private(answer);
    if (jt_asked_read(server, request, answer, &asked)) {
        enum jeton_kind kind = jeton_status_kind(asked.status);

        if (kind == JETON_KIND_UNAVAILABLE || kind == JETON_KIND_BROKEN) {
            /* It was not judged: "not active" would be a guess. */
            jt_answer_header(answer, "Retry-After", "5");
            jt_answer_error(answer, request->arena, 503, "temporarily_unavailable", "the token could not be judged");
        } else {
            tell(server, request, &asked, answer);
        }
    }
    jt_asked_done(&asked);
}
