/* SPDX-License-Identifier: Apache-2.0 */
/* What may this caller read, and where does it lie? See upstream_api.h. */
#include "server/gateway/upstream_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/gateway/s3_request.h"
#include "server/http/connections.h"

enum { URL_MAX = 8 * 1024, KEY_MAX = 32 * 1024, TOKEN_MAX = 16 * 1024, WAIT_BESIDE_MS = 1000, CALLS = 3 };

/* --- One document --- */

static void document_free(struct jt_errand_result *result)
{
    struct jt_document *document = (struct jt_document *)(void *)result;

    jt_document_done(&document->content);
    free(document);
}

static int64_t ttl_of(const struct jt_gateway *gateway, enum jt_document_kind kind)
{
    const struct jt_config_gateway *config = &gateway->config->gateway;

    switch (kind) {
    case JT_DOCUMENT_PRODUCT:
        return config->ttl.product.value;
    case JT_DOCUMENT_CONNECTION:
        return config->ttl.connection.value;
    case JT_DOCUMENT_LIST:
        return config->ttl.list.value;
    case JT_DOCUMENT_PERMISSIONS:
        break;
    }
    return config->ttl.permissions.value;
}

static const char *const kind_names[] = {"product", "connection", "list", "permissions"};

/* S4.39. */
static enum jt_s3_fault fault_of(long http_status)
{
    if (http_status == 200)
        return JT_S3_NONE;
    if (http_status == 401 || http_status == 403)
        return JT_S3_ACCESS_DENIED;
    return http_status == 404 ? JT_S3_NO_SUCH_BUCKET : JT_S3_INTERNAL;
}

static void log_failure(const struct jt_gateway *gateway, enum jt_document_kind kind, long http_status,
                        const struct jeton_detail *detail)
{
    char status[24];

    snprintf(status, sizeof status, "%ld", http_status);
    jt_log(&gateway->log, JT_LOG_WARN, "the upstream API did not say", "document", kind_names[kind], "http", status,
           "detail", detail->text, NULL);
}

/* Without a token where none could be made: the API then says what it thinks of that (S4.12). */
static enum jeton_status fetch(struct jt_gateway *gateway, const struct jt_caller *caller, struct jeton_bytes url,
                               struct jt_fetch_result *result, struct jeton_detail *detail)
{
    const struct jt_config_gateway *config = &gateway->config->gateway;
    struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;
    JT_AUTO(jt_buffer_done) struct jt_buffer token;

    jt_buffer_init_secret(&token, TOKEN_MAX);
    options.allow_http = config->allow_http.value != 0;
    options.allow_private_ip = config->allow_private_ip.value != 0;
    options.ca_file = jeton_text(config->ca_file.at);
    options.timeout_ms = (long)config->timeout.value;
    options.connect_timeout_ms = options.timeout_ms;
    options.body_max = JT_DOCUMENT_MAX;
    options.accept = JT_TEXT("application/json");
    options.any_status = true;
    options.stop = jt_errands_stopping(gateway->errands);
    if (!caller->anonymous &&
        jt_gateway_token(gateway, caller, jeton_text(config->upstream_api.at), &token) == JETON_OK)
        options.bearer = jt_buffer_bytes(&token);
    return jt_fetch_url(url, &options, result, detail);
}

static void fill_document(struct jt_gateway *gateway, enum jt_document_kind kind, const struct jt_caller *caller,
                          struct jeton_bytes url, struct jt_document *document)
{
    struct jeton_detail detail = {""};
    struct jt_fetch_result result;

    document->fault = JT_S3_INTERNAL;
    jt_fetch_result_init(&result);
    if (fetch(gateway, caller, url, &result, &detail) == JETON_OK) {
        document->fault = fault_of(result.http_status);
        if (document->fault == JT_S3_NONE &&
            jt_document_read(kind, jt_buffer_bytes(&result.body), &document->content, &detail) != JETON_OK)
            document->fault = JT_S3_INTERNAL;
    }
    if (document->fault == JT_S3_INTERNAL)
        log_failure(gateway, kind, result.http_status, &detail);
    jt_fetch_result_done(&result);
}

