/* SPDX-License-Identifier: Apache-2.0 */
/* JSONTestSuite: y_ is accepted, n_ is refused; what the suite leaves open (i_, and all of test_transform) and where
 * jeton is stricter stands in overrides.json, each with its reason. SECURITY row 55. */
#include "base_test.h"

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"

#define SUITE JT_VECTORS "/jsontestsuite/"

struct overrides {
    struct jt_buffer text;
    struct reading reading;
    size_t used;
};

static int read_overrides(void **state)
{
    static struct overrides overrides;
    jt_buffer_init(&overrides.text, 1 << 20);
    if (jt_file_read(SUITE "overrides.json", &overrides.text, NULL) != JETON_OK)
        return 1;
    overrides.reading = reading_with(jt_buffer_bytes(&overrides.text), JT_JSON_PAYLOAD);
    *state = &overrides;
    return overrides.reading.status != JETON_OK;
}

static int drop_overrides(void **state)
{
    struct overrides *overrides = *state;
    reading_done(&overrides->reading);
    jt_buffer_done(&overrides->text);
    return 0;
}

static bool expected(struct overrides *overrides, const char *name)
{
    struct jt_json entry = jt_json_get(overrides->reading.json, jeton_text(name));
    if (jt_json_type(entry) == JT_JSON_OBJECT) {
        overrides->used++;
        assert_true(jt_json_string(jt_json_get(entry, JT_TEXT("reason"))).len > 0);
        return jt_bytes_equal(jt_json_string(jt_json_get(entry, JT_TEXT("expect"))), JT_TEXT("accepted"));
    }
    if (strncmp(name, "y_", 2) != 0 && strncmp(name, "n_", 2) != 0)
        fail_msg("%s is not decided", name);
    return name[0] == 'y';
}

static size_t judge_folder(struct overrides *overrides, const char *folder)
{
    size_t count = 0;
    DIR *all = opendir(folder);
    assert_non_null(all);
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        char path[1024];
        struct jt_buffer text;
        if (strstr(entry->d_name, ".json") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        jt_buffer_init(&text, 1 << 20);
        assert_int_equal(jt_file_read(path, &text, NULL), JETON_OK);
        struct reading reading = reading_with(jt_buffer_bytes(&text), JT_JSON_PAYLOAD);
        enum jeton_status status = expected(overrides, entry->d_name) ? JETON_OK : JETON_ARGUMENT_INVALID;
        if (reading.status != status)
            fail_msg("%s: %s %s", entry->d_name, jeton_status_code(reading.status), reading.detail.text);
        reading_done(&reading);
        jt_buffer_done(&text);
        count++;
    }
    closedir(all);
    return count;
}

static void all_318_texts_of_the_parsing_suite_are_judged_as_decided(void **state)
{
    assert_int_equal(judge_folder(*state, SUITE "test_parsing"), 318);
}

static void all_22_texts_of_the_transform_suite_are_judged_as_decided(void **state)
{
    assert_int_equal(judge_folder(*state, SUITE "test_transform"), 22);
}

static void every_decision_was_needed(void **state)
{
    struct overrides *overrides = *state;
    assert_int_equal(overrides->used, jt_json_count(overrides->reading.json));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_318_texts_of_the_parsing_suite_are_judged_as_decided),
        cmocka_unit_test(all_22_texts_of_the_transform_suite_are_judged_as_decided),
        cmocka_unit_test(every_decision_was_needed),
    };
    return cmocka_run_group_tests_name("json_suite", tests, read_overrides, drop_overrides);
}
