/* SPDX-License-Identifier: Apache-2.0 */
/* AssumeRoleWithWebIdentity: may the holder of this token have this role, and with which credentials? The role first,
 * then the token as /verify judges it, then who it is for, then what its claims make of the role's scopes. */
#include <stdio.h>

#include "auth/glob.h"
#include "auth/scope_template.h"
#include "base/time.h"
#include "base/xml_write.h"
#include "server/http/connections.h"
#include "server/sts/sts.h"

enum { DURATION_DEFAULT = 3600, DURATION_LEAST = 900, NAME_LEAST = 2, NAME_MOST = 64, ANSWER_MAX = 65536 };

/* What is asked for, as far as it could be read. */
struct wish {
    const struct jt_sts_role *role;
    struct jeton_bytes token;
    struct jeton_bytes name; /* RoleSessionName; empty: not given */
    int64_t duration;
};

/* --- Reading --- */

/* A parameter of AWS, at most once. False when it was refused. */
static bool take(const struct jt_sts_ask *ask, const char *name, bool needed, struct jeton_bytes *out)
{
    char text[96];
    size_t count = 0;

    *out = jt_form_get(ask->form, name, &count);
    if (count <= 1 && (count == 1 || !needed))
        return true;
    snprintf(text, sizeof text, count == 0 ? "missing %s" : "%s is given twice", name);
    jt_sts_error(ask, 400, "InvalidParameterValue", text);
    return false;
}

/* NAME itself, or arn:PARTITION:SERVICE:REGION:ACCOUNT:role/NAME. */
static struct jeton_bytes role_name(struct jeton_bytes arn)
{
    size_t from = 0;

    if (!jt_bytes_start(arn, JT_TEXT("arn:")))
        return arn;
    for (size_t i = 0; i < 5; i++)
        from = jt_bytes_find(arn, ':', from) + 1;
    struct jeton_bytes rest = jt_bytes_cut(arn, from, arn.len);

    return jt_bytes_start(rest, JT_TEXT("role/")) ? jt_bytes_cut(rest, 5, rest.len) : jeton_bytes(NULL, 0);
}

static bool find_role(const struct jt_sts_ask *ask, struct jeton_bytes arn, const struct jt_sts_role **out)
{
    const struct jt_sts *sts = ask->server->sts;
    struct jeton_bytes name = role_name(arn);
    char text[JT_SHOWN + 64];

    for (size_t i = 0; i < sts->count; i++) {
        if (!jt_bytes_equal(jeton_text(sts->roles[i].config->name.at), name))
            continue;
        *out = &sts->roles[i];
        if (sts->roles[i].trust != NULL)
            return true;
        jt_sts_not_there(ask);
        return false;
    }
    snprintf(text, sizeof text, "role not found: %s", jt_escape(arn).text);
    jt_sts_error(ask, 400, "MalformedPolicyDocument", text);
    return false;
}

/* A number of seconds, held between 900 and what the role allows (S4.18); anything else is refused (S4.29). */
static bool read_duration(const struct jt_sts_ask *ask, int64_t most, int64_t *out)
{
    struct jeton_bytes text;
    uint64_t seconds = DURATION_DEFAULT;

    if (!take(ask, "DurationSeconds", false, &text))
        return false;
    bool negative = text.len > 1 && *(const char *)text.at == '-';

    if (text.len > 0 && !jt_bytes_number(jt_bytes_cut(text, negative, text.len), INT32_MAX, &seconds)) {
        jt_sts_error(ask, 400, "InvalidParameterValue", "DurationSeconds is no number of seconds");
        return false;
    }
    *out = negative ? DURATION_LEAST : (int64_t)seconds;
    if (*out > most)
        *out = most;
    if (*out < DURATION_LEAST)
        *out = DURATION_LEAST;
    return true;
}

static bool is_name_byte(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte != '\0' && strchr("_=,.@-+", byte) != NULL);
}

static bool read_name(const struct jt_sts_ask *ask, struct jeton_bytes *out)
{
    if (!take(ask, "RoleSessionName", false, out))
        return false;
    bool good = out->len == 0 || (out->len >= NAME_LEAST && out->len <= NAME_MOST);

    for (size_t i = 0; i < out->len && good; i++)
        good = is_name_byte(((const unsigned char *)out->at)[i]);
    if (!good)
        jt_sts_error(ask, 400, "InvalidParameterValue",
                     "RoleSessionName must be 2 to 64 letters, digits and _ = , . @ + -");
    return good;
}

