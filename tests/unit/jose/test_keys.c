/* SPDX-License-Identifier: Apache-2.0 */
/* Is a JWK read for what it is, skipped for the right reason, and written as it was? */
#include "jose_test.h"

#define X25519_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define ED "\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X25519_X
#define K32 "\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8\""

static struct jt_jwk_found read_one(const char *json, enum jeton_origin origin)
{
    struct vectors v = parse_vectors(jeton_text(json));
    struct jt_jwk_found found;
    assert_int_equal(jt_jwk_read_public(v.json, origin, &found), JETON_OK);
    assert_int_equal(found.skip != JETON_SKIP_NONE, found.detail.text[0] != '\0');
    free(v.memory);
    return found;
}

static void each_fault_of_a_JWK_has_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum jeton_skip operator, fetched;
        bool kept; /* as an entry that allows nothing */
    } rows[] = {
        {"{" ED "}", JETON_SKIP_NONE, JETON_SKIP_NONE, true},
        {"{" ED ",\"use\":\"sig\",\"key_ops\":[\"verify\"],\"alg\":\"EdDSA\",\"x5c\":7}", JETON_SKIP_NONE,
         JETON_SKIP_NONE, true},
        {"[]", JETON_SKIP_NOT_OBJECT, JETON_SKIP_NOT_OBJECT, false},
        {"{\"crv\":\"Ed25519\"," X25519_X "}", JETON_SKIP_TYPE_UNKNOWN, JETON_SKIP_TYPE_UNKNOWN, false},
        {"{\"kty\":\"okp\",\"crv\":\"Ed25519\"," X25519_X "}", JETON_SKIP_TYPE_UNKNOWN, JETON_SKIP_TYPE_UNKNOWN, false},
        {"{\"kty\":\"OKP\"," X25519_X "}", JETON_SKIP_CURVE_UNKNOWN, JETON_SKIP_CURVE_UNKNOWN, false},
        {"{\"kty\":\"OKP\",\"crv\":\"P-256\"," X25519_X "}", JETON_SKIP_CURVE_UNKNOWN, JETON_SKIP_CURVE_UNKNOWN, false},
        {"{\"kty\":\"EC\",\"crv\":\"Ed25519\"," X25519_X "}", JETON_SKIP_CURVE_UNKNOWN, JETON_SKIP_CURVE_UNKNOWN,
         false},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", JETON_SKIP_MEMBER_MISSING, JETON_SKIP_MEMBER_MISSING, false},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1}", JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}", JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID,
         false},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp\"}",
         JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}",
         JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{" ED ",\"use\":1}", JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{" ED ",\"alg\":null}", JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{" ED ",\"key_ops\":\"verify\"}", JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{" ED ",\"key_ops\":[1]}", JETON_SKIP_MEMBER_INVALID, JETON_SKIP_MEMBER_INVALID, false},
        {"{" ED ",\"kid\":1}", JETON_SKIP_KID_INVALID, JETON_SKIP_KID_INVALID, false},
        {"{" ED ",\"use\":\"enc\"}", JETON_SKIP_USE, JETON_SKIP_USE, true},
        {"{" ED ",\"key_ops\":[\"sign\"]}", JETON_SKIP_KEY_OPS, JETON_SKIP_KEY_OPS, true},
        {"{" ED ",\"alg\":\"Ed448\"}", JETON_SKIP_ALG_UNSUITABLE, JETON_SKIP_ALG_UNSUITABLE, true},
        {"{" ED ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}", JETON_SKIP_NONE, JETON_SKIP_PRIVATE, true},
        {"{" ED ",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"key_ops\":[\"sign\"]}", JETON_SKIP_NONE,
         JETON_SKIP_PRIVATE, true},
        {"{" ED ",\"d\":\"AAAxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}", JETON_SKIP_KEY_INVALID, JETON_SKIP_PRIVATE,
         false},
        {"{\"kty\":\"oct\"," K32 "}", JETON_SKIP_NONE, JETON_SKIP_SYMMETRIC, true},
        {"{\"kty\":\"oct\"}", JETON_SKIP_MEMBER_MISSING, JETON_SKIP_SYMMETRIC, false},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", JETON_SKIP_KEY_WEAK, JETON_SKIP_SYMMETRIC, false},
        {"{\"kty\":\"oct\"," K32 ",\"alg\":\"HS512\"}", JETON_SKIP_ALG_UNSUITABLE, JETON_SKIP_SYMMETRIC, true},
        {"{" ED ",\"k\":\"AAAA\"}", JETON_SKIP_MEMBER_MISSING, JETON_SKIP_PRIVATE, false},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", JETON_SKIP_KEY_WEAK, JETON_SKIP_KEY_WEAK, false},
    };
    for (size_t i = 0; i < JT_COUNT(rows); i++)
        for (int fetched = 0; fetched < 2; fetched++) {
            struct jt_jwk_found found = read_one(rows[i].json, fetched ? JETON_ORIGIN_FETCHED : JETON_ORIGIN_OPERATOR);
            enum jeton_skip expected = fetched ? rows[i].fetched : rows[i].operator;
            if (found.skip != expected)
                fail_msg("%s: %s, expected %s", rows[i].json, jt_skip_name(found.skip), jt_skip_name(expected));
            bool refused = expected == JETON_SKIP_PRIVATE || expected == JETON_SKIP_SYMMETRIC;
            assert_int_equal(found.public_key != NULL || found.secret_key != NULL, rows[i].kept && !refused);
            jt_jwk_found_done(&found);
        }
}

static void RSA_sizes_are_2048_to_8192_and_4096_when_fetched(void **state)
{
    (void)state;
    static const struct {
        size_t bits;
        enum jeton_skip operator, fetched;
    } rows[] = {{2047, JETON_SKIP_KEY_WEAK, JETON_SKIP_KEY_WEAK}, {2048, JETON_SKIP_NONE, JETON_SKIP_NONE},
                {4096, JETON_SKIP_NONE, JETON_SKIP_NONE},         {4097, JETON_SKIP_NONE, JETON_SKIP_KEY_WEAK},
                {8192, JETON_SKIP_NONE, JETON_SKIP_KEY_WEAK},     {8193, JETON_SKIP_KEY_WEAK, JETON_SKIP_KEY_WEAK}};
    for (size_t i = 0; i < JT_COUNT(rows); i++)
        for (size_t zeros = 0; zeros < 2; zeros++) {
            unsigned char n[1040];
            char text[1400] = "", json[1500];
            size_t len = (rows[i].bits + 7) / 8 + zeros;
            memset(n, 0x5b, sizeof n);
            n[0] = 0;
            n[zeros] = (unsigned char)(1u << (rows[i].bits - 1) % 8);
            jt_base64url_encode(jeton_bytes(n, len), text);
            snprintf(json, sizeof json, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}", text);
            for (int fetched = 0; fetched < 2; fetched++) {
                struct jt_jwk_found found = read_one(json, fetched ? JETON_ORIGIN_FETCHED : JETON_ORIGIN_OPERATOR);
                enum jeton_skip expected = fetched ? rows[i].fetched : rows[i].operator;
                if (found.skip != expected)
                    fail_msg("%zu bits: %s (%s)", rows[i].bits, jt_skip_name(found.skip), found.detail.text);
                assert_int_equal(found.bits, rows[i].bits);
                jt_jwk_found_done(&found);
            }
        }
}

static void RSA_exponents_are_odd_from_3_to_2_64_less_1(void **state)
{
    (void)state;
    static const struct {
        const char *e;
        enum jeton_skip expected;
    } rows[] = {{"AQ", JETON_SKIP_KEY_WEAK},    {"Ag", JETON_SKIP_KEY_WEAK},      {"Aw", JETON_SKIP_NONE},
                {"AQAB", JETON_SKIP_NONE},      {"AAAD", JETON_SKIP_NONE},        {"AQAA", JETON_SKIP_KEY_WEAK},
                {"AA", JETON_SKIP_KEY_WEAK},    {"__________8", JETON_SKIP_NONE}, {"AQAAAAAAAAAB", JETON_SKIP_KEY_WEAK},
                {"", JETON_SKIP_MEMBER_INVALID}};
    unsigned char n[256];
    char text[400] = "", json[500];
    memset(n, 0xb7, sizeof n);
    jt_base64url_encode(jeton_bytes(n, sizeof n), text);
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        snprintf(json, sizeof json, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", text, rows[i].e);
        struct jt_jwk_found found = read_one(json, JETON_ORIGIN_OPERATOR);
        if (found.skip != rows[i].expected)
            fail_msg("e %s: %s (%s)", rows[i].e, jt_skip_name(found.skip), found.detail.text);
        jt_jwk_found_done(&found);
    }
}

static void labels_of_a_JWK_are_written_as_they_were(void **state)
{
    (void)state;
    const char *texts[] = {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X25519_X "}",
                           "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X25519_X ",\"kid\":\"\xc3\xa9\\\"\"}",
                           "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X25519_X
                           ",\"kid\":\"k\",\"use\":\"enc\",\"alg\":\"ECDH-ES\"}",
                           "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X25519_X ",\"use\":\"sig\",\"alg\":\"Ed25519\"}"};
    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        struct jt_public_jwk *jwk = NULL;
        struct jt_buffer buffer;
        jt_buffer_init(&buffer, 4096);
        assert_int_equal(jt_public_jwk_read(jeton_text(texts[i]), &jwk, NULL), JETON_OK);
        jt_jwk_write_public(&buffer, jwk);
        jt_buffer_add_byte(&buffer, 0);
        assert_string_equal((char *)buffer.at, texts[i]);
        jt_buffer_done(&buffer);
        jt_public_jwk_release(jwk);
    }
}

