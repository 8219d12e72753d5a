/* SPDX-License-Identifier: Apache-2.0 */
#include "base_test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static void it_starts_as_zeros_in_every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 15, 16, 17, 4095, 4096, 4097, 100000};
    for (size_t i = 0; i < JT_COUNT(sizes); i++) {
        struct jt_secret secret;
        assert_int_equal(jt_secret_new(sizes[i], &secret), JETON_OK);
        assert_int_equal(secret.len, sizes[i]);
        assert_int_equal((uintptr_t)secret.at % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(secret.at[k], 0);
        memset(secret.at, 0xff, sizes[i]);
        jt_secret_done(&secret);
        assert_null(secret.at);
        jt_secret_done(&secret);
    }
}

static void a_copy_has_the_same_bytes(void **state)
{
    (void)state;
    struct jt_secret secret;
    assert_int_equal(jt_secret_copy(JT_TEXT("sixteen bytes ok"), &secret), JETON_OK);
    assert_bytes(jt_secret_bytes(&secret), "sixteen bytes ok");
    jt_secret_done(&secret);
}

static void none_at_all_is_fine(void **state)
{
    (void)state;
    struct jt_secret secret = {(unsigned char *)"x", 1};
    assert_int_equal(jt_secret_new(0, &secret), JETON_OK);
    assert_null(secret.at);
    jt_secret_done(&secret);
    jt_secret_done(NULL);
}

static void a_size_beyond_counting_is_out_of_memory(void **state)
{
    (void)state;
    struct jt_secret secret = {NULL, 5};
    assert_int_equal(jt_secret_new(SIZE_MAX, &secret), JETON_OUT_OF_MEMORY);
    assert_int_equal(jt_secret_new(SIZE_MAX / 2, &secret), JETON_OUT_OF_MEMORY);
    assert_int_equal(secret.len, 5);
}

/* Whether reading one byte at `at` ends a child. */
static bool faults(const unsigned char *at)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        volatile unsigned char byte = *(const volatile unsigned char *)at;
        (void)byte;
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void the_bytes_past_both_ends_cannot_be_read(void **state)
{
    (void)state;
    struct jt_secret secret;
    assert_int_equal(jt_secret_new(4096, &secret), JETON_OK);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    assert_false(faults(secret.at + 4095));
    assert_true(faults((const unsigned char *)((uintptr_t)(secret.at + 4095) / page * page + page)));
    assert_true(faults((const unsigned char *)((uintptr_t)secret.at / page * page - 1)));
    jt_secret_done(&secret);
}

static void the_pages_stay_out_of_core_dumps(void **state)
{
    (void)state;
    struct jt_secret secret;
    assert_int_equal(jt_secret_new(100, &secret), JETON_OK);
    FILE *maps = fopen("/proc/self/smaps", "r");
    if (maps == NULL) {
        jt_secret_done(&secret);
        skip();
    }
    char line[512];
    bool inside = false;
    bool left_out = false;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)secret.at >= from && (uintptr_t)secret.at < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            left_out = strstr(line, " dd") != NULL;
    }
    fclose(maps);
    assert_true(left_out);
    jt_secret_done(&secret);
}

static void wiping_leaves_zeros_and_takes_nothing(void **state)
{
    (void)state;
    unsigned char bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    jt_wipe(bytes, 7);
    assert_int_equal(bytes[0] + bytes[6], 0);
    assert_int_equal(bytes[7], 8);
    jt_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_as_zeros_in_every_size),
        cmocka_unit_test(a_copy_has_the_same_bytes),
        cmocka_unit_test(none_at_all_is_fine),
        cmocka_unit_test(a_size_beyond_counting_is_out_of_memory),
        cmocka_unit_test(the_bytes_past_both_ends_cannot_be_read),
        cmocka_unit_test(the_pages_stay_out_of_core_dumps),
        cmocka_unit_test(wiping_leaves_zeros_and_takes_nothing),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
