/* SPDX-License-Identifier: Apache-2.0 */
/* How does a request get something from another server while no thread that serves requests waits for it? One table
 * under one lock, which is never held while an errand runs or somebody is told. See errands.h. */
#include "server/outbound/errands.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/crypto.h"

enum {
    BUCKETS = 1024,
    KEY_MAX = 64 * 1024,
    LINGER_MS = 5000,     /* what is not fresh stays so long for those who waited for it */
    RENEW_PACE_MS = 1000, /* between two tries to renew */
    THREADS_MAX = 64,
};

struct flight;

/* What is kept under one key, under way or both. */
struct entry {
    struct entry *next; /* of its bucket */
    struct entry *older, *newer;
    uint64_t hash;
    struct jt_errand_result *result; /* NULL: none yet */
    int64_t fresh_until_ms, keep_until_ms;
    int64_t renew_at_ms;   /* 0: never */
    struct flight *flight; /* NULL: not under way */
    size_t bytes;
    struct jeton_bytes key;
    unsigned char key_bytes[];
};

/* One that is wanted or being run. Its number is raised at the end of each and lives as long as the table, so that who
 * waits for it never looks at what is gone. */
struct flight {
    _Atomic uint64_t ended;
    struct flight *next; /* in the queue, or among the free ones */
    struct entry *entry;
    bool running;
    int64_t since_ms;
    struct jt_errand_result *(*run)(void *context, struct jeton_bytes order);
    void *context;
    struct jeton_bytes order; /* heap */
};

struct jt_errands {
    struct jt_errands_options options;
    pthread_mutex_t lock;
    pthread_cond_t work;  /* something is in the queue, or it is over */
    pthread_cond_t ended; /* a flight ended */
    _Atomic bool stopping;
    unsigned char hash_key[16];
    struct entry *buckets[BUCKETS];
    struct entry *newest, *oldest;
    size_t kept, kept_bytes;
    struct flight *flights;
    struct flight *idle;
    struct flight *first, *last; /* the queue */
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
};

/* --- Results and keys --- */

void jt_errand_result_init(struct jt_errand_result *result, void (*give_back)(struct jt_errand_result *result),
                           size_t bytes, int64_t fresh_for_ms)
{
    result->free = give_back;
    atomic_init(&result->holders, 1);
    result->bytes = bytes;
    result->fresh_for_ms = fresh_for_ms;
    result->renew_after_ms = 0;
    result->failed = false;
}

void jt_errand_result_hold(struct jt_errand_result *result)
{
    atomic_fetch_add_explicit(&result->holders, 1, memory_order_relaxed);
}

void jt_errand_result_release(struct jt_errand_result *result)
{
    if (result != NULL && atomic_fetch_sub_explicit(&result->holders, 1, memory_order_acq_rel) == 1)
        result->free(result);
}

void jt_errand_key_add(struct jt_buffer *key, struct jeton_bytes field)
{
    unsigned char length[4] = {(unsigned char)(field.len >> 24), (unsigned char)(field.len >> 16),
                               (unsigned char)(field.len >> 8), (unsigned char)field.len};

    jt_buffer_add(key, jeton_bytes(length, sizeof length));
    jt_buffer_add(key, field);
}

struct jeton_bytes jt_errand_key_next(struct jeton_bytes *rest)
{
    const unsigned char *at = rest->at;
    struct jeton_bytes field;
    size_t len;

    if (rest->len < 4)
        return jeton_bytes(NULL, 0);
    len = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    field = jt_bytes_cut(*rest, 4, 4 + len);
    *rest = jt_bytes_cut(*rest, 4 + len, rest->len);
    return field;
}

/* --- The table; everything here under the lock --- */

static int64_t now_of(const struct jt_errands *errands)
{
    return errands->options.clock_ms(errands->options.clock_context);
}

static struct entry *find(struct jt_errands *errands, struct jeton_bytes key, uint64_t hash)
{
    struct entry *entry = errands->buckets[hash % BUCKETS];

    while (entry != NULL && !(entry->hash == hash && jt_bytes_equal(entry->key, key)))
        entry = entry->next;
    return entry;
}

static void unlink_age(struct jt_errands *errands, struct entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        errands->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        errands->oldest = entry->newer;
    entry->newer = entry->older = NULL;
}

static void make_newest(struct jt_errands *errands, struct entry *entry)
{
    entry->older = errands->newest;
    if (errands->newest != NULL)
        errands->newest->newer = entry;
    else
        errands->oldest = entry;
    errands->newest = entry;
}

