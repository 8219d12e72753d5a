/* SPDX-License-Identifier: Apache-2.0 */
/* With what does the gateway work? See gateway.h. */
#include "server/gateway/gateway.h"

#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "server/http/connections.h"

enum {
    THREADS = 8,
    IN_FLIGHT = 512,
    CACHE_BYTES = 16 << 20,
    QUEUED_FOR_MS = 5000,
    TOKEN_TTL = 60,
    SECRET_FILE_MAX = 4096,
    CLAIMS_MAX = 16 * 1024,
};

/* --- Tokens --- */

static enum jeton_status sign(void *context, const struct jeton_sign_options *options, struct jt_buffer *out,
                              struct jeton_detail *detail)
{
    return jt_signers_sign(context, options, out, detail);
}

/* A new one for each call (S4.12): answers are kept, so calls are few. */
JT_CHECKED jt_gateway_token(const struct jt_gateway *gateway, const struct jt_caller *caller,
                            struct jeton_bytes audience, struct jt_buffer *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer claims;
    struct jt_mint_request request = {.subject = caller->subject, .audience = audience};
    struct jeton_detail detail = {""};
    struct jt_json_writer writer;
    enum jeton_status status;

    jt_buffer_init(&claims, CLAIMS_MAX);
    if (caller->issuer.len > 0) {
        jt_json_open(&writer, &claims);
        jt_json_add_string(&writer, "idp", caller->issuer);
        jt_json_close(&writer);
        JT_TRY(claims.status);
        request.claims_json = jt_buffer_bytes(&claims);
    }
    status = jt_minter_token(gateway->minter, &request, time(NULL), out, &detail);
    if (status != JETON_OK)
        jt_log(&gateway->log, JT_LOG_WARN, "no token could be made for a call in a caller's name", "code",
               jeton_status_code(status), "detail", detail.text, NULL);
    return status;
}

/* --- Keys of errands --- */

void jt_gateway_key(struct jt_buffer *key, const char *kind, const struct jt_caller *caller)
{
    jt_errand_key_add(key, jeton_text(kind));
    jt_errand_key_add(key, jeton_text(caller->anonymous ? "anonymous" : "caller"));
    jt_errand_key_add(key, caller->issuer);
    jt_errand_key_add(key, caller->subject);
}

struct jt_caller jt_gateway_key_caller(struct jeton_bytes *rest)
{
    struct jt_caller caller = {.anonymous = jt_bytes_equal(jt_errand_key_next(rest), JT_TEXT("anonymous"))};

    caller.issuer = jt_errand_key_next(rest);
    caller.subject = jt_errand_key_next(rest);
    return caller;
}

/* --- Stores --- */

const struct jt_backend *jt_gateway_backend(const struct jt_gateway *gateway, struct jeton_bytes connection)
{
    for (size_t i = 0; i < gateway->backend_count; i++) {
        if (jt_bytes_equal(jeton_text(gateway->backends[i].config->id.at), connection))
            return &gateway->backends[i];
    }
    return NULL;
}

static struct jeton_bytes without_slash(struct jeton_bytes text)
{
    while (text.len > 0 && ((const char *)text.at)[text.len - 1] == '/')
        text.len--;
    return text;
}

static JT_CHECKED read_secret(const struct jt_config_backend *config, struct jt_backend *backend,
                              struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret whole = {NULL, 0};
    struct jeton_bytes text;
    bool open_to_others = false;

    JT_TRY(jt_file_read_secret(config->secret_access_key_file.at, SECRET_FILE_MAX, &whole, &open_to_others, detail));
    text = jt_secret_bytes(&whole);
    if (text.len > 0 && ((const char *)text.at)[text.len - 1] == '\n')
        text.len--;
    return jt_secret_copy(text, &backend->secret);
}

static JT_CHECKED open_backend(const struct jt_config_backend *config, struct jt_backend *backend,
                               struct jeton_detail *detail)
{
    size_t slashes;

    backend->config = config;
    backend->start = without_slash(jeton_text(config->endpoint.at));
    slashes = jt_bytes_find(backend->start, '/', 0) + 2;
    backend->host = jt_bytes_cut(backend->start, slashes, jt_bytes_find(backend->start, '/', slashes));
    backend->path = jt_bytes_cut(backend->start, slashes + backend->host.len, backend->start.len);
    if (strcmp(config->auth.at, "federated") == 0)
        backend->auth = JT_BACKEND_FEDERATED;
    if (strcmp(config->auth.at, "static") != 0)
        return JETON_OK;
    backend->auth = JT_BACKEND_STATIC;
    return read_secret(config, backend, detail);
}

/* --- Opening and closing --- */

static int64_t clock_ms(void *context)
{
    (void)context;
    return jt_monotonic_ms();
}

static void told(void *context, const _Atomic uint64_t *what)
{
    jt_lasting_told(context, what);
}

static JT_CHECKED open_all(struct jt_server *server, struct jt_gateway *gateway, struct jeton_detail *detail)
{
    const struct jt_config_gateway *config = &server->config->gateway;
    struct jt_mint_options mint = {.issuer = jeton_text(server->issuer),
                                   .ttl = TOKEN_TTL,
                                   .backdate = server->config->signing.nbf_skew.value / 1000,
                                   .sign = sign,
                                   .context = server->signers};
    struct jt_errands_options errands = {.threads = THREADS,
                                         .in_flight_max = IN_FLIGHT,
                                         .bytes_max = CACHE_BYTES,
                                         .queued_for_ms = QUEUED_FOR_MS,
                                         .clock_ms = clock_ms,
                                         .told = told,
                                         .told_context = server->lasting};

    gateway->config = server->config;
    gateway->log = server->log;
    gateway->api = without_slash(jeton_text(config->upstream_api.at));
    gateway->backends = calloc(config->backends.count + 1, sizeof *gateway->backends);
    if (gateway->backends == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < config->backends.count; i++) {
        gateway->backend_count++;
        JT_TRY(
            open_backend(&((const struct jt_config_backend *)config->backends.at)[i], &gateway->backends[i], detail));
    }
    JT_TRY(jt_minter_new(&mint, &gateway->minter, detail));
    return jt_errands_open(&errands, &gateway->errands);
}

JT_CHECKED jt_server_open_gateway(struct jt_server *server, struct jeton_detail *detail)
{
    if (server->config->gateway.upstream_api.at == NULL)
        return JETON_OK;
    server->gateway = calloc(1, sizeof *server->gateway);
    if (server->gateway == NULL)
        return JETON_OUT_OF_MEMORY;
    return open_all(server, server->gateway, detail);
}

void jt_gateway_stop(struct jt_gateway *gateway)
{
    if (gateway != NULL)
        jt_errands_stop(gateway->errands);
}

void jt_gateway_close(struct jt_gateway *gateway)
{
    if (gateway == NULL)
        return;
    jt_gateway_stop(gateway);
    jt_errands_free(gateway->errands);
    jt_minter_free(gateway->minter);
    for (size_t i = 0; i < gateway->backend_count; i++)
        jt_secret_done(&gateway->backends[i].secret);
    free(gateway->backends);
    free(gateway);
}
