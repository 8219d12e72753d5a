/* SPDX-License-Identifier: Apache-2.0 */
/* Do signers and minters keep their word when memory or randomness is short? What failed did not happen: what is shown,
 * who signs and what was saved agree, whatever the n-th call did. */
#include <stdlib.h>
#include <string.h>

#include <jeton/jeton.h>

#include "fault.h"

#define NOW INT64_C(1700000000)

/* What was saved last: how many keys, and which one signs. */
struct saved {
    size_t count;
    char active[64];
};

static bool save(void *context, const struct jeton_signer_memory *memory)
{
    struct saved *saved = context;
    saved->count = memory->count;
    for (size_t i = 0; i < memory->count; i++)
        if (memory->keys[i].state == JETON_SIGNER_ACTIVE)
            strncpy(saved->active, jeton_secret_key_id(memory->keys[i].key), sizeof saved->active - 1);
    return true;
}

static struct jeton_clocks at(int64_t seconds)
{
    return (struct jeton_clocks){(NOW + seconds) * 1000, seconds * 1000};
}

static enum jeton_status new_signer(struct saved *saved, struct jeton_signer **signer)
{
    struct jeton_signer_options options = JETON_SIGNER_OPTIONS_INIT;
    options.rotate_every = 1000;
    options.publish_ahead = 200;
    options.jwks_max_age = 100;
    options.token_ttl = 60;
    options.save = save;
    options.context = saved;
    return jeton_signer_new(&options, NULL, at(0), signer, NULL);
}

/* What the signer is, is what was saved; a token it gives is good by what it shows. */
static void holds(struct jeton_signer *signer, const struct saved *saved, const struct jeton_output *token)
{
    static char arena[512 * 1024];
    struct jeton_policy_options any = JETON_POLICY_OPTIONS_INIT;
    struct jeton_output jwks = JETON_OUTPUT_INIT;
    struct jeton_keyset *set = NULL;
    struct jeton_policy *policy = NULL;
    const struct jeton_verified *verified = NULL;
    fault_pause();
    any.any_audience = true;
    if (jeton_signer_count(signer) != saved->count || jeton_signer_show(signer, NULL, NULL, &jwks) != JETON_OK ||
        strstr(jwks.at, saved->active) == NULL || jeton_keyset_new(&set) != JETON_OK ||
        jeton_keyset_add_jwks(set, jeton_bytes(jwks.at, jwks.len), NULL, NULL) != JETON_OK ||
        jeton_keyset_count(set) != saved->count || jeton_policy_new(&any, &policy, NULL) != JETON_OK)
        abort();
    if (token->at != NULL && jeton_verify(jeton_bytes(token->at, token->len), set, policy, NOW, arena, sizeof arena,
                                          &verified, NULL) != JETON_OK)
        abort();
    jeton_policy_free(policy);
    jeton_keyset_free(set);
    jeton_output_done(&jwks);
    fault_resume();
}

static enum jeton_status sign(struct jeton_signer *signer, struct jeton_output *token)
{
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;
    options.now = NOW;
    options.ttl = 60;
    return jeton_signer_sign(signer, &options, token, NULL);
}

static enum jeton_status rotate_whole(struct jeton_signer *signer, const struct saved *saved)
{
    static const int64_t times[] = {800, 1000, 1300};
    struct jeton_output token = JETON_OUTPUT_INIT;
    enum jeton_status status = JETON_OK;
    for (unsigned i = 0; i < 3 && status == JETON_OK; i++) {
        status = jeton_signer_step(signer, at(times[i]), NULL, NULL);
        if (status == JETON_OK)
            status = sign(signer, &token);
        holds(signer, saved, &token);
        jeton_output_done(&token);
    }
    return status;
}

static enum jeton_status a_signer_rotates_or_stays_as_it_was(void)
{
    struct saved saved = {0};
    struct jeton_signer *signer = NULL;
    enum jeton_status status = new_signer(&saved, &signer);
    if (status == JETON_OK)
        status = rotate_whole(signer, &saved);
    jeton_signer_free(signer);
    return status;
}

