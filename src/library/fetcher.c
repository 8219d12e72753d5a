/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/source.h>: how does a fetch by the caller's own means look like a transport to the engine? A
 * request handed out is a block of its own, so that it may end in any thread, after it was cancelled, and after the
 * engine is gone. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "library/engine.h"

/* What the engine and the requests that are out share; the last of them frees it. */
struct fetcher {
    struct jt_transport transport; /* first: its functions cast back */
    struct jeton_fetcher callers;
    void (*ended)(void *context);
    void *ended_context;
    pthread_mutex_t lock; /* of all below, and of what the requests say */
    pthread_cond_t changed;
    bool woken;
    size_t holders;
    struct jeton_request *finished, **finished_end;
    struct jt_request *stillborn; /* the driver's alone: could not begin; a list by transport_part */
};

struct jeton_request {
    struct fetcher *fetcher;
    struct jt_request *inner; /* NULL: cancelled */
    struct jeton_request *next;
    bool ended;
    char *url, *etag;
    struct jt_buffer bearer;
};

static struct fetcher *fetcher_of(struct jt_transport *transport)
{
    return (struct fetcher *)(void *)transport;
}

/* The lock is held, and is gone afterwards. */
static void unlock_and_let_go(struct fetcher *fetcher)
{
    bool last = --fetcher->holders == 0;
    pthread_mutex_unlock(&fetcher->lock);
    if (!last)
        return;
    pthread_cond_destroy(&fetcher->changed);
    pthread_mutex_destroy(&fetcher->lock);
    free(fetcher);
}

static void request_free(struct jeton_request *request)
{
    free(request->url);
    free(request->etag);
    jt_buffer_done(&request->bearer);
    free(request);
}

/* --- The engine's side --- */

static struct jeton_request *request_new(struct fetcher *fetcher, struct jt_request *inner)
{
    struct jeton_request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    request->fetcher = fetcher;
    request->inner = inner;
    request->url = jt_bytes_copy(inner->url);
    request->etag = jt_bytes_copy(inner->options.etag);
    jt_buffer_init_secret(&request->bearer, inner->options.bearer.len + 1);
    jt_buffer_add(&request->bearer, inner->options.bearer);
    while (request->bearer.len > 0 && request->bearer.at[request->bearer.len - 1] <= ' ')
        request->bearer.len--; /* the final line feed of its file */
    if (request->url != NULL && request->etag != NULL && request->bearer.status == JETON_OK)
        return request;
    request_free(request);
    return NULL;
}

static void begin(struct jt_transport *transport, struct jt_request *inner)
{
    struct fetcher *fetcher = fetcher_of(transport);
    struct jeton_request *request = request_new(fetcher, inner);
    if (request == NULL) {
        inner->status = jt_fail(&inner->detail, JETON_OUT_OF_MEMORY, "out of memory");
        inner->transport_part = fetcher->stillborn;
        fetcher->stillborn = inner;
        return;
    }
    inner->transport_part = request;
    pthread_mutex_lock(&fetcher->lock);
    fetcher->holders++;
    pthread_mutex_unlock(&fetcher->lock);
    fetcher->callers.begin(fetcher->callers.context, request);
}

static void take_out(struct fetcher *fetcher, struct jeton_request *request)
{
    struct jeton_request **at = &fetcher->finished;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    if (fetcher->finished_end == &request->next)
        fetcher->finished_end = at;
}

static bool forget_stillborn(struct fetcher *fetcher, const struct jt_request *inner)
{
    struct jt_request *before = NULL;
    for (struct jt_request *at = fetcher->stillborn; at != NULL; before = at, at = at->transport_part) {
        if (at != inner)
            continue;
        if (before == NULL)
            fetcher->stillborn = at->transport_part;
        else
            before->transport_part = at->transport_part;
        return true;
    }
    return false;
}

static void cancel(struct jt_transport *transport, struct jt_request *inner)
{
    struct fetcher *fetcher = fetcher_of(transport);
    struct jeton_request *request = inner->transport_part;
    if (forget_stillborn(fetcher, inner) || request == NULL)
        return;
    inner->transport_part = NULL;
    pthread_mutex_lock(&fetcher->lock);
    if (request->ended) {
        take_out(fetcher, request);
        pthread_mutex_unlock(&fetcher->lock);
        request_free(request);
        return;
    }
    request->inner = NULL;
    fetcher->holders++; /* the call below is not under the lock */
    pthread_mutex_unlock(&fetcher->lock);
    if (fetcher->callers.cancel != NULL)
        fetcher->callers.cancel(fetcher->callers.context, request);
    pthread_mutex_lock(&fetcher->lock);
    unlock_and_let_go(fetcher);
}

static void wait_for_news(struct fetcher *fetcher, int64_t wait_ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    wait_ms = wait_ms < 60000 ? wait_ms : 60000;
    end.tv_sec += (time_t)(wait_ms / 1000);
    end.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    while (fetcher->finished == NULL && !fetcher->woken)
        if (pthread_cond_timedwait(&fetcher->changed, &fetcher->lock, &end) == ETIMEDOUT)
            break;
    fetcher->woken = false;
}

