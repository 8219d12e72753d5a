/* SPDX-License-Identifier: Apache-2.0 */
/* Does this assertion prove its client? See client_assertion.h. */
#include "server/clients/client_assertion.h"

#include "auth/revoked.h"
#include "jose/claims.h"
#include "server/verify/judge.h"

enum { LEEWAY_MAX = 600 };

/* A token of another kind, made for another purpose, proves no client (RFC 8725 §3.12). */
static JT_CHECKED check_type(const struct jt_verified *token, struct jeton_detail *detail)
{
    struct jeton_bytes type = jt_media_type_short(jt_verified_typ(token));

    if (type.len == 0 || jt_bytes_equal_nocase(type, JT_TEXT("JWT")) ||
        jt_bytes_equal_nocase(type, JT_TEXT("client-authentication+jwt")))
        return JETON_OK;
    return jt_fail(detail, JETON_TYPE_MISMATCH, "typ is \"%s\", which is no client assertion", jt_escape(type).text);
}

JT_CHECKED jt_assertion_rules(const struct jt_verified *token, int64_t now, int64_t ahead, struct jeton_detail *detail)
{
    struct jt_json jti = jt_verified_claim(token, JT_TEXT("jti"));
    struct jt_numeric_date exp;
    struct jeton_bytes second;

    if (jt_claims_element(jt_verified_claim(token, JT_TEXT("aud")), 1, &second))
        return jt_fail(detail, JETON_AUDIENCE_MISMATCH, "aud names others too");
    if (!jt_verified_time(token, JETON_TIME_EXPIRES, &exp))
        return jt_fail(detail, JETON_CLAIM_MISSING, "exp is missing");
    if (exp.seconds - now > ahead)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "exp is more than %lld s ahead", (long long)ahead);
    if (jt_json_type(jti) != JT_JSON_NONE && jt_json_string(jti).len == 0)
        return jt_fail(detail, JETON_CLAIMS_INVALID, "jti is empty");
    return JETON_OK;
}

JT_CHECKED jt_assertion_use(struct jt_store *store, const struct jt_verified *token, int64_t now,
                            struct jeton_detail *detail)
{
    unsigned char id[JT_STORE_ID];
    struct jt_numeric_date exp = {now, false};
    bool fresh = false;

    _Static_assert(JT_REVOKED_ID == JT_STORE_ID, "one kind of name");
    (void)jt_verified_time(token, JETON_TIME_EXPIRES, &exp);
    JT_TRY(jt_revoked_name(token, id));
    JT_TRY(jt_store_use_once(store, id, exp.seconds + LEEWAY_MAX + 1, now, &fresh, detail));
    return fresh ? JETON_OK : jt_fail(detail, JETON_TOKEN_REPLAYED, "the assertion was used before");
}

/* Good, and for the first time: a request that waited afterwards has used it already. */
static JT_CHECKED accept(struct jt_server *server, const struct jt_request *request, const struct jt_verified *token,
                         struct jeton_detail *detail)
{
    JT_TRY(check_type(token, detail));
    JT_TRY(jt_assertion_rules(token, request->now, JT_ASSERTION_AHEAD, detail));
    if (request->spent != NULL && *request->spent)
        return JETON_OK;
    JT_TRY(jt_assertion_use(server->store, token, request->now, detail));
    if (request->spent != NULL)
        *request->spent = true;
    return JETON_OK;
}

JT_CHECKED jt_client_assertion_judge(struct jt_server *server, const struct jt_request *request,
                                     const struct jt_client *client, struct jeton_bytes assertion, bool *waits,
                                     struct jeton_detail *detail)
{
    size_t start = request->arena->used;
    struct jt_trust_result result;
    enum jeton_status status = jt_request_judge(
        request, JT_WAIT_CLIENT, server->client_trusts[client->index].assertions, assertion, &result, waits, detail);

    if (status == JETON_OK)
        status = accept(server, request, result.token, detail);
    jt_trust_leave(&result);
    jt_arena_rewind(request->arena, start);
    return status;
}
