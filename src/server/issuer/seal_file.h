/* SPDX-License-Identifier: Apache-2.0 */
/* Where does the key lie that seals all others, and is that a good place? */
#ifndef JT_SERVER_SEAL_FILE_H
#define JT_SERVER_SEAL_FILE_H

#include "base/secret.h"

struct jt_seal_file {
    char *path;
    bool beside; /* the default: in the state it seals */
};

/* 32 bytes, of a file that nobody but its owner can read (a systemd credential is systemd's to guard) and that does not
 * lie in the state, unless it is the default's. JETON_CONFIG_INVALID with a detail that says what to do. */
JT_CHECKED jt_seal_file_read(const struct jt_seal_file *file, const char *state, struct jt_secret *out,
                             struct jeton_detail *detail);
/* A new random key, of mode 0600. */
JT_CHECKED jt_seal_file_make(const struct jt_seal_file *file, struct jt_secret *out, struct jeton_detail *detail);
#endif
