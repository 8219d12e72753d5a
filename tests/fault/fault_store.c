/* SPDX-License-Identifier: Apache-2.0 */
/* Is the store as true as it says when memory is short, the disk full or broken? What it says is on the disk is there
 * after it was opened again; what it refused left everything as it was, whole. SQLite's memory goes through the wrapped
 * malloc, its files through a layer that can fail. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

#include "fault.h"

#define NOW 1700000000

/* --- SQLite's memory: the length in front, since it asks for it --- */

enum { FRONT = 16 };

static void *take_memory(int len)
{
    char *at = malloc((size_t)len + FRONT);

    if (at == NULL)
        return NULL;
    memcpy(at, &len, sizeof len);
    return at + FRONT;
}

static void free_memory(void *at)
{
    if (at != NULL)
        free((char *)at - FRONT);
}

static void *resize_memory(void *old, int len)
{
    char *at = realloc((char *)old - FRONT, (size_t)len + FRONT);

    if (at == NULL)
        return NULL;
    memcpy(at, &len, sizeof len);
    return at + FRONT;
}

static int memory_len(void *at)
{
    int len = 0;

    if (at != NULL)
        memcpy(&len, (char *)at - FRONT, sizeof len);
    return len;
}

static int round_up(int len)
{
    return (len + 7) & ~7;
}

static int begin_memory(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void end_memory(void *context)
{
    (void)context;
}

/* --- SQLite's files: the methods of the real ones, some of them failing --- */

struct shim {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
};
static struct shim shims[8];
static sqlite3_vfs *real_vfs;
static sqlite3_vfs failing_vfs;

static const sqlite3_io_methods *real_of(sqlite3_file *file)
{
    return ((const struct shim *)(const void *)file->pMethods)->real;
}

static int failing_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    return fault_fails(FAULT_FILE) ? SQLITE_IOERR_READ : real_of(file)->xRead(file, out, len, at);
}

/* As a full disk does: a part of it is written. */
static int failing_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
    if (!fault_fails(FAULT_FILE))
        return real_of(file)->xWrite(file, from, len, at);
    (void)real_of(file)->xWrite(file, from, len / 2, at);
    return SQLITE_FULL;
}

static int failing_sync(sqlite3_file *file, int flags)
{
    return fault_fails(FAULT_FILE) ? SQLITE_IOERR_FSYNC : real_of(file)->xSync(file, flags);
}

static int failing_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    return fault_fails(FAULT_FILE) ? SQLITE_IOERR_TRUNCATE : real_of(file)->xTruncate(file, len);
}

static void dress(sqlite3_file *file)
{
    for (size_t i = 0; i < sizeof shims / sizeof shims[0]; i++) {
        if (shims[i].real == NULL) {
            shims[i] = (struct shim){*file->pMethods, file->pMethods};
            shims[i].methods.xRead = failing_read;
            shims[i].methods.xWrite = failing_write;
            shims[i].methods.xSync = failing_sync;
            shims[i].methods.xTruncate = failing_truncate;
            if (shims[i].methods.iVersion > 2)
                shims[i].methods.iVersion = 2; /* no pages mapped past these methods */
        }
        if (shims[i].real == file->pMethods) {
            file->pMethods = &shims[i].methods;
            return;
        }
    }
    abort();
}

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int result = fault_fails(FAULT_FILE) ? SQLITE_CANTOPEN : real_vfs->xOpen(real_vfs, name, file, flags, out);

    (void)vfs;
    if (result == SQLITE_OK)
        dress(file);
    else
        file->pMethods = NULL;
    return result;
}

__attribute__((constructor)) static void prepare_sqlite(void)
{
    static const sqlite3_mem_methods memory = {take_memory, free_memory,  resize_memory, memory_len,
                                               round_up,    begin_memory, end_memory,    NULL};

    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
        abort();
    real_vfs = sqlite3_vfs_find(NULL);
    failing_vfs = *real_vfs;
    failing_vfs.zName = "failing";
    failing_vfs.xOpen = failing_open;
    if (sqlite3_vfs_register(&failing_vfs, 1) != SQLITE_OK)
        abort();
}

