/* SPDX-License-Identifier: Apache-2.0 */
/* With which key does this server sign, and which does it show? See signers.h. */
#include "keys/signers.h"

#include <sched.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "jose/sign.h"

enum { JWKS_MAX = 512 * 1024, HASH_LENGTH = 32 };

struct jt_signer_set {
    struct jt_secret_jwk *active; /* NULL: none */
    struct jt_published published;
};

struct jt_signers {
    struct jt_snapshot snapshot; /* of struct jt_signer_set */
    _Atomic uint64_t generation;
};

static const char *const states[] = {"next", "active", "retiring"};

const char *jt_signer_state_name(enum jt_signer_state state)
{
    return states[state];
}

bool jt_signer_state_find(struct jeton_bytes name, enum jt_signer_state *out)
{
    for (size_t i = 0; i < JT_COUNT(states); i++) {
        if (jt_bytes_equal(jeton_text(states[i]), name)) {
            *out = (enum jt_signer_state)i;
            return true;
        }
    }
    return false;
}

/* --- A set --- */

void jt_signer_set_free(struct jt_signer_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->published.count; i++)
        jt_public_jwk_release(set->published.at[i].key);
    jt_buffer_done(&set->published.jwks);
    jt_secret_jwk_release(set->active);
    free(set);
}

static void free_set(void *set)
{
    jt_signer_set_free(set);
}

/* A tag of the content: the same keys give the same one after a restart. */
static JT_CHECKED write_etag(struct jt_published *published)
{
    unsigned char hash[HASH_LENGTH];

    JT_TRY(jt_digest(JT_HASH_SHA256, jt_buffer_bytes(&published->jwks), hash));
    published->etag[0] = '"';
    jt_base64url_encode(jeton_bytes(hash, sizeof hash), published->etag + 1);
    memcpy(published->etag + 1 + jt_base64url_encoded(sizeof hash), "\"", 2);
    return JETON_OK;
}

/* What it does sign with, which is less than what it could: EdDSA, say, and not Ed25519 too. */
static jt_alg_mask algorithms_of(const struct jt_jwk_about *about)
{
    return about->alg != NULL ? JT_ALG_BIT(about->alg->id) : about->signs;
}

static JT_CHECKED add(struct jt_signer_set *set, const struct jt_signer *signer, struct jeton_detail *detail)
{
    struct jt_published *published = &set->published;
    const struct jt_jwk_about *about = &signer->key->about;

    if (published->count == JT_ROTATION_KEYS)
        return jt_fail(detail, JETON_KEY_INVALID, "more than %d signing keys", JT_ROTATION_KEYS);
    if (signer->state == JT_SIGNER_ACTIVE && set->active != NULL)
        return jt_fail(detail, JETON_KEY_INVALID, "two keys are active");
    if (about->kid.len == 0 || about->signs == 0)
        return jt_fail(detail, JETON_KEY_INVALID, "a key without kid, or one that cannot sign");
    JT_TRY(jt_public_jwk_of(signer->key, &published->at[published->count].key));
    published->at[published->count++].state = signer->state;
    published->algorithms |= algorithms_of(about);
    if (signer->state == JT_SIGNER_ACTIVE)
        set->active = jt_secret_jwk_hold(signer->key);
    return JETON_OK;
}

static JT_CHECKED fill(struct jt_signer_set *set, const struct jt_signer *keys, size_t count,
                       struct jeton_detail *detail)
{
    const struct jt_public_jwk *shown[JT_ROTATION_KEYS];
    struct jt_published *published = &set->published;

    for (enum jt_signer_state state = JT_SIGNER_NEXT; state <= JT_SIGNER_RETIRING; state++) {
        for (size_t i = 0; i < count; i++) {
            if (keys[i].state == state)
                JT_TRY(add(set, &keys[i], detail));
        }
    }
    for (size_t i = 0; i < published->count; i++)
        shown[i] = published->at[i].key;
    jt_jwks_write(&published->jwks, shown, published->count);
    if (published->jwks.status != JETON_OK)
        return jt_fail(detail, published->jwks.status, "the key set could not be made");
    return write_etag(published);
}

JT_CHECKED jt_signer_set_make(const struct jt_signer *keys, size_t count, struct jt_signer_set **out,
                              struct jeton_detail *detail)
{
    struct jt_signer_set *set = calloc(1, sizeof *set);
    enum jeton_status status;

    if (set == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_buffer_init(&set->published.jwks, JWKS_MAX);
    status = fill(set, keys, count, detail);
    if (status == JETON_OK)
        *out = set;
    else
        jt_signer_set_free(set);
    return status;
}

const struct jt_published *jt_signer_set_published(const struct jt_signer_set *set)
{
    return &set->published;
}

/* --- The one that counts --- */

JT_CHECKED jt_signers_new(struct jt_signers **out)
{
    size_t alignment = _Alignof(struct jt_signers);
    struct jt_signers *signers = aligned_alloc(alignment, sizeof *signers);

    if (signers == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_snapshot_init(&signers->snapshot, free_set);
    atomic_init(&signers->generation, 0);
    *out = signers;
    return JETON_OK;
}

void jt_signers_free(struct jt_signers *signers)
{
    if (signers == NULL)
        return;
    jt_snapshot_done(&signers->snapshot);
    free(signers);
}

void jt_signers_put(struct jt_signers *signers, struct jt_signer_set *set)
{
    while (!jt_snapshot_publish(&signers->snapshot, set))
        sched_yield(); /* as long as it takes to sign once */
    atomic_fetch_add(&signers->generation, 1);
}

uint64_t jt_signers_generation(const struct jt_signers *signers)
{
    return atomic_load(&signers->generation);
}

struct jt_published_guard jt_signers_enter(struct jt_signers *signers)
{
    struct jt_snapshot_guard inner = jt_snapshot_enter(&signers->snapshot);
    const struct jt_signer_set *set = inner.value;

    return (struct jt_published_guard){set != NULL ? &set->published : NULL, inner};
}

void jt_signers_leave(struct jt_published_guard *guard)
{
    jt_snapshot_leave(&guard->inner);
    guard->published = NULL;
}

bool jt_signers_ready(struct jt_signers *signers)
{
    struct jt_snapshot_guard guard = jt_snapshot_enter(&signers->snapshot);
    const struct jt_signer_set *set = guard.value;
    bool ready = set != NULL && set->active != NULL;

    jt_snapshot_leave(&guard);
    return ready;
}

JT_CHECKED jt_signers_sign(struct jt_signers *signers, const struct jeton_sign_options *options, struct jt_buffer *out,
                           struct jeton_detail *detail)
{
    struct jt_snapshot_guard guard = jt_snapshot_enter(&signers->snapshot);
    const struct jt_signer_set *set = guard.value;
    enum jeton_status status = JETON_KEYS_UNAVAILABLE;

    if (set != NULL && set->active != NULL)
        status = jt_sign_token(set->active, options, out, detail);
    else
        (void)jt_fail(detail, status, "there is no signing key");
    jt_snapshot_leave(&guard);
    return status;
}
