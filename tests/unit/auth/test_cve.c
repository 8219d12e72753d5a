/* SPDX-License-Identifier: Apache-2.0 */
/* Does each known class of token vulnerability stay shut? One test per class,
 * named after the row and one of its advisories. */
#include "auth_test.h"

/* What a raw token comes to when only the key es is known. */
static enum jeton_status judge_raw(struct jeton_bytes token, const struct jt_keyset *set)
{
    struct jeton_policy_options options = any_audience();
    return judge_bytes(token, set, &options, NOW);
}

static char *b64(struct jeton_bytes bytes)
{
    size_t len = jt_base64url_encoded(bytes.len);
    char *text = calloc(1, len + 1);
    jt_base64url_encode(bytes, text);
    return text;
}

/* header.payload.signature of raw texts. */
static char *raw_token(struct jeton_bytes header, struct jeton_bytes payload, struct jeton_bytes signature)
{
    char *h = b64(header), *p = b64(payload), *s = b64(signature);
    char *token = malloc(strlen(h) + strlen(p) + strlen(s) + 3);
    assert_non_null(token);
    sprintf(token, "%s.%s.%s", h, p, s);
    free(h);
    free(p);
    free(s);
    return token;
}

static void row_1_CVE_2015_9235_alg_none_in_every_spelling(void **state)
{
    (void)state;
    const char *names[] = {"none", "None", "NONE", "nOnE", " none", "none ", "", "\\u006eone", "null", "none\\u0000"};
    struct jt_keyset *set = one_key(keys.es);
    for (size_t i = 0; i < JT_COUNT(names); i++) {
        char header[64];
        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", names[i]);
        char *empty = raw_token(jeton_text(header), JT_TEXT(GOOD_PAYLOAD), JT_TEXT(""));
        char *filled = jws(keys.es, "ES256", header, GOOD_PAYLOAD);
        assert_code(judge_raw(jeton_text(empty), set), JETON_ALG_NOT_ALLOWED);
        assert_code(judge_raw(jeton_text(filled), set), JETON_ALG_NOT_ALLOWED);
        free(empty);
        free(filled);
    }
    jt_keyset_free(set);
}

static char *mac_token(struct jeton_bytes secret)
{
    struct jt_secret_key *key = NULL;
    struct jt_secret_jwk *jwk = NULL;
    struct jt_key_numbers numbers = {.type = JT_KEY_OCT, .k = secret};
    struct jeton_bytes none = {NULL, 0};
    assert_int_equal(jt_secret_key_make(&numbers, &JT_KEY_RULES_OPERATOR, &key, NULL), JETON_OK);
    assert_int_equal(jt_secret_jwk_make(key, none, NULL, &jwk), JETON_OK);
    char *token = jws(jwk, "HS256", "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", GOOD_PAYLOAD);
    jt_secret_jwk_release(jwk);
    jt_secret_key_release(key);
    return token;
}

static void row_2_CVE_2016_5431_a_public_key_is_never_a_secret(void **state)
{
    (void)state;
    struct jt_public_jwk *half = public_half(keys.rsa);
    struct jt_buffer pem, der, jwk;
    struct jt_key_numbers numbers;
    jt_buffer_init(&pem, 8192);
    jt_buffer_init(&der, 8192);
    jt_buffer_init(&jwk, 8192);
    assert_int_equal(jt_public_key_encode(half->key, true, &pem), JETON_OK);
    assert_int_equal(jt_public_key_encode(half->key, false, &der), JETON_OK);
    jt_jwk_write_public(&jwk, half);
    jt_public_key_numbers(half->key, &numbers);
    const struct jeton_bytes secrets[] = {jt_buffer_bytes(&pem), jt_buffer_bytes(&der), jt_buffer_bytes(&jwk),
                                          numbers.n};
    struct jeton_bytes hs256 = JT_TEXT("HS256");
    struct jeton_policy_options options = any_audience(), open = any_audience();
    open.algorithms = (struct jeton_list){&hs256, 1};
    struct jt_keyset *set = one_key(keys.rsa), *both = one_key(keys.rsa);
    add_key(both, keys.secret, true);
    for (size_t i = 0; i < JT_COUNT(secrets); i++) {
        char *token = mac_token(secrets[i]);
        assert_code(judge(token, set, &options), JETON_ALG_NOT_ALLOWED);
        assert_code(judge(token, set, &open), JETON_ALG_NOT_ALLOWED);
        assert_code(judge(token, both, &options), JETON_SIGNATURE_INVALID);
        free(token);
    }
    jt_keyset_free(set);
    jt_keyset_free(both);
    jt_buffer_done(&pem);
    jt_buffer_done(&der);
    jt_buffer_done(&jwk);
    jt_public_jwk_release(half);
}

