/* SPDX-License-Identifier: Apache-2.0 */
/* What may the holder of temporary credentials do, and until when? Sessions without state: everything that is known of
 * one lies sealed in its session token, which the client sends along; the access key id and the secret that sign its
 * requests lie in there too. The server keeps the sealing keys, and of each role an epoch below which its sessions have
 * ended. This is a way of saying who somebody is, as a token is: it lives in this room.
 *
 * Written as JWE (alg dir, enc A256GCM, kid), or in the older layout, base64url(nonce || AES-256-GCM || tag); both are
 * read. Two keys: the first seals, both open, so that keys rotate without ending a session. */
#ifndef JT_AUTH_SESSION_H
#define JT_AUTH_SESSION_H

#include "auth/sigv4.h"
#include "base/buffer.h"

#define JT_SESSION_KEYS 2
#define JT_SESSION_KEY_LENGTH 32
#define JT_SESSION_SCOPES 64
#define JT_SESSION_TOKEN_MAX ((size_t)7 * 1024) /* no longer one is made or read */
#define JT_SESSION_ANY_BUCKET "*"
#define JT_SESSION_ID_PREFIX "STSPRXY"

enum jt_action { JT_ACTION_READ = 1, JT_ACTION_WRITE = 2 };

/* A part of a bucket and what may be done there: bits of enum jt_action. */
struct jt_session_scope {
    struct jeton_bytes bucket; /* or JT_SESSION_ANY_BUCKET, which is no bucket's name */
    struct jeton_bytes prefix; /* empty: all of the bucket */
    unsigned actions;
};

/* Texts live in the arena it was opened or made in. jt_session_forget() when the answer is known. */
struct jt_session {
    struct jeton_bytes access_key_id;
    struct jeton_bytes secret;
    int64_t expires_at;
    struct jeton_bytes role;
    struct jeton_bytes name;    /* the session's own, as its client called it */
    struct jeton_bytes issuer;  /* who said who it is; empty in foreign tokens of the older layout */
    struct jeton_bytes subject; /* who it is */
    int64_t not_before;         /* the role's epoch when it was made */
    const struct jt_session_scope *scopes;
    size_t scope_count;
};

struct jt_session_role {
    struct jeton_bytes name;
    int64_t not_before; /* sessions of a lower epoch have ended */
};

struct jt_session_options {
    struct jeton_bytes keys[JT_SESSION_KEYS]; /* 32 bytes each; the second may be empty */
    bool legacy;                              /* the older layout is written */
    const struct jt_session_role *roles;      /* sessions of other roles have ended. Copied */
    size_t role_count;
    /* Sets aside the next `count` numbers of seals under the key of that id, for ever, and gives the first; numbers
     * begin at 0. NULL: they are counted in this process alone. */
    enum jeton_status (*reserve)(void *context, const char *kid, uint64_t count, uint64_t *first);
    void *reserve_context;
};

/* Any number of threads. */
struct jt_sessions;
/* JETON_OK, JETON_KEY_INVALID (lengths, twice the same), JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. */
JT_CHECKED jt_sessions_new(const struct jt_session_options *options, struct jt_sessions **out,
                           struct jeton_detail *detail);
void jt_sessions_free(struct jt_sessions *sessions); /* takes NULL */

/* Makes a session: `session` comes with everything but id and secret, which are made here, in the arena. The token is
 * added to `token`. JETON_OK, JETON_TOKEN_TOO_LARGE, JETON_KEYS_UNAVAILABLE (the key has sealed 2^32 sessions, or they
 * cannot be counted), JETON_OUT_OF_MEMORY, JETON_INTERNAL_ERROR. */
JT_CHECKED jt_session_make(struct jt_sessions *sessions, struct jt_session *session, struct jt_arena *arena,
                           struct jt_buffer *token, struct jeton_detail *detail);
/* JT_SIGNED_OK, STRANGER, EXPIRED, ENDED, BROKEN. */
JETON_MUST_CHECK enum jt_signed jt_session_open(const struct jt_sessions *sessions, struct jeton_bytes token,
                                                int64_t now, struct jt_arena *arena, struct jt_session *out,
                                                struct jeton_detail *detail);
void jt_session_forget(struct jt_session *session); /* wipes its secret */

/* Whose request is this? Reads its signature, opens the session that it names, and checks the one with the other's
 * secret. Any outcome; JT_SIGNED_NOT when the request is not signed at all. */
JETON_MUST_CHECK enum jt_signed jt_session_authenticate(const struct jt_sessions *sessions,
                                                        const struct jt_sigv4_request *request,
                                                        const struct jt_sigv4_rules *rules, int64_t now,
                                                        struct jt_arena *arena, struct jt_session *out,
                                                        struct jeton_detail *detail);
/* Arena bytes for authenticating one request whose path, query and headers have `len` bytes together. */
size_t jt_session_arena_size(size_t len);

/* --- What it may do. Keys and prefixes decoded, as they are meant. A prefix of a scope ends at a "/": "acme" holds
 * acme and acme/x, not acme2. A key with a segment "." or ".." is no one's: whoever passes it on may resolve it. --- */
bool jt_session_allows(const struct jt_session *session, struct jeton_bytes bucket, struct jeton_bytes key,
                       enum jt_action action);
/* Does it reach anything in this bucket, to be read? */
bool jt_session_sees(const struct jt_session *session, struct jeton_bytes bucket);
/* May it list the keys that start with `prefix`? All of them must lie in one of its scopes. */
bool jt_session_lists(const struct jt_session *session, struct jeton_bytes bucket, struct jeton_bytes prefix);
#endif
