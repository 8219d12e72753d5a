/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Keys in time: where the keys of an issuer come from, and what keeps them fresh.
 *
 * A source shows one set of keys, replaced whole, never merged. Opening one asks nobody and reads nothing, and never
 * fails because an issuer is down. An engine moves the sources: it fetches ahead of need, waits longer after failures,
 * lets a flood of unknown keys cost the issuer no more than a bucket allows, and keeps good keys through an outage for
 * as long as `max_stale_ms` says. Whoever verifies never waits for it. Three ways to drive an engine: a thread of its
 * own (jeton_engine_start()), the caller's loop (jeton_engine_step() when the deadline or the wake function says so),
 * or by hand with a clock of your own.
 *
 *     struct jeton_engine *engine;
 *     struct jeton_source *keys;
 *     jeton_engine_new(NULL, &engine, &detail);
 *     jeton_source_open_issuer(engine, jeton_text("https://login.example"), NULL, &keys, &detail);
 *     jeton_engine_start(engine);
 *     // verify with a trust: <jeton/trust.h>
 *     jeton_source_close(keys);
 *     jeton_engine_free(engine);
 *
 * Fork: a child goes on reading the keys it has, and that is all its engine does there: it does not run, it cannot be
 * started, freeing it or its sources does nothing. A child that wants fresh keys makes an engine, sources and a trust
 * of its own. Best fork first.
 *
 * All times are milliseconds.
 */
#ifndef JETON_SOURCE_H
#define JETON_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/key.h>
#include <jeton/keyset.h>
#include <jeton/sign.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What moves sources. */
struct jeton_engine;
/** The keys of one issuer, now and later. Any number of threads may verify with one. */
struct jeton_source;

/* --- Fetching by other means --- */

/** One document to fetch. Yours from the call of `begin` until jeton_request_finish(). */
struct jeton_request;

/** What came of a request. Start from JETON_ANSWER_INIT; all texts are copied. */
struct jeton_answer {
    size_t size;                      /**< sizeof the struct: keeps the ABI */
    int http_status;                  /**< 200, 304, …; 0: no answer came */
    struct jeton_bytes body;          /**< of a 200, whole; at most 512 KiB */
    struct jeton_bytes etag;          /**< header values as served; empty: absent */
    struct jeton_bytes cache_control; /**< several lines joined by ", " */
    struct jeton_bytes age;           /**< Age */
    struct jeton_bytes expires;       /**< Expires */
    struct jeton_bytes date;          /**< Date */
    struct jeton_bytes retry_after;   /**< Retry-After */
    const char *error;                /**< why no answer came, for a person; NULL: nothing to say */
};

/** An empty answer. */
#define JETON_ANSWER_INIT                                                                                              \
    {                                                                                                                  \
        sizeof(struct jeton_answer), 0, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0},   \
            NULL                                                                                                       \
    }

/** How documents are fetched, when not by the guarded requests of this library. All checks of addresses are yours. */
struct jeton_fetcher {
    size_t size; /**< sizeof the struct: keeps the ABI */
    /** Begin, and do not block. Called by whoever drives the engine; may finish the request before it returns. */
    void (*begin)(void *context, struct jeton_request *request);
    /** Nobody waits for the request any more; it still has to be finished, with any answer. May be NULL. */
    void (*cancel)(void *context, struct jeton_request *request);
    void *context; /**< handed to both */
};

/** The address to fetch; lives as long as the request. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_request_url(const struct jeton_request *request);
/** Send as If-None-Match, a 304 is then an answer; empty: do not. Lives as the request. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_request_etag(const struct jeton_request *request);
/** Send as `Authorization: Bearer`; a secret; empty: do not. Lives as the request. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_request_bearer(const struct jeton_request *request);

/**
 * Ends a request, exactly once for each begun, also for one that was cancelled; also after the engine was freed.
 *
 * @param request  taken
 * @param answer   borrowed; NULL: no answer came
 *
 * Threads: any. Allocates: yes. Blocks: no.
 */
