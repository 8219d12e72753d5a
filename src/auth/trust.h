/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens are believed here, and by which keys? The walk token → principal where several issuers are trusted: the
 * `iss` hint chooses the issuer, its source gives the keys, its policy judges; a key that is not there is told to the
 * source. What comes out is a verified token, or a refusal that says whether asking again may help. */
#ifndef JT_AUTH_TRUST_H
#define JT_AUTH_TRUST_H

#include "auth/authenticate.h"
#include "auth/token_cache.h"
#include "keys/source.h"

/* One trusted issuer. */
struct jt_trusted {
    struct jeton_bytes issuer; /* compared byte for byte; a NUL need not follow. Copied. Empty: whoever is none of
                                  the others, and tokens without `iss` */
    struct jt_policy *policy;  /* demands `iss` to be this issuer, or none where that is empty; owned by the trust from
                                  jt_trust_new on */
    struct jt_source *sources[2]; /* the first that has the key wins: in process first, remote as fallback. Borrowed */
    size_t source_count;
    bool refresh_on_bad_signature;
    void *context; /* the caller's */
};

struct jt_trust;

/* `revocation` (its function may be NULL) is asked for every good token, cached or not. The cache (may be NULL) is
 * borrowed. */
struct jt_trust_options {
    const struct jt_trusted *issuers;
    size_t issuer_count;
    size_t max_token;
    struct jt_token_cache *cache;
    struct jt_revocation revocation;
};
/* On failure the policies stay the caller's. JETON_ARGUMENT_INVALID for an issuer named twice. */
JT_CHECKED jt_trust_new(const struct jt_trust_options *options, struct jt_trust **out, struct jeton_detail *detail);
void jt_trust_free(struct jt_trust *trust);

/* May judging this token again, later, come out otherwise? */
enum jt_outlook { JT_OUTLOOK_NONE, JT_OUTLOOK_PENDING, JT_OUTLOOK_FINAL };

struct jt_trust_result {
    const struct jt_verified *token; /* when JETON_OK; in the arena, or in the cache until the result is left */
    const struct jt_trusted *issuer; /* that judged it; NULL when none was found */
    /* Of key_unknown; of signature_invalid where that refreshes; of alg_not_allowed where the keys decide what is. */
    enum jt_outlook outlook;
    struct jt_source *source; /* that was told of the miss, when PENDING */
    uint64_t mark;            /* the last of its fetches that was seen here: the end of a later one may help */
    struct jt_cache_hit hit;
};

/* Judges one token. Statuses as jeton_verify(), and JETON_TOKEN_REVOKED. Leave the result whatever the status. */
JT_CHECKED jt_trust_judge(struct jt_trust *trust, struct jeton_bytes token, int64_t now, int64_t now_ms,
                          struct jt_arena *arena, struct jt_trust_result *out, struct jeton_detail *detail);
void jt_trust_leave(struct jt_trust_result *result);
/* The issuer of that name; NULL when it is not trusted. */
const struct jt_trusted *jt_trust_find(const struct jt_trust *trust, struct jeton_bytes issuer);
/* Arena bytes for any token: the hint and the judgement. */
size_t jt_trust_arena_size(size_t max_token);
#endif
