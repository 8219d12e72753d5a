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

#define HEAD "jetond mark 1\n"
#define FORMAT HEAD "generation %" PRId64 "\nseen %" PRId64 "\n"

/* The number behind `name` in the line that comes next, which is taken off the text. */
static bool take_line(struct jeton_bytes *text, const char *name, int64_t *out)
{
    size_t from = strlen(name), end = jt_bytes_find(*text, '\n', from);
    uint64_t number = 0;

    if (!jt_bytes_start(*text, jeton_text(name)) || end >= text->len ||
        !jt_bytes_number(jt_bytes_cut(*text, from, end), INT64_MAX, &number))
        return false;
    *out = (int64_t)number;
    *text = jt_bytes_cut(*text, end + 1, text->len);
    return true;
}

JT_CHECKED jt_keeper_mark_read(const char *path, struct jt_keeper_mark *out, bool *found, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    struct jt_keeper_mark mark;
    struct jeton_bytes left;

    jt_buffer_init(&text, FILE_MAX);
    *out = (struct jt_keeper_mark){0, 0};
    *found = access(path, F_OK) == 0;
    if (!*found)
        return JETON_OK;
    JT_TRY(jt_file_read(path, &text, detail));
    left = jt_buffer_bytes(&text);
    if (!take_line(&left, HEAD "generation ", &mark.generation) || !take_line(&left, "seen ", &mark.seen_at) ||
        left.len > 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.150s is no mark of jetond; remove it if it is damaged", path);
    *out = mark;
    return JETON_OK;
}

JT_CHECKED jt_keeper_mark_write(const char *path, const struct jt_keeper_mark *mark, struct jeton_detail *detail)
{
    char text[FILE_MAX];
    int len = snprintf(text, sizeof text, FORMAT, mark->generation, mark->seen_at);

    return jt_file_write(path, jeton_bytes(text, (size_t)len), 0600, detail);
}
