/* SPDX-License-Identifier: Apache-2.0 */
/* Has this very header text passed before? The tokens of a service nearly all begin with the same bytes, so a set
 * remembers some whose signature passed, with what they say and the keys that they lead to: that saves the parse and
 * the search. Only a token that was signed with a key of the set can fill a slot; a full slot stays as it is. */
#include "jose/keyset_parts.h"

#include <stdlib.h>

#define SLOTS_MIN 4
#define SLOTS_MAX 256

enum jeton_status jt_header_memory_resize(struct jt_keyset *set, size_t keys)
{
    size_t count = SLOTS_MIN;
    while (count < 2 * keys && count < SLOTS_MAX)
        count *= 2;
    if (count == set->slot_count) { /* keys are about to change: what was remembered may no longer be so */
        for (size_t i = 0; i < count; i++)
            atomic_store_explicit(&set->slots[i].state, JT_SLOT_EMPTY, memory_order_relaxed);
        return JETON_OK;
    }
    struct jt_header_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return JETON_OUT_OF_MEMORY;
    free(set->slots);
    set->slots = slots;
    set->slot_count = count;
    return JETON_OK;
}

static uint64_t word_at(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Two lanes of eight bytes; the last sixteen may be counted twice. Not keyed: nobody can choose what is in the table
 * but the holders of its keys. */
static inline size_t hash_of(struct jeton_bytes text)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    const unsigned char *at = text.at;
    uint64_t left = text.len, right = ~left;
    if (text.len < 16) {
        for (size_t i = 0; i < text.len; i++)
            left = (left ^ at[i]) * odd;
        return (size_t)(left >> 32);
    }
    for (size_t i = 0; i + 16 < text.len; i += 16) {
        left = (left ^ word_at(at + i)) * odd;
        right = (right ^ word_at(at + i + 8)) * odd;
        left ^= left >> 32;
        right ^= right >> 32;
    }
    left = (left ^ word_at(at + text.len - 16)) * odd;
    right = (right ^ word_at(at + text.len - 8)) * odd;
    return (size_t)((left ^ (right >> 7)) * odd >> 32);
}

/* Two places for each header, side by side. */
static struct jt_header_slot *slot_of(const struct jt_keyset *set, size_t hash, size_t way)
{
    return &set->slots[(hash & (set->slot_count - 1)) ^ way];
}

const struct jt_known_header *jt_keyset_recall(const struct jt_keyset *set, struct jeton_bytes header_text)
{
    if (header_text.len > JT_SLOT_BYTES || set->slot_count == 0)
        return NULL;
    size_t hash = hash_of(header_text);
    for (size_t way = 0; way < 2; way++) {
        const struct jt_header_slot *slot = slot_of(set, hash, way);
        if (atomic_load_explicit(&slot->state, memory_order_acquire) == JT_SLOT_READY &&
            jt_bytes_equal(slot->known.text, header_text))
            return &slot->known;
    }
    return NULL;
}

static struct jeton_bytes put(unsigned char **at, struct jeton_bytes bytes)
{
    if (bytes.at == NULL)
        return bytes;
    unsigned char *to = *at;
    if (bytes.len > 0)
        memcpy(to, bytes.at, bytes.len);
    *at += bytes.len;
    return jeton_bytes(to, bytes.len);
}

void jt_keyset_remember(const struct jt_keyset *set, struct jeton_bytes header_text, struct jeton_bytes json,
                        const struct jt_header *header, const struct jt_candidates *candidates)
{
    if (set->slot_count == 0 || header_text.len + json.len + header->kid.len + header->typ.len > JT_SLOT_BYTES)
        return;
    size_t hash = hash_of(header_text);
    for (size_t way = 0; way < 2; way++) {
        struct jt_header_slot *slot = slot_of(set, hash, way);
        unsigned empty = JT_SLOT_EMPTY;
        if (atomic_load_explicit(&slot->state, memory_order_relaxed) != JT_SLOT_EMPTY ||
            !atomic_compare_exchange_strong_explicit(&slot->state, &empty, JT_SLOT_BUSY, memory_order_acquire,
                                                     memory_order_relaxed))
            continue;
        unsigned char *at = slot->bytes;
        slot->known.text = put(&at, header_text);
        slot->known.json = put(&at, json);
        slot->known.header = *header;
        slot->known.header.alg = jt_algorithm_name(header->algorithm);
        slot->known.header.kid = put(&at, header->kid);
        slot->known.header.typ = put(&at, header->typ);
        slot->known.candidates = *candidates;
        atomic_store_explicit(&slot->state, JT_SLOT_READY, memory_order_release);
        return;
    }
}
