/* SPDX-License-Identifier: Apache-2.0 */
/* Is every limit where it is said to be, and is the promised arena always enough? */
#include "auth_test.h"

static void the_largest_token_is_taken_and_one_byte_more_is_not(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.ed);
    for (size_t fill = 0; fill < 3; fill++) {
        struct jeton_policy_options options = any_audience();
        char payload[200];
        snprintf(payload, sizeof payload, "{\"exp\":1800000000,\"x\":\"%.*s\"}", (int)fill, "xxx");
        char *token = jws(keys.ed, "EdDSA", "{\"alg\":\"EdDSA\"}", payload);
        options.max_token = strlen(token);
        assert_code(judge(token, set, &options), JETON_OK);
        options.max_token--;
        assert_code(judge(token, set, &options), JETON_TOKEN_TOO_LARGE);
        free(token);
    }
    jt_keyset_free(set);
}

static char *filled(const char *before, const char *unit, size_t len, const char *after)
{
    struct jt_buffer text;
    jt_buffer_init(&text, 1 << 20);
    jt_buffer_add_text(&text, before);
    while (text.len + strlen(unit) + strlen(after) <= len)
        jt_buffer_add_text(&text, unit);
    text.len -= before[strlen(before) - 1] != unit[strlen(unit) - 1] &&
                unit[strlen(unit) - 1] == ','; /* no last comma */
    jt_buffer_add_text(&text, after);
    jt_buffer_add_byte(&text, 0);
    return (char *)text.at;
}

/* judge() always works in an arena of exactly jt_authenticate_arena_size(); texts that cost a parser the most must
 * never run out of it. */
static void the_promised_arena_is_enough_for_the_most_expensive_tokens(void **state)
{
    (void)state;
    const char *units[] = {"0,", "[],", "{},", "\"\",", "[[0]],", "null,", "\"\\n\","};
    struct jt_keyset *set = one_key(keys.ed);
    for (size_t max = 512; max <= 16384; max *= 2) {
        struct jeton_policy_options options = any_audience();
        options.max_token = max;
        for (size_t i = 0; i < JT_COUNT(units); i++) {
            char *payload = filled("{\"exp\":1800000000,\"x\":[", units[i], (max - 200) * 3 / 4, "]}");
            char *token = jws(keys.ed, "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"JWT\"}", payload);
            assert_true(strlen(token) <= max);
            assert_code(judge(token, set, &options), JETON_OK);
            free(token);
            token = jws(keys.ed, "EdDSA", payload, payload); /* as a header, too */
            token[max < strlen(token) ? max : strlen(token)] = '\0';
            enum jeton_status status = judge(token, set, &options);
            assert_true(status != JETON_OK && status != JETON_OUT_OF_MEMORY);
            free(token);
            free(payload);
        }
    }
    jt_keyset_free(set);
}

static void objects_of_many_names_stay_within_the_arena(void **state)
{
    (void)state;
    struct jt_keyset *set = one_key(keys.ed);
    struct jeton_policy_options options = any_audience();
    struct jt_buffer payload;
    jt_buffer_init(&payload, 16384);
    jt_buffer_add_text(&payload, "{\"exp\":1800000000");
    for (int i = 0; payload.len < 11800; i++)
        jt_buffer_add_format(&payload, ",\"%x\":0", (unsigned)i);
    jt_buffer_add_text(&payload, "}");
    jt_buffer_add_byte(&payload, 0);
    char *token = jws(keys.ed, "EdDSA", "{\"alg\":\"EdDSA\"}", (char *)payload.at);
    assert_true(strlen(token) <= 16384);
    assert_code(judge(token, set, &options), JETON_OK);
    free(token);
    jt_buffer_done(&payload);
    jt_keyset_free(set);
}

/* From nothing up to what this token needs: too little is said to be too little, and never anything else. */
static void an_arena_too_small_is_out_of_memory_byte_by_byte(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_policy *policy = policy_of(&options);
    char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD);
    for (int remembered = 0; remembered < 2; remembered++) {
        enum jeton_status status = JETON_OUT_OF_MEMORY;
        size_t room = 0;
        for (; status == JETON_OUT_OF_MEMORY && room < 65536; room++) {
            struct jt_keyset *set = one_key(keys.es);
            char *memory = malloc(room + 1);
            struct jt_arena arena;
            const struct jt_verified *verified = NULL;
            if (remembered) {
                char *whole = malloc(65536);
                jt_arena_init(&arena, whole, 65536);
                assert_code(jt_authenticate(jeton_text(token), set, policy, NOW, &arena, &verified, NULL), JETON_OK);
                free(whole);
                verified = NULL;
            }
            jt_arena_init(&arena, memory, room);
            struct jeton_detail detail = {""};
            status = jt_authenticate(jeton_text(token), set, policy, NOW, &arena, &verified, &detail);
            assert_true(status == JETON_OK || status == JETON_OUT_OF_MEMORY);
            assert_int_equal(verified != NULL, status == JETON_OK);
            free(memory);
            jt_keyset_free(set);
            room += room < 3000 ? 60 : 0; /* the last steps one by one */
        }
        assert_code(status, JETON_OK);
        assert_true(room <= jt_authenticate_arena_size(strlen(token)) + 64);
    }
    free(token);
    jt_policy_free(policy);
}

