/* SPDX-License-Identifier: Apache-2.0 */
/* Is this JSON object a key, what of, and what may it do? Between a document and a crypto handle. `x5c`, `x5t` and
 * `x5u` are not looked at: a key is trusted because of where the document came from (RFC 8725 §3.10). */
#include "jose/jwk.h"

#include "base/base64url.h"

#define NUMBER_MAX 4096 /* bytes; ML-DSA-87 has 2592 */
#define LABEL_MAX 64    /* bytes of `use` and `alg` */

enum member { KTY, CRV, KID, ALG, USE, KEY_OPS, N, E, X, Y, PUB, D, P, Q, DP, DQ, QI, OTH, PRIV, K, MEMBERS };
static const struct jeton_bytes member_names[MEMBERS] = {
    [KTY] = {"kty", 3}, [CRV] = {"crv", 3}, [KID] = {"kid", 3}, [ALG] = {"alg", 3},   [USE] = {"use", 3},
    [N] = {"n", 1},     [E] = {"e", 1},     [X] = {"x", 1},     [Y] = {"y", 1},       [PUB] = {"pub", 3},
    [D] = {"d", 1},     [P] = {"p", 1},     [Q] = {"q", 1},     [DP] = {"dp", 2},     [DQ] = {"dq", 2},
    [QI] = {"qi", 2},   [OTH] = {"oth", 3}, [K] = {"k", 1},     [PRIV] = {"priv", 4}, [KEY_OPS] = {"key_ops", 7},
};

/* Where each type keeps its numbers, and which must be there. */
enum half { PUBLIC, SECRET };
static const struct {
    enum jt_key_type type;
    enum member member;
    size_t offset;
    enum half half;
    bool optional;
} places[] = {
#define PLACE(type, member, field, half, optional)                                                                     \
    {                                                                                                                  \
        JT_KEY_##type, member, offsetof(struct jt_key_numbers, field), half, optional                                  \
    }
    PLACE(RSA, N, n, PUBLIC, false),  PLACE(RSA, E, e, PUBLIC, false),   PLACE(RSA, D, d, SECRET, false),
    PLACE(RSA, P, p, SECRET, true),   PLACE(RSA, Q, q, SECRET, true),    PLACE(RSA, DP, dp, SECRET, true),
    PLACE(RSA, DQ, dq, SECRET, true), PLACE(RSA, QI, qi, SECRET, true),  PLACE(EC, X, x, PUBLIC, false),
    PLACE(EC, Y, y, PUBLIC, false),   PLACE(EC, D, d, SECRET, false),    PLACE(OKP, X, x, PUBLIC, false),
    PLACE(OKP, D, d, SECRET, false),  PLACE(AKP, PUB, x, PUBLIC, false), PLACE(AKP, PRIV, d, SECRET, false),
    PLACE(OCT, K, k, SECRET, false),
#undef PLACE
};

struct reading {
    struct jt_json at[MEMBERS];
    bool secret; /* has members of a private or symmetric key, and they are wanted */
    struct jt_key_numbers numbers;
    struct jt_secret store; /* what the numbers point into */
    struct jt_jwk_labels labels;
    bool verify, sign; /* what use and key_ops leave */
    struct jt_jwk_found *found;
};

static bool has(const struct reading *r, enum member member)
{
    return jt_json_type(r->at[member]) != JT_JSON_NONE;
}

#define SKIP(r, why, ...) (jt_fail(&(r)->found->detail, JETON_KEY_INVALID, __VA_ARGS__), (r)->found->skip = (why))

static void find_members(struct jt_json json, struct reading *r)
{
    for (struct jt_json_walk w = jt_json_walk(json); jt_json_next(&w);)
        for (int i = 0; i < MEMBERS; i++)
            if (jt_bytes_equal(member_names[i], w.name))
                r->at[i] = w.value;
}

static bool label(struct reading *r, enum member member, struct jeton_bytes *out)
{
    if (!has(r, member))
        return true;
    *out = jt_json_string(r->at[member]);
    return jt_json_type(r->at[member]) == JT_JSON_STRING && out->len <= LABEL_MAX;
}

