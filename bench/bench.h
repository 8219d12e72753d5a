/* SPDX-License-Identifier: Apache-2.0 */
/* What do the measured libraries have in common? A subject opens one key of one algorithm, then verifies (and perhaps
 * signs) tokens with it; the material is the same for all of them, and what costs once is paid in open. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jeton/bytes.h>

struct evp_pkey_st;

/* Different tokens of one key, taken in turn: nobody gains by having seen the very same bytes the call before. */
#define BENCH_TOKENS 64

#define BENCH_ISSUER "https://login.example"
#define BENCH_AUDIENCE "api"

struct bench_token {
    char *text; /* compact serialization, NUL-terminated */
    size_t len;
    struct jeton_bytes message;       /* what is signed: a part of text */
    struct jeton_bytes signature;     /* as in JOSE, decoded */
    struct jeton_bytes raw_signature; /* as OpenSSL takes it: DER for ECDSA */
    char id[40];                      /* its jti */
    char tenant_id[80];               /* its longest claim, as JSON */
};

struct bench_material {
    const char *alg;
    const char *kid;
    int64_t now;
    struct evp_pkey_st *pkey; /* NULL for HS256 */
    char *private_pem;        /* NULL for HS256 */
    char *public_pem;         /* NULL for HS256 */
    char *public_jwk;         /* for HS256 the symmetric key */
    unsigned char secret[32]; /* HS256 alone */
    struct bench_token token[BENCH_TOKENS];
    struct bench_token forged;  /* one bit of the signature is wrong */
    struct bench_token expired; /* good but for exp */
};

/* Keys are new in every run. Ends the program when something is wrong, as everything here does. */
struct bench_material *bench_material_new(const char *alg);
void bench_material_free(struct bench_material *material);

/* One more token for the material's algorithm, signed by `pkey`; bench_token_done() frees it. */
void bench_token_make(const struct bench_material *material, struct evp_pkey_st *pkey, const char *kid, unsigned serial,
                      int64_t expires, struct bench_token *out);
void bench_token_done(struct bench_token *token);
/* Public JWK of an RSA, EC or Ed25519 key; owned by you. */
char *bench_public_jwk(struct evp_pkey_st *pkey, const char *alg, const char *kid);
char *bench_base64url(const void *at, size_t len);
struct evp_pkey_st *bench_key_new(const char *alg);

struct bench_subject {
    const char *name;
    const char *version;
    const char *checks; /* besides the signature; "" when it has no claim check of its own */
    void *(*open)(const struct bench_material *material); /* NULL: it does not know the algorithm */
    bool (*verify)(void *state, const struct bench_token *token);
    bool (*sign)(void *state, const struct bench_token *token); /* NULL: not measured */
    void (*close)(void *state);
};

extern const struct bench_subject bench_raw, bench_jeton;

/* The algorithms of the table, then NULL. */
extern const char *const bench_algorithms[];

/* A peer is a module with this one symbol: `const struct bench_subject bench_peer`. */
#define BENCH_PEER_SYMBOL "bench_peer"
#define BENCH_PEERS_MAX 8
/* Opens the modules named by the arguments after the first; the count. */
size_t bench_peers_open(int argc, char **argv, const struct bench_subject *peers[BENCH_PEERS_MAX]);

/* Does it take the good token and refuse the forged one, and the expired one when it says it checks that? */
bool bench_is_honest(const struct bench_subject *subject, void *state, const struct bench_material *material);

/* The peers' modules find these two in the program that opened them. */
#pragma GCC visibility push(default)
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *bench_memory(size_t bytes);
#pragma GCC visibility pop
#endif
