/* SPDX-License-Identifier: Apache-2.0 */
/* Which client does this request come from, proved? For every endpoint that serves clients alone; what does not pass
 * is answered here, by RFC 6749 §5.2. */
#ifndef JT_SERVER_CLIENT_AUTHENTICATE_H
#define JT_SERVER_CLIENT_AUTHENTICATE_H

#include "server/http/http.h"
#include "server/server.h"

/* The form in the body; no parameter twice, but for `may_repeat`. False: `answer` says what is wrong with it. */
JETON_MUST_CHECK bool jt_client_form(const struct jt_request *request, const char *may_repeat, struct jt_form *out,
                                     struct jt_answer *answer);

/* The client that the request proves to come from. NULL: the handler returns at once; either `answer` is made, or the
 * request waits for the keys of the client, and the handler is called once more. */
const struct jt_client *jt_client_authenticate(struct jt_server *server, const struct jt_request *request,
                                               const struct jt_form *form, struct jt_answer *answer);
#endif
