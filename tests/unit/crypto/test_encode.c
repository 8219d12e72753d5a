/* SPDX-License-Identifier: Apache-2.0 */
/* What key is in this file? Every structure and label that OpenSSL's own command writes (tests/vectors/keys), and what
 * jeton writes itself; then everything that is no key, or not one to sign tokens with. */
#include "crypto_test.h"

#include "base/buffer.h"

static struct jt_public_key *read_public(const char *name)
{
    char path[128];
    struct jeton_bytes text;
    struct jeton_detail detail = {{0}};
    struct jt_public_key *key = NULL;
    snprintf(path, sizeof path, "keys/%s", name);
    unsigned char *at = read_vectors(path, &text);
    if (jt_public_key_decode(text, &JT_KEY_RULES_OPERATOR, &key, &detail) != JETON_OK)
        fail_msg("%s: %s", name, detail.text);
    free(at);
    return key;
}

static struct jt_secret_key *read_secret(const char *name)
{
    char path[128];
    struct jeton_bytes text;
    struct jeton_detail detail = {{0}};
    struct jt_secret_key *key = NULL;
    snprintf(path, sizeof path, "keys/%s", name);
    unsigned char *at = read_vectors(path, &text);
    if (jt_secret_key_decode(text, &JT_KEY_RULES_OPERATOR, &key, &detail) != JETON_OK)
        fail_msg("%s: %s", name, detail.text);
    free(at);
    return key;
}

static bool same_public(const struct jt_public_key *one, const struct jt_public_key *two)
{
    struct jt_key_numbers a, b;
    jt_public_key_numbers(one, &a);
    jt_public_key_numbers(two, &b);
    return a.type == b.type && a.curve == b.curve && jt_bytes_equal(a.n, b.n) && jt_bytes_equal(a.e, b.e) &&
           jt_bytes_equal(a.x, b.x) && jt_bytes_equal(a.y, b.y);
}

static void each_file_of_one_key_says_the_same(void **state)
{
    (void)state;
    static const char *const families[][7] = {
        {"rsa.pkcs8.pem", "rsa.pkcs1.pem", "rsa.spki.pem", "rsa.pkcs1-public.pem", "rsa.certificate.pem"},
        {"prime256v1.pkcs8.pem", "prime256v1.sec1.pem", "prime256v1.no-public.pem", "prime256v1.spki.pem",
         "prime256v1-compressed.spki.pem", "prime256v1.certificate.pem"},
        {"secp384r1.pkcs8.pem", "secp384r1.spki.pem"},
        {"secp521r1.pkcs8.pem", "secp521r1.spki.pem"},
        {"secp256k1.pkcs8.pem", "secp256k1.spki.pem"},
        {"ed25519.pkcs8.pem", "ed25519.spki.pem", "ed25519.certificate.pem"},
        {"ed448.pkcs8.pem", "ed448.spki.pem"},
    };
    for (size_t i = 0; i < JT_COUNT(families); i++) {
        struct jt_public_key *first = read_public(families[i][0]);
        for (size_t j = 1; j < 7 && families[i][j] != NULL; j++) {
            struct jt_public_key *other = read_public(families[i][j]);
            if (!same_public(first, other))
                fail_msg("%s and %s", families[i][0], families[i][j]);
            jt_public_key_release(other);
        }
        jt_public_key_release(first);
    }
}

static void private_keys_are_read_whole_and_sign(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct jt_method method;
    } files[] = {
        {"rsa.pkcs8.pem", {JT_SCHEME_RSA_PSS, JT_HASH_SHA256}},
        {"rsa.pkcs1.pem", {JT_SCHEME_RSA_PKCS1, JT_HASH_SHA512}},
        {"prime256v1.pkcs8.pem", {JT_SCHEME_ECDSA, JT_HASH_SHA256}},
        {"prime256v1.sec1.pem", {JT_SCHEME_ECDSA, JT_HASH_SHA256}},
        {"prime256v1.no-public.pem", {JT_SCHEME_ECDSA, JT_HASH_SHA256}},
        {"secp384r1.pkcs8.pem", {JT_SCHEME_ECDSA, JT_HASH_SHA384}},
        {"secp521r1.pkcs8.pem", {JT_SCHEME_ECDSA, JT_HASH_SHA512}},
        {"secp256k1.pkcs8.pem", {JT_SCHEME_ECDSA, JT_HASH_SHA256}},
        {"ed25519.pkcs8.pem", {JT_SCHEME_EDDSA, JT_HASH_NONE}},
        {"ed448.pkcs8.pem", {JT_SCHEME_EDDSA, JT_HASH_NONE}},
    };
    for (size_t i = 0; i < JT_COUNT(files); i++) {
        struct jt_secret_key *key = read_secret(files[i].name);
        struct jt_public_key *half = read_public(files[i].name);
        unsigned char signature[512];
        size_t len = 0;
        assert_int_equal(jt_sign(key, files[i].method, JT_TEXT("x"), signature, sizeof signature, &len), JETON_OK);
        assert_int_equal(jt_verify(half, files[i].method, JT_TEXT("x"), jeton_bytes(signature, len)), JETON_OK);
        jt_public_key_release(half);
        jt_secret_key_release(key);
    }
}

