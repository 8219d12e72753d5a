/* SPDX-License-Identifier: Apache-2.0 */
/* Does the explanation go on as far as can be, and say why this key? (That it agrees with the verdict, every other test
 * of auth checks: judge() asks both.) */
#include "auth_test.h"

static struct jeton_verdict verdict;

static void explain(const char *token, const struct jt_keyset *set, const struct jeton_policy_options *options)
{
    struct jt_policy *policy = policy_of(options);
    static char memory[1 << 18];
    struct jt_arena arena;
    const struct jt_verified *verified = NULL;
    jt_arena_init(&arena, memory, sizeof memory);
    jt_explain(jeton_text(token), set, policy, NOW, &arena, &verified, &verdict);
    jt_policy_free(policy);
}

/* "size+ shape+ header+ …": + passed, - failed, ~ skipped, ? not reached. */
static const char *summary(void)
{
    static char text[512];
    text[0] = '\0';
    for (size_t i = 0; i < verdict.check_count; i++) {
        const struct jeton_check *check = &verdict.checks[i];
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%c", i > 0 ? " " : "", check->name,
                 "+-~?"[check->result]);
        assert_int_equal(check->result == JETON_CHECK_FAILED, check->status != JETON_OK);
        assert_int_equal(check->result == JETON_CHECK_FAILED, check->detail.text[0] != '\0');
    }
    return text;
}

static void every_check_stands_in_the_order_of_judgement(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = one_key(keys.es);
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    explain(token, set, &options);
    assert_string_equal(summary(),
                        "size+ shape+ header+ crit+ algorithm+ trusted_issuer~ key+ signature+ payload+ "
                        "claim_types+ exp+ nbf~ iat~ issuer~ audience~ subject~ typ~ required~ max_age~ scope~ role~");
    assert_string_equal(verdict.key_reason.text, "kid \"es\" names it: EC P-256, alg ES256");
    free(token);
    jt_keyset_free(set);
}

static void what_can_be_judged_after_a_failure_is(void **state)
{
    (void)state;
    const struct jeton_bytes audience = JT_TEXT("api"), type = JT_TEXT("at+jwt"), scope = JT_TEXT("read");
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.audiences = (struct jeton_list){&audience, 1};
    options.types = (struct jeton_list){&type, 1};
    options.scopes = (struct jeton_list){&scope, 1};
    options.max_age = 10;
    struct jt_keyset *set = one_key(keys.es);
    char *token = jws(keys.es, "ES256", ES_HEADER, "{\"exp\":1,\"nbf\":\"x\",\"iat\":1700000000,\"aud\":[\"b\"]}");
    explain(token, set, &options);
    assert_string_equal(summary(),
                        "size+ shape+ header+ crit+ algorithm+ trusted_issuer~ key+ signature+ payload+ "
                        "claim_types- exp- nbf? iat+ issuer~ audience- subject~ typ- required~ max_age+ scope- role~");
    assert_code(verdict.status, JETON_CLAIMS_INVALID);
    free(token);
    jt_keyset_free(set);
}

static void claims_are_judged_only_when_the_signature_fits(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = one_key(keys.es);
    char *forged = jws(keys.other, "ES256", ES_HEADER, "{\"exp\":1}");
    explain(forged, set, &options);
    assert_string_equal(summary(),
                        "size+ shape+ header+ crit+ algorithm+ trusted_issuer~ key+ signature- payload? "
                        "claim_types? exp? nbf? iat? issuer? audience? subject? typ~ required? max_age? scope? role?");
    free(forged);
    char *critical = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"crit\":[\"x\"]}", GOOD_PAYLOAD);
    explain(critical, set, &options);
    assert_string_equal(summary(),
                        "size+ shape+ header+ crit- algorithm+ trusted_issuer~ key+ signature? payload? "
                        "claim_types? exp? nbf? iat? issuer? audience? subject? typ~ required? max_age? scope? role?");
    free(critical);
    explain("x", set, &options);
    assert_string_equal(summary(),
                        "size+ shape- header? crit? algorithm? trusted_issuer? key? signature? payload? "
                        "claim_types? exp? nbf? iat? issuer? audience? subject? typ? required? max_age? scope? role?");
    jt_keyset_free(set);
}

static void the_key_s_reason_is_told_each_way(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = one_key(keys.es);
    char *nameless = jws(keys.es, "ES256", "{\"alg\":\"ES256\"}", GOOD_PAYLOAD);
    char *unknown = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"a\\nb\"}", GOOD_PAYLOAD);
    explain(nameless, set, &options);
    assert_string_equal(verdict.key_reason.text,
                        "the token has no kid, and only this key fits ES256: EC P-256, alg ES256");
    explain(unknown, set, &options);
    assert_string_equal(verdict.key_reason.text, verdict.detail.text);
    assert_non_null(strstr(verdict.key_reason.text, "no key has the kid \"a"));
    assert_null(strchr(verdict.key_reason.text, '\n'));
    struct jt_keyset *own = new_set();
    add_key(own, keys.secret, true);
    char *mac = jws(keys.secret, "HS256", "{\"alg\":\"HS256\",\"kid\":\"x\"}", GOOD_PAYLOAD);
    explain(mac, own, &options);
    assert_string_equal(verdict.key_reason.text, "given on its own, it fits any kid: oct of 256 bits");
    explain(nameless, NULL, &options);
    assert_string_equal(verdict.key_reason.text, "there are no keys at this time");
    jt_keyset_free(own);
    jt_keyset_free(set);
    free(nameless);
    free(unknown);
    free(mac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_check_stands_in_the_order_of_judgement),
        cmocka_unit_test(what_can_be_judged_after_a_failure_is),
        cmocka_unit_test(claims_are_judged_only_when_the_signature_fits),
        cmocka_unit_test(the_key_s_reason_is_told_each_way),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
