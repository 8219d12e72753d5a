/* SPDX-License-Identifier: Apache-2.0 */
/* Which tables are there, and how does an older state become one of this version? A step for each version: a new state
 * takes all of them, an older one those that it lacks, in one transaction either way. */
#include <stdio.h>

#include "store/store_sqlite.h"

/* "jetn": tells our file from any other SQLite file. */
#define APPLICATION_ID 0x6a65746e

/* Never edited: what a released version wrote is only ever added to. */
static const char *const steps[] = {
    /* 1 */
    "CREATE TABLE keys(kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, state TEXT NOT NULL,"
    " created_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
    "CREATE TABLE clients(id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, grants TEXT NOT NULL,"
    " audiences TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;",
    /* 2 */
    "ALTER TABLE keys ADD COLUMN published_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE keys ADD COLUMN signs_from INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE keys ADD COLUMN signs_until INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE marks(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "CREATE TABLE revoked(id BLOB NOT NULL PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX revoked_until ON revoked(until);"
    "CREATE TABLE used(id BLOB NOT NULL PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX used_until ON used(until);",
};
_Static_assert(JT_COUNT(steps) == JT_STORE_SCHEMA, "a step for each version");

/* Memory that is short is no damage. */
static JT_CHECKED check_sound(struct jt_store *store, const char *path, struct jeton_detail *detail)
{
    sqlite3_stmt *statement = jt_sqlite_prepare(store, "PRAGMA quick_check(1)");
    const char *verdict = NULL;
    enum jeton_status status = JETON_OK;

    if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
        verdict = (const char *)sqlite3_column_text(statement, 0);
    if (verdict == NULL)
        status = jt_sqlite_failed(store, JETON_CONFIG_INVALID, path, detail);
    else if (strcmp(verdict, "ok") != 0)
        status = jt_fail(detail, JETON_CONFIG_INVALID, "%.160s is damaged", path);
    sqlite3_finalize(statement);
    return status;
}

static JT_CHECKED take_steps(struct jt_store *store, size_t from, struct jeton_detail *detail)
{
    enum jeton_status status = JETON_OK;
    char sql[128];

    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d;", APPLICATION_ID, JT_STORE_SCHEMA);
    JT_TRY(jt_sqlite_run(store, "BEGIN IMMEDIATE", detail));
    for (size_t i = from; status == JETON_OK && i < JT_COUNT(steps); i++)
        status = jt_sqlite_run(store, steps[i], detail);
    if (status == JETON_OK)
        status = jt_sqlite_run(store, sql, detail);
    return jt_sqlite_end(store, status, detail);
}

JT_CHECKED jt_sqlite_schema(struct jt_store *store, const char *path, struct jeton_detail *detail)
{
    int64_t version = 0, application = 0, tables = 0;

    if (!jt_sqlite_number(store, "PRAGMA user_version", &version) ||
        !jt_sqlite_number(store, "PRAGMA application_id", &application) ||
        !jt_sqlite_number(store, "SELECT count(*) FROM sqlite_schema", &tables))
        return jt_sqlite_failed(store, JETON_CONFIG_INVALID, path, detail);
    if (version == 0 && application == 0 && tables == 0)
        return take_steps(store, 0, detail);
    if (application != APPLICATION_ID)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.160s is not a state of jetond", path);
    if (version < 1 || version > JT_STORE_SCHEMA)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.160s was written by another version of jetond (schema %d)",
                       path, (int)version);
    JT_TRY(check_sound(store, path, detail));
    return version < JT_STORE_SCHEMA ? take_steps(store, (size_t)version, detail) : JETON_OK;
}