/* A revoked key is gone, or it is there as before. */
static enum jeton_status an_emergency_happens_whole_or_not_at_all(void)
{
    struct saved saved = {0};
    struct jeton_signer *signer = NULL;
    struct jeton_output token = JETON_OUTPUT_INIT;
    enum jeton_status status = new_signer(&saved, &signer);
    char before[64];
    if (status != JETON_OK)
        return status;
    memcpy(before, saved.active, sizeof before);
    status = jeton_signer_revoke(signer, jeton_text(before), at(5), NULL, NULL);
    if ((status == JETON_OK) == (strcmp(before, saved.active) == 0))
        abort();
    if (status == JETON_OK)
        status = sign(signer, &token);
    holds(signer, &saved, &token);
    jeton_output_done(&token);
    jeton_signer_free(signer);
    return status;
}

static enum jeton_status ask_minter(struct jeton_minter *minter)
{
    struct jeton_mint_request request = JETON_MINT_REQUEST_INIT;
    struct jeton_output token = JETON_OUTPUT_INIT;
    enum jeton_status status;
    request.subject = jeton_text("alice");
    request.audience = jeton_text("api");
    request.claims_json = jeton_text("{\"idp\":\"https://i.example\"}");
    status = jeton_minter_token(minter, &request, NOW, &token, NULL);
    if ((status == JETON_OK) != (token.at != NULL))
        abort();
    jeton_output_done(&token);
    return status;
}

/* Twice, so that the second may be a kept one; once more after all is forgotten. */
static enum jeton_status a_minter_gives_a_token_or_says_why_not(void)
{
    struct saved saved = {0};
    struct jeton_minter_options options = JETON_MINTER_OPTIONS_INIT;
    struct jeton_signer *signer = NULL;
    struct jeton_minter *minter = NULL;
    enum jeton_status status = new_signer(&saved, &signer);
    options.issuer = jeton_text("https://me.example");
    options.signer = signer;
    if (status == JETON_OK)
        status = jeton_minter_new(&options, &minter, NULL);
    if (status == JETON_OK)
        status = ask_minter(minter);
    if (status == JETON_OK)
        status = ask_minter(minter);
    if (status == JETON_OK) {
        jeton_minter_forget(minter);
        status = ask_minter(minter);
    }
    jeton_minter_free(minter);
    jeton_signer_free(signer);
    return status;
}

static enum jeton_status claims_that_are_none_stay_refused(void)
{
    struct jeton_minter_options options = JETON_MINTER_OPTIONS_INIT;
    struct jeton_mint_request request = JETON_MINT_REQUEST_INIT;
    struct jeton_secret_key *key = NULL;
    struct jeton_minter *minter = NULL;
    struct jeton_output token = JETON_OUTPUT_INIT;
    enum jeton_status status = jeton_secret_key_generate(jeton_text("ES256"), 0, jeton_text("k"), &key, NULL);
    options.issuer = jeton_text("https://me.example");
    options.key = key;
    request.subject = jeton_text("alice");
    request.audience = jeton_text("api");
    request.claims_json = jeton_text("{\"a\":1,\"a\":2}");
    if (status == JETON_OK)
        status = jeton_minter_new(&options, &minter, NULL);
    if (status == JETON_OK)
        status = jeton_minter_token(minter, &request, NOW, &token, NULL);
    if (token.at != NULL)
        abort();
    jeton_minter_free(minter);
    jeton_secret_key_free(key);
    return status;
}

FAULT_SCENARIOS({"a_signer_rotates_or_stays_as_it_was", a_signer_rotates_or_stays_as_it_was, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"an_emergency_happens_whole_or_not_at_all", an_emergency_happens_whole_or_not_at_all, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_minter_gives_a_token_or_says_why_not", a_minter_gives_a_token_or_says_why_not, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"claims_that_are_none_stay_refused", claims_that_are_none_stay_refused, JETON_CLAIMS_INVALID,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK});
