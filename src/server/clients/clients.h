/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask for tokens, and is it really them? Clients by id and secret, of which only its hash is kept; those with
 * keys in place of it are judged by client_assertion.c, and their failures are counted here as well. Ten
 * failed attempts for one id within a minute close that id for the rest of the minute, whether there is such a client
 * or not. */
#ifndef JT_SERVER_CLIENTS_H
#define JT_SERVER_CLIENTS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "server/http/form.h"

#define JT_SECRET_HASH 32

struct jt_text_list {
    struct jeton_bytes *at;
    size_t count;
};
bool jt_text_list_has(const struct jt_text_list *list, struct jeton_bytes text);

/* Ways to a token. */
enum jt_grant { JT_GRANT_CLIENT_CREDENTIALS, JT_GRANT_TOKEN_EXCHANGE, JT_GRANT_JWT_BEARER, JT_GRANT_COUNT };
/* As a request names it, and as configuration and metrics do. */
const char *jt_grant_type(enum jt_grant grant);
const char *jt_grant_name(enum jt_grant grant);
/* By either of them. */
bool jt_grant_find(struct jeton_bytes name, enum jt_grant *out);

struct jt_client {
    struct jeton_bytes id;
    bool has_keys; /* and no secret: it signs assertions */
    unsigned char secret_hash[JT_SECRET_HASH];
    unsigned grants; /* a bit for each that it may use */
    size_t index;    /* among all; set by jt_clients_add */
    struct jt_text_list audiences;
    struct jt_text_list scopes;
};

struct jt_clients;
JT_CHECKED jt_clients_new(struct jt_clients **out);
void jt_clients_free(struct jt_clients *clients); /* takes NULL */
/* All texts are copied. SHA-256 without salt or stretching: right for what is made here, 256 random bits that no table
 * holds; a secret the operator chose is hashed in memory alone. */
JT_CHECKED jt_clients_add(struct jt_clients *clients, const struct jt_client *client);
size_t jt_clients_count(const struct jt_clients *clients);
const struct jt_client *jt_clients_at(const struct jt_clients *clients, size_t index);

/* Who a request says it comes from. */
enum jt_claimant_kind {
    JT_CLAIMANT_NONE,     /* says nothing */
    JT_CLAIMANT_NAMED,    /* id and secret */
    JT_CLAIMANT_ASSERTED, /* an assertion; the id is the form's or what it says itself, and may be empty */
    JT_CLAIMANT_BAD,      /* the Authorization header cannot be read, or the assertion is of no known type */
    JT_CLAIMANT_TWO_WAYS, /* two of header, secret and assertion at the same time (RFC 6749 §2.3) */
};
struct jt_claimant {
    enum jt_claimant_kind kind;
    bool basic; /* by the header */
    struct jeton_bytes id;
    struct jeton_bytes secret;
    struct jeton_bytes assertion;
};
/* client_secret_basic (id and secret form-encoded, RFC 6749 §2.3.1), client_secret_post, or private_key_jwt (RFC 7523
 * §2.2). `authorization` empty: no such header. Texts live in the arena or the form. JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_claimant_read(struct jeton_bytes authorization, const struct jt_form *form, struct jt_arena *arena,
                            struct jt_claimant *out);

/* NULL when there is none. */
const struct jt_client *jt_clients_find(const struct jt_clients *clients, struct jeton_bytes id);
/* Seconds to wait while this id is closed, else 0. Threads: any. */
unsigned jt_clients_closed_for(struct jt_clients *clients, struct jeton_bytes id, int64_t now_ms);
/* One attempt for this id failed. Threads: any. */
void jt_clients_failed(struct jt_clients *clients, struct jeton_bytes id, int64_t now_ms);
/* The client, when id and secret fit; NULL when they do not. `retry_after` gets the seconds to wait when this id is
 * closed, else 0. `now_ms` is monotonic. JETON_INTERNAL_ERROR or JETON_OUT_OF_MEMORY: the secret was not judged.
 * Threads: any. */
JT_CHECKED jt_clients_authenticate(struct jt_clients *clients, const struct jt_claimant *claimant, int64_t now_ms,
                                   const struct jt_client **out, unsigned *retry_after);
#endif
