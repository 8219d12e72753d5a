/* SPDX-License-Identifier: Apache-2.0 */
/* Which numbers become a key? For each rule the number that just passes and the one that just does not. */
#include "crypto_test.h"

static const struct jt_key_rules *const operator_rules = &(const struct jt_key_rules){2048, 8192};

static enum jeton_status make_public(const struct jt_key_numbers *numbers, const struct jt_key_rules *rules)
{
    struct jt_public_key *key = NULL;
    struct jeton_detail detail = {{0}};
    enum jeton_status status = jt_public_key_make(numbers, rules, &key, &detail);
    assert_true((status == JETON_OK) == (key != NULL));
    assert_true((status == JETON_OK) == (detail.text[0] == 0)); /* whoever is refused is told why */
    jt_public_key_release(key);
    return status;
}

static enum jeton_status make_secret(const struct jt_key_numbers *numbers)
{
    struct jt_secret_key *key = NULL;
    struct jeton_detail detail = {{0}};
    enum jeton_status status = jt_secret_key_make(numbers, operator_rules, &key, &detail);
    assert_true((status == JETON_OK) == (key != NULL));
    assert_true((status == JETON_OK) == (detail.text[0] == 0));
    jt_secret_key_release(key);
    return status;
}

/* An odd number of so many bits; nobody knows its factors, and no rule asks for them. */
static struct jeton_bytes modulus(unsigned char room[1100], unsigned bits)
{
    size_t len = (bits + 7) / 8;
    for (size_t i = 0; i < len; i++)
        room[i] = (unsigned char)(i * 37 + 11);
    unsigned top = (bits - 1) % 8;
    room[0] = (unsigned char)((room[0] & ((1u << top) - 1)) | 1u << top);
    room[len - 1] |= 1;
    return jeton_bytes(room, len);
}

static const unsigned char f4[] = {1, 0, 1};

static void rsa_sizes_are_the_rules(void **state)
{
    (void)state;
    static const struct {
        unsigned bits;
        bool operator, fetched;
    } sizes[] = {{512, false, false}, {1024, false, false}, {2047, false, false}, {2048, true, true},
                 {2049, true, true},  {3072, true, true},   {4096, true, true},   {4097, true, false},
                 {8192, true, false}, {8193, false, false}, {8200, false, false}, {8600, false, false}};
    unsigned char room[1100];
    for (size_t i = 0; i < JT_COUNT(sizes); i++) {
        struct jt_key_numbers numbers = {.type = JT_KEY_RSA, .n = modulus(room, sizes[i].bits), .e = {f4, 3}};
        assert_int_equal(make_public(&numbers, &JT_KEY_RULES_OPERATOR),
                         sizes[i].operator? JETON_OK : JETON_KEY_INVALID);
        assert_int_equal(make_public(&numbers, &JT_KEY_RULES_FETCHED), sizes[i].fetched ? JETON_OK : JETON_KEY_INVALID);
    }
}

static void rsa_exponents_are_odd_from_3_to_2_64_minus_1(void **state)
{
    (void)state;
    static const struct {
        unsigned char e[9];
        size_t len;
        bool good;
    } exponents[] = {
        {{0}, 0, false},
        {{0}, 1, false},
        {{1}, 1, false},
        {{2}, 1, false},
        {{3}, 1, true},
        {{4}, 1, false},
        {{17}, 1, true},
        {{1, 0, 0}, 3, false},
        {{1, 0, 1}, 3, true},
        {{0, 0, 0, 0, 0, 0, 0, 0, 1}, 9, false},
        {{0, 0, 0, 0, 0, 0, 1, 0, 1}, 9, true},
        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, true},
        {{1, 0, 0, 0, 0, 0, 0, 0, 1}, 9, false},
    };
    unsigned char room[1100];
    for (size_t i = 0; i < JT_COUNT(exponents); i++) {
        struct jt_key_numbers numbers = {
            .type = JT_KEY_RSA, .n = modulus(room, 2048), .e = {exponents[i].e, exponents[i].len}};
        assert_int_equal(make_public(&numbers, operator_rules), exponents[i].good ? JETON_OK : JETON_KEY_INVALID);
    }
}

