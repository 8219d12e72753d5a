/* SPDX-License-Identifier: Apache-2.0 */
/* What must survive a restart? Keys, sealed before they come here, and the client made at the first start. One
 * directory, one jetond at a time; SQLite lives in store_sqlite.c alone. Nothing here can open what is sealed. */
#ifndef JT_STORE_STORE_H
#define JT_STORE_STORE_H

#include "base/buffer.h"
#include "base/bytes.h"

/* Layout of the tables; part of what a sealed key is bound to. */
#define JT_STORE_SCHEMA 1

struct jt_store;

/* A signing key as it lies in the store. */
struct jt_stored_key {
    struct jeton_bytes kid;
    struct jeton_bytes algorithm;
    struct jeton_bytes state; /* "active" */
    int64_t created_at;       /* seconds since 1970 */
    struct jeton_bytes sealed;
};

/* A client as it lies in the store; lists are texts with a space between. */
struct jt_stored_client {
    struct jeton_bytes id;
    struct jeton_bytes secret_hash; /* SHA-256 of a random secret of 256 bits */
    struct jeton_bytes grants;
    struct jeton_bytes audiences;
    struct jeton_bytes scopes;
    int64_t created_at;
};

/* Opens the state below `directory`, made with mode 0700 when it is missing. JETON_CONFIG_INVALID with a detail when it
 * cannot be used: another jetond has it, no permission, not a database or a damaged one, written by a newer version.
 * JETON_OUT_OF_MEMORY. `open_to_others` is set when group or others may look into the directory. */
JT_CHECKED jt_store_open(const char *directory, struct jt_store **out, bool *open_to_others,
                         struct jeton_detail *detail);
void jt_store_close(struct jt_store *store); /* takes NULL */

/* Calls `take` with each key, the oldest first; what it is given is borrowed for the call. Stops when `take` fails and
 * gives its status. JETON_INTERNAL_ERROR when the store cannot be read. */
JT_CHECKED jt_store_keys(struct jt_store *store, enum jeton_status (*take)(void *context, const struct jt_stored_key *),
                         void *context, struct jeton_detail *detail);
JT_CHECKED jt_store_clients(struct jt_store *store,
                            enum jeton_status (*take)(void *context, const struct jt_stored_client *), void *context,
                            struct jeton_detail *detail);

/* The first start in one transaction: a key and, unless NULL, a client. On the disk when it returns. */
JT_CHECKED jt_store_begin(struct jt_store *store, const struct jt_stored_key *key,
                          const struct jt_stored_client *client, struct jeton_detail *detail);
#endif