JETON_API void jeton_request_finish(struct jeton_request *request, const struct jeton_answer *answer);

/* --- What an engine tells --- */

/** What is known about a source's keys. */
enum jeton_data_state {
    JETON_DATA_EMPTY,  /**< never had any: tokens cannot be judged */
    JETON_DATA_FRESH,  /**< good */
    JETON_DATA_STALE,  /**< used, though a refresh is overdue */
    JETON_DATA_EXPIRED /**< too old to be used: tokens cannot be judged */
};

/** What a source is doing. */
enum jeton_fetch_state {
    JETON_FETCH_IDLE,     /**< waiting for the next time */
    JETON_FETCH_INFLIGHT, /**< asking */
    JETON_FETCH_BACKOFF   /**< waiting after a failure */
};

/** What can happen to a source. */
enum jeton_event_type {
    JETON_EVENT_FETCHED,  /**< a fetch ended well: judge parked tokens again */
    JETON_EVENT_FAILED,   /**< a fetch failed or its document was refused; the keys stay as they are */
    JETON_EVENT_STATE,    /**< the data state is another */
    JETON_EVENT_DISJOINT, /**< the new keys share none with the old: an emergency rotation, or a takeover */
    JETON_EVENT_SAVED_BAD /**< saved_file is damaged, foreign, too old or cannot be written, and is ignored */
};

/** Something that happened; borrowed during the call of the event function. */
struct jeton_event {
    enum jeton_event_type type;        /**< what */
    const struct jeton_source *source; /**< to whom; as you opened it */
    enum jeton_data_state state;       /**< of its keys, now */
    bool changed;                      /**< FETCHED: they are other keys than before */
    size_t keys;                       /**< FETCHED: that can be used */
    size_t skipped;                    /**< FETCHED: that were left out */
    int64_t took_ms;                   /**< FETCHED, FAILED: the fetch */
    const char *cause;                 /**< FETCHED, FAILED: "start", "schedule", "retry", "miss", "refresh" */
    const char *detail;                /**< FAILED, SAVED_BAD: cause, and what would change it; else "" */
};

/** Told from whoever drives the engine, never under a lock. Must not open or close sources, nor free the engine. */
typedef void (*jeton_event_function)(void *context, const struct jeton_event *event);

/** Monotonic milliseconds. */
typedef int64_t (*jeton_clock_function)(void *context);

/** What an engine runs on. Start from JETON_ENGINE_OPTIONS_INIT. */
struct jeton_engine_options {
    size_t size;                         /**< sizeof the struct: keeps the ABI */
    jeton_clock_function clock;          /**< NULL: the system's, which counts sleep; read by verification too */
    jeton_random_function random;        /**< NULL: the crypto library's */
    const struct jeton_fetcher *fetcher; /**< copied; NULL: guarded requests over the network */
    jeton_event_function event;          /**< may be NULL */
    void (*wake)(void *context);         /**< from any thread: jeton_engine_step() is due now; may be NULL */
    void *context;                       /**< handed to all of the functions above */
};

/** Defaults. */
#define JETON_ENGINE_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct jeton_engine_options), NULL, NULL, NULL, NULL, NULL, NULL                                        \
    }

/**
 * An engine without sources, at rest.
 *
 * @param options  borrowed; NULL for the defaults
 * @param engine   out, owned by you; jeton_engine_free()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (the options), JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_engine_new(const struct jeton_engine_options *options,
                                                              struct jeton_engine **engine,
                                                              struct jeton_detail *detail);

/**
 * Drives the engine in a thread of its own from now on, in which all signals are blocked.
 *
 * @return JETON_OK, JETON_ARGUMENT_INVALID (it runs already, or this is a forked child), JETON_OUT_OF_MEMORY
 *
 * Threads: one. Allocates: yes. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_engine_start(struct jeton_engine *engine);

/**
 * Does what is due now, and does not wait; for engines without a thread. With the library's own requests in flight the
 * deadline is never more than 20 ms away.
 *
 * @return when it is due again, by the engine's clock; INT64_MAX in a forked child
 *
 * Threads: one. Allocates: yes. Blocks: no; reads small files.
 */
