/* SPDX-License-Identifier: Apache-2.0 */
/* How does a configuration become a running server, and how does another take its place? Opens in order and closes in
 * reverse; the only place that constructs. Third stage of Config -> server. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "server/gateway/gateway.h"
#include "server/issuer/control.h"
#include "server/issuer/revocations.h"
#include "server/routes.h"
#include "server/sts/sts.h"
#include "server/verify/introspector.h"
#include "server/verify/opaque.h"

enum {
    TICK_MIN_MS = 20,
    GATEWAY_TICK_MS = 500,
    GATEWAY_ARENA = 1 << 20,
    FILES_BESIDE = 64,
    ARENA_BESIDE = 64 * 1024,
    THREADS_MAX = 64
};

/* What this server is called: as configured, else as it listens. */
static JT_CHECKED name_server(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config *config = server->config;
    size_t len;

    if (config->issuer.at == NULL && server->lasting->listener.path[0] != '\0')
        return jt_fail(detail, JETON_CONFIG_INVALID, "issuer must be given when jetond listens on a unix socket");
    snprintf(server->address, sizeof server->address, "%s", server->lasting->listener.name);
    server->issuer = config->issuer.at != NULL ? config->issuer.at : server->address;
    snprintf(server->public_url, sizeof server->public_url, "%s",
             config->public_url.at != NULL ? config->public_url.at : server->issuer);
    for (len = strlen(server->public_url); len > 0 && server->public_url[len - 1] == '/'; len--)
        server->public_url[len - 1] = '\0';
    return JETON_OK;
}

/* As many connections as there may be open files. */
static unsigned connections_of(const struct jt_server *server)
{
    struct rlimit files;
    int64_t wanted = server->config->limits.connections.value;
    char text[32];

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return (unsigned)wanted;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max == RLIM_INFINITY || (int64_t)files.rlim_max >= wanted + FILES_BESIDE)
        return (unsigned)wanted;
    wanted = (int64_t)files.rlim_max > 2 * FILES_BESIDE ? (int64_t)files.rlim_max - FILES_BESIDE : FILES_BESIDE;
    snprintf(text, sizeof text, "%" PRId64, wanted);
    jt_log(&server->log, JT_LOG_WARN, "limits.connections is lowered to what the limit on open files allows",
           "connections", text, NULL);
    return (unsigned)wanted;
}

/* The shorter of two waits; 0: none. */
static int64_t shorter(int64_t a, int64_t b)
{
    return a > 0 && (b == 0 || a < b) ? a : b;
}

static int64_t wait_of(const struct jt_issuer *issuer)
{
    return issuer != NULL ? issuer->wait_ms : 0;
}

/* A request that waits is let go in time, give or take an eighth; nothing waits by default. */
static int64_t tick_of(const struct jt_server *server)
{
    int64_t wait = 0, tick;

    for (size_t i = 0; i < server->issuer_count; i++)
        wait = shorter(wait_of(server->issuers[i]), wait);
    for (size_t i = 0; i < server->holder_count; i++)
        wait = shorter(wait_of(server->holders[i]), wait);
    wait = shorter(jt_opaque_wait_ms(server), wait);
    wait = shorter(server->sts->registered > 0 ? JT_STS_WAIT_MS : 0, wait);
    tick = wait > 0 ? wait / 8 + 1 : 0;
    if (server->gateway != NULL && (tick == 0 || tick > GATEWAY_TICK_MS))
        tick = GATEWAY_TICK_MS;
    return tick > 0 && tick < TICK_MIN_MS ? TICK_MIN_MS : tick;
}

/* Two tokens are looked at side by side where one is exchanged on behalf of another. */
static size_t arena_of(const struct jt_server *server)
{
    const struct jt_config *config = server->config;
    size_t token_max = (size_t)config->limits.token.value;
    size_t signed_one = server->sts->sessions != NULL ? jt_session_arena_size(jt_http_head_max(token_max)) : 0;

    return signed_one + 2 * jt_trust_arena_size(token_max) + 4 * token_max + 4 * (size_t)config->limits.body.value +
           ARENA_BESIDE + server->issuer_count * JT_METRICS_ISSUER_MAX + jt_opaque_arena_size(server) +
           (server->config->gateway.upstream_api.at != NULL ? GATEWAY_ARENA : 0);
}

/* One for each core that this process may use, which may be fewer than the machine has: more only take turns. */
static unsigned threads_of_process(void)
{
    cpu_set_t allowed;
    long cores = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed)
                                                                     : sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
}

static JT_CHECKED open_http(struct jt_lasting *lasting, const struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config *config = server->config;
    struct jt_http_options options = {
        .listen_fd = lasting->listener.fd,
        .threads = threads_of_process(),
        .connections = connections_of(server),
        .token_max = (size_t)config->limits.token.value,
        .body_max = (size_t)config->limits.body.value,
        .head_timeout_ms = config->limits.head_timeout.value,
        .arena_size = arena_of(server),
        .tick_max_ms = tick_of(server),
        .log = &lasting->log,
        .handler = jt_routes_handler(lasting),
    };

    return jt_http_open(&options, &lasting->http, detail);
}

