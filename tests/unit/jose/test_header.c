/* SPDX-License-Identifier: Apache-2.0 */
/* Are token and header read as RFC 7515 §4 and §7.1 say, and nothing else? */
#include "jose_test.h"

static char memory[1 << 16];

static enum jeton_status read_header(const char *json, struct jt_header *out)
{
    struct jt_arena arena;
    struct jeton_detail detail = {""};
    jt_arena_init(&arena, memory, sizeof memory);
    enum jeton_status status = jt_header_read(jeton_text(json), &arena, out, &detail);
    assert_int_equal(status != JETON_OK, detail.text[0] != '\0');
    return status;
}

static void members_of_a_header_are_typed(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum jeton_status expected;
    } rows[] = {
        {"{\"alg\":\"ES256\"}", JETON_OK},
        {" {\"alg\" : \"ES256\"}\r\n", JETON_OK},
        {"{\"alg\":\"\"}", JETON_OK}, /* unknown, which is the algorithm check's */
        {"{\"alg\":\"ES256\",\"kid\":\"\",\"typ\":\"\",\"cty\":\"x\"}", JETON_OK},
        {"{\"alg\":\"ES256\",\"jku\":1,\"jwk\":[],\"x5c\":{},\"x5u\":null,\"x5t\":false}", JETON_OK},
        {"{\"alg\":\"ES256\",\"crit\":1}", JETON_OK}, /* the crit check's */
        {"{\"alg\":\"ES256\",\"b64\":false,\"crit\":[\"b64\"]}", JETON_OK},
        {"{}", JETON_HEADER_INVALID},
        {"[]", JETON_HEADER_INVALID},
        {"\"ES256\"", JETON_HEADER_INVALID},
        {"null", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\"", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\"}{}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",}", JETON_HEADER_INVALID},
        {"{'alg':'ES256'}", JETON_HEADER_INVALID},
        {"\xef\xbb\xbf{\"alg\":\"ES256\"}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\xff\"}", JETON_HEADER_INVALID},
        {"{\"ALG\":\"ES256\"}", JETON_HEADER_INVALID},
        {"{\"alg\":null}", JETON_HEADER_INVALID},
        {"{\"alg\":[\"ES256\"]}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"kid\":1}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"kid\":null}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"typ\":{}}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"cty\":false}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"b64\":true}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"b64\":false}", JETON_HEADER_INVALID},
        {"{\"alg\":\"ES256\",\"kid\":\"a\",\"kid\":\"a\"}", JETON_HEADER_INVALID},
    };
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        struct jt_header header;
        enum jeton_status status = read_header(rows[i].json, &header);
        if (status != rows[i].expected)
            fail_msg("%s: %s", rows[i].json, jeton_status_code(status));
    }
}

static void texts_of_a_header_are_unescaped_and_may_hold_NUL(void **state)
{
    (void)state;
    struct jt_header header;
    assert_int_equal(read_header("{\"alg\":\"\\u0045S256\",\"kid\":\"a\\u0000\\n\",\"typ\":\"J\\u0057T\"}", &header),
                     JETON_OK);
    assert_non_null(header.algorithm);
    assert_true(jt_bytes_equal(header.kid, jeton_bytes("a\0\n", 3)));
    assert_true(jt_bytes_equal(header.typ, JT_TEXT("JWT")));
    assert_int_equal(read_header("{\"alg\":\"ES256\"}", &header), JETON_OK);
    assert_null(header.kid.at);
    assert_null(header.typ.at);
    assert_int_equal(read_header("{\"alg\":\"ES256\",\"kid\":\"\"}", &header), JETON_OK);
    assert_non_null(header.kid.at);
}

static void algorithm_names_are_found_byte_for_byte(void **state)
{
    (void)state;
    const char *unknown[] = {"none", "es256", "ES256 ", "ES25", "ES2567", "", "HS", "RS1", "A128KW", "dir", "ECDH-ES"};
    for (size_t i = 0; i < JT_COUNT(unknown); i++)
        assert_null(jt_algorithm_find(jeton_text(unknown[i])));
    for (size_t i = 0; jt_algorithm_at(i) != NULL; i++)
        assert_ptr_equal(jt_algorithm_find(jt_algorithm_name(jt_algorithm_at(i))), jt_algorithm_at(i));
    assert_null(jt_algorithm_find(jeton_bytes("ES256\0", 6)));
}

static void a_token_has_three_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum jeton_status expected;
    } rows[] = {
        {"e30.e30.AA", JETON_OK},
        {"e30..", JETON_OK}, /* an empty payload is a JWT's affair */
        {"e30.e30.", JETON_OK},
        {"", JETON_TOKEN_MISSING},
        {".", JETON_TOKEN_MALFORMED},
        {"..", JETON_TOKEN_MALFORMED},
        {".e30.AA", JETON_TOKEN_MALFORMED},
        {"e30", JETON_TOKEN_MALFORMED},
        {"e30.e30", JETON_TOKEN_MALFORMED},
        {"e30.e30.AA.AA", JETON_TOKEN_MALFORMED},
        {"e30.e30.AA.", JETON_TOKEN_MALFORMED},
        {"e30.e30.A", JETON_TOKEN_MALFORMED},
        {"e30.e30.AB", JETON_TOKEN_MALFORMED},
        {"e31.e30.AA", JETON_TOKEN_MALFORMED},
        {"e30=.e30.AA", JETON_TOKEN_MALFORMED},
        {" e30.e30.AA", JETON_TOKEN_MALFORMED},
        {"e30.e30.AA\n", JETON_TOKEN_MALFORMED},
        {"e30.e30.A+", JETON_TOKEN_MALFORMED},
        {"e30.e30.A/", JETON_TOKEN_MALFORMED},
        {"e30.e30.AA.AA.AA", JETON_TOKEN_MALFORMED},
    };
    for (size_t i = 0; i < JT_COUNT(rows); i++) {
        struct jt_arena arena;
        struct jt_token token;
        struct jeton_detail detail = {""};
        jt_arena_init(&arena, memory, sizeof memory);
        enum jeton_status status = jt_token_read(jeton_text(rows[i].text), &arena, &token, &detail);
        if (status != rows[i].expected)
            fail_msg("%s: %s", rows[i].text, jeton_status_code(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_a_header_are_typed),
        cmocka_unit_test(texts_of_a_header_are_unescaped_and_may_hold_NUL),
        cmocka_unit_test(algorithm_names_are_found_byte_for_byte),
        cmocka_unit_test(a_token_has_three_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