static void row_3_CVE_2026_44699_no_HMAC_with_an_empty_key(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.rsa);
    /* HMAC-SHA256 of anything under the empty key does not matter: no secret, no HS256. */
    char *token = raw_token(JT_TEXT("{\"alg\":\"HS256\",\"kid\":\"rsa\"}"), JT_TEXT(GOOD_PAYLOAD),
                            jeton_bytes("0123456789abcdef0123456789abcdef", 32));
    assert_code(judge_raw(jeton_text(token), set), JETON_ALG_NOT_ALLOWED);
    free(token);
    struct jt_keyset *empty = set_of("{\"keys\":[{\"kty\":\"oct\",\"k\":\"\",\"kid\":\"rsa\"}]}");
    assert_int_equal(jt_keyset_count(empty), 0);
    jt_keyset_free(empty);
    jt_keyset_free(set);
}

static void row_4_CVE_2022_23539_key_and_algorithm_agree_inside_a_family(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.rsa); /* alg RS256 */
    struct jt_secret_jwk *free_alg = NULL;
    struct jeton_bytes none = {NULL, 0};
    assert_int_equal(jt_secret_jwk_make(keys.rsa->key, none, NULL, &free_alg), JETON_OK);
    char *token = jws(free_alg, "PS256", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", GOOD_PAYLOAD);
    assert_code(judge_raw(jeton_text(token), set), JETON_ALG_NOT_ALLOWED);
    free(token);
    jt_keyset_free(set);
    struct jt_secret_jwk *p384 = new_key("ES384", "p384");
    set = one_key(p384);
    token = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"p384\"}", GOOD_PAYLOAD);
    assert_code(judge_raw(jeton_text(token), set), JETON_ALG_NOT_ALLOWED);
    free(token);
    jt_keyset_free(set);
    jt_secret_jwk_release(p384);
    jt_secret_jwk_release(free_alg);
}

static void rows_5_6_CVE_2018_0114_keys_in_the_header_are_never_used(void **state)
{
    (void)state;
    struct jt_public_jwk *half = public_half(keys.other);
    struct jt_buffer jwk;
    jt_buffer_init(&jwk, 4096);
    jt_jwk_write_public(&jwk, half);
    jt_buffer_add_byte(&jwk, 0);
    struct jt_keyset *set = one_key(keys.es);
    const char *members[] = {"\"jwk\":%s", "\"jku\":\"https://evil.example/jwks\",\"x\":%s",
                             "\"x5u\":\"https://evil.example/c\",\"x\":%s", "\"x5c\":[\"MIIB\"],\"x\":%s"};
    for (size_t i = 0; i < JT_COUNT(members); i++) {
        char member_text[1024], header[2048];
        char *at = strstr(members[i], "%s");
        snprintf(member_text, sizeof member_text, "%.*s%s", (int)(at - members[i]), members[i], (char *)jwk.at);
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"es\",%s}", member_text);
        char *token = jws(keys.other, "ES256", header, GOOD_PAYLOAD);
        assert_code(judge_raw(jeton_text(token), set), JETON_SIGNATURE_INVALID);
        free(token);
        token = jws(keys.es, "ES256", header, GOOD_PAYLOAD); /* harmless beside a good signature */
        assert_code(judge_raw(jeton_text(token), set), JETON_OK);
        free(token);
    }
    jt_keyset_free(set);
    jt_buffer_done(&jwk);
    jt_public_jwk_release(half);
}

