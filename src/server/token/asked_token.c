/* SPDX-License-Identifier: Apache-2.0 */
/* About which token does which client ask, and what is it worth? See asked_token.h. token_type_hint is not looked at:
 * there is one kind of token, and a wrong hint must change nothing (RFC 7009 §2.1, RFC 7662 §2.1). */
#include "server/token/asked_token.h"

#include "server/clients/client_authenticate.h"
#include "server/http/connections.h"

static void judge(struct jt_server *server, const struct jt_request *request, struct jeton_bytes token,
                  struct jt_asked *out)
{
    struct jt_json client_id;

    out->status = jt_trust_judge(server->believed, token, request->now, jt_monotonic_ms(), request->arena, &out->result,
                                 NULL);
    if (out->status != JETON_OK)
        return;
    client_id = jt_verified_claim(out->result.token, JT_TEXT("client_id"));
    out->ours = jt_bytes_equal(jt_verified_issuer(out->result.token), jeton_text(server->issuer));
    out->to_client = out->ours && jt_bytes_equal(jt_json_string(client_id), out->client->id);
}

bool jt_asked_read(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer,
                   struct jt_asked *out)
{
    struct jeton_bytes token;
    struct jt_form form;

    *out = (struct jt_asked){.status = JETON_TOKEN_MISSING};
    if (!jt_client_form(request, "", &form, answer))
        return false;
    out->client = jt_client_authenticate(server, request, &form, answer);
    if (out->client == NULL)
        return false;
    token = jt_form_get(&form, "token", NULL);
    if (token.len == 0) {
        jt_answer_error(answer, request->arena, 400, "invalid_request", "token is missing");
        return false;
    }
    judge(server, request, token, out);
    return true;
}

void jt_asked_done(struct jt_asked *asked)
{
    jt_trust_leave(&asked->result);
}

void jt_answer_private(struct jt_answer *answer)
{
    jt_answer_header(answer, "Cache-Control", "no-store");
    jt_answer_header(answer, "Pragma", "no-cache");
}
