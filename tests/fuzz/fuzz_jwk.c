/* SPDX-License-Identifier: Apache-2.0 */
/* Is what a key file holds written so that it is read as the same key? */
#include "fuzz.h"

#include "base/buffer.h"
#include "jose/jwk.h"

static void write_and_read(const struct jt_public_jwk *jwk)
{
    struct jt_public_jwk *again = NULL;
    struct jt_buffer text;
    jt_buffer_init(&text, 1 << 16);
    jt_jwk_write_public(&text, jwk);
    FUZZ_HOLDS(text.status == JETON_OK);
    FUZZ_HOLDS(jt_public_jwk_read(jt_buffer_bytes(&text), &again, NULL) == JETON_OK);
    FUZZ_HOLDS(strcmp(again->about.thumbprint, jwk->about.thumbprint) == 0);
    FUZZ_HOLDS(again->about.verifies == jwk->about.verifies || jwk->about.skip == JETON_SKIP_KEY_OPS);
    FUZZ_HOLDS((jwk->about.verifies & JT_ALG_SYMMETRIC) == 0);
    jt_public_jwk_release(again);
    jt_buffer_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_public_jwk *jwk = NULL;
    struct jt_secret_jwk *secret = NULL;
    struct jeton_detail detail = {{0}};
    enum jeton_status status = jt_public_jwk_read(jeton_bytes(data, size), &jwk, &detail);
    FUZZ_HOLDS(status == JETON_OK || (status == JETON_KEY_INVALID && detail.text[0] != '\0'));
    FUZZ_HOLDS(jt_bytes_utf8(jeton_text(detail.text)));
    FUZZ_HOLDS((status == JETON_OK) == (jwk != NULL));
    if (jwk != NULL)
        write_and_read(jwk);
    status = jt_secret_jwk_read(jeton_bytes(data, size), &secret, &detail);
    FUZZ_HOLDS(status == JETON_OK || status == JETON_KEY_INVALID);
    FUZZ_HOLDS(status == JETON_OK || secret == NULL);
    /* A private key has a public half that is read from the same file. */
    FUZZ_HOLDS(secret == NULL || secret->about.shape.type == JT_KEY_OCT || jwk != NULL);
    jt_secret_jwk_release(secret);
    jt_public_jwk_release(jwk);
    return 0;
}
