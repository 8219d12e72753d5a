/* SPDX-License-Identifier: Apache-2.0 */
/* Which tokens are no JWT, which answers about them are read, and is what they say judged as claims are? (S5.14) */
#include "auth_test.h"

#include "auth/introspected.h"

#define ISSUER "https://a.example"

static bool is_jwt(const char *token)
{
    unsigned char memory[8192];
    struct jt_arena arena;
    jt_arena_init(&arena, memory, sizeof memory);
    bool is = jt_is_jwt(jeton_text(token), &arena);
    assert_int_equal(arena.used, 0);
    return is;
}

static void S5_14_a_jwt_has_parts_the_first_of_them_an_object(void **state)
{
    (void)state;
    assert_true(is_jwt("e30.e30.AAAA"));
    assert_true(is_jwt("eyJhbGciOiJub25lIn0.e30."));
    assert_false(is_jwt("opaque"));
    assert_false(is_jwt("e30.e30"));
    assert_true(is_jwt("e30.e30.AAAA.AAAA.AAAA")); /* an encrypted one */
    assert_false(is_jwt("a.b.c"));
    assert_false(is_jwt("W10.e30.AAAA")); /* [] */
    assert_false(is_jwt("e3.e30.AAAA"));
    assert_false(is_jwt(""));
}

static void S5_14_a_bearer_token_is_of_its_bytes_alone(void **state)
{
    (void)state;
    assert_true(jt_is_bearer(JT_TEXT("aZ09-._~+/=="), 12));
    assert_false(jt_is_bearer(JT_TEXT("aZ09-._~+/=="), 11));
    assert_false(jt_is_bearer(JT_TEXT(""), 10));
    assert_false(jt_is_bearer(JT_TEXT("="), 10));
    assert_false(jt_is_bearer(JT_TEXT("a=a"), 10));
    assert_false(jt_is_bearer(JT_TEXT("a b"), 10));
    assert_false(jt_is_bearer(JT_TEXT("a\0b"), 10));
    assert_false(jt_is_bearer(JT_TEXT("a\n"), 10));
    assert_false(jt_is_bearer(JT_TEXT("\303\244"), 10));
}

/* --- Reading --- */

static char claims_text[512];

/* What is read of an answer; the claims into claims_text. */
static enum jeton_status read_answer(struct jeton_bytes answer, bool *active)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer claims;
    jt_buffer_init(&claims, JT_INTROSPECTED_MAX);
    enum jeton_status status = jt_introspected_read(answer, JT_TEXT(ISSUER), active, &claims, &last_detail);
    snprintf(claims_text, sizeof claims_text, "%.*s", (int)claims.len, claims.len > 0 ? (const char *)claims.at : "");
    return status;
}

static void S5_14_an_active_answer_becomes_claims(void **state)
{
    (void)state;
    bool active = false;
    assert_int_equal(read_answer(JT_TEXT("{\"sub\":\"a\",\"active\":true,\"exp\":1.50}"), &active), JETON_OK);
    assert_true(active);
    assert_string_equal(claims_text, "{\"iss\":\"" ISSUER "\",\"sub\":\"a\",\"exp\":1.50}");
    assert_int_equal(read_answer(JT_TEXT(" {\"active\" : true } "), &active), JETON_OK);
    assert_string_equal(claims_text, "{\"iss\":\"" ISSUER "\"}");
}

static void S5_14_an_issuer_that_is_said_stays(void **state)
{
    (void)state;
    bool active = false;
    assert_int_equal(read_answer(JT_TEXT("{\"active\":true,\"iss\":\"https://b.example\"}"), &active), JETON_OK);
    assert_string_equal(claims_text, "{\"iss\":\"https://b.example\"}");
    assert_int_equal(read_answer(JT_TEXT("{\"active\":true,\"iss\":null}"), &active), JETON_OK);
    assert_string_equal(claims_text, "{\"iss\":null}");
}

static void S5_14_an_inactive_answer_says_nothing_else(void **state)
{
    (void)state;
    bool active = true;
    assert_int_equal(read_answer(JT_TEXT("{\"active\":false,\"sub\":\"a\"}"), &active), JETON_OK);
    assert_false(active);
    assert_string_equal(claims_text, "");
}

static void S5_14_what_is_no_answer_is_no_judgement(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "null",
                                        "[]",
                                        "true",
                                        "{}",
                                        "{\"active\":\"true\"}",
                                        "{\"active\":1}",
                                        "{\"active\":null}",
                                        "{\"active\":true}x",
                                        "{\"active\":true,\"active\":true}",
                                        "{\"active\":true,\"a\":{\"b\":1,\"b\":1}}",
                                        "{\"active\":true,\"sub\":\"\377\"}",
                                        "{\"Active\":true}"};
    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        bool active = false;
        assert_int_equal(read_answer(jeton_text(texts[i]), &active), JETON_KEYS_UNAVAILABLE);
        assert_false(active);
        assert_string_equal(claims_text, "");
        assert_true(last_detail.text[0] != '\0');
    }
}

static void S5_14_an_answer_over_64_KiB_is_not_read(void **state)
{
    (void)state;
    static char text[JT_INTROSPECTED_MAX + 1];
    bool active = false;
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"active\":true}", 15);
    assert_int_equal(read_answer(jeton_bytes(text, sizeof text), &active), JETON_KEYS_UNAVAILABLE);
    assert_int_equal(read_answer(jeton_bytes(text, sizeof text - 1), &active), JETON_OK);
}

