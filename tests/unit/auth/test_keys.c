/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are tried for a token, and which verdict says why none was? By kid, by what stands alone, by algorithm. */
#include "auth_test.h"

static struct jt_public_jwk *named(const struct jt_public_jwk *half, struct jeton_bytes kid)
{
    struct jt_jwk_labels labels = {.kid = kid, .use = JT_TEXT("sig")};
    struct jt_public_jwk *jwk = NULL;
    assert_int_equal(jt_public_jwk_label(half->key, &labels, &jwk), JETON_OK);
    return jwk;
}

static struct jeton_policy_options open_policy(struct jeton_bytes *alg)
{
    struct jeton_policy_options options = any_audience();
    options.algorithms = (struct jeton_list){alg, alg != NULL ? 1 : 0};
    return options;
}

/* {"keys":[…]} from JWK texts with a member added to each. */
static char *jwks(const struct jt_secret_jwk *const *list, const char *const *extra, size_t count)
{
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 1 << 20);
    jt_buffer_add_text(&buffer, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        struct jt_key_numbers n;
        struct jt_public_jwk *half = public_half(list[i]);
        jt_public_key_numbers(half->key, &n);
        char x[64] = "", y[64] = "";
        jt_base64url_encode(n.x, x);
        jt_base64url_encode(n.y, y);
        jt_buffer_add_format(&buffer, "%s{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"%s}", i ? "," : "",
                             x, y, extra[i]);
        jt_public_jwk_release(half);
    }
    jt_buffer_add_text(&buffer, "]}");
    jt_buffer_add_byte(&buffer, 0);
    return (char *)buffer.at;
}

static struct jt_keyset *set_with(const struct jt_secret_jwk *key, const char *extra)
{
    char *json = jwks(&key, &extra, 1);
    struct jt_keyset *set = set_of(json);
    free(json);
    return set;
}

static void a_kid_is_compared_byte_for_byte(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    const struct {
        const char *set, *header;
        enum jeton_status expected;
    } rows[] = {
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", JETON_OK},
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\",\"kid\":\"\\u006b1\"}", JETON_OK},
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\",\"kid\":\"K1\"}", JETON_KEY_UNKNOWN},
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\",\"kid\":\"k1 \"}", JETON_KEY_UNKNOWN},
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\",\"kid\":\"k1\\u0000\"}", JETON_KEY_UNKNOWN},
        {",\"kid\":\"k1\\u0000a\"", "{\"alg\":\"ES256\",\"kid\":\"k1\\u0000b\"}", JETON_KEY_UNKNOWN},
        {",\"kid\":\"k1\\u0000a\"", "{\"alg\":\"ES256\",\"kid\":\"k1\\u0000a\"}", JETON_OK},
        {",\"kid\":\"\"", "{\"alg\":\"ES256\",\"kid\":\"\"}", JETON_OK},
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\",\"kid\":\"\"}", JETON_KEY_UNKNOWN},
        {"", "{\"alg\":\"ES256\",\"kid\":\"k1\"}", JETON_KEY_UNKNOWN},
        {"", "{\"alg\":\"ES256\",\"kid\":\"\"}", JETON_KEY_UNKNOWN},
        {"", "{\"alg\":\"ES256\"}", JETON_OK},
        {",\"kid\":\"k1\"", "{\"alg\":\"ES256\"}", JETON_OK},
    };
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        struct jt_keyset *set = set_with(keys.es, rows[i].set);
        char *token = jws(keys.es, "ES256", rows[i].header, GOOD_PAYLOAD);
        enum jeton_status status = judge(token, set, &options);
        if (status != rows[i].expected)
            fail_msg("row %zu: %s", i, jeton_status_code(status));
        free(token);
        jt_keyset_free(set);
    }
}

