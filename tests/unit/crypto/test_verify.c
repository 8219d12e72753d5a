/* SPDX-License-Identifier: Apache-2.0 */
/* Does a signature fit its key, its method and its message, and nothing else — from many threads at once too? */
#include "crypto_test.h"

#include <pthread.h>

#define MESSAGE JT_TEXT("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJqZXRvbiJ9")
#define SIGNATURE_ROOM 4627

static void each_method_verifies_what_it_signed(void **state)
{
    (void)state;
    unsigned ran = 0;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        const struct method_case *one = &method_cases[i];
        struct jt_secret_key *key = case_key(one);
        if (key == NULL)
            continue;
        struct jt_public_key *half = public_half(key);
        unsigned char signature[SIGNATURE_ROOM];
        size_t len = 0, size = jt_signature_size(jt_secret_key_shape(key), one->method);
        for (unsigned again = 0; again < 3; again++) {
            assert_int_equal(jt_sign(key, one->method, MESSAGE, signature, sizeof signature, &len), JETON_OK);
            assert_int_equal(len, size);
            assert_int_equal(jt_verify(half, one->method, MESSAGE, jeton_bytes(signature, len)), JETON_OK);
        }
        /* the nearest refusals: another message, a bit of the signature, one byte less and more, none */
        assert_int_equal(jt_verify(half, one->method, JT_TEXT("eyJhbGciOiJFUzI1NiJ9."), jeton_bytes(signature, len)),
                         JETON_SIGNATURE_INVALID);
        const size_t places[] = {0, len / 2 - 1, len / 2, len - 1};
        for (size_t at = 0; at < JT_COUNT(places); at++) {
            signature[places[at]] ^= 1;
            assert_int_equal(jt_verify(half, one->method, MESSAGE, jeton_bytes(signature, len)),
                             JETON_SIGNATURE_INVALID);
            signature[places[at]] ^= 1;
        }
        assert_int_equal(jt_verify(half, one->method, MESSAGE, jeton_bytes(signature, len - 1)),
                         JETON_SIGNATURE_INVALID);
        assert_int_equal(jt_verify(half, one->method, MESSAGE, jeton_bytes(NULL, 0)), JETON_SIGNATURE_INVALID);
        /* and after all these the same contexts are still good */
        assert_int_equal(jt_verify(half, one->method, MESSAGE, jeton_bytes(signature, len)), JETON_OK);
        jt_public_key_release(half);
        jt_secret_key_release(key);
        ran++;
    }
    assert_true(ran >= 12);
}

static void an_empty_message_is_a_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        struct jt_secret_key *key = case_key(&method_cases[i]);
        if (key == NULL)
            continue;
        struct jt_public_key *half = public_half(key);
        unsigned char signature[SIGNATURE_ROOM];
        size_t len = 0;
        assert_int_equal(jt_sign(key, method_cases[i].method, jeton_bytes(NULL, 0), signature, sizeof signature, &len),
                         JETON_OK);
        assert_int_equal(jt_verify(half, method_cases[i].method, jeton_bytes(NULL, 0), jeton_bytes(signature, len)),
                         JETON_OK);
        assert_int_equal(jt_verify(half, method_cases[i].method, JT_TEXT("x"), jeton_bytes(signature, len)),
                         JETON_SIGNATURE_INVALID);
        jt_public_key_release(half);
        jt_secret_key_release(key);
    }
}

