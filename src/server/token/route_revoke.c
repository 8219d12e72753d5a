/* SPDX-License-Identifier: Apache-2.0 */
/* POST /revoke: a client is done with a token of its own, or has lost it (RFC 7009). What it may not revoke, and what
 * is no token here, is answered like a success and changes nothing (§2.2); nothing is believed of a token whose
 * signature did not pass. */
#include "server/issuer/revocations.h"
#include "server/routes.h"
#include "server/token/asked_token.h"

/* The client has to take the token for good still, and may ask again (RFC 7009 §2.2.1). */
static void fail_for_now(const struct jt_request *request, struct jt_answer *answer)
{
    jt_answer_header(answer, "Retry-After", "5");
    jt_answer_error(answer, request->arena, 503, "temporarily_unavailable", "the token could not be revoked");
}

static void revoke(struct jt_server *server, const struct jt_request *request, const struct jt_asked *asked,
                   struct jt_answer *answer)
{
    struct jeton_detail detail = {""};
    struct jt_json jti = jt_verified_claim(asked->result.token, JT_TEXT("jti"));
    enum jeton_status status = jt_revocations_add(server->lasting->revocations, asked->result.token, request->now,
                                                  &detail);

    if (status != JETON_OK) {
        jt_log(&server->log, JT_LOG_ERROR, "a token could not be revoked", "code", jeton_status_code(status), "detail",
               detail.text, NULL);
        fail_for_now(request, answer);
        return;
    }
    jt_log(&server->log, JT_LOG_INFO, "a client revoked a token", "client", jt_escape(asked->client->id).text, "jti",
           jt_escape(jt_json_string(jti)).text, NULL);
}

void jt_route_revoke(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jt_asked asked;

    jt_answer_private(answer);
    if (jt_asked_read(server, request, answer, &asked)) {
        answer->status = 200;
        if (asked.to_client)
            revoke(server, request, &asked, answer);
        else if (asked.status == JETON_TYPE_MISMATCH)
            jt_answer_error(answer, request->arena, 400, "unsupported_token_type", "only access tokens can be revoked");
        else if (asked.status == JETON_OUT_OF_MEMORY || asked.status == JETON_INTERNAL_ERROR)
            fail_for_now(request, answer);
    }
    jt_asked_done(&asked);
}
