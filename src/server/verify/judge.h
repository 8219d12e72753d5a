/* SPDX-License-Identifier: Apache-2.0 */
/* Is this token good, and if its key is on its way: can the request wait for it? For endpoints that are given tokens.
 */
#ifndef JT_SERVER_JUDGE_H
#define JT_SERVER_JUDGE_H

#include "server/http/http.h"
#include "server/server.h"

/* As jt_trust_judge(), once more after a key has come that was on its way. `waits`: the request was parked until it
 * comes; the handler leaves the result and returns at once. `wait` says whose keys these are. */
JT_CHECKED jt_request_judge(const struct jt_request *request, enum jt_wait wait, struct jt_trust *trust,
                            struct jeton_bytes token, struct jt_trust_result *out, bool *waits,
                            struct jeton_detail *detail);
#endif
