/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one request at the gateway while it is being decided? Between the files of the gateway alone. */
#ifndef JT_SERVER_GATEWAY_VISIT_H
#define JT_SERVER_GATEWAY_VISIT_H

#include "auth/session.h"
#include "server/gateway/s3_request.h"
#include "server/gateway/store_credentials.h"
#include "server/gateway/upstream_api.h"
#include "server/http/http.h"

struct jt_visit {
    struct jt_server *server;
    struct jt_gateway *gateway;
    const struct jt_request *request;
    struct jt_answer *answer;
    struct jt_s3_wire wire;
    struct jt_s3_request s3;
    struct jeton_bytes request_id;
    struct jt_caller caller;
    struct jt_session session; /* when it has one */
    bool has_session;
    struct jt_trust_result trust; /* left at the end */
    bool waits;                   /* the handler returns at once */
};

/* --- Answers (gateway_answer.c) --- */

/* CORS and the request's id, on every answer. */
void jt_visit_begin(struct jt_visit *visit);
void jt_visit_fail(struct jt_visit *visit, enum jt_s3_fault fault);
/* The same in other words; `code` and `text` live as long as the answer. */
void jt_visit_fail_as(struct jt_visit *visit, unsigned status, const char *code, const char *text);
/* Copies XML into the answer. */
void jt_visit_send_xml(struct jt_visit *visit, struct jt_buffer *xml);
/* To the store behind; `credentials` NULL: as its configuration says (gateway_redirect.c). */
void jt_visit_redirect(struct jt_visit *visit, const struct jt_resolution *product,
                       const struct jt_store_credentials *credentials);

/* --- Listings that are made here (gateway_list.c) --- */

void jt_visit_list_buckets(struct jt_visit *visit);
/* The products of an account as common prefixes. */
void jt_visit_list_products(struct jt_visit *visit, const struct jt_document *products);
/* Bytes of arena that a listing may need. */
#define JT_GATEWAY_LIST_MAX ((size_t)512 * 1024)
#endif
