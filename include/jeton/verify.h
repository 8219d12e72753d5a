/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Is this token good? One call judges a compact JWS that carries a JWT against a
 * key set and a policy at a given time.
 *
 * Refused before a key is touched: tokens too large, not three canonical base64url
 * parts, headers with duplicate or wrongly typed members, any `crit`, algorithms
 * that the policy or the keys do not allow ("none" always). `jwk`, `jku`, `x5u` and
 * `x5c` of a header are never used. Claims can be had from a verified token alone.
 *
 *     char arena[...];   // jeton_verify_arena_size(16384) bytes, one per thread
 *     const struct jeton_verified *token;
 *     enum jeton_status status = jeton_verify(jeton_text(text), keys, policy, time(NULL),
 *                                             arena, sizeof arena, &token, &detail);
 *     if (status == JETON_OK)
 *         use(jeton_verified_subject(token));
 */
#ifndef JETON_VERIFY_H
#define JETON_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include <jeton/bytes.h>
#include <jeton/keyset.h>
#include <jeton/policy.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A token whose signature and claims passed. Lives in the caller's arena until that is used again. */
struct jeton_verified;

/**
 * Arena bytes that judging any token of at most @p max_token bytes can need.
 *
 * @param max_token  bytes, as in the policy
 * @return bytes
 *
 * Threads: any. Allocates: no.
 */
JETON_API size_t jeton_verify_arena_size(size_t max_token);

/**
 * Judges one token, in the order: size, shape, header, `crit`, algorithm, issuer (where several are trusted), key,
 * signature, payload, claim types, `exp`, `nbf`, `iat`, issuer, audience, subject, type, required claims, age, scopes.
 * The first that fails is the status.
 *
 * @param token     borrowed; compact serialization, nothing around it
 * @param keys      borrowed; NULL when no keys can be had now (JETON_KEYS_UNAVAILABLE where a key is needed)
 * @param policy    borrowed
 * @param now       seconds since 1970 UTC
 * @param arena     borrowed working memory, any alignment; used by one thread at a time
 * @param arena_len bytes of it; too few give JETON_OUT_OF_MEMORY
 * @param verified  out on success; lives in the arena, borrows nothing from @p token
 * @param detail    out on failure; may be NULL
 * @return JETON_OK or any code of kind refused, unknown, unavailable or denied, JETON_TOKEN_MISSING (empty token),
 *         JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR
 *
 * Threads: any, each with its own arena. Allocates: no; the crypto library does on its own account.
 * Rule: RFC 7519 §7.2, RFC 7515 §5.2, RFC 8725 §3.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_verify(struct jeton_bytes token, const struct jeton_keyset *keys,
                                                          const struct jeton_policy *policy, int64_t now, void *arena,
                                                          size_t arena_len, const struct jeton_verified **verified,
                                                          struct jeton_detail *detail);

/* --- What a verified token says. Everything returned lives as long as the token. --- */

/** `iss`, or no bytes. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_verified_issuer(const struct jeton_verified *token);
/** `sub`, or no bytes. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_verified_subject(const struct jeton_verified *token);
/** The `alg` it was signed with. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_verified_algorithm(const struct jeton_verified *token);
/** `kid` of the header, or no bytes. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_verified_kid(const struct jeton_verified *token);
/**
 * RFC 7638 thumbprint of the key that fitted, 43 characters and a NUL; "" for a secret, whose digest would help to
 * guess it (RFC 7638 §7). Threads: any. Allocates: no.
 */
JETON_API const char *jeton_verified_thumbprint(const struct jeton_verified *token);
/** The header as JSON text, as it was signed. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_verified_header(const struct jeton_verified *token);
/** The claims as JSON text, as they were signed. Threads: any. Allocates: no. */
JETON_API struct jeton_bytes jeton_verified_payload(const struct jeton_verified *token);
/** True when scope @p scope was granted (`scope`, or an array under `scope` or `scp`). Threads: any. Allocates: no. */
JETON_API bool jeton_verified_has_scope(const struct jeton_verified *token, struct jeton_bytes scope);
/** True when @p audience is one of `aud`. Threads: any. Allocates: no. */
JETON_API bool jeton_verified_has_audience(const struct jeton_verified *token, struct jeton_bytes audience);

/** The times a token may carry. */
enum jeton_time_claim {
    JETON_TIME_EXPIRES,    /**< `exp` */
    JETON_TIME_NOT_BEFORE, /**< `nbf` */
    JETON_TIME_ISSUED      /**< `iat` */
};

/**
 * A time claim in whole seconds, rounded down.
 *
 * @param seconds  out when there
 * @return whether the token has it
 *
 * Threads: any. Allocates: no.
 */
