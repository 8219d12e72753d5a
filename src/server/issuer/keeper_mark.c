/* SPDX-License-Identifier: Apache-2.0 */
/* Has this state been put back? The number of the last change and the last time that was seen lie in the database with
 * the keys, in the same transaction, and once more in a file of their own. Who puts an older database back brings the
 * old numbers with it, and the file still has the newer ones. By default the file lies in the state, where it notices a
 * database that was put back alone; `mark_file` names another place, on another disk say, where it also notices a state
 * that was put back whole. The file is written after the database: a crash in between leaves it behind, never ahead.
 *
 * It is no secret and not sealed: who may write both can put both back. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "server/issuer/keeper_parts.h"

enum { FILE_MAX = 256 };

#define FORMAT "jetond mark 1\ngeneration %" PRId64 "\nseen %" PRId64 "\n"

JT_CHECKED jt_keeper_mark_read(const char *path, struct jt_keeper_mark *out, bool *found, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    int64_t generation, seen_at;
    int end = 0;

    jt_buffer_init(&text, FILE_MAX);
    *out = (struct jt_keeper_mark){0, 0};
    *found = access(path, F_OK) == 0;
    if (!*found)
        return JETON_OK;
    JT_TRY(jt_file_read(path, &text, detail));
    jt_buffer_add_byte(&text, 0);
    JT_TRY(text.status);
    if (sscanf((const char *)text.at, FORMAT "%n", &generation, &seen_at, &end) != 2 || (size_t)end + 1 != text.len ||
        generation < 0 || seen_at < 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.150s is no mark of jetond; remove it if it is damaged", path);
    *out = (struct jt_keeper_mark){generation, seen_at};
    return JETON_OK;
}

JT_CHECKED jt_keeper_mark_write(const char *path, const struct jt_keeper_mark *mark, struct jeton_detail *detail)
{
    char text[FILE_MAX];
    int len = snprintf(text, sizeof text, FORMAT, mark->generation, mark->seen_at);

    return jt_file_write(path, jeton_bytes(text, (size_t)len), 0600, detail);
}
