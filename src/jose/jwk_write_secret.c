/* SPDX-License-Identifier: Apache-2.0 */
/* How is a private or symmetric key kept in a file of its owner? Apart from jwk_write.c, so that only who asks for this
 * can write a private member; the buffer must be a secret one. */
#include "jose/jwk.h"
#include "jose/jwk_number.h"

enum jeton_status jt_jwk_write_secret(struct jt_buffer *buffer, const struct jt_secret_jwk *jwk)
{
    const struct jt_jwk_about *about = &jwk->about;
    JT_AUTO(jt_secret_done) struct jt_secret store = {0};
    struct jt_key_numbers numbers;
    struct jt_json_writer writer;
    bool bare = about->bare && about->shape.type != JT_KEY_OCT;
    if (!buffer->secret)
        return JETON_ARGUMENT_INVALID;
    JT_TRY(jt_numbers_of(jwk->key, &numbers, &store));
    bool akp = numbers.type == JT_KEY_AKP;
    jt_json_open(&writer, buffer);
    jt_json_add_text(&writer, "kty", jt_key_type_name(numbers.type));
    if (numbers.curve != JT_CURVE_NONE && !akp)
        jt_json_add_text(&writer, "crv", jt_curve_name(numbers.curve));
    jt_jwk_add_number(&writer, "n", numbers.n);
    jt_jwk_add_number(&writer, "e", numbers.e);
    jt_jwk_add_number(&writer, akp ? "pub" : "x", numbers.x);
    jt_jwk_add_number(&writer, "y", numbers.y);
    jt_jwk_add_number(&writer, akp ? "priv" : "d", numbers.d);
    jt_jwk_add_number(&writer, "p", numbers.p);
    jt_jwk_add_number(&writer, "q", numbers.q);
    jt_jwk_add_number(&writer, "dp", numbers.dp);
    jt_jwk_add_number(&writer, "dq", numbers.dq);
    jt_jwk_add_number(&writer, "qi", numbers.qi);
    jt_jwk_add_number(&writer, "k", numbers.k);
    jt_jwk_add_label(&writer, "kid", bare ? jeton_bytes(about->thumbprint, JT_THUMBPRINT_LENGTH) : about->kid);
    jt_jwk_add_label(&writer, "use", about->bare ? JT_TEXT("sig") : about->use);
    if (akp)
        jt_json_add_text(&writer, "alg", jt_curve_name(numbers.curve));
    else
        jt_jwk_add_label(&writer, "alg", about->alg_name);
    jt_json_close(&writer);
    return buffer->status;
}