/* SECURITY rows 2 and 4: the key decides, whatever the token asks for. */
static void a_key_takes_its_own_methods_alone(void **state)
{
    (void)state;
    static const struct jt_method macs[] = {
        {JT_SCHEME_HMAC, JT_HASH_SHA256}, {JT_SCHEME_HMAC, JT_HASH_SHA384}, {JT_SCHEME_HMAC, JT_HASH_SHA512}};
    unsigned char signature[SIGNATURE_ROOM] = {1};
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        const struct method_case *one = &method_cases[i];
        struct jt_secret_key *key = case_key(one);
        if (key == NULL)
            continue;
        struct jt_public_key *half = public_half(key);
        for (size_t j = 0; j < JT_COUNT(method_cases); j++) {
            const struct method_case *other = &method_cases[j];
            bool same_hash_twice = one->type == JT_KEY_EC && other->type == JT_KEY_EC &&
                                   one->method.hash ==
                                       other->method.hash; /* P-256 and secp256k1: jose tells them by curve */
            bool fits = one == other ||
                        (one->type == other->type && (one->type == JT_KEY_RSA || same_hash_twice ||
                                                      one->type == JT_KEY_OKP || one->type == JT_KEY_AKP));
            size_t len = 0;
            if (jt_method_fits(jt_public_key_shape(half), other->method) != fits)
                fail_msg("%s key and %s", one->name, other->name);
            if (fits)
                continue;
            assert_int_equal(jt_verify(half, other->method, MESSAGE, jeton_bytes(signature, 64)), JETON_KEY_UNSUITABLE);
            assert_int_equal(jt_sign(key, other->method, MESSAGE, signature, sizeof signature, &len),
                             JETON_KEY_UNSUITABLE);
        }
        for (size_t j = 0; j < JT_COUNT(macs); j++) {
            size_t len = 0;
            assert_int_equal(jt_verify(half, macs[j], MESSAGE, jeton_bytes(signature, 32)), JETON_KEY_UNSUITABLE);
            assert_int_equal(jt_verify_mac(key, macs[j], MESSAGE, jeton_bytes(signature, 32)), JETON_KEY_UNSUITABLE);
            assert_int_equal(jt_sign(key, macs[j], MESSAGE, signature, sizeof signature, &len), JETON_KEY_UNSUITABLE);
        }
        jt_public_key_release(half);
        jt_secret_key_release(key);
    }
}

static void pss_and_pkcs1_of_one_key_do_not_mix(void **state)
{
    (void)state;
    struct jt_secret_key *key = case_key(&method_cases[0]);
    struct jt_public_key *half = public_half(key);
    for (size_t i = 0; i < 6; i++) {
        unsigned char signature[SIGNATURE_ROOM];
        size_t len = 0;
        assert_int_equal(jt_sign(key, method_cases[i].method, MESSAGE, signature, sizeof signature, &len), JETON_OK);
        for (size_t j = 0; j < 6; j++)
            assert_int_equal(jt_verify(half, method_cases[j].method, MESSAGE, jeton_bytes(signature, len)),
                             i == j ? JETON_OK : JETON_SIGNATURE_INVALID);
    }
    jt_public_key_release(half);
    jt_secret_key_release(key);
}

/* CVE-2022-21449 and its neighbours. */
static void psychic_signatures_are_refused(void **state)
{
    (void)state;
    struct jeton_bytes order;
    unsigned char *n = from_hex(JT_TEXT("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), &order);
    unsigned char values[5][32] = {{0}, {[31] = 1}};
    memcpy(values[2], n, 32);
    memcpy(values[3], n, 32);
    values[3][31]--;
    memset(values[4], 0xff, 32);
    struct jt_secret_key *key = case_key(&method_cases[6]);
    struct jt_public_key *half = public_half(key);
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < 5; j++) {
            unsigned char signature[64];
            memcpy(signature, values[i], 32);
            memcpy(signature + 32, values[j], 32);
            assert_int_equal(jt_verify(half, method_cases[6].method, MESSAGE, jeton_bytes(signature, 64)),
                             JETON_SIGNATURE_INVALID);
        }
    }
    jt_public_key_release(half);
    jt_secret_key_release(key);
    free(n);
}

/* SECURITY row 9: exactly two fields, and R||S alone. */
static void an_ecdsa_signature_has_one_length_and_one_form(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 63, 65, 66, 70, 71, 72, 128, 132};
    unsigned char signature[SIGNATURE_ROOM], room[256] = {0};
    size_t len = 0;
    struct jt_secret_key *key = case_key(&method_cases[6]);
    struct jt_public_key *half = public_half(key);
    assert_int_equal(jt_sign(key, method_cases[6].method, MESSAGE, signature, sizeof signature, &len), JETON_OK);
    memcpy(room, signature, len);
    for (size_t i = 0; i < JT_COUNT(lengths); i++)
        assert_int_equal(jt_verify(half, method_cases[6].method, MESSAGE, jeton_bytes(room, lengths[i])),
                         JETON_SIGNATURE_INVALID);
    /* the same numbers as DER */
    unsigned char der[72] = {0x30, 70, 0x02, 33, 0};
    memcpy(der + 5, signature, 32);
    der[37] = 0x02;
    der[38] = 33;
    memcpy(der + 40, signature + 32, 32);
    assert_int_equal(jt_verify(half, method_cases[6].method, MESSAGE, jeton_bytes(der, sizeof der)),
                     JETON_SIGNATURE_INVALID);
    jt_public_key_release(half);
    jt_secret_key_release(key);
}