static struct jt_request *step(struct jt_transport *transport, int64_t wait_ms)
{
    struct fetcher *fetcher = fetcher_of(transport);
    struct jt_request *inner = fetcher->stillborn;
    if (inner != NULL) {
        fetcher->stillborn = inner->transport_part;
        inner->transport_part = NULL;
        return inner;
    }
    pthread_mutex_lock(&fetcher->lock);
    if (wait_ms > 0)
        wait_for_news(fetcher, wait_ms);
    struct jeton_request *request = fetcher->finished;
    if (request != NULL)
        take_out(fetcher, request);
    pthread_mutex_unlock(&fetcher->lock);
    if (request != NULL) {
        inner = request->inner;
        inner->transport_part = NULL;
        request_free(request);
    }
    return inner;
}

static void wake(struct jt_transport *transport)
{
    struct fetcher *fetcher = fetcher_of(transport);
    pthread_mutex_lock(&fetcher->lock);
    fetcher->woken = true;
    pthread_cond_broadcast(&fetcher->changed);
    pthread_mutex_unlock(&fetcher->lock);
}

enum jeton_status jt_border_fetcher_open(const struct jeton_fetcher *callers, struct jt_transport **out)
{
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);
    pthread_condattr_t monotonic;
    if (fetcher == NULL)
        return JETON_OUT_OF_MEMORY;
    fetcher->transport = (struct jt_transport){begin, cancel, step, wake};
    fetcher->callers = *callers;
    fetcher->finished_end = &fetcher->finished;
    fetcher->holders = 1;
    pthread_mutex_init(&fetcher->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&fetcher->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = &fetcher->transport;
    return JETON_OK;
}

void jt_border_fetcher_tell(struct jt_transport *transport, void (*ended)(void *context), void *context)
{
    fetcher_of(transport)->ended = ended;
    fetcher_of(transport)->ended_context = context;
}

void jt_border_fetcher_close(struct jt_transport *transport)
{
    if (transport == NULL)
        return;
    struct fetcher *fetcher = fetcher_of(transport);
    pthread_mutex_lock(&fetcher->lock);
    unlock_and_let_go(fetcher);
}

/* --- The caller's side --- */

struct jeton_bytes jeton_request_url(const struct jeton_request *request)
{
    return jeton_text(request->url);
}

struct jeton_bytes jeton_request_etag(const struct jeton_request *request)
{
    return jeton_text(request->etag);
}

struct jeton_bytes jeton_request_bearer(const struct jeton_request *request)
{
    return jt_buffer_bytes(&request->bearer);
}

/* A value that does not fit is as if absent: half of it could say something else. */
static void keep(char field[JT_FETCH_FIELD_MAX], struct jeton_bytes value)
{
    field[0] = '\0';
    if (value.len == 0 || value.len >= JT_FETCH_FIELD_MAX || memchr(value.at, 0, value.len) != NULL ||
        memchr(value.at, '\n', value.len) != NULL || memchr(value.at, '\r', value.len) != NULL)
        return;
    memcpy(field, value.at, value.len);
    field[value.len] = '\0';
}

/* The statuses and bounds of jt_fetch_url(). */
static enum jeton_status take_answer(struct jt_request *inner, const struct jeton_answer *answer)
{
    struct jt_fetch_result *result = &inner->result;
    struct jt_freshness *fresh = &result->freshness;
    if (answer == NULL || answer->size != sizeof *answer || answer->http_status == 0)
        return jt_fail(&inner->detail, JETON_KEYS_UNAVAILABLE, "%s",
                       answer != NULL && answer->error != NULL ? jt_escape(jeton_text(answer->error)).text
                                                               : "no answer came");
    result->http_status = answer->http_status;
    keep(fresh->etag, answer->etag);
    keep(fresh->cache_control, answer->cache_control);
    keep(fresh->age, answer->age);
    keep(fresh->expires, answer->expires);
    keep(fresh->date, answer->date);
    keep(fresh->retry_after, answer->retry_after);
    if (answer->http_status == 304 && inner->options.etag.len > 0)
        return JETON_OK;
    if (answer->http_status != 200)
        return jt_fail(&inner->detail, JETON_KEYS_UNAVAILABLE, "HTTP status %d instead of 200", answer->http_status);
    if (answer->body.len > inner->options.body_max)
        return jt_fail(&inner->detail, JETON_KEYS_UNAVAILABLE, "the answer is over %zu bytes", inner->options.body_max);
    jt_buffer_init(&result->body, inner->options.body_max);
    jt_buffer_add(&result->body, answer->body);
    return result->body.status;
}

void jeton_request_finish(struct jeton_request *request, const struct jeton_answer *answer)
{
    struct fetcher *fetcher = request->fetcher;
    void (*ended)(void *context) = NULL;
    void *context = NULL;
    pthread_mutex_lock(&fetcher->lock);
    if (request->inner == NULL) {
        request_free(request);
        unlock_and_let_go(fetcher);
        return;
    }
    request->inner->status = take_answer(request->inner, answer);
    request->ended = true;
    *fetcher->finished_end = request;
    fetcher->finished_end = &request->next;
    pthread_cond_broadcast(&fetcher->changed);
    ended = fetcher->ended;
    context = fetcher->ended_context;
    unlock_and_let_go(fetcher);
    if (ended != NULL)
        ended(context);
}
