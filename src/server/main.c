/* SPDX-License-Identifier: Apache-2.0 */
/* jetond: options -> configuration -> server -> end. A recipe; each step is a function of its own file. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jeton/version.h>

#include "base/buffer.h"
#include "base/option_fault.h"
#include "server/config/process_environment.h"
#include "server/server.h"

enum { EXIT_GOOD = 0, EXIT_CONFIG = 2, EXIT_BROKEN = 4 };

extern char **environ;

static const char help[] =
    "usage: jetond [--config FILE] [--listen HOST:PORT|unix:PATH] [--issuer URL] [--state DIR] [--check]\n"
    "              [--accept-rollback]\n"
    "\n"
    "Issues tokens, publishes its keys and says whether a caller's token is good.\n"
    "\n"
    "  --config FILE    configuration (jetond.yaml(5)); without it the defaults\n"
    "  --listen WHERE   127.0.0.1:8080 unless given; port 0 picks a free one\n"
    "  --issuer URL     this server's own iss; the address it listens on unless given\n"
    "  --state DIR      keys and first client; /var/lib/jetond unless given\n"
    "  --check          prints every fault of the configuration as FILE:LINE:COLUMN: key: what; exits 0 or 2\n"
    "  --accept-rollback  start although the clock or the state is older than the last one seen\n"
    "  --help, --version\n"
    "\n"
    "Each setting is also taken from the environment, as JETON_ and its path in capitals (JETON_SIGNING_TOKEN_TTL),\n"
    "which wins over the file; an option wins over both.\n";

/* Beyond every letter: there are no short options. */
enum {
    WISH_CONFIG = 256,
    WISH_LISTEN,
    WISH_ISSUER,
    WISH_STATE,
    WISH_CHECK,
    WISH_ACCEPT_ROLLBACK,
    WISH_HELP,
    WISH_VERSION,
    WISH_PRINT_MAN
};

struct wishes {
    struct jt_config_options options;
    bool check;
    int exit_status; /* -1: go on */
};

static void print_man(void)
{
    struct jt_buffer text;

    jt_buffer_init(&text, 1 << 20);
    jt_config_man(&jt_config_keys, &text);
    fwrite(text.at, 1, text.len, stdout);
    jt_buffer_done(&text);
}

static struct wishes read_options(int count, char **arguments)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, WISH_CONFIG}, {"listen", required_argument, NULL, WISH_LISTEN},
        {"issuer", required_argument, NULL, WISH_ISSUER}, {"state", required_argument, NULL, WISH_STATE},
        {"check", no_argument, NULL, WISH_CHECK},         {"accept-rollback", no_argument, NULL, WISH_ACCEPT_ROLLBACK},
        {"help", no_argument, NULL, WISH_HELP},           {"version", no_argument, NULL, WISH_VERSION},
        {"print-man", no_argument, NULL, WISH_PRINT_MAN}, {NULL, 0, NULL, 0},
    };
    struct wishes wishes = {.exit_status = -1};
    struct jeton_detail detail;
    int option;

    opterr = 0;
    while ((option = getopt_long(count, arguments, ":", options, NULL)) != -1) {
        switch (option) {
        case WISH_CONFIG:
            wishes.options.file = optarg;
            break;
        case WISH_LISTEN:
            wishes.options.listen = optarg;
            break;
        case WISH_ISSUER:
            wishes.options.issuer = optarg;
            break;
        case WISH_STATE:
            wishes.options.state = optarg;
            break;
        case WISH_CHECK:
            wishes.check = true;
            break;
        case WISH_ACCEPT_ROLLBACK:
            wishes.options.accept_rollback = true;
            break;
        case WISH_HELP:
            fputs(help, stdout);
            wishes.exit_status = EXIT_GOOD;
            return wishes;
        case WISH_VERSION:
            printf("jetond %s (%s)\n", JETON_VERSION, jt_crypto_library());
            wishes.exit_status = EXIT_GOOD;
            return wishes;
        case WISH_PRINT_MAN: /* makes the man page; not for users */
            print_man();
            wishes.exit_status = EXIT_GOOD;
            return wishes;
        default:
            jt_option_fault(option, arguments, options, &detail);
            fprintf(stderr, "jetond: %s; --help tells the options\n", detail.text);
            wishes.exit_status = EXIT_CONFIG;
            return wishes;
        }
    }
    if (optind < count) {
        fprintf(stderr, "jetond: %s: takes options alone; --help tells them\n",
                jt_escape(jeton_text(arguments[optind])).text);
        wishes.exit_status = EXIT_CONFIG;
    }
    return wishes;
}

/* No core file and no other process of this user may hold our keys; files are ours alone; signals are taken by
 * jt_server_run. */
static void settle_process(void)
{
    struct rlimit none = {0, 0};
    sigset_t signals;

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    umask(0077);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void print_faults(const struct jt_config_faults *faults, const char *file, FILE *out)
{
    char line[600];

    for (size_t i = 0; i < faults->count; i++) {
        jt_config_fault_write(&faults->at[i], file != NULL ? file : "defaults", line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    if (faults->more)
        fprintf(out, "and more\n");
}

/* The configuration is taken. */
static int serve(struct jt_config *config, const struct wishes *wishes, const struct jt_environment *environment,
                 const char *unknown)
{
    struct jt_lasting *lasting = NULL;
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_lasting_open(config, wishes->options.accept_rollback, &lasting, &detail);
    char name[128];

    if (status != JETON_OK) {
        fprintf(stderr, "jetond: %s\n", detail.text[0] != '\0' ? detail.text : jeton_status_text(status));
        return status == JETON_OUT_OF_MEMORY || status == JETON_INTERNAL_ERROR ? EXIT_BROKEN : EXIT_CONFIG;
    }
    if (unknown != NULL) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(unknown, "="), unknown);
        jt_log(&lasting->log, JT_LOG_WARN, "the environment has a setting that is not known", "name", name, NULL);
    }
    jt_server_run(lasting, &wishes->options, environment->at);
    jt_lasting_close(lasting);
    return EXIT_GOOD;
}

static int start(const struct wishes *wishes, const struct jt_environment *environment)
{
    struct jt_config *config = calloc(1, sizeof *config);
    struct jt_config_faults *faults = calloc(1, sizeof *faults);
    const char *unknown = NULL;
    int exit_status = EXIT_GOOD;

    if (config == NULL || faults == NULL ||
        jt_config_load(&wishes->options, environment->at, config, faults, &unknown) != JETON_OK) {
        fputs("jetond: out of memory\n", stderr);
        exit_status = EXIT_BROKEN;
    } else if (faults->count > 0) {
        print_faults(faults, wishes->options.file, wishes->check ? stdout : stderr);
        exit_status = EXIT_CONFIG;
    } else if (!wishes->check) {
        exit_status = serve(config, wishes, environment, unknown);
        config = NULL;
    }
    jt_config_free(config);
    free(faults);
    return exit_status;
}

int main(int count, char **arguments)
{
    struct wishes wishes = read_options(count, arguments);
    struct jt_environment environment = {NULL, {NULL, 0}};
    int exit_status = EXIT_BROKEN;

    if (wishes.exit_status >= 0)
        return wishes.exit_status;
    settle_process();
    if (jt_environment_take(environ, jt_environment_secrets, &environment) == JETON_OK)
        exit_status = start(&wishes, &environment);
    else
        fputs("jetond: out of memory\n", stderr);
    jt_environment_done(&environment);
    return exit_status;
}
