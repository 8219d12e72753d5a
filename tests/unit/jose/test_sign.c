/* SPDX-License-Identifier: Apache-2.0 */
/* Is a token the same whichever way it is made? Claims given as an empty object change nothing in it, but keep it from
 * the quick way. */
#include "jose_test.h"

#define NOW 1795762112
#define FROM 1000000000 /* ten digits */
#define TO 10000000000

struct made {
    enum jeton_status status;
    struct jt_buffer token;
    char detail[sizeof((struct jeton_detail *)0)->text];
};

static struct jt_secret_jwk *key;

static int make_key(void **state)
{
    (void)state;
    return jt_secret_jwk_from_bytes(JT_TEXT("0123456789abcdef0123456789abcdef"), &key, NULL) == JETON_OK ? 0 : -1;
}

static int release_key(void **state)
{
    (void)state;
    jt_secret_jwk_release(key);
    return 0;
}

static int count_bytes(void *context, void *out, size_t len)
{
    unsigned *calls = context;
    ++*calls;
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = (unsigned char)(i * 17);
    return 0;
}

static int no_bytes(void *context, void *out, size_t len)
{
    (void)out, (void)len;
    ++*(unsigned *)context;
    return -1;
}

static struct made make(const struct jeton_sign_options *options)
{
    struct made made;
    struct jeton_detail detail = {""};
    jt_buffer_init(&made.token, (size_t)2 << 20);
    made.status = jt_sign_token(key, options, &made.token, &detail);
    memcpy(made.detail, detail.text, sizeof made.detail);
    return made;
}

static enum jeton_status both_ways(const struct jeton_sign_options *options)
{
    struct jeton_sign_options other = *options;
    other.claims_json = JT_TEXT("{}");
    struct made quick = make(options), any = make(&other);
    assert_int_equal(quick.status, any.status);
    assert_string_equal(quick.detail, any.detail);
    if (quick.status == JETON_OK)
        assert_true(jt_bytes_equal(jt_buffer_bytes(&quick.token), jt_buffer_bytes(&any.token)));
    jt_buffer_done(&quick.token);
    jt_buffer_done(&any.token);
    return quick.status;
}

static struct jeton_sign_options plain_options(void)
{
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    options.kid = JT_TEXT("k1");
    options.issuer = JT_TEXT("https://login.example");
    options.subject = JT_TEXT("user-4f1c0a3e");
    options.jti = JT_TEXT("9b1deb4d");
    options.now = NOW;
    return options;
}

static void a_plain_token_says_what_was_asked_byte_for_byte(void **state)
{
    (void)state;
    struct jeton_bytes audience = JT_TEXT("api");
    const struct jeton_claim claims[] = {{JT_TEXT("scope"), JT_TEXT("\"read write\"")},
                                         {JT_TEXT("level"), JT_TEXT("12")}};
    struct jeton_sign_options options = plain_options();
    options.audiences = (struct jeton_list){&audience, 1};
    options.backdate = 60;
    options.claims = claims;
    options.claim_count = 2;
    struct made made = make(&options);
    char expected[1024], text[1024];
    static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}";
    static const char payload[] =
        "{\"iss\":\"https://login.example\",\"sub\":\"user-4f1c0a3e\",\"aud\":\"api\",\"iat\":1795762112,\"nbf\":"
        "1795762052,\"exp\":1795763012,\"jti\":\"9b1deb4d\",\"scope\":\"read write\",\"level\":12}";
    assert_int_equal(made.status, JETON_OK);
    size_t first = jt_base64url_encoded(sizeof header - 1), second = jt_base64url_encoded(sizeof payload - 1);
    jt_base64url_encode(JT_TEXT(header), expected);
    expected[first] = '.';
    jt_base64url_encode(JT_TEXT(payload), expected + first + 1);
    expected[first + 1 + second] = '.';
    assert_int_equal(made.token.len, first + second + 2 + 43);
    memcpy(text, made.token.at, made.token.len);
    assert_memory_equal(text, expected, first + second + 2);
    jt_buffer_done(&made.token);
    assert_int_equal(both_ways(&options), JETON_OK);
}

static void every_text_is_written_or_refused_alike(void **state)
{
    (void)state;
    static char of_1023[1023], of_1024[1024];
    memset(of_1023, 'x', sizeof of_1023);
    memset(of_1024, 'x', sizeof of_1024);
    const struct jeton_bytes texts[] = {
        JT_TEXT(""),     JT_TEXT("x"),    JT_TEXT("a\"b"),    JT_TEXT("\\"),           JT_TEXT("\xc3\xa9t\xc3\xa9"),
        JT_TEXT("\x7f"), JT_TEXT("a\nb"), JT_TEXT("bad\xff"), JT_TEXT("\xed\xa0\x80"), {"nul\0nul", 7},
        {of_1023, 1023}, {of_1024, 1024},
    };
    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        bool utf8 = jt_bytes_utf8(texts[i]);
        for (int field = 0; field < 6; field++) {
            struct jeton_sign_options options = plain_options();
            struct jeton_bytes audience = texts[i];
            struct jeton_bytes *const fields[] = {&options.kid, &options.typ, &options.issuer, &options.subject,
                                                  &options.jti};
            if (field < 5)
                *fields[field] = texts[i];
            else
                options.audiences = (struct jeton_list){&audience, 1};
            unsigned calls = 0;
            options.random = count_bytes;
            options.random_context = &calls;
            bool good = utf8 && (field < 5 || audience.len > 0);
            assert_int_equal(both_ways(&options), good ? JETON_OK : JETON_CLAIMS_INVALID);
        }
    }
}

