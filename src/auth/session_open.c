/* SPDX-License-Identifier: Apache-2.0 */
/* Whose session is this, and does it still hold? Unsealing, reading what was sealed, and the walk from a signed request
 * to its session: jt_session_authenticate at the end. */
#include "auth/session_parts.h"
#include "auth/sigv4_parts.h"
#include "base/base64url.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "jose/jwe.h"

enum { NONCE = 12, TAG = 16 };

static enum jt_signed refuse(enum jt_signed outcome, struct jeton_detail *detail)
{
    (void)jt_fail(detail, JETON_TOKEN_MALFORMED, "%s", jt_signed_text(outcome));
    return outcome;
}

/* --- Unsealing --- */

/* With the key that it names; without a name, any of them. Whatever else is wrong with it: not ours. */
static enum jeton_status open_jwe(const struct jt_sessions *sessions, struct jeton_bytes token, struct jt_arena *arena,
                                  struct jeton_bytes *out)
{
    struct jt_jwe jwe;
    struct jt_jwe_header header;
    enum jeton_status status = JETON_KEY_UNKNOWN;
    JT_TRY(jt_jwe_read(token, arena, &jwe, NULL));
    JT_TRY(jt_jwe_header_read(&jwe, arena, &header, NULL));
    for (size_t i = 0; i < sessions->key_count && status != JETON_OK; i++) {
        const struct jt_session_key *key = &sessions->keys[i];
        if (header.kid.at == NULL || jt_bytes_equal(header.kid, jeton_text(key->kid)))
            status = jt_jwe_open(&jwe, header.encryption, key->bytes, arena, out, NULL);
        if (status == JETON_OUT_OF_MEMORY || status == JETON_INTERNAL_ERROR)
            return status;
    }
    return status;
}

static enum jeton_status open_legacy(const struct jt_sessions *sessions, struct jeton_bytes token,
                                     struct jt_arena *arena, struct jeton_bytes *out)
{
    struct jeton_bytes sealed;
    size_t len = jt_base64url_decoded(token.len);
    if (len < NONCE + TAG)
        return JETON_TOKEN_MALFORMED;
    unsigned char *at = jt_arena_take(arena, len), *content = jt_arena_take(arena, len);
    if (at == NULL || content == NULL)
        return JETON_OUT_OF_MEMORY;
    if (!jt_base64url_decode(token, at))
        return JETON_TOKEN_MALFORMED;
    sealed = jeton_bytes(at + NONCE, len - NONCE - TAG);
    for (size_t i = 0; i < sessions->key_count; i++) {
        enum jeton_status status = jt_open(sessions->keys[i].bytes, at, jeton_bytes("", 0), sealed, at + len - TAG,
                                           content);
        if (status == JETON_OK)
            *out = jeton_bytes(content, sealed.len);
        if (status != JETON_SIGNATURE_INVALID)
            return status;
    }
    return JETON_SIGNATURE_INVALID;
}

/* --- Reading what was sealed --- */

static bool take_text(struct jt_json object, const char *name, bool needed, struct jeton_bytes *out)
{
    struct jt_json value = jt_json_get(object, jeton_text(name));
    *out = jt_json_string(value);
    return jt_json_type(value) == JT_JSON_STRING || (!needed && jt_json_type(value) == JT_JSON_NONE);
}

static bool take_number(struct jt_json object, const char *name, int64_t *out)
{
    struct jt_json value = jt_json_get(object, jeton_text(name));
    uint64_t number = 0;
    if (jt_json_type(value) == JT_JSON_NONE)
        return true;
    if (!jt_bytes_number(jt_json_number(value), INT64_MAX, &number))
        return false;
    *out = (int64_t)number;
    return true;
}

