/* SPDX-License-Identifier: Apache-2.0 */
/* How do tokens come one per line, each as soon as it is there, none of them larger than it may be in memory? */
#ifndef JT_CLI_LINES_H
#define JT_CLI_LINES_H

#include "cli/cli.h"

struct cli_lines {
    int fd;
    unsigned char *line; /* room for one line: the limit and what stands behind it */
    size_t limit;
    size_t len;      /* bytes of the line kept */
    uint64_t whole;  /* bytes of the line, kept or not */
    bool last_is_cr; /* the last byte seen of the line */
    unsigned char chunk[65536];
    size_t at, end; /* what of the chunk is still to be looked at */
    bool over;
};

/* One line: without its line feed, or CR LF. */
struct cli_line {
    struct jeton_bytes text; /* at most limit + 1 bytes, cut there when longer */
    uint64_t len;            /* as it was */
};

/* Lines of `fd`; false when out of memory. */
JETON_MUST_CHECK bool cli_lines_init(struct cli_lines *lines, int fd, size_t limit);
void cli_lines_done(struct cli_lines *lines);
/* 1: a line, borrowed until the next call; 0: the end; -1: reading failed (errno). A last line needs no line feed. */
JETON_MUST_CHECK int cli_lines_next(struct cli_lines *lines, struct cli_line *line);

/* Has `answer` answer each line of standard input; what the worst of them ends with. Ends early only when going on
 * makes no sense: nobody can be told (CLI_BROKEN), or the command line is wrong (CLI_USAGE). No line at all is answered
 * as an empty one: an empty file must not pass for a good one. */
enum cli_exit cli_each_line(struct cli *cli, size_t limit,
                            enum cli_exit (*answer)(void *context, struct jeton_bytes text, uint64_t len),
                            void *context);
#endif
