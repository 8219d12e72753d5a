/* SPDX-License-Identifier: Apache-2.0 */
/* Do the settings make sense together, and are the files they name there? Second stage of Config -> server, and the
 * whole of `jetond --check`. Faults alone come out; nothing is changed. */
#include <stdio.h>

#include "base/secret.h"
#include "jose/role.h"
#include "server/config/config.h"
#include "server/issuer/seal_file.h"

/* Read to see that it is one, and lies where it may. */
static void check_seal_key(const struct jt_config_text *text, const char *key, const struct jt_config *config,
                           struct jt_config_faults *faults)
{
    struct jt_seal_file file = {(char *)(uintptr_t)text->at, false};
    struct jt_secret secret = {NULL, 0};
    struct jeton_detail detail = {""};

    if (text->at != NULL && jt_seal_file_read(&file, config->state.at, &secret, &detail) != JETON_OK)
        jt_config_fault(faults, text->place, key, "%.220s", detail.text);
    jt_secret_done(&secret);
}

static void check_whole_seconds(const struct jt_config_number *number, const char *key, struct jt_config_faults *faults)
{
    if (number->value % 1000 != 0)
        jt_config_fault(faults, number->place, key, "must be whole seconds");
}

/* Header names are compared without case by every proxy. */
static void check_headers(const struct jt_config_pairs *headers, struct jt_config_faults *faults)
{
    char key[128];

    for (size_t i = 0; i < headers->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!jt_bytes_equal_nocase(jeton_text(headers->at[i].name.at), jeton_text(headers->at[j].name.at)))
                continue;
            snprintf(key, sizeof key, "verify.headers.%s", headers->at[i].name.at);
            jt_config_fault(faults, headers->at[i].name.place, key, "is the same header as %s", headers->at[j].name.at);
            break;
        }
    }
}

static void check_roles(const struct jt_config *config, struct jt_config_faults *faults)
{
    const struct jt_config_list *roles = &config->identity.roles;
    const struct jt_config_policy *policies = config->verify.policies.at;
    struct jeton_bytes names[64];
    struct jt_texts known = {names, 0};
    char key[128];
    size_t index = 0;

    for (size_t i = 0; i < roles->count; i++) {
        if (jt_role_find(&known, jeton_text(roles->at[i].at), &index) &&
            jt_bytes_equal_nocase(names[index], jeton_text(roles->at[i].at)))
            jt_config_fault(faults, roles->at[i].place, "identity.roles", "names %s twice", roles->at[i].at);
        names[known.count++] = jeton_text(roles->at[i].at);
    }
    for (size_t i = 0; i < config->verify.policies.count; i++) {
        if (policies[i].role.at == NULL || jt_role_find(&known, jeton_text(policies[i].role.at), &index))
            continue;
        snprintf(key, sizeof key, "verify.policies.%s.role", policies[i].name.at);
        jt_config_fault(faults, policies[i].role.place, key, "is none of identity.roles");
    }
}

void jt_config_check(const struct jt_config *config, struct jt_config_faults *faults)
{
    jt_config_check_signing(config, faults);
    check_roles(config, faults);
    check_whole_seconds(&config->signing.delegation_ttl, "signing.delegation_ttl", faults);
    check_whole_seconds(&config->signing.nbf_skew, "signing.nbf_skew", faults);
    check_headers(&config->verify.headers, faults);
    check_seal_key(&config->seal_key_file, "seal_key_file", config, faults);
    check_seal_key(&config->seal_key_old_file, "seal_key_old_file", config, faults);
    jt_config_check_clients(config, faults);
    jt_config_check_trust(config, faults);
    jt_config_check_gateway(config, faults);
    jt_config_check_sts(config, faults);
    jt_config_faults_sort(faults);
}
