/* SPDX-License-Identifier: Apache-2.0 */
/* GET /metrics: what is counted, as Prometheus reads it. */
#include "server/issuer/revocations.h"
#include "server/routes.h"
#include "server/verify/introspector.h"

enum { TEXT_MAX = 256 * 1024 };

/* By issuer; of requests that name none of ours, under "", or under this server's own name where it stands alone. */
static void write_verdicts(const struct jt_server *server, struct jt_buffer *out)
{
    _Atomic uint64_t own[JETON_STATUS_COUNT];
    bool alone = server->issuer_count == 1;

    jt_buffer_add_text(out, jt_metrics_verdicts_heading);
    for (size_t i = 0; i < JETON_STATUS_COUNT; i++)
        atomic_init(&own[i], atomic_load(&server->issuers[0]->tally->verdicts[i]) +
                                 (alone ? atomic_load(&server->metrics->verdicts[i]) : 0));
    jt_metrics_write_verdicts(own, server->issuer, true, out);
    for (size_t i = 1; i < server->issuer_count; i++)
        jt_metrics_write_verdicts(server->issuers[i]->tally->verdicts, server->issuers[i]->name, true, out);
    if (!alone)
        jt_metrics_write_verdicts(server->metrics->verdicts, "", false, out);
}

static void write_keys(const struct jt_server *server, struct jt_buffer *out)
{
    struct jt_published_guard guard;

    jt_buffer_add_text(out, "# HELP jeton_issuer_key_state Own keys; 1 for the state each is in.\n"
                            "# TYPE jeton_issuer_key_state gauge\n");
    guard = jt_signers_enter(server->signers);
    for (size_t i = 0; i < guard.published->count; i++) {
        jt_buffer_add_text(out, "jeton_issuer_key_state{kid=");
        jt_metrics_label(out, guard.published->at[i].key->about.kid.at);
        jt_buffer_add_format(out, ",state=\"%s\"} 1\n", jt_signer_state_name(guard.published->at[i].state));
    }
    jt_signers_leave(&guard);
}

static void write_revoked(const struct jt_server *server, struct jt_buffer *out)
{
    jt_buffer_add_format(out,
                         "# HELP jeton_tokens_revoked Own tokens that are revoked now and have not ended.\n"
                         "# TYPE jeton_tokens_revoked gauge\n"
                         "jeton_tokens_revoked %zu\n",
                         jt_revocations_count(server->lasting->revocations));
}

void jt_route_metrics(struct jt_server *server, const struct jt_request *request, struct jt_answer *answer)
{
    struct jt_buffer text;
    void *copy = NULL;

    jt_buffer_init(&text, TEXT_MAX + server->issuer_count * JT_METRICS_ISSUER_MAX);
    write_verdicts(server, &text);
    jt_metrics_write(server->metrics, jt_route_names, JT_ROUTE_COUNT, &text);
    write_keys(server, &text);
    write_revoked(server, &text);
    if (server->introspection_secret.at != NULL)
        jt_introspector_write_counts(server->lasting->introspector, &text);
    jt_metrics_write_keys(server, &text);
    if (text.status == JETON_OK && (copy = jt_arena_take(request->arena, text.len)) != NULL) {
        memcpy(copy, text.at, text.len);
        answer->status = 200;
        answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
        answer->body = jeton_bytes(copy, text.len);
        jt_answer_header(answer, "Cache-Control", "no-store");
    }
    jt_buffer_done(&text);
}