/* A policy of the client's own would narrow what it gets: to pass over it would give more than was asked for. */
static bool has_policy(const struct jt_form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        if (jt_bytes_equal(form->at[i].name, JT_TEXT("Policy")) ||
            jt_bytes_start(form->at[i].name, JT_TEXT("PolicyArns")))
            return form->at[i].value.len > 0;
    }
    return false;
}

static bool read_wish(const struct jt_sts_ask *ask, struct wish *out)
{
    struct jeton_bytes arn;

    if (!take(ask, "RoleArn", true, &arn) || !take(ask, "WebIdentityToken", true, &out->token) ||
        !find_role(ask, arn, &out->role) || !read_duration(ask, out->role->max_session, &out->duration) ||
        !read_name(ask, &out->name))
        return false;
    if (has_policy(ask->form)) {
        jt_sts_error(ask, 400, "MalformedPolicyDocument", "session policies are not supported");
        return false;
    }
    return true;
}

/* --- Judging --- */

static struct jt_issuer *issuer_of(const struct jt_trust_result *result)
{
    return result->issuer != NULL ? result->issuer->context : NULL;
}

/* Keys that are on their way are waited for, once; then the token is judged again. `waits`: it does. */
static enum jeton_status judge(const struct jt_sts_ask *ask, const struct wish *wish, struct jt_trust_result *result,
                               bool *waits, struct jeton_detail *detail)
{
    const struct jt_request *request = ask->request;
    size_t start = request->arena->used;
    enum jeton_status status = jt_trust_judge(wish->role->trust, wish->token, request->now, jt_monotonic_ms(),
                                              request->arena, result, detail);
    struct jt_issuer *issuer = issuer_of(result);
    enum jt_park park = JT_PARK_FULL;

    if (result->outlook == JT_OUTLOOK_PENDING && issuer != NULL) {
        int64_t wait_ms = issuer->wait_ms > JT_STS_WAIT_MS ? issuer->wait_ms : JT_STS_WAIT_MS;

        park = jt_request_park(request, &issuer->told, result->mark, jt_monotonic_ms() + wait_ms);
    }
    *waits = park == JT_PARK_HELD;
    if (park != JT_PARK_PASSED)
        return status;
    jt_trust_leave(result);
    jt_arena_rewind(request->arena, start);
    detail->text[0] = '\0';
    return jt_trust_judge(wish->role->trust, wish->token, request->now, jt_monotonic_ms(), request->arena, result,
                          detail);
}

/* AWS's name for what is wrong with a token (S4.24, S4.26). What the client can mend it is told; the rest is logged. */
static void refuse_token(const struct jt_sts_ask *ask, enum jeton_status status, enum jt_outlook outlook,
                         const struct jeton_detail *detail)
{
    const char *text = detail->text[0] != '\0' ? detail->text : jeton_status_text(status);

    switch (jeton_status_kind(status)) {
    case JETON_KIND_UNAVAILABLE:
        jt_sts_error(ask, 400, "IDPCommunicationError", "the identity provider's keys cannot be had now; try again");
        return;
    case JETON_KIND_REFUSED:
    case JETON_KIND_UNKNOWN:
        if (status == JETON_TOKEN_EXPIRED)
            jt_sts_error(ask, 400, "ExpiredTokenException", text);
        else if (status == JETON_TOKEN_REVOKED)
            jt_sts_error(ask, 403, "IDPRejectedClaim", text);
        else if (outlook == JT_OUTLOOK_PENDING)
            jt_sts_error(ask, 400, "IDPCommunicationError", "the identity provider's keys are on their way; try again");
        else
            jt_sts_error(ask, 400, "InvalidIdentityToken", text);
        return;
    case JETON_KIND_DENIED:
        jt_sts_error(ask, 403, "AccessDenied", text);
        return;
    case JETON_KIND_OK:
    case JETON_KIND_REQUEST:
    case JETON_KIND_CONFIG:
    case JETON_KIND_MISUSED:
    case JETON_KIND_BROKEN:
        break;
    }
    jt_log(&ask->server->log, JT_LOG_ERROR, "a token could not be judged at /.sts", "code", jeton_status_code(status),
           NULL);
    jt_sts_error(ask, 500, "InternalError", "");
}