static void row_7_a_kid_is_a_name_and_nothing_else(void **state)
{
    (void)state;
    const char *kids[] = {"../../dev/null", "' OR 1=1 --", "es\\u0000", "%s%n", "/dev/zero", "es;id"};
    struct jt_keyset *set = one_key(keys.es);
    for (size_t i = 0; i < JT_COUNT(kids); i++) {
        char header[128];
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kids[i]);
        char *token = jws(keys.es, "ES256", header, GOOD_PAYLOAD);
        assert_code(judge_raw(jeton_text(token), set), JETON_KEY_UNKNOWN);
        free(token);
    }
    jt_keyset_free(set);
}

static void row_8_CVE_2022_21449_psychic_signatures(void **state)
{
    (void)state;
    static const unsigned char n[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    unsigned char values[4][32] = {{0}};
    values[1][31] = 1;
    memcpy(values[2], n, 32);
    memcpy(values[3], n, 32);
    values[3][31]--;
    struct jt_keyset *set = one_key(keys.es);
    for (int r = 0; r < 4; r++) {
        for (int s = 0; s < 4; s++) {
            unsigned char signature[64];
            memcpy(signature, values[r], 32);
            memcpy(signature + 32, values[s], 32);
            char *token = raw_token(JT_TEXT(ES_HEADER), JT_TEXT(GOOD_PAYLOAD), jeton_bytes(signature, 64));
            assert_code(judge_raw(jeton_text(token), set), JETON_SIGNATURE_INVALID);
            free(token);
        }
    }
    jt_keyset_free(set);
}

static void rows_9_10_16_signatures_of_a_wrong_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 3, 16, 31, 32, 63, 65, 66, 70, 72, 128, 255, 257, 4096};
    unsigned char zeros[4096];
    memset(zeros, 0x30, sizeof zeros);
    struct jt_keyset *set = one_key(keys.es);
    add_key(set, keys.rsa, false);
    add_key(set, keys.ed, false);
    add_key(set, keys.secret, true);
    const char *headers[] = {ES_HEADER, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
                             "{\"alg\":\"HS256\"}"};
    for (size_t h = 0; h < JT_COUNT(headers); h++)
        for (size_t i = 0; i < JT_COUNT(lengths); i++) {
            char *token = raw_token(jeton_text(headers[h]), JT_TEXT(GOOD_PAYLOAD), jeton_bytes(zeros, lengths[i]));
            assert_code(judge_raw(jeton_text(token), set), JETON_SIGNATURE_INVALID);
            free(token);
        }
    jt_keyset_free(set);
}

static void row_12_CVE_2017_12974_points_off_the_curve(void **state)
{
    (void)state;
    struct jt_keyset *set = set_of("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"es\","
                                   "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
                                   "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"},"
                                   "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"zero\","
                                   "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
                                   "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}");
    assert_int_equal(jt_keyset_count(set), 0);
    assert_int_equal(jt_keyset_skipped(set), 2);
    jt_keyset_free(set);
}

static void row_17_CVE_2025_59420_crit_is_not_ignored(void **state)
{
    (void)state;
    const char *crits[] = {"[\"x\"]",
                           "[\"exp\"]",
                           "[\"b64\"],\"b64\":false",
                           "[\"b64\"],\"b64\":true",
                           "[]",
                           "\"x\"",
                           "{}",
                           "null",
                           "1",
                           "[1]",
                           "[\"alg\"]",
                           "[\"x\",\"x\"]"};
    struct jt_keyset *set = one_key(keys.es);
    for (size_t i = 0; i < JT_COUNT(crits); i++) {
        char header[128];
        snprintf(header, sizeof header, "{\"alg\":\"ES256\",\"kid\":\"es\",\"crit\":%s}", crits[i]);
        char *token = jws(keys.es, "ES256", header, GOOD_PAYLOAD);
        assert_code(judge_raw(jeton_text(token), set), JETON_CRIT_UNSUPPORTED);
        free(token);
    }
    jt_keyset_free(set);
}