static void an_even_or_missing_rsa_modulus_is_refused(void **state)
{
    (void)state;
    unsigned char room[1100];
    struct jt_key_numbers numbers = {.type = JT_KEY_RSA, .n = modulus(room, 2048), .e = {f4, 3}};
    assert_int_equal(make_public(&numbers, operator_rules), JETON_OK);
    room[255] ^= 1;
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    memset(room, 0, sizeof room);
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    numbers.n = jeton_bytes(NULL, 0);
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
}

static void zeros_in_front_of_rsa_numbers_are_not_part_of_the_key(void **state)
{
    (void)state;
    unsigned char room[1100], padded[1100] = {0}, e[] = {0, 1, 0, 1};
    struct jt_key_numbers numbers = {.type = JT_KEY_RSA, .n = modulus(room, 2048), .e = {f4, 3}}, read;
    memcpy(padded + 1, room, 256);
    struct jt_key_numbers longer = {.type = JT_KEY_RSA, .n = {padded, 257}, .e = {e, 4}};
    struct jt_public_key *key = NULL;
    assert_int_equal(jt_public_key_make(&longer, operator_rules, &key, NULL), JETON_OK);
    assert_int_equal(jt_public_key_shape(key).bits, 2048);
    jt_public_key_numbers(key, &read);
    assert_true(jt_bytes_equal(read.n, numbers.n) && jt_bytes_equal(read.e, numbers.e));
    jt_public_key_release(key);
}

/* CVE-2017-15361. */
static void a_modulus_of_a_weak_generator_is_refused(void **state)
{
    (void)state;
    /* such moduli are 65537^k modulo all small primes, and so is 65537^k itself */
    unsigned char power[300] = {1};
    size_t len = 1;
    while (len < 257) {
        unsigned carry = 0; /* little-endian: times 65537 is a shift by two bytes and an addition */
        unsigned char next[300] = {0};
        for (size_t i = 0; i < 298; i++) {
            unsigned sum = carry + power[i] + (i >= 2 ? power[i - 2] : 0u);
            next[i] = (unsigned char)sum;
            carry = sum >> 8;
        }
        memcpy(power, next, sizeof power);
        for (len = 299; len > 0 && power[len - 1] == 0; len--)
            ;
    }
    unsigned char n[300];
    for (size_t i = 0; i < len; i++)
        n[i] = power[len - 1 - i];
    struct jt_key_numbers numbers = {.type = JT_KEY_RSA, .n = {n, len}, .e = {f4, 3}};
    struct jt_public_key *key = NULL;
    struct jeton_detail detail = {{0}};
    assert_int_equal(jt_public_key_make(&numbers, operator_rules, &key, &detail), JETON_KEY_INVALID);
    assert_non_null(strstr(detail.text, "CVE-2017-15361"));
    n[len - 1] ^= 4;
    assert_int_equal(make_public(&numbers, operator_rules), JETON_OK);
}

static void curves_need_numbers_of_exactly_their_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        if (method_cases[i].type == JT_KEY_RSA)
            continue;
        struct jt_secret_key *key = case_key(&method_cases[i]);
        if (key == NULL)
            continue;
        JT_AUTO(jt_secret_done) struct jt_secret store = {0};
        struct jt_key_numbers numbers;
        assert_int_equal(jt_secret_key_numbers(key, &numbers, &store), JETON_OK);
        assert_int_equal(make_secret(&numbers), JETON_OK);
        assert_int_equal(make_public(&numbers, operator_rules), JETON_OK);
        struct jeton_bytes *const members[] = {&numbers.x, &numbers.y, &numbers.d};
        for (size_t member = 0; member < 3; member++) {
            struct jeton_bytes whole = *members[member];
            if (whole.len == 0)
                continue;
            unsigned char padded[3000] = {0};
            memcpy(padded + 1, whole.at, whole.len);
            members[member]->len--;
            assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
            *members[member] = jeton_bytes(padded, whole.len + 1);
            assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
            *members[member] = jeton_bytes(NULL, 0);
            assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
            *members[member] = whole;
        }
        enum jt_curve curve = numbers.curve;
        for (enum jt_curve other = JT_CURVE_NONE; other <= JT_CURVE_MLDSA87; other++) {
            numbers.curve = other;
            if (other != curve)
                assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
        }
        jt_secret_key_release(key);
    }
}

