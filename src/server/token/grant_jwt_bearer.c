/* SPDX-License-Identifier: Apache-2.0 */
/* May this client have a token for the assertion it brings (RFC 7523 §2.1, §3)? Of an issuer that it may bring them
 * from, made for this server alone, and once. */
#include "server/clients/client_assertion.h"
#include "server/token/grant.h"
#include "server/verify/judge.h"

/* How far ahead its end may lie, in seconds: it is remembered until then. */
enum { AHEAD = 24 * 3600 };

static bool decide(struct jt_asking *asking, const struct jt_trust_result *result)
{
    const struct jt_ground ground = {result->token, result->issuer->context, "assertion", "invalid_grant"};
    const struct jt_request *request = asking->request;
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_assertion_rules(result->token, request->now, AHEAD, &detail);

    if (status != JETON_OK)
        return jt_grant_fail_token(asking, "assertion", "invalid_grant", status, &detail);
    /* Nobody further acts: the client brings what its issuer says, and client_id names it. */
    if (!jt_grant_ground(asking, &ground, (struct jeton_bytes){NULL, 0}, jt_grant_client_claim, asking) ||
        !jt_grant_scope(asking, result->token))
        return false;
    status = jt_assertion_use(asking->server->store, result->token, request->now, &detail);
    if (status != JETON_OK)
        return jt_grant_fail_token(asking, "assertion", "invalid_grant", status, &detail);
    return jt_grant_mint(asking, NULL);
}

bool jt_grant_jwt_bearer(struct jt_asking *asking)
{
    struct jeton_bytes assertion = jt_form_get(&asking->form, "assertion", NULL);
    struct jt_trust *trust = asking->server->client_trusts[asking->client->index].grants;
    struct jt_trust_result result = {.token = NULL};
    struct jeton_detail detail = {""};
    enum jeton_status status;
    bool waits = false, good;

    if (assertion.len == 0)
        return jt_grant_fail(asking, 400, "invalid_request", "assertion is missing");
    if (!jt_grant_audience(asking))
        return false;
    status = jt_request_judge(asking->request, JT_WAIT_KEYS, trust, assertion, &result, &waits, &detail);
    if (status == JETON_OK)
        good = decide(asking, &result);
    else
        good = !waits && jt_grant_fail_token(asking, "assertion", "invalid_grant", status, &detail);
    jt_trust_leave(&result);
    return good;
}
