/* SPDX-License-Identifier: Apache-2.0 */
/* How does a request wait for an errand, without a thread? Between errands.h, which knows no HTTP, and http.h. */
#ifndef JT_SERVER_ERRAND_WAIT_H
#define JT_SERVER_ERRAND_WAIT_H

#include "server/http/http.h"
#include "server/outbound/errands.h"

/* HERE: `*out` is held for the caller. WAITS: the handler returns at once and is called again. NOT_NOW: too much is
 * under way, the time ran out, or nothing came of it; a 503 is the answer. */
enum jt_errand_state { JT_ERRAND_IS_HERE, JT_ERRAND_WAITS, JT_ERRAND_NOT_NOW };
enum jt_errand_state jt_request_errand_for(const struct jt_request *request, enum jt_wait wait,
                                           struct jt_errands *errands, const struct jt_errand *errand, int64_t wait_ms,
                                           struct jt_errand_result **out);
/* With JT_WAIT_ERRAND. */
static inline enum jt_errand_state jt_request_errand(const struct jt_request *request, struct jt_errands *errands,
                                                     const struct jt_errand *errand, int64_t wait_ms,
                                                     struct jt_errand_result **out)
{
    return jt_request_errand_for(request, JT_WAIT_ERRAND, errands, errand, wait_ms, out);
}
#endif