static void row_18_CVE_2026_48525_b64_without_crit(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.es);
    char *token = jws(keys.es, "ES256", "{\"alg\":\"ES256\",\"kid\":\"es\",\"b64\":false}", GOOD_PAYLOAD);
    assert_code(judge_raw(jeton_text(token), set), JETON_HEADER_INVALID);
    free(token);
    jt_keyset_free(set);
}

static void row_21_CVE_2022_39227_a_JSON_serialization_is_no_token(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.es);
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    char *dot = strchr(token, '.'), *last = strrchr(token, '.');
    struct jt_buffer json, wrapped;
    jt_buffer_init(&json, 4096);
    jt_buffer_init(&wrapped, 4096);
    jt_buffer_add_format(&json, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"%s\"}",
                         (int)(dot - token), token, (int)(last - dot - 1), dot + 1, last + 1);
    assert_code(judge_raw(jt_buffer_bytes(&json), set), JETON_TOKEN_MALFORMED);
    jt_buffer_add_format(&wrapped, "{\"  %s\":\"\"}", token);
    assert_code(judge_raw(jt_buffer_bytes(&wrapped), set), JETON_TOKEN_MALFORMED);
    jt_buffer_done(&wrapped);
    jt_buffer_done(&json);
    free(token);
    jt_keyset_free(set);
}

static void row_22_CVE_2022_25757_a_member_twice(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    const char *headers[] = {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}",
                             "{\"alg\":\"ES256\",\"x\":{\"a\":1,\"a\":2}}"};
    for (size_t i = 0; i < JT_COUNT(headers); i++)
        assert_code(judge_made(keys.es, headers[i], GOOD_PAYLOAD, &options), JETON_HEADER_INVALID);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"sub\":\"a\",\"exp\":1800000000,\"sub\":\"b\"}", &options),
                JETON_CLAIMS_INVALID);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"sub\":\"a\",\"exp\":1800000000,\"s\\u0075b\":\"b\"}", &options),
                JETON_CLAIMS_INVALID);
}

static void row_23_one_canonical_base64url(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.ed);
    char *good = jws(keys.ed, "EdDSA", "{\"alg\":\"EdDSA\"}", "{\"exp\":1800000000}");
    size_t len = strlen(good);
    char *bad = malloc(len + 8);
    assert_non_null(bad);
    assert_code(judge_raw(jeton_text(good), set), JETON_OK);
    const char *inserts[] = {"=", " ", "\n", "+", "/", "%", ".", "\xc3\xa9"};
    for (size_t at = 0; at <= len; at += 7)
        for (size_t i = 0; i < JT_COUNT(inserts); i++) {
            snprintf(bad, len + 8, "%.*s%s%s", (int)at, good, inserts[i], good + at);
            assert_code(judge_raw(jeton_text(bad), set), JETON_TOKEN_MALFORMED);
        }
    strcpy(bad, good); /* 64 bytes end in two unused bits … of a 2-character tail: four */
    bad[len - 1] = (char)(bad[len - 1] + 1);
    assert_code(judge_raw(jeton_text(bad), set), JETON_TOKEN_MALFORMED);
    assert_code(judge_raw(jeton_bytes(good, len + 1), set), JETON_TOKEN_MALFORMED); /* the NUL is a byte, too */
    free(bad);
    free(good);
    jt_keyset_free(set);
}

static void row_24_CVE_2025_30204_ten_thousand_dots(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.es);
    char *dots = malloc(16384);
    assert_non_null(dots);
    memset(dots, '.', 16384);
    assert_code(judge_raw(jeton_bytes(dots, 10000), set), JETON_TOKEN_MALFORMED);
    memset(dots, 'A', 16384);
    assert_code(judge_raw(jeton_bytes(dots, 16384), set), JETON_TOKEN_MALFORMED);
    dots[8] = dots[16] = '.';
    assert_code(judge_raw(jeton_bytes(dots, 16384), set), JETON_HEADER_INVALID);
    free(dots);
    jt_keyset_free(set);
}

