/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys could have signed this? Stage kid, alg → keys of the walk token → principal. A keyed hash over the kid
 * finds the chain of keys of that name; tokens without kid have a count and a first key per algorithm. */
#include "jose/keyset.h"

#include <stdio.h>
#include <stdlib.h>

#include "jose/keyset_parts.h"

enum jeton_status jt_keyset_new(struct jt_keyset **out)
{
    struct jt_keyset *set = calloc(1, sizeof *set);
    if (set == NULL)
        return JETON_OUT_OF_MEMORY;
    enum jeton_status status = jt_random(set->hash_key, sizeof set->hash_key);
    if (status != JETON_OK) {
        free(set);
        return status;
    }
    *out = set;
    return JETON_OK;
}

void jt_keyset_free(struct jt_keyset *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++) {
        jt_public_jwk_release((struct jt_public_jwk *)(uintptr_t)set->entries[i].key.public_key);
        jt_secret_jwk_release((struct jt_secret_jwk *)(uintptr_t)set->entries[i].key.secret_key);
    }
    free(set->entries);
    free(set->index);
    free(set->open);
    free(set->slots);
    free(set);
}

static const struct jt_jwk_about *about_of(const struct jt_keyset *set, uint32_t entry)
{
    return jt_candidate_about(&set->entries[entry].key);
}

/* --- The index: a key is filed under its kid, or under its thumbprint where it has none --- */

static struct jeton_bytes file_name(const struct jt_jwk_about *about)
{
    return about->kid.at != NULL ? about->kid : jeton_bytes(about->thumbprint, JT_THUMBPRINT_LENGTH);
}

static bool filed_as(const struct jt_jwk_about *about, struct jeton_bytes name, bool is_kid)
{
    return (about->kid.at != NULL) == is_kid && jt_bytes_equal(file_name(about), name);
}

/* The place in the index of the chain of that name, or the free place for it. */
static size_t index_place(const struct jt_keyset *set, struct jeton_bytes name, bool is_kid)
{
    size_t mask = set->index_size - 1;
    size_t place = (size_t)jt_bytes_hash(name, set->hash_key) & mask;
    while (set->index[place] != JT_NO_ENTRY && !filed_as(about_of(set, set->index[place]), name, is_kid))
        place = (place + 1) & mask;
    return place;
}

static uint32_t chain_of(const struct jt_keyset *set, struct jeton_bytes name, bool is_kid)
{
    return set->index_size == 0 ? JT_NO_ENTRY : set->index[index_place(set, name, is_kid)];
}

static void file_entry(struct jt_keyset *set, uint32_t entry)
{
    const struct jt_jwk_about *about = about_of(set, entry);
    size_t place = index_place(set, file_name(about), about->kid.at != NULL);
    uint32_t first = set->index[place];
    if (first == JT_NO_ENTRY)
        set->index[place] = first = entry;
    else
        set->entries[set->entries[first].last].next = entry;
    set->entries[first].last = entry;
    set->entries[entry].next = JT_NO_ENTRY;
}

/* Room for `more` keys, so that adding them cannot fail. */
enum jeton_status jt_keyset_reserve(struct jt_keyset *set, size_t more)
{
    size_t needed = set->count + more;
    size_t room = set->room == 0 ? 4 : set->room;
    if (needed >= JT_NO_ENTRY / 4)
        return JETON_OUT_OF_MEMORY;
    JT_TRY(jt_header_memory_resize(set, needed));
    while (room < needed)
        room *= 2;
    if (room == set->room)
        return JETON_OK;
    uint32_t *index = malloc(2 * room * sizeof *index);
    uint32_t *open = malloc(room * sizeof *open);
    struct jt_keyset_entry *entries = realloc(set->entries, room * sizeof *entries);
    if (entries != NULL)
        set->entries = entries;
    if (index == NULL || open == NULL || entries == NULL) {
        free(index);
        free(open);
        return JETON_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < 2 * room; i++)
        index[i] = JT_NO_ENTRY;
    if (set->open_count > 0)
        memcpy(open, set->open, set->open_count * sizeof *open);
    free(set->open);
    free(set->index);
    set->open = open;
    set->index = index;
    set->index_size = 2 * room;
    set->room = room;
    for (uint32_t i = 0; i < set->count; i++)
        file_entry(set, i);
    return JETON_OK;
}

