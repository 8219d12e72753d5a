/* SPDX-License-Identifier: Apache-2.0 */
/* ANY /verify and /verify/NAME: is this caller's token good? The question a proxy asks before it lets a request through
 * (jetond(1)). Everything happens in the thread's arena; no heap, no lock. */
#include <stdio.h>

#include "server/http/connections.h"
#include "server/routes.h"
#include "server/verify/identity.h"
#include "server/verify/mapping.h"
#include "server/verify/opaque.h"
#include "server/verify/verify_unchecked.h"

/* Where the claims as a whole go, whatever stands beside it in the configuration. */
#define CLAIMS_HEADER "X-Jeton-Claims"

static const struct jt_named_policy *policy_of(const struct jt_server *server, struct jeton_bytes path)
{
    struct jeton_bytes name = jt_bytes_cut(path, strlen("/verify/"), path.len);

    if (path.len == strlen("/verify"))
        return &server->policies[0];
    for (size_t i = 1; i < server->policy_count; i++) {
        if (jt_bytes_equal(server->policies[i].name, name))
            return &server->policies[i];
    }
    return NULL;
}

/* The one token of the request: "Authorization: Bearer", or the configured header. Two are no proper question
 * (RFC 6750 §2). */
static JT_CHECKED find_token(const struct jt_server *server, const struct jt_request *request, struct jeton_bytes *out,
                             struct jeton_detail *detail)
{
    size_t count = 0;
    struct jeton_bytes authorization = jt_request_header(request, "Authorization", &count);
    struct jeton_bytes token = {NULL, 0};

    if (count > 1)
        return jt_fail(detail, JETON_REQUEST_INVALID, "there are two Authorization headers");
    if (jt_bytes_equal_nocase(jt_bytes_cut(authorization, 0, 7), JT_TEXT("Bearer ")))
        token = jt_bytes_trim(jt_bytes_cut(authorization, 7, authorization.len), " ");
    if (server->config->verify.token_header.at != NULL) {
        struct jeton_bytes other = jt_bytes_trim(
            jt_request_header(request, server->config->verify.token_header.at, &count), " ");

        if (count > 1 || (other.len > 0 && token.len > 0))
            return jt_fail(detail, JETON_REQUEST_INVALID, "there are two tokens");
        if (other.len > 0)
            token = other;
    }
    if (token.len == 0)
        return jt_fail(detail, JETON_TOKEN_MISSING, "there is no token");
    *out = token;
    return JETON_OK;
}

/* Who passed, and who says so. */
struct identity {
    const struct jt_verified *token; /* NULL where nothing is verified: then these two */
    struct jt_json claims;
    struct jeton_bytes payload;
};

static struct jt_json claim_of(const struct identity *identity, const char *name)
{
    return identity->token != NULL ? jt_verified_claim(identity->token, jeton_text(name))
                                   : jt_json_get(identity->claims, jeton_text(name));
}

/* A role as the configuration spells it; an unknown one is nobody's (S1.22). */
static JT_CHECKED role_value(const struct jt_role_rules *rules, struct jt_json claim, const char **out)
{
    size_t index = 0;

    *out = "";
    if (jt_claim_is_blank(claim))
        return JETON_OK;
    if (jt_role_read(claim, rules, &index, NULL) != JETON_OK)
        return JETON_CLAIMS_UNMAPPABLE;
    *out = rules->names.at[index].at; /* the configuration's, with a NUL behind it */
    return JETON_OK;
}

/* What stands beside a header: a claim, or a name that stands for the first of several. */
static JT_CHECKED value_of(const struct jt_server *server, const struct identity *identity, const char *name,
                           struct jt_arena *arena, const char **out)
{
    const struct jt_mapping *mapping = &server->mapping;
    const struct jt_texts *claims = jt_mapping_claims(mapping, name);
    struct jt_json claim = {NULL};

    if (claims == NULL)
        return jt_identity_value(claim_of(identity, name), arena, out);
    if (server->verify_mode == JT_VERIFY_NONE && claims == &mapping->org) {
        *out = server->config->identity.dev_org.at;
        return JETON_OK;
    }
    for (size_t i = 0; i < claims->count && jt_claim_is_blank(claim); i++)
        claim = claim_of(identity, claims->at[i].at);
    if (claims == &mapping->role.claims)
        return role_value(&mapping->role, claim, out);
    if (jt_claim_is_blank(claim)) {
        *out = "";
        return JETON_OK;
    }
    return jt_identity_value(claim, arena, out);
}

