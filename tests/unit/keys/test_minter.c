/* SPDX-License-Identifier: Apache-2.0 */
/* Is a short token for exactly one caller and one service, for no longer than it says, and is a kept one never given
 * to anybody else? */
#include "keys/minter.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64url.h"
#include "base/json.h"
#include "jose/sign.h"

#define NOW 1700000000
#define ROOM ((size_t)65536)

static struct jt_secret_jwk *key;

/* A signer that counts and can be out of keys. */
struct signer {
    unsigned calls;
    enum jeton_status refuses;
    struct jt_minter *forgets; /* while it signs */
    uint64_t epoch;
    bool rotates; /* while it signs */
};

static enum jeton_status sign(void *context, const struct jeton_sign_options *options, struct jt_buffer *out,
                              struct jeton_detail *detail)
{
    struct signer *signer = context;
    __atomic_add_fetch(&signer->calls, 1, __ATOMIC_RELAXED);
    if (signer->refuses != JETON_OK)
        return jt_fail(detail, signer->refuses, "there is no signing key");
    if (signer->forgets != NULL)
        jt_minter_forget(signer->forgets);
    if (signer->rotates)
        signer->epoch++;
    return jt_sign_token(key, options, out, detail);
}

static uint64_t epoch(void *context)
{
    const struct signer *signer = context;
    return signer->epoch;
}

static struct jt_mint_options options_of(struct signer *signer)
{
    return (struct jt_mint_options){JT_TEXT("https://tokens.example"), 60, 30, 64, sign, signer, epoch};
}

static struct jt_minter *new_minter(struct signer *signer)
{
    struct jt_mint_options options = options_of(signer);
    struct jt_minter *minter = NULL;
    assert_int_equal(jt_minter_new(&options, &minter, NULL), JETON_OK);
    return minter;
}

static struct jt_mint_request request_of(const char *subject, const char *audience, const char *claims)
{
    return (struct jt_mint_request){jeton_text(subject), jeton_text(audience), jeton_text(claims)};
}

/* A heap text; the caller frees it. */
static char *token_for(struct jt_minter *minter, struct jt_mint_request request, int64_t now)
{
    struct jt_buffer out;
    jt_buffer_init(&out, ROOM);
    assert_int_equal(jt_minter_token(minter, &request, now, &out, NULL), JETON_OK);
    jt_buffer_add_byte(&out, 0);
    assert_int_equal(out.status, JETON_OK);
    return (char *)out.at;
}

static enum jeton_status refused(struct jt_minter *minter, struct jt_mint_request request)
{
    struct jt_buffer out;
    struct jeton_detail detail = {""};
    jt_buffer_init(&out, ROOM);
    enum jeton_status status = jt_minter_token(minter, &request, NOW, &out, &detail);
    assert_int_equal(out.len, 0);
    assert_int_equal(out.status, JETON_OK);
    assert_true(status == JETON_OK || detail.text[0] != '\0');
    jt_buffer_done(&out);
    return status;
}

static void asked(struct jt_minter *minter, struct jt_mint_request request, int64_t now)
{
    free(token_for(minter, request, now));
}

/* Part 0 or 1 of a token as JSON; `memory` is freed by the caller. */
static struct jt_json part_of(const char *token, unsigned part, void **memory)
{
    struct jeton_bytes text = jeton_text(token);
    struct jt_arena arena;
    struct jeton_bytes plain;
    struct jt_json json = {NULL};
    size_t from = 0, to = jt_bytes_find(text, '.', 0);
    if (part == 1) {
        from = to + 1;
        to = jt_bytes_find(text, '.', from);
    }
    *memory = malloc(ROOM * 8);
    jt_arena_init(&arena, *memory, ROOM * 8);
    assert_true(jt_base64url_decode_arena(jt_bytes_cut(text, from, to), &arena, &plain));
    assert_int_equal(jt_json_read(plain, JT_JSON_PAYLOAD, &arena, &json, NULL), JETON_OK);
    return json;
}

static void assert_member(struct jt_json json, const char *name, const char *value)
{
    struct jt_json member = jt_json_get(json, jeton_text(name));
    struct jeton_bytes text = jt_json_type(member) == JT_JSON_NUMBER ? jt_json_number(member) : jt_json_string(member);
    if (!jt_bytes_equal(text, jeton_text(value)))
        fail_msg("%s is \"%.*s\", not \"%s\"", name, (int)text.len, (const char *)text.at, value);
}

