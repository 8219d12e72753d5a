/* SPDX-License-Identifier: Apache-2.0 */
/* What every test of jose needs: cmocka, vector files, keys and key sets made by one line. */
#ifndef JT_TESTS_JOSE_TEST_H
#define JT_TESTS_JOSE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64url.h"
#include "base/json.h"
#include "jose/keyset.h"
#include "jose/sign.h"
#include "jose/verify.h"

/* A parsed file of tests/vectors. */
struct vectors {
    void *memory;
    struct jt_arena arena;
    struct jt_json json;
};

static inline struct vectors parse_vectors(struct jeton_bytes text)
{
    struct vectors v = {0};
    size_t len = jt_json_arena_size(text.len);
    v.memory = malloc(len);
    assert_non_null(v.memory);
    jt_arena_init(&v.arena, v.memory, len);
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_json_read(text, (struct jt_json_limits){32, (size_t)1 << 22}, &v.arena, &v.json,
                                            &detail);
    if (status != JETON_OK)
        fail_msg("vectors: %s", detail.text);
    return v;
}

/* The bytes of tests/vectors/<path>, with a NUL; freed by the caller. */
static inline struct jeton_bytes read_vector(const char *path)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", JT_VECTORS, path);
    FILE *file = fopen(full, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", full);
    fseek(file, 0, SEEK_END);
    long len = ftell(file);
    assert_true(len >= 0);
    rewind(file);
    char *text = calloc(1, (size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)len, file), len);
    fclose(file);
    return jeton_bytes(text, (size_t)len);
}

static inline struct vectors load_vectors(const char *path)
{
    struct jeton_bytes text = read_vector(path);
    struct vectors v = parse_vectors(text);
    free((void *)(uintptr_t)text.at);
    return v;
}

static inline struct jt_json member(struct jt_json object, const char *name)
{
    return jt_json_get(object, jeton_text(name));
}

/* A compact text of a JSON value, with a NUL; freed by the caller. */
static inline char *json_text(struct jt_json json)
{
    struct jt_buffer buffer;
    jt_buffer_init(&buffer, (size_t)1 << 22);
    jt_json_write(&buffer, json);
    jt_buffer_add_byte(&buffer, 0);
    assert_int_equal(buffer.status, JETON_OK);
    return (char *)buffer.at;
}

static inline struct jt_keyset *new_set(void)
{
    struct jt_keyset *set = NULL;
    assert_int_equal(jt_keyset_new(&set), JETON_OK);
    return set;
}

/* A set of {"keys":[…]} as a file of the operator. */
static inline struct jt_keyset *set_of(const char *json)
{
    struct jt_keyset *set = new_set();
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_keyset_read_jwks(set, jeton_text(json), JETON_ORIGIN_OPERATOR, NULL, NULL, &detail);
    if (status != JETON_OK)
        fail_msg("%s", detail.text);
    return set;
}

static inline struct jt_secret_jwk *new_key(const char *alg, const char *kid)
{
    struct jt_secret_jwk *key = NULL;
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_secret_jwk_generate(jt_algorithm_find(jeton_text(alg)), 0, jeton_text(kid), &key,
                                                      &detail);
    if (status != JETON_OK)
        fail_msg("%s", detail.text);
    return key;
}

static inline struct jt_public_jwk *public_half(const struct jt_secret_jwk *key)
{
    struct jt_public_jwk *half = NULL;
    assert_int_equal(jt_public_jwk_of(key, &half), JETON_OK);
    return half;
}

/* A compact JWS; freed by the caller. */
static inline char *jws(const struct jt_secret_jwk *key, const char *alg, const char *header, const char *payload)
{
    struct jt_buffer token;
    struct jeton_detail detail = {""};
    jt_buffer_init(&token, (size_t)1 << 21);
    enum jeton_status status = jt_sign_jws(key, jt_algorithm_find(jeton_text(alg)), jeton_text(header),
                                           jeton_text(payload), &token, &detail);
    if (status != JETON_OK)
        fail_msg("%s", detail.text);
    jt_buffer_add_byte(&token, 0);
    return (char *)token.at;
}

/* Judges a bare JWS (any payload): shape, header, crit, algorithm, key, signature. */
static inline enum jeton_status judge_jws(struct jeton_bytes text, const struct jt_keyset *set)
{
    size_t room = jt_token_arena_size(text.len) + jt_json_arena_size(text.len) + 4096;
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_token token;
    struct jt_header header;
    struct jt_candidates candidates;
    struct jt_verified *verified = NULL;
    struct jeton_detail detail = {""};
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_token_read(text, &arena, &token, &detail);
    if (status == JETON_OK)
        status = jt_header_read(token.header, &arena, &header, &detail);
    if (status == JETON_OK && header.crit)
        status = JETON_CRIT_UNSUPPORTED;
    if (status == JETON_OK &&
        (header.algorithm == NULL || (jt_keyset_allows(set) & JT_ALG_BIT(header.algorithm->id)) == 0))
        status = JETON_ALG_NOT_ALLOWED;
    if (status == JETON_OK)
        status = jt_keyset_find(set, &header, &candidates, &detail);
    if (status == JETON_OK)
        status = jt_verify_token(&token, &header, &candidates, &arena, &verified, &detail);
    free(memory);
    return status;
}
#endif
