/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * One guarded request for a key set or a discovery document, for programs that run
 * once. https only, no redirect, no proxy, no cookies; private, loopback and
 * link-local addresses are refused after resolution; size and time are bounded.
 */
#ifndef JETON_FETCH_H
#define JETON_FETCH_H

#include <stdbool.h>

#include <jeton/bytes.h>
#include <jeton/keyset.h>
#include <jeton/output.h>
#include <jeton/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How far a request may go. Start from JETON_FETCH_OPTIONS_INIT. */
struct jeton_fetch_options {
    size_t size;                /**< sizeof the struct: keeps the ABI */
    bool allow_http;            /**< http is fine, loopback or not; default false */
    bool allow_private_ip;      /**< loopback, private and carrier addresses are fine; default false */
    struct jeton_bytes ca_file; /**< PEM file of certificate authorities; empty: the system's */
    long timeout_ms;            /**< for the whole request; default 10000 */
    long connect_timeout_ms;    /**< default 3000 */
    size_t max_body;            /**< bytes; default 512 KiB */
};

/** Defaults. */
#define JETON_FETCH_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(struct jeton_fetch_options), false, false, {NULL, 0}, 10000, 3000, 524288                               \
    }

/**
 * Says whether the text of @p url alone shows that it would be refused: no https, user information, a literal address
 * that may not be dialled. For configurations and command lines; what the name resolves to is seen by a fetch alone.
 *
 * @param url      borrowed; of a key set, or an issuer
 * @param options  borrowed; NULL for the defaults
 * @param detail   out on failure, names the option that would allow it; may be NULL
 * @return JETON_OK, JETON_CONFIG_INVALID, JETON_ARGUMENT_INVALID (the options), JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Blocks: no.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_fetch_check(struct jeton_bytes url,
                                                               const struct jeton_fetch_options *options,
                                                               struct jeton_detail *detail);

/**
 * Fetches the key set at @p url.
 *
 * @param url      borrowed; https://… without user information
 * @param options  borrowed; NULL for the defaults
 * @param body     out, owned by you: the document as served, not judged yet; jeton_keyset_add_jwks() judges it
 * @param detail   out on failure, names what would change it; may be NULL; never holds a part of the body
 * @return JETON_OK, JETON_CONFIG_INVALID (the address itself is refused, or ca_file cannot be used),
 *         JETON_KEYS_UNAVAILABLE, JETON_ARGUMENT_INVALID (the options), JETON_OUT_OF_MEMORY
 *
 * Threads: any. Allocates: yes. Blocks: up to the timeout.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_fetch_keys(struct jeton_bytes url,
                                                              const struct jeton_fetch_options *options,
                                                              struct jeton_output *body, struct jeton_detail *detail);

/**
 * Fetches the key set of an issuer by discovery: the document at `ISSUER/.well-known/openid-configuration`, whose
 * `issuer` must equal @p issuer byte for byte, then its `jwks_uri`. A private address for `jwks_uri` needs, besides
 * `allow_private_ip`, the issuer's own scheme, host and port. Where discovery answers 404,
 * `ISSUER/.well-known/jwks.json` is tried.
 *
 * Parameters and statuses as jeton_fetch_keys(). Rule: OpenID Connect Discovery 1.0 §4, RFC 8414 §3.
 */
JETON_API JETON_MUST_CHECK enum jeton_status jeton_fetch_issuer_keys(struct jeton_bytes issuer,
                                                                     const struct jeton_fetch_options *options,
                                                                     struct jeton_output *body,
                                                                     struct jeton_detail *detail);

#ifdef __cplusplus
}
#endif
#endif