static void S4_8_a_short_token_says_who_for_whom_and_lives_a_minute(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    char *token = token_for(minter, request_of("alice", "https://api.example", "{\"idp\":\"https://i\"}"), NOW);
    void *memory = NULL;
    struct jt_json header = part_of(token, 0, &memory);
    assert_int_equal(jt_json_count(header), 3);
    assert_member(header, "alg", "ES256");
    assert_member(header, "typ", "JWT");
    assert_member(header, "kid", "k");
    free(memory);
    struct jt_json claims = part_of(token, 1, &memory);
    assert_int_equal(jt_json_count(claims), 8);
    assert_member(claims, "iss", "https://tokens.example");
    assert_member(claims, "sub", "alice");
    assert_member(claims, "aud", "https://api.example");
    assert_member(claims, "iat", "1700000000");
    assert_member(claims, "exp", "1700000060");
    assert_member(claims, "idp", "https://i");
    assert_int_equal(jt_json_string(jt_json_get(claims, JT_TEXT("jti"))).len, 36);
    free(memory);
    free(token);
    jt_minter_free(minter);
}

static void S4_9_nbf_lies_before_now_and_iat_tells_the_truth(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    void *memory = NULL;
    char *token = token_for(minter, request_of("alice", "api", ""), NOW);
    struct jt_json claims = part_of(token, 1, &memory);
    assert_member(claims, "nbf", "1699999970");
    assert_member(claims, "iat", "1700000000");
    free(memory);
    free(token);
    token = token_for(minter, request_of("alice", "api", ""), 10); /* a clock at its very beginning */
    claims = part_of(token, 1, &memory);
    assert_member(claims, "nbf", "10");
    free(memory);
    free(token);
    jt_minter_free(minter);
}

static void claims_of_a_request_replace_none_of_ours(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    void *memory = NULL;
    char *token = token_for(minter,
                            request_of("alice", "api",
                                       "{\"sub\":\"root\",\"iss\":\"x\",\"aud\":\"y\",\"exp\":9999999999,\"nbf\":1,"
                                       "\"iat\":1,\"jti\":\"z\",\"more\":1}"),
                            NOW);
    struct jt_json claims = part_of(token, 1, &memory);
    assert_int_equal(jt_json_count(claims), 8);
    assert_member(claims, "sub", "alice");
    assert_member(claims, "iss", "https://tokens.example");
    assert_member(claims, "aud", "api");
    assert_member(claims, "exp", "1700000060");
    assert_member(claims, "nbf", "1699999970");
    assert_member(claims, "more", "1");
    free(memory);
    free(token);
    assert_int_equal(refused(minter, request_of("alice", "api", "[1]")), JETON_CLAIMS_INVALID);
    assert_int_equal(refused(minter, request_of("alice", "api", "{\"a\":1,\"a\":2}")), JETON_CLAIMS_INVALID);
    jt_minter_free(minter);
}

static void a_kept_token_is_given_again_until_half_its_life_is_over(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    struct jt_mint_request request = request_of("alice", "api", "{\"a\":1}");
    char *first = token_for(minter, request, NOW);
    char *last = token_for(minter, request, NOW + 30);
    char *next = token_for(minter, request, NOW + 31);
    char *again = token_for(minter, request, NOW + 31);
    assert_string_equal(first, last);
    assert_string_not_equal(first, next);
    assert_string_equal(next, again);
    assert_int_equal(signer.calls, 2);
    free(first);
    free(last);
    free(next);
    free(again);
    jt_minter_free(minter);
}

static void a_token_from_the_future_of_a_clock_that_went_back_is_made_anew(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    struct jt_mint_request request = request_of("alice", "api", "");
    asked(minter, request, NOW);
    asked(minter, request, NOW - 1);
    assert_int_equal(signer.calls, 2);
    asked(minter, request, NOW - 1);
    assert_int_equal(signer.calls, 2);
    jt_minter_free(minter);
}

