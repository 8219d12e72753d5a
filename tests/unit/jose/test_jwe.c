/* SPDX-License-Identifier: Apache-2.0 */
/* Are encrypted tokens opened only when every bit of them is as it was sealed, and refused for the shapes that broke
 * other libraries? */
#include "jose_test.h"

#include "jose/jwe.h"

static const unsigned char key_bytes[32] = "0123456789abcdef0123456789abcde";
#define KEY jeton_bytes(key_bytes, 32)
#define ROOM (1 << 20)

struct opened {
    void *memory;
    struct jt_arena arena;
    struct jt_jwe jwe;
    struct jt_jwe_header header;
    struct jeton_bytes content;
    struct jeton_detail detail;
    enum jeton_status status;
};

static struct opened open_token(struct jeton_bytes text, struct jeton_bytes key)
{
    struct opened one = {.memory = malloc(jt_jwe_arena_size(text.len))};
    assert_non_null(one.memory);
    jt_arena_init(&one.arena, one.memory, jt_jwe_arena_size(text.len));
    one.status = jt_jwe_read(text, &one.arena, &one.jwe, &one.detail);
    if (one.status == JETON_OK)
        one.status = jt_jwe_header_read(&one.jwe, &one.arena, &one.header, &one.detail);
    if (one.status == JETON_OK)
        one.status = jt_jwe_open(&one.jwe, one.header.encryption, key, &one.arena, &one.content, &one.detail);
    return one;
}

static enum jeton_status status_of(const char *text)
{
    struct opened one = open_token(jeton_text(text), KEY);
    free(one.memory);
    return one.status;
}

/* With a NUL; freed by the caller. */
static char *sealed(struct jeton_bytes content)
{
    struct jt_buffer out;
    jt_buffer_init(&out, ROOM);
    assert_int_equal(jt_jwe_seal_direct(KEY, JT_TEXT("k1"), JT_TEXT("JWT"), content, &out), JETON_OK);
    jt_buffer_add_byte(&out, 0);
    return (char *)out.at;
}

/* A token with this header and parts of these lengths. */
static char *token_of(const char *header, size_t encrypted_key, size_t iv, size_t content, size_t tag)
{
    const size_t lengths[] = {encrypted_key, iv, content, tag};
    static const unsigned char zeros[1024];
    char *text = calloc(1, 8192), *at = text;
    assert_non_null(text);
    jt_base64url_encode(jeton_text(header), at);
    for (size_t i = 0; i < JT_COUNT(lengths); i++) {
        at += strlen(at);
        *at++ = '.';
        jt_base64url_encode(jeton_bytes(zeros, lengths[i]), at);
    }
    return text;
}

static void is_refused(const char *header, size_t encrypted_key, size_t iv, size_t tag, enum jeton_status expected)
{
    char *text = token_of(header, encrypted_key, iv, 20, tag);
    assert_int_equal(status_of(text), expected);
    free(text);
}

#define DIRECT "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}"

static void what_is_sealed_opens_and_names_its_key(void **state)
{
    (void)state;
    char *text = sealed(JT_TEXT("{\"a\":1}"));
    struct opened one = open_token(jeton_text(text), KEY);
    assert_int_equal(one.status, JETON_OK);
    assert_true(jt_bytes_equal(one.content, JT_TEXT("{\"a\":1}")));
    assert_true(jt_bytes_equal(one.jwe.header,
                               JT_TEXT("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":\"k1\",\"typ\":\"JWT\"}")));
    assert_true(jt_bytes_equal(one.header.kid, JT_TEXT("k1")));
    assert_true(jt_bytes_equal(one.header.typ, JT_TEXT("JWT")));
    free(one.memory);
    free(text);
    text = sealed(jeton_bytes("", 0));
    assert_int_equal(status_of(text), JETON_OK);
    free(text);
}

static void no_two_are_alike(void **state)
{
    (void)state;
    char *one = sealed(JT_TEXT("same")), *two = sealed(JT_TEXT("same"));
    assert_string_not_equal(one, two);
    free(one);
    free(two);
}

static void another_key_opens_nothing(void **state)
{
    (void)state;
    unsigned char other[32];
    memcpy(other, key_bytes, 32);
    other[31] ^= 1;
    char *text = sealed(JT_TEXT("content"));
    struct opened one = open_token(jeton_text(text), jeton_bytes(other, 32));
    assert_int_equal(one.status, JETON_SIGNATURE_INVALID);
    free(one.memory);
    one = open_token(jeton_text(text), jeton_bytes(other, 31));
    assert_int_equal(one.status, JETON_KEY_UNSUITABLE);
    free(one.memory);
    free(text);
}

static void S4_33_any_bit_flipped_is_refused(void **state)
{
    (void)state;
    char *text = sealed(JT_TEXT("{\"access_key_id\":\"STSPRXY0123456789ABCDEF\"}"));
    for (size_t i = 0; text[i] != '\0'; i++)
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            struct opened one = open_token(jeton_text(text), KEY);
            assert_int_not_equal(one.status, JETON_OK);
            free(one.memory);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    assert_int_equal(status_of(text), JETON_OK);
    free(text);
}