static void a_key_found_but_not_for_this_algorithm_is_unsuitable(void **state)
{
    (void)state;
    struct jeton_bytes es256 = JT_TEXT("ES256");
    struct jeton_policy_options closed = open_policy(NULL), open = open_policy(&es256);
    const char *unsuitable[] = {",\"kid\":\"es\",\"use\":\"enc\"",    ",\"kid\":\"es\",\"key_ops\":[\"sign\"]",
                                ",\"kid\":\"es\",\"key_ops\":[]",     ",\"kid\":\"es\",\"alg\":\"ES384\"",
                                ",\"kid\":\"es\",\"alg\":\"RS256\"",  ",\"kid\":\"es\",\"alg\":\"es256\"",
                                ",\"kid\":\"es\",\"alg\":\"ECDH-ES\""};
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    for (size_t i = 0; i < JT_COUNT(unsuitable); i++) {
        struct jt_keyset *set = set_with(keys.es, unsuitable[i]);
        assert_int_equal(jt_keyset_count(set), 0);
        assert_int_equal(jt_keyset_skipped(set), 1);
        assert_code(judge(token, set, &closed), JETON_ALG_NOT_ALLOWED);
        assert_code(judge(token, set, &open), JETON_KEY_UNSUITABLE);
        jt_keyset_free(set);
    }
    const char *suitable[] = {",\"kid\":\"es\",\"use\":\"sig\"", ",\"kid\":\"es\",\"key_ops\":[\"verify\",\"x\"]",
                              ",\"kid\":\"es\",\"alg\":\"ES256\",\"x5c\":[1],\"nope\":null"};
    for (size_t i = 0; i < JT_COUNT(suitable); i++) {
        struct jt_keyset *set = set_with(keys.es, suitable[i]);
        assert_code(judge(token, set, &closed), JETON_OK);
        jt_keyset_free(set);
    }
    struct jt_keyset *rsa = new_set(); /* another type under the kid */
    struct jt_public_jwk *half = public_half(keys.rsa), *same_kid = named(half, JT_TEXT("es"));
    assert_int_equal(jt_keyset_add_public(rsa, same_kid, false), JETON_OK);
    assert_code(judge(token, rsa, &open), JETON_KEY_UNSUITABLE);
    jt_public_jwk_release(same_kid);
    jt_public_jwk_release(half);
    jt_keyset_free(rsa);
    free(token);
}

static void a_broken_key_is_not_there(void **state)
{
    (void)state;
    struct jeton_bytes es256 = JT_TEXT("ES256");
    struct jeton_policy_options open = open_policy(&es256);
    struct jt_keyset *set = set_of(
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"es\",\"x\":\"AA\",\"y\":\"AA\"}]}");
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    assert_code(judge(token, set, &open), JETON_KEY_UNKNOWN);
    jt_keyset_free(set);
    free(token);
}

static struct jt_secret_jwk *extra_keys[6];

static struct jt_keyset *several(size_t count, const char *label, bool with_es_last)
{
    const struct jt_secret_jwk *list[6];
    const char *extra[6];
    for (size_t i = 0; i < count; i++) {
        if (extra_keys[i] == NULL)
            extra_keys[i] = new_key("ES256", "");
        list[i] = with_es_last && i + 1 == count ? keys.es : extra_keys[i];
        extra[i] = label;
    }
    char *json = jwks(list, extra, count);
    struct jt_keyset *set = set_of(json);
    free(json);
    return set;
}

static void four_keys_under_one_kid_are_tried_and_five_are_ambiguous(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    for (size_t count = 1; count <= 6; count++) {
        struct jt_keyset *set = several(count, ",\"kid\":\"es\"", true);
        assert_int_equal(jt_keyset_count(set), count);
        assert_code(judge(token, set, &options), count <= 4 ? JETON_OK : JETON_KEY_AMBIGUOUS);
        jt_keyset_free(set);
    }
    struct jt_keyset *set = several(4, ",\"kid\":\"es\"", false);
    assert_code(judge(token, set, &options), JETON_SIGNATURE_INVALID);
    jt_keyset_free(set);
    free(token);
}

