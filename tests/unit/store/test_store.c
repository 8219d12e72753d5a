/* SPDX-License-Identifier: Apache-2.0 */
/* Does what was stored come back, and is everything refused that is not ours? */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/store.h"

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/jt-store-XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command) == 0 ? 0 : -1;
}

static const char *path_of(const char *file)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", directory, file);
    return path;
}

static struct jt_store *open_store(void)
{
    struct jt_store *store = NULL;
    struct jeton_detail detail = {""};
    bool open_to_others = false;

    if (jt_store_open(path_of("state"), &store, &open_to_others, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
    assert_false(open_to_others);
    return store;
}

static enum jeton_status refused(struct jeton_detail *detail)
{
    struct jt_store *store = NULL;
    bool open_to_others = false;

    enum jeton_status status = jt_store_open(path_of("state"), &store, &open_to_others, detail);

    assert_null(store);
    return status;
}

static const struct jt_stored_key key = {{"kid-1", 5},     {"ES256", 5}, {"active", 6}, 1700000000,
                                         {"a\0sealed", 8}, 1700000001,   1700000002,    1700000003};
static const struct jt_stored_client client = {
    {"web", 3}, {"12345678901234567890123456789012", 32}, {"g", 1}, {"a b", 3}, {"", 0}, 1700000001};

static enum jeton_status take_key(void *context, const struct jt_stored_key *found)
{
    assert_true(jt_bytes_equal(found->kid, key.kid));
    assert_true(jt_bytes_equal(found->algorithm, key.algorithm));
    assert_true(jt_bytes_equal(found->state, key.state));
    assert_true(jt_bytes_equal(found->sealed, key.sealed));
    assert_int_equal(found->created_at, key.created_at);
    assert_int_equal(found->published_at, key.published_at);
    assert_int_equal(found->signs_from, key.signs_from);
    assert_int_equal(found->signs_until, key.signs_until);
    (*(int *)context)++;
    return JETON_OK;
}

static enum jeton_status take_client(void *context, const struct jt_stored_client *found)
{
    assert_true(jt_bytes_equal(found->id, client.id));
    assert_true(jt_bytes_equal(found->secret_hash, client.secret_hash));
    assert_true(jt_bytes_equal(found->audiences, client.audiences));
    assert_int_equal(found->scopes.len, 0);
    (*(int *)context)++;
    return JETON_OK;
}

static void count(struct jt_store *store, int keys, int clients)
{
    int found_keys = 0, found_clients = 0;

    assert_int_equal(jt_store_keys(store, take_key, &found_keys, NULL), JETON_OK);
    assert_int_equal(jt_store_clients(store, take_client, &found_clients, NULL), JETON_OK);
    assert_int_equal(found_keys, keys);
    assert_int_equal(found_clients, clients);
}

static void what_was_stored_comes_back_after_a_restart(void **state)
{
    (void)state;
    struct jt_store *store = open_store();

    count(store, 0, 0);
    assert_int_equal(jt_store_begin(store, &key, &client, NULL), JETON_OK);
    count(store, 1, 1);
    jt_store_close(store);
    store = open_store();
    count(store, 1, 1);
    jt_store_close(store);
}

static void a_first_start_counts_whole_or_not_at_all(void **state)
{
    (void)state;
    struct jt_store *store = open_store();
    struct jt_stored_client none = client;
    struct jeton_detail detail = {""};

    none.secret_hash = jeton_bytes(NULL, 0);
    assert_int_equal(jt_store_begin(store, &key, &none, &detail), JETON_INTERNAL_ERROR);
    assert_true(detail.text[0] != '\0');
    count(store, 0, 0);
    assert_int_equal(jt_store_begin(store, &key, NULL, NULL), JETON_OK);
    count(store, 1, 0);
    assert_int_equal(jt_store_begin(store, &key, NULL, NULL), JETON_INTERNAL_ERROR);
    count(store, 1, 0);
    jt_store_close(store);
}

static enum jeton_status stop(void *context, const struct jt_stored_key *found)
{
    (void)context;
    (void)found;
    return JETON_KEY_INVALID;
}

static void the_status_of_the_one_who_takes_is_passed_on(void **state)
{
    (void)state;
    struct jt_store *store = open_store();

    assert_int_equal(jt_store_begin(store, &key, NULL, NULL), JETON_OK);
    assert_int_equal(jt_store_keys(store, stop, NULL, NULL), JETON_KEY_INVALID);
    jt_store_close(store);
}

static void a_second_one_is_refused_while_the_first_is_open(void **state)
{
    (void)state;
    struct jt_store *store = open_store();
    struct jeton_detail detail = {""};

    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "in use by another jetond"));
    jt_store_close(store);
    jt_store_close(open_store());
}

