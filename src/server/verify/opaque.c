/* SPDX-License-Identifier: Apache-2.0 */
/* Who is it that shows a token that is no JWT? See opaque.h; introspector.c asks. */
#include "server/verify/opaque.h"

#include "auth/introspected.h"
#include "base/file.h"
#include "server/config/trust.h"
#include "server/verify/introspector.h"

enum { SECRET_MAX = 4096 };

#define NOT_NOW "its issuer cannot be asked about this token now"

/* The one entry that says whom to ask. */
static const struct jt_config_trust *entry_of(const struct jt_server *server)
{
    const struct jt_config_trust *entries = server->config->trust.at;

    for (size_t i = 0; i < server->config->trust.count; i++) {
        if (entries[i].introspection.url.at != NULL)
            return &entries[i];
    }
    return NULL;
}

/* --- Opening --- */

static void told(void *lasting, const _Atomic uint64_t *what)
{
    jt_lasting_told(lasting, what);
}

static JT_CHECKED read_secret(struct jt_server *server, const struct jt_config_trust *entry,
                              struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    const char *file = entry->introspection.client_secret_file.at;
    bool open_to_others = false;
    size_t len;

    JT_TRY(jt_file_read_secret(file, SECRET_MAX, &secret, &open_to_others, detail));
    if (open_to_others)
        jt_log(&server->log, JT_LOG_WARN, "the secret for introspection can be read by others; make its mode 0600",
               "issuer", entry->issuer.at, "file", file, NULL);
    len = secret.len > 0 && secret.at[secret.len - 1] == '\n' ? secret.len - 1 : secret.len;
    return jt_introspector_basic(jeton_text(entry->introspection.client_id.at), jeton_bytes(secret.at, len),
                                 &server->introspection_secret);
}

JT_CHECKED jt_server_open_opaque(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config_trust *entry = entry_of(server);
    struct jt_lasting *lasting = server->lasting;

    if (entry == NULL)
        return JETON_OK;
    JT_TRY(read_secret(server, entry, detail));
    if (lasting->introspector != NULL)
        return JETON_OK;
    return jt_introspector_open(&lasting->log, told, lasting, &lasting->introspector);
}

void jt_server_close_opaque(struct jt_server *server)
{
    jt_secret_done(&server->introspection_secret);
}

size_t jt_opaque_arena_size(const struct jt_server *server)
{
    return entry_of(server) != NULL ? jt_json_arena_size(JT_INTROSPECTED_MAX) + JT_INTROSPECTED_MAX : 0;
}

int64_t jt_opaque_wait_ms(const struct jt_server *server)
{
    const struct jt_config_trust *entry = entry_of(server);

    return entry != NULL ? jt_config_times(server->config, entry).timeout.value : 0;
}

/* --- The judgement --- */

bool jt_opaque_is(const struct jt_server *server, struct jeton_bytes token, enum jeton_status status,
                  struct jt_arena *arena)
{
    if (status != JETON_TOKEN_MALFORMED && status != JETON_HEADER_INVALID)
        return false;
    return entry_of(server) != NULL && jt_is_bearer(token, (size_t)server->config->limits.token.value) &&
           !jt_is_jwt(token, arena);
}

static enum jt_errand_state ask(struct jt_server *server, const struct jt_request *request, struct jeton_bytes token,
                                struct jt_introspected **out)
{
    const struct jt_config_trust *entry = entry_of(server);
    struct jt_config_key_source times = jt_config_times(server->config, entry);
    struct jt_introspection introspection = {
        .url = jeton_text(entry->introspection.url.at),
        .issuer = jeton_text(entry->issuer.at),
        .authorization = jt_secret_bytes(&server->introspection_secret),
        .ca_file = jeton_text(entry->ca_file.at),
        .allow_http = entry->allow_http.value != 0,
        .allow_private_ip = entry->allow_private_ip.value != 0,
        .timeout_ms = times.timeout.value,
        .connect_timeout_ms = times.connect_timeout.value,
        .kept_for_ms = entry->introspection.cache.value,
    };

    return jt_introspector_ask(server->lasting->introspector, request, &introspection, token, out);
}

/* The claims move into the arena: the answer is shared. */
static JT_CHECKED judge(const struct jt_introspected *said, const struct jt_request *request,
                        struct jt_opaque_verdict *out, struct jeton_detail *detail)
{
    void *copy = NULL;

    /* What exactly went wrong stands in the log, for the operator. */
    if (said->status != JETON_OK)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, NOT_NOW);
    if (!said->active)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "it is no JWT, and its issuer says that it is not active");
    copy = jt_arena_take(request->arena, said->claims.len);
    if (copy == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
    memcpy(copy, said->claims.at, said->claims.len);
    out->payload = jeton_bytes(copy, said->claims.len);
    return jt_introspected_judge(out->payload, out->issuer->policy, request->now, request->arena, &out->claims, detail);
}

JT_CHECKED jt_opaque_judge(struct jt_server *server, const struct jt_request *request, const struct jt_trust *trust,
                           struct jeton_bytes token, struct jt_opaque_verdict *out, struct jeton_detail *detail)
{
    struct jt_introspected *said = NULL;
    enum jeton_status status;

    *out = (struct jt_opaque_verdict){.issuer = jt_trust_find(trust, jeton_text(entry_of(server)->issuer.at))};
    switch (ask(server, request, token, &said)) {
    case JT_ERRAND_WAITS:
        out->waits = true;
        return JETON_KEYS_UNAVAILABLE;
    case JT_ERRAND_NOT_NOW:
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, NOT_NOW);
    case JT_ERRAND_IS_HERE:
        break;
    }
    status = judge(said, request, out, detail);
    jt_errand_result_release(&said->result);
    return status;
}
