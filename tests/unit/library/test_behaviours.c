/* SPDX-License-Identifier: Apache-2.0 */
/* Does libjeton do what the five systems behind it did, and what their reviewers asked for? Named by the numbers of
 * BEHAVIOURS, as far as tokens, keys and key sets go. */
#include "library_test.h"

static void sign_and_verify(const char *alg)
{
    struct jeton_secret_key *key = make_key(alg, "");
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_sign_options options = sign_options();
    struct jeton_policy_options policy = any_audience();
    struct jeton_output token = sign(key, &options);
    enum jeton_status status = verify(&token, set, &policy);
    if (status != JETON_OK)
        fail_msg("%s: %s", alg, last_detail.text);
    struct jeton_bytes name = jeton_verified_algorithm(last_verified);
    assert_memory_equal(name.at, alg, name.len);
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void S1_18_every_algorithm_that_a_key_supports_signs_and_verifies(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *alg; (alg = jeton_algorithm(count)) != NULL; count++)
        sign_and_verify(alg);
    assert_true(count >= 16);
}

/* A token whose header says one algorithm of the key's type and whose JWK says another. */
static void S1_19_the_alg_of_a_JWK_is_the_only_one(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("RS256", "k"), *free_alg = NULL;
    struct jeton_output pem = JETON_OUTPUT_INIT;
    assert_code(jeton_secret_key_write(key, JETON_FORMAT_PEM, &pem), JETON_OK);
    assert_code(jeton_secret_key_read(jeton_bytes(pem.at, pem.len), &free_alg, NULL), JETON_OK);
    struct jeton_sign_options options = sign_options();
    struct jeton_policy_options policy = any_audience();
    options.alg = jeton_text("RS512");
    options.kid = jeton_text("k");
    struct jeton_output token = sign(free_alg, &options);
    struct jeton_keyset *pinned = set_of_key(key), *open = set_of_key(free_alg);
    assert_code(verify(&token, pinned, &policy), JETON_ALG_NOT_ALLOWED);
    struct jeton_bytes allowed = jeton_text("RS512");
    policy.algorithms = (struct jeton_list){&allowed, 1};
    assert_code(verify(&token, pinned, &policy), JETON_KEY_UNSUITABLE);
    jeton_output_done(&token);
    options.kid = jeton_text("");
    token = sign(free_alg, &options);
    assert_code(verify(&token, open, &policy), JETON_OK);
    assert_code(jeton_sign(key, &options, &(struct jeton_output)JETON_OUTPUT_INIT, NULL), JETON_KEY_UNSUITABLE);
    jeton_output_done(&token);
    jeton_output_done(&pem);
    jeton_keyset_free(pinned);
    jeton_keyset_free(open);
    jeton_secret_key_free(free_alg);
    jeton_secret_key_free(key);
}

static void S1_20_a_public_key_as_HMAC_secret_is_refused(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("RS256", "k"), *forger = NULL;
    struct jeton_public_key *half = NULL;
    struct jeton_output pem = JETON_OUTPUT_INIT;
    assert_code(jeton_secret_key_public(key, &half), JETON_OK);
    assert_code(jeton_public_key_write(half, JETON_FORMAT_PEM, &pem), JETON_OK);
    assert_code(jeton_secret_key_from_bytes(jeton_bytes(pem.at, pem.len), &forger, NULL), JETON_OK);
    struct jeton_sign_options options = sign_options();
    struct jeton_policy_options policy = any_audience();
    options.kid = jeton_text("k");
    struct jeton_output token = sign(forger, &options);
    struct jeton_keyset *set = set_of_key(key);
    assert_code(verify(&token, set, &policy), JETON_ALG_NOT_ALLOWED);
    jeton_keyset_free(set);
    jeton_output_done(&token);
    jeton_output_done(&pem);
    jeton_secret_key_free(forger);
    jeton_public_key_free(half);
    jeton_secret_key_free(key);
}

