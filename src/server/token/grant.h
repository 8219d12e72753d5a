/* SPDX-License-Identifier: Apache-2.0 */
/* What does a client ask of /token, and what has been decided so far? One request on its way from the form to the
 * token: route_token.c starts it, one file for each grant decides, mint.c makes the token. Each step that fails has
 * answered and says false. */
#ifndef JT_SERVER_GRANT_H
#define JT_SERVER_GRANT_H

#include "server/http/http.h"
#include "server/server.h"

struct jt_asking {
    struct jt_server *server;
    const struct jt_request *request;
    struct jt_answer *answer;
    struct jt_form form;
    const struct jt_client *client;
    enum jt_grant grant;
    /* Decided by the grant. */
    struct jeton_bytes subject;
    struct jeton_bytes audience;
    struct jeton_bytes scope; /* joined by spaces; may be empty */
    int64_t ttl;
    struct jeton_bytes act;     /* JSON; may be empty */
    struct jeton_bytes may_act; /* JSON; may be empty */
};

typedef bool jt_grant_step(struct jt_asking *asking);

/* The grants (grant_NAME.c). */
jt_grant_step jt_grant_client_credentials, jt_grant_exchange, jt_grant_jwt_bearer;

/* --- What they share (grant_target.c, grant_ground.c, mint.c) --- */

/* For whom is it? The one audience of the client, or the one it asks for (RFC 8707); never one that is not its own. */
jt_grant_step jt_grant_audience;
/* All scopes that may be had, or the fewer that are asked for (RFC 6749 §3.3): those of the client, and where there is
 * a token that it stands on, only those that this has too. */
JETON_MUST_CHECK bool jt_grant_scope(struct jt_asking *asking, const struct jt_verified *ground);
/* Subject, life and what may be said of actors, from a token that this one stands for. `actor`: who acts from now on;
 * no bytes: nobody further. `claim` and `acting` are its claims. `error` is what a fault in the ground is called. */
struct jt_ground {
    const struct jt_verified *token;
    const struct jt_issuer *issuer;
    const char *name; /* of the parameter */
    const char *error;
};
JETON_MUST_CHECK bool jt_grant_ground(struct jt_asking *asking, const struct jt_ground *ground,
                                      struct jeton_bytes actor,
                                      struct jeton_bytes (*claim)(const void *acting, struct jeton_bytes name),
                                      const void *acting);
/* The client as an actor: its claims, for jt_grant_ground. */
struct jeton_bytes jt_grant_client_claim(const void *asking, struct jeton_bytes name);

/* Makes the token and answers with it. `issued_type` (RFC 8693 §2.2.1) may be NULL. */
JETON_MUST_CHECK bool jt_grant_mint(struct jt_asking *asking, const char *issued_type);

/* Each says false. `description` may be NULL. */
bool jt_grant_fail(struct jt_asking *asking, unsigned status, const char *error, const char *description);
bool jt_grant_fail_internally(struct jt_asking *asking);
/* The token in parameter `name` did not pass: `error` with why, or 503 without keys. */
bool jt_grant_fail_token(struct jt_asking *asking, const char *name, const char *error, enum jeton_status status,
                         const struct jeton_detail *detail);
#endif
