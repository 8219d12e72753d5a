/* SPDX-License-Identifier: Apache-2.0 */
/* How often, how long, with which outcome? */
#include "server/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/clients/clients.h"

_Static_assert(JT_METRICS_GRANTS == JT_GRANT_COUNT, "a counter for each grant");

/* Upper bounds in microseconds. */
static const unsigned bounds_us[JT_METRICS_BUCKETS] = {25,   50,    100,   250,    500,     1000,
                                                       2500, 10000, 50000, 250000, 1000000, 5000000};

/* Every status a route can answer with; any other is counted as 500. */
static const unsigned statuses[] = {200, 204, 304, 400, 401, 403, 404, 405, 408, 411, 413, 415, 429, 431, 500, 503};

static size_t index_of(unsigned status)
{
    for (size_t i = 0; i < JT_COUNT(statuses); i++) {
        if (statuses[i] == status)
            return i;
    }
    return index_of(500);
}

void jt_histogram_add(struct jt_histogram *histogram, int64_t duration_ns)
{
    uint64_t duration = duration_ns > 0 ? (uint64_t)duration_ns : 0;
    size_t bucket = 0;

    while (bucket < JT_METRICS_BUCKETS && duration > (uint64_t)bounds_us[bucket] * 1000)
        bucket++;
    jt_count(&histogram->buckets[bucket]);
    atomic_fetch_add_explicit(&histogram->sum_ns, duration, memory_order_relaxed);
}

void jt_metrics_request(struct jt_metrics *metrics, size_t route, unsigned status, int64_t duration_ns)
{
    jt_count(&metrics->requests[route][index_of(status)]);
    jt_histogram_add(&metrics->durations[route], duration_ns);
}

void jt_metrics_label(struct jt_buffer *out, const char *value)
{
    jt_buffer_add_byte(out, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            jt_buffer_add_byte(out, '\\');
        jt_buffer_add_byte(out, (unsigned char)(*value == '\n' ? ' ' : *value));
    }
    jt_buffer_add_byte(out, '"');
}

static void write_type(struct jt_buffer *out, const char *name, const char *type, const char *help)
{
    jt_buffer_add_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_histogram(struct jt_buffer *out, const char *name, const char *route,
                            const struct jt_histogram *histogram)
{
    const char *comma = route[0] != '\0' ? "," : "";
    uint64_t total = 0;

    for (size_t i = 0; i <= JT_METRICS_BUCKETS; i++) {
        total += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        if (i < JT_METRICS_BUCKETS)
            jt_buffer_add_format(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, route, comma,
                                 (double)bounds_us[i] / 1e6, total);
        else
            jt_buffer_add_format(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, route, comma, total);
    }
    const char *open = route[0] != '\0' ? "{" : "";
    const char *close = route[0] != '\0' ? "}" : "";
    uint64_t sum = atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed);

    jt_buffer_add_format(out, "%s_sum%s%s%s %.9f\n", name, open, route, close, (double)sum / 1e9);
    jt_buffer_add_format(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, route, close, total);
}

const char jt_metrics_verdicts_heading[] =
    "# HELP jeton_verdicts_total Tokens judged, by issuer and code of the verdict.\n"
    "# TYPE jeton_verdicts_total counter\n";

void jt_metrics_write_verdicts(const _Atomic uint64_t verdicts[JETON_STATUS_COUNT], const char *issuer, bool always_ok,
                               struct jt_buffer *out)
{
    for (size_t i = 0; i < JETON_STATUS_COUNT; i++) {
        uint64_t count = atomic_load_explicit(&verdicts[i], memory_order_relaxed);

        if (count == 0 && (i != JETON_OK || !always_ok))
            continue;
        jt_buffer_add_text(out, "jeton_verdicts_total{issuer=");
        jt_metrics_label(out, issuer);
        jt_buffer_add_format(out, ",code=\"%s\"} %" PRIu64 "\n", jeton_status_code((enum jeton_status)i), count);
    }
}

void jt_metrics_write(const struct jt_metrics *metrics, const char *const *routes, size_t route_count,
                      struct jt_buffer *out)
{
    write_type(out, "jeton_verify_duration_seconds", "histogram", "Time to judge a token.");
    write_histogram(out, "jeton_verify_duration_seconds", "", &metrics->verifications);
    write_type(out, "jeton_tokens_issued_total", "counter", "Tokens issued, by grant.");
    for (size_t i = 0; i < JT_GRANT_COUNT; i++)
        jt_buffer_add_format(out, "jeton_tokens_issued_total{grant=\"%s\"} %" PRIu64 "\n",
                             jt_grant_name((enum jt_grant)i),
                             atomic_load_explicit(&metrics->issued[i], memory_order_relaxed));
    write_type(out, "jeton_http_requests_total", "counter", "Requests answered, by route and status.");
    for (size_t i = 0; i < route_count; i++) {
        for (size_t j = 0; j < JT_COUNT(statuses); j++) {
            uint64_t count = atomic_load_explicit(&metrics->requests[i][j], memory_order_relaxed);

            if (count > 0)
                jt_buffer_add_format(out, "jeton_http_requests_total{route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
                                     routes[i], statuses[j], count);
        }
    }
    write_type(out, "jeton_http_request_duration_seconds", "histogram", "Time from the end of a head to its answer.");
    for (size_t i = 0; i < route_count; i++) {
        char label[64];

        snprintf(label, sizeof label, "route=\"%s\"", routes[i]);
        write_histogram(out, "jeton_http_request_duration_seconds", label, &metrics->durations[i]);
    }
}
