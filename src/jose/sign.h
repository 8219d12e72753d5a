/* SPDX-License-Identifier: Apache-2.0 */
/* How is a token made? Claims in, compact JWS out; `kid` in the header only. */
#ifndef JT_JOSE_SIGN_H
#define JT_JOSE_SIGN_H

#include <jeton/sign.h>

#include "base/buffer.h"
#include "jose/jwk.h"

/* As jeton_sign(); appends to `token`, which was born with a maximum. */
JT_CHECKED jt_sign_token(const struct jt_secret_jwk *key, const struct jeton_sign_options *options,
                         struct jt_buffer *token, struct jeton_detail *detail);
/* A compact JWS over any payload, with the header given as JSON. */
JT_CHECKED jt_sign_jws(const struct jt_secret_jwk *key, const struct jt_algorithm *alg, struct jeton_bytes header,
                       struct jeton_bytes payload, struct jt_buffer *token, struct jeton_detail *detail);
#endif