static void a_secret_key_is_written_into_secret_memory_alone_and_comes_back(void **state)
{
    (void)state;
    const char *algs[] = {"HS256", "RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed448"};
    for (size_t i = 0; i < JT_COUNT(algs); i++) {
        struct jt_secret_jwk *key = new_key(algs[i], "k"), *again = NULL;
        struct jt_buffer open, guarded;
        jt_buffer_init(&open, 8192);
        jt_buffer_init_secret(&guarded, 8192);
        assert_int_equal(jt_jwk_write_secret(&open, key), JETON_ARGUMENT_INVALID);
        assert_int_equal(open.len, 0);
        assert_int_equal(jt_jwk_write_secret(&guarded, key), JETON_OK);
        assert_int_equal(jt_secret_jwk_read(jt_buffer_bytes(&guarded), &again, NULL), JETON_OK);
        assert_string_equal(again->about.thumbprint, key->about.thumbprint);
        assert_ptr_equal(again->about.alg, key->about.alg);
        assert_true(jt_bytes_equal(again->about.kid, JT_TEXT("k")));
        jt_secret_jwk_release(again);
        jt_buffer_done(&guarded);
        jt_buffer_done(&open);
        jt_secret_jwk_release(key);
    }
}

static void key_files_that_are_none_are_refused_with_a_sentence(void **state)
{
    (void)state;
    const char *texts[] = {"",
                           " ",
                           "{",
                           "[]",
                           "{}",
                           "{\"keys\":[]}",
                           "{\"kty\":\"oct\"," K32 "}",
                           "hello",
                           "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                           "\x30\x03\x02\x01\x01"};
    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        struct jt_public_jwk *jwk = NULL;
        struct jeton_detail detail = {""};
        if (jt_public_jwk_read(jeton_text(texts[i]), &jwk, &detail) != JETON_KEY_INVALID)
            fail_msg("\"%s\" was read", texts[i]);
        assert_true(detail.text[0] != '\0');
        assert_null(jwk);
    }
    struct jt_secret_jwk *secret = NULL;
    assert_int_equal(jt_secret_jwk_read(JT_TEXT("{" ED "}"), &secret, NULL), JETON_KEY_INVALID);
    assert_null(secret);
}