/* S2.16: PKCS#8 private, SPKI public, round trip; PEM and DER. */
static void S2_16_what_jeton_writes_it_reads_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        struct jt_secret_key *key = case_key(&method_cases[i]);
        if (key == NULL)
            continue;
        struct jt_public_key *half = public_half(key);
        for (unsigned pem = 0; pem < 2; pem++) {
            struct jt_buffer text, secret_text;
            struct jt_public_key *half_again = NULL, *of_secret = NULL;
            struct jt_secret_key *key_again = NULL;
            jt_buffer_init(&text, 16384);
            jt_buffer_init_secret(&secret_text, 16384);
            assert_int_equal(jt_public_key_encode(half, pem, &text), JETON_OK);
            assert_int_equal(jt_secret_key_encode(key, pem, &secret_text), JETON_OK);
            assert_int_equal(jt_public_key_decode(jt_buffer_bytes(&text), &JT_KEY_RULES_OPERATOR, &half_again, NULL),
                             JETON_OK);
            assert_int_equal(
                jt_secret_key_decode(jt_buffer_bytes(&secret_text), &JT_KEY_RULES_OPERATOR, &key_again, NULL),
                JETON_OK);
            of_secret = public_half(key_again);
            assert_true(same_public(half, half_again));
            assert_true(same_public(half, of_secret));
            if (pem) {
                assert_true(jt_bytes_start(jt_buffer_bytes(&text), JT_TEXT("-----BEGIN PUBLIC KEY-----\n")));
                assert_true(jt_bytes_start(jt_buffer_bytes(&secret_text), JT_TEXT("-----BEGIN PRIVATE KEY-----\n")));
            }
            /* a public key is not a private one */
            struct jeton_detail detail = {{0}};
            struct jt_secret_key *none = NULL;
            assert_int_equal(jt_secret_key_decode(jt_buffer_bytes(&text), &JT_KEY_RULES_OPERATOR, &none, &detail),
                             JETON_KEY_INVALID);
            assert_non_null(strstr(detail.text, "public"));
            assert_null(none);
            jt_public_key_release(half_again);
            jt_public_key_release(of_secret);
            jt_secret_key_release(key_again);
            jt_buffer_done(&text);
            jt_buffer_done(&secret_text);
        }
        jt_public_key_release(half);
        jt_secret_key_release(key);
    }
}

static void private_forms_go_to_secret_buffers_alone(void **state)
{
    (void)state;
    struct jt_secret_key *key = case_key(&method_cases[6]), *oct = NULL;
    struct jt_buffer text;
    jt_buffer_init(&text, 16384);
    assert_int_equal(jt_secret_key_encode(key, true, &text), JETON_ARGUMENT_INVALID);
    assert_int_equal(text.len, 0);
    jt_buffer_done(&text);
    jt_buffer_init_secret(&text, 16384);
    assert_int_equal(jt_secret_key_generate(JT_KEY_OCT, JT_CURVE_NONE, 256, &oct, NULL), JETON_OK);
    assert_int_equal(jt_secret_key_encode(oct, true, &text), JETON_KEY_INVALID);
    jt_buffer_done(&text);
    jt_buffer_init_secret(&text, 100); /* born too small */
    assert_int_not_equal(jt_secret_key_encode(key, true, &text), JETON_OK);
    jt_buffer_done(&text);
    jt_secret_key_release(oct);
    jt_secret_key_release(key);
}

/* The file and a word that the detail must have. */
static void refused(const char *name, struct jeton_bytes text, const char *word)
{
    struct jt_public_key *key = NULL;
    struct jt_secret_key *secret = NULL;
    struct jeton_detail detail = {{0}};
    enum jeton_status status = jt_public_key_decode(text, &JT_KEY_RULES_OPERATOR, &key, &detail);
    if (status != JETON_KEY_INVALID || key != NULL || strstr(detail.text, word) == NULL)
        fail_msg("%s: %s, \"%s\"", name, jeton_status_code(status), detail.text);
    assert_int_equal(jt_secret_key_decode(text, &JT_KEY_RULES_OPERATOR, &secret, &detail), JETON_KEY_INVALID);
    assert_null(secret);
}

static void keys_of_other_kinds_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"encrypted.pkcs8.pem", "encrypted"},
        {"encrypted.pkcs8.der", "encrypted"},
        {"encrypted.sec1.pem", "encrypted"},
        {"rsa1024.pkcs8.pem", "1024 bits"},
        {"rsa-pss.pkcs8.pem", "RSA-PSS"},
        {"rsa-pss.spki.pem", "RSA-PSS"},
        {"prime256v1-explicit.spki.pem", "naming"},
        {"secp224r1.pkcs8.pem", "curve"},
        {"secp224r1.spki.pem", "curve"},
        {"x25519.pkcs8.pem", "X25519"},
        {"x25519.spki.pem", "X25519"},
        {"prime256v1.request.pem", "no key"},
    };
    for (size_t i = 0; i < JT_COUNT(files); i++) {
        char path[128];
        struct jeton_bytes text;
        snprintf(path, sizeof path, "keys/%s", files[i][0]);
        unsigned char *at = read_vectors(path, &text);
        refused(files[i][0], text, files[i][1]);
        free(at);
    }
}

