/* SPDX-License-Identifier: Apache-2.0 */
/* May this client have a token for the one it brings (RFC 8693)? For one of ours that is for it, or one of an issuer it
 * may exchange from; for less than that, not for longer, and saying who acts. */
#include "server/token/grant.h"
#include "server/verify/judge.h"

#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
#define JWT "urn:ietf:params:oauth:token-type:jwt"

static struct jeton_bytes field(const struct jt_asking *asking, const char *name)
{
    return jt_form_get(&asking->form, name, NULL);
}

static bool fail(struct jt_asking *asking, const char *description)
{
    return jt_grant_fail(asking, 400, "invalid_request", description);
}

/* An ID token says who logged in, to one client; it is nobody's right to act. */
static bool is_taken(struct jeton_bytes type)
{
    return jt_bytes_equal(type, JT_TEXT(ACCESS_TOKEN)) || jt_bytes_equal(type, JT_TEXT(JWT));
}

static bool check_parameters(struct jt_asking *asking)
{
    struct jeton_bytes subject = field(asking, "subject_token"), actor = field(asking, "actor_token");
    struct jeton_bytes subject_type = field(asking, "subject_token_type");
    struct jeton_bytes actor_type = field(asking, "actor_token_type");
    struct jeton_bytes requested = field(asking, "requested_token_type");

    if (subject.len == 0)
        return fail(asking, "subject_token is missing");
    if (subject_type.len == 0)
        return fail(asking, "subject_token_type is missing");
    if (!is_taken(subject_type))
        return fail(asking, "subject_token_type must be that of an access token or a JWT");
    if ((actor.len > 0) != (actor_type.len > 0))
        return fail(asking, "actor_token and actor_token_type need each other");
    if (actor.len > 0 && !is_taken(actor_type))
        return fail(asking, "actor_token_type must be that of an access token or a JWT");
    if (requested.len > 0 && !jt_bytes_equal(requested, JT_TEXT(ACCESS_TOKEN)))
        return fail(asking, "requested_token_type must be that of an access token");
    return true;
}

/* --- The tokens it brings --- */

static bool judge(struct jt_asking *asking, const char *name, struct jt_trust_result *result)
{
    struct jt_trust *trust = asking->server->client_trusts[asking->client->index].tokens;
    struct jeton_detail detail = {""};
    bool waits = false;
    enum jeton_status status = jt_request_judge(asking->request, JT_WAIT_KEYS, trust, field(asking, name), result,
                                                &waits, &detail);

    if (status == JETON_OK)
        return true;
    return !waits && jt_grant_fail_token(asking, name, "invalid_request", status, &detail);
}

static struct jeton_bytes claim_of_token(const void *token, struct jeton_bytes name)
{
    return jt_json_string(jt_verified_claim(token, name));
}

/* Who acts in the client's name: one of our own tokens that this very client was given, not ended (no leeway). */
static bool check_actor(struct jt_asking *asking, const struct jt_trust_result *result)
{
    struct jt_numeric_date exp;

    if (result->issuer->context != asking->server->issuers[0])
        return fail(asking, "actor_token must be of this server");
    if (!jt_bytes_equal(claim_of_token(result->token, JT_TEXT("client_id")), asking->client->id))
        return fail(asking, "actor_token was given to another client");
    if (!jt_verified_time(result->token, JETON_TIME_EXPIRES, &exp) || exp.seconds <= asking->request->now)
        return fail(asking, "actor_token: nothing is left of its life");
    return true;
}

static bool decide(struct jt_asking *asking, const struct jt_trust_result *subject)
{
    const struct jt_ground ground = {subject->token, subject->issuer->context, "subject_token", "invalid_request"};
    struct jt_trust_result actor = {.token = NULL};
    bool good;

    if (field(asking, "actor_token").len == 0) {
        good = jt_grant_ground(asking, &ground, asking->client->id, jt_grant_client_claim, asking);
    } else {
        good = judge(asking, "actor_token", &actor) && check_actor(asking, &actor) &&
               jt_grant_ground(asking, &ground, jt_verified_subject(actor.token), claim_of_token, actor.token);
    }
    good = good && jt_grant_scope(asking, subject->token) && jt_grant_mint(asking, ACCESS_TOKEN);
    jt_trust_leave(&actor);
    return good;
}

bool jt_grant_exchange(struct jt_asking *asking)
{
    struct jt_trust_result subject = {.token = NULL};
    bool good = check_parameters(asking) && jt_grant_audience(asking) && judge(asking, "subject_token", &subject) &&
                decide(asking, &subject);

    jt_trust_leave(&subject);
    return good;
}
