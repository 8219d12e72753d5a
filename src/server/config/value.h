/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text a value of this key? Between the readers of file, environment and options; nothing else includes it. */
#ifndef JT_SERVER_CONFIG_VALUE_H
#define JT_SERVER_CONFIG_VALUE_H

#include "server/config/read.h"

/* Where values go, and where what is wrong with them goes. */
struct jt_config_target {
    const struct jt_config_table *table;
    struct jt_config_memory *memory;
    struct jt_config_faults *faults;
};

/* Sets the field of a key that is one scalar; `shown` is the key as a person wrote it. A bad value is a fault and
 * leaves the field as it was. JETON_OK, JETON_OUT_OF_MEMORY. */
JT_CHECKED jt_config_set(const struct jt_config_target *target, const struct jt_config_key *key, void *base,
                         struct jeton_bytes text, struct jt_place place, const char *shown);
/* Adds one element to a LIST. */
JT_CHECKED jt_config_add(const struct jt_config_target *target, const struct jt_config_key *key,
                         struct jt_config_list *list, struct jeton_bytes text, struct jt_place place,
                         const char *shown);
/* A copy with a NUL behind it. */
JT_CHECKED jt_config_copy(struct jt_config_memory *memory, struct jeton_bytes text, const char **out);
/* Room for one more of `size` bytes behind `count` that are there; doubles as it goes. */
JT_CHECKED jt_config_more(struct jt_config_memory *memory, void **at, size_t count, size_t size);
/* NULL when the text may be an element or value of this key, else the fault. */
const char *jt_config_judge(const struct jt_config_key *key, struct jeton_bytes text);
size_t jt_config_count_max(const struct jt_config_key *key);
/* NULL when there is none. */
const struct jt_config_key *jt_config_find(const struct jt_config_table *table, const char *path);

static inline void *jt_config_field(const struct jt_config_key *key, void *base)
{
    return (char *)base + key->offset;
}
#endif
