/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the known roles does a token claim, and is it high enough? See role.h. */
#include "jose/role.h"

bool jt_claim_is_blank(struct jt_json claim)
{
    struct jeton_bytes text = jt_json_string(claim);
    if (jt_json_type(claim) == JT_JSON_NONE || jt_json_type(claim) == JT_JSON_NULL)
        return true;
    if (jt_json_type(claim) != JT_JSON_STRING)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = ((const unsigned char *)text.at)[i];
        if (byte != ' ' && (byte < '\t' || byte > '\r'))
            return false;
    }
    return true;
}

static struct jt_json first_of(struct jt_json all, const struct jt_texts *names)
{
    struct jt_json none = {NULL};
    for (size_t i = 0; i < names->count; i++) {
        struct jt_json claim = jt_json_get(all, names->at[i]);
        if (!jt_claim_is_blank(claim))
            return claim;
    }
    return none;
}

static bool find(const struct jt_texts *names, struct jeton_bytes name, size_t *index)
{
    for (size_t i = 0; i < names->count; i++)
        if (jt_bytes_equal_nocase(names->at[i], name)) {
            *index = i;
            return true;
        }
    return false;
}

bool jt_role_find(const struct jt_texts *names, struct jeton_bytes name, size_t *index)
{
    return find(names, name, index) ||
           (jt_bytes_equal_nocase(name, JT_TEXT("user")) && find(names, JT_TEXT("basic"), index));
}

enum jeton_status jt_role_read(struct jt_json claim, const struct jt_role_rules *rules, size_t *index,
                               struct jeton_detail *detail)
{
    if (jt_claim_is_blank(claim))
        return jt_fail(detail, JETON_CLAIM_MISSING, "%s is missing", jt_escape(rules->claims.at[0]).text);
    if (jt_json_type(claim) != JT_JSON_STRING)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "the role is no text");
    if (!jt_role_find(&rules->names, jt_json_string(claim), index))
        return jt_fail(detail, JETON_CLAIMS_INVALID, "there is no role \"%s\"", jt_escape(jt_json_string(claim)).text);
    return JETON_OK;
}

enum jeton_status jt_claims_role(const struct jt_claims *claims, const struct jt_role_rules *rules,
                                 struct jeton_detail *detail)
{
    size_t index = 0;
    if (rules->names.count == 0)
        return JETON_OK;
    JT_TRY(jt_role_read(first_of(claims->all, &rules->claims), rules, &index, detail));
    if (index > rules->least)
        return jt_fail(detail, JETON_ROLE_INSUFFICIENT, "the role is \"%s\"; \"%s\" is needed",
                       jt_escape(rules->names.at[index]).text, jt_escape(rules->names.at[rules->least]).text);
    return JETON_OK;
}
