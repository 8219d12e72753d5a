/* SPDX-License-Identifier: Apache-2.0 */
/* Which claims do user, org and role stand for beside an identity header? */
#ifndef JT_SERVER_MAPPING_H
#define JT_SERVER_MAPPING_H

#include "server/server.h"

/* The claims that `name` stands for, the first that is not blank counts; NULL: it is the name of a claim itself. Those
 * of a role are &mapping->role.claims. */
const struct jt_texts *jt_mapping_claims(const struct jt_mapping *mapping, const char *name);
#endif