/* SECURITY row 12. */
static void points_off_the_curve_and_infinity_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        if (method_cases[i].type != JT_KEY_EC)
            continue;
        struct jt_secret_key *key = case_key(&method_cases[i]);
        struct jt_public_key *half = public_half(key);
        struct jt_key_numbers numbers;
        unsigned char x[66], y[66];
        jt_public_key_numbers(half, &numbers);
        size_t len = numbers.x.len;
        memcpy(x, numbers.x.at, len);
        memcpy(y, numbers.y.at, len);
        numbers.x.at = x;
        numbers.y.at = y;
        assert_int_equal(make_public(&numbers, operator_rules), JETON_OK);
        y[len - 1] ^= 1;
        assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
        y[len - 1] ^= 1;
        x[len - 1] ^= 1;
        assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
        memset(x, 0, len);
        memset(y, 0, len);
        assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
        memset(x, 0xff, len); /* not in the field */
        memset(y, 0xff, len);
        assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
        jt_public_key_release(half);
        jt_secret_key_release(key);
    }
}

static void edwards_points_of_small_order_are_refused(void **state)
{
    (void)state;
    static const char *const points[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    };
    for (size_t i = 0; i < JT_COUNT(points); i++) {
        struct jt_key_numbers numbers = {.type = JT_KEY_OKP, .curve = JT_CURVE_ED25519};
        unsigned char *at = from_hex(jeton_text(points[i]), &numbers.x);
        assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
        at[5] ^= 0x10;
        assert_int_equal(make_public(&numbers, operator_rules), JETON_OK);
        free(at);
    }
    unsigned char y[57] = {0};
    struct jt_key_numbers numbers = {.type = JT_KEY_OKP, .curve = JT_CURVE_ED448, .x = {y, 57}};
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    y[0] = 1;
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    y[56] = 0x80;
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    memset(y, 0xff, 56);
    y[0] = y[28] = 0xfe;
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    y[0] = 2;
    assert_int_equal(make_public(&numbers, operator_rules), JETON_OK);
}

/* CVE-2026-102275: a private half with another's public one. */
static void halves_that_do_not_belong_together_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(method_cases); i++) {
        const struct method_case *one = &method_cases[i];
        struct jt_secret_key *first = NULL, *second = NULL;
        if (!jt_crypto_has(one->curve) || (i > 0 && one->type == JT_KEY_RSA))
            continue;
        assert_int_equal(jt_secret_key_generate(one->type, one->curve, one->bits, &first, NULL), JETON_OK);
        assert_int_equal(jt_secret_key_generate(one->type, one->curve, one->bits, &second, NULL), JETON_OK);
        JT_AUTO(jt_secret_done) struct jt_secret one_store = {0}, two_store = {0};
        struct jt_key_numbers mixed, other;
        assert_int_equal(jt_secret_key_numbers(first, &mixed, &one_store), JETON_OK);
        assert_int_equal(jt_secret_key_numbers(second, &other, &two_store), JETON_OK);
        assert_int_equal(make_secret(&mixed), JETON_OK);
        mixed.x = other.x;
        mixed.y = other.y;
        mixed.n = other.n;
        assert_int_equal(make_secret(&mixed), JETON_KEY_INVALID);
        jt_secret_key_release(first);
        jt_secret_key_release(second);
    }
}

static void an_ec_scalar_lies_between_1_and_the_order(void **state)
{
    (void)state;
    struct jeton_bytes order;
    unsigned char *n = from_hex(JT_TEXT("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"), &order);
    struct jeton_bytes gx, gy;
    unsigned char *x = from_hex(JT_TEXT("6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"), &gx);
    unsigned char *y = from_hex(JT_TEXT("4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"), &gy);
    unsigned char d[32] = {0};
    struct jt_key_numbers numbers = {.type = JT_KEY_EC, .curve = JT_CURVE_P256, .x = gx, .y = gy, .d = {d, 32}};
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID); /* 0 */
    d[31] = 1;
    assert_int_equal(make_secret(&numbers), JETON_OK); /* 1: the generator itself */
    d[31] = 2;
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
    numbers.d = order;
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
    n[31]++; /* n + 1 is 1 again, modulo the order */
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
    free(n);
    free(x);
    free(y);
}

