/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions without state, with memory and randomness failing: none is given that was not sealed whole, a good one is
 * never called bad and a bad one never good. */
#include "fault.h"

#include <stdlib.h>

#include "auth/session.h"

#define NOW 1790000000
#define KEY jeton_bytes("0123456789abcdef0123456789abcdef", 32)

struct desk {
    struct jt_sessions *sessions;
    struct jt_arena arena;
};

static void desk_done(struct desk *desk)
{
    jt_sessions_free(desk->sessions);
    free(desk->arena.at);
}

static enum jeton_status desk_open(struct desk *desk, bool legacy)
{
    const struct jt_session_role role = {JT_TEXT("_default"), 0};
    const struct jt_session_options options = {
        .keys = {KEY, {NULL, 0}}, .legacy = legacy, .roles = &role, .role_count = 1};
    size_t room = jt_session_arena_size(8192);
    void *memory = malloc(room);

    *desk = (struct desk){.sessions = NULL};
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_arena_init(&desk->arena, memory, room);
    return jt_sessions_new(&options, &desk->sessions, NULL);
}

static enum jeton_status make(struct desk *desk, struct jt_session *session, struct jt_buffer *token)
{
    static const struct jt_session_scope scope = {{"b", 1}, {"", 0}, JT_ACTION_READ};
    enum jeton_status status;

    *session = (struct jt_session){.expires_at = NOW + 900,
                                   .role = JT_TEXT("_default"),
                                   .name = JT_TEXT("me"),
                                   .issuer = JT_TEXT("https://a.example"),
                                   .subject = JT_TEXT("ann"),
                                   .scopes = &scope,
                                   .scope_count = 1};
    status = jt_session_make(desk->sessions, session, &desk->arena, token, NULL);
    if (status != JETON_OK && token->len > 0)
        abort(); /* half a token */
    return status;
}

static enum jeton_status status_of(enum jt_signed outcome)
{
    if (outcome == JT_SIGNED_OK)
        return JETON_OK;
    return outcome == JT_SIGNED_BROKEN ? JETON_INTERNAL_ERROR : JETON_SIGNATURE_INVALID;
}

/* Signs a request with what was given, and asks whose it is. */
static enum jeton_status use(struct desk *desk, const struct jt_session *session, struct jeton_bytes token, bool forged)
{
    static const struct jt_sigv4_rules rules = {.service = {"s3", 2}, .path = JT_SIGV4_PATH_S3};
    struct jt_header_field fields[5] = {{JT_TEXT("host"), JT_TEXT("h.example")}};
    struct jt_sigv4_request request = {JT_TEXT("GET"), JT_TEXT("/b/k"), {"x=1", 3}, fields, 1};
    const struct jt_sigv4_signer signer = {.access_key_id = session->access_key_id,
                                           .secret = forged ? JT_TEXT("forged") : session->secret,
                                           .token = token,
                                           .region = JT_TEXT("r"),
                                           .service = JT_TEXT("s3"),
                                           .payload = JT_TEXT(JT_SIGV4_UNSIGNED),
                                           .send_payload = true};
    struct jt_sigv4_signed sent;
    struct jt_session opened = {.expires_at = 0};
    enum jeton_status status = jt_sigv4_sign(&request, &signer, NOW, &desk->arena, &sent, NULL);

    if (status != JETON_OK)
        return status;
    fields[1] = (struct jt_header_field){JT_TEXT("x-amz-date"), sent.date};
    fields[2] = (struct jt_header_field){JT_TEXT("x-amz-content-sha256"), signer.payload};
    fields[3] = (struct jt_header_field){JT_TEXT("x-amz-security-token"), token};
    fields[4] = (struct jt_header_field){JT_TEXT("authorization"), sent.authorization};
    request.header_count = 5;
    status = status_of(jt_session_authenticate(desk->sessions, &request, &rules, NOW, &desk->arena, &opened, NULL));
    jt_session_forget(&opened);
    return status;
}

static enum jeton_status make_and_use(bool legacy, bool forged)
{
    struct desk desk;
    struct jt_session session = {.expires_at = 0};
    struct jt_buffer token;
    enum jeton_status status = desk_open(&desk, legacy);

    jt_buffer_init(&token, JT_SESSION_TOKEN_MAX);
    if (status == JETON_OK)
        status = make(&desk, &session, &token);
    if (status == JETON_OK)
        status = use(&desk, &session, jt_buffer_bytes(&token), forged);
    jt_session_forget(&session);
    jt_buffer_done(&token);
    desk_done(&desk);
    return status;
}

static enum jeton_status a_session_is_given_whole_and_used(void)
{
    return make_and_use(false, false);
}

static enum jeton_status one_of_the_older_layout_is_given_whole_and_used(void)
{
    return make_and_use(true, false);
}

static enum jeton_status a_forged_signature_stays_refused(void)
{
    return make_and_use(false, true);
}

FAULT_SCENARIOS({"a_session_is_given_whole_and_used", a_session_is_given_whole_and_used, JETON_OK,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"one_of_the_older_layout_is_given_whole_and_used", one_of_the_older_layout_is_given_whole_and_used,
                 JETON_OK, FAULT_MEMORY | FAULT_RANDOM, JETON_OK},
                {"a_forged_signature_stays_refused", a_forged_signature_stays_refused, JETON_SIGNATURE_INVALID,
                 FAULT_MEMORY | FAULT_RANDOM, JETON_OK});
