/* SPDX-License-Identifier: Apache-2.0 */
/* Who is it that shows a token that is no JWT? What its issuer says of it, judged like the claims of a JWT (S5.14). */
#ifndef JT_SERVER_OPAQUE_H
#define JT_SERVER_OPAQUE_H

#include "base/json.h"
#include "server/http/http.h"
#include "server/server.h"

/* Part of opening: whom to ask, and with which secret; nobody, unless the configuration names one (opaque.c). */
JT_CHECKED jt_server_open_opaque(struct jt_server *server, struct jeton_detail *detail);
void jt_server_close_opaque(struct jt_server *server);
/* Bytes of arena that a judgement takes beyond those of a JWT's; how long a request may wait for one, in milliseconds.
 */
size_t jt_opaque_arena_size(const struct jt_server *server);
int64_t jt_opaque_wait_ms(const struct jt_server *server);

/* Is this a token that an issuer is to be asked about? After it was judged as a JWT: `status` is what came of that. */
bool jt_opaque_is(const struct jt_server *server, struct jeton_bytes token, enum jeton_status status,
                  struct jt_arena *arena);

struct jt_opaque_verdict {
    const struct jt_trusted *issuer; /* that was asked */
    bool waits;                      /* the handler returns at once, and is called again */
    struct jt_json claims;           /* when JETON_OK; in the arena */
    struct jeton_bytes payload;      /* their text; in the arena */
};
/* By the policy of that issuer in `trust`. JETON_TOKEN_MALFORMED when it is not active, JETON_KEYS_UNAVAILABLE when the
 * issuer cannot be asked now. */
JT_CHECKED jt_opaque_judge(struct jt_server *server, const struct jt_request *request, const struct jt_trust *trust,
                           struct jeton_bytes token, struct jt_opaque_verdict *out, struct jeton_detail *detail);
#endif
