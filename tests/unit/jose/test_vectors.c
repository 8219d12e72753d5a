/* SPDX-License-Identifier: Apache-2.0 */
/* Does jose agree with the examples of the RFCs, in both directions? */
#include "jose_test.h"

static struct jeton_bytes trimmed(struct jeton_bytes text)
{
    while (text.len > 0 && (((const char *)text.at)[text.len - 1] == '\n'))
        text.len--;
    return text;
}

static char *file_text(const char *path)
{
    struct jeton_bytes text = trimmed(read_vector(path));
    ((char *)(uintptr_t)text.at)[text.len] = '\0';
    return (char *)(uintptr_t)text.at;
}

static char *as_set(const char *jwk)
{
    char *json = malloc(strlen(jwk) + 16);
    assert_non_null(json);
    sprintf(json, "{\"keys\":[%s]}", jwk);
    return json;
}

static void check_example(const char *key_file, const char *token_file)
{
    char *jwk = file_text(key_file), *token = file_text(token_file), *json = as_set(jwk);
    struct jt_keyset *set = set_of(json);
    assert_int_equal(jt_keyset_count(set), 1);
    assert_int_equal(judge_jws(jeton_text(token), set), JETON_OK);
    char *first = strchr(token, '.') + 1; /* of the payload */
    *first = *first == 'e' ? 'f' : 'e';
    assert_int_equal(judge_jws(jeton_text(token), set), JETON_SIGNATURE_INVALID);
    jt_keyset_free(set);
    free(json);
    free(token);
    free(jwk);
}

static void RFC_7515_A1_to_A4_fit_and_their_changed_twins_do_not(void **state)
{
    (void)state;
    check_example("rfc/rfc7515_A.1.jwk", "rfc/rfc7515_A.1.jwsc");
    check_example("rfc/rfc7515_A.2.jwk", "rfc/rfc7515_A.2.jwsc");
    check_example("rfc/rfc7515_A.3.jwk", "rfc/rfc7515_A.3.jwsc");
    check_example("rfc/rfc7515_A.4.jwk", "rfc/rfc7515_A.4.jwsc");
}

static void RFC_7515_A5_with_alg_none_is_refused(void **state)
{
    (void)state;
    char *jwk = file_text("rfc/rfc7515_A.2.jwk"), *token = file_text("rfc/rfc7515_A.5.jwsc"), *json = as_set(jwk);
    struct jt_keyset *set = set_of(json);
    assert_int_equal(judge_jws(jeton_text(token), set), JETON_ALG_NOT_ALLOWED);
    jt_keyset_free(set);
    free(json);
    free(token);
    free(jwk);
}

struct tally {
    size_t keys;
    enum jeton_skip skip[8];
    char thumbprint[8][64];
};

static void take_note(void *context, const struct jeton_key_note *note)
{
    struct tally *tally = context;
    assert_int_equal(note->index, tally->keys);
    tally->skip[tally->keys] = note->skip;
    snprintf(tally->thumbprint[tally->keys++], 64, "%s", note->thumbprint);
}

static struct tally tally_of(const char *file, enum jeton_origin origin, enum jeton_status expected)
{
    struct tally tally = {0};
    struct jeton_bytes text = read_vector(file);
    struct jt_keyset *set = new_set();
    assert_int_equal(jt_keyset_read_jwks(set, text, origin, take_note, &tally, NULL), expected);
    jt_keyset_free(set);
    free((void *)(uintptr_t)text.at);
    return tally;
}

static void RFC_7517_A1_public_keys_are_read_and_the_encryption_key_is_told(void **state)
{
    (void)state;
    struct tally tally = tally_of("rfc/rfc7517_A.1.jwkset", JETON_ORIGIN_FETCHED, JETON_OK);
    assert_int_equal(tally.keys, 2);
    assert_int_equal(tally.skip[0], JETON_SKIP_USE);
    assert_int_equal(tally.skip[1], JETON_SKIP_NONE);
    assert_string_equal(tally.thumbprint[1], "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"); /* RFC 7638 §3.1 */
}

