/* SPDX-License-Identifier: Apache-2.0 */
/* What are the parts of /.sts? Roles as they are at work (sts_roles.c), the two actions (sts_assume.c, sts_identity.c),
 * and how they answer (sts_xml.c); route_sts.c leads to them. The gateway takes the sessions from here. */
#ifndef JT_SERVER_STS_H
#define JT_SERVER_STS_H

#include "auth/session.h"
#include "server/http/form.h"
#include "server/http/http.h"
#include "server/server.h"

/* One role at work. */
struct jt_sts_role {
    const struct jt_config_role *config;
    struct jt_trust *trust; /* NULL: it has no audience, and is not there for anybody */
    int64_t max_session;    /* seconds */
};

struct jt_sts {
    struct jt_sts_role *roles;
    size_t count;
    size_t registered;            /* of those with an audience */
    struct jt_sessions *sessions; /* NULL: there is no key to seal or open them */
};

JT_CHECKED jt_server_open_sts(struct jt_server *server, struct jeton_detail *detail);
void jt_server_close_sts(struct jt_server *server); /* takes a half-open one */

/* One request at work. */
struct jt_sts_ask {
    struct jt_server *server;
    const struct jt_request *request;
    const struct jt_form *form;
    const char *request_id;
    struct jt_answer *answer;
};
void jt_sts_assume(const struct jt_sts_ask *ask);
void jt_sts_identity(const struct jt_sts_ask *ask);
/* How long a request waits for keys that are on their way, at the least. */
#define JT_STS_WAIT_MS 2000

/* --- Answers --- */

#define JT_STS_SPACE "https://sts.amazonaws.com/doc/2011-06-15/"
/* One of AWS's codes, and a text for a person; what is the server's fault (500 and more) is told without it. */
void jt_sts_error(const struct jt_sts_ask *ask, unsigned status, const char *code, const char *text);
/* 501: nothing is configured that could be given (S4.14); in the words of S3. */
void jt_sts_not_there(const struct jt_sts_ask *ask);
/* What was written is the answer; 500 where it did not fit. The buffer is done then. */
void jt_sts_send(const struct jt_sts_ask *ask, struct jt_buffer *text);
/* <ResponseMetadata> with the request's id. */
void jt_sts_write_metadata(const struct jt_sts_ask *ask, struct jt_buffer *text);

/* The account that stands in every ARN: there is one. */
#define JT_STS_ACCOUNT "000000000000"
/* "arn:aws:sts::000000000000:assumed-role/ROLE/NAME" and "ROLE:NAME" */
void jt_sts_write_arn(struct jt_buffer *text, struct jeton_bytes role, struct jeton_bytes name);
void jt_sts_write_id(struct jt_buffer *text, struct jeton_bytes role, struct jeton_bytes name);
#endif