/* Identity headers of a good answer: each one that is configured, always. */
static JT_CHECKED add_identity(const struct jt_server *server, const struct jt_request *request,
                               const struct identity *identity, struct jt_answer *answer, struct jeton_detail *detail)
{
    struct jeton_bytes payload = identity->token != NULL ? jt_verified_payload(identity->token) : identity->payload;
    const struct jt_config_pairs *headers = &server->config->verify.headers;
    size_t bytes = 0;

    for (size_t i = 0; i < headers->count; i++) {
        const char *name = headers->at[i].name.at;
        const char *claim = headers->at[i].value.at;
        const char *value = NULL;
        enum jeton_status status = jt_bytes_equal_nocase(jeton_text(name), JT_TEXT(CLAIMS_HEADER))
                                       ? jt_identity_claims(payload, request->arena, &value)
                                       : value_of(server, identity, claim, request->arena, &value);

        if (status == JETON_OK) {
            bytes += strlen(name) + strlen(value) + 4;
            if (bytes > jt_http_answer_max((size_t)server->config->limits.token.value))
                status = JETON_CLAIMS_UNMAPPABLE;
        }
        if (status == JETON_CLAIMS_UNMAPPABLE)
            return jt_fail(detail, status, "%s cannot be sent as a header", claim);
        JT_TRY(status);
        jt_answer_header(answer, name, value);
    }
    return JETON_OK;
}

/* What RFC 6750 §3 lets stand between quotes. */
static void make_quotable(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte == '"' || byte == '\\')
            *text = '\'';
        else if (byte < 0x20 || byte > 0x7e)
            *text = '?';
    }
}

/* The error of RFC 6750 §3.1 for an outcome; NULL: the challenge says none. */
static const char *error_of(enum jeton_status status)
{
    switch (jeton_status_kind(status)) {
    case JETON_KIND_REFUSED:
    case JETON_KIND_UNKNOWN:
        return "invalid_token";
    case JETON_KIND_DENIED:
        return "insufficient_scope";
    case JETON_KIND_REQUEST:
        return status == JETON_TOKEN_MISSING ? NULL : "invalid_request";
    case JETON_KIND_UNAVAILABLE:
    case JETON_KIND_OK:
    case JETON_KIND_CONFIG:
    case JETON_KIND_MISUSED:
    case JETON_KIND_BROKEN:
        break;
    }
    return NULL;
}

static void add_challenge(const struct jt_server *server, const struct jt_request *request, enum jeton_status status,
                          const char *description, const struct jt_named_policy *policy, struct jt_answer *answer)
{
    const struct jt_buffer *metadata = &server->resource_metadata;
    size_t room = strlen(server->issuer) + JETON_DETAIL_TEXT + policy->scopes.len + metadata->len + 96;
    char *text = jt_arena_take(request->arena, room);
    const char *error = error_of(status);
    int len;

    if (text == NULL)
        return;
    len = snprintf(text, room, "Bearer realm=\"%s\"", server->issuer);
    if (error != NULL)
        len += snprintf(text + len, room - (size_t)len, ", error=\"%s\", error_description=\"%s\"", error, description);
    if (status == JETON_SCOPE_INSUFFICIENT)
        len += snprintf(text + len, room - (size_t)len, ", scope=\"%.*s\"", (int)policy->scopes.len,
                        (const char *)policy->scopes.at);
    snprintf(text + len, room - (size_t)len, "%.*s", (int)metadata->len,
             metadata->len > 0 ? (const char *)metadata->at : "");
    jt_answer_header(answer, "WWW-Authenticate", text);
}

/* Whether asking again may help. */
static const char *outlook_text(enum jt_outlook outlook)
{
    switch (outlook) {
    case JT_OUTLOOK_PENDING:
        return ",\"refresh\":\"pending\"";
    case JT_OUTLOOK_FINAL:
        return ",\"refresh\":\"final\"";
    case JT_OUTLOOK_NONE:
        break;
    }
    return "";
}

static void add_body(const struct jt_request *request, enum jeton_status status, enum jt_outlook outlook,
                     const char *description, struct jt_answer *answer)
{
    enum jeton_kind kind = jeton_status_kind(status);
    const char *error = error_of(status);
    const size_t room = JETON_DETAIL_TEXT + 256;
    char *text = jt_arena_take(request->arena, room);

    if (error == NULL)
        error = status == JETON_TOKEN_MISSING    ? "invalid_request"
                : kind == JETON_KIND_UNAVAILABLE ? "temporarily_unavailable"
                                                 : "server_error";
    if (text == NULL)
        return;
    snprintf(text, room, "{\"error\":\"%s\",\"error_description\":\"%s\",\"reason\":\"%s\",\"kind\":\"%s\"%s}\n", error,
             description, jeton_status_code(status), jeton_kind_name(kind), outlook_text(outlook));
    answer->content_type = "application/json";
    answer->body = jeton_text(text);
}

static void answer_bad(const struct jt_server *server, const struct jt_request *request, enum jeton_status status,
                       enum jt_outlook outlook, struct jeton_detail *detail, const struct jt_named_policy *policy,
                       struct jt_answer *answer)
{
    enum jeton_kind kind = jeton_status_kind(status);
    bool broken = kind == JETON_KIND_BROKEN || kind == JETON_KIND_MISUSED || kind == JETON_KIND_CONFIG;
    const char *description = detail->text;

