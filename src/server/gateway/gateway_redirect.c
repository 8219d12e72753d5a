/* SPDX-License-Identifier: Apache-2.0 */
/* How is nginx told what to ask of the store behind? X-Accel-Redirect to an internal location, and headers that it
 * takes the request from: the address, and where the store needs it the signature. Nothing of the client's own is in
 * them but what was read and written anew. */
#include "base/xml_write.h"
#include "server/gateway/gateway_visit.h"

enum { TARGET_MAX = 16 * 1024, QUERY_MAX = 12 * 1024, SIGN_HEADERS = 1 };

/* What the store is asked, in its parts: as signed, and as sent. */
struct asked {
    struct jt_visit *visit;
    const struct jt_resolution *product;
    struct jt_buffer path; /* with that of the endpoint */
    struct jt_buffer query;
};

static bool is_list(const struct jt_visit *visit)
{
    return visit->s3.operation == JT_S3_LIST_OBJECTS;
}

/* --- The address --- */

static void add_field(struct jt_buffer *query, const char *name, struct jeton_bytes before, struct jeton_bytes value)
{
    if (query->len > 0)
        jt_buffer_add_byte(query, '&');
    jt_buffer_add_text(query, name);
    jt_buffer_add_byte(query, '=');
    jt_s3_encode(query, before, false);
    jt_s3_encode(query, value, false);
}

/* A name of ours, "product/rest", as the store has it. One before all of the product is left out; one behind all of it
 * is no question that a client has. */
static bool add_place(struct asked *asked, const char *name, struct jeton_bytes place)
{
    struct jeton_bytes product = asked->visit->s3.product;

    if (place.len == 0)
        return true;
    if (jt_bytes_start(place, product) && place.len > product.len && ((const char *)place.at)[product.len] == '/') {
        add_field(&asked->query, name, asked->product->prefix, jt_bytes_cut(place, product.len + 1, place.len));
        return true;
    }
    return false;
}

static bool write_list(struct asked *asked)
{
    const struct jt_s3_request *s3 = &asked->visit->s3;

    if (s3->list.continuation.len > 0)
        add_field(&asked->query, "continuation-token", JT_TEXT(""), s3->list.continuation);
    if (s3->list.delimited)
        add_field(&asked->query, "delimiter", JT_TEXT(""), JT_TEXT("/"));
    if (s3->list.url_encoded)
        add_field(&asked->query, "encoding-type", JT_TEXT(""), JT_TEXT("url"));
    if (s3->list.version_2)
        add_field(&asked->query, "list-type", JT_TEXT(""), JT_TEXT("2"));
    if (!s3->list.version_2 && !add_place(asked, "marker", s3->list.marker))
        return false;
    jt_buffer_add_format(&asked->query, "%smax-keys=%u", asked->query.len > 0 ? "&" : "", s3->list.max_keys);
    add_field(&asked->query, "prefix", asked->product->prefix, s3->rest);
    return !s3->list.version_2 || add_place(asked, "start-after", s3->list.start_after);
}

/* What a signed request may ask of the answer's own headers; who has not signed may not make an answer look like
 * something else. */
static void write_overrides(struct asked *asked)
{
    static const char *const names[] = {"response-cache-control",    "response-content-disposition",
                                        "response-content-encoding", "response-content-language",
                                        "response-content-type",     "response-expires"};
    const struct jt_visit *visit = asked->visit;

    for (size_t i = 0; i < JT_COUNT(names) && visit->has_session; i++) {
        struct jeton_bytes value = jt_s3_field(&visit->s3, names[i]);

        if (value.len > 0 && asked->product->backend->auth != JT_BACKEND_ANONYMOUS)
            add_field(&asked->query, names[i], JT_TEXT(""), value);
    }
}

