/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Keys to sign with, in time: next, active, retiring, gone.
 *
 * A signer holds the keys of an issuer, signs with the active one and shows the public halves of all. Whoever keeps the
 * set it shows for at most `jwks_max_age` never meets a token whose key that set lacks: a key is shown `publish_ahead`
 * before it signs, and stays until the last token it signed has expired everywhere. Settings with which this cannot
 * hold are refused. An emergency (jeton_signer_revoke()) breaks the promise, and says for how long.
 *
 * Keeping the keys is your part: your save function is given all of them before a change counts. When it fails, the
 * change did not happen. What it was given last is what jeton_signer_new() wants at the next start; a signer that
 * starts without it starts with a new key, and tokens of before are good for nobody.
 *
 *     struct jeton_signer_options options = JETON_SIGNER_OPTIONS_INIT;
 *     options.save = save;                   // writes the keys where only this program reads
 *     jeton_signer_new(&options, found ? &memory : NULL, clocks(), &signer, &detail);
 *     // one thread, now and then:
 *     jeton_signer_step(signer, clocks(), &change, &detail);
 *     // any thread:
 *     jeton_signer_sign(signer, &sign_options, &token, &detail);
 *     jeton_signer_show(signer, &jwks, etag, &max_age);
 *
 * There is no clock in here: you say what time it is, on two clocks, so that a jump of the one is seen and moves no key
 * early. doc/examples/calls.c of the sources is a whole program.
 */
#ifndef JETON_SIGNER_H
#define JETON_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/key.h>
#include <jeton/output.h>
#include <jeton/sign.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The keys of an issuer. Any number of threads may sign and show with one while another moves it. */
struct jeton_signer;

/** At most so many keys at a time. */
#define JETON_SIGNER_KEYS 64
/** Room for an entity tag with its quotes and a NUL. */
#define JETON_ETAG_SIZE 48

/** Where a key stands. */
enum jeton_signer_state {
    JETON_SIGNER_NEXT,    /**< shown, and will sign */
    JETON_SIGNER_ACTIVE,  /**< signs; one at most */
    JETON_SIGNER_RETIRING /**< signed; shown until its last token has expired */
};

/** What your clocks show at one moment. */
struct jeton_clocks {
    int64_t wall_ms;   /**< milliseconds since 1970, as CLOCK_REALTIME */
    int64_t steady_ms; /**< milliseconds of a clock that never jumps, as CLOCK_BOOTTIME */
};

/** A key as it must be kept. Times are seconds since 1970. */
struct jeton_signer_key {
    const struct jeton_secret_key *key; /**< borrowed; write it with jeton_secret_key_write() */
    enum jeton_signer_state state;      /**< where it stands */
    int64_t published_at;               /**< shown since */
    int64_t signs_from;                 /**< next: when it shall sign, 0: when its time comes; else since when */
    int64_t signs_until;                /**< retiring: no token of it is younger; else the latest that is known, or 0 */
};

/** All that must be kept for the next start; nothing of it is for you to change. */
struct jeton_signer_memory {
    size_t size;                         /**< sizeof the struct: keeps the ABI */
    const struct jeton_signer_key *keys; /**< borrowed; @p count of them */
    size_t count;                        /**< at least 1 */
    int64_t seen_at;                     /**< when it was saved, seconds since 1970 */
    int64_t token_ttl;                   /**< the settings it was saved under, seconds */
    int64_t jwks_max_age;                /**< as token_ttl */
    int64_t past_token_ttl;              /**< longer ones of before, which tokens and kept sets still count on */
    int64_t past_jwks_max_age;           /**< as past_token_ttl */
    int64_t past_until;                  /**< until when those held; 0: there were none */
};

/** An empty memory, to be filled from where you kept it. */
#define JETON_SIGNER_MEMORY_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(struct jeton_signer_memory), NULL, 0, 0, 0, 0, 0, 0, 0                                                  \
    }

/**
 * Keeps what it is given, whole and in place of what was kept before, on the disk when it returns. False: it could not,
 * and the old one is still there. Called from the thread that makes, steps, rotates, adds or revokes.
 */
typedef bool (*jeton_signer_save_function)(void *context, const struct jeton_signer_memory *memory);

/**
 * How keys come and go, all in seconds. It must hold that token_ttl ≤ rotate_every, publish_ahead ≤ rotate_every, and
 * publish_ahead ≥ jwks_max_age and a margin (a tenth of it, 1 s to 60 s). Start from JETON_SIGNER_OPTIONS_INIT.
 */
struct jeton_signer_options {
    size_t size;                     /**< sizeof the struct: keeps the ABI */
    struct jeton_bytes algorithm;    /**< of the keys it makes; default ES256; not symmetric */
    int64_t token_ttl;               /**< the longest life of a token: 15 min; 1 s to 1 year, as all */
    int64_t rotate_every;            /**< how long a key signs: 30 days */
    int64_t publish_ahead;           /**< how long it is shown before: 24 h */
    int64_t jwks_max_age;            /**< how long others may keep the set: 15 min */
    jeton_signer_save_function save; /**< NULL: nothing is kept; a restart then breaks every promise above */
    void *context;                   /**< handed to save */
};

/** Defaults; `save` is NULL. */
#define JETON_SIGNER_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct jeton_signer_options), {NULL, 0}, 900, 2592000, 86400, 900, NULL, NULL                           \
    }

