/* SPDX-License-Identifier: Apache-2.0 */
/* What may this caller read, and where does it lie? Asked of the upstream API as the caller, one errand for all that
 * one product needs; each document is kept for its own time, under the caller (doc/GATEWAY.md). */
#ifndef JT_SERVER_UPSTREAM_API_H
#define JT_SERVER_UPSTREAM_API_H

#include "server/gateway/gateway.h"
#include "server/gateway/s3_fault.h"
#include "server/gateway/upstream_documents.h"

/* One document. */
struct jt_document {
    struct jt_errand_result result;
    enum jt_s3_fault fault; /* JT_S3_NONE: it is there */
    int64_t fresh_until_ms;
    struct jt_document_content content;
};

/* All about one product, for one caller. */
struct jt_resolution {
    struct jt_errand_result result;
    enum jt_s3_fault fault; /* JT_S3_NONE: the rest holds */
    bool may_read;
    bool may_write;
    const struct jt_backend *backend;
    struct jeton_bytes bucket; /* at the store; may be empty */
    struct jeton_bytes prefix; /* of its keys there; empty, or with a slash at its end */
    struct jeton_bytes region;
    unsigned char memory[];
};

/* The errands, to be asked for with jt_request_errand(): what comes is a struct of the one kind or the other. Keys are
 * built in `key`, which the caller keeps until he has asked. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_upstream_resolution(struct jt_gateway *gateway, const struct jt_caller *caller,
                                  struct jeton_bytes account, struct jeton_bytes product, struct jt_buffer *key,
                                  struct jt_errand *out);
JT_CHECKED jt_upstream_list(struct jt_gateway *gateway, const struct jt_caller *caller, struct jeton_bytes account,
                            struct jt_buffer *key, struct jt_errand *out);
/* How long a request may have to wait for one. */
int64_t jt_upstream_wait_ms(const struct jt_gateway *gateway);
#endif
