/* SPDX-License-Identifier: Apache-2.0 */
/* Does what was sealed open again, and nothing else? And the other small tools: digests, randomness, the compare. */
#include "crypto_test.h"

static const unsigned char nonce[12] = {1, 2, 3};

struct sealed {
    unsigned char key[32], tag[16], text[40];
    struct jeton_bytes associated;
};

static struct sealed make_sealed(void)
{
    struct sealed sealed = {.associated = JT_TEXT("kid-1")};
    memset(sealed.key, 7, sizeof sealed.key);
    memcpy(sealed.text, "attack at dawn, or after a good breakfast", sizeof sealed.text);
    assert_int_equal(jt_seal(jeton_bytes(sealed.key, 32), nonce, sealed.associated,
                             jeton_bytes(sealed.text, sizeof sealed.text), sealed.text, sealed.tag),
                     JETON_OK);
    return sealed;
}

static enum jeton_status try_open(const struct sealed *sealed, unsigned char out[40])
{
    return jt_open(jeton_bytes(sealed->key, 32), nonce, sealed->associated,
                   jeton_bytes(sealed->text, sizeof sealed->text), sealed->tag, out);
}

static void what_was_sealed_opens_in_place_too(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    unsigned char out[40];
    assert_memory_not_equal(sealed.text, "attack at dawn", 14);
    assert_int_equal(try_open(&sealed, out), JETON_OK);
    assert_memory_equal(out, "attack at dawn, or after a good breakfast", 40);
    assert_int_equal(try_open(&sealed, sealed.text), JETON_OK);
    assert_memory_equal(sealed.text, out, 40);
}

