/* SPDX-License-Identifier: Apache-2.0 */
/* What does /verify believe where nothing is verified (verify.mode trusted)? The caller's word, if it can be read. */
#ifndef JT_SERVER_VERIFY_UNCHECKED_H
#define JT_SERVER_VERIFY_UNCHECKED_H

#include "base/arena.h"
#include "base/json.h"

/* base64url of a JSON object. JETON_TOKEN_TOO_LARGE, JETON_TOKEN_MALFORMED, JETON_CLAIMS_INVALID, JETON_OUT_OF_MEMORY:
 * never an identity that was not said. */
JT_CHECKED jt_claims_unchecked(struct jeton_bytes token, size_t max_token, struct jt_arena *arena,
                               struct jt_json *claims, struct jeton_bytes *payload, struct jeton_detail *detail);
#endif