static void S1_21_exp_and_sub_required_iss_and_aud_when_configured(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "");
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    struct jeton_bytes sub = jeton_text("sub"), issuer = jeton_text("https://a.example"), audience = jeton_text("api");
    policy.required = (struct jeton_list){&sub, 1};
    struct jeton_output token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_OK);
    policy.issuers = (struct jeton_list){&issuer, 1};
    assert_code(verify(&token, set, &policy), JETON_CLAIM_MISSING);
    policy.issuers.count = 0;
    policy.any_audience = false;
    policy.audiences = (struct jeton_list){&audience, 1};
    assert_code(verify(&token, set, &policy), JETON_CLAIM_MISSING);
    policy = any_audience();
    policy.required = (struct jeton_list){&sub, 1};
    jeton_output_done(&token);
    options.subject = jeton_text("");
    token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_CLAIM_MISSING);
    jeton_output_done(&token);
    options = sign_options();
    options.ttl = 0;
    token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_CLAIM_MISSING);
    jeton_output_done(&token);
    assert_code(verify(&token, set, &policy), JETON_TOKEN_MISSING); /* empty is not the same as invalid */
    assert_int_equal(jeton_status_kind(JETON_TOKEN_MISSING), JETON_KIND_REQUEST);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void S2_1_the_algorithm_is_configuration_and_not_the_token_s(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", ""), *free_alg = NULL;
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    struct jeton_bytes rs256 = jeton_text("RS256"), es256 = jeton_text("ES256");
    struct jeton_output token = sign(key, &options);
    policy.algorithms = (struct jeton_list){&rs256, 1};
    assert_code(verify(&token, set, &policy), JETON_ALG_NOT_ALLOWED);
    policy.algorithms = (struct jeton_list){&es256, 1};
    assert_code(verify(&token, set, &policy), JETON_OK);
    int64_t exp = 0;
    assert_true(jeton_verified_time(last_verified, JETON_TIME_EXPIRES, &exp));
    assert_int_equal(exp, NOW + 900);
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
    jeton_secret_key_free(free_alg);
}

static void S2_2_S2_3_a_key_signs_only_what_is_its_own(void **state)
{
    (void)state;
    struct jeton_secret_key *rsa = make_key("RS256", ""), *secret = make_key("HS256", "");
    struct jeton_sign_options options = sign_options();
    struct jeton_output token = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    options.alg = jeton_text("HS256");
    assert_code(jeton_sign(rsa, &options, &token, &detail), JETON_KEY_UNSUITABLE);
    assert_non_null(strstr(detail.text, "HS256"));
    options.alg = jeton_text("RS256");
    assert_code(jeton_sign(secret, &options, &token, &detail), JETON_KEY_UNSUITABLE);
    options.alg = jeton_text("XS256");
    assert_code(jeton_sign(secret, &options, &token, &detail), JETON_ALG_NOT_ALLOWED);
    options.alg = jeton_text("none");
    assert_code(jeton_sign(secret, &options, &token, &detail), JETON_ALG_NOT_ALLOWED);
    assert_null(token.at);
    jeton_secret_key_free(rsa);
    jeton_secret_key_free(secret);
}

static void header_has(const struct jeton_output *token, const char *text, bool expected)
{
    struct jeton_bytes header, payload;
    assert_code(jeton_inspect(jeton_bytes(token->at, token->len), 16384, test_arena, sizeof test_arena, &header,
                              &payload, NULL, NULL),
                JETON_OK);
    assert_int_equal(memmem(header.at, header.len, text, strlen(text)) != NULL, expected);
    assert_null(memmem(payload.at, payload.len, "kid", 3));
}

