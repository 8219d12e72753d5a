/* SPDX-License-Identifier: Apache-2.0 */
/* Where do the keys of one issuer come from, and which are there now? One type behind one call, whatever the place:
 * keys given once, a file, the keys of this very process, a URL, or an issuer's discovery document. Readers enter, find
 * an immutable set or none, and leave; opening a source never does input or output and never fails because an issuer
 * is down. What makes a source move is engine.c.
 *
 * Sets are replaced, never merged. A source shows public keys (or, for static ones, secrets the operator gave): there
 * is no way from it to a private key. */
#ifndef JT_KEYS_SOURCE_H
#define JT_KEYS_SOURCE_H

#include "jose/keyset.h"
#include "keys/fetch_url.h"
#include "keys/machine.h"
#include "keys/missed.h"
#include "keys/snapshot.h"

enum jt_source_kind { JT_SOURCE_STATIC, JT_SOURCE_FILE, JT_SOURCE_PROVIDER, JT_SOURCE_URL, JT_SOURCE_DISCOVERY };

#define JT_SKIP_REASONS (JETON_SKIP_TOO_MANY + 1)

struct jt_source_options {
    struct jt_machine_times times;
    int64_t negative_ttl;          /* ms a missed key id is remembered */
    struct jt_fetch_options fetch; /* texts are copied */
    const char *saved_path;        /* last-known-good file; NULL: none. Copied */
    const char *bearer_path;       /* sent as Authorization with requests for keys; NULL: none. Copied */
};

/* What a set was when it was published; immutable. */
struct jt_key_state {
    struct jt_keyset *keys;
    uint64_t generation;  /* 1 for the first */
    uint64_t fingerprint; /* of the set's text: do the members of a fleet agree? */
};

/* Counted by the engine, read by anybody, each for itself. */
struct jt_source_counts {
    atomic_uint_fast64_t fetches[5][4]; /* by cause and by enum jt_fetch_outcome */
    atomic_uint_fast64_t misses[3];     /* by enum jt_miss */
    atomic_uint_fast64_t refused_addresses;
    atomic_uint_fast64_t skipped[JT_SKIP_REASONS]; /* keys of the present set left out, by reason */
    atomic_uint_fast64_t fetch_ms;                 /* spent on fetches, summed */
    atomic_uint_fast64_t disjoint;                 /* a set replaced one that shared no key with it */
};
enum jt_fetch_outcome { JT_FETCHED_CHANGED, JT_FETCHED_SAME, JT_FETCHED_REJECTED, JT_FETCHED_FAILED };

struct jt_engine;

struct jt_source {
    enum jt_source_kind kind;
    struct jeton_bytes address; /* URL, issuer or path; a NUL stands behind it */
    struct jt_source_options options;
    struct jt_snapshot snapshot;        /* of struct jt_key_state */
    atomic_uint_fast64_t generation;    /* of the set in the snapshot */
    atomic_int_fast64_t usable_until;   /* monotonic ms; INT64_MAX: for ever; 0: not yet */
    atomic_uint_fast64_t started;       /* fetches */
    atomic_uint_fast64_t answered;      /* number of the last that ended well */
    atomic_int_fast64_t succeeded_wall; /* seconds since 1970 of the last success; 0: none */
    atomic_bool wanted;                 /* readers → engine: a miss waits to be told */
    atomic_bool looked_up;              /* readers → engine: somebody uses this source */
    atomic_bool dormant;                /* engine → readers: idle; the next lookup has to wake it */
    atomic_uint data_state;             /* enum jt_data_state, as the engine saw it last */
    atomic_uint fetch_state;            /* enum jt_fetch_state */
    atomic_int_fast64_t succeeded_at;   /* monotonic ms the set is as good as new at; INT64_MIN: never */
    atomic_uint failures;               /* fetches that failed in a row */
    atomic_uint_fast64_t fault[JETON_DETAIL_TEXT / 8 + 1]; /* why the last one did: a count, odd while the text is
                                                              written, then the text (jt_source_fault) */
    void *owner; /* whoever opened it may write here, before an engine has it */
    struct jt_missed missed;
    struct jt_source_counts counts;
    _Atomic(struct jt_engine *) engine; /* that moves it; NULL for STATIC and PROVIDER, and after it let go */
    struct jt_refresh *refresh;         /* the engine's part: machine, request in flight (refresh.c) */
};

JT_CHECKED jt_source_open_static(struct jt_keyset *keys, struct jt_source **out); /* takes the set on success */
/* A source whose set is replaced by its owner, in this process: jt_source_provide. */
JT_CHECKED jt_source_open_provider(struct jt_source **out);
/* Replaces the set (taken on success). The caller is the one publisher. JETON_INTERNAL_ERROR while too many old sets
 * are read. */
JT_CHECKED jt_source_provide(struct jt_source *source, struct jt_keyset *keys);
/* FILE, URL and DISCOVERY. Nothing is read or asked before an engine has it. JETON_CONFIG_INVALID for an address that
 * its own text shows to be refused. */
JT_CHECKED jt_source_open(enum jt_source_kind kind, struct jeton_bytes address, const struct jt_source_options *options,
                          struct jt_source **out, struct jeton_detail *detail);
/* Whether opening with these would give a source of the same keys, fetched in the same way. */
bool jt_source_fits(const struct jt_source *source, enum jt_source_kind kind, struct jeton_bytes address,
                    const struct jt_source_options *options);
/* After the engine let go of it, and when no reader is inside. Takes NULL. */
void jt_source_close(struct jt_source *source);

/* Why the last fetch failed; "" when none has since the last success. No lock: from any thread, after a fork too. */
void jt_source_fault(struct jt_source *source, struct jeton_detail *out);

/* --- Readers: no lock, no allocation, no wait --- */

struct jt_keys_guard {
    const struct jt_keyset *keys; /* NULL: none usable now */
    uint64_t generation;
    uint64_t answered;
    struct jt_snapshot_guard inner;
};
struct jt_keys_guard jt_source_enter(struct jt_source *source, int64_t now_ms);
void jt_source_leave(struct jt_keys_guard *guard);
/* The generation of the set that a reader would enter now, 0 for none. */
uint64_t jt_source_usable_generation(struct jt_source *source, int64_t now_ms);
/* The entered set does not have `kid` (empty: a token without one), and the token is plausible otherwise. Tells the
 * engine where a fetch may help. FINAL for sources that cannot change by asking. */
enum jt_miss jt_source_missed(struct jt_source *source, const struct jt_keys_guard *guard, struct jeton_bytes kid,
                              int64_t now_ms);
#endif
