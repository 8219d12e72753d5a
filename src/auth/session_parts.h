/* SPDX-License-Identifier: Apache-2.0 */
/* What do making and opening sessions share? session.c and session_open.c; nothing else includes this. */
#ifndef JT_AUTH_SESSION_PARTS_H
#define JT_AUTH_SESSION_PARTS_H

#include <pthread.h>

#include "auth/session.h"
#include "base/secret.h"

#define JT_SESSION_KID 12 /* characters */

struct jt_session_key {
    struct jeton_bytes bytes; /* of the secret memory */
    char kid[JT_SESSION_KID + 1];
};

struct jt_sessions {
    struct jt_secret memory;
    struct jt_session_key keys[JT_SESSION_KEYS];
    size_t key_count;
    bool legacy;
    struct jt_session_role *roles; /* names behind them */
    size_t role_count;
    pthread_mutex_t lock; /* of these two */
    uint64_t next, reserved;
    enum jeton_status (*reserve)(void *context, const char *kid, uint64_t count, uint64_t *first);
    void *reserve_context;
};

/* How an action stands in a session: one bit for each name. */
struct jt_session_action {
    const char *name;
    enum jt_action action;
};
#endif
