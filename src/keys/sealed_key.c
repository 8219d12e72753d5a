/* SPDX-License-Identifier: Apache-2.0 */
/* How does a signing key lie on a disk? */
#include "keys/sealed_key.h"

enum { NONCE = 12, TAG = 16, BOND_MAX = 1024, KEY_MAX = 16384 };

static void add_part(struct jt_buffer *out, struct jeton_bytes part)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        jt_buffer_add_byte(out, (unsigned char)(part.len >> shift));
    jt_buffer_add(out, part);
}

/* The associated data: each part with its length before it, so that no two bonds give the same bytes. */
static JT_CHECKED write_bond(const struct jt_seal_bond *bond, struct jt_buffer *out)
{
    jt_buffer_init(out, BOND_MAX);
    jt_buffer_add_format(out, "jetond key %u", bond->schema);
    add_part(out, bond->kid);
    add_part(out, bond->algorithm);
    add_part(out, bond->state);
    return out->status;
}

static JT_CHECKED seal(struct jeton_bytes plain, struct jeton_bytes seal_key, struct jeton_bytes bond,
                       struct jt_buffer *out)
{
    unsigned char nonce[NONCE], tag[TAG];
    unsigned char *sealed = NULL;

    JT_TRY(jt_random(nonce, sizeof nonce));
    jt_buffer_add(out, jeton_bytes(nonce, sizeof nonce));
    sealed = jt_buffer_grow(out, plain.len);
    if (sealed == NULL)
        return out->status;
    JT_TRY(jt_seal(seal_key, nonce, bond, plain, sealed, tag));
    jt_buffer_add(out, jeton_bytes(tag, sizeof tag));
    return out->status;
}

JT_CHECKED jt_sealed_key_write(const struct jt_secret_jwk *key, struct jeton_bytes seal_key,
                               const struct jt_seal_bond *bond, struct jt_buffer *out, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer plain, associated;
    enum jeton_status status;

    jt_buffer_init_secret(&plain, KEY_MAX);
    status = write_bond(bond, &associated);
    if (status == JETON_OK)
        status = jt_secret_key_encode(key->key, false, &plain);
    if (status == JETON_OK)
        status = seal(jt_buffer_bytes(&plain), seal_key, jt_buffer_bytes(&associated), out);
    return status == JETON_OK ? status : jt_fail(detail, status, "a key could not be sealed");
}

/* The key as it was made: kid and algorithm are what the bond says, which the tag has proved. */
static JT_CHECKED make_key(struct jeton_bytes plain, const struct jt_seal_bond *bond, struct jt_secret_jwk **out,
                           struct jeton_detail *detail)
{
    const struct jt_algorithm *algorithm = jt_algorithm_find(bond->algorithm);
    struct jt_secret_key *key = NULL;
    enum jeton_status status;

    if (algorithm == NULL)
        return jt_fail(detail, JETON_KEY_INVALID, "its algorithm is not known here");
    JT_TRY(jt_secret_key_decode(plain, &JT_KEY_RULES_OPERATOR, &key, detail));
    status = jt_secret_jwk_make(key, bond->kid, algorithm, out);
    jt_secret_key_release(key);
    return status;
}

JT_CHECKED jt_sealed_key_read(struct jeton_bytes sealed, struct jeton_bytes seal_key, const struct jt_seal_bond *bond,
                              struct jt_secret_jwk **out, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret plain = {NULL, 0};
    JT_AUTO(jt_buffer_done) struct jt_buffer associated;
    const unsigned char *at = sealed.at;

    JT_TRY(write_bond(bond, &associated));
    if (sealed.len <= NONCE + TAG || sealed.len > KEY_MAX)
        return jt_fail(detail, JETON_KEY_INVALID, "it is no sealed key");
    JT_TRY(jt_secret_new(sealed.len - NONCE - TAG, &plain));
    if (jt_open(seal_key, at, jt_buffer_bytes(&associated), jeton_bytes(at + NONCE, plain.len), at + sealed.len - TAG,
                plain.at) != JETON_OK)
        return jt_fail(detail, JETON_KEY_INVALID, "it was sealed under another seal key, or is damaged");
    return make_key(jt_secret_bytes(&plain), bond, out, detail);
}