static void forget(struct jt_errands *errands, struct entry *entry)
{
    struct entry **at = &errands->buckets[entry->hash % BUCKETS];

    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_age(errands, entry);
    errands->kept--;
    errands->kept_bytes -= entry->bytes;
    jt_errand_result_release(entry->result);
    free(entry);
}

/* The least lately used go first; what is under way stays. */
static void make_room(struct jt_errands *errands)
{
    struct entry *entry = errands->oldest;

    while (entry != NULL && errands->kept_bytes > errands->options.bytes_max) {
        struct entry *newer = entry->newer;

        if (entry->flight == NULL)
            forget(errands, entry);
        entry = newer;
    }
}

static struct entry *add(struct jt_errands *errands, struct jeton_bytes key, uint64_t hash)
{
    struct entry *entry = key.len <= KEY_MAX ? calloc(1, sizeof *entry + key.len) : NULL;

    if (entry == NULL)
        return NULL;
    memcpy(entry->key_bytes, key.at, key.len);
    entry->key = jeton_bytes(entry->key_bytes, key.len);
    entry->hash = hash;
    entry->bytes = sizeof *entry + key.len;
    entry->next = errands->buckets[hash % BUCKETS];
    errands->buckets[hash % BUCKETS] = entry;
    make_newest(errands, entry);
    errands->kept++;
    errands->kept_bytes += entry->bytes;
    return entry;
}

static void put(struct jt_errands *errands, struct entry *entry, struct jt_errand_result *result, int64_t now_ms)
{
    if (entry->result != NULL) {
        entry->bytes -= entry->result->bytes;
        errands->kept_bytes -= entry->result->bytes;
        jt_errand_result_release(entry->result);
    }
    entry->result = result;
    entry->bytes += result->bytes;
    errands->kept_bytes += result->bytes;
    entry->fresh_until_ms = now_ms + result->fresh_for_ms;
    entry->keep_until_ms = now_ms + (result->fresh_for_ms > LINGER_MS ? result->fresh_for_ms : LINGER_MS);
    entry->renew_at_ms = result->renew_after_ms > 0 ? now_ms + result->renew_after_ms : 0;
}

/* --- Flights; under the lock --- */

static void queue_add(struct jt_errands *errands, struct flight *flight)
{
    flight->next = NULL;
    if (errands->last != NULL)
        errands->last->next = flight;
    else
        errands->first = flight;
    errands->last = flight;
    pthread_cond_signal(&errands->work);
}

static void queue_remove(struct jt_errands *errands, struct flight *flight)
{
    struct flight *before = NULL;

    for (struct flight *at = errands->first; at != flight; at = at->next)
        before = at;
    if (before != NULL)
        before->next = flight->next;
    else
        errands->first = flight->next;
    if (errands->last == flight)
        errands->last = before;
}

/* NULL: too much is under way, or out of memory. */
static struct flight *begin(struct jt_errands *errands, const struct jt_errand *errand, struct entry *entry,
                            uint64_t hash)
{
    struct flight *flight = errands->idle;
    unsigned char *order;

    if (flight == NULL || errands->stopping)
        return NULL;
    order = malloc(errand->order.len + 1);
    if (order == NULL)
        return NULL;
    if (entry == NULL)
        entry = add(errands, errand->key, hash);
    if (entry == NULL) {
        free(order);
        return NULL;
    }
    if (errand->order.len > 0)
        memcpy(order, errand->order.at, errand->order.len);
    errands->idle = flight->next;
    flight->entry = entry;
    flight->running = false;
    flight->since_ms = now_of(errands);
    flight->run = errand->run;
    flight->context = errand->context;
    flight->order = jeton_bytes(order, errand->order.len);
    entry->flight = flight;
    return flight;
}

/* The end of a flight, with what it brought or NULL. Then told() without the lock. */
static void land(struct jt_errands *errands, struct flight *flight, struct jt_errand_result *result)
{
    struct entry *entry = flight->entry;
    int64_t now_ms = now_of(errands);
    bool good_one = entry->result != NULL && !entry->result->failed && entry->fresh_until_ms > now_ms;

    entry->flight = NULL;
    if (result != NULL && !(result->failed && good_one)) {
        put(errands, entry, result, now_ms);
    } else {
        jt_errand_result_release(result);
        if (entry->renew_at_ms != 0)
            entry->renew_at_ms = now_ms + RENEW_PACE_MS;
        if (entry->result == NULL)
            forget(errands, entry);
    }
    jt_wipe((void *)(uintptr_t)flight->order.at, flight->order.len);
    free((void *)(uintptr_t)flight->order.at);
    flight->order = jeton_bytes(NULL, 0);
    flight->entry = NULL;
    flight->next = errands->idle;
    errands->idle = flight;
    atomic_fetch_add(&flight->ended, 1);
    pthread_cond_broadcast(&errands->ended);
    make_room(errands);
}

