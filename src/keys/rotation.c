/* SPDX-License-Identifier: Apache-2.0 */
/* When does which key sign, and how long is it shown? See rotation.h.
 *
 * Why nobody meets an unknown key: whoever keeps a set fetched it at some time f and keeps it until f + max_age at
 * most. A key that set lacks was published after f, so it signs after f + publish_ahead > f + max_age. Sets fetched
 * under an older, longer max_age end at past.until + past.jwks_max_age at the latest, and earliest() waits for those
 * too. */
#include "keys/rotation.h"

#include <string.h>

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t jt_rotation_margin(int64_t jwks_max_age)
{
    return least(most(jwks_max_age / 10, 1), 60);
}

/* --- Time --- */

void jt_rotation_clock_start(struct jt_rotation_clock *clock, int64_t wall_ms, int64_t steady_ms)
{
    *clock = (struct jt_rotation_clock){wall_ms, steady_ms};
}

int64_t jt_rotation_clock_read(struct jt_rotation_clock *clock, int64_t wall_ms, int64_t steady_ms, int64_t *jumped)
{
    if (steady_ms > clock->steady_ms) {
        clock->time_ms += steady_ms - clock->steady_ms;
        clock->steady_ms = steady_ms;
    }
    *jumped = (wall_ms - clock->time_ms) / 1000;
    clock->time_ms += *jumped * 1000;
    return clock->time_ms / 1000;
}

/* --- Looking --- */

static size_t find_active(const struct jt_rotation *rotation)
{
    size_t i = 0;

    while (i < rotation->count && rotation->at[i].state != JT_SIGNER_ACTIVE)
        i++;
    return i;
}

const struct jt_rotation_key *jt_rotation_find(const struct jt_rotation *rotation, uint64_t id)
{
    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->at[i].id == id)
            return &rotation->at[i];
    }
    return NULL;
}

const struct jt_rotation_key *jt_rotation_active(const struct jt_rotation *rotation)
{
    size_t i = find_active(rotation);

    return i < rotation->count ? &rotation->at[i] : NULL;
}

/* From when on everybody can know this key. */
static int64_t earliest(const struct jt_rotation *rotation, const struct jt_rotation_key *key)
{
    const struct jt_rotation_past *past = &rotation->past;
    int64_t now_kept = key->published_at + rotation->times.publish_ahead;
    int64_t then_kept = least(key->published_at, past->until) + past->jwks_max_age +
                        jt_rotation_margin(past->jwks_max_age);

    return past->until > 0 ? most(now_kept, then_kept) : now_kept;
}

int64_t jt_rotation_signs_at(const struct jt_rotation *rotation, const struct jt_rotation_key *key)
{
    const struct jt_rotation_key *active = jt_rotation_active(rotation);
    int64_t wanted = key->signs_from;

    if (wanted == 0 && rotation->by_hand)
        return JT_ROTATION_NEVER;
    if (wanted == 0 && active != NULL)
        wanted = active->signs_from + rotation->times.rotate_every;
    return most(wanted, earliest(rotation, key));
}

int64_t jt_rotation_gone_at(const struct jt_rotation *rotation, const struct jt_rotation_key *key)
{
    const struct jt_rotation_past *past = &rotation->past;
    int64_t now_good = key->signs_until + rotation->times.token_ttl + rotation->times.jwks_max_age;
    int64_t then_good = least(key->signs_until, past->until) + past->token_ttl + past->jwks_max_age;

    return (past->until > 0 ? most(now_good, then_good) : now_good) + JT_ROTATION_LEEWAY;
}

/* The next key that signs first; count when there is none. */
static size_t find_next(const struct jt_rotation *rotation)
{
    size_t found = rotation->count;

    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->at[i].state != JT_SIGNER_NEXT)
            continue;
        if (found == rotation->count ||
            jt_rotation_signs_at(rotation, &rotation->at[i]) < jt_rotation_signs_at(rotation, &rotation->at[found]))
            found = i;
    }
    return found;
}

