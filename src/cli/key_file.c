/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys does a file hold? Told by content: a JSON object with "keys" is a set, anything else is left to the
 * readers of the library. */
#include "cli/key_file.h"

#include <stdio.h>

#include "base/json.h"

static bool is_json(struct jeton_bytes text)
{
    const char *at = text.at;
    size_t i = 0;

    while (i < text.len && (at[i] == ' ' || at[i] == '\t' || at[i] == '\r' || at[i] == '\n'))
        i++;
    return i < text.len && at[i] == '{';
}

static enum cli_exit walk_set(struct cli *cli, const char *path, struct jt_json keys, size_t max,
                              key_file_function each, void *context)
{
    struct jt_buffer one;
    char name[160];
    size_t index = 0;
    enum cli_exit end = CLI_GOOD;

    if (jt_json_count(keys) == 0) {
        cli_say(cli, "%s: the set holds no key", jt_escape(jeton_text(path)).text);
        return CLI_USAGE;
    }
    for (struct jt_json_walk walk = jt_json_walk(keys); end == CLI_GOOD && jt_json_next(&walk); index++) {
        jt_buffer_init_secret(&one, max);
        jt_json_write(&one, walk.value);
        snprintf(name, sizeof(name), "%s: key %zu", jt_escape(jeton_text(path)).text, index);
        end = one.status == JETON_OK ? each(cli, context, name, jt_buffer_bytes(&one))
                                     : cli_fail(cli, path, one.status, NULL);
        jt_buffer_done(&one);
    }
    return end;
}

static enum cli_exit walk_json(struct cli *cli, const char *path, struct jeton_bytes text, struct jt_secret *room,
                               key_file_function each, void *context)
{
    struct jt_arena arena;
    struct jt_json json;
    struct jeton_detail detail = {""};
    enum jeton_status status;

    jt_arena_init(&arena, room->at, room->len);
    status = jt_json_read(text, JT_JSON_KEYS, &arena, &json, &detail);
    if (status == JETON_OK && jt_json_type(jt_json_get(json, JT_TEXT("keys"))) == JT_JSON_ARRAY)
        return walk_set(cli, path, jt_json_get(json, JT_TEXT("keys")), 2 * text.len + 1024, each, context);
    if (status == JETON_OUT_OF_MEMORY)
        return cli_fail(cli, path, status, NULL);
    if (status != JETON_OK)
        return cli_fail(cli, path, JETON_KEY_INVALID, &detail);
    return each(cli, context, path, text);
}

enum cli_exit key_file_walk(struct cli *cli, const char *path, key_file_function each, void *context)
{
    struct jt_secret room = {0};
    struct jt_buffer text;
    enum cli_exit end;

    if (!cli_take_stdin(cli, path, "a key file"))
        return cli->exit;
    if (!cli_read(cli, path, CLI_KEYSET_MAX, &text)) {
        end = cli->exit;
    } else if (!is_json(jt_buffer_bytes(&text))) {
        end = each(cli, context, path, jt_buffer_bytes(&text));
    } else if (jt_secret_new(jt_json_arena_size(text.len), &room) != JETON_OK) {
        end = cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    } else {
        end = walk_json(cli, path, jt_buffer_bytes(&text), &room, each, context);
    }
    jt_secret_done(&room);
    jt_buffer_done(&text);
    return end;
}

bool key_file_looks_secret(struct jeton_bytes text)
{
    static const char *const marks[] = {"PRIVATE KEY-----", "\"d\"", "\"k\"", "\"priv\""};

    for (size_t i = 0; i < JT_COUNT(marks); i++) {
        if (text.len > 0 && memmem(text.at, text.len, marks[i], strlen(marks[i])) != NULL)
            return true;
    }
    return false;
}
