/* SPDX-License-Identifier: Apache-2.0 */
/* jeton key public: the public halves of keys. Everything passes through the public key type, so that nothing private
 * can come out. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/key_file.h"

enum { TO = 1, OUTPUT };
enum to { UNSAID, JWK, JWKS, PEM, DER };

#define KEYS_MAX 16384

struct public
{
    enum to to;
    const char *path;
    struct jeton_public_key **keys;
    size_t count;
};

static enum cli_exit take_key(struct cli *cli, void *context, const char *name, struct jeton_bytes text)
{
    struct public *all = context;
    struct jeton_public_key **longer;
    struct jeton_detail detail = {""};
    enum jeton_status status;

    if (all->count == KEYS_MAX) {
        cli_say(cli, "%s: over %d keys", name, KEYS_MAX);
        return CLI_USAGE;
    }
    longer = reallocarray(all->keys, all->count + 1, sizeof(struct jeton_public_key *));
    if (longer == NULL)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    all->keys = longer;
    status = jeton_public_key_read(text, &all->keys[all->count], &detail);
    if (status != JETON_OK)
        return cli_fail(cli, name, status, &detail);
    all->count++;
    return CLI_GOOD;
}

static enum cli_exit deliver_set(struct cli *cli, const struct public *all)
{
    struct jeton_output text = JETON_OUTPUT_INIT;
    enum jeton_status status = jeton_public_keys_write((const struct jeton_public_key *const *)all->keys, all->count,
                                                       &text);
    enum cli_exit end = status == JETON_OK ? cli_deliver(cli, all->path, 0644, jeton_bytes(text.at, text.len), true)
                                           : cli_fail(cli, NULL, status, NULL);

    jeton_output_done(&text);
    return end;
}

static enum cli_exit deliver_each(struct cli *cli, const struct public *all)
{
    enum jeton_key_format format = all->to == PEM   ? JETON_FORMAT_PEM
                                   : all->to == DER ? JETON_FORMAT_DER
                                                    : JETON_FORMAT_JWK;
    struct jt_buffer out;
    enum jeton_status status = JETON_OK;
    enum cli_exit end;

    jt_buffer_init(&out, 4 * CLI_KEYSET_MAX);
    for (size_t i = 0; i < all->count && status == JETON_OK; i++) {
        struct jeton_output text = JETON_OUTPUT_INIT;

        status = jeton_public_key_write(all->keys[i], format, &text);
        if (status == JETON_OK) {
            jt_buffer_add(&out, jeton_bytes(text.at, text.len));
            if (format != JETON_FORMAT_DER && text.len > 0 && text.at[text.len - 1] != '\n')
                jt_buffer_add_byte(&out, '\n');
            status = out.status;
        }
        jeton_output_done(&text);
    }
    end = status == JETON_OK ? cli_deliver(cli, all->path, 0644, jt_buffer_bytes(&out), format != JETON_FORMAT_DER)
                             : cli_fail(cli, NULL, status, NULL);
    jt_buffer_done(&out);
    return end;
}

static enum cli_exit deliver(struct cli *cli, struct public *all)
{
    if (all->to == UNSAID)
        all->to = all->count > 1 ? JWKS : JWK;
    if (all->to == JWKS)
        return deliver_set(cli, all);
    if (all->to == DER && all->count > 1)
        return cli_usage(cli, "--to der is for one key, and there are %zu", all->count);
    if (all->to == DER && all->path == NULL && isatty(STDOUT_FILENO))
        return cli_usage(cli, "DER is not for a terminal; give -o FILE");
    return deliver_each(cli, all);
}

static bool take_to(struct cli *cli, const char *value, enum to *to)
{
    static const char *const names[] = {[JWK] = "jwk", [JWKS] = "jwks", [PEM] = "pem", [DER] = "der"};

    for (size_t i = JWK; i < JT_COUNT(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            *to = (enum to)i;
            return true;
        }
    }
    cli->exit = cli_usage(cli, "--to is jwk, jwks, pem or der");
    return false;
}

static enum cli_exit public_run(struct cli *cli)
{
    struct public all = {UNSAID, NULL, NULL, 0};
    const char *value = NULL;
    enum cli_exit end = CLI_GOOD;
    int id;

    while ((id = cli_next(cli, &value)) > 0) {
        if (id == OUTPUT)
            all.path = value;
        else if (!take_to(cli, value, &all.to))
            return cli->exit;
    }
    if (id < 0)
        return cli->exit;
    if (cli->operand == cli->argc)
        return cli_usage(cli, "which key file?");
    for (int i = cli->operand; i < cli->argc && end == CLI_GOOD; i++)
        end = key_file_walk(cli, cli->argv[i], take_key, &all);
    if (end == CLI_GOOD)
        end = deliver(cli, &all);
    for (size_t i = 0; i < all.count; i++)
        jeton_public_key_free(all.keys[i]);
    free(all.keys);
    return end;
}

static const struct cli_option options[] = {
    {TO, "to", "jwk|jwks|pem|der", "default jwk for one key, jwks for several"},
    {OUTPUT, "o", "FILE", "write there, replacing what is there"},
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_key_public = {
    "key public",
    "[options] FILE|- …",
    "Prints the public half of keys; files may be JWK, JWK set, PEM, DER or a certificate.",
    "  jeton key public issuer.jwk --to jwks > keys.json\n",
    options,
    JT_COUNT(options),
    public_run,
};