/* Comes and goes with the lock held; not held while it runs. */
static void fly(struct jt_errands *errands, struct flight *flight)
{
    bool late = now_of(errands) - flight->since_ms > errands->options.queued_for_ms;
    struct jt_errand_result *result = NULL;

    flight->running = true;
    if (!late && !errands->stopping) {
        pthread_mutex_unlock(&errands->lock);
        result = flight->run(flight->context, flight->order);
        pthread_mutex_lock(&errands->lock);
    }
    land(errands, flight, result);
    pthread_mutex_unlock(&errands->lock);
    errands->options.told(errands->options.told_context, &flight->ended);
    pthread_mutex_lock(&errands->lock);
}

static bool fly_first(struct jt_errands *errands)
{
    struct flight *flight = errands->first;

    if (flight == NULL)
        return false;
    queue_remove(errands, flight);
    fly(errands, flight);
    return true;
}

static void *run_thread(void *context)
{
    struct jt_errands *errands = context;

    pthread_mutex_lock(&errands->lock);
    while (!errands->stopping) {
        if (!fly_first(errands) && !errands->stopping)
            pthread_cond_wait(&errands->work, &errands->lock);
    }
    pthread_mutex_unlock(&errands->lock);
    return NULL;
}

/* --- Asking --- */

static struct jt_errand_result *held(struct jt_errands *errands, struct entry *entry)
{
    unlink_age(errands, entry);
    make_newest(errands, entry);
    jt_errand_result_hold(entry->result);
    return entry->result;
}

static bool may_be_had(const struct entry *entry, bool waited, int64_t now_ms)
{
    if (entry == NULL || entry->result == NULL)
        return false;
    return now_ms < (waited ? entry->keep_until_ms : entry->fresh_until_ms);
}

static void renew_when_due(struct jt_errands *errands, const struct jt_errand *errand, struct entry *entry,
                           int64_t now_ms)
{
    struct flight *flight;

    if (entry->renew_at_ms == 0 || now_ms < entry->renew_at_ms || entry->flight != NULL)
        return;
    flight = begin(errands, errand, entry, entry->hash);
    if (flight != NULL)
        queue_add(errands, flight);
}

static enum jt_errand_answer ask(struct jt_errands *errands, const struct jt_errand *errand, bool waited,
                                 struct jt_errand_result **out, struct jt_errand_wait *wait)
{
    uint64_t hash = jt_bytes_hash(errand->key, errands->hash_key);
    struct entry *entry = find(errands, errand->key, hash);
    struct flight *flight = entry != NULL ? entry->flight : NULL;
    int64_t now_ms = now_of(errands);

    if (may_be_had(entry, waited, now_ms)) {
        renew_when_due(errands, errand, entry, now_ms);
        *out = held(errands, entry);
        return JT_ERRAND_HERE;
    }
    if (flight == NULL) {
        flight = waited ? NULL : begin(errands, errand, entry, hash);
        if (flight == NULL)
            return JT_ERRAND_FULL;
        queue_add(errands, flight);
    }
    *wait = (struct jt_errand_wait){&flight->ended, atomic_load(&flight->ended)};
    return JT_ERRAND_AWAY;
}

enum jt_errand_answer jt_errands_ask(struct jt_errands *errands, const struct jt_errand *errand, bool waited,
                                     struct jt_errand_result **out, struct jt_errand_wait *wait)
{
    enum jt_errand_answer answer;

    pthread_mutex_lock(&errands->lock);
    answer = ask(errands, errand, waited, out, wait);
    pthread_mutex_unlock(&errands->lock);
    return answer;
}

/* Under the lock: until it is here or cannot be had. One that no thread has begun is done here, lest all threads wait
 * for what stands in the queue. */
static struct jt_errand_result *do_now(struct jt_errands *errands, const struct jt_errand *errand)
{
    uint64_t hash = jt_bytes_hash(errand->key, errands->hash_key);
    struct entry *entry = find(errands, errand->key, hash);
    struct flight *flight = entry != NULL ? entry->flight : NULL;

