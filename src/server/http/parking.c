/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests wait for something that another thread will tell, and until when? See parking.h. */
#include "server/http/parking.h"

void jt_parking_init(struct jt_parking *parking, void (*hold)(void *who), void (*let_go)(void *who))
{
    pthread_mutex_init(&parking->lock, NULL);
    parking->count = 0;
    parking->closed = false;
    parking->hold = hold;
    parking->let_go = let_go;
}

void jt_parking_done(struct jt_parking *parking)
{
    pthread_mutex_destroy(&parking->lock);
}

enum jt_park jt_parking_add(struct jt_parking *parking, const struct jt_parked *parked)
{
    enum jt_park result = JT_PARK_FULL;

    pthread_mutex_lock(&parking->lock);
    if (atomic_load(parked->what) > parked->mark) {
        result = JT_PARK_PASSED;
    } else if (!parking->closed && parking->count < JT_PARKED_MAX) {
        parking->at[parking->count++] = *parked;
        parking->hold(parked->who);
        result = JT_PARK_HELD;
    }
    pthread_mutex_unlock(&parking->lock);
    return result;
}

/* Under the lock. */
static void let_go(struct jt_parking *parking, bool (*due)(const struct jt_parked *parked, const void *context),
                   const void *context)
{
    for (size_t i = 0; i < parking->count;) {
        void *who = parking->at[i].who;

        if (!due(&parking->at[i], context)) {
            i++;
            continue;
        }
        parking->at[i] = parking->at[--parking->count];
        parking->let_go(who);
    }
}

static bool has_passed(const struct jt_parked *parked, const void *what)
{
    return parked->what == what && atomic_load(parked->what) > parked->mark;
}

static bool is_for(const struct jt_parked *parked, const void *what)
{
    return parked->what == what;
}

static bool is_over(const struct jt_parked *parked, const void *now_ms)
{
    return parked->until_ms <= *(const int64_t *)now_ms;
}

static bool is_anybody(const struct jt_parked *parked, const void *context)
{
    (void)parked;
    (void)context;
    return true;
}

void jt_parking_told(struct jt_parking *parking, const _Atomic uint64_t *what)
{
    pthread_mutex_lock(&parking->lock);
    let_go(parking, has_passed, (const void *)what);
    pthread_mutex_unlock(&parking->lock);
}

void jt_parking_let_go(struct jt_parking *parking, const _Atomic uint64_t *what)
{
    pthread_mutex_lock(&parking->lock);
    let_go(parking, is_for, (const void *)what);
    pthread_mutex_unlock(&parking->lock);
}

void jt_parking_tick(struct jt_parking *parking, int64_t now_ms)
{
    pthread_mutex_lock(&parking->lock);
    let_go(parking, is_over, &now_ms);
    pthread_mutex_unlock(&parking->lock);
}

void jt_parking_close(struct jt_parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    parking->closed = true;
    let_go(parking, is_anybody, NULL);
    pthread_mutex_unlock(&parking->lock);
}

size_t jt_parking_count(struct jt_parking *parking)
{
    pthread_mutex_lock(&parking->lock);
    size_t count = parking->count;

    pthread_mutex_unlock(&parking->lock);
    return count;
}
