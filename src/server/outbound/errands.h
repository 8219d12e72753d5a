/* SPDX-License-Identifier: Apache-2.0 */
/* How does a request get something from another server while no thread that serves requests waits for it? It asks for
 * an errand: a key, and a function that one of a few threads runs once, however many ask for the same. What it brought
 * is shared by reference, never changed, and kept for its time within a bound of memory. No HTTP in it: errand_wait.h
 * lets a request wait. */
#ifndef JT_SERVER_ERRANDS_H
#define JT_SERVER_ERRANDS_H

#include <stdatomic.h>

#include "base/buffer.h"

/* The first member of whatever a run brings; counted. */
struct jt_errand_result {
    void (*free)(struct jt_errand_result *result);
    _Atomic unsigned holders;
    size_t bytes; /* what it weighs in the cache */
    /* Kept so long for who asks later; 0: for those alone who wait for it. */
    int64_t fresh_for_ms;
    /* From then on, the first who asks has it renewed while everybody still gets this one; 0: never. */
    int64_t renew_after_ms;
    bool failed; /* never takes the place of one that is still fresh */
};
/* With one holder: the caller. */
void jt_errand_result_init(struct jt_errand_result *result, void (*free)(struct jt_errand_result *result), size_t bytes,
                           int64_t fresh_for_ms);
void jt_errand_result_hold(struct jt_errand_result *result);
void jt_errand_result_release(struct jt_errand_result *result); /* takes NULL */

/* Two errands are the same when their keys are: build them with jt_errand_key_add(), which no fields make ambiguous. */
struct jt_errand {
    struct jeton_bytes key;   /* copied */
    struct jeton_bytes order; /* what the run needs; copied, and wiped afterwards */
    void *context;            /* outlives the errands */
    /* Runs in a thread that may wait. NULL: nothing could be brought, not even a failure (out of memory). */
    struct jt_errand_result *(*run)(void *context, struct jeton_bytes order);
};
/* Appends a field, its length before it. */
void jt_errand_key_add(struct jt_buffer *key, struct jeton_bytes field);
/* Reads the fields back, one after the other; no bytes at the end. `rest` is what is left. */
struct jeton_bytes jt_errand_key_next(struct jeton_bytes *rest);

struct jt_errands_options {
    unsigned threads;      /* 0: none, jt_errands_step() runs them (tests) */
    size_t in_flight_max;  /* wanted or being run */
    size_t bytes_max;      /* of what is kept */
    int64_t queued_for_ms; /* one that no thread had time for so long is dropped */
    int64_t (*clock_ms)(void *context);
    void *clock_context;
    /* *what was raised: who waits for it may ask again. Called without a lock, from any thread. */
    void (*told)(void *context, const _Atomic uint64_t *what);
    void *told_context;
};

struct jt_errands;
/* JETON_OK, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR when no thread could be started. */
JT_CHECKED jt_errands_open(const struct jt_errands_options *options, struct jt_errands **out);
/* Ends the threads; nothing new is begun, and whoever waits is told. Takes NULL; may be done twice. */
void jt_errands_stop(struct jt_errands *errands);
/* After stop: gives everything back. Takes NULL. */
void jt_errands_free(struct jt_errands *errands);
/* True once they end: for the `stop` of a fetch. */
const _Atomic bool *jt_errands_stopping(const struct jt_errands *errands);

/* HERE: `*out` is held for the caller. AWAY: it is being fetched; *wait->what passes wait->mark when that ends. FULL:
 * too much is under way, or what was waited for brought nothing. */
enum jt_errand_answer { JT_ERRAND_HERE, JT_ERRAND_AWAY, JT_ERRAND_FULL };
struct jt_errand_wait {
    const _Atomic uint64_t *what;
    uint64_t mark;
};
/* `waited`: the caller was told of the end, and takes what that brought, fresh or not; nothing is begun for it. */
enum jt_errand_answer jt_errands_ask(struct jt_errands *errands, const struct jt_errand *errand, bool waited,
                                     struct jt_errand_result **out, struct jt_errand_wait *wait);
/* From within a run: gets it at once, by doing it here or by waiting for the thread that does. Held for the caller;
 * NULL when nothing could be brought. Such an errand must not do the like itself. */
struct jt_errand_result *jt_errands_do(struct jt_errands *errands, const struct jt_errand *errand);

/* Runs the one that waits longest, in this thread; false when there is none. */
bool jt_errands_step(struct jt_errands *errands);
size_t jt_errands_kept(struct jt_errands *errands);
size_t jt_errands_kept_bytes(struct jt_errands *errands);
#endif
