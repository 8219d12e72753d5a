/* SPDX-License-Identifier: Apache-2.0 */
/* Where do connections come in? A listening socket, made before anything else so that a busy address ends the start. */
#ifndef JT_SERVER_LISTEN_H
#define JT_SERVER_LISTEN_H

#include "base/bytes.h"
#include "server/config/judge.h"

struct jt_listener {
    int fd;         /* -1: none */
    char name[160]; /* "http://127.0.0.1:8080" with the port that was picked, or "unix:PATH" */
    char path[112]; /* of a unix socket, else "" */
};

/* `text` as the configuration has it. JETON_CONFIG_INVALID with a detail that names the address when it is busy or not
 * this machine's. */
JT_CHECKED jt_listener_open(const char *text, struct jt_listener *out, struct jeton_detail *detail);
/* Whoever connects is refused from now on, and the file of a unix socket is gone; the descriptor stays, since threads
 * of the HTTP library may still look at it. */
void jt_listener_stop(struct jt_listener *listener);
/* Stops and closes; takes one that is closed. */
void jt_listener_close(struct jt_listener *listener);
#endif
