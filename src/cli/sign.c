/* SPDX-License-Identifier: Apache-2.0 */
/* jeton sign: a compact JWT out of a key and claims. What an option says wins over the claims file, and that over the
 * defaults. */
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/time.h"
#include "cli/cli.h"

enum { KEY = 1, SECRET, ALG, KID, TYP, ISSUER, SUBJECT, AUDIENCE, TTL, NO_EXP, AT, CLAIM, CLAIM_JSON };

#define CLAIMS_MAX (1024 * 1024)

struct sign {
    struct cli *cli;
    const char *key, *secret;
    struct jeton_sign_options options;
    struct cli_list audiences;
    struct jeton_claim claims[CLI_LIST_MAX + 4]; /* and iat, nbf, exp, jti of the file */
    size_t claim_count;
    struct jt_buffer values; /* JSON of --claim texts, whose places are known once all are there */
    size_t value_ends[CLI_LIST_MAX + 4];
    struct jt_buffer file;
    void *memory;
    bool ttl_given, at_given;
};

/* --- Options. --- */

static bool fail_usage(struct sign *sign, const char *text)
{
    sign->cli->exit = cli_usage(sign->cli, "%s", text);
    return false;
}

/* N=VALUE; the value's JSON goes behind the others, its address is set when no more are added. */
static bool take_claim(struct sign *sign, const char *value, bool json)
{
    struct jeton_bytes whole = jeton_text(value);
    size_t equals = jt_bytes_find(whole, '=', 0);
    struct jeton_bytes text = jt_bytes_cut(whole, equals + 1, whole.len);

    if (equals == 0 || equals == whole.len)
        return fail_usage(sign, json ? "--claim-json is NAME=JSON" : "--claim is NAME=TEXT");
    if (!jt_bytes_utf8(whole))
        return fail_usage(sign, "a claim is not UTF-8");
    if (sign->claim_count == CLI_LIST_MAX)
        return fail_usage(sign, "too many claims; put them into a file");
    if (json)
        jt_buffer_add(&sign->values, text);
    else
        jt_json_write_string(&sign->values, text);
    sign->value_ends[sign->claim_count] = sign->values.len;
    sign->claims[sign->claim_count++].name = jt_bytes_cut(whole, 0, equals);
    return true;
}

static bool take_ttl(struct sign *sign, const char *value)
{
    int64_t milliseconds;

    if (!jt_duration_read(jeton_text(value), true, &milliseconds) || milliseconds < 1000 || milliseconds % 1000 != 0)
        return fail_usage(sign, "--ttl is a time of whole seconds, such as 90s, 15m, 24h, 30d, and at least 1s");
    sign->options.ttl = milliseconds / 1000;
    sign->ttl_given = true;
    return true;
}

/* An empty text would leave its claim out: more likely a variable of a script that was never set. */
static bool take_text(struct sign *sign, const char *value, struct jeton_bytes *out)
{
    if (value[0] == '\0')
        return fail_usage(sign, "an empty text is no value for --alg, --kid, --typ, --issuer or --subject");
    if (!jt_bytes_utf8(jeton_text(value)))
        return fail_usage(sign, "a value is not UTF-8");
    *out = jeton_text(value);
    return true;
}

static bool take_option(struct sign *sign, int id, const char *value)
{
    struct jeton_sign_options *options = &sign->options;

    switch (id) {
    case KEY:
        sign->key = value;
        return true;
    case SECRET:
        sign->secret = value;
        return true;
    case ALG:
        return take_text(sign, value, &options->alg);
    case KID:
        return take_text(sign, value, &options->kid);
    case TYP:
        return take_text(sign, value, &options->typ);
    case ISSUER:
        return take_text(sign, value, &options->issuer);
    case SUBJECT:
        return take_text(sign, value, &options->subject);
    case AUDIENCE:
        return cli_list_add(sign->cli, "audience", value, &sign->audiences);
    case TTL:
        return take_ttl(sign, value);
    case NO_EXP:
        options->ttl = 0;
        return true;
    case AT:
        sign->at_given = true;
        return cli_number(sign->cli, "at", value, 0, INT64_C(1) << 53, &options->now);
    default:
        return take_claim(sign, value, id == CLAIM_JSON);
    }
}

/* --- The claims file. --- */

