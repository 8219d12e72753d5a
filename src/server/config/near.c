/* SPDX-License-Identifier: Apache-2.0 */
/* Which key may a person have meant? The nearest one of the same section, two slips of the fingers away at most; else
 * one of that very name somewhere else. Beside config/read.c; pure. */
#include "server/config/walk.h"

enum { NAME_MAX_BYTES = 40, SLIPS_MAX = 2 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned lower = a < b ? a : b;

    return lower < c ? lower : c;
}

/* How many letters are missing, too many, other ones, or swapped with their neighbour (the optimal string alignment).
 */
static unsigned slips(struct jeton_bytes one, struct jeton_bytes other)
{
    const char *a = one.at, *b = other.at;
    unsigned rows[3][NAME_MAX_BYTES + 1];

    for (unsigned j = 0; j <= other.len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= one.len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned j = 1; j <= other.len; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return rows[one.len % 3][other.len];
}

/* The member of the section that leads to this key: "token" of "limits.token" below "limits.". */
static struct jeton_bytes member_of(const char *path, const char *pattern)
{
    size_t len = strlen(pattern);

    if (strncmp(path, pattern, len) != 0)
        return jeton_bytes(NULL, 0);
    return jeton_bytes(path + len, strcspn(path + len, ".["));
}

static const char *elsewhere(const struct jt_config_table *table, struct jeton_bytes name)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *path = table->at[i].path, *last = strrchr(path, '.');

        if (strpbrk(path, "[*") == NULL && last != NULL && jt_bytes_equal(jeton_text(last + 1), name))
            return path;
    }
    return NULL;
}

struct jeton_bytes jt_config_near(const struct jt_config_table *table, const char *pattern, const char *name)
{
    struct jeton_bytes written = jeton_text(name), best = {NULL, 0};
    unsigned fewest = SLIPS_MAX + 1;

    if (written.len > NAME_MAX_BYTES)
        return best;
    for (size_t i = 0; i < table->count; i++) {
        struct jeton_bytes member = member_of(table->at[i].path, pattern);
        unsigned count;

        if (member.len == 0 || member.len > NAME_MAX_BYTES || (count = slips(written, member)) >= fewest ||
            2 * count > member.len)
            continue;
        fewest = count;
        best = member;
    }
    return best.len > 0 ? best : jeton_text(elsewhere(table, written));
}
