/* SPDX-License-Identifier: Apache-2.0 */
/* Does every document come back as keys, counted, or as a refusal that added nothing; and does a fetched one never give
 * a secret? */
#include "fuzz.h"

#include "jose/keyset.h"

static void note(void *context, const struct jeton_key_note *note)
{
    size_t *told = context;
    FUZZ_HOLDS(note->index == *told);
    FUZZ_HOLDS((note->skip == JETON_SKIP_NONE) == (note->text[0] == '\0'));
    FUZZ_HOLDS(note->skip == JETON_SKIP_NONE || jt_skip_name(note->skip)[0] != '\0');
    FUZZ_HOLDS(note->kid.len <= JT_KID_MAX);
    FUZZ_HOLDS(jt_bytes_utf8(jeton_text(note->text)));
    ++*told;
}

static void read_as(struct jeton_bytes text, enum jeton_origin origin)
{
    struct jt_keyset *set = NULL;
    struct jeton_detail detail = {{0}};
    size_t told = 0;
    FUZZ_HOLDS(jt_keyset_new(&set) == JETON_OK);
    enum jeton_status status = jt_keyset_read_jwks(set, text, origin, note, &told, &detail);
    FUZZ_HOLDS(status == JETON_OK || (status == JETON_KEY_INVALID && detail.text[0] != '\0'));
    size_t count = jt_keyset_count(set), skipped = jt_keyset_skipped(set);
    FUZZ_HOLDS(status == JETON_OK ? count + skipped == told : count + skipped == 0);
    if (origin == JETON_ORIGIN_FETCHED) {
        FUZZ_HOLDS(status != JETON_OK || count > 0);
        FUZZ_HOLDS(count <= JT_KEYS_MAX_FETCHED && !jt_keyset_has_secret(set));
        FUZZ_HOLDS((jt_keyset_allows(set) & JT_ALG_SYMMETRIC) == 0);
    }
    /* Once more changes nothing: all of it is there. */
    if (status == JETON_OK) {
        told = 0;
        FUZZ_HOLDS(jt_keyset_read_jwks(set, text, origin, note, &told, NULL) == JETON_OK);
        FUZZ_HOLDS(jt_keyset_count(set) == count);
    }
    jt_keyset_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as(jeton_bytes(data, size), JETON_ORIGIN_OPERATOR);
    read_as(jeton_bytes(data, size), JETON_ORIGIN_FETCHED);
    return 0;
}
