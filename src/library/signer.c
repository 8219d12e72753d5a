/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/signer.h>: the run of a change (keys/key_ring.h) as a program does it: its own function saves
 * what the rotation decided, then it is shown and signed with. */
#include "library/signer.h"

#include <stdlib.h>

#define TOKEN_MAX ((size_t)2 << 20)
#define JWKS_MAX ((size_t)512 * 1024)

enum { DUE_MAX_MS = 3600 * 1000, DUE_AFTER_FAILURE_MS = 1000 };

_Static_assert(JETON_SIGNER_KEYS == JT_ROTATION_KEYS, "as many keys outside as inside");
_Static_assert((int)JETON_SIGNER_NEXT == (int)JT_SIGNER_NEXT && (int)JETON_SIGNER_ACTIVE == (int)JT_SIGNER_ACTIVE &&
                   (int)JETON_SIGNER_RETIRING == (int)JT_SIGNER_RETIRING,
               "the same states outside and inside");
_Static_assert(sizeof(((struct jt_published *)0)->etag) == JETON_ETAG_SIZE, "an entity tag fits");

/* --- A change --- */

/* The present time; a jump of the wall's clock is taken into the rotation. */
static int64_t read_clocks(struct jeton_signer *signer, struct jeton_clocks clocks)
{
    int64_t jumped = 0;
    int64_t now = jt_key_ring_now(&signer->ring, clocks.wall_ms, clocks.steady_ms, &jumped);

    signer->unsaved = signer->unsaved || jumped != 0;
    return now;
}

static struct jt_ring_change change_of(struct jeton_signer *signer, struct jeton_clocks clocks)
{
    int64_t now = read_clocks(signer, clocks);

    return jt_key_ring_change(&signer->ring, now);
}

static JT_CHECKED add_next(struct jeton_signer *signer, struct jt_ring_change *change, struct jeton_detail *detail)
{
    JT_TRY(jt_key_ring_spare(&signer->ring, detail));
    if (!jt_key_ring_add(&signer->ring, change, signer->ring.spare, false))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "there are %d keys already", JT_ROTATION_KEYS);
    return JETON_OK;
}

/* On failure all is as it was. */
static JT_CHECKED commit(struct jeton_signer *signer, const struct jt_ring_change *change, struct jeton_detail *detail)
{
    struct jt_signer_set *set = NULL;
    enum jeton_status status;

    JT_TRY(jt_key_ring_set(&signer->ring, change, &set, detail));
    status = jt_border_signer_save(signer, change, detail);
    if (status != JETON_OK) {
        jt_signer_set_free(set);
        return status;
    }
    jt_signers_put(signer->signers, set);
    jt_key_ring_take(&signer->ring, change);
    signer->unsaved = false;
    return JETON_OK;
}

/* --- Make and unmake --- */

void jeton_signer_free(struct jeton_signer *signer)
{
    if (signer == NULL)
        return;
    jt_key_ring_done(&signer->ring);
    jt_signers_free(signer->signers);
    free(signer);
}

/* What the settings and the time that went by make of the keys. */
static JT_CHECKED begin(struct jeton_signer *signer, const struct jeton_signer_options *options,
                        struct jeton_detail *detail)
{
    const struct jt_rotation_times times = {options->token_ttl, options->rotate_every, options->publish_ahead,
                                            options->jwks_max_age};
    JT_AUTO(jt_ring_change_done)
    struct jt_ring_change change = jt_key_ring_change(&signer->ring, signer->ring.clock.time_ms / 1000);

    jt_rotation_settle(&change.rotation, &times, false, change.now);
    (void)jt_rotation_step(&change.rotation, change.now);
    JT_TRY(jt_key_ring_make(&signer->ring, &change, detail));
    return commit(signer, &change, detail);
}

static JT_CHECKED open_keys(struct jeton_signer *signer, const struct jeton_signer_options *options,
                            const struct jeton_signer_memory *memory, struct jeton_detail *detail)
{
    JT_TRY(jt_signers_new(&signer->signers));
    if (memory != NULL)
        JT_TRY(jt_border_signer_recall(signer, memory, detail));
    return begin(signer, options, detail);
}

