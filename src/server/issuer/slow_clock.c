/* SPDX-License-Identifier: Apache-2.0 */
/* By which time may something be forgotten? See slow_clock.h. */
#include "server/issuer/slow_clock.h"

enum { CLOSE = 60 }; /* seconds: what clocks are apart without a jump */

void jt_slow_clock_init(struct jt_slow_clock *clock, int64_t seen_at)
{
    *clock = (struct jt_slow_clock){.time = seen_at, .ahead_since_ms = -1};
}

static void believe(struct jt_slow_clock *clock, int64_t now)
{
    clock->time = now;
    clock->ahead_since_ms = -1;
}

int64_t jt_slow_clock_read(struct jt_slow_clock *clock, int64_t now, int64_t steady_ms)
{
    int64_t passed;

    if (!clock->started)
        clock->steady_ms = steady_ms;
    clock->started = true;
    passed = (steady_ms - clock->steady_ms) / 1000;
    clock->time += passed;
    clock->steady_ms += passed * 1000;
    if (now - clock->time <= CLOSE)
        believe(clock, now);
    else if (clock->ahead_since_ms < 0)
        clock->ahead_since_ms = steady_ms;
    else if (steady_ms - clock->ahead_since_ms >= JT_SLOW_CLOCK_HOLD_MS)
        believe(clock, now);
    return clock->time;
}
