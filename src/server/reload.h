/* SPDX-License-Identifier: Apache-2.0 */
/* How does another configuration come to work without a request noticing? The steps of SIGHUP, for the main thread's
 * loop in serve.c. */
#ifndef JT_SERVER_RELOAD_H
#define JT_SERVER_RELOAD_H

#include "server/server.h"

struct jt_reload {
    struct jt_lasting *lasting;
    const struct jt_config_options *options;
    const char *const *environment;
    struct jt_server *pending; /* waits for the keys of its new issuers, while the present one serves */
    int64_t until_ms;
};

/* Reads and judges the configuration whole. A bad one is logged with all its faults and changes nothing; a good one is
 * assembled and pending from then on, in place of one that still was. */
void jt_reload_begin(struct jt_reload *reload, int64_t now_ms);
/* Puts a pending one to work when its keys are there, or when they have had their time; frees what was replaced. */
void jt_reload_tick(struct jt_reload *reload, int64_t now_ms);
/* To be called again this soon, in milliseconds; INT64_MAX: when there is a reason. */
int64_t jt_reload_tick_ms(const struct jt_reload *reload);
void jt_reload_abandon(struct jt_reload *reload);
#endif
