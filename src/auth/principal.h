/* SPDX-License-Identifier: Apache-2.0 */
/* Who is it, in few words? What an endpoint needs of a verified token; borrowed from it. */
#ifndef JT_AUTH_PRINCIPAL_H
#define JT_AUTH_PRINCIPAL_H

#include "base/buffer.h"
#include "jose/verify.h"

struct jt_principal {
    struct jeton_bytes subject; /* empty when the token has none */
    struct jeton_bytes issuer;
    const struct jt_verified *token;
};

struct jt_principal jt_principal_of(const struct jt_verified *token);
/* Its scopes, joined by single spaces, in the order written; nothing when there are none. */
void jt_principal_scopes(const struct jt_principal *principal, struct jt_buffer *out);
#endif
