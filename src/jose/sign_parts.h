/* SPDX-License-Identifier: Apache-2.0 */
/* How is a token made? What sign.c, sign_claims.c and sign_plain.c share, for these alone. */
#ifndef JT_JOSE_SIGN_PARTS_H
#define JT_JOSE_SIGN_PARTS_H

#include "jose/sign.h"

#define JT_SIGN_UUID 36
#define JT_SIGN_PAYLOAD_MAX ((size_t)1 << 20)
#define JT_SIGN_PLAIN_ROOM 1280

/* Header and payload of a token whose texts all stand in JSON as they are. */
struct jt_sign_plain {
    struct jeton_bytes header;
    struct jeton_bytes payload;
    unsigned char *uuid; /* where in the payload the caller puts one; NULL: nowhere */
    unsigned char room[JT_SIGN_PLAIN_ROOM];
};

/* Writes them in one pass. False: this is another one, or nothing that may be signed; nothing is said about it. */
bool jt_sign_plain_write(struct jeton_bytes alg, struct jeton_bytes kid, const struct jeton_sign_options *options,
                         struct jt_sign_plain *out);
/* Any payload. JETON_CLAIMS_INVALID, JETON_ARGUMENT_INVALID (too many claims), JETON_OUT_OF_MEMORY,
 * JETON_INTERNAL_ERROR (no randomness). */
JT_CHECKED jt_sign_payload(const struct jeton_sign_options *options, struct jt_buffer *out,
                           struct jeton_detail *detail);
/* A positive one of 18 digits at most: JSON in its one form, without a parser. */
static inline bool jt_sign_whole_number(struct jeton_bytes value)
{
    const unsigned char *at = value.at;
    if (value.len == 0 || value.len > 18 || at[0] < '1')
        return false;
    for (size_t i = 0; i < value.len; i++)
        if (at[i] < '0' || at[i] > '9')
            return false;
    return true;
}
/* A version 4 UUID; false: no randomness. */
bool jt_sign_uuid(const struct jeton_sign_options *options, unsigned char out[JT_SIGN_UUID]);
#endif
