/* SPDX-License-Identifier: Apache-2.0 */
/* Do dates and durations stay in their ranges, and does a date read from plain digits say the same as the digits? */
#include "fuzz.h"

#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jeton_bytes text = jeton_bytes(data, size);
    struct jt_numeric_date date;
    int64_t ms;
    uint64_t plain;

    if (jt_numeric_date_read(text, &date)) {
        FUZZ_HOLDS(date.seconds >= 0 && date.seconds <= (int64_t)1 << 53);
        if (jt_bytes_number(text, UINT64_MAX, &plain))
            FUZZ_HOLDS(!date.fraction && plain == (uint64_t)date.seconds);
    }
    if (jt_duration_read(text, false, &ms)) {
        int64_t again;
        FUZZ_HOLDS(ms >= 0);
        FUZZ_HOLDS(jt_duration_read(text, true, &again) && again == ms);
        FUZZ_HOLDS(!jt_numeric_date_read(text, &date));
    }
    return 0;
}
