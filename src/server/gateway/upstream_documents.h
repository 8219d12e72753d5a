/* SPDX-License-Identifier: Apache-2.0 */
/* What do the documents of the upstream API say? Strict JSON → few fields, copied. Pure. A document that lacks what it
 * must have, or says it in another type, says nothing at all. */
#ifndef JT_SERVER_UPSTREAM_DOCUMENTS_H
#define JT_SERVER_UPSTREAM_DOCUMENTS_H

#include "base/buffer.h"

enum jt_document_kind { JT_DOCUMENT_PRODUCT, JT_DOCUMENT_CONNECTION, JT_DOCUMENT_LIST, JT_DOCUMENT_PERMISSIONS };

/* How a connection says that its store wants to be asked. OTHER: in a way that is not known here. */
enum jt_store_auth { JT_STORE_UNSAID, JT_STORE_ANONYMOUS, JT_STORE_STATIC, JT_STORE_FEDERATED, JT_STORE_OTHER };

/* Texts belong to the document. */
struct jt_document_content {
    struct { /* PRODUCT: where its primary mirror lies */
        bool disabled;
        struct jeton_bytes connection, prefix;
    } product;
    struct { /* CONNECTION */
        bool read_only;
        struct jeton_bytes id, provider, bucket, region, base_prefix;
        enum jt_store_auth auth;
    } connection;
    struct { /* LIST: ids of products, in their order */
        struct jeton_bytes *at;
        size_t count;
    } list;
    struct { /* PERMISSIONS */
        bool read, write;
    } permissions;
    void *memory; /* NULL: nothing to give back */
    size_t bytes;
};

#define JT_DOCUMENT_MAX ((size_t)1 << 20)
/* JETON_OK, JETON_ARGUMENT_INVALID with what is wrong with it, JETON_OUT_OF_MEMORY. `out` on JETON_OK alone. */
JT_CHECKED jt_document_read(enum jt_document_kind kind, struct jeton_bytes text, struct jt_document_content *out,
                            struct jeton_detail *detail);
void jt_document_done(struct jt_document_content *content);
#endif
