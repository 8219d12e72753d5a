/* SPDX-License-Identifier: Apache-2.0 */
/* How is a session made? An id and a secret from random letters, everything else from who asked, sealed under the first
 * key; and how often that key may seal. */
#include "auth/session.h"

#include <stdlib.h>

#include "auth/session_parts.h"
#include "base/base64url.h"
#include "base/json.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "jose/jwe.h"

/* A random nonce may repeat after this many seals with a chance of 2^-32 (NIST SP 800-38D §8.3). Numbers are set aside
 * in blocks, so that the count outlives a restart and is seldom written. */
#define SEALS_MAX (UINT64_C(1) << 32)
#define SEALS_BLOCK 65536

enum { ID_LETTERS = 16, SECRET_LETTERS = 40, NONCE = 12, TAG = 16 };

/* --- The keys --- */

/* Names a key and tells nothing of it. */
static enum jeton_status name_key(struct jt_session_key *key)
{
    unsigned char hash[32];
    JT_TRY(jt_mac(JT_HASH_SHA256, key->bytes, JT_TEXT("jeton session key id"), hash));
    jt_base64url_encode(jeton_bytes(hash, JT_SESSION_KID / 4 * 3), key->kid);
    return JETON_OK;
}

static enum jeton_status copy_keys(const struct jt_session_options *options, struct jt_sessions *sessions,
                                   struct jeton_detail *detail)
{
    JT_TRY(jt_secret_new(JT_SESSION_KEYS * JT_SESSION_KEY_LENGTH, &sessions->memory));
    for (size_t i = 0; i < JT_SESSION_KEYS; i++) {
        struct jeton_bytes from = options->keys[i];
        if (i > 0 && from.len == 0)
            break;
        if (from.len != JT_SESSION_KEY_LENGTH)
            return jt_fail(detail, JETON_KEY_INVALID, "a session key must have %d bytes, not %zu",
                           JT_SESSION_KEY_LENGTH, from.len);
        if (i > 0 && jt_crypto_equal(from, sessions->keys[0].bytes))
            return jt_fail(detail, JETON_KEY_INVALID, "the session keys are one and the same");
        unsigned char *at = sessions->memory.at + i * JT_SESSION_KEY_LENGTH;
        memcpy(at, from.at, from.len);
        sessions->keys[i].bytes = jeton_bytes(at, from.len);
        JT_TRY(name_key(&sessions->keys[i]));
        sessions->key_count++;
    }
    return JETON_OK;
}

static enum jeton_status copy_roles(const struct jt_session_options *options, struct jt_sessions *sessions)
{
    size_t bytes = 0;
    for (size_t i = 0; i < options->role_count; i++)
        bytes += options->roles[i].name.len;
    sessions->roles = malloc(options->role_count * sizeof *sessions->roles + bytes + 1);
    if (sessions->roles == NULL)
        return JETON_OUT_OF_MEMORY;
    char *at = (char *)(sessions->roles + options->role_count);
    for (size_t i = 0; i < options->role_count; i++) {
        sessions->roles[i] = options->roles[i];
        if (options->roles[i].name.len > 0)
            memcpy(at, options->roles[i].name.at, options->roles[i].name.len);
        sessions->roles[i].name.at = at;
        at += options->roles[i].name.len;
    }
    sessions->role_count = options->role_count;
    return JETON_OK;
}

enum jeton_status jt_sessions_new(const struct jt_session_options *options, struct jt_sessions **out,
                                  struct jeton_detail *detail)
{
    struct jt_sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions == NULL)
        return JETON_OUT_OF_MEMORY;
    pthread_mutex_init(&sessions->lock, NULL);
    sessions->legacy = options->legacy;
    sessions->reserve = options->reserve;
    sessions->reserve_context = options->reserve_context;
    enum jeton_status status = copy_keys(options, sessions, detail);
    if (status == JETON_OK)
        status = copy_roles(options, sessions);
    if (status != JETON_OK) {
        jt_sessions_free(sessions);
        return status;
    }
    *out = sessions;
    return JETON_OK;
}

void jt_sessions_free(struct jt_sessions *sessions)
{
    if (sessions == NULL)
        return;
    jt_secret_done(&sessions->memory);
    pthread_mutex_destroy(&sessions->lock);
    free(sessions->roles);
    free(sessions);
}

/* One seal more under the first key. */
static enum jeton_status count_seal(struct jt_sessions *sessions, struct jeton_detail *detail)
{
    enum jeton_status status = JETON_OK;
    pthread_mutex_lock(&sessions->lock);
    if (sessions->next == sessions->reserved) {
        uint64_t first = sessions->reserved;
        if (sessions->reserve != NULL)
            status = sessions->reserve(sessions->reserve_context, sessions->keys[0].kid, SEALS_BLOCK, &first);
        if (status == JETON_OK && first > SEALS_MAX - SEALS_BLOCK)
            status = JETON_KEYS_UNAVAILABLE;
        if (status == JETON_OK) {
            sessions->next = first;
            sessions->reserved = first + SEALS_BLOCK;
        }
    }
    if (status == JETON_OK)
        sessions->next++;
    pthread_mutex_unlock(&sessions->lock);
    if (status != JETON_OK)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE,
                       status == JETON_KEYS_UNAVAILABLE ? "the session key has sealed as much as it may: rotate it"
                                                        : "seals of the session key cannot be counted");
    return JETON_OK;
}

/* --- Making one --- */

