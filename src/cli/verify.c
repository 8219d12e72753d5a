/* SPDX-License-Identifier: Apache-2.0 */
/* jeton verify: is this token good? Options into a policy and keys, then one verdict per token, each written when
 * known. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/lines.h"
#include "cli/verify.h"

enum {
    KEY = 1,
    SECRET,
    JWKS,
    ISSUER,
    AUDIENCE,
    ANY_AUDIENCE,
    ALG,
    TYP,
    SUBJECT,
    REQUIRE,
    SCOPE,
    LEEWAY,
    MAX_AGE,
    NO_EXP,
    AT,
    MAX_SIZE,
    EXPLAIN
};

#define MAX_SIZE_MAX (1024 * 1024)
/* Room for one verdict: header and claims once more, each byte at most six characters (\u0000), and the checks. */
#define ANSWER_MAX (16 * MAX_SIZE_MAX)

struct verify {
    struct cli *cli;
    struct verify_keys keys;
    struct cli_list audiences, algorithms, types, required, scopes;
    struct jeton_policy_options options;
    struct jeton_policy *policy;
    bool explain;
    bool at_given;
    int64_t at;
    /* Working memory of the judgement and of its showing. */
    void *memory;
    struct jt_arena arena, scratch;
    struct jt_buffer answer;
};

/* --- From options to a policy. --- */

static bool take_number(struct verify *verify, int id, const char *value)
{
    struct jeton_policy_options *options = &verify->options;
    int64_t size = 0;

    switch (id) {
    case LEEWAY:
        return cli_number(verify->cli, "leeway", value, 0, 600, &options->leeway);
    case MAX_AGE:
        return cli_number(verify->cli, "max-age", value, 0, INT64_C(1) << 53, &options->max_age);
    case AT:
        verify->at_given = true;
        return cli_number(verify->cli, "at", value, 0, INT64_C(1) << 53, &verify->at);
    default: /* MAX_SIZE */
        if (!cli_number(verify->cli, "max-size", value, 1, MAX_SIZE_MAX, &size))
            return false;
        options->max_token = (size_t)size;
        return true;
    }
}

static bool take_text(struct verify *verify, int id, const char *value)
{
    struct cli *cli = verify->cli;

    switch (id) {
    case KEY:
        return cli_list_add(cli, "key", value, &verify->keys.files);
    case SECRET:
        return cli_list_add(cli, "secret", value, &verify->keys.secrets);
    case JWKS:
        return cli_list_add(cli, "jwks", value, &verify->keys.sets);
    case ISSUER:
        return cli_list_add(cli, "issuer", value, &verify->keys.issuers);
    case AUDIENCE:
        return cli_list_add(cli, "audience", value, &verify->audiences);
    case ALG:
        return cli_list_add(cli, "alg", value, &verify->algorithms);
    case TYP:
        return cli_list_add(cli, "typ", value, &verify->types);
    case REQUIRE:
        return cli_list_add(cli, "require", value, &verify->required);
    case SCOPE:
        return cli_list_add(cli, "scope", value, &verify->scopes);
    default:
        return take_number(verify, id, value);
    }
}

static bool take_option(struct verify *verify, int id, const char *value)
{
    switch (id) {
    case ANY_AUDIENCE:
        verify->options.any_audience = true;
        return true;
    case NO_EXP:
        verify->options.exp_optional = true;
        return true;
    case EXPLAIN:
        verify->explain = true;
        return true;
    case SUBJECT:
        if (value[0] == '\0') {
            verify->cli->exit = cli_usage(verify->cli, "--subject is empty");
            return false;
        }
        verify->options.subject = jeton_text(value);
        return true;
    default:
        return take_text(verify, id, value);
    }
}

static enum cli_exit make_policy(struct verify *verify)
{
    struct jeton_policy_options *options = &verify->options;
    const struct verify_keys *keys = &verify->keys;
    struct jeton_detail detail = {""};
    enum jeton_status status;

