/* SPDX-License-Identifier: Apache-2.0 */
/* jeton key convert: one key into another file format, private part and all where it has one. */
#include <unistd.h>

#include "cli/key_file.h"

enum { TO = 1, OUTPUT };

struct convert {
    bool format_given;
    enum jeton_key_format format;
    const char *path;
    size_t done;
};

static enum cli_exit deliver(struct cli *cli, const struct convert *convert, const struct jeton_output *text,
                             unsigned mode)
{
    if (convert->format == JETON_FORMAT_DER && convert->path == NULL && isatty(STDOUT_FILENO))
        return cli_usage(cli, "DER is not for a terminal; give -o FILE");
    return cli_deliver(cli, convert->path, mode, jeton_bytes(text->at, text->len), convert->format != JETON_FORMAT_DER);
}

static enum cli_exit convert_secret(struct cli *cli, const struct convert *convert, const char *name,
                                    struct jeton_secret_key *key)
{
    struct jeton_output text = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    enum jeton_status status = jeton_secret_key_write(key, convert->format, &text);
    enum cli_exit end;

    if (status == JETON_ARGUMENT_INVALID)
        (void)jt_fail(&detail, status, "a symmetric key has no PEM or DER form");
    end = status == JETON_OK ? deliver(cli, convert, &text, 0600) : cli_fail(cli, name, status, &detail);
    jeton_output_done(&text);
    return end;
}

static enum cli_exit convert_public(struct cli *cli, const struct convert *convert, struct jeton_public_key *key)
{
    struct jeton_output text = JETON_OUTPUT_INIT;
    enum jeton_status status = jeton_public_key_write(key, convert->format, &text);
    enum cli_exit end = status == JETON_OK ? deliver(cli, convert, &text, 0644) : cli_fail(cli, NULL, status, NULL);

    jeton_output_done(&text);
    return end;
}

static enum cli_exit convert_key(struct cli *cli, void *context, const char *name, struct jeton_bytes text)
{
    struct convert *convert = context;
    struct jeton_secret_key *secret = NULL;
    struct jeton_public_key *public = NULL;
    struct jeton_detail of_secret = {""}, of_public = {""};
    enum jeton_status status;
    enum cli_exit end;

    if (convert->done++ > 0) {
        cli_say(cli, "%s: more than one key; convert takes one", name);
        return CLI_USAGE;
    }
    status = jeton_secret_key_read(text, &secret, &of_secret);
    if (status == JETON_OK) {
        end = convert_secret(cli, convert, name, secret);
        jeton_secret_key_free(secret);
        return end;
    }
    /* A broken private key is not quietly turned into its public half. */
    if (status != JETON_KEY_INVALID || key_file_looks_secret(text))
        return cli_fail(cli, name, status, &of_secret);
    status = jeton_public_key_read(text, &public, &of_public);
    if (status != JETON_OK)
        return cli_fail(cli, name, status, &of_public);
    end = convert_public(cli, convert, public);
    jeton_public_key_free(public);
    return end;
}

static bool take_to(struct cli *cli, const char *value, struct convert *convert)
{
    convert->format_given = true;
    if (strcmp(value, "jwk") == 0)
        convert->format = JETON_FORMAT_JWK;
    else if (strcmp(value, "pem") == 0)
        convert->format = JETON_FORMAT_PEM;
    else if (strcmp(value, "der") == 0)
        convert->format = JETON_FORMAT_DER;
    else
        convert->format_given = false;
    if (!convert->format_given)
        cli->exit = cli_usage(cli, "--to is jwk, pem or der");
    return convert->format_given;
}

static enum cli_exit convert_run(struct cli *cli)
{
    struct convert convert = {false, JETON_FORMAT_JWK, NULL, 0};
    const char *value = NULL;
    int id;

    while ((id = cli_next(cli, &value)) > 0) {
        if (id == OUTPUT)
            convert.path = value;
        else if (!take_to(cli, value, &convert))
            return cli->exit;
    }
    if (id < 0)
        return cli->exit;
    if (!convert.format_given)
        return cli_usage(cli, "--to jwk, pem or der is needed");
    if (cli->argc - cli->operand != 1)
        return cli_usage(cli, "one key file is converted");
    return key_file_walk(cli, cli->argv[cli->operand], convert_key, &convert);
}

static const struct cli_option options[] = {
    {TO, "to", "jwk|pem|der", "the format to make"},
    {OUTPUT, "o", "FILE", "write there (mode 0600 for a private key), replacing what is there"},
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_key_convert = {
    "key convert",
    "FILE|- --to jwk|pem|der [-o FILE]",
    "Converts one key, private or public; a private one stays private.",
    "",
    options,
    JT_COUNT(options),
    convert_run,
};