static void only_keys_that_fit_the_algorithm_count_under_a_kid(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    const struct jt_secret_jwk *list[6];
    const char *extra[6];
    struct jt_keyset *first = several(6, "", false); /* makes them */
    jt_keyset_free(first);
    for (size_t i = 0; i < 6; i++) {
        list[i] = i < 5 ? extra_keys[i] : keys.es;
        extra[i] = i < 5 ? ",\"kid\":\"es\",\"use\":\"enc\"" : ",\"kid\":\"es\"";
    }
    char *json = jwks(list, extra, 6), *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    struct jt_keyset *set = set_of(json);
    assert_code(judge(token, set, &options), JETON_OK);
    jt_keyset_free(set);
    free(json);
    free(token);
}

static void a_token_without_kid_needs_exactly_one_fitting_key_of_the_set(void **state)
{
    (void)state;
    struct jeton_bytes es384 = JT_TEXT("ES384");
    struct jeton_policy_options options = any_audience(), other = open_policy(&es384);
    char *token = jws(keys.es, "ES256", "{\"alg\":\"ES256\"}", GOOD_PAYLOAD);
    struct jt_secret_jwk *big = new_key("ES384", "big");
    char *foreign = jws(big, "ES384", "{\"alg\":\"ES384\"}", GOOD_PAYLOAD);
    struct jt_keyset *set = one_key(keys.es);
    assert_code(judge(token, set, &options), JETON_OK);
    assert_code(judge(foreign, set, &other), JETON_KEY_UNKNOWN);
    add_key(set, keys.rsa, false); /* does not fit, does not count */
    add_key(set, keys.ed, false);
    assert_code(judge(token, set, &options), JETON_OK);
    add_key(set, keys.other, false);
    assert_code(judge(token, set, &options), JETON_KEY_AMBIGUOUS);
    jt_keyset_free(set);
    jt_secret_jwk_release(big);
    free(token);
    free(foreign);
}

/* A key on its own without kid, as from PEM. */
static void add_bare(struct jt_keyset *set, const struct jt_secret_jwk *key)
{
    struct jt_public_jwk *half = public_half(key), *bare = named(half, (struct jeton_bytes){NULL, 0});
    assert_int_equal(jt_keyset_add_public(set, bare, true), JETON_OK);
    jt_public_jwk_release(bare);
    jt_public_jwk_release(half);
}

static void a_key_on_its_own_without_kid_fits_any_kid_up_to_four(void **state)
{
    (void)state;
    struct jeton_bytes rs256 = JT_TEXT("RS256");
    struct jeton_policy_options options = any_audience(), rsa = open_policy(&rs256);
    char *named = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"whatever\"}", GOOD_PAYLOAD);
    char *nameless = jws(keys.es, "ES256", "{\"alg\":\"ES256\"}", GOOD_PAYLOAD);
    char *foreign = jws(keys.rsa, "RS256", "{\"alg\":\"RS256\",\"kid\":\"x\"}", GOOD_PAYLOAD);
    struct jt_keyset *set = several(1, "", false), *all = new_set();
    jt_keyset_free(set);
    add_bare(all, keys.es);
    for (size_t i = 0; i < 5; i++) {
        if (extra_keys[i] == NULL)
            extra_keys[i] = new_key("ES256", "");
        assert_code(judge(named, all, &options), i < 4 ? JETON_OK : JETON_KEY_AMBIGUOUS);
        assert_code(judge(nameless, all, &options), i < 4 ? JETON_OK : JETON_KEY_AMBIGUOUS);
        add_bare(all, extra_keys[i]);
        add_bare(all, extra_keys[i]); /* twice is once */
    }
    assert_code(judge(foreign, all, &rsa), JETON_KEY_UNSUITABLE);
    jt_keyset_free(all);
    free(named);
    free(nameless);
    free(foreign);
}

static void a_key_on_its_own_with_a_kid_is_matched_by_it(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = new_set();
    add_key(set, keys.es, true);
    char *right = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    char *wrong = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"other\"}", GOOD_PAYLOAD);
    char *nameless = jws(keys.es, "ES256", "{\"alg\":\"ES256\"}", GOOD_PAYLOAD);
    assert_code(judge(right, set, &options), JETON_OK);
    assert_code(judge(wrong, set, &options), JETON_KEY_UNKNOWN);
    assert_code(judge(nameless, set, &options), JETON_OK);
    add_key(set, keys.other, true);
    assert_code(judge(nameless, set, &options), JETON_KEY_AMBIGUOUS);
    jt_keyset_free(set);
    free(right);
    free(wrong);
    free(nameless);
}

