/* SPDX-License-Identifier: Apache-2.0 */
/* What do all verbs share? One run of the command: its options, its format, its exit status, its two streams. */
#ifndef JT_CLI_CLI_H
#define JT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <jeton/jeton.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/secret.h"

enum cli_exit { CLI_GOOD = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_UNAVAILABLE = 3, CLI_BROKEN = 4 };

/* The status of a run is that of the worst: 4, 2, 3, 1, 0. */
enum cli_exit cli_worse(enum cli_exit a, enum cli_exit b);
/* What a status of the library means for the exit of a verb. */
enum cli_exit cli_exit_of(enum jeton_status status);

/* --- Options. --- */

/* Options that several verbs have; a verb's own ids start at 1. */
enum cli_option_id {
    CLI_OPTION_HELP = 1000,
    CLI_OPTION_FORMAT,
    CLI_OPTION_ALLOW_HTTP,
    CLI_OPTION_ALLOW_PRIVATE_IP,
    CLI_OPTION_CACERT,
    CLI_OPTION_TIMEOUT
};

struct cli_option {
    int id;
    const char *name;     /* without the dashes; one letter is a short option */
    const char *argument; /* "FILE"; NULL: none */
    const char *text;     /* for --help */
};

#define CLI_OPTIONS_COMMON                                                                                             \
    {CLI_OPTION_FORMAT, "format", "text|json", "text on a terminal, JSON lines elsewhere, unless said here"},          \
    {                                                                                                                  \
        CLI_OPTION_HELP, "help", NULL, "show this"                                                                     \
    }
#define CLI_OPTIONS_REMOTE                                                                                             \
    {CLI_OPTION_ALLOW_HTTP, "allow-http", NULL, "http is fine for addresses, not only https"},                         \
        {CLI_OPTION_ALLOW_PRIVATE_IP, "allow-private-ip", NULL, "loopback, private and carrier addresses are fine"},   \
        {CLI_OPTION_CACERT, "cacert", "FILE", "certificate authorities to trust instead of the system's (PEM)"},       \
    {                                                                                                                  \
        CLI_OPTION_TIMEOUT, "timeout", "SECONDS", "for each request; default 10, also 500ms, 1m"                       \
    }

struct cli;

struct cli_verb {
    const char *name;    /* "verify", "key generate" */
    const char *usage;   /* "[options] [TOKEN]" */
    const char *summary; /* one line */
    const char *more;    /* paragraphs below the options, or "" */
    const struct cli_option *options;
    size_t option_count;
    enum cli_exit (*run)(struct cli *cli);
};

/* One run. */
struct cli {
    const struct cli_verb *verb;
    char *title; /* "jeton verify", for messages */
    int argc;
    char **argv; /* argv[0] is the title; after the options the operands start at `operand` */
    int operand;
    enum { CLI_FORMAT_UNSAID, CLI_FORMAT_TEXT, CLI_FORMAT_JSON } format;
    bool json; /* the format that holds */
    bool colour;
    const char *stdin_for; /* who reads standard input, once somebody does */
    struct jeton_fetch_options remote;
    enum cli_exit exit; /* what cli_next() ended with */
};

/* The next option's id and its value; 0 after the last, -1 when the run ends here with cli->exit. --help and the shared
 * options are dealt with inside. */
int cli_next(struct cli *cli, const char **value);
/* A whole number within [min, max], else a usage error. */
bool cli_number(struct cli *cli, const char *option, const char *value, int64_t min, int64_t max, int64_t *out);
/* "-" or a second "-": standard input can be read once. False and a usage error when it is taken. */
bool cli_take_stdin(struct cli *cli, const char *path, const char *by);

#define CLI_LIST_MAX 64
struct cli_list {
    struct jeton_bytes at[CLI_LIST_MAX];
    size_t count;
};
bool cli_list_add(struct cli *cli, const char *option, const char *value, struct cli_list *list);
static inline struct jeton_list cli_list(const struct cli_list *list)
{
    return (struct jeton_list){list->at, list->count};
}

/* --- Files. --- */

#define CLI_KEY_MAX (1024 * 1024)
#define CLI_KEYSET_MAX (16 * 1024 * 1024)
/* Reads a file (or standard input) whole into a buffer that is wiped; says so when it cannot. */
bool cli_read(struct cli *cli, const char *path, size_t max, struct jt_buffer *out);
bool cli_read_secret(struct cli *cli, const char *path, size_t max, struct jt_secret *out);
/* Is it a URL rather than a path? Any scheme counts, so that a refused one is never taken for a file. */
bool cli_is_url(const char *text);

/* --- Messages, on standard error. --- */

void cli_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* With the hint to --help; always CLI_USAGE. */
enum cli_exit cli_usage(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "jeton sign: FILE: detail"; the exit is by the status. */
enum cli_exit cli_fail(struct cli *cli, const char *about, enum jeton_status status, const struct jeton_detail *detail);
/* Names options of a request as the command line does. */
void cli_name_options(struct jeton_detail *detail);

/* --- Answers, on standard output. --- */

enum cli_colour { CLI_PLAIN, CLI_GREEN, CLI_RED, CLI_YELLOW, CLI_FAINT };
void cli_paint(struct cli *cli, struct jt_buffer *out, enum cli_colour colour, const char *text);
/* Text for people: what could steer a terminal or mislead the eye is shown by its code. */
void cli_show(struct jt_buffer *out, struct jeton_bytes bytes);
/* Writes and empties the buffer; CLI_BROKEN when it cannot. */
enum cli_exit cli_put(struct cli *cli, struct jt_buffer *out);
/* Bytes to standard output, or to a file with `mode` when `path` is given. A line feed is added to text without one. */
enum cli_exit cli_deliver(struct cli *cli, const char *path, unsigned mode, struct jeton_bytes bytes, bool text);

/* --- The verbs. --- */

extern const struct cli_verb cli_verify, cli_sign, cli_inspect, cli_key_generate, cli_key_public, cli_key_convert,
    cli_key_thumbprint, cli_keys_fetch, cli_keys_lint, cli_issuer_status, cli_issuer_rotate, cli_issuer_revoke,
    cli_issuer_import, cli_issuer_reseal;
#endif
