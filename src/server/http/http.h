/* SPDX-License-Identifier: Apache-2.0 */
/* What is a request, and how is it answered? HTTP as the endpoints see it; libmicrohttpd lives in http.c alone, with
 * the protections that it does not bring itself. */
#ifndef JT_SERVER_HTTP_H
#define JT_SERVER_HTTP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/header_field.h"
#include "server/http/parking.h"
#include "server/log.h"

#define JT_REQUEST_HEADERS 100
#define JT_ANSWER_HEADERS 32

struct sockaddr;

/* Borrowed for the length of the handler. */
struct jt_request {
    struct jeton_bytes method;
    struct jeton_bytes path;  /* as sent: no escape was decoded; without query */
    struct jeton_bytes query; /* as sent, without "?"; may be empty */
    struct jeton_bytes body;
    const struct jt_header_field *headers;
    size_t header_count;
    const struct sockaddr *peer; /* who is at the other end; NULL: not known */
    struct jt_arena *arena;      /* of this thread, empty at the start */
    int64_t now;                 /* seconds since 1970 */
    struct jt_holding *holding;  /* http.c's: for jt_request_park; NULL: it may not wait */
    unsigned waited;             /* what it has waited for already: of enum jt_wait */
    bool *spent;                 /* the handler's: what may be done once was done for this request. False at first, kept
                                    while it waits; may be NULL */
};
/* The first header of that name (without case) and how many there are; `count` may be NULL. */
struct jeton_bytes jt_request_header(const struct jt_request *request, const char *name, size_t *count);
/* What a request may wait for, once each. */
enum jt_wait {
    JT_WAIT_KEYS = 1,
    JT_WAIT_ERRAND = 2,
    JT_WAIT_CLIENT = 4 /* for the keys of the one who asks */,
    JT_WAIT_PRODUCT = 8 /* for what the upstream API says */,
    JT_WAIT_STORE = 16 /* for credentials at a store */
};
/* Lets the request wait, without a thread, until *what has passed `mark` or the time is over; the handler is then
 * called once more, and cannot wait for the like again. When JT_PARK_HELD, the handler returns at once and what it
 * answered is dropped. */
enum jt_park jt_request_park_for(const struct jt_request *request, enum jt_wait wait, const _Atomic uint64_t *what,
                                 uint64_t mark, int64_t until_ms);
static inline enum jt_park jt_request_park(const struct jt_request *request, const _Atomic uint64_t *what,
                                           uint64_t mark, int64_t until_ms)
{
    return jt_request_park_for(request, JT_WAIT_KEYS, what, mark, until_ms);
}
/* It is judged by the configuration of this number from now on: what it waited for under another does not count. */
void jt_request_under(struct jt_request *request, uint64_t number);
static inline bool jt_request_waited(const struct jt_request *request, enum jt_wait wait)
{
    return (request->waited & (unsigned)wait) != 0;
}

/* Names and values live until the handler's caller has sent them: literals, or in the request's arena. */
struct jt_answer {
    unsigned status;
    const char *content_type; /* NULL: none */
    struct jeton_bytes body;
    struct {
        const char *name;
        const char *value;
    } headers[JT_ANSWER_HEADERS];
    size_t header_count;
    size_t route; /* for the counters */
    void *held;   /* the handler's, until it is told that the answer was sent */
};
/* An empty value is sent as a single space: the HTTP library refuses empty ones. */
void jt_answer_header(struct jt_answer *answer, const char *name, const char *value);
/* {"error":…,"error_description":…}; the texts are literals. `description` may be NULL. */
void jt_answer_error(struct jt_answer *answer, struct jt_arena *arena, unsigned status, const char *error,
                     const char *description);

/* Who answers. `answer` comes zeroed. */
struct jt_http_handler {
    void *context;
    void (*answer)(void *context, const struct jt_request *request, struct jt_answer *answer);
    /* After each `answer`, when nothing of it is needed any more; also when it parked the request. */
    void (*answered)(void *context, struct jt_answer *answer);
    /* Is the body of such a request read, or thrown away? */
    bool (*wants_body)(void *context, struct jeton_bytes method, struct jeton_bytes path);
    /* After each answer; also those that never reached `answer` (a bad head), whose route is `none`. */
    void (*observe)(void *context, size_t route, unsigned status, int64_t duration_ns);
    size_t none;
};

struct jt_http_options {
    int listen_fd; /* stays the caller's until the server is closed */
    unsigned threads;
    unsigned connections;
    size_t token_max;
    size_t body_max;
    int64_t head_timeout_ms;
    size_t arena_size;
    int64_t tick_max_ms; /* the longest that a parked request may be late; 0: none is ever parked */
    const struct jt_log *log;
    struct jt_http_handler handler;
};

struct jt_http;
/* JETON_OK, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. It serves from then on. */
JT_CHECKED jt_http_open(const struct jt_http_options *options, struct jt_http **out, struct jeton_detail *detail);
/* To be called every jt_http_tick_ms() by one thread: ends connections whose time is over. */
void jt_http_tick(struct jt_http *http);
int64_t jt_http_tick_ms(struct jt_http *http);
/* `what` was raised: requests that wait for it go on. From any thread. */
void jt_http_told(struct jt_http *http, const _Atomic uint64_t *what);
/* Who waits for `what` does so no longer, raised or not. */
void jt_http_let_go(struct jt_http *http, const _Atomic uint64_t *what);
/* For requests from now on: as the options of these names. */
void jt_http_adapt(struct jt_http *http, size_t arena_size, int64_t tick_max_ms);
/* No new connections from now on; those without a request are ended, those that wait are answered. */
void jt_http_drain(struct jt_http *http);
size_t jt_http_connections(struct jt_http *http);
void jt_http_close(struct jt_http *http);

/* Longest head in bytes: a token and as much room as other headers need. */
size_t jt_http_head_max(size_t token_max);
/* Longest headers of an answer: they share memory with the head. */
size_t jt_http_answer_max(size_t token_max);
/* "libmicrohttpd 0.9.75". */
const char *jt_http_library(void);
#endif
