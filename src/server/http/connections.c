/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections are open, and which have had their time? Sockets and clocks, no HTTP; http.c says what state each
 * is in, the main thread calls tick(). */
#include "server/http/connections.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINGER_MS = 1000, NEW_GRACE_MS = 500, TICK_MIN_MS = 20, TICK_MAX_MS = 1000 };

int64_t jt_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void jt_connection_enter(struct jt_connection *connection, enum jt_connection_state state)
{
    atomic_store_explicit(&connection->since_ms, jt_monotonic_ms(), memory_order_relaxed);
    atomic_store_explicit(&connection->state, (int)state, memory_order_release);
}

void jt_connections_init(struct jt_connections *connections, int64_t head_timeout_ms)
{
    memset(connections, 0, sizeof *connections);
    pthread_mutex_init(&connections->lock, NULL);
    connections->head_timeout_ms = head_timeout_ms;
}

void jt_connections_done(struct jt_connections *connections)
{
    for (size_t i = 0; i < connections->lingering_count; i++)
        close(connections->lingering[i].fd);
    pthread_mutex_destroy(&connections->lock);
}

struct jt_connection *jt_connections_add(struct jt_connections *connections, int fd)
{
    struct jt_connection *connection = calloc(1, sizeof *connection);
    int domain = 0;
    socklen_t len = sizeof domain;

    if (connection == NULL)
        return NULL;
    connection->fd = fd;
    connection->tcp = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain != AF_UNIX;
    jt_connection_enter(connection, JT_CONNECTION_HEAD);
    pthread_mutex_lock(&connections->lock);
    connection->after = connections->first;
    if (connections->first != NULL)
        connections->first->before = connection;
    connections->first = connection;
    connections->count++;
    pthread_mutex_unlock(&connections->lock);
    return connection;
}

/* Does its peer still send? Not where nothing is unread and the peer has closed or was idle. */
static bool sends(const struct jt_connection *connection)
{
    int unread = 0;
    char byte;
    bool open_head = atomic_load_explicit(&connection->state, memory_order_relaxed) == JT_CONNECTION_HEAD;

    if (!connection->tcp || ioctl(connection->fd, FIONREAD, &unread) != 0)
        return false;
    return unread > 0 || (open_head && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0);
}

/* The HTTP library closes a socket when it has refused a head, with the rest of that head unread. A second descriptor
 * keeps the socket open while tick() reads the rest. Under the lock. */
static void linger(struct jt_connections *connections, const struct jt_connection *connection)
{
    if (connection->reaped || connections->lingering_count == JT_LINGERING)
        return;
    int fd = dup(connection->fd);
    if (fd < 0)
        return;
    (void)shutdown(fd, SHUT_WR);
    connections->lingering[connections->lingering_count++] = (struct jt_lingering){fd, jt_monotonic_ms() + LINGER_MS};
}

void jt_connections_remove(struct jt_connections *connections, struct jt_connection *connection)
{
    bool sending = sends(connection);

    pthread_mutex_lock(&connections->lock);
    if (sending)
        linger(connections, connection);
    if (connection->before != NULL)
        connection->before->after = connection->after;
    else
        connections->first = connection->after;
    if (connection->after != NULL)
        connection->after->before = connection->before;
    connections->count--;
    pthread_mutex_unlock(&connections->lock);
    jt_buffer_done(&connection->body);
    jt_buffer_done(&connection->query);
    free(connection);
}

static bool received(const struct jt_connection *connection, uint64_t *bytes)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;

    if (!connection->tcp || getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return false;
    *bytes = info.tcpi_bytes_received;
    return true;
}

