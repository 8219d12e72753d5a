/* SPDX-License-Identifier: Apache-2.0 */
/* Does the operator rotate by hand? Four variables of the environment hold a key and the one before it (S4.1); they
 * have no key in the file, since no secret stands there. First stage of Config -> server. */
#include "server/config/config.h"
#include "server/issuer/keeper_parts.h"

/* Blank is as if unset (S1.1). */
static const char *value_of(const char *const *environment, const char *name)
{
    size_t len = strlen(name);

    if (jt_config_variable(environment, name).len == 0)
        return NULL;
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, len) == 0 && environment[i][len] == '=')
            return environment[i] + len + 1;
    }
    return NULL;
}

static void check_key(const struct jt_config_slots *slots, struct jt_config_faults *faults)
{
    struct jt_secret_jwk *key = NULL;
    struct jeton_detail why = {""};

    if (jt_keeper_read_key(jeton_text(slots->key), jeton_text(slots->kid), &key, &why) != JETON_OK)
        jt_config_fault(faults, (struct jt_place){"$OIDC_PROVIDER_KEY", 1, 1}, "signing key", "cannot be read: %.180s",
                        why.text);
    jt_secret_jwk_release(key);
}

void jt_config_take_slots(const char *const *environment, struct jt_config_slots *slots,
                          struct jt_config_faults *faults)
{
    *slots = (struct jt_config_slots){
        .key = value_of(environment, "OIDC_PROVIDER_KEY"),
        .kid = value_of(environment, "OIDC_PROVIDER_KID"),
        .previous = value_of(environment, "OIDC_PROVIDER_KEY_PREVIOUS"),
        .previous_kid = value_of(environment, "OIDC_PROVIDER_KID_PREVIOUS"),
    };
    if (slots->key == NULL && (slots->kid != NULL || slots->previous != NULL || slots->previous_kid != NULL))
        jt_config_fault(faults, (struct jt_place){"$OIDC_PROVIDER_KEY", 1, 1}, "signing key",
                        "is not set, or empty, beside %s",
                        slots->kid != NULL        ? "OIDC_PROVIDER_KID"
                        : slots->previous != NULL ? "OIDC_PROVIDER_KEY_PREVIOUS"
                                                  : "OIDC_PROVIDER_KID_PREVIOUS");
    else if (slots->key != NULL && slots->kid == NULL)
        jt_config_fault(faults, (struct jt_place){"$OIDC_PROVIDER_KID", 1, 1}, "signing key",
                        "is not set, or empty, beside OIDC_PROVIDER_KEY");
    else if (slots->key != NULL)
        check_key(slots, faults);
}
