/* SPDX-License-Identifier: Apache-2.0 */
/* jeton issuer: what do the signing keys of a running jetond do, and what shall they do? */
#include "cli/issuer.h"

#include "base/time.h"

enum { QUESTION_MAX = 200 * 1024, TEXT_MAX = 256 * 1024 };

static enum cli_exit put_answer(struct cli *cli, struct issuer *issuer)
{
    jt_buffer_add_byte(&issuer->answer, '\n');
    return cli_put(cli, &issuer->answer);
}

/* One question without members, and what is said of its answer to a person. */
static enum cli_exit ask_and_show(struct cli *cli, struct issuer *issuer, struct jeton_bytes question,
                                  void (*show)(struct cli *cli, struct jt_json json, struct jt_buffer *out))
{
    struct jt_buffer text;
    enum cli_exit end = issuer_ask(cli, issuer, question);

    if (end != CLI_GOOD)
        return end;
    if (cli->json)
        return put_answer(cli, issuer);
    jt_buffer_init(&text, TEXT_MAX);
    show(cli, issuer->json, &text);
    end = text.status == JETON_OK ? cli_put(cli, &text) : cli_fail(cli, NULL, text.status, NULL);
    jt_buffer_done(&text);
    return end;
}

static enum cli_exit run_plain(struct cli *cli, struct jeton_bytes question,
                               void (*show)(struct cli *cli, struct jt_json json, struct jt_buffer *out))
{
    struct issuer issuer;
    enum cli_exit end;

    if (!issuer_options(cli, &issuer))
        end = cli->exit;
    else if (cli->operand != cli->argc)
        end = cli_usage(cli, "takes options alone");
    else
        end = ask_and_show(cli, &issuer, question, show);
    issuer_done(&issuer);
    return end;
}

/* --- status, rotate, reseal --- */

static enum cli_exit status_run(struct cli *cli)
{
    return run_plain(cli, JT_TEXT("{\"do\":\"status\"}"), issuer_timeline);
}

static void add_moment(struct jt_buffer *out, int64_t time, int64_t now)
{
    char stamp[21];

    jt_time_write(time, stamp);
    issuer_write_when(out, time, now);
    jt_buffer_add_format(out, " (%s)", stamp);
}

static void show_rotated(struct cli *cli, struct jt_json json, struct jt_buffer *out)
{
    (void)cli;
    if (issuer_flag(json, "rotated")) {
        jt_buffer_add_text(out, "rotated: the next key signs from now on\n");
        return;
    }
    jt_buffer_add_text(out, "planned: the next key signs ");
    add_moment(out, issuer_number(json, "signs_from"), issuer_number(json, "now"));
    jt_buffer_add_text(out, ", when everybody can know it\n");
}

static enum cli_exit rotate_run(struct cli *cli)
{
    return run_plain(cli, JT_TEXT("{\"do\":\"rotate\"}"), show_rotated);
}

static void show_resealed(struct cli *cli, struct jt_json json, struct jt_buffer *out)
{
    (void)cli;
    jt_buffer_add_format(out, "%lld keys are sealed anew%s\n", (long long)issuer_number(json, "resealed"),
                         issuer_flag(json, "changed") ? ", under another seal key than before"
                                                      : "; the seal key is the same as before");
}

static enum cli_exit reseal_run(struct cli *cli)
{
    return run_plain(cli, JT_TEXT("{\"do\":\"reseal\"}"), show_resealed);
}

/* --- revoke, import --- */

static void show_revoked(struct cli *cli, struct jt_json json, struct jt_buffer *out)
{
    char span[32];

    (void)cli;
    jt_span_write(issuer_number(json, "believed_for"), span);
    jt_buffer_add_text(out, "revoked: ");
    cli_show(out, issuer_text(json, "revoked"));
    jt_buffer_add_format(out, "\nwho keeps an older key set believes its tokens for up to %s more\n", span);
    if (!issuer_flag(json, "was_active"))
        return;
    jt_buffer_add_text(out, issuer_flag(json, "fresh") ? "a key made just now signs: " : "the next key signs now: ");
    cli_show(out, issuer_text(json, "active"));
    jt_buffer_add_byte(out, '\n');
    if (issuer_number(json, "early_for") > 0)
        jt_buffer_add_format(
            out, "it was not published long enough: who keeps an older set refuses its tokens for up to %s\n", span);
}

static enum cli_exit revoke(struct cli *cli, struct issuer *issuer)
{
    struct jt_json_writer writer;
    struct jt_buffer question;
    enum cli_exit end;

    if (cli->argc - cli->operand != 1)
        return cli_usage(cli, "which key? One KID, as jeton issuer status shows it");
    jt_buffer_init(&question, QUESTION_MAX);
    jt_json_open(&writer, &question);
    jt_json_add_text(&writer, "do", "revoke");
    jt_json_add_text(&writer, "kid", cli->argv[cli->operand]);
    jt_json_close(&writer);
    end = question.status == JETON_OK ? ask_and_show(cli, issuer, jt_buffer_bytes(&question), show_revoked)
                                      : cli_fail(cli, NULL, question.status, NULL);
    jt_buffer_done(&question);
    return end;
}