void jt_lasting_told(struct jt_lasting *lasting, const _Atomic uint64_t *what)
{
    if (lasting->http != NULL)
        jt_http_told(lasting->http, what);
}

void jt_lasting_let_go(struct jt_lasting *lasting, const _Atomic uint64_t *what)
{
    if (lasting->http != NULL)
        jt_http_let_go(lasting->http, what);
}

static void warn_of_short_times(const struct jt_server *server)
{
    if (server->config->signing.token_ttl.value < 60000)
        jt_log(&server->log, JT_LOG_WARN, "signing.token_ttl is below one minute", NULL);
    if (server->config->signing.rotate_every.value < 60000)
        jt_log(&server->log, JT_LOG_WARN, "signing.rotate_every is below one minute", NULL);
    if (server->config->signing.publish_ahead.value < 60000)
        jt_log(&server->log, JT_LOG_WARN, "signing.publish_ahead is below one minute", NULL);
    if (server->config->signing.jwks_max_age.value < 60000)
        jt_log(&server->log, JT_LOG_WARN, "signing.jwks_max_age is below one minute", NULL);
}

static enum jt_verify_mode mode_of(const struct jt_server *server)
{
    const char *mode = server->config->verify.mode.at;

    if (strcmp(mode, "none") == 0) {
        jt_log(&server->log, JT_LOG_WARN, "verify.mode is none: /verify lets everybody pass, without an identity",
               NULL);
        return JT_VERIFY_NONE;
    }
    if (strcmp(mode, "trusted") == 0) {
        jt_log(&server->log, JT_LOG_WARN,
               "verify.mode is trusted: /verify believes whatever identity a caller claims; nothing is verified", NULL);
        return JT_VERIFY_TRUSTED;
    }
    if (server->config->trust.count == 0 && server->config->verify.mode.place.line == 0)
        jt_log(&server->log, JT_LOG_WARN, "trust is empty: /verify believes this server's own tokens alone", NULL);
    return JT_VERIFY_JWT;
}

/* --- One configuration --- */

static JT_CHECKED server_new(struct jt_lasting *lasting, struct jt_config *config, struct jt_server **out)
{
    struct jt_server *server = calloc(1, sizeof *server);

    if (server == NULL) {
        jt_config_free(config);
        return JETON_OUT_OF_MEMORY;
    }
    server->lasting = lasting;
    server->config = config;
    server->number = ++lasting->configurations;
    server->log = (struct jt_log){STDERR_FILENO, (int)jt_log_level_find(config->log_level.at)};
    server->metrics = &lasting->metrics;
    server->store = lasting->store;
    server->signers = lasting->signers;
    *out = server;
    return JETON_OK;
}

/* All that stands on the state and the keys. */
static JT_CHECKED build(struct jt_server *server, const struct jt_server *before, struct jeton_detail *detail)
{
    JT_TRY(jt_server_open_clients(server, detail));
    server->verify_mode = mode_of(server);
    JT_TRY(jt_server_open_trusted(server, before, detail));
    JT_TRY(jt_server_open_policies(server, detail));
    JT_TRY(jt_server_open_mapping(server));
    JT_TRY(jt_server_open_client_trusts(server, detail));
    JT_TRY(jt_server_open_opaque(server, detail));
    JT_TRY(jt_server_open_sts(server, detail));
    JT_TRY(jt_server_open_discovery(server));
    JT_TRY(jt_server_open_gateway(server, detail));
    return jt_server_open_resource(server);
}

static struct jt_server *present(struct jt_lasting *lasting)
{
    return atomic_load(&lasting->current.current); /* the publisher's look: nobody else frees it */
}

JT_CHECKED jt_server_open(struct jt_lasting *lasting, struct jt_config *config, struct jt_server **out,
                          struct jeton_detail *detail)
{
    struct jt_server *server = NULL;
    enum jeton_status status;

    JT_TRY(server_new(lasting, config, &server));
    status = name_server(server, detail);
    if (status == JETON_OK) {
        warn_of_short_times(server);
        status = build(server, present(lasting), detail);
    }
    if (status == JETON_OK)
        status = jt_server_start_trusted(server, detail);
    if (status != JETON_OK) {
        jt_server_free(server);
        return status;
    }
    *out = server;
    return JETON_OK;
}

/* One that the configuration at work holds too is no reason to wait: it is as it was. */
static bool lacks_keys(const struct jt_issuer *issuer)
{
    return issuer != NULL && issuer->held == 1 && atomic_load(&issuer->source->usable_until) == 0;
}

bool jt_server_has_keys(const struct jt_server *server)
{
    for (size_t i = 0; i < server->issuer_count; i++) {
        if (lacks_keys(server->issuers[i]))
            return false;
    }
    for (size_t i = 0; i < server->holder_count; i++) {
        if (lacks_keys(server->holders[i]))
            return false;
    }
    return true;
}

