/* SPDX-License-Identifier: Apache-2.0 */
/* How does the state lie in SQLite? Tables, versions, transactions; the only file that knows SQLite. Write-ahead log,
 * every commit on the disk before it counts. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/directory.h"
#include "store/store.h"

/* "jetn": tells our file from any other SQLite file. */
#define APPLICATION_ID 0x6a65746e

struct jt_store {
    sqlite3 *database;
    int lock;
};

static enum jeton_status failed(struct jt_store *store, enum jeton_status status, const char *what,
                                struct jeton_detail *detail)
{
    return jt_fail(detail, status, "%s: %.120s", what,
                   store->database != NULL ? sqlite3_errmsg(store->database) : "out of memory");
}

static JT_CHECKED run(struct jt_store *store, const char *sql, struct jeton_detail *detail)
{
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failed(store, JETON_INTERNAL_ERROR, "the state cannot be written", detail);
    return JETON_OK;
}

/* The one number or text that a statement gives; false when it gives none. */
static bool ask_number(struct jt_store *store, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    bool found = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW;

    if (found)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return found;
}

static bool is_sound(struct jt_store *store)
{
    sqlite3_stmt *statement = NULL;
    bool sound = sqlite3_prepare_v2(store->database, "PRAGMA quick_check(1)", -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW &&
                 strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

    sqlite3_finalize(statement);
    return sound;
}

static JT_CHECKED make_tables(struct jt_store *store, struct jeton_detail *detail)
{
    char sql[128];

    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, JT_STORE_SCHEMA);
    JT_TRY(run(store,
               "BEGIN IMMEDIATE;"
               "CREATE TABLE keys(kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, state TEXT NOT NULL,"
               " created_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
               "CREATE TABLE clients(id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, grants TEXT NOT NULL,"
               " audiences TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;",
               detail));
    JT_TRY(run(store, sql, detail));
    return run(store, "COMMIT;", detail);
}

/* The tables as this version has them: made in an empty file, refused in any other state. */
static JT_CHECKED check_schema(struct jt_store *store, const char *path, struct jeton_detail *detail)
{
    int64_t version = 0, application = 0, tables = 0;

    if (!ask_number(store, "PRAGMA user_version", &version) ||
        !ask_number(store, "PRAGMA application_id", &application) ||
        !ask_number(store, "SELECT count(*) FROM sqlite_schema", &tables))
        return failed(store, JETON_CONFIG_INVALID, path, detail);
    if (version == 0 && application == 0 && tables == 0)
        return make_tables(store, detail);
    if (application != APPLICATION_ID)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.160s is not a state of jetond", path);
    if (version != JT_STORE_SCHEMA)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.160s was written by another version of jetond (schema %d)",
                       path, (int)version);
    if (!is_sound(store))
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.160s is damaged", path);
    return JETON_OK;
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
        return failed(store, JETON_CONFIG_INVALID, path, detail);
    sqlite3_busy_timeout(store->database, 2000);
    (void)sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sqlite3_exec(store->database,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
                     "PRAGMA cache_size=-256; PRAGMA secure_delete=ON;",
                     NULL, NULL, NULL) != SQLITE_OK)
        return failed(store, JETON_CONFIG_INVALID, path, detail);
    return check_schema(store, path, detail);
}

JT_CHECKED jt_store_open(const char *directory, struct jt_store **out, bool *open_to_others,
                         struct jeton_detail *detail)
{
    struct jt_store *store = calloc(1, sizeof *store);
    enum jeton_status status;

    if (store == NULL)
        return JETON_OUT_OF_MEMORY;
    store->lock = -1;
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
    free(store);
}

static struct jeton_bytes column(sqlite3_stmt *statement, int index)
{
    const void *at = sqlite3_column_blob(statement, index);

    return jeton_bytes(at, (size_t)sqlite3_column_bytes(statement, index));
}

JT_CHECKED jt_store_keys(struct jt_store *store, enum jeton_status (*take)(void *context, const struct jt_stored_key *),
                         void *context, struct jeton_detail *detail)
{
    sqlite3_stmt *rows = NULL;
    enum jeton_status status = JETON_OK;
    int step = SQLITE_ERROR;

    if (sqlite3_prepare_v2(store->database,
                           "SELECT kid, algorithm, state, created_at, sealed FROM keys ORDER BY created_at, kid", -1,
                           &rows, NULL) == SQLITE_OK) {
        while ((step = sqlite3_step(rows)) == SQLITE_ROW && status == JETON_OK) {
            struct jt_stored_key key = {.kid = column(rows, 0),
                                        .algorithm = column(rows, 1),
                                        .state = column(rows, 2),
                                        .created_at = sqlite3_column_int64(rows, 3),
                                        .sealed = column(rows, 4)};

            status = take(context, &key);
        }
    }
    if (status == JETON_OK && step != SQLITE_DONE)
        status = failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    sqlite3_finalize(rows);
    return status;
}