static bool write_target(struct asked *asked)
{
    const struct jt_resolution *product = asked->product;

    jt_buffer_add(&asked->path, product->backend->path);
    if (product->bucket.len > 0) {
        jt_buffer_add_byte(&asked->path, '/');
        jt_s3_encode(&asked->path, product->bucket, false);
    }
    if (is_list(asked->visit)) {
        if (product->bucket.len == 0)
            jt_buffer_add_byte(&asked->path, '/');
        return write_list(asked);
    }
    jt_buffer_add_byte(&asked->path, '/');
    jt_s3_encode(&asked->path, product->prefix, true);
    jt_s3_encode(&asked->path, asked->visit->s3.rest, true);
    write_overrides(asked);
    return true;
}

/* --- Headers for nginx --- */

static bool add_header(struct jt_visit *visit, const char *name, struct jeton_bytes value)
{
    char *text = jt_arena_take(visit->request->arena, value.len + 1);

    if (text == NULL)
        return false;
    if (value.len > 0)
        memcpy(text, value.at, value.len);
    text[value.len] = '\0';
    if (value.len > 0)
        jt_answer_header(visit->answer, name, text);
    return true;
}

static bool add_escaped(struct jt_visit *visit, const char *name, struct jeton_bytes one, struct jeton_bytes other,
                        bool url_encoded)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;

    jt_buffer_init(&text, TARGET_MAX);
    if (url_encoded) {
        jt_s3_encode(&text, one, true);
        jt_s3_encode(&text, other, true);
    } else {
        jt_xml_write(&text, one);
        jt_xml_write(&text, other);
    }
    return text.status == JETON_OK && add_header(visit, name, jt_buffer_bytes(&text));
}

/* What stands in the store's listing, and what is to stand there for the client. */
static bool add_names(const struct asked *asked)
{
    struct jt_visit *visit = asked->visit;
    bool encoded = visit->s3.list.url_encoded;

    return add_escaped(visit, "X-Jeton-List-From", asked->product->prefix, JT_TEXT(""), encoded) &&
           add_escaped(visit, "X-Jeton-List-To", visit->s3.product, JT_TEXT("/"), encoded) &&
           add_escaped(visit, "X-Jeton-Store-Bucket", asked->product->bucket, JT_TEXT(""), false) &&
           add_escaped(visit, "X-Jeton-Bucket", visit->s3.bucket, JT_TEXT(""), false);
}

/* The hash of a body that was signed for stands for it; nothing else than a whole body can be passed on. */
static struct jeton_bytes payload_of(const struct jt_visit *visit)
{
    struct jeton_bytes said = jt_request_header(visit->request, "x-amz-content-sha256", NULL);

    if (visit->s3.operation != JT_S3_PUT_OBJECT)
        return JT_TEXT(JT_SIGV4_EMPTY);
    return said.len == 64 ? said : JT_TEXT(JT_SIGV4_UNSIGNED);
}

static bool add_signature(const struct asked *asked, const struct jt_sigv4_signer *signer)
{
    struct jt_visit *visit = asked->visit;
    struct jt_header_field host = {JT_TEXT("host"), asked->product->backend->host};
    struct jt_sigv4_request request = {.method = visit->request->method,
                                       .path = jt_buffer_bytes(&asked->path),
                                       .query = jt_buffer_bytes(&asked->query),
                                       .headers = &host,
                                       .header_count = SIGN_HEADERS};
    struct jt_sigv4_signed signature;
    struct jeton_detail detail = {""};

    if (jt_sigv4_sign(&request, signer, visit->request->now, visit->request->arena, &signature, &detail) != JETON_OK) {
        jt_log(&visit->server->log, JT_LOG_ERROR, "a request for a store cannot be signed", "detail", detail.text,
               NULL);
        return false;
    }
    return add_header(visit, "X-Jeton-Authorization", signature.authorization) &&
           add_header(visit, "X-Jeton-Date", signature.date) &&
           add_header(visit, "X-Jeton-Content-Sha256", signer->payload) &&
           add_header(visit, "X-Jeton-Security-Token", signer->token);
}

