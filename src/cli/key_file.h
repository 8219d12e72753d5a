/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys does a file hold, for the verbs that look at keys one by one? A JWK set is taken apart, everything else is
 * one key. */
#ifndef JT_CLI_KEY_FILE_H
#define JT_CLI_KEY_FILE_H

#include "cli/cli.h"

/* Called for each key's text (a JWK, PEM or DER), borrowed; `name` for messages: "keys.json: key 2". */
typedef enum cli_exit (*key_file_function)(struct cli *cli, void *context, const char *name, struct jeton_bytes text);

/* Reads `path` and calls `each` in order until one does not give CLI_GOOD; gives that. */
enum cli_exit key_file_walk(struct cli *cli, const char *path, key_file_function each, void *context);

/* Does the text look as if it held a private or symmetric key? For choosing between two messages, nothing else. */
bool key_file_looks_secret(struct jeton_bytes text);
#endif
