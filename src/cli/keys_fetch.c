/* SPDX-License-Identifier: Apache-2.0 */
/* jeton keys fetch: the keys that an address publishes, as far as they can be used here. */
#include <stdlib.h>

#include "cli/key_set.h"

/* The key, written from what was understood of it, not from what was sent. */
static enum jeton_status read_key(const struct set_key *key, size_t max, struct jeton_public_key **out)
{
    struct jt_buffer text;
    enum jeton_status status;

    jt_buffer_init(&text, max);
    jt_json_write(&text, key->json);
    status = text.status;
    if (status == JETON_OK)
        status = jeton_public_key_read(jt_buffer_bytes(&text), out, NULL);
    jt_buffer_done(&text);
    return status;
}

static enum cli_exit write_set(struct cli *cli, const struct key_set *set)
{
    struct jeton_public_key **keys = calloc(set->used + 1, sizeof(struct jeton_public_key *));
    struct jeton_output text = JETON_OUTPUT_INIT;
    enum jeton_status status = keys != NULL ? JETON_OK : JETON_OUT_OF_MEMORY;
    size_t count = 0;
    enum cli_exit end;

    for (size_t i = 0; i < set->count && status == JETON_OK; i++) {
        if (set->keys[i].skip == JETON_SKIP_NONE)
            status = read_key(&set->keys[i], 2 * set->text.len + 1024, &keys[count++]);
    }
    if (status == JETON_OK)
        status = jeton_public_keys_write((const struct jeton_public_key *const *)keys, count, &text);
    end = status == JETON_OK ? cli_deliver(cli, NULL, 0, jeton_bytes(text.at, text.len), true)
                             : cli_fail(cli, set->source, status, NULL);
    jeton_output_done(&text);
    for (size_t i = 0; keys != NULL && i < count; i++)
        jeton_public_key_free(keys[i]);
    free(keys);
    return end;
}

static enum cli_exit show_set(struct cli *cli, const struct key_set *set)
{
    struct jt_buffer out;
    enum cli_exit end;

    jt_buffer_init(&out, 4 * CLI_KEYSET_MAX);
    for (size_t i = 0; i < set->count; i++) {
        key_set_show(&out, &set->keys[i]);
        if (set->keys[i].skip != JETON_SKIP_NONE) {
            jt_buffer_add_text(&out, "  ");
            cli_paint(cli, &out, CLI_YELLOW, "not used: ");
            jt_buffer_add_text(&out, jeton_skip_name(set->keys[i].skip));
        }
        jt_buffer_add_byte(&out, '\n');
    }
    jt_buffer_add_format(&out, "%zu of %zu keys can be used\n", set->used, set->count);
    end = cli_put(cli, &out);
    jt_buffer_done(&out);
    return end;
}

static enum cli_exit fetch_run(struct cli *cli)
{
    const char *value = NULL;
    struct key_set set;
    enum cli_exit end;

    if (cli_next(cli, &value) != 0)
        return cli->exit;
    if (cli->argc - cli->operand != 1)
        return cli_usage(cli, "one URL is fetched");
    if (!cli_is_url(cli->argv[cli->operand]))
        return cli_usage(cli, "\"%s\" is no URL", jt_escape(jeton_text(cli->argv[cli->operand])).text);
    end = key_set_open(cli, cli->argv[cli->operand], &set);
    if (end == CLI_GOOD && set.used == 0) {
        cli_say(cli, "%s: no key of the set can be used (%zu are there)", jt_escape(jeton_text(set.source)).text,
                set.count);
        end = CLI_UNAVAILABLE;
    } else if (end == CLI_GOOD) {
        end = cli->json ? write_set(cli, &set) : show_set(cli, &set);
    }
    key_set_close(&set);
    return end;
}

static const struct cli_option options[] = {
    CLI_OPTIONS_REMOTE,
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_keys_fetch = {
    "keys fetch",
    "[options] URL",
    "Fetches a key set once and prints the public keys in it that can be used.",
    "Text is a table, JSON a key set in one line.\n"
    "Exit status: 0 fetched, 3 not fetched or no usable key, 2 usage or a refused address, 4 internal.\n",
    options,
    JT_COUNT(options),
    fetch_run,
};