static bool sign(const struct asked *asked, const struct jt_store_credentials *credentials)
{
    const struct jt_backend *backend = asked->product->backend;
    struct jt_sigv4_signer signer = {.region = asked->product->region,
                                     .service = JT_TEXT("s3"),
                                     .path = JT_SIGV4_PATH_S3,
                                     .payload = payload_of(asked->visit),
                                     .send_payload = true};

    switch (backend->auth) {
    case JT_BACKEND_ANONYMOUS:
        return true;
    case JT_BACKEND_STATIC:
        signer.access_key_id = jeton_text(backend->config->access_key_id.at);
        signer.secret = jt_secret_bytes(&backend->secret);
        return add_signature(asked, &signer);
    case JT_BACKEND_FEDERATED:
        break;
    }
    /* Never unsigned (S4.48). */
    if (credentials == NULL || credentials->fault != JT_S3_NONE)
        return false;
    signer.access_key_id = credentials->access_key_id;
    signer.secret = credentials->secret;
    signer.token = credentials->token;
    return add_signature(asked, &signer);
}

static bool add_target(const struct asked *asked)
{
    const struct jt_backend *backend = asked->product->backend;
    JT_AUTO(jt_buffer_done) struct jt_buffer target;

    jt_buffer_init(&target, 2 * TARGET_MAX);
    jt_buffer_add(&target, jt_bytes_cut(backend->start, 0, backend->start.len - backend->path.len));
    jt_buffer_add(&target, jt_buffer_bytes(&asked->path));
    if (asked->query.len > 0) {
        jt_buffer_add_byte(&target, '?');
        jt_buffer_add(&target, jt_buffer_bytes(&asked->query));
    }
    return target.status == JETON_OK && add_header(asked->visit, "X-Jeton-Target", jt_buffer_bytes(&target)) &&
           add_header(asked->visit, "X-Jeton-Host", backend->host);
}

static size_t head_of(const struct jt_answer *answer)
{
    size_t bytes = 0;

    for (size_t i = 0; i < answer->header_count; i++)
        bytes += strlen(answer->headers[i].name) + strlen(answer->headers[i].value) + 4;
    return bytes;
}

static bool write_all(struct asked *asked, const struct jt_store_credentials *credentials)
{
    struct jt_visit *visit = asked->visit;
    JT_AUTO(jt_buffer_done) struct jt_buffer resource;

    jt_buffer_init(&resource, TARGET_MAX);
    jt_buffer_add_byte(&resource, '/');
    jt_xml_write(&resource, visit->s3.bucket);
    jt_buffer_add_byte(&resource, '/');
    jt_xml_write(&resource, visit->s3.key);
    jt_answer_header(visit->answer, "X-Accel-Redirect", is_list(visit) ? "@jeton_list" : "@jeton_object");
    return asked->path.status == JETON_OK && asked->query.status == JETON_OK && resource.status == JETON_OK &&
           add_target(asked) && add_header(visit, "X-Jeton-Resource", jt_buffer_bytes(&resource)) &&
           (!is_list(visit) || add_names(asked)) && sign(asked, credentials) &&
           head_of(visit->answer) <= jt_http_answer_max((size_t)visit->server->config->limits.token.value);
}

void jt_visit_redirect(struct jt_visit *visit, const struct jt_resolution *product,
                       const struct jt_store_credentials *credentials)
{
    struct asked asked = {.visit = visit, .product = product};
    size_t headers = visit->answer->header_count;

    jt_buffer_init(&asked.path, TARGET_MAX);
    jt_buffer_init(&asked.query, QUERY_MAX);
    if (!write_target(&asked)) {
        jt_visit_fail(visit, JT_S3_INVALID_ARGUMENT);
    } else if (write_all(&asked, credentials)) {
        visit->answer->status = 200;
    } else {
        visit->answer->header_count = headers;
        jt_visit_fail(visit, JT_S3_INTERNAL);
    }
    jt_buffer_done(&asked.path);
    jt_buffer_done(&asked.query);
}
