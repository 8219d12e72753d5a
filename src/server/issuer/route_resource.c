/* SPDX-License-Identifier: Apache-2.0 */
/* GET /.well-known/oauth-protected-resource: which resource is protected here, and who gives tokens for it? RFC 9728,
 * made once. The address of this document goes into the challenges of /verify where a resource is configured. */

#include "base/json.h"
#include "server/issuer/metadata.h"
#include "server/routes.h"

enum { DOCUMENT_MAX = 256 * 1024, ADDRESS_MAX = 4096 };

/* NULL: not configured. */
static const char *configured(const struct jt_server *server)
{
    return server->config->verify.resource.at;
}

static bool is_none(const struct jt_server *server)
{
    return configured(server) != NULL && strcmp(configured(server), "none") == 0;
}

static const char *resource_of(const struct jt_server *server)
{
    return configured(server) != NULL ? configured(server) : server->public_url;
}

static void add_servers(struct jt_json_writer *writer, const struct jt_server *server)
{
    size_t count = configured(server) != NULL ? server->issuer_count : 1;

    jt_json_name(writer, "authorization_servers");
    jt_buffer_add_byte(writer->buffer, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            jt_buffer_add_byte(writer->buffer, ',');
        jt_json_write_string(writer->buffer, jeton_text(server->issuers[i]->name));
    }
    jt_buffer_add_byte(writer->buffer, ']');
}

/* RFC 9728 §3.1: the path of the resource behind the well-known one. */
static JT_CHECKED write_address(struct jt_server *server)
{
    struct jeton_bytes path = jt_metadata_path_of(jeton_text(resource_of(server)));

    jt_buffer_init(&server->resource_metadata, ADDRESS_MAX);
    if (configured(server) == NULL || is_none(server))
        return JETON_OK;
    jt_buffer_add_format(&server->resource_metadata, ", resource_metadata=\"%s%s", server->public_url,
                         jt_route_path(JT_ROUTE_RESOURCE));
    jt_buffer_add(&server->resource_metadata, path);
    jt_buffer_add_byte(&server->resource_metadata, '"');
    return server->resource_metadata.status;
}

JT_CHECKED jt_server_open_resource(struct jt_server *server)
{
    static const char *const methods[] = {"header"};
    struct jt_json_writer writer;

    jt_buffer_init(&server->resource, DOCUMENT_MAX);
    jt_json_open(&writer, &server->resource);
    jt_json_add_text(&writer, "resource", resource_of(server));
    add_servers(&writer, server);
    jt_metadata_list(&writer, "bearer_methods_supported", methods, JT_COUNT(methods));
    jt_metadata_scopes(&writer, server, "openid");
    jt_json_close(&writer);
    JT_TRY(server->resource.status);
    return write_address(server);
}

void jt_route_resource(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jeton_bytes path = jt_metadata_path_of(jeton_text(resource_of(server)));

    if (is_none(server) || !jt_metadata_is_at(request->path, path)) {
        jt_answer_error(answer, request->arena, 404, "not_found", NULL);
        return;
    }
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body = jt_buffer_bytes(&server->resource);
    jt_answer_header(answer, "Cache-Control", "public, max-age=3600");
}
