/* SPDX-License-Identifier: Apache-2.0 */
/* What is a key set made of? Shared by keyset.c (index and rules) and header_memory.c alone. */
#ifndef JT_JOSE_KEYSET_PARTS_H
#define JT_JOSE_KEYSET_PARTS_H

#include <stdatomic.h>

#include "jose/keyset.h"

#define JT_NO_ENTRY UINT32_MAX

struct jt_keyset_entry {
    struct jt_candidate key;
    bool own;
    uint32_t next; /* the next of the same kid, or of the same thumbprint where there is no kid */
    uint32_t last; /* in the first of a chain: its last */
};

/* A slot goes EMPTY → BUSY → READY once, by compare and swap, and is never written again while the set lives. */
enum { JT_SLOT_EMPTY, JT_SLOT_BUSY, JT_SLOT_READY };
#define JT_SLOT_BYTES 480
struct jt_header_slot {
    atomic_uint state;
    struct jt_known_header known;
    unsigned char bytes[JT_SLOT_BYTES]; /* what `known` points into: text, json, kid, typ */
};

struct jt_keyset {
    struct jt_keyset_entry *entries;
    size_t count;
    size_t room;
    uint32_t *index; /* open addressing, power of two: first entry of a chain */
    size_t index_size;
    unsigned char hash_key[16];
    uint32_t only[JT_ALG_COUNT]; /* first key that fits, for tokens without kid */
    uint32_t fitting[JT_ALG_COUNT];
    uint32_t *open; /* keys given on their own without kid */
    size_t open_count;
    jt_alg_mask allows;
    bool has_secret;
    size_t usable;
    size_t skipped;
    struct jt_header_slot *slots;
    size_t slot_count; /* power of two */
};

JT_CHECKED jt_header_memory_resize(struct jt_keyset *set, size_t keys);

/* For the reader of whole sets: room first, then keys (their holds move into the set), so that it is all or nothing. */
JT_CHECKED jt_keyset_reserve(struct jt_keyset *set, size_t more);
bool jt_keyset_holds(const struct jt_keyset *set, const struct jt_jwk_about *about, bool own);
void jt_keyset_put(struct jt_keyset *set, struct jt_candidate key, bool own);
void jt_keyset_count_skipped(struct jt_keyset *set, size_t more);
#endif
