/* SPDX-License-Identifier: Apache-2.0 */
/* Has every run of bytes one text and every text at most one run of bytes? */
#include "fuzz.h"

#include "base/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t encoded = jt_base64url_encoded(size);
    size_t len = jt_base64url_decoded(size);
    char *text = malloc(encoded + 1);
    unsigned char *back = malloc(size + 1);
    unsigned char *bytes = malloc(len > 0 ? len : 1);
    char *again = malloc(size + 1);

    FUZZ_HOLDS(text != NULL && back != NULL && bytes != NULL && again != NULL);
    jt_base64url_encode(jeton_bytes(data, size), text);
    FUZZ_HOLDS(jt_base64url_decoded(encoded) == size);
    FUZZ_HOLDS(jt_base64url_decode(jeton_bytes(text, encoded), back));
    FUZZ_HOLDS(size == 0 || memcmp(back, data, size) == 0);
    if (jt_base64url_decode(jeton_bytes(data, size), bytes)) {
        FUZZ_HOLDS(jt_base64url_encoded(len) == size);
        jt_base64url_encode(jeton_bytes(bytes, len), again);
        FUZZ_HOLDS(size == 0 || memcmp(again, data, size) == 0);
    }
    free(text);
    free(back);
    free(bytes);
    free(again);
    return 0;
}
