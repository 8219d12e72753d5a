/* SPDX-License-Identifier: Apache-2.0 */
/* Where do connections come in? Sockets alone, no HTTP. */
#include "server/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static enum jeton_status refuse(struct jeton_detail *detail, const char *address, int error)
{
    if (error == EADDRINUSE)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.120s is in use by another program", address);
    return jt_fail(detail, JETON_CONFIG_INVALID, "cannot listen on %.120s: %s", address, strerror(error));
}

/* True when somebody answers there; a file that a crash left behind is then no obstacle. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0)
        close(fd);
    return alive;
}

static JT_CHECKED open_unix(struct jeton_bytes path, const char *text, struct jt_listener *out,
                            struct jeton_detail *detail)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat about;
    mode_t mask;
    int bound;

    memcpy(address.sun_path, path.at, path.len);
    memcpy(out->path, path.at, path.len);
    out->path[path.len] = '\0';
    snprintf(out->name, sizeof out->name, "unix:%s", out->path);
    if (lstat(address.sun_path, &about) == 0) {
        if (!S_ISSOCK(about.st_mode))
            return jt_fail(detail, JETON_CONFIG_INVALID, "%.120s is there and is no socket", text);
        if (is_alive(&address))
            return refuse(detail, text, EADDRINUSE);
        unlink(address.sun_path);
    }
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (out->fd < 0)
        return refuse(detail, text, errno);
    /* The group may talk to it: a proxy that runs as another user joins the group. */
    mask = umask(0117);
    bound = bind(out->fd, (const struct sockaddr *)&address, sizeof address);
    umask(mask);
    if (bound != 0 || listen(out->fd, BACKLOG) != 0)
        return refuse(detail, text, errno);
    return JETON_OK;
}

/* The address with the port the kernel picked. */
static void name_of(int fd, struct jt_listener *out)
{
    struct sockaddr_storage bound = {0};
    socklen_t len = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "";

    (void)getsockname(fd, (struct sockaddr *)&bound, &len);
    if (bound.ss_family == AF_INET6) {
        struct sockaddr_in6 six;

        memcpy(&six, &bound, sizeof six);
        (void)inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof host);
        snprintf(out->name, sizeof out->name, "http://[%s]:%u", host, ntohs(six.sin6_port));
    } else {
        struct sockaddr_in four;

        memcpy(&four, &bound, sizeof four);
        (void)inet_ntop(AF_INET, &four.sin_addr, host, sizeof host);
        snprintf(out->name, sizeof out->name, "http://%s:%u", host, ntohs(four.sin_port));
    }
}

static JT_CHECKED open_tcp(const struct jt_listen_at *at, const char *text, struct jt_listener *out,
                           struct jeton_detail *detail)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[256], port[8];
    int on = 1;
    int error;

    snprintf(host, sizeof host, "%.*s", (int)at->host.len, (const char *)at->host.at);
    snprintf(port, sizeof port, "%u", at->port);
    error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "cannot listen on %.120s: %s", text, gai_strerror(error));
    out->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    error = out->fd < 0 ? errno : 0;
    if (error == 0)
        (void)setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (error == 0 && (bind(out->fd, found->ai_addr, found->ai_addrlen) != 0 || listen(out->fd, BACKLOG) != 0))
        error = errno;
    freeaddrinfo(found);
    if (error != 0)
        return refuse(detail, text, error);
    name_of(out->fd, out);
    return JETON_OK;
}

JT_CHECKED jt_listener_open(const char *text, struct jt_listener *out, struct jeton_detail *detail)
{
    struct jt_listener listener = {.fd = -1};
    struct jt_listen_at at;
    enum jeton_status status;

    if (!jt_listen_read(jeton_text(text), &at))
        return jt_fail(detail, JETON_CONFIG_INVALID, "cannot listen on %.120s", text);
    status = at.unix_socket ? open_unix(at.path, text, &listener, detail) : open_tcp(&at, text, &listener, detail);
    if (status == JETON_OK)
        *out = listener;
    else if (listener.fd >= 0)
        close(listener.fd);
    return status;
}

void jt_listener_stop(struct jt_listener *listener)
{
    if (listener->fd < 0)
        return;
    (void)shutdown(listener->fd, SHUT_RDWR);
    if (listener->path[0] != '\0')
        unlink(listener->path);
    listener->path[0] = '\0';
}

void jt_listener_close(struct jt_listener *listener)
{
    jt_listener_stop(listener);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
}