/* kty, kid, use and alg as texts; the skip reason or NONE. */
static enum jeton_skip read_labels(struct reading *r)
{
    struct jt_jwk_found *found = r->found;
    found->type = jt_key_type_find(jt_json_string(r->at[KTY]));
    if (has(r, KID)) {
        struct jeton_bytes kid = jt_json_string(r->at[KID]);
        if (jt_json_type(r->at[KID]) != JT_JSON_STRING)
            return SKIP(r, JETON_SKIP_KID_INVALID, "kid is no string");
        if (kid.len > JT_KID_MAX)
            return SKIP(r, JETON_SKIP_KID_INVALID, "kid has %zu bytes; at most %d are taken", kid.len, JT_KID_MAX);
        found->kid = r->labels.kid = kid;
    }
    if (found->type == JT_KEY_NONE)
        return SKIP(r, JETON_SKIP_TYPE_UNKNOWN, "kty \"%s\" is none of RSA, EC, OKP, oct, AKP",
                    jt_escape(jt_json_string(r->at[KTY])).text);
    if (!label(r, USE, &r->labels.use))
        return SKIP(r, JETON_SKIP_MEMBER_INVALID, "use is no short string");
    if (!label(r, ALG, &r->labels.alg))
        return SKIP(r, JETON_SKIP_MEMBER_INVALID, "alg is no short string");
    if (r->labels.alg.at != NULL)
        found->alg = jt_algorithm_find(r->labels.alg);
    return JETON_SKIP_NONE;
}

static enum jeton_skip read_curve(struct reading *r)
{
    struct jt_jwk_found *found = r->found;
    if (found->type == JT_KEY_AKP) { /* RFC 9964: the parameter set is the alg */
        if (!has(r, ALG))
            return SKIP(r, JETON_SKIP_MEMBER_MISSING, "alg is missing");
        found->curve = jt_curve_find(JT_KEY_AKP, r->labels.alg);
    } else if (found->type == JT_KEY_EC || found->type == JT_KEY_OKP) {
        found->curve = jt_curve_find(found->type, jt_json_string(r->at[CRV]));
    } else {
        return JETON_SKIP_NONE;
    }
    if (found->curve == JT_CURVE_NONE)
        return SKIP(r, JETON_SKIP_CURVE_UNKNOWN, "\"%s\" is no curve of %s keys that is known here",
                    jt_escape(jt_json_string(r->at[found->type == JT_KEY_AKP ? ALG : CRV])).text,
                    jt_key_type_name(found->type));
    return JETON_SKIP_NONE;
}

/* key_ops is an array of strings (RFC 7517 §4.3). The public half of a key that signs is there to verify. */
static enum jeton_skip read_uses(struct reading *r)
{
    bool verify = false, sign = false;
    r->verify = r->sign = r->labels.use.at == NULL || jt_bytes_equal(r->labels.use, JT_TEXT("sig"));
    if (!has(r, KEY_OPS))
        return JETON_SKIP_NONE;
    if (jt_json_type(r->at[KEY_OPS]) != JT_JSON_ARRAY)
        return SKIP(r, JETON_SKIP_MEMBER_INVALID, "key_ops is no array");
    for (struct jt_json_walk w = jt_json_walk(r->at[KEY_OPS]); jt_json_next(&w);) {
        if (jt_json_type(w.value) != JT_JSON_STRING)
            return SKIP(r, JETON_SKIP_MEMBER_INVALID, "key_ops holds more than strings");
        verify |= jt_bytes_equal(jt_json_string(w.value), JT_TEXT("verify"));
        sign |= jt_bytes_equal(jt_json_string(w.value), JT_TEXT("sign"));
    }
    if (r->found->type != JT_KEY_OCT && has(r, r->found->type == JT_KEY_AKP ? PRIV : D))
        verify |= sign;
    r->verify &= verify;
    r->sign &= sign;
    return JETON_SKIP_NONE;
}

/* --- Numbers --- */

static struct jeton_bytes *field(struct reading *r, size_t place)
{
    return (struct jeton_bytes *)(void *)((char *)&r->numbers + places[place].offset);
}

static bool wanted(const struct reading *r, size_t place)
{
    return places[place].type == r->found->type && (places[place].half == PUBLIC || r->secret) &&
           (!places[place].optional || has(r, places[place].member));
}

/* All in one piece of secret memory, public ones too: a key file is small and is read once. */
static enum jeton_status read_numbers(struct reading *r)
{
    size_t room = 0;
    for (size_t i = 0; i < JT_COUNT(places); i++)
        if (wanted(r, i))
            room += jt_base64url_decoded(jt_json_string(r->at[places[i].member]).len);
    if (room > (size_t)NUMBER_MAX * 32) {
        SKIP(r, JETON_SKIP_MEMBER_INVALID, "the numbers are too long");
        return JETON_OK;
    }
    JT_TRY(jt_secret_new(room + 1, &r->store));
    unsigned char *at = r->store.at;
    for (size_t i = 0; i < JT_COUNT(places); i++) {
        if (!wanted(r, i))
            continue;
        const char *name = member_names[places[i].member].at;
        struct jeton_bytes text = jt_json_string(r->at[places[i].member]);
        if (!has(r, places[i].member)) {
            SKIP(r, JETON_SKIP_MEMBER_MISSING, "%s is missing", name);
            return JETON_OK;
        }
        size_t len = jt_base64url_decoded(text.len);
        bool oct = r->found->type == JT_KEY_OCT;
        if (jt_json_type(r->at[places[i].member]) != JT_JSON_STRING || (text.len == 0 && !oct) ||
            (len > NUMBER_MAX && !oct) || !jt_base64url_decode(text, at)) {
            SKIP(r, JETON_SKIP_MEMBER_INVALID, "%s is not canonical base64url of a fitting length", name);
            return JETON_OK;
        }
        *field(r, i) = jeton_bytes(at, len);
        at += len;
    }
    return JETON_OK;
}