static void everything_is_the_owners_alone(void **state)
{
    (void)state;
    struct stat about;
    struct jt_store *store = open_store();

    assert_int_equal(stat(path_of("state"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    for (int i = 0; i < 4; i++) {
        static const char *const files[] = {"state/jetond.db", "state/jetond.db-wal", "state/jetond.db-shm",
                                            "state/jetond.lock"};

        assert_int_equal(stat(path_of(files[i]), &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    jt_store_close(store);
}

static void a_directory_that_others_may_look_into_is_told(void **state)
{
    (void)state;
    struct jt_store *store = NULL;
    bool open_to_others = false;

    assert_int_equal(mkdir(path_of("state"), 0755), 0);
    assert_int_equal(jt_store_open(path_of("state"), &store, &open_to_others, NULL), JETON_OK);
    assert_true(open_to_others);
    jt_store_close(store);
}

static void overwrite(const char *file, const char *content, size_t len, off_t at)
{
    int fd = open(path_of(file), O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, content, len, at), len);
    close(fd);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    char junk[8192];

    memset(junk, 'x', sizeof junk);
    assert_int_equal(mkdir(path_of("state"), 0700), 0);
    overwrite("state/jetond.db", junk, sizeof junk, 0);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "jetond.db"));
}

static void a_damaged_database_is_refused(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    struct jt_store *store = open_store();
    char junk[4096];

    assert_int_equal(jt_store_begin(store, &key, &client, NULL), JETON_OK);
    jt_store_close(store);
    memset(junk, 0x5a, sizeof junk);
    overwrite("state/jetond.db", junk, sizeof junk, 4096);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
}

static void another_schema_is_refused(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    struct jt_store *store = open_store();

    assert_int_equal(jt_store_begin(store, &key, NULL, NULL), JETON_OK);
    jt_store_close(store);
    /* user_version lies at offset 60 of the file's header, big-endian. */
    overwrite("state/jetond.db", "\0\0\0\143", 4, 60);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "schema 99"));
    /* One above ours is as strange as ninety-nine; one below the first never was. */
    overwrite("state/jetond.db", (const char[]){0, 0, 0, JT_STORE_SCHEMA + 1}, 4, 60);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    overwrite("state/jetond.db", "\0\0\0\0", 4, 60);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    overwrite("state/jetond.db", (const char[]){0, 0, 0, JT_STORE_SCHEMA}, 4, 60);
    jt_store_close(open_store());
}

/* --- A state of the first version --- */

/* Letter by letter what jetond wrote then. */
static void write_old_state(const char *more)
{
    sqlite3 *database = NULL;

    assert_int_equal(mkdir(path_of("state"), 0700), 0);
    assert_int_equal(sqlite3_open(path_of("state/jetond.db"), &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(database,
                     "PRAGMA journal_mode=WAL;"
                     "BEGIN IMMEDIATE;"
                     "CREATE TABLE keys(kid TEXT PRIMARY KEY, algorithm TEXT NOT NULL, state TEXT NOT NULL,"
                     " created_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;"
                     "CREATE TABLE clients(id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL, grants TEXT NOT NULL,"
                     " audiences TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;"
                     "PRAGMA application_id=1785033838; PRAGMA user_version=1;"
                     "COMMIT;"
                     "INSERT INTO keys VALUES('kid-0', 'ES256', 'active', 1600000000, x'00ff');"
                     "INSERT INTO clients VALUES('web', CAST('12345678901234567890123456789012' AS BLOB), 'g',"
                     " 'a b', '', 1700000001);",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, more, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    assert_int_equal(chmod(path_of("state/jetond.db"), 0600), 0);
}

static enum jeton_status take_old_key(void *context, const struct jt_stored_key *found)
{
    assert_true(jt_bytes_equal(found->kid, JT_TEXT("kid-0")));
    assert_true(jt_bytes_equal(found->sealed, JT_TEXT("\0\377")));
    assert_int_equal(found->created_at, 1600000000);
    assert_int_equal(found->published_at, 0);
    assert_int_equal(found->signs_from, 0);
    assert_int_equal(found->signs_until, 0);
    (*(int *)context)++;
    return JETON_OK;
}

static void a_state_of_the_first_schema_is_brought_up_with_all_it_holds(void **state)
{
    (void)state;
    struct jt_store *store = NULL;
    bool fresh = false;

    write_old_state("");
    for (int round = 0; round < 2; round++) {
        int keys = 0, clients = 0;

        store = open_store();
        assert_int_equal(jt_store_keys(store, take_old_key, &keys, NULL), JETON_OK);
        assert_int_equal(jt_store_clients(store, take_client, &clients, NULL), JETON_OK);
        assert_int_equal(keys, 1);
        assert_int_equal(clients, 1);
        assert_int_equal(jt_store_use_once(store, (const unsigned char[JT_STORE_ID]){1}, 2000, 1000, &fresh, NULL),
                         JETON_OK);
        assert_int_equal(fresh, round == 0);
        jt_store_close(store);
    }
}

static void a_state_that_cannot_be_brought_up_stays_as_it_was(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    sqlite3 *database = NULL;
    sqlite3_stmt *rows = NULL;

    /* In the way of the last step, when the ones before it are done. */
    write_old_state("CREATE TABLE used(x);");
    assert_int_equal(refused(&detail), JETON_INTERNAL_ERROR);
    assert_non_null(strstr(detail.text, "cannot be written"));
    assert_int_equal(sqlite3_open(path_of("state/jetond.db"), &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, "SELECT * FROM keys", -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_column_count(rows), 5);
    sqlite3_finalize(rows);
    assert_int_equal(sqlite3_exec(database, "DROP TABLE used", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    jt_store_close(open_store());
}

static void a_foreign_database_is_refused(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    struct jt_store *store = open_store();

    jt_store_close(store);
    /* application_id lies at offset 68. */
    overwrite("state/jetond.db", "abcd", 4, 68);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "is not a state of jetond"));
}

static void a_path_that_cannot_be_a_directory_is_refused(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    struct jt_store *store = NULL;
    bool open_to_others = false;

    overwrite("state", "x", 1, 0);
    assert_int_equal(refused(&detail), JETON_CONFIG_INVALID);
    assert_int_equal(jt_store_open(path_of("state/below"), &store, &open_to_others, &detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "cannot be made"));
    assert_int_equal(jt_store_open("", &store, &open_to_others, &detail), JETON_CONFIG_INVALID);
}

static void a_directory_that_cannot_be_written_is_refused(void **state)
{
    (void)state;
    struct jeton_detail detail = {""};
    bool root = geteuid() == 0;

    assert_int_equal(mkdir(path_of("state"), 0700), 0);
    assert_int_equal(chmod(path_of("state"), 0555), 0);
    assert_int_equal(chmod(directory, 0755), 0);
    /* Root may write everywhere: as nobody, then. */
    if (root)
        assert_int_equal(seteuid(65534), 0);
    enum jeton_status status = refused(&detail);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "cannot be written"));
}

static void the_directories_above_are_made_too(void **state)
{
    (void)state;
    struct jt_store *store = NULL;
    bool open_to_others = true;

    assert_int_equal(jt_store_open(path_of("a/b/c"), &store, &open_to_others, NULL), JETON_OK);
    jt_store_close(store);
}

static void closing_none_is_fine(void **state)
{
    (void)state;
    jt_store_close(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_was_stored_comes_back_after_a_restart),
        CASE(a_first_start_counts_whole_or_not_at_all),
        CASE(the_status_of_the_one_who_takes_is_passed_on),
        CASE(a_second_one_is_refused_while_the_first_is_open),
        CASE(everything_is_the_owners_alone),
        CASE(a_directory_that_others_may_look_into_is_told),
        CASE(a_file_that_is_no_database_is_refused),
        CASE(a_damaged_database_is_refused),
        CASE(another_schema_is_refused),
        CASE(a_state_of_the_first_schema_is_brought_up_with_all_it_holds),
        CASE(a_state_that_cannot_be_brought_up_stays_as_it_was),
        CASE(a_foreign_database_is_refused),
        CASE(a_path_that_cannot_be_a_directory_is_refused),
        CASE(a_directory_that_cannot_be_written_is_refused),
        CASE(the_directories_above_are_made_too),
        CASE(closing_none_is_fine),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
