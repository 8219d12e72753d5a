/* SPDX-License-Identifier: Apache-2.0 */
/* What is a running server made of? Of what lasts as long as the process, and of one configuration at work, which a
 * reload replaces whole. Opened in order by assemble.c, the only place that constructs, and closed in reverse; the
 * routes see the present one and change nothing but counters. */
#ifndef JT_SERVER_SERVER_H
#define JT_SERVER_SERVER_H

#include "auth/trust.h"
#include "base/secret.h"
#include "jose/role.h"
#include "keys/signers.h"
#include "keys/snapshot.h"
#include "server/clients/clients.h"
#include "server/config/config.h"
#include "server/http/listen.h"
#include "server/log.h"
#include "server/metrics.h"
#include "store/store.h"

struct jt_engine;
struct jt_gateway;
struct jt_http;
struct jt_introspector;
struct jt_control;
struct jt_keeper;
struct jt_revocations;
struct jt_sessions;
struct jt_sts;
struct jt_transport;
struct jt_source_event;

/* Verdicts of one issuer, by its name: they go on counting whatever a reload makes of its keys. */
struct jt_tally {
    unsigned held;
    _Atomic uint64_t verdicts[JETON_STATUS_COUNT];
};

/* Whose tokens are believed: this server itself first, then the entries of `trust` in their order. One whose keys come
 * from the same place in the same way passes from one configuration to the next, with its keys (trusted.c). */
struct jt_issuer {
    char *name;
    struct jt_source *source;
    bool moved;            /* by the engine: keys that are fetched, or a file */
    int64_t wait_ms;       /* how long a request may wait for its keys */
    _Atomic uint64_t told; /* the last fetch whose end was told */
    struct jt_tally *tally;
    unsigned held; /* by so many configurations; the main thread's alone */
};

/* By what a client proves itself, and what it may bring for a token (client_trust.c). */
struct jt_client_trust {
    struct jt_trust *assertions; /* judges what it signs with its keys; NULL: it has a secret */
    struct jt_trust *tokens;     /* judges what it exchanges; NULL: it may not */
    struct jt_trust *grants;     /* judges what it brings as jwt-bearer; NULL: it may not */
};

/* What /verify judges by. */
struct jt_named_policy {
    struct jeton_bytes name; /* empty: the default one */
    struct jt_trust *trust;
    struct jt_token_cache *cache; /* NULL: switched off */
    struct jeton_bytes scopes;    /* joined by spaces, for the answer that says which are missing; may be empty */
};

/* What user, org and role mean beside a header, where the configuration says anything of `identity`. */
struct jt_mapping {
    bool given;
    struct jt_texts user, org; /* claims, the first that is there */
    struct jt_role_rules role;
};

enum jt_verify_mode { JT_VERIFY_JWT, JT_VERIFY_TRUSTED, JT_VERIFY_NONE };

/* What a reload does not touch. */
struct jt_lasting {
    struct jt_log log; /* its level is the present configuration's */
    struct jt_listener listener;
    struct jt_store *store;
    struct jt_signers *signers;
    struct jt_revocations *revocations;
    struct jt_introspector *introspector; /* NULL until an issuer is to be asked about tokens that are no JWT */
    struct jt_keeper *keeper;             /* of the keys they sign with */
    struct jt_control *control;           /* the operator's socket */
    struct jt_transport *transport;       /* NULL until something is fetched */
    struct jt_engine *engine;
    struct jt_metrics metrics;
    struct jt_http *http;
    struct jt_snapshot current; /* of struct jt_server */
    uint64_t configurations;    /* so many were opened */
    _Atomic bool draining;
};

/* One configuration at work. */
struct jt_server {
    struct jt_lasting *lasting;
    struct jt_config *config; /* its own; never changed */
    uint64_t number;          /* no other configuration of this process has it */
    struct jt_log log;
    const char *issuer;
    char public_url[1100];      /* without a slash at its end */
    char address[176];          /* of the listener, when it is the issuer too */
    struct jt_store *store;     /* lasting */
    struct jt_signers *signers; /* lasting */
    struct jt_metrics *metrics; /* lasting */
    struct jt_clients *clients;
    struct jt_issuer **issuers; /* each held */
    size_t issuer_count;
    struct jt_issuer **holders; /* one for each client, each held; NULL: it has no keys of its own */
    size_t holder_count;
    struct jt_client_trust *client_trusts; /* one for each client */
    size_t client_trust_count;
    enum jt_verify_mode verify_mode;
    struct jt_mapping mapping;
    struct jt_named_policy *policies; /* the default one first */
    size_t policy_count;
    struct jt_secret introspection_secret; /* the Authorization to ask with (opaque.c) */
    struct jt_sts *sts;                    /* roles and sessions (sts.h) */
    struct jt_trust *believed; /* as the default policy, our own tokens whomever they are for: what clients ask about */
    uint64_t cache_hits, cache_misses;  /* of the configurations before it */
    struct jt_sessions *sessions;       /* those of `sts`; NULL: no temporary credentials are given or taken */
    struct jt_gateway *gateway;         /* NULL: none is configured */
    struct jt_buffer discovery;         /* the metadata document, without the algorithms of the keys */
    size_t discovery_algorithms;        /* where those stand */
    struct jt_buffer resource;          /* that of the protected resource */
    struct jt_buffer resource_metadata; /* where it is, as a part of a challenge; may be empty */
};

