/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Whose tokens are believed here: one or several issuers, each with its keys and its policy.
 *
 * The `iss` of a token is used to choose among the trusted issuers and for nothing else until the signature has passed;
 * a key of one issuer never judges a token of another. Judging never waits: when a key is not there, its source is
 * told, and the outlook says whether the same token may be judged otherwise soon.
 *
 *     char arena[...];   // jeton_trust_arena_size(16384) bytes, one per thread
 *     struct jeton_trust_result result;
 *     enum jeton_status status = jeton_trust_verify(trust, jeton_text(text), time(NULL), arena, sizeof arena,
 *                                                   &result, &detail);
 *     if (status == JETON_OK)
 *         use(jeton_verified_subject(result.verified));
 *     jeton_trust_leave(&result);
 */
#ifndef JETON_TRUST_H
#define JETON_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/policy.h>
#include <jeton/source.h>
#include <jeton/status.h>
#include <jeton/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Trusted issuers, immutable; any number of threads may share one. */
struct jeton_trust;

/** One trusted issuer. */
struct jeton_trusted {
    struct jeton_bytes issuer;                 /**< `iss` must equal it byte for byte */
    const struct jeton_policy_options *policy; /**< its own; copied. `issuers` and `max_token` stay as in the INIT */
    struct jeton_source *source;               /**< asked first; borrowed until the trust is freed */
    struct jeton_source
        *fallback; /**< asked when the first has no such key; NULL: none. In process first, then remote */
    bool refresh_on_bad_signature; /**< a key that does not fit may be an old one under the same id: ask for new keys */
};

/** Says of a verified token whether it was revoked. Must not block. */
typedef bool (*jeton_revoked_function)(void *context, const struct jeton_verified *token);

/** What to trust. Start from JETON_TRUST_OPTIONS_INIT. */
struct jeton_trust_options {
    size_t size;                         /**< sizeof the struct: keeps the ABI */
    const struct jeton_trusted *trusted; /**< borrowed; @p count of them */
    size_t count;                        /**< at least 1 */
    struct jeton_engine *engine;         /**< its clock tells the age of keys; NULL when no source is followed */
    size_t max_token;                    /**< bytes; default 16384, at most 1 MiB */
    size_t cache_entries;                /**< verified tokens remembered, by exact text; 0, the default: none */
    size_t cache_bytes;                  /**< memory for them; default 8 MiB */
    jeton_revoked_function revoked;      /**< asked for every good token, remembered or not; may be NULL */
    void *revoked_context;               /**< handed to revoked */
};

/** Defaults; they name no issuer. */
#define JETON_TRUST_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(struct jeton_trust_options), NULL, 0, NULL, 16384, 0, 8388608, NULL, NULL                               \
    }

/**
 * Checks the options and compiles them.
 *
 * @param options  borrowed
 * @param trust    out, owned by you; jeton_trust_free()
 * @param detail   out on failure; may be NULL
 * @return JETON_OK, JETON_ARGUMENT_INVALID (as jeton_policy_new(); no issuer, one named twice, one without source),
 *         JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR (no randomness)
 *
 * Threads: any. Allocates: yes. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_trust_new(const struct jeton_trust_options *options,
                                                             struct jeton_trust **trust, struct jeton_detail *detail);

/** May the same token be judged otherwise when the keys are newer? */
enum jeton_outlook {
    JETON_OUTLOOK_NONE,       /**< the keys are not the question */
    JETON_OUTLOOK_PENDING,    /**< keys are being asked for: judge again at the next JETON_EVENT_FETCHED */
    JETON_OUTLOOK_FINAL,      /**< keys asked for after this token came do not have its key either */
    JETON_OUTLOOK_UNAVAILABLE /**< there are no usable keys: 503, not 401; judge again when there are */
};

/** What came of a judgement. Owned by the caller; left with jeton_trust_leave() whatever the status. */
struct jeton_trust_result {
    const struct jeton_verified *verified; /**< when JETON_OK, else NULL; in the arena or remembered, until left */
    struct jeton_bytes issuer;             /**< the trusted issuer that judged; empty: the token names none */
    enum jeton_outlook outlook;            /**< when not JETON_OK */
    struct jeton_source *source;           /**< that was told of the missing key, when PENDING; else NULL */
    void *inner[3];                        /**< the library's */
};

/** Arena bytes that judging any token of at most @p max_token bytes can need. Threads: any. Allocates: no. */
JETON_API size_t jeton_trust_arena_size(size_t max_token);

/**
 * Judges one token. One that names no trusted issuer is JETON_ISSUER_UNKNOWN (JETON_ISSUER_MISMATCH where only one is
 * trusted), whatever else is wrong with it later in the order of jeton_verify().
 *
 * @param trust      borrowed
 * @param token      borrowed; compact serialization, nothing around it
 * @param now        seconds since 1970 UTC
 * @param arena      borrowed working memory, any alignment; used by one thread at a time, and until the result is left
 * @param arena_len  bytes of it
 * @param result     out, always; leave it before the arena is used again
 * @param detail     out on failure; may be NULL
 * @return as jeton_verify(), and JETON_TOKEN_REVOKED
 *
 * Threads: any, each with its own arena. Allocates: only to remember a token. Blocks: no. Rule: as jeton_verify().
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_trust_verify(struct jeton_trust *trust, struct jeton_bytes token,
                                                                int64_t now, void *arena, size_t arena_len,
                                                                struct jeton_trust_result *result,
                                                                struct jeton_detail *detail);

/** Lets go of a result; the token in it is gone. Twice is once. Threads: any. Allocates: no. */
JETON_API void jeton_trust_leave(struct jeton_trust_result *result);

/** How the memory of verified tokens does. */
struct jeton_trust_counts {
    size_t size;      /**< set to sizeof the struct before the call */
    uint64_t hits;    /**< tokens found and still good */
    uint64_t misses;  /**< tokens judged anew */
    uint64_t entries; /**< remembered now */
    uint64_t bytes;   /**< that they take */
};

/**
 * Counts since the start; all 0 without a cache.
 *
 * @return JETON_OK, JETON_ARGUMENT_INVALID (counts->size)
 *
 * Threads: any. Allocates: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_trust_count(struct jeton_trust *trust,
                                                               struct jeton_trust_counts *counts);

/** Gives the trust back; NULL is fine. No judgement may be running, no result unleft. Threads: one. Allocates: no. */
JETON_API void jeton_trust_free(struct jeton_trust *trust);

#ifdef __cplusplus
}
#endif
#endif
