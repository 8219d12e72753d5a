/* SPDX-License-Identifier: Apache-2.0 */
/* ANY /gateway/s3/…: may this caller have this object, and where does it lie? nginx asks with the head of the request
 * alone and carries the bytes; what is answered here is S3's XML, or where to get them. The walk: the request is read
 * (s3_request.c), its caller authenticated, his session's scopes held, the product resolved in his name
 * (upstream_api.c), and only then credentials at the store got (store_credentials.c), if it needs any. */
#include "auth/principal.h"
#include "server/gateway/gateway_visit.h"
#include "server/outbound/errand_wait.h"
#include "server/routes.h"
#include "server/verify/judge.h"
#include "server/verify/opaque.h"

#define START "/gateway/s3"

/* --- Who asks --- */

static bool fail_token(struct jt_visit *visit, enum jeton_status status, const struct jeton_detail *detail)
{
    enum jeton_kind kind = jeton_status_kind(status);

    if (status == JETON_TOKEN_EXPIRED)
        jt_visit_fail(visit, JT_S3_EXPIRED_TOKEN);
    else if (kind == JETON_KIND_UNAVAILABLE)
        jt_visit_fail(visit, JT_S3_UNAVAILABLE);
    else if (kind == JETON_KIND_REFUSED || kind == JETON_KIND_UNKNOWN || kind == JETON_KIND_DENIED ||
             status == JETON_TOKEN_MISSING)
        jt_visit_fail_as(visit, 403, "AccessDenied", jeton_status_text(status));
    else
        jt_visit_fail(visit, JT_S3_INTERNAL);
    if (kind == JETON_KIND_BROKEN)
        jt_log(&visit->server->log, JT_LOG_ERROR, "a token could not be judged", "detail", detail->text, NULL);
    return false;
}

/* A token that its issuer is asked about says who it is in claims, as a JWT does. */
static bool read_opaque(struct jt_visit *visit, const struct jt_trust *trust, struct jeton_bytes token)
{
    struct jeton_detail detail = {""};
    struct jt_opaque_verdict verdict;
    enum jeton_status status = jt_opaque_judge(visit->server, visit->request, trust, token, &verdict, &detail);

    visit->waits = verdict.waits;
    if (visit->waits)
        return false;
    if (status != JETON_OK)
        return fail_token(visit, status, &detail);
    visit->caller = (struct jt_caller){false, verdict.issuer->issuer,
                                       jt_json_string(jt_json_get(verdict.claims, JT_TEXT("sub")))};
    return true;
}

/* As /verify judges by its default policy. */
static bool read_bearer(struct jt_visit *visit, struct jeton_bytes token)
{
    struct jt_trust *trust = visit->server->policies[0].trust;
    struct jeton_detail detail = {""};
    struct jt_principal principal;
    enum jeton_status status;

    while (token.len > 0 && *(const char *)token.at == ' ')
        token = jt_bytes_cut(token, 1, token.len);
    while (token.len > 0 && ((const char *)token.at)[token.len - 1] == ' ')
        token.len--;
    status = jt_request_judge(visit->request, JT_WAIT_KEYS, trust, token, &visit->trust, &visit->waits, &detail);
    if (visit->waits)
        return false;
    if (jt_opaque_is(visit->server, token, status, visit->request->arena))
        return read_opaque(visit, trust, token);
    if (status != JETON_OK)
        return fail_token(visit, status, &detail);
    principal = jt_principal_of(visit->trust.token);
    visit->caller = (struct jt_caller){false, principal.issuer, principal.subject};
    return true;
}

static bool is_write(const struct jt_visit *visit)
{
    return visit->s3.operation == JT_S3_PUT_OBJECT || visit->s3.operation == JT_S3_DELETE_OBJECT;
}

/* The head as the client signed it: nginx sends no body, and so tells the length that there was under another name. */
static bool read_wire(struct jt_visit *visit, struct jt_sigv4_request *out)
{
    const struct jt_request *request = visit->request;
    struct jeton_bytes length = jt_request_header(request, "X-Jeton-Content-Length", NULL);
    struct jt_header_field *headers = jt_arena_take(request->arena,
                                                    (request->header_count + 1) * sizeof *request->headers);

    if (headers == NULL) {
        jt_visit_fail(visit, JT_S3_INTERNAL);
        return false;
    }
    if (request->header_count > 0)
        memcpy(headers, request->headers, request->header_count * sizeof *headers);
    headers[request->header_count] = (struct jt_header_field){JT_TEXT("Content-Length"), length};
    *out = (struct jt_sigv4_request){visit->wire.method, visit->wire.path, visit->wire.query, headers,
                                     request->header_count + (length.len > 0)};
    return true;
}

