/* SPDX-License-Identifier: Apache-2.0 */
/* Where do secrets live? In pages of their own: locked, left out of core dumps and forks' dumps, guarded on both sides,
 * wiped before they are given back. There is no way to print one; jt_crypto_equal compares. */
#ifndef JT_BASE_SECRET_H
#define JT_BASE_SECRET_H

#include "base/bytes.h"

struct jt_secret {
    unsigned char *at; /* NULL: none */
    size_t len;
};

/* Zeroed memory. Locking is best effort (RLIMIT_MEMLOCK); leaving it out of dumps is not. */
JT_CHECKED jt_secret_new(size_t len, struct jt_secret *out);
JT_CHECKED jt_secret_copy(struct jeton_bytes bytes, struct jt_secret *out);
/* Wipes and gives back; fine on an empty one. */
void jt_secret_done(struct jt_secret *secret);
static inline struct jeton_bytes jt_secret_bytes(const struct jt_secret *secret)
{
    return jeton_bytes(secret->at, secret->len);
}
/* Overwrites in a way the compiler keeps. */
void jt_wipe(void *at, size_t len);
#endif
