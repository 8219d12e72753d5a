/* SPDX-License-Identifier: Apache-2.0 */
/* What did the environment say when the process began? See config/process_environment.h. */
#include "server/config/process_environment.h"

#include <stdlib.h>

const char *const jt_environment_secrets[] = {"AUTH_JWT_HS256_SECRET", "OIDC_PROVIDER_KEY",
                                              "OIDC_PROVIDER_KEY_PREVIOUS", "SESSION_TOKEN_KEY", NULL};

static bool is_secret(const char *variable, const char *const *secrets)
{
    size_t len = strcspn(variable, "=");

    for (size_t i = 0; secrets[i] != NULL; i++) {
        if (strlen(secrets[i]) == len && memcmp(secrets[i], variable, len) == 0)
            return true;
    }
    return false;
}

JT_CHECKED jt_environment_take(char **environment, const char *const *secrets, struct jt_environment *out)
{
    size_t count = 0, bytes = 0, at = 0;

    for (; environment[count] != NULL; count++)
        bytes += strlen(environment[count]) + 1;
    *out = (struct jt_environment){calloc(count + 1, sizeof *out->at), {NULL, 0}};
    if (out->at == NULL)
        return JETON_OUT_OF_MEMORY;
    if (jt_secret_new(bytes, &out->texts) != JETON_OK) {
        jt_environment_done(out);
        return JETON_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(environment[i]);
        char *copy = (char *)out->texts.at + at;

        memcpy(copy, environment[i], len + 1);
        at += len + 1;
        out->at[i] = copy;
        if (is_secret(environment[i], secrets))
            jt_wipe(environment[i] + strcspn(environment[i], "="), len - strcspn(environment[i], "="));
    }
    return JETON_OK;
}

void jt_environment_done(struct jt_environment *environment)
{
    free(environment->at);
    jt_secret_done(&environment->texts);
    environment->at = NULL;
}