static void every_shorter_token_is_refused(void **state)
{
    (void)state;
    char *text = sealed(JT_TEXT("content"));
    for (size_t len = 0; len < strlen(text); len++) {
        struct opened one = open_token(jeton_bytes(text, len), KEY);
        assert_int_not_equal(one.status, JETON_OK);
        free(one.memory);
    }
    free(text);
}

/* SECURITY 35: CVE-2023-37464 and its like. */
static void a_tag_of_any_length_but_sixteen_is_refused(void **state)
{
    (void)state;
    for (size_t tag = 0; tag <= 32; tag++)
        is_refused(DIRECT, 0, 12, tag, tag == 16 ? JETON_SIGNATURE_INVALID : JETON_TOKEN_MALFORMED);
}

static void an_iv_of_any_length_but_twelve_is_refused(void **state)
{
    (void)state;
    for (size_t iv = 0; iv <= 32; iv++)
        is_refused(DIRECT, 0, iv, 16, iv == 12 ? JETON_SIGNATURE_INVALID : JETON_TOKEN_MALFORMED);
}

/* SECURITY 38: encrypted keys of 7 and 1000 bytes. */
static void an_encrypted_key_beside_dir_is_refused(void **state)
{
    (void)state;
    is_refused(DIRECT, 1, 12, 16, JETON_TOKEN_MALFORMED);
    is_refused(DIRECT, 7, 12, 16, JETON_TOKEN_MALFORMED);
    is_refused(DIRECT, 1000, 12, 16, JETON_TOKEN_MALFORMED);
}

/* SECURITY 17, 33, 34, 37. */
static void what_a_header_may_not_ask_for_is_refused(void **state)
{
    (void)state;
    is_refused("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[\"x\"],\"x\":1}", 0, 12, 16, JETON_CRIT_UNSUPPORTED);
    is_refused("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"crit\":[]}", 0, 12, 16, JETON_CRIT_UNSUPPORTED);
    is_refused("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", 0, 12, 16, JETON_HEADER_INVALID);
    is_refused("{\"alg\":\"RSA1_5\",\"enc\":\"A256GCM\"}", 256, 12, 16, JETON_ALG_NOT_ALLOWED);
    is_refused("{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A256GCM\",\"p2c\":1000000000,\"p2s\":\"AAAA\"}", 24, 12, 16,
               JETON_ALG_NOT_ALLOWED);
    is_refused("{\"alg\":\"dir\",\"enc\":\"A128CBC-HS256\"}", 0, 16, 16, JETON_ALG_NOT_ALLOWED);
    is_refused("{\"alg\":\"DIR\",\"enc\":\"A256GCM\"}", 0, 12, 16, JETON_ALG_NOT_ALLOWED);
    is_refused("{\"alg\":\"none\",\"enc\":\"A256GCM\"}", 0, 12, 16, JETON_ALG_NOT_ALLOWED);
    is_refused("{\"alg\":\"dir\"}", 0, 12, 16, JETON_HEADER_INVALID);
    is_refused("{\"enc\":\"A256GCM\"}", 0, 12, 16, JETON_HEADER_INVALID);
    is_refused("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"kid\":1}", 0, 12, 16, JETON_HEADER_INVALID);
    is_refused("{\"alg\":\"dir\",\"alg\":\"dir\",\"enc\":\"A256GCM\"}", 0, 12, 16, JETON_HEADER_INVALID);
    is_refused("[]", 0, 12, 16, JETON_HEADER_INVALID);
    is_refused("{", 0, 12, 16, JETON_HEADER_INVALID);
}

static void the_shape_is_five_parts_of_canonical_base64url(void **state)
{
    (void)state;
    assert_int_equal(status_of(""), JETON_TOKEN_MISSING);
    assert_int_equal(status_of("a.b.c"), JETON_TOKEN_MALFORMED);
    assert_int_equal(status_of("...."), JETON_TOKEN_MALFORMED);
    assert_int_equal(status_of("e30....x"), JETON_TOKEN_MALFORMED);
    char *text = sealed(JT_TEXT("content"));
    char longer[512];
    snprintf(longer, sizeof longer, "%s.", text);
    assert_int_equal(status_of(longer), JETON_TOKEN_MALFORMED);
    snprintf(longer, sizeof longer, "%s=", text);
    assert_int_equal(status_of(longer), JETON_TOKEN_MALFORMED);
    snprintf(longer, sizeof longer, "%s\n", text);
    assert_int_equal(status_of(longer), JETON_TOKEN_MALFORMED);
    free(text);
}

