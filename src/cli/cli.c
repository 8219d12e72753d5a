/* SPDX-License-Identifier: Apache-2.0 */
/* What do all verbs share? Reading options by getopt_long over one table per verb, which also makes --help. */
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/option_fault.h"
#include "base/time.h"

#define OPTIONS_MAX 48

enum cli_exit cli_worse(enum cli_exit a, enum cli_exit b)
{
    static const int rank[] = {
        [CLI_GOOD] = 0, [CLI_REFUSED] = 1, [CLI_UNAVAILABLE] = 2, [CLI_USAGE] = 3, [CLI_BROKEN] = 4};

    return rank[a] >= rank[b] ? a : b;
}

enum cli_exit cli_exit_of(enum jeton_status status)
{
    switch (jeton_status_kind(status)) {
    case JETON_KIND_OK:
        return CLI_GOOD;
    case JETON_KIND_REFUSED:
    case JETON_KIND_UNKNOWN:
    case JETON_KIND_DENIED:
    case JETON_KIND_REQUEST:
        return CLI_REFUSED;
    case JETON_KIND_UNAVAILABLE:
        return CLI_UNAVAILABLE;
    case JETON_KIND_CONFIG:
    case JETON_KIND_MISUSED:
        return CLI_USAGE;
    case JETON_KIND_BROKEN:
        break;
    }
    return CLI_BROKEN;
}

/* --- Help. --- */

static void option_write(const struct cli_option *option, char *out, size_t room)
{
    snprintf(out, room, "  %s%s%s%s", option->name[1] == '\0' ? "-" : "--", option->name,
             option->argument != NULL ? " " : "", option->argument != NULL ? option->argument : "");
}

static void help(const struct cli *cli)
{
    const struct cli_verb *verb = cli->verb;
    char left[64];

    printf("Usage: jeton %s %s\n%s\n\n", verb->name, verb->usage, verb->summary);
    for (size_t i = 0; i < verb->option_count; i++) {
        option_write(&verb->options[i], left, sizeof(left));
        printf("%-26s  %s\n", left, verb->options[i].text);
    }
    printf("%s%s", verb->more[0] != '\0' ? "\n" : "", verb->more);
}

/* --- Reading options. --- */

static bool take_format(struct cli *cli, const char *value)
{
    cli->format = CLI_FORMAT_UNSAID;
    if (strcmp(value, "json") == 0)
        cli->format = CLI_FORMAT_JSON;
    else if (strcmp(value, "text") == 0)
        cli->format = CLI_FORMAT_TEXT;
    else
        cli_usage(cli, "--format is text or json");
    cli->json = cli->format == CLI_FORMAT_JSON;
    return cli->format != CLI_FORMAT_UNSAID;
}

/* An empty name would be as if none were given, and every authority of the system trusted. */
static bool take_cacert(struct cli *cli, const char *value)
{
    cli->remote.ca_file = jeton_text(value);
    if (value[0] == '\0')
        cli_usage(cli, "--cacert is a file of certificates");
    return value[0] != '\0';
}

static bool take_timeout(struct cli *cli, const char *value)
{
    int64_t milliseconds;

    if (!jt_duration_read(jeton_text(value), true, &milliseconds) || milliseconds < 1 || milliseconds > 600000) {
        cli_usage(cli, "--timeout is a time from 1ms to 10m, in seconds when it has no unit");
        return false;
    }
    cli->remote.timeout_ms = (long)milliseconds;
    return true;
}

/* 0: not a shared option; 1: taken; -1: the run ends. */
static int take_shared(struct cli *cli, int id, const char *value)
{
    bool good = true;

    switch (id) {
    case CLI_OPTION_HELP:
        help(cli);
        cli->exit = fflush(stdout) == 0 ? CLI_GOOD : CLI_BROKEN;
        return -1;
    case CLI_OPTION_FORMAT:
        good = take_format(cli, value);
        break;
    case CLI_OPTION_ALLOW_HTTP:
        cli->remote.allow_http = true;
        break;
    case CLI_OPTION_ALLOW_PRIVATE_IP:
        cli->remote.allow_private_ip = true;
        break;
    case CLI_OPTION_CACERT:
        good = take_cacert(cli, value);
        break;
    case CLI_OPTION_TIMEOUT:
        good = take_timeout(cli, value);
        break;
    default:
        return 0;
    }
    if (!good)
        cli->exit = CLI_USAGE;
    return good ? 1 : -1;
}

