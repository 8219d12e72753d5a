/* SPDX-License-Identifier: Apache-2.0 */
/* What does a client of an object store want? Method, target and Host as they were sent → operation, bucket, key, the
 * product that the key begins with, and the parameters of a listing. Pure; everything here is hostile until it comes
 * out. First stage of the gateway's walk. */
#ifndef JT_SERVER_S3_REQUEST_H
#define JT_SERVER_S3_REQUEST_H

#include "base/arena.h"
#include "server/gateway/s3_fault.h"

enum jt_s3_operation {
    JT_S3_LIST_BUCKETS,
    JT_S3_HEAD_BUCKET,
    JT_S3_GET_LOCATION,
    JT_S3_LIST_OBJECTS,
    JT_S3_GET_OBJECT,
    JT_S3_HEAD_OBJECT,
    JT_S3_PREFLIGHT,     /* OPTIONS */
    JT_S3_PUT_OBJECT,    /* whole, in one request */
    JT_S3_DELETE_OBJECT, /* one */
    JT_S3_WRITE,         /* whatever else may change something */
    JT_S3_OTHER          /* reads that are not done here: ?acl, ?tagging, … */
};

struct jt_s3_wire {
    struct jeton_bytes method;
    struct jeton_bytes path;  /* as the client sent it, from its first slash on, without query */
    struct jeton_bytes query; /* without "?" */
    struct jeton_bytes host;
    struct jeton_bytes domain; /* buckets may stand before it in Host; empty: they never do */
};

#define JT_S3_FIELDS 64
#define JT_S3_KEY_MAX 1024
#define JT_S3_BUCKET_MAX 255
struct jt_s3_field {
    struct jeton_bytes name; /* decoded */
    struct jeton_bytes value;
};

/* All texts are decoded, UTF-8 without control characters, without "." and ".." as a part between slashes. */
struct jt_s3_request {
    enum jt_s3_operation operation;
    bool special;               /* below "/.": not counted as an access to data */
    struct jeton_bytes bucket;  /* empty: none was named */
    struct jeton_bytes key;     /* of an object; for a listing its prefix */
    struct jeton_bytes product; /* the key's first part; empty: it has none */
    struct jeton_bytes rest;    /* what follows the product and its slash */
    bool product_whole;         /* a slash follows the product */
    struct {
        bool version_2;
        bool url_encoded;
        bool delimited; /* by "/"; another delimiter is refused */
        unsigned max_keys;
        struct jeton_bytes continuation, start_after, marker;
    } list;
    struct jt_s3_field fields[JT_S3_FIELDS]; /* of the query, in its order */
    size_t field_count;
};

/* JT_S3_NONE, or what the client is told. Filled as far as it got: `bucket` and `key` on failure may be shown only
 * through the writers of XML. */
JETON_MUST_CHECK enum jt_s3_fault jt_s3_request_read(const struct jt_s3_wire *wire, struct jt_arena *arena,
                                                     struct jt_s3_request *out);
/* The field of that name; no bytes when it is not there. */
struct jeton_bytes jt_s3_field(const struct jt_s3_request *request, const char *name);

/* Percent-encodes all but unreserved characters (RFC 3986 §2.3), and slashes too unless `slashes`. */
void jt_s3_encode(struct jt_buffer *out, struct jeton_bytes text, bool slashes);
#endif
