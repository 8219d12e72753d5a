/* SPDX-License-Identifier: Apache-2.0 */
/* With which key does this server sign, and which does it show? */
#include "keys/signers.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "jose/sign.h"

enum { SIGNERS_MAX = 64, JWKS_MAX = 512 * 1024, HASH_LENGTH = 32 };

struct signer {
    struct jt_secret_jwk *key;
    struct jt_public_jwk *shown;
    enum jt_signer_state state;
};

struct jt_signers {
    struct signer at[SIGNERS_MAX];
    size_t count;
    struct jt_published *published;
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

static void published_free(struct jt_published *published)
{
    if (published == NULL)
        return;
    jt_keyset_free(published->keys);
    jt_buffer_done(&published->jwks);
    free(published);
}

JT_CHECKED jt_signers_new(struct jt_signers **out)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? JETON_OK : JETON_OUT_OF_MEMORY;
}

void jt_signers_free(struct jt_signers *signers)
{
    if (signers == NULL)
        return;
    published_free(signers->published);
    for (size_t i = 0; i < signers->count; i++) {
        jt_public_jwk_release(signers->at[i].shown);
        jt_secret_jwk_release(signers->at[i].key);
    }
    free(signers);
}

static const struct jt_secret_jwk *active_of(const struct jt_signers *signers)
{
    for (size_t i = 0; i < signers->count; i++) {
        if (signers->at[i].state == JT_SIGNER_ACTIVE)
            return signers->at[i].key;
    }
    return NULL;
}

JT_CHECKED jt_signers_add(struct jt_signers *signers, const struct jt_secret_jwk *key, enum jt_signer_state state,
                          struct jeton_detail *detail)
{
    struct jt_public_jwk *shown = NULL;

    if (signers->count == SIGNERS_MAX)
        return jt_fail(detail, JETON_KEY_INVALID, "more than %d signing keys", SIGNERS_MAX);
    if (state == JT_SIGNER_ACTIVE && active_of(signers) != NULL)
        return jt_fail(detail, JETON_KEY_INVALID, "two keys are active");
    if (key->about.kid.len == 0 || key->about.signs == 0)
        return jt_fail(detail, JETON_KEY_INVALID, "a key without kid, or one that cannot sign");
    JT_TRY(jt_public_jwk_of(key, &shown));
    signers->at[signers->count++] = (struct signer){jt_secret_jwk_hold(key), shown, state};
    return JETON_OK;
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

/* Next, active, retiring: an order that tells nothing but the order. */
static JT_CHECKED fill(const struct jt_signers *signers, struct jt_published *published)
{
    const struct jt_public_jwk *shown[SIGNERS_MAX];
    size_t count = 0;

    JT_TRY(jt_keyset_new(&published->keys));
    for (enum jt_signer_state state = JT_SIGNER_NEXT; state <= JT_SIGNER_RETIRING; state++) {
        for (size_t i = 0; i < signers->count; i++) {
            if (signers->at[i].state != state)
                continue;
            shown[count++] = signers->at[i].shown;
            published->algorithms |= algorithms_of(&signers->at[i].key->about);
            JT_TRY(jt_keyset_add_public(published->keys, signers->at[i].shown, false));
        }
    }
    jt_jwks_write(&published->jwks, shown, count);
    JT_TRY(published->jwks.status);
    return write_etag(published);
}

JT_CHECKED jt_signers_publish(struct jt_signers *signers, struct jeton_detail *detail)
{
    struct jt_published *published = calloc(1, sizeof *published);
    enum jeton_status status;

    if (published == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_buffer_init(&published->jwks, JWKS_MAX);
    status = fill(signers, published);
    if (status != JETON_OK) {
        published_free(published);
        return jt_fail(detail, status, "the key set could not be made");
    }
    jt_keyset_warm(published->keys);
    published_free(signers->published);
    signers->published = published;
    return JETON_OK;
}

const struct jt_published *jt_signers_published(const struct jt_signers *signers)
{
    return signers->published;
}

bool jt_signers_ready(const struct jt_signers *signers)
{
    return active_of(signers) != NULL;
}

JT_CHECKED jt_signers_sign(struct jt_signers *signers, const struct jeton_sign_options *options, struct jt_buffer *out,
                           struct jeton_detail *detail)
{
    const struct jt_secret_jwk *key = active_of(signers);

    if (key == NULL)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "there is no signing key");
    return jt_sign_token(key, options, out, detail);
}

size_t jt_signers_count(const struct jt_signers *signers)
{
    return signers->count;
}

const struct jt_jwk_about *jt_signers_about(const struct jt_signers *signers, size_t index, enum jt_signer_state *state)
{
    *state = signers->at[index].state;
    return &signers->at[index].key->about;
}
