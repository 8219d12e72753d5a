/* SPDX-License-Identifier: Apache-2.0 */
/* Who acts for whom, and for how long: chains of actors, who may act, names of users elsewhere, lives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/token/delegation.h"

static unsigned char memory[1 << 18];
static struct jt_arena arena;

static struct jt_json json_of(const char *text)
{
    struct jt_json json = {NULL};

    if (text != NULL)
        assert_int_equal(jt_json_read(jeton_text(text), JT_JSON_PAYLOAD, &arena, &json, NULL), JETON_OK);
    return json;
}

static void fresh(void)
{
    jt_arena_init(&arena, memory, sizeof memory);
}

#define IS(bytes, text) assert_true(jt_bytes_equal((bytes), jeton_text(text)))

/* --- Subject --- */

static void S5_25_a_user_elsewhere_has_the_issuer_in_its_name(void **state)
{
    struct jeton_bytes subject = {NULL, 0};

    (void)state;
    fresh();
    assert_int_equal(jt_delegation_subject(JT_TEXT("https://login.example"), JT_TEXT("a#b"), &arena, &subject),
                     JETON_OK);
    IS(subject, "https://login.example#a#b");
    jt_arena_init(&arena, memory, 8);
    assert_int_equal(jt_delegation_subject(JT_TEXT("https://login.example"), JT_TEXT("a"), &arena, &subject),
                     JETON_OUT_OF_MEMORY);
}

/* --- Chains --- */

static enum jeton_status act(const char *actor, const char *earlier, struct jeton_bytes *out)
{
    struct jeton_detail detail = {""};

    fresh();
    return jt_delegation_act(jeton_text(actor), json_of(earlier), &arena, out, &detail);
}

static void S5_25_the_newest_actor_stands_outside(void **state)
{
    struct jeton_bytes out = {NULL, 1};

    (void)state;
    assert_int_equal(act("web", NULL, &out), JETON_OK);
    IS(out, "{\"sub\":\"web\"}");
    assert_int_equal(act("w\"b", "{\"sub\":\"far\",\"act\":{\"sub\":\"x\",\"n\":1.0}}", &out), JETON_OK);
    IS(out, "{\"sub\":\"w\\\"b\",\"act\":{\"sub\":\"far\",\"act\":{\"sub\":\"x\",\"n\":1.0}}}");
    assert_int_equal(act("", "{\"sub\":\"far\"}", &out), JETON_OK);
    IS(out, "{\"sub\":\"far\"}");
    assert_int_equal(act("", NULL, &out), JETON_OK);
    assert_int_equal(out.len, 0);
}

static void S5_25_what_is_no_chain_is_refused(void **state)
{
    static const char *const bad[] = {"1",
                                      "null",
                                      "[]",
                                      "\"web\"",
                                      "{}",
                                      "{\"sub\":\"\"}",
                                      "{\"sub\":1}",
                                      "{\"sub\":\"a\",\"act\":null}",
                                      "{\"sub\":\"a\",\"act\":{\"act\":{\"sub\":\"b\"}}}"};
    struct jeton_bytes out = {NULL, 7};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(bad); i++) {
        assert_int_equal(act("web", bad[i], &out), JETON_CLAIMS_INVALID);
        assert_int_equal(act("", bad[i], &out), JETON_CLAIMS_INVALID);
    }
    assert_int_equal(out.len, 7);
}

static void write_chain(size_t actors, char *out)
{
    *out = '\0';
    for (size_t i = 0; i < actors; i++)
        strcat(out, i + 1 < actors ? "{\"sub\":\"a\",\"act\":" : "{\"sub\":\"a\"");
    for (size_t i = 0; i < actors; i++)
        strcat(out, "}");
}

static void S5_25_ten_actors_and_no_more(void **state)
{
    struct jeton_bytes out = {NULL, 0};
    char text[512];

    (void)state;
    write_chain(JT_ACT_DEPTH - 1, text);
    assert_int_equal(act("web", text, &out), JETON_OK);
    write_chain(JT_ACT_DEPTH, text);
    assert_int_equal(act("", text, &out), JETON_OK);
    assert_int_equal(act("web", text, &out), JETON_CLAIMS_INVALID);
    write_chain(JT_ACT_DEPTH + 1, text);
    assert_int_equal(act("", text, &out), JETON_CLAIMS_INVALID);
}

