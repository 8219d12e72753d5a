/* SPDX-License-Identifier: Apache-2.0 */
/* About which token does which client ask, and what is it worth? The first steps of /introspect and /revoke. */
#ifndef JT_SERVER_ASKED_TOKEN_H
#define JT_SERVER_ASKED_TOKEN_H

#include "server/http/http.h"
#include "server/server.h"

struct jt_asked {
    const struct jt_client *client;
    enum jeton_status status;      /* of the judgement: no claim is believed unless it is JETON_OK */
    struct jt_trust_result result; /* left by jt_asked_done() */
    bool ours;                     /* issued here */
    bool to_client;                /* issued here, to this very client */
};

/* False: the handler returns at once; `answer` says why, or the request waits. jt_asked_done() in any case. */
JETON_MUST_CHECK bool jt_asked_read(struct jt_server *server, const struct jt_request *request,
                                    struct jt_answer *answer, struct jt_asked *out);
void jt_asked_done(struct jt_asked *asked);
/* Nobody may keep the answer. */
void jt_answer_private(struct jt_answer *answer);
#endif
