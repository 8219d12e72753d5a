/* SPDX-License-Identifier: Apache-2.0 */
/* jeton keys lint: is anything wrong with a key set? Looked at as one looks who fetches it, before others have to. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/key_set.h"

enum level { REMARK, PROBLEM };

struct lint {
    struct cli *cli;
    struct key_set set;
    struct jt_buffer keys, findings; /* what is written of them */
    size_t problems, remarks;
};

#define NO_KEY SIZE_MAX

/* --- What is told. --- */

static void find(struct lint *lint, enum level level, const char *code, size_t key, const char *text)
{
    struct jt_buffer *out = &lint->findings;
    struct jt_json_writer writer;

    if (level == PROBLEM)
        lint->problems++;
    else
        lint->remarks++;
    if (!lint->cli->json) {
        cli_paint(lint->cli, out, level == PROBLEM ? CLI_RED : CLI_YELLOW, level == PROBLEM ? "problem" : "remark");
        if (key != NO_KEY)
            jt_buffer_add_format(out, "  key %zu", key);
        jt_buffer_add_format(out, "  %s: ", code);
        cli_show(out, jeton_text(text));
        jt_buffer_add_byte(out, '\n');
        return;
    }
    if (out->len > 0)
        jt_buffer_add_byte(out, ',');
    jt_json_open(&writer, out);
    jt_json_add_text(&writer, "level", level == PROBLEM ? "problem" : "remark");
    jt_json_add_text(&writer, "code", code);
    if (key != NO_KEY)
        jt_json_add_number(&writer, "index", (int64_t)key);
    jt_json_add_text(&writer, "detail", text);
    jt_json_close(&writer);
}

static void tell_key(struct lint *lint, const struct set_key *key)
{
    struct jt_buffer *out = &lint->keys;
    struct jt_json_writer writer;

    if (!lint->cli->json) {
        key_set_show(out, key);
        jt_buffer_add_byte(out, '\n');
        return;
    }
    if (out->len > 0)
        jt_buffer_add_byte(out, ',');
    jt_json_open(&writer, out);
    jt_json_add_number(&writer, "index", (int64_t)key->index);
    if (key->kid.len > 0)
        jt_json_add_string(&writer, "kid", key->kid);
    if (key->type[0] != '\0')
        jt_json_add_text(&writer, "type", key->type);
    if (key->curve[0] != '\0')
        jt_json_add_text(&writer, "curve", key->curve);
    if (key->alg[0] != '\0')
        jt_json_add_text(&writer, "alg", key->alg);
    if (key->bits != 0)
        jt_json_add_number(&writer, "bits", key->bits);
    if (key->thumbprint[0] != '\0')
        jt_json_add_text(&writer, "thumbprint", key->thumbprint);
    jt_json_add_boolean(&writer, "used", key->skip == JETON_SKIP_NONE);
    if (key->skip != JETON_SKIP_NONE)
        jt_json_add_text(&writer, "skip", jeton_skip_name(key->skip));
    jt_json_close(&writer);
}

/* --- What is looked for. --- */

/* Names alone, never values. */
static void look_for_private(struct lint *lint, const struct set_key *key)
{
    static const char *const members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"};
    char text[128] = "private members leak:";

    if (jt_json_type(key->json) != JT_JSON_OBJECT)
        return;
    for (size_t i = 0; i < JT_COUNT(members); i++) {
        size_t len = strlen(text);

        if (jt_json_type(jt_json_get(key->json, jeton_text(members[i]))) != JT_JSON_NONE)
            snprintf(text + len, sizeof(text) - len, " %s", members[i]);
    }
    if (text[strlen(text) - 1] != ':')
        find(lint, PROBLEM, "private_member", key->index, text);
}

static bool is_one_of(struct jeton_bytes text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (jt_bytes_equal(text, jeton_text(names[i])))
            return true;
    }
    return false;
}

static void look_at_curve(struct lint *lint, const struct set_key *key)
{
    static const char *const ec[] = {"P-256", "P-384", "P-521", "secp256k1"};
    static const char *const okp[] = {"Ed25519", "Ed448", "X25519", "X448"};
    struct jeton_bytes type = jt_json_string(jt_json_get(key->json, JT_TEXT("kty")));
    struct jeton_bytes curve = jt_json_string(jt_json_get(key->json, JT_TEXT("crv")));

    if (jt_bytes_equal(type, JT_TEXT("EC")) && is_one_of(curve, okp, JT_COUNT(okp)))
        find(lint, PROBLEM, "curve_mismatch", key->index, "kty EC with a curve of OKP");
    if (jt_bytes_equal(type, JT_TEXT("OKP")) && is_one_of(curve, ec, JT_COUNT(ec)))
        find(lint, PROBLEM, "curve_mismatch", key->index, "kty OKP with a curve of EC");
}

/* A key for encryption in a set of both is no fault; everything else that is skipped is one. */
static void look_at_key(struct lint *lint, const struct set_key *key)
{
    bool elsewhere = key->skip == JETON_SKIP_USE || key->skip == JETON_SKIP_KEY_OPS;

    if (key->skip != JETON_SKIP_NONE)
        find(lint, elsewhere ? REMARK : PROBLEM, jeton_skip_name(key->skip), key->index, key->text);
    look_for_private(lint, key);
    look_at_curve(lint, key);
    if (key->skip != JETON_SKIP_NONE)
        return;
    if (jt_json_type(jt_json_get(key->json, JT_TEXT("alg"))) == JT_JSON_NONE)
        find(lint, REMARK, "alg_missing", key->index, "no alg: each verifier decides which one it takes");
    if (jt_json_type(jt_json_get(key->json, JT_TEXT("kid"))) == JT_JSON_NONE)
        find(lint, REMARK, "kid_missing", key->index, "no kid: it only fits tokens without one");
}

