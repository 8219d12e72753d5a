/* SPDX-License-Identifier: Apache-2.0 */
/* Does every label of Wycheproof hold for signatures, MACs and AES-GCM? Labels that jeton does not follow stand in
 * tests/vectors/wycheproof/overrides.json with a reason. */
#include "crypto_test.h"

#include "base/arena.h"
#include "base/json.h"

struct file {
    struct jt_json json;
    unsigned char *text;
    void *memory;
};

static struct file file_open(const char *name)
{
    char path[128];
    struct jeton_bytes text;
    struct file file;
    struct jt_arena arena;
    struct jeton_detail detail = {{0}};
    snprintf(path, sizeof path, "wycheproof/%s", name);
    file.text = read_vectors(path, &text);
    size_t room = jt_json_arena_size(text.len);
    file.memory = malloc(room);
    assert_non_null(file.memory);
    jt_arena_init(&arena, file.memory, room);
    if (jt_json_read(text, JT_JSON_KEYS, &arena, &file.json, &detail) != JETON_OK)
        fail_msg("%s: %s", name, detail.text);
    return file;
}

static void file_close(struct file *file)
{
    free(file->memory);
    free(file->text);
}

static struct jeton_bytes text_of(struct jt_json object, const char *name)
{
    return jt_json_string(jt_json_get(object, jeton_text(name)));
}

static unsigned number_of(struct jt_json object, const char *name)
{
    uint64_t number = 0;
    assert_true(jt_bytes_number(jt_json_number(jt_json_get(object, jeton_text(name))), UINT32_MAX, &number));
    return (unsigned)number;
}

static unsigned char *hex_of(struct jt_json object, const char *name, struct jeton_bytes *out)
{
    return from_hex(text_of(object, name), out);
}

/* "valid", "invalid" or "acceptable": the file's label, or what overrides.json says of this vector. */
static struct jeton_bytes label_of(const struct file *overrides, const char *name, struct jt_json test)
{
    unsigned id = number_of(test, "tcId");
    for (struct jt_json_walk walk = jt_json_walk(overrides->json); jt_json_next(&walk);) {
        if (jt_bytes_equal(text_of(walk.value, "file"), jeton_text(name)) && number_of(walk.value, "tcId") == id) {
            assert_true(text_of(walk.value, "reason").len > 0);
            return text_of(walk.value, "expected");
        }
    }
    return text_of(test, "result");
}

static void judge(const struct file *overrides, const char *name, struct jt_json test, enum jeton_status status)
{
    struct jeton_bytes label = label_of(overrides, name, test);
    bool valid = jt_bytes_equal(label, JT_TEXT("valid"));
    if (!valid && !jt_bytes_equal(label, JT_TEXT("invalid")))
        fail_msg("%s tcId %u: label needs an override", name, number_of(test, "tcId"));
    if (status != (valid ? JETON_OK : JETON_SIGNATURE_INVALID))
        fail_msg("%s tcId %u: %s, label says %s", name, number_of(test, "tcId"), jeton_status_code(status),
                 valid ? "valid" : "invalid");
}

static enum jt_hash hash_of(struct jeton_bytes name)
{
    if (jt_bytes_equal(name, JT_TEXT("SHA-256")))
        return JT_HASH_SHA256;
    if (jt_bytes_equal(name, JT_TEXT("SHA-384")))
        return JT_HASH_SHA384;
    assert_true(jt_bytes_equal(name, JT_TEXT("SHA-512")));
    return JT_HASH_SHA512;
}

