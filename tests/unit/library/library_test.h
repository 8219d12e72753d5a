/* SPDX-License-Identifier: Apache-2.0 */
/* What every test of the library needs: cmocka and the promise, nothing of the rooms. */
#ifndef JT_TESTS_LIBRARY_TEST_H
#define JT_TESTS_LIBRARY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jeton/jeton.h>

#define NOW 1700000000
#define assert_code(call, expected) assert_string_equal(jeton_status_code(call), jeton_status_code(expected))

static inline struct jeton_secret_key *make_key(const char *alg, const char *kid)
{
    struct jeton_secret_key *key = NULL;
    assert_code(jeton_secret_key_generate(jeton_text(alg), 0, jeton_text(kid), &key, NULL), JETON_OK);
    return key;
}

/* {"keys":[the public half]}, or the symmetric key itself. */
static inline struct jeton_keyset *set_of_key(const struct jeton_secret_key *key)
{
    struct jeton_keyset *set = NULL;
    struct jeton_public_key *half = NULL;
    struct jeton_output json = JETON_OUTPUT_INIT;
    assert_code(jeton_keyset_new(&set), JETON_OK);
    if (jeton_secret_key_public(key, &half) == JETON_OK) {
        const struct jeton_public_key *list[] = {half};
        assert_code(jeton_public_keys_write(list, 1, &json), JETON_OK);
    } else {
        assert_code(jeton_secret_key_write(key, JETON_FORMAT_JWK, &json), JETON_OK);
    }
    assert_code(jeton_keyset_add(set, jeton_bytes(json.at, json.len), NULL, NULL), JETON_OK);
    jeton_output_done(&json);
    jeton_public_key_free(half);
    return set;
}

static inline struct jeton_sign_options sign_options(void)
{
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    options.now = NOW;
    options.subject = jeton_text("s");
    return options;
}

static inline struct jeton_output sign(const struct jeton_secret_key *key, const struct jeton_sign_options *options)
{
    struct jeton_output token = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    if (jeton_sign(key, options, &token, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
    return token;
}

/* An arena for one token at a time; a verified token lives here until the next is judged. */
static _Alignas(16) char test_arena[1 << 19];
static struct jeton_detail last_detail;
static const struct jeton_verified *last_verified;

static inline enum jeton_status verify(const struct jeton_output *token, const struct jeton_keyset *set,
                                       const struct jeton_policy_options *options)
{
    struct jeton_policy *policy = NULL;
    assert_code(jeton_policy_new(options, &policy, &last_detail), JETON_OK);
    last_verified = NULL;
    enum jeton_status status = jeton_verify(jeton_bytes(token->at, token->len), set, policy, NOW, test_arena,
                                            jeton_verify_arena_size(options->max_token), &last_verified, &last_detail);
    jeton_policy_free(policy);
    return status;
}

static inline struct jeton_policy_options any_audience(void)
{
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.any_audience = true;
    return options;
}
#endif
