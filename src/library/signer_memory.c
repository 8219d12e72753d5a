/* SPDX-License-Identifier: Apache-2.0 */
/* What of a signer outlives it? The border of <jeton/signer.h> where options and memory come in and memory goes out. */
#include "library/signer.h"

#define SECONDS_MAX ((int64_t)366 * 86400)
#define TIME_MAX ((int64_t)1 << 53)

/* --- Options --- */

static JT_CHECKED check_time(const char *name, int64_t value, struct jeton_detail *detail)
{
    if (value < 1 || value > SECONDS_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s is %lld s; 1 s to a year are fine", name, (long long)value);
    return JETON_OK;
}

static JT_CHECKED check_times(const struct jeton_signer_options *options, struct jeton_detail *detail)
{
    int64_t needed = options->jwks_max_age + jt_rotation_margin(options->jwks_max_age);

    JT_TRY(check_time("token_ttl", options->token_ttl, detail));
    JT_TRY(check_time("rotate_every", options->rotate_every, detail));
    JT_TRY(check_time("publish_ahead", options->publish_ahead, detail));
    JT_TRY(check_time("jwks_max_age", options->jwks_max_age, detail));
    if (options->token_ttl > options->rotate_every)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "token_ttl (%lld s) is more than rotate_every (%lld s)",
                       (long long)options->token_ttl, (long long)options->rotate_every);
    if (options->publish_ahead > options->rotate_every)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "publish_ahead (%lld s) is more than rotate_every (%lld s)",
                       (long long)options->publish_ahead, (long long)options->rotate_every);
    if (options->publish_ahead < needed)
        return jt_fail(detail, JETON_ARGUMENT_INVALID,
                       "publish_ahead (%lld s) is less than jwks_max_age and a margin (%lld s)",
                       (long long)options->publish_ahead, (long long)needed);
    return JETON_OK;
}

JT_CHECKED jt_border_signer_check(const struct jeton_signer_options *options, const struct jt_algorithm **algorithm,
                                  struct jeton_detail *detail)
{
    struct jeton_bytes name = options->algorithm.len > 0 ? options->algorithm : JT_TEXT("ES256");
    const struct jt_algorithm *found;

    if (options->size != sizeof *options)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "signer options of another version");
    found = jt_algorithm_find(name);
    if (found == NULL || found->method.scheme == JT_SCHEME_HMAC || !jt_algorithm_usable(found))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "keys for \"%s\" cannot be made here, or not be shown",
                       jt_escape(name).text);
    JT_TRY(check_times(options, detail));
    *algorithm = found;
    return JETON_OK;
}

/* --- In --- */

static bool is_time(int64_t time)
{
    return time >= 0 && time <= TIME_MAX;
}

static JT_CHECKED recall_key(struct jeton_signer *signer, const struct jeton_signer_key *kept,
                             struct jeton_detail *detail)
{
    struct jt_rotation *rotation = &signer->ring.rotation;
    struct jt_secret_jwk *key = jt_border_secret(kept->key);

    if (key == NULL || !is_time(kept->published_at) || !is_time(kept->signs_from) || !is_time(kept->signs_until) ||
        kept->state < JETON_SIGNER_NEXT || kept->state > JETON_SIGNER_RETIRING)
        return jt_fail(detail, JETON_KEY_INVALID, "a key of the memory has no key, no state or no time");
    for (size_t i = 0; i < signer->ring.kept_count; i++)
        if (jt_bytes_equal(signer->ring.kept[i].key->about.kid, key->about.kid))
            return jt_fail(detail, JETON_KEY_INVALID, "key %s is there twice", jt_escape(key->about.kid).text);
    jt_key_ring_keep(&signer->ring, jt_secret_jwk_hold(key), 0);
    rotation->at[rotation->count++] = (struct jt_rotation_key){.id = signer->ring.last_id,
                                                               .state = (enum jt_signer_state)kept->state,
                                                               .published_at = kept->published_at,
                                                               .signs_from = kept->signs_from,
                                                               .signs_until = kept->signs_until};
    return JETON_OK;
}

static JT_CHECKED check_memory(const struct jeton_signer_memory *memory, struct jeton_detail *detail)
{
    const int64_t spans[] = {memory->token_ttl, memory->jwks_max_age, memory->past_token_ttl,
                             memory->past_jwks_max_age};

    if (memory->size != sizeof *memory)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "signer memory of another version");
    if (memory->count > JT_ROTATION_KEYS)
        return jt_fail(detail, JETON_KEY_INVALID, "more than %d keys", JT_ROTATION_KEYS);
    for (size_t i = 0; i < JT_COUNT(spans); i++)
        if (spans[i] < 0 || spans[i] > SECONDS_MAX)
            return jt_fail(detail, JETON_KEY_INVALID, "the memory tells of times that cannot be");
    if (!is_time(memory->seen_at) || !is_time(memory->past_until))
        return jt_fail(detail, JETON_KEY_INVALID, "the memory tells of times that cannot be");
    return JETON_OK;
}

JT_CHECKED jt_border_signer_recall(struct jeton_signer *signer, const struct jeton_signer_memory *memory,
                                   struct jeton_detail *detail)
{
    int64_t now = signer->ring.clock.time_ms / 1000;

    JT_TRY(check_memory(memory, detail));
    for (size_t i = 0; i < memory->count; i++)
        JT_TRY(recall_key(signer, &memory->keys[i], detail));
    signer->ring.rotation.times.token_ttl = memory->token_ttl;
    signer->ring.rotation.times.jwks_max_age = memory->jwks_max_age;
    signer->ring.rotation.past = (struct jt_rotation_past){memory->past_token_ttl, memory->past_jwks_max_age,
                                                           memory->past_until};
    if (memory->seen_at > now) {
        jt_rotation_jump(&signer->ring.rotation, now, now - memory->seen_at);
        signer->unsaved = true;
    }
    return JETON_OK;
}

/* --- Out --- */

JT_CHECKED jt_border_signer_save(struct jeton_signer *signer, const struct jt_ring_change *change,
                                 struct jeton_detail *detail)
{
    struct jeton_signer_key keys[JT_ROTATION_KEYS];
    const struct jt_rotation *rotation = &change->rotation;
    struct jeton_signer_memory memory = {sizeof memory,
                                         keys,
                                         rotation->count,
                                         change->now,
                                         rotation->times.token_ttl,
                                         rotation->times.jwks_max_age,
                                         rotation->past.token_ttl,
                                         rotation->past.jwks_max_age,
                                         rotation->past.until};

    for (size_t i = 0; i < rotation->count; i++) {
        const struct jt_rotation_key *key = &rotation->at[i];
        const void *secret = jt_key_ring_key_of(&signer->ring, change, key->id, NULL);

        keys[i] = (struct jeton_signer_key){(const struct jeton_secret_key *)secret,
                                            (enum jeton_signer_state)key->state, key->published_at, key->signs_from,
                                            key->signs_until};
    }
    if (signer->save != NULL && !signer->save(signer->context, &memory))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "the keys could not be saved; they stay as they were");
    return JETON_OK;
}
