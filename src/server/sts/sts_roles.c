/* SPDX-License-Identifier: Apache-2.0 */
/* What does a role of the configuration ask for? For each a trust of its own: its issuers, its audiences, any algorithm
 * that is asymmetric; and for all of them the keys that seal sessions. Part of assembling. */
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "server/sts/sts.h"

enum { SESSION_DEFAULT = 3600, SESSION_LEAST = 900, SESSION_MOST = 43200 };

/* --- How long --- */

/* STS_MAX_SESSION_DURATION_SECS (S4.18): no number, 3600; less than 900, 900; each with a warning. */
static int64_t default_max(const struct jt_server *server)
{
    const char *text = server->config->sessions.max.at;
    uint64_t seconds = 0;

    if (text == NULL)
        return SESSION_DEFAULT;
    if (!jt_bytes_number(jeton_text(text), UINT32_MAX, &seconds)) {
        jt_log(&server->log, JT_LOG_WARN, "STS_MAX_SESSION_DURATION_SECS is no number of seconds; 3600 is taken", NULL);
        return SESSION_DEFAULT;
    }
    if (seconds < SESSION_LEAST) {
        jt_log(&server->log, JT_LOG_WARN, "STS_MAX_SESSION_DURATION_SECS is below 900; 900 is taken", NULL);
        return SESSION_LEAST;
    }
    if (seconds > SESSION_MOST) {
        jt_log(&server->log, JT_LOG_WARN, "STS_MAX_SESSION_DURATION_SECS is above 43200; 43200 is taken", NULL);
        return SESSION_MOST;
    }
    return (int64_t)seconds;
}

/* --- What a token must show --- */

static size_t place_of(const struct jt_server *server, const char *issuer)
{
    const struct jt_config_trust *entries = server->config->trust.at;

    for (size_t i = 1; i < server->issuer_count; i++) {
        if (!entries[i - 1].any_issuer && strcmp(server->issuers[i]->name, issuer) == 0)
            return i;
    }
    return 0; /* the check of the configuration let none through */
}

static JT_CHECKED fill_trusted(const struct jt_server *server, const struct jt_config_role *role, size_t index,
                               struct jt_trusted *out, struct jeton_detail *detail)
{
    static const struct jeton_bytes subject = {"sub", 3};
    static const struct jeton_list required = {&subject, 1}, as_named = {NULL, 0};
    const struct jt_config_policy from = {.audiences = role->audiences};
    const struct jt_config_trust *entries = server->config->trust.at;
    size_t place = place_of(server, role->issuers.at[index].at);

    if (place == 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "a role names an issuer that trust does not have");
    *out = (struct jt_trusted){.issuer = jeton_text(server->issuers[place]->name),
                               .sources = {server->issuers[place]->source, NULL},
                               .source_count = 1,
                               .refresh_on_bad_signature = entries[place - 1].refresh_on_bad_signature.value != 0,
                               .context = server->issuers[place]};
    return jt_server_make_policy(server, &from, place, &as_named, &required, &out->policy, detail);
}

static JT_CHECKED open_trust(const struct jt_server *server, struct jt_sts_role *role, struct jeton_detail *detail)
{
    const struct jt_config_list *issuers = &role->config->issuers;
    struct jt_trusted *all = calloc(issuers->count + 1, sizeof *all);
    enum jeton_status status = JETON_OK;
    size_t made = 0;

    if (all == NULL)
        return JETON_OUT_OF_MEMORY;
    while (made < issuers->count && status == JETON_OK) {
        status = fill_trusted(server, role->config, made, &all[made], detail);
        made += status == JETON_OK;
    }
    if (status == JETON_OK)
        status = jt_trust_new(&(struct jt_trust_options){.issuers = all,
                                                         .issuer_count = made,
                                                         .max_token = (size_t)server->config->limits.token.value},
                              &role->trust, detail);
    for (size_t i = 0; i < made && status != JETON_OK; i++)
        jt_policy_free(all[i].policy);
    free(all);
    return status;
}