/* SECURITY row 10. On the heap, exactly as long as said, so that reading past the end is seen. */
/* One number in 256 is shorter than its half of the signature. */
static void ecdsa_numbers_that_begin_with_zeros_are_filled_up(void **state)
{
    (void)state;
    static const struct jt_method es256 = {JT_SCHEME_ECDSA, JT_HASH_SHA256};
    struct jt_secret_key *key = NULL;
    struct jt_public_key *half = NULL;
    unsigned char signature[64];
    size_t len = 0;
    assert_int_equal(jt_secret_key_generate(JT_KEY_EC, JT_CURVE_P256, 0, &key, NULL), JETON_OK);
    assert_int_equal(jt_public_of(key, &half, NULL), JETON_OK);
    for (unsigned seen = 0; seen != 3;) {
        memset(signature, 0xff, sizeof signature);
        assert_int_equal(jt_sign(key, es256, JT_TEXT("m"), signature, sizeof signature, &len), JETON_OK);
        if (signature[0] != 0 && signature[32] != 0)
            continue;
        seen |= (signature[0] == 0 ? 1u : 0) | (signature[32] == 0 ? 2u : 0);
        assert_int_equal(jt_verify(half, es256, JT_TEXT("m"), jeton_bytes(signature, len)), JETON_OK);
        signature[signature[0] == 0 ? 0 : 32] = 1;
        assert_int_equal(jt_verify(half, es256, JT_TEXT("m"), jeton_bytes(signature, len)), JETON_SIGNATURE_INVALID);
    }
    jt_public_key_release(half);
    jt_secret_key_release(key);
}

static void a_short_or_long_rsa_signature_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 3, 128, 255, 257, 512};
    struct jt_secret_key *key = case_key(&method_cases[0]);
    struct jt_public_key *half = public_half(key);
    for (size_t i = 0; i < JT_COUNT(lengths); i++) {
        unsigned char *signature = calloc(1, lengths[i] + (lengths[i] == 0));
        assert_non_null(signature);
        assert_int_equal(jt_verify(half, method_cases[0].method, MESSAGE, jeton_bytes(signature, lengths[i])),
                         JETON_SIGNATURE_INVALID);
        free(signature);
    }
    jt_public_key_release(half);
    jt_secret_key_release(key);
}

static struct jt_secret_key *oct(size_t len)
{
    unsigned char bytes[128];
    memset(bytes, 0x5a, sizeof bytes);
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = jeton_bytes(bytes, len)};
    struct jt_secret_key *key = NULL;
    assert_int_equal(jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, NULL), JETON_OK);
    return key;
}

/* SECURITY rows 3 and 14: CVE-2026-44699 signed with nothing. */
static void hmac_needs_a_key_as_long_as_the_hash(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 31, 32, 33, 47, 48, 63, 64, 65, 128};
    for (size_t i = 0; i < JT_COUNT(lengths); i++) {
        struct jt_secret_key *key = oct(lengths[i]);
        for (enum jt_hash hash = JT_HASH_SHA256; hash <= JT_HASH_SHA512; hash++) {
            struct jt_method method = {JT_SCHEME_HMAC, hash};
            unsigned char mac[64];
            size_t len = 0, size = 16 + 16 * (size_t)hash;
            enum jeton_status status = jt_sign(key, method, MESSAGE, mac, sizeof mac, &len);
            assert_int_equal(status, lengths[i] >= size ? JETON_OK : JETON_KEY_UNSUITABLE);
            assert_int_equal(jt_method_fits(jt_secret_key_shape(key), method), lengths[i] >= size);
            if (status == JETON_OK) {
                assert_int_equal(len, size);
                assert_int_equal(jt_verify_mac(key, method, MESSAGE, jeton_bytes(mac, len)), JETON_OK);
            }
        }
        jt_secret_key_release(key);
    }
    struct jt_key_numbers none = {.type = JT_KEY_OCT, .k = jeton_bytes("", 0)};
    struct jt_secret_key *key = NULL;
    assert_int_equal(jt_secret_key_make(&none, &JT_KEY_RULES_OPERATOR, &key, NULL), JETON_KEY_INVALID);
    assert_null(key);
}

