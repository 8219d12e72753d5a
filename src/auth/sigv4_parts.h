/* SPDX-License-Identifier: Apache-2.0 */
/* What do reading, judging and signing by SigV4 share? sigv4_request.c writes what is signed, sigv4.c signs it,
 * sigv4_read.c reads what a request says of its signature; and session_open.c reads times as they do. */
#ifndef JT_AUTH_SIGV4_PARTS_H
#define JT_AUTH_SIGV4_PARTS_H

#include "auth/sigv4.h"
#include "base/buffer.h"

#define JT_SIGV4_PARAMETERS 128
#define JT_SIGV4_HASH 64 /* hexadecimal digits of SHA-256 */

/* One parameter of the query: as it is meant, and as it is signed. */
struct jt_sigv4_parameter {
    struct jeton_bytes name, value;
    struct jeton_bytes signed_name, signed_value;
};
struct jt_sigv4_query {
    struct jt_sigv4_parameter *at;
    size_t count;
};
/* JETON_REQUEST_INVALID: an escape that is none, or too many. */
JT_CHECKED jt_sigv4_query_read(struct jeton_bytes query, struct jt_arena *arena, struct jt_sigv4_query *out);
/* The value of that name, and how often it stands there. */
struct jeton_bytes jt_sigv4_query_get(const struct jt_sigv4_query *query, const char *name, size_t *count);

/* What is to be signed: the canonical request of a request, with these headers and that payload. */
struct jt_sigv4_canonical {
    const struct jt_sigv4_request *request;
    enum jt_sigv4_path path;
    struct jeton_bytes signed_headers;
    struct jeton_bytes payload;
    bool presigned; /* without X-Amz-Signature */
};
/* JETON_REQUEST_INVALID: a path that cannot be decoded, a signed header that is not there. */
JT_CHECKED jt_sigv4_canonical(const struct jt_sigv4_canonical *from, struct jt_arena *arena, struct jt_buffer *out);

struct jt_sigv4_scope {
    struct jeton_bytes time, day, region, service;
};
/* The text that is signed in the end, and its signature in hexadecimal with a NUL. */
JT_CHECKED jt_sigv4_string_to_sign(const struct jt_sigv4_scope *scope, struct jeton_bytes canonical,
                                   struct jt_buffer *out);
JT_CHECKED jt_sigv4_signature(const struct jt_sigv4_scope *scope, struct jeton_bytes secret, struct jeton_bytes text,
                              char out[JT_SIGV4_HASH + 1]);

/* Is it SHA-256 in lower-case hexadecimal? */
bool jt_sigv4_is_hash(struct jeton_bytes text);
/* "20150830T123600Z" both ways; false when it is no such time. */
JETON_MUST_CHECK bool jt_sigv4_time_read(struct jeton_bytes text, int64_t *out);
void jt_sigv4_time_write(int64_t at, char out[17]);
/* The next element of a list by semicolons, cut off; false at its end. */
bool jt_sigv4_next_header(struct jeton_bytes *list, struct jeton_bytes *name);
/* The first header of that name and how many there are. */
struct jeton_bytes jt_sigv4_header(const struct jt_sigv4_request *request, struct jeton_bytes name, size_t *count);
#endif