/**
 * A signer with the keys that were kept, in the states that their times give now; without any it makes one that signs
 * at once. What that changes is saved before.
 *
 * @param options  borrowed
 * @param memory   what was saved last, borrowed with its keys; NULL: the very first start
 * @param clocks   now. When the wall's clock shows less than memory->seen_at, it went back between two runs: the spans
 *                 that went by are kept, nothing happens early. Whether to start on such a clock at all is yours to say
 * @param signer   out, owned by you; jeton_signer_free()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (the options, with the numbers), JETON_KEY_INVALID (the memory: two active
 *         keys, one without key id, symmetric or twice there), JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no
 *         randomness, or it could not be saved)
 *
 * Threads: any. Allocates: yes. Blocks: as long as a key takes to be made, and as save does.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_new(const struct jeton_signer_options *options,
                                                              const struct jeton_signer_memory *memory,
                                                              struct jeton_clocks clocks, struct jeton_signer **signer,
                                                              struct jeton_detail *detail);

/** Gives a signer back and wipes its keys; NULL is fine. Threads: one, nobody else inside. Allocates: no. */
JETON_API void jeton_signer_free(struct jeton_signer *signer);

/* --- Moving: one thread at a time --- */

/** What a step did. */
struct jeton_signer_change {
    bool changed;      /**< other keys are shown, or another one signs: show again, and tell your own verifier */
    int64_t due_in_ms; /**< when to step again at the latest; at most an hour, 1 s after a failure */
};

/**
 * Does what is due: makes the key that will sign next, lets it sign, takes out what nobody needs any more.
 *
 * @param clocks  now; must not be read before the last call's
 * @param change  out, also on failure; may be NULL
 * @param detail  out on failure; may be NULL
 * @return JETON_OK, JETON_INTERNAL_ERROR (not saved, or no randomness: all is as it was, step again),
 *         JETON_OUT_OF_MEMORY (the same)
 *
 * Threads: one at a time. Allocates: yes. Blocks: as jeton_signer_new().
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_step(struct jeton_signer *signer, struct jeton_clocks clocks,
                                                               struct jeton_signer_change *change,
                                                               struct jeton_detail *detail);

/**
 * Rotates ahead of time, without breaking the promise: the next key signs as soon as everybody can know it; when there
 * is none, one is made now.
 *
 * @param signs_at  out: when it signs, seconds since 1970; may be NULL
 * @return as jeton_signer_step()
 *
 * Threads: one at a time. Allocates: yes. Blocks: as jeton_signer_new().
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_rotate(struct jeton_signer *signer,
                                                                 struct jeton_clocks clocks, int64_t *signs_at,
                                                                 struct jeton_detail *detail);

/**
 * Takes a key of yours: it is shown from now on and signs when its turn comes.
 *
 * @param key  borrowed, held by the signer; private, with a key id that none of the others has
 * @return as jeton_signer_step(), and JETON_KEY_INVALID (symmetric, without key id, there already, too many)
 *
 * Threads: one at a time. Allocates: yes. Blocks: as save does.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_add(struct jeton_signer *signer,
                                                              const struct jeton_secret_key *key,
                                                              struct jeton_clocks clocks, struct jeton_detail *detail);

/**
 * An emergency: the key leaves now, and its tokens are good for nobody who reads the set anew. When it was the active
 * one, the next signs at once, or a new one. Minters give no token of before any more.
 *
 * @param kid        which one
 * @param early_for  out: so many seconds from now others may not know the key that signs now; 0: they do. May be NULL
 * @return as jeton_signer_step(), and JETON_ARGUMENT_INVALID (no key of this id)
 *
 * Threads: one at a time. Allocates: yes. Blocks: as jeton_signer_new().
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_revoke(struct jeton_signer *signer, struct jeton_bytes kid,
                                                                 struct jeton_clocks clocks, int64_t *early_for,
                                                                 struct jeton_detail *detail);

/** One key, as a person would ask. Times are seconds since 1970; INT64_MAX: not by time. */
struct jeton_signer_about {
    struct jeton_bytes kid;        /**< lives until the signer is moved */
    enum jeton_signer_state state; /**< where it stands */
    int64_t published_at;          /**< shown since */
    int64_t signs_at;              /**< since when, or from when on, it signs */
    int64_t gone_at;               /**< when it leaves; an active one: if it stopped now; a next one: INT64_MAX */
};

/** How many keys there are. Threads: the one that moves it. Allocates: no. */
JETON_API size_t jeton_signer_count(const struct jeton_signer *signer);

/** About key @p index of them, the oldest first. Threads: the one that moves it. Allocates: no. */
JETON_API void jeton_signer_about(const struct jeton_signer *signer, size_t index, struct jeton_signer_about *about);

/* --- Using: any thread, no lock, no wait --- */

/**
 * Signs a token with the active key.
 *
 * @param options  borrowed; `ttl` 1 s to the signer's token_ttl, `kid` empty, no claim named `exp`: a token that lives
 *                 longer than its key is shown would break the promise
 * @param token    out, owned by you; jeton_output_done()
 * @param detail   out on failure; may be NULL
 * @return as jeton_sign(), and JETON_ARGUMENT_INVALID for what stands above
 *
 * Threads: any. Allocates: yes. Blocks: no. Rule: RFC 7515 §5.1, RFC 7519 §7.1.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_sign(struct jeton_signer *signer,
                                                               const struct jeton_sign_options *options,
                                                               struct jeton_output *token, struct jeton_detail *detail);

/**
 * What others fetch: the public halves of all keys, and how long they may keep them. No private member can be in it.
 *
 * @param etag     out: an entity tag with its quotes, the same for the same keys; may be NULL
 * @param max_age  out: seconds, for `Cache-Control: public, max-age=…`; may be NULL
 * @param jwks     out, owned by you; jeton_output_done()
 * @return JETON_OK, JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Blocks: no. Rule: RFC 7517 §5, RFC 9111 §5.2.2.1.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_signer_show(struct jeton_signer *signer, char etag[JETON_ETAG_SIZE],
                                                               int64_t *max_age, struct jeton_output *jwks);

#ifdef __cplusplus
}
#endif
#endif
