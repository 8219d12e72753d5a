/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token: a token for a client that proves who it is. client_credentials (RFC 6749 §4.4), access tokens by RFC
 * 9068, resource indicators by RFC 8707. Errors as RFC 6749 §5.2 says. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "server/client_authenticate.h"
#include "server/routes.h"

enum { TOKEN_MAX = 16384, CLAIM_MAX = 8192 };

/* One request on its way through the steps below; each step that fails has answered. */
struct asking {
    struct jt_server *server;
    const struct jt_request *request;
    struct jt_answer *answer;
    struct jt_form form;
    const struct jt_client *client;
    struct jeton_bytes audience;
    struct jeton_bytes scope; /* joined by spaces; may be empty */
};

static bool fail(struct asking *asking, unsigned status, const char *error, const char *description)
{
    jt_answer_error(asking->answer, asking->request->arena, status, error, description);
    return false;
}

static bool fail_internally(struct asking *asking)
{
    return fail(asking, 500, "server_error", NULL);
}

static bool check_grant(struct asking *asking)
{
    struct jeton_bytes type = jt_form_get(&asking->form, "grant_type", NULL);
    enum jt_grant grant;

    if (type.len == 0)
        return fail(asking, 400, "invalid_request", "grant_type is missing");
    if (!jt_grant_find(type, &grant) || !jt_bytes_equal(type, jeton_text(jt_grant_type(grant))) ||
        grant != JT_GRANT_CLIENT_CREDENTIALS)
        return fail(asking, 400, "unsupported_grant_type", "this server has client_credentials");
    if ((asking->client->grants & 1u << grant) == 0)
        return fail(asking, 400, "unauthorized_client", "this client may not use this grant");
    return true;
}

