/* SPDX-License-Identifier: Apache-2.0 */
/* Which registered claims does a payload have, and are they of their types? One walk over the object; claims.c judges
 * what is found here. */
#include "jose/claims.h"

#include <endian.h>

static const struct {
    struct jeton_bytes name;
    enum { TIME, TEXT, AUDIENCE, ANY } type;
} registered[JT_CLAIM_COUNT] = {
    [JT_CLAIM_EXP] = {{"exp", 3}, TIME}, [JT_CLAIM_NBF] = {{"nbf", 3}, TIME},
    [JT_CLAIM_IAT] = {{"iat", 3}, TIME}, [JT_CLAIM_ISS] = {{"iss", 3}, TEXT},
    [JT_CLAIM_SUB] = {{"sub", 3}, TEXT}, [JT_CLAIM_AUD] = {{"aud", 3}, AUDIENCE},
    [JT_CLAIM_JTI] = {{"jti", 3}, TEXT}, [JT_CLAIM_SCOPE] = {{"scope", 5}, ANY},
    [JT_CLAIM_SCP] = {{"scp", 3}, ANY},
};

/* One compare of a whole word for each name; the walk asks this for every member of a payload. */
#define NAME(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

static inline enum jt_claim claim_of(struct jeton_bytes name)
{
    const unsigned char *at = name.at;
    if (name.len == 5 && memcmp(at, "scope", 5) == 0)
        return JT_CLAIM_SCOPE;
    if (name.len != 3)
        return JT_CLAIM_COUNT;
    switch (NAME(at[0], at[1], at[2])) {
    case NAME('e', 'x', 'p'):
        return JT_CLAIM_EXP;
    case NAME('n', 'b', 'f'):
        return JT_CLAIM_NBF;
    case NAME('i', 'a', 't'):
        return JT_CLAIM_IAT;
    case NAME('i', 's', 's'):
        return JT_CLAIM_ISS;
    case NAME('s', 'u', 'b'):
        return JT_CLAIM_SUB;
    case NAME('a', 'u', 'd'):
        return JT_CLAIM_AUD;
    case NAME('j', 't', 'i'):
        return JT_CLAIM_JTI;
    case NAME('s', 'c', 'p'):
        return JT_CLAIM_SCP;
    default:
        return JT_CLAIM_COUNT;
    }
}

