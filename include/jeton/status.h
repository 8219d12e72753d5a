/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What can go wrong, as data. One table gives each outcome its stable code, its
 * kind (what the caller should do about it), a text, the rule it enforces and the
 * HTTP status a server answers with.
 */
#ifndef JETON_STATUS_H
#define JETON_STATUS_H

#include <stddef.h>

#include <jeton/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an outcome means for the caller. */
enum jeton_kind {
    JETON_KIND_OK,          /**< success */
    JETON_KIND_REFUSED,     /**< this token will never be good here */
    JETON_KIND_UNKNOWN,     /**< the keys at hand cannot tell; a refresh may */
    JETON_KIND_UNAVAILABLE, /**< no usable keys now; the token was not judged */
    JETON_KIND_DENIED,      /**< a good token with not enough rights */
    JETON_KIND_REQUEST,     /**< no judgement was asked for properly */
    JETON_KIND_CONFIG,      /**< the operator's side is wrong */
    JETON_KIND_MISUSED,     /**< the calling program is wrong */
    JETON_KIND_BROKEN       /**< this machine or this library is in trouble */
};

/**
 * The one table: X(NAME, code, KIND, HTTP status, rule, text). Adding an outcome
 * is adding a line at the end; the numbers are part of the ABI.
 */
#define JETON_STATUS_TABLE(X)                                                                                          \
    X(OK, "ok", OK, 200, "", "good")                                                                                   \
    X(TOKEN_MALFORMED, "token_malformed", REFUSED, 401, "RFC 7515 §7.1", "the token is not a compact JWS")             \
    X(TOKEN_TOO_LARGE, "token_too_large", REFUSED, 401, "RFC 8725 §2.14", "the token is larger than allowed")          \
    X(HEADER_INVALID, "header_invalid", REFUSED, 401, "RFC 7515 §4", "the token's header is not valid")                \
    X(ALG_NOT_ALLOWED, "alg_not_allowed", REFUSED, 401, "RFC 8725 §3.1", "the algorithm is not allowed")               \
    X(CRIT_UNSUPPORTED, "crit_unsupported", REFUSED, 401, "RFC 7515 §4.1.11",                                          \
      "a critical extension is not understood")                                                                        \
    X(KEY_UNSUITABLE, "key_unsuitable", REFUSED, 401, "RFC 8725 §3.1", "the key is not for this algorithm")            \
    X(SIGNATURE_INVALID, "signature_invalid", REFUSED, 401, "RFC 7515 §5.2", "the signature does not fit")             \
    X(CLAIMS_INVALID, "claims_invalid", REFUSED, 401, "RFC 7519 §4.1", "a claim has a wrong type or value")            \
    X(CLAIM_MISSING, "claim_missing", REFUSED, 401, "RFC 7519 §4", "a required claim is missing")                      \
    X(TOKEN_EXPIRED, "token_expired", REFUSED, 401, "RFC 7519 §4.1.4", "the token has expired")                        \
    X(TOKEN_NOT_YET_VALID, "token_not_yet_valid", REFUSED, 401, "RFC 7519 §4.1.5", "the token is not valid yet")       \
    X(TOKEN_TOO_OLD, "token_too_old", REFUSED, 401, "RFC 7519 §4.1.6", "the token was issued too long ago")            \
    X(ISSUER_MISMATCH, "issuer_mismatch", REFUSED, 401, "RFC 7519 §4.1.1", "the issuer is not the expected one")       \
    X(ISSUER_UNKNOWN, "issuer_unknown", REFUSED, 401, "RFC 8725 §3.8", "the issuer is not trusted")                    \
    X(AUDIENCE_MISMATCH, "audience_mismatch", REFUSED, 401, "RFC 7519 §4.1.3", "the token is for someone else")        \
    X(SUBJECT_MISMATCH, "subject_mismatch", REFUSED, 401, "RFC 7519 §4.1.2", "the subject is not the expected one")    \
    X(TYPE_MISMATCH, "type_mismatch", REFUSED, 401, "RFC 8725 §3.11", "the token is of another type")                  \
    X(TOKEN_REVOKED, "token_revoked", REFUSED, 401, "RFC 7009 §2", "the token was revoked")                            \
    X(TOKEN_REPLAYED, "token_replayed", REFUSED, 401, "RFC 7519 §4.1.7", "the token was used before")                  \
    X(BINDING_MISMATCH, "binding_mismatch", REFUSED, 401, "RFC 7800 §3", "the token is bound to another holder")       \
    X(KEY_UNKNOWN, "key_unknown", UNKNOWN, 401, "RFC 7515 §4.1.4", "no key at hand has this key id")                   \
    X(KEY_AMBIGUOUS, "key_ambiguous", UNKNOWN, 401, "RFC 7515 §4.1.4", "too many keys could have signed this")         \
    X(KEYS_UNAVAILABLE, "keys_unavailable", UNAVAILABLE, 503, "RFC 9110 §15.6.4", "no usable keys at this time")       \
    X(SCOPE_INSUFFICIENT, "scope_insufficient", DENIED, 403, "RFC 6750 §3.1", "a needed scope is missing")             \
    X(ROLE_INSUFFICIENT, "role_insufficient", DENIED, 403, "RFC 6750 §3.1", "the role is too low")                     \
    X(CLAIMS_UNMAPPABLE, "claims_unmappable", DENIED, 403, "RFC 9110 §5.5", "a claim cannot be sent as a header")      \
    X(TOKEN_MISSING, "token_missing", REQUEST, 401, "RFC 6750 §3.1", "there is no token")                              \
    X(REQUEST_INVALID, "request_invalid", REQUEST, 400, "RFC 6750 §3.1", "the request is not valid")                   \
    X(CONFIG_INVALID, "config_invalid", CONFIG, 500, "", "the configuration is not valid")                             \
    X(KEY_INVALID, "key_invalid", CONFIG, 500, "RFC 7517 §4", "the key is not valid")                                  \
    X(ARGUMENT_INVALID, "argument_invalid", MISUSED, 500, "", "an argument is not valid")                              \
    X(OUT_OF_MEMORY, "out_of_memory", BROKEN, 500, "", "out of memory")                                                \
    X(INTERNAL_ERROR, "internal_error", BROKEN, 500, "", "internal error")

