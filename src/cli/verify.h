/* SPDX-License-Identifier: Apache-2.0 */
/* What do the parts of `jeton verify` hand to each other: the options (verify.c), the keys (verify_keys.c), the verdict
 * as it is shown (verdict.c)? */
#ifndef JT_CLI_VERIFY_H
#define JT_CLI_VERIFY_H

#include "base/arena.h"
#include "cli/cli.h"

/* --- Keys. --- */

/* Keys of one issuer by discovery, fetched when its first token comes, then kept for the run. */
struct verify_issuer {
    struct jeton_bytes issuer;
    struct jeton_keyset *keys; /* NULL after a failed fetch */
    bool asked;
    struct jeton_detail why; /* there are none */
};

struct verify_keys {
    /* What the options named. */
    struct cli_list files, secrets, sets, issuers;
    bool explain; /* tell which keys of a set are not used */
    /* What came of it. */
    struct jeton_keyset *keys;
    bool unavailable; /* a set could not be fetched: no token is judged by the rest */
    struct jeton_detail why;
    struct verify_issuer by_issuer[CLI_LIST_MAX];
};

/* Reads and fetches what the options named; addresses of issuers are only looked at. */
enum cli_exit verify_keys_open(struct cli *cli, struct verify_keys *keys);
/* The keys for this token, or NULL and why there are none ("" where the order of judgement will say). The arena is the
 * one for judging. CLI_USAGE when the issuer's address is refused. */
enum cli_exit verify_keys_for(struct cli *cli, struct verify_keys *keys, struct jeton_bytes token, size_t max_token,
                              struct jt_arena *arena, const struct jeton_keyset **found,
                              const struct jeton_detail **why);
void verify_keys_done(struct verify_keys *keys);

/* --- The verdict as it is shown. --- */

struct shown_verdict {
    enum jeton_status status;
    struct jeton_detail detail;
    const struct jeton_verified *verified; /* when good */
    const struct jeton_verdict *explained; /* when asked for */
};

/* Writes one verdict into `out`; `scratch` holds what reading header and claims again needs. */
enum jeton_status verdict_write(struct cli *cli, const struct shown_verdict *verdict, int64_t now,
                                struct jt_arena *scratch, struct jt_buffer *out);
#endif
