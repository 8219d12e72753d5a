/* SPDX-License-Identifier: Apache-2.0 */
/* How is the issuer of a token that is no JWT asked what it says? A POST to its introspection endpoint (RFC 7662), by a
 * few threads of its own, once for a token however many requests carry it; answers are kept for a while, good and bad
 * ones. opaque.c asks. */
#ifndef JT_SERVER_INTROSPECTOR_H
#define JT_SERVER_INTROSPECTOR_H

#include "server/log.h"
#include "server/outbound/errand_wait.h"

struct jt_introspector;

/* `told` as in struct jt_errands_options. The log is borrowed. */
JT_CHECKED jt_introspector_open(const struct jt_log *log, void (*told)(void *context, const _Atomic uint64_t *what),
                                void *context, struct jt_introspector **out);
void jt_introspector_stop(struct jt_introspector *introspector); /* nobody is told anything from then on; takes NULL */
void jt_introspector_free(struct jt_introspector *introspector); /* after stop; takes NULL */

/* Whom to ask, and how; all borrowed for the call. */
struct jt_introspection {
    struct jeton_bytes url;
    struct jeton_bytes issuer;
    struct jeton_bytes authorization; /* the whole value; a secret */
    struct jeton_bytes ca_file;
    bool allow_http, allow_private_ip;
    int64_t timeout_ms, connect_timeout_ms;
    int64_t kept_for_ms;
};

/* What came of it; shared, released by jt_errand_result_release(). */
struct jt_introspected {
    struct jt_errand_result result;
    enum jeton_status status; /* JETON_OK; else it could not be asked */
    bool active;
    struct jeton_bytes claims; /* of an active one; see auth/introspected.h */
};
/* As jt_request_errand(). `out` is set when HERE. */
enum jt_errand_state jt_introspector_ask(struct jt_introspector *introspector, const struct jt_request *request,
                                         const struct jt_introspection *introspection, struct jeton_bytes token,
                                         struct jt_introspected **out);

/* How often an issuer was asked, by what came of it; jeton_introspections_total in /metrics. */
void jt_introspector_write_counts(struct jt_introspector *introspector, struct jt_buffer *out);

/* "Basic …" of id and secret (RFC 6749 §2.3.1). */
struct jt_secret;
JT_CHECKED jt_introspector_basic(struct jeton_bytes id, struct jeton_bytes secret, struct jt_secret *out);
#endif
