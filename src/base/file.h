/* SPDX-License-Identifier: Apache-2.0 */
/* How is a file read whole and replaced whole? Bounded, never half-written, secrets into secret memory. */
#ifndef JT_BASE_FILE_H
#define JT_BASE_FILE_H

#include "base/buffer.h"
#include "base/secret.h"

/* `path` "-" is standard input. JETON_CONFIG_INVALID with a detail that names the path when it cannot be read or is
 * larger than the buffer's maximum. Directories and devices other than standard input are refused,
 * and a named pipe that brings nothing. */
JT_CHECKED jt_file_read(const char *path, struct jt_buffer *out, struct jeton_detail *detail);
/* The same into secret memory. `warn_mode` is set when group or others may read the file. */
JT_CHECKED jt_file_read_secret(const char *path, size_t max, struct jt_secret *out, bool *warn_mode,
                               struct jeton_detail *detail);
/* write() until all is written, again when a signal came between; errno is set on failure. */
JETON_MUST_CHECK bool jt_file_write_all(int file, struct jeton_bytes content);
/* Writes a new file beside `path`, syncs, renames over it; mode as given from the first byte on. */
JT_CHECKED jt_file_write(const char *path, struct jeton_bytes content, unsigned mode, struct jeton_detail *detail);
#endif
