/* SPDX-License-Identifier: Apache-2.0 */
/* With which token does a service call another one in the name of its caller? See minter.h. Kept tokens stand in sets
 * of four under a keyed hash and a full compare; the lock is held to look and to copy, never to sign. */
#include "keys/minter.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/secret.h"
#include "crypto/crypto.h"

enum { WAYS = 4, NAME_MAX_BYTES = 4096, TOKEN_MAX_BYTES = 16384 };

/* One block: what it was made for, then the token. */
struct kept {
    uint64_t hash;
    uint64_t epoch;
    int64_t minted_at;
    size_t name_len, token_len;
    unsigned char at[];
};

struct jt_minter {
    struct jt_mint_options options;
    char *issuer;
    unsigned char hash_key[16];
    size_t sets; /* a power of two; 0: nothing is kept */
    pthread_mutex_t lock;
    uint64_t forgotten; /* times; a token begun before is not kept after */
    struct kept *slots[];
};

static JT_CHECKED check_options(const struct jt_mint_options *options, struct jeton_detail *detail)
{
    if (options->issuer.len == 0 || !jt_bytes_utf8(options->issuer))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "short tokens need an issuer");
    if (options->ttl < 1 || options->ttl > JT_MINT_TTL_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "short tokens live 1 to %d s, not %lld", JT_MINT_TTL_MAX,
                       (long long)options->ttl);
    if (options->backdate < 0 || options->backdate > JT_MINT_BACKDATE_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "short tokens are backdated by 0 to %d s, not %lld",
                       JT_MINT_BACKDATE_MAX, (long long)options->backdate);
    if (options->keep > JT_MINT_KEEP_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "at most %d short tokens are kept", JT_MINT_KEEP_MAX);
    return JETON_OK;
}

static size_t sets_for(size_t keep)
{
    size_t sets = keep > 0 ? 1 : 0;

    while (sets * WAYS < keep)
        sets *= 2;
    return sets;
}

JT_CHECKED jt_minter_new(const struct jt_mint_options *options, struct jt_minter **out, struct jeton_detail *detail)
{
    size_t sets = sets_for(options->keep);
    struct jt_minter *minter;
    enum jeton_status status;

    JT_TRY(check_options(options, detail));
    minter = calloc(1, sizeof *minter + sets * WAYS * sizeof minter->slots[0]);
    if (minter == NULL)
        return JETON_OUT_OF_MEMORY;
    pthread_mutex_init(&minter->lock, NULL);
    minter->sets = sets;
    minter->options = *options;
    minter->issuer = jt_bytes_copy(options->issuer);
    status = minter->issuer != NULL ? jt_random(minter->hash_key, sizeof minter->hash_key) : JETON_OUT_OF_MEMORY;
    if (status != JETON_OK) {
        jt_minter_free(minter);
        return status;
    }
    minter->options.issuer = jeton_bytes(minter->issuer, options->issuer.len);
    *out = minter;
    return JETON_OK;
}

static void kept_free(struct kept *kept)
{
    if (kept == NULL)
        return;
    jt_wipe(kept->at, kept->name_len + kept->token_len);
    free(kept);
}

void jt_minter_forget(struct jt_minter *minter)
{
    pthread_mutex_lock(&minter->lock);
    minter->forgotten++;
    for (size_t i = 0; i < minter->sets * WAYS; i++) {
        kept_free(minter->slots[i]);
        minter->slots[i] = NULL;
    }
    pthread_mutex_unlock(&minter->lock);
}

void jt_minter_free(struct jt_minter *minter)
{
    if (minter == NULL)
        return;
    jt_minter_forget(minter);
    pthread_mutex_destroy(&minter->lock);
    free(minter->issuer);
    free(minter);
}

/* --- What is kept --- */

/* The name of a request: each part behind its length, so that no two requests have one name. */
static void write_name(const struct jt_mint_request *request, struct jt_buffer *name)
{
    const struct jeton_bytes parts[] = {request->subject, request->audience, request->claims_json};

    for (size_t i = 0; i < JT_COUNT(parts); i++) {
        jt_buffer_add_number(name, (int64_t)parts[i].len);
        jt_buffer_add_byte(name, ':');
        jt_buffer_add(name, parts[i]);
    }
}

static struct kept **set_of(struct jt_minter *minter, uint64_t hash)
{
    return &minter->slots[(hash & (minter->sets - 1)) * WAYS];
}

static bool is_for(const struct kept *kept, uint64_t hash, struct jeton_bytes name)
{
    return kept != NULL && kept->hash == hash && jt_bytes_equal(jeton_bytes(kept->at, kept->name_len), name);
}

/* When a token is asked for. */
struct moment {
    int64_t now;
    uint64_t epoch;     /* read before anything is signed: what a change overtakes is of the old one */
    uint64_t forgotten; /* so often until then */
};

