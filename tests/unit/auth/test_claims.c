/* SPDX-License-Identifier: Apache-2.0 */
/* Are claims typed and times judged exactly, at the last second and the one after it? */
#include "auth_test.h"

struct row {
    const char *payload;
    enum jeton_status expected;
};

static void check(const struct row *rows, size_t count, const struct jeton_policy_options *options, int64_t now)
{
    struct jt_keyset *set = one_key(keys.es);
    for (size_t i = 0; i < count; i++) {
        char *token = jws(keys.es, "ES256", ES_HEADER, rows[i].payload);
        enum jeton_status status = judge_bytes(jeton_text(token), set, options, now);
        if (status != rows[i].expected)
            fail_msg("%s: %s (%s), expected %s", rows[i].payload, jeton_status_code(status), last_detail.text,
                     jeton_status_code(rows[i].expected));
        free(token);
    }
    jt_keyset_free(set);
}
#define CHECK(rows, options, now) check(rows, JT_COUNT(rows), options, now)

static void types_of_registered_claims_are_kept_to(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    options.exp_optional = true;
    const struct row rows[] = {
        {"{}", JETON_OK},
        {"[]", JETON_CLAIMS_INVALID},
        {"\"x\"", JETON_CLAIMS_INVALID},
        {"null", JETON_CLAIMS_INVALID},
        {"{} ", JETON_OK},
        {"{}x", JETON_CLAIMS_INVALID},
        {"\xef\xbb\xbf{}", JETON_CLAIMS_INVALID},
        {"{\"a\":1,\"a\":1}", JETON_CLAIMS_INVALID},
        {"{\"a\":1,\"\\u0061\":1}", JETON_CLAIMS_INVALID},
        {"{\"x\":{\"a\":1,\"a\":1}}", JETON_CLAIMS_INVALID},
        {"{\"sub\":\"\xff\"}", JETON_CLAIMS_INVALID},
        {"{\"sub\":\"\\ud800\"}", JETON_CLAIMS_INVALID},
        {"{\"exp\":\"1800000000\"}", JETON_CLAIMS_INVALID},
        {"{\"exp\":null}", JETON_CLAIMS_INVALID},
        {"{\"exp\":true}", JETON_CLAIMS_INVALID},
        {"{\"exp\":-1}", JETON_CLAIMS_INVALID},
        {"{\"exp\":9007199254740992}", JETON_OK},
        {"{\"exp\":9007199254740993}", JETON_CLAIMS_INVALID},
        {"{\"exp\":9007199254740992.5}", JETON_CLAIMS_INVALID},
        {"{\"exp\":1e400}", JETON_CLAIMS_INVALID},
        {"{\"exp\":18e8}", JETON_OK},
        {"{\"exp\":18446744073709551616}", JETON_CLAIMS_INVALID},
        {"{\"nbf\":[]}", JETON_CLAIMS_INVALID},
        {"{\"nbf\":-0.5}", JETON_CLAIMS_INVALID},
        {"{\"iat\":{}}", JETON_CLAIMS_INVALID},
        {"{\"iat\":0}", JETON_OK},
        {"{\"iss\":[\"a\"]}", JETON_CLAIMS_INVALID},
        {"{\"iss\":\"\"}", JETON_OK},
        {"{\"sub\":1}", JETON_CLAIMS_INVALID},
        {"{\"jti\":1}", JETON_CLAIMS_INVALID},
        {"{\"jti\":\"1\"}", JETON_OK},
        {"{\"aud\":\"\"}", JETON_CLAIMS_INVALID},
        {"{\"aud\":1}", JETON_CLAIMS_INVALID},
        {"{\"aud\":{}}", JETON_CLAIMS_INVALID},
        {"{\"aud\":null}", JETON_CLAIMS_INVALID},
        {"{\"aud\":[\"a\",\"\"]}", JETON_CLAIMS_INVALID},
        {"{\"aud\":[\"a\",1]}", JETON_CLAIMS_INVALID},
        {"{\"aud\":[]}", JETON_OK},
        {"{\"aud\":[\"a\",\"b\"]}", JETON_OK},
        {"{\"scope\":1}", JETON_OK},
    };
    CHECK(rows, &options, NOW);
}