static bool is_subject(const struct jt_config_role *role, struct jeton_bytes subject)
{
    for (size_t i = 0; i < role->subjects.count; i++) {
        if (jt_glob_matches(jeton_text(role->subjects.at[i].at), subject))
            return true;
    }
    return role->subjects.count == 0;
}

/* --- Giving --- */

static unsigned actions_of(const struct jt_config_list *list)
{
    unsigned actions = 0;

    for (size_t i = 0; i < list->count; i++)
        actions |= strcmp(list->at[i].at, "write") == 0 ? (unsigned)JT_ACTION_WRITE : (unsigned)JT_ACTION_READ;
    return actions;
}

/* No claim says "every bucket", and none says none. */
static JT_CHECKED expand(const struct jt_config_scope *from, struct jt_json claims, struct jt_arena *arena,
                         struct jt_session_scope *out, struct jeton_detail *detail)
{
    struct jeton_bytes bucket = jeton_text(from->bucket.at), any = JT_TEXT(JT_SESSION_ANY_BUCKET);

    JT_TRY(jt_scope_template_expand(bucket, claims, arena, &out->bucket, detail));
    JT_TRY(jt_scope_template_expand(jeton_text(from->prefix.at), claims, arena, &out->prefix, detail));
    if (jt_bytes_equal(out->bucket, any) && !jt_bytes_equal(bucket, any))
        return jt_fail(detail, JETON_CLAIMS_UNMAPPABLE, "a claim cannot stand for every bucket");
    out->actions = actions_of(&from->actions);
    return JETON_OK;
}

static JT_CHECKED make_scopes(const struct jt_config_role *role, struct jt_json claims, struct jt_arena *arena,
                              struct jt_session *session, struct jeton_detail *detail)
{
    const struct jt_config_scope *from = role->scopes.at;
    struct jt_session_scope *scopes = jt_arena_take(arena, (role->scopes.count + 1) * sizeof *scopes);

    if (scopes == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < role->scopes.count; i++)
        JT_TRY(expand(&from[i], claims, arena, &scopes[i], detail));
    session->scopes = scopes;
    session->scope_count = role->scopes.count;
    return JETON_OK;
}

/* The name that the client gave its session, else the subject's letters that may stand in one. */
static struct jeton_bytes session_name(const struct wish *wish, struct jeton_bytes subject, struct jt_arena *arena)
{
    size_t len = subject.len < NAME_MOST ? subject.len : NAME_MOST;
    char *name = jt_arena_take(arena, NAME_MOST);

    if (wish->name.len > 0)
        return wish->name;
    if (name == NULL || len < NAME_LEAST)
        return JT_TEXT("session");
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = ((const unsigned char *)subject.at)[i];

        name[i] = (char)(is_name_byte(byte) ? byte : '_');
    }
    return jeton_bytes(name, len);
}

/* Which of the role's audiences the token is for. */
static struct jeton_bytes audience_of(const struct jt_config_role *role, const struct jt_verified *token)
{
    for (size_t i = 0; i < role->audiences.count; i++) {
        if (jt_verified_has_audience(token, jeton_text(role->audiences.at[i].at)))
            return jeton_text(role->audiences.at[i].at);
    }
    return jeton_bytes("", 0);
}

static void write_credentials(const struct jt_session *session, struct jeton_bytes token, struct jt_buffer *out)
{
    char expires[21];

    jt_time_write(session->expires_at, expires);
    jt_xml_open(out, "Credentials");
    jt_xml_add(out, "AccessKeyId", session->access_key_id);
    jt_xml_add(out, "SecretAccessKey", session->secret);
    jt_xml_add(out, "SessionToken", token);
    jt_xml_add_text(out, "Expiration", expires);
    jt_xml_close(out, "Credentials");
}

static void answer_session(const struct jt_sts_ask *ask, const struct jt_session *session, struct jeton_bytes token,
                           struct jeton_bytes audience)
{
    struct jt_buffer out;

