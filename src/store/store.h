/* SPDX-License-Identifier: Apache-2.0 */
/* What must survive a restart? Keys, sealed before they come here; the client made at the first start; what was revoked
 * and what may be used only once. One directory, one jetond at a time; SQLite lives in store_sqlite*.c alone and shows
 * in nothing here. Nothing here can open what is sealed. Threads: any, all functions but open and close. */
#ifndef JT_STORE_STORE_H
#define JT_STORE_STORE_H

#include "base/buffer.h"
#include "base/bytes.h"

/* Layout of the tables. A state of an older one is brought to it when it is opened, in one transaction. */
#define JT_STORE_SCHEMA 2

/* What names a token or an assertion: the bytes of its UUID or a SHA-256. No token lies in the store. */
#define JT_STORE_ID 32

/* So many rows may be revoked, and so many used, at a time. */
#define JT_STORE_ROWS_MAX 1000000

struct jt_store;

/* A signing key as it lies in the store. Times are seconds since 1970; 0: not known, or not yet. */
struct jt_stored_key {
    struct jeton_bytes kid;
    struct jeton_bytes algorithm;
    struct jeton_bytes state; /* "active" */
    int64_t created_at;
    struct jeton_bytes sealed;
    int64_t published_at;
    int64_t signs_from;
    int64_t signs_until;
};

/* A number under a name, such as the last time that was seen. */
struct jt_store_mark {
    struct jeton_bytes name;
    int64_t value;
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

/* Everything below gives JETON_INTERNAL_ERROR with a detail when the store cannot be read or written; then nothing was
 * changed. What was written is on the disk when the call returns. `take` borrows what it is given, must not call the
 * store, and ends the walk when it fails: its status is passed on. */

/* Each key, the oldest first. */
JT_CHECKED jt_store_keys(struct jt_store *store, enum jeton_status (*take)(void *context, const struct jt_stored_key *),
                         void *context, struct jeton_detail *detail);
JT_CHECKED jt_store_clients(struct jt_store *store,
                            enum jeton_status (*take)(void *context, const struct jt_stored_client *), void *context,
                            struct jeton_detail *detail);

/* The first start in one transaction: a key and, unless NULL, a client. */
JT_CHECKED jt_store_begin(struct jt_store *store, const struct jt_stored_key *key,
                          const struct jt_stored_client *client, struct jeton_detail *detail);

/* These keys instead of all that are there, and these marks beside those that are there, in one transaction. */
JT_CHECKED jt_store_replace_keys(struct jt_store *store, const struct jt_stored_key *keys, size_t count,
                                 const struct jt_store_mark *marks, size_t mark_count, struct jeton_detail *detail);

/* 0 where the mark was never written. */
JT_CHECKED jt_store_mark_read(struct jt_store *store, struct jeton_bytes name, int64_t *value,
                              struct jeton_detail *detail);
JT_CHECKED jt_store_mark_write(struct jt_store *store, struct jeton_bytes name, int64_t value,
                               struct jeton_detail *detail);

/* --- Rows that end by themselves (store_sqlite_rows.c): each is gone some time after its `until` has passed. --- */

/* `id` is revoked until then; the later end holds when it is already. JETON_INTERNAL_ERROR also when the table is full:
 * nothing is forgotten to make room. */
JT_CHECKED jt_store_revoke(struct jt_store *store, const unsigned char id[JT_STORE_ID], int64_t until, int64_t now,
                           struct jeton_detail *detail);
JT_CHECKED jt_store_revoked(struct jt_store *store,
                            enum jeton_status (*take)(void *context, const unsigned char id[JT_STORE_ID],
                                                      int64_t until),
                            void *context, struct jeton_detail *detail);

/* Is this the first use of `id`? Of any number of calls at the same time, and across restarts, one gets `fresh`. Used
 * until then. JETON_INTERNAL_ERROR also when the table is full: what cannot be remembered must not count as fresh. */
JT_CHECKED jt_store_use_once(struct jt_store *store, const unsigned char id[JT_STORE_ID], int64_t until, int64_t now,
                             bool *fresh, struct jeton_detail *detail);

/* Takes out what has ended, a bounded number of rows, and others get their turn in between. `left`: there may be more.
 */
JT_CHECKED jt_store_expire(struct jt_store *store, int64_t now, bool *left, struct jeton_detail *detail);

/* How many rows each of the two tables may have from now on; JT_STORE_ROWS_MAX unless called. */
void jt_store_bound(struct jt_store *store, size_t rows);
#endif