static void a_verified_token_borrows_from_the_arena_alone(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_policy *policy = policy_of(&options);
    size_t room = jt_authenticate_arena_size(MAX_TOKEN);
    for (int remembered = 0; remembered < 2; remembered++) {
        char *token = jws(keys.es, "ES256", ES_HEADER, GOOD_PAYLOAD), *memory = malloc(room + 3);
        struct jt_keyset *set = one_key(keys.es);
        struct jt_arena arena;
        const struct jt_verified *verified = NULL;
        for (int i = 0; i <= remembered; i++) {
            jt_arena_init(&arena, memory + 3, room); /* not aligned */
            assert_code(jt_authenticate(jeton_text(token), set, policy, NOW, &arena, &verified, NULL), JETON_OK);
        }
        jt_keyset_free(set);
        memset(token, 'x', strlen(token));
        free(token);
        assert_true(jt_bytes_equal(jt_verified_kid(verified), JT_TEXT("es")));
        assert_true(jt_bytes_equal(jt_verified_typ(verified), JT_TEXT("JWT")));
        assert_true(jt_bytes_equal(jt_verified_header(verified), JT_TEXT(ES_HEADER)));
        assert_true(jt_bytes_equal(jt_verified_payload(verified), JT_TEXT(GOOD_PAYLOAD)));
        assert_true(jt_bytes_equal(jt_verified_subject(verified), JT_TEXT("s")));
        assert_string_equal(jt_verified_thumbprint(verified), keys.es->about.thumbprint);
        assert_string_equal(jt_verified_algorithm(verified)->name, "ES256");
        free(memory);
    }
    jt_policy_free(policy);
}

static void a_secret_s_digest_is_not_shown(void **state)
{
    (void)state;
    struct jeton_policy_options options = any_audience();
    struct jt_policy *policy = policy_of(&options);
    struct jt_keyset *set = new_set();
    add_key(set, keys.secret, true);
    char *token = jws(keys.secret, "HS256", "{\"alg\":\"HS256\"}", GOOD_PAYLOAD);
    static char memory[1 << 16];
    struct jt_arena arena;
    const struct jt_verified *verified = NULL;
    jt_arena_init(&arena, memory, sizeof memory);
    assert_code(jt_authenticate(jeton_text(token), set, policy, NOW, &arena, &verified, NULL), JETON_OK);
    assert_string_equal(jt_verified_thumbprint(verified), "");
    assert_null(jt_verified_kid(verified).at);
    free(token);
    jt_keyset_free(set);
    jt_policy_free(policy);
}

static char *kids_set(size_t count, size_t kid_len)
{
    struct jt_buffer json;
    jt_buffer_init(&json, 8 << 20);
    jt_buffer_add_text(&json, "{\"keys\":[");
    for (size_t i = 0; i < count; i++)
        jt_buffer_add_format(
            &json,
            "%s{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
            "\"kid\":\"%0*zu\"}",
            i > 0 ? "," : "", (int)kid_len, i);
    jt_buffer_add_text(&json, "]}");
    jt_buffer_add_byte(&json, 0);
    return (char *)json.at;
}

static void S5_11_sets_and_kids_have_their_limits(void **state)
{
    (void)state;
    for (size_t count = 255; count <= 257; count++) {
        char *json = kids_set(count, 4);
        struct jt_keyset *set = new_set();
        assert_code(jt_keyset_read_jwks(set, jeton_text(json), JETON_ORIGIN_FETCHED, NULL, NULL, NULL), JETON_OK);
        assert_int_equal(jt_keyset_count(set), count < 256 ? count : 256);
        assert_int_equal(jt_keyset_skipped(set), count < 257 ? 0 : 1);
        jt_keyset_free(set);
        set = set_of(json);
        assert_int_equal(jt_keyset_count(set), count);
        jt_keyset_free(set);
        free(json);
    }
    for (size_t len = 256; len <= 257; len++) {
        char *json = kids_set(1, len);
        struct jt_keyset *set = set_of(json);
        assert_int_equal(jt_keyset_count(set), len == 256);
        jt_keyset_free(set);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_token_is_taken_and_one_byte_more_is_not),
        cmocka_unit_test(the_promised_arena_is_enough_for_the_most_expensive_tokens),
        cmocka_unit_test(objects_of_many_names_stay_within_the_arena),
        cmocka_unit_test(an_arena_too_small_is_out_of_memory_byte_by_byte),
        cmocka_unit_test(a_verified_token_borrows_from_the_arena_alone),
        cmocka_unit_test(a_secret_s_digest_is_not_shown),
        cmocka_unit_test(S5_11_sets_and_kids_have_their_limits),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
