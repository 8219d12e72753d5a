/* SPDX-License-Identifier: Apache-2.0 */
/* Does this assertion prove its client (RFC 7523 §2.2, §3)? By the client's own keys, and once. */
#ifndef JT_SERVER_CLIENT_ASSERTION_H
#define JT_SERVER_CLIENT_ASSERTION_H

#include "server/http/http.h"
#include "server/server.h"

/* How far ahead an assertion may end, in seconds, a minute for clocks that differ: it is remembered until then. */
#define JT_ASSERTION_AHEAD 3660

/* `client` has keys. JETON_OK; any refusal, JETON_TOKEN_REPLAYED among them; JETON_KEYS_UNAVAILABLE. `waits`: the
 * request was parked until the client's keys are there, and the handler returns at once. */
JT_CHECKED jt_client_assertion_judge(struct jt_server *server, const struct jt_request *request,
                                     const struct jt_client *client, struct jeton_bytes assertion, bool *waits,
                                     struct jeton_detail *detail);

/* What every assertion must show beyond its policy: `aud` is one audience alone, `exp` is not more than `ahead` seconds
 * away, `jti` is not empty where there is one. Pure. */
JT_CHECKED jt_assertion_rules(const struct jt_verified *token, int64_t now, int64_t ahead, struct jeton_detail *detail);
/* The first use of it, across restarts? JETON_TOKEN_REPLAYED. One without `jti` is known by its claims. */
JT_CHECKED jt_assertion_use(struct jt_store *store, const struct jt_verified *token, int64_t now,
                            struct jeton_detail *detail);
#endif