static void times_of_any_length_are_written_or_refused_alike(void **state)
{
    (void)state;
    static const int64_t nows[] = {-1, 0, 1, FROM - 1, FROM, NOW, TO - 1, TO, (int64_t)1 << 53, ((int64_t)1 << 53) + 1};
    for (size_t i = 0; i < JT_COUNT(nows); i++) {
        const int64_t now = nows[i];
        const int64_t ttls[] = {-1, 0, 1, 900, TO - 1 - now, TO - now, ((int64_t)1 << 53) - now};
        const int64_t backs[] = {-2, -1, 0, 1, now - FROM, now - FROM + 1, now, now + 1};
        for (size_t t = 0; t < JT_COUNT(ttls); t++) {
            for (size_t b = 0; b < JT_COUNT(backs); b++) {
                struct jeton_sign_options options = plain_options();
                options.now = now;
                options.ttl = ttls[t];
                options.backdate = backs[b];
                bool good = now >= 0 && now <= (int64_t)1 << 53 && ttls[t] >= 0 &&
                            ttls[t] <= ((int64_t)1 << 53) - now && backs[b] >= -1 && backs[b] <= now;
                assert_int_equal(both_ways(&options), good ? JETON_OK : JETON_ARGUMENT_INVALID);
            }
        }
    }
}

static enum jeton_status with_claims(const struct jeton_claim *claims, size_t count)
{
    struct jeton_sign_options options = plain_options();
    options.claims = claims;
    options.claim_count = count;
    return both_ways(&options);
}

static void every_value_of_a_claim_is_written_or_refused_alike(void **state)
{
    (void)state;
    static const char *const good[] = {
        "\"x\"", "\"\"",   "\"\\u0041\"",        "\"\xc3\xa9\"",       "1", "0", "-1", "1.5", "true",
        "{}",    "[1, 2]", "123456789012345678", "1234567890123456789"};
    static const char *const bad[] = {"", "\"", "\"a\"b\"", "x", "01", "1a", "\"\n\"", "\"\xff\"", "'x'", "1 2"};
    for (size_t i = 0; i < JT_COUNT(good); i++)
        assert_int_equal(with_claims(&(struct jeton_claim){JT_TEXT("n"), jeton_text(good[i])}, 1), JETON_OK);
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_int_equal(with_claims(&(struct jeton_claim){JT_TEXT("n"), jeton_text(bad[i])}, 1), JETON_CLAIMS_INVALID);
}

/* The payload may be 64 deep, and its own object is the first. */
static void a_claim_is_as_deep_as_the_payload_leaves_room_for(void **state)
{
    (void)state;
    char value[2 * 64];
    for (size_t depth = 63; depth <= 64; depth++) {
        memset(value, '[', depth);
        memset(value + depth, ']', depth);
        struct jeton_claim claim = {JT_TEXT("n"), {value, 2 * depth}};
        assert_int_equal(with_claims(&claim, 1), depth == 63 ? JETON_OK : JETON_CLAIMS_INVALID);
    }
}

static void every_name_of_a_claim_is_written_or_refused_alike(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool text, number; /* may it have such a value? */
    } names[] = {{"n", true, true},    {"azp", true, true},    {"scp", true, true},     {"scope", true, true},
                 {"iss", true, false}, {"sub", true, false},   {"aud", true, false},    {"jti", true, false},
                 {"exp", false, true}, {"nbf", false, true},   {"iat", false, true},    {"a\"b", true, true},
                 {"", false, false},   {"\xff", false, false}, {"\xc3\xa9", true, true}};
    for (size_t i = 0; i < JT_COUNT(names); i++) {
        const struct jeton_claim text = {jeton_text(names[i].name), JT_TEXT("\"x\"")};
        const struct jeton_claim number = {jeton_text(names[i].name), JT_TEXT("77")};
        const struct jeton_claim twice[] = {text, {JT_TEXT("other"), JT_TEXT("1")}, text};
        assert_int_equal(with_claims(&text, 1), names[i].text ? JETON_OK : JETON_CLAIMS_INVALID);
        assert_int_equal(with_claims(&number, 1), names[i].number ? JETON_OK : JETON_CLAIMS_INVALID);
        assert_int_equal(with_claims(twice, 3), JETON_CLAIMS_INVALID);
    }
}

