/* SPDX-License-Identifier: Apache-2.0 */
/* Is a token judged in the order of jeton-verify(1)? One token is built with everything wrong; fault by fault is taken
 * away, and each time the next check of the order must be the one that answers. */
#include "auth_test.h"

struct step {
    enum jeton_status expected;
    const char *header;
    const char *payload;
    const struct jt_secret_jwk **signer;
};

static void every_check_answers_in_its_turn(void **state)
{
    (void)state;
    const struct jeton_bytes issuers[] = {JT_TEXT("https://a.example"), JT_TEXT("https://b.example")};
    const struct jeton_bytes audience = JT_TEXT("api"), type = JT_TEXT("at+jwt"), claim = JT_TEXT("tenant"),
                             scope = JT_TEXT("read"), roles[] = {JT_TEXT("admin"), JT_TEXT("basic")};
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.issuers = (struct jeton_list){issuers, 2};
    options.audiences = (struct jeton_list){&audience, 1};
    options.types = (struct jeton_list){&type, 1};
    options.required = (struct jeton_list){&claim, 1};
    options.scopes = (struct jeton_list){&scope, 1};
    options.roles = (struct jeton_list){roles, 2};
    options.role = JT_TEXT("admin");
    options.subject = JT_TEXT("s");
    options.max_age = 1000;
    const struct jt_secret_jwk *es = keys.es, *other = keys.other;
    const struct step steps[] = {
        {JETON_HEADER_INVALID, "{\"alg\":1,\"crit\":[\"x\"]}", "[]", &other},
        {JETON_CRIT_UNSUPPORTED, "{\"alg\":\"none\",\"crit\":[\"x\"],\"kid\":\"zz\"}", "[]", &other},
        {JETON_ALG_NOT_ALLOWED, "{\"alg\":\"none\",\"kid\":\"zz\"}", "[]", &other},
        {JETON_CLAIMS_INVALID, "{\"alg\":\"ES256\",\"kid\":\"zz\"}", "[]", &other},
        {JETON_CLAIMS_INVALID, "{\"alg\":\"ES256\",\"kid\":\"zz\"}", "{\"iss\":1}", &other},
        {JETON_CLAIM_MISSING, "{\"alg\":\"ES256\",\"kid\":\"zz\"}", "{\"exp\":\"x\"}", &other},
        {JETON_ISSUER_UNKNOWN, "{\"alg\":\"ES256\",\"kid\":\"zz\"}", "{\"iss\":\"c\",\"exp\":\"x\"}", &other},
        {JETON_KEY_UNKNOWN, "{\"alg\":\"ES256\",\"kid\":\"zz\"}", "{\"iss\":\"https://b.example\",\"exp\":\"x\"}",
         &other},
        {JETON_SIGNATURE_INVALID, "{\"alg\":\"ES256\",\"kid\":\"es\"}", "{\"iss\":\"https://b.example\",\"exp\":\"x\"}",
         &other},
        {JETON_CLAIMS_INVALID, "{\"alg\":\"ES256\",\"kid\":\"es\"}", "{\"iss\":\"https://b.example\",\"exp\":\"x\"}",
         &es},
        {JETON_CLAIM_MISSING, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"nbf\":1800000000}", &es},
        {JETON_TOKEN_EXPIRED, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1600000000,\"nbf\":1800000000}", &es},
        {JETON_TOKEN_NOT_YET_VALID, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"nbf\":1800000000,\"iat\":1}", &es},
        {JETON_TOKEN_NOT_YET_VALID, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1800000000}", &es},
        {JETON_CLAIM_MISSING, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1,\"sub\":\"x\"}", &es},
        {JETON_AUDIENCE_MISMATCH, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1,\"sub\":\"x\",\"aud\":\"web\"}", &es},
        {JETON_SUBJECT_MISMATCH, "{\"alg\":\"ES256\",\"kid\":\"es\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1,\"sub\":\"x\",\"aud\":\"api\"}", &es},
        {JETON_TYPE_MISMATCH, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"JWT\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1,\"sub\":\"s\",\"aud\":\"api\"}", &es},
        {JETON_CLAIM_MISSING, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1,\"sub\":\"s\",\"aud\":\"api\"}", &es},
        {JETON_TOKEN_TOO_OLD, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}",
         "{\"iss\":\"https://b.example\",\"exp\":1900000000,\"iat\":1,\"sub\":\"s\",\"aud\":\"api\",\"tenant\":1}",
         &es},
        {JETON_SCOPE_INSUFFICIENT, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}",
         "{\"iss\":\"https://"
         "b.example\",\"exp\":1900000000,\"iat\":1700000000,\"sub\":\"s\",\"aud\":\"api\",\"tenant\":1}",
         &es},
        {JETON_ROLE_INSUFFICIENT, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}",
         "{\"iss\":\"https://"
         "b.example\",\"exp\":1900000000,\"iat\":1700000000,\"sub\":\"s\",\"aud\":\"api\",\"tenant\":1,"
         "\"scope\":\"write read\",\"role\":\"basic\"}",
         &es},
        {JETON_OK, "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}",
         "{\"iss\":\"https://"
         "b.example\",\"exp\":1900000000,\"iat\":1700000000,\"sub\":\"s\",\"aud\":\"api\",\"tenant\":1,"
         "\"scope\":\"write read\",\"role\":\"admin\"}",
         &es},
    };
    struct jt_keyset *set = one_key(keys.es);
    for (size_t i = 0; i < JT_COUNT(steps); i++) {
        char *token = jws(*steps[i].signer, "ES256", steps[i].header, steps[i].payload);
        enum jeton_status status = judge(token, set, &options);
        if (status != steps[i].expected)
            fail_msg("step %zu: %s (%s), expected %s", i, jeton_status_code(status), last_detail.text,
                     jeton_status_code(steps[i].expected));
        free(token);
    }
    jt_keyset_free(set);
}