/* Names that flow together when they are only put side by side. */
static void S4_43_two_callers_never_share_a_token(void **state)
{
    (void)state;
    const struct jt_mint_request requests[] = {
        request_of("alice", "api", ""),          request_of("alic", "eapi", ""),
        request_of("alicea", "pi", ""),          request_of("alice", "ap", ""),
        request_of("Alice", "api", ""),          request_of("alice", "api", "{}"),
        request_of("5:alice", "api", ""),        request_of("alice3:api", "0:", ""),
        request_of("a", "lice3:api0:", ""),      request_of("alice", "api", "{\"a\":1}"),
        request_of("alice", "api", "{\"a\":2}"), {{"alice\0x", 7}, JT_TEXT("api"), JT_TEXT("")},
    };
    struct signer signer = {0};
    struct jt_mint_options options = options_of(&signer);
    struct jt_minter *minter = NULL;
    char *tokens[JT_COUNT(requests)];
    options.keep = 4096; /* so that none has to make room */
    assert_int_equal(jt_minter_new(&options, &minter, NULL), JETON_OK);
    for (size_t i = 0; i < JT_COUNT(requests); i++)
        tokens[i] = token_for(minter, requests[i], NOW);
    assert_int_equal(signer.calls, JT_COUNT(requests));
    for (size_t i = 0; i < JT_COUNT(requests); i++) {
        char *again = token_for(minter, requests[i], NOW);
        assert_string_equal(tokens[i], again);
        free(again);
    }
    assert_int_equal(signer.calls, JT_COUNT(requests));
    for (size_t i = 0; i < JT_COUNT(requests); i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(tokens[i], tokens[j]);
    for (size_t i = 0; i < JT_COUNT(requests); i++)
        free(tokens[i]);
    jt_minter_free(minter);
}

static void S4_12_an_anonymous_caller_gets_no_token(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    assert_int_equal(refused(minter, request_of("", "api", "")), JETON_ARGUMENT_INVALID);
    assert_int_equal(refused(minter, request_of("alice", "", "")), JETON_ARGUMENT_INVALID);
    assert_int_equal(signer.calls, 0);
    jt_minter_free(minter);
}

static void S4_12_a_failed_signature_is_a_status_and_leaves_nothing_behind(void **state)
{
    (void)state;
    struct signer signer = {.refuses = JETON_KEYS_UNAVAILABLE};
    struct jt_minter *minter = new_minter(&signer);
    assert_int_equal(refused(minter, request_of("alice", "api", "")), JETON_KEYS_UNAVAILABLE);
    signer.refuses = JETON_OK;
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 2);
    signer.refuses = JETON_KEYS_UNAVAILABLE; /* a kept one still serves */
    asked(minter, request_of("alice", "api", ""), NOW + 1);
    assert_int_equal(signer.calls, 2);
    jt_minter_free(minter);
}

static void a_short_token_is_never_for_its_own_issuer(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    assert_int_equal(refused(minter, request_of("alice", "https://tokens.example", "")), JETON_ARGUMENT_INVALID);
    asked(minter, request_of("alice", "https://tokens.example/", ""), NOW);
    jt_minter_free(minter);
}

static void forgetting_reaches_what_is_kept_and_what_is_being_signed(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    asked(minter, request_of("alice", "api", ""), NOW);
    jt_minter_forget(minter);
    signer.forgets = minter;
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 2);
    signer.forgets = NULL;
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 3);
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 3);
    jt_minter_free(minter);
}

static void tokens_of_keys_of_before_are_not_given_any_more(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_minter *minter = new_minter(&signer);
    asked(minter, request_of("alice", "api", ""), NOW);
    signer.epoch++;
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 2);
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 2);
    signer.rotates = true; /* perhaps with the old key */
    asked(minter, request_of("bob", "api", ""), NOW);
    signer.rotates = false;
    asked(minter, request_of("bob", "api", ""), NOW);
    assert_int_equal(signer.calls, 4);
    asked(minter, request_of("bob", "api", ""), NOW);
    assert_int_equal(signer.calls, 4);
    jt_minter_free(minter);
}

static void many_callers_do_not_make_it_grow(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_mint_options options = options_of(&signer);
    struct jt_minter *minter = NULL;
    char name[32];
    options.keep = 8;
    assert_int_equal(jt_minter_new(&options, &minter, NULL), JETON_OK);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "caller-%d", i);
        asked(minter, request_of(name, "api", ""), NOW + i / 100);
    }
    unsigned before = signer.calls;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "caller-%d", i);
        struct jt_mint_request request = request_of(name, "api", "");
        unsigned calls = signer.calls;
        signer.refuses = JETON_KEYS_UNAVAILABLE; /* only a kept one can come */
        struct jt_buffer out;
        jt_buffer_init(&out, ROOM);
        if (jt_minter_token(minter, &request, NOW + 2, &out, NULL) == JETON_OK)
            before--;
        signer.calls = calls;
        jt_buffer_done(&out);
    }
    assert_in_range(200 - before, 4, 8);
    jt_minter_free(minter);
}

static void nothing_is_kept_when_nothing_should_be(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_mint_options options = options_of(&signer);
    struct jt_minter *minter = NULL;
    char long_name[5000];
    options.keep = 0;
    assert_int_equal(jt_minter_new(&options, &minter, NULL), JETON_OK);
    asked(minter, request_of("alice", "api", ""), NOW);
    asked(minter, request_of("alice", "api", ""), NOW);
    assert_int_equal(signer.calls, 2);
    jt_minter_forget(minter);
    jt_minter_free(minter);
    minter = new_minter(&signer);
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    asked(minter, request_of(long_name, "api", ""), NOW);
    asked(minter, request_of(long_name, "api", ""), NOW);
    assert_int_equal(signer.calls, 4);
    jt_minter_free(minter);
}