JT_CHECKED jt_store_clients(struct jt_store *store,
                            enum jeton_status (*take)(void *context, const struct jt_stored_client *), void *context,
                            struct jeton_detail *detail)
{
    sqlite3_stmt *rows = NULL;
    enum jeton_status status = JETON_OK;
    int step = SQLITE_ERROR;

    if (sqlite3_prepare_v2(store->database,
                           "SELECT id, secret_hash, grants, audiences, scopes, created_at FROM clients ORDER BY id", -1,
                           &rows, NULL) == SQLITE_OK) {
        while ((step = sqlite3_step(rows)) == SQLITE_ROW && status == JETON_OK) {
            struct jt_stored_client client = {.id = column(rows, 0),
                                              .secret_hash = column(rows, 1),
                                              .grants = column(rows, 2),
                                              .audiences = column(rows, 3),
                                              .scopes = column(rows, 4),
                                              .created_at = sqlite3_column_int64(rows, 5)};

            status = take(context, &client);
        }
    }
    if (status == JETON_OK && step != SQLITE_DONE)
        status = failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    sqlite3_finalize(rows);
    return status;
}

static void bind_text(sqlite3_stmt *statement, int index, struct jeton_bytes text)
{
    sqlite3_bind_text(statement, index, text.len > 0 ? text.at : "", (int)text.len, SQLITE_STATIC);
}

/* A parameter that could not be bound is NULL, and no column here takes one. */
static JT_CHECKED step_once(struct jt_store *store, sqlite3_stmt *statement, struct jeton_detail *detail)
{
    int step = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;
    enum jeton_status status = JETON_OK;

    if (step != SQLITE_DONE)
        status = failed(store, JETON_INTERNAL_ERROR, "the state cannot be written", detail);
    sqlite3_finalize(statement);
    return status;
}

static JT_CHECKED add_key(struct jt_store *store, const struct jt_stored_key *key, struct jeton_detail *detail)
{
    sqlite3_stmt *add = NULL;

    (void)sqlite3_prepare_v2(store->database,
                             "INSERT INTO keys(kid, algorithm, state, created_at, sealed) VALUES(?,?,?,?,?)", -1, &add,
                             NULL);
    if (add != NULL) {
        bind_text(add, 1, key->kid);
        bind_text(add, 2, key->algorithm);
        bind_text(add, 3, key->state);
        sqlite3_bind_int64(add, 4, key->created_at);
        sqlite3_bind_blob(add, 5, key->sealed.at, (int)key->sealed.len, SQLITE_STATIC);
    }
    return step_once(store, add, detail);
}

static JT_CHECKED add_client(struct jt_store *store, const struct jt_stored_client *client, struct jeton_detail *detail)
{
    sqlite3_stmt *add = NULL;

    (void)sqlite3_prepare_v2(store->database,
                             "INSERT INTO clients(id, secret_hash, grants, audiences, scopes, created_at)"
                             " VALUES(?,?,?,?,?,?)",
                             -1, &add, NULL);
    if (add != NULL) {
        bind_text(add, 1, client->id);
        sqlite3_bind_blob(add, 2, client->secret_hash.at, (int)client->secret_hash.len, SQLITE_STATIC);
        bind_text(add, 3, client->grants);
        bind_text(add, 4, client->audiences);
        bind_text(add, 5, client->scopes);
        sqlite3_bind_int64(add, 6, client->created_at);
    }
    return step_once(store, add, detail);
}

JT_CHECKED jt_store_begin(struct jt_store *store, const struct jt_stored_key *key,
                          const struct jt_stored_client *client, struct jeton_detail *detail)
{
    enum jeton_status status;

    JT_TRY(run(store, "BEGIN IMMEDIATE", detail));
    status = add_key(store, key, detail);
    if (status == JETON_OK && client != NULL)
        status = add_client(store, client, detail);
    if (status == JETON_OK)
        status = run(store, "COMMIT", detail);
    if (status != JETON_OK)
        (void)sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
