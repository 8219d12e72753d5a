/* SPDX-License-Identifier: Apache-2.0 */
/* Why was this token judged so? The same checks as authenticate.c, going on after a failure with all that can still be
 * judged; for people. */
#include "auth/checks.h"

#include <stdio.h>

static void describe_key(const struct jt_judgement *j, struct jeton_detail *reason)
{
    const struct jt_candidates *candidates = &j->candidates;
    const struct jt_jwk_about *about = jt_candidate_about(&candidates->at[0]);
    struct jt_shown words = jt_about_words(about);
    char many[40] = "";
    if (candidates->count > 1)
        snprintf(many, sizeof many, " (%zu keys to try)", candidates->count);
    switch (candidates->match) {
    case JT_MATCH_KID:
        snprintf(reason->text, sizeof reason->text, "kid \"%s\" names it: %s%s", jt_escape(j->header.kid).text,
                 words.text, many);
        return;
    case JT_MATCH_OWN:
        snprintf(reason->text, sizeof reason->text, "given on its own, it fits any kid: %s%s", words.text, many);
        return;
    case JT_MATCH_ONLY:
        snprintf(reason->text, sizeof reason->text, "the token has no kid, and only this key fits %s: %s%s",
                 j->header.algorithm->name, words.text, many);
        return;
    }
}

/* A time that is not there is only a question when it is required: then the check says that it is missing. */
static bool is_asked(const struct jt_judgement *j, size_t id)
{
    unsigned without = jt_checks[id].without;
    if ((j->policy->plan & 1u << id) == 0)
        return false;
    if (without == 0 || (id == JT_CHECK_EXP && !j->policy->rules.exp_optional))
        return true;
    return j->claims->at[__builtin_ctz(without)].value != NULL;
}

static void run(struct jt_judgement *j, size_t id, unsigned passed, struct jeton_check *out)
{
    const struct jt_check *check = &jt_checks[id];
    bool possible = (check->needs & ~passed) == 0 &&
                    (check->claims == 0 || (j->claims != NULL && (check->claims & j->claims->wrong) == 0));
    out->name = check->name;
    out->status = JETON_OK;
    out->detail.text[0] = '\0';
    if (!possible) {
        out->result = JETON_CHECK_NOT_REACHED;
    } else if (!is_asked(j, id)) {
        out->result = JETON_CHECK_SKIPPED;
    } else {
        out->status = check->run(j, &out->detail);
        out->result = out->status == JETON_OK ? JETON_CHECK_PASSED : JETON_CHECK_FAILED;
    }
}

enum jeton_status jt_explain(struct jeton_bytes token, const struct jt_keyset *keys, const struct jt_policy *policy,
                             int64_t now, struct jt_arena *arena, const struct jt_verified **out,
                             struct jeton_verdict *verdict)
{
    struct jt_judgement judgement = {
        .text = token, .keys = keys, .policy = policy, .now = now, .arena = arena, .explain = true};
    unsigned passed = 0;
    verdict->status = JETON_OK;
    verdict->detail.text[0] = verdict->key_reason.text[0] = '\0';
    verdict->check_count = JT_CHECK_COUNT;
    for (size_t i = 0; i < JT_CHECK_COUNT; i++) {
        struct jeton_check *check = &verdict->checks[i];
        run(&judgement, i, passed, check);
        if (check->result == JETON_CHECK_PASSED)
            passed |= 1u << i;
        if (check->result == JETON_CHECK_FAILED && verdict->status == JETON_OK) {
            verdict->status = check->status;
            verdict->detail = check->detail;
        }
        if (i == JT_CHECK_KEY && check->result == JETON_CHECK_PASSED)
            describe_key(&judgement, &verdict->key_reason);
        else if (i == JT_CHECK_KEY)
            verdict->key_reason = check->detail;
    }
    if (verdict->status == JETON_OK)
        *out = judgement.verified;
    return verdict->status;
}
