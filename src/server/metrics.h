/* SPDX-License-Identifier: Apache-2.0 */
/* How often, how long, with which outcome? Counters that any thread adds to and /metrics writes out (Prometheus text).
 */
#ifndef JT_SERVER_METRICS_H
#define JT_SERVER_METRICS_H

#include <stdatomic.h>

#include "base/buffer.h"

#define JT_METRICS_GRANTS 3
#define JT_METRICS_ROUTES 16
#define JT_METRICS_STATUSES 32 /* different ones that are counted; see metrics.c */
#define JT_METRICS_BUCKETS 12

struct jt_histogram {
    _Atomic uint64_t buckets[JT_METRICS_BUCKETS + 1];
    _Atomic uint64_t sum_ns;
};

struct jt_metrics {
    _Atomic uint64_t verdicts[JETON_STATUS_COUNT]; /* of requests that name no issuer of ours */
    _Atomic uint64_t issued[JT_METRICS_GRANTS];
    _Atomic uint64_t requests[JT_METRICS_ROUTES][JT_METRICS_STATUSES];
    struct jt_histogram durations[JT_METRICS_ROUTES];
    struct jt_histogram verifications;
};

static inline void jt_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}
void jt_histogram_add(struct jt_histogram *histogram, int64_t duration_ns);
void jt_metrics_request(struct jt_metrics *metrics, size_t route, unsigned status, int64_t duration_ns);

/* One line of jeton_verdicts_total for each code that came up; the heading goes before the first issuer's. */
void jt_metrics_write_verdicts(const _Atomic uint64_t verdicts[JETON_STATUS_COUNT], const char *issuer, bool always_ok,
                               struct jt_buffer *out);
extern const char jt_metrics_verdicts_heading[];
/* Everything but verdicts and keys. Names the routes for the labels. */
void jt_metrics_write(const struct jt_metrics *metrics, const char *const *routes, size_t route_count,
                      struct jt_buffer *out);
/* A label's value with its quotes. */
void jt_metrics_label(struct jt_buffer *out, const char *value);
#endif
