/* SPDX-License-Identifier: Apache-2.0 */
/* GET /.well-known/openid-configuration and /.well-known/oauth-authorization-server: what is this issuer? Derived from
 * the real keys and routes, made once (RFC 8414 §3.2, OpenID Connect Discovery 1.0 §3). */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "server/issuer/metadata.h"

enum { DOCUMENT_MAX = 65536, ALGORITHMS_MAX = 512 };
_Static_assert(JT_ALG_COUNT *(sizeof "\"ML-DSA-44\"," - 1) + 2 <= ALGORITHMS_MAX, "room for every name");

static void add_address(struct jt_json_writer *writer, const char *name, const struct jt_server *server,
                        const char *path)
{
    char address[1200];

    snprintf(address, sizeof address, "%s%s", server->public_url, path);
    jt_json_add_text(writer, name, address);
}

/* What the published keys sign with: a list of names. */
static size_t write_algorithms(const struct jt_server *server, char out[ALGORITHMS_MAX])
{
    struct jt_published_guard guard = jt_signers_enter(server->signers);
    jt_alg_mask mask = guard.published->algorithms;
    size_t len = 0;

    jt_signers_leave(&guard);
    for (size_t i = 0; i < JT_ALG_COUNT; i++) {
        if ((mask & JT_ALG_BIT(i)) != 0)
            len += (size_t)snprintf(out + len, ALGORITHMS_MAX - len, "%c\"%s\"", len == 0 ? '[' : ',',
                                    jt_algorithm_at(i)->name);
    }
    out[len++] = ']';
    return len;
}

static void add_asymmetric(struct jt_json_writer *writer, const char *name)
{
    const char *names[JT_ALG_COUNT] = {NULL};
    size_t count = 0;

    for (size_t i = 0; i < JT_ALG_COUNT; i++) {
        const struct jt_algorithm *algorithm = jt_algorithm_at(i);

        if (algorithm->type != JT_KEY_OCT && jt_algorithm_usable(algorithm))
            names[count++] = algorithm->name;
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

static const char *const grants[] = {"client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange",
                                     "urn:ietf:params:oauth:grant-type:jwt-bearer"};
static const char *const methods[] = {"client_secret_basic", "client_secret_post", "private_key_jwt"};
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

/* What clients may sign assertions with. */
static const char *const signed_for[] = {"token_endpoint_auth_signing_alg_values_supported",
                                         "introspection_endpoint_auth_signing_alg_values_supported",
                                         "revocation_endpoint_auth_signing_alg_values_supported"};

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
    for (size_t i = 0; i < JT_COUNT(signed_for); i++)
        add_asymmetric(&writer, signed_for[i]);
    jt_json_name(&writer, "id_token_signing_alg_values_supported");
    server->discovery_algorithms = server->discovery.len; /* what the keys say at the time of the request stands here */
    jt_metadata_scopes(&writer, server, NULL);
    jt_json_close(&writer);
    return server->discovery.status;
}

/* Made once for a configuration, but for what the keys say: those change by themselves. */
static struct jeton_bytes document_of(const struct jt_server *server, struct jt_arena *arena)
{
    const struct jt_buffer *made = &server->discovery;
    char algorithms[ALGORITHMS_MAX];
    size_t len = write_algorithms(server, algorithms), at = server->discovery_algorithms;
    char *out = jt_arena_take(arena, made->len + len);

    if (out == NULL)
        return jeton_bytes(NULL, 0);
    memcpy(out, made->at, at);
    memcpy(out + at, algorithms, len);
    memcpy(out + at + len, made->at + at, made->len - at);
    return jeton_bytes(out, made->len + len);
}

/* An hour (S5.17), where a key of another algorithm is published for longer than that before it signs. */
static int64_t max_age_of(const struct jt_server *server)
{
    int64_t ahead = server->config->signing.publish_ahead.value / 1000;

    return ahead > 3660 ? 3600 : server->config->signing.jwks_max_age.value / 1000;
}

void jt_route_discovery(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jeton_bytes path = jt_metadata_path_of(jeton_text(server->issuer));
    struct jeton_bytes document = document_of(server, request->arena);
    char *cache = jt_arena_take(request->arena, 64);

    if (!jt_metadata_is_at(request->path, path)) {
        jt_answer_error(answer, request->arena, 404, "not_found", NULL);
        return;
    }
    if (document.len == 0 || cache == NULL)
        return;
    snprintf(cache, 64, "public, max-age=%" PRId64, max_age_of(server));
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body = document;
    jt_answer_header(answer, "Cache-Control", cache);
}
