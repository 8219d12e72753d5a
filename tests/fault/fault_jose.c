/* SPDX-License-Identifier: Apache-2.0 */
/* Do keys, key sets and tokens keep their word when memory or randomness is short? */
#include <stdio.h>
#include <stdlib.h>

#include "jose/keyset.h"
#include "jose/sign.h"
#include "jose/verify.h"

#include "fault.h"

static const char set_text[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
    "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"},{\"kty\":\"RSA\"},"
    "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8\"}]}";

static enum jeton_status a_key_set_is_read_whole_or_not_at_all(void)
{
    struct jt_keyset *set = NULL;
    enum jeton_status status = jt_keyset_new(&set);
    if (status != JETON_OK)
        return status;
    status = jt_keyset_read_jwks(set, JT_TEXT(set_text), JETON_ORIGIN_OPERATOR, NULL, NULL, NULL);
    if (jt_keyset_count(set) != (status == JETON_OK ? 3 : 0))
        status = JETON_CLAIMS_INVALID; /* no outcome of this scenario */
    jt_keyset_free(set);
    return status;
}

static enum jeton_status a_bad_key_set_stays_refused(void)
{
    struct jt_keyset *set = NULL;
    enum jeton_status status = jt_keyset_new(&set);
    if (status == JETON_OK)
        status = jt_keyset_read_jwks(set, JT_TEXT("{\"keys\":[{\"kty\":\"RSA\"}]}"), JETON_ORIGIN_FETCHED, NULL, NULL,
                                     NULL);
    jt_keyset_free(set);
    return status;
}

static enum jeton_status judge(const struct jt_secret_jwk *key, struct jeton_bytes text)
{
    static char memory[1 << 15];
    struct jt_keyset *set = NULL;
    struct jt_public_jwk *half = NULL;
    struct jt_arena arena;
    struct jt_token token;
    struct jt_header header;
    struct jt_candidates candidates;
    struct jt_verified *verified;
    jt_arena_init(&arena, memory, sizeof memory);
    enum jeton_status status = jt_keyset_new(&set);
    if (status == JETON_OK)
        status = jt_public_jwk_of(key, &half);
    if (status == JETON_OK)
        status = jt_keyset_add_public(set, half, false);
    if (status == JETON_OK)
        status = jt_token_read(text, &arena, &token, NULL);
    if (status == JETON_OK)
        status = jt_header_read(token.header, &arena, &header, NULL);
    if (status == JETON_OK)
        status = jt_keyset_find(set, &header, &candidates, NULL);
    if (status == JETON_OK)
        status = jt_verify_token(&token, &header, &candidates, &arena, &verified, NULL);
    jt_public_jwk_release(half);
    jt_keyset_free(set);
    return status;
}

static enum jeton_status make_sign_and_verify(bool spoil)
{
    struct jt_secret_jwk *key = NULL;
    struct jt_buffer token;
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    struct jeton_claim claim = {{"n", 1}, {"[1,2]", 5}};
    options.now = 1700000000;
    options.claims = &claim;
    options.claim_count = 1;
    options.claims_json = JT_TEXT("{\"a\":{\"b\":1}}");
    jt_buffer_init(&token, 8192);
    enum jeton_status status = jt_secret_jwk_generate(jt_algorithm_find(JT_TEXT("ES256")), 0,
                                                      (struct jeton_bytes){NULL, 0}, &key, NULL);
    if (status == JETON_OK)
        status = jt_sign_token(key, &options, &token, NULL);
    if (status == JETON_OK && spoil) /* the first character of the signature */
        token.at[token.len - 86] = token.at[token.len - 86] == 'A' ? 'B' : 'A';
    if (status == JETON_OK)
        status = judge(key, jt_buffer_bytes(&token));
    jt_buffer_done(&token);
    jt_secret_jwk_release(key);
    return status;
}

static enum jeton_status a_token_is_made_and_believed(void)
{
    return make_sign_and_verify(false);
}

static enum jeton_status a_spoiled_token_is_never_believed(void)
{
    return make_sign_and_verify(true);
}

static enum jeton_status a_private_key_is_read_and_written(void)
{
    struct jt_secret_jwk *key = NULL;
    struct jt_buffer text;
    jt_buffer_init_secret(&text, 4096);
    enum jeton_status status = jt_secret_jwk_read(
        JT_TEXT("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
                "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\"}"),
        &key, NULL);
    if (status == JETON_OK)
        status = jt_jwk_write_secret(&text, key);
    jt_buffer_done(&text);
    jt_secret_jwk_release(key);
    return status;
}

FAULT_SCENARIOS({"a_key_set_is_read_whole_or_not_at_all", a_key_set_is_read_whole_or_not_at_all, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_bad_key_set_stays_refused", a_bad_key_set_stays_refused, JETON_KEY_INVALID,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_token_is_made_and_believed", a_token_is_made_and_believed, JETON_OK, FAULT_MEMORY | FAULT_RANDOM,
                 JETON_OK},
                {"a_spoiled_token_is_never_believed", a_spoiled_token_is_never_believed, JETON_SIGNATURE_INVALID,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_private_key_is_read_and_written", a_private_key_is_read_and_written, JETON_OK, FAULT_MEMORY,
                 JETON_OK});
