/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections are open, and which have had their time? The HTTP library's own timeout is for silence; a client
 * that sends a byte now and then stays for ever. Here each head and each body has an absolute deadline, kept by tick().
 */
#ifndef JT_SERVER_CONNECTIONS_H
#define JT_SERVER_CONNECTIONS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buffer.h"

/* A connection without a request is kept this long. */
#define JT_KEEP_ALIVE_SECONDS 75

enum jt_connection_state {
    JT_CONNECTION_HEAD,   /* a head is awaited or coming in */
    JT_CONNECTION_BODY,   /* the head is there, the body is coming in */
    JT_CONNECTION_ANSWER, /* it is being answered */
};

struct jt_connection {
    struct jt_connection *before;
    struct jt_connection *after;
    int fd;
    bool tcp;
    _Atomic int state;         /* enum jt_connection_state */
    _Atomic int64_t since_ms;  /* in this state; monotonic */
    _Atomic unsigned answered; /* requests */
    /* For tick() alone. */
    unsigned seen;      /* `answered` when last looked at */
    uint64_t received;  /* bytes received at that time */
    int64_t head_at_ms; /* when a byte of the next head was first seen; 0: not yet */
    bool reaped;
    /* For the thread that serves it alone. */
    struct jt_buffer body;
    struct jt_buffer query; /* of the request whose head is coming in or was read, as sent */
    size_t body_seen;       /* bytes that came, kept or not */
    bool wants_body;
    unsigned refused;   /* an answer that was decided before the body came; 0: none */
    const char *reason; /* and why */
    int64_t began_ns;
    bool parked;     /* the handler let it wait */
    unsigned waited; /* for what it has: of enum jt_wait */
    uint64_t under;  /* the number of the configuration that it waited under */
    bool spent;      /* the handler's, see struct jt_request */
};

/* A socket that was closed with bytes unread: read out for a moment, or else the peer loses the answer (TCP resets). */
#define JT_LINGERING 128
struct jt_lingering {
    int fd;
    int64_t until_ms;
};

struct jt_connections {
    pthread_mutex_t lock;
    struct jt_connection *first;
    size_t count;
    int64_t head_timeout_ms;
    bool draining;
    struct jt_lingering lingering[JT_LINGERING];
    size_t lingering_count;
};

void jt_connections_init(struct jt_connections *connections, int64_t head_timeout_ms);
void jt_connections_done(struct jt_connections *connections);
/* NULL when out of memory. */
struct jt_connection *jt_connections_add(struct jt_connections *connections, int fd);
/* Before the socket is closed. */
void jt_connections_remove(struct jt_connections *connections, struct jt_connection *connection);
/* Ends those whose time is over. To be called every jt_connections_tick_ms(). */
void jt_connections_tick(struct jt_connections *connections, int64_t now_ms);
int64_t jt_connections_tick_ms(struct jt_connections *connections);
/* From now on connections without a request are ended at once. */
void jt_connections_drain(struct jt_connections *connections);
size_t jt_connections_count(struct jt_connections *connections);

int64_t jt_monotonic_ns(void);
static inline int64_t jt_monotonic_ms(void)
{
    return jt_monotonic_ns() / 1000000;
}
void jt_connection_enter(struct jt_connection *connection, enum jt_connection_state state);
#endif
