/* SPDX-License-Identifier: Apache-2.0 */
/* When does which key sign, and how long is it shown? next -> active -> retiring -> gone, as a pure machine: keys with
 * their times, settings and now go in, new states come out. Nothing here reads a clock, makes a key or stores one.
 *
 * What it promises to those who keep the published set for at most jwks_max_age:
 *   - a key is shown for publish_ahead before it signs, so that no set that is still kept lacks a key that signs;
 *   - a key is shown until every token it signed has expired everywhere (token_ttl + 60 s + jwks_max_age after).
 * An emergency breaks the first promise, and says so. Times are whole seconds. */
#ifndef JT_KEYS_ROTATION_H
#define JT_KEYS_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JT_ROTATION_KEYS 64
#define JT_ROTATION_LEEWAY 60 /* of those who verify */
#define JT_ROTATION_NEVER INT64_MAX

enum jt_signer_state { JT_SIGNER_NEXT, JT_SIGNER_ACTIVE, JT_SIGNER_RETIRING };

struct jt_rotation_times {
    int64_t token_ttl;
    int64_t rotate_every;
    int64_t publish_ahead;
    int64_t jwks_max_age;
};

/* Longer settings that were in force until some time: tokens and kept sets of then still count on them. */
struct jt_rotation_past {
    int64_t token_ttl;
    int64_t jwks_max_age;
    int64_t until;
};

struct jt_rotation_key {
    uint64_t id; /* the caller's */
    enum jt_signer_state state;
    bool held;            /* an operator's slot shows it: it does not leave by itself */
    int64_t published_at; /* shown since */
    int64_t signs_from;   /* next: when it shall sign, 0 for when the times say so; else since when, 0 for never */
    int64_t signs_until;  /* active: the latest it may have signed at; retiring: no token is younger */
};

struct jt_rotation {
    struct jt_rotation_times times;
    struct jt_rotation_past past;
    bool by_hand; /* nothing happens by time: the operator's slots say who signs */
    struct jt_rotation_key at[JT_ROTATION_KEYS];
    size_t count;
};

/* Time that runs as a clock does which never jumps, and shows what the wall's clock shows: when that jumps, so does
 * this one, and tells by how many seconds. */
struct jt_rotation_clock {
    int64_t time_ms;
    int64_t steady_ms;
};
void jt_rotation_clock_start(struct jt_rotation_clock *clock, int64_t wall_ms, int64_t steady_ms);
/* Seconds since 1970. After a jump (`jumped` is not 0) jt_rotation_jump() comes before anything else. */
int64_t jt_rotation_clock_read(struct jt_rotation_clock *clock, int64_t wall_ms, int64_t steady_ms, int64_t *jumped);
/* The spans that went by stay as they were. A jump back shortens no token's life: what signed is shown for longer. */
void jt_rotation_jump(struct jt_rotation *rotation, int64_t now, int64_t by);

/* How much longer than jwks_max_age a key must be shown before it signs: for the way of an answer, and for clocks. */
int64_t jt_rotation_margin(int64_t jwks_max_age);

/* --- What happens by itself --- */

/* Who is due signs, who has been shown long enough leaves. True when anything changed. */
bool jt_rotation_step(struct jt_rotation *rotation, int64_t now);
/* Which key must be made now: one that will sign in time, or one that signs at once because no other can. */
enum jt_rotation_need { JT_ROTATION_NEEDS_NOTHING, JT_ROTATION_NEEDS_NEXT, JT_ROTATION_NEEDS_ACTIVE };
enum jt_rotation_need jt_rotation_need(const struct jt_rotation *rotation, int64_t now);
/* When to step again, JT_ROTATION_NEVER. */
int64_t jt_rotation_wake(const struct jt_rotation *rotation);

/* --- What is asked for --- */

/* A new key: next, or active when there is none. False when there are too many. */
bool jt_rotation_add(struct jt_rotation *rotation, uint64_t id, int64_t now);
/* The next key signs as soon as it may. When that is; JT_ROTATION_NEVER when there is no next key yet. */
int64_t jt_rotation_rotate(struct jt_rotation *rotation, int64_t now);
/* What an emergency does to those who keep the set. */
struct jt_rotation_breach {
    bool was_active;
    bool fresh;        /* no other key was there: one must be made */
    uint64_t signs;    /* who signs now, when there is one */
    int64_t early_for; /* so many seconds before everybody can know it; 0: everybody does */
};
/* The key leaves now. */
struct jt_rotation_breach jt_rotation_revoke(struct jt_rotation *rotation, size_t index, int64_t now);
/* An operator's slots: this key signs now, whatever the times say. The same answer. */
struct jt_rotation_breach jt_rotation_sign_at_once(struct jt_rotation *rotation, size_t index, int64_t now);
/* A key that is shown and does not sign; as one that stopped now. False when there are too many. */
bool jt_rotation_show(struct jt_rotation *rotation, uint64_t id, int64_t now);
/* Other settings from now on; what was promised under the old ones is kept. */
void jt_rotation_settle(struct jt_rotation *rotation, const struct jt_rotation_times *times, bool by_hand, int64_t now);
/* The keys come from an older copy of the state: who knows which of them others still have? The next ones start anew.
 */
void jt_rotation_restore(struct jt_rotation *rotation, int64_t now);

/* --- Looking --- */

/* NULL: none. */
const struct jt_rotation_key *jt_rotation_find(const struct jt_rotation *rotation, uint64_t id);
const struct jt_rotation_key *jt_rotation_active(const struct jt_rotation *rotation);
/* When this next key signs by what is known now. */
int64_t jt_rotation_signs_at(const struct jt_rotation *rotation, const struct jt_rotation_key *key);
/* When this retiring or active key may leave, if it stopped at signs_until. */
int64_t jt_rotation_gone_at(const struct jt_rotation *rotation, const struct jt_rotation_key *key);
/* When the next key will be made; JT_ROTATION_NEVER when there is one, or nobody makes one. */
int64_t jt_rotation_makes_at(const struct jt_rotation *rotation);
#endif
