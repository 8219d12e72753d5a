/* SPDX-License-Identifier: Apache-2.0 */
/* What may anyone see of a key? The last stage of secret → published JWKS. It takes public keys alone: a private member
 * cannot be written from here, because there is none in reach. */
#include "jose/jwk.h"
#include "jose/jwk_number.h"

void jt_jwk_write_public(struct jt_buffer *buffer, const struct jt_public_jwk *jwk)
{
    const struct jt_jwk_about *about = &jwk->about;
    struct jt_key_numbers numbers;
    struct jt_json_writer writer;
    jt_public_key_numbers(jwk->key, &numbers);
    jt_json_open(&writer, buffer);
    jt_json_add_text(&writer, "kty", jt_key_type_name(numbers.type));
    switch (numbers.type) {
    case JT_KEY_RSA:
        jt_jwk_add_number(&writer, "n", numbers.n);
        jt_jwk_add_number(&writer, "e", numbers.e);
        break;
    case JT_KEY_EC:
    case JT_KEY_OKP:
        jt_json_add_text(&writer, "crv", jt_curve_name(numbers.curve));
        jt_jwk_add_number(&writer, "x", numbers.x);
        jt_jwk_add_number(&writer, "y", numbers.y);
        break;
    case JT_KEY_AKP:
        jt_jwk_add_number(&writer, "pub", numbers.x);
        break;
    case JT_KEY_OCT: /* never public */
    case JT_KEY_NONE:
        break;
    }
    jt_jwk_add_label(&writer, "kid", about->bare ? jeton_bytes(about->thumbprint, JT_THUMBPRINT_LENGTH) : about->kid);
    jt_jwk_add_label(&writer, "use", about->bare ? JT_TEXT("sig") : about->use);
    if (numbers.type == JT_KEY_AKP) /* says which parameter set, so it must be there */
        jt_json_add_text(&writer, "alg", jt_curve_name(numbers.curve));
    else
        jt_jwk_add_label(&writer, "alg", about->alg_name);
    jt_json_close(&writer);
}

void jt_jwks_write(struct jt_buffer *buffer, const struct jt_public_jwk *const *keys, size_t count)
{
    jt_buffer_add_text(buffer, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            jt_buffer_add_byte(buffer, ',');
        jt_jwk_write_public(buffer, keys[i]);
    }
    jt_buffer_add_text(buffer, "]}");
}
