/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests wait for something that another thread will tell, and until when? A bounded list; no HTTP in it:
 * http.c says how a request is held and let go. A request waits until a number that it watches has passed the one it
 * came with, until its time is over, or until the list is closed. */
#ifndef JT_SERVER_PARKING_H
#define JT_SERVER_PARKING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JT_PARKED_MAX 1024

struct jt_parked {
    void *who;
    const _Atomic uint64_t *what;
    uint64_t mark; /* waits while *what ≤ mark */
    int64_t until_ms;
};

struct jt_parking {
    pthread_mutex_t lock;
    struct jt_parked at[JT_PARKED_MAX];
    size_t count;
    bool closed;
    void (*hold)(void *who); /* both run under the lock, so that nobody is let go before he is held */
    void (*let_go)(void *who);
};

void jt_parking_init(struct jt_parking *parking, void (*hold)(void *who), void (*let_go)(void *who));
void jt_parking_done(struct jt_parking *parking);

/* HELD: it waits. PASSED: the number has passed already. FULL: no room, or closed. */
enum jt_park { JT_PARK_HELD, JT_PARK_PASSED, JT_PARK_FULL };
enum jt_park jt_parking_add(struct jt_parking *parking, const struct jt_parked *parked);
/* Lets go who waits for this number and need not any more; to be called after the number was raised. */
void jt_parking_told(struct jt_parking *parking, const _Atomic uint64_t *what);
/* Lets go everybody who waits for this number, which is about to go. */
void jt_parking_let_go(struct jt_parking *parking, const _Atomic uint64_t *what);
/* Lets go whose time is over. */
void jt_parking_tick(struct jt_parking *parking, int64_t now_ms);
/* Lets everybody go, and takes nobody from then on. */
void jt_parking_close(struct jt_parking *parking);
size_t jt_parking_count(struct jt_parking *parking);
#endif
