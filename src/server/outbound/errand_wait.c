/* SPDX-License-Identifier: Apache-2.0 */
/* How does a request wait for an errand, without a thread? See errand_wait.h. */
#include "server/outbound/errand_wait.h"

#include "server/http/connections.h"

enum jt_errand_state jt_request_errand_for(const struct jt_request *request, enum jt_wait why,
                                           struct jt_errands *errands, const struct jt_errand *errand, int64_t wait_ms,
                                           struct jt_errand_result **out)
{
    struct jt_errand_wait wait = {NULL, 0};
    bool waited = jt_request_waited(request, why);

    switch (jt_errands_ask(errands, errand, waited, out, &wait)) {
    case JT_ERRAND_HERE:
        return JT_ERRAND_IS_HERE;
    case JT_ERRAND_FULL:
        return JT_ERRAND_NOT_NOW;
    case JT_ERRAND_AWAY:
        break;
    }
    switch (jt_request_park_for(request, why, wait.what, wait.mark, jt_monotonic_ms() + wait_ms)) {
    case JT_PARK_HELD:
        return JT_ERRAND_WAITS;
    case JT_PARK_PASSED:
        break;
    case JT_PARK_FULL:
        return JT_ERRAND_NOT_NOW;
    }
    return jt_errands_ask(errands, errand, true, out, &wait) == JT_ERRAND_HERE ? JT_ERRAND_IS_HERE : JT_ERRAND_NOT_NOW;
}
