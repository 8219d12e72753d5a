/* SPDX-License-Identifier: Apache-2.0 */
/* How does the command talk to a running jetond? One line each way over its Unix socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/unix_address.h"
#include "cli/issuer.h"

enum { ANSWER_MAX = 256 * 1024, PATH_ROOM = 4096, WAIT_SECONDS = 60 };

#define STATE_DEFAULT "/var/lib/jetond"

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool issuer_options(struct cli *cli, struct issuer *issuer)
{
    const char *value = NULL;
    int id;

    *issuer = (struct issuer){.socket = NULL};
    jt_buffer_init(&issuer->answer, ANSWER_MAX);
    while ((id = cli_next(cli, &value)) > 0) {
        if (id == ISSUER_OPTION_SOCKET)
            issuer->socket = value;
        else if (id == ISSUER_OPTION_STATE)
            issuer->state = value;
        else if (id == ISSUER_OPTION_KID)
            issuer->kid = value;
    }
    if (id < 0)
        return false;
    if (issuer->socket != NULL && issuer->state != NULL) {
        cli->exit = cli_usage(cli, "--socket or --state, not both");
        return false;
    }
    if (issuer->socket == NULL && issuer->state == NULL)
        issuer->socket = setting("JETON_CONTROL_SOCKET");
    if (issuer->state == NULL)
        issuer->state = setting("JETON_STATE");
    return true;
}

void issuer_done(struct issuer *issuer)
{
    jt_buffer_done(&issuer->answer);
    jt_secret_done(&issuer->room);
}

/* --- The connection --- */

static bool path_of(const struct issuer *issuer, char out[PATH_ROOM])
{
    if (issuer->socket != NULL)
        return snprintf(out, PATH_ROOM, "%s", issuer->socket) < PATH_ROOM;
    return snprintf(out, PATH_ROOM, "%s/control.sock", issuer->state != NULL ? issuer->state : STATE_DEFAULT) <
           PATH_ROOM;
}

static int dial(const char *path)
{
    struct timeval wait = {.tv_sec = WAIT_SECONDS};
    struct sockaddr_un address;
    int directory, fd = -1, error = ENAMETOOLONG;

    if (jt_unix_address(path, &directory, &address)) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        error = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    }
    if (directory >= 0)
        close(directory);
    if (error != 0 && fd >= 0) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    errno = error;
    return fd;
}

static bool send_line(int fd, struct jeton_bytes line)
{
    const char *at = line.at;
    size_t left = line.len;

    while (left > 0) {
        ssize_t put = send(fd, at, left, MSG_NOSIGNAL);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        left -= (size_t)put;
    }
    return send(fd, "\n", 1, MSG_NOSIGNAL) == 1;
}

static bool receive_line(int fd, struct jt_buffer *out)
{
    char chunk[4096];
    ssize_t got;

    while ((got = recv(fd, chunk, sizeof chunk, 0)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        jt_buffer_add(out, jeton_bytes(chunk, (size_t)got));
        if (out->status != JETON_OK)
            return false;
    }
    if (out->len == 0 || out->at[out->len - 1] != '\n')
        return false;
    out->len--;
    return true;
}

/* --- The answer --- */

int64_t issuer_number(struct jt_json json, const char *name)
{
    uint64_t number = 0;

    (void)!jt_bytes_number(jt_json_number(jt_json_get(json, jeton_text(name))), INT64_MAX, &number);
    return (int64_t)number;
}

struct jeton_bytes issuer_text(struct jt_json json, const char *name)
{
    return jt_json_string(jt_json_get(json, jeton_text(name)));
}

bool issuer_flag(struct jt_json json, const char *name)
{
    return jt_json_boolean(jt_json_get(json, jeton_text(name)));
}

static enum cli_exit refused(struct cli *cli, struct jt_json json)
{
    struct jeton_bytes code = issuer_text(json, "error"), detail = issuer_text(json, "detail");
    struct jt_buffer text;

    jt_buffer_init(&text, 4096);
    cli_show(&text, detail.len > 0 ? detail : code);
    jt_buffer_add_byte(&text, 0);
    if (text.status == JETON_OK)
        cli_say(cli, "%s", (const char *)text.at);
    jt_buffer_done(&text);
    for (int status = JETON_OK + 1; status < JETON_STATUS_COUNT; status++) {
        if (jt_bytes_equal(code, jeton_text(jeton_status_code((enum jeton_status)status))))
            return cli_exit_of((enum jeton_status)status);
    }
    return CLI_BROKEN;
}

static enum cli_exit read_answer(struct cli *cli, struct issuer *issuer)
{
    static const struct jt_json_limits limits = {8, 65536};
    struct jeton_bytes line = jt_buffer_bytes(&issuer->answer);
    struct jeton_detail detail = {""};
    struct jt_arena arena;

    if (jt_secret_new(jt_json_arena_size(line.len), &issuer->room) != JETON_OK)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    jt_arena_init(&arena, issuer->room.at, issuer->room.len);
    if (jt_json_read(line, limits, &arena, &issuer->json, &detail) != JETON_OK) {
        cli_say(cli, "what answered is no jetond: %s", detail.text);
        return CLI_UNAVAILABLE;
    }
    return issuer_flag(issuer->json, "ok") ? CLI_GOOD : refused(cli, issuer->json);
}

enum cli_exit issuer_ask(struct cli *cli, struct issuer *issuer, struct jeton_bytes question)
{
    char path[PATH_ROOM];
    bool answered;
    int fd;

    if (!path_of(issuer, path))
        return cli_usage(cli, "the path of the socket is too long");
    fd = dial(path);
    if (fd < 0) {
        const char *why = strerror(errno);

        cli_say(cli, "no jetond answers at %s: %s. Does it run? --state or --socket says where",
                jt_escape(jeton_text(path)).text, why);
        return CLI_UNAVAILABLE;
    }
    answered = send_line(fd, question) && receive_line(fd, &issuer->answer);
    close(fd);
    if (!answered) {
        cli_say(cli, "jetond at %s gave no answer; its log may say why", jt_escape(jeton_text(path)).text);
        return CLI_UNAVAILABLE;
    }
    return read_answer(cli, issuer);
}