JETON_API int64_t jeton_engine_step(struct jeton_engine *engine);

/**
 * Ends the thread if there is one, gives up what is in flight, gives the engine back; NULL is fine. No trust may use
 * its clock any more; sources may be closed before or after. Never waits for the network.
 *
 * Threads: one, none of the engine's own. Allocates: no.
 */
JETON_API void jeton_engine_free(struct jeton_engine *engine);

/* --- Sources --- */

/**
 * How a file, a URL or an issuer is followed. Start from JETON_SOURCE_OPTIONS_INIT. It must hold that
 * fresh_min ≤ fresh_default ≤ fresh_max ≤ max_stale, backoff_min ≤ backoff_max, and each time is at least 100 ms.
 */
struct jeton_source_options {
    size_t size;                    /**< sizeof the struct: keeps the ABI */
    bool allow_http;                /**< http is fine, loopback or not; default false */
    bool allow_private_ip;          /**< loopback, private and carrier addresses are fine for the host you name */
    struct jeton_bytes ca_file;     /**< PEM file of certificate authorities; empty: the system's */
    struct jeton_bytes bearer_file; /**< its text goes with each request to the host you name; empty: none */
    struct jeton_bytes saved_file;  /**< the last good set is kept there for a restart during an outage; empty: none */
    int64_t fresh_default_ms;       /**< how long keys are fresh when the answer does not say; 15 min */
    int64_t fresh_min_ms;           /**< bounds to what it says; 5 min */
    int64_t fresh_max_ms;           /**< 1 h */
    int64_t max_stale_ms;           /**< keys are used this long after the last success; INT64_MAX: for ever; 24 h */
    int64_t miss_interval_ms;       /**< a token that names an unknown key may cost one fetch in this time; 30 s */
    int64_t miss_burst;             /**< and so many at once, 1 to 100; 2 */
    int64_t backoff_min_ms;         /**< first wait after a failure, a tenth while there are no keys; 5 s */
    int64_t backoff_max_ms;         /**< longest; 5 min */
    int64_t min_gap_ms;             /**< between any two fetches; 2 s */
    int64_t negative_ttl_ms;        /**< how long a missed key id is remembered; 60 s */
    int64_t connect_timeout_ms;     /**< 3 s */
    int64_t timeout_ms;             /**< of a whole request; 10 s */
};

/** Defaults. */
#define JETON_SOURCE_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct jeton_source_options), false, false, {NULL, 0}, {NULL, 0}, {NULL, 0}, 900000, 300000, 3600000,   \
            86400000, 30000, 2, 5000, 300000, 2000, 60000, 3000, 10000                                                 \
    }

