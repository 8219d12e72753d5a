/* SPDX-License-Identifier: Apache-2.0 */
/* Does the border keep its promises: versions of option structs, getters by type, outputs, NULL where it is fine? */
#include "library_test.h"

static void option_structs_of_another_version_are_refused(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "");
    struct jeton_policy_options policy_options = any_audience();
    struct jeton_sign_options options = sign_options();
    struct jeton_keyset_options set_options = JETON_KEYSET_OPTIONS_INIT;
    struct jeton_policy *policy = NULL;
    struct jeton_output token = JETON_OUTPUT_INIT;
    struct jeton_keyset *set = NULL;
    policy_options.size--;
    assert_code(jeton_policy_new(&policy_options, &policy, NULL), JETON_ARGUMENT_INVALID);
    options.size++;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_ARGUMENT_INVALID);
    set_options.size = 0;
    assert_code(jeton_keyset_new(&set), JETON_OK);
    assert_code(jeton_keyset_add(set, jeton_text("{\"keys\":[]}"), &set_options, NULL), JETON_ARGUMENT_INVALID);
    struct jeton_verdict *verdict = calloc(1, sizeof *verdict);
    policy_options = any_audience();
    assert_code(jeton_policy_new(&policy_options, &policy, NULL), JETON_OK);
    assert_code(jeton_explain(jeton_text("x"), set, policy, NOW, test_arena, sizeof test_arena, verdict),
                JETON_ARGUMENT_INVALID);
    verdict->size = sizeof *verdict;
    assert_code(jeton_explain(jeton_text("x"), set, policy, NOW, test_arena, sizeof test_arena, verdict),
                JETON_TOKEN_MALFORMED);
    assert_null(verdict->verified);
    assert_string_equal(verdict->checks[1].name, "shape");
    free(verdict);
    jeton_policy_free(policy);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void getters_give_a_claim_by_its_type_alone(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("EdDSA", "");
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    options.claims_json = jeton_text(
        "{\"i\":-9223372036854775808,\"big\":9223372036854775807,\"over\":9223372036854775808,\"f\":1.0,\"b\":false,"
        "\"t\":\"x\\u0000y\",\"a\":[\"p\",\"q\"],\"m\":[\"p\",1],\"z\":null,\"nbf\":1600000000.75}");
    options.backdate = -1;
    struct jeton_output token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_OK);
    int64_t number = 7;
    bool truth = true;
    struct jeton_bytes text = {NULL, 0};
    const struct jeton_verified *v = last_verified;
    assert_true(jeton_verified_integer(v, jeton_text("i"), &number) && number == INT64_MIN);
    assert_true(jeton_verified_integer(v, jeton_text("big"), &number) && number == INT64_MAX);
    assert_false(jeton_verified_integer(v, jeton_text("over"), &number));
    assert_false(jeton_verified_integer(v, jeton_text("f"), &number));
    assert_false(jeton_verified_integer(v, jeton_text("t"), &number));
    assert_true(number == INT64_MAX);
    assert_true(jeton_verified_boolean(v, jeton_text("b"), &truth) && !truth);
    assert_false(jeton_verified_boolean(v, jeton_text("z"), &truth));
    assert_true(jeton_verified_string(v, jeton_text("t"), &text) && text.len == 3);
    assert_memory_equal(text.at, "x\0y", 3);
    assert_false(jeton_verified_string(v, jeton_text("a"), &text));
    assert_true(jeton_verified_element(v, jeton_text("a"), 1, &text) && memcmp(text.at, "q", 1) == 0);
    assert_false(jeton_verified_element(v, jeton_text("a"), 2, &text));
    assert_false(jeton_verified_element(v, jeton_text("m"), 0, &text));
    assert_true(jeton_verified_element(v, jeton_text("t"), 0, &text));
    assert_false(jeton_verified_element(v, jeton_text("none"), 0, &text));
    assert_true(jeton_verified_time(v, JETON_TIME_NOT_BEFORE, &number) && number == 1600000000);
    assert_true(jeton_verified_time(v, JETON_TIME_ISSUED, &number) && number == NOW);
    assert_int_equal(strlen(jeton_verified_thumbprint(v)), JETON_THUMBPRINT_LENGTH);
    assert_int_equal(jeton_verified_issuer(v).len, 0);
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void inspect_believes_nothing_and_shows_what_is_there(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "");
    struct jeton_sign_options options = sign_options();
    struct jeton_bytes header, payload, issuer;
    options.issuer = jeton_text("https://a.example");
    struct jeton_output token = sign(key, &options);
    token.at[token.len - 5] = token.at[token.len - 5] == 'A' ? 'B' : 'A'; /* the signature does not matter */
    struct jeton_bytes text = jeton_bytes(token.at, token.len);
    size_t room = jeton_verify_arena_size(token.len);
    assert_code(jeton_inspect(text, token.len, test_arena, room, &header, &payload, &issuer, NULL), JETON_OK);
    assert_memory_equal(header.at, "{\"alg\":\"ES256\"", 14);
    assert_memory_equal(payload.at, "{\"iss\":\"https://a.example\"", 26);
    assert_memory_equal(issuer.at, "https://a.example", 17);
    assert_code(jeton_inspect(text, token.len - 1, test_arena, room, NULL, NULL, NULL, NULL), JETON_TOKEN_TOO_LARGE);
    assert_code(jeton_inspect(jeton_text(""), 10, test_arena, room, NULL, NULL, NULL, NULL), JETON_TOKEN_MISSING);
    assert_code(jeton_inspect(jeton_text("a.b"), 10, test_arena, room, NULL, NULL, NULL, NULL), JETON_TOKEN_MALFORMED);
    assert_code(jeton_inspect(jeton_text("W10.e30."), 10, test_arena, room, NULL, NULL, NULL, NULL),
                JETON_HEADER_INVALID);
    assert_code(jeton_inspect(jeton_text("eyJhbGciOiJub25lIn0.W10."), 100, test_arena, room, NULL, NULL, &issuer, NULL),
                JETON_OK);
    assert_int_equal(issuer.len, 0);
    assert_code(jeton_inspect(text, token.len, test_arena, 64, NULL, NULL, NULL, NULL), JETON_OUT_OF_MEMORY);
    jeton_output_done(&token);
    jeton_secret_key_free(key);
}