/* At least half of its life is left, it is not from a future that the clock has left again, and its key is shown. */
static bool still_good(const struct jt_minter *minter, const struct kept *kept, const struct moment *moment)
{
    return kept->epoch == moment->epoch && kept->minted_at <= moment->now &&
           moment->now - kept->minted_at <= minter->options.ttl / 2;
}

static bool take_kept(struct jt_minter *minter, uint64_t hash, struct jeton_bytes name, struct moment *moment,
                      struct jt_buffer *out)
{
    struct kept **set = set_of(minter, hash);
    bool found = false;

    pthread_mutex_lock(&minter->lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        found = is_for(set[i], hash, name) && still_good(minter, set[i], moment);
        if (found)
            jt_buffer_add(out, jeton_bytes(set[i]->at + set[i]->name_len, set[i]->token_len));
    }
    moment->forgotten = minter->forgotten;
    pthread_mutex_unlock(&minter->lock);
    return found;
}

static struct kept *kept_new(uint64_t hash, struct jeton_bytes name, struct jeton_bytes token,
                             const struct moment *moment)
{
    struct kept *kept = malloc(sizeof *kept + name.len + token.len);

    if (kept == NULL)
        return NULL;
    *kept = (struct kept){hash, moment->epoch, moment->now, name.len, token.len};
    if (name.len > 0)
        memcpy(kept->at, name.at, name.len);
    if (token.len > 0)
        memcpy(kept->at + name.len, token.at, token.len);
    return kept;
}

/* Where it goes: the place of the one it replaces, else an empty one, else the oldest one's. */
static struct kept **place_for(struct kept **set, const struct kept *kept)
{
    struct kept **place = &set[0];

    for (size_t i = 0; i < WAYS; i++)
        if (is_for(set[i], kept->hash, jeton_bytes(kept->at, kept->name_len)))
            return &set[i];
    for (size_t i = 1; i < WAYS && *place != NULL; i++)
        if (set[i] == NULL || set[i]->minted_at < (*place)->minted_at)
            place = &set[i];
    return place;
}

/* Skipped without a word where there is no memory: the next call signs again. */
static void keep(struct jt_minter *minter, struct kept *kept, const struct moment *moment)
{
    struct kept *gone = kept;

    if (kept == NULL)
        return;
    pthread_mutex_lock(&minter->lock);
    if (minter->forgotten == moment->forgotten) {
        struct kept **place = place_for(set_of(minter, kept->hash), kept);

        gone = *place;
        *place = kept;
    }
    pthread_mutex_unlock(&minter->lock);
    kept_free(gone);
}

/* --- Minting --- */

static JT_CHECKED sign(const struct jt_minter *minter, const struct jt_mint_request *request, int64_t now,
                       struct jt_buffer *out, struct jeton_detail *detail)
{
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;

    options.issuer = minter->options.issuer;
    options.subject = request->subject;
    options.audiences = (struct jeton_list){&request->audience, 1};
    options.now = now;
    options.ttl = minter->options.ttl;
    options.backdate = minter->options.backdate < now ? minter->options.backdate : 0;
    options.claims_json = request->claims_json;
    return minter->options.sign(minter->options.context, &options, out, detail);
}

static JT_CHECKED check_request(const struct jt_minter *minter, const struct jt_mint_request *request,
                                struct jeton_detail *detail)
{
    if (request->subject.len == 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "an anonymous caller gets no token");
    if (request->audience.len == 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a short token is for one audience");
    if (jt_bytes_equal(request->audience, minter->options.issuer))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a short token is never for its own issuer");
    return JETON_OK;
}

static JT_CHECKED mint(struct jt_minter *minter, const struct jt_mint_request *request, int64_t now,
                       struct jt_buffer *token, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer name;
    struct moment moment = {.now = now};
    uint64_t hash;

    jt_buffer_init(&name, NAME_MAX_BYTES);
    if (minter->sets > 0)
        write_name(request, &name);
    if (minter->sets == 0 || name.status != JETON_OK) /* a name so long is not kept */
        return sign(minter, request, now, token, detail);
    hash = jt_bytes_hash(jt_buffer_bytes(&name), minter->hash_key);
    if (minter->options.epoch != NULL)
        moment.epoch = minter->options.epoch(minter->options.context);
    if (take_kept(minter, hash, jt_buffer_bytes(&name), &moment, token))
        return token->status;
    JT_TRY(sign(minter, request, now, token, detail));
    keep(minter, kept_new(hash, jt_buffer_bytes(&name), jt_buffer_bytes(token), &moment), &moment);
    return JETON_OK;
}

JT_CHECKED jt_minter_token(struct jt_minter *minter, const struct jt_mint_request *request, int64_t now,
                           struct jt_buffer *out, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer token;

    jt_buffer_init(&token, TOKEN_MAX_BYTES);
    JT_TRY(check_request(minter, request, detail));
    JT_TRY(mint(minter, request, now, &token, detail));
    jt_buffer_add(out, jt_buffer_bytes(&token));
    return out->status;
}
