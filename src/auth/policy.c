/* SPDX-License-Identifier: Apache-2.0 */
/* What must a token show here? Options in, one immutable block out: everything is checked and copied now, so that
 * judging a token only compares. */
#include "auth/policy.h"

#include <stdlib.h>

#include "auth/checks.h"
#include "jose/role.h"

#define LIST_MAX 1024                /* texts of one list */
#define TEXT_MAX ((size_t)64 * 1024) /* bytes of one text */
#define MAX_AGE_MAX ((int64_t)1 << 53)
#define LEEWAY_MAX 600

static enum jeton_status check_list(const struct jeton_list *list, const char *what, struct jeton_detail *detail)
{
    if (list->count > LIST_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "more than %d of: %s", LIST_MAX, what);
    for (size_t i = 0; i < list->count; i++) {
        if (list->at[i].len == 0)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "an empty %s", what);
        if (list->at[i].len > TEXT_MAX)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "a %s of %zu bytes", what, list->at[i].len);
    }
    return JETON_OK;
}

static enum jeton_status check_roles(const struct jeton_policy_options *options, struct jeton_detail *detail)
{
    const struct jeton_list *roles = &options->roles;
    struct jt_texts names = {(struct jeton_bytes *)(uintptr_t)roles->at, roles->count};
    size_t index = 0;
    JT_TRY(check_list(roles, "role", detail));
    JT_TRY(check_list(&options->role_claims, "role claim", detail));
    for (size_t i = 0; i < roles->count; i++)
        for (size_t j = 0; j < i; j++)
            if (jt_bytes_equal_nocase(roles->at[i], roles->at[j]))
                return jt_fail(detail, JETON_ARGUMENT_INVALID, "role \"%s\" is named twice",
                               jt_escape(roles->at[i]).text);
    if (options->role.len > 0 && !jt_role_find(&names, options->role, &index))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "role \"%s\" is none of the roles",
                       jt_escape(options->role).text);
    return JETON_OK;
}

static enum jeton_status check(const struct jeton_policy_options *options, struct jeton_detail *detail)
{
    JT_TRY(check_list(&options->issuers, "issuer", detail));
    JT_TRY(check_list(&options->audiences, "audience", detail));
    JT_TRY(check_list(&options->algorithms, "algorithm", detail));
    JT_TRY(check_list(&options->types, "type", detail));
    JT_TRY(check_list(&options->required, "required claim", detail));
    JT_TRY(check_list(&options->scopes, "scope", detail));
    JT_TRY(check_roles(options, detail));
    for (size_t i = 0; i < options->scopes.count; i++)
        if (jt_bytes_find(options->scopes.at[i], ' ', 0) < options->scopes.at[i].len)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "scope \"%s\" has a space: give one scope a time",
                           jt_escape(options->scopes.at[i]).text);
    if (options->audiences.count == 0 && !options->any_audience)
        return jt_fail(detail, JETON_ARGUMENT_INVALID,
                       "no audience: name the audiences that are believed, or say that any is");
    if (options->audiences.count > 0 && options->any_audience)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "audiences are named, and any audience is believed: which?");
    if (options->subject.len > TEXT_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a subject of %zu bytes", options->subject.len);
    if (options->leeway < 0 || options->leeway > LEEWAY_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "leeway must be 0 to %d seconds", LEEWAY_MAX);
    if (options->max_age < -1 || options->max_age > MAX_AGE_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "the greatest age must be 0 to 2^53 seconds, or -1 for any");
    if (options->max_token == 0 || options->max_token > JT_TOKEN_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "the largest token must have 1 to %zu bytes", JT_TOKEN_MAX);
    return JETON_OK;
}

static enum jeton_status compile_algorithms(const struct jeton_list *names, jt_alg_mask *out,
                                            struct jeton_detail *detail)
{
    *out = 0;
    for (size_t i = 0; i < names->count; i++) {
        const struct jt_algorithm *algorithm = jt_algorithm_find(names->at[i]);
        if (algorithm == NULL)
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "there is no signature algorithm \"%s\"",
                           jt_escape(names->at[i]).text);
        if (!jt_algorithm_usable(algorithm))
            return jt_fail(detail, JETON_ARGUMENT_INVALID, "%s is not in this crypto library", algorithm->name);
        *out |= JT_ALG_BIT(algorithm->id);
    }
    return JETON_OK;
}

