/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/jeton-file-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static size_t names_in_folder(bool remove_them)
{
    size_t count = 0;
    DIR *all = opendir(folder);
    for (struct dirent *entry; all != NULL && (entry = readdir(all)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (remove_them && unlinkat(dirfd(all), entry->d_name, 0) != 0)
            unlinkat(dirfd(all), entry->d_name, AT_REMOVEDIR);
    }
    closedir(all);
    return count;
}

static int remove_folder(void **state)
{
    (void)state;
    names_in_folder(true);
    return rmdir(folder);
}

static mode_t mode_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void assert_content(const char *path, struct jeton_bytes expected)
{
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 1 << 20);
    assert_int_equal(jt_file_read(path, &buffer, NULL), JETON_OK);
    assert_true(jt_bytes_equal(jt_buffer_bytes(&buffer), expected));
    jt_buffer_done(&buffer);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const char *path = in_folder("a");
    assert_int_equal(jt_file_write(path, jeton_bytes("a\0b", 3), 0644, NULL), JETON_OK);
    assert_content(path, jeton_bytes("a\0b", 3));
    assert_int_equal(jt_file_write(path, jeton_bytes(NULL, 0), 0644, NULL), JETON_OK);
    assert_content(path, jeton_bytes(NULL, 0));
}

static void the_mode_is_the_one_asked_for_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t modes[] = {0600, 0644, 0640, 0400};
    for (size_t i = 0; i < JT_COUNT(modes); i++) {
        mode_t before = umask(i % 2 ? 0077 : 0);
        assert_int_equal(jt_file_write(in_folder("m"), JT_TEXT("x"), modes[i], NULL), JETON_OK);
        umask(before);
        assert_int_equal(mode_of(in_folder("m")), modes[i]);
    }
}

/* Who has the old file open goes on reading the old content: the name moved, the bytes did not change. */
static void replacing_leaves_the_old_file_whole(void **state)
{
    (void)state;
    const char *path = in_folder("r");
    char old[4] = {0};
    assert_int_equal(jt_file_write(path, JT_TEXT("old"), 0600, NULL), JETON_OK);
    int held = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(held >= 0);
    assert_int_equal(jt_file_write(path, JT_TEXT("newer"), 0600, NULL), JETON_OK);
    assert_int_equal(read(held, old, 3), 3);
    close(held);
    assert_string_equal(old, "old");
    assert_content(path, JT_TEXT("newer"));
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    struct jeton_detail detail = {{0}};
    names_in_folder(true);
    assert_int_equal(mkdir(in_folder("d"), 0700), 0);
    assert_int_equal(jt_file_write(in_folder("d"), JT_TEXT("x"), 0600, &detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "/d: "));
    assert_int_equal(names_in_folder(false), 1);
    assert_int_equal(jt_file_write(in_folder("none/x"), JT_TEXT("x"), 0600, &detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "none/x: "));
    assert_int_equal(names_in_folder(false), 1);
}

static void a_file_may_be_as_large_as_the_buffer_and_no_larger(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 100, 16383, 16384, 16385, 50000};
    static char content[50001];
    for (size_t i = 0; i < JT_COUNT(sizes); i++) {
        struct jt_buffer buffer;
        struct jeton_detail detail = {{0}};
        struct jt_secret secret = {NULL, 0};
        const char *path = in_folder("s");
        assert_int_equal(jt_file_write(path, jeton_bytes(content, sizes[i]), 0600, NULL), JETON_OK);
        jt_buffer_init(&buffer, sizes[i]);
        assert_int_equal(jt_file_read(path, &buffer, NULL), JETON_OK);
        assert_int_equal(buffer.len, sizes[i]);
        jt_buffer_done(&buffer);
        assert_int_equal(jt_file_read_secret(path, sizes[i], &secret, NULL, NULL), JETON_OK);
        assert_int_equal(secret.len, sizes[i]);
        jt_secret_done(&secret);
        assert_int_equal(jt_file_write(path, jeton_bytes(content, sizes[i] + 1), 0600, NULL), JETON_OK);
        jt_buffer_init(&buffer, sizes[i]);
        assert_int_equal(jt_file_read(path, &buffer, &detail), JETON_CONFIG_INVALID);
        assert_non_null(strstr(detail.text, "larger than"));
        jt_buffer_done(&buffer);
        assert_int_equal(jt_file_read_secret(path, sizes[i], &secret, NULL, &detail), JETON_CONFIG_INVALID);
        assert_null(secret.at);
    }
}

