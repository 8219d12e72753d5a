/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps the issuer's keys? One place that moves them through their rotation: what keys/rotation.h decides is made,
 * sealed, stored in one transaction, and only then shown and signed with. Ticks come from its own thread, wishes from
 * the control socket and from a reload; one at a time. A failure leaves everything as it was. */
#ifndef JT_SERVER_KEEPER_H
#define JT_SERVER_KEEPER_H

#include "base/json.h"
#include "keys/signers.h"
#include "keys/source.h"
#include "server/config/config.h"
#include "server/log.h"
#include "store/store.h"

struct jt_keeper;

struct jt_keeper_options {
    const struct jt_log *log;
    struct jt_store *store;
    struct jt_signers *signers;
    const struct jt_config *config; /* borrowed for the call */
    bool accept_rollback;           /* an older clock or database is no reason to refuse */
    /* NULL: the machine's. Milliseconds: since 1970, and of a clock that never jumps. */
    void (*clock)(void *context, int64_t *wall_ms, int64_t *steady_ms);
    void *clock_context;
};

/* Opens the keys of the state; the very first start makes one, and a first client when the configuration names none.
 * Once it is open, there is a key that signs. JETON_CONFIG_INVALID is the operator's to mend. */
JT_CHECKED jt_keeper_open(const struct jt_keeper_options *options, struct jt_keeper **out, struct jeton_detail *detail);
void jt_keeper_close(struct jt_keeper *keeper); /* takes NULL; the source it provides is closed later */

/* Own tokens are judged by this source from now on: it gets every set before the set signs. */
JT_CHECKED jt_keeper_provide(struct jt_keeper *keeper, struct jt_source *own, struct jeton_detail *detail);
/* The settings of another configuration. */
void jt_keeper_settle(struct jt_keeper *keeper, const struct jt_config *config);
/* Does what is due; milliseconds until it wants to be called again. */
int64_t jt_keeper_tick(struct jt_keeper *keeper);

/* --- What an operator may ask (keeper_ask.c): the members of an answer into `out`. --- */

JT_CHECKED jt_keeper_status(struct jt_keeper *keeper, struct jt_json_writer *out, struct jeton_detail *detail);
JT_CHECKED jt_keeper_rotate(struct jt_keeper *keeper, struct jt_json_writer *out, struct jeton_detail *detail);
JT_CHECKED jt_keeper_revoke(struct jt_keeper *keeper, struct jeton_bytes kid, struct jt_json_writer *out,
                            struct jeton_detail *detail);
/* `kid` empty: the key's own, else its thumbprint. */
JT_CHECKED jt_keeper_import(struct jt_keeper *keeper, struct jeton_bytes text, struct jeton_bytes kid,
                            struct jt_json_writer *out, struct jeton_detail *detail);
/* Every row anew under what the seal key's file holds now. */
JT_CHECKED jt_keeper_reseal(struct jt_keeper *keeper, struct jt_json_writer *out, struct jeton_detail *detail);
#endif