JETON_API bool jeton_verified_time(const struct jeton_verified *token, enum jeton_time_claim which, int64_t *seconds);

/**
 * A claim that is a string; its bytes may hold a NUL.
 *
 * @param name   claim name
 * @param value  out when there and of this type; untouched otherwise
 * @return whether it is
 *
 * Threads: any. Allocates: no.
 */
JETON_API bool jeton_verified_string(const struct jeton_verified *token, struct jeton_bytes name,
                                     struct jeton_bytes *value);
/** A claim that is a whole number which fits. As jeton_verified_string(). Threads: any. Allocates: no. */
JETON_API bool jeton_verified_integer(const struct jeton_verified *token, struct jeton_bytes name, int64_t *value);
/** A claim that is true or false. As jeton_verified_string(). Threads: any. Allocates: no. */
JETON_API bool jeton_verified_boolean(const struct jeton_verified *token, struct jeton_bytes name, bool *value);
/**
 * Element @p index of a claim that is an array of strings; a plain string counts as an array of one.
 * As jeton_verified_string(); false past the end. Threads: any. Allocates: no.
 */
JETON_API bool jeton_verified_element(const struct jeton_verified *token, struct jeton_bytes name, size_t index,
                                      struct jeton_bytes *value);

/* --- The whole verdict, for people --- */

/** How one check came out. */
enum jeton_check_result {
    JETON_CHECK_PASSED,     /**< it held */
    JETON_CHECK_FAILED,     /**< it did not */
    JETON_CHECK_SKIPPED,    /**< nothing was asked */
    JETON_CHECK_NOT_REACHED /**< could not be judged after what failed before */
};

/** One check of a verdict. */
struct jeton_check {
    const char *name;               /**< "signature", "audience", …; lives for ever */
    enum jeton_check_result result; /**< how it came out */
    enum jeton_status status;       /**< its code when it failed, else JETON_OK */
    struct jeton_detail detail;     /**< why, when it failed; "" otherwise */
};

/** Checks that a verdict can hold. */
#define JETON_CHECKS_MAX 32

/** Everything that could be judged about a token. Owned by the caller. */
struct jeton_verdict {
    size_t size;                                 /**< set to sizeof the struct before the call */
    enum jeton_status status;                    /**< what jeton_verify() gives */
    struct jeton_detail detail;                  /**< its detail */
    const struct jeton_verified *verified;       /**< in the arena when status is JETON_OK, else NULL */
    struct jeton_check checks[JETON_CHECKS_MAX]; /**< in the order of judgement */
    size_t check_count;                          /**< how many */
    struct jeton_detail key_reason;              /**< why this key was chosen, or why none */
};

/**
 * Judges like jeton_verify() and goes on after the first failure as far as can be: claims are judged only
 * when the signature fits. Slower; for people and logs, not for the hot path.
 *
 * Parameters as jeton_verify().
 *
 * @param verdict  out; its size set by the caller
 * @return what jeton_verify() would give; JETON_ARGUMENT_INVALID when verdict->size is wrong
 *
 * Threads: any, each with its own arena. Allocates: no.
 */
JETON_API enum jeton_status jeton_explain(struct jeton_bytes token, const struct jeton_keyset *keys,
                                          const struct jeton_policy *policy, int64_t now, void *arena, size_t arena_len,
                                          struct jeton_verdict *verdict);

/**
 * Reads a token without believing it: for choosing among trusted issuers, and for showing to a person. Nothing
 * returned here is verified.
 *
 * @param token      borrowed
 * @param max_token  bytes
 * @param arena      borrowed, as in jeton_verify()
 * @param arena_len  bytes of it
 * @param header     out: header JSON, in the arena; may be NULL
 * @param payload    out: payload bytes, in the arena, not checked to be JSON; may be NULL
 * @param issuer     out: `iss` when the payload is an object with a string `iss`, else no bytes; may be NULL
 * @param detail     out on failure; may be NULL
 * @return JETON_OK, JETON_TOKEN_MISSING, JETON_TOKEN_TOO_LARGE, JETON_TOKEN_MALFORMED, JETON_HEADER_INVALID,
 *         JETON_OUT_OF_MEMORY
 *
 * Threads: any, each with its own arena. Allocates: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_inspect(struct jeton_bytes token, size_t max_token, void *arena,
                                                           size_t arena_len, struct jeton_bytes *header,
                                                           struct jeton_bytes *payload, struct jeton_bytes *issuer,
                                                           struct jeton_detail *detail);

#ifdef __cplusplus
}
#endif
#endif