static void exp_is_over_at_the_second_itself(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    options.leeway = 0;
    const struct row rows[] = {
        {"{\"exp\":1700000001}", JETON_OK},
        {"{\"exp\":1700000000}", JETON_TOKEN_EXPIRED},
        {"{\"exp\":1700000000.5}", JETON_OK},
        {"{\"exp\":1700000000.00000000000000000000000001}", JETON_OK},
        {"{\"exp\":1700000000.0}", JETON_TOKEN_EXPIRED},
        {"{\"exp\":1699999999.999}", JETON_TOKEN_EXPIRED},
        {"{\"exp\":0}", JETON_TOKEN_EXPIRED},
        {"{}", JETON_CLAIM_MISSING},
    };
    CHECK(rows, &options, NOW);
    options.leeway = 60;
    const struct row late[] = {
        {"{\"exp\":1699999941}", JETON_OK},
        {"{\"exp\":1699999940}", JETON_TOKEN_EXPIRED},
        {"{\"exp\":1699999940.1}", JETON_OK},
    };
    CHECK(late, &options, NOW);
    options.exp_optional = true;
    const struct row optional[] = {{"{}", JETON_OK}, {"{\"exp\":1699999940}", JETON_TOKEN_EXPIRED}};
    CHECK(optional, &options, NOW);
}

static void nbf_and_iat_begin_at_the_second_itself(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    options.leeway = 0;
    const struct row rows[] = {
        {"{\"exp\":1800000000,\"nbf\":1700000000}", JETON_OK},
        {"{\"exp\":1800000000,\"nbf\":1700000000.1}", JETON_TOKEN_NOT_YET_VALID},
        {"{\"exp\":1800000000,\"nbf\":1700000001}", JETON_TOKEN_NOT_YET_VALID},
        {"{\"exp\":1800000000,\"iat\":1700000000}", JETON_OK},
        {"{\"exp\":1800000000,\"iat\":1700000001}", JETON_TOKEN_NOT_YET_VALID},
        {"{\"exp\":1800000000,\"iat\":9007199254740992}", JETON_TOKEN_NOT_YET_VALID},
    };
    CHECK(rows, &options, NOW);
    options.leeway = 60;
    const struct row late[] = {
        {"{\"exp\":1800000000,\"nbf\":1700000060}", JETON_OK},
        {"{\"exp\":1800000000,\"nbf\":1700000060.5}", JETON_TOKEN_NOT_YET_VALID},
        {"{\"exp\":1800000000,\"nbf\":1700000061}", JETON_TOKEN_NOT_YET_VALID},
    };
    CHECK(late, &options, NOW);
}

static void clocks_far_away_do_not_overflow(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    options.max_age = (int64_t)1 << 53;
    options.leeway = 600;
    const struct row expired[] = {
        {"{\"exp\":9007199254740992,\"nbf\":9007199254740992,\"iat\":0}", JETON_TOKEN_EXPIRED}};
    CHECK(expired, &options, INT64_MAX);
    const struct row early[] = {
        {"{\"exp\":9007199254740992,\"nbf\":0,\"iat\":9007199254740992}", JETON_TOKEN_NOT_YET_VALID}};
    CHECK(early, &options, INT64_MIN);
    const struct row good[] = {{"{\"exp\":9007199254740992,\"nbf\":0,\"iat\":0}", JETON_OK}};
    CHECK(good, &options, 0);
}

static void max_age_needs_iat_and_counts_leeway(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    options.max_age = 100;
    options.leeway = 10;
    const struct row rows[] = {
        {"{\"exp\":1800000000,\"iat\":1699999890}", JETON_OK},
        {"{\"exp\":1800000000,\"iat\":1699999889}", JETON_TOKEN_TOO_OLD},
        {"{\"exp\":1800000000,\"iat\":1699999889.9}", JETON_TOKEN_TOO_OLD},
        {"{\"exp\":1800000000}", JETON_CLAIM_MISSING},
    };
    CHECK(rows, &options, NOW);
    options.max_age = 0;
    options.leeway = 0;
    const struct row fresh[] = {{"{\"exp\":1800000000,\"iat\":1700000000}", JETON_OK},
                                {"{\"exp\":1800000000,\"iat\":1699999999}", JETON_TOKEN_TOO_OLD}};
    CHECK(fresh, &options, NOW);
}

