/* SPDX-License-Identifier: Apache-2.0 */
/* What is the lightest a server could be that checks an ES256 signature for each request? One thread that waits in
 * epoll, receives, has raw OpenSSL check a signature, and sends a constant answer, as long as that of jetond's /verify.
 * It reads nothing of what it received: neither HTTP nor the token, one of its own is checked in its place. wrk sends a
 * request whole and waits for the answer, so what one recv gives is one request. It runs until SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define EVENTS 128
#define REQUEST_MAX 16384

static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                             "X-Content-Type-Options: nosniff\r\n"
                             "X-Jeton-Subject: first\r\n"
                             "X-Jeton-Issuer: http://127.0.0.1:65535\r\n"
                             "X-Jeton-Scope: read write\r\n"
                             "Cache-Control: no-store\r\n"
                             "Content-Length: 0\r\n"
                             "\r\n";

struct loop {
    int poll, listener;
    struct bench_material *material;
    void *raw;
    size_t turn; /* which token is next */
};

static void watch(const struct loop *loop, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(loop->poll, EPOLL_CTL_ADD, fd, &event) != 0)
        bench_die("loop: epoll_ctl: %s", strerror(errno));
}

static void loop_open(struct loop *loop, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    loop->material = bench_material_new("ES256");
    loop->raw = bench_raw.open(loop->material);
    loop->poll = epoll_create1(EPOLL_CLOEXEC);
    loop->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (loop->poll < 0 || loop->listener < 0 ||
        setsockopt(loop->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(loop->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(loop->listener, SOMAXCONN) != 0)
        bench_die("loop: port %u: %s", port, strerror(errno));
    watch(loop, loop->listener, EPOLLIN);
}

static void welcome(const struct loop *loop)
{
    int yes = 1, client = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return;
    if (setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0)
        bench_die("loop: TCP_NODELAY: %s", strerror(errno));
    watch(loop, client, EPOLLIN | EPOLLET);
}

static void serve(struct loop *loop, int client)
{
    char request[REQUEST_MAX];
    ssize_t got = recv(client, request, sizeof request, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        close(client);
        return;
    }
    if (!bench_raw.verify(loop->raw, &loop->material->token[loop->turn++ % BENCH_TOKENS]))
        bench_die("loop: a good signature is refused");
    if (send(client, answer, sizeof answer - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof answer - 1))
        close(client);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long port = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port == 0 || port > UINT16_MAX)
        bench_die("usage: bench_loop PORT");
    struct loop loop = {.turn = 0};
    loop_open(&loop, (uint16_t)port);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(loop.poll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == loop.listener)
                welcome(&loop);
            else
                serve(&loop, events[i].data.fd);
        }
    }
}
