/* SPDX-License-Identifier: Apache-2.0 */
/* GET /healthz and /readyz: is it alive, and should it get requests? Ready is: an active signing key, and not on the
 * way out. */
#include "server/routes.h"

void jt_route_healthz(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    (void)server;
    (void)request;
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body = JT_TEXT("{\"status\":\"ok\"}\n");
    jt_answer_header(answer, "Cache-Control", "no-store");
}

void jt_route_readyz(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    bool key = jt_signers_active(server->signers) != NULL;

    (void)request;
    answer->content_type = "application/json";
    jt_answer_header(answer, "Cache-Control", "no-store");
    if (key && !server->draining) {
        answer->status = 200;
        answer->body = JT_TEXT("{\"status\":\"ready\"}\n");
        return;
    }
    answer->status = 503;
    jt_answer_header(answer, "Retry-After", "5");
    answer->body = key ? JT_TEXT("{\"status\":\"draining\"}\n")
                       : JT_TEXT("{\"status\":\"not ready\",\"lacks\":[\"active signing key\"]}\n");
}
