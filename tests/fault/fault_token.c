/* SPDX-License-Identifier: Apache-2.0 */
/* Does POST /token give the token or say that it could not, when memory or randomness is short? Never another verdict
 * about client, token or assertion, and no token where there was none. */
#include <stdlib.h>

#include "fault.h"

#define HOLDS(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)
#include "../token_world.h"

/* Signed by the one key of that world. */
#define OWN_TOKEN                                                                                                      \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbG"                       \
    "UiLCJzdWIiOiJhZGEiLCJhdWQiOiJ3ZWIiLCJjbGllbnRfaWQiOiJ3ZWIiLCJleHAiOjE3MDAwMDAzMDAsImp0aSI6"                       \
    "IjEiLCJzY29wZSI6InJlYWQgd3JpdGUiLCJhY3QiOnsic3ViIjoieCJ9LCJtYXlfYWN0Ijp7InN1YiI6InJvYm90In"                       \
    "19.5_ENBXv86CDN9rbsqpyKsnzdCvGfQNjOQsF9DVhcttbmsANYf66wVjL_gWURIXxGVmYb6sHdJyL7Dfc264WkWg"
#define ACTOR_TOKEN                                                                                                    \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbG"                       \
    "UiLCJzdWIiOiJyb2JvdCIsImF1ZCI6IndlYiIsImNsaWVudF9pZCI6IndlYiIsImV4cCI6MTcwMDAwMDMwMCwianRp"                       \
    "IjoiMSIsInNjb3BlIjoicmVhZCB3cml0ZSJ9.SFHqUGuhmA5rdY1_Y2ZiwF7RfwnoQTs5ZKaMgHhJKGMfXcNqnFwYL"                       \
    "d30Khi3u7PD8auuChKnm45abnMOXDVE_g"
#define LOGIN_TOKEN                                                                                                    \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW"                       \
    "1wbGUiLCJzdWIiOiJhZGEiLCJhdWQiOiJhcGkiLCJleHAiOjE3MDAwMDAzMDAsInNjb3BlIjoicmVhZCJ9.AMvIFui"                       \
    "AtJavghY4mHCVMLn4AB5HshBs3LUVj4_FyEXzdhSzOWeCK7PSC8ulOfl6ldrykIkicOeyJ1NAv5gDeg"
#define ASSERTION                                                                                                      \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiSldUIn0.eyJpc3MiOiJiYXRjaCIsInN1YiI6ImJhdGNoIi"                       \
    "wiYXVkIjoiaHR0cHM6Ly9hcy5leGFtcGxlIiwiZXhwIjoxNzAwMDAwMDYwLCJqdGkiOiIyIn0.43t8JM0tlA7_B0If"                       \
    "KbeN9aK2XLZ9lhTBrFrPfqksVg868l-pxlEbMtbUvEmfbngLPZPhH8F4Tcu-6whMp7bSjg"

/* Of the other issuer, with the signature of another token. */
#define FORGED_TOKEN                                                                                                   \
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW"                       \
    "1wbGUiLCJzdWIiOiJhZGEiLCJhdWQiOiJhcGkiLCJleHAiOjE3MDAwMDAzMDAsInNjb3BlIjoicmVhZCJ9.SFHqUGu"                       \
    "hmA5rdY1_Y2ZiwF7RfwnoQTs5ZKaMgHhJKGMfXcNqnFwYLd30Khi3u7PD8auuChKnm45abnMOXDVE_g"

#define WEB "Basic d2ViOnNlY3JldA=="
#define TOKEN_TYPE "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
#define EXCHANGE                                                                                                       \
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&audience=api"                                \
    "&subject_token_type=" TOKEN_TYPE "&subject_token="

/* What came of it, as one of three words: a token, trouble, or a refusal. */
static enum jeton_status outcome_of(const char *authorization, const char *form)
{
    static struct world *world;
    static unsigned char memory[1 << 20];
    struct jt_arena arena;
    struct jt_answer answer;

    fault_pause();
    if (world == NULL)
        world = make_world();
    world->server.clients = open_clients();
    fault_resume();
    jt_arena_init(&arena, memory, sizeof memory);
    answer = ask_for_token(world, jeton_text(authorization), jeton_text(form), &arena);
    jt_clients_free(world->server.clients);
    return answer.status == 200 ? JETON_OK : answer.status == 500 ? JETON_INTERNAL_ERROR : JETON_REQUEST_INVALID;
}

static enum jeton_status a_client_gets_its_token(void)
{
    return outcome_of(WEB, "grant_type=client_credentials&audience=api&scope=read");
}

static enum jeton_status a_client_with_a_wrong_secret_gets_none(void)
{
    return outcome_of("Basic d2ViOnNlY3JlcwP=", "grant_type=client_credentials&audience=api");
}

static enum jeton_status an_assertion_proves_its_client(void)
{
    return outcome_of("", "grant_type=client_credentials&audience=api&client_assertion_type=urn%3Aietf%3Aparams%3A"
                          "oauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" ASSERTION);
}

static enum jeton_status a_token_is_exchanged_for_an_actor(void)
{
    return outcome_of(WEB, EXCHANGE OWN_TOKEN "&actor_token_type=" TOKEN_TYPE "&actor_token=" ACTOR_TOKEN);
}

static enum jeton_status a_token_that_another_may_use_is_not_exchanged(void)
{
    return outcome_of(WEB, EXCHANGE OWN_TOKEN);
}

static enum jeton_status a_token_of_another_issuer_is_exchanged(void)
{
    return outcome_of(WEB, EXCHANGE LOGIN_TOKEN);
}

static enum jeton_status a_forged_token_is_not_exchanged(void)
{
    return outcome_of(WEB, EXCHANGE FORGED_TOKEN);
}

FAULT_SCENARIOS({"a_client_gets_its_token", a_client_gets_its_token, JETON_OK, FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_client_with_a_wrong_secret_gets_none", a_client_with_a_wrong_secret_gets_none,
                 JETON_REQUEST_INVALID, FAULT_MEMORY | FAULT_RANDOM, JETON_REQUEST_INVALID},
                {"an_assertion_proves_its_client", an_assertion_proves_its_client, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_token_is_exchanged_for_an_actor", a_token_is_exchanged_for_an_actor, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_token_that_another_may_use_is_not_exchanged", a_token_that_another_may_use_is_not_exchanged,
                 JETON_REQUEST_INVALID, FAULT_MEMORY | FAULT_RANDOM, JETON_REQUEST_INVALID},
                {"a_token_of_another_issuer_is_exchanged", a_token_of_another_issuer_is_exchanged, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_forged_token_is_not_exchanged", a_forged_token_is_not_exchanged, JETON_REQUEST_INVALID,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_REQUEST_INVALID});
