/* SPDX-License-Identifier: Apache-2.0 */
/* How does an operator talk to a running server? Over a Unix socket whose file is its owner's alone; the thread that
 * listens there also moves the signing keys when their time has come. */
#ifndef JT_SERVER_CONTROL_H
#define JT_SERVER_CONTROL_H

#include "server/issuer/keeper.h"

struct jt_control;

/* A socket file of mode 0600. JETON_CONFIG_INVALID when it cannot be there. */
JT_CHECKED jt_control_open(const char *path, struct jt_keeper *keeper, const char *issuer, const struct jt_log *log,
                           struct jt_control **out, struct jeton_detail *detail);
JT_CHECKED jt_control_start(struct jt_control *control, struct jeton_detail *detail);
/* Ends the thread; the file is gone. Takes NULL. */
void jt_control_close(struct jt_control *control);
#endif