/* Eight decimal digits at once: each pair, then each four, then all eight are joined by a multiplication. */
static inline bool eight_digits(const unsigned char *at, uint64_t *out)
{
    uint64_t word;
    memcpy(&word, at, 8);
    word = le64toh(word);
    if (((word & 0xf0f0f0f0f0f0f0f0u) | ((word + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4) !=
        0x3333333333333333u)
        return false;
    word = (word & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
    word = (word & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
    *out = (word & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
    return true;
}

/* Nearly all times have the ten digits of this age (2001 to 2286); jt_numeric_date_read knows the rest. */
static inline bool read_time(struct jeton_bytes number, struct jt_numeric_date *time)
{
    const unsigned char *at = number.at;
    uint64_t high;
    if (number.len != 10 || !eight_digits(at, &high) || at[8] < '0' || at[8] > '9' || at[9] < '0' || at[9] > '9')
        return jt_numeric_date_read(number, time);
    *time = (struct jt_numeric_date){(int64_t)high * 100 + (at[8] - '0') * 10 + (at[9] - '0'), false};
    return true;
}

/* All elements are strings; non-empty ones where that is asked for. */
static bool strings(struct jt_json array, bool filled)
{
    for (struct jt_json_walk w = jt_json_walk(array); jt_json_next(&w);)
        if (jt_json_type(w.value) != JT_JSON_STRING || (filled && jt_json_string(w.value).len == 0))
            return false;
    return true;
}

static bool audience_fits(struct jt_json value)
{
    if (jt_json_string(value).len > 0)
        return true;
    return jt_json_type(value) == JT_JSON_ARRAY && strings(value, true);
}

/* One look at the value each: a number or a string has bytes, anything else has none. */
static inline bool type_fits(enum jt_claim which, struct jt_json value, struct jt_numeric_date *time)
{
    switch (registered[which].type) {
    case TIME: {
        struct jeton_bytes number = jt_json_number(value);
        return number.len > 0 && read_time(number, time);
    }
    case TEXT:
        return jt_json_string(value).at != NULL;
    case AUDIENCE:
        return audience_fits(value);
    case ANY:
        break;
    }
    return true;
}

/* Each of these puts a claim in its place; a call for each name keeps the walk free of tables. */
static inline void found(struct jt_claims *out, enum jt_claim which, struct jt_json value, bool fits)
{
    out->at[which] = value;
    if (!fits)
        out->wrong |= 1u << which;
}

static inline void found_time(struct jt_claims *out, enum jt_claim which, struct jt_json value)
{
    struct jeton_bytes number = jt_json_number(value);
    found(out, which, value, number.len > 0 && read_time(number, &out->time[which]));
}

static inline void found_text(struct jt_claims *out, enum jt_claim which, struct jt_json value)
{
    found(out, which, value, jt_json_string(value).at != NULL);
}

static inline void found_audience(struct jt_claims *out, struct jt_json value)
{
    if (jt_json_type(value) == JT_JSON_ARRAY && jt_json_count(value) == 0)
        return; /* for nobody, the same as not there */
    found(out, JT_CLAIM_AUD, value, audience_fits(value));
}

static inline void find_one(struct jt_claims *out, enum jt_claim which, struct jt_json value)
{
    switch (which) {
    case JT_CLAIM_EXP:
    case JT_CLAIM_NBF:
    case JT_CLAIM_IAT:
        found_time(out, which, value);
        return;
    case JT_CLAIM_ISS:
    case JT_CLAIM_SUB:
    case JT_CLAIM_JTI:
        found_text(out, which, value);
        return;
    case JT_CLAIM_AUD:
        found_audience(out, value);
        return;
    case JT_CLAIM_SCOPE:
    case JT_CLAIM_SCP:
        found(out, which, value, true);
        return;
    case JT_CLAIM_COUNT:
        return;
    }
}

void jt_claims_find(struct jt_json object, struct jt_claims *out)
{
    memset(out->at, 0, sizeof out->at); /* a time is looked at where its claim is there, and only then */
    out->wrong = 0;
    out->all = object;
    for (struct jt_json_walk w = jt_json_walk(object); jt_json_next(&w);)
        if (w.name.len == 3 || w.name.len == 5)
            find_one(out, claim_of(w.name), w.value);
}

enum jeton_status jt_claims_types(const struct jt_claims *claims, struct jeton_detail *detail)
{
    if (claims->wrong == 0)
        return JETON_OK;
    for (enum jt_claim i = JT_CLAIM_EXP; i < JT_CLAIM_COUNT; i++) {
        if ((claims->wrong & 1u << i) == 0)
            continue;
        const char *name = registered[i].name.at;
        switch (registered[i].type) {
        case TIME:
            return jt_fail(detail, JETON_CLAIMS_INVALID, "%s is no number from 0 to 2^53", name);
        case TEXT:
            return jt_fail(detail, JETON_CLAIMS_INVALID, "%s is no string", name);
        case AUDIENCE:
        case ANY:
            return jt_fail(detail, JETON_CLAIMS_INVALID,
                           "%s is neither a string nor an array of strings, all non-empty", name);
        }
    }
    return JETON_CLAIMS_INVALID;
}

enum jt_claim jt_claim_of(struct jeton_bytes name)
{
    return claim_of(name);
}

bool jt_claim_typed(enum jt_claim which)
{
    return which != JT_CLAIM_COUNT && registered[which].type != ANY;
}

bool jt_claim_type_fits(struct jeton_bytes name, struct jt_json value)
{
    struct jt_numeric_date unused;
    enum jt_claim which = claim_of(name);
    return which == JT_CLAIM_COUNT || type_fits(which, value, &unused);
}

bool jt_claims_element(struct jt_json claim, size_t index, struct jeton_bytes *out)
{
    if (jt_json_type(claim) == JT_JSON_STRING) {
        if (index > 0)
            return false;
        *out = jt_json_string(claim);
        return true;
    }
    if (jt_json_type(claim) != JT_JSON_ARRAY || index >= jt_json_count(claim) || !strings(claim, false))
        return false;
    struct jt_json_walk w = jt_json_walk(claim);
    for (size_t i = 0; i <= index; i++)
        if (!jt_json_next(&w))
            return false;
    *out = jt_json_string(w.value);
    return true;
}

/* Is `word` one of the words of a text separated by spaces (RFC 6749 §3.3)? */
static bool has_word(struct jeton_bytes text, struct jeton_bytes word)
{
    for (size_t from = 0; from <= text.len;) {
        size_t to = jt_bytes_find(text, ' ', from);
        if (jt_bytes_equal(jt_bytes_cut(text, from, to), word))
            return true;
        from = to + 1;
    }
    return false;
}

static bool has_element(struct jt_json array, struct jeton_bytes text)
{
    if (jt_json_type(array) != JT_JSON_ARRAY || !strings(array, false))
        return false;
    for (struct jt_json_walk w = jt_json_walk(array); jt_json_next(&w);)
        if (jt_bytes_equal(jt_json_string(w.value), text))
            return true;
    return false;
}

bool jt_claims_has_scope(const struct jt_claims *claims, struct jeton_bytes scope)
{
    struct jt_json text = claims->at[JT_CLAIM_SCOPE];
    if (scope.len == 0)
        return false;
    if (jt_json_type(text) == JT_JSON_STRING && has_word(jt_json_string(text), scope))
        return true;
    return has_element(text, scope) || has_element(claims->at[JT_CLAIM_SCP], scope);
}

bool jt_claims_has_audience(const struct jt_claims *claims, struct jeton_bytes audience)
{
    struct jt_json aud = claims->at[JT_CLAIM_AUD];
    if (jt_json_type(aud) == JT_JSON_STRING)
        return jt_bytes_equal(jt_json_string(aud), audience);
    return has_element(aud, audience);
}
