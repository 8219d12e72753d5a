/* SPDX-License-Identifier: Apache-2.0 */
/* Do the conditions and scopes of a role mean what they say: globs of subjects, claims in templates? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "auth/glob.h"
#include "auth/scope_template.h"

static bool fits(const char *pattern, const char *text)
{
    return jt_glob_matches(jeton_text(pattern), jeton_text(text));
}

static void S4_22_globs_hold_both_ends_and_a_star_is_any_run(void **state)
{
    (void)state;
    assert_true(fits("*", ""));
    assert_true(fits("*", "anything"));
    assert_true(fits("**", ""));
    assert_true(fits("**", "a"));
    assert_true(fits("abc", "abc"));
    assert_false(fits("abc", "abcd"));
    assert_false(fits("abc", "xabc"));
    assert_true(fits("", ""));
    assert_false(fits("", "a"));
    assert_true(fits("repo:acme/*", "repo:acme/site:ref:main"));
    assert_false(fits("repo:acme/*", "repo:acme2/site"));
    assert_false(fits("repo:acme/*", "xrepo:acme/site"));
    assert_true(fits("*:ref:main", "repo:acme/site:ref:main"));
    assert_false(fits("*:ref:main", "repo:acme/site:ref:main2"));
    assert_true(fits("a*c", "ac"));
    assert_true(fits("a*c", "abbbc"));
    assert_false(fits("a*a", "a")); /* one letter is not both ends */
    assert_false(fits("a*bc*c", "abc"));
    assert_true(fits("a*bc*c", "abcc"));
    assert_true(fits("a*bc*c", "axbcbcyc"));
    assert_true(fits("*a*b*", "xaxbx"));
    assert_false(fits("*a*b*", "xbxax"));
    assert_false(fits("A*", "abc")); /* letters are themselves */
    assert_true(fits("a?c", "a?c"));
    assert_false(fits("a?c", "abc"));
}

/* Against the plain way, which is slow and sure. */
static bool plainly(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return plainly(pattern + 1, text) || (*text != '\0' && plainly(pattern, text + 1));
    return *pattern == *text && plainly(pattern + 1, text + 1);
}

static void S4_22_globs_agree_with_the_plain_way(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (size_t round = 0; round < 200000; round++) {
        char texts[2][9] = {"", ""};
        for (size_t which = 0; which < 2; which++) {
            random = random * 1664525 + 1013904223;
            size_t len = (random >> 16) % 9;
            for (size_t i = 0; i < len; i++) {
                random = random * 1664525 + 1013904223;
                texts[which][i] = "ab*"[(random >> 16) % (which == 0 ? 3 : 2)];
            }
        }
        assert_int_equal(fits(texts[0], texts[1]), plainly(texts[0], texts[1]));
    }
}

static void S4_22_a_hostile_pattern_costs_no_more_than_the_text(void **state)
{
    (void)state;
    enum { PATTERN = 4000, TEXT = 2000000 };
    char *pattern = malloc(PATTERN + 2), *text = malloc(TEXT + 1);
    assert_true(pattern != NULL && text != NULL);
    for (size_t i = 0; i < PATTERN; i++)
        pattern[i] = i % 2 == 0 ? '*' : 'a';
    strcpy(pattern + PATTERN, "b");
    memset(text, 'a', TEXT);
    text[TEXT] = '\0';
    clock_t began = clock();
    assert_false(fits(pattern, text));
    assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 2.0);
    free(pattern);
    free(text);
}

struct expanded {
    enum jeton_status status;
    char text[256];
    struct jeton_detail detail;
};

static struct expanded expand(const char *template, const char *claims)
{
    struct expanded one = {.text = ""};
    struct jt_json json;
    struct jt_arena arena;
    struct jeton_bytes out = {NULL, 0};
    static unsigned char memory[65536];
    jt_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(jt_json_read(jeton_text(claims), JT_JSON_PAYLOAD, &arena, &json, NULL), JETON_OK);
    one.status = jt_scope_template_expand(jeton_text(template), json, &arena, &out, &one.detail);
    if (out.len > 0)
        memcpy(one.text, out.at, out.len);
    return one;
}