    if (options->any_audience && verify->audiences.count > 0)
        return cli_usage(verify->cli, "--audience and --any-audience exclude each other");
    if (!options->any_audience && verify->audiences.count == 0)
        return cli_usage(verify->cli, "one of --audience AUD and --any-audience must be given: a token for somebody "
                                      "else is no good here unless you say so");
    if (keys->files.count + keys->secrets.count + keys->sets.count + keys->issuers.count == 0)
        return cli_usage(verify->cli, "no keys: give --key, --secret or --jwks, or --issuer to find them by discovery");
    options->issuers = cli_list(&keys->issuers);
    options->audiences = cli_list(&verify->audiences);
    options->algorithms = cli_list(&verify->algorithms);
    options->types = cli_list(&verify->types);
    options->required = cli_list(&verify->required);
    options->scopes = cli_list(&verify->scopes);
    status = jeton_policy_new(options, &verify->policy, &detail);
    if (status == JETON_ARGUMENT_INVALID)
        return cli_usage(verify->cli, "%s", detail.text);
    return status == JETON_OK ? CLI_GOOD : cli_fail(verify->cli, NULL, status, &detail);
}

static enum cli_exit make_room(struct verify *verify)
{
    size_t judging = jeton_verify_arena_size(verify->options.max_token);
    size_t showing = 2 * jt_json_arena_size(verify->options.max_token) + 64;

    verify->memory = malloc(judging + showing);
    if (verify->memory == NULL)
        return cli_fail(verify->cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    jt_arena_init(&verify->arena, verify->memory, judging);
    jt_arena_init(&verify->scratch, (unsigned char *)verify->memory + judging, showing);
    jt_buffer_init(&verify->answer, ANSWER_MAX);
    return CLI_GOOD;
}

/* --- Judging. --- */

static void judge(struct verify *verify, const struct jeton_keyset *keys, struct jeton_bytes token, int64_t now,
                  struct jeton_verdict *explained, struct shown_verdict *shown)
{
    if (verify->explain) {
        explained->size = sizeof(*explained);
        shown->status = jeton_explain(token, keys, verify->policy, now, verify->arena.at, verify->arena.len, explained);
        shown->detail = explained->detail;
        shown->verified = explained->verified;
        shown->explained = explained;
        return;
    }
    shown->status = jeton_verify(token, keys, verify->policy, now, verify->arena.at, verify->arena.len,
                                 &shown->verified, &shown->detail);
}

/* `len` is the token's length where `token` is only its start. */
static enum cli_exit answer(void *context, struct jeton_bytes token, uint64_t len)
{
    struct verify *verify = context;
    struct jeton_verdict explained;
    struct shown_verdict shown = {.status = JETON_OK};
    const struct jeton_keyset *keys = NULL;
    const struct jeton_detail *why = NULL;
    int64_t now = verify->at_given ? verify->at : (int64_t)time(NULL);
    enum jeton_status written;
    enum cli_exit end;

    end = verify_keys_for(verify->cli, &verify->keys, token, verify->options.max_token, &verify->arena, &keys, &why);
    if (end != CLI_GOOD)
        return end;
    judge(verify, keys, token, now, &explained, &shown);
    if (shown.status == JETON_KEYS_UNAVAILABLE && why->text[0] != '\0')
        shown.detail = *why;
    if (shown.status == JETON_TOKEN_TOO_LARGE && len > token.len)
        (void)jt_fail(&shown.detail, shown.status, "%llu bytes; at most %zu are allowed", (unsigned long long)len,
                      verify->options.max_token);
    written = verdict_write(verify->cli, &shown, now, &verify->scratch, &verify->answer);
    if (written != JETON_OK)
        return cli_fail(verify->cli, NULL, written, NULL);
    end = cli_put(verify->cli, &verify->answer);
    return cli_worse(end, cli_exit_of(shown.status));
}

static enum cli_exit answer_lines(struct verify *verify)
{
    if (!cli_take_stdin(verify->cli, "-", "the tokens"))
        return verify->cli->exit;
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
        cli_say(verify->cli, "reading tokens from standard input, one per line");
    return cli_each_line(verify->cli, verify->options.max_token, answer, verify);
}

static enum cli_exit run(struct verify *verify)
{
    struct cli *cli = verify->cli;
    int operands = cli->argc - cli->operand;
    const char *token = operands > 0 ? cli->argv[cli->operand] : "-";
    enum cli_exit end;