/* "2026-11-24T03:01:03Z", with a fraction or +00:00 from others. */
static bool take_time(struct jt_json object, const char *name, int64_t *out)
{
    struct jeton_bytes text = jt_json_string(jt_json_get(object, jeton_text(name)));
    const char *at = text.at;
    char compact[17];
    size_t len = 0, end = 19;
    if (text.len < 20 || at[4] != '-' || at[7] != '-' || at[13] != ':' || at[16] != ':')
        return false;
    for (size_t i = 0; i < 19; i++)
        if (at[i] != '-' && at[i] != ':')
            compact[len++] = at[i];
    if (at[end] == '.')
        for (end++; end < text.len && at[end] >= '0' && at[end] <= '9'; end++)
            ;
    struct jeton_bytes zone = jt_bytes_cut(text, end, text.len);
    if (len != 15 || !(jt_bytes_equal(zone, JT_TEXT("Z")) || jt_bytes_equal(zone, JT_TEXT("+00:00"))))
        return false;
    compact[len++] = 'Z';
    return jt_sigv4_time_read(jeton_bytes(compact, len), out);
}

/* The names of jeton, and those of the older layout; one that is not known allows nothing. */
static unsigned actions_of(struct jt_json list)
{
    static const struct jt_session_action names[] = {{"read", JT_ACTION_READ},          {"write", JT_ACTION_WRITE},
                                                     {"get_object", JT_ACTION_READ},    {"head_object", JT_ACTION_READ},
                                                     {"list_bucket", JT_ACTION_READ},   {"put_object", JT_ACTION_WRITE},
                                                     {"delete_object", JT_ACTION_WRITE}};
    unsigned actions = 0;
    for (struct jt_json_walk w = jt_json_walk(list); jt_json_next(&w);)
        for (size_t i = 0; i < JT_COUNT(names); i++)
            if (jt_bytes_equal(jt_json_string(w.value), jeton_text(names[i].name)))
                actions |= (unsigned)names[i].action;
    return actions;
}

struct scopes {
    struct jt_session_scope *at;
    size_t count;
};

static bool add_scope(struct scopes *scopes, struct jeton_bytes bucket, struct jt_json prefix, unsigned actions)
{
    if (jt_json_type(prefix) != JT_JSON_STRING || scopes->count == JT_SESSION_SCOPES)
        return false;
    scopes->at[scopes->count++] = (struct jt_session_scope){bucket, jt_json_string(prefix), actions};
    return true;
}

/* {"bucket":…, "prefix":… or "prefixes":[…], "actions":[…]} */
static bool read_scope(struct jt_json object, struct scopes *scopes)
{
    struct jeton_bytes bucket;
    struct jt_json prefix = jt_json_get(object, JT_TEXT("prefix"));
    unsigned actions = actions_of(jt_json_get(object, JT_TEXT("actions")));
    if (!take_text(object, "bucket", true, &bucket))
        return false;
    if (jt_json_type(prefix) != JT_JSON_NONE)
        return add_scope(scopes, bucket, prefix, actions);
    for (struct jt_json_walk w = jt_json_walk(jt_json_get(object, JT_TEXT("prefixes"))); jt_json_next(&w);)
        if (!add_scope(scopes, bucket, w.value, actions))
            return false;
    return true;
}

static enum jeton_status read_scopes(struct jt_json list, struct jt_arena *arena, struct jt_session *out)
{
    struct scopes scopes = {jt_arena_take(arena, JT_SESSION_SCOPES * sizeof *scopes.at), 0};
    if (scopes.at == NULL)
        return JETON_OUT_OF_MEMORY;
    for (struct jt_json_walk w = jt_json_walk(list); jt_json_next(&w);)
        if (!read_scope(w.value, &scopes))
            return JETON_CLAIMS_INVALID;
    out->scopes = scopes.at;
    out->scope_count = scopes.count;
    return JETON_OK;
}

