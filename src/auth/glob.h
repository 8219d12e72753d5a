/* SPDX-License-Identifier: Apache-2.0 */
/* Does a text look like this pattern? "*" is any run of bytes, the empty one too; everything else is itself; both ends
 * are held. In time that grows with the text alone, whatever the pattern. */
#ifndef JT_AUTH_GLOB_H
#define JT_AUTH_GLOB_H

#include "base/bytes.h"

bool jt_glob_matches(struct jeton_bytes pattern, struct jeton_bytes text);
#endif
