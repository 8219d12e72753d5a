/* SPDX-License-Identifier: Apache-2.0 */
/* jeton key thumbprint: the name that every key has by itself (RFC 7638). */
#include "base/json.h"
#include "cli/key_file.h"

static enum cli_exit deliver(struct cli *cli, const char *thumbprint, const char *kid)
{
    struct jt_json_writer writer;
    struct jt_buffer out;
    enum cli_exit end;

    /* A bare thumbprint is what one asks for: JSON around it only when said. */
    if (cli->format != CLI_FORMAT_JSON)
        return cli_deliver(cli, NULL, 0, jeton_text(thumbprint), true);
    jt_buffer_init(&out, 4096);
    jt_json_open(&writer, &out);
    jt_json_add_text(&writer, "thumbprint", thumbprint);
    if (kid[0] != '\0')
        jt_json_add_text(&writer, "kid", kid);
    jt_json_close(&writer);
    end = out.status == JETON_OK ? cli_deliver(cli, NULL, 0, jt_buffer_bytes(&out), true)
                                 : cli_fail(cli, NULL, out.status, NULL);
    jt_buffer_done(&out);
    return end;
}

static enum cli_exit show(struct cli *cli, void *context, const char *name, struct jeton_bytes text)
{
    struct jeton_public_key *public = NULL;
    struct jeton_secret_key *secret = NULL;
    struct jeton_detail of_public = {""}, of_secret = {""};
    char thumbprint[JETON_THUMBPRINT_LENGTH + 1];
    enum jeton_status status = jeton_public_key_read(text, &public, &of_public);
    enum cli_exit end;

    (void)context;
    if (status == JETON_OK) {
        jeton_public_key_thumbprint(public, thumbprint);
        end = deliver(cli, thumbprint, jeton_public_key_id(public));
        jeton_public_key_free(public);
        return end;
    }
    /* A symmetric key has one too. */
    if (jeton_secret_key_read(text, &secret, &of_secret) != JETON_OK)
        return cli_fail(cli, name, status, key_file_looks_secret(text) ? &of_secret : &of_public);
    jeton_secret_key_thumbprint(secret, thumbprint);
    end = deliver(cli, thumbprint, jeton_secret_key_id(secret));
    jeton_secret_key_free(secret);
    return end;
}

static enum cli_exit thumbprint_run(struct cli *cli)
{
    const char *value = NULL;
    enum cli_exit end = CLI_GOOD;

    if (cli_next(cli, &value) != 0)
        return cli->exit;
    if (cli->operand == cli->argc)
        return cli_usage(cli, "which key file?");
    for (int i = cli->operand; i < cli->argc && end == CLI_GOOD; i++)
        end = key_file_walk(cli, cli->argv[i], show, NULL);
    return end;
}

static const struct cli_option options[] = {
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_key_thumbprint = {
    "key thumbprint",  "FILE|- …",     "Prints the RFC 7638 SHA-256 thumbprint of keys, one per line.", "", options,
    JT_COUNT(options), thumbprint_run,
};
