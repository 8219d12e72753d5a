/* SPDX-License-Identifier: Apache-2.0 */
/* Is this token good, and if its key is on its way: can the request wait for it? See judge.h. */
#include "server/verify/judge.h"

#include "server/http/connections.h"

static enum jt_park park(const struct jt_request *request, enum jt_wait wait, const struct jt_trust_result *result)
{
    struct jt_issuer *issuer = result->issuer != NULL ? result->issuer->context : NULL;

    if (result->outlook != JT_OUTLOOK_PENDING || issuer == NULL || issuer->wait_ms == 0)
        return JT_PARK_FULL;
    return jt_request_park_for(request, wait, &issuer->told, result->mark, jt_monotonic_ms() + issuer->wait_ms);
}

JT_CHECKED jt_request_judge(const struct jt_request *request, enum jt_wait wait, struct jt_trust *trust,
                            struct jeton_bytes token, struct jt_trust_result *out, bool *waits,
                            struct jeton_detail *detail)
{
    size_t start = request->arena->used;
    enum jeton_status status = jt_trust_judge(trust, token, request->now, jt_monotonic_ms(), request->arena, out,
                                              detail);

    *waits = false;
    switch (park(request, wait, out)) {
    case JT_PARK_HELD:
        *waits = true;
        return status;
    case JT_PARK_PASSED:
        jt_trust_leave(out);
        jt_arena_rewind(request->arena, start);
        detail->text[0] = '\0';
        return jt_trust_judge(trust, token, request->now, jt_monotonic_ms(), request->arena, out, detail);
    case JT_PARK_FULL:
        break;
    }
    return status;
}
