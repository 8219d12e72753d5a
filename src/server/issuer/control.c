/* SPDX-License-Identifier: Apache-2.0 */
/* How does an operator talk to a running server? See control.h. One at a time, one line each way, two seconds for it.
 */
#include "server/issuer/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unix_address.h"
#include "server/http/connections.h"
#include "server/issuer/control_request.h"

enum { BACKLOG = 8, CLIENT_MS = 2000, ANSWER_MAX = 256 * 1024 };

struct jt_control {
    int fd;
    int stop; /* an eventfd */
    char *path;
    char *issuer;
    struct jt_keeper *keeper;
    const struct jt_log *log;
    pthread_t thread;
    bool started;
};

/* --- The file --- */

static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool alive = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);

    if (fd >= 0)
        close(fd);
    return alive;
}

static JT_CHECKED bind_to(struct jt_control *control, const struct sockaddr_un *address, struct jeton_detail *detail)
{
    struct stat about;
    mode_t mask;
    int bound;

    if (lstat(control->path, &about) == 0) {
        if (!S_ISSOCK(about.st_mode))
            return jt_fail(detail, JETON_CONFIG_INVALID, "%.150s is there and is no socket", control->path);
        if (is_alive(address))
            return jt_fail(detail, JETON_CONFIG_INVALID, "%.150s is in use by another program", control->path);
        unlink(control->path);
    }
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mask = umask(0177);
    bound = control->fd >= 0 ? bind(control->fd, (const struct sockaddr *)address, sizeof *address) : -1;
    umask(mask);
    if (bound != 0 || listen(control->fd, BACKLOG) != 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "cannot listen on %.150s: %s", control->path, strerror(errno));
    return JETON_OK;
}

static JT_CHECKED open_socket(struct jt_control *control, struct jeton_detail *detail)
{
    struct sockaddr_un address;
    int directory;
    enum jeton_status status;

    if (!jt_unix_address(control->path, &directory, &address))
        status = jt_fail(detail, JETON_CONFIG_INVALID, "cannot listen on %.150s: the path is too long", control->path);
    else
        status = bind_to(control, &address, detail);
    if (directory >= 0)
        close(directory);
    return status;
}

JT_CHECKED jt_control_open(const char *path, struct jt_keeper *keeper, const char *issuer, const struct jt_log *log,
                           struct jt_control **out, struct jeton_detail *detail)
{
    struct jt_control *control = calloc(1, sizeof *control);
    enum jeton_status status = JETON_OUT_OF_MEMORY;

    if (control == NULL)
        return status;
    *control = (struct jt_control){.fd = -1, .keeper = keeper, .log = log};
    control->stop = eventfd(0, EFD_CLOEXEC);
    control->path = strdup(path);
    control->issuer = strdup(issuer);
    if (control->path != NULL && control->issuer != NULL && control->stop >= 0)
        status = open_socket(control, detail);
    if (status == JETON_OK)
        *out = control;
    else
        jt_control_close(control);
    return status;
}

/* --- One who asks --- */

/* The owner of the process, or root: the mode of the file says so already; a copy of the descriptor does not. */
static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static bool wait_for(int fd, short events, int64_t until_ms)
{
    int64_t left = until_ms - jt_monotonic_ms();
    struct pollfd one = {.fd = fd, .events = events};

    return left > 0 && poll(&one, 1, (int)left) > 0;
}

/* Up to the line feed; false when none comes in time, or within the limit. */
static bool read_line(int fd, int64_t until_ms, struct jt_buffer *line)
{
    char chunk[4096];
    ssize_t got;

    while (wait_for(fd, POLLIN, until_ms)) {
        got = read(fd, chunk, sizeof chunk);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            break;
        jt_buffer_add(line, jeton_bytes(chunk, (size_t)got));
        jt_wipe(chunk, (size_t)got);
        if (line->status != JETON_OK)
            return false;
        if (line->at[line->len - 1] == '\n') {
            line->len--;
            return true;
        }
    }
    return false;
}

static void write_line(int fd, int64_t until_ms, struct jeton_bytes text)
{
    const char *at = text.at;
    size_t left = text.len;

    while (left > 0 && wait_for(fd, POLLOUT, until_ms)) {
        ssize_t put = send(fd, at, left, MSG_NOSIGNAL);

        if (put < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (put > 0) {
            at += put;
            left -= (size_t)put;
        }
    }
}

static void serve(const struct jt_control *control, int fd)
{
    struct jt_buffer line, answer;

    jt_buffer_init_secret(&line, JT_CONTROL_LINE_MAX);
    jt_buffer_init(&answer, ANSWER_MAX);
    if (!is_ours(fd)) {
        jt_log(control->log, JT_LOG_WARN, "another user asked at the control socket and was refused", NULL);
    } else if (read_line(fd, jt_monotonic_ms() + CLIENT_MS, &line)) {
        jt_control_answer(control->keeper, control->issuer, jt_buffer_bytes(&line), &answer);
        jt_buffer_add_byte(&answer, '\n');
        if (answer.status == JETON_OK)
            write_line(fd, jt_monotonic_ms() + CLIENT_MS, jt_buffer_bytes(&answer));
    }
    jt_buffer_done(&answer);
    jt_buffer_done(&line);
    close(fd);
}

/* --- The thread --- */

static void *run(void *context)
{
    struct jt_control *control = context;
    struct pollfd both[2] = {{.fd = control->stop, .events = POLLIN}, {.fd = control->fd, .events = POLLIN}};

    for (;;) {
        int64_t wait = jt_keeper_tick(control->keeper);

        if (poll(both, 2, (int)wait) < 0 && errno != EINTR)
            break;
        if (both[0].revents != 0)
            break;
        if (both[1].revents != 0) {
            int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

            if (fd >= 0)
                serve(control, fd);
        }
    }
    return NULL;
}

JT_CHECKED jt_control_start(struct jt_control *control, struct jeton_detail *detail)
{
    if (pthread_create(&control->thread, NULL, run, control) != 0)
        return jt_fail(detail, JETON_INTERNAL_ERROR, "no thread could be started for the signing keys");
    control->started = true;
    return JETON_OK;
}

void jt_control_close(struct jt_control *control)
{
    uint64_t one = 1;

    if (control == NULL)
        return;
    if (control->started) {
        while (write(control->stop, &one, sizeof one) < 0 && errno == EINTR)
            ;
        pthread_join(control->thread, NULL);
    }
    if (control->fd >= 0) {
        unlink(control->path);
        close(control->fd);
    }
    if (control->stop >= 0)
        close(control->stop);
    free(control->path);
    free(control->issuer);
    free(control);
}