/* `count` times `open`, then as many `close`. */
static char *nested(const char *before, size_t count, const char *open, const char *close, const char *after)
{
    struct jt_buffer text;
    jt_buffer_init(&text, 1 << 20);
    jt_buffer_add_text(&text, before);
    for (size_t i = 0; i < count; i++)
        jt_buffer_add_text(&text, open);
    for (size_t i = 0; i < count; i++)
        jt_buffer_add_text(&text, close);
    jt_buffer_add_text(&text, after);
    jt_buffer_add_byte(&text, 0);
    return (char *)text.at;
}

static void row_25_CVE_2025_53864_depth_is_bounded(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    for (size_t depth = 30; depth <= 33; depth++) {
        char *header = nested("{\"alg\":\"ES256\",\"x\":", depth, "[", "]", "}");
        assert_code(judge_made(keys.es, header, GOOD_PAYLOAD, &options), depth < 32 ? JETON_OK : JETON_HEADER_INVALID);
        free(header);
    }
    for (size_t depth = 62; depth <= 65; depth++) {
        char *payload = nested("{\"exp\":1800000000,\"x\":", depth, "[", "]", "}");
        assert_code(judge_made(keys.es, ES_HEADER, payload, &options), depth < 64 ? JETON_OK : JETON_CLAIMS_INVALID);
        free(payload);
    }
    options.max_token = JT_TOKEN_MAX;
    char *deep = nested("", 100000, "[", "]", "");
    assert_code(judge_made(keys.es, deep, GOOD_PAYLOAD, &options), JETON_HEADER_INVALID);
    assert_code(judge_made(keys.es, ES_HEADER, deep, &options), JETON_CLAIMS_INVALID);
    free(deep);
}

static void row_26_numbers_beyond_the_clock(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    const char *exps[] = {"1e26", "1e400", "9223372036854775808", "18446744073709551615", "99999999999999999999999999"};
    for (size_t i = 0; i < JT_COUNT(exps); i++) {
        char payload[64];
        snprintf(payload, sizeof payload, "{\"exp\":%s}", exps[i]);
        assert_code(judge_made(keys.es, ES_HEADER, payload, &options), JETON_CLAIMS_INVALID);
    }
}

static void rows_27_28_a_wrong_type_is_not_absence_and_absence_is_not_assent(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":\"1800000000\"}", &options), JETON_CLAIMS_INVALID);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"nbf\":\"1\"}", &options), JETON_CLAIMS_INVALID);
    assert_code(judge_made(keys.es, ES_HEADER, "{}", &options), JETON_CLAIM_MISSING);
}

static void row_29_CVE_2024_53861_issuers_are_equal_not_alike(void **state)
{
    (void)state;
    const struct jeton_bytes issuer = JT_TEXT("https://a.example");
    struct jeton_policy_options options = any_audience();
    options.issuers = (struct jeton_list){&issuer, 1};
    const char *issuers[] = {"\"https://a.exampl\"", "\"https://a.example.evil\"", "\"a\"", "\"https://A.example\""};
    for (size_t i = 0; i < JT_COUNT(issuers); i++) {
        char payload[96];
        snprintf(payload, sizeof payload, "{\"exp\":1800000000,\"iss\":%s}", issuers[i]);
        assert_code(judge_made(keys.es, ES_HEADER, payload, &options), JETON_ISSUER_MISMATCH);
    }
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"iss\":[\"https://a.example\"]}", &options),
                JETON_CLAIMS_INVALID);
}

static void row_30_CVE_2020_26160_audiences(void **state)
{
    (void)state;
    const struct jeton_bytes audience = JT_TEXT("api");
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.audiences = (struct jeton_list){&audience, 1};
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"aud\":[]}", &options), JETON_CLAIM_MISSING);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000}", &options), JETON_CLAIM_MISSING);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"aud\":\"web\"}", &options),
                JETON_AUDIENCE_MISMATCH);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"aud\":7}", &options), JETON_CLAIMS_INVALID);
    assert_code(judge_made(keys.es, ES_HEADER, "{\"exp\":1800000000,\"aud\":[\"api\",1]}", &options),
                JETON_CLAIMS_INVALID);
}

