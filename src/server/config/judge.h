/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text an address, a header's name, a scope? What the table of keys asks about texts: NULL is good, else what
 * is wrong with it. Pure. */
#ifndef JT_SERVER_CONFIG_JUDGE_H
#define JT_SERVER_CONFIG_JUDGE_H

#include "base/bytes.h"

const char *jt_judge_listen(struct jeton_bytes text);
const char *jt_judge_proxy(struct jeton_bytes text);
const char *jt_judge_issuer(struct jeton_bytes text);
const char *jt_judge_resource(struct jeton_bytes text);
const char *jt_judge_trusted(struct jeton_bytes text);
const char *jt_judge_algorithm(struct jeton_bytes text);
const char *jt_judge_any_algorithm(struct jeton_bytes text);
const char *jt_judge_header(struct jeton_bytes text);
const char *jt_judge_name(struct jeton_bytes text);
const char *jt_judge_scope(struct jeton_bytes text);
const char *jt_judge_client_id(struct jeton_bytes text);
const char *jt_judge_domain(struct jeton_bytes text);
const char *jt_judge_connection(struct jeton_bytes text);
const char *jt_judge_role(struct jeton_bytes text);
const char *jt_judge_bucket(struct jeton_bytes text);
const char *jt_judge_prefix(struct jeton_bytes text);

/* A listening address in its parts, borrowed: unix:PATH, or host (without brackets) and port. */
struct jt_listen_at {
    bool unix_socket;
    struct jeton_bytes path;
    struct jeton_bytes host;
    unsigned port;
};
bool jt_listen_read(struct jeton_bytes text, struct jt_listen_at *out);
/* RFC 9110 §5.1: a name of a field. */
bool jt_is_field_name(struct jeton_bytes text);
#endif