static void each_flipped_bit_is_refused_and_leaves_no_text(void **state)
{
    (void)state;
    struct sealed sealed = make_sealed();
    struct {
        unsigned char *at;
        size_t len;
    } parts[] = {{sealed.key, 32}, {sealed.tag, 16}, {sealed.text, 40}};
    static const unsigned char zero[40] = {0};
    unsigned char out[40];
    for (size_t part = 0; part < JT_COUNT(parts); part++) {
        for (size_t bit = 0; bit < parts[part].len * 8; bit++) {
            parts[part].at[bit / 8] ^= (unsigned char)(1u << bit % 8);
            memset(out, 0xaa, sizeof out);
            assert_int_equal(try_open(&sealed, out), JETON_SIGNATURE_INVALID);
            assert_memory_equal(out, zero, sizeof out);
            parts[part].at[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
    sealed.associated = JT_TEXT("kid-2");
    assert_int_equal(try_open(&sealed, out), JETON_SIGNATURE_INVALID);
    sealed.associated = JT_TEXT("kid-1");
    unsigned char other[12] = {1, 2, 4};
    assert_int_equal(
        jt_open(jeton_bytes(sealed.key, 32), other, sealed.associated, jeton_bytes(sealed.text, 40), sealed.tag, out),
        JETON_SIGNATURE_INVALID);
    assert_int_equal(
        jt_open(jeton_bytes(sealed.key, 32), nonce, sealed.associated, jeton_bytes(sealed.text, 39), sealed.tag, out),
        JETON_SIGNATURE_INVALID);
    assert_int_equal(try_open(&sealed, out), JETON_OK);
}

static void no_text_can_be_sealed_and_a_short_key_cannot_seal(void **state)
{
    (void)state;
    unsigned char key[32] = {9}, tag[16], out[1];
    assert_int_equal(jt_seal(jeton_bytes(key, 32), nonce, jeton_bytes(NULL, 0), jeton_bytes(NULL, 0), out, tag),
                     JETON_OK);
    assert_int_equal(jt_open(jeton_bytes(key, 32), nonce, jeton_bytes(NULL, 0), jeton_bytes(NULL, 0), tag, out),
                     JETON_OK);
    tag[0] ^= 1;
    assert_int_equal(jt_open(jeton_bytes(key, 32), nonce, jeton_bytes(NULL, 0), jeton_bytes(NULL, 0), tag, out),
                     JETON_SIGNATURE_INVALID);
    static const size_t lengths[] = {0, 16, 24, 31, 33};
    for (size_t i = 0; i < JT_COUNT(lengths); i++)
        assert_int_equal(jt_seal(jeton_bytes(key, lengths[i]), nonce, jeton_bytes(NULL, 0), JT_TEXT("x"), out, tag),
                         JETON_ARGUMENT_INVALID);
}

static void digests_are_those_of_fips_180(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        [JT_HASH_SHA256] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        [JT_HASH_SHA384] = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                           "8086072ba1e7cc2358baeca134c825a7",
        [JT_HASH_SHA512] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    };
    unsigned char out[64];
    for (enum jt_hash hash = JT_HASH_SHA256; hash <= JT_HASH_SHA512; hash++) {
        struct jeton_bytes bytes;
        unsigned char *at = from_hex(jeton_text(wanted[hash]), &bytes);
        assert_int_equal(jt_digest(hash, JT_TEXT("abc"), out), JETON_OK);
        assert_memory_equal(out, at, bytes.len);
        free(at);
    }
    assert_int_equal(jt_digest(JT_HASH_SHA256, jeton_bytes(NULL, 0), out), JETON_OK);
    assert_int_equal(out[0], 0xe3);
    assert_int_equal(jt_digest(JT_HASH_NONE, JT_TEXT("abc"), out), JETON_ARGUMENT_INVALID);
}

/* RFC 4231 §4.2, §4.3, §4.7: keys of 20, 4 and 131 bytes. */
static void a_mac_takes_keys_of_any_length_but_none(void **state)
{
    (void)state;
    static const char *const wanted[] = {"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                                         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                                         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"};
    unsigned char ours[20], long_key[131], out[64];
    memset(ours, 0x0b, sizeof ours);
    memset(long_key, 0xaa, sizeof long_key);
    const struct jeton_bytes keys[] = {jeton_bytes(ours, 20), JT_TEXT("Jefe"), jeton_bytes(long_key, 131)};
    const struct jeton_bytes texts[] = {JT_TEXT("Hi There"), JT_TEXT("what do ya want for nothing?"),
                                        JT_TEXT("Test Using Larger Than Block-Size Key - Hash Key First")};
    for (size_t i = 0; i < JT_COUNT(wanted); i++) {
        struct jeton_bytes bytes;
        unsigned char *at = from_hex(jeton_text(wanted[i]), &bytes);
        assert_int_equal(jt_mac(JT_HASH_SHA256, keys[i], texts[i], out), JETON_OK);
        assert_memory_equal(out, at, bytes.len);
        free(at);
    }
    assert_int_equal(jt_mac(JT_HASH_SHA512, keys[0], jeton_bytes(NULL, 0), out), JETON_OK);
    assert_int_equal(jt_mac(JT_HASH_SHA256, jeton_bytes("", 0), texts[0], out), JETON_ARGUMENT_INVALID);
    assert_int_equal(jt_mac(JT_HASH_NONE, keys[0], texts[0], out), JETON_ARGUMENT_INVALID);
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char one[32] = {0}, two[32] = {0};
    assert_int_equal(jt_random(one, sizeof one), JETON_OK);
    assert_int_equal(jt_random(two, sizeof two), JETON_OK);
    assert_memory_not_equal(one, two, sizeof one);
    assert_int_equal(jt_random(NULL, 0), JETON_OK);
}

static void the_compare_says_equal_only_of_equal_bytes(void **state)
{
    (void)state;
    unsigned char one[64] = {0}, two[64] = {0};
    assert_true(jt_crypto_equal(jeton_bytes(one, 64), jeton_bytes(two, 64)));
    assert_true(jt_crypto_equal(jeton_bytes(NULL, 0), jeton_bytes(NULL, 0)));
    assert_false(jt_crypto_equal(jeton_bytes(one, 64), jeton_bytes(two, 63)));
    for (size_t bit = 0; bit < 512; bit++) {
        two[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(jt_crypto_equal(jeton_bytes(one, 64), jeton_bytes(two, 64)));
        two[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

static void the_library_has_a_name_and_every_classic_curve(void **state)
{
    (void)state;
    assert_non_null(strstr(jt_crypto_library(), "SSL"));
    assert_true(jt_crypto_has(JT_CURVE_P256));
    assert_true(jt_crypto_has(JT_CURVE_ED25519));
    assert_int_equal(jt_crypto_has(JT_CURVE_MLDSA44), jt_crypto_has(JT_CURVE_MLDSA87));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens_in_place_too),
        cmocka_unit_test(each_flipped_bit_is_refused_and_leaves_no_text),
        cmocka_unit_test(no_text_can_be_sealed_and_a_short_key_cannot_seal),
        cmocka_unit_test(digests_are_those_of_fips_180),
        cmocka_unit_test(a_mac_takes_keys_of_any_length_but_none),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(the_compare_says_equal_only_of_equal_bytes),
        cmocka_unit_test(the_library_has_a_name_and_every_classic_curve),
    };
    return cmocka_run_group_tests_name("seal", tests, NULL, release_rsa_key);
}
