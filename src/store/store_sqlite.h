/* SPDX-License-Identifier: Apache-2.0 */
/* What do the files of the SQLite store share? One connection under one lock, and the steps around a statement. For
 * store_sqlite*.c alone. */
#ifndef JT_STORE_STORE_SQLITE_H
#define JT_STORE_STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/store.h"

struct jt_store {
    sqlite3 *database;
    int lock;              /* of the directory */
    pthread_mutex_t mutex; /* a transaction is one caller's */
    /* Of the rows that end; `rows` may count some that are gone. */
    struct jt_store_rows {
        size_t rows;
        int64_t cleared_at;
    } revoked, used;
    size_t rows_max;
};

enum jeton_status jt_sqlite_failed(struct jt_store *store, enum jeton_status status, const char *what,
                                   struct jeton_detail *detail);
JT_CHECKED jt_sqlite_run(struct jt_store *store, const char *sql, struct jeton_detail *detail);
/* The one number that a statement gives; false when it gives none. */
bool jt_sqlite_number(struct jt_store *store, const char *sql, int64_t *out);
/* NULL when it cannot be prepared, which the step after it tells. */
sqlite3_stmt *jt_sqlite_prepare(struct jt_store *store, const char *sql);
void jt_sqlite_bind(sqlite3_stmt *statement, int index, struct jeton_bytes text);
/* Runs a statement that gives no row, and ends it; NULL is a failure. */
JT_CHECKED jt_sqlite_step(struct jt_store *store, sqlite3_stmt *statement, struct jeton_detail *detail);
struct jeton_bytes jt_sqlite_column(sqlite3_stmt *statement, int index);
/* Ends a transaction that was begun: commits, or takes all of it back when `status` is a failure or the commit is. */
JT_CHECKED jt_sqlite_end(struct jt_store *store, enum jeton_status status, struct jeton_detail *detail);

/* The tables as this version has them: made in an empty file, brought up from an older version, refused in any other
 * (store_sqlite_schema.c). */
JT_CHECKED jt_sqlite_schema(struct jt_store *store, const char *path, struct jeton_detail *detail);
/* Counts the rows that end (store_sqlite_rows.c). */
JT_CHECKED jt_sqlite_count_rows(struct jt_store *store, struct jeton_detail *detail);
#endif