    /* What the operator must know is not the client's to read. */
    if (broken || description[0] == '\0')
        description = jeton_status_text(status);
    make_quotable(detail->text);
    answer->status = (unsigned)jeton_status_http(status);
    answer->header_count = 0;
    if (kind == JETON_KIND_UNAVAILABLE)
        jt_answer_header(answer, "Retry-After", "5");
    else if (!broken)
        add_challenge(server, request, status, description, policy, answer);
    else
        jt_log(&server->log, JT_LOG_ERROR, "a token could not be judged", "code", jeton_status_code(status), "detail",
               detail->text, NULL);
    add_body(request, status, outlook, description, answer);
}

/* --- The judgement --- */

/* One question, from the token to its answer. */
struct question {
    struct jt_server *server;
    const struct jt_request *request;
    const struct jt_named_policy *policy;
    struct identity identity;
    struct jt_trust_result result; /* left at the end */
    bool waits;
    struct jeton_detail detail;
};

static JT_CHECKED judge_once(struct question *question, struct jeton_bytes token)
{
    struct jt_server *server = question->server;
    int64_t began_ns = jt_monotonic_ns();
    enum jeton_status status = jt_trust_judge(question->policy->trust, token, question->request->now,
                                              began_ns / 1000000, question->request->arena, &question->result,
                                              &question->detail);

    jt_histogram_add(&server->metrics->verifications, jt_monotonic_ns() - began_ns);
    question->identity.token = status == JETON_OK ? question->result.token : NULL;
    return status;
}

static struct jt_issuer *issuer_of(const struct question *question)
{
    return question->result.issuer != NULL ? question->result.issuer->context : NULL;
}

/* A key that is on its way may be waited for, once. */
static JT_CHECKED judge(struct question *question, struct jeton_bytes token)
{
    size_t start = question->request->arena->used;
    enum jeton_status status = judge_once(question, token);
    struct jt_issuer *issuer = issuer_of(question);

    if (question->result.outlook != JT_OUTLOOK_PENDING || issuer->wait_ms == 0)
        return status;
    switch (
        jt_request_park(question->request, &issuer->told, question->result.mark, jt_monotonic_ms() + issuer->wait_ms)) {
    case JT_PARK_HELD:
        question->waits = true;
        return status;
    case JT_PARK_PASSED:
        jt_trust_leave(&question->result);
        jt_arena_rewind(question->request->arena, start);
        question->detail.text[0] = '\0';
        return judge_once(question, token);
    case JT_PARK_FULL:
        break;
    }
    return status;
}

/* A token that is no JWT: what its issuer says of it. */
static JT_CHECKED judge_opaque(struct question *question, struct jeton_bytes token)
{
    struct jt_opaque_verdict verdict;
    enum jeton_status status = jt_opaque_judge(question->server, question->request, question->policy->trust, token,
                                               &verdict, &question->detail);

    question->result.issuer = verdict.issuer;
    question->waits = verdict.waits;
    question->identity.claims = verdict.claims;
    question->identity.payload = verdict.payload;
    return status;
}

static JT_CHECKED ask(struct question *question)
{
    const struct jt_server *server = question->server;
    struct jeton_bytes token = {NULL, 0};
    enum jeton_status status;

    if (server->verify_mode == JT_VERIFY_NONE)
        return JETON_OK;
    JT_TRY(find_token(server, question->request, &token, &question->detail));
    if (server->verify_mode == JT_VERIFY_TRUSTED)
        return jt_claims_unchecked(token, (size_t)server->config->limits.token.value, question->request->arena,
                                   &question->identity.claims, &question->identity.payload, &question->detail);
    status = judge(question, token);
    if (!question->waits && jt_opaque_is(server, token, status, question->request->arena))
        return judge_opaque(question, token);
    return status;
}

static void count_verdict(const struct question *question, enum jeton_status status)
{
    struct jt_issuer *issuer = issuer_of(question);

    jt_count(issuer != NULL ? &issuer->tally->verdicts[status] : &question->server->metrics->verdicts[status]);
}

void jt_route_verify(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct question question = {.server = server, .request = request, .policy = policy_of(server, request->path)};
    enum jeton_status status;

    if (question.policy == NULL) {
        jt_answer_error(answer, request->arena, 404, "not_found", "no policy of that name");
        return;
    }
    status = ask(&question);
    if (!question.waits) {
        if (status == JETON_OK)
            status = add_identity(server, request, &question.identity, answer, &question.detail);
        count_verdict(&question, status);
        if (status == JETON_OK)
            answer->status = 200;
        else
            answer_bad(server, request, status, question.result.outlook, &question.detail, question.policy, answer);
        jt_answer_header(answer, "Cache-Control", "no-store");
    }
    jt_trust_leave(&question.result);
}