/* The group's key from its DER, which must say the same as its numbers. */
static struct jt_public_key *key_of(const char *name, struct jt_json group)
{
    struct jeton_bytes der;
    struct jeton_detail detail = {{0}};
    struct jt_public_key *key = NULL, *again = NULL;
    unsigned char *at = hex_of(group, "publicKeyDer", &der);
    if (jt_public_key_decode(der, &JT_KEY_RULES_OPERATOR, &key, &detail) != JETON_OK)
        fail_msg("%s: %s", name, detail.text);
    free(at);
    struct jt_json numbers = jt_json_get(group, JT_TEXT("publicKey"));
    struct jt_key_numbers read;
    jt_public_key_numbers(key, &read);
    struct jt_key_numbers made = {.type = read.type, .curve = read.curve};
    unsigned char *first = NULL, *second = NULL;
    struct jeton_bytes point = {0};
    switch (read.type) {
    case JT_KEY_RSA:
        first = hex_of(numbers, "modulus", &made.n);
        second = hex_of(numbers, "publicExponent", &made.e);
        break;
    case JT_KEY_EC:
        first = hex_of(numbers, "uncompressed", &point);
        made.x = jt_bytes_cut(point, 1, 1 + point.len / 2);
        made.y = jt_bytes_cut(point, 1 + point.len / 2, point.len);
        break;
    default:
        first = hex_of(numbers, "pk", &made.x);
    }
    assert_int_equal(jt_public_key_make(&made, &JT_KEY_RULES_OPERATOR, &again, NULL), JETON_OK);
    struct jt_key_numbers same;
    jt_public_key_numbers(again, &same);
    assert_true(jt_bytes_equal(read.n, same.n) && jt_bytes_equal(read.e, same.e));
    assert_true(jt_bytes_equal(read.x, same.x) && jt_bytes_equal(read.y, same.y));
    jt_public_key_release(again);
    free(first);
    free(second);
    return key;
}

/* One INTEGER of strict DER into `half` bytes; false when it is not strict or does not fit. */
static bool strict_integer(const unsigned char **at, const unsigned char *end, unsigned char *out, size_t half)
{
    const unsigned char *in = *at;
    if (end - in < 3 || in[0] != 2 || in[1] == 0 || in[1] > 0x7f || in[1] > end - in - 2)
        return false;
    size_t len = in[1];
    in += 2;
    *at = in + len;
    if ((in[0] & 0x80) != 0 || (len > 1 && in[0] == 0 && (in[1] & 0x80) == 0))
        return false;
    if (in[0] == 0 && len > 1) {
        in++;
        len--;
    }
    if (len > half)
        return false;
    memset(out, 0, half - len);
    memcpy(out + half - len, in, len);
    return true;
}

/* DER to R||S where it is strict; what is not has no form in JOSE. */
static bool from_der(struct jeton_bytes der, unsigned char *out, size_t half)
{
    const unsigned char *at = der.at, *end = at + der.len;
    if (der.len < 2 || at[0] != 0x30 || at[1] > 0x7f || at[1] != der.len - 2)
        return false;
    at += 2;
    return strict_integer(&at, end, out, half) && strict_integer(&at, end, out + half, half) && at == end;
}

static void run_signatures(const char *name, enum jt_scheme scheme, bool der, unsigned wanted)
{
    struct file overrides = file_open("overrides.json"), file = file_open(name);
    unsigned ran = 0, unwritable = 0;
    for (struct jt_json_walk groups = jt_json_walk(jt_json_get(file.json, JT_TEXT("testGroups")));
         jt_json_next(&groups);) {
        struct jt_public_key *key = key_of(name, groups.value);
        struct jt_method method = {scheme, JT_HASH_NONE};
        if (scheme != JT_SCHEME_EDDSA)
            method.hash = hash_of(text_of(groups.value, "sha"));
        if (scheme == JT_SCHEME_RSA_PSS) { /* all that JOSE has: MGF1 with the same hash, the hash's length of salt */
            assert_int_equal(hash_of(text_of(groups.value, "mgfSha")), method.hash);
            assert_int_equal(number_of(groups.value, "sLen"), 16 + 16 * method.hash);
        }
        assert_true(jt_method_fits(jt_public_key_shape(key), method));
        for (struct jt_json_walk tests = jt_json_walk(jt_json_get(groups.value, JT_TEXT("tests")));
             jt_json_next(&tests);) {
            struct jeton_bytes message, signature;
            unsigned char pair[132];
            unsigned char *one = hex_of(tests.value, "msg", &message), *two = hex_of(tests.value, "sig", &signature);
            enum jeton_status status = JETON_SIGNATURE_INVALID;
            size_t size = jt_signature_size(jt_public_key_shape(key), method);
            if (!der)
                status = jt_verify(key, method, message, signature);
            else if (from_der(signature, pair, size / 2))
                status = jt_verify(key, method, message, jeton_bytes(pair, size));
            else
                unwritable++;
            judge(&overrides, name, tests.value, status);
            ran++;
            free(one);
            free(two);
        }
        jt_public_key_release(key);
    }
    assert_int_equal(ran, number_of(file.json, "numberOfTests"));
    assert_int_equal(ran, wanted);
    assert_true(der || unwritable == 0);
    assert_true(unwritable < ran / 2 + ran / 4);
    file_close(&file);
    file_close(&overrides);
}