static bool claim_given(const struct sign *sign, struct jeton_bytes name)
{
    for (size_t i = 0; i < sign->claim_count; i++) {
        if (jt_bytes_equal(sign->claims[i].name, name))
            return true;
    }
    return false;
}

/* iat, nbf, exp and jti are always made; where the file has one, it wins over what would be made by default. */
static void prefer_file(struct sign *sign, struct jt_json claims)
{
    static const char *const names[] = {"iat", "nbf", "exp", "jti"};

    for (size_t i = 0; i < JT_COUNT(names); i++) {
        struct jeton_bytes name = jeton_text(names[i]);
        struct jt_json value = jt_json_get(claims, name);
        bool said = i == 2 ? sign->ttl_given || sign->options.ttl == 0 : i < 2 && sign->at_given;

        if (jt_json_type(value) == JT_JSON_NONE || said || claim_given(sign, name))
            continue;
        jt_json_write(&sign->values, value);
        sign->value_ends[sign->claim_count] = sign->values.len;
        sign->claims[sign->claim_count++].name = name;
    }
}

static enum cli_exit read_claims(struct sign *sign, const char *path)
{
    struct cli *cli = sign->cli;
    struct jeton_detail detail = {""};
    struct jt_arena arena;
    struct jt_json claims;
    enum jeton_status status;
    size_t room;

    if (!cli_take_stdin(cli, path, "the claims") || !cli_read(cli, path, CLAIMS_MAX, &sign->file))
        return cli->exit;
    room = jt_json_arena_size(sign->file.len);
    sign->memory = malloc(room);
    if (sign->memory == NULL)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    jt_arena_init(&arena, sign->memory, room);
    status = jt_json_read(jt_buffer_bytes(&sign->file), JT_JSON_PAYLOAD, &arena, &claims, &detail);
    if (status == JETON_OK && jt_json_type(claims) != JT_JSON_OBJECT)
        status = jt_fail(&detail, JETON_ARGUMENT_INVALID, "the claims are no JSON object");
    if (status != JETON_OK)
        return cli_fail(cli, path, status, &detail);
    prefer_file(sign, claims);
    sign->options.claims_json = jt_buffer_bytes(&sign->file);
    return CLI_GOOD;
}

/* --- Signing. --- */

static enum cli_exit read_key(struct sign *sign, struct jeton_secret_key **key)
{
    struct cli *cli = sign->cli;
    const char *path = sign->key != NULL ? sign->key : sign->secret;
    struct jt_secret text = {0};
    struct jeton_detail detail = {""};
    enum jeton_status status;

    if (!cli_take_stdin(cli, path, sign->key != NULL ? "--key" : "--secret") ||
        !cli_read_secret(cli, path, CLI_KEY_MAX, &text))
        return cli->exit;
    if (sign->key != NULL) {
        status = jeton_secret_key_read(jt_secret_bytes(&text), key, &detail);
    } else {
        if (text.len > 0 && text.at[text.len - 1] == '\n')
            cli_say(cli, "warning: %s ends with a line feed, which is a byte of the secret",
                    jt_escape(jeton_text(path)).text);
        status = jeton_secret_key_from_bytes(jt_secret_bytes(&text), key, &detail);
    }
    jt_secret_done(&text);
    return status == JETON_OK ? CLI_GOOD : cli_fail(cli, path, status, &detail);
}

static void place_claims(struct sign *sign)
{
    struct jeton_bytes values = jt_buffer_bytes(&sign->values);

    for (size_t i = 0; i < sign->claim_count; i++)
        sign->claims[i].value = jt_bytes_cut(values, i > 0 ? sign->value_ends[i - 1] : 0, sign->value_ends[i]);
    sign->options.claims = sign->claims;
    sign->options.claim_count = sign->claim_count;
}

static enum cli_exit deliver(struct sign *sign, const struct jeton_output *token)
{
    struct jt_json_writer writer;
    struct jt_buffer out;
    enum cli_exit end;

    /* A token is what one asks for: JSON around it only when said. */
    if (sign->cli->format != CLI_FORMAT_JSON)
        return cli_deliver(sign->cli, NULL, 0, jeton_bytes(token->at, token->len), true);
    jt_buffer_init_secret(&out, token->len + 64);
    jt_json_open(&writer, &out);
    jt_json_add_string(&writer, "token", jeton_bytes(token->at, token->len));
    jt_json_close(&writer);
    end = cli_deliver(sign->cli, NULL, 0, jt_buffer_bytes(&out), true);
    jt_buffer_done(&out);
    return end;
}

