/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoint answers this? The table of routes, and what every one of them would say alike: 404, 405, OPTIONS. */
#include "server/routes.h"

#include "server/http/proxies.h"

enum methods { GET, POST, GET_POST, ANY };

static const struct entry {
    const char *path;
    bool below; /* everything below the path too: /verify/NAME */
    enum methods methods;
    bool shared; /* any page of any origin may read it: it is public, and without credentials */
    enum jt_route route;
    jt_route_answer *answer;
} entries[] = {
    {"/verify", true, ANY, false, JT_ROUTE_VERIFY, jt_route_verify},
    {"/token", false, POST, false, JT_ROUTE_TOKEN, jt_route_token},
    {"/introspect", false, POST, false, JT_ROUTE_INTROSPECT, jt_route_introspect},
    {"/revoke", false, POST, false, JT_ROUTE_REVOKE, jt_route_revoke},
    {"/.well-known/jwks.json", false, GET, true, JT_ROUTE_JWKS, jt_route_jwks},
    {"/.well-known/openid-configuration", true, GET, true, JT_ROUTE_DISCOVERY, jt_route_discovery},
    {"/.well-known/oauth-authorization-server", true, GET, true, JT_ROUTE_DISCOVERY, jt_route_discovery},
    {"/.well-known/oauth-protected-resource", true, GET, true, JT_ROUTE_RESOURCE, jt_route_resource},
    {"/gateway/s3", true, ANY, false, JT_ROUTE_GATEWAY, jt_route_gateway},
    {"/.sts", true, GET_POST, true, JT_ROUTE_STS, jt_route_sts},
    {"/healthz", false, GET, false, JT_ROUTE_HEALTHZ, jt_route_healthz},
    {"/readyz", false, GET, false, JT_ROUTE_READYZ, jt_route_readyz},
    {"/metrics", false, GET, false, JT_ROUTE_METRICS, jt_route_metrics},
    {"/", false, GET, false, JT_ROUTE_ROOT, jt_route_root},
};

const char *const jt_route_names[] = {"none",   "root",    "discovery",  "jwks",   "token",    "verify",  "healthz",
                                      "readyz", "metrics", "introspect", "revoke", "resource", "gateway", "sts"};
_Static_assert(JT_COUNT(jt_route_names) == JT_ROUTE_COUNT, "a name for each route");
_Static_assert(JT_ROUTE_COUNT <= JT_METRICS_ROUTES, "a counter for each route");

static const struct entry *find(struct jeton_bytes path)
{
    for (size_t i = 0; i < JT_COUNT(entries); i++) {
        size_t len = strlen(entries[i].path);

        if (!jt_bytes_start(path, jeton_bytes(entries[i].path, len)))
            continue;
        if (path.len == len || (entries[i].below && ((const char *)path.at)[len] == '/'))
            return &entries[i];
    }
    return NULL;
}

const char *jt_route_path(enum jt_route route)
{
    for (size_t i = 0; i < JT_COUNT(entries); i++) {
        if (entries[i].route == route)
            return entries[i].path;
    }
    return "/";
}

static const char *allowed(enum methods methods)
{
    switch (methods) {
    case POST:
        return "POST, OPTIONS";
    case GET_POST:
        return "GET, HEAD, POST, OPTIONS";
    case GET:
    case ANY:
        break;
    }
    return "GET, HEAD, OPTIONS";
}

static bool takes(const struct entry *entry, struct jeton_bytes method)
{
    switch (entry->methods) {
    case GET:
        return jt_bytes_equal(method, JT_TEXT("GET")) || jt_bytes_equal(method, JT_TEXT("HEAD"));
    case POST:
        return jt_bytes_equal(method, JT_TEXT("POST"));
    case GET_POST:
        return jt_bytes_equal(method, JT_TEXT("GET")) || jt_bytes_equal(method, JT_TEXT("HEAD")) ||
               jt_bytes_equal(method, JT_TEXT("POST"));
    case ANY:
        return true;
    }
    return false;
}

static void answer_options(const struct entry *entry, struct jt_answer *answer)
{
    answer->status = 204;
    jt_answer_header(answer, "Allow", allowed(entry->methods));
    if (entry->shared)
        jt_answer_header(answer, "Access-Control-Max-Age", "86400");
}

/* With every answer: which of them a page needs is the browser's to say. */
static void share(const struct entry *entry, struct jt_answer *answer)
{
    jt_answer_header(answer, "Access-Control-Allow-Origin", "*");
    jt_answer_header(answer, "Access-Control-Allow-Methods", allowed(entry->methods));
    jt_answer_header(answer, "Access-Control-Allow-Headers", "*");
    jt_answer_header(answer, "Access-Control-Expose-Headers", "*");
}

static void answer(struct jt_server *server, const struct jt_request *request, struct jt_answer *out)
{
    const struct entry *entry = find(request->path);

    if (entry == NULL) {
        out->route = JT_ROUTE_NONE;
        jt_answer_error(out, request->arena, 404, "not_found", NULL);
        return;
    }
    out->route = entry->route;
    if (entry->shared)
        share(entry, out);
    if (takes(entry, request->method)) {
        entry->answer(server, request, out);
    } else if (jt_bytes_equal(request->method, JT_TEXT("OPTIONS"))) {
        answer_options(entry, out);
    } else {
        jt_answer_error(out, request->arena, 405, "method_not_allowed", NULL);
        jt_answer_header(out, "Allow", allowed(entry->methods));
    }
}

/* Names of headers are the configuration's: it is left when the answer was sent. */
static void enter(void *context, const struct jt_request *request, struct jt_answer *out)
{
    struct jt_snapshot_guard guard = jt_server_enter(context);
    struct jt_server *server = guard.value;
    struct jt_request counted;

    out->held = guard.reader;
    if (jt_request_of_peer(request, &server->config->trusted_proxies, &counted) != JETON_OK)
        return;
    jt_request_under(&counted, server->number);
    answer(server, &counted, out);
}

static void leave(void *context, struct jt_answer *sent)
{
    (void)context;
    jt_readers_leave(sent->held);
}

static bool wants_body(void *context, struct jeton_bytes method, struct jeton_bytes path)
{
    const struct entry *entry = find(path);

    (void)context;
    return entry != NULL && (entry->methods == POST || entry->methods == GET_POST) && takes(entry, method);
}

static void observe(void *context, size_t route, unsigned status, int64_t duration_ns)
{
    struct jt_lasting *lasting = context;

    jt_metrics_request(&lasting->metrics, route, status, duration_ns);
}

struct jt_http_handler jt_routes_handler(struct jt_lasting *lasting)
{
    return (struct jt_http_handler){lasting, enter, leave, wants_body, observe, JT_ROUTE_NONE};
}