static void size_comes_before_shape_and_shape_before_header(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.es);
    struct jeton_policy_options options = any_audience();
    options.max_token = 10;
    assert_code(judge("", set, &options), JETON_TOKEN_MISSING);
    assert_code(judge("..........x", set, &options), JETON_TOKEN_TOO_LARGE);
    assert_code(judge("..........", set, &options), JETON_TOKEN_MALFORMED);
    assert_code(judge("e30.e30.", set, &options), JETON_HEADER_INVALID);
    jt_keyset_free(set);
}

static void keys_that_cannot_be_had_are_told_only_where_a_key_is_needed(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    char *mac = jws(keys.secret, "HS256", "{\"alg\":\"HS256\"}", GOOD_PAYLOAD);
    assert_code(judge(token, NULL, &options), JETON_KEYS_UNAVAILABLE);
    assert_code(judge(mac, NULL, &options), JETON_ALG_NOT_ALLOWED);
    assert_code(judge("e30.e30.", NULL, &options), JETON_HEADER_INVALID);
    struct jeton_bytes rs = JT_TEXT("RS256"), hs = JT_TEXT("HS256");
    options.algorithms = (struct jeton_list){&rs, 1};
    assert_code(judge(token, NULL, &options), JETON_ALG_NOT_ALLOWED);
    options.algorithms = (struct jeton_list){&hs, 1};
    assert_code(judge(mac, NULL, &options), JETON_ALG_NOT_ALLOWED);
    free(token);
    free(mac);
}

static void one_issuer_is_compared_after_the_signature_alone(void **state)
{
    (void)state;
    const struct jeton_bytes issuer = JT_TEXT("https://b.example");
    struct jeton_policy_options options = any_audience();
    options.issuers = (struct jeton_list){&issuer, 1};
    char *forged = jws(keys.other, "ES256", ES_HEADER, GOOD_PAYLOAD),
         *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    struct jt_keyset *set = one_key(keys.es);
    assert_code(judge(forged, set, &options), JETON_SIGNATURE_INVALID);
    assert_code(judge(token, set, &options), JETON_ISSUER_MISMATCH);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1700000100}", &options), JETON_CLAIM_MISSING);
    const struct jeton_bytes twice[] = {JT_TEXT("https://b.example"), JT_TEXT("https://b.example")};
    options.issuers = (struct jeton_list){twice, 2}; /* still one */
    assert_code(judge(forged, set, &options), JETON_SIGNATURE_INVALID);
    jt_keyset_free(set);
    free(forged);
    free(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_answers_in_its_turn),
        cmocka_unit_test(size_comes_before_shape_and_shape_before_header),
        cmocka_unit_test(keys_that_cannot_be_had_are_told_only_where_a_key_is_needed),
        cmocka_unit_test(one_issuer_is_compared_after_the_signature_alone),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
