/* SPDX-License-Identifier: Apache-2.0 */
/* What is a running server made of? Opened in order by assemble.c, the only place that constructs, and closed in
 * reverse; the routes see it whole and change nothing but counters. */
#ifndef JT_SERVER_SERVER_H
#define JT_SERVER_SERVER_H

#include "auth/policy.h"
#include "keys/signers.h"
#include "server/clients.h"
#include "server/config.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/metrics.h"
#include "store/store.h"

/* What /verify judges by. */
struct jt_named_policy {
    struct jeton_bytes name; /* empty: the default one */
    struct jt_policy *policy;
    struct jeton_bytes scopes; /* joined by spaces, for the answer that says which are missing; may be empty */
};

struct jt_server {
    const struct jt_config *config;
    struct jt_log log;
    struct jt_listener listener;
    const char *issuer;
    char public_url[1100]; /* without a slash at its end */
    char address[176];     /* of the listener, when it is the issuer too */
    struct jt_store *store;
    struct jt_signers *signers;
    struct jt_clients *clients;
    struct jt_named_policy *policies; /* the default one first */
    size_t policy_count;
    struct jt_buffer discovery; /* the metadata document */
    struct jt_metrics metrics;
    struct jt_http *http;
    _Atomic bool draining;
};

/* Opens everything in order; on failure `server` is closed again. JETON_CONFIG_INVALID is the operator's to mend. */
JT_CHECKED jt_server_open(const struct jt_config *config, struct jt_server *server, struct jeton_detail *detail);
void jt_server_close(struct jt_server *server);

/* Serves until SIGTERM or SIGINT, which the caller has blocked in every thread; then drains. */
void jt_server_run(struct jt_server *server);

/* --- Parts of opening (state.c, policies.c, discovery.c) --- */

/* Keys and clients from the state and the configuration; made at the first start. */
JT_CHECKED jt_server_open_state(struct jt_server *server, struct jeton_detail *detail);
JT_CHECKED jt_server_open_clients(struct jt_server *server, struct jeton_detail *detail);
JT_CHECKED jt_server_open_policies(struct jt_server *server, struct jeton_detail *detail);
JT_CHECKED jt_server_open_discovery(struct jt_server *server);
#endif