static enum cli_exit sign_with(struct sign *sign, const struct jeton_secret_key *key)
{
    struct jeton_output token = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    enum jeton_status status;
    enum cli_exit end;

    if (sign->values.status != JETON_OK)
        return cli_fail(sign->cli, NULL, sign->values.status, NULL);
    place_claims(sign);
    status = jeton_sign(key, &sign->options, &token, &detail);
    /* Nothing is refused here: what does not fit is the command line's fault. */
    if (status == JETON_OK)
        end = deliver(sign, &token);
    else
        end = cli_worse(cli_fail(sign->cli, NULL, status, &detail), CLI_USAGE);
    jeton_output_done(&token);
    return end;
}

static enum cli_exit run(struct sign *sign)
{
    struct cli *cli = sign->cli;
    struct jeton_secret_key *key = NULL;
    int operands = cli->argc - cli->operand;
    enum cli_exit end;

    if ((sign->key == NULL) == (sign->secret == NULL))
        return cli_usage(cli, "give either --key FILE or --secret FILE");
    if (operands > 1)
        return cli_usage(cli, "one file of claims at most");
    if (sign->ttl_given && sign->options.ttl == 0)
        return cli_usage(cli, "--ttl and --no-exp exclude each other");
    sign->options.audiences = cli_list(&sign->audiences);
    end = operands == 1 ? read_claims(sign, cli->argv[cli->operand]) : CLI_GOOD;
    if (end == CLI_GOOD)
        end = read_key(sign, &key);
    if (end == CLI_GOOD)
        end = sign_with(sign, key);
    jeton_secret_key_free(key);
    return end;
}

static enum cli_exit sign_run(struct cli *cli)
{
    static const struct jeton_sign_options defaults = JETON_SIGN_OPTIONS_INIT;
    struct sign *sign = calloc(1, sizeof(*sign));
    const char *value = NULL;
    enum cli_exit end;
    int id;

    if (sign == NULL)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    sign->cli = cli;
    sign->options = defaults;
    sign->options.now = (int64_t)time(NULL);
    jt_buffer_init(&sign->values, 2 * CLAIMS_MAX);
    while ((id = cli_next(cli, &value)) > 0) {
        if (!take_option(sign, id, value))
            break;
    }
    end = id == 0 ? run(sign) : cli->exit;
    jt_buffer_done(&sign->values);
    jt_buffer_done(&sign->file);
    free(sign->memory);
    free(sign);
    return end;
}

static const struct cli_option options[] = {
    {KEY, "key", "FILE", "private key: JWK, PEM or DER, told by content"},
    {SECRET, "secret", "FILE", "HMAC secret: every byte of the file"},
    {ALG, "alg", "ALG", "default: the key's, else its type's"},
    {KID, "kid", "KID", "default: the key's, else its thumbprint; none for a secret"},
    {TYP, "typ", "TYPE", "default JWT"},
    {ISSUER, "issuer", "ISS", "who says so"},
    {SUBJECT, "subject", "SUB", "about whom"},
    {AUDIENCE, "audience", "AUD", "for whom (repeat)"},
    {TTL, "ttl", "TIME", "how long it is good: 90s, 15m, 24h, 30d; default 15m"},
    {NO_EXP, "no-exp", NULL, "it does not expire"},
    {AT, "at", "TIME", "issued at this UNIX time instead of now"},
    {CLAIM, "claim", "NAME=TEXT", "one more claim, a string (repeat)"},
    {CLAIM_JSON, "claim-json", "NAME=JSON", "one more claim, any JSON value (repeat)"},
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_sign = {
    "sign",
    "--key FILE|--secret FILE [options] [CLAIMS.json|-]",
    "Signs a token and prints it.",
    "iat, nbf, exp and jti are set. Options win over the file of claims, the file over the defaults.\n"
    "The token itself is printed, unless --format json is given.\n\n"
    "  jeton sign --key issuer.jwk --issuer https://tokens.example --audience api --subject ada\n",
    options,
    JT_COUNT(options),
    sign_run,
};
