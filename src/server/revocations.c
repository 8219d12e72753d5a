/* SPDX-License-Identifier: Apache-2.0 */
/* Which of our tokens were revoked? The store first, then the memory that is asked. */
#include "server/revocations.h"

#include <stdlib.h>

/* Past its own end a token is kept revoked for this long: no leeway is longer, and a clock may be set back. */
enum { KEPT_BEYOND = 3600, TICK_MS = 60 * 1000, TICK_SOON_MS = 1000 };
_Static_assert(JT_REVOKED_ID == JT_STORE_ID, "one name for both");

struct jt_revocations {
    struct jt_store *store;
    struct jt_revoked *set;
    int64_t next_tick_ms;
};

struct loading {
    struct jt_revoked *set;
    int64_t now;
};

static enum jeton_status load(void *context, const unsigned char id[JT_STORE_ID], int64_t until)
{
    const struct loading *loading = context;

    return until > loading->now ? jt_revoked_add(loading->set, id, until) : JETON_OK;
}

JT_CHECKED jt_revocations_open(struct jt_store *store, int64_t now, struct jt_revocations **out,
                               struct jeton_detail *detail)
{
    struct jt_revocations *revocations = calloc(1, sizeof *revocations);
    enum jeton_status status = revocations != NULL ? jt_revoked_new(JT_STORE_ROWS_MAX, &revocations->set)
                                                   : JETON_OUT_OF_MEMORY;

    if (status == JETON_OK)
        status = jt_store_revoked(store, load, &(struct loading){revocations->set, now}, detail);
    if (status != JETON_OK) {
        jt_revocations_close(revocations);
        return status;
    }
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

void jt_revocations_tick(struct jt_revocations *revocations, int64_t now, int64_t now_ms, const struct jt_log *log)
{
    struct jeton_detail detail = {""};
    bool left = false;

    if (now_ms < revocations->next_tick_ms)
        return;
    jt_revoked_expire(revocations->set, now);
    if (jt_store_expire(revocations->store, now, &left, &detail) != JETON_OK)
        jt_log(log, JT_LOG_ERROR, "what has ended could not be taken out of the state", "detail", detail.text, NULL);
    revocations->next_tick_ms = now_ms + (left ? TICK_SOON_MS : TICK_MS);
}
