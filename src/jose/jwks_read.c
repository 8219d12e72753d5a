/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys does this document hold, and which of them can be used? One bad key is left out, counted and told, never
 * the set; a set is added whole or not at all. */
#include "jose/keyset.h"

#include <stdlib.h>

#include "jose/key_file.h"
#include "jose/keyset_parts.h"

#define DOCUMENT_MAX ((size_t)16 << 20)

static const char *const skip_names[] = {
    [JETON_SKIP_NONE] = "",
    [JETON_SKIP_NOT_OBJECT] = "not_object",
    [JETON_SKIP_TYPE_UNKNOWN] = "type_unknown",
    [JETON_SKIP_CURVE_UNKNOWN] = "curve_unknown",
    [JETON_SKIP_MEMBER_MISSING] = "member_missing",
    [JETON_SKIP_MEMBER_INVALID] = "member_invalid",
    [JETON_SKIP_KEY_INVALID] = "key_invalid",
    [JETON_SKIP_KEY_WEAK] = "key_weak",
    [JETON_SKIP_KID_INVALID] = "kid_invalid",
    [JETON_SKIP_ALG_UNSUITABLE] = "alg_unsuitable",
    [JETON_SKIP_USE] = "use",
    [JETON_SKIP_KEY_OPS] = "key_ops",
    [JETON_SKIP_SYMMETRIC] = "symmetric",
    [JETON_SKIP_PRIVATE] = "private",
    [JETON_SKIP_DUPLICATE] = "duplicate",
    [JETON_SKIP_TOO_MANY] = "too_many",
};

const char *jt_skip_name(enum jeton_skip skip)
{
    return (size_t)skip < JT_COUNT(skip_names) ? skip_names[skip] : "";
}

/* The keys of a document before they are added. */
struct batch {
    struct jt_jwk_found *found;
    size_t count;
    size_t usable;
};

static void batch_done(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        jt_jwk_found_done(&batch->found[i]);
    free(batch->found);
}

static struct jt_candidate key_of(const struct jt_jwk_found *found)
{
    struct jt_candidate key = {found->public_key, found->public_key == NULL ? found->secret_key : NULL};
    return key;
}

static bool is_key(const struct jt_jwk_found *found)
{
    return found->public_key != NULL || found->secret_key != NULL;
}

struct telling {
    jeton_key_note_function note;
    void *context;
};

static void tell(const struct telling *telling, size_t index, const struct jt_jwk_found *found)
{
    if (telling->note == NULL)
        return;
    struct jt_candidate key = key_of(found);
    struct jeton_key_note note = {
        .index = index,
        .kid = found->kid,
        .type = jt_key_type_name(found->type),
        .curve = jt_curve_name(found->curve),
        .alg = found->alg != NULL ? found->alg->name : "",
        .bits = found->bits,
        .thumbprint = is_key(found) && found->type != JT_KEY_OCT ? jt_candidate_about(&key)->thumbprint : "",
        .skip = found->skip,
        .text = found->skip != JETON_SKIP_NONE ? found->detail.text : "",
    };
    telling->note(telling->context, &note);
}

static enum jeton_status read_batch(struct jt_json keys, enum jeton_origin origin, struct batch *batch)
{
    size_t most = origin == JETON_ORIGIN_FETCHED ? JT_KEYS_MAX_FETCHED : JT_KEYS_MAX_OPERATOR;
    size_t count = jt_json_count(keys);
    batch->found = calloc(count > 0 ? count : 1, sizeof *batch->found);
    if (batch->found == NULL)
        return JETON_OUT_OF_MEMORY;
    for (struct jt_json_walk w = jt_json_walk(keys); jt_json_next(&w); batch->count++) {
        struct jt_jwk_found *found = &batch->found[batch->count];
        if (batch->count >= most) {
            found->skip = JETON_SKIP_TOO_MANY;
            jt_fail(&found->detail, JETON_KEY_INVALID, "a set may have %zu keys", most);
            continue;
        }
        JT_TRY(jt_jwk_read_public(w.value, origin, found));
        batch->usable += found->skip == JETON_SKIP_NONE;
    }
    return JETON_OK;
}

/* Nothing here can fail: room was made before. */
static void add_batch(struct jt_keyset *set, struct batch *batch, const struct telling *telling)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct jt_jwk_found *found = &batch->found[i];
        struct jt_candidate key = key_of(found);
        bool twice = is_key(found) && jt_keyset_holds(set, jt_candidate_about(&key), false);
        if (twice && found->skip == JETON_SKIP_NONE) {
            found->skip = JETON_SKIP_DUPLICATE;
            jt_fail(&found->detail, JETON_KEY_INVALID, "the same key stands earlier under the same kid");
        }
        tell(telling, i, found);
        if (twice || !is_key(found)) {
            jt_keyset_count_skipped(set, 1);
            continue;
        }
        jt_keyset_put(set, key, false);
        found->public_key = NULL;
        found->secret_key = NULL;
    }
}

