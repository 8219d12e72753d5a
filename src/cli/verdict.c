/* SPDX-License-Identifier: Apache-2.0 */
/* How is a verdict shown? One JSON line for programs, a few lines for people. Claims only of a token that passed. */
#include "base/json.h"
#include "base/time.h"
#include "cli/verify.h"

/* --- For programs. --- */

static enum jeton_status add_document(struct jt_json_writer *writer, const char *name, struct jeton_bytes text,
                                      struct jt_json_limits limits, struct jt_arena *scratch)
{
    struct jt_json json;

    /* Read once more so that it stands in one line; it was strict JSON when it was judged. */
    JT_TRY(jt_json_read(text, limits, scratch, &json, NULL));
    jt_json_name(writer, name);
    jt_json_write(writer->buffer, json);
    return JETON_OK;
}

static void add_claim(struct jt_json_writer *writer, const char *name, const struct jeton_verified *token,
                      const char *claim)
{
    struct jeton_bytes value;

    if (jeton_verified_string(token, jeton_text(claim), &value))
        jt_json_add_string(writer, name, value);
}

static enum jeton_status add_verified(struct jt_json_writer *writer, const struct jeton_verified *token,
                                      struct jt_arena *scratch)
{
    struct jeton_bytes kid = jeton_verified_kid(token);
    const char *thumbprint = jeton_verified_thumbprint(token);
    int64_t expires_at;

    jt_json_add_string(writer, "alg", jeton_verified_algorithm(token));
    if (kid.at != NULL)
        jt_json_add_string(writer, "kid", kid);
    if (thumbprint[0] != '\0') /* a secret has none */
        jt_json_add_text(writer, "thumbprint", thumbprint);
    add_claim(writer, "issuer", token, "iss");
    add_claim(writer, "subject", token, "sub");
    if (jeton_verified_time(token, JETON_TIME_EXPIRES, &expires_at))
        jt_json_add_number(writer, "expires_at", expires_at);
    JT_TRY(add_document(writer, "header", jeton_verified_header(token), JT_JSON_HEADER, scratch));
    return add_document(writer, "claims", jeton_verified_payload(token), JT_JSON_PAYLOAD, scratch);
}

static const char *detail_of(const struct shown_verdict *verdict)
{
    return verdict->detail.text[0] != '\0' ? verdict->detail.text : jeton_status_text(verdict->status);
}

static void add_refusal(struct jt_json_writer *writer, const struct shown_verdict *verdict)
{
    jt_json_add_text(writer, "error", jeton_status_code(verdict->status));
    jt_json_add_text(writer, "kind", jeton_kind_name(jeton_status_kind(verdict->status)));
    jt_json_add_text(writer, "detail", detail_of(verdict));
    jt_json_add_text(writer, "rule", jeton_status_rule(verdict->status));
    /* The keys of a run are read or fetched once: no later answer will differ. */
    if (verdict->status == JETON_KEY_UNKNOWN)
        jt_json_add_text(writer, "refresh", "final");
}

static const char *result_name(enum jeton_check_result result)
{
    switch (result) {
    case JETON_CHECK_PASSED:
        return "passed";
    case JETON_CHECK_FAILED:
        return "failed";
    case JETON_CHECK_SKIPPED:
        return "skipped";
    case JETON_CHECK_NOT_REACHED:
        break;
    }
    return "not_reached";
}

static void add_checks(struct jt_json_writer *writer, const struct jeton_verdict *explained)
{
    struct jt_buffer *out = writer->buffer;

    jt_json_name(writer, "checks");
    jt_buffer_add_byte(out, '[');
    for (size_t i = 0; i < explained->check_count; i++) {
        const struct jeton_check *check = &explained->checks[i];
        struct jt_json_writer one;

        if (i > 0)
            jt_buffer_add_byte(out, ',');
        jt_json_open(&one, out);
        jt_json_add_text(&one, "check", check->name);
        jt_json_add_text(&one, "result", result_name(check->result));
        if (check->status != JETON_OK)
            jt_json_add_text(&one, "error", jeton_status_code(check->status));
        if (check->detail.text[0] != '\0')
            jt_json_add_text(&one, "detail", check->detail.text);
        jt_json_close(&one);
    }
    jt_buffer_add_byte(out, ']');
    if (explained->key_reason.text[0] != '\0')
        jt_json_add_text(writer, "key_reason", explained->key_reason.text);
}

static enum jeton_status write_json(const struct shown_verdict *verdict, struct jt_arena *scratch,
                                    struct jt_buffer *out)
{
    struct jt_json_writer writer;
    enum jeton_status status = JETON_OK;

    jt_json_open(&writer, out);
    jt_json_add_boolean(&writer, "valid", verdict->status == JETON_OK);
    if (verdict->status == JETON_OK)
        status = add_verified(&writer, verdict->verified, scratch);
    else
        add_refusal(&writer, verdict);
    if (verdict->explained != NULL)
        add_checks(&writer, verdict->explained);
    jt_json_close(&writer);
    jt_buffer_add_byte(out, '\n');
    return status;
}