bool jt_server_publish(struct jt_server *server)
{
    struct jt_lasting *lasting = server->lasting;
    struct jt_server *before = present(lasting);

    if (lasting->current.retired_count == JT_SNAPSHOT_RETIRED && !jt_snapshot_collect(&lasting->current))
        return false;
    if (before != NULL)
        jt_server_carry_counts(server, before);
    if (lasting->http != NULL)
        jt_http_adapt(lasting->http, arena_of(server), tick_of(server));
    atomic_store(&lasting->log.level, atomic_load(&server->log.level));
    return jt_snapshot_publish(&lasting->current, server);
}

void jt_server_free(void *value)
{
    struct jt_server *server = value;

    if (server == NULL)
        return;
    jt_buffer_done(&server->discovery);
    jt_buffer_done(&server->resource);
    jt_buffer_done(&server->resource_metadata);
    for (size_t i = 0; i < server->policy_count; i++) {
        jt_trust_free(server->policies[i].trust);
        jt_token_cache_free(server->policies[i].cache);
        free((void *)(uintptr_t)server->policies[i].scopes.at);
    }
    free(server->policies);
    jt_trust_free(server->believed);
    jt_gateway_close(server->gateway);
    jt_server_close_sts(server);
    jt_server_close_mapping(server);
    jt_server_close_client_trusts(server);
    jt_server_close_opaque(server);
    jt_server_close_trusted(server);
    jt_clients_free(server->clients);
    jt_config_free(server->config);
    free(server);
}

/* --- What lasts --- */

static JT_CHECKED open_control(struct jt_lasting *lasting, const struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config *config = server->config;
    char path[4096];

    if (config->control_socket.at != NULL)
        snprintf(path, sizeof path, "%s", config->control_socket.at);
    else
        snprintf(path, sizeof path, "%s/control.sock", config->state.at);
    return jt_control_open(path, lasting->keeper, server->issuer, &lasting->log, &lasting->control, detail);
}

static JT_CHECKED open_first(struct jt_lasting *lasting, struct jt_server *server, bool accept_rollback,
                             struct jeton_detail *detail)
{
    JT_TRY(jt_listener_open(server->config->listen.at, &lasting->listener, detail));
    JT_TRY(name_server(server, detail));
    warn_of_short_times(server);
    JT_TRY(jt_lasting_open_state(lasting, server->config, accept_rollback, detail));
    server->store = lasting->store;
    server->signers = lasting->signers;
    JT_TRY(jt_revocations_open(lasting->store, time(NULL), &lasting->revocations, detail));
    JT_TRY(open_control(lasting, server, detail));
    return build(server, NULL, detail);
}

static JT_CHECKED open_all(struct jt_lasting *lasting, struct jt_config *config, bool accept_rollback,
                           struct jeton_detail *detail)
{
    struct jt_server *server = NULL;
    enum jeton_status status;

    JT_TRY(server_new(lasting, config, &server));
    status = open_first(lasting, server, accept_rollback, detail);
    if (status == JETON_OK && !jt_server_publish(server))
        status = JETON_INTERNAL_ERROR;
    if (status != JETON_OK) {
        jt_server_free(server);
        return status;
    }
    JT_TRY(open_http(lasting, server, detail));
    JT_TRY(jt_server_start_trusted(server, detail));
    return jt_control_start(lasting->control, detail);
}

JT_CHECKED jt_lasting_open(struct jt_config *config, bool accept_rollback, struct jt_lasting **out,
                           struct jeton_detail *detail)
{
    struct jt_lasting *lasting = aligned_alloc(_Alignof(struct jt_lasting), sizeof *lasting);
    enum jeton_status status;

    if (lasting == NULL) {
        jt_config_free(config);
        return JETON_OUT_OF_MEMORY;
    }
    memset(lasting, 0, sizeof *lasting);
    lasting->listener.fd = -1;
    lasting->log = (struct jt_log){STDERR_FILENO, (int)jt_log_level_find(config->log_level.at)};
    jt_snapshot_init(&lasting->current, jt_server_free);
    status = open_all(lasting, config, accept_rollback, detail);
    if (status != JETON_OK) {
        jt_lasting_close(lasting);
        return status;
    }
    *out = lasting;
    return JETON_OK;
}

/* Also of configurations that are not freed yet: their threads tell the HTTP server, which ends next. */
static void stop_gateways(struct jt_lasting *lasting)
{
    struct jt_server *server = present(lasting);

    if (server != NULL)
        jt_gateway_stop(server->gateway);
    for (unsigned i = 0; i < lasting->current.retired_count; i++)
        jt_gateway_stop(((struct jt_server *)lasting->current.retired[i])->gateway);
}

void jt_lasting_close(struct jt_lasting *lasting)
{
    if (lasting == NULL)
        return;
    jt_control_close(lasting->control);
    jt_lasting_stop_engine(lasting);
    jt_introspector_stop(lasting->introspector);
    stop_gateways(lasting);
    jt_http_close(lasting->http);
    lasting->http = NULL;
    jt_snapshot_done(&lasting->current);
    jt_introspector_free(lasting->introspector);
    jt_revocations_close(lasting->revocations);
    jt_keeper_close(lasting->keeper);
    jt_signers_free(lasting->signers);
    jt_store_close(lasting->store);
    jt_listener_close(&lasting->listener);
    free(lasting);
}
