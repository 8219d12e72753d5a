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

static const struct jt_stored_key key = {{"kid-1", 5}, {"ES256", 5}, {"active", 6}, 1700000000, {"a\0sealed", 8}};
static const struct jt_stored_client client = {
    {"web", 3}, {"12345678901234567890123456789012", 32}, {"g", 1}, {"a b", 3}, {"", 0}, 1700000001};

static enum jeton_status take_key(void *context, const struct jt_stored_key *found)
{
    assert_true(jt_bytes_equal(found->kid, key.kid));
    assert_true(jt_bytes_equal(found->algorithm, key.algorithm));
    assert_true(jt_bytes_equal(found->state, key.state));
    assert_true(jt_bytes_equal(found->sealed, key.sealed));
    assert_int_equal(found->created_at, key.created_at);
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
        CASE(a_foreign_database_is_refused),
        CASE(a_path_that_cannot_be_a_directory_is_refused),
        CASE(a_directory_that_cannot_be_written_is_refused),
        CASE(the_directories_above_are_made_too),
        CASE(closing_none_is_fine),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