/* The order is the key: "document", the caller, the kind, the address. Only what was read whole is kept (S4.43). */
static struct jt_errand_result *run_document(void *context, struct jeton_bytes order)
{
    struct jt_gateway *gateway = context;
    struct jt_document *document = calloc(1, sizeof *document);
    struct jt_caller caller;
    struct jeton_bytes kind;
    enum jt_document_kind which;
    int64_t ttl_ms;

    if (document == NULL)
        return NULL;
    (void)jt_errand_key_next(&order);
    caller = jt_gateway_key_caller(&order);
    kind = jt_errand_key_next(&order);
    which = (enum jt_document_kind) * (const unsigned char *)kind.at;
    fill_document(gateway, which, &caller, jt_errand_key_next(&order), document);
    ttl_ms = document->fault == JT_S3_NONE ? ttl_of(gateway, which) : 0;
    document->fresh_until_ms = jt_monotonic_ms() + ttl_ms;
    jt_errand_result_init(&document->result, document_free, sizeof *document + document->content.bytes, ttl_ms);
    document->result.failed = document->fault != JT_S3_NONE;
    return &document->result;
}

/* Each part with all but unreserved characters encoded (S4.42); "permissions" stands behind the last. */
struct place {
    const char *start;
    struct jeton_bytes parts[2];
    bool permissions;
};

static void write_url(const struct jt_gateway *gateway, const struct place *place, struct jt_buffer *url)
{
    jt_buffer_add(url, gateway->api);
    jt_buffer_add_text(url, place->start);
    for (size_t i = 0; i < JT_COUNT(place->parts) && place->parts[i].at != NULL; i++) {
        jt_buffer_add_byte(url, '/');
        jt_s3_encode(url, place->parts[i], false);
    }
    if (place->permissions)
        jt_buffer_add_text(url, "/permissions");
}

static JT_CHECKED document_errand(struct jt_gateway *gateway, enum jt_document_kind kind,
                                  const struct jt_caller *caller, const struct place *place, struct jt_buffer *key,
                                  struct jt_errand *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer url;
    unsigned char which = (unsigned char)kind;

    jt_buffer_init(&url, URL_MAX);
    jt_buffer_init(key, KEY_MAX);
    write_url(gateway, place, &url);
    jt_gateway_key(key, "document", caller);
    jt_errand_key_add(key, jeton_bytes(&which, 1));
    jt_errand_key_add(key, jt_buffer_bytes(&url));
    JT_TRY(url.status);
    JT_TRY(key->status);
    *out = (struct jt_errand){jt_buffer_bytes(key), jt_buffer_bytes(key), gateway, run_document};
    return JETON_OK;
}

JT_CHECKED jt_upstream_list(struct jt_gateway *gateway, const struct jt_caller *caller, struct jeton_bytes account,
                            struct jt_buffer *key, struct jt_errand *out)
{
    struct place place = {.start = "/products", .parts = {account}};

    return document_errand(gateway, JT_DOCUMENT_LIST, caller, &place, key, out);
}

/* --- All about one product --- */

struct resolving {
    struct jt_gateway *gateway;
    struct jt_caller caller;
    struct jeton_bytes account, product;
    struct jt_document *documents[CALLS]; /* held; product, permissions, connection */
    enum jt_s3_fault fault;
    const struct jt_backend *backend;
    int64_t fresh_until_ms;
};
enum { PRODUCT, PERMISSIONS, CONNECTION };

/* False, and the fault is set, when the document cannot be had. */
static bool get(struct resolving *resolving, enum jt_document_kind kind, struct place place, size_t which)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer key;
    struct jt_document *document = NULL;
    struct jt_errand errand;

    if (document_errand(resolving->gateway, kind, &resolving->caller, &place, &key, &errand) == JETON_OK)
        document = (struct jt_document *)(void *)jt_errands_do(resolving->gateway->errands, &errand);
    resolving->documents[which] = document;
    resolving->fault = document != NULL ? document->fault : JT_S3_SLOW_DOWN;
    if (document != NULL && document->fresh_until_ms < resolving->fresh_until_ms)
        resolving->fresh_until_ms = document->fresh_until_ms;
    return resolving->fault == JT_S3_NONE;
}

