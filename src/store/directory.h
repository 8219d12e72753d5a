/* SPDX-License-Identifier: Apache-2.0 */
/* Whose directory is this? Made when missing, and locked: two servers on one state would each sign with a key that the
 * other does not publish. */
#ifndef JT_STORE_DIRECTORY_H
#define JT_STORE_DIRECTORY_H

#include "base/bytes.h"

/* `lock` gets a descriptor; closing it gives the directory back. */
JT_CHECKED jt_directory_lock(const char *path, int *lock, bool *open_to_others, struct jeton_detail *detail);

/* What was made in the directory, and the directory itself, are on the disk from then on. */
void jt_directory_sync(const char *path);
#endif
