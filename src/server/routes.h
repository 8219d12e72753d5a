/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints are there? One table: path, methods, handler. A file for each endpoint. */
#ifndef JT_SERVER_ROUTES_H
#define JT_SERVER_ROUTES_H

#include "server/http/http.h"
#include "server/server.h"

enum jt_route {
    JT_ROUTE_NONE,
    JT_ROUTE_ROOT,
    JT_ROUTE_DISCOVERY,
    JT_ROUTE_JWKS,
    JT_ROUTE_TOKEN,
    JT_ROUTE_VERIFY,
    JT_ROUTE_HEALTHZ,
    JT_ROUTE_READYZ,
    JT_ROUTE_METRICS,
    JT_ROUTE_INTROSPECT,
    JT_ROUTE_REVOKE,
    JT_ROUTE_RESOURCE,
    JT_ROUTE_GATEWAY,
    JT_ROUTE_STS,
    JT_ROUTE_COUNT
};

/* The handler for http.c: every request meets one configuration, from its head to the end of its answer. */
struct jt_http_handler jt_routes_handler(struct jt_lasting *lasting);
/* The first path of a route, for the documents that name it. */
const char *jt_route_path(enum jt_route route);
/* JT_ROUTE_COUNT names for the counters. */
extern const char *const jt_route_names[];

typedef void jt_route_answer(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer);
jt_route_answer jt_route_gateway, jt_route_root, jt_route_discovery, jt_route_jwks, jt_route_token, jt_route_verify,
    jt_route_healthz, jt_route_readyz, jt_route_metrics, jt_route_introspect, jt_route_revoke, jt_route_resource,
    jt_route_sts;
#endif
