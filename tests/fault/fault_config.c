/* SPDX-License-Identifier: Apache-2.0 */
/* Is a configuration read whole or not at all when memory is short? What was said to be read without a fault must be
 * all that was written: an entry that lost its audience would believe more than the operator said. */
#include <stdlib.h>

#include "server/config/config.h"
#include "server/config/process_environment.h"

#include "fault.h"

static const char text[] = "log_level: debug\n"
                           "trusted_proxies: [unix, 10.0.0.0/8]\n"
                           "trust:\n"
                           "  - {issuer: 'https://a.example', audiences: [api, web], required_claims: [tenant]}\n"
                           "  - {issuer: b, any_audience: true, keys: {jwks_url: 'https://b.example/k'}}\n"
                           "verify:\n"
                           "  headers: {X-User: user, X-Org: org}\n"
                           "  policies: {admin: {role: admin, scopes: [a, b]}, other: {audiences: [x]}}\n"
                           "identity: {roles: [admin, basic], claims: {user: sub}}\n";
static const char *const variables[] = {"AUTH_MODE=jwt",       "AUTH_JWT_ISSUER=https://c.example",
                                        "AUTH_JWT_AUDIENCE=d", "AUTH_JWT_HS256_SECRET=a secret that is long enough",
                                        "LOG_LEVEL=WARNING",   NULL};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void is_whole(const struct jt_config *config, bool with_environment)
{
    const struct jt_config_trust *trust = config->trust.at;
    const struct jt_config_policy *policies = config->verify.policies.at;

    must(config->trust.count == (with_environment ? 3u : 2u) && trust[0].audiences.count == 2 &&
         trust[0].required_claims.count == 1 && trust[0].any_audience.value == 0 && trust[1].any_audience.value == 1);
    must(config->trusted_proxies.count == 2 && config->verify.headers.count == 2 && config->verify.policies.count == 2);
    must(policies[0].role.at != NULL && policies[0].scopes.count == 2 && policies[1].audiences.count == 1);
    must(config->identity.roles.count == 2 && config->listen.at != NULL);
    if (with_environment)
        must(trust[2].audiences.count == 1 && trust[2].keys.secret.at != NULL && trust[2].algorithms.count == 1 &&
             trust[2].required_claims.count == 1 && strcmp(config->log_level.at, "warn") == 0);
}

static enum jeton_status read_all(struct jt_config *config, struct jt_config_faults *faults, bool with_environment)
{
    const char *unknown = NULL;

    JT_TRY(jt_config_defaults(&jt_config_keys, &config->memory, config));
    JT_TRY(jt_config_read(jeton_text(text), &jt_config_keys, &config->memory, config, faults));
    if (!with_environment)
        return JETON_OK;
    JT_TRY(jt_config_environment(variables, &jt_config_keys, &config->memory, config, faults, &unknown));
    return jt_config_outside(variables, config, faults);
}

static enum jeton_status read_once(bool with_environment)
{
    static struct jt_config_faults faults;
    struct jt_config config = {.listen = {NULL, {NULL, 0, 0}}};
    enum jeton_status status;

    faults.count = 0;
    status = read_all(&config, &faults, with_environment);
    if (status == JETON_OK && faults.count == 0)
        is_whole(&config, with_environment);
    else if (status == JETON_OK)
        status = JETON_INTERNAL_ERROR; /* a fault that is none, but it was told */
    jt_config_done(&config);
    return status;
}

static enum jeton_status a_file_is_read_whole_or_not_at_all(void)
{
    return read_once(false);
}

static enum jeton_status the_environment_makes_a_whole_entry_or_none(void)
{
    return read_once(true);
}

/* Said twice, it is never taken for said once. */
static enum jeton_status a_repeated_key_is_never_overlooked(void)
{
    static struct jt_config_faults faults;
    struct jt_config config = {.listen = {NULL, {NULL, 0, 0}}};
    enum jeton_status status = jt_config_defaults(&jt_config_keys, &config.memory, &config);

    faults.count = 0;
    if (status == JETON_OK)
        status = jt_config_read(JT_TEXT("issuer: https://a.example\nissuer: https://b.example\n"), &jt_config_keys,
                                &config.memory, &config, &faults);
    if (status == JETON_OK)
        must(faults.count == 1 && faults.at[0].place.line == 2);
    jt_config_done(&config);
    return status;
}

static void nothing(void *context, const char *path, struct jt_place place)
{
    (void)path;
    (void)place;
    ++*(unsigned *)context;
}

static enum jeton_status a_reload_keeps_what_needs_a_restart(void)
{
    struct jt_config before = {.listen = {"127.0.0.1:1", {NULL, 0, 0}}}, config = {.listen = {NULL, {NULL, 0, 0}}};
    unsigned told = 0;
    enum jeton_status status = jt_config_defaults(&jt_config_keys, &config.memory, &config);

    if (status == JETON_OK)
        status = jt_config_keep(&jt_config_keys, &before, &config.memory, &config, nothing, &told);
    if (status == JETON_OK)
        must(told > 3 && strcmp(config.listen.at, "127.0.0.1:1") == 0 && config.state.at == NULL);
    jt_config_done(&config);
    return status;
}

static enum jeton_status the_environment_is_taken_and_its_secrets_wiped_or_left(void)
{
    char secret[] = "AUTH_JWT_HS256_SECRET=s", other[] = "HOME=/";
    char *variables_there[] = {other, secret, NULL};
    struct jt_environment environment = {NULL, {NULL, 0}};
    enum jeton_status status = jt_environment_take(variables_there, jt_environment_secrets, &environment);

    if (status == JETON_OK)
        must(strcmp(environment.at[1], "AUTH_JWT_HS256_SECRET=s") == 0 && strcmp(environment.at[0], "HOME=/") == 0 &&
             environment.at[2] == NULL && strchr(secret, 's') == NULL && strcmp(other, "HOME=/") == 0);
    jt_environment_done(&environment);
    return status;
}

FAULT_SCENARIOS(
    {"a_file_is_read_whole_or_not_at_all", a_file_is_read_whole_or_not_at_all, JETON_OK, FAULT_MEMORY, JETON_OK},
    {"the_environment_makes_a_whole_entry_or_none", the_environment_makes_a_whole_entry_or_none, JETON_OK, FAULT_MEMORY,
     JETON_OK},
    {"a_repeated_key_is_never_overlooked", a_repeated_key_is_never_overlooked, JETON_OK, FAULT_MEMORY, JETON_OK},
    {"a_reload_keeps_what_needs_a_restart", a_reload_keeps_what_needs_a_restart, JETON_OK, FAULT_MEMORY, JETON_OK},
    {"the_environment_is_taken_and_its_secrets_wiped_or_left", the_environment_is_taken_and_its_secrets_wiped_or_left,
     JETON_OK, FAULT_MEMORY, JETON_OK});
