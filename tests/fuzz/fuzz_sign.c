/* SPDX-License-Identifier: Apache-2.0 */
/* Is a token the same, and refused alike, whichever way it is made? The bytes are texts, each behind its length; claims
 * given as an empty object change nothing in a token, but keep it from the quick way. */
#include "fuzz.h"

#include "jose/sign.h"

#define CLAIMS 18

struct input {
    const uint8_t *at;
    size_t left;
};

static struct jeton_bytes next(struct input *input)
{
    size_t len = input->left > 0 ? *input->at++ : 0;
    input->left -= input->left > 0;
    len = len < input->left ? len : input->left;
    struct jeton_bytes text = jeton_bytes(input->at, len);
    input->at += len;
    input->left -= len;
    return text;
}

/* Up to eight bytes, the first one lowest. */
static int64_t next_number(struct input *input)
{
    uint64_t number = 0;
    struct jeton_bytes text = next(input);
    memcpy(&number, text.at, text.len < 8 ? text.len : 8);
    return (int64_t)number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char secret[33] = "0123456789abcdef0123456789abcdef";
    struct input input = {data, size};
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    struct jeton_claim claims[CLAIMS];
    struct jeton_bytes audience = {NULL, 0};
    struct jt_secret_jwk *key = NULL;
    struct jt_buffer quick, any;

    if (size == 0)
        return 0;
    options.now = next_number(&input);
    options.ttl = next_number(&input);
    options.backdate = next_number(&input);
    options.kid = next(&input);
    options.typ = next(&input);
    options.issuer = next(&input);
    options.subject = next(&input);
    options.jti = next(&input);
    audience = next(&input);
    if (options.jti.len == 0)
        options.jti = JT_TEXT("1"); /* one of chance would differ */
    options.audiences = (struct jeton_list){&audience, audience.len > 0};
    options.claims = claims;
    for (; options.claim_count < CLAIMS && input.left > 0; options.claim_count++) {
        claims[options.claim_count].name = next(&input);
        claims[options.claim_count].value = next(&input);
    }
    FUZZ_HOLDS(jt_secret_jwk_from_bytes(jeton_bytes(secret, 32), &key, NULL) == JETON_OK);
    jt_buffer_init(&quick, (size_t)1 << 20);
    jt_buffer_init(&any, (size_t)1 << 20);
    enum jeton_status status = jt_sign_token(key, &options, &quick, NULL);
    options.claims_json = JT_TEXT("{}");
    FUZZ_HOLDS(jt_sign_token(key, &options, &any, NULL) == status);
    FUZZ_HOLDS(jt_bytes_equal(jt_buffer_bytes(&quick), jt_buffer_bytes(&any)));
    jt_buffer_done(&quick);
    jt_buffer_done(&any);
    jt_secret_jwk_release(key);
    return 0;
}