    if (may_be_had(entry, false, now_of(errands)))
        return held(errands, entry);
    if (flight != NULL && flight->running) {
        uint64_t mark = atomic_load(&flight->ended);

        while (atomic_load(&flight->ended) <= mark)
            pthread_cond_wait(&errands->ended, &errands->lock);
    } else {
        if (flight != NULL)
            queue_remove(errands, flight);
        else
            flight = begin(errands, errand, entry, hash);
        if (flight == NULL)
            return NULL;
        fly(errands, flight);
    }
    entry = find(errands, errand->key, hash);
    return may_be_had(entry, true, now_of(errands)) ? held(errands, entry) : NULL;
}

struct jt_errand_result *jt_errands_do(struct jt_errands *errands, const struct jt_errand *errand)
{
    struct jt_errand_result *result;

    pthread_mutex_lock(&errands->lock);
    result = do_now(errands, errand);
    pthread_mutex_unlock(&errands->lock);
    return result;
}

bool jt_errands_step(struct jt_errands *errands)
{
    bool did;

    pthread_mutex_lock(&errands->lock);
    did = fly_first(errands);
    pthread_mutex_unlock(&errands->lock);
    return did;
}

size_t jt_errands_kept(struct jt_errands *errands)
{
    size_t kept;

    pthread_mutex_lock(&errands->lock);
    kept = errands->kept;
    pthread_mutex_unlock(&errands->lock);
    return kept;
}

size_t jt_errands_kept_bytes(struct jt_errands *errands)
{
    size_t bytes;

    pthread_mutex_lock(&errands->lock);
    bytes = errands->kept_bytes;
    pthread_mutex_unlock(&errands->lock);
    return bytes;
}

/* --- Opening and closing --- */

const _Atomic bool *jt_errands_stopping(const struct jt_errands *errands)
{
    return &errands->stopping;
}

static JT_CHECKED start_threads(struct jt_errands *errands)
{
    for (unsigned i = 0; i < errands->options.threads && i < THREADS_MAX; i++) {
        if (pthread_create(&errands->threads[i], NULL, run_thread, errands) != 0)
            return JETON_INTERNAL_ERROR;
        errands->thread_count++;
    }
    return JETON_OK;
}

JT_CHECKED jt_errands_open(const struct jt_errands_options *options, struct jt_errands **out)
{
    struct jt_errands *errands = calloc(1, sizeof *errands);
    enum jeton_status status;

    if (errands == NULL)
        return JETON_OUT_OF_MEMORY;
    errands->options = *options;
    pthread_mutex_init(&errands->lock, NULL);
    pthread_cond_init(&errands->work, NULL);
    pthread_cond_init(&errands->ended, NULL);
    errands->flights = calloc(options->in_flight_max, sizeof *errands->flights);
    status = errands->flights != NULL ? jt_random(errands->hash_key, sizeof errands->hash_key) : JETON_OUT_OF_MEMORY;
    for (size_t i = 0; i < options->in_flight_max && status == JETON_OK; i++) {
        errands->flights[i].next = errands->idle;
        errands->idle = &errands->flights[i];
    }
    if (status == JETON_OK)
        status = start_threads(errands);
    if (status != JETON_OK) {
        jt_errands_stop(errands);
        jt_errands_free(errands);
        return status;
    }
    *out = errands;
    return JETON_OK;
}

void jt_errands_stop(struct jt_errands *errands)
{
    if (errands == NULL)
        return;
    pthread_mutex_lock(&errands->lock);
    atomic_store(&errands->stopping, true);
    pthread_cond_broadcast(&errands->work);
    pthread_mutex_unlock(&errands->lock);
    for (unsigned i = 0; i < errands->thread_count; i++)
        pthread_join(errands->threads[i], NULL);
    errands->thread_count = 0;
    pthread_mutex_lock(&errands->lock);
    while (fly_first(errands)) /* drops it */
        continue;
    pthread_mutex_unlock(&errands->lock);
}

void jt_errands_free(struct jt_errands *errands)
{
    if (errands == NULL)
        return;
    for (struct entry *entry = errands->newest, *older; entry != NULL; entry = older) {
        older = entry->older;
        jt_errand_result_release(entry->result);
        free(entry);
    }
    pthread_cond_destroy(&errands->ended);
    pthread_cond_destroy(&errands->work);
    pthread_mutex_destroy(&errands->lock);
    free(errands->flights);
    free(errands);
}
