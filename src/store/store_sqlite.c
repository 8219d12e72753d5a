/* SPDX-License-Identifier: Apache-2.0 */
/* How does the state lie in SQLite? Opening and closing, and the steps around a statement. Write-ahead log, every
 * commit on the disk before it counts. */
#include "store/store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/directory.h"

/* A busy database is somebody's backup: nobody else may write. */
enum { BUSY_MS = 2000 };

enum jeton_status jt_sqlite_failed(struct jt_store *store, enum jeton_status status, const char *what,
                                   struct jeton_detail *detail)
{
    bool memory = store->database == NULL || (sqlite3_errcode(store->database) & 0xff) == SQLITE_NOMEM;

    return jt_fail(detail, memory ? JETON_OUT_OF_MEMORY : status, "%.120s: %.120s", what,
                   memory ? "out of memory" : sqlite3_errmsg(store->database));
}

JT_CHECKED jt_sqlite_run(struct jt_store *store, const char *sql, struct jeton_detail *detail)
{
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        return jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be written", detail);
    return JETON_OK;
}

bool jt_sqlite_number(struct jt_store *store, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = jt_sqlite_prepare(store, sql);
    bool found = statement != NULL && sqlite3_step(statement) == SQLITE_ROW;

    if (found)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return found;
}

sqlite3_stmt *jt_sqlite_prepare(struct jt_store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL;
    return statement;
}

/* A parameter that could not be bound is NULL, and no column here takes one. */
void jt_sqlite_bind(sqlite3_stmt *statement, int index, struct jeton_bytes text)
{
    sqlite3_bind_text(statement, index, text.len > 0 ? text.at : "", (int)text.len, SQLITE_STATIC);
}

JT_CHECKED jt_sqlite_step(struct jt_store *store, sqlite3_stmt *statement, struct jeton_detail *detail)
{
    int step = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;
    enum jeton_status status = JETON_OK;

    if (step != SQLITE_DONE)
        status = jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be written", detail);
    sqlite3_finalize(statement);
    return status;
}

struct jeton_bytes jt_sqlite_column(sqlite3_stmt *statement, int index)
{
    const void *at = sqlite3_column_blob(statement, index);

    return jeton_bytes(at, (size_t)sqlite3_column_bytes(statement, index));
}

JT_CHECKED jt_sqlite_end(struct jt_store *store, enum jeton_status status, struct jeton_detail *detail)
{
    if (status == JETON_OK)
        status = jt_sqlite_run(store, "COMMIT", detail);
    if (status != JETON_OK)
        (void)sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static JT_CHECKED open_database(struct jt_store *store, const char *directory, struct jeton_detail *detail)
{
    char path[4096];
    int fd;

    if (snprintf(path, sizeof path, "%s/jetond.db", directory) >= (int)sizeof path)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state's path is too long");
    /* Made here, so that its mode is ours from the first byte; SQLite gives its other files the same. */
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.160s cannot be opened: %s", path, strerror(errno));
    close(fd);
    if (sqlite3_open_v2(path, &store->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL) != SQLITE_OK)
        return jt_sqlite_failed(store, JETON_CONFIG_INVALID, path, detail);
    sqlite3_busy_timeout(store->database, BUSY_MS);
    (void)sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite3_exec(store->database,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
                     "PRAGMA cache_size=-256; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=4194304;",
                     NULL, NULL, NULL) != SQLITE_OK)
        return jt_sqlite_failed(store, JETON_CONFIG_INVALID, path, detail);
    JT_TRY(jt_sqlite_schema(store, path, detail));
    jt_directory_sync(directory);
    return jt_sqlite_count_rows(store, detail);
}

JT_CHECKED jt_store_open(const char *directory, struct jt_store **out, bool *open_to_others,
                         struct jeton_detail *detail)
{
    struct jt_store *store = calloc(1, sizeof *store);
    enum jeton_status status;

    if (store == NULL)
        return JETON_OUT_OF_MEMORY;
    store->lock = -1;
    store->rows_max = JT_STORE_ROWS_MAX;
    pthread_mutex_init(&store->mutex, NULL);
    status = jt_directory_lock(directory, &store->lock, open_to_others, detail);
    if (status == JETON_OK)
        status = open_database(store, directory, detail);
    if (status != JETON_OK) {
        jt_store_close(store);
        return status;
    }
    *out = store;
    return JETON_OK;
}

void jt_store_close(struct jt_store *store)
{
    if (store == NULL)
        return;
    sqlite3_close(store->database);
    if (store->lock >= 0)
        close(store->lock);
    pthread_mutex_destroy(&store->mutex);
    free(store);
}