static void ecdsa_in_the_form_of_jose_is_judged_as_labelled(void **state)
{
    (void)state;
    run_signatures("ecdsa_secp256r1_sha256_p1363_test.json", JT_SCHEME_ECDSA, false, 262);
    run_signatures("ecdsa_secp384r1_sha384_p1363_test.json", JT_SCHEME_ECDSA, false, 280);
    run_signatures("ecdsa_secp521r1_sha512_p1363_test.json", JT_SCHEME_ECDSA, false, 318);
    run_signatures("ecdsa_secp256k1_sha256_p1363_test.json", JT_SCHEME_ECDSA, false, 252);
}

static void ecdsa_from_strict_der_is_judged_as_labelled(void **state)
{
    (void)state;
    run_signatures("ecdsa_secp256r1_sha256_test.json", JT_SCHEME_ECDSA, true, 484);
}

static void rsa_pkcs1_is_judged_as_labelled(void **state)
{
    (void)state;
    run_signatures("rsa_signature_2048_sha256_test.json", JT_SCHEME_RSA_PKCS1, false, 259);
    run_signatures("rsa_signature_2048_sha384_test.json", JT_SCHEME_RSA_PKCS1, false, 258);
    run_signatures("rsa_signature_2048_sha512_test.json", JT_SCHEME_RSA_PKCS1, false, 259);
    run_signatures("rsa_signature_3072_sha256_test.json", JT_SCHEME_RSA_PKCS1, false, 259);
    run_signatures("rsa_signature_3072_sha384_test.json", JT_SCHEME_RSA_PKCS1, false, 259);
    run_signatures("rsa_signature_3072_sha512_test.json", JT_SCHEME_RSA_PKCS1, false, 260);
    run_signatures("rsa_signature_4096_sha256_test.json", JT_SCHEME_RSA_PKCS1, false, 258);
    run_signatures("rsa_signature_4096_sha384_test.json", JT_SCHEME_RSA_PKCS1, false, 259);
    run_signatures("rsa_signature_4096_sha512_test.json", JT_SCHEME_RSA_PKCS1, false, 259);
}

static void rsa_pss_is_judged_as_labelled(void **state)
{
    (void)state;
    run_signatures("rsa_pss_2048_sha256_mgf1_32_test.json", JT_SCHEME_RSA_PSS, false, 108);
    run_signatures("rsa_pss_2048_sha384_mgf1_48_test.json", JT_SCHEME_RSA_PSS, false, 141);
    run_signatures("rsa_pss_3072_sha256_mgf1_32_test.json", JT_SCHEME_RSA_PSS, false, 108);
    run_signatures("rsa_pss_4096_sha256_mgf1_32_test.json", JT_SCHEME_RSA_PSS, false, 108);
    run_signatures("rsa_pss_4096_sha384_mgf1_48_test.json", JT_SCHEME_RSA_PSS, false, 141);
    run_signatures("rsa_pss_4096_sha512_mgf1_64_test.json", JT_SCHEME_RSA_PSS, false, 179);
}

static void eddsa_is_judged_as_labelled(void **state)
{
    (void)state;
    run_signatures("ed25519_test.json", JT_SCHEME_EDDSA, false, 151);
    run_signatures("ed448_test.json", JT_SCHEME_EDDSA, false, 87);
}

/* JOSE has no truncated MACs (RFC 7518 §3.2) and no key shorter than the hash: those groups must be refused whatever
 * their labels say. */
