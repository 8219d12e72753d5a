/* SPDX-License-Identifier: Apache-2.0 */
/* What did the issuer say last, before we were restarted? A last-known-good key set on disk: one JSON object with the
 * address it is for, the time it was good, a digest, and the document as it came. Whatever is odd about the file, it is
 * as if it were not there. */
#ifndef JT_KEYS_SAVED_SET_H
#define JT_KEYS_SAVED_SET_H

#include "base/buffer.h"

/* `body` is initialised here and owned by the caller, also on failure. *age: seconds since it was good, not negative.
 * JETON_KEYS_UNAVAILABLE with an empty detail: no file. With a detail: damaged, for another address, from the future.
 */
JT_CHECKED jt_saved_set_read(const char *path, struct jeton_bytes address, int64_t now_wall, struct jt_buffer *body,
                             int64_t *age, struct jeton_detail *detail);
/* Replaces the file whole, mode 0600. */
JT_CHECKED jt_saved_set_write(const char *path, struct jeton_bytes address, struct jeton_bytes body, int64_t now_wall,
                              struct jeton_detail *detail);
#endif
