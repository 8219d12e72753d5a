/* SPDX-License-Identifier: Apache-2.0 */
/* What is a running server made of? Opened in order by assemble.c, the only place that constructs, and closed in
 * reverse; the routes see it whole and change nothing but counters. */
#ifndef JT_SERVER_SERVER_H
#define JT_SERVER_SERVER_H

#include "auth/trust.h"
#include "keys/signers.h"
#include "server/clients.h"
#include "server/config.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/metrics.h"
#include "store/store.h"

struct jt_engine;
struct jt_http;
struct jt_transport;
struct jt_source_event;

/* Whose tokens are believed: this server itself first, then the entries of `trust` in their order. */
struct jt_issuer {
    const char *name;
    struct jt_source *source;
    bool moved;            /* by the engine: keys that are fetched, or a file */
    int64_t wait_ms;       /* how long a request may wait for its keys */
    _Atomic uint64_t told; /* the last fetch whose end was told */
    _Atomic uint64_t verdicts[JETON_STATUS_COUNT];
};

/* What /verify judges by. */
struct jt_named_policy {
    struct jeton_bytes name; /* empty: the default one */
    struct jt_trust *trust;
    struct jt_token_cache *cache; /* NULL: switched off */
    struct jeton_bytes scopes;    /* joined by spaces, for the answer that says which are missing; may be empty */
};

enum jt_verify_mode { JT_VERIFY_JWT, JT_VERIFY_TRUSTED, JT_VERIFY_NONE };

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
    struct jt_issuer *issuers;
    size_t issuer_count;
    struct jt_transport *transport; /* NULL when nothing is fetched */
    struct jt_engine *engine;
    enum jt_verify_mode verify_mode;
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

/* --- Parts of opening (state.c, trusted.c, policies.c, route_discovery.c) --- */

/* Keys and clients from the state and the configuration; made at the first start. */
JT_CHECKED jt_server_open_state(struct jt_server *server, struct jeton_detail *detail);
JT_CHECKED jt_server_open_clients(struct jt_server *server, struct jeton_detail *detail);
/* A source of keys for each issuer, and the engine that moves them, not started yet (trusted.c). */
JT_CHECKED jt_server_open_trusted(struct jt_server *server, struct jeton_detail *detail);
JT_CHECKED jt_server_start_trusted(struct jt_server *server, struct jeton_detail *detail);
/* Before the HTTP server ends: nobody is told anything from then on. And after it: the sources. */
void jt_server_stop_trusted(struct jt_server *server);
void jt_server_close_trusted(struct jt_server *server);
JT_CHECKED jt_server_open_policies(struct jt_server *server, struct jeton_detail *detail);
JT_CHECKED jt_server_open_discovery(struct jt_server *server);
/* `what` was raised: requests that wait for it go on. */
void jt_server_told(struct jt_server *server, const _Atomic uint64_t *what);
/* What happened to a source of keys, for the log and for requests that wait (trusted_events.c). */
void jt_server_source_event(void *server, const struct jt_source_event *event);
/* /metrics of the sources (metrics_keys.c): at most so many bytes for each. */
#define JT_METRICS_ISSUER_MAX 32768
void jt_metrics_write_keys(const struct jt_server *server, struct jt_buffer *out);
#endif