static void the_bound_holds_where_no_size_is_known(void **state)
{
    (void)state;
    for (size_t max = 4; max <= 5; max++) {
        int ends[2];
        char path[64];
        struct jt_buffer buffer;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(write(ends[1], "12345", 5), 5);
        close(ends[1]);
        snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
        jt_buffer_init(&buffer, max);
        assert_int_equal(jt_file_read(path, &buffer, NULL), max == 5 ? JETON_OK : JETON_CONFIG_INVALID);
        jt_buffer_done(&buffer);
        close(ends[0]);
    }
}

static void standard_input_is_a_hyphen(void **state)
{
    (void)state;
    int ends[2];
    struct jt_buffer buffer;
    struct jt_secret secret = {NULL, 0};
    int before = dup(STDIN_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "text", 4), 4);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    jt_buffer_init(&buffer, 100);
    assert_int_equal(jt_file_read("-", &buffer, NULL), JETON_OK);
    assert_bytes(jt_buffer_bytes(&buffer), "text");
    jt_buffer_done(&buffer);
    bool warn = true;
    assert_int_equal(jt_file_read_secret("-", 100, &secret, &warn, NULL), JETON_OK);
    assert_int_equal(secret.len, 0);
    assert_false(warn);
    if (before >= 0) {
        dup2(before, STDIN_FILENO);
        close(before);
    }
}

static void folders_devices_and_nothing_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"/", "/dev/null", "/dev/zero", "/tmp/jeton-is-not-there/x", ""};
    for (size_t i = 0; i < JT_COUNT(paths); i++) {
        struct jt_buffer buffer;
        struct jt_secret secret = {NULL, 0};
        struct jeton_detail detail = {{0}};
        jt_buffer_init(&buffer, 100);
        assert_int_equal(jt_file_read(paths[i], &buffer, &detail), JETON_CONFIG_INVALID);
        assert_memory_equal(detail.text, paths[i], strlen(paths[i]));
        assert_int_equal(jt_file_read_secret(paths[i], 100, &secret, NULL, NULL), JETON_CONFIG_INVALID);
        jt_buffer_done(&buffer);
    }
}

static void a_pipe_without_a_writer_does_not_hold_up_and_is_no_empty_file(void **state)
{
    (void)state;
    struct jt_buffer buffer;
    struct jt_secret secret = {NULL, 0};
    struct jeton_detail detail = {{0}};
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    jt_buffer_init(&buffer, 100);
    assert_int_equal(jt_file_read(in_folder("pipe"), &buffer, &detail), JETON_CONFIG_INVALID);
    assert_non_null(strstr(detail.text, "nothing came through it"));
    assert_int_equal(jt_file_read_secret(in_folder("pipe"), 100, &secret, NULL, NULL), JETON_CONFIG_INVALID);
    jt_buffer_done(&buffer);
    jt_buffer_init(&buffer, 100);
    assert_int_equal(jt_file_write(in_folder("empty"), JT_TEXT(""), 0600, NULL), JETON_OK);
    assert_int_equal(jt_file_read(in_folder("empty"), &buffer, NULL), JETON_OK);
    assert_int_equal(buffer.len, 0);
    jt_buffer_done(&buffer);
}

static void others_who_may_read_a_secret_are_noticed(void **state)
{
    (void)state;
    static const struct {
        unsigned mode;
        bool warn;
    } cases[] = {{0600, false}, {0400, false}, {0640, true}, {0604, true}, {0644, true}};
    for (size_t i = 0; i < JT_COUNT(cases); i++) {
        struct jt_secret secret = {NULL, 0};
        bool warn = !cases[i].warn;
        assert_int_equal(jt_file_write(in_folder("k"), JT_TEXT("secret\n"), cases[i].mode, NULL), JETON_OK);
        assert_int_equal(jt_file_read_secret(in_folder("k"), 100, &secret, &warn, NULL), JETON_OK);
        assert_bytes(jt_secret_bytes(&secret), "secret\n");
        assert_int_equal(warn, cases[i].warn);
        jt_secret_done(&secret);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_mode_is_the_one_asked_for_whatever_the_umask),
        cmocka_unit_test(replacing_leaves_the_old_file_whole),
        cmocka_unit_test(a_failed_write_leaves_nothing_behind),
        cmocka_unit_test(a_file_may_be_as_large_as_the_buffer_and_no_larger),
        cmocka_unit_test(the_bound_holds_where_no_size_is_known),
        cmocka_unit_test(standard_input_is_a_hyphen),
        cmocka_unit_test(folders_devices_and_nothing_are_refused),
        cmocka_unit_test(a_pipe_without_a_writer_does_not_hold_up_and_is_no_empty_file),
        cmocka_unit_test(others_who_may_read_a_secret_are_noticed),
    };
    return cmocka_run_group_tests_name("file", tests, make_folder, remove_folder);
}