static enum jeton_status read_session(struct jeton_bytes content, struct jt_arena *arena, struct jt_session *out)
{
    struct jt_json json;
    JT_TRY(jt_json_read(content, JT_JSON_PAYLOAD, arena, &json, NULL));
    *out = (struct jt_session){.expires_at = 0};
    if (!take_text(json, "access_key_id", true, &out->access_key_id) ||
        !take_text(json, "secret_access_key", true, &out->secret) || !take_time(json, "expiration", &out->expires_at) ||
        !take_text(json, "assumed_role_id", true, &out->role) ||
        !take_text(json, "source_identity", true, &out->subject) ||
        !take_text(json, "source_issuer", false, &out->issuer) || !take_text(json, "session_name", false, &out->name) ||
        !take_number(json, "not_before", &out->not_before) || out->access_key_id.len == 0 || out->secret.len == 0)
        return JETON_CLAIMS_INVALID;
    return read_scopes(jt_json_get(json, JT_TEXT("allowed_scopes")), arena, out);
}

static enum jeton_status unseal(const struct jt_sessions *sessions, struct jeton_bytes token, struct jt_arena *arena,
                                struct jt_session *out)
{
    struct jeton_bytes content = {NULL, 0};
    if (token.len > JT_SESSION_TOKEN_MAX)
        return JETON_TOKEN_TOO_LARGE;
    if (jt_bytes_find(token, '.', 0) < token.len)
        JT_TRY(open_jwe(sessions, token, arena, &content));
    else
        JT_TRY(open_legacy(sessions, token, arena, &content));
    enum jeton_status status = read_session(content, arena, out);
    if (content.len > 0) /* what was read of it was copied by the parser */
        jt_wipe((void *)(uintptr_t)content.at, content.len);
    return status;
}

/* --- Does it hold? --- */

static bool has_ended(const struct jt_sessions *sessions, const struct jt_session *session)
{
    for (size_t i = 0; i < sessions->role_count; i++)
        if (jt_bytes_equal(sessions->roles[i].name, session->role))
            return session->not_before < sessions->roles[i].not_before;
    return true;
}

enum jt_signed jt_session_open(const struct jt_sessions *sessions, struct jeton_bytes token, int64_t now,
                               struct jt_arena *arena, struct jt_session *out, struct jeton_detail *detail)
{
    struct jt_session session = {.expires_at = 0};
    enum jt_signed outcome = JT_SIGNED_OK;
    enum jeton_status status = unseal(sessions, token, arena, &session);
    if (status == JETON_OUT_OF_MEMORY || status == JETON_INTERNAL_ERROR)
        outcome = JT_SIGNED_BROKEN;
    else if (status != JETON_OK)
        outcome = refuse(JT_SIGNED_STRANGER, detail);
    else if (now >= session.expires_at)
        outcome = refuse(JT_SIGNED_EXPIRED, detail);
    else if (has_ended(sessions, &session))
        outcome = refuse(JT_SIGNED_ENDED, detail);
    if (outcome == JT_SIGNED_OK)
        *out = session;
    else
        jt_session_forget(&session);
    return outcome;
}

enum jt_signed jt_session_authenticate(const struct jt_sessions *sessions, const struct jt_sigv4_request *request,
                                       const struct jt_sigv4_rules *rules, int64_t now, struct jt_arena *arena,
                                       struct jt_session *out, struct jeton_detail *detail)
{
    struct jt_sigv4_claim claim;
    struct jt_session session = {.expires_at = 0};
    enum jt_signed outcome = jt_sigv4_read(request, arena, &claim, detail);
    if (outcome != JT_SIGNED_OK)
        return outcome;
    outcome = jt_session_open(sessions, claim.token, now, arena, &session, detail);
    if (outcome != JT_SIGNED_OK)
        return outcome;
    outcome = jt_crypto_equal(claim.access_key_id, session.access_key_id)
                  ? jt_sigv4_verify(request, &claim, rules, session.secret, now, arena, detail)
                  : refuse(JT_SIGNED_MISMATCH, detail);
    if (outcome == JT_SIGNED_OK)
        *out = session;
    else
        jt_session_forget(&session);
    return outcome;
}

size_t jt_session_arena_size(size_t len)
{
    size_t token = len < JT_SESSION_TOKEN_MAX ? len : JT_SESSION_TOKEN_MAX;
    return jt_sigv4_arena_size(len) + jt_jwe_arena_size(token) + jt_json_arena_size(token) +
           JT_SESSION_SCOPES * sizeof(struct jt_session_scope) + 1024;
}