/* --- Adding --- */

bool jt_keyset_holds(const struct jt_keyset *set, const struct jt_jwk_about *about, bool own)
{
    uint32_t i = chain_of(set, file_name(about), about->kid.at != NULL);
    for (; i != JT_NO_ENTRY; i = set->entries[i].next) {
        const struct jt_jwk_about *other = about_of(set, i);
        if (set->entries[i].own == own && other->verifies == about->verifies &&
            memcmp(other->thumbprint, about->thumbprint, JT_THUMBPRINT_LENGTH) == 0)
            return true;
    }
    return false;
}

void jt_keyset_put(struct jt_keyset *set, struct jt_candidate key, bool own)
{
    const struct jt_jwk_about *about = jt_candidate_about(&key);
    uint32_t entry = (uint32_t)set->count++;
    set->entries[entry] = (struct jt_keyset_entry){key, own, JT_NO_ENTRY, entry};
    file_entry(set, entry);
    set->allows |= about->verifies;
    set->has_secret |= key.secret_key != NULL;
    set->usable += about->verifies != 0;
    set->skipped += about->verifies == 0;
    if (own && about->kid.at == NULL) {
        set->open[set->open_count++] = entry;
        return;
    }
    for (size_t alg = 0; alg < JT_ALG_COUNT; alg++)
        if (about->verifies & JT_ALG_BIT(alg) && set->fitting[alg]++ == 0)
            set->only[alg] = entry;
}

enum jeton_status jt_keyset_add_public(struct jt_keyset *set, const struct jt_public_jwk *jwk, bool own)
{
    JT_TRY(jt_keyset_reserve(set, 1));
    if (!jt_keyset_holds(set, &jwk->about, own))
        jt_keyset_put(set, (struct jt_candidate){.public_key = jt_public_jwk_hold(jwk)}, own);
    return JETON_OK;
}

enum jeton_status jt_keyset_add_secret(struct jt_keyset *set, const struct jt_secret_jwk *jwk, bool own)
{
    if (jwk->about.shape.type != JT_KEY_OCT)
        return JETON_ARGUMENT_INVALID;
    JT_TRY(jt_keyset_reserve(set, 1));
    if (!jt_keyset_holds(set, &jwk->about, own))
        jt_keyset_put(set, (struct jt_candidate){.secret_key = jt_secret_jwk_hold(jwk)}, own);
    return JETON_OK;
}

void jt_keyset_count_skipped(struct jt_keyset *set, size_t more)
{
    set->skipped += more;
}

size_t jt_keyset_count(const struct jt_keyset *set)
{
    return set->usable;
}

size_t jt_keyset_skipped(const struct jt_keyset *set)
{
    return set->skipped;
}

jt_alg_mask jt_keyset_allows(const struct jt_keyset *set)
{
    return set->allows;
}

bool jt_keyset_has_secret(const struct jt_keyset *set)
{
    return set->has_secret;
}

static void warm_secret(const struct jt_secret_jwk *jwk)
{
    static const unsigned char mac[64];
    for (size_t i = 0; jt_algorithm_at(i) != NULL; i++) {
        const struct jt_algorithm *alg = jt_algorithm_at(i);
        if ((jwk->about.verifies & JT_ALG_BIT(alg->id)) == 0)
            continue;
        enum jeton_status ignored = jt_verify_mac(jwk->key, alg->method, JT_TEXT("warm"),
                                                  jeton_bytes(mac, jt_signature_size(jwk->about.shape, alg->method)));
        (void)ignored;
    }
}

void jt_keyset_warm(struct jt_keyset *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct jt_candidate *key = &set->entries[i].key;
        if (jt_candidate_about(key)->verifies == 0)
            continue;
        if (key->public_key != NULL)
            jt_public_key_warm(key->public_key->key);
        else
            warm_secret(key->secret_key);
    }
}

/* --- Finding --- */

static bool fits(const struct jt_keyset *set, uint32_t entry, enum jt_alg alg)
{
    return (about_of(set, entry)->verifies & JT_ALG_BIT(alg)) != 0;
}