static void gives(const char *template, const char *claims, const char *expected)
{
    struct expanded one = expand(template, claims);
    assert_int_equal(one.status, JETON_OK);
    assert_string_equal(one.text, expected);
}

static void is_denied(const char *template, const char *claims)
{
    struct expanded one = expand(template, claims);
    assert_int_equal(one.status, JETON_CLAIMS_UNMAPPABLE);
    assert_string_equal(one.text, "");
}

static void S4_30_claims_are_put_into_templates(void **state)
{
    (void)state;
    gives("", "{}", "");
    gives("fixed/", "{}", "fixed/");
    gives("{org}", "{\"org\":\"acme\"}", "acme");
    gives("{org}/{sub}/x", "{\"org\":\"acme\",\"sub\":\"ann\"}", "acme/ann/x");
    gives("a{https://x.example/org}b", "{\"https://x.example/org\":\"c\"}", "acb");
}

static void S4_30_what_a_claim_holds_is_not_expanded_again(void **state)
{
    (void)state;
    is_denied("{org}", "{\"org\":\"{sub}\",\"sub\":\"admin\"}");
    is_denied("{sub}", "{\"sub\":\"{sub}\"}"); /* would never end */
    is_denied("{org}", "{\"org\":\"a}\"}");
}

static void S4_30_missing_claims_and_those_that_are_no_string_are_denied(void **state)
{
    (void)state;
    is_denied("{org}", "{}");
    is_denied("{org}/", "{}");
    is_denied("{org}", "{\"org\":\"\"}");
    is_denied("{org}", "{\"org\":null}");
    is_denied("{org}", "{\"org\":7}");
    is_denied("{org}", "{\"org\":[\"acme\"]}");
    is_denied("{org}", "{\"org\":{\"name\":\"acme\"}}");
    is_denied("{org}", "{\"org\":true}");
    is_denied("{org}", "[]");
}

static void S4_30_a_claim_cannot_lead_out_of_its_place(void **state)
{
    (void)state;
    is_denied("{org}", "{\"org\":\"a/b\"}");
    is_denied("{org}", "{\"org\":\"..\"}");
    is_denied("{org}", "{\"org\":\"a..b\"}");
    is_denied("{org}", "{\"org\":\".\"}");
    is_denied("{org}", "{\"org\":\"a\\\\b\"}");
    is_denied("{org}", "{\"org\":\"a\\u0000b\"}");
    is_denied("{org}", "{\"org\":\"a\\nb\"}");
    gives("{org}", "{\"org\":\"a.b\"}", "a.b");
}

static void braces_must_be_pairs_around_a_name(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a", "{a}", "x{a}{b}y"};
    static const char *const bad[] = {"{", "}", "{}", "{a", "a}", "{a{b}", "{{a}}", "x{a}}"};
    for (size_t i = 0; i < JT_COUNT(good); i++)
        assert_true(jt_scope_template_fits(jeton_text(good[i])));
    for (size_t i = 0; i < JT_COUNT(bad); i++) {
        assert_false(jt_scope_template_fits(jeton_text(bad[i])));
        is_denied(bad[i], "{\"a\":\"x\",\"b\":\"y\"}");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_22_globs_hold_both_ends_and_a_star_is_any_run),
        cmocka_unit_test(S4_22_globs_agree_with_the_plain_way),
        cmocka_unit_test(S4_22_a_hostile_pattern_costs_no_more_than_the_text),
        cmocka_unit_test(S4_30_claims_are_put_into_templates),
        cmocka_unit_test(S4_30_what_a_claim_holds_is_not_expanded_again),
        cmocka_unit_test(S4_30_missing_claims_and_those_that_are_no_string_are_denied),
        cmocka_unit_test(S4_30_a_claim_cannot_lead_out_of_its_place),
        cmocka_unit_test(braces_must_be_pairs_around_a_name),
    };
    return cmocka_run_group_tests_name("role_rules", tests, NULL, NULL);
}
