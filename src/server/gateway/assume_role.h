/* SPDX-License-Identifier: Apache-2.0 */
/* How does one speak to an STS, as its client? AssumeRoleWithWebIdentity: the form that goes out, the XML that comes
 * back. Pure. */
#ifndef JT_SERVER_ASSUME_ROLE_H
#define JT_SERVER_ASSUME_ROLE_H

#include "base/buffer.h"

/* The body of the request. `name` of the session: what RoleSessionName may not hold becomes "_" (S4.46). */
void jt_assume_write(struct jt_buffer *out, struct jeton_bytes role_arn, struct jeton_bytes name,
                     struct jeton_bytes token);

/* What an STS answered, whatever its status; borrowed from the text. `code` is the error's; empty: none. */
struct jt_assumed {
    struct jeton_bytes access_key_id, secret, token;
    int64_t expires_at;
    struct jeton_bytes code;
};
/* False: it is neither credentials nor an error. */
JETON_MUST_CHECK bool jt_assume_read(struct jeton_bytes text, struct jt_assumed *out);
#endif