/* Keys that can be used are at most 256, so that comparing all with all is cheap. */
static void look_for_twins(struct lint *lint, const struct set_key *key)
{
    char text[96];

    for (size_t i = 0; i < lint->set.count && lint->set.keys[i].index < key->index; i++) {
        const struct set_key *other = &lint->set.keys[i];
        bool same = strcmp(other->thumbprint, key->thumbprint) == 0;

        if (other->skip != JETON_SKIP_NONE)
            continue;
        if (!same && key->kid.len > 0 && jt_bytes_equal(other->kid, key->kid)) {
            snprintf(text, sizeof(text), "the kid of key %zu, and another key", other->index);
            find(lint, PROBLEM, "kid_duplicate", key->index, text);
        }
        if (same) {
            snprintf(text, sizeof(text), "the same key as key %zu", other->index);
            find(lint, PROBLEM, "key_duplicate", key->index, text);
        }
    }
}

static void look(struct lint *lint)
{
    if (jt_json_type(lint->set.elements) == JT_JSON_NONE)
        find(lint, PROBLEM, "keys_missing", NO_KEY, "no member \"keys\"");
    for (size_t i = 0; i < lint->set.count; i++) {
        tell_key(lint, &lint->set.keys[i]);
        look_at_key(lint, &lint->set.keys[i]);
        if (lint->set.keys[i].skip == JETON_SKIP_NONE)
            look_for_twins(lint, &lint->set.keys[i]);
    }
    if (lint->set.used == 0)
        find(lint, PROBLEM, "no_usable_key", NO_KEY, "no key can be used: every refresh would be rejected");
}

/* --- The whole. --- */

static void compose_json(struct lint *lint, struct jt_buffer *out)
{
    struct jt_json_writer writer;

    jt_json_open(&writer, out);
    jt_json_add_boolean(&writer, "good", lint->problems == 0);
    jt_json_add_text(&writer, "source", lint->set.source);
    jt_json_add_number(&writer, "usable", (int64_t)lint->set.used);
    jt_json_add_number(&writer, "skipped", (int64_t)(lint->set.count - lint->set.used));
    jt_json_add_number(&writer, "problems", (int64_t)lint->problems);
    jt_json_add_number(&writer, "remarks", (int64_t)lint->remarks);
    jt_json_name(&writer, "keys");
    jt_buffer_add_byte(out, '[');
    jt_buffer_add(out, jt_buffer_bytes(&lint->keys));
    jt_buffer_add_byte(out, ']');
    jt_json_name(&writer, "findings");
    jt_buffer_add_byte(out, '[');
    jt_buffer_add(out, jt_buffer_bytes(&lint->findings));
    jt_buffer_add_byte(out, ']');
    jt_json_close(&writer);
    jt_buffer_add_byte(out, '\n');
}

static void compose_text(struct lint *lint, struct jt_buffer *out)
{
    jt_buffer_add(out, jt_buffer_bytes(&lint->keys));
    jt_buffer_add(out, jt_buffer_bytes(&lint->findings));
    jt_buffer_add_format(out, "%zu of %zu keys can be used; ", lint->set.used, lint->set.count);
    if (lint->problems == 0)
        cli_paint(lint->cli, out, CLI_GREEN, "nothing is wrong");
    else
        jt_buffer_add_format(out, "%zu problem%s", lint->problems, lint->problems == 1 ? "" : "s");
    jt_buffer_add_format(out, ", %zu remark%s\n", lint->remarks, lint->remarks == 1 ? "" : "s");
}

static enum cli_exit report(struct lint *lint)
{
    struct jt_buffer out;
    enum cli_exit end;

    jt_buffer_init(&out, 16 * CLI_KEYSET_MAX);
    if (lint->keys.status != JETON_OK || lint->findings.status != JETON_OK)
        end = cli_fail(lint->cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    else {
        if (lint->cli->json)
            compose_json(lint, &out);
        else
            compose_text(lint, &out);
        end = cli_worse(cli_put(lint->cli, &out), lint->problems > 0 ? CLI_REFUSED : CLI_GOOD);
    }
    jt_buffer_done(&out);
    return end;
}

static enum cli_exit lint_run(struct cli *cli)
{
    struct lint lint = {.cli = cli};
    const char *value = NULL;
    enum cli_exit end;

    if (cli_next(cli, &value) != 0)
        return cli->exit;
    if (cli->argc - cli->operand != 1)
        return cli_usage(cli, "one URL or FILE is looked at");
    jt_buffer_init(&lint.keys, 4 * CLI_KEYSET_MAX);
    jt_buffer_init(&lint.findings, 4 * CLI_KEYSET_MAX);
    end = key_set_open(cli, cli->argv[cli->operand], &lint.set);
    if (end == CLI_GOOD) {
        look(&lint);
        end = report(&lint);
    }
    key_set_close(&lint.set);
    jt_buffer_done(&lint.keys);
    jt_buffer_done(&lint.findings);
    return end;
}

static const struct cli_option options[] = {
    CLI_OPTIONS_REMOTE,
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_keys_lint = {
    "keys lint",
    "[options] URL|FILE|-",
    "Tells what a key set holds, which keys are skipped and why, and what is wrong.",
    "A file is looked at as if it were fetched: private and symmetric keys are faults in it.\n"
    "Exit status: 0 nothing is wrong, 1 something is, 3 not fetched, 2 usage or no key set, 4 internal.\n",
    options,
    JT_COUNT(options),
    lint_run,
};