static void rsa_private_members_must_be_the_keys_own(void **state)
{
    (void)state;
    struct jt_secret_key *key = case_key(&method_cases[0]);
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers numbers;
    assert_int_equal(jt_secret_key_numbers(key, &numbers, &store), JETON_OK);
    assert_int_equal(make_secret(&numbers), JETON_OK);
    struct jeton_bytes *const members[] = {&numbers.d, &numbers.p, &numbers.q, &numbers.dp, &numbers.dq, &numbers.qi};
    for (size_t i = 0; i < JT_COUNT(members); i++) {
        unsigned char *last = (unsigned char *)members[i]->at + members[i]->len - 1;
        *last ^= 2;
        assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
        *last ^= 2;
        struct jeton_bytes whole = *members[i];
        *members[i] = jeton_bytes(NULL, 0); /* d is needed; of the others all or none */
        assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
        *members[i] = whole;
    }
    struct jeton_bytes p = numbers.p;
    numbers.p = numbers.q;
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
    numbers.p = jeton_bytes(numbers.n.at, numbers.n.len); /* n · 1 */
    numbers.q = jeton_bytes("\1", 1);
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
    numbers.p = p;
    jt_secret_key_release(key);
}

static void an_rsa_key_of_n_e_and_d_alone_gets_its_primes_back(void **state)
{
    (void)state;
    struct jt_secret_key *key = case_key(&method_cases[0]), *again = NULL;
    JT_AUTO(jt_secret_done) struct jt_secret store = {0}, again_store = {0};
    struct jt_key_numbers numbers, found;
    unsigned char signature[256];
    size_t len = 0;
    assert_int_equal(jt_secret_key_numbers(key, &numbers, &store), JETON_OK);
    struct jt_key_numbers bare = {.type = JT_KEY_RSA, .n = numbers.n, .e = numbers.e, .d = numbers.d};
    assert_int_equal(jt_secret_key_make(&bare, operator_rules, &again, NULL), JETON_OK);
    assert_int_equal(jt_secret_key_numbers(again, &found, &again_store), JETON_OK);
    bool same = jt_bytes_equal(found.p, numbers.p) && jt_bytes_equal(found.q, numbers.q) &&
                jt_bytes_equal(found.qi, numbers.qi);
    bool swapped = jt_bytes_equal(found.p, numbers.q) && jt_bytes_equal(found.q, numbers.p);
    assert_true(same || swapped);
    struct jt_public_key *half = public_half(key);
    assert_int_equal(jt_sign(again, method_cases[0].method, JT_TEXT("x"), signature, sizeof signature, &len), JETON_OK);
    assert_int_equal(jt_verify(half, method_cases[0].method, JT_TEXT("x"), jeton_bytes(signature, len)), JETON_OK);
    ((unsigned char *)numbers.d.at)[numbers.d.len - 1] ^= 2;
    assert_int_equal(make_secret(&bare), JETON_KEY_INVALID);
    ((unsigned char *)numbers.d.at)[numbers.d.len - 1] ^= 3;
    assert_int_equal(make_secret(&bare), JETON_KEY_INVALID);
    bare.d = jeton_bytes("\1", 1);
    assert_int_equal(make_secret(&bare), JETON_KEY_INVALID);
    bare.d = numbers.n;
    assert_int_equal(make_secret(&bare), JETON_KEY_INVALID);
    jt_public_key_release(half);
    jt_secret_key_release(again);
    jt_secret_key_release(key);
}

static void a_symmetric_key_is_never_public(void **state)
{
    (void)state;
    unsigned char bytes[32] = {1};
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = {bytes, 32}};
    struct jt_secret_key *key = NULL;
    struct jt_public_key *half = NULL;
    struct jeton_detail detail = {{0}};
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    assert_int_equal(jt_secret_key_make(&numbers, operator_rules, &key, NULL), JETON_OK);
    assert_int_equal(jt_public_of(key, &half, &detail), JETON_KEY_INVALID);
    assert_null(half);
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers read;
    assert_int_equal(jt_secret_key_numbers(key, &read, &store), JETON_OK);
    assert_true(jt_bytes_equal(read.k, numbers.k));
    assert_int_equal(jt_secret_key_shape(key).bits, 256);
    jt_secret_key_release(key);
}