/* --- A state of its own for each run --- */

static char directory[64];

static void make_state(void)
{
    fault_pause();
    /* In memory where that can be: what is asked is whether a sync was made, not how long a disk takes. */
    snprintf(directory, sizeof directory, "%s/jt-fault-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(directory) == NULL)
        abort();
    fault_resume();
}

static void remove_state(void)
{
    static const char *const files[] = {"jetond.db", "jetond.db-wal", "jetond.db-shm", "jetond.db-journal",
                                        "jetond.lock"};
    char path[128];

    fault_pause();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    if (rmdir(directory) != 0)
        abort();
    fault_resume();
}

static enum jeton_status open_store(struct jt_store **out)
{
    bool open_to_others = false;

    return jt_store_open(directory, out, &open_to_others, NULL);
}

/* With nothing failing: whatever came before, the state can be opened. */
static struct jt_store *open_surely(void)
{
    struct jt_store *store = NULL;

    if (open_store(&store) != JETON_OK)
        abort();
    return store;
}

static struct jt_store *ready_store(void)
{
    struct jt_store *store = NULL;

    make_state();
    fault_pause();
    store = open_surely();
    fault_resume();
    return store;
}

/* --- What lies in it --- */

static const struct jt_stored_key old_key = {{"a", 1}, {"ES256", 5}, {"active", 6}, 1, {"x", 1}, 2, 3, 4};
static const struct jt_stored_key new_key = {{"b", 1}, {"ES256", 5}, {"next", 4}, 5, {"y", 1}, 6, 0, 0};
static const struct jt_stored_client client = {
    {"web", 3}, {"12345678901234567890123456789012", 32}, {"g", 1}, {"a b", 3}, {"", 0}, 1};
static const unsigned char name[JT_STORE_ID] = "a name of thirty-two bytes.....";

static enum jeton_status note_key(void *context, const struct jt_stored_key *key)
{
    strncat(context, key->kid.at, 1);
    return JETON_OK;
}

static enum jeton_status count_client(void *context, const struct jt_stored_client *found)
{
    (void)found;
    strcat(context, "c");
    return JETON_OK;
}

/* The kids in it, and a "c" for each client. */
static bool holds(const char *expected)
{
    struct jt_store *store = open_surely();
    char found[16] = "";

    if (jt_store_keys(store, note_key, found, NULL) != JETON_OK ||
        jt_store_clients(store, count_client, found, NULL) != JETON_OK)
        abort();
    jt_store_close(store);
    return strcmp(found, expected) == 0;
}

/* --- Scenarios --- */

/* All of it or nothing; all of it when it said so. */
static enum jeton_status a_first_start_is_whole_or_nothing(void)
{
    struct jt_store *store = NULL;
    enum jeton_status status;

    make_state();
    status = open_store(&store);
    if (status == JETON_OK)
        status = jt_store_begin(store, &old_key, &client, NULL);
    jt_store_close(store);
    fault_pause();
    if (!(holds("ac") || (status != JETON_OK && holds(""))))
        abort();
    fault_resume();
    remove_state();
    return status;
}

static enum jeton_status keys_and_marks_change_together_or_not_at_all(void)
{
    struct jt_store_mark mark = {JT_TEXT("seen"), 7};
    struct jt_store *store = ready_store();
    enum jeton_status status;
    int64_t value = -1;

    fault_pause();
    if (jt_store_begin(store, &old_key, NULL, NULL) != JETON_OK)
        abort();
    fault_resume();
    status = jt_store_replace_keys(store, &new_key, 1, &mark, 1, NULL);
    jt_store_close(store);
    fault_pause();
    store = open_surely();
    if (jt_store_mark_read(store, mark.name, &value, NULL) != JETON_OK)
        abort();
    jt_store_close(store);
    if (!((value == 7 && holds("b")) || (status != JETON_OK && value == 0 && holds("a"))))
        abort();
    fault_resume();
    remove_state();
    return status;
}

/* Fresh once at most, whatever failed in between; never again once it said so. */
static enum jeton_status a_first_use_is_never_a_second_time_the_first(void)
{
    struct jt_store *store = ready_store();
    bool first = false, second = false, third = false;
    enum jeton_status status = jt_store_use_once(store, name, NOW + 60, NOW, &first, NULL);

    fault_pause();
    if (jt_store_use_once(store, name, NOW + 60, NOW, &second, NULL) != JETON_OK)
        abort();
    jt_store_close(store);
    store = open_surely();
    if (jt_store_use_once(store, name, NOW + 60, NOW, &third, NULL) != JETON_OK)
        abort();
    jt_store_close(store);
    if ((status == JETON_OK && !first) || first + second + third > 1)
        abort();
    fault_resume();
    remove_state();
    return status;
}

static enum jeton_status note_revoked(void *context, const unsigned char id[JT_STORE_ID], int64_t until)
{
    if (memcmp(id, name, JT_STORE_ID) == 0 && until == NOW + 60)
        ++*(int *)context;
    return JETON_OK;
}

static enum jeton_status what_it_said_was_revoked_is(void)
{
    struct jt_store *store = ready_store();
    enum jeton_status status = jt_store_revoke(store, name, NOW + 60, NOW, NULL);
    int found = 0;

    jt_store_close(store);
    fault_pause();
    store = open_surely();
    if (jt_store_revoked(store, note_revoked, &found, NULL) != JETON_OK || (status == JETON_OK && found != 1))
        abort();
    jt_store_close(store);
    fault_resume();
    remove_state();
    return status;
}

/* Half a list of revoked tokens is none. */
static enum jeton_status revoked_ones_are_read_all_or_told_to_be_missing(void)
{
    struct jt_store *store = ready_store();
    enum jeton_status status;
    int found = 0;

    fault_pause();
    if (jt_store_revoke(store, name, NOW + 60, NOW, NULL) != JETON_OK)
        abort();
    jt_store_close(store);
    store = NULL;
    fault_resume();
    status = open_store(&store);
    if (status == JETON_OK)
        status = jt_store_revoked(store, note_revoked, &found, NULL);
    if (status == JETON_OK && found != 1)
        abort();
    jt_store_close(store);
    remove_state();
    return status;
}

static enum jeton_status what_has_not_ended_never_leaves(void)
{
    struct jt_store *store = ready_store();
    enum jeton_status status;
    bool left = false, fresh = false;

    fault_pause();
    if (jt_store_use_once(store, name, NOW + 60, NOW, &fresh, NULL) != JETON_OK)
        abort();
    fault_resume();
    status = jt_store_expire(store, NOW + 59, &left, NULL);
    fault_pause();
    if (jt_store_use_once(store, name, NOW + 60, NOW, &fresh, NULL) != JETON_OK || fresh)
        abort();
    jt_store_close(store);
    fault_resume();
    remove_state();
    return status;
}

#define KINDS FAULT_MEMORY | FAULT_FILE

FAULT_SCENARIOS({"a_first_start_is_whole_or_nothing", a_first_start_is_whole_or_nothing, JETON_OK, FAULT_FILE,
                 JETON_OK},
                {"keys_and_marks_change_together_or_not_at_all", keys_and_marks_change_together_or_not_at_all, JETON_OK,
                 KINDS, JETON_OK},
                {"a_first_use_is_never_a_second_time_the_first", a_first_use_is_never_a_second_time_the_first, JETON_OK,
                 KINDS, JETON_OK},
                {"what_it_said_was_revoked_is", what_it_said_was_revoked_is, JETON_OK, KINDS, JETON_OK},
                {"revoked_ones_are_read_all_or_told_to_be_missing", revoked_ones_are_read_all_or_told_to_be_missing,
                 JETON_OK, KINDS, JETON_OK},
                {"what_has_not_ended_never_leaves", what_has_not_ended_never_leaves, JETON_OK, FAULT_MEMORY, JETON_OK});