static void S2_4_S2_5_kid_stands_in_the_header_alone(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "k1"), *unnamed = make_key("ES256", ""),
                            *secret = make_key("HS256", "");
    struct jeton_sign_options options = sign_options();
    struct jeton_output token = sign(key, &options);
    header_has(&token, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", true);
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    assert_code(verify(&token, set, &policy), JETON_OK);
    assert_memory_equal(jeton_verified_kid(last_verified).at, "k1", 2);
    jeton_output_done(&token);
    char thumbprint[JETON_THUMBPRINT_LENGTH + 1];
    jeton_secret_key_thumbprint(unnamed, thumbprint);
    assert_string_equal(jeton_secret_key_id(unnamed), thumbprint);
    token = sign(unnamed, &options);
    header_has(&token, thumbprint, true);
    jeton_output_done(&token);
    token = sign(secret, &options);
    header_has(&token, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", true);
    jeton_output_done(&token);
    options.kid = jeton_text("other");
    options.typ = jeton_text("at+jwt");
    token = sign(key, &options);
    header_has(&token, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"other\"}", true);
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
    jeton_secret_key_free(unnamed);
    jeton_secret_key_free(secret);
}

static void S2_6_optional_claims_are_there_only_when_set_and_come_back(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("EdDSA", "");
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    struct jeton_bytes audiences[] = {jeton_text("a"), jeton_text("b")}, value;
    struct jeton_claim scope = {jeton_text("scope"), jeton_text("\"read write\"")};
    options.now = NOW;
    options.jti = jeton_text("id-1");
    options.backdate = -1;
    struct jeton_output token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_OK);
    struct jeton_bytes payload = jeton_verified_payload(last_verified);
    const char *only = "{\"iat\":1700000000,\"exp\":1700000900,\"jti\":\"id-1\"}";
    assert_int_equal(payload.len, strlen(only));
    assert_memory_equal(payload.at, only, payload.len);
    jeton_output_done(&token);
    options.issuer = jeton_text("https://a.example");
    options.subject = jeton_text("s\xc3\xa9\"\\\n");
    options.audiences = (struct jeton_list){audiences, 2};
    options.claims = &scope;
    options.claim_count = 1;
    options.claims_json = jeton_text("{\"n\":1.50,\"iss\":\"replaced\",\"deep\":{\"a\":[1,null]}}");
    token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_OK);
    assert_memory_equal(jeton_verified_subject(last_verified).at, "s\xc3\xa9\"\\\n", 6);
    assert_memory_equal(jeton_verified_issuer(last_verified).at, "https://a.example", 17);
    assert_true(jeton_verified_has_audience(last_verified, jeton_text("b")));
    assert_false(jeton_verified_has_audience(last_verified, jeton_text("c")));
    assert_true(jeton_verified_has_scope(last_verified, jeton_text("write")));
    assert_true(jeton_verified_string(last_verified, jeton_text("jti"), &value));
    assert_memory_equal(value.at, "id-1", 4);
    payload = jeton_verified_payload(last_verified);
    assert_non_null(memmem(payload.at, payload.len, "\"n\":1.50", 8));
    assert_null(memmem(payload.at, payload.len, "replaced", 8));
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void S2_7_a_set_without_keys_is_empty_from_a_file_and_refused_when_fetched(void **state)
{
    (void)state;
    struct jeton_keyset_options fetched = JETON_KEYSET_OPTIONS_INIT;
    const char *empty[] = {"{}", "{\"keys\":[]}"};
    fetched.origin = JETON_ORIGIN_FETCHED;
    for (size_t i = 0; i < 2; i++) {
        struct jeton_keyset *set = NULL;
        assert_code(jeton_keyset_new(&set), JETON_OK);
        assert_code(jeton_keyset_add_jwks(set, jeton_text(empty[i]), NULL, NULL), JETON_OK);
        assert_code(jeton_keyset_add_jwks(set, jeton_text(empty[i]), &fetched, NULL), JETON_KEY_INVALID);
        assert_int_equal(jeton_keyset_count(set), 0);
        jeton_keyset_free(set);
    }
}

static void S2_8_use_alg_and_key_ops_are_honoured(void **state)
{
    (void)state;
    const char *labels[] = {"\"use\":\"enc\"", "\"alg\":\"RS256\"", "\"key_ops\":[\"encrypt\"]"};
    for (size_t i = 0; i < 3; i++) {
        char json[512];
        struct jeton_keyset *set = NULL;
        snprintf(json, sizeof json,
                 "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
                 "7TyWQHOg7hcvPapiMlrwIaaPcHURo\",%s}]}",
                 labels[i]);
        assert_code(jeton_keyset_new(&set), JETON_OK);
        assert_code(jeton_keyset_add_jwks(set, jeton_text(json), NULL, NULL), JETON_OK);
        assert_int_equal(jeton_keyset_count(set), 0);
        assert_int_equal(jeton_keyset_skipped(set), 1);
        jeton_keyset_free(set);
    }
}