static void names_of_EdDSA_fit_each_other_on_their_curve(void **state)
{
    (void)state;
    const struct {
        const char *curve, *jwk, *header;
        enum jeton_status expected;
    } rows[] = {
        {"Ed25519", NULL, "EdDSA", JETON_OK},
        {"Ed25519", NULL, "Ed25519", JETON_OK},
        {"Ed25519", "EdDSA", "Ed25519", JETON_OK},
        {"Ed25519", "Ed25519", "EdDSA", JETON_OK},
        {"Ed25519", NULL, "Ed448", JETON_ALG_NOT_ALLOWED},
        {"Ed25519", "EdDSA", "Ed448", JETON_ALG_NOT_ALLOWED},
        {"Ed448", "EdDSA", "Ed448", JETON_OK},
        {"Ed448", NULL, "EdDSA", JETON_OK},
        {"Ed448", "EdDSA", "Ed25519", JETON_ALG_NOT_ALLOWED},
    };
    struct jeton_policy_options options = any_audience();
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        struct jt_secret_jwk *key = new_key(rows[i].curve, ""), *pinned = NULL;
        const struct jt_algorithm *alg = rows[i].jwk != NULL ? jt_algorithm_find(jeton_text(rows[i].jwk)) : NULL;
        assert_int_equal(jt_secret_jwk_make(key->key, (struct jeton_bytes){NULL, 0}, alg, &pinned), JETON_OK);
        char header[64];
        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", rows[i].header);
        char *token = jws(key, rows[i].curve, header, GOOD_PAYLOAD);
        struct jt_keyset *set = one_key(pinned);
        enum jeton_status status = judge(token, set, &options);
        if (status != rows[i].expected)
            fail_msg("row %zu: %s", i, jeton_status_code(status));
        jt_keyset_free(set);
        free(token);
        jt_secret_jwk_release(pinned);
        jt_secret_jwk_release(key);
    }
}

static void a_policy_s_list_is_taken_by_the_letter(void **state)
{
    (void)state;
    struct jeton_bytes eddsa = JT_TEXT("EdDSA"), ed25519 = JT_TEXT("Ed25519");
    struct jeton_policy_options old = open_policy(&eddsa), new = open_policy(&ed25519);
    char *token = jws(keys.ed, "Ed25519", "{\"alg\":\"Ed25519\",\"kid\":\"ed\"}", GOOD_PAYLOAD);
    struct jt_keyset *set = one_key(keys.ed);
    assert_code(judge(token, set, &old), JETON_ALG_NOT_ALLOWED);
    assert_code(judge(token, set, &new), JETON_OK);
    jt_keyset_free(set);
    free(token);
}

static void a_secret_of_32_bytes_allows_HS256_alone(void **state)
{
    (void)state;
    struct jeton_bytes hs512 = JT_TEXT("HS512");
    struct jeton_policy_options options = any_audience(), open = open_policy(&hs512);
    char *good = jws(keys.secret, "HS256", "{\"alg\":\"HS256\",\"kid\":\"any\"}", GOOD_PAYLOAD);
    char *other = jws(keys.secret, "HS256", "{\"alg\":\"HS512\"}", GOOD_PAYLOAD);
    struct jt_keyset *set = new_set();
    add_key(set, keys.secret, true);
    assert_code(judge(good, set, &options), JETON_OK);
    assert_code(judge(other, set, &options), JETON_ALG_NOT_ALLOWED);
    char *named = jws(keys.secret, "HS256", "{\"alg\":\"HS512\",\"kid\":\"any\"}", GOOD_PAYLOAD);
    assert_code(judge(named, set, &open), JETON_KEY_UNSUITABLE);
    free(named);
    jt_keyset_free(set);
    struct jt_secret_jwk *none = NULL;
    assert_code(jt_secret_jwk_from_bytes(JT_TEXT("0123456789abcdef0123456789abcde"), &none, NULL), JETON_KEY_INVALID);
    assert_code(jt_secret_jwk_from_bytes(JT_TEXT(""), &none, NULL), JETON_KEY_INVALID);
    free(good);
    free(other);
}