static int no_random(void *context, void *out, size_t len)
{
    (void)out;
    (void)len;
    ++*(int *)context;
    return -1;
}

static void times_and_randomness_of_a_signer_are_checked(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "");
    struct jeton_sign_options options = sign_options();
    struct jeton_output token = JETON_OUTPUT_INIT;
    int asked = 0;
    options.now = -1;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_ARGUMENT_INVALID);
    options = sign_options();
    options.ttl = -1;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_ARGUMENT_INVALID);
    options.ttl = INT64_MAX;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_ARGUMENT_INVALID);
    options = sign_options();
    options.backdate = NOW + 1;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_ARGUMENT_INVALID);
    options = sign_options();
    options.subject = jeton_text("\xff");
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_CLAIMS_INVALID);
    options = sign_options();
    options.random = no_random;
    options.random_context = &asked;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_INTERNAL_ERROR);
    assert_int_equal(asked, 1);
    options.jti = jeton_text("given");
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_OK);
    assert_int_equal(asked, 1);
    jeton_output_done(&token);
    assert_null(token.at);
    jeton_output_done(&token);
    jeton_output_done(NULL);
    jeton_secret_key_free(key);
}

static void NULL_is_fine_where_it_says_so(void **state)
{
    (void)state;
    jeton_keyset_free(NULL);
    jeton_policy_free(NULL);
    jeton_public_key_free(NULL);
    jeton_secret_key_free(NULL);
    assert_null(jeton_algorithm(1000));
    assert_string_equal(jeton_version(), JETON_VERSION);
    assert_non_null(strstr(jeton_crypto_version(), "OpenSSL"));
    assert_string_equal(jeton_skip_name(JETON_SKIP_NONE), "");
    assert_string_equal(jeton_skip_name((enum jeton_skip)1000), "");
}

static void a_symmetric_key_has_no_public_half_and_no_PEM(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("HS256", "");
    struct jeton_public_key *half = NULL;
    struct jeton_output output = JETON_OUTPUT_INIT;
    assert_code(jeton_secret_key_public(key, &half), JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_write(key, JETON_FORMAT_PEM, &output), JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_write(key, JETON_FORMAT_DER, &output), JETON_ARGUMENT_INVALID);
    assert_string_equal(jeton_secret_key_id(key), "");
    assert_null(half);
    assert_null(output.at);
    jeton_secret_key_free(key);
}

static void a_set_outlives_the_keys_it_was_filled_with(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "");
    struct jeton_public_key *half = NULL;
    struct jeton_keyset *set = NULL;
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    struct jeton_output token = sign(key, &options);
    assert_code(jeton_secret_key_public(key, &half), JETON_OK);
    assert_code(jeton_keyset_new(&set), JETON_OK);
    assert_code(jeton_keyset_add_public_key(set, half), JETON_OK);
    jeton_public_key_free(half);
    jeton_secret_key_free(key);
    jeton_keyset_warm(set);
    assert_code(verify(&token, set, &policy), JETON_OK);
    assert_code(jeton_keyset_add_secret(set, jeton_bytes("short", 5), NULL), JETON_KEY_INVALID);
    assert_int_equal(jeton_keyset_count(set), 1);
    jeton_output_done(&token);
    jeton_keyset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_structs_of_another_version_are_refused),
        cmocka_unit_test(getters_give_a_claim_by_its_type_alone),
        cmocka_unit_test(inspect_believes_nothing_and_shows_what_is_there),
        cmocka_unit_test(times_and_randomness_of_a_signer_are_checked),
        cmocka_unit_test(NULL_is_fine_where_it_says_so),
        cmocka_unit_test(a_symmetric_key_has_no_public_half_and_no_PEM),
        cmocka_unit_test(a_set_outlives_the_keys_it_was_filled_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
