/* SPDX-License-Identifier: Apache-2.0 */
/* What do the readers of file, environment and defaults ask of each other? Nothing else includes it. */
#ifndef JT_SERVER_CONFIG_WALK_H
#define JT_SERVER_CONFIG_WALK_H

#include "server/config/value.h"

/* The value of one key, written in YAML's flow style. */
JT_CHECKED jt_config_read_one(const struct jt_config_target *target, const struct jt_config_key *key,
                              const char *source, struct jeton_bytes text, void *config);
/* The defaults of the keys directly below `pattern` ("" or "clients[]."), sections included. */
JT_CHECKED jt_config_defaults_below(const struct jt_config_target *target, const char *pattern, void *base);
/* The key that `name` may have been meant to be, in the section `pattern` or elsewhere; empty when none is near. */
struct jeton_bytes jt_config_near(const struct jt_config_table *table, const char *pattern, const char *name);
#endif