/**
 * A source that always shows @p keys, secrets among them or not.
 *
 * @param keys    taken on success
 * @param source  out, owned by you; jeton_source_close()
 * @return JETON_OK, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no randomness)
 *
 * Threads: any. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_open_keys(struct jeton_keyset *keys,
                                                                    struct jeton_source **source);

/**
 * A source whose public keys this process gives itself, with jeton_source_provide(); until then it has none. There is
 * no way through it to a private key.
 *
 * Parameters, statuses, threads as jeton_source_open_keys().
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_open_provider(struct jeton_source **source);

/**
 * Replaces all keys of a source made by jeton_source_open_provider(). Each is matched by its key id, like a key of a
 * JWK set.
 *
 * @param source  borrowed
 * @param keys    borrowed; @p count pointers, held on to by the source
 * @param count   keys
 * @return JETON_OK, JETON_ARGUMENT_INVALID (another kind of source), JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (too
 * many older sets are still being read: try again)
 *
 * Threads: one at a time, while others read. Allocates: yes.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_provide(struct jeton_source *source,
                                                                  const struct jeton_public_key *const *keys,
                                                                  size_t count);

/**
 * A source that follows a JWK set in a file, read again when it changes; a torn or bad one leaves the keys as they are.
 *
 * @param engine   borrowed until the source is closed, moves it
 * @param path     borrowed
 * @param options  borrowed, its texts copied; NULL for the defaults. `fresh_…` say how often the file is looked at
 * @param source   out, owned by you; jeton_source_close()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (the options, or a forked child), JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR
 *
 * Threads: any while the engine has a thread, else the one that steps it. Allocates: yes. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_open_file(struct jeton_engine *engine,
                                                                    struct jeton_bytes path,
                                                                    const struct jeton_source_options *options,
                                                                    struct jeton_source **source,
                                                                    struct jeton_detail *detail);

/**
 * A source that follows the JWK set at a URL.
 *
 * @param url  borrowed; https://… without user information
 * @return as jeton_source_open_file(), and JETON_CONFIG_INVALID when the text of the URL alone shows that it is
 * refused; the detail names the option that would allow it
 *
 * Other parameters and threads as jeton_source_open_file().
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_open_url(struct jeton_engine *engine, struct jeton_bytes url,
                                                                   const struct jeton_source_options *options,
                                                                   struct jeton_source **source,
                                                                   struct jeton_detail *detail);

/**
 * A source that follows the keys of an issuer by discovery, as jeton_fetch_issuer_keys() finds them.
 *
 * Parameters and statuses as jeton_source_open_url(). Rule: OpenID Connect Discovery 1.0 §4, RFC 8414 §3.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_open_issuer(struct jeton_engine *engine,
                                                                      struct jeton_bytes issuer,
                                                                      const struct jeton_source_options *options,
                                                                      struct jeton_source **source,
                                                                      struct jeton_detail *detail);

/**
 * Waits until the source has keys that can be used; for programs that shall not report ready before. Without a thread,
 * the engine is stepped here.
 *
 * @param source  borrowed
 * @param for_ms  at most this long, by the engine's clock
 * @return JETON_OK, JETON_KEYS_UNAVAILABLE (the source goes on trying)
 *
 * Threads: as opening. Allocates: yes. Blocks: up to @p for_ms.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_wait(struct jeton_source *source, int64_t for_ms);

/**
 * Asks for a fetch as soon as `min_gap_ms` and a Retry-After allow. Nothing happens for sources that are not followed.
 *
 * Threads: as opening. Allocates: no. Blocks: no.
 */
JETON_API void jeton_source_refresh(struct jeton_source *source);

/** How a source is. Owned by the caller. */
struct jeton_health {
    size_t size;                  /**< set to sizeof the struct before the call */
    enum jeton_data_state data;   /**< of its keys */
    enum jeton_fetch_state fetch; /**< what it is doing */
    uint64_t generation;          /**< counts changed sets; 0: none yet */
    uint64_t fingerprint;         /**< of the set as served: equal in all processes that have the same; 0: none */
    size_t keys;                  /**< that can be used */
    int64_t age_ms;               /**< since the last success; -1: never, or not followed */
    int64_t usable_for_ms;        /**< the keys are used for this long from now; INT64_MAX: for ever; 0: not */
    uint64_t fetches;             /**< that have ended, well or not */
    uint64_t failed;              /**< of these */
    unsigned failed_in_a_row;     /**< since the last success */
    uint64_t misses;              /**< tokens that named a key that is not there */
    uint64_t addresses_refused;   /**< connections that the guard did not make */
    struct jeton_detail fault;    /**< why the last fetch failed, and what would change it; "" after a success */
};

/**
 * Looks at a source.
 *
 * @param source  borrowed
 * @param health  out; its size set by the caller
 * @return JETON_OK, JETON_ARGUMENT_INVALID (health->size)
 *
 * Threads: any. Allocates: no. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_source_health(struct jeton_source *source,
                                                                 struct jeton_health *health);

/**
 * Gives a source back; NULL is fine. No trust may use it any more. Never waits for the network.
 *
 * Threads: as opening. Allocates: no.
 */
JETON_API void jeton_source_close(struct jeton_source *source);

#ifdef __cplusplus
}
#endif
#endif