static void a_PEM_key_gets_its_thumbprint_as_kid_only_when_it_is_written(void **state)
{
    (void)state;
    struct jeton_bytes pem = read_vector("keys/prime256v1.spki.pem");
    struct jt_public_jwk *jwk = NULL;
    struct jt_buffer buffer;
    char expected[128];
    jt_buffer_init(&buffer, 4096);
    assert_int_equal(jt_public_jwk_read(pem, &jwk, NULL), JETON_OK);
    assert_null(jwk->about.kid.at);
    jt_jwk_write_public(&buffer, jwk);
    jt_buffer_add_byte(&buffer, 0);
    snprintf(expected, sizeof expected, ",\"kid\":\"%s\",\"use\":\"sig\"}", jwk->about.thumbprint);
    assert_non_null(strstr((char *)buffer.at, expected));
    jt_buffer_done(&buffer);
    jt_public_jwk_release(jwk);
    free((void *)(uintptr_t)pem.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_of_a_JWK_has_its_reason),
        cmocka_unit_test(RSA_sizes_are_2048_to_8192_and_4096_when_fetched),
        cmocka_unit_test(RSA_exponents_are_odd_from_3_to_2_64_less_1),
        cmocka_unit_test(labels_of_a_JWK_are_written_as_they_were),
        cmocka_unit_test(a_secret_key_is_written_into_secret_memory_alone_and_comes_back),
        cmocka_unit_test(key_files_that_are_none_are_refused_with_a_sentence),
        cmocka_unit_test(a_PEM_key_gets_its_thumbprint_as_kid_only_when_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
