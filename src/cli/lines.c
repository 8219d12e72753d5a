/* SPDX-License-Identifier: Apache-2.0 */
/* How do tokens come one per line? Read in chunks as they arrive, so that a verdict never waits for the next token;
 * what is over the limit is counted and dropped up to its line feed. */
#include "cli/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool cli_lines_init(struct cli_lines *lines, int fd, size_t limit)
{
    memset(lines, 0, sizeof(*lines));
    lines->fd = fd;
    lines->limit = limit;
    lines->line = malloc(limit + 2); /* one byte too many, and a CR */
    return lines->line != NULL;
}

void cli_lines_done(struct cli_lines *lines)
{
    free(lines->line);
    lines->line = NULL;
}

static void keep(struct cli_lines *lines, const unsigned char *at, size_t len)
{
    size_t room = lines->limit + 2 - lines->len;
    size_t kept = len < room ? len : room;

    if (len == 0)
        return;
    memcpy(lines->line + lines->len, at, kept);
    lines->len += kept;
    lines->whole += len;
    lines->last_is_cr = at[len - 1] == '\r';
}

/* `fed`: a line feed ended it, so that a CR before it is not part of it. */
static void give(struct cli_lines *lines, bool fed, struct cli_line *line)
{
    if (fed && lines->last_is_cr) {
        lines->whole--;
        if (lines->len > lines->whole)
            lines->len = (size_t)lines->whole;
    }
    if (lines->len > lines->limit + 1)
        lines->len = lines->limit + 1;
    line->text = jeton_bytes(lines->line, lines->len);
    line->len = lines->whole;
    lines->len = 0;
    lines->whole = 0;
    lines->last_is_cr = false;
}

static ssize_t fill(struct cli_lines *lines)
{
    ssize_t got;

    do {
        got = read(lines->fd, lines->chunk, sizeof(lines->chunk));
    } while (got < 0 && errno == EINTR);
    lines->at = 0;
    lines->end = got > 0 ? (size_t)got : 0;
    return got;
}

int cli_lines_next(struct cli_lines *lines, struct cli_line *line)
{
    while (!lines->over) {
        size_t left = lines->end - lines->at;
        const unsigned char *from = lines->chunk + lines->at;
        const unsigned char *feed = left > 0 ? memchr(from, '\n', left) : NULL;
        ssize_t got;

        if (feed != NULL) {
            keep(lines, from, (size_t)(feed - from));
            lines->at += (size_t)(feed - from) + 1;
            give(lines, true, line);
            return 1;
        }
        keep(lines, from, left);
        got = fill(lines);
        if (got < 0)
            return -1;
        lines->over = got == 0;
    }
    if (lines->whole == 0)
        return 0;
    give(lines, false, line);
    return 1;
}

enum cli_exit cli_each_line(struct cli *cli, size_t limit,
                            enum cli_exit (*answer)(void *context, struct jeton_bytes text, uint64_t len),
                            void *context)
{
    struct cli_lines lines;
    struct cli_line line;
    enum cli_exit worst = CLI_GOOD;
    bool any = false;
    int got = 0;

    if (!cli_lines_init(&lines, STDIN_FILENO, limit))
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    while (worst != CLI_BROKEN && worst != CLI_USAGE && (got = cli_lines_next(&lines, &line)) > 0) {
        worst = cli_worse(worst, answer(context, line.text, line.len));
        any = true;
    }
    if (got < 0) {
        cli_say(cli, "standard input: %s", strerror(errno));
        worst = CLI_BROKEN;
    }
    cli_lines_done(&lines);
    return got == 0 && !any ? answer(context, jeton_bytes(NULL, 0), 0) : worst;
}