static void S5_25_8_KiB_and_no_more(void **state)
{
    static char text[JT_ACT_BYTES + 64];
    const size_t beside = strlen("{\"sub\":\"\"}");
    struct jeton_bytes out = {NULL, 0};

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        int len = snprintf(text, sizeof text, "{\"sub\":\"");

        memset(text + len, 'x', JT_ACT_BYTES - beside + more);
        snprintf(text + (size_t)len + JT_ACT_BYTES - beside + more, 8, "\"}");
        assert_int_equal(act("", text, &out), more == 0 ? JETON_OK : JETON_CLAIMS_INVALID);
    }
    assert_int_equal(out.len, JT_ACT_BYTES);
}

/* --- may_act --- */

static struct jeton_bytes claim(const void *actor, struct jeton_bytes name)
{
    (void)actor;
    return jt_bytes_equal(name, JT_TEXT("sub"))         ? JT_TEXT("robot")
           : jt_bytes_equal(name, JT_TEXT("client_id")) ? JT_TEXT("web")
           : jt_bytes_equal(name, JT_TEXT("iss"))       ? JT_TEXT("https://as.example")
                                                        : (struct jeton_bytes){NULL, 0};
}

static enum jeton_status may_act(const char *text)
{
    struct jeton_detail detail = {""};

    fresh();
    return jt_delegation_may_act(json_of(text), claim, NULL, &detail);
}

static void S5_25_may_act_names_the_actor(void **state)
{
    (void)state;
    assert_int_equal(may_act(NULL), JETON_OK);
    assert_int_equal(may_act("{\"sub\":\"robot\"}"), JETON_OK);
    assert_int_equal(may_act("{\"client_id\":\"web\"}"), JETON_OK);
    assert_int_equal(may_act("{\"iss\":\"https://as.example\",\"sub\":\"robot\",\"client_id\":\"web\"}"), JETON_OK);
    assert_int_equal(may_act("{\"sub\":\"web\"}"), JETON_SUBJECT_MISMATCH);
    assert_int_equal(may_act("{\"sub\":\"robo\"}"), JETON_SUBJECT_MISMATCH);
    assert_int_equal(may_act("{\"sub\":\"robot\",\"client_id\":\"far\"}"), JETON_SUBJECT_MISMATCH);
    assert_int_equal(may_act("{\"sub\":\"robot\",\"email\":\"r@example\"}"), JETON_SUBJECT_MISMATCH);
}

static void S5_25_a_malformed_may_act_is_refused(void **state)
{
    static const char *const bad[] = {"null",
                                      "\"robot\"",
                                      "[\"robot\"]",
                                      "{}",
                                      "{\"sub\":\"\"}",
                                      "{\"sub\":null}",
                                      "{\"sub\":[\"robot\"]}",
                                      "{\"iss\":\"https://as.example\"}",
                                      "{\"sub\":\"robot\",\"n\":1}"};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_int_equal(may_act(bad[i]), JETON_CLAIMS_INVALID);
}

/* --- Life --- */

static void S5_24_the_shortest_life_counts(void **state)
{
    (void)state;
    assert_int_equal(jt_delegation_ttl(1100, 1000, 900, 900), 100);
    assert_int_equal(jt_delegation_ttl(9000, 1000, 900, 800), 800);
    assert_int_equal(jt_delegation_ttl(9000, 1000, 700, 800), 700);
    assert_int_equal(jt_delegation_ttl(1001, 1000, 900, 900), 1);
    assert_int_equal(jt_delegation_ttl(1000, 1000, 900, 900), 0);
    assert_int_equal(jt_delegation_ttl(0, 1000, 900, 900), 0);
    assert_int_equal(jt_delegation_ttl((int64_t)1 << 53, 0, 900, 900), 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S5_25_a_user_elsewhere_has_the_issuer_in_its_name),
        cmocka_unit_test(S5_25_the_newest_actor_stands_outside),
        cmocka_unit_test(S5_25_what_is_no_chain_is_refused),
        cmocka_unit_test(S5_25_ten_actors_and_no_more),
        cmocka_unit_test(S5_25_8_KiB_and_no_more),
        cmocka_unit_test(S5_25_may_act_names_the_actor),
        cmocka_unit_test(S5_25_a_malformed_may_act_is_refused),
        cmocka_unit_test(S5_24_the_shortest_life_counts),
    };

    return cmocka_run_group_tests_name("delegation", tests, NULL, NULL);
}
