/* SPDX-License-Identifier: Apache-2.0 */
/* With what does the gateway work? Its errands, the tokens that it asks with, the stores behind it; opened with the
 * configuration that names them. */
#ifndef JT_SERVER_GATEWAY_H
#define JT_SERVER_GATEWAY_H

#include "base/secret.h"
#include "keys/fetch_url.h"
#include "keys/minter.h"
#include "server/outbound/errands.h"
#include "server/server.h"

/* A store, with what signing for it needs. Its texts are the configuration's. */
struct jt_backend {
    const struct jt_config_backend *config;
    enum jt_backend_auth { JT_BACKEND_ANONYMOUS, JT_BACKEND_STATIC, JT_BACKEND_FEDERATED } auth;
    struct jeton_bytes host;  /* of its endpoint, with the port if one is written */
    struct jeton_bytes start; /* of every address in it: scheme, host and path, without a slash at the end */
    struct jeton_bytes path;  /* the path of that; may be empty */
    struct jt_secret secret;  /* STATIC */
};

struct jt_gateway {
    const struct jt_config *config;
    struct jt_log log;
    struct jeton_bytes api; /* without a slash at the end */
    struct jt_errands *errands;
    struct jt_minter *minter;
    struct jt_backend *backends;
    size_t backend_count;
};

/* Who asks. `anonymous`: nobody said; a caller with an empty subject is somebody else. */
struct jt_caller {
    bool anonymous;
    struct jeton_bytes issuer;
    struct jeton_bytes subject;
};

/* NULL when the configuration names no upstream API (gateway.c). */
JT_CHECKED jt_server_open_gateway(struct jt_server *server, struct jeton_detail *detail);
/* Its threads end; nothing new is begun. Takes NULL; may be done twice. */
void jt_gateway_stop(struct jt_gateway *gateway);
void jt_gateway_close(struct jt_gateway *gateway); /* takes NULL */

/* The store of that connection; NULL when there is none. */
const struct jt_backend *jt_gateway_backend(const struct jt_gateway *gateway, struct jeton_bytes connection);
/* A short token for a call to `audience` in the name of `caller` (S4.12). What minting said; nothing is added then. */
JT_CHECKED jt_gateway_token(const struct jt_gateway *gateway, const struct jt_caller *caller,
                            struct jeton_bytes audience, struct jt_buffer *out);
/* The first fields of every key: two callers never share one, anonymous callers none with anybody (S4.43). */
void jt_gateway_key(struct jt_buffer *key, const char *kind, const struct jt_caller *caller);
/* Reads them back, but for the kind. */
struct jt_caller jt_gateway_key_caller(struct jeton_bytes *rest);
#endif