/* RFC 7516 appendix A.1: its content under the content key that stands there. RSA-OAEP itself is not in the table. */
static void the_content_of_RFC_7516_A_1_opens(void **state)
{
    (void)state;
    static const unsigned char cek[32] = {177, 161, 244, 128, 84,  143, 225, 115, 63, 180, 3,
                                          255, 107, 154, 212, 246, 138, 7,   110, 91, 112, 46,
                                          34,  105, 47,  130, 203, 46,  122, 234, 64, 252};
    const char *text =
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03J"
        "GeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lD"
        "p5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9"
        "QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TA"
        "Lvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ";
    struct opened one = open_token(jeton_text(text), KEY);
    assert_int_equal(one.status, JETON_ALG_NOT_ALLOWED);
    assert_int_equal(jt_jwe_open(&one.jwe, jt_jwe_encryption_find(JT_TEXT("A256GCM")), jeton_bytes(cek, 32), &one.arena,
                                 &one.content, NULL),
                     JETON_OK);
    assert_true(
        jt_bytes_equal(one.content, JT_TEXT("The true sign of intelligence is not knowledge but imagination.")));
    free(one.memory);
}

/* Wycheproof's file has no token of dir with A256GCM: each of its tokens is for another algorithm, and none passes. */
static void none_of_wycheproof_json_web_encryption_passes_for_another_algorithm(void **state)
{
    (void)state;
    struct vectors v = load_vectors("wycheproof/json_web_encryption_test.json");
    size_t count = 0;
    for (struct jt_json_walk g = jt_json_walk(member(v.json, "testGroups")); jt_json_next(&g);)
        for (struct jt_json_walk t = jt_json_walk(member(g.value, "tests")); jt_json_next(&t); count++) {
            struct jeton_bytes text = jt_json_string(member(t.value, "jwe"));
            struct opened one = open_token(text, KEY);
            if (text.len > 0)
                assert_true(one.status == JETON_ALG_NOT_ALLOWED || one.status == JETON_TOKEN_MALFORMED ||
                            one.status == JETON_HEADER_INVALID || one.status == JETON_CRIT_UNSUPPORTED);
            assert_int_not_equal(one.status, JETON_OK);
            free(one.memory);
        }
    assert_int_equal(count, 139);
    free(v.memory);
}

/* And all of its AES-256-GCM cases that have the lengths of A256GCM, put into a token's parts. */
static void the_cases_of_wycheproof_aes_gcm_are_judged_as_labelled(void **state)
{
    (void)state;
    struct vectors v = load_vectors("wycheproof/aes_gcm_test.json");
    const struct jt_jwe_encryption *gcm = jt_jwe_encryption_find(JT_TEXT("A256GCM"));
    size_t count = 0;
    for (struct jt_json_walk g = jt_json_walk(member(v.json, "testGroups")); jt_json_next(&g);)
        for (struct jt_json_walk t = jt_json_walk(member(g.value, "tests")); jt_json_next(&t);) {
            static const char *const names[] = {"key", "iv", "aad", "ct", "tag", "msg"};
            unsigned char bytes[6][1024];
            struct jeton_bytes parts[6], out = {NULL, 0};
            unsigned char memory[2048];
            struct jt_arena arena;
            for (size_t i = 0; i < 6; i++) {
                struct jeton_bytes hex = jt_json_string(member(t.value, names[i]));
                assert_in_range(hex.len / 2, 0, 1024);
                for (size_t j = 0; j < hex.len / 2; j++)
                    assert_int_equal(sscanf((const char *)hex.at + 2 * j, "%2hhx", &bytes[i][j]), 1);
                parts[i] = jeton_bytes(bytes[i], hex.len / 2);
            }
            struct jt_jwe jwe = {parts[2], {NULL, 0}, {NULL, 0}, parts[1], parts[3], parts[4]};
            jt_arena_init(&arena, memory, sizeof memory);
            bool fits = parts[0].len == 32 && parts[1].len == 12 && parts[4].len == 16;
            bool valid = jt_bytes_equal(jt_json_string(member(t.value, "result")), JT_TEXT("valid"));
            enum jeton_status status = jt_jwe_open(&jwe, gcm, parts[0], &arena, &out, NULL);
            assert_int_equal(status, !fits ? JETON_KEY_UNSUITABLE : valid ? JETON_OK : JETON_SIGNATURE_INVALID);
            if (status == JETON_OK)
                assert_true(jt_bytes_equal(out, parts[5]));
            count += fits;
        }
    assert_in_range(count, 30, 1000);
    free(v.memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_and_names_its_key),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(another_key_opens_nothing),
        cmocka_unit_test(S4_33_any_bit_flipped_is_refused),
        cmocka_unit_test(every_shorter_token_is_refused),
        cmocka_unit_test(a_tag_of_any_length_but_sixteen_is_refused),
        cmocka_unit_test(an_iv_of_any_length_but_twelve_is_refused),
        cmocka_unit_test(an_encrypted_key_beside_dir_is_refused),
        cmocka_unit_test(what_a_header_may_not_ask_for_is_refused),
        cmocka_unit_test(the_shape_is_five_parts_of_canonical_base64url),
        cmocka_unit_test(the_content_of_RFC_7516_A_1_opens),
        cmocka_unit_test(none_of_wycheproof_json_web_encryption_passes_for_another_algorithm),
        cmocka_unit_test(the_cases_of_wycheproof_aes_gcm_are_judged_as_labelled),
    };
    return cmocka_run_group_tests_name("jwe", tests, NULL, NULL);
}
