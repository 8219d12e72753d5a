/* SPDX-License-Identifier: Apache-2.0 */
/* Do `roles` and `sessions` make sense: has each role its own name and issuers that can be asked, are there keys to
 * seal what it gives? Beside config/check.c. */
#include <stdio.h>

#include "auth/session.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "server/config/config.h"

enum { KEY_ROOM = 128 };

static const struct jt_config_trust *find_trust(const struct jt_config *config, const char *issuer)
{
    const struct jt_config_trust *entries = config->trust.at;

    for (size_t i = 0; i < config->trust.count; i++) {
        if (entries[i].issuer.at != NULL && !entries[i].any_issuer && strcmp(entries[i].issuer.at, issuer) == 0)
            return &entries[i];
    }
    return NULL;
}

static void check_name(const struct jt_config_role *roles, size_t index, struct jt_config_faults *faults)
{
    char key[KEY_ROOM];

    for (size_t i = 0; i < index && roles[index].name.at != NULL; i++) {
        if (roles[i].name.at == NULL || strcmp(roles[i].name.at, roles[index].name.at) != 0)
            continue;
        snprintf(key, sizeof key, "roles[%zu].name", index);
        jt_config_fault(faults, roles[index].name.place, key, "is the name of roles[%zu] too", i);
        return;
    }
}

static void check_issuers(const struct jt_config *config, const struct jt_config_role *role, size_t index,
                          struct jt_config_faults *faults)
{
    char key[KEY_ROOM];

    snprintf(key, sizeof key, "roles[%zu].issuers", index);
    for (size_t i = 0; i < role->issuers.count; i++) {
        const struct jt_config_trust *trust = find_trust(config, role->issuers.at[i].at);

        if (trust == NULL)
            jt_config_fault(faults, role->issuers.at[i].place, key, "is no issuer of trust");
        else if (trust->keys.secret_file.at != NULL || trust->keys.secret.at != NULL)
            jt_config_fault(faults, role->issuers.at[i].place, key,
                            "has a secret in place of keys: only asymmetric signatures are taken here");
    }
}

static void check_role(const struct jt_config *config, size_t index, struct jt_config_faults *faults)
{
    const struct jt_config_role *roles = config->roles.at;
    char key[KEY_ROOM];

    check_name(roles, index, faults);
    check_issuers(config, &roles[index], index, faults);
    if (roles[index].max_session.value % 1000 != 0) {
        snprintf(key, sizeof key, "roles[%zu].max_session", index);
        jt_config_fault(faults, roles[index].max_session.place, key, "must be whole seconds");
    }
}

static bool gives_sessions(const struct jt_config *config)
{
    const struct jt_config_role *roles = config->roles.at;

    for (size_t i = 0; i < config->roles.count; i++) {
        if (roles[i].audiences.count > 0)
            return true;
    }
    return false;
}

static void check_keys(const struct jt_config *config, struct jt_config_faults *faults)
{
    JT_AUTO(jt_secret_done) struct jt_secret keys = {NULL, 0};
    const struct jt_config_text *which = NULL;
    struct jeton_detail detail = {""};
    size_t count = 0;

    if (jt_config_session_keys(config, &keys, &count, &which, &detail) != JETON_OK)
        jt_config_fault(faults, which != NULL ? which->place : config->sessions.key_files.place, "sessions.key_files",
                        "%.220s", detail.text);
    else if (count == 0 && gives_sessions(config))
        jt_config_fault(faults, config->roles.place, "sessions.key_files",
                        "must be given, or SESSION_TOKEN_KEY in the environment: there are roles");
    else if (count == JT_SESSION_KEYS &&
             jt_crypto_equal(jeton_bytes(keys.at, JT_SESSION_KEY_LENGTH),
                             jeton_bytes(keys.at + JT_SESSION_KEY_LENGTH, JT_SESSION_KEY_LENGTH)))
        jt_config_fault(faults, config->sessions.key_files.place, "sessions.key_files", "hold one key twice");
}

void jt_config_check_sts(const struct jt_config *config, struct jt_config_faults *faults)
{
    for (size_t i = 0; i < config->roles.count; i++)
        check_role(config, i, faults);
    check_keys(config, faults);
}
