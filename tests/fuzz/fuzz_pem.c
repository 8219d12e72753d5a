/* SPDX-License-Identifier: Apache-2.0 */
/* Does reading PEM or DER stand any bytes? What was read as a key must be written and read again as the same key, and
 * can be asked to check a signature. */
#include "base/buffer.h"
#include "crypto/crypto.h"

#include "fuzz.h"

static void same_again(const struct jt_public_key *key)
{
    struct jt_buffer text;
    struct jt_public_key *again = NULL;
    struct jt_key_numbers one, two;
    struct jt_key_shape shape = jt_public_key_shape(key);
    const struct jt_key_rules rules = {shape.bits, shape.bits};
    jt_buffer_init(&text, 1 << 20);
    FUZZ_HOLDS(jt_public_key_encode(key, true, &text) == JETON_OK);
    FUZZ_HOLDS(jt_public_key_decode(jt_buffer_bytes(&text), &rules, &again, NULL) == JETON_OK);
    jt_public_key_numbers(key, &one);
    jt_public_key_numbers(again, &two);
    FUZZ_HOLDS(one.type == two.type && one.curve == two.curve);
    FUZZ_HOLDS(jt_bytes_equal(one.n, two.n) && jt_bytes_equal(one.e, two.e));
    FUZZ_HOLDS(jt_bytes_equal(one.x, two.x) && jt_bytes_equal(one.y, two.y));
    jt_public_key_release(again);
    jt_buffer_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jeton_bytes bytes = jeton_bytes(data, size);
    struct jt_public_key *key = NULL;
    struct jt_secret_key *secret = NULL;
    struct jeton_detail detail = {{0}};
    enum jeton_status status = jt_public_key_decode(bytes, &JT_KEY_RULES_OPERATOR, &key, &detail);
    FUZZ_HOLDS(status == JETON_OK || status == JETON_KEY_INVALID);
    FUZZ_HOLDS((status == JETON_OK) == (key != NULL));
    if (key != NULL) {
        same_again(key);
        jt_public_key_warm(key);
    }
    status = jt_secret_key_decode(bytes, &JT_KEY_RULES_OPERATOR, &secret, &detail);
    FUZZ_HOLDS(status == JETON_OK || status == JETON_KEY_INVALID);
    FUZZ_HOLDS(secret == NULL || key != NULL); /* whoever can sign with it can check with it */
    jt_secret_key_release(secret);
    jt_public_key_release(key);
    return 0;
}