/* --- Copying into the block behind the struct: first the lists, then the bytes --- */

struct block {
    struct jeton_bytes *texts;
    unsigned char *bytes;
};

static struct jeton_bytes copy_text(struct block *block, struct jeton_bytes text)
{
    unsigned char *at = block->bytes;
    if (text.len > 0)
        memcpy(at, text.at, text.len);
    block->bytes += text.len;
    return jeton_bytes(at, text.len);
}

static struct jt_texts copy_list(struct block *block, const struct jeton_list *list)
{
    struct jt_texts texts = {block->texts, 0};
    for (size_t i = 0; i < list->count; i++) {
        bool twice = false; /* one issuer named twice is still one issuer */
        for (size_t j = 0; j < texts.count && !twice; j++)
            twice = jt_bytes_equal(texts.at[j], list->at[i]);
        if (!twice)
            texts.at[texts.count++] = copy_text(block, list->at[i]);
    }
    block->texts += texts.count;
    return texts;
}

static void measure(const struct jeton_list *list, size_t *texts, size_t *bytes)
{
    *texts += list->count;
    for (size_t i = 0; i < list->count; i++)
        *bytes += list->at[i].len;
}

/* The index is looked up in the copy, where nothing was left out: no role is named twice. */
static struct jt_role_rules compile_role(struct block *block, const struct jeton_policy_options *options)
{
    static const struct jeton_bytes role = {"role", 4};
    const struct jeton_list usual = {&role, 1};
    const struct jeton_list *claims = options->role_claims.count > 0 ? &options->role_claims : &usual;
    struct jt_role_rules rules = {{NULL, 0}, {NULL, 0}, 0};
    if (options->roles.count == 0)
        return rules;
    rules.names = copy_list(block, &options->roles);
    rules.claims = copy_list(block, claims);
    rules.least = rules.names.count - 1;
    (void)jt_role_find(&rules.names, options->role, &rules.least);
    return rules;
}

enum jeton_status jt_policy_new(const struct jeton_policy_options *options, struct jt_policy **out,
                                struct jeton_detail *detail)
{
    const struct jeton_list *lists[] = {&options->issuers,    &options->audiences, &options->types,
                                        &options->required,   &options->scopes,    &options->roles,
                                        &options->role_claims};
    size_t texts = 1, bytes = options->subject.len + strlen("role");
    jt_alg_mask algorithms = 0;
    JT_TRY(check(options, detail));
    JT_TRY(compile_algorithms(&options->algorithms, &algorithms, detail));
    for (size_t i = 0; i < JT_COUNT(lists); i++)
        measure(lists[i], &texts, &bytes);
    struct jt_policy *policy = malloc(sizeof *policy + texts * sizeof(struct jeton_bytes) + bytes);
    if (policy == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "no memory for a policy");
    struct block block = {policy->memory, (unsigned char *)(policy->memory + texts)};
    policy->algorithms = algorithms;
    policy->max_token = options->max_token;
    policy->rules = (struct jt_claim_rules){
        .issuers = copy_list(&block, &options->issuers),
        .audiences = copy_list(&block, &options->audiences),
        .any_audience = options->any_audience,
        .types = copy_list(&block, &options->types),
        .subject = copy_text(&block, options->subject),
        .required = copy_list(&block, &options->required),
        .scopes = copy_list(&block, &options->scopes),
        .role = compile_role(&block, options),
        .leeway = options->leeway,
        .max_age = options->max_age,
        .exp_optional = options->exp_optional,
    };
    for (size_t i = 0; i < policy->rules.types.count; i++)
        policy->rules.types.at[i] = jt_media_type_short(policy->rules.types.at[i]);
    policy->plan = jt_checks_asked(policy);
    *out = policy;
    return JETON_OK;
}

void jt_policy_free(struct jt_policy *policy)
{
    free(policy);
}
