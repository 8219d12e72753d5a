/* SPDX-License-Identifier: Apache-2.0 */
/* What does a key set hold, key by key, as one sees it who fetches it? For `jeton keys fetch` and `jeton keys lint`. */
#ifndef JT_CLI_KEY_SET_H
#define JT_CLI_KEY_SET_H

#include "base/json.h"
#include "cli/cli.h"

/* One key of the document; what the reader of the library said, and the JSON it was said of. */
struct set_key {
    size_t index;
    struct jeton_bytes kid; /* borrowed from the document; empty when none or not usable */
    char type[8], curve[16], alg[16];
    unsigned bits;
    char thumbprint[JETON_THUMBPRINT_LENGTH + 1];
    enum jeton_skip skip;
    char text[JETON_DETAIL_TEXT];
    struct jt_json json;
};

struct key_set {
    const char *source;
    bool fetched;
    struct jt_buffer text;
    struct jt_secret room;
    struct jt_json elements; /* of "keys"; JT_JSON_NONE when there is no such member */
    struct set_key *keys;
    size_t count, used, room_for;
    bool memory_short;
};

/* Reads a file or fetches a URL and has each key judged by the rules of fetched sets. What cannot be read as a set at
 * all is said on standard error: CLI_USAGE for a file, CLI_UNAVAILABLE for a URL. A set without a usable key is read.
 */
enum cli_exit key_set_open(struct cli *cli, const char *source, struct key_set *set);
void key_set_close(struct key_set *set);

/* One line for people: position, kid, type, algorithm, thumbprint. */
void key_set_show(struct jt_buffer *out, const struct set_key *key);
#endif
