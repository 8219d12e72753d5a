/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong with a request for an object store, in the words of S3? One table of codes, statuses and texts. */
#ifndef JT_SERVER_S3_FAULT_H
#define JT_SERVER_S3_FAULT_H

#include "base/buffer.h"

/* id, code, status, text. Texts of 5xx say nothing of what lies behind. */
#define JT_S3_FAULT_TABLE(X)                                                                                           \
    X(NONE, "", 200, "")                                                                                               \
    X(ACCESS_DENIED, "AccessDenied", 403, "Access Denied")                                                             \
    X(EXPIRED_TOKEN, "ExpiredToken", 403, "The provided token has expired.")                                           \
    X(INVALID_URI, "InvalidURI", 400, "The address cannot be read.")                                                   \
    X(INVALID_BUCKET, "InvalidBucketName", 400, "The bucket's name is not valid.")                                     \
    X(INVALID_ARGUMENT, "InvalidArgument", 400, "A parameter of the request is not valid.")                            \
    X(INVALID_REQUEST, "InvalidRequest", 400, "The request is not valid.")                                             \
    X(KEY_TOO_LONG, "KeyTooLongError", 400, "The key is too long.")                                                    \
    X(NO_SUCH_BUCKET, "NoSuchBucket", 404, "The specified bucket does not exist")                                      \
    X(NO_SUCH_KEY, "NoSuchKey", 404, "The specified key does not exist.")                                              \
    X(METHOD_NOT_ALLOWED, "MethodNotAllowed", 405, "Method Not Allowed")                                               \
    X(NOT_IMPLEMENTED, "NotImplemented", 501, "This is not done here.")                                                \
    X(INTERNAL, "InternalError", 500, "An internal error occurred.")                                                   \
    X(BACKEND, "BackendAuthenticationFailed", 502, "The store behind refused this server.")                            \
    X(UNAVAILABLE, "ServiceUnavailable", 503, "Please try again.")                                                     \
    X(SLOW_DOWN, "SlowDown", 503, "Please reduce your request rate.")

enum jt_s3_fault {
#define JT_S3_FAULT(id, code, status, text) JT_S3_##id,
    JT_S3_FAULT_TABLE(JT_S3_FAULT)
#undef JT_S3_FAULT
        JT_S3_FAULT_COUNT
};

const char *jt_s3_fault_code(enum jt_s3_fault fault);
unsigned jt_s3_fault_status(enum jt_s3_fault fault);
const char *jt_s3_fault_text(enum jt_s3_fault fault);
/* <Error><Code/><Message/><Resource/><RequestId/></Error>; `text` NULL: the table's. */
void jt_s3_fault_write(struct jt_buffer *out, const char *code, const char *text, struct jeton_bytes resource,
                       struct jeton_bytes request_id);
#endif
