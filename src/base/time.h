/* SPDX-License-Identifier: Apache-2.0 */
/* How do texts say times and spans? Durations of the configuration, NumericDates of tokens, times for people.
 * Nothing here reads a clock. */
#ifndef JT_BASE_TIME_H
#define JT_BASE_TIME_H

#include "base/bytes.h"

/* "500ms" "90s" "15m" "24h" "30d", or plain seconds when `bare` allows it → milliseconds; no sign, no fraction. */
JETON_MUST_CHECK bool jt_duration_read(struct jeton_bytes text, bool bare, int64_t *out_ms);

/* A NumericDate as written in JSON (RFC 7519 §2): may have a fraction or an exponent; false outside 0 to 2^53.
 * `seconds` is rounded down; `fraction` says whether something was cut off. Exact, whatever the digits. */
struct jt_numeric_date {
    int64_t seconds;
    bool fraction;
};
JETON_MUST_CHECK bool jt_numeric_date_read(struct jeton_bytes number, struct jt_numeric_date *out);

/* "2026-11-24T03:01:03Z" (20 characters and a NUL); years 0 to 9999, others clipped. */
void jt_time_write(int64_t seconds, char out[21]);
/* "12 s", "5 min", "3 h 20 min", "41 d": at most 31 characters, for people. */
void jt_span_write(int64_t seconds, char out[32]);
#endif
