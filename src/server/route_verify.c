/* SPDX-License-Identifier: Apache-2.0 */
/* ANY /verify and /verify/NAME: is this caller's token good? The question a proxy asks before it lets a request through
 * (CONTRACT "/verify"). Everything happens in the thread's arena; no heap, no lock. */
#include <stdio.h>

#include "auth/authenticate.h"
#include "server/connections.h"
#include "server/identity.h"
#include "server/routes.h"

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

static struct jeton_bytes trim(struct jeton_bytes text)
{
    const char *at = text.at;

    while (text.len > 0 && *at == ' ') {
        at++;
        text.len--;
    }
    while (text.len > 0 && at[text.len - 1] == ' ')
        text.len--;
    return jeton_bytes(at, text.len);
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
        token = trim(jt_bytes_cut(authorization, 7, authorization.len));
    if (server->config->verify.token_header.at != NULL) {
        struct jeton_bytes other = trim(jt_request_header(request, server->config->verify.token_header.at, &count));

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

/* Identity headers of a good answer: each one that is configured, always. */
static JT_CHECKED add_identity(const struct jt_server *server, const struct jt_request *request,
                               const struct jt_verified *token, struct jt_answer *answer, struct jeton_detail *detail)
{
    const struct jt_config_pairs *headers = &server->config->verify.headers;
    size_t bytes = 0;

    for (size_t i = 0; i < headers->count; i++) {
        const char *name = headers->at[i].name.at;
        const char *claim = headers->at[i].value.at;
        const char *value = NULL;
        enum jeton_status status = jt_bytes_equal_nocase(jeton_text(name), JT_TEXT(CLAIMS_HEADER))
                                       ? jt_identity_claims(jt_verified_payload(token), request->arena, &value)
                                       : jt_identity_value(jt_verified_claim(token, jeton_text(claim)), request->arena,
                                                           &value);

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
    size_t room = strlen(server->issuer) + JETON_DETAIL_TEXT + policy->scopes.len + 96;
    char *text = jt_arena_take(request->arena, room);
    const char *error = error_of(status);
    int len;

    if (text == NULL)
        return;
    len = snprintf(text, room, "Bearer realm=\"%s\"", server->issuer);
    if (error != NULL)
        len += snprintf(text + len, room - (size_t)len, ", error=\"%s\", error_description=\"%s\"", error, description);
    if (status == JETON_SCOPE_INSUFFICIENT)
        snprintf(text + len, room - (size_t)len, ", scope=\"%.*s\"", (int)policy->scopes.len,
                 (const char *)policy->scopes.at);
    jt_answer_header(answer, "WWW-Authenticate", text);
}

static void add_body(const struct jt_request *request, enum jeton_status status, const char *description,
                     struct jt_answer *answer)
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
             description, jeton_status_code(status), jeton_kind_name(kind),
             status == JETON_KEY_UNKNOWN ? ",\"refresh\":\"final\"" : "");
    answer->content_type = "application/json";
    answer->body = jeton_text(text);
}

static void answer_bad(const struct jt_server *server, const struct jt_request *request, enum jeton_status status,
                       struct jeton_detail *detail, const struct jt_named_policy *policy, struct jt_answer *answer)
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
    add_body(request, status, description, answer);
}

void jt_route_verify(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    const struct jt_named_policy *policy = policy_of(server, request->path);
    struct jeton_detail detail = {""};
    struct jeton_bytes token = {NULL, 0};
    const struct jt_verified *verified = NULL;
    enum jeton_status status;

    if (policy == NULL) {
        jt_answer_error(answer, request->arena, 404, "not_found", "no policy of that name");
        return;
    }
    status = find_token(server, request, &token, &detail);
    if (status == JETON_OK) {
        int64_t began_ns = jt_monotonic_ns();

        status = jt_authenticate(token, jt_signers_published(server->signers)->keys, policy->policy, request->now,
                                 request->arena, &verified, &detail);
        jt_histogram_add(&server->metrics.verifications, jt_monotonic_ns() - began_ns);
    }
    if (status == JETON_OK)
        status = add_identity(server, request, verified, answer, &detail);
    jt_count(&server->metrics.verdicts[status]);
    if (status == JETON_OK)
        answer->status = 200;
    else
        answer_bad(server, request, status, &detail, policy, answer);
    jt_answer_header(answer, "Cache-Control", "no-store");
}