static void RFC_7517_A2_private_keys_are_for_the_operator_alone(void **state)
{
    (void)state;
    struct tally own = tally_of("rfc/rfc7517_A.2.jwkset", JETON_ORIGIN_OPERATOR, JETON_OK);
    assert_int_equal(own.skip[0], JETON_SKIP_USE);
    assert_int_equal(own.skip[1], JETON_SKIP_NONE);
    struct tally fetched = tally_of("rfc/rfc7517_A.2.jwkset", JETON_ORIGIN_FETCHED, JETON_KEY_INVALID);
    assert_int_equal(fetched.skip[0], JETON_SKIP_PRIVATE);
    assert_int_equal(fetched.skip[1], JETON_SKIP_PRIVATE);
}

static void RFC_7517_A3_symmetric_keys_are_for_the_operator_alone(void **state)
{
    (void)state;
    struct tally own = tally_of("rfc/rfc7517_A.3.jwkset", JETON_ORIGIN_OPERATOR, JETON_OK);
    assert_int_equal(own.skip[0], JETON_SKIP_KEY_WEAK); /* 16 bytes, for A128KW */
    assert_int_equal(own.skip[1], JETON_SKIP_NONE);
    struct tally fetched = tally_of("rfc/rfc7517_A.3.jwkset", JETON_ORIGIN_FETCHED, JETON_KEY_INVALID);
    assert_int_equal(fetched.skip[0], JETON_SKIP_SYMMETRIC);
    assert_int_equal(fetched.skip[1], JETON_SKIP_SYMMETRIC);
}

static void RFC_7517_B_certificate_chain_is_not_looked_at(void **state)
{
    (void)state;
    struct jeton_bytes text = read_vector("rfc/rfc7517_B.jwk");
    struct jt_public_jwk *jwk = NULL;
    assert_int_equal(jt_public_jwk_read(text, &jwk, NULL), JETON_OK);
    assert_int_equal(jwk->about.shape.bits, 2048);
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, 4096);
    jt_jwk_write_public(&buffer, jwk);
    jt_buffer_add_byte(&buffer, 0);
    assert_null(strstr((const char *)buffer.at, "x5c"));
    jt_buffer_done(&buffer);
    jt_public_jwk_release(jwk);
    free((void *)(uintptr_t)text.at);
}

static void RFC_7638_thumbprint_is_the_example(void **state)
{
    (void)state;
    char *text = file_text("rfc/rfc7638_3.1.jwk"), *expected = file_text("rfc/rfc7638_3.1.thp");
    struct jt_public_jwk *jwk = NULL;
    assert_int_equal(jt_public_jwk_read(jeton_text(text), &jwk, NULL), JETON_OK);
    assert_string_equal(jwk->about.thumbprint, expected);
    jt_public_jwk_release(jwk);
    free(expected);
    free(text);
}

