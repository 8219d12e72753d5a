/* SPDX-License-Identifier: Apache-2.0 */
/* Where does an issuer keep its keys? Its discovery document says so, and is believed only for the issuer it names:
 * OpenID Connect Discovery 1.0 §4, RFC 8414 §3. Stands before fetch_url.c in the walk "JWKS → snapshot". */
#ifndef JT_KEYS_DISCOVERY_H
#define JT_KEYS_DISCOVERY_H

#include "base/buffer.h"
#include "keys/fetch_url.h"

/* The addresses below an issuer; its final slashes are not doubled. JETON_CONFIG_INVALID for an issuer with a query or
 * a fragment. `out` is initialised here and owned by the caller. */
JT_CHECKED jt_discovery_url(struct jeton_bytes issuer, const char *path, struct jt_buffer *out,
                            struct jeton_detail *detail);

/* Reads a discovery document (pure): its `issuer` must equal `issuer` byte for byte. `jwks_uri` is initialised here and
 * owned by the caller. JETON_KEYS_UNAVAILABLE when the document does not say it; JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_discovery_read(struct jeton_bytes json, struct jeton_bytes issuer, struct jt_buffer *jwks_uri,
                             struct jeton_detail *detail);

/* Fetches the document, then the key set it names, under the stricter rule for addresses that a document names; where
 * the document is 404, ISSUER/.well-known/jwks.json. Options, result and statuses as jt_fetch_url(); `typed` is set
 * here. */
JT_CHECKED jt_discovery_fetch_keys(struct jeton_bytes issuer, const struct jt_fetch_options *options,
                                   struct jt_fetch_result *result, struct jeton_detail *detail);
#endif
