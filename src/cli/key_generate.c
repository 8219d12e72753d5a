/* SPDX-License-Identifier: Apache-2.0 */
/* jeton key generate: a new key, to standard output or into a file that only its owner may read. */
#include "cli/cli.h"

enum { ALG = 1, BITS, KID, TO, OUTPUT };

struct generate {
    const char *alg, *kid, *path;
    int64_t bits;
    enum jeton_key_format format;
};

static bool take_option(struct cli *cli, int id, const char *value, struct generate *generate)
{
    switch (id) {
    case ALG:
        generate->alg = value;
        return true;
    case BITS:
        return cli_number(cli, "bits", value, 1, 1 << 20, &generate->bits);
    case KID:
        generate->kid = value;
        return true;
    case OUTPUT:
        generate->path = value;
        return true;
    default: /* TO */
        if (strcmp(value, "jwk") == 0 || strcmp(value, "pem") == 0) {
            generate->format = value[0] == 'j' ? JETON_FORMAT_JWK : JETON_FORMAT_PEM;
            return true;
        }
        cli->exit = cli_usage(cli, "--to is jwk or pem");
        return false;
    }
}

static enum cli_exit make(struct cli *cli, const struct generate *generate)
{
    struct jeton_secret_key *key = NULL;
    struct jeton_output text = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    enum jeton_status status;
    enum cli_exit end;

    if (cli->operand < cli->argc)
        return cli_usage(cli, "no operand is taken; -o FILE names where the key goes");
    if (generate->alg == NULL)
        return cli_usage(cli, "--alg ALG is needed, such as ES256, EdDSA, RS256 or HS256");
    if (generate->kid != NULL && generate->kid[0] == '\0')
        return cli_usage(cli, "--kid is empty");
    status = jeton_secret_key_generate(jeton_text(generate->alg), (unsigned)generate->bits, jeton_text(generate->kid),
                                       &key, &detail);
    if (status == JETON_OK) {
        status = jeton_secret_key_write(key, generate->format, &text);
        if (status == JETON_ARGUMENT_INVALID)
            (void)jt_fail(&detail, status, "a secret has no PEM form; --to jwk");
    }
    end = status == JETON_OK ? cli_deliver(cli, generate->path, 0600, jeton_bytes(text.at, text.len), true)
                             : cli_fail(cli, NULL, status, &detail);
    jeton_output_done(&text);
    jeton_secret_key_free(key);
    return end;
}

static enum cli_exit generate_run(struct cli *cli)
{
    struct generate generate = {NULL, NULL, NULL, 0, JETON_FORMAT_JWK};
    const char *value = NULL;
    int id;

    while ((id = cli_next(cli, &value)) > 0) {
        if (!take_option(cli, id, value, &generate))
            return cli->exit;
    }
    return id == 0 ? make(cli, &generate) : cli->exit;
}

static const struct cli_option options[] = {
    {ALG, "alg", "ALG", "what it is for: ES256, EdDSA, Ed448, RS256, PS256, HS256, …"},
    {BITS, "bits", "N", "RSA modulus (default 2048) or secret (default the hash's)"},
    {KID, "kid", "KID", "key id; default the RFC 7638 thumbprint, none for a secret"},
    {TO, "to", "jwk|pem", "default jwk"},
    {OUTPUT, "o", "FILE", "write there, mode 0600, replacing what is there"},
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_key_generate = {
    "key generate",
    "--alg ALG [options]",
    "Makes a new key and prints it, private part and all.",
    "  jeton key generate --alg ES256 -o issuer.jwk\n",
    options,
    JT_COUNT(options),
    generate_run,
};