static void RFC_8037_A3_thumbprint_of_an_OKP_key_is_the_example(void **state)
{
    (void)state;
    struct jt_public_jwk *jwk = NULL;
    assert_int_equal(jt_public_jwk_read(JT_TEXT("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
                                                "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
                                        &jwk, NULL),
                     JETON_OK);
    assert_string_equal(jwk->about.thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    jt_public_jwk_release(jwk);
}

/* RFC 7520 §4.1 to §4.4, RFC 8037 A.4: fits; and what can be made again comes out the same. */
static void check_cookbook(const char *file, bool same_again)
{
    struct vectors v = load_vectors(file);
    struct jt_json input = member(v.json, "input");
    struct jeton_bytes compact = jt_json_string(member(member(v.json, "output"), "compact"));
    char *jwk = json_text(member(input, "key")), *json = as_set(jwk);
    struct jt_keyset *set = set_of(json);
    assert_int_equal(judge_jws(compact, set), JETON_OK);

    struct jt_secret_jwk *key = NULL;
    struct jt_buffer token;
    jt_buffer_init(&token, 8192);
    assert_int_equal(jt_secret_jwk_read(jeton_text(jwk), &key, NULL), JETON_OK);
    struct jeton_bytes header_text = jt_json_string(member(member(v.json, "signing"), "protected_b64u"));
    unsigned char header[512];
    assert_true(jt_base64url_decode(header_text, header));
    const struct jt_algorithm *alg = jt_algorithm_find(jt_json_string(member(input, "alg")));
    assert_int_equal(jt_sign_jws(key, alg, jeton_bytes(header, jt_base64url_decoded(header_text.len)),
                                 jt_json_string(member(input, "payload")), &token, NULL),
                     JETON_OK);
    assert_int_equal(jt_bytes_equal(jt_buffer_bytes(&token), compact), same_again);
    assert_int_equal(judge_jws(jt_buffer_bytes(&token), set), JETON_OK);

    jt_buffer_done(&token);
    jt_secret_jwk_release(key);
    jt_keyset_free(set);
    free(json);
    free(jwk);
    free(v.memory);
}

static void RFC_7520_compact_JWS_fit_and_the_deterministic_ones_are_made_again(void **state)
{
    (void)state;
    check_cookbook("jose-cookbook/4_1.rsa_v15_signature.json", true);
    check_cookbook("jose-cookbook/4_2.rsa-pss_signature.json", false);
    check_cookbook("jose-cookbook/4_3.ecdsa_signature.json", false);
    check_cookbook("jose-cookbook/4_4.hmac-sha2_integrity_protection.json", true);
}

static void RFC_8037_A4_signature_fits_and_is_made_again(void **state)
{
    (void)state;
    check_cookbook("jose-cookbook/ed25519.json", true);
}

static void RFC_7520_section_3_keys_are_read(void **state)
{
    (void)state;
    const char *files[] = {"3.1", "3.2", "3.3", "3.4", "3.5"};
    for (size_t i = 0; i < JT_COUNT(files); i++) {
        char path[64];
        snprintf(path, sizeof path, "rfc/rfc7520_%s.jwk", files[i]);
        struct jeton_bytes text = read_vector(path);
        struct jt_keyset *set = new_set();
        struct jeton_detail detail = {""};
        if (jt_keyset_read(set, text, JETON_ORIGIN_OPERATOR, NULL, NULL, &detail) != JETON_OK)
            fail_msg("%s: %s", path, detail.text);
        assert_int_equal(jt_keyset_count(set), 1);
        jt_keyset_free(set);
        free((void *)(uintptr_t)text.at);
    }
}

static void RFC_7520_section_3_6_encryption_key_allows_nothing(void **state)
{
    (void)state;
    struct jeton_bytes text = read_vector("rfc/rfc7520_3.6.jwk");
    struct jt_keyset *set = new_set();
    assert_int_equal(jt_keyset_read(set, text, JETON_ORIGIN_OPERATOR, NULL, NULL, NULL), JETON_OK);
    assert_int_equal(jt_keyset_count(set), 0);
    assert_int_equal(jt_keyset_skipped(set), 1);
    jt_keyset_free(set);
    free((void *)(uintptr_t)text.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(RFC_7515_A1_to_A4_fit_and_their_changed_twins_do_not),
        cmocka_unit_test(RFC_7515_A5_with_alg_none_is_refused),
        cmocka_unit_test(RFC_7517_A1_public_keys_are_read_and_the_encryption_key_is_told),
        cmocka_unit_test(RFC_7517_A2_private_keys_are_for_the_operator_alone),
        cmocka_unit_test(RFC_7517_A3_symmetric_keys_are_for_the_operator_alone),
        cmocka_unit_test(RFC_7517_B_certificate_chain_is_not_looked_at),
        cmocka_unit_test(RFC_7638_thumbprint_is_the_example),
        cmocka_unit_test(RFC_8037_A3_thumbprint_of_an_OKP_key_is_the_example),
        cmocka_unit_test(RFC_7520_compact_JWS_fit_and_the_deterministic_ones_are_made_again),
        cmocka_unit_test(RFC_8037_A4_signature_fits_and_is_made_again),
        cmocka_unit_test(RFC_7520_section_3_keys_are_read),
        cmocka_unit_test(RFC_7520_section_3_6_encryption_key_allows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
