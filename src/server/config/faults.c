/* SPDX-License-Identifier: Apache-2.0 */
/* What was wrong, where, and in which order is it told? Beside the configuration reader and the rules; a person reads
 * the outcome. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/config/read.h"

void jt_config_fault(struct jt_config_faults *faults, struct jt_place place, const char *key, const char *what, ...)
{
    if (faults->count == JT_CONFIG_FAULTS) {
        faults->more = true;
        return;
    }
    struct jt_config_fault *fault = &faults->at[faults->count++];
    va_list arguments;

    fault->place = place;
    /* What is wrong with a mapping as a whole comes with the dot that its members would stand behind. */
    size_t len = strlen(key);
    if (len > 0 && key[len - 1] == '.')
        len--;
    snprintf(fault->key, sizeof fault->key, "%.*s", (int)len, len > 0 ? key : "");
    if (len == 0)
        snprintf(fault->key, sizeof fault->key, "document");
    va_start(arguments, what);
    vsnprintf(fault->what, sizeof fault->what, what, arguments);
    va_end(arguments);
}

bool jt_config_told(const struct jt_config_faults *faults, const char *key)
{
    for (size_t i = 0; i < faults->count; i++) {
        if (strcmp(faults->at[i].key, key) == 0)
            return true;
    }
    return false;
}

static int compare_faults(const void *left, const void *right)
{
    const struct jt_config_fault *a = left;
    const struct jt_config_fault *b = right;
    const char *from_a = a->place.source != NULL ? a->place.source : "";
    const char *from_b = b->place.source != NULL ? b->place.source : "";
    int order = strcmp(from_a, from_b);

    if (order == 0)
        order = (a->place.line > b->place.line) - (a->place.line < b->place.line);
    if (order == 0)
        order = (a->place.column > b->place.column) - (a->place.column < b->place.column);
    if (order == 0)
        order = strcmp(a->key, b->key);
    return order;
}

void jt_config_faults_sort(struct jt_config_faults *faults)
{
    qsort(faults->at, faults->count, sizeof faults->at[0], compare_faults);
}

void jt_config_fault_write(const struct jt_config_fault *fault, const char *file, char *out, size_t room)
{
    const char *source = fault->place.source != NULL ? fault->place.source : file;
    unsigned line = fault->place.line > 0 ? fault->place.line : 1;
    unsigned column = fault->place.column > 0 ? fault->place.column : 1;

    snprintf(out, room, "%s:%u:%u: %s: %s", source, line, column, fault->key, fault->what);
}