static void issuer_audience_and_subject_are_equal_or_not(void **state)
{
    (void)state;
    const struct jeton_bytes issuer = JT_TEXT("https://a.example"), audiences[] = {JT_TEXT("api"), JT_TEXT("web")};
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.issuers = (struct jeton_list){&issuer, 1};
    options.audiences = (struct jeton_list){audiences, 2};
    options.subject = JT_TEXT("s");
#define WITH(iss, aud, sub) "{\"exp\":1800000000,\"iss\":" iss ",\"aud\":" aud ",\"sub\":" sub "}"
#define A "\"https://a.example\""
    const struct row rows[] = {
        {WITH(A, "\"api\"", "\"s\""), JETON_OK},
        {WITH(A, "[\"x\",\"web\"]", "\"s\""), JETON_OK},
        {WITH("\"https://a.example/\"", "\"api\"", "\"s\""), JETON_ISSUER_MISMATCH},
        {WITH("\"https://a.exampl\"", "\"api\"", "\"s\""), JETON_ISSUER_MISMATCH},
        {WITH("\"HTTPS://a.example\"", "\"api\"", "\"s\""), JETON_ISSUER_MISMATCH},
        {WITH("\"https://a.example\\u0000\"", "\"api\"", "\"s\""), JETON_ISSUER_MISMATCH},
        {WITH("\"\"", "\"api\"", "\"s\""), JETON_ISSUER_MISMATCH},
        {WITH(A, "\"ap\"", "\"s\""), JETON_AUDIENCE_MISMATCH},
        {WITH(A, "\"api web\"", "\"s\""), JETON_AUDIENCE_MISMATCH},
        {WITH(A, "\"API\"", "\"s\""), JETON_AUDIENCE_MISMATCH},
        {WITH(A, "[\"x\",\"y\"]", "\"s\""), JETON_AUDIENCE_MISMATCH},
        {WITH(A, "[]", "\"s\""), JETON_CLAIM_MISSING},
        {WITH(A, "\"api\"", "\"S\""), JETON_SUBJECT_MISMATCH},
        {"{\"exp\":1800000000,\"iss\":" A ",\"aud\":\"api\"}", JETON_CLAIM_MISSING},
        {"{\"exp\":1800000000,\"iss\":" A ",\"sub\":\"s\"}", JETON_CLAIM_MISSING},
        {"{\"exp\":1800000000,\"aud\":\"api\",\"sub\":\"s\"}", JETON_CLAIM_MISSING},
    };
    CHECK(rows, &options, NOW);
}

static void required_claims_must_be_there(void **state)
{
    (void)state;
    const struct jeton_bytes required[] = {JT_TEXT("tenant"), JT_TEXT("aud")};
    struct jeton_policy_options options = any_audience();
    options.required = (struct jeton_list){required, 2};
    const struct row rows[] = {
        {"{\"exp\":1800000000,\"tenant\":\"t\",\"aud\":\"a\"}", JETON_OK},
        {"{\"exp\":1800000000,\"tenant\":false,\"aud\":\"a\"}", JETON_OK},
        {"{\"exp\":1800000000,\"Tenant\":\"t\",\"aud\":\"a\"}", JETON_CLAIM_MISSING},
        {"{\"exp\":1800000000,\"tenant\":\"t\",\"aud\":[]}", JETON_CLAIM_MISSING},
        {"{\"exp\":1800000000,\"x\":{\"tenant\":\"t\"},\"aud\":\"a\"}", JETON_CLAIM_MISSING},
    };
    CHECK(rows, &options, NOW);
}