static void a_key_without_type_or_of_an_absent_algorithm_is_refused(void **state)
{
    (void)state;
    static unsigned char x[2592] = {1};
    struct jt_key_numbers numbers = {.type = JT_KEY_NONE};
    assert_int_equal(make_public(&numbers, operator_rules), JETON_KEY_INVALID);
    assert_int_equal(make_secret(&numbers), JETON_KEY_INVALID);
    numbers = (struct jt_key_numbers){.type = JT_KEY_AKP, .curve = JT_CURVE_MLDSA44, .x = {x, 1312}};
    assert_int_equal(make_public(&numbers, operator_rules),
                     jt_crypto_has(JT_CURVE_MLDSA44) ? JETON_OK : JETON_KEY_INVALID);
}

static void keys_are_made_in_the_sizes_allowed(void **state)
{
    (void)state;
    static const struct {
        enum jt_key_type type;
        enum jt_curve curve;
        unsigned bits;
        bool good;
    } wishes[] = {
        {JT_KEY_OCT, JT_CURVE_NONE, 256, true},   {JT_KEY_OCT, JT_CURVE_NONE, 4096, true},
        {JT_KEY_OCT, JT_CURVE_NONE, 255, false},  {JT_KEY_OCT, JT_CURVE_NONE, 4104, false},
        {JT_KEY_OCT, JT_CURVE_NONE, 260, false},  {JT_KEY_RSA, JT_CURVE_NONE, 2047, false},
        {JT_KEY_RSA, JT_CURVE_NONE, 8193, false}, {JT_KEY_RSA, JT_CURVE_P256, 2048, false},
        {JT_KEY_EC, JT_CURVE_P256, 256, false},   {JT_KEY_EC, JT_CURVE_ED25519, 0, false},
        {JT_KEY_OKP, JT_CURVE_P256, 0, false},    {JT_KEY_EC, JT_CURVE_NONE, 0, false},
        {JT_KEY_NONE, JT_CURVE_NONE, 0, false},   {JT_KEY_EC, JT_CURVE_P521, 0, true},
        {JT_KEY_OKP, JT_CURVE_ED448, 0, true},
    };
    for (size_t i = 0; i < JT_COUNT(wishes); i++) {
        struct jt_secret_key *key = NULL;
        struct jeton_detail detail = {{0}};
        enum jeton_status status = jt_secret_key_generate(wishes[i].type, wishes[i].curve, wishes[i].bits, &key,
                                                          &detail);
        assert_int_equal(status, wishes[i].good ? JETON_OK : JETON_ARGUMENT_INVALID);
        if (wishes[i].good)
            assert_int_equal(jt_secret_key_shape(key).type, wishes[i].type);
        jt_secret_key_release(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_sizes_are_the_rules),
        cmocka_unit_test(rsa_exponents_are_odd_from_3_to_2_64_minus_1),
        cmocka_unit_test(an_even_or_missing_rsa_modulus_is_refused),
        cmocka_unit_test(zeros_in_front_of_rsa_numbers_are_not_part_of_the_key),
        cmocka_unit_test(a_modulus_of_a_weak_generator_is_refused),
        cmocka_unit_test(curves_need_numbers_of_exactly_their_length),
        cmocka_unit_test(points_off_the_curve_and_infinity_are_refused),
        cmocka_unit_test(edwards_points_of_small_order_are_refused),
        cmocka_unit_test(halves_that_do_not_belong_together_are_refused),
        cmocka_unit_test(an_ec_scalar_lies_between_1_and_the_order),
        cmocka_unit_test(rsa_private_members_must_be_the_keys_own),
        cmocka_unit_test(an_rsa_key_of_n_e_and_d_alone_gets_its_primes_back),
        cmocka_unit_test(a_symmetric_key_is_never_public),
        cmocka_unit_test(a_key_without_type_or_of_an_absent_algorithm_is_refused),
        cmocka_unit_test(keys_are_made_in_the_sizes_allowed),
    };
    return cmocka_run_group_tests_name("keys", tests, NULL, release_rsa_key);
}
