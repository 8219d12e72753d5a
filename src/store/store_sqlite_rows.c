/* SPDX-License-Identifier: Apache-2.0 */
/* What was revoked, and what was used once? Rows that end, in tables that are bounded: when one is full, what has ended
 * leaves; when that does not help, the call fails and nothing is forgotten. A call costs one commit. */
#include "store/store_sqlite.h"

/* Rows taken out in one transaction: others wait for no more than this. And transactions of one call. */
enum { CLEARED_AT_ONCE = 2000, CLEARINGS = 5 };

/* The two tables differ in their names and in what a second row under the same id means. */
struct table {
    const char *count;
    const char *clear; /* ?1: now, ?2: rows at most */
    const char *add;   /* ?1: id, ?2: until, ?3: now */
};

static const struct table revoked = {
    "SELECT count(*) FROM revoked",
    "DELETE FROM revoked WHERE id IN (SELECT id FROM revoked WHERE until<=?1 LIMIT ?2)",
    "INSERT INTO revoked(id, until) VALUES(?1,?2)"
    " ON CONFLICT(id) DO UPDATE SET until=excluded.until WHERE revoked.until<excluded.until",
};

/* A row that has ended stands for nothing. */
static const struct table used = {
    "SELECT count(*) FROM used",
    "DELETE FROM used WHERE id IN (SELECT id FROM used WHERE until<=?1 LIMIT ?2)",
    "INSERT INTO used(id, until) VALUES(?1,?2)"
    " ON CONFLICT(id) DO UPDATE SET until=excluded.until WHERE used.until<=?3",
};

static JT_CHECKED count_rows(struct jt_store *store, const struct table *table, struct jt_store_rows *rows,
                             struct jeton_detail *detail)
{
    int64_t count = 0;

    if (!jt_sqlite_number(store, table->count, &count))
        return jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    rows->rows = (size_t)count;
    return JETON_OK;
}

JT_CHECKED jt_sqlite_count_rows(struct jt_store *store, struct jeton_detail *detail)
{
    JT_TRY(count_rows(store, &revoked, &store->revoked, detail));
    return count_rows(store, &used, &store->used, detail);
}

/* Some of the rows that have ended; `left` says whether there may be more. */
static JT_CHECKED clear_some(struct jt_store *store, const struct table *table, int64_t now, bool *left,
                             struct jeton_detail *detail)
{
    sqlite3_stmt *clear = jt_sqlite_prepare(store, table->clear);

    if (clear != NULL) {
        sqlite3_bind_int64(clear, 1, now);
        sqlite3_bind_int64(clear, 2, CLEARED_AT_ONCE);
    }
    JT_TRY(jt_sqlite_step(store, clear, detail));
    *left = sqlite3_changes(store->database) == CLEARED_AT_ONCE;
    return JETON_OK;
}

/* Room for one more row. A full table is looked through once a second at most. */
static JT_CHECKED make_room(struct jt_store *store, const struct table *table, struct jt_store_rows *rows, int64_t now,
                            struct jeton_detail *detail)
{
    bool left = false;

    if (rows->rows >= store->rows_max && rows->cleared_at != now) {
        JT_TRY(clear_some(store, table, now, &left, detail));
        JT_TRY(count_rows(store, table, rows, detail));
        rows->cleared_at = now;
    }
    if (rows->rows >= store->rows_max)
        return jt_fail(detail, JETON_INTERNAL_ERROR, "the state has no room: %zu rows that have not ended", rows->rows);
    return JETON_OK;
}

/* `changed`: there was no such row, or it gave way to this one. */
static JT_CHECKED add_row(struct jt_store *store, const struct table *table, struct jt_store_rows *rows,
                          const unsigned char id[JT_STORE_ID], int64_t until, int64_t now, bool *changed,
                          struct jeton_detail *detail)
{
    sqlite3_stmt *add = NULL;

    JT_TRY(make_room(store, table, rows, now, detail));
    add = jt_sqlite_prepare(store, table->add);
    if (add != NULL) {
        sqlite3_bind_blob(add, 1, id, JT_STORE_ID, SQLITE_STATIC);
        sqlite3_bind_int64(add, 2, until);
        /* Only one of the two has a third one; a range error is no harm. */
        (void)sqlite3_bind_int64(add, 3, now);
    }
    JT_TRY(jt_sqlite_step(store, add, detail));
    *changed = sqlite3_changes(store->database) > 0;
    if (*changed)
        rows->rows++;
    return JETON_OK;
}

JT_CHECKED jt_store_revoke(struct jt_store *store, const unsigned char id[JT_STORE_ID], int64_t until, int64_t now,
                           struct jeton_detail *detail)
{
    enum jeton_status status;
    bool changed = false;

    pthread_mutex_lock(&store->mutex);
    status = add_row(store, &revoked, &store->revoked, id, until, now, &changed, detail);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

JT_CHECKED jt_store_use_once(struct jt_store *store, const unsigned char id[JT_STORE_ID], int64_t until, int64_t now,
                             bool *fresh, struct jeton_detail *detail)
{
    enum jeton_status status;

    pthread_mutex_lock(&store->mutex);
    status = add_row(store, &used, &store->used, id, until, now, fresh, detail);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

JT_CHECKED jt_store_revoked(struct jt_store *store,
                            enum jeton_status (*take)(void *context, const unsigned char id[JT_STORE_ID],
                                                      int64_t until),
                            void *context, struct jeton_detail *detail)
{
    sqlite3_stmt *rows = NULL;
    enum jeton_status status = JETON_OK;
    int step = SQLITE_ERROR;

    pthread_mutex_lock(&store->mutex);
    rows = jt_sqlite_prepare(store, "SELECT id, until FROM revoked");
    while (rows != NULL && status == JETON_OK && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        struct jeton_bytes id = jt_sqlite_column(rows, 0);

        if (id.len != JT_STORE_ID)
            status = jt_fail(detail, JETON_INTERNAL_ERROR, "the state is damaged: a revoked token without a name");
        else
            status = take(context, id.at, sqlite3_column_int64(rows, 1));
    }
    if (status == JETON_OK && step != SQLITE_DONE)
        status = jt_sqlite_failed(store, JETON_INTERNAL_ERROR, "the state cannot be read", detail);
    sqlite3_finalize(rows);
    pthread_mutex_unlock(&store->mutex);
    return status;
}

static JT_CHECKED clear(struct jt_store *store, const struct table *table, struct jt_store_rows *rows, int64_t now,
                        bool *left, struct jeton_detail *detail)
{
    enum jeton_status status = JETON_OK;
    bool more = true;

    for (int i = 0; i < CLEARINGS && more && status == JETON_OK; i++) {
        pthread_mutex_lock(&store->mutex);
        status = clear_some(store, table, now, &more, detail);
        if (status == JETON_OK && !more)
            status = count_rows(store, table, rows, detail);
        pthread_mutex_unlock(&store->mutex);
    }
    *left = *left || more;
    return status;
}

JT_CHECKED jt_store_expire(struct jt_store *store, int64_t now, bool *left, struct jeton_detail *detail)
{
    bool more = false;

    JT_TRY(clear(store, &revoked, &store->revoked, now, &more, detail));
    JT_TRY(clear(store, &used, &store->used, now, &more, detail));
    *left = more;
    return JETON_OK;
}

void jt_store_bound(struct jt_store *store, size_t rows)
{
    pthread_mutex_lock(&store->mutex);
    store->rows_max = rows;
    pthread_mutex_unlock(&store->mutex);
}
