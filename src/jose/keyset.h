/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys could have signed this? A set filled by one thread, then only read (the header memory inside is written
 * once per slot, by compare and swap). A kid is matched byte for byte, and what a key without one
 * fits is said in <jeton/keyset.h>. */
#ifndef JT_JOSE_KEYSET_H
#define JT_JOSE_KEYSET_H

#include <jeton/keyset.h>

#include "jose/header.h"
#include "jose/jwk.h"

struct jt_keyset;

#define JT_KEYS_MAX_OPERATOR 16384
#define JT_KEYS_MAX_FETCHED 256
#define JT_CANDIDATES_MAX 4 /* keys tried for one token */

JT_CHECKED jt_keyset_new(struct jt_keyset **out);
void jt_keyset_free(struct jt_keyset *set); /* takes NULL */

/* A key given on its own (`own`: without kid it fits any) or as a member of a set. The set holds it. A key that is
 * there already is left out. */
JT_CHECKED jt_keyset_add_public(struct jt_keyset *set, const struct jt_public_jwk *jwk, bool own);
JT_CHECKED jt_keyset_add_secret(struct jt_keyset *set, const struct jt_secret_jwk *jwk, bool own);

/* The document of a JWK set (jwks_read.c). JETON_KEY_INVALID: not a set, or (fetched) none of its keys can be used;
 * nothing was added then. */
JT_CHECKED jt_keyset_read_jwks(struct jt_keyset *set, struct jeton_bytes text, enum jeton_origin origin,
                               jeton_key_note_function note, void *note_context, struct jeton_detail *detail);
/* A key file told by content: a JWK set, or one key given on its own. */
JT_CHECKED jt_keyset_read(struct jt_keyset *set, struct jeton_bytes text, enum jeton_origin origin,
                          jeton_key_note_function note, void *note_context, struct jeton_detail *detail);

size_t jt_keyset_count(const struct jt_keyset *set);   /* that can be used */
size_t jt_keyset_skipped(const struct jt_keyset *set); /* left out, or allow nothing */
jt_alg_mask jt_keyset_allows(const struct jt_keyset *set);
bool jt_keyset_has_secret(const struct jt_keyset *set);
void jt_keyset_warm(struct jt_keyset *set);
/* "EC P-256, alg ES256, use is not sig": what a key is, for messages. */
struct jt_shown jt_about_words(const struct jt_jwk_about *about);
/* The stable name of a reason. */
const char *jt_skip_name(enum jeton_skip skip);

/* One key to try. */
struct jt_candidate {
    const struct jt_public_jwk *public_key; /* exactly one of the two */
    const struct jt_secret_jwk *secret_key;
};
static inline const struct jt_jwk_about *jt_candidate_about(const struct jt_candidate *candidate)
{
    return candidate->public_key != NULL ? &candidate->public_key->about : &candidate->secret_key->about;
}
enum jt_key_match { JT_MATCH_KID, JT_MATCH_OWN, JT_MATCH_ONLY };
struct jt_candidates {
    struct jt_candidate at[JT_CANDIDATES_MAX];
    size_t count;
    enum jt_key_match match; /* by kid · given on its own, fits any kid · the only one of the set that fits */
};

/* JETON_OK, JETON_KEY_UNKNOWN, JETON_KEY_UNSUITABLE, JETON_KEY_AMBIGUOUS. header->algorithm must be known. */
JT_CHECKED jt_keyset_find(const struct jt_keyset *set, const struct jt_header *header, struct jt_candidates *out,
                          struct jeton_detail *detail);

/* --- Header memory: the header of a service's tokens is nearly always the same bytes. --- */

/* What was learned about a header text whose signature passed. Borrowed from the set; the JSON, the kid and the typ
 * stand one behind the other. */
struct jt_known_header {
    struct jeton_bytes text; /* base64url */
    struct jeton_bytes json;
    struct jt_header header;
    struct jt_candidates candidates;
};
/* NULL when not remembered. */
const struct jt_known_header *jt_keyset_recall(const struct jt_keyset *set, struct jeton_bytes header_text);
/* After a signature passed. Does nothing when the slot is taken or the header is long. */
void jt_keyset_remember(const struct jt_keyset *set, struct jeton_bytes header_text, struct jeton_bytes json,
                        const struct jt_header *header, const struct jt_candidates *candidates);
#endif
