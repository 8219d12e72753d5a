/* SPDX-License-Identifier: Apache-2.0 */
/* What does the header of an encrypted token ask for, and may it? The tables of names, and the checks that need no
 * key. */
#include "base/json.h"
#include "jose/jwe.h"

static const struct jt_jwe_algorithm algorithms[] = {
#define JT_JWE_ALG(id, name) {JT_JWE_##id, name},
#include "jose/jwe_algs.def"
#undef JT_JWE_ALG
};
static const struct jt_jwe_encryption encryptions[] = {
#define JT_JWE_ENC(id, name, key, iv, tag) {JT_JWE_##id, name, key, iv, tag},
#include "jose/jwe_algs.def"
#undef JT_JWE_ENC
};

const struct jt_jwe_algorithm *jt_jwe_algorithm_find(struct jeton_bytes name)
{
    for (size_t i = 0; i < JT_COUNT(algorithms); i++)
        if (jt_bytes_equal(jeton_text(algorithms[i].name), name))
            return &algorithms[i];
    return NULL;
}

const struct jt_jwe_encryption *jt_jwe_encryption_find(struct jeton_bytes name)
{
    for (size_t i = 0; i < JT_COUNT(encryptions); i++)
        if (jt_bytes_equal(jeton_text(encryptions[i].name), name))
            return &encryptions[i];
    return NULL;
}

/* A member that must be a string when it is there; at NULL: not there. */
static enum jeton_status take(struct jt_json header, const char *name, struct jeton_bytes *out,
                              struct jeton_detail *detail)
{
    struct jt_json value = jt_json_get(header, jeton_text(name));
    *out = jeton_bytes(NULL, 0);
    if (jt_json_type(value) == JT_JSON_NONE)
        return JETON_OK;
    if (jt_json_type(value) != JT_JSON_STRING)
        return jt_fail(detail, JETON_HEADER_INVALID, "%s is no string", name);
    *out = jt_json_string(value);
    return JETON_OK;
}

/* The lengths that the names ask for, exactly: a short tag is no tag (CVE-2023-37464). */
static enum jeton_status judge_lengths(const struct jt_jwe *jwe, const struct jt_jwe_header *header,
                                       struct jeton_detail *detail)
{
    if (header->algorithm->id == JT_JWE_DIR && jwe->encrypted_key.len != 0) /* RFC 7516 §5.2 step 10 */
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "an encrypted key stands beside alg dir");
    if (jwe->iv.len != header->encryption->iv)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "an initialisation vector of %zu bytes instead of %zu",
                       jwe->iv.len, header->encryption->iv);
    if (jwe->tag.len != header->encryption->tag)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "a tag of %zu bytes instead of %zu", jwe->tag.len,
                       header->encryption->tag);
    return JETON_OK;
}

static enum jeton_status judge(const struct jt_jwe *jwe, struct jt_json json, struct jt_jwe_header *out,
                               struct jeton_detail *detail)
{
    struct jeton_bytes alg, enc;
    if (jt_json_type(json) != JT_JSON_OBJECT)
        return jt_fail(detail, JETON_HEADER_INVALID, "the header is no JSON object");
    JT_TRY(take(json, "alg", &alg, detail));
    JT_TRY(take(json, "enc", &enc, detail));
    JT_TRY(take(json, "kid", &out->kid, detail));
    JT_TRY(take(json, "typ", &out->typ, detail));
    if (alg.at == NULL || enc.at == NULL)
        return jt_fail(detail, JETON_HEADER_INVALID, "%s is missing", alg.at == NULL ? "alg" : "enc");
    if (jt_json_type(jt_json_get(json, JT_TEXT("crit"))) != JT_JSON_NONE)
        return jt_fail(detail, JETON_CRIT_UNSUPPORTED, "crit stands in the header; no extension is supported");
    if (jt_json_type(jt_json_get(json, JT_TEXT("zip"))) != JT_JSON_NONE) /* RFC 8725 §3.6 */
        return jt_fail(detail, JETON_HEADER_INVALID, "compressed content is not read");
    out->algorithm = jt_jwe_algorithm_find(alg);
    out->encryption = jt_jwe_encryption_find(enc);
    if (out->algorithm == NULL || out->encryption == NULL)
        return jt_fail(detail, JETON_ALG_NOT_ALLOWED, "%s \"%s\" is not supported",
                       out->algorithm == NULL ? "alg" : "enc", jt_escape(out->algorithm == NULL ? alg : enc).text);
    return judge_lengths(jwe, out, detail);
}

enum jeton_status jt_jwe_header_read(const struct jt_jwe *jwe, struct jt_arena *arena, struct jt_jwe_header *out,
                                     struct jeton_detail *detail)
{
    struct jeton_detail inner = {""};
    struct jt_jwe_header header = {NULL};
    struct jt_json json;
    enum jeton_status status = jt_json_read(jwe->header, JT_JSON_HEADER, arena, &json, &inner);
    if (status == JETON_ARGUMENT_INVALID)
        return jt_fail(detail, JETON_HEADER_INVALID, "header: %s", inner.text);
    JT_TRY(status);
    JT_TRY(judge(jwe, json, &header, detail));
    *out = header;
    return JETON_OK;
}