int64_t jt_rotation_makes_at(const struct jt_rotation *rotation)
{
    const struct jt_rotation_key *active = jt_rotation_active(rotation);

    if (active == NULL || rotation->by_hand || find_next(rotation) < rotation->count)
        return JT_ROTATION_NEVER;
    return active->signs_from + rotation->times.rotate_every - rotation->times.publish_ahead;
}

/* --- Changing --- */

static void remove_at(struct jt_rotation *rotation, size_t index)
{
    rotation->count--;
    memmove(&rotation->at[index], &rotation->at[index + 1],
            (rotation->count - index) * sizeof rotation->at[0]); /* the order is that of their coming */
}

/* The second in which it may still sign is not over. */
static void note_signing(struct jt_rotation *rotation, int64_t now)
{
    size_t active = find_active(rotation);

    if (active < rotation->count)
        rotation->at[active].signs_until = most(rotation->at[active].signs_until, now + 1);
}

static void shift(int64_t *time, int64_t by)
{
    if (*time != 0)
        *time = most(1, *time + by);
}

void jt_rotation_jump(struct jt_rotation *rotation, int64_t now, int64_t by)
{
    if (by < 0)
        note_signing(rotation, now - by); /* with times that lie ahead now */
    for (size_t i = 0; i < rotation->count; i++) {
        shift(&rotation->at[i].published_at, by);
        shift(&rotation->at[i].signs_from, by);
        if (by > 0)
            shift(&rotation->at[i].signs_until, by);
    }
    if (by > 0)
        shift(&rotation->past.until, by);
}

static void promote(struct jt_rotation *rotation, size_t index, int64_t now)
{
    struct jt_rotation_key *key = &rotation->at[index];
    size_t active = find_active(rotation);

    note_signing(rotation, now);
    if (active < rotation->count)
        rotation->at[active].state = JT_SIGNER_RETIRING;
    key->state = JT_SIGNER_ACTIVE;
    key->held = false;
    key->signs_from = now;
    key->signs_until = most(key->signs_until, now + 1);
}

static bool is_gone(const struct jt_rotation *rotation, const struct jt_rotation_key *key, int64_t now)
{
    return key->state == JT_SIGNER_RETIRING && !key->held && jt_rotation_gone_at(rotation, key) <= now;
}

bool jt_rotation_step(struct jt_rotation *rotation, int64_t now)
{
    size_t next = find_next(rotation);
    bool changed = false;

    note_signing(rotation, now);
    if (next < rotation->count && jt_rotation_signs_at(rotation, &rotation->at[next]) <= now) {
        promote(rotation, next, now);
        changed = true;
    }
    for (size_t i = rotation->count; i-- > 0;) {
        if (!is_gone(rotation, &rotation->at[i], now))
            continue;
        remove_at(rotation, i);
        changed = true;
    }
    return changed;
}

enum jt_rotation_need jt_rotation_need(const struct jt_rotation *rotation, int64_t now)
{
    if (find_active(rotation) == rotation->count)
        return JT_ROTATION_NEEDS_ACTIVE;
    if (rotation->count == JT_ROTATION_KEYS || now < jt_rotation_makes_at(rotation))
        return JT_ROTATION_NEEDS_NOTHING;
    return JT_ROTATION_NEEDS_NEXT;
}

int64_t jt_rotation_wake(const struct jt_rotation *rotation)
{
    size_t next = find_next(rotation);
    int64_t wake = rotation->count < JT_ROTATION_KEYS ? jt_rotation_makes_at(rotation) : JT_ROTATION_NEVER;

    if (next < rotation->count)
        wake = least(wake, jt_rotation_signs_at(rotation, &rotation->at[next]));
    for (size_t i = 0; i < rotation->count; i++) {
        const struct jt_rotation_key *key = &rotation->at[i];

        if (key->state == JT_SIGNER_RETIRING && !key->held)
            wake = least(wake, jt_rotation_gone_at(rotation, key));
    }
    return wake;
}

