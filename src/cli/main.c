/* SPDX-License-Identifier: Apache-2.0 */
/* jeton: which verb is asked for? One table of verbs; each has a file of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

static const struct cli_verb *const verbs[] = {
    &cli_verify,        &cli_sign,           &cli_inspect,       &cli_key_generate,  &cli_key_public,
    &cli_key_convert,   &cli_key_thumbprint, &cli_keys_fetch,    &cli_keys_lint,     &cli_issuer_status,
    &cli_issuer_rotate, &cli_issuer_revoke,  &cli_issuer_import, &cli_issuer_reseal,
};

static void help(FILE *to)
{
    fputs("Usage: jeton VERB [options] …\nVerifies and makes JSON Web Tokens, strictly.\n\n", to);
    for (size_t i = 0; i < JT_COUNT(verbs); i++)
        fprintf(to, "  %-15s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("\n  jeton VERB --help   says more; so do the manual pages jeton(1), jeton-verify(1), …\n"
          "  jeton --version\n",
          to);
}

static int version(void)
{
    printf("jeton %s (%s)\n", jeton_version(), jeton_crypto_version());
    return fflush(stdout) == 0 ? CLI_GOOD : CLI_BROKEN;
}

static bool colourful(int fd)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

    return isatty(fd) && (none == NULL || none[0] == '\0') && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

/* How many words of the arguments name this verb; 0 when they do not. */
static int words_of(const struct cli_verb *verb, int argc, char **argv)
{
    const char *space = strchr(verb->name, ' ');
    size_t first = space != NULL ? (size_t)(space - verb->name) : strlen(verb->name);

    if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], verb->name, first) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 2 && strcmp(argv[2], space + 1) == 0 ? 2 : 0;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
    static const struct jeton_fetch_options remote = JETON_FETCH_OPTIONS_INIT;
    char title[32];
    struct cli cli = {.verb = verb, .title = title, .argc = argc, .argv = argv, .remote = remote};

    snprintf(title, sizeof(title), "jeton %s", verb->name);
    argv[0] = title; /* getopt_long begins its messages with it */
    cli.json = !isatty(STDOUT_FILENO);
    cli.colour = colourful(STDOUT_FILENO);
    return verb->run(&cli);
}

static bool is_half_verb(const char *word)
{
    static const char *const halves[] = {"key", "keys", "issuer"};

    for (size_t i = 0; i < JT_COUNT(halves); i++) {
        if (strcmp(word, halves[i]) == 0)
            return true;
    }
    return false;
}

/* One of them alone, or with a word that is none of theirs. */
static int half_verb(int argc, char **argv)
{
    bool asks = argc == 3 && strcmp(argv[2], "--help") == 0;
    FILE *to = asks ? stdout : stderr;

    fprintf(to, "%sjeton %s:\n", asks ? "" : "Which verb? ", argv[1]);
    for (size_t i = 0; i < JT_COUNT(verbs); i++) {
        if (strncmp(verbs[i]->name, argv[1], strlen(argv[1])) == 0 && verbs[i]->name[strlen(argv[1])] == ' ')
            fprintf(to, "  jeton %-15s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    return asks ? CLI_GOOD : CLI_USAGE;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--version") == 0)
        return version();
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
        help(stdout);
        return fflush(stdout) == 0 ? CLI_GOOD : CLI_BROKEN;
    }
    for (size_t i = 0; i < JT_COUNT(verbs); i++) {
        int words = words_of(verbs[i], argc, argv);

        if (words > 0)
            return run(verbs[i], argc - words, argv + words);
    }
    if (argc > 1 && is_half_verb(argv[1]))
        return half_verb(argc, argv);
    if (argc > 1)
        fprintf(stderr, "jeton: \"%s\" is no verb\n", jt_escape(jeton_text(argv[1])).text);
    help(stderr);
    return CLI_USAGE;
}