static bool odd(struct jeton_bytes number)
{
    return (((const unsigned char *)number.at)[number.len - 1] & 1) != 0;
}

/* What is well-formed but below (or above) the rules; the crypto room has the last word on everything. */
static enum jeton_skip read_strength(struct reading *r, const struct jt_key_rules *rules)
{
    struct jt_jwk_found *found = r->found;
    switch (found->type) {
    case JT_KEY_RSA:
        found->bits = jt_number_bits(r->numbers.n);
        if (found->bits < rules->rsa_bits_min || found->bits > rules->rsa_bits_max)
            return SKIP(r, JETON_SKIP_KEY_WEAK, "RSA with %u bits; %u to %u are taken", found->bits,
                        rules->rsa_bits_min, rules->rsa_bits_max);
        if (!odd(r->numbers.n))
            return SKIP(r, JETON_SKIP_KEY_WEAK, "the RSA modulus is even");
        if (!odd(r->numbers.e) || jt_number_bits(r->numbers.e) < 2 || jt_number_bits(r->numbers.e) > 64)
            return SKIP(r, JETON_SKIP_KEY_WEAK, "the RSA exponent is not odd from 3 to 2^64-1");
        break;
    case JT_KEY_OCT:
        found->bits = (unsigned)r->numbers.k.len * 8;
        if (r->numbers.k.len < JT_SECRET_MIN)
            return SKIP(r, JETON_SKIP_KEY_WEAK, "a secret of %zu bytes; at least %d are needed", r->numbers.k.len,
                        JT_SECRET_MIN);
        break;
    case JT_KEY_EC:
    case JT_KEY_OKP:
    case JT_KEY_AKP: {
        struct jt_key_shape shape = {found->type, found->curve, 0};
        struct jt_method method = {found->type == JT_KEY_EC ? JT_SCHEME_ECDSA : JT_SCHEME_EDDSA, JT_HASH_NONE};
        size_t size = jt_signature_size(shape, method) / 2; /* of a coordinate, or of an Edwards key */
        if (found->type != JT_KEY_AKP &&
            (r->numbers.x.len != size || (found->type == JT_KEY_EC && r->numbers.y.len != size)))
            return SKIP(r, JETON_SKIP_MEMBER_INVALID, "x%s must have %zu bytes on %s",
                        found->type == JT_KEY_EC ? " and y" : "", size, jt_curve_name(found->curve));
        break;
    }
    case JT_KEY_NONE:
        break;
    }
    return JETON_SKIP_NONE;
}

/* --- The handle --- */

/* The library is asked for a curve only when a key could not be made: short of memory, it would say no. */
static enum jeton_status not_made(struct reading *r, enum jeton_status status)
{
    struct jt_jwk_found *found = r->found;
    if (status == JETON_KEY_INVALID && !jt_crypto_has(found->curve))
        SKIP(r, JETON_SKIP_CURVE_UNKNOWN, "%s is not in this crypto library", jt_curve_name(found->curve));
    else if (status == JETON_KEY_INVALID)
        found->skip = JETON_SKIP_KEY_INVALID;
    return status;
}

static void restrict_uses(const struct reading *r, struct jt_jwk_about *about)
{
    struct jt_jwk_found *found = r->found;
    found->bits = about->shape.bits;
    if (about->skip == JETON_SKIP_ALG_UNSUITABLE)
        SKIP(r, JETON_SKIP_ALG_UNSUITABLE, "alg \"%s\" is not for this key", jt_escape(r->labels.alg).text);
    else if (!r->verify && r->labels.use.at != NULL && !jt_bytes_equal(r->labels.use, JT_TEXT("sig")))
        SKIP(r, JETON_SKIP_USE, "use is \"%s\", not \"sig\"", jt_escape(r->labels.use).text);
    else if (!r->verify)
        SKIP(r, JETON_SKIP_KEY_OPS, "key_ops does not hold \"verify\"");
    if (!r->verify)
        about->verifies = 0;
    if (!r->sign)
        about->signs = 0;
    about->skip = found->skip;
}

static enum jeton_status make_secret(struct reading *r, struct jt_secret_jwk **out)
{
    struct jt_secret_key *key = NULL;
    enum jeton_status status = jt_secret_key_make(&r->numbers, &JT_KEY_RULES_OPERATOR, &key, &r->found->detail);
    if (status != JETON_OK)
        return not_made(r, status);
    status = jt_secret_jwk_label(key, &r->labels, out);
    jt_secret_key_release(key);
    if (status == JETON_OK)
        restrict_uses(r, &(*out)->about);
    return status;
}