/* SECURITY row 16. */
static void a_mac_is_taken_whole_or_not(void **state)
{
    (void)state;
    const struct jt_method method = {JT_SCHEME_HMAC, JT_HASH_SHA256};
    unsigned char mac[64];
    size_t len = 0;
    struct jt_secret_key *key = oct(64);
    assert_int_equal(jt_sign(key, method, MESSAGE, mac, sizeof mac, &len), JETON_OK);
    for (size_t cut = 0; cut <= 40; cut++)
        assert_int_equal(jt_verify_mac(key, method, MESSAGE, jeton_bytes(mac, cut)),
                         cut == 32 ? JETON_OK : JETON_SIGNATURE_INVALID);
    for (size_t bit = 0; bit < 256; bit++) {
        mac[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(jt_verify_mac(key, method, MESSAGE, jeton_bytes(mac, 32)), JETON_SIGNATURE_INVALID);
        mac[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    /* the methods of one key have contexts of their own */
    assert_int_equal(
        jt_verify_mac(key, (struct jt_method){JT_SCHEME_HMAC, JT_HASH_SHA512}, MESSAGE, jeton_bytes(mac, 64)),
        JETON_SIGNATURE_INVALID);
    assert_int_equal(
        jt_verify_mac(key, (struct jt_method){JT_SCHEME_RSA_PKCS1, JT_HASH_SHA256}, MESSAGE, jeton_bytes(mac, 32)),
        JETON_KEY_UNSUITABLE);
    jt_secret_key_release(key);
}

static void signing_needs_room_for_the_whole_signature(void **state)
{
    (void)state;
    unsigned char signature[64];
    size_t len = 77;
    struct jt_secret_key *key = case_key(&method_cases[6]);
    assert_int_equal(jt_sign(key, method_cases[6].method, MESSAGE, signature, 63, &len), JETON_ARGUMENT_INVALID);
    assert_int_equal(len, 77);
    assert_int_equal(jt_sign(key, method_cases[6].method, MESSAGE, signature, 64, &len), JETON_OK);
    assert_int_equal(len, 64);
    jt_secret_key_release(key);
}

static void many_at_once_give_each_its_own_result(void **state)
{
    (void)state;
    struct jt_verify_job jobs[JT_COUNT(method_cases) * 3];
    struct jt_public_key *halves[JT_COUNT(method_cases)];
    static unsigned char signatures[JT_COUNT(method_cases)][SIGNATURE_ROOM];
    size_t count = 0, keys = 0;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        const struct method_case *one = &method_cases[i];
        struct jt_secret_key *key = case_key(one);
        if (key == NULL)
            continue;
        size_t len = 0;
        assert_int_equal(jt_sign(key, one->method, MESSAGE, signatures[i], SIGNATURE_ROOM, &len), JETON_OK);
        struct jt_public_key *half = halves[keys++] = public_half(key);
        jt_secret_key_release(key);
        struct jt_verify_job good = {half, one->method, MESSAGE, jeton_bytes(signatures[i], len), JETON_INTERNAL_ERROR};
        jobs[count++] = good;
        jobs[count] = good;
        jobs[count++].message = JT_TEXT("another");
        jobs[count] = good;
        jobs[count++].method = (struct jt_method){JT_SCHEME_HMAC, JT_HASH_SHA256};
    }
    jt_verify_many(jobs, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(jobs[i].result, i % 3 == 0   ? JETON_OK
                                         : i % 3 == 1 ? JETON_SIGNATURE_INVALID
                                                      : JETON_KEY_UNSUITABLE);
    jt_verify_many(NULL, 0);
    for (size_t i = 0; i < keys; i++)
        jt_public_key_release(halves[i]);
}

static void warming_leaves_a_key_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        struct jt_secret_key *key = case_key(&method_cases[i]);
        if (key == NULL)
            continue;
        struct jt_public_key *half = public_half(key);
        unsigned char signature[SIGNATURE_ROOM];
        size_t len = 0;
        jt_public_key_warm(half);
        assert_int_equal(jt_sign(key, method_cases[i].method, MESSAGE, signature, sizeof signature, &len), JETON_OK);
        assert_int_equal(jt_verify(half, method_cases[i].method, MESSAGE, jeton_bytes(signature, len)), JETON_OK);
        jt_public_key_release(half);
        jt_secret_key_release(key);
    }
}

/* --- Threads --- */

/* More threads than slots, so that the further blocks are used too. */
#define THREADS 12
#define ROUNDS 12

struct shared {
    const struct jt_public_key *half;
    const struct jt_secret_key *key;
    struct jt_method methods[2];
    unsigned char signatures[2][SIGNATURE_ROOM];
    size_t len;
    pthread_barrier_t start;
};

static void *verify_in_thread(void *at)
{
    struct shared *shared = at;
    uintptr_t wrong = 0;
    pthread_barrier_wait(&shared->start);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < 2; i++) {
            struct jeton_bytes signature = jeton_bytes(shared->signatures[i], shared->len);
            if (shared->half != NULL) {
                wrong += jt_verify(shared->half, shared->methods[i], MESSAGE, signature) != JETON_OK;
                wrong += jt_verify(shared->half, shared->methods[i], JT_TEXT("x"), signature) !=
                         JETON_SIGNATURE_INVALID;
            } else {
                wrong += jt_verify_mac(shared->key, shared->methods[i], MESSAGE, signature) != JETON_OK;
                wrong += jt_verify_mac(shared->key, shared->methods[i], JT_TEXT("x"), signature) !=
                         JETON_SIGNATURE_INVALID;
            }
            unsigned char made[SIGNATURE_ROOM];
            size_t len = 0;
            if (round % 4 == 0)
                wrong += jt_sign(shared->key, shared->methods[i], MESSAGE, made, sizeof made, &len) != JETON_OK ||
                         len != shared->len;
        }
    }
    return (void *)wrong;
}

