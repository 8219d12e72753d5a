/* SPDX-License-Identifier: Apache-2.0 */
/* GET /: what is this, for somebody who opened the address? */
#include <stdio.h>

#include <jeton/version.h>

#include "server/routes.h"

void jt_route_root(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    static const char format[] =
        "jetond " JETON_VERSION ", issuer %s\n"
        "\n"
        "POST /token                                    tokens: client_credentials, token exchange, jwt-bearer\n"
        "POST /introspect, /revoke                      for clients: about a token, and its end\n"
        "ANY  /verify, /verify/NAME                     is this caller's token good?\n"
        "GET  /.sts, POST /.sts                         temporary credentials for AWS clients\n"
        "ANY  /gateway/s3/...                           for nginx before an object store\n"
        "GET  /.well-known/jwks.json                    public keys\n"
        "GET  /.well-known/openid-configuration         metadata\n"
        "GET  /.well-known/oauth-authorization-server   metadata\n"
        "GET  /.well-known/oauth-protected-resource     metadata of what is protected\n"
        "GET  /healthz, /readyz, /metrics               for operators\n";
    size_t room = sizeof format + strlen(server->issuer);
    char *text = jt_arena_take(request->arena, room);

    if (text == NULL)
        return;
    snprintf(text, room, format, server->issuer);
    answer->status = 200;
    answer->content_type = "text/plain; charset=utf-8";
    answer->body = jeton_text(text);
}