static void ten_thousand_keys_are_told_apart(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = new_set();
    struct jt_public_jwk *half = public_half(keys.es);
    for (unsigned i = 0; i < 10000; i++) {
        char kid[16];
        snprintf(kid, sizeof kid, "k%u", i);
        struct jt_public_jwk *jwk = named(half, jeton_text(kid));
        assert_int_equal(jt_keyset_add_public(set, jwk, false), JETON_OK);
        jt_public_jwk_release(jwk);
    }
    jt_public_jwk_release(half);
    assert_int_equal(jt_keyset_count(set), 10000);
    char *first = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k0\"}", GOOD_PAYLOAD);
    char *last = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k9999\"}", GOOD_PAYLOAD);
    char *none = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"k10000\"}", GOOD_PAYLOAD);
    assert_code(judge(first, set, &options), JETON_OK);
    assert_code(judge(last, set, &options), JETON_OK);
    assert_code(judge(none, set, &options), JETON_KEY_UNKNOWN);
    free(first);
    free(last);
    free(none);
    jt_keyset_free(set);
}

static void a_remembered_header_is_forgotten_when_a_key_is_added(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_keyset *set = one_key(keys.es);
    char *token = jws(keys.es, "ES256", "{\"alg\":\"ES256\"}", GOOD_PAYLOAD);
    assert_code(judge(token, set, &options), JETON_OK);
    add_key(set, keys.other, false);
    assert_code(judge(token, set, &options), JETON_KEY_AMBIGUOUS);
    jt_keyset_free(set);
    free(token);
}

static void a_remembered_header_does_not_pass_another_policy(void **state)
{
    (void)state;
    struct jeton_bytes rs256 = JT_TEXT("RS256"), type = JT_TEXT("at+jwt");
    struct jeton_policy_options options = any_audience(), closed = open_policy(&rs256), typed = any_audience();
    typed.types = (struct jeton_list){&type, 1};
    struct jt_keyset *set = one_key(keys.es);
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    char *forged = jws(keys.other, "ES256", ES_HEADER, GOOD_PAYLOAD);
    assert_code(judge(token, set, &options), JETON_OK);
    assert_code(judge(forged, set, &options), JETON_SIGNATURE_INVALID);
    assert_code(judge(token, set, &closed), JETON_ALG_NOT_ALLOWED);
    assert_code(judge(token, set, &typed), JETON_TYPE_MISMATCH);
    jt_keyset_free(set);
    free(token);
    free(forged);
}

static int free_all(void **state)
{
    for (size_t i = 0; i < JT_COUNT(extra_keys); i++)
        jt_secret_jwk_release(extra_keys[i]);
    return free_keys(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kid_is_compared_byte_for_byte),
        cmocka_unit_test(a_key_found_but_not_for_this_algorithm_is_unsuitable),
        cmocka_unit_test(a_broken_key_is_not_there),
        cmocka_unit_test(four_keys_under_one_kid_are_tried_and_five_are_ambiguous),
        cmocka_unit_test(only_keys_that_fit_the_algorithm_count_under_a_kid),
        cmocka_unit_test(a_token_without_kid_needs_exactly_one_fitting_key_of_the_set),
        cmocka_unit_test(a_key_on_its_own_without_kid_fits_any_kid_up_to_four),
        cmocka_unit_test(a_key_on_its_own_with_a_kid_is_matched_by_it),
        cmocka_unit_test(names_of_EdDSA_fit_each_other_on_their_curve),
        cmocka_unit_test(a_policy_s_list_is_taken_by_the_letter),
        cmocka_unit_test(a_secret_of_32_bytes_allows_HS256_alone),
        cmocka_unit_test(ten_thousand_keys_are_told_apart),
        cmocka_unit_test(a_remembered_header_is_forgotten_when_a_key_is_added),
        cmocka_unit_test(a_remembered_header_does_not_pass_another_policy),
    };
    return cmocka_run_group_tests(tests, make_keys, free_all);
}