static void any_count_of_claims_and_any_sum_of_lengths_is_written_alike(void **state)
{
    (void)state;
    char names[20][4];
    struct jeton_claim claims[20];
    static char value[130];
    memset(value, 'v', sizeof value);
    value[0] = '"';
    for (size_t count = 0; count <= 20; count++)
        for (size_t len = 2; len <= sizeof value; len++) {
            value[len - 1] = '"';
            for (size_t i = 0; i < count; i++) {
                snprintf(names[i], sizeof names[i], "c%02zu", i);
                claims[i] = (struct jeton_claim){jeton_bytes(names[i], 3), jeton_bytes(value, len)};
            }
            assert_int_equal(with_claims(claims, count), JETON_OK);
            value[len - 1] = 'v';
        }
}

static void an_identifier_of_chance_is_asked_for_once(void **state)
{
    (void)state;
    static const char *const values[] = {"\"plain\"", "\"\\n\""};
    for (size_t i = 0; i < JT_COUNT(values); i++) {
        const struct jeton_claim claim = {JT_TEXT("n"), jeton_text(values[i])};
        struct jeton_sign_options options = plain_options();
        unsigned calls = 0;
        options.jti = JT_TEXT("");
        options.random = count_bytes;
        options.random_context = &calls;
        options.claims = &claim;
        options.claim_count = 1;
        struct made made = make(&options);
        assert_int_equal(made.status, JETON_OK);
        assert_int_equal(calls, 1);
        jt_buffer_done(&made.token);
        assert_int_equal(both_ways(&options), JETON_OK);
        options.random = no_bytes; /* nor again where it fails */
        calls = 0;
        made = make(&options);
        assert_int_equal(made.status, JETON_INTERNAL_ERROR);
        assert_int_equal(calls, 1);
        jt_buffer_done(&made.token);
        assert_int_equal(both_ways(&options), JETON_INTERNAL_ERROR);
    }
}

static void an_algorithm_that_is_not_the_keys_is_refused_alike(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum jeton_status status;
    } names[] = {{"", JETON_OK},
                 {"HS256", JETON_OK},
                 {"HS384", JETON_KEY_UNSUITABLE},
                 {"RS256", JETON_KEY_UNSUITABLE},
                 {"HS25", JETON_ALG_NOT_ALLOWED},
                 {"none", JETON_ALG_NOT_ALLOWED}};
    for (size_t i = 0; i < JT_COUNT(names); i++) {
        struct jeton_sign_options options = plain_options();
        options.alg = jeton_text(names[i].name);
        assert_int_equal(both_ways(&options), names[i].status);
        options.issuer = JT_TEXT("\xff"); /* what is wrong with the texts is said first */
        assert_int_equal(both_ways(&options), JETON_CLAIMS_INVALID);
    }
}

static void several_audiences_are_an_array(void **state)
{
    (void)state;
    const struct jeton_bytes two[] = {JT_TEXT("a"), JT_TEXT("b")};
    const struct jeton_bytes empty[] = {JT_TEXT("a"), JT_TEXT("")};
    struct jeton_sign_options options = plain_options();
    options.audiences = (struct jeton_list){two, 2};
    assert_int_equal(both_ways(&options), JETON_OK);
    options.audiences = (struct jeton_list){empty, 2};
    assert_int_equal(both_ways(&options), JETON_CLAIMS_INVALID);
}

static void a_token_that_does_not_fit_leaves_nothing_behind(void **state)
{
    (void)state;
    struct jeton_sign_options options = plain_options();
    struct made made = make(&options);
    size_t len = made.token.len;
    jt_buffer_done(&made.token);
    for (size_t max = 0; max < len; max++) {
        struct jt_buffer token;
        jt_buffer_init(&token, max);
        assert_int_equal(jt_sign_token(key, &options, &token, NULL), JETON_ARGUMENT_INVALID);
        assert_int_equal(token.len, 0);
        jt_buffer_done(&token);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_token_says_what_was_asked_byte_for_byte),
        cmocka_unit_test(every_text_is_written_or_refused_alike),
        cmocka_unit_test(times_of_any_length_are_written_or_refused_alike),
        cmocka_unit_test(every_value_of_a_claim_is_written_or_refused_alike),
        cmocka_unit_test(a_claim_is_as_deep_as_the_payload_leaves_room_for),
        cmocka_unit_test(every_name_of_a_claim_is_written_or_refused_alike),
        cmocka_unit_test(any_count_of_claims_and_any_sum_of_lengths_is_written_alike),
        cmocka_unit_test(an_identifier_of_chance_is_asked_for_once),
        cmocka_unit_test(an_algorithm_that_is_not_the_keys_is_refused_alike),
        cmocka_unit_test(several_audiences_are_an_array),
        cmocka_unit_test(a_token_that_does_not_fit_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("sign", tests, make_key, release_key);
}