/* Opens everything in order and serves; `config` is taken in any case. JETON_CONFIG_INVALID is the operator's to mend.
 */
JT_CHECKED jt_lasting_open(struct jt_config *config, bool accept_rollback, struct jt_lasting **out,
                           struct jeton_detail *detail);
void jt_lasting_close(struct jt_lasting *lasting);

/* Another configuration on what lasts, not at work yet: its new sources of keys are on their way. `config` is taken in
 * any case. */
JT_CHECKED jt_server_open(struct jt_lasting *lasting, struct jt_config *config, struct jt_server **out,
                          struct jeton_detail *detail);
/* Have the sources that it did not take over all had keys? */
bool jt_server_has_keys(const struct jt_server *server);
/* Puts it to work in place of the present one, which is freed when nobody is inside it any more. False while too many
 * of those are left: try later. */
bool jt_server_publish(struct jt_server *server);
void jt_server_free(void *server); /* that is not at work; takes NULL */

/* The configuration at work, until it is left. From any thread. */
static inline struct jt_snapshot_guard jt_server_enter(struct jt_lasting *lasting)
{
    return jt_snapshot_enter(&lasting->current);
}

/* Serves until SIGTERM or SIGINT, which the caller has blocked in every thread; then drains. SIGHUP loads the
 * configuration again, from the same options and environment. */
void jt_server_run(struct jt_lasting *lasting, const struct jt_config_options *options, const char *const *environment);

/* --- Parts of opening (state.c, trusted.c, policies.c, route_discovery.c) --- */

/* Store, keys and signers; made at the first start. */
JT_CHECKED jt_lasting_open_state(struct jt_lasting *lasting, const struct jt_config *config, bool accept_rollback,
                                 struct jeton_detail *detail);
JT_CHECKED jt_server_open_clients(struct jt_server *server, struct jeton_detail *detail);
/* A source of keys for each issuer, and for each client that has keys: those of `before` (may be NULL) that are the
 * same are taken over (trusted.c). */
JT_CHECKED jt_server_open_trusted(struct jt_server *server, const struct jt_server *before,
                                  struct jeton_detail *detail);
/* The engine has the new ones from then on; it is made when there is none. */
JT_CHECKED jt_server_start_trusted(struct jt_server *server, struct jeton_detail *detail);
/* Counts of sources that were not taken over go on in those that replace them. */
void jt_server_carry_counts(struct jt_server *server, const struct jt_server *before);
void jt_server_close_trusted(struct jt_server *server);
/* Nobody is told anything from then on. */
void jt_lasting_stop_engine(struct jt_lasting *lasting);
JT_CHECKED jt_server_open_policies(struct jt_server *server, struct jeton_detail *detail);
/* Identity headers: which claims user, org and role stand for (mapping.c). */
JT_CHECKED jt_server_open_mapping(struct jt_server *server);
void jt_server_close_mapping(struct jt_server *server);
/* After policies; for every client, in their order (client_trust.c). */
JT_CHECKED jt_server_open_client_trusts(struct jt_server *server, struct jeton_detail *detail);
void jt_server_close_client_trusts(struct jt_server *server);
/* The policy for tokens of issuer `index` as the named policy `from` changes it. `audiences` and `required` (may have
 * no elements) stand in place of and beside what is configured. */
struct jt_config_policy;
JT_CHECKED jt_server_make_policy(const struct jt_server *server, const struct jt_config_policy *from, size_t index,
                                 const struct jeton_list *audiences, const struct jeton_list *required,
                                 struct jt_policy **out, struct jeton_detail *detail);
JT_CHECKED jt_server_open_discovery(struct jt_server *server);
JT_CHECKED jt_server_open_resource(struct jt_server *server);
/* `what` was raised, or is about to go: requests that wait for it go on. */
void jt_lasting_told(struct jt_lasting *lasting, const _Atomic uint64_t *what);
void jt_lasting_let_go(struct jt_lasting *lasting, const _Atomic uint64_t *what);
/* What happened to a source of keys, for the log and for requests that wait (trusted_events.c). */
void jt_server_source_event(void *lasting, const struct jt_source_event *event);
/* /metrics of the sources (metrics_keys.c): at most so many bytes for each. */
#define JT_METRICS_ISSUER_MAX 32768
void jt_metrics_write_keys(const struct jt_server *server, struct jt_buffer *out);
#endif
