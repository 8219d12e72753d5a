/* SPDX-License-Identifier: Apache-2.0 */
/* GetCallerIdentity: whose credentials are these? The request is signed with them, and that is all it takes. */
#include "base/xml_write.h"
#include "server/sts/sts.h"

enum { ANSWER_MAX = 16384 };

static void refuse(const struct jt_sts_ask *ask, enum jt_signed outcome, const struct jeton_detail *detail)
{
    if (outcome == JT_SIGNED_BODY) /* here it is one code, and so one status */
        outcome = JT_SIGNED_MISMATCH;
    if (outcome == JT_SIGNED_BROKEN)
        jt_log(&ask->server->log, JT_LOG_ERROR, "a signed request could not be judged at /.sts", NULL);
    jt_sts_error(ask, jt_signed_http(outcome), jt_signed_sts_code(outcome),
                 detail->text[0] != '\0' ? detail->text : jt_signed_text(outcome));
}

static void answer_identity(const struct jt_sts_ask *ask, const struct jt_session *session)
{
    struct jt_buffer out;

    jt_buffer_init(&out, ANSWER_MAX);
    jt_xml_declare(&out);
    jt_xml_open_in(&out, "GetCallerIdentityResponse", JT_STS_SPACE);
    jt_xml_open(&out, "GetCallerIdentityResult");
    jt_sts_write_arn(&out, session->role, session->name);
    jt_xml_open(&out, "UserId");
    jt_sts_write_id(&out, session->role, session->name);
    jt_xml_close(&out, "UserId");
    jt_xml_add_text(&out, "Account", JT_STS_ACCOUNT);
    jt_xml_close(&out, "GetCallerIdentityResult");
    jt_sts_write_metadata(ask, &out);
    jt_xml_close(&out, "GetCallerIdentityResponse");
    ask->answer->status = 200;
    jt_sts_send(ask, &out);
}

void jt_sts_identity(const struct jt_sts_ask *ask)
{
    const struct jt_request *request = ask->request;
    const struct jt_sigv4_request signed_one = {request->method, request->path, request->query, request->headers,
                                                request->header_count};
    const struct jt_sigv4_rules rules = {JT_TEXT("sts"), JT_SIGV4_PATH_NORMAL, true, request->body};
    struct jeton_detail detail = {""};
    struct jt_session session = {.expires_at = 0};
    enum jt_signed outcome = jt_session_authenticate(ask->server->sts->sessions, &signed_one, &rules, request->now,
                                                     request->arena, &session, &detail);

    if (outcome == JT_SIGNED_OK)
        answer_identity(ask, &session);
    else
        refuse(ask, outcome, &detail);
    jt_session_forget(&session);
}
