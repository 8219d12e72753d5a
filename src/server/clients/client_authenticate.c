/* SPDX-License-Identifier: Apache-2.0 */
/* Which client does this request come from, proved? client_secret_basic and client_secret_post (RFC 6749 §2.3.1) by
 * clients.c, private_key_jwt (RFC 7523 §2.2) by client_assertion.c; one count of failures for all. */
#include "server/clients/client_authenticate.h"

#include <stdio.h>

#include "server/clients/client_assertion.h"
#include "server/http/connections.h"

/* One proof on its way; each step that fails has answered. */
struct proof {
    struct jt_server *server;
    const struct jt_request *request;
    const struct jt_form *form;
    struct jt_answer *answer;
    struct jt_claimant claimant;
};

static const struct jt_client *fail(const struct proof *proof, unsigned status, const char *error,
                                    const char *description)
{
    jt_answer_error(proof->answer, proof->request->arena, status, error, description);
    return NULL;
}

static const struct jt_client *fail_internally(const struct proof *proof)
{
    return fail(proof, 500, "server_error", NULL);
}

/* 401 and how to do it right; the client is not told which half was wrong. */
static const struct jt_client *fail_client(const struct proof *proof)
{
    size_t room = strlen(proof->server->issuer) + 16;
    char *challenge = jt_arena_take(proof->request->arena, room);

    if (challenge == NULL)
        return fail_internally(proof);
    snprintf(challenge, room, "Basic realm=\"%s\"", proof->server->issuer);
    jt_answer_header(proof->answer, "WWW-Authenticate", challenge);
    return fail(proof, 401, "invalid_client", "the client is unknown or its secret does not fit");
}

static const struct jt_client *fail_too_often(const struct proof *proof, unsigned retry_after)
{
    char *wait = jt_arena_take(proof->request->arena, 16);

    if (wait == NULL)
        return fail_internally(proof);
    snprintf(wait, 16, "%u", retry_after);
    jt_answer_header(proof->answer, "Retry-After", wait);
    return fail(proof, 429, "temporarily_unavailable", "too many failed attempts for this client");
}

static const struct jt_client *judge_secret(const struct proof *proof)
{
    unsigned retry_after = 0;
    const struct jt_client *client = NULL;

    if (jt_clients_authenticate(proof->server->clients, &proof->claimant, jt_monotonic_ms(), &client, &retry_after) !=
        JETON_OK)
        return fail_internally(proof);
    if (client != NULL)
        return client;
    return retry_after > 0 ? fail_too_often(proof, retry_after) : fail_client(proof);
}

/* What was wrong is the operator's to know: a stranger learns nothing of keys and ids. */
static void log_refusal(const struct proof *proof, enum jeton_status status, const struct jeton_detail *detail)
{
    jt_log(&proof->server->log, JT_LOG_INFO, "a client's assertion was refused", "client",
           jt_escape(proof->claimant.id).text, "code", jeton_status_code(status), "detail", detail->text, NULL);
}

static const struct jt_client *fail_without_keys(const struct proof *proof)
{
    jt_answer_header(proof->answer, "Retry-After", "5");
    return fail(proof, 503, "temporarily_unavailable", "the keys of this client cannot be had now");
}

static const struct jt_client *fail_assertion(const struct proof *proof, enum jeton_status status,
                                              const struct jeton_detail *detail)
{
    switch (jeton_status_kind(status)) {
    case JETON_KIND_UNAVAILABLE:
        return fail_without_keys(proof);
    case JETON_KIND_REFUSED:
    case JETON_KIND_UNKNOWN:
    case JETON_KIND_DENIED:
    case JETON_KIND_REQUEST:
        break;
    case JETON_KIND_OK:
    case JETON_KIND_CONFIG:
    case JETON_KIND_MISUSED:
    case JETON_KIND_BROKEN:
        jt_log(&proof->server->log, JT_LOG_ERROR, "an assertion could not be judged", "code", jeton_status_code(status),
               "detail", detail->text, NULL);
        return fail_internally(proof);
    }
    log_refusal(proof, status, detail);
    jt_clients_failed(proof->server->clients, proof->claimant.id, jt_monotonic_ms());
    return fail_client(proof);
}

static const struct jt_client *judge_assertion(const struct proof *proof)
{
    struct jt_clients *clients = proof->server->clients;
    const struct jt_client *client = jt_clients_find(clients, proof->claimant.id);
    unsigned retry_after = jt_clients_closed_for(clients, proof->claimant.id, jt_monotonic_ms());
    struct jeton_detail detail = {""};
    enum jeton_status status;
    bool waits = false;

    if (retry_after > 0)
        return fail_too_often(proof, retry_after);
    if (client == NULL || !client->has_keys) {
        jt_clients_failed(clients, proof->claimant.id, jt_monotonic_ms());
        return fail_client(proof);
    }
    status = jt_client_assertion_judge(proof->server, proof->request, client, proof->claimant.assertion, &waits,
                                       &detail);
    if (waits)
        return NULL;
    return status == JETON_OK ? client : fail_assertion(proof, status, &detail);
}

const struct jt_client *jt_client_authenticate(struct jt_server *server, const struct jt_request *request,
                                               const struct jt_form *form, struct jt_answer *answer)
{
    struct proof proof = {server, request, form, answer, {.kind = JT_CLAIMANT_NONE}};

    if (jt_claimant_read(jt_request_header(request, "Authorization", NULL), form, request->arena, &proof.claimant) !=
        JETON_OK)
        return fail_internally(&proof);
    switch (proof.claimant.kind) {
    case JT_CLAIMANT_TWO_WAYS:
        return fail(&proof, 400, "invalid_request", "the client proves itself in two ways, or is two clients");
    case JT_CLAIMANT_NONE:
    case JT_CLAIMANT_BAD:
        return fail_client(&proof);
    case JT_CLAIMANT_ASSERTED:
        return judge_assertion(&proof);
    case JT_CLAIMANT_NAMED:
        break;
    }
    return judge_secret(&proof);
}

static bool fail_form(const struct jt_request *request, const char *description, struct jt_answer *answer)
{
    jt_answer_error(answer, request->arena, 400, "invalid_request", description);
    return false;
}

bool jt_client_form(const struct jt_request *request, const char *may_repeat, struct jt_form *out,
                    struct jt_answer *answer)
{
    struct jeton_bytes type = jt_request_header(request, "Content-Type", NULL);
    size_t authorizations = 0;

    (void)jt_request_header(request, "Authorization", &authorizations);
    if (authorizations > 1)
        return fail_form(request, "two Authorization headers", answer);
    if (!jt_form_is_type(type))
        return fail_form(request, "the body must be application/x-www-form-urlencoded", answer);
    if (jt_form_read(request->body, request->arena, out, NULL) != JETON_OK)
        return fail_form(request, "the form is not well-formed", answer);
    if (jt_form_repeated(out, may_repeat).len > 0)
        return fail_form(request, "a parameter is given twice", answer);
    return true;
}