static void count_note(void *context, const struct jeton_key_note *note)
{
    char *seen = context;
    snprintf(seen + strlen(seen), 256 - strlen(seen), "%zu:%s ", note->index, jeton_skip_name(note->skip));
}

static void S2_9_one_malformed_jwk_is_skipped(void **state)
{
    (void)state;
    const char *json =
        "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"!!\"},"
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"good\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
        "7,"
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"good\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":1,\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
        "{\"kty\":\"XYZ\"},{\"kty\":\"oct\",\"k\":\"AAAA\"}]}";
    char seen[256] = "";
    struct jeton_keyset_options options = JETON_KEYSET_OPTIONS_INIT;
    struct jeton_keyset *set = NULL;
    options.note = count_note;
    options.note_context = seen;
    assert_code(jeton_keyset_new(&set), JETON_OK);
    assert_code(jeton_keyset_add_jwks(set, jeton_text(json), &options, NULL), JETON_OK);
    assert_string_equal(seen, "0:member_missing 1:member_invalid 2: 3:not_object 4:duplicate 5:curve_unknown "
                              "6:kid_invalid 7:type_unknown 8:key_weak ");
    assert_int_equal(jeton_keyset_count(set), 1);
    assert_int_equal(jeton_keyset_skipped(set), 8);
    jeton_keyset_free(set);
}

static void S2_12_an_HS256_allow_list_without_a_secret_refuses_every_token(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("RS256", "");
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    struct jeton_bytes hs256 = jeton_text("HS256");
    policy.algorithms = (struct jeton_list){&hs256, 1};
    struct jeton_output token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_ALG_NOT_ALLOWED);
    assert_non_null(strstr(last_detail.text, "policy"));
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void S2_14_an_unknown_kid_is_key_unknown(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "a");
    struct jeton_keyset *set = set_of_key(key);
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    options.kid = jeton_text("b");
    struct jeton_output token = sign(key, &options);
    assert_code(verify(&token, set, &policy), JETON_KEY_UNKNOWN);
    assert_non_null(strstr(last_detail.text, "kid"));
    assert_int_equal(jeton_status_kind(JETON_KEY_UNKNOWN), JETON_KIND_UNKNOWN);
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_secret_key_free(key);
}

static void S2_15_rotation_keeps_the_old_token_until_its_key_goes(void **state)
{
    (void)state;
    struct jeton_secret_key *old = make_key("ES256", ""), *new = make_key("ES256", "");
    struct jeton_public_key *halves[2] = {NULL, NULL};
    struct jeton_policy_options policy = any_audience();
    struct jeton_sign_options options = sign_options();
    struct jeton_output before = sign(old, &options), after = sign(new, &options), json = JETON_OUTPUT_INIT;
    assert_code(jeton_secret_key_public(old, &halves[0]), JETON_OK);
    assert_code(jeton_secret_key_public(new, &halves[1]), JETON_OK);
    const struct jeton_public_key *const list[] = {halves[0], halves[1]};
    struct jeton_keyset *both = NULL, *later = set_of_key(new);
    assert_code(jeton_public_keys_write(list, 2, &json), JETON_OK);
    assert_code(jeton_keyset_new(&both), JETON_OK);
    assert_code(jeton_keyset_add_jwks(both, jeton_bytes(json.at, json.len), NULL, NULL), JETON_OK);
    assert_code(verify(&before, both, &policy), JETON_OK);
    assert_code(verify(&after, both, &policy), JETON_OK);
    assert_code(verify(&before, later, &policy), JETON_KEY_UNKNOWN);
    assert_code(verify(&after, later, &policy), JETON_OK);
    jeton_output_done(&before);
    jeton_output_done(&after);
    jeton_output_done(&json);
    jeton_public_key_free(halves[0]);
    jeton_public_key_free(halves[1]);
    jeton_keyset_free(both);
    jeton_keyset_free(later);
    jeton_secret_key_free(old);
    jeton_secret_key_free(new);
}

