/* SPDX-License-Identifier: Apache-2.0 */
/* jeton inspect: what does a token say, without believing a word of it? */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/json.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/lines.h"

enum { AT = 1, MAX_SIZE };

#define MAX_SIZE_MAX (1024 * 1024)

struct inspect {
    struct cli *cli;
    int64_t max_size;
    int64_t at;
    bool at_given;
    void *memory;
    struct jt_arena arena, scratch;
    struct jt_buffer out;
};

/* What was read of one token. */
struct contents {
    struct jeton_bytes payload;
    struct jt_json header, claims; /* claims: JT_JSON_NONE when the payload is no JSON object */
};

static const struct time_claim {
    const char *name;
    const char *past, *future; /* "expired … ago", "expires in …" */
} time_claims[] = {
    {"exp", "expired %s ago", "expires in %s"},
    {"nbf", "valid for %s already", "not valid for another %s"},
    {"iat", "issued %s ago", "issued %s in the future"},
};

/* "2026-11-24T03:01:03Z", and in words; false when the claim is not there or no time. */
static bool time_read(struct jt_json claims, const struct time_claim *claim, int64_t now, char at[21], char words[80])
{
    struct jt_json value = jt_json_get(claims, jeton_text(claim->name));
    struct jt_numeric_date date;
    char span[32];

    if (jt_json_type(value) != JT_JSON_NUMBER || !jt_numeric_date_read(jt_json_number(value), &date))
        return false;
    jt_time_write(date.seconds, at);
    jt_span_write(date.seconds > now ? date.seconds - now : now - date.seconds, span);
    /* The formats are the table's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(words, 80, date.seconds > now ? claim->future : claim->past, span);
#pragma GCC diagnostic pop
    return true;
}

/* --- For programs. --- */

static void write_json(struct inspect *inspect, const struct contents *contents, int64_t now)
{
    struct jt_buffer *out = &inspect->out;
    struct jt_json_writer writer, times, one;
    char at[21], words[80];

    jt_json_open(&writer, out);
    jt_json_add_boolean(&writer, "verified", false);
    jt_json_add_text(&writer, "note", "NOT VERIFIED");
    jt_json_name(&writer, "header");
    jt_json_write(out, contents->header);
    if (jt_json_type(contents->claims) == JT_JSON_OBJECT) {
        jt_json_name(&writer, "claims");
        jt_json_write(out, contents->claims);
        jt_json_name(&writer, "times");
        jt_json_open(&times, out);
        for (size_t i = 0; i < JT_COUNT(time_claims); i++) {
            if (!time_read(contents->claims, &time_claims[i], now, at, words))
                continue;
            jt_json_name(&times, time_claims[i].name);
            jt_json_open(&one, out);
            jt_json_add_text(&one, "at", at);
            jt_json_add_text(&one, "words", words);
            jt_json_close(&one);
        }
        jt_json_close(&times);
    } else {
        unsigned char *room;

        /* No JSON object: the bytes as they are, in base64url. */
        jt_json_name(&writer, "payload");
        jt_buffer_add_byte(out, '"');
        room = jt_buffer_grow(out, jt_base64url_encoded(contents->payload.len));
        if (room != NULL)
            jt_base64url_encode(contents->payload, (char *)room);
        jt_buffer_add_byte(out, '"');
    }
    jt_json_close(&writer);
    jt_buffer_add_byte(out, '\n');
}

/* --- For people. --- */

static void show_members(struct inspect *inspect, const char *title, struct jt_json object)
{
    struct jt_buffer *out = &inspect->out;
    struct jt_buffer value;

    jt_buffer_init(&value, out->max);
    jt_buffer_add_format(out, "%s\n", title);
    for (struct jt_json_walk walk = jt_json_walk(object); jt_json_next(&walk);) {
        value.len = 0;
        jt_json_write(&value, walk.value);
        jt_buffer_add_text(out, "  ");
        cli_show(out, walk.name);
        jt_buffer_add_text(out, ": ");
        cli_show(out, jt_buffer_bytes(&value));
        jt_buffer_add_byte(out, '\n');
    }
    jt_buffer_done(&value);
}

static void write_text(struct inspect *inspect, const struct contents *contents, int64_t now)
{
    struct jt_buffer *out = &inspect->out;
    char at[21], words[80];
    bool any = false;

    cli_paint(inspect->cli, out, CLI_YELLOW, "NOT VERIFIED");
    jt_buffer_add_text(out, ": anybody could have written this\n");
    show_members(inspect, "header", contents->header);
    if (jt_json_type(contents->claims) != JT_JSON_OBJECT) {
        jt_buffer_add_format(out, "payload of %zu bytes, no JSON object\n  ", contents->payload.len);
        cli_show(out, contents->payload);
        jt_buffer_add_byte(out, '\n');
        return;
    }
    show_members(inspect, "claims", contents->claims);
    for (size_t i = 0; i < JT_COUNT(time_claims); i++) {
        if (!time_read(contents->claims, &time_claims[i], now, at, words))
            continue;
        if (!any)
            jt_buffer_add_text(out, "times\n");
        any = true;
        jt_buffer_add_format(out, "  %s: %s, %s\n", time_claims[i].name, at, words);
    }
}

/* --- Reading. --- */

static enum jeton_status read_contents(struct inspect *inspect, struct jeton_bytes token, struct contents *out,
                                       struct jeton_detail *detail)
{
    struct jeton_bytes header;

    memset(out, 0, sizeof(*out));
    JT_TRY(jeton_inspect(token, (size_t)inspect->max_size, inspect->arena.at, inspect->arena.len, &header,
                         &out->payload, NULL, detail));
    jt_arena_rewind(&inspect->scratch, 0);
    JT_TRY(jt_json_read(header, JT_JSON_HEADER, &inspect->scratch, &out->header, detail));
    if (jt_json_read(out->payload, JT_JSON_PAYLOAD, &inspect->scratch, &out->claims, NULL) != JETON_OK)
        out->claims = (struct jt_json){NULL};
    return JETON_OK;
}

static void write_failure(struct inspect *inspect, enum jeton_status status, const struct jeton_detail *detail)
{
    const char *text = detail->text[0] != '\0' ? detail->text : jeton_status_text(status);
    struct jt_json_writer writer;

    if (!inspect->cli->json) {
        cli_paint(inspect->cli, &inspect->out, CLI_RED, jeton_status_code(status));
        jt_buffer_add_text(&inspect->out, ": ");
        cli_show(&inspect->out, jeton_text(text));
        jt_buffer_add_byte(&inspect->out, '\n');
        return;
    }
    jt_json_open(&writer, &inspect->out);
    jt_json_add_boolean(&writer, "verified", false);
    jt_json_add_text(&writer, "error", jeton_status_code(status));
    jt_json_add_text(&writer, "kind", jeton_kind_name(jeton_status_kind(status)));
    jt_json_add_text(&writer, "detail", text);
    jt_json_add_text(&writer, "rule", jeton_status_rule(status));
    jt_json_close(&writer);
    jt_buffer_add_byte(&inspect->out, '\n');
}

/* `len` is the token's length where `token` is only its start. */
static enum cli_exit show_token(void *context, struct jeton_bytes token, uint64_t len)
{
    struct inspect *inspect = context;
    int64_t now = inspect->at_given ? inspect->at : (int64_t)time(NULL);
    struct jeton_detail detail = {""};
    struct contents contents;
    enum jeton_status status = read_contents(inspect, token, &contents, &detail);

    if (status == JETON_TOKEN_TOO_LARGE && len > token.len)
        (void)jt_fail(&detail, status, "%llu bytes; at most %lld are allowed", (unsigned long long)len,
                      (long long)inspect->max_size);
    if (status != JETON_OK)
        write_failure(inspect, status, &detail);
    else if (inspect->cli->json)
        write_json(inspect, &contents, now);
    else
        write_text(inspect, &contents, now);
    return cli_worse(cli_put(inspect->cli, &inspect->out), cli_exit_of(status));
}

static enum cli_exit run(struct inspect *inspect)
{
    struct cli *cli = inspect->cli;
    int operands = cli->argc - cli->operand;
    const char *token = operands > 0 ? cli->argv[cli->operand] : "-";
    size_t reading = jeton_verify_arena_size((size_t)inspect->max_size);
    size_t showing = 2 * jt_json_arena_size((size_t)inspect->max_size) + 64;

    if (operands > 1)
        return cli_usage(cli, "one token as argument, or many on standard input");
    inspect->memory = malloc(reading + showing);
    if (inspect->memory == NULL)
        return cli_fail(cli, NULL, JETON_OUT_OF_MEMORY, NULL);
    jt_arena_init(&inspect->arena, inspect->memory, reading);
    jt_arena_init(&inspect->scratch, (unsigned char *)inspect->memory + reading, showing);
    if (strcmp(token, "-") == 0)
        return cli_each_line(cli, (size_t)inspect->max_size, show_token, inspect);
    return show_token(inspect, jeton_text(token), strlen(token));
}

static enum cli_exit inspect_run(struct cli *cli)
{
    struct inspect inspect = {.cli = cli, .max_size = 16384};
    const char *value = NULL;
    bool good = true;
    enum cli_exit end;
    int id = 0;

    while (good && (id = cli_next(cli, &value)) > 0) {
        if (id == AT)
            good = inspect.at_given = cli_number(cli, "at", value, 0, INT64_C(1) << 53, &inspect.at);
        else
            good = cli_number(cli, "max-size", value, 1, MAX_SIZE_MAX, &inspect.max_size);
    }
    jt_buffer_init(&inspect.out, 16 * MAX_SIZE_MAX);
    end = good && id == 0 ? run(&inspect) : cli->exit;
    jt_buffer_done(&inspect.out);
    free(inspect.memory);
    return end;
}

static const struct cli_option options[] = {
    {AT, "at", "TIME", "tell times as seen from this UNIX time"},
    {MAX_SIZE, "max-size", "BYTES", "of a token, 1 to 1048576; default 16384"},
    CLI_OPTIONS_COMMON,
};

const struct cli_verb cli_inspect = {
    "inspect",
    "[options] [TOKEN|-]",
    "Shows header and claims of a token, or of one per line of standard input, NOT VERIFIED.",
    "Exit status: 0 it could be read, 1 it is no token, 2 usage, 4 internal.\n",
    options,
    JT_COUNT(options),
    inspect_run,
};
