/* SPDX-License-Identifier: Apache-2.0 */
/* GET and POST /.sts: what does this AWS client ask for? Parameters from the query or from a form, the query first,
 * never both (S4.16); then one of two actions. */
#include <stdio.h>

#include "crypto/crypto.h"
#include "server/routes.h"
#include "server/sts/sts.h"

enum { BODY_MAX = 65536, ID_MAX = 64 };

/* --- The request's id --- */

static bool is_id(struct jeton_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = ((const unsigned char *)text.at)[i];

        if (!((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
              byte == '-' || byte == '_' || byte == '.'))
            return false;
    }
    return text.len > 0 && text.len <= ID_MAX;
}

/* The proxy's, where it sent one that can be shown (S4.41), else a new one. */
static const char *request_id(const struct jt_request *request, struct jt_answer *answer)
{
    size_t count = 0;
    struct jeton_bytes given = jt_request_header(request, "X-Request-Id", &count);
    char *id = jt_arena_take(request->arena, ID_MAX + 1);
    unsigned char random[16] = {0};

    if (id == NULL)
        return "";
    if (count == 1 && is_id(given)) {
        memcpy(id, given.at, given.len);
        id[given.len] = '\0';
        jt_answer_header(answer, "X-Request-Id", id);
        return id;
    }
    if (jt_random(random, sizeof random) != JETON_OK)
        return "";
    snprintf(id, ID_MAX + 1, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x", random[0],
             random[1], random[2], random[3], random[4], random[5], random[6] & 15, random[7], random[8] & 15,
             random[9], random[10], random[11], random[12], random[13], random[14], random[15]);
    return id;
}

/* --- The parameters --- */

/* A body is read when its length was said, and it is a form of a bounded length. */
static bool has_form(const struct jt_request *request)
{
    size_t lengths = 0;

    (void)jt_request_header(request, "Content-Length", &lengths);
    return lengths == 1 && request->body.len > 0 && request->body.len <= BODY_MAX &&
           jt_form_is_type(jt_request_header(request, "Content-Type", NULL));
}

/* JETON_OK with an empty form when there is nothing to read. */
static JT_CHECKED read_form(const struct jt_request *request, struct jt_form *form, struct jeton_detail *detail)
{
    size_t count = 0;

    form->count = 0;
    if (request->query.len > 0) {
        JT_TRY(jt_form_read(request->query, request->arena, form, detail));
        (void)jt_form_get(form, "Action", &count);
    }
    if (count > 0 || !has_form(request))
        return JETON_OK;
    form->count = 0;
    return jt_form_read(request->body, request->arena, form, detail);
}

static void act(const struct jt_sts_ask *ask)
{
    size_t actions = 0, versions = 0;
    struct jeton_bytes action = jt_form_get(ask->form, "Action", &actions);
    struct jeton_bytes version = jt_form_get(ask->form, "Version", &versions);

    if (versions > 0 && !(versions == 1 && jt_bytes_equal(version, JT_TEXT("2011-06-15"))))
        jt_sts_error(ask, 400, "InvalidParameterValue", "Version must be 2011-06-15");
    else if (actions == 1 && jt_bytes_equal(action, JT_TEXT("AssumeRoleWithWebIdentity")))
        jt_sts_assume(ask);
    else if (actions == 1 && jt_bytes_equal(action, JT_TEXT("GetCallerIdentity")))
        jt_sts_identity(ask);
    else
        jt_sts_error(ask, 400, "InvalidAction", "Action must be AssumeRoleWithWebIdentity or GetCallerIdentity");
}

void jt_route_sts(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jeton_detail detail = {""};
    struct jt_form form = {.count = 0};
    struct jt_sts_ask ask = {server, request, &form, request_id(request, answer), answer};
    enum jeton_status status;

    if (!jt_bytes_equal(request->path, JT_TEXT("/.sts")) && !jt_bytes_equal(request->path, JT_TEXT("/.sts/"))) {
        jt_answer_error(answer, request->arena, 404, "not_found", NULL);
        return;
    }
    jt_answer_header(answer, "x-amzn-RequestId", ask.request_id);
    jt_answer_header(answer, "Cache-Control", "no-store");
    if (server->sts->registered == 0) {
        jt_sts_not_there(&ask);
        return;
    }
    status = read_form(request, &form, &detail);
    if (status == JETON_OK)
        act(&ask);
    else if (status == JETON_REQUEST_INVALID)
        jt_sts_error(&ask, 400, "InvalidParameterValue", detail.text);
    else
        jt_sts_error(&ask, 500, "InternalError", "");
}
