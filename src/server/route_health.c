/* SPDX-License-Identifier: Apache-2.0 */
/* GET /healthz and /readyz: is it alive, and should it get requests? Ready is: an active signing key, and not on the
 * way out. */
#include "base/json.h"
#include "server/routes.h"

void jt_route_healthz(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    (void)server;
    (void)request;
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body = JT_TEXT("{\"status\":\"ok\"}\n");
    jt_answer_header(answer, "Cache-Control", "no-store");
}

/* Keys that were had once, if only from the disk, count: an issuer's outage takes nobody out of service. */
static bool has_had_keys(const struct jt_issuer *issuer)
{
    return atomic_load(&issuer->source->usable_until) > 0; /* set last, when readers see them */
}

static void write_lacks(const struct jt_server *server, bool key, struct jt_buffer *out)
{
    const char *comma = "";

    jt_buffer_add_text(out, "{\"status\":\"not ready\",\"lacks\":[");
    if (!key) {
        jt_buffer_add_text(out, "\"active signing key\"");
        comma = ",";
    }
    for (size_t i = 1; i < server->issuer_count; i++) {
        if (has_had_keys(server->issuers[i]))
            continue;
        jt_buffer_add_format(out, "%s{\"keys_of\":", comma);
        jt_json_write_string(out, jeton_text(server->issuers[i]->name));
        jt_buffer_add_byte(out, '}');
        comma = ",";
    }
    jt_buffer_add_text(out, "]}\n");
}

void jt_route_readyz(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    bool key = jt_signers_ready(server->signers);
    bool ready = key;
    struct jt_buffer text;
    void *copy = NULL;

    for (size_t i = 1; i < server->issuer_count && ready; i++)
        ready = has_had_keys(server->issuers[i]);
    answer->content_type = "application/json";
    jt_answer_header(answer, "Cache-Control", "no-store");
    if (ready && !server->lasting->draining) {
        answer->status = 200;
        answer->body = JT_TEXT("{\"status\":\"ready\"}\n");
        return;
    }
    answer->status = 503;
    jt_answer_header(answer, "Retry-After", ready ? "5" : "1");
    if (ready) {
        answer->body = JT_TEXT("{\"status\":\"draining\"}\n");
        return;
    }
    jt_buffer_init(&text, 64 + server->issuer_count * JT_METRICS_ISSUER_MAX);
    write_lacks(server, key, &text);
    if (text.status == JETON_OK && (copy = jt_arena_take(request->arena, text.len)) != NULL) {
        memcpy(copy, text.at, text.len);
        answer->body = jeton_bytes(copy, text.len);
    }
    jt_buffer_done(&text);
}