enum jeton_status jeton_signer_new(const struct jeton_signer_options *options, const struct jeton_signer_memory *memory,
                                   struct jeton_clocks clocks, struct jeton_signer **out, struct jeton_detail *detail)
{
    const struct jt_algorithm *algorithm = NULL;
    struct jeton_signer *signer;
    enum jeton_status status;

    JT_TRY(jt_border_signer_check(options, &algorithm, detail));
    if (clocks.wall_ms < 1000)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "the wall's clock shows no time after 1970");
    signer = calloc(1, sizeof *signer);
    if (signer == NULL)
        return JETON_OUT_OF_MEMORY;
    signer->ring.algorithm = algorithm;
    signer->save = options->save;
    signer->context = options->context;
    signer->token_ttl = options->token_ttl;
    signer->jwks_max_age = options->jwks_max_age;
    jt_rotation_clock_start(&signer->ring.clock, clocks.wall_ms, clocks.steady_ms);
    status = open_keys(signer, options, memory, detail);
    if (status == JETON_OK)
        *out = signer;
    else
        jeton_signer_free(signer);
    return status;
}

/* --- Moving --- */

static int64_t due_in(const struct jeton_signer *signer, int64_t now)
{
    int64_t wake = jt_rotation_wake(&signer->ring.rotation);

    if (signer->unsaved)
        return DUE_AFTER_FAILURE_MS;
    if (wake > now + DUE_MAX_MS / 1000)
        return DUE_MAX_MS;
    return wake > now ? (wake - now) * 1000 : 0;
}

/* Does what is due beside the change's own wish, and brings it to be. */
static JT_CHECKED carry_out(struct jeton_signer *signer, struct jt_ring_change *change, struct jeton_detail *detail)
{
    JT_TRY(jt_key_ring_make(&signer->ring, change, detail));
    return commit(signer, change, detail);
}

enum jeton_status jeton_signer_step(struct jeton_signer *signer, struct jeton_clocks clocks,
                                    struct jeton_signer_change *out, struct jeton_detail *detail)
{
    JT_AUTO(jt_ring_change_done) struct jt_ring_change change = change_of(signer, clocks);
    bool changed = jt_rotation_step(&change.rotation, change.now);
    enum jeton_status status = JETON_OK;

    changed = jt_rotation_need(&change.rotation, change.now) != JT_ROTATION_NEEDS_NOTHING || changed;
    if (changed || signer->unsaved)
        status = carry_out(signer, &change, detail);
    else
        signer->ring.rotation = change.rotation; /* until when the active one signs */
    if (out != NULL)
        *out = (struct jeton_signer_change){changed && status == JETON_OK,
                                            status == JETON_OK ? due_in(signer, change.now) : DUE_AFTER_FAILURE_MS};
    return status;
}

enum jeton_status jeton_signer_rotate(struct jeton_signer *signer, struct jeton_clocks clocks, int64_t *signs_at,
                                      struct jeton_detail *detail)
{
    JT_AUTO(jt_ring_change_done) struct jt_ring_change change = change_of(signer, clocks);
    int64_t at;

    (void)jt_rotation_step(&change.rotation, change.now);
    at = jt_rotation_rotate(&change.rotation, change.now);
    if (at == JT_ROTATION_NEVER) { /* there is none to come */
        JT_TRY(add_next(signer, &change, detail));
        at = jt_rotation_rotate(&change.rotation, change.now);
    }
    JT_TRY(carry_out(signer, &change, detail));
    if (signs_at != NULL)
        *signs_at = at;
    return JETON_OK;
}

enum jeton_status jeton_signer_add(struct jeton_signer *signer, const struct jeton_secret_key *key,
                                   struct jeton_clocks clocks, struct jeton_detail *detail)
{
    JT_AUTO(jt_ring_change_done) struct jt_ring_change change = change_of(signer, clocks);
    struct jt_secret_jwk *secret = jt_border_secret(key);

    if (secret->about.shape.type == JT_KEY_OCT)
        return jt_fail(detail, JETON_KEY_INVALID, "a symmetric key cannot be shown");
    (void)jt_rotation_step(&change.rotation, change.now);
    if (jt_key_ring_find_kid(&signer->ring, &change.rotation, secret->about.kid) < change.rotation.count)
        return jt_fail(detail, JETON_KEY_INVALID, "key %s is there already", jt_escape(secret->about.kid).text);
    if (!jt_key_ring_add(&signer->ring, &change, secret, false))
        return jt_fail(detail, JETON_KEY_INVALID, "there are %d keys already", JT_ROTATION_KEYS);
    return carry_out(signer, &change, detail);
}

