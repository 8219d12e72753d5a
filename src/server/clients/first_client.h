/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask for tokens when nobody is configured? A client made at the very first start. */
#ifndef JT_SERVER_FIRST_CLIENT_H
#define JT_SERVER_FIRST_CLIENT_H

#include "server/log.h"
#include "store/store.h"

#define JT_FIRST_CLIENT_HASH 32

/* Writes id and secret into first-client.json for the operator's eyes; what is kept of the secret is its hash, which
 * `client` borrows. */
JT_CHECKED jt_first_client_make(const char *state, int64_t now, const struct jt_log *log,
                                unsigned char hash[JT_FIRST_CLIENT_HASH], struct jt_stored_client *client,
                                struct jeton_detail *detail);
#endif