static bool fails(struct resolving *resolving, const char *why)
{
    jt_log(&resolving->gateway->log, JT_LOG_ERROR, "a product cannot be served", "reason", why, "account",
           jt_escape(resolving->account).text, "product", jt_escape(resolving->product).text, NULL);
    resolving->fault = JT_S3_INTERNAL;
    return false;
}

/* What the document asks for and what the operator wrote must go together; what nobody knows is never asked without a
 * signature (S4.48). */
static bool auth_fits(enum jt_store_auth asked, enum jt_backend_auth configured)
{
    switch (asked) {
    case JT_STORE_UNSAID:
    case JT_STORE_ANONYMOUS:
        return true;
    case JT_STORE_STATIC:
    case JT_STORE_FEDERATED:
        return configured != JT_BACKEND_ANONYMOUS;
    case JT_STORE_OTHER:
        break;
    }
    return false;
}

static bool has_dots(struct jeton_bytes prefix)
{
    for (size_t at = 0; at <= prefix.len;) {
        size_t end = jt_bytes_find(prefix, '/', at);
        struct jeton_bytes part = jt_bytes_cut(prefix, at, end);

        if (jt_bytes_equal(part, JT_TEXT(".")) || jt_bytes_equal(part, JT_TEXT("..")))
            return true;
        at = end + 1;
    }
    return false;
}

static bool check_connection(struct resolving *resolving)
{
    const struct jt_document_content *connection = &resolving->documents[CONNECTION]->content;
    struct jeton_bytes id = resolving->documents[PRODUCT]->content.product.connection;
    struct jeton_bytes bucket = connection->connection.bucket;

    resolving->backend = jt_gateway_backend(resolving->gateway, id);
    if (resolving->backend == NULL)
        return fails(resolving, "its connection is not among gateway.backends");
    if (!jt_bytes_equal(connection->connection.id, id))
        return fails(resolving, "its connection's document is another's");
    if (!jt_bytes_equal(connection->connection.provider, JT_TEXT("s3")))
        return fails(resolving, "its connection is of a provider that is not known here");
    if (!auth_fits(connection->connection.auth, resolving->backend->auth))
        return fails(resolving, "its connection asks for an authentication that is not configured");
    if (jt_bytes_find(bucket, '/', 0) < bucket.len || has_dots(bucket) ||
        has_dots(connection->connection.base_prefix) || has_dots(resolving->documents[PRODUCT]->content.product.prefix))
        return fails(resolving, "its place leads elsewhere");
    return true;
}

/* In this order: who may not read learns nothing more, and nothing more is done. */
static bool resolve(struct resolving *resolving)
{
    struct place product = {.start = "/products", .parts = {resolving->account, resolving->product}};
    struct place permissions = product;
    struct place connection = {.start = "/data-connections"};

    permissions.permissions = true;
    if (!get(resolving, JT_DOCUMENT_PRODUCT, product, PRODUCT))
        return false;
    if (resolving->documents[PRODUCT]->content.product.disabled) {
        resolving->fault = JT_S3_ACCESS_DENIED;
        return false;
    }
    if (!get(resolving, JT_DOCUMENT_PERMISSIONS, permissions, PERMISSIONS))
        return false;
    if (!resolving->documents[PERMISSIONS]->content.permissions.read &&
        !resolving->documents[PERMISSIONS]->content.permissions.write) {
        resolving->fault = JT_S3_ACCESS_DENIED;
        return false;
    }
    connection.parts[0] = resolving->documents[PRODUCT]->content.product.connection;
    return get(resolving, JT_DOCUMENT_CONNECTION, connection, CONNECTION) && check_connection(resolving);
}

static void resolution_free(struct jt_errand_result *result)
{
    free(result);
}

static struct jeton_bytes put(struct jt_resolution *resolution, size_t *used, struct jeton_bytes text)
{
    unsigned char *at = resolution->memory + *used;

    if (text.len > 0)
        memcpy(at, text.at, text.len);
    *used += text.len;
    return jeton_bytes(at, text.len);
}

/* base_prefix and the mirror's, one after the other as they are; a slash behind. */
static struct jeton_bytes put_prefix(struct jt_resolution *resolution, size_t *used, struct jeton_bytes base,
                                     struct jeton_bytes mirror)
{
    size_t start = *used;
    struct jeton_bytes whole;

