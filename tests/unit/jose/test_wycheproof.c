/* SPDX-License-Identifier: Apache-2.0 */
/* Does jose judge Wycheproof's JWS and JWK files as labelled? Complete; what is judged otherwise stands, with its
 * reason, in overrides.json. */
#include "jose_test.h"

static const char *expected(struct jt_json overrides, const char *file, struct jt_json test)
{
    for (struct jt_json_walk w = jt_json_walk(overrides); jt_json_next(&w);)
        if (jt_bytes_equal(jt_json_string(member(w.value, "file")), jeton_text(file)) &&
            jt_bytes_equal(jt_json_number(member(w.value, "tcId")), jt_json_number(member(test, "tcId")))) {
            assert_true(jt_json_string(member(w.value, "reason")).len > 20);
            return jt_json_string(member(w.value, "expected")).at;
        }
    return jt_json_string(member(test, "result")).at;
}

static struct jt_keyset *keys_of(struct jt_json group)
{
    struct jt_json key = member(group, "public");
    if (jt_json_type(key) == JT_JSON_NONE)
        key = member(group, "private");
    char *text = json_text(key);
    char *json = malloc(strlen(text) + 16);
    assert_non_null(json);
    if (jt_json_type(member(key, "keys")) == JT_JSON_NONE)
        sprintf(json, "{\"keys\":[%s]}", text);
    else
        strcpy(json, text);
    struct jt_keyset *set = set_of(json);
    free(json);
    free(text);
    return set;
}

static size_t run_file(const char *file)
{
    char path[128];
    snprintf(path, sizeof path, "wycheproof/%s", file);
    struct vectors v = load_vectors(path);
    struct vectors overrides = load_vectors("wycheproof/overrides.json");
    size_t count = 0, wrong = 0;
    for (struct jt_json_walk g = jt_json_walk(member(v.json, "testGroups")); jt_json_next(&g);) {
        struct jt_keyset *set = keys_of(g.value);
        for (struct jt_json_walk t = jt_json_walk(member(g.value, "tests")); jt_json_next(&t); count++) {
            struct jt_json token = member(t.value, "jws");
            char *text = jt_json_type(token) == JT_JSON_STRING ? NULL : json_text(token);
            enum jeton_status status = judge_jws(text != NULL ? jeton_text(text) : jt_json_string(token), set);
            const char *label = expected(overrides.json, file, t.value);
            if ((status == JETON_OK) != (strcmp(label, "valid") == 0)) {
                struct jeton_bytes id = jt_json_number(member(t.value, "tcId"));
                print_error("tcId %.*s (%s): expected %s, is %s\n", (int)id.len, (const char *)id.at,
                            (const char *)jt_json_string(member(t.value, "comment")).at, label,
                            jeton_status_code(status));
                wrong++;
            }
            free(text);
        }
        jt_keyset_free(set);
    }
    assert_int_equal(wrong, 0);
    free(v.memory);
    free(overrides.memory);
    return count;
}

static void all_of_json_web_signature_is_judged_as_labelled(void **state)
{
    (void)state;
    assert_int_equal(run_file("json_web_signature_test.json"), 401);
}

static void all_of_json_web_key_is_judged_as_labelled(void **state)
{
    (void)state;
    assert_int_equal(run_file("json_web_key_test.json"), 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_json_web_signature_is_judged_as_labelled),
        cmocka_unit_test(all_of_json_web_key_is_judged_as_labelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