static enum jeton_status add_keys(struct jt_keyset *set, struct jt_json keys, enum jeton_origin origin,
                                  const struct telling *telling, struct jeton_detail *detail)
{
    struct batch batch = {0};
    enum jeton_status status = read_batch(keys, origin, &batch);
    if (status == JETON_OK)
        status = jt_keyset_reserve(set, batch.count);
    if (status != JETON_OK) {
        status = jt_fail(detail, status, "no memory for the keys");
    } else if (origin == JETON_ORIGIN_FETCHED && batch.usable == 0) {
        for (size_t i = 0; i < batch.count; i++)
            tell(telling, i, &batch.found[i]);
        status = jt_fail(detail, JETON_KEY_INVALID, "none of the %zu keys of the set can be used", batch.count);
    } else {
        add_batch(set, &batch, telling);
    }
    batch_done(&batch);
    return status;
}

static enum jeton_status add_document(struct jt_keyset *set, struct jt_json document, enum jeton_origin origin,
                                      const struct telling *telling, struct jeton_detail *detail)
{
    struct jt_json keys = jt_json_get(document, JT_TEXT("keys"));
    if (jt_json_type(keys) == JT_JSON_ARRAY)
        return add_keys(set, keys, origin, telling, detail);
    if (jt_json_type(keys) != JT_JSON_NONE)
        return jt_fail(detail, JETON_KEY_INVALID, "\"keys\" is no array");
    if (jt_json_type(jt_json_get(document, JT_TEXT("kty"))) != JT_JSON_NONE)
        return jt_fail(detail, JETON_KEY_INVALID, "a single JWK, not a JWK set: there is no \"keys\"");
    if (origin == JETON_ORIGIN_FETCHED)
        return jt_fail(detail, JETON_KEY_INVALID, "not a JWK set: there is no \"keys\"");
    return JETON_OK; /* S2.7: a file without "keys" is a set without keys */
}

static enum jeton_status checked_len(struct jeton_bytes text, struct jeton_detail *detail)
{
    if (text.len > DOCUMENT_MAX)
        return jt_fail(detail, JETON_KEY_INVALID, "a key set of %zu bytes; at most 16 MiB are read", text.len);
    return JETON_OK;
}

enum jeton_status jt_keyset_read_jwks(struct jt_keyset *set, struct jeton_bytes text, enum jeton_origin origin,
                                      jeton_key_note_function note, void *note_context, struct jeton_detail *detail)
{
    JT_AUTO(jt_key_json_done) struct jt_key_json document = {0};
    const struct telling telling = {note, note_context};
    JT_TRY(checked_len(text, detail));
    JT_TRY(jt_key_json_read(text, &document, detail));
    return add_document(set, document.json, origin, &telling, detail);
}

/* One key on its own. What can be read but allows nothing is kept, so that a verdict can say so. */
static enum jeton_status add_own(struct jt_keyset *set, struct jt_jwk_found *found, const struct telling *telling,
                                 struct jeton_detail *detail)
{
    struct jt_candidate key = key_of(found);
    enum jeton_status status = JETON_OK;
    tell(telling, 0, found);
    if (!is_key(found))
        return jt_fail(detail, JETON_KEY_INVALID, "%s", found->detail.text);
    status = key.public_key != NULL ? jt_keyset_add_public(set, key.public_key, true)
                                    : jt_keyset_add_secret(set, key.secret_key, true);
    return status == JETON_OK ? status : jt_fail(detail, status, "no memory for the key");
}

static enum jeton_status read_json(struct jt_keyset *set, struct jeton_bytes text, enum jeton_origin origin,
                                   const struct telling *telling, struct jeton_detail *detail)
{
    JT_AUTO(jt_key_json_done) struct jt_key_json document = {0};
    JT_TRY(jt_key_json_read(text, &document, detail));
    bool single = jt_json_type(jt_json_get(document.json, JT_TEXT("kty"))) != JT_JSON_NONE;
    bool whole = jt_json_type(jt_json_get(document.json, JT_TEXT("keys"))) != JT_JSON_NONE;
    if (whole)
        return add_document(set, document.json, origin, telling, detail);
    if (!single)
        return jt_fail(detail, JETON_KEY_INVALID, "neither a JWK (no \"kty\") nor a JWK set (no \"keys\")");
    struct jt_jwk_found found = {0};
    JT_TRY(jt_jwk_read_public(document.json, origin, &found));
    enum jeton_status status = add_own(set, &found, telling, detail);
    jt_jwk_found_done(&found);
    return status;
}

enum jeton_status jt_keyset_read(struct jt_keyset *set, struct jeton_bytes text, enum jeton_origin origin,
                                 jeton_key_note_function note, void *note_context, struct jeton_detail *detail)
{
    const struct telling telling = {note, note_context};
    struct jt_jwk_found found = {0};
    JT_TRY(checked_len(text, detail));
    if (jt_key_file_is_json(text))
        return read_json(set, text, origin, &telling, detail);
    JT_TRY(jt_public_jwk_read(text, &found.public_key, detail));
    found.type = found.public_key->about.shape.type;
    found.curve = found.public_key->about.shape.curve;
    found.bits = found.public_key->about.shape.bits;
    enum jeton_status status = add_own(set, &found, &telling, detail);
    jt_jwk_found_done(&found);
    return status;
}
