/* SPDX-License-Identifier: Apache-2.0 */
/* What must a crypto library be able to do for jeton? One constant table per backend, below crypto.c and handles.c,
 * which ask it only after the policy was kept: the numbers have the sizes of their type, the method is the key's,
 * lengths can be right. A backend answers mathematics and holds no policy. */
#ifndef JT_CRYPTO_BACKEND_H
#define JT_CRYPTO_BACKEND_H

#include "crypto/crypto.h"

struct jt_backend_key; /* the backend's own half of one handle; any number of threads at the same time */

struct jt_backend {
    const char *(*library)(void);
    bool (*has)(enum jt_curve curve); /* NONE asks for nothing and is there */

    /* Keys from numbers. JETON_KEY_INVALID when they are none: a point off the curve, halves that do not belong
     * together. The secret one also takes oct keys. RSA numbers come without leading zeros and are never NULL where
     * needed; an RSA secret without p has only n, e and d. */
    JT_CHECKED(*public_key)
    (const struct jt_key_numbers *numbers, struct jt_backend_key **out, struct jeton_detail *detail);
    JT_CHECKED(*secret_key)
    (const struct jt_key_numbers *numbers, struct jt_backend_key **out, struct jeton_detail *detail);
    JT_CHECKED (*make_key)(struct jt_key_shape shape, struct jt_backend_key **out, struct jeton_detail *detail);
    void (*release)(struct jt_backend_key *key);

    /* Numbers from a key, and from PEM or DER; the private ones too when `secret`. All live in `store`. */
    JT_CHECKED(*numbers)
    (const struct jt_backend_key *key, bool secret, struct jt_key_numbers *out, struct jt_secret *store);
    JT_CHECKED(*decode)
    (struct jeton_bytes pem_or_der, bool secret, struct jt_key_numbers *out, struct jt_secret *store,
     struct jeton_detail *detail);
    JT_CHECKED (*encode)(const struct jt_backend_key *key, bool secret, bool pem, struct jt_buffer *out);

    /* The signature has the length `size` that the key and method give; sign fills exactly that many bytes. */
    JT_CHECKED(*verify)
    (struct jt_backend_key *key, struct jt_method method, struct jeton_bytes message, struct jeton_bytes signature);
    JT_CHECKED(*sign)
    (struct jt_backend_key *key, struct jt_method method, struct jeton_bytes message, unsigned char *out, size_t size);

    JT_CHECKED (*digest)(enum jt_hash hash, struct jeton_bytes message, unsigned char *out);
    JT_CHECKED (*mac)(enum jt_hash hash, struct jeton_bytes key, struct jeton_bytes message, unsigned char *out);
    JT_CHECKED (*random)(void *out, size_t len);
    JT_CHECKED(*seal)
    (struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated, struct jeton_bytes text,
     unsigned char *out, unsigned char tag[16]);
    JT_CHECKED(*open)
    (struct jeton_bytes key, const unsigned char nonce[12], struct jeton_bytes associated, struct jeton_bytes sealed,
     const unsigned char tag[16], unsigned char *out);

    /* May be NULL. Jobs of keys of this backend; only those whose result is JETON_OK are to be done, and get theirs. */
    void (*verify_many)(struct jt_verify_job *jobs, size_t count);
};

extern const struct jt_backend jt_backend_openssl;

/* The backend's half of a handle, for a verify_many. */
struct jt_backend_key *jt_public_key_backend(const struct jt_public_key *key);
#endif