static void row_31_an_ID_token_is_no_access_token(void **state)
{
    (void)state;
    const struct jeton_bytes type = JT_TEXT("at+jwt");
    struct jeton_policy_options options = any_audience();
    options.types = (struct jeton_list){&type, 1};
    assert_code(judge_made(keys.es, ES_HEADER, GOOD_PAYLOAD, &options), JETON_TYPE_MISMATCH);
    assert_code(judge_made(keys.es, "{\"alg\":\"ES256\",\"kid\":\"es\"}", GOOD_PAYLOAD, &options), JETON_TYPE_MISMATCH);
}

static void row_32_CVE_2026_29000_an_encrypted_token_is_not_a_signed_one(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.rsa);
    assert_code(judge_raw(JT_TEXT("eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA"), set),
                JETON_TOKEN_MALFORMED);
    const char *names[] = {"RSA-OAEP", "dir",    "A256GCM", "ECDH-ES", "PBES2-HS256+A128KW",
                           "RSA1_5",   "HS256 ", "rs256",   "ES521"};
    for (size_t i = 0; i < JT_COUNT(names); i++) {
        char header[96];
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"enc\":\"A128GCM\",\"kid\":\"rsa\",\"p2c\":1000000000}",
                 names[i]);
        char *token = jws(keys.rsa, "RS256", header, GOOD_PAYLOAD);
        assert_code(judge_raw(jeton_text(token), set), JETON_ALG_NOT_ALLOWED);
        free(token);
    }
    jt_keyset_free(set);
}

static void row_40_CVE_2019_12423_no_private_member_in_an_export(void **state)
{
    (void)state;
    const struct jt_secret_jwk *all[] = {keys.es, keys.rsa, keys.ed};
    for (size_t i = 0; i < JT_COUNT(all); i++) {
        struct jt_public_jwk *half = public_half(all[i]);
        const struct jt_public_jwk *list[] = {half};
        struct jt_buffer json;
        jt_buffer_init(&json, 8192);
        jt_jwks_write(&json, list, 1);
        struct vectors v = parse_vectors(jt_buffer_bytes(&json));
        struct jt_json_walk w = jt_json_walk(member(v.json, "keys"));
        assert_true(jt_json_next(&w));
        const char *private[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"};
        for (size_t m = 0; m < JT_COUNT(private); m++)
            assert_int_equal(jt_json_type(member(w.value, private[m])), JT_JSON_NONE);
        free(v.memory);
        jt_buffer_done(&json);
        jt_public_jwk_release(half);
    }
}

static void row_41_CVE_2026_42576_odd_key_sets_do_no_harm(void **state)
{
    (void)state;
    const struct {
        const char *json;
        enum jeton_status operator, fetched;
    } rows[] = {
        {"{\"keys\":null}", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"{\"keys\":{}}", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"{\"keys\":[]}", JETON_OK, JETON_KEY_INVALID},
        {"{}", JETON_OK, JETON_KEY_INVALID},
        {"[]", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"null", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"{\"keys\":[null,1,\"x\",[],{}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":1}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":{},\"e\":[]}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AA\"}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":null}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":null}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\",\"pub\":\"AA\"}]}", JETON_OK, JETON_KEY_INVALID},
        {"{\"keys\":[],\"keys\":[]}", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"\xef\xbb\xbf{\"keys\":[]}", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"{\"keys\":[]}x", JETON_KEY_INVALID, JETON_KEY_INVALID},
        {"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\"}", JETON_KEY_INVALID,
         JETON_KEY_INVALID},
    };
    for (size_t i = 0; i < JT_COUNT(rows); i++)
        for (int fetched = 0; fetched < 2; fetched++) {
            struct jt_keyset *set = new_set();
            enum jeton_status status = jt_keyset_read_jwks(set, jeton_text(rows[i].json),
                                                           fetched ? JETON_ORIGIN_FETCHED : JETON_ORIGIN_OPERATOR, NULL,
                                                           NULL, NULL);
            if (status != (fetched ? rows[i].fetched : rows[i].operator))
                fail_msg("%s: %s", rows[i].json, jeton_status_code(status));
            assert_int_equal(jt_keyset_count(set), 0);
            jt_keyset_free(set);
        }
}

