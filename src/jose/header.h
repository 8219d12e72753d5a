/* SPDX-License-Identifier: Apache-2.0 */
/* What does the header ask for? Stage 2: still nothing is believed. `jwk`, `jku`, `x5u`, `x5c` and the like are not
 * even looked at (RFC 8725 §3.10). */
#ifndef JT_JOSE_HEADER_H
#define JT_JOSE_HEADER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "jose/algorithm.h"

struct jt_header {
    struct jeton_bytes alg;               /* as written */
    const struct jt_algorithm *algorithm; /* NULL: unknown, "none", or of an encryption */
    struct jeton_bytes kid;               /* at NULL: none; an empty kid has at set */
    struct jeton_bytes typ;               /* at NULL: none */
    bool crit;                            /* there, in whatever form */
};

/* `json` is the decoded header. Strings are kept in the arena behind what was taken before; the parse tree is given
 * back. JETON_OK, JETON_HEADER_INVALID, JETON_OUT_OF_MEMORY. Rule: RFC 7515 §4, RFC 7797 §6 (b64 without crit). */
JT_CHECKED jt_header_read(struct jeton_bytes json, struct jt_arena *arena, struct jt_header *out,
                          struct jeton_detail *detail);
#endif