static void S2_16_an_RSA_JWK_has_exactly_its_six_members_and_files_come_back(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("RS256", ""), *again = NULL;
    struct jeton_public_key *half = NULL, *read = NULL;
    struct jeton_output jwk = JETON_OUTPUT_INIT;
    assert_code(jeton_secret_key_public(key, &half), JETON_OK);
    assert_code(jeton_public_key_write(half, JETON_FORMAT_JWK, &jwk), JETON_OK);
    assert_memory_equal(jwk.at, "{\"kty\":\"RSA\",\"n\":\"", 18);
    assert_int_equal(strlen(strstr(jwk.at, "\"n\":\"") + 5) - strlen(strstr(jwk.at, "\",\"e\":")), 342);
    const char *tail = strstr(jwk.at, "\",\"e\":");
    char expected[160];
    snprintf(expected, sizeof expected, "\",\"e\":\"AQAB\",\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"RS256\"}",
             jeton_secret_key_id(key));
    assert_string_equal(tail, expected);
    jeton_output_done(&jwk);
    for (int format = JETON_FORMAT_JWK; format <= JETON_FORMAT_DER; format++) {
        struct jeton_output file = JETON_OUTPUT_INIT;
        char one[JETON_THUMBPRINT_LENGTH + 1], two[JETON_THUMBPRINT_LENGTH + 1];
        jeton_public_key_thumbprint(half, one);
        assert_code(jeton_public_key_write(half, (enum jeton_key_format)format, &file), JETON_OK);
        if (format == JETON_FORMAT_PEM)
            assert_memory_equal(file.at, "-----BEGIN PUBLIC KEY-----", 26);
        assert_code(jeton_public_key_read(jeton_bytes(file.at, file.len), &read, NULL), JETON_OK);
        jeton_public_key_thumbprint(read, two);
        assert_string_equal(one, two);
        assert_code(jeton_secret_key_read(jeton_bytes(file.at, file.len), &again, NULL), JETON_KEY_INVALID);
        jeton_public_key_free(read);
        jeton_output_done(&file);
        assert_code(jeton_secret_key_write(key, (enum jeton_key_format)format, &file), JETON_OK);
        if (format == JETON_FORMAT_PEM)
            assert_memory_equal(file.at, "-----BEGIN PRIVATE KEY-----", 27);
        assert_code(jeton_secret_key_read(jeton_bytes(file.at, file.len), &again, NULL), JETON_OK);
        jeton_secret_key_thumbprint(again, two);
        assert_string_equal(one, two);
        jeton_secret_key_free(again);
        jeton_output_done(&file);
    }
    jeton_public_key_free(half);
    jeton_secret_key_free(key);
}

static void S2_17_failures_have_codes_of_their_own(void **state)
{
    (void)state;
    const enum jeton_status codes[] = {JETON_TOKEN_EXPIRED,   JETON_SIGNATURE_INVALID, JETON_CLAIMS_INVALID,
                                       JETON_TOKEN_MALFORMED, JETON_KEYS_UNAVAILABLE,  JETON_KEY_UNKNOWN};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(jeton_status_http(codes[i]), codes[i] == JETON_KEYS_UNAVAILABLE ? 503 : 401);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(jeton_status_code(codes[i]), jeton_status_code(codes[j]));
    }
}

static void S2_18_a_wrongly_typed_claim_is_claims_invalid(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", "");
    struct jeton_sign_options options = sign_options();
    struct jeton_output token = JETON_OUTPUT_INIT;
    const struct jeton_claim wrong[] = {{{"exp", 3}, {"\"x\"", 3}},
                                        {{"aud", 3}, {"[1]", 3}},
                                        {{"a", 1}, {"{", 1}},
                                        {{"a", 1}, {"", 0}},
                                        {{"", 0}, {"1", 1}}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        options.claims = &wrong[i];
        options.claim_count = 1;
        assert_code(jeton_sign(key, &options, &token, NULL), JETON_CLAIMS_INVALID);
    }
    const struct jeton_claim twice[] = {{{"a", 1}, {"1", 1}}, {{"a", 1}, {"2", 1}}};
    options.claims = twice;
    options.claim_count = 2;
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_CLAIMS_INVALID);
    options.claim_count = 0;
    options.claims_json = jeton_text("{\"a\":1,\"a\":2}");
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_CLAIMS_INVALID);
    options.claims_json = jeton_text("[1]");
    assert_code(jeton_sign(key, &options, &token, NULL), JETON_CLAIMS_INVALID);
    jeton_secret_key_free(key);
}