    while (base.len > 0 && *(const char *)base.at == '/')
        base = jt_bytes_cut(base, 1, base.len);
    while (base.len == 0 && mirror.len > 0 && *(const char *)mirror.at == '/')
        mirror = jt_bytes_cut(mirror, 1, mirror.len);
    (void)put(resolution, used, base);
    (void)put(resolution, used, mirror);
    whole = jeton_bytes(resolution->memory + start, *used - start);
    if (whole.len > 0 && ((const char *)whole.at)[whole.len - 1] != '/') {
        (void)put(resolution, used, JT_TEXT("/"));
        whole.len++;
    }
    return whole;
}

static void fill_resolution(const struct resolving *resolving, struct jt_resolution *out)
{
    const struct jt_document_content *connection = &resolving->documents[CONNECTION]->content;
    const struct jt_document_content *permissions = &resolving->documents[PERMISSIONS]->content;
    const struct jt_config_text *region = &resolving->backend->config->region;
    size_t used = 0;

    out->may_read = permissions->permissions.read;
    out->may_write = permissions->permissions.write && !connection->connection.read_only;
    out->backend = resolving->backend;
    out->bucket = put(out, &used, connection->connection.bucket);
    out->prefix = put_prefix(out, &used, connection->connection.base_prefix,
                             resolving->documents[PRODUCT]->content.product.prefix);
    out->region = region->at != NULL                      ? jeton_text(region->at)
                  : connection->connection.region.len > 0 ? put(out, &used, connection->connection.region)
                                                          : JT_TEXT("us-east-1");
}

static size_t room_of(const struct resolving *resolving)
{
    const struct jt_document_content *connection = &resolving->documents[CONNECTION]->content;

    return connection->connection.bucket.len + connection->connection.base_prefix.len +
           connection->connection.region.len + resolving->documents[PRODUCT]->content.product.prefix.len + 1;
}

/* The order is the key: "product", the caller, account, product. */
static struct jt_errand_result *run_resolution(void *context, struct jeton_bytes order)
{
    struct resolving resolving = {.gateway = context, .fresh_until_ms = INT64_MAX};
    struct jt_resolution *resolution = NULL;
    size_t room = 0;
    int64_t left_ms = 0;
    bool good;

    (void)jt_errand_key_next(&order);
    resolving.caller = jt_gateway_key_caller(&order);
    resolving.account = jt_errand_key_next(&order);
    resolving.product = jt_errand_key_next(&order);
    good = resolve(&resolving);
    if (good) {
        room = room_of(&resolving);
        left_ms = resolving.fresh_until_ms - jt_monotonic_ms();
    }
    resolution = calloc(1, sizeof *resolution + room);
    if (resolution != NULL) {
        resolution->fault = resolving.fault;
        if (good)
            fill_resolution(&resolving, resolution);
        jt_errand_result_init(&resolution->result, resolution_free, sizeof *resolution + room,
                              left_ms > 0 ? left_ms : 0);
        resolution->result.failed = !good;
    }
    for (size_t i = 0; i < CALLS; i++)
        jt_errand_result_release(resolving.documents[i] != NULL ? &resolving.documents[i]->result : NULL);
    return resolution != NULL ? &resolution->result : NULL;
}

JT_CHECKED jt_upstream_resolution(struct jt_gateway *gateway, const struct jt_caller *caller,
                                  struct jeton_bytes account, struct jeton_bytes product, struct jt_buffer *key,
                                  struct jt_errand *out)
{
    jt_buffer_init(key, KEY_MAX);
    jt_gateway_key(key, "product", caller);
    jt_errand_key_add(key, account);
    jt_errand_key_add(key, product);
    JT_TRY(key->status);
    *out = (struct jt_errand){jt_buffer_bytes(key), jt_buffer_bytes(key), gateway, run_resolution};
    return JETON_OK;
}

int64_t jt_upstream_wait_ms(const struct jt_gateway *gateway)
{
    return CALLS * gateway->config->gateway.timeout.value + WAIT_BESIDE_MS;
}