static void run_macs(const char *name, enum jt_hash hash)
{
    struct file overrides = file_open("overrides.json"), file = file_open(name);
    struct jt_method method = {JT_SCHEME_HMAC, hash};
    unsigned ran = 0, judged = 0, bits = 128 + 128 * hash;
    for (struct jt_json_walk groups = jt_json_walk(jt_json_get(file.json, JT_TEXT("testGroups")));
         jt_json_next(&groups);) {
        unsigned key_bits = number_of(groups.value, "keySize"), tag_bits = number_of(groups.value, "tagSize");
        for (struct jt_json_walk tests = jt_json_walk(jt_json_get(groups.value, JT_TEXT("tests")));
             jt_json_next(&tests);) {
            struct jt_key_numbers numbers = {.type = JT_KEY_OCT};
            struct jeton_bytes message, tag;
            struct jt_secret_key *key = NULL;
            unsigned char *one = hex_of(tests.value, "key", &numbers.k), *two = hex_of(tests.value, "msg", &message),
                          *three = hex_of(tests.value, "tag", &tag);
            assert_int_equal(jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, NULL), JETON_OK);
            enum jeton_status status = jt_verify_mac(key, method, message, tag);
            if (key_bits < bits) {
                assert_int_equal(status, JETON_KEY_UNSUITABLE);
            } else if (tag_bits < bits) {
                assert_int_equal(status, JETON_SIGNATURE_INVALID);
            } else {
                judge(&overrides, name, tests.value, status);
                judged++;
            }
            ran++;
            jt_secret_key_release(key);
            free(one);
            free(two);
            free(three);
        }
    }
    assert_int_equal(ran, 174);
    assert_true(judged >= 50);
    file_close(&file);
    file_close(&overrides);
}

static void hmac_is_judged_as_labelled_and_truncated_tags_and_short_keys_are_refused(void **state)
{
    (void)state;
    run_macs("hmac_sha256_test.json", JT_HASH_SHA256);
    run_macs("hmac_sha384_test.json", JT_HASH_SHA384);
    run_macs("hmac_sha512_test.json", JT_HASH_SHA512);
}

/* Of AES-GCM the door offers one shape: 256-bit keys, 96-bit nonces, whole tags. Other groups have no way in. */
static void aes_gcm_opens_what_is_labelled_valid_and_seals_the_same(void **state)
{
    (void)state;
    const char *name = "aes_gcm_test.json";
    struct file overrides = file_open("overrides.json"), file = file_open(name);
    unsigned ran = 0;
    for (struct jt_json_walk groups = jt_json_walk(jt_json_get(file.json, JT_TEXT("testGroups")));
         jt_json_next(&groups);) {
        if (number_of(groups.value, "keySize") != 256 || number_of(groups.value, "ivSize") != 96 ||
            number_of(groups.value, "tagSize") != 128)
            continue;
        for (struct jt_json_walk tests = jt_json_walk(jt_json_get(groups.value, JT_TEXT("tests")));
             jt_json_next(&tests);) {
            struct jeton_bytes key, nonce, associated, text, sealed, tag;
            unsigned char *held[] = {hex_of(tests.value, "key", &key),        hex_of(tests.value, "iv", &nonce),
                                     hex_of(tests.value, "aad", &associated), hex_of(tests.value, "msg", &text),
                                     hex_of(tests.value, "ct", &sealed),      hex_of(tests.value, "tag", &tag)};
            unsigned char out[1024], made[16];
            assert_true(sealed.len <= sizeof out);
            enum jeton_status status = jt_open(key, nonce.at, associated, sealed, tag.at, out);
            judge(&overrides, name, tests.value, status);
            if (status == JETON_OK) {
                assert_memory_equal(out, text.at, text.len);
                assert_int_equal(jt_seal(key, nonce.at, associated, text, out, made), JETON_OK);
                assert_memory_equal(out, sealed.at, sealed.len);
                assert_memory_equal(made, tag.at, 16);
            }
            ran++;
            for (size_t i = 0; i < JT_COUNT(held); i++)
                free(held[i]);
        }
    }
    assert_true(ran > 30);
    file_close(&file);
    file_close(&overrides);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdsa_in_the_form_of_jose_is_judged_as_labelled),
        cmocka_unit_test(ecdsa_from_strict_der_is_judged_as_labelled),
        cmocka_unit_test(rsa_pkcs1_is_judged_as_labelled),
        cmocka_unit_test(rsa_pss_is_judged_as_labelled),
        cmocka_unit_test(eddsa_is_judged_as_labelled),
        cmocka_unit_test(hmac_is_judged_as_labelled_and_truncated_tags_and_short_keys_are_refused),
        cmocka_unit_test(aes_gcm_opens_what_is_labelled_valid_and_seals_the_same),
    };
    return cmocka_run_group_tests_name("wycheproof", tests, NULL, NULL);
}
