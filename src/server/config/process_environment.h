/* SPDX-License-Identifier: Apache-2.0 */
/* What did the environment say when the process began? Taken once: what may hold a secret is wiped where it stood, so
 * that neither /proc nor a child shows it, and a reload reads what was taken. */
#ifndef JT_SERVER_ENVIRONMENT_H
#define JT_SERVER_ENVIRONMENT_H

#include "base/secret.h"

struct jt_environment {
    const char **at; /* NAME=value, ended by NULL */
    struct jt_secret texts;
};

/* Copies `environment` whole and wipes the values of `secrets` (ended by NULL) in it. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_environment_take(char **environment, const char *const *secrets, struct jt_environment *out);
void jt_environment_done(struct jt_environment *environment);
/* Variables that may hold a secret. */
extern const char *const jt_environment_secrets[];
#endif