/* A write by somebody who is nobody here is no method here (S4.38); whose session has ended must hear that. */
static void fail_signature(struct jt_visit *visit, enum jt_signed outcome)
{
    bool stranger = outcome == JT_SIGNED_STRANGER || outcome == JT_SIGNED_MALFORMED ||
                    outcome == JT_SIGNED_QUERY_MALFORMED;

    if (is_write(visit) && stranger)
        jt_visit_fail(visit, JT_S3_METHOD_NOT_ALLOWED);
    else
        jt_visit_fail_as(visit, jt_signed_http(outcome), jt_signed_s3_code(outcome), jt_signed_text(outcome));
}

/* Who says nothing of himself is nobody; who says it in a way that is not known here is not taken for nobody. */
static bool is_nobody(struct jt_visit *visit)
{
    bool nobody = jt_request_header(visit->request, "Authorization", NULL).len == 0;

    if (!nobody && is_write(visit))
        jt_visit_fail(visit, JT_S3_METHOD_NOT_ALLOWED);
    else if (!nobody)
        jt_visit_fail_as(visit, 400, "InvalidArgument", "Unsupported Authorization Type");
    return nobody;
}

static bool read_signature(struct jt_visit *visit)
{
    const struct jt_request *request = visit->request;
    struct jt_sigv4_request wire;
    struct jt_sigv4_rules rules = {.service = JT_TEXT("s3"), .path = JT_SIGV4_PATH_S3};
    struct jeton_detail detail = {""};
    enum jt_signed outcome = JT_SIGNED_STRANGER;
    struct jt_sigv4_claim claim;

    if (!read_wire(visit, &wire))
        return false;
    if (visit->server->sessions != NULL)
        outcome = jt_session_authenticate(visit->server->sessions, &wire, &rules, request->now, request->arena,
                                          &visit->session, &detail);
    else if (jt_sigv4_read(&wire, request->arena, &claim, &detail) == JT_SIGNED_NOT)
        outcome = JT_SIGNED_NOT;
    if (outcome == JT_SIGNED_NOT)
        return is_nobody(visit);
    if (outcome != JT_SIGNED_OK) {
        fail_signature(visit, outcome);
        return false;
    }
    visit->has_session = true;
    visit->caller = (struct jt_caller){false, visit->session.issuer, visit->session.subject};
    return true;
}

/* Bearer, signature, or nobody; two at once are no proper question. */
static bool authenticate(struct jt_visit *visit)
{
    size_t count = 0;
    struct jeton_bytes authorization = jt_request_header(visit->request, "Authorization", &count);
    bool bearer = jt_bytes_equal_nocase(jt_bytes_cut(authorization, 0, 7), JT_TEXT("Bearer ")) ||
                  jt_bytes_equal_nocase(authorization, JT_TEXT("Bearer"));

    visit->caller.anonymous = true;
    if (count > 1 || (bearer && (jt_s3_field(&visit->s3, "X-Amz-Signature").len > 0 ||
                                 jt_s3_field(&visit->s3, "X-Amz-Credential").len > 0))) {
        jt_visit_fail(visit, JT_S3_INVALID_REQUEST);
        return false;
    }
    if (bearer && is_write(visit)) {
        jt_visit_fail(visit, JT_S3_METHOD_NOT_ALLOWED);
        return false;
    }
    return bearer ? read_bearer(visit, jt_bytes_cut(authorization, 7, authorization.len)) : read_signature(visit);
}

/* --- What a session may do --- */

static bool session_allows(const struct jt_visit *visit)
{
    const struct jt_s3_request *s3 = &visit->s3;

    switch (s3->operation) {
    case JT_S3_LIST_BUCKETS:
    case JT_S3_PREFLIGHT:
        return true;
    case JT_S3_HEAD_BUCKET:
    case JT_S3_GET_LOCATION:
        return jt_session_sees(&visit->session, s3->bucket);
    case JT_S3_LIST_OBJECTS:
        return jt_session_lists(&visit->session, s3->bucket, s3->key);
    case JT_S3_GET_OBJECT:
    case JT_S3_HEAD_OBJECT:
        return jt_session_allows(&visit->session, s3->bucket, s3->key, JT_ACTION_READ);
    case JT_S3_PUT_OBJECT:
    case JT_S3_DELETE_OBJECT:
        return jt_session_allows(&visit->session, s3->bucket, s3->key, JT_ACTION_WRITE);
    case JT_S3_WRITE:
    case JT_S3_OTHER:
        break;
    }
    return false;
}

