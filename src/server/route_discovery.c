/* SPDX-License-Identifier: Apache-2.0 */
/* GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server: what is this issuer? Derived from
 * the real keys and routes, made once (RFC 8414 §3.2, OpenID Connect Discovery 1.0 §3). */
#include <stdio.h>

#include "base/json.h"
#include "server/metadata.h"

enum { DOCUMENT_MAX = 65536 };

static void add_address(struct jt_json_writer *writer, const char *name, const struct jt_server *server,
                        const char *path)
{
    char address[1200];

    snprintf(address, sizeof address, "%s%s", server->public_url, path);
    jt_json_add_text(writer, name, address);
}

/* What the published keys sign with. */
static void add_algorithms(struct jt_json_writer *writer, const char *name, jt_alg_mask mask)
{
    const char *names[JT_ALG_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < JT_ALG_COUNT; i++) {
        if ((mask & JT_ALG_BIT(i)) != 0)
            names[count++] = jt_algorithm_at(i)->name;
    }
    jt_metadata_list(writer, name, names, count);
}

/* --- What it says: endpoints that are routes here, and lists of what they take --- */

static const struct {
    const char *name;
    enum jt_route route;
} endpoints[] = {
    {"token_endpoint", JT_ROUTE_TOKEN},
    {"jwks_uri", JT_ROUTE_JWKS},
    {"introspection_endpoint", JT_ROUTE_INTROSPECT},
    {"revocation_endpoint", JT_ROUTE_REVOKE},
};

static const char *const grants[] = {"client_credentials"};
static const char *const methods[] = {"client_secret_basic", "client_secret_post"};
/* No endpoint here gives an authorization response; OpenID Connect demands the member and a value. */
static const char *const responses[] = {"id_token"};
static const char *const subjects[] = {"public"};

#define LIST(texts) (texts), JT_COUNT(texts)
static const struct {
    const char *name;
    const char *const *texts;
    size_t count;
} lists[] = {
    {"grant_types_supported", LIST(grants)},
    {"token_endpoint_auth_methods_supported", LIST(methods)},
    {"introspection_endpoint_auth_methods_supported", LIST(methods)},
    {"revocation_endpoint_auth_methods_supported", LIST(methods)},
    {"response_types_supported", LIST(responses)},
    {"subject_types_supported", LIST(subjects)},
};

JT_CHECKED jt_server_open_discovery(struct jt_server *server)
{
    struct jt_json_writer writer;

    jt_buffer_init(&server->discovery, DOCUMENT_MAX);
    jt_json_open(&writer, &server->discovery);
    jt_json_add_text(&writer, "issuer", server->issuer);
    for (size_t i = 0; i < JT_COUNT(endpoints); i++)
        add_address(&writer, endpoints[i].name, server, jt_route_path(endpoints[i].route));
    for (size_t i = 0; i < JT_COUNT(lists); i++)
        jt_metadata_list(&writer, lists[i].name, lists[i].texts, lists[i].count);
    add_algorithms(&writer, "id_token_signing_alg_values_supported", jt_signers_published(server->signers)->algorithms);
    jt_metadata_scopes(&writer, server, NULL);
    jt_json_close(&writer);
    return server->discovery.status;
}

void jt_route_discovery(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jeton_bytes path = jt_metadata_path_of(jeton_text(server->issuer));

    if (!jt_metadata_is_at(request->path, path)) {
        jt_answer_error(answer, request->arena, 404, "not_found", NULL);
        return;
    }
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body = jt_buffer_bytes(&server->discovery);
    jt_answer_header(answer, "Cache-Control", "public, max-age=3600");
}
