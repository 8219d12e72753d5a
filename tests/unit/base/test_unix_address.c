/* SPDX-License-Identifier: Apache-2.0 */
/* Can a socket be reached whatever the length of its path? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unix_address.h"
#include "base_test.h"

#define LONG_NAME                                                                                                      \
    "a-folder-whose-name-is-as-long-as-the-address-of-a-socket-has-room-for-and-then-some-more-beyond-its-end"

/* A folder of a long path, in a new one. */
static void make_folder(char root[64], char folder[512])
{
    strcpy(root, "/tmp/jeton-socket-XXXXXX");
    assert_non_null(mkdtemp(root));
    snprintf(folder, 512, "%s/%s", root, LONG_NAME);
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void remove_folder(const char *root, const char *folder)
{
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(root), 0);
}

static void a_path_of_107_bytes_is_its_own_address(void **state)
{
    char path[109];
    struct sockaddr_un address;
    int directory = 0;

    (void)state;
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[107] = '\0';
    assert_true(jt_unix_address(path, &directory, &address));
    assert_int_equal(directory, -1);
    assert_string_equal(address.sun_path, path);
    path[107] = 'a';
    path[108] = '\0';
    assert_false(jt_unix_address(path, &directory, &address)); /* its directory is the root: no way around */
    assert_int_equal(directory, -1);
}

static void a_longer_path_is_reached_through_its_directory(void **state)
{
    char root[64], folder[512], path[600];
    struct sockaddr_un address;
    int directory = -1, listener = socket(AF_UNIX, SOCK_STREAM, 0), caller = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    make_folder(root, folder);
    snprintf(path, sizeof path, "%s/control.sock", folder);
    assert_true(jt_unix_address(path, &directory, &address));
    assert_true(directory >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(connect(caller, (const struct sockaddr *)&address, sizeof address), 0);
    close(caller);
    close(listener);
    close(directory);
    assert_int_equal(unlink(path), 0);
    remove_folder(root, folder);
}

static void what_has_no_directory_or_a_name_too_long_is_refused(void **state)
{
    char root[64], folder[512], path[700];
    struct sockaddr_un address;
    int directory = -1;

    (void)state;
    make_folder(root, folder);
    snprintf(path, sizeof path, "%s/%s", folder, LONG_NAME);
    assert_false(jt_unix_address(path, &directory, &address));
    assert_true(directory >= 0);
    close(directory);
    snprintf(path, sizeof path, "%s-absent/control.sock", folder);
    assert_false(jt_unix_address(path, &directory, &address));
    assert_int_equal(directory, -1);
    remove_folder(root, folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_of_107_bytes_is_its_own_address),
        cmocka_unit_test(a_longer_path_is_reached_through_its_directory),
        cmocka_unit_test(what_has_no_directory_or_a_name_too_long_is_refused),
    };
    return cmocka_run_group_tests_name("unix_address", tests, NULL, NULL);
}