/* Letters and digits, each as likely as the others. */
static enum jeton_status random_letters(char *out, size_t count)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char bytes[64];
    size_t len = 0;
    while (len < count) {
        JT_TRY(jt_random(bytes, sizeof bytes));
        for (size_t i = 0; i < sizeof bytes && len < count; i++)
            if (bytes[i] < 248) /* 4 × 62 */
                out[len++] = letters[bytes[i] % 62];
    }
    jt_wipe(bytes, sizeof bytes);
    return JETON_OK;
}

static enum jeton_status make_credentials(struct jt_session *session, struct jt_arena *arena)
{
    size_t prefix = strlen(JT_SESSION_ID_PREFIX);
    char *id = jt_arena_take(arena, prefix + ID_LETTERS + 1);
    char *secret = jt_arena_take(arena, SECRET_LETTERS + 1);
    if (id == NULL || secret == NULL)
        return JETON_OUT_OF_MEMORY;
    memcpy(id, JT_SESSION_ID_PREFIX, prefix + 1);
    JT_TRY(random_letters(id + prefix, ID_LETTERS));
    JT_TRY(random_letters(secret, SECRET_LETTERS));
    session->access_key_id = jeton_bytes(id, prefix + ID_LETTERS);
    session->secret = jeton_bytes(secret, SECRET_LETTERS);
    return JETON_OK;
}

static void write_scopes(const struct jt_session *session, struct jt_buffer *out)
{
    jt_buffer_add_byte(out, '[');
    for (size_t i = 0; i < session->scope_count; i++) {
        const struct jt_session_scope *scope = &session->scopes[i];
        struct jt_json_writer writer;
        bool reads = (scope->actions & JT_ACTION_READ) != 0, writes = (scope->actions & JT_ACTION_WRITE) != 0;
        if (i > 0)
            jt_buffer_add_byte(out, ',');
        jt_json_open(&writer, out);
        jt_json_add_string(&writer, "bucket", scope->bucket);
        jt_json_add_string(&writer, "prefix", scope->prefix);
        jt_json_name(&writer, "actions");
        jt_buffer_add_text(out, reads && writes ? "[\"read\",\"write\"]" : reads ? "[\"read\"]" : "[\"write\"]");
        jt_json_close(&writer);
    }
    jt_buffer_add_byte(out, ']');
}

static void write_session(const struct jt_session *session, struct jt_buffer *out)
{
    struct jt_json_writer writer;
    char expires[21];
    jt_time_write(session->expires_at, expires);
    jt_json_open(&writer, out);
    jt_json_add_string(&writer, "access_key_id", session->access_key_id);
    jt_json_add_string(&writer, "secret_access_key", session->secret);
    jt_json_add_text(&writer, "session_token", ""); /* it cannot hold itself */
    jt_json_add_text(&writer, "expiration", expires);
    jt_json_name(&writer, "allowed_scopes");
    write_scopes(session, out);
    jt_json_add_string(&writer, "assumed_role_id", session->role);
    jt_json_add_string(&writer, "source_identity", session->subject);
    jt_json_add_string(&writer, "source_issuer", session->issuer);
    jt_json_add_string(&writer, "session_name", session->name);
    jt_json_add_number(&writer, "not_before", session->not_before);
    jt_json_close(&writer);
}

/* base64url( nonce || sealed || tag ) */
static enum jeton_status seal_legacy(const struct jt_session_key *key, struct jeton_bytes content,
                                     struct jt_buffer *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer sealed;
    jt_buffer_init(&sealed, JT_SESSION_TOKEN_MAX);
    unsigned char *at = jt_buffer_grow(&sealed, NONCE + content.len + TAG);
    if (at == NULL)
        return sealed.status;
    JT_TRY(jt_random(at, NONCE));
    JT_TRY(jt_seal(key->bytes, at, jeton_bytes("", 0), content, at + NONCE, at + NONCE + content.len));
    char *text = (char *)jt_buffer_grow(out, jt_base64url_encoded(sealed.len));
    if (text == NULL)
        return out->status;
    jt_base64url_encode(jt_buffer_bytes(&sealed), text);
    return JETON_OK;
}

static enum jeton_status seal(struct jt_sessions *sessions, struct jeton_bytes content, struct jt_buffer *out)
{
    const struct jt_session_key *key = &sessions->keys[0];
    if (sessions->legacy)
        return seal_legacy(key, content, out);
    return jt_jwe_seal_direct(key->bytes, jeton_text(key->kid), jeton_bytes("", 0), content, out);
}

enum jeton_status jt_session_make(struct jt_sessions *sessions, struct jt_session *session, struct jt_arena *arena,
                                  struct jt_buffer *token, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer content;
    JT_AUTO(jt_buffer_done) struct jt_buffer sealed;
    jt_buffer_init_secret(&content, JT_SESSION_TOKEN_MAX);
    jt_buffer_init(&sealed, JT_SESSION_TOKEN_MAX);
    JT_TRY(count_seal(sessions, detail));
    JT_TRY(make_credentials(session, arena));
    write_session(session, &content);
    enum jeton_status status = content.status == JETON_OK ? seal(sessions, jt_buffer_bytes(&content), &sealed)
                                                          : content.status;
    if (status == JETON_ARGUMENT_INVALID)
        return jt_fail(detail, JETON_TOKEN_TOO_LARGE, "the session's scopes are too long for a session token");
    JT_TRY(status);
    jt_buffer_add(token, jt_buffer_bytes(&sealed));
    return token->status;
}

void jt_session_forget(struct jt_session *session)
{
    if (session->secret.len > 0)
        jt_wipe((void *)(uintptr_t)session->secret.at, session->secret.len);
    session->secret = jeton_bytes(NULL, 0);
}
