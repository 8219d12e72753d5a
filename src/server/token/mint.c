/* SPDX-License-Identifier: Apache-2.0 */
/* What does the token say, and the answer that carries it? Access tokens by RFC 9068, answers by RFC 6749 §5.1 and
 * RFC 8693 §2.2.1; what goes wrong by RFC 6749 §5.2. */
#include <stdio.h>

#include "base/json.h"
#include "server/token/grant.h"

enum { TOKEN_MAX = 128 * 1024, CLAIM_MAX = 64 * 1024, ANSWER_BESIDE = 64 * 1024 };

/* --- The token --- */

static int64_t backdate_of(const struct jt_config *config)
{
    return config->signing.nbf_skew.place.line > 0 ? config->signing.nbf_skew.value / 1000 : -1;
}

static void add_claim(struct jeton_claim *claims, size_t *count, const char *name, struct jeton_bytes json)
{
    if (json.len > 0)
        claims[(*count)++] = (struct jeton_claim){jeton_text(name), json};
}

/* RFC 9068 §2.2: iss, exp, aud, sub, client_id, iat, jti, scope; typ at+jwt. */
static JT_CHECKED sign(const struct jt_asking *asking, struct jt_buffer *token)
{
    const struct jt_server *server = asking->server;
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    JT_AUTO(jt_buffer_done) struct jt_buffer client_id, scope;
    struct jeton_claim claims[4];

    jt_buffer_init(&client_id, CLAIM_MAX);
    jt_buffer_init(&scope, CLAIM_MAX);
    jt_json_write_string(&client_id, asking->client->id);
    if (asking->scope.len > 0)
        jt_json_write_string(&scope, asking->scope);
    JT_TRY(client_id.status);
    JT_TRY(scope.status);
    options.claims = claims;
    add_claim(claims, &options.claim_count, "client_id", jt_buffer_bytes(&client_id));
    add_claim(claims, &options.claim_count, "scope", jt_buffer_bytes(&scope));
    add_claim(claims, &options.claim_count, "act", asking->act);
    add_claim(claims, &options.claim_count, "may_act", asking->may_act);
    options.typ = JT_TEXT("at+jwt");
    options.issuer = jeton_text(server->issuer);
    options.subject = asking->subject;
    options.audiences = (struct jeton_list){&asking->audience, 1};
    options.now = asking->request->now;
    options.ttl = asking->ttl;
    options.backdate = backdate_of(server->config);
    return jt_signers_sign(server->signers, &options, token, NULL);
}

/* --- The answer --- */

static bool write_answer(struct jt_asking *asking, struct jeton_bytes token, const char *issued_type)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    struct jt_json_writer writer;
    void *body = NULL;

    jt_buffer_init_secret(&text, TOKEN_MAX + ANSWER_BESIDE);
    jt_json_open(&writer, &text);
    jt_json_add_string(&writer, "access_token", token);
    if (issued_type != NULL)
        jt_json_add_text(&writer, "issued_token_type", issued_type);
    jt_json_add_text(&writer, "token_type", "Bearer");
    jt_json_add_number(&writer, "expires_in", asking->ttl);
    if (asking->scope.len > 0)
        jt_json_add_string(&writer, "scope", asking->scope);
    jt_json_close(&writer);
    if (text.status != JETON_OK || (body = jt_arena_take(asking->request->arena, text.len)) == NULL)
        return jt_grant_fail_internally(asking);
    memcpy(body, text.at, text.len);
    asking->answer->status = 200;
    asking->answer->content_type = "application/json";
    asking->answer->body = jeton_bytes(body, text.len);
    return true;
}

bool jt_grant_mint(struct jt_asking *asking, const char *issued_type)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer token;

    jt_buffer_init_secret(&token, TOKEN_MAX);
    if (sign(asking, &token) != JETON_OK)
        return jt_grant_fail_internally(asking);
    /* What was brought made it so long; nobody would take it. */
    if (asking->grant != JT_GRANT_CLIENT_CREDENTIALS && token.len > (size_t)asking->server->config->limits.token.value)
        return jt_grant_fail(asking, 400, "invalid_request", "the token would be longer than a token may be here");
    return write_answer(asking, jt_buffer_bytes(&token), issued_type);
}

/* --- What goes wrong --- */

bool jt_grant_fail(struct jt_asking *asking, unsigned status, const char *error, const char *description)
{
    jt_answer_error(asking->answer, asking->request->arena, status, error, description);
    return false;
}

bool jt_grant_fail_internally(struct jt_asking *asking)
{
    return jt_grant_fail(asking, 500, "server_error", NULL);
}

/* What RFC 6749 §5.2 lets a description hold. */
static void make_plain(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\')
            *text = '\'';
        else if (byte < 0x20 || byte > 0x7e)
            *text = '?';
    }
}

bool jt_grant_fail_token(struct jt_asking *asking, const char *name, const char *error, enum jeton_status status,
                         const struct jeton_detail *detail)
{
    enum jeton_kind kind = jeton_status_kind(status);
    char text[JETON_DETAIL_TEXT + 64];

    if (kind == JETON_KIND_UNAVAILABLE) {
        jt_answer_header(asking->answer, "Retry-After", "5");
        return jt_grant_fail(asking, 503, "temporarily_unavailable", "the keys of its issuer cannot be had now");
    }
    if (kind == JETON_KIND_BROKEN || kind == JETON_KIND_MISUSED || kind == JETON_KIND_CONFIG) {
        jt_log(&asking->server->log, JT_LOG_ERROR, "a token could not be judged", "code", jeton_status_code(status),
               "detail", detail->text, NULL);
        return jt_grant_fail_internally(asking);
    }
    snprintf(text, sizeof text, "%s: %s", name, detail->text[0] != '\0' ? detail->text : jeton_status_text(status));
    make_plain(text);
    return jt_grant_fail(asking, 400, error, text);
}
