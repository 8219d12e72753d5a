/* SPDX-License-Identifier: Apache-2.0 */
/* What does /verify believe where nothing is verified (verify.mode trusted)? See verify_unchecked.h. */
#include "server/verify/verify_unchecked.h"

#include "base/base64url.h"

JT_CHECKED jt_claims_unchecked(struct jeton_bytes token, size_t max_token, struct jt_arena *arena,
                               struct jt_json *claims, struct jeton_bytes *payload, struct jeton_detail *detail)
{
    enum jeton_status status;

    if (token.len > max_token)
        return jt_fail(detail, JETON_TOKEN_TOO_LARGE, "%zu bytes; at most %zu are taken", token.len, max_token);
    if (!jt_base64url_decode_arena(token, arena, payload))
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "not base64url");
    status = jt_json_read(*payload, JT_JSON_PAYLOAD, arena, claims, detail);
    if (status == JETON_ARGUMENT_INVALID || (status == JETON_OK && jt_json_type(*claims) != JT_JSON_OBJECT))
        return jt_fail(detail, JETON_CLAIMS_INVALID, "the claims are no JSON object");
    return status;
}
