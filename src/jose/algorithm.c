/* SPDX-License-Identifier: Apache-2.0 */
/* Which algorithm does a name stand for, and which may a key take? The registry of every stage that meets a name. */
#include "jose/algorithm.h"

static const struct jt_algorithm table[JT_ALG_COUNT] = {
#define JT_ALG(id, name, scheme, hash, type, curve)                                                                    \
    [JT_ALG_##id] = {JT_ALG_##id,     name, sizeof(name) - 1, {JT_SCHEME_##scheme, JT_HASH_##hash}, JT_KEY_##type,     \
                     JT_CURVE_##curve},
#include "jose/algs.def"
#undef JT_ALG
};

_Static_assert(JT_ALG_COUNT < 32, "jt_alg_mask has 32 bits");

static const struct {
    struct jeton_bytes text;
    enum jt_key_type id;
} type_names[] = {
    {{"RSA", 3}, JT_KEY_RSA}, {{"EC", 2}, JT_KEY_EC},   {{"OKP", 3}, JT_KEY_OKP},
    {{"oct", 3}, JT_KEY_OCT}, {{"AKP", 3}, JT_KEY_AKP},
};

const struct jt_algorithm *jt_algorithm_at(size_t index)
{
    return index < JT_ALG_COUNT ? &table[index] : NULL;
}

const struct jt_algorithm *jt_algorithm_find(struct jeton_bytes name)
{
    for (size_t i = 0; i < JT_ALG_COUNT; i++)
        if (table[i].name_len == name.len && memcmp(table[i].name, name.at, name.len) == 0)
            return &table[i];
    return NULL;
}

bool jt_algorithm_usable(const struct jt_algorithm *algorithm)
{
    switch (algorithm->type) {
    case JT_KEY_RSA:
    case JT_KEY_OCT:
        return true;
    case JT_KEY_EC:
    case JT_KEY_OKP:
    case JT_KEY_AKP:
        return jt_crypto_has(algorithm->curve != JT_CURVE_NONE ? algorithm->curve : JT_CURVE_ED25519);
    case JT_KEY_NONE:
        break;
    }
    return false;
}

jt_alg_mask jt_algorithms_of(struct jt_key_shape shape)
{
    jt_alg_mask mask = 0;
    for (size_t i = 0; i < JT_ALG_COUNT; i++)
        if (table[i].type == shape.type && (table[i].curve == JT_CURVE_NONE || table[i].curve == shape.curve) &&
            jt_method_fits(shape, table[i].method))
            mask |= JT_ALG_BIT(table[i].id);
    return mask;
}

jt_alg_mask jt_algorithms_pinned(struct jt_key_shape shape, const struct jt_algorithm *alg)
{
    jt_alg_mask all = jt_algorithms_of(shape);
    if ((all & JT_ALG_BIT(alg->id)) == 0)
        return 0;
    /* All names of an EdDSA key mean the same method (RFC 9864 §2.2). */
    return alg->method.scheme == JT_SCHEME_EDDSA ? all : JT_ALG_BIT(alg->id);
}

const struct jt_algorithm *jt_algorithm_default(struct jt_key_shape shape)
{
    switch (shape.type) {
    case JT_KEY_RSA:
        return &table[JT_ALG_RS256];
    case JT_KEY_OCT:
        return &table[JT_ALG_HS256];
    case JT_KEY_OKP:
        return &table[JT_ALG_EDDSA];
    case JT_KEY_EC:
    case JT_KEY_AKP:
        for (size_t i = 0; i < JT_ALG_COUNT; i++)
            if (table[i].type == shape.type && table[i].curve == shape.curve)
                return &table[i];
        break;
    case JT_KEY_NONE:
        break;
    }
    return NULL;
}

const char *jt_key_type_name(enum jt_key_type type)
{
    for (size_t i = 0; i < JT_COUNT(type_names); i++)
        if (type_names[i].id == type)
            return type_names[i].text.at;
    return "";
}

enum jt_key_type jt_key_type_find(struct jeton_bytes name)
{
    for (size_t i = 0; i < JT_COUNT(type_names); i++)
        if (jt_bytes_equal(type_names[i].text, name))
            return type_names[i].id;
    return JT_KEY_NONE;
}