/* RFC 8707 §2: an absolute URI without a fragment. */
static bool is_resource(struct jeton_bytes text)
{
    size_t colon = jt_bytes_find(text, ':', 0);

    if (colon == 0 || colon + 1 >= text.len || jt_bytes_find(text, '#', 0) < text.len)
        return false;
    for (size_t i = 0; i < colon; i++) {
        char byte = ((const char *)text.at)[i];

        if (!((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
              (i > 0 && ((byte >= '0' && byte <= '9') || strchr("+-.", byte) != NULL))))
            return false;
    }
    return true;
}

/* For whom is it? The one audience of the client, or the one it asks for; never one that is not its own. */
static bool choose_audience(struct asking *asking)
{
    size_t resources = 0;
    struct jeton_bytes audience = jt_form_get(&asking->form, "audience", NULL);
    struct jeton_bytes resource = jt_form_get(&asking->form, "resource", &resources);
    const struct jt_text_list *own = &asking->client->audiences;

    if (resources > 1)
        return fail(asking, 400, "invalid_target", "a token is for one resource");
    if (resource.len > 0 && !is_resource(resource))
        return fail(asking, 400, "invalid_target", "resource must be an absolute address without a fragment");
    if (resource.len > 0 && audience.len > 0 && !jt_bytes_equal(resource, audience))
        return fail(asking, 400, "invalid_target", "audience and resource are different");
    if (resource.len > 0)
        audience = resource;
    if (audience.len == 0) {
        if (own->count != 1)
            return fail(asking, 400, "invalid_target", "this client has several audiences and must ask for one");
        audience = own->at[0];
    }
    if (!jt_text_list_has(own, audience))
        return fail(asking, 400, "invalid_target", "not an audience of this client");
    asking->audience = audience;
    return true;
}

static void append(char *memory, size_t *len, struct jeton_bytes word)
{
    if (*len > 0)
        memory[(*len)++] = ' ';
    memcpy(memory + *len, word.at, word.len);
    *len += word.len;
}

static bool has_word(struct jeton_bytes words, struct jeton_bytes word)
{
    for (size_t from = 0; from < words.len;) {
        size_t end = jt_bytes_find(words, ' ', from);

        if (jt_bytes_equal(jt_bytes_cut(words, from, end), word))
            return true;
        from = end + 1;
    }
    return false;
}

/* All scopes of the client, or the fewer it asks for (RFC 6749 §3.3). */
static bool choose_scope(struct asking *asking)
{
    struct jeton_bytes asked = jt_form_get(&asking->form, "scope", NULL);
    const struct jt_text_list *own = &asking->client->scopes;
    size_t room = asked.len, len = 0;
    char *memory = NULL;

    for (size_t i = 0; i < own->count; i++)
        room += own->at[i].len + 1;
    memory = jt_arena_take(asking->request->arena, room + 1);
    if (memory == NULL)
        return fail_internally(asking);
    for (size_t i = 0; i < own->count && asked.len == 0; i++)
        append(memory, &len, own->at[i]);
    for (size_t from = 0; from < asked.len;) {
        size_t end = jt_bytes_find(asked, ' ', from);
        struct jeton_bytes word = jt_bytes_cut(asked, from, end);

        if (word.len > 0 && !jt_text_list_has(own, word))
            return fail(asking, 400, "invalid_scope", "a scope that this client may not have");
        if (word.len > 0 && !has_word(jeton_bytes(memory, len), word))
            append(memory, &len, word);
        from = end + 1;
    }
    asking->scope = jeton_bytes(memory, len);
    return true;
}

/* RFC 9068 §2.2: iss, exp, aud, sub, client_id, iat, jti, scope; typ at+jwt. */
static JT_CHECKED sign(struct asking *asking, struct jt_buffer *token)
{
    const struct jt_server *server = asking->server;
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    JT_AUTO(jt_buffer_done) struct jt_buffer client_id, scope;
    struct jeton_claim claims[2];

    jt_buffer_init(&client_id, CLAIM_MAX);
    jt_buffer_init(&scope, CLAIM_MAX);
    jt_json_write_string(&client_id, asking->client->id);
    jt_json_write_string(&scope, asking->scope);
    JT_TRY(client_id.status);
    JT_TRY(scope.status);
    claims[0] = (struct jeton_claim){JT_TEXT("client_id"), jt_buffer_bytes(&client_id)};
    claims[1] = (struct jeton_claim){JT_TEXT("scope"), jt_buffer_bytes(&scope)};
    options.typ = JT_TEXT("at+jwt");
    options.issuer = jeton_text(server->issuer);
    options.subject = asking->client->id;
    options.audiences = (struct jeton_list){&asking->audience, 1};
    options.now = asking->request->now;
    options.ttl = server->config->signing.token_ttl.value / 1000;
    options.backdate = -1;
    options.claims = claims;
    options.claim_count = asking->scope.len > 0 ? 2 : 1;
    return jt_signers_sign(server->signers, &options, token, NULL);
}

static bool write_answer(struct asking *asking, struct jeton_bytes token)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    struct jt_json_writer writer;
    void *body = NULL;

    jt_buffer_init_secret(&text, TOKEN_MAX + CLAIM_MAX);
    jt_json_open(&writer, &text);
    jt_json_add_string(&writer, "access_token", token);
    jt_json_add_text(&writer, "token_type", "Bearer");
    jt_json_add_number(&writer, "expires_in", asking->server->config->signing.token_ttl.value / 1000);
    if (asking->scope.len > 0)
        jt_json_add_string(&writer, "scope", asking->scope);
    jt_json_close(&writer);
    if (text.status != JETON_OK || (body = jt_arena_take(asking->request->arena, text.len)) == NULL)
        return fail_internally(asking);
    memcpy(body, text.at, text.len);
    asking->answer->status = 200;
    asking->answer->content_type = "application/json";
    asking->answer->body = jeton_bytes(body, text.len);
    return true;
}

static bool issue(struct asking *asking)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer token;

    jt_buffer_init_secret(&token, TOKEN_MAX);
    if (sign(asking, &token) != JETON_OK)
        return fail_internally(asking);
    return write_answer(asking, jt_buffer_bytes(&token));
}

void jt_route_token(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct asking asking = {.server = server, .request = request, .answer = answer};

    jt_answer_header(answer, "Cache-Control", "no-store");
    jt_answer_header(answer, "Pragma", "no-cache");
    if (!jt_client_form(request, "resource", &asking.form, answer))
        return;
    asking.client = jt_client_authenticate(server, request, &asking.form, answer);
    if (asking.client != NULL && check_grant(&asking) && choose_audience(&asking) && choose_scope(&asking) &&
        issue(&asking))
        jt_count(&server->metrics->issued);
}