static enum jeton_status take(const struct jt_keyset *set, uint32_t entry, struct jt_candidates *out,
                              struct jeton_detail *detail)
{
    if (out->count == JT_CANDIDATES_MAX)
        return jt_fail(detail, JETON_KEY_AMBIGUOUS, "more than %d keys could have signed this token",
                       JT_CANDIDATES_MAX);
    out->at[out->count++] = set->entries[entry].key;
    return JETON_OK;
}

static enum jeton_status take_open(const struct jt_keyset *set, enum jt_alg alg, struct jt_candidates *out,
                                   struct jeton_detail *detail)
{
    for (size_t i = 0; i < set->open_count; i++)
        if (fits(set, set->open[i], alg))
            JT_TRY(take(set, set->open[i], out, detail));
    return JETON_OK;
}

static enum jeton_status find_named(const struct jt_keyset *set, const struct jt_header *header,
                                    struct jt_candidates *out, struct jeton_detail *detail)
{
    enum jt_alg alg = header->algorithm->id;
    uint32_t first = chain_of(set, header->kid, true);
    for (uint32_t i = first; i != JT_NO_ENTRY; i = set->entries[i].next)
        if (fits(set, i, alg))
            JT_TRY(take(set, i, out, detail));
    out->match = out->count > 0 ? JT_MATCH_KID : JT_MATCH_OWN;
    JT_TRY(take_open(set, alg, out, detail));
    if (out->count > 0)
        return JETON_OK;
    if (first == JT_NO_ENTRY && set->open_count == 0)
        return jt_fail(detail, JETON_KEY_UNKNOWN, "no key has the kid \"%s\"", jt_escape(header->kid).text);
    if (first != JT_NO_ENTRY)
        return jt_fail(detail, JETON_KEY_UNSUITABLE, "the key with the kid \"%s\" is not for %s: %s",
                       jt_escape(header->kid).text, header->algorithm->name, jt_about_words(about_of(set, first)).text);
    return jt_fail(detail, JETON_KEY_UNSUITABLE, "the key given is not for %s: %s", header->algorithm->name,
                   jt_about_words(about_of(set, set->open[0])).text);
}

static enum jeton_status find_nameless(const struct jt_keyset *set, const struct jt_header *header,
                                       struct jt_candidates *out, struct jeton_detail *detail)
{
    enum jt_alg alg = header->algorithm->id;
    if (set->fitting[alg] > 1)
        return jt_fail(detail, JETON_KEY_AMBIGUOUS, "the token has no kid, and %u keys fit %s",
                       (unsigned)set->fitting[alg], header->algorithm->name);
    if (set->fitting[alg] == 1)
        JT_TRY(take(set, set->only[alg], out, detail));
    out->match = out->count > 0 ? JT_MATCH_ONLY : JT_MATCH_OWN;
    JT_TRY(take_open(set, alg, out, detail));
    if (out->count > 0)
        return JETON_OK;
    return jt_fail(detail, JETON_KEY_UNKNOWN, "the token has no kid, and no key fits %s", header->algorithm->name);
}

enum jeton_status jt_keyset_find(const struct jt_keyset *set, const struct jt_header *header, struct jt_candidates *out,
                                 struct jeton_detail *detail)
{
    struct jt_candidates found = {.count = 0};
    JT_TRY(header->kid.at != NULL ? find_named(set, header, &found, detail)
                                  : find_nameless(set, header, &found, detail));
    *out = found;
    return JETON_OK;
}

struct jt_shown jt_about_words(const struct jt_jwk_about *about)
{
    struct jt_shown words;
    const char *curve = jt_curve_name(about->shape.curve);
    char alg[24] = "";
    if (about->alg != NULL)
        snprintf(alg, sizeof alg, ", alg %s", about->alg->name);
    const char *why = about->skip == JETON_SKIP_USE                                    ? ", use is not sig"
                      : about->skip == JETON_SKIP_KEY_OPS                              ? ", key_ops without verify"
                      : about->skip == JETON_SKIP_ALG_UNSUITABLE && about->alg == NULL ? ", alg unknown"
                                                                                       : "";
    if (curve[0] != '\0')
        snprintf(words.text, sizeof words.text, "%s %s%s%s", jt_key_type_name(about->shape.type), curve, alg, why);
    else
        snprintf(words.text, sizeof words.text, "%s of %u bits%s%s", jt_key_type_name(about->shape.type),
                 about->shape.bits, alg, why);
    return words;
}