    jt_buffer_init_secret(&out, ANSWER_MAX);
    jt_xml_declare(&out);
    jt_xml_open_in(&out, "AssumeRoleWithWebIdentityResponse", JT_STS_SPACE);
    jt_xml_open(&out, "AssumeRoleWithWebIdentityResult");
    write_credentials(session, token, &out);
    jt_xml_open(&out, "AssumedRoleUser");
    jt_xml_open(&out, "AssumedRoleId");
    jt_sts_write_id(&out, session->role, session->name);
    jt_xml_close(&out, "AssumedRoleId");
    jt_sts_write_arn(&out, session->role, session->name);
    jt_xml_close(&out, "AssumedRoleUser");
    jt_xml_add(&out, "SubjectFromWebIdentityToken", session->subject);
    jt_xml_add(&out, "Audience", audience);
    jt_xml_add(&out, "Provider", session->issuer);
    jt_xml_close(&out, "AssumeRoleWithWebIdentityResult");
    jt_sts_write_metadata(ask, &out);
    jt_xml_close(&out, "AssumeRoleWithWebIdentityResponse");
    ask->answer->status = 200;
    jt_sts_send(ask, &out);
}

static void refuse_session(const struct jt_sts_ask *ask, enum jeton_status status, const struct jeton_detail *detail)
{
    if (status == JETON_CLAIMS_UNMAPPABLE) {
        jt_sts_error(ask, 403, "AccessDenied", detail->text);
        return;
    }
    if (status == JETON_TOKEN_TOO_LARGE) {
        jt_sts_error(ask, 400, "PackedPolicyTooLarge", detail->text);
        return;
    }
    jt_log(&ask->server->log, JT_LOG_ERROR, "a session could not be made", "code", jeton_status_code(status), "detail",
           detail->text, NULL);
    jt_sts_error(ask, 500, "InternalError", "");
}

static void give(const struct jt_sts_ask *ask, const struct wish *wish, const struct jt_verified *verified)
{
    const struct jt_config_role *role = wish->role->config;
    struct jt_arena *arena = ask->request->arena;
    struct jt_session session = {.expires_at = ask->request->now + wish->duration,
                                 .role = jeton_text(role->name.at),
                                 .issuer = jt_verified_issuer(verified),
                                 .subject = jt_verified_subject(verified),
                                 .not_before = role->not_before.value};
    struct jeton_detail detail = {""};
    struct jt_buffer token;
    enum jeton_status status;

    jt_buffer_init_secret(&token, JT_SESSION_TOKEN_MAX);
    session.name = session_name(wish, session.subject, arena);
    status = make_scopes(role, jt_verified_claims(verified), arena, &session, &detail);
    if (status == JETON_OK)
        status = jt_session_make(ask->server->sts->sessions, &session, arena, &token, &detail);
    if (status == JETON_OK)
        answer_session(ask, &session, jt_buffer_bytes(&token), audience_of(role, verified));
    else
        refuse_session(ask, status, &detail);
    jt_session_forget(&session);
    jt_buffer_done(&token);
}

static void count_verdict(const struct jt_sts_ask *ask, const struct jt_trust_result *result, enum jeton_status status)
{
    struct jt_issuer *issuer = issuer_of(result);

    jt_count(issuer != NULL ? &issuer->tally->verdicts[status] : &ask->server->metrics->verdicts[status]);
}

void jt_sts_assume(const struct jt_sts_ask *ask)
{
    struct wish wish = {.role = NULL};
    struct jt_trust_result result;
    struct jeton_detail detail = {""};
    bool waits = false;
    enum jeton_status status;

    if (!read_wish(ask, &wish))
        return;
    status = judge(ask, &wish, &result, &waits, &detail);
    if (!waits) {
        count_verdict(ask, &result, status);
        if (status != JETON_OK)
            refuse_token(ask, status, result.outlook, &detail);
        else if (!is_subject(wish.role->config, jt_verified_subject(result.token)))
            jt_sts_error(ask, 403, "AccessDenied", "this subject may not have the role");
        else
            give(ask, &wish, result.token);
    }
    jt_trust_leave(&result);
}