bool jt_rotation_add(struct jt_rotation *rotation, uint64_t id, int64_t now)
{
    struct jt_rotation_key key = {.id = id, .state = JT_SIGNER_NEXT, .published_at = now};

    if (rotation->count == JT_ROTATION_KEYS)
        return false;
    rotation->at[rotation->count++] = key;
    if (find_active(rotation) == rotation->count)
        promote(rotation, rotation->count - 1, now);
    return true;
}

bool jt_rotation_show(struct jt_rotation *rotation, uint64_t id, int64_t now)
{
    struct jt_rotation_key key = {.id = id, .state = JT_SIGNER_RETIRING, .published_at = now, .signs_until = now + 1};

    if (rotation->count == JT_ROTATION_KEYS)
        return false;
    rotation->at[rotation->count++] = key;
    return true;
}

int64_t jt_rotation_rotate(struct jt_rotation *rotation, int64_t now)
{
    size_t next = find_next(rotation);
    int64_t at;

    if (next == rotation->count)
        return JT_ROTATION_NEVER;
    at = most(now, earliest(rotation, &rotation->at[next]));
    if (rotation->at[next].signs_from == 0 || at < rotation->at[next].signs_from)
        rotation->at[next].signs_from = at;
    if (at <= now)
        promote(rotation, next, now);
    return at;
}

static struct jt_rotation_breach promote_early(struct jt_rotation *rotation, size_t index, int64_t now)
{
    int64_t early_for = most(0, earliest(rotation, &rotation->at[index]) - now);

    promote(rotation, index, now);
    return (struct jt_rotation_breach){.signs = rotation->at[index].id, .early_for = early_for};
}

/* The one that has been shown longest: most of those who keep a set know it. */
static size_t find_oldest_next(const struct jt_rotation *rotation)
{
    size_t found = rotation->count;

    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->at[i].state == JT_SIGNER_NEXT &&
            (found == rotation->count || rotation->at[i].published_at < rotation->at[found].published_at))
            found = i;
    }
    return found;
}

struct jt_rotation_breach jt_rotation_revoke(struct jt_rotation *rotation, size_t index, int64_t now)
{
    bool was_active = rotation->at[index].state == JT_SIGNER_ACTIVE;
    struct jt_rotation_breach breach = {.was_active = was_active};
    size_t next;

    remove_at(rotation, index);
    if (!was_active)
        return breach;
    next = find_oldest_next(rotation);
    if (next < rotation->count)
        breach = promote_early(rotation, next, now);
    else
        breach = (struct jt_rotation_breach){.fresh = true, .early_for = rotation->times.publish_ahead};
    breach.was_active = true;
    return breach;
}

struct jt_rotation_breach jt_rotation_sign_at_once(struct jt_rotation *rotation, size_t index, int64_t now)
{
    if (rotation->at[index].state == JT_SIGNER_ACTIVE)
        return (struct jt_rotation_breach){.was_active = true, .signs = rotation->at[index].id};
    return promote_early(rotation, index, now);
}

void jt_rotation_settle(struct jt_rotation *rotation, const struct jt_rotation_times *times, bool by_hand, int64_t now)
{
    struct jt_rotation_past *past = &rotation->past;
    const struct jt_rotation_times *old = &rotation->times;

    /* Nothing counts on it any more. */
    if (now > past->until + past->token_ttl + past->jwks_max_age + JT_ROTATION_LEEWAY)
        *past = (struct jt_rotation_past){0};
    if (times->token_ttl < old->token_ttl || times->jwks_max_age < old->jwks_max_age) {
        past->token_ttl = most(past->token_ttl, old->token_ttl);
        past->jwks_max_age = most(past->jwks_max_age, old->jwks_max_age);
        past->until = now;
        for (size_t i = 0; i < rotation->count; i++) /* a clock that went back left tokens with times ahead */
            past->until = most(past->until, rotation->at[i].signs_until);
    }
    rotation->times = *times;
    rotation->by_hand = by_hand;
}

void jt_rotation_restore(struct jt_rotation *rotation, int64_t now)
{
    for (size_t i = 0; i < rotation->count; i++) {
        if (rotation->at[i].state == JT_SIGNER_NEXT) {
            rotation->at[i].published_at = now;
            rotation->at[i].signs_from = 0;
        }
    }
}
