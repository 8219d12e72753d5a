/* SPDX-License-Identifier: Apache-2.0 */
/* How does a number stand in a JWK? base64url of its bytes, as a string (RFC 7518 §2). For the two writers. */
#ifndef JT_JOSE_JWK_NUMBER_H
#define JT_JOSE_JWK_NUMBER_H

#include "base/base64url.h"
#include "base/json.h"

/* Left out when empty. */
static inline void jt_jwk_add_number(struct jt_json_writer *writer, const char *name, struct jeton_bytes number)
{
    if (number.len == 0)
        return;
    jt_json_name(writer, name);
    jt_buffer_add_byte(writer->buffer, '"');
    unsigned char *at = jt_buffer_grow(writer->buffer, jt_base64url_encoded(number.len));
    if (at != NULL)
        jt_base64url_encode(number, (char *)at);
    jt_buffer_add_byte(writer->buffer, '"');
}

static inline void jt_jwk_add_label(struct jt_json_writer *writer, const char *name, struct jeton_bytes text)
{
    if (text.at != NULL)
        jt_json_add_string(writer, name, text);
}
#endif
