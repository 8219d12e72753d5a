/* SPDX-License-Identifier: Apache-2.0 */
/* With which temporary credentials is a federated store asked in the name of this caller? See store_credentials.h. */
#include "server/gateway/store_credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/gateway/assume_role.h"

enum {
    KEY_MAX = 32 * 1024,
    TOKEN_MAX = 16 * 1024,
    BODY_MAX = 64 * 1024,
    ANSWER_MAX = 64 * 1024,
    TIMEOUT_MS = 10000,
    WAIT_MS = TIMEOUT_MS + 1000,
    LEAD = 60,  /* seconds before their end one caller renews them */
    LEAST = 5,  /* seconds: nobody gets them with less */
    DAY = 86400 /* no longer are they believed to be good, whatever was answered */
};

static void credentials_free(struct jt_errand_result *result)
{
    struct jt_store_credentials *credentials = (struct jt_store_credentials *)(void *)result;

    jt_secret_done(&credentials->memory);
    free(credentials);
}

static JT_CHECKED keep(struct jt_store_credentials *credentials, const struct jt_assumed *assumed)
{
    struct jeton_bytes *texts[] = {&credentials->access_key_id, &credentials->secret, &credentials->token};
    const struct jeton_bytes from[] = {assumed->access_key_id, assumed->secret, assumed->token};
    size_t used = 0;

    JT_TRY(jt_secret_new(from[0].len + from[1].len + from[2].len, &credentials->memory));
    for (size_t i = 0; i < JT_COUNT(from); i++) {
        memcpy(credentials->memory.at + used, from[i].at, from[i].len);
        *texts[i] = jeton_bytes(credentials->memory.at + used, from[i].len);
        used += from[i].len;
    }
    return JETON_OK;
}

static void take_error(const struct jt_gateway *gateway, const struct jt_backend *backend, struct jeton_bytes code,
                       struct jt_store_credentials *out)
{
    out->fault = jt_bytes_equal(code, JT_TEXT("AccessDenied")) ? JT_S3_ACCESS_DENIED : JT_S3_BACKEND;
    snprintf(out->code, sizeof out->code, "%.60s", jt_escape(code).text);
    jt_log(&gateway->log, JT_LOG_WARN, "a store's STS gave no credentials", "connection", backend->config->id.at,
           "role", backend->config->role_arn.at, "code", out->code, NULL);
}

static void take_answer(const struct jt_gateway *gateway, const struct jt_backend *backend, struct jeton_bytes text,
                        struct jt_store_credentials *out)
{
    struct jt_assumed assumed;
    int64_t left;

    if (!jt_assume_read(text, &assumed)) {
        jt_log(&gateway->log, JT_LOG_WARN, "a store's STS answered what cannot be read", "connection",
               backend->config->id.at, NULL);
        out->fault = JT_S3_BACKEND;
        return;
    }
    if (assumed.code.len > 0) {
        take_error(gateway, backend, assumed.code, out);
        return;
    }
    left = assumed.expires_at - time(NULL);
    if (left > DAY)
        left = DAY;
    if (left <= LEAST) {
        out->fault = JT_S3_BACKEND;
        return;
    }
    out->fault = keep(out, &assumed) == JETON_OK ? JT_S3_NONE : JT_S3_INTERNAL;
    out->result.fresh_for_ms = (left - LEAST) * 1000;
    /* Shorter ones are renewed half-way. */
    out->result.renew_after_ms = left > 2 * LEAD ? (left - LEAD) * 1000 : left * 500;
}

static void fetch(struct jt_gateway *gateway, const struct jt_backend *backend, struct jeton_bytes body,
                  struct jt_store_credentials *out)
{
    struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;
    struct jeton_detail detail = {""};
    struct jt_fetch_result result;