enum jeton_status jeton_signer_revoke(struct jeton_signer *signer, struct jeton_bytes kid, struct jeton_clocks clocks,
                                      int64_t *early_for, struct jeton_detail *detail)
{
    JT_AUTO(jt_ring_change_done) struct jt_ring_change change = change_of(signer, clocks);
    struct jt_rotation_breach breach;
    size_t index;

    (void)jt_rotation_step(&change.rotation, change.now);
    index = jt_key_ring_find_kid(&signer->ring, &change.rotation, kid);
    if (index == change.rotation.count)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "there is no key %s", jt_escape(kid).text);
    breach = jt_rotation_revoke(&change.rotation, index, change.now);
    JT_TRY(carry_out(signer, &change, detail));
    if (early_for != NULL)
        *early_for = breach.early_for;
    return JETON_OK;
}

/* --- Looking --- */

size_t jeton_signer_count(const struct jeton_signer *signer)
{
    return signer->ring.rotation.count;
}

void jeton_signer_about(const struct jeton_signer *signer, size_t index, struct jeton_signer_about *about)
{
    const struct jt_rotation_key *key = &signer->ring.rotation.at[index];
    bool next = key->state == JT_SIGNER_NEXT;

    *about = (struct jeton_signer_about){jt_key_ring_find(&signer->ring, key->id)->key->about.kid,
                                         (enum jeton_signer_state)key->state, key->published_at,
                                         next ? jt_rotation_signs_at(&signer->ring.rotation, key) : key->signs_from,
                                         next ? JT_ROTATION_NEVER : jt_rotation_gone_at(&signer->ring.rotation, key)};
}

/* --- Using --- */

static JT_CHECKED check_promise(const struct jeton_signer *signer, const struct jeton_sign_options *options,
                                struct jeton_detail *detail)
{
    int64_t longest = signer->token_ttl;

    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "sign options of another version");
    if (options->ttl < 1 || options->ttl > longest)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a token lives %lld s, and may live 1 to %lld s here",
                       (long long)options->ttl, (long long)longest);
    if (options->kid.len > 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "the active key has an id of its own");
    for (size_t i = 0; i < options->claim_count; i++)
        if (jt_bytes_equal(options->claims[i].name, JT_TEXT("exp")))
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "exp follows from ttl here");
    return JETON_OK;
}

JT_CHECKED jt_border_signer_sign(struct jeton_signer *signer, const struct jeton_sign_options *options,
                                 struct jt_buffer *token, struct jeton_detail *detail)
{
    JT_TRY(check_promise(signer, options, detail));
    return jt_signers_sign(signer->signers, options, token, detail);
}

enum jeton_status jeton_signer_sign(struct jeton_signer *signer, const struct jeton_sign_options *options,
                                    struct jeton_output *token, struct jeton_detail *detail)
{
    struct jt_buffer buffer;
    enum jeton_status status;

    jt_buffer_init(&buffer, TOKEN_MAX);
    status = jt_border_signer_sign(signer, options, &buffer, detail);
    if (status == JETON_OK)
        return jt_border_give(&buffer, token);
    jt_buffer_done(&buffer);
    return status;
}

enum jeton_status jeton_signer_show(struct jeton_signer *signer, char etag[JETON_ETAG_SIZE], int64_t *max_age,
                                    struct jeton_output *jwks)
{
    struct jt_published_guard guard = jt_signers_enter(signer->signers);
    struct jt_buffer buffer;

    jt_buffer_init(&buffer, JWKS_MAX);
    jt_buffer_add(&buffer, jt_buffer_bytes(&guard.published->jwks));
    if (etag != NULL)
        memcpy(etag, guard.published->etag, JETON_ETAG_SIZE);
    jt_signers_leave(&guard);
    if (max_age != NULL)
        *max_age = signer->jwks_max_age;
    return jt_border_give(&buffer, jwks);
}