/** Every outcome; JETON_OK is 0. */
enum jeton_status {
#define JETON_STATUS_ENTRY(name, code, kind, http, rule, text) JETON_##name,
    JETON_STATUS_TABLE(JETON_STATUS_ENTRY)
#undef JETON_STATUS_ENTRY
        JETON_STATUS_COUNT /**< how many there are; no outcome */
};

/** Longest detail text, with its terminating NUL. */
#define JETON_DETAIL_TEXT 256

/**
 * Why a call did not succeed, in words for a person. Owned by the caller, written
 * only on failure; every call that takes one accepts NULL.
 *
 * The text is printable UTF-8: bytes that came from outside are escaped, and
 * no secret and no signature is ever part of it.
 */
struct jeton_detail {
    char text[JETON_DETAIL_TEXT]; /**< one sentence without a final stop, NUL-terminated */
};

/** The stable code, such as "token_expired". Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_status_code(enum jeton_status status);

/** What the outcome means for the caller. Threads: any. Allocates: no. */
JETON_API enum jeton_kind jeton_status_kind(enum jeton_status status);

/** One clause in English. Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_status_text(enum jeton_status status);

/** The rule that the outcome enforces, "RFC 7519 §4.1.4", or "". Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_status_rule(enum jeton_status status);

/** The HTTP status for it, such as 401. Threads: any. Allocates: no. */
JETON_API int jeton_status_http(enum jeton_status status);

/** The stable name of a kind, such as "refused". Lives for ever. Threads: any. Allocates: no. */
JETON_API const char *jeton_kind_name(enum jeton_kind kind);

#ifdef __cplusplus
}
#endif
#endif