static JT_CHECKED open_role(struct jt_server *server, const struct jt_config_role *from, int64_t max_default,
                            struct jeton_detail *detail)
{
    struct jt_sts *sts = server->sts;
    struct jt_sts_role *role = &sts->roles[sts->count++];

    role->config = from;
    role->max_session = from->max_session.place.line > 0 ? from->max_session.value / 1000 : max_default;
    if (from->audiences.count == 0) {
        jt_log(&server->log, JT_LOG_WARN,
               "this role has no audience: nobody gets it, since a token for anyone would do (roles[].audiences)",
               "role", from->name.at, NULL);
        return JETON_OK;
    }
    sts->registered++;
    return open_trust(server, role, detail);
}

/* --- The keys --- */

/* Numbers of seals are set aside in the state, by the key's id (NIST SP 800-38D §8.3). */
static enum jeton_status reserve(void *context, const char *kid, uint64_t count, uint64_t *first)
{
    struct jt_server *server = context;
    struct jeton_detail detail = {""};
    char name[64];
    int64_t before = 0;
    enum jeton_status status;

    snprintf(name, sizeof name, "session seals %s", kid);
    status = jt_store_mark_read(server->store, jeton_text(name), &before, &detail);
    if (status == JETON_OK)
        status = jt_store_mark_write(server->store, jeton_text(name), before + (int64_t)count, &detail);
    if (status != JETON_OK) {
        jt_log(&server->log, JT_LOG_ERROR, "seals of the session key cannot be counted", "detail", detail.text, NULL);
        return status;
    }
    *first = (uint64_t)before;
    return JETON_OK;
}

static JT_CHECKED open_sessions(struct jt_server *server, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret keys = {NULL, 0};
    const struct jt_config_text *which = NULL;
    struct jt_sts *sts = server->sts;
    struct jt_session_role *roles = NULL;
    struct jt_session_options options = {.legacy = strcmp(server->config->sessions.format.at, "legacy") == 0,
                                         .reserve = reserve,
                                         .reserve_context = server};
    enum jeton_status status;
    size_t count = 0;

    JT_TRY(jt_config_session_keys(server->config, &keys, &count, &which, detail));
    if (count == 0)
        return JETON_OK;
    roles = calloc(sts->count + 1, sizeof *roles);
    if (roles == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < sts->count; i++)
        roles[i] = (struct jt_session_role){jeton_text(sts->roles[i].config->name.at),
                                            sts->roles[i].config->not_before.value};
    for (size_t i = 0; i < count; i++)
        options.keys[i] = jeton_bytes(keys.at + i * JT_SESSION_KEY_LENGTH, JT_SESSION_KEY_LENGTH);
    options.roles = roles;
    options.role_count = sts->count;
    status = jt_sessions_new(&options, &sts->sessions, detail);
    free(roles);
    server->sessions = sts->sessions;
    return status;
}

JT_CHECKED jt_server_open_sts(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config_role *roles = server->config->roles.at;
    size_t count = server->config->roles.count;
    int64_t max_default = default_max(server);

    server->sts = calloc(1, sizeof *server->sts);
    if (server->sts == NULL)
        return JETON_OUT_OF_MEMORY;
    server->sts->roles = calloc(count + 1, sizeof *server->sts->roles);
    if (server->sts->roles == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++)
        JT_TRY(open_role(server, &roles[i], max_default, detail));
    return open_sessions(server, detail);
}

void jt_server_close_sts(struct jt_server *server)
{
    struct jt_sts *sts = server->sts;

    if (sts == NULL)
        return;
    for (size_t i = 0; i < sts->count; i++)
        jt_trust_free(sts->roles[i].trust);
    free(sts->roles);
    jt_sessions_free(sts->sessions);
    free(sts);
}