static void run_threads(struct jt_secret_key *key, struct jt_method first, struct jt_method second)
{
    static struct shared shared;
    pthread_t threads[THREADS];
    struct jt_public_key *half = first.scheme == JT_SCHEME_HMAC ? NULL : public_half(key);
    shared.half = half;
    shared.key = key;
    shared.methods[0] = first;
    shared.methods[1] = second;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(jt_sign(key, shared.methods[i], MESSAGE, shared.signatures[i], SIGNATURE_ROOM, &shared.len),
                         JETON_OK);
    assert_int_equal(pthread_barrier_init(&shared.start, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_in_thread, &shared), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    pthread_barrier_destroy(&shared.start);
    jt_public_key_release(half);
    jt_secret_key_release(key);
}

static void one_handle_serves_many_threads(void **state)
{
    (void)state;
    run_threads(case_key(&method_cases[0]), method_cases[0].method, method_cases[3].method);
    run_threads(case_key(&method_cases[6]), method_cases[6].method, method_cases[6].method);
    run_threads(case_key(&method_cases[10]), method_cases[10].method, method_cases[10].method);
    const struct jt_method mac = {JT_SCHEME_HMAC, JT_HASH_SHA256};
    run_threads(oct(64), mac, mac);
}

static void a_handle_lives_as_long_as_somebody_holds_it(void **state)
{
    (void)state;
    struct jt_secret_key *key = case_key(&method_cases[6]), *key_again = jt_secret_key_hold(key);
    struct jt_public_key *half = public_half(key), *half_again = jt_public_key_hold(half);
    unsigned char signature[64];
    size_t len = 0;
    jt_secret_key_release(key);
    jt_public_key_release(half);
    assert_int_equal(jt_sign(key_again, method_cases[6].method, MESSAGE, signature, 64, &len), JETON_OK);
    assert_int_equal(jt_verify(half_again, method_cases[6].method, MESSAGE, jeton_bytes(signature, len)), JETON_OK);
    jt_secret_key_release(key_again);
    jt_public_key_release(half_again);
    jt_secret_key_release(NULL);
    jt_public_key_release(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_verifies_what_it_signed),
        cmocka_unit_test(an_empty_message_is_a_message),
        cmocka_unit_test(a_key_takes_its_own_methods_alone),
        cmocka_unit_test(pss_and_pkcs1_of_one_key_do_not_mix),
        cmocka_unit_test(psychic_signatures_are_refused),
        cmocka_unit_test(an_ecdsa_signature_has_one_length_and_one_form),
        cmocka_unit_test(ecdsa_numbers_that_begin_with_zeros_are_filled_up),
        cmocka_unit_test(a_short_or_long_rsa_signature_is_refused_before_it_is_read),
        cmocka_unit_test(hmac_needs_a_key_as_long_as_the_hash),
        cmocka_unit_test(a_mac_is_taken_whole_or_not),
        cmocka_unit_test(signing_needs_room_for_the_whole_signature),
        cmocka_unit_test(many_at_once_give_each_its_own_result),
        cmocka_unit_test(warming_leaves_a_key_as_it_was),
        cmocka_unit_test(one_handle_serves_many_threads),
        cmocka_unit_test(a_handle_lives_as_long_as_somebody_holds_it),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, release_rsa_key);
}