static int next_id(struct cli *cli)
{
    const struct cli_verb *verb = cli->verb;
    struct option names[OPTIONS_MAX + 1] = {{0}};
    char letters[2 * OPTIONS_MAX + 2] = ":"; /* a missing value is told apart */
    size_t letter_count = 1, name_count = 0;
    struct jeton_detail detail;
    int found;

    for (size_t i = 0; i < verb->option_count && i < OPTIONS_MAX; i++) {
        const struct cli_option *option = &verb->options[i];
        bool takes = option->argument != NULL;

        if (option->name[1] == '\0') {
            letters[letter_count++] = option->name[0];
            if (takes)
                letters[letter_count++] = ':';
        } else {
            names[name_count++] = (struct option){option->name, takes ? required_argument : no_argument, NULL,
                                                  option->id};
        }
    }
    letters[letter_count] = '\0';
    opterr = 0;
    found = getopt_long(cli->argc, cli->argv, letters, names, NULL);
    if (found == '?' || found == ':') {
        jt_option_fault(found, cli->argv, names, &detail);
        cli->exit = cli_usage(cli, "%s", detail.text);
        return '?';
    }
    for (size_t i = 0; i < verb->option_count; i++) {
        if (verb->options[i].name[1] == '\0' && verb->options[i].name[0] == found)
            return verb->options[i].id;
    }
    return found;
}

int cli_next(struct cli *cli, const char **value)
{
    for (;;) {
        int shared, id = next_id(cli);

        if (id == -1) {
            cli->operand = optind;
            return 0;
        }
        if (id == '?')
            return -1;
        *value = optarg;
        shared = take_shared(cli, id, optarg);
        if (shared == 0)
            return id;
        if (shared < 0)
            return -1;
    }
}

bool cli_number(struct cli *cli, const char *option, const char *value, int64_t min, int64_t max, int64_t *out)
{
    uint64_t number;

    if (!jt_bytes_number(jeton_text(value), (uint64_t)max, &number) || (int64_t)number < min) {
        cli->exit = cli_usage(cli, "--%s is a whole number from %lld to %lld", option, (long long)min, (long long)max);
        return false;
    }
    *out = (int64_t)number;
    return true;
}

bool cli_list_add(struct cli *cli, const char *option, const char *value, struct cli_list *list)
{
    if (list->count == CLI_LIST_MAX) {
        cli->exit = cli_usage(cli, "--%s can be given %d times", option, CLI_LIST_MAX);
        return false;
    }
    list->at[list->count++] = jeton_text(value);
    return true;
}

/* --- Files. --- */

bool cli_take_stdin(struct cli *cli, const char *path, const char *by)
{
    if (strcmp(path, "-") != 0)
        return true;
    if (cli->stdin_for != NULL) {
        cli->exit = cli_usage(cli, "standard input is there once, and both %s and %s ask for it", cli->stdin_for, by);
        return false;
    }
    cli->stdin_for = by;
    return true;
}

bool cli_read(struct cli *cli, const char *path, size_t max, struct jt_buffer *out)
{
    struct jeton_detail detail = {""};
    enum jeton_status status;

    jt_buffer_init_secret(out, max);
    status = jt_file_read(path, out, &detail);
    if (status == JETON_OK)
        return true;
    cli->exit = cli_fail(cli, NULL, status, &detail);
    return false;
}

bool cli_read_secret(struct cli *cli, const char *path, size_t max, struct jt_secret *out)
{
    struct jeton_detail detail = {""};
    bool open_to_others = false;
    enum jeton_status status = jt_file_read_secret(path, max, out, &open_to_others, &detail);

    if (status != JETON_OK) {
        cli->exit = cli_fail(cli, NULL, status, &detail);
        return false;
    }
    /* For people only: a script that made the file would hear it every time. */
    if (open_to_others && isatty(STDERR_FILENO))
        cli_say(cli, "warning: %s can be read by others; chmod 600 is better", jt_escape(jeton_text(path)).text);
    return true;
}

bool cli_is_url(const char *text)
{
    size_t letters = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

    return letters > 0 && strncmp(text + letters, "://", 3) == 0;
}