static enum jeton_status make_public(struct reading *r, const struct jt_key_rules *rules, struct jt_public_jwk **out)
{
    struct jt_public_key *key = NULL;
    enum jeton_status status = jt_public_key_make(&r->numbers, rules, &key, &r->found->detail);
    if (status != JETON_OK)
        return not_made(r, status);
    status = jt_public_jwk_label(key, &r->labels, out);
    jt_public_key_release(key);
    if (status == JETON_OK)
        restrict_uses(r, &(*out)->about);
    return status;
}

static enum jeton_status make(struct reading *r, const struct jt_key_rules *rules)
{
    struct jt_jwk_found *found = r->found;
    if (!r->secret)
        return make_public(r, rules, &found->public_key);
    return make_secret(r, &found->secret_key);
}

static enum jeton_skip read_members(struct jt_json json, enum jeton_origin origin, struct reading *r)
{
    if (jt_json_type(json) != JT_JSON_OBJECT)
        return SKIP(r, JETON_SKIP_NOT_OBJECT, "no JSON object");
    find_members(json, r);
    if (read_labels(r) != JETON_SKIP_NONE)
        return r->found->skip;
    r->secret = r->found->type == JT_KEY_OCT;
    for (int i = D; i <= K; i++)
        r->secret |= has(r, (enum member)i);
    if (origin == JETON_ORIGIN_FETCHED && r->found->type == JT_KEY_OCT)
        return SKIP(r, JETON_SKIP_SYMMETRIC, "a symmetric key in a set that anyone can fetch");
    if (origin == JETON_ORIGIN_FETCHED && r->secret)
        return SKIP(r, JETON_SKIP_PRIVATE, "private members in a set that anyone can fetch");
    if (has(r, OTH))
        return SKIP(r, JETON_SKIP_MEMBER_INVALID, "RSA keys of more than two primes are not taken");
    if (read_curve(r) != JETON_SKIP_NONE)
        return r->found->skip;
    return read_uses(r);
}

static enum jeton_status read_key(struct jt_json json, enum jeton_origin origin, struct reading *r)
{
    const struct jt_key_rules rules = origin == JETON_ORIGIN_FETCHED ? JT_KEY_RULES_FETCHED : JT_KEY_RULES_OPERATOR;
    if (read_members(json, origin, r) != JETON_SKIP_NONE)
        return JETON_OK;
    r->numbers.type = r->found->type;
    r->numbers.curve = r->found->curve;
    JT_TRY(read_numbers(r));
    if (r->found->skip != JETON_SKIP_NONE || read_strength(r, &rules) != JETON_SKIP_NONE)
        return JETON_OK;
    return make(r, &rules);
}

/* A key that is no key is an answer, not a failure. */
static enum jeton_status finish(struct reading *r, enum jeton_status status)
{
    jt_secret_done(&r->store);
    if (status == JETON_KEY_INVALID && r->found->skip != JETON_SKIP_NONE)
        return JETON_OK;
    if (status != JETON_OK)
        jt_jwk_found_done(r->found);
    /* A key that was good and then could not be looked at: the library's trouble, not the key's. */
    return status == JETON_KEY_INVALID ? JETON_INTERNAL_ERROR : status;
}

enum jeton_status jt_jwk_read_public(struct jt_json json, enum jeton_origin origin, struct jt_jwk_found *found)
{
    memset(found, 0, sizeof *found);
    struct reading r = {.found = found};
    enum jeton_status status = read_key(json, origin, &r);
    if (status == JETON_OK && found->secret_key != NULL && found->type != JT_KEY_OCT) {
        status = jt_public_jwk_of(found->secret_key, &found->public_key);
        jt_secret_jwk_release(JT_TAKE(found->secret_key));
    }
    return finish(&r, status);
}

enum jeton_status jt_jwk_read_secret(struct jt_json json, struct jt_jwk_found *found)
{
    memset(found, 0, sizeof *found);
    struct reading r = {.found = found};
    enum jeton_status status = read_key(json, JETON_ORIGIN_OPERATOR, &r);
    if (status == JETON_OK && found->public_key != NULL) {
        jt_public_jwk_release(JT_TAKE(found->public_key));
        SKIP(&r, JETON_SKIP_MEMBER_MISSING, "a public key; a private one is needed");
    }
    return finish(&r, status);
}

void jt_jwk_found_done(struct jt_jwk_found *found)
{
    jt_public_jwk_release(JT_TAKE(found->public_key));
    jt_secret_jwk_release(JT_TAKE(found->secret_key));
}