/* --- Judging --- */

static struct jeton_policy_options policy_for_api(void)
{
    static struct jeton_bytes issuer = {ISSUER, sizeof ISSUER - 1}, audience = {"api", 3}, scope = {"read", 4},
                              type = {"at+jwt", 6};
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.issuers = (struct jeton_list){&issuer, 1};
    options.audiences = (struct jeton_list){&audience, 1};
    options.scopes = (struct jeton_list){&scope, 1};
    options.types = (struct jeton_list){&type, 1};
    return options;
}

static enum jeton_status judge_claims(const char *claims, const struct jeton_policy_options *options)
{
    struct jt_policy *policy = policy_of(options);
    size_t room = jt_json_arena_size(strlen(claims));
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_json out = {NULL};
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_introspected_judge(jeton_text(claims), policy, NOW, &arena, &out, &last_detail);
    assert_int_equal(status == JETON_OK, jt_json_type(out) == JT_JSON_OBJECT);
    free(memory);
    jt_policy_free(policy);
    return status;
}

#define CLAIMS(more) "{\"iss\":\"" ISSUER "\"" more "}"
#define EXP ",\"exp\":1700003600"
#define AUD ",\"aud\":\"api\""
#define SCOPE ",\"scope\":\"read write\""

static void S5_14_claims_are_judged_in_their_order(void **state)
{
    (void)state;
    struct jeton_policy_options options = policy_for_api();
    static const struct {
        const char *claims;
        enum jeton_status status;
    } cases[] = {
        {CLAIMS(EXP AUD SCOPE), JETON_OK}, /* the type of the token is not asked: it has none */
        {CLAIMS(AUD SCOPE), JETON_CLAIM_MISSING},
        {CLAIMS(",\"exp\":\"x\"" AUD SCOPE), JETON_CLAIMS_INVALID},
        {CLAIMS(",\"exp\":1699999940" AUD SCOPE), JETON_TOKEN_EXPIRED},
        {CLAIMS(",\"exp\":1699999941" AUD SCOPE), JETON_OK},
        {CLAIMS(EXP AUD SCOPE ",\"nbf\":1700000061"), JETON_TOKEN_NOT_YET_VALID},
        {CLAIMS(EXP AUD SCOPE ",\"iat\":1700000061"), JETON_TOKEN_NOT_YET_VALID},
        {"{\"iss\":\"https://b.example\"" EXP AUD SCOPE "}", JETON_ISSUER_MISMATCH},
        {CLAIMS(EXP SCOPE), JETON_CLAIM_MISSING},
        {CLAIMS(EXP SCOPE ",\"aud\":[\"x\"]"), JETON_AUDIENCE_MISMATCH},
        {CLAIMS(EXP AUD), JETON_SCOPE_INSUFFICIENT},
        {CLAIMS(EXP AUD ",\"scope\":\"reader\""), JETON_SCOPE_INSUFFICIENT},
        {CLAIMS(",\"exp\":1"
                ",\"aud\":\"x\""),
         JETON_TOKEN_EXPIRED},
        {CLAIMS(",\"exp\":1,\"sub\":7"), JETON_CLAIMS_INVALID},
    };
    for (size_t i = 0; i < JT_COUNT(cases); i++) {
        enum jeton_status status = judge_claims(cases[i].claims, &options);
        if (status != cases[i].status)
            fail_msg("%s: %s, %s", cases[i].claims, jeton_status_code(status), last_detail.text);
    }
}

static void S5_14_required_claims_subject_and_age_hold_too(void **state)
{
    (void)state;
    struct jeton_bytes tenant = JT_TEXT("tenant_id");
    struct jeton_policy_options options = any_audience();
    options.required = (struct jeton_list){&tenant, 1};
    assert_int_equal(judge_claims(CLAIMS(EXP), &options), JETON_CLAIM_MISSING);
    assert_int_equal(judge_claims(CLAIMS(EXP ",\"tenant_id\":1"), &options), JETON_OK);
    options = any_audience();
    options.subject = JT_TEXT("ada");
    assert_int_equal(judge_claims(CLAIMS(EXP ",\"sub\":\"eve\""), &options), JETON_SUBJECT_MISMATCH);
    assert_int_equal(judge_claims(CLAIMS(EXP ",\"sub\":\"ada\""), &options), JETON_OK);
    options = any_audience();
    options.max_age = 10;
    assert_int_equal(judge_claims(CLAIMS(EXP ",\"iat\":1699999900"), &options), JETON_TOKEN_TOO_OLD);
    assert_int_equal(judge_claims(CLAIMS(EXP ",\"iat\":1699999930"), &options), JETON_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S5_14_a_jwt_has_parts_the_first_of_them_an_object),
        cmocka_unit_test(S5_14_a_bearer_token_is_of_its_bytes_alone),
        cmocka_unit_test(S5_14_an_active_answer_becomes_claims),
        cmocka_unit_test(S5_14_an_issuer_that_is_said_stays),
        cmocka_unit_test(S5_14_an_inactive_answer_says_nothing_else),
        cmocka_unit_test(S5_14_what_is_no_answer_is_no_judgement),
        cmocka_unit_test(S5_14_an_answer_over_64_KiB_is_not_read),
        cmocka_unit_test(S5_14_claims_are_judged_in_their_order),
        cmocka_unit_test(S5_14_required_claims_subject_and_age_hold_too),
    };
    return cmocka_run_group_tests_name("introspected", tests, make_keys, free_keys);
}
