/* SPDX-License-Identifier: Apache-2.0 */
/* How does a configuration become a running server? Opens in order and closes in reverse; the only place that
 * constructs. Third stage of Config -> server. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/routes.h"

enum { TICK_MIN_MS = 20, FILES_BESIDE = 64, ARENA_BESIDE = 64 * 1024 };

/* What this server is called: as configured, else as it listens. */
static JT_CHECKED name_server(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config *config = server->config;
    size_t len;

    if (config->issuer.at == NULL && server->listener.path[0] != '\0')
        return jt_fail(detail, JETON_CONFIG_INVALID, "issuer must be given when jetond listens on a unix socket");
    snprintf(server->address, sizeof server->address, "%s", server->listener.name);
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

/* A request that waits for keys is let go in time, give or take an eighth; nothing waits by default. */
static int64_t tick_of(const struct jt_server *server)
{
    int64_t tick = 0;

    for (size_t i = 0; i < server->issuer_count; i++) {
        int64_t wait = server->issuers[i].wait_ms;

        if (wait > 0 && (tick == 0 || wait / 8 < tick))
            tick = wait / 8 + 1;
    }
    return tick > 0 && tick < TICK_MIN_MS ? TICK_MIN_MS : tick;
}

static JT_CHECKED open_http(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config *config = server->config;
    size_t token_max = (size_t)config->limits.token.value;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct jt_http_options options = {
        .listen_fd = server->listener.fd,
        .threads = cores < 1    ? 1
                   : cores > 64 ? 64
                                : (unsigned)cores,
        .connections = connections_of(server),
        .token_max = token_max,
        .body_max = (size_t)config->limits.body.value,
        .head_timeout_ms = config->limits.head_timeout.value,
        .arena_size = jt_trust_arena_size(token_max) + 4 * token_max + 4 * (size_t)config->limits.body.value +
                      ARENA_BESIDE + server->issuer_count * JT_METRICS_ISSUER_MAX,
        .tick_max_ms = tick_of(server),
        .log = &server->log,
        .handler = jt_routes_handler(server),
    };

    return jt_http_open(&options, &server->http, detail);
}

void jt_server_told(struct jt_server *server, const _Atomic uint64_t *what)
{
    jt_http_told(server->http, what);
}

static void warn_of_short_times(const struct jt_server *server)
{
    if (server->config->signing.token_ttl.value < 60000)
        jt_log(&server->log, JT_LOG_WARN, "signing.token_ttl is below one minute", NULL);
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
    return JT_VERIFY_JWT;
}

static JT_CHECKED open_all(struct jt_server *server, struct jeton_detail *detail)
{
    JT_TRY(jt_listener_open(server->config->listen.at, &server->listener, detail));
    JT_TRY(name_server(server, detail));
    warn_of_short_times(server);
    JT_TRY(jt_server_open_state(server, detail));
    JT_TRY(jt_server_open_clients(server, detail));
    server->verify_mode = mode_of(server);
    JT_TRY(jt_server_open_trusted(server, detail));
    JT_TRY(jt_server_open_policies(server, detail));
    JT_TRY(jt_server_open_discovery(server));
    JT_TRY(open_http(server, detail));
    return jt_server_start_trusted(server, detail);
}

JT_CHECKED jt_server_open(const struct jt_config *config, struct jt_server *server, struct jeton_detail *detail)
{
    enum jeton_status status;

    server->config = config;
    server->listener.fd = -1;
    server->log = (struct jt_log){STDERR_FILENO, jt_log_level_find(config->log_level.at)};
    status = open_all(server, detail);
    if (status != JETON_OK)
        jt_server_close(server);
    return status;
}

void jt_server_close(struct jt_server *server)
{
    jt_server_stop_trusted(server);
    jt_http_close(server->http);
    jt_buffer_done(&server->discovery);
    for (size_t i = 0; i < server->policy_count; i++) {
        jt_trust_free(server->policies[i].trust);
        jt_token_cache_free(server->policies[i].cache);
        free((void *)(uintptr_t)server->policies[i].scopes.at);
    }
    free(server->policies);
    jt_server_close_trusted(server);
    jt_clients_free(server->clients);
    jt_signers_free(server->signers);
    jt_store_close(server->store);
    jt_listener_close(&server->listener);
}