static enum cli_exit revoke_run(struct cli *cli)
{
    struct issuer issuer;
    enum cli_exit end = issuer_options(cli, &issuer) ? revoke(cli, &issuer) : cli->exit;

    issuer_done(&issuer);
    return end;
}

static void show_imported(struct cli *cli, struct jt_json json, struct jt_buffer *out)
{
    (void)cli;
    jt_buffer_add_text(out, "imported: ");
    cli_show(out, issuer_text(json, "imported"));
    jt_buffer_add_text(out, ", ");
    cli_show(out, issuer_text(json, "algorithm"));
    jt_buffer_add_text(out, "\nit is published now and signs ");
    add_moment(out, issuer_number(json, "signs_from"), issuer_number(json, "now"));
    jt_buffer_add_text(out, "; jeton issuer rotate has it sooner\n");
}

static enum cli_exit send_key(struct cli *cli, struct issuer *issuer, struct jeton_bytes key)
{
    struct jt_json_writer writer;
    struct jt_buffer question;
    enum cli_exit end;

    if (!jt_bytes_utf8(key)) {
        cli_say(cli, "a key is imported as PEM or JWK; jeton key convert makes one of DER");
        return CLI_USAGE;
    }
    jt_buffer_init_secret(&question, QUESTION_MAX);
    jt_json_open(&writer, &question);
    jt_json_add_text(&writer, "do", "import");
    jt_json_add_string(&writer, "key", key);
    if (issuer->kid != NULL)
        jt_json_add_text(&writer, "kid", issuer->kid);
    jt_json_close(&writer);
    end = question.status == JETON_OK ? ask_and_show(cli, issuer, jt_buffer_bytes(&question), show_imported)
                                      : cli_fail(cli, NULL, question.status, NULL);
    jt_buffer_done(&question);
    return end;
}

static enum cli_exit import(struct cli *cli, struct issuer *issuer)
{
    enum { KEY_MAX = 64 * 1024 };
    struct jt_buffer key;
    enum cli_exit end;

    if (cli->argc - cli->operand != 1)
        return cli_usage(cli, "which key? One FILE, or - for standard input");
    if (!cli_take_stdin(cli, cli->argv[cli->operand], "the key"))
        return cli->exit;
    end = cli_read(cli, cli->argv[cli->operand], KEY_MAX, &key) ? send_key(cli, issuer, jt_buffer_bytes(&key))
                                                                : cli->exit;
    jt_buffer_done(&key);
    return end;
}

static enum cli_exit import_run(struct cli *cli)
{
    struct issuer issuer;
    enum cli_exit end = issuer_options(cli, &issuer) ? import(cli, &issuer) : cli->exit;

    issuer_done(&issuer);
    return end;
}

static const struct cli_option options[] = {
    ISSUER_OPTIONS,
    CLI_OPTIONS_COMMON,
};

static const struct cli_option import_options[] = {
    {ISSUER_OPTION_KID, "kid", "KID", "what the key is called; its own kid, else its thumbprint, unless given"},
    ISSUER_OPTIONS,
    CLI_OPTIONS_COMMON,
};

#define ENDS "Exit status: 0 done, 2 refused or usage, 3 no jetond answers, 4 internal.\n"

const struct cli_verb cli_issuer_status = {
    "issuer status",   "[options]", "Shows the signing keys of a running jetond in time.", ENDS, options,
    JT_COUNT(options), status_run,
};

const struct cli_verb cli_issuer_rotate = {
    "issuer rotate",
    "[options]",
    "Has the next key sign as soon as everybody can know it, and says when.",
    "A key signs once it was published for signing.publish_ahead. There is no way to hurry that; a key that must not\n"
    "sign any more is revoked.\n" ENDS,
    options,
    JT_COUNT(options),
    rotate_run,
};

const struct cli_verb cli_issuer_revoke = {
    "issuer revoke",
    "[options] KID",
    "Takes a key out of the key set at once, in an emergency, for ever.",
    "When it is the one that signs, the next key signs at once, or a fresh one: the answer says what that means to\n"
    "those who keep an older key set.\n" ENDS,
    options,
    JT_COUNT(options),
    revoke_run,
};

const struct cli_verb cli_issuer_import = {
    "issuer import",
    "[options] FILE|-",
    "Makes a private key (PEM or JWK) a next key of a running jetond.",
    ENDS,
    import_options,
    JT_COUNT(import_options),
    import_run,
};

const struct cli_verb cli_issuer_reseal = {
    "issuer reseal",
    "[options]",
    "Seals the stored keys anew under the seal key that its file holds now.",
    "Put a new seal key in the place of the old one, then run this; until it is done, keep the old one.\n" ENDS,
    options,
    JT_COUNT(options),
    reseal_run,
};
