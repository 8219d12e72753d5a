/* SPDX-License-Identifier: Apache-2.0 */
/* What do the verbs of `jeton issuer` share? One question to a running jetond, one answer; and how its keys look in
 * time. */
#ifndef JT_CLI_ISSUER_H
#define JT_CLI_ISSUER_H

#include "base/json.h"
#include "cli/cli.h"

enum { ISSUER_OPTION_SOCKET = 1, ISSUER_OPTION_STATE, ISSUER_OPTION_KID };

#define ISSUER_OPTIONS                                                                                                 \
    {ISSUER_OPTION_SOCKET, "socket", "PATH", "the server's control socket"},                                           \
    {                                                                                                                  \
        ISSUER_OPTION_STATE, "state", "DIR", "its state, where the socket is control.sock"                             \
    }

struct issuer {
    const char *socket;
    const char *state;
    const char *kid;
    struct jt_buffer answer; /* the line as it came */
    struct jt_secret room;
    struct jt_json json;
};

/* The options; false when the run ends with cli->exit. issuer_done() in any case. */
bool issuer_options(struct cli *cli, struct issuer *issuer);
/* Sends the line (without its line feed) and reads the answer. What the server refuses is said on standard error. */
enum cli_exit issuer_ask(struct cli *cli, struct issuer *issuer, struct jeton_bytes question);
void issuer_done(struct issuer *issuer);

/* Members of an answer: 0 or no bytes when not there. */
int64_t issuer_number(struct jt_json json, const char *name);
struct jeton_bytes issuer_text(struct jt_json json, const char *name);
bool issuer_flag(struct jt_json json, const char *name);

/* `in 3 h`, `4 min ago`, `now`. */
void issuer_write_when(struct jt_buffer *out, int64_t time, int64_t now);
/* The keys of a status answer as bars over time, and as lines. */
void issuer_timeline(struct cli *cli, struct jt_json status, struct jt_buffer *out);
#endif