    options.allow_http = backend->config->allow_http.value != 0;
    options.allow_private_ip = backend->config->allow_private_ip.value != 0;
    options.ca_file = jeton_text(backend->config->ca_file.at);
    options.timeout_ms = TIMEOUT_MS;
    options.body_max = ANSWER_MAX;
    options.accept = JT_TEXT("application/xml, text/xml");
    options.post = true;
    options.body = body;
    options.content_type = JT_TEXT("application/x-www-form-urlencoded");
    options.any_status = true;
    options.secret_answer = true;
    options.stop = jt_errands_stopping(gateway->errands);
    jt_fetch_result_init(&result);
    if (jt_fetch_url(jeton_text(backend->config->sts_endpoint.at), &options, &result, &detail) == JETON_OK) {
        take_answer(gateway, backend, jt_buffer_bytes(&result.body), out);
    } else {
        out->fault = JT_S3_UNAVAILABLE;
        jt_log(&gateway->log, JT_LOG_WARN, "a store's STS cannot be reached", "connection", backend->config->id.at,
               "detail", detail.text, NULL);
    }
    jt_fetch_result_done(&result);
}

static void assume(struct jt_gateway *gateway, const struct jt_caller *caller, const struct jt_backend *backend,
                   struct jt_store_credentials *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer token, body;

    jt_buffer_init_secret(&token, TOKEN_MAX);
    jt_buffer_init_secret(&body, BODY_MAX);
    out->fault = JT_S3_INTERNAL;
    /* Without a token there is nothing to trade; and nothing is ever asked for without (S4.48). */
    if (jt_gateway_token(gateway, caller, JT_TEXT("sts.amazonaws.com"), &token) != JETON_OK)
        return;
    jt_assume_write(&body, jeton_text(backend->config->role_arn.at), caller->subject, jt_buffer_bytes(&token));
    if (body.status == JETON_OK)
        fetch(gateway, backend, jt_buffer_bytes(&body), out);
}

/* The order is the key: "store", the caller, the connection's id, role and U+001F and subject. */
static struct jt_errand_result *run(void *context, struct jeton_bytes order)
{
    struct jt_gateway *gateway = context;
    struct jt_store_credentials *credentials = calloc(1, sizeof *credentials);
    const struct jt_backend *backend;
    struct jt_caller caller;

    if (credentials == NULL)
        return NULL;
    jt_errand_result_init(&credentials->result, credentials_free, sizeof *credentials, 0);
    (void)jt_errand_key_next(&order);
    caller = jt_gateway_key_caller(&order);
    backend = jt_gateway_backend(gateway, jt_errand_key_next(&order));
    credentials->fault = JT_S3_INTERNAL;
    if (backend != NULL)
        assume(gateway, &caller, backend, credentials);
    credentials->result.failed = credentials->fault != JT_S3_NONE;
    credentials->result.bytes += credentials->memory.len;
    return &credentials->result;
}

JT_CHECKED jt_store_credentials(struct jt_gateway *gateway, const struct jt_caller *caller,
                                const struct jt_backend *backend, struct jt_buffer *key, struct jt_errand *out)
{
    struct jt_caller named = *caller;
    JT_AUTO(jt_buffer_done) struct jt_buffer role;

    if (caller->anonymous)
        named.subject = JT_TEXT("anonymous");
    jt_buffer_init(&role, KEY_MAX);
    jt_buffer_add_text(&role, backend->config->role_arn.at);
    jt_buffer_add_byte(&role, 0x1f);
    jt_buffer_add(&role, named.subject);
    jt_buffer_init(key, KEY_MAX);
    jt_gateway_key(key, "store", &named);
    jt_errand_key_add(key, jeton_text(backend->config->id.at));
    jt_errand_key_add(key, jt_buffer_bytes(&role));
    JT_TRY(role.status);
    JT_TRY(key->status);
    *out = (struct jt_errand){jt_buffer_bytes(key), jt_buffer_bytes(key), gateway, run};
    return JETON_OK;
}

int64_t jt_store_credentials_wait_ms(void)
{
    return WAIT_MS;
}
