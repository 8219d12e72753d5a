/* SPDX-License-Identifier: Apache-2.0 */
/* Which of our tokens were revoked? The store first, then the memory that is asked. */
#include "server/issuer/revocations.h"

#include <stdlib.h>

#include "server/issuer/slow_clock.h"

/* Past its own end a token is kept revoked for this long: no leeway is longer, and a clock may be set back. */
enum { KEPT_BEYOND = 3600, TICK_MS = 60 * 1000, TICK_SOON_MS = 1000, MARK_EVERY = 3600 };
#define MARK JT_TEXT("swept_at")
_Static_assert(JT_REVOKED_ID == JT_STORE_ID, "one name for both");

struct jt_revocations {
    struct jt_store *store;
    struct jt_revoked *set;
    struct jt_slow_clock clock; /* by which rows end */
    int64_t marked_at;          /* what the store has of it */
    int64_t next_tick_ms;
};

static enum jeton_status load(void *context, const unsigned char id[JT_STORE_ID], int64_t until)
{
    return jt_revoked_add(context, id, until);
}

JT_CHECKED jt_revocations_open(struct jt_store *store, int64_t now, struct jt_revocations **out,
                               struct jeton_detail *detail)
{
    struct jt_revocations *revocations = calloc(1, sizeof *revocations);

    if (revocations == NULL)
        return JETON_OUT_OF_MEMORY;
    enum jeton_status status = jt_revoked_new(JT_STORE_ROWS_MAX, &revocations->set);
    if (status == JETON_OK)
        status = jt_store_revoked(store, load, revocations->set, detail);
    if (status == JETON_OK)
        status = jt_store_mark_read(store, MARK, &revocations->marked_at, detail);
    if (status != JETON_OK) {
        jt_revocations_close(revocations);
        return status;
    }
    jt_slow_clock_init(&revocations->clock, revocations->marked_at > 0 ? revocations->marked_at : now);
    revocations->store = store;
    *out = revocations;
    return JETON_OK;
}

void jt_revocations_close(struct jt_revocations *revocations)
{
    if (revocations == NULL)
        return;
    jt_revoked_free(revocations->set);
    free(revocations);
}

JT_CHECKED jt_revocations_add(struct jt_revocations *revocations, const struct jt_verified *token, int64_t now,
                              struct jeton_detail *detail)
{
    unsigned char id[JT_REVOKED_ID];
    struct jt_numeric_date expires;

    if (!jt_verified_time(token, JETON_TIME_EXPIRES, &expires))
        return jt_fail(detail, JETON_INTERNAL_ERROR, "a token without an end");
    JT_TRY(jt_revoked_name(token, id));
    JT_TRY(jt_store_revoke(revocations->store, id, expires.seconds + KEPT_BEYOND, now, detail));
    return jt_revoked_add(revocations->set, id, expires.seconds + KEPT_BEYOND);
}

bool jt_revocations_has(void *context, const struct jt_verified *token)
{
    struct jt_revocations *revocations = context;
    unsigned char id[JT_REVOKED_ID];

    if (jt_revoked_none(revocations->set))
        return false;
    return jt_revoked_name(token, id) != JETON_OK || jt_revoked_has(revocations->set, id);
}

size_t jt_revocations_count(struct jt_revocations *revocations)
{
    return jt_revoked_count(revocations->set);
}

/* How far it came, for the next run: a start on a clock that is ahead must not sweep. */
static JT_CHECKED mark(struct jt_revocations *revocations, int64_t by, struct jeton_detail *detail)
{
    if (by >= revocations->marked_at && by - revocations->marked_at < MARK_EVERY)
        return JETON_OK;
    JT_TRY(jt_store_mark_write(revocations->store, MARK, by, detail));
    revocations->marked_at = by;
    return JETON_OK;
}

void jt_revocations_tick(struct jt_revocations *revocations, int64_t now, int64_t now_ms, const struct jt_log *log)
{
    struct jeton_detail detail = {""};
    bool left = false;
    enum jeton_status status;
    int64_t by;

    if (now_ms < revocations->next_tick_ms)
        return;
    by = jt_slow_clock_read(&revocations->clock, now, now_ms);
    jt_revoked_expire(revocations->set, by);
    status = jt_store_expire(revocations->store, by, &left, &detail);
    if (status == JETON_OK)
        status = mark(revocations, by, &detail);
    if (status != JETON_OK)
        jt_log(log, JT_LOG_ERROR, "what has ended could not be taken out of the state", "detail", detail.text, NULL);
    revocations->next_tick_ms = now_ms + (left ? TICK_SOON_MS : TICK_MS);
}
