/* SPDX-License-Identifier: Apache-2.0 */
/* How does a document come over the network without anybody being led astray? One guarded GET or POST: no redirect
 * unless asked for and to the same origin, no proxy, no cookie, no reused connection, an address judged before it is
 * dialled, size and time bounded. First stage of the walk "JWKS → snapshot"; libcurl lives in fetch_url*.c alone. */
#ifndef JT_KEYS_FETCH_URL_H
#define JT_KEYS_FETCH_URL_H

#include "base/buffer.h"
#include "base/bytes.h"

/* Bounds of one request; the first two and the size can be set. */
#define JT_FETCH_TIMEOUT_MS 10000
#define JT_FETCH_CONNECT_TIMEOUT_MS 3000
#define JT_FETCH_LOW_SPEED_BYTES 256
#define JT_FETCH_LOW_SPEED_FOR 5
#define JT_FETCH_BODY_MAX (512 * 1024)
#define JT_FETCH_HEADERS_MAX (64 * 1024)
#define JT_FETCH_URL_MAX 2048

/* How far a request may go. Start from JT_FETCH_OPTIONS_INIT; all texts are borrowed for the call. */
struct jt_fetch_options {
    bool allow_http;
    bool allow_private_ip;
    /* The URL the operator typed, for an address that a document named: a private address is then dialled only when
     * scheme, host and port are the typed ones. Empty: the operator typed this one. */
    struct jeton_bytes typed;
    struct jeton_bytes ca_file; /* PEM; empty: the system's */
    struct jeton_bytes bearer;  /* sent as Authorization: Bearer; a secret, one line; empty: not sent */
    struct jeton_bytes etag;    /* sent as If-None-Match, 304 is then an answer; empty: not sent */
    /* For other things than key sets. The whole value of Authorization, "Basic …" or "Bearer …"; a secret; in place of
     * `bearer`. A value that is no line is a JETON_CONFIG_INVALID: what should go with it does not go without it. */
    struct jeton_bytes authorization;
    struct jeton_bytes accept; /* empty: key sets and JSON */
    bool post;
    struct jeton_bytes body; /* of a POST; a secret as far as this file goes; may be empty */
    struct jeton_bytes content_type;
    int redirects;            /* of a GET followed at most, to the same scheme, host and port */
    bool any_status;          /* a whole answer is JETON_OK whatever its status, and its body is kept */
    bool secret_answer;       /* the body that comes is wiped when it is given back */
    const _Atomic bool *stop; /* once true, from any thread, the transfer ends soon; NULL: nobody stops it */
    long timeout_ms;
    long connect_timeout_ms;
    long low_speed_bytes; /* per second, over low_speed_for seconds */
    long low_speed_for;
    size_t body_max;
    size_t headers_max;
};
#define JT_FETCH_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        .timeout_ms = JT_FETCH_TIMEOUT_MS, .connect_timeout_ms = JT_FETCH_CONNECT_TIMEOUT_MS,                          \
        .low_speed_bytes = JT_FETCH_LOW_SPEED_BYTES, .low_speed_for = JT_FETCH_LOW_SPEED_FOR,                          \
        .body_max = JT_FETCH_BODY_MAX, .headers_max = JT_FETCH_HEADERS_MAX                                             \
    }

/* Response headers that say how long an answer holds: as served, without outer white space; empty when absent or longer
 * than a field has room for. */
#define JT_FETCH_FIELD_MAX 256
struct jt_freshness {
    char etag[JT_FETCH_FIELD_MAX];
    char cache_control[JT_FETCH_FIELD_MAX]; /* several lines joined by ", " */
    char age[JT_FETCH_FIELD_MAX];
    char expires[JT_FETCH_FIELD_MAX];
    char date[JT_FETCH_FIELD_MAX];
    char retry_after[JT_FETCH_FIELD_MAX];
    char content_type[JT_FETCH_FIELD_MAX];
};

/* What came of a request. Filled as far as it got, on failure too. */
struct jt_fetch_result {
    long http_status;              /* 0: no answer */
    bool address_refused;          /* an address was not dialled */
    struct jt_freshness freshness; /* of the last answer */
    struct jt_buffer body;         /* of a 200 alone, unless any_status */
};

void jt_fetch_result_init(struct jt_fetch_result *result);
void jt_fetch_result_done(struct jt_fetch_result *result);

/* Does the text of `url` alone say that it is refused? Scheme, user information, a literal address. No network.
 * JETON_OK, JETON_CONFIG_INVALID (the detail names the option that would allow it), JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_fetch_check(struct jeton_bytes url, const struct jt_fetch_options *options, struct jeton_detail *detail);

/* Fetches `url`. JETON_OK for a complete 200 (a 304 when an etag was sent, whatever with any_status),
 * JETON_CONFIG_INVALID as jt_fetch_check() or for a ca_file that cannot be used, JETON_KEYS_UNAVAILABLE for everything
 * else; no detail holds a part of an answer. `result` is initialised by the caller and given back with
 * jt_fetch_result_done() whatever comes of it. Blocks. */
JT_CHECKED jt_fetch_url(struct jeton_bytes url, const struct jt_fetch_options *options, struct jt_fetch_result *result,
                        struct jeton_detail *detail);

/* Are scheme, host and port of two URLs the same? Host without case, port by the scheme's default. */
bool jt_fetch_same_origin(struct jeton_bytes a, struct jeton_bytes b);
#endif
