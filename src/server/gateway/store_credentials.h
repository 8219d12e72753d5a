/* SPDX-License-Identifier: Apache-2.0 */
/* With which temporary credentials is a federated store asked in the name of this caller? Got for this server's own
 * token by AssumeRoleWithWebIdentity (S4.46), kept under role and caller and renewed before they end (S4.47). */
#ifndef JT_SERVER_STORE_CREDENTIALS_H
#define JT_SERVER_STORE_CREDENTIALS_H

#include "server/gateway/gateway.h"
#include "server/gateway/s3_fault.h"

/* What came of it. Immutable. */
struct jt_store_credentials {
    struct jt_errand_result result;
    enum jt_s3_fault fault; /* JT_S3_NONE: they are here */
    char code[64];          /* BACKEND: the code that the store gave, for the client; may be empty */
    struct jt_secret memory;
    struct jeton_bytes access_key_id, secret, token;
};

/* To be asked for with jt_request_errand_for(), JT_WAIT_STORE, after the caller was authorised and not before (S4.48).
 */
JT_CHECKED jt_store_credentials(struct jt_gateway *gateway, const struct jt_caller *caller,
                                const struct jt_backend *backend, struct jt_buffer *key, struct jt_errand *out);
int64_t jt_store_credentials_wait_ms(void);
#endif
