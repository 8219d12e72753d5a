/* SPDX-License-Identifier: Apache-2.0 */
/* Is a policy that makes no sense refused when it is made, and is it a copy of what was given? */
#include "auth_test.h"

#include "auth/principal.h"

static void refused(const struct jeton_policy_options *options, const char *word)
{
    struct jt_policy *policy = NULL;
    struct jeton_detail detail = {""};
    assert_code(jt_policy_new(options, &policy, &detail), JETON_ARGUMENT_INVALID);
    assert_null(policy);
    if (strstr(detail.text, word) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", detail.text, word);
}

static void accepted(const struct jeton_policy_options *options)
{
    jt_policy_free(policy_of(options));
}

static void every_limit_of_a_policy_is_where_it_is_said_to_be(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    options.leeway = -1;
    refused(&options, "leeway");
    options.leeway = 601;
    refused(&options, "leeway");
    options.leeway = 600;
    accepted(&options);
    options.leeway = 0;
    accepted(&options);
    options.max_age = -2;
    refused(&options, "age");
    options.max_age = ((int64_t)1 << 53) + 1;
    refused(&options, "age");
    options.max_age = (int64_t)1 << 53;
    accepted(&options);
    options.max_token = 0;
    refused(&options, "token");
    options.max_token = JT_TOKEN_MAX + 1;
    refused(&options, "token");
    options.max_token = JT_TOKEN_MAX;
    accepted(&options);
}

static void empty_texts_and_unknown_algorithms_are_refused(void **state)
{
    (void)state;
    const struct jeton_bytes empty = JT_TEXT(""), name = JT_TEXT("es256"), none = JT_TEXT("none"),
                             words = JT_TEXT("a b");
    const struct jeton_list nothing = {&empty, 1};
    struct jeton_policy_options options = any_audience();
    options.issuers = nothing;
    refused(&options, "issuer");
    options = any_audience();
    options.required = nothing;
    refused(&options, "claim");
    options = any_audience();
    options.scopes = nothing;
    refused(&options, "scope");
    options.scopes = (struct jeton_list){&words, 1};
    refused(&options, "scope");
    const struct jeton_bytes twice[] = {JT_TEXT("admin"), JT_TEXT("ADMIN")};
    options = any_audience();
    options.roles = nothing;
    refused(&options, "role");
    options.roles = (struct jeton_list){twice, 2};
    refused(&options, "twice");
    options.roles.count = 1;
    accepted(&options);
    options.role = JT_TEXT("Admin");
    accepted(&options);
    options.role = JT_TEXT("basic");
    refused(&options, "none of the roles");
    options.role = JT_TEXT("");
    options.role_claims = nothing;
    refused(&options, "role claim");
    options = any_audience();
    options.types = nothing;
    refused(&options, "type");
    options = any_audience();
    options.any_audience = false;
    options.audiences = nothing;
    refused(&options, "audience");
    options = any_audience();
    options.algorithms = (struct jeton_list){&name, 1};
    refused(&options, "es256");
    options.algorithms = (struct jeton_list){&none, 1};
    refused(&options, "none");
}

static void a_policy_is_a_copy(void **state)
{
    (void)state;
    char text[] = "https://a.example";
    struct jeton_bytes issuer = jeton_text(text);
    struct jeton_policy_options options = any_audience();
    options.issuers = (struct jeton_list){&issuer, 1};
    struct jt_policy *policy = policy_of(&options);
    text[0] = 'X';
    issuer.len = 1;
    assert_true(jt_bytes_equal(policy->rules.issuers.at[0], JT_TEXT("https://a.example")));
    jt_policy_free(policy);
    jt_policy_free(NULL);
}

static void a_principal_has_its_scopes_as_one_text(void **state)
{
    (void)state;
    const struct {
        const char *payload, *expected;
    } rows[] = {
        {"{\"exp\":1800000000,\"sub\":\"s\",\"scope\":\" read  write \"}", "read write"},
        {"{\"exp\":1800000000,\"sub\":\"s\",\"scope\":[\"read\",\"write\"],\"scp\":[\"x\"]}", "read write x"},
        {"{\"exp\":1800000000,\"sub\":\"s\",\"scp\":\"read\"}", ""},
        {"{\"exp\":1800000000,\"sub\":\"s\",\"scope\":[\"a\",1]}", ""},
        {"{\"exp\":1800000000,\"sub\":\"s\"}", ""},
    };
    struct jeton_policy_options options = any_audience();
    struct jt_policy *policy = policy_of(&options);
    struct jt_keyset *set = one_key(keys.es);
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        static char memory[1 << 16];
        struct jt_arena arena;
        struct jt_buffer scopes;
        const struct jt_verified *verified = NULL;
        char *token = jws(keys.es, "ES256", ES_HEADER, rows[i].payload);
        jt_arena_init(&arena, memory, sizeof memory);
        jt_buffer_init(&scopes, 256);
        assert_code(jt_authenticate(jeton_text(token), set, policy, NOW, &arena, &verified, NULL), JETON_OK);
        struct jt_principal principal = jt_principal_of(verified);
        assert_true(jt_bytes_equal(principal.subject, JT_TEXT("s")));
        assert_int_equal(principal.issuer.len, 0);
        jt_principal_scopes(&principal, &scopes);
        jt_buffer_add_byte(&scopes, 0);
        assert_string_equal((char *)scopes.at, rows[i].expected);
        jt_buffer_done(&scopes);
        free(token);
    }
    jt_keyset_free(set);
    jt_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_of_a_policy_is_where_it_is_said_to_be),
        cmocka_unit_test(empty_texts_and_unknown_algorithms_are_refused),
        cmocka_unit_test(a_policy_is_a_copy),
        cmocka_unit_test(a_principal_has_its_scopes_as_one_text),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
