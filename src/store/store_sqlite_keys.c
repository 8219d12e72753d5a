/* SPDX-License-Identifier: Apache-2.0 */
/* How do keys, marks and clients lie in SQLite? Whole rows, read and replaced; nothing here is asked on the way of a
 * request. */
#include "store/store_sqlite.h"

JT_CHECKED jt_store_keys(struct jt_store *store, enum jeton_status (*take)(void *context, const struct jt_stored_key *),
                         void *context, struct jeton_detail *detail)
{
    sqlite3_stmt *rows = NULL;
    enum jeton_status status = JETON_OK;
    int step = SQLITE_ERROR;

    pthread_mutex_lock(&store->mutex);
    rows = jt_sqlite_prepare(store, "SELECT kid, algorithm, state, created_at, sealed, published_at, signs_from,"
                                    " signs_until FROM keys ORDER BY created_at, kid");
    while (rows != NULL && status == JETON_OK && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct jt_stored_key key = {.kid = jt_sqlite_column(rows, 0),
                                    .algorithm = jt_sqlite_column(rows, 1),
                                    .state = jt_sqlite_column(rows, 2),
                                    .created_at = sqlite3_column_int64(rows, 3),
                                    .sealed = jt_sqlite_column(rows, 4),
                                    .published_at = sqlite3_column_int64(rows, 5),
                                    .signs_from = sqlite3_column_int64(rows, 6),
                                    .signs_until = sqlite3_column_int64(rows, 7)};

        status = take(context, &key);
    }
    if (status == JETON_OK && step != SQLITE_DONE)
        status = jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    sqlite3_finalize(rows);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

JT_CHECKED jt_store_clients(struct jt_store *store,
                            enum jeton_status (*take)(void *context, const struct jt_stored_client *), void *context,
                            struct jeton_detail *detail)
{
    sqlite3_stmt *rows = NULL;
    enum jeton_status status = JETON_OK;
    int step = SQLITE_ERROR;

    pthread_mutex_lock(&store->mutex);
    rows = jt_sqlite_prepare(store,
                             "SELECT id, secret_hash, grants, audiences, scopes, created_at FROM clients ORDER BY id");
    while (rows != NULL && status == JETON_OK && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct jt_stored_client client = {.id = jt_sqlite_column(rows, 0),
                                          .secret_hash = jt_sqlite_column(rows, 1),
                                          .grants = jt_sqlite_column(rows, 2),
                                          .audiences = jt_sqlite_column(rows, 3),
                                          .scopes = jt_sqlite_column(rows, 4),
                                          .created_at = sqlite3_column_int64(rows, 5)};

        status = take(context, &client);
    }
    if (status == JETON_OK && step != SQLITE_DONE)
        status = jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    sqlite3_finalize(rows);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

/* --- Inside a transaction --- */

static JT_CHECKED add_key(struct jt_store *store, const struct jt_stored_key *key, struct jeton_detail *detail)
{
    sqlite3_stmt *add = jt_sqlite_prepare(store, "INSERT INTO keys(kid, algorithm, state, created_at, sealed,"
                                                 " published_at, signs_from, signs_until) VALUES(?,?,?,?,?,?,?,?)");

    if (add != NULL) {
        jt_sqlite_bind(add, 1, key->kid);
        jt_sqlite_bind(add, 2, key->algorithm);
        jt_sqlite_bind(add, 3, key->state);
        sqlite3_bind_int64(add, 4, key->created_at);
        sqlite3_bind_blob(add, 5, key->sealed.at, (int)key->sealed.len, SQLITE_STATIC);
        sqlite3_bind_int64(add, 6, key->published_at);
        sqlite3_bind_int64(add, 7, key->signs_from);
        sqlite3_bind_int64(add, 8, key->signs_until);
    }
    return jt_sqlite_step(store, add, detail);
}

static JT_CHECKED add_client(struct jt_store *store, const struct jt_stored_client *client, struct jeton_detail *detail)
{
    sqlite3_stmt *add = jt_sqlite_prepare(
        store, "INSERT INTO clients(id, secret_hash, grants, audiences, scopes, created_at) VALUES(?,?,?,?,?,?)");

    if (add != NULL) {
        jt_sqlite_bind(add, 1, client->id);
        sqlite3_bind_blob(add, 2, client->secret_hash.at, (int)client->secret_hash.len, SQLITE_STATIC);
        jt_sqlite_bind(add, 3, client->grants);
        jt_sqlite_bind(add, 4, client->audiences);
        jt_sqlite_bind(add, 5, client->scopes);
        sqlite3_bind_int64(add, 6, client->created_at);
    }
    return jt_sqlite_step(store, add, detail);
}

static JT_CHECKED write_mark(struct jt_store *store, const struct jt_store_mark *mark, struct jeton_detail *detail)
{
    sqlite3_stmt *write = jt_sqlite_prepare(
        store, "INSERT INTO marks(name, value) VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value=excluded.value");

    if (write != NULL) {
        jt_sqlite_bind(write, 1, mark->name);
        sqlite3_bind_int64(write, 2, mark->value);
    }
    return jt_sqlite_step(store, write, detail);
}

static JT_CHECKED write_first(struct jt_store *store, const struct jt_stored_key *key,
                              const struct jt_stored_client *client, struct jeton_detail *detail)
{
    JT_TRY(add_key(store, key, detail));
    return client != NULL ? add_client(store, client, detail) : JETON_OK;
}

static JT_CHECKED write_keys(struct jt_store *store, const struct jt_stored_key *keys, size_t count,
                             const struct jt_store_mark *marks, size_t mark_count, struct jeton_detail *detail)
{
    JT_TRY(jt_sqlite_run(store, "DELETE FROM keys", detail));
    for (size_t i = 0; i < count; i++)
        JT_TRY(add_key(store, &keys[i], detail));
    for (size_t i = 0; i < mark_count; i++)
        JT_TRY(write_mark(store, &marks[i], detail));
    return JETON_OK;
}

/* --- Whole transactions --- */

JT_CHECKED jt_store_begin(struct jt_store *store, const struct jt_stored_key *key,
                          const struct jt_stored_client *client, struct jeton_detail *detail)
{
    enum jeton_status status;

    pthread_mutex_lock(&store->mutex);
    status = jt_sqlite_run(store, "BEGIN IMMEDIATE", detail);
    if (status == JETON_OK)
        status = jt_sqlite_end(store, write_first(store, key, client, detail), detail);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

JT_CHECKED jt_store_replace_keys(struct jt_store *store, const struct jt_stored_key *keys, size_t count,
                                 const struct jt_store_mark *marks, size_t mark_count, struct jeton_detail *detail)
{
    enum jeton_status status;

    pthread_mutex_lock(&store->mutex);
    status = jt_sqlite_run(store, "BEGIN IMMEDIATE", detail);
    if (status == JETON_OK)
        status = jt_sqlite_end(store, write_keys(store, keys, count, marks, mark_count, detail), detail);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

JT_CHECKED jt_store_mark_write(struct jt_store *store, struct jeton_bytes name, int64_t value,
                               struct jeton_detail *detail)
{
    struct jt_store_mark mark = {name, value};
    enum jeton_status status;

    pthread_mutex_lock(&store->mutex);
    status = write_mark(store, &mark, detail);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

JT_CHECKED jt_store_mark_read(struct jt_store *store, struct jeton_bytes name, int64_t *value,
                              struct jeton_detail *detail)
{
    sqlite3_stmt *read = NULL;
    enum jeton_status status = JETON_OK;
    int step = SQLITE_ERROR;

    pthread_mutex_lock(&store->mutex);
    read = jt_sqlite_prepare(store, "SELECT value FROM marks WHERE name=?");
    if (read != NULL) {
        jt_sqlite_bind(read, 1, name);
        step = sqlite3_step(read);
    }
    if (step == SQLITE_ROW || step == SQLITE_DONE)
        *value = step == SQLITE_ROW ? sqlite3_column_int64(read, 0) : 0;
    else
        status = jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    sqlite3_finalize(read);
    pthread_mutex_unlock(&store->mutex);
    return status;
}
