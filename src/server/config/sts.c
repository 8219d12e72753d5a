/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys seal sessions, and what do the names of other systems in the environment make of roles and sessions
 * (S4.1)? SESSION_TOKEN_KEY is the key itself; with it AUTH_ISSUER and AUTH_AUDIENCE are the role _default;
 * STS_MAX_SESSION_DURATION_SECS is how long sessions of roles that do not say may live. Below config/load.c. */
#include "auth/session.h"
#include "base/base64url.h"
#include "base/file.h"
#include "server/config/config.h"
#include "server/config/value.h"
#include "server/config/walk.h"

enum { KEY_FILE_MAX = 256, BASE64_LENGTH = 43 };

/* --- Keys --- */

/* Base64 of 32 bytes, in the alphabet of RFC 4648 §4 or §5, with its padding or without. */
static bool read_base64(struct jeton_bytes text, unsigned char out[JT_SESSION_KEY_LENGTH])
{
    char canonical[BASE64_LENGTH];

    text = jt_bytes_trim(text, " \t\r\n");
    if (text.len == BASE64_LENGTH + 1 && ((const char *)text.at)[BASE64_LENGTH] == '=')
        text.len--;
    if (text.len != BASE64_LENGTH)
        return false;
    for (size_t i = 0; i < BASE64_LENGTH; i++) {
        char letter = ((const char *)text.at)[i];

        canonical[i] = (char)(letter == '+' ? '-' : letter == '/' ? '_' : letter);
    }
    bool good = jt_base64url_decode(jeton_bytes(canonical, BASE64_LENGTH), out);

    jt_wipe(canonical, sizeof canonical);
    return good;
}

static JT_CHECKED read_key_file(const char *path, unsigned char out[JT_SESSION_KEY_LENGTH], struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    bool open_to_others = false;

    JT_TRY(jt_file_read_secret(path, KEY_FILE_MAX, &secret, &open_to_others, detail));
    if (secret.len == JT_SESSION_KEY_LENGTH)
        memcpy(out, secret.at, secret.len);
    else if (!read_base64(jt_secret_bytes(&secret), out))
        return jt_fail(detail, JETON_KEY_INVALID, "must hold 32 bytes, or their base64");
    return JETON_OK;
}

JT_CHECKED jt_config_session_keys(const struct jt_config *config, struct jt_secret *out, size_t *count,
                                  const struct jt_config_text **which, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret keys = {NULL, 0};
    const struct jt_config_list *files = &config->sessions.key_files;
    struct jt_secret made;

    *count = 0;
    JT_TRY(jt_secret_new(JT_SESSION_KEYS * JT_SESSION_KEY_LENGTH, &keys));
    for (size_t i = 0; i < files->count && i < JT_SESSION_KEYS; i++) {
        *which = &files->at[i];
        JT_TRY(read_key_file(files->at[i].at, keys.at + i * JT_SESSION_KEY_LENGTH, detail));
        (*count)++;
    }
    if (files->count == 0 && config->sessions.key.at != NULL) {
        *which = &config->sessions.key;
        if (!read_base64(jeton_text(config->sessions.key.at), keys.at))
            return jt_fail(detail, JETON_KEY_INVALID, "must be the base64 of 32 bytes");
        *count = 1;
    }
    made = keys;
    keys = (struct jt_secret){NULL, 0};
    *out = made;
    return JETON_OK;
}

/* --- The environment --- */

static JT_CHECKED take_text(const char *const *environment, const char *name, struct jt_config *config,
                            struct jt_config_text *into)
{
    struct jeton_bytes value = jt_config_variable(environment, name + 1);

    if (value.len == 0)
        return JETON_OK;
    into->place = (struct jt_place){name, 1, 1};
    return jt_config_copy(&config->memory, value, &into->at);
}

static bool has_default_role(const struct jt_config *config)
{
    const struct jt_config_role *roles = config->roles.at;

    for (size_t i = 0; i < config->roles.count; i++) {
        if (roles[i].name.at != NULL && strcmp(roles[i].name.at, "_default") == 0)
            return true;
    }
    return false;
}

/* A list by commas; `key` says what its elements may be. */
static JT_CHECKED set_list(const struct jt_config_target *target, const char *path, const char *name,
                           struct jeton_bytes text, struct jt_config_list *into)
{
    const struct jt_config_key *key = jt_config_find(target->table, path);
    struct jt_config_list list = {NULL, 0, {name, 1, 1}};

    for (size_t from = 0, end = 0; from < text.len; from = end + 1) {
        end = jt_bytes_find(text, ',', from);
        struct jeton_bytes element = jt_bytes_trim(jt_bytes_cut(text, from, end), " \t\r\n");

        if (element.len > 0)
            JT_TRY(jt_config_add(target, key, &list, element, list.place, name));
    }
    *into = list;
    return JETON_OK;
}

/* Every bucket, to be read: who may see what in it the upstream API says. */
static JT_CHECKED set_scope(const struct jt_config_target *target, struct jt_config_role *role)
{
    struct jt_config_scope *scope = jt_config_take(target->memory, sizeof *scope);

    if (scope == NULL)
        return JETON_OUT_OF_MEMORY;
    role->scopes = (struct jt_config_items){scope, 1, role->name.place};
    JT_TRY(jt_config_defaults_below(target, "roles[].scopes[].", scope));
    scope->bucket = (struct jt_config_text){JT_SESSION_ANY_BUCKET, role->name.place};
    return JETON_OK;
}

static JT_CHECKED add_default_role(const char *const *environment, const struct jt_config_target *target,
                                   struct jt_config *config)
{
    struct jt_config_items *items = &config->roles;
    struct jt_config_role *at = jt_config_take(target->memory, (items->count + 1) * sizeof *at);

    if (at == NULL)
        return JETON_OUT_OF_MEMORY;
    if (items->count > 0)
        memcpy(at, items->at, items->count * sizeof *at);
    items->at = at;
    at += items->count++;
    JT_TRY(jt_config_defaults_below(target, "roles[].", at));
    at->name = (struct jt_config_text){"_default", {"$AUTH_ISSUER", 1, 1}};
    JT_TRY(set_list(target, "roles[].issuers", "$AUTH_ISSUER", jt_config_variable(environment, "AUTH_ISSUER"),
                    &at->issuers));
    JT_TRY(set_list(target, "roles[].audiences", "$AUTH_AUDIENCE", jt_config_variable(environment, "AUTH_AUDIENCE"),
                    &at->audiences));
    return set_scope(target, at);
}

JT_CHECKED jt_config_take_sts(const char *const *environment, struct jt_config *config, struct jt_config_faults *faults)
{
    const struct jt_config_target target = {&jt_config_keys, &config->memory, faults};

    JT_TRY(take_text(environment, "$SESSION_TOKEN_KEY", config, &config->sessions.key));
    JT_TRY(take_text(environment, "$STS_MAX_SESSION_DURATION_SECS", config, &config->sessions.max));
    if (config->sessions.key.at == NULL || jt_config_variable(environment, "AUTH_ISSUER").len == 0 ||
        has_default_role(config))
        return JETON_OK;
    return add_default_role(environment, &target, config);
}