/* Ends it; the HTTP library sees the end of the stream and closes. Who had begun a request is told why. */
static void reap(struct jt_connection *connection, bool begun)
{
    static const char timeout[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

    connection->reaped = true;
    if (begun)
        (void)send(connection->fd, timeout, sizeof timeout - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)shutdown(connection->fd, SHUT_RDWR);
}

/* Is its first head, or the next one, late? */
static void judge_head(const struct jt_connections *connections, struct jt_connection *connection, int64_t now_ms)
{
    int64_t waited = now_ms - atomic_load_explicit(&connection->since_ms, memory_order_relaxed);
    unsigned answered = atomic_load_explicit(&connection->answered, memory_order_relaxed);
    uint64_t bytes = 0;
    bool known = false;

    if (answered == 0) {
        if (waited > connections->head_timeout_ms)
            reap(connection, true);
        else if (connections->draining && waited > NEW_GRACE_MS && (!received(connection, &bytes) || bytes == 0))
            reap(connection, false);
        return;
    }
    known = received(connection, &bytes);
    if (connection->seen != answered) {
        connection->seen = answered;
        connection->received = bytes;
        connection->head_at_ms = 0;
    }
    if (known && bytes > connection->received && connection->head_at_ms == 0)
        connection->head_at_ms = now_ms;
    if (connection->head_at_ms != 0 && now_ms - connection->head_at_ms > connections->head_timeout_ms)
        reap(connection, true);
    else if (connection->head_at_ms == 0 && connections->draining)
        reap(connection, false);
    else if (waited > JT_KEEP_ALIVE_SECONDS * 1000 + connections->head_timeout_ms)
        reap(connection, false);
}

/* Reads out what a lingering peer still sends: has it ended? */
static bool read_out(int fd)
{
    char junk[4096];
    ssize_t got = 1;

    for (int reads = 0; reads < 64 && got > 0; reads++)
        got = recv(fd, junk, sizeof junk, MSG_DONTWAIT);
    return got == 0;
}

/* Others add at the end and nobody else removes, so what is there stays in its place while it is read without the lock,
 * which every new connection takes. */
static void tick_lingering(struct jt_connections *connections, int64_t now_ms)
{
    pthread_mutex_lock(&connections->lock);
    size_t count = connections->lingering_count;
    pthread_mutex_unlock(&connections->lock);

    while (count-- > 0) {
        struct jt_lingering *one = &connections->lingering[count];

        if (!read_out(one->fd) && now_ms <= one->until_ms)
            continue;
        close(one->fd);
        pthread_mutex_lock(&connections->lock);
        *one = connections->lingering[--connections->lingering_count];
        pthread_mutex_unlock(&connections->lock);
    }
}

void jt_connections_tick(struct jt_connections *connections, int64_t now_ms)
{
    pthread_mutex_lock(&connections->lock);
    for (struct jt_connection *one = connections->first; one != NULL; one = one->after) {
        int state = atomic_load_explicit(&one->state, memory_order_acquire);

        if (one->reaped)
            continue;
        if (state == JT_CONNECTION_HEAD)
            judge_head(connections, one, now_ms);
        else if (state == JT_CONNECTION_BODY &&
                 now_ms - atomic_load_explicit(&one->since_ms, memory_order_relaxed) > connections->head_timeout_ms)
            reap(one, true);
    }
    pthread_mutex_unlock(&connections->lock);
    tick_lingering(connections, now_ms);
}

int64_t jt_connections_tick_ms(struct jt_connections *connections)
{
    int64_t tick = connections->head_timeout_ms / 8;

    pthread_mutex_lock(&connections->lock);
    if (connections->draining || connections->lingering_count > 0)
        tick = TICK_MIN_MS;
    pthread_mutex_unlock(&connections->lock);
    return tick < TICK_MIN_MS ? TICK_MIN_MS : tick > TICK_MAX_MS ? TICK_MAX_MS : tick;
}

void jt_connections_drain(struct jt_connections *connections)
{
    pthread_mutex_lock(&connections->lock);
    connections->draining = true;
    pthread_mutex_unlock(&connections->lock);
}

size_t jt_connections_count(struct jt_connections *connections)
{
    pthread_mutex_lock(&connections->lock);
    size_t count = connections->count;
    pthread_mutex_unlock(&connections->lock);
    return count;
}