static void S2_20_no_policy_without_a_word_on_the_audience(void **state)
{
    (void)state;
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jeton_policy *policy = NULL;
    struct jeton_bytes audience = jeton_text("api");
    struct jeton_detail detail = {""};
    assert_code(jeton_policy_new(&options, &policy, &detail), JETON_ARGUMENT_INVALID);
    assert_non_null(strstr(detail.text, "audience"));
    options.any_audience = true;
    options.audiences = (struct jeton_list){&audience, 1};
    assert_code(jeton_policy_new(&options, &policy, &detail), JETON_ARGUMENT_INVALID);
    assert_null(policy);
}

static void S5_13_a_verifier_takes_whatever_the_signer_makes(void **state)
{
    (void)state;
    /* jeton_algorithm() lists what can be signed with; S1_18 verifies each. Ed25519 files, too. */
    sign_and_verify("Ed25519");
    sign_and_verify("EdDSA");
}

static void S5_18_defaults_of_keys_and_bounds_of_strength(void **state)
{
    (void)state;
    struct jeton_secret_key *key = make_key("ES256", ""), *none = NULL;
    char thumbprint[JETON_THUMBPRINT_LENGTH + 1];
    jeton_secret_key_thumbprint(key, thumbprint);
    assert_string_equal(jeton_secret_key_id(key), thumbprint);
    assert_code(jeton_secret_key_generate(jeton_text("RS256"), 2040, jeton_text(""), &none, NULL),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_generate(jeton_text("RS256"), 8200, jeton_text(""), &none, NULL),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_generate(jeton_text("HS256"), 248, jeton_text(""), &none, NULL),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_generate(jeton_text("HS512"), 256, jeton_text(""), &none, NULL),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_generate(jeton_text("ES256"), 256, jeton_text(""), &none, NULL),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_generate(jeton_text("none"), 0, jeton_text(""), &none, NULL), JETON_ARGUMENT_INVALID);
    assert_code(jeton_secret_key_from_bytes(jeton_bytes("0123456789abcdef0123456789abcde", 31), &none, NULL),
                JETON_KEY_INVALID);
    assert_null(none);
    jeton_secret_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S1_18_every_algorithm_that_a_key_supports_signs_and_verifies),
        cmocka_unit_test(S1_19_the_alg_of_a_JWK_is_the_only_one),
        cmocka_unit_test(S1_20_a_public_key_as_HMAC_secret_is_refused),
        cmocka_unit_test(S1_21_exp_and_sub_required_iss_and_aud_when_configured),
        cmocka_unit_test(S2_1_the_algorithm_is_configuration_and_not_the_token_s),
        cmocka_unit_test(S2_2_S2_3_a_key_signs_only_what_is_its_own),
        cmocka_unit_test(S2_4_S2_5_kid_stands_in_the_header_alone),
        cmocka_unit_test(S2_6_optional_claims_are_there_only_when_set_and_come_back),
        cmocka_unit_test(S2_7_a_set_without_keys_is_empty_from_a_file_and_refused_when_fetched),
        cmocka_unit_test(S2_8_use_alg_and_key_ops_are_honoured),
        cmocka_unit_test(S2_9_one_malformed_jwk_is_skipped),
        cmocka_unit_test(S2_12_an_HS256_allow_list_without_a_secret_refuses_every_token),
        cmocka_unit_test(S2_14_an_unknown_kid_is_key_unknown),
        cmocka_unit_test(S2_15_rotation_keeps_the_old_token_until_its_key_goes),
        cmocka_unit_test(S2_16_an_RSA_JWK_has_exactly_its_six_members_and_files_come_back),
        cmocka_unit_test(S2_17_failures_have_codes_of_their_own),
        cmocka_unit_test(S2_18_a_wrongly_typed_claim_is_claims_invalid),
        cmocka_unit_test(S2_20_no_policy_without_a_word_on_the_audience),
        cmocka_unit_test(S5_13_a_verifier_takes_whatever_the_signer_makes),
        cmocka_unit_test(S5_18_defaults_of_keys_and_bounds_of_strength),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
