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

/* A registered claim by its name, and what kind its value nearly always is: then nothing more is to be asked, but of a
 * time how late it is and of an audience whether it is empty. */
struct known {
    uint32_t name;
    unsigned char claim;
    unsigned char usual;
};

/* Three letters are one number, and the numbers of the registered names have places of their own in a small table. */
#define NAME(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)
#define PLACE(name) ((uint32_t)((name)*0x9e3779b9U) >> 28)
#define KNOWN(a, b, c, claim, usual) [PLACE(NAME(a, b, c))] = {NAME(a, b, c), claim, usual}
_Static_assert(PLACE(0) == PLACE(NAME('s', 'u', 'b')), "three NULs are no name: their place is not empty");

static inline const struct known *known_of(struct jeton_bytes name)
{
    static const struct known scope = {0, JT_CLAIM_SCOPE, JT_NODE_STRING},
                              threes[16] = {
                                  KNOWN('e', 'x', 'p', JT_CLAIM_EXP, JT_NODE_RAW),
                                  KNOWN('n', 'b', 'f', JT_CLAIM_NBF, JT_NODE_RAW),
                                  KNOWN('i', 'a', 't', JT_CLAIM_IAT, JT_NODE_RAW),
                                  KNOWN('i', 's', 's', JT_CLAIM_ISS, JT_NODE_STRING),
                                  KNOWN('s', 'u', 'b', JT_CLAIM_SUB, JT_NODE_STRING),
                                  KNOWN('j', 't', 'i', JT_CLAIM_JTI, JT_NODE_STRING),
                                  KNOWN('s', 'c', 'p', JT_CLAIM_SCP, JT_NODE_ARRAY),
                                  KNOWN('a', 'u', 'd', JT_CLAIM_AUD, JT_NODE_STRING),
                              };
    const unsigned char *at = name.at;
    uint16_t front;
    if (name.len == 3) {
        memcpy(&front, at, sizeof front);
        uint32_t word = le16toh(front) | (uint32_t)at[2] << 16;
        const struct known *known = &threes[PLACE(word)];
        return known->name == word ? known : NULL;
    }
    return name.len == 5 && memcmp(at, "scope", 5) == 0 ? &scope : NULL;
}

static inline enum jt_claim claim_of(struct jeton_bytes name)
{
    const struct known *known = known_of(name);
    return known != NULL ? (enum jt_claim)known->claim : JT_CLAIM_COUNT;
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

static bool type_fits(enum jt_claim which, struct jt_json value)
{
    struct jt_numeric_date unused;
    switch (registered[which].type) {
    case TIME:
        return jt_json_type(value) == JT_JSON_NUMBER && jt_numeric_date_read(jt_json_number(value), &unused);
    case TEXT:
        return jt_json_type(value) == JT_JSON_STRING;
    case AUDIENCE:
        return audience_fits(value);
    case ANY:
        break;
    }
    return true;
}

static __attribute__((noinline)) void found_unusual(struct jt_claims *out, enum jt_claim which, struct jt_json value)
{
    if (which == JT_CLAIM_AUD && jt_json_type(value) == JT_JSON_ARRAY && jt_json_count(value) == 0)
        return; /* for nobody, the same as not there */
    out->at[which] = value;
    if (!type_fits(which, value))
        out->wrong |= 1u << which;
}

static void find_times(struct jt_claims *out)
{
    for (enum jt_claim which = JT_CLAIM_EXP; which <= JT_CLAIM_IAT; which++) {
        struct jeton_bytes number = jt_json_number(out->at[which]);
        if (number.at != NULL && !read_time(number, &out->time[which]))
            out->wrong |= 1u << which;
    }
}

void jt_claims_find(struct jt_json object, struct jt_claims *out)
{
    memset(out->at, 0, sizeof out->at); /* a time is looked at where its claim is there, and only then */
    out->wrong = 0;
    out->all = object;
    for (struct jt_json_walk w = jt_json_walk(object); jt_json_next(&w);) {
        const struct known *known = known_of(w.name);
        if (known == NULL)
            continue;
        if (jt_json_kind(w.value) == known->usual)
            out->at[known->claim] = w.value;
        else
            found_unusual(out, (enum jt_claim)known->claim, w.value);
    }
    find_times(out);
    if (jt_json_kind(out->at[JT_CLAIM_AUD]) == JT_NODE_STRING && !audience_fits(out->at[JT_CLAIM_AUD]))
        out->wrong |= 1u << JT_CLAIM_AUD;
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
    enum jt_claim which = claim_of(name);
    return which == JT_CLAIM_COUNT || type_fits(which, value);
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