static void row_53_CVE_2019_7644_no_expected_MAC_in_a_message(void **state)
{
    (void)state;
    struct jt_keyset *set = new_set();
    add_key(set, keys.secret, true);
    char *good = jws(keys.secret, "HS256", "{\"alg\":\"HS256\"}", GOOD_PAYLOAD);
    char *mac = strrchr(good, '.') + 1;
    char *expected = strdup(mac);
    mac[5] = mac[5] == 'A' ? 'B' : 'A';
    assert_code(judge_raw(jeton_text(good), set), JETON_SIGNATURE_INVALID);
    expected[8] = '\0';
    assert_null(strstr(last_detail.text, expected));
    free(expected);
    free(good);
    jt_keyset_free(set);
}

static void row_58_CVE_2019_17195_random_damage_never_passes(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.ed);
    char *good = jws(keys.ed, "EdDSA", "{\"alg\":\"EdDSA\"}", GOOD_PAYLOAD);
    size_t len = strlen(good);
    for (size_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 7; bit++) {
            good[at] = (char)(good[at] ^ (1 << bit));
            assert_int_not_equal(judge_raw(jeton_bytes(good, len), set), JETON_OK);
            good[at] = (char)(good[at] ^ (1 << bit));
        }
    for (size_t cut = 0; cut < len; cut++)
        assert_int_not_equal(judge_raw(jeton_bytes(good, cut), set), JETON_OK);
    assert_code(judge_raw(jeton_bytes(good, len), set), JETON_OK);
    free(good);
    jt_keyset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_1_CVE_2015_9235_alg_none_in_every_spelling),
        cmocka_unit_test(row_2_CVE_2016_5431_a_public_key_is_never_a_secret),
        cmocka_unit_test(row_3_CVE_2026_44699_no_HMAC_with_an_empty_key),
        cmocka_unit_test(row_4_CVE_2022_23539_key_and_algorithm_agree_inside_a_family),
        cmocka_unit_test(rows_5_6_CVE_2018_0114_keys_in_the_header_are_never_used),
        cmocka_unit_test(row_7_a_kid_is_a_name_and_nothing_else),
        cmocka_unit_test(row_8_CVE_2022_21449_psychic_signatures),
        cmocka_unit_test(rows_9_10_16_signatures_of_a_wrong_length),
        cmocka_unit_test(row_12_CVE_2017_12974_points_off_the_curve),
        cmocka_unit_test(row_17_CVE_2025_59420_crit_is_not_ignored),
        cmocka_unit_test(row_18_CVE_2026_48525_b64_without_crit),
        cmocka_unit_test(row_21_CVE_2022_39227_a_JSON_serialization_is_no_token),
        cmocka_unit_test(row_22_CVE_2022_25757_a_member_twice),
        cmocka_unit_test(row_23_one_canonical_base64url),
        cmocka_unit_test(row_24_CVE_2025_30204_ten_thousand_dots),
        cmocka_unit_test(row_25_CVE_2025_53864_depth_is_bounded),
        cmocka_unit_test(row_26_numbers_beyond_the_clock),
        cmocka_unit_test(rows_27_28_a_wrong_type_is_not_absence_and_absence_is_not_assent),
        cmocka_unit_test(row_29_CVE_2024_53861_issuers_are_equal_not_alike),
        cmocka_unit_test(row_30_CVE_2020_26160_audiences),
        cmocka_unit_test(row_31_an_ID_token_is_no_access_token),
        cmocka_unit_test(row_32_CVE_2026_29000_an_encrypted_token_is_not_a_signed_one),
        cmocka_unit_test(row_40_CVE_2019_12423_no_private_member_in_an_export),
        cmocka_unit_test(row_41_CVE_2026_42576_odd_key_sets_do_no_harm),
        cmocka_unit_test(row_53_CVE_2019_7644_no_expected_MAC_in_a_message),
        cmocka_unit_test(row_58_CVE_2019_17195_random_damage_never_passes),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
