/* SPDX-License-Identifier: Apache-2.0 */
/* What is a keeper made of? For keeper*.c alone. */
#ifndef JT_SERVER_KEEPER_PARTS_H
#define JT_SERVER_KEEPER_PARTS_H

#include <pthread.h>

#include "keys/key_ring.h"
#include "keys/sealed_key.h"
#include "server/issuer/keeper.h"
#include "server/issuer/seal_file.h"

enum { JT_KEEPER_REVOKED = 64, JT_KEEPER_SEALED_MAX = 32768 };

/* A key that left in an emergency: it never comes back. The latest are remembered; no secret is. */
struct jt_revoked_key {
    char kid[JT_KID_MAX + 1];
    char algorithm[16];
    char thumbprint[JT_THUMBPRINT_LENGTH + 1];
    int64_t at;
};

struct jt_keeper {
    pthread_mutex_t mutex;
    const struct jt_log *log;
    struct jt_store *store;
    struct jt_signers *signers;
    struct jt_source *own; /* NULL until jt_keeper_provide() */
    void (*clock)(void *context, int64_t *wall_ms, int64_t *steady_ms);
    void *clock_context;
    struct jt_key_ring ring;
    bool by_hand;                                     /* the operator's slots say who signs */
    struct jt_revoked_key revoked[JT_KEEPER_REVOKED]; /* the oldest first */
    size_t revoked_count;
    struct jt_secret seal_key;
    struct jt_seal_file seal_file;
    char *mark_path;
    char *state;
    int64_t generation; /* of what is stored: one more with every change */
    int64_t marked_at;
    bool opened;       /* all of it was read: there is something to mark */
    bool unstored;     /* a jump of the clock, or settings, that the store does not have yet */
    bool unprovided;   /* the source of own tokens lacks the present set */
    int64_t failed_at; /* the last failure that was told; 0: all is well */
};

/* What is to be, beside the keeper that is. */
struct jt_keeper_change {
    struct jt_ring_change keys;           /* jt_ring_change_done() */
    const struct jt_revoked_key *revoked; /* NULL: none */
    struct jeton_bytes seal_key;          /* that the rows are sealed with */
};

/* The present time; a jump of the clock is taken into the rotation. */
int64_t jt_keeper_now(struct jt_keeper *keeper);
struct jt_keeper_change jt_keeper_change_of(const struct jt_keeper *keeper, int64_t now);
/* Shows what is stored already: nothing changed since the last run. */
JT_CHECKED jt_keeper_begin(struct jt_keeper *keeper, const struct jt_keeper_change *change,
                           struct jeton_detail *detail);
/* The row of each key and the marks, in one transaction (keeper_store.c). */
JT_CHECKED jt_keeper_store(const struct jt_keeper *keeper, const struct jt_keeper_change *change,
                           struct jeton_detail *detail);
/* What the change makes of the keys, for the log (keeper_tell.c). */
void jt_keeper_tell(const struct jt_keeper *keeper, const struct jt_keeper_change *change);
/* Stores the change, then shows it. On failure everything is as it was. */
JT_CHECKED jt_keeper_commit(struct jt_keeper *keeper, const struct jt_keeper_change *change,
                            struct jeton_detail *detail);
/* The very first key and, unless NULL, client in one transaction; jt_keeper_commit() comes after. */
JT_CHECKED jt_keeper_store_first(struct jt_keeper *keeper, const struct jt_keeper_change *change,
                                 const struct jt_stored_client *client, struct jeton_detail *detail);

/* Times and algorithm of a configuration, into a rotation. */
void jt_keeper_take_settings(struct jt_keeper *keeper, const struct jt_config *config, struct jt_rotation *rotation,
                             int64_t now);

/* NULL: none. */
const struct jt_revoked_key *jt_keeper_find_revoked(const struct jt_keeper *keeper, const struct jt_jwk_about *about);
/* A key under this name that signs with its type's default, or with the algorithm it names itself. `kid` empty: its
 * own, else its thumbprint. */
JT_CHECKED jt_keeper_read_key(struct jeton_bytes text, struct jeton_bytes kid, struct jt_secret_jwk **out,
                              struct jeton_detail *detail);

/* The last time and change that were seen, beside the database: one that was put back is noticed (keeper_mark.c). */
struct jt_keeper_mark {
    int64_t generation;
    int64_t seen_at;
};
/* Zero where there is no file. JETON_CONFIG_INVALID when it is none of ours. */
JT_CHECKED jt_keeper_mark_read(const char *path, struct jt_keeper_mark *out, bool *found, struct jeton_detail *detail);
JT_CHECKED jt_keeper_mark_write(const char *path, const struct jt_keeper_mark *mark, struct jeton_detail *detail);

/* The operator's slots (keeper_slots.c): takes what the environment holds into the change. */
JT_CHECKED jt_keeper_take_slots(struct jt_keeper *keeper, const struct jt_config *config,
                                struct jt_keeper_change *change, struct jeton_detail *detail);
#endif
