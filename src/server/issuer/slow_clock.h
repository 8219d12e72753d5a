/* SPDX-License-Identifier: Apache-2.0 */
/* By which time may something be forgotten? A clock that jumps ahead may jump back, and what was revoked must still be
 * revoked then. This one never runs faster than a clock that does not jump: ahead of it, the wall's clock is believed
 * only after it has shown the new time for longer than any token lives. Going back is believed at once. Pure. */
#ifndef JT_SERVER_SLOW_CLOCK_H
#define JT_SERVER_SLOW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define JT_SLOW_CLOCK_HOLD_MS (INT64_C(25) * 3600 * 1000) /* tokens live a day at most */

struct jt_slow_clock {
    int64_t time; /* seconds since 1970 */
    int64_t steady_ms;
    int64_t ahead_since_ms; /* that the wall's clock is ahead; -1: it is not */
    bool started;
};

/* `seen_at`: the last time of the run before, or now. */
void jt_slow_clock_init(struct jt_slow_clock *clock, int64_t seen_at);
/* Seconds since 1970: at most `now`. */
int64_t jt_slow_clock_read(struct jt_slow_clock *clock, int64_t now, int64_t steady_ms);
#endif