static enum jeton_status made(struct jt_mint_options options)
{
    struct jt_minter *minter = NULL;
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_minter_new(&options, &minter, &detail);
    assert_true((status == JETON_OK) == (minter != NULL));
    assert_true((status == JETON_OK) == (detail.text[0] == '\0'));
    jt_minter_free(minter);
    return status;
}

static void S4_8_a_short_token_is_short(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_mint_options options = options_of(&signer);
    options.ttl = 1;
    assert_int_equal(made(options), JETON_OK);
    options.ttl = 0;
    assert_int_equal(made(options), JETON_ARGUMENT_INVALID);
    options.ttl = 61;
    assert_int_equal(made(options), JETON_ARGUMENT_INVALID);
    options = options_of(&signer);
    options.backdate = 600;
    assert_int_equal(made(options), JETON_OK);
    options.backdate = 601;
    assert_int_equal(made(options), JETON_ARGUMENT_INVALID);
    options.backdate = -1;
    assert_int_equal(made(options), JETON_ARGUMENT_INVALID);
    options = options_of(&signer);
    options.keep = JT_MINT_KEEP_MAX;
    assert_int_equal(made(options), JETON_OK);
    options.keep++;
    assert_int_equal(made(options), JETON_ARGUMENT_INVALID);
    options = options_of(&signer);
    options.issuer = JT_TEXT("");
    assert_int_equal(made(options), JETON_ARGUMENT_INVALID);
    jt_minter_free(NULL);
}

enum { THREADS = 4, ROUNDS = 300, CALLERS = 24 };

/* Each token that comes must be for the caller who asked. */
static void *ask_much(void *context)
{
    struct jt_minter *minter = context;
    char name[16];
    for (int i = 0; i < ROUNDS; i++) {
        struct jt_buffer out;
        snprintf(name, sizeof name, "caller-%d", i % CALLERS);
        struct jt_mint_request request = request_of(name, "api", "");
        jt_buffer_init(&out, ROOM);
        if (jt_minter_token(minter, &request, NOW + i / 100 * 20, &out, NULL) != JETON_OK)
            return minter;
        size_t from = jt_bytes_find(jt_buffer_bytes(&out), '.', 0) + 1;
        struct jeton_bytes payload = jt_bytes_cut(jt_buffer_bytes(&out), from,
                                                  jt_bytes_find(jt_buffer_bytes(&out), '.', from));
        unsigned char plain[1024] = {0};
        char wanted[32];
        snprintf(wanted, sizeof wanted, "\"sub\":\"%s\"", name);
        bool fits = payload.len < sizeof plain && jt_base64url_decode(payload, plain) &&
                    strstr((char *)plain, wanted) != NULL;
        if (i % 50 == 0)
            jt_minter_forget(minter);
        jt_buffer_done(&out);
        if (!fits)
            return minter;
    }
    return NULL;
}

static void threads_get_each_its_own(void **state)
{
    (void)state;
    struct signer signer = {0};
    struct jt_mint_options options = options_of(&signer);
    struct jt_minter *minter = NULL;
    pthread_t threads[THREADS];
    void *failed = NULL;
    options.keep = 16;
    assert_int_equal(jt_minter_new(&options, &minter, NULL), JETON_OK);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_much, minter), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    jt_minter_free(minter);
}

static int make_key(void **state)
{
    (void)state;
    return jt_secret_jwk_generate(jt_algorithm_find(JT_TEXT("ES256")), 0, JT_TEXT("k"), &key, NULL) == JETON_OK ? 0
                                                                                                                : -1;
}

static int free_key(void **state)
{
    (void)state;
    jt_secret_jwk_release(key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_8_a_short_token_says_who_for_whom_and_lives_a_minute),
        cmocka_unit_test(S4_8_a_short_token_is_short),
        cmocka_unit_test(S4_9_nbf_lies_before_now_and_iat_tells_the_truth),
        cmocka_unit_test(claims_of_a_request_replace_none_of_ours),
        cmocka_unit_test(a_kept_token_is_given_again_until_half_its_life_is_over),
        cmocka_unit_test(a_token_from_the_future_of_a_clock_that_went_back_is_made_anew),
        cmocka_unit_test(S4_43_two_callers_never_share_a_token),
        cmocka_unit_test(S4_12_an_anonymous_caller_gets_no_token),
        cmocka_unit_test(S4_12_a_failed_signature_is_a_status_and_leaves_nothing_behind),
        cmocka_unit_test(a_short_token_is_never_for_its_own_issuer),
        cmocka_unit_test(forgetting_reaches_what_is_kept_and_what_is_being_signed),
        cmocka_unit_test(tokens_of_keys_of_before_are_not_given_any_more),
        cmocka_unit_test(many_callers_do_not_make_it_grow),
        cmocka_unit_test(nothing_is_kept_when_nothing_should_be),
        cmocka_unit_test(threads_get_each_its_own),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
