/* SPDX-License-Identifier: Apache-2.0 */
/* What is behind a handle of a key? handles.c makes and holds it, crypto.c signs and checks with it; nobody else looks
 * inside. */
#ifndef JT_CRYPTO_HANDLES_H
#define JT_CRYPTO_HANDLES_H

#include <stdatomic.h>

#include "crypto/backend.h"
#include "crypto/crypto.h"

/* New handles are of this backend, and what needs no key is asked of it; each handle remembers its own. */
static const struct jt_backend *const jt_backend_used = &jt_backend_openssl;

struct jt_public_key {
    atomic_uint held;
    struct jt_key_shape shape;
    const struct jt_backend *backend;
    struct jt_backend_key *key;
    struct jt_key_numbers numbers; /* pointing into bytes */
    unsigned char bytes[];
};

struct jt_secret_key {
    atomic_uint held;
    struct jt_key_shape shape;
    const struct jt_backend *backend;
    struct jt_backend_key *key;
};
#endif
