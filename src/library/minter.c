/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/mint.h>: the minter of the keys room, signing with a key or with a signer. */
#include "keys/minter.h"

#include <stdlib.h>

#include "jose/sign.h"
#include "library/signer.h"

#define TOKEN_MAX ((size_t)65536)

struct jeton_minter {
    struct jt_minter *inner;
    struct jt_secret_jwk *key; /* held; or */
    struct jeton_signer *signer;
};

static enum jeton_status sign(void *context, const struct jeton_sign_options *options, struct jt_buffer *out,
                              struct jeton_detail *detail)
{
    const struct jeton_minter *minter = context;

    if (minter->key != NULL)
        return jt_sign_token(minter->key, options, out, detail);
    return jt_border_signer_sign(minter->signer, options, out, detail);
}

static uint64_t epoch(void *context)
{
    const struct jeton_minter *minter = context;

    return jt_signers_generation(minter->signer->signers);
}

static JT_CHECKED check_options(const struct jeton_minter_options *options, struct jeton_detail *detail)
{
    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "minter options of another version");
    if ((options->key != NULL) == (options->signer != NULL))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a minter signs with a key or with a signer: one of the two");
    if (options->signer != NULL && options->ttl > options->signer->token_ttl)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "short tokens live %lld s, tokens of this signer %lld s at most",
                       (long long)options->ttl, (long long)options->signer->token_ttl);
    return JETON_OK;
}

void jeton_minter_free(struct jeton_minter *minter)
{
    if (minter == NULL)
        return;
    jt_minter_free(minter->inner);
    jt_secret_jwk_release(minter->key);
    free(minter);
}

enum jeton_status jeton_minter_new(const struct jeton_minter_options *options, struct jeton_minter **out,
                                   struct jeton_detail *detail)
{
    struct jeton_minter *minter;
    enum jeton_status status;

    JT_TRY(check_options(options, detail));
    minter = calloc(1, sizeof *minter);
    if (minter == NULL)
        return JETON_OUT_OF_MEMORY;
    if (options->key != NULL)
        minter->key = jt_secret_jwk_hold(jt_border_secret(options->key));
    minter->signer = options->signer;
    const struct jt_mint_options inner = {.issuer = options->issuer,
                                          .ttl = options->ttl,
                                          .backdate = options->backdate,
                                          .keep = options->keep,
                                          .sign = sign,
                                          .context = minter,
                                          .epoch = options->signer != NULL ? epoch : NULL};
    status = jt_minter_new(&inner, &minter->inner, detail);
    if (status == JETON_OK)
        *out = minter;
    else
        jeton_minter_free(minter);
    return status;
}

enum jeton_status jeton_minter_token(struct jeton_minter *minter, const struct jeton_mint_request *request, int64_t now,
                                     struct jeton_output *token, struct jeton_detail *detail)
{
    const struct jt_mint_request inner = {request->subject, request->audience, request->claims_json};
    struct jt_buffer buffer;
    enum jeton_status status;

    if (request->size != sizeof *request)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a mint request of another version");
    jt_buffer_init(&buffer, TOKEN_MAX);
    status = jt_minter_token(minter->inner, &inner, now, &buffer, detail);
    if (status == JETON_OK)
        return jt_border_give(&buffer, token);
    jt_buffer_done(&buffer);
    return status;
}

void jeton_minter_forget(struct jeton_minter *minter)
{
    jt_minter_forget(minter->inner);
}