static void scopes_are_words_or_elements(void **state)
{
    (void)state;
    const struct jeton_bytes scopes[] = {JT_TEXT("read"), JT_TEXT("write")};
    struct jeton_policy_options options = any_audience();
    options.scopes = (struct jeton_list){scopes, 2};
#define S(x) "{\"exp\":1800000000," x "}"
    const struct row rows[] = {
        {S("\"scope\":\"read write\""), JETON_OK},
        {S("\"scope\":\"write  x read\""), JETON_OK},
        {S("\"scope\":[\"read\",\"write\"]"), JETON_OK},
        {S("\"scp\":[\"read\",\"write\"]"), JETON_OK},
        {S("\"scope\":\"read\",\"scp\":[\"write\"]"), JETON_OK},
        {S("\"scope\":\"read\""), JETON_SCOPE_INSUFFICIENT},
        {S("\"scope\":\"read,write\""), JETON_SCOPE_INSUFFICIENT},
        {S("\"scope\":\"reader write\""), JETON_SCOPE_INSUFFICIENT},
        {S("\"scope\":\"Read write\""), JETON_SCOPE_INSUFFICIENT},
        {S("\"scope\":[\"read write\"]"), JETON_SCOPE_INSUFFICIENT},
        {S("\"scope\":[\"read\",\"write\",1]"), JETON_SCOPE_INSUFFICIENT},
        {S("\"scp\":\"read write\""), JETON_SCOPE_INSUFFICIENT},
        {S("\"scopes\":\"read write\""), JETON_SCOPE_INSUFFICIENT},
        {S("\"scope\":1"), JETON_SCOPE_INSUFFICIENT},
    };
    CHECK(rows, &options, NOW);
}

static void S1_22_a_role_is_one_of_an_ordered_list(void **state)
{
    (void)state;
    const struct jeton_bytes roles[] = {JT_TEXT("admin"), JT_TEXT("curator"), JT_TEXT("basic")};
    const struct jeton_bytes claims[] = {JT_TEXT("role"), JT_TEXT("org_role")};
    struct jeton_policy_options options = any_audience();
    options.roles = (struct jeton_list){roles, 3};
    options.role = JT_TEXT("Curator");
    options.role_claims = (struct jeton_list){claims, 2};
    const struct row rows[] = {
        {S("\"role\":\"admin\""), JETON_OK},
        {S("\"role\":\"ADMIN\""), JETON_OK},
        {S("\"role\":\"curator\""), JETON_OK},
        {S("\"role\":\"basic\""), JETON_ROLE_INSUFFICIENT},
        {S("\"role\":\"user\""), JETON_ROLE_INSUFFICIENT},
        {S("\"role\":\"User\""), JETON_ROLE_INSUFFICIENT},
        {S("\"role\":\"superadmin\""), JETON_CLAIMS_INVALID},
        {S("\"role\":\"admin \""), JETON_CLAIMS_INVALID},
        {S("\"role\":\"admin\\u0000\""), JETON_CLAIMS_INVALID},
        {S("\"role\":[\"admin\"]"), JETON_CLAIMS_INVALID},
        {S("\"role\":0"), JETON_CLAIMS_INVALID},
        {S("\"role\":{}"), JETON_CLAIMS_INVALID},
        {S("\"sub\":\"a\""), JETON_CLAIM_MISSING},
        {S("\"role\":\"\""), JETON_CLAIM_MISSING},
        {S("\"role\":\" \\t\""), JETON_CLAIM_MISSING},
        {S("\"role\":null"), JETON_CLAIM_MISSING},
        {S("\"Role\":\"admin\""), JETON_CLAIM_MISSING},
        {S("\"role\":\" \",\"org_role\":\"admin\""), JETON_OK},
        {S("\"role\":\"basic\",\"org_role\":\"admin\""), JETON_ROLE_INSUFFICIENT},
        {S("\"role\":\"x\",\"org_role\":\"admin\""), JETON_CLAIMS_INVALID},
    };
    CHECK(rows, &options, NOW);
    options.role = JT_TEXT("user"); /* the policy may say it so, too */
    const struct row lowest[] = {{S("\"role\":\"basic\""), JETON_OK},
                                 {S("\"role\":\"user\""), JETON_OK},
                                 {S("\"role\":\"guest\""), JETON_CLAIMS_INVALID}};
    CHECK(lowest, &options, NOW);
}