static void a_key_of_three_primes_verifies_but_does_not_sign(void **state)
{
    (void)state;
    struct jeton_bytes text;
    struct jt_secret_key *key = NULL;
    unsigned char *at = read_vectors("keys/rsa-3-primes.pkcs8.pem", &text);
    assert_int_equal(jt_secret_key_decode(text, &JT_KEY_RULES_OPERATOR, &key, NULL), JETON_KEY_INVALID);
    assert_null(key);
    free(at);
    jt_public_key_release(read_public("rsa-3-primes.pkcs8.pem"));
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    refused("empty", jeton_bytes(NULL, 0), "empty");
    refused("text", JT_TEXT("hello"), "neither");
    refused("one sequence", JT_TEXT("\x30\x00"), "neither");
    refused("a JWK", JT_TEXT("{\"kty\":\"oct\",\"k\":\"AAAA\"}"), "neither");
    refused("no end", JT_TEXT("-----BEGIN PUBLIC KEY-----\nMFkwEwYH\n"), "damaged");
    refused("no base64", JT_TEXT("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----\n"), "damaged");
    refused("wrong end", JT_TEXT("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "damaged");
    refused("no DER", JT_TEXT("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "PUBLIC KEY");
    refused("SSH", JT_TEXT("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"),
            "OPENSSH");
    char *large = calloc(1, (1 << 20) + 1);
    assert_non_null(large);
    refused("over 1 MiB", jeton_bytes(large, (1 << 20) + 1), "1 MiB");
    refused("1 MiB of zeros", jeton_bytes(large, 1 << 20), "neither");
    free(large);
}

static void der_is_told_by_content_and_taken_whole(void **state)
{
    (void)state;
    struct jt_secret_key *key = case_key(&method_cases[6]);
    struct jt_public_key *half = public_half(key), *read = NULL;
    struct jt_buffer der;
    jt_buffer_init(&der, 4096);
    assert_int_equal(jt_public_key_encode(half, false, &der), JETON_OK);
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(jt_public_key_decode(jeton_bytes(der.at, len), &JT_KEY_RULES_OPERATOR, &read, NULL),
                         JETON_KEY_INVALID);
    jt_buffer_add_byte(&der, 0);
    assert_int_equal(jt_public_key_decode(jt_buffer_bytes(&der), &JT_KEY_RULES_OPERATOR, &read, NULL),
                     JETON_KEY_INVALID);
    assert_null(read);
    jt_buffer_done(&der);
    jt_public_key_release(half);
    jt_secret_key_release(key);
}

static void the_first_key_wins_and_text_around_it_is_skipped(void **state)
{
    (void)state;
    struct jeton_bytes rsa, ec, request;
    unsigned char *held[] = {read_vectors("keys/rsa.spki.pem", &rsa), read_vectors("keys/prime256v1.spki.pem", &ec),
                             read_vectors("keys/prime256v1.request.pem", &request)};
    struct jt_public_key *key = NULL;
    struct jt_buffer text;
    jt_buffer_init(&text, 16384);
    jt_buffer_add_text(&text, "0 A note of the operator\r\nBag Attributes\n    friendlyName: x\n");
    jt_buffer_add(&text, request);
    jt_buffer_add(&text, ec);
    jt_buffer_add_text(&text, "\nmore text\n");
    jt_buffer_add(&text, rsa);
    assert_int_equal(jt_public_key_decode(jt_buffer_bytes(&text), &JT_KEY_RULES_OPERATOR, &key, NULL), JETON_OK);
    assert_int_equal(jt_public_key_shape(key).type, JT_KEY_EC);
    jt_public_key_release(key);
    jt_buffer_done(&text);
    for (size_t i = 0; i < JT_COUNT(held); i++)
        free(held[i]);
}

static void fetched_rules_hold_for_files_too(void **state)
{
    (void)state;
    struct jeton_bytes text;
    struct jt_public_key *key = NULL;
    unsigned char *at = read_vectors("keys/rsa.spki.pem", &text);
    const struct jt_key_rules strict = {3072, 4096};
    assert_int_equal(jt_public_key_decode(text, &strict, &key, NULL), JETON_KEY_INVALID);
    assert_null(key);
    free(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_of_one_key_says_the_same),
        cmocka_unit_test(private_keys_are_read_whole_and_sign),
        cmocka_unit_test(S2_16_what_jeton_writes_it_reads_again),
        cmocka_unit_test(private_forms_go_to_secret_buffers_alone),
        cmocka_unit_test(keys_of_other_kinds_are_refused_by_name),
        cmocka_unit_test(a_key_of_three_primes_verifies_but_does_not_sign),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(der_is_told_by_content_and_taken_whole),
        cmocka_unit_test(the_first_key_wins_and_text_around_it_is_skipped),
        cmocka_unit_test(fetched_rules_hold_for_files_too),
    };
    return cmocka_run_group_tests_name("encode", tests, NULL, release_rsa_key);
}
