/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token: a token for a client that proves who it is. Here is the way of a request: form, client, grant; what each
 * grant decides is in grant_NAME.c. Errors as RFC 6749 §5.2 says. */
#include "server/clients/client_authenticate.h"
#include "server/routes.h"
#include "server/token/grant.h"

static jt_grant_step *const steps[] = {
    [JT_GRANT_CLIENT_CREDENTIALS] = jt_grant_client_credentials,
    [JT_GRANT_TOKEN_EXCHANGE] = jt_grant_exchange,
    [JT_GRANT_JWT_BEARER] = jt_grant_jwt_bearer,
};
_Static_assert(JT_COUNT(steps) == JT_GRANT_COUNT, "a step for each grant");

/* As its standard names it, not as the configuration may. */
static bool find_grant(struct jt_asking *asking)
{
    struct jeton_bytes type = jt_form_get(&asking->form, "grant_type", NULL);

    if (type.len == 0)
        return jt_grant_fail(asking, 400, "invalid_request", "grant_type is missing");
    if (!jt_grant_find(type, &asking->grant) || !jt_bytes_equal(type, jeton_text(jt_grant_type(asking->grant))))
        return jt_grant_fail(asking, 400, "unsupported_grant_type", "this server has no such grant");
    if ((asking->client->grants & 1u << asking->grant) == 0)
        return jt_grant_fail(asking, 400, "unauthorized_client", "this client may not use this grant");
    return true;
}

/* RFC 8693 §2.1 and RFC 8707 §2 let these two be given more than once; more than one is then refused as a target. */
static bool read_form(struct jt_asking *asking)
{
    return jt_client_form(asking->request, "resource audience", &asking->form, asking->answer);
}

void jt_route_token(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jt_asking asking = {.server = server, .request = request, .answer = answer};

    jt_answer_header(answer, "Cache-Control", "no-store");
    jt_answer_header(answer, "Pragma", "no-cache");
    if (!read_form(&asking))
        return;
    asking.client = jt_client_authenticate(server, request, &asking.form, answer);
    if (asking.client != NULL && find_grant(&asking) && steps[asking.grant](&asking))
        jt_count(&server->metrics->issued[asking.grant]);
}