static void S2_18_a_role_outside_the_list_is_an_invalid_claim(void **state)
{
    (void)state;
    const struct jeton_bytes roles[] = {JT_TEXT("superadmin"), JT_TEXT("admin"), JT_TEXT("user")};
    struct jeton_policy_options options = any_audience();
    options.roles = (struct jeton_list){roles, 3};
    const struct row rows[] = {
        {S("\"role\":\"superadmin\""), JETON_OK},        {S("\"role\":\"user\""), JETON_OK},
        {S("\"role\":\"basic\""), JETON_CLAIMS_INVALID}, {S("\"role\":\"root\""), JETON_CLAIMS_INVALID},
        {S("\"roles\":\"user\""), JETON_CLAIM_MISSING},
    };
    CHECK(rows, &options, NOW);
    const struct jeton_bytes no_basic[] = {JT_TEXT("admin"), JT_TEXT("member")};
    options.roles = (struct jeton_list){no_basic, 2};
    const struct row strict[] = {{S("\"role\":\"user\""), JETON_CLAIMS_INVALID}};
    CHECK(strict, &options, NOW);
}

static void types_are_compared_without_case_and_application(void **state)
{
    (void)state;
    const struct {
        const char *wanted, *typ;
        enum jeton_status expected;
    } rows[] = {
        {"at+jwt", "\"at+jwt\"", JETON_OK},
        {"at+jwt", "\"AT+JWT\"", JETON_OK},
        {"at+jwt", "\"application/at+jwt\"", JETON_OK},
        {"Application/AT+jwt", "\"at+JWT\"", JETON_OK},
        {"application/at+jwt", "\"APPLICATION/at+jwt\"", JETON_OK},
        {"at+jwt", "\"JWT\"", JETON_TYPE_MISMATCH},
        {"at+jwt", "\"at+jwt \"", JETON_TYPE_MISMATCH},
        {"at+jwt", "\"text/at+jwt\"", JETON_TYPE_MISMATCH},
        {"at+jwt", "\"\"", JETON_TYPE_MISMATCH},
        {"at+jwt", "\"application/\"", JETON_TYPE_MISMATCH},
        {"at+jwt", NULL, JETON_TYPE_MISMATCH},
    };
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        struct jeton_bytes wanted = jeton_text(rows[i].wanted);
        struct jeton_policy_options options = any_audience();
        options.types = (struct jeton_list){&wanted, 1};
        char header[128];
        snprintf(header, sizeof header, "{\"alg\":\"ES256\"%s%s}", rows[i].typ != NULL ? ",\"typ\":" : "",
                 rows[i].typ != NULL ? rows[i].typ : "");
        enum jeton_status status = judge_made(keys.es, header, GOOD_PAYLOAD, &options);
        if (status != rows[i].expected)
            fail_msg("row %zu: %s", i, jeton_status_code(status));
    }
}

static void details_are_sentences_with_outside_bytes_escaped(void **state)
{
    (void)state;
    const struct jeton_bytes issuer = JT_TEXT("https://a.example");
    struct jeton_policy_options options = any_audience();
    options.leeway = 0;
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1699999988}", &options), JETON_TOKEN_EXPIRED);
    assert_string_equal(last_detail.text, "expired 12 s ago (leeway 0 s)");
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"nbf\":1700000030}", &options),
                JETON_TOKEN_NOT_YET_VALID);
    assert_string_equal(last_detail.text, "becomes valid in 30 s (leeway 0 s)");
    options.issuers = (struct jeton_list){&issuer, 1};
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"iss\":\"a\\n%s%n\\u001b[31m\"}", &options),
                JETON_ISSUER_MISMATCH);
    for (const char *at = last_detail.text; *at != '\0'; at++)
        assert_in_range(*at, 0x20, 0x7e);
    assert_non_null(strstr(last_detail.text, "%s%n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_registered_claims_are_kept_to),
        cmocka_unit_test(exp_is_over_at_the_second_itself),
        cmocka_unit_test(nbf_and_iat_begin_at_the_second_itself),
        cmocka_unit_test(clocks_far_away_do_not_overflow),
        cmocka_unit_test(max_age_needs_iat_and_counts_leeway),
        cmocka_unit_test(issuer_audience_and_subject_are_equal_or_not),
        cmocka_unit_test(required_claims_must_be_there),
        cmocka_unit_test(scopes_are_words_or_elements),
        cmocka_unit_test(S1_22_a_role_is_one_of_an_ordered_list),
        cmocka_unit_test(S2_18_a_role_outside_the_list_is_an_invalid_claim),
        cmocka_unit_test(types_are_compared_without_case_and_application),
        cmocka_unit_test(details_are_sentences_with_outside_bytes_escaped),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
