/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from the token that another one stands for: whose it is, how long it lives, who acts? For token exchange
 * and jwt-bearer alike. */
#include "server/token/delegation.h"
#include "server/token/grant.h"

struct jeton_bytes jt_grant_client_claim(const void *context, struct jeton_bytes name)
{
    const struct jt_asking *asking = context;

    if (jt_bytes_equal(name, JT_TEXT("sub")) || jt_bytes_equal(name, JT_TEXT("client_id")))
        return asking->client->id;
    if (jt_bytes_equal(name, JT_TEXT("iss")))
        return jeton_text(asking->server->issuer);
    return (struct jeton_bytes){NULL, 0};
}

static JT_CHECKED keep_json(struct jt_json json, struct jt_arena *arena, struct jeton_bytes *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    void *copy;

    jt_buffer_init(&text, JT_ACT_BYTES);
    if (jt_json_type(json) == JT_JSON_NONE)
        return JETON_OK;
    jt_json_write(&text, json);
    copy = jt_arena_take(arena, text.len);
    if (text.status != JETON_OK || copy == NULL)
        return text.status == JETON_ARGUMENT_INVALID ? JETON_CLAIMS_INVALID : JETON_OUT_OF_MEMORY;
    memcpy(copy, text.at, text.len);
    *out = jeton_bytes(copy, text.len);
    return JETON_OK;
}

/* Its own users keep their name; those of another issuer get one that no user or client here can have. */
static JT_CHECKED name_subject(struct jt_asking *asking, const struct jt_ground *ground, struct jeton_detail *detail)
{
    struct jeton_bytes sub = jt_verified_subject(ground->token);

    if (sub.len == 0)
        return jt_fail(detail, JETON_CLAIM_MISSING, "sub is missing or empty");
    asking->subject = sub;
    if (ground->issuer == asking->server->issuers[0])
        return JETON_OK;
    return jt_delegation_subject(jeton_text(ground->issuer->name), sub, asking->request->arena, &asking->subject);
}

static JT_CHECKED limit_life(struct jt_asking *asking, const struct jt_ground *ground, struct jeton_detail *detail)
{
    const struct jt_config *config = asking->server->config;
    struct jt_numeric_date exp;

    if (!jt_verified_time(ground->token, JETON_TIME_EXPIRES, &exp))
        return jt_fail(detail, JETON_CLAIM_MISSING, "exp is missing");
    asking->ttl = jt_delegation_ttl(exp.seconds, asking->request->now, config->signing.token_ttl.value / 1000,
                                    config->signing.delegation_ttl.value / 1000);
    /* No leeway where a new life would have to be found for it. */
    return asking->ttl > 0 ? JETON_OK : jt_fail(detail, JETON_TOKEN_EXPIRED, "nothing is left of its life");
}

bool jt_grant_ground(struct jt_asking *asking, const struct jt_ground *ground, struct jeton_bytes actor,
                     struct jeton_bytes (*claim)(const void *acting, struct jeton_bytes name), const void *acting)
{
    struct jt_json may_act = jt_verified_claim(ground->token, JT_TEXT("may_act"));
    struct jt_arena *arena = asking->request->arena;
    struct jeton_detail detail = {""};
    enum jeton_status status = name_subject(asking, ground, &detail);

    if (status == JETON_OK)
        status = limit_life(asking, ground, &detail);
    if (status == JETON_OK)
        status = jt_delegation_may_act(may_act, claim, acting, &detail);
    if (status == JETON_OK)
        status = jt_delegation_act(actor, jt_verified_claim(ground->token, JT_TEXT("act")), arena, &asking->act,
                                   &detail);
    /* Who may act on a token goes on saying so in what stands for it: nobody else gets it by a detour. */
    if (status == JETON_OK)
        status = keep_json(may_act, arena, &asking->may_act);
    if (status != JETON_OK)
        return jt_grant_fail_token(asking, ground->name, ground->error, status, &detail);
    return true;
}