/* --- For people. --- */

static void show_field(struct jt_buffer *out, const char *name, struct jeton_bytes value)
{
    jt_buffer_add_format(out, "  %-10s ", name);
    cli_show(out, value);
    jt_buffer_add_byte(out, '\n');
}

static enum jeton_status show_document(struct jt_buffer *out, const char *name, struct jeton_bytes text,
                                       struct jt_json_limits limits, struct jt_arena *scratch)
{
    struct jt_json json;
    struct jt_buffer line;

    JT_TRY(jt_json_read(text, limits, scratch, &json, NULL));
    jt_buffer_init(&line, out->max);
    jt_json_write(&line, json);
    show_field(out, name, jt_buffer_bytes(&line));
    jt_buffer_done(&line);
    return JETON_OK;
}

static void show_expiry(struct jt_buffer *out, int64_t expires_at, int64_t now)
{
    char at[21], span[32];

    jt_time_write(expires_at, at);
    jt_span_write(expires_at > now ? expires_at - now : now - expires_at, span);
    jt_buffer_add_format(out, "  %-10s %s (%s%s%s)\n", "expires", at, expires_at > now ? "in " : "", span,
                         expires_at > now ? "" : " ago, within the leeway");
}

static enum jeton_status show_verified(struct cli *cli, const struct jeton_verified *token, int64_t now,
                                       struct jt_arena *scratch, struct jt_buffer *out)
{
    int64_t expires_at;

    cli_paint(cli, out, CLI_GREEN, "valid");
    jt_buffer_add_byte(out, '\n');
    show_field(out, "algorithm", jeton_verified_algorithm(token));
    if (jeton_verified_kid(token).at != NULL)
        show_field(out, "key", jeton_verified_kid(token));
    if (jeton_verified_thumbprint(token)[0] != '\0')
        show_field(out, "thumbprint", jeton_text(jeton_verified_thumbprint(token)));
    if (jeton_verified_issuer(token).len > 0)
        show_field(out, "issuer", jeton_verified_issuer(token));
    if (jeton_verified_subject(token).len > 0)
        show_field(out, "subject", jeton_verified_subject(token));
    if (jeton_verified_time(token, JETON_TIME_EXPIRES, &expires_at))
        show_expiry(out, expires_at, now);
    JT_TRY(show_document(out, "header", jeton_verified_header(token), JT_JSON_HEADER, scratch));
    return show_document(out, "claims", jeton_verified_payload(token), JT_JSON_PAYLOAD, scratch);
}

static void show_refusal(struct cli *cli, const struct shown_verdict *verdict, struct jt_buffer *out)
{
    const char *rule = jeton_status_rule(verdict->status);

    cli_paint(cli, out, CLI_RED, jeton_status_code(verdict->status));
    jt_buffer_add_text(out, ": ");
    cli_show(out, jeton_text(detail_of(verdict)));
    if (rule[0] != '\0')
        jt_buffer_add_format(out, " (%s, %s)", jeton_kind_name(jeton_status_kind(verdict->status)), rule);
    jt_buffer_add_byte(out, '\n');
}

static void show_checks(struct cli *cli, const struct jeton_verdict *explained, struct jt_buffer *out)
{
    static const enum cli_colour colours[] = {[JETON_CHECK_PASSED] = CLI_GREEN,
                                              [JETON_CHECK_FAILED] = CLI_RED,
                                              [JETON_CHECK_SKIPPED] = CLI_FAINT,
                                              [JETON_CHECK_NOT_REACHED] = CLI_FAINT};

    for (size_t i = 0; i < explained->check_count; i++) {
        const struct jeton_check *check = &explained->checks[i];

        jt_buffer_add_format(out, "  %-18s ", check->name);
        cli_paint(cli, out, colours[check->result], result_name(check->result));
        if (check->detail.text[0] != '\0') {
            jt_buffer_add_text(out, ": ");
            cli_show(out, jeton_text(check->detail.text));
        }
        jt_buffer_add_byte(out, '\n');
    }
    if (explained->key_reason.text[0] != '\0')
        show_field(out, "why this key:", jeton_text(explained->key_reason.text));
}

enum jeton_status verdict_write(struct cli *cli, const struct shown_verdict *verdict, int64_t now,
                                struct jt_arena *scratch, struct jt_buffer *out)
{
    enum jeton_status status = JETON_OK;

    jt_arena_rewind(scratch, 0);
    if (cli->json)
        return write_json(verdict, scratch, out);
    if (verdict->status == JETON_OK)
        status = show_verified(cli, verdict->verified, now, scratch, out);
    else
        show_refusal(cli, verdict, out);
    if (verdict->explained != NULL)
        show_checks(cli, verdict->explained, out);
    return status;
}
