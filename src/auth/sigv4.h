/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed this request of an AWS client, and how does one sign another? AWS Signature Version 4 with HMAC-SHA256, in
 * the Authorization header and in the query (presigned). Pure: request + secret + now → outcome. Texts come as they
 * were sent: no escape decoded, nothing normalised.
 *
 * A signature covers the method, the path, the whole query, the signed headers and the body's hash as far as one is
 * said; here it must cover Host and every x-amz-* header that is there. */
#ifndef JT_AUTH_SIGV4_H
#define JT_AUTH_SIGV4_H

#include "base/arena.h"
#include "base/header_field.h"

/* How a path is written in what is signed. S3: decoded and encoded once, dots and slashes stay. Other services: encoded
 * once more, dot segments and doubled slashes resolved (RFC 3986 §5.2.4), or as they are. */
enum jt_sigv4_path { JT_SIGV4_PATH_S3, JT_SIGV4_PATH_NORMAL, JT_SIGV4_PATH_KEPT };

struct jt_sigv4_request {
    struct jeton_bytes method;
    struct jeton_bytes path;  /* without query */
    struct jeton_bytes query; /* without "?"; may be empty */
    const struct jt_header_field *headers;
    size_t header_count;
};

enum jt_signed {
#define JT_SIGNED(id, s3, sts, http, text) JT_SIGNED_##id,
#include "auth/signed.def"
#undef JT_SIGNED
    JT_SIGNED_COUNT
};
/* AWS's code for an outcome at S3 and at STS, its HTTP status, and a text for clients. */
const char *jt_signed_s3_code(enum jt_signed outcome);
const char *jt_signed_sts_code(enum jt_signed outcome);
unsigned jt_signed_http(enum jt_signed outcome);
const char *jt_signed_text(enum jt_signed outcome);

/* --- Judging --- */

/* What a request says of its signature. Nothing is believed yet; borrowed from the request and the arena. */
struct jt_sigv4_claim {
    bool presigned;
    struct jeton_bytes access_key_id;
    struct jeton_bytes day, region, service; /* the scope: 20150830 … */
    struct jeton_bytes time;                 /* 20150830T123600Z */
    int64_t at;                              /* the same in seconds since 1970 */
    int64_t expires;                         /* presigned: seconds from then on */
    struct jeton_bytes signed_headers;       /* host;x-amz-date */
    struct jeton_bytes signature;            /* 64 hexadecimal digits */
    struct jeton_bytes token;                /* x-amz-security-token; empty: none */
    struct jeton_bytes payload;              /* x-amz-content-sha256; empty: none */
};

/* JT_SIGNED_OK, NOT (no trace of a signature), MALFORMED, QUERY_MALFORMED, BROKEN (no memory). */
JETON_MUST_CHECK enum jt_signed jt_sigv4_read(const struct jt_sigv4_request *request, struct jt_arena *arena,
                                              struct jt_sigv4_claim *out, struct jeton_detail *detail);

struct jt_sigv4_rules {
    struct jeton_bytes service; /* "s3", "sts": what the scope must name */
    enum jt_sigv4_path path;
    bool body_known;         /* else the body is not at hand: the hash that is claimed stands for it */
    struct jeton_bytes body; /* when known */
};
#define JT_SIGV4_SKEW 900           /* seconds that clocks may differ */
#define JT_SIGV4_EXPIRES_MAX 604800 /* of a presigned request */

/* Does the signature fit, at this time? `secret` is the one of claim->access_key_id: whose that is the caller knows. */
JETON_MUST_CHECK enum jt_signed jt_sigv4_verify(const struct jt_sigv4_request *request,
                                                const struct jt_sigv4_claim *claim, const struct jt_sigv4_rules *rules,
                                                struct jeton_bytes secret, int64_t now, struct jt_arena *arena,
                                                struct jeton_detail *detail);
/* Arena bytes for one request whose path, query and headers have `len` bytes together. */
size_t jt_sigv4_arena_size(size_t len);

/* --- Signing, for requests of our own --- */

struct jt_sigv4_signer {
    struct jeton_bytes access_key_id;
    struct jeton_bytes secret;
    struct jeton_bytes token; /* empty: none */
    struct jeton_bytes region;
    struct jeton_bytes service;
    enum jt_sigv4_path path;
    struct jeton_bytes payload; /* hexadecimal SHA-256 of the body, or UNSIGNED-PAYLOAD */
    bool send_payload;          /* x-amz-content-sha256 goes with the request: S3 wants it */
};

/* What the request is sent with, beside the headers that it had. In the arena, each with a NUL behind it. */
struct jt_sigv4_signed {
    struct jeton_bytes authorization;
    struct jeton_bytes date; /* x-amz-date */
};

/* Signs the request with all its headers (Host must be among them; x-amz-date, x-amz-security-token and
 * x-amz-content-sha256 must not: they are signed as the signer has them, and sent by the caller). JETON_OK,
 * JETON_ARGUMENT_INVALID, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. */
JT_CHECKED jt_sigv4_sign(const struct jt_sigv4_request *request, const struct jt_sigv4_signer *signer, int64_t now,
                         struct jt_arena *arena, struct jt_sigv4_signed *out, struct jeton_detail *detail);
/* SHA-256 of a body in hexadecimal, with a NUL; for jt_sigv4_signer.payload. */
JT_CHECKED jt_sigv4_payload(struct jeton_bytes body, char out[65]);
#define JT_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"
#define JT_SIGV4_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* of no body */
#endif