    if (operands > 1)
        return cli_usage(cli, "one token as argument, or many on standard input");
    end = make_policy(verify);
    if (end == CLI_GOOD)
        end = make_room(verify);
    if (end == CLI_GOOD) {
        verify->keys.explain = verify->explain;
        end = verify_keys_open(cli, &verify->keys);
    }
    if (end != CLI_GOOD)
        return end;
    if (strcmp(token, "-") == 0)
        return answer_lines(verify);
    return answer(verify, jeton_text(token), strlen(token));
}

static enum cli_exit verify_run(struct cli *cli)
{
    static const struct jeton_policy_options defaults = JETON_POLICY_OPTIONS_INIT;
    struct verify *verify = calloc(1, sizeof(*verify));
    const char *value = NULL;
    enum cli_exit end;
    int id;

    if (verify == NULL)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    verify->cli = cli;
    verify->options = defaults;
    while ((id = cli_next(cli, &value)) > 0) {
        if (!take_option(verify, id, value))
            break;
    }
    end = id == 0 ? run(verify) : cli->exit;
    verify_keys_done(&verify->keys);
    jeton_policy_free(verify->policy);
    jt_buffer_done(&verify->answer);
    free(verify->memory);
    free(verify);
    return end;
}

static const struct cli_option options[] = {
    {KEY, "key", "FILE", "public key, certificate, private key, JWK or JWK set (repeat)"},
    {SECRET, "secret", "FILE", "HMAC secret: every byte of the file (repeat)"},
    {JWKS, "jwks", "URL|FILE", "key set (repeat)"},
    {ISSUER, "issuer", "URL", "trusted issuer, byte for byte (repeat); its keys by discovery if none are given"},
    {AUDIENCE, "audience", "AUD", "the token must be for this audience, or another one given (repeat)"},
    {ANY_AUDIENCE, "any-audience", NULL, "believe tokens for anyone"},
    {ALG, "alg", "ALG", "allowed algorithm (repeat); default: what the keys allow"},
    {TYP, "typ", "TYPE", "the header's typ, without case, with or without application/ (repeat)"},
    {SUBJECT, "subject", "SUB", "the subject must be this"},
    {REQUIRE, "require", "CLAIM", "this claim must be there (repeat)"},
    {SCOPE, "scope", "SCOPE", "this scope must be there (repeat)"},
    {LEEWAY, "leeway", "SECONDS", "for clocks that differ, 0 to 600; default 60"},
    {MAX_AGE, "max-age", "SECONDS", "since it was issued; iat is then required"},
    {NO_EXP, "no-exp", NULL, "a token without exp is fine"},
    {AT, "at", "TIME", "judge at this UNIX time instead of now"},
    {MAX_SIZE, "max-size", "BYTES", "of a token, 1 to 1048576; default 16384"},
    {EXPLAIN, "explain", NULL, "show every check, and why this key"},
    CLI_OPTIONS_REMOTE,
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_verify = {
    "verify",
    "[options] [TOKEN|-]",
    "Judges a token, or one per line of standard input.",
    "A token given as argument can be seen by other users in the list of processes; standard input cannot.\n\n"
    "Exit status: 0 all good, 1 a token is refused, unknown or denied, 3 keys unavailable, 2 usage, 4 internal.\n\n"
    "  jeton verify --issuer https://login.example --audience api < token\n"
    "  jeton verify --jwks keys.json --audience api --explain < token\n",
    options,
    JT_COUNT(options),
    verify_run,
};