/* A body in signed or trailed chunks is another one than the store was to get. */
static bool body_passes(const struct jt_visit *visit)
{
    struct jeton_bytes payload = jt_request_header(visit->request, "x-amz-content-sha256", NULL);

    return visit->s3.operation != JT_S3_PUT_OBJECT ||
           (!jt_bytes_start(payload, JT_TEXT("STREAMING-")) &&
            jt_request_header(visit->request, "x-amz-decoded-content-length", NULL).len == 0);
}

/* Before anything is asked of anybody. A write without the right to write here is no method here (S4.38). */
static bool authorise(struct jt_visit *visit)
{
    enum jt_s3_fault fault = JT_S3_NONE;

    if (is_write(visit) && (!visit->has_session || !session_allows(visit)))
        fault = JT_S3_METHOD_NOT_ALLOWED;
    else if (visit->s3.operation == JT_S3_OTHER || !body_passes(visit))
        fault = JT_S3_NOT_IMPLEMENTED;
    else if (visit->has_session && !session_allows(visit))
        fault = JT_S3_ACCESS_DENIED;
    if (fault != JT_S3_NONE)
        jt_visit_fail(visit, fault);
    return fault == JT_S3_NONE;
}

/* --- What is asked of others --- */

/* What the errand brought, held; NULL when the answer was given, or the request waits. */
static struct jt_errand_result *bring(struct jt_visit *visit, enum jt_wait wait, enum jeton_status made,
                                      struct jt_buffer *key, const struct jt_errand *errand, int64_t wait_ms)
{
    struct jt_errand_result *result = NULL;
    enum jt_errand_state state = JT_ERRAND_NOT_NOW;

    if (made == JETON_OK)
        state = jt_request_errand_for(visit->request, wait, visit->gateway->errands, errand, wait_ms, &result);
    jt_buffer_done(key);
    visit->waits = state == JT_ERRAND_WAITS;
    if (state == JT_ERRAND_NOT_NOW)
        jt_visit_fail(visit, made == JETON_OK ? JT_S3_SLOW_DOWN : JT_S3_INTERNAL);
    return state == JT_ERRAND_IS_HERE ? result : NULL;
}

static void answer_account(struct jt_visit *visit)
{
    struct jt_errand errand;
    struct jt_buffer key;
    enum jeton_status made = jt_upstream_list(visit->gateway, &visit->caller, visit->s3.bucket, &key, &errand);
    struct jt_errand_result *result = bring(visit, JT_WAIT_PRODUCT, made, &key, &errand,
                                            jt_upstream_wait_ms(visit->gateway));
    const struct jt_document *products = (const struct jt_document *)(const void *)result;

    if (result == NULL)
        return;
    if (products->fault != JT_S3_NONE) {
        jt_visit_fail(visit, products->fault);
    } else if (visit->s3.operation == JT_S3_LIST_OBJECTS) {
        jt_visit_list_products(visit, products);
    } else {
        visit->answer->status = 200;
        jt_answer_header(visit->answer, "x-amz-bucket-region", "us-east-1");
        if (visit->s3.operation == JT_S3_GET_LOCATION) {
            visit->answer->content_type = "application/xml";
            visit->answer->body = JT_TEXT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\""
                                          "http://s3.amazonaws.com/doc/2006-03-01/\"/>");
        }
    }
    jt_errand_result_release(result);
}

/* The caller is authorised: nothing before asked for credentials (S4.48). */
static void answer_federated(struct jt_visit *visit, const struct jt_resolution *product)
{
    struct jt_errand errand;
    struct jt_buffer key;
    enum jeton_status made = jt_store_credentials(visit->gateway, &visit->caller, product->backend, &key, &errand);
    struct jt_errand_result *result = bring(visit, JT_WAIT_STORE, made, &key, &errand, jt_store_credentials_wait_ms());
    const struct jt_store_credentials *credentials = (const struct jt_store_credentials *)(const void *)result;
    char *code;

    if (result == NULL)
        return;
    code = jt_arena_take(visit->request->arena, sizeof credentials->code);
    if (credentials->fault == JT_S3_NONE) {
        jt_visit_redirect(visit, product, credentials);
    } else if (credentials->fault == JT_S3_BACKEND && credentials->code[0] != '\0' && code != NULL) {
        memcpy(code, credentials->code, sizeof credentials->code);
        jt_visit_fail_as(visit, jt_s3_fault_status(JT_S3_BACKEND), jt_s3_fault_code(JT_S3_BACKEND), code);
    } else {
        jt_visit_fail(visit, credentials->fault);
    }
    jt_errand_result_release(result);
}

