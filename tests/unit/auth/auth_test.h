/* SPDX-License-Identifier: Apache-2.0 */
/* What every test of auth needs: keys made once, tokens and policies by one line, a verdict at the time NOW. */
#ifndef JT_TESTS_AUTH_TEST_H
#define JT_TESTS_AUTH_TEST_H

#include "../jose/jose_test.h"

#include "auth/authenticate.h"

#define NOW 1700000000
#define MAX_TOKEN ((size_t)16384)

/* Made once for a program. */
struct keys {
    struct jt_secret_jwk *es, *other, *rsa, *ed, *secret;
};
static struct keys keys;

static inline int make_keys(void **state)
{
    (void)state;
    keys.es = new_key("ES256", "es");
    keys.other = new_key("ES256", "other");
    keys.rsa = new_key("RS256", "rsa");
    keys.ed = new_key("EdDSA", "ed");
    struct jeton_bytes bytes = JT_TEXT("0123456789abcdef0123456789abcdef");
    return jt_secret_jwk_from_bytes(bytes, &keys.secret, NULL) == JETON_OK ? 0 : -1;
}

static inline int free_keys(void **state)
{
    (void)state;
    jt_secret_jwk_release(keys.es);
    jt_secret_jwk_release(keys.other);
    jt_secret_jwk_release(keys.rsa);
    jt_secret_jwk_release(keys.ed);
    jt_secret_jwk_release(keys.secret);
    return 0;
}

static inline void add_key(struct jt_keyset *set, const struct jt_secret_jwk *key, bool own)
{
    if (key->about.shape.type == JT_KEY_OCT) {
        assert_int_equal(jt_keyset_add_secret(set, key, own), JETON_OK);
        return;
    }
    struct jt_public_jwk *half = public_half(key);
    assert_int_equal(jt_keyset_add_public(set, half, own), JETON_OK);
    jt_public_jwk_release(half);
}

/* A set of one key that is a member of it. */
static inline struct jt_keyset *one_key(const struct jt_secret_jwk *key)
{
    struct jt_keyset *set = new_set();
    add_key(set, key, false);
    return set;
}

static inline struct jeton_policy_options any_audience(void)
{
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    options.any_audience = true;
    return options;
}

static inline struct jt_policy *policy_of(const struct jeton_policy_options *options)
{
    struct jt_policy *policy = NULL;
    struct jeton_detail detail = {""};
    if (jt_policy_new(options, &policy, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
    return policy;
}

static struct jeton_detail last_detail;

/* The verdict; the explanation must agree, both with an arena of exactly the promised size. */
static inline enum jeton_status judge_bytes(struct jeton_bytes token, const struct jt_keyset *set,
                                            const struct jeton_policy_options *options, int64_t now)
{
    struct jt_policy *policy = policy_of(options);
    size_t room = jt_authenticate_arena_size(options->max_token);
    void *memory = malloc(room);
    struct jt_arena arena;
    const struct jt_verified *verified = NULL;
    struct jeton_verdict *verdict = calloc(1, sizeof *verdict);
    last_detail.text[0] = '\0';
    enum jeton_status status = JETON_OK;
    for (int i = 0; i < 2; i++) { /* the second time over a remembered header */
        jt_arena_init(&arena, memory, room);
        status = jt_authenticate(token, set, policy, now, &arena, &verified, &last_detail);
        assert_int_equal(verified != NULL, status == JETON_OK);
    }
    jt_arena_init(&arena, memory, room);
    verified = NULL;
    assert_int_equal(jt_explain(token, set, policy, now, &arena, &verified, verdict), status);
    assert_int_equal(verified != NULL, status == JETON_OK);
    assert_string_equal(verdict->detail.text, last_detail.text);
    assert_int_equal(status != JETON_OK, last_detail.text[0] != '\0');
    free(verdict);
    free(memory);
    jt_policy_free(policy);
    return status;
}

static inline enum jeton_status judge(const char *token, const struct jt_keyset *set,
                                      const struct jeton_policy_options *options)
{
    return judge_bytes(jeton_text(token), set, options, NOW);
}

/* The verdict over a token made by `key` with this header and payload, checked against that key alone. */
static inline enum jeton_status judge_made(const struct jt_secret_jwk *key, const char *header, const char *payload,
                                           const struct jeton_policy_options *options)
{
    const struct jt_algorithm *alg = key->about.alg != NULL ? key->about.alg : jt_algorithm_default(key->about.shape);
    char *token = jws(key, alg->name, header, payload);
    struct jt_keyset *set = one_key(key);
    enum jeton_status status = judge(token, set, options);
    jt_keyset_free(set);
    free(token);
    return status;
}

#define ES_HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"es\"}"
#define GOOD_PAYLOAD "{\"iss\":\"https://a.example\",\"sub\":\"s\",\"aud\":\"api\",\"exp\":1700000100}"
#define assert_code(call, expected) assert_string_equal(jeton_status_code(call), jeton_status_code(expected))
#endif
