/* SPDX-License-Identifier: Apache-2.0 */
/* Does the signature fit, and what does the token then say? `struct jt_verified` is made here and nowhere else; it has
 * no getters before its payload was read, and none at all for a token whose signature did not pass. */
#ifndef JT_JOSE_VERIFY_H
#define JT_JOSE_VERIFY_H

#include <jeton/verify.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/time.h"
#include "jose/header.h"
#include "jose/keyset.h"
#include "jose/token.h"

struct jt_verified;
struct jt_claims;

/* A payload read ahead of the signature, for the one purpose of choosing among several trusted issuers, and read once.
 */
struct jt_payload {
    bool read;
    enum jeton_status status; /* JETON_OK or JETON_CLAIMS_INVALID, JETON_OUT_OF_MEMORY */
    struct jt_json json;
};
JT_CHECKED jt_payload_read(struct jt_payload *payload, struct jeton_bytes text, struct jt_arena *arena,
                           struct jeton_detail *detail);

/* The signature alone, over every candidate. The result lives in the arena and borrows from it and from the set (the
 * key is copied as its thumbprint). JETON_OK, JETON_SIGNATURE_INVALID, JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. */
JT_CHECKED jt_verify_token(const struct jt_token *token, const struct jt_header *header,
                           const struct jt_candidates *candidates, struct jt_arena *arena, struct jt_verified **out,
                           struct jeton_detail *detail);
/* The payload as a JSON object. JETON_CLAIMS_INVALID when it is none. */
JT_CHECKED jt_verified_open(struct jt_verified *token, struct jt_payload *payload, struct jt_arena *arena,
                            struct jeton_detail *detail);

/* Bytes of arena that one takes. */
size_t jt_verified_size(void);

/* A copy that stands on its own arena and borrows nothing else; for whoever keeps tokens longer than a request.
 * JETON_OUT_OF_MEMORY when the arena has less than jt_verified_copy_size. */
JT_CHECKED jt_verified_copy(const struct jt_verified *token, struct jt_arena *arena, struct jt_verified **out);
size_t jt_verified_copy_size(const struct jt_verified *token);

/* --- What it says --- */

struct jeton_bytes jt_verified_issuer(const struct jt_verified *token);
struct jeton_bytes jt_verified_subject(const struct jt_verified *token);
const struct jt_algorithm *jt_verified_algorithm(const struct jt_verified *token);
struct jeton_bytes jt_verified_kid(const struct jt_verified *token);
struct jeton_bytes jt_verified_typ(const struct jt_verified *token);
const char *jt_verified_thumbprint(const struct jt_verified *token); /* "" for a symmetric key */
struct jeton_bytes jt_verified_header(const struct jt_verified *token);
struct jeton_bytes jt_verified_payload(const struct jt_verified *token);
/* A claim as JSON; JT_JSON_NONE when not there. */
struct jt_json jt_verified_claim(const struct jt_verified *token, struct jeton_bytes name);
struct jt_json jt_verified_claims(const struct jt_verified *token);
/* The registered ones, typed; what claims.c judges. */
const struct jt_claims *jt_verified_typed(const struct jt_verified *token);
bool jt_verified_has_scope(const struct jt_verified *token, struct jeton_bytes scope);
bool jt_verified_has_audience(const struct jt_verified *token, struct jeton_bytes audience);
bool jt_verified_time(const struct jt_verified *token, enum jeton_time_claim which, struct jt_numeric_date *out);
#endif