static void answer_product(struct jt_visit *visit)
{
    struct jt_errand errand;
    struct jt_buffer key;
    enum jeton_status made = jt_upstream_resolution(visit->gateway, &visit->caller, visit->s3.bucket, visit->s3.product,
                                                    &key, &errand);
    struct jt_errand_result *result = bring(visit, JT_WAIT_PRODUCT, made, &key, &errand,
                                            jt_upstream_wait_ms(visit->gateway));
    const struct jt_resolution *product = (const struct jt_resolution *)(const void *)result;

    if (result == NULL)
        return;
    if (product->fault != JT_S3_NONE)
        jt_visit_fail(visit, product->fault);
    else if (is_write(visit) ? !product->may_write : !product->may_read)
        jt_visit_fail(visit, JT_S3_ACCESS_DENIED);
    else if (product->backend->auth == JT_BACKEND_FEDERATED)
        answer_federated(visit, product);
    else
        jt_visit_redirect(visit, product, NULL);
    jt_errand_result_release(result);
}

/* A listing that names a product goes to its store; one of the account's products is made here. */
static void answer_read(struct jt_visit *visit)
{
    const struct jt_s3_request *s3 = &visit->s3;
    bool list = s3->operation == JT_S3_LIST_OBJECTS;

    if (s3->operation == JT_S3_LIST_BUCKETS)
        jt_visit_list_buckets(visit);
    else if (s3->operation == JT_S3_HEAD_BUCKET || s3->operation == JT_S3_GET_LOCATION ||
             (list && !s3->product_whole && (s3->list.delimited || s3->key.len == 0)))
        answer_account(visit);
    else if (s3->product.len == 0 || (!list && s3->rest.len == 0))
        jt_visit_fail(visit, JT_S3_NO_SUCH_KEY);
    else
        answer_product(visit);
}

static void answer(struct jt_visit *visit)
{
    enum jt_s3_fault fault = jt_s3_request_read(&visit->wire, visit->request->arena, &visit->s3);

    if (visit->s3.special)
        visit->answer->route = JT_ROUTE_NONE; /* no access to data (S4.45) */
    if (fault == JT_S3_NONE && visit->s3.operation == JT_S3_WRITE)
        fault = JT_S3_METHOD_NOT_ALLOWED;
    if (fault == JT_S3_NONE && visit->s3.special)
        fault = JT_S3_NO_SUCH_BUCKET;
    if (fault != JT_S3_NONE) {
        jt_visit_fail(visit, fault);
        return;
    }
    if (visit->s3.operation == JT_S3_PREFLIGHT) {
        visit->answer->status = 204;
        return;
    }
    if (authenticate(visit) && authorise(visit))
        answer_read(visit);
    jt_session_forget(&visit->session);
}

void jt_route_gateway(struct jt_server *server, const struct jt_request *request, struct jt_answer *out)
{
    struct jt_visit *visit = jt_arena_take(request->arena, sizeof *visit);

    if (server->gateway == NULL || visit == NULL) {
        jt_answer_error(out, request->arena, visit != NULL ? 404 : 500, visit != NULL ? "not_found" : "server_error",
                        NULL);
        return;
    }
    memset(visit, 0, sizeof *visit);
    visit->server = server;
    visit->gateway = server->gateway;
    visit->request = request;
    visit->answer = out;
    visit->wire = (struct jt_s3_wire){.method = request->method,
                                      .path = jt_bytes_cut(request->path, strlen(START), request->path.len),
                                      .query = request->query,
                                      .host = jt_request_header(request, "Host", NULL),
                                      .domain = jeton_text(server->config->gateway.domain.at)};
    if (visit->wire.path.len == 0)
        visit->wire.path = JT_TEXT("/");
    jt_visit_begin(visit);
    answer(visit);
    jt_trust_leave(&visit->trust);
}
