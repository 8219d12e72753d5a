/* SPDX-License-Identifier: Apache-2.0 */
/* With which keys does the server start? Those of the state, unsealed; at the very first start a new one, and a first
 * client when the configuration names none. Everything of a first start is on the disk before it counts. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/file.h"
#include "base/json.h"
#include "keys/sealed_key.h"
#include "server/server.h"

enum { SEALED_MAX = 32768, CLIENT_FILE_MAX = 1024, SECRET_BYTES = 32, PATH_ROOM = 4096 };

#define FIRST_CLIENT "first"
#define FIRST_AUDIENCE "api"
#define FIRST_SCOPES "read write"

struct opening {
    struct jt_server *server;
    struct jt_secret seal_key;
    struct jeton_detail *detail;
    size_t keys;
};

static JT_CHECKED path_in_state(const struct jt_server *server, const char *file, char out[PATH_ROOM],
                                struct jeton_detail *detail)
{
    if (snprintf(out, PATH_ROOM, "%s/%s", server->config->state.at, file) >= PATH_ROOM)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state's path is too long");
    return JETON_OK;
}

/* --- The seal key --- */

static JT_CHECKED read_seal_key(struct opening *opening, const char *path)
{
    bool open_to_others = false;

    JT_TRY(jt_file_read_secret(path, 4096, &opening->seal_key, &open_to_others, opening->detail));
    if (open_to_others)
        jt_log(&opening->server->log, JT_LOG_WARN, "the seal key can be read by others; make its mode 0600", "file",
               path, NULL);
    if (opening->seal_key.len != JT_SEAL_KEY_LENGTH)
        return jt_fail(opening->detail, JETON_CONFIG_INVALID, "%.150s must hold exactly 32 bytes, not %zu", path,
                       opening->seal_key.len);
    return JETON_OK;
}

static JT_CHECKED make_seal_key(struct opening *opening, const char *path)
{
    JT_TRY(jt_secret_new(JT_SEAL_KEY_LENGTH, &opening->seal_key));
    JT_TRY(jt_random(opening->seal_key.at, opening->seal_key.len));
    return jt_file_write(path, jt_secret_bytes(&opening->seal_key), 0600, opening->detail);
}

static JT_CHECKED open_seal_key(struct opening *opening, bool may_make)
{
    const struct jt_server *server = opening->server;
    char path[PATH_ROOM];

    if (server->config->seal_key_file.at != NULL)
        return read_seal_key(opening, server->config->seal_key_file.at);
    JT_TRY(path_in_state(server, "seal.key", path, opening->detail));
    if (access(path, F_OK) == 0)
        JT_TRY(read_seal_key(opening, path));
    else if (may_make)
        JT_TRY(make_seal_key(opening, path));
    else
        return jt_fail(opening->detail, JETON_CONFIG_INVALID,
                       "seal.key is gone from the state and seal_key_file is not set; its keys cannot be opened");
    jt_log(&server->log, JT_LOG_WARN,
           "the seal key lies beside what it seals: who reads the state has the keys; set seal_key_file", "file", path,
           NULL);
    return JETON_OK;
}

/* --- Keys that are there --- */

static enum jeton_status count_key(void *context, const struct jt_stored_key *stored)
{
    (void)stored;
    ((struct opening *)context)->keys++;
    return JETON_OK;
}

static enum jeton_status open_key(void *context, const struct jt_stored_key *stored)
{
    struct opening *opening = context;
    struct jt_seal_bond bond = {JT_SEAL_SCHEMA, stored->kid, stored->algorithm, stored->state};
    struct jt_secret_jwk *key = NULL;
    struct jeton_detail why = {""};
    enum jt_signer_state state = JT_SIGNER_RETIRING;
    enum jeton_status status;

    if (!jt_signer_state_find(stored->state, &state))
        return jt_fail(opening->detail, JETON_CONFIG_INVALID, "a key of the state is in no known state");
    status = jt_sealed_key_read(stored->sealed, jt_secret_bytes(&opening->seal_key), &bond, &key, &why);
    if (status == JETON_OK)
        status = jt_signers_add(opening->server->signers, key, state, &why);
    jt_secret_jwk_release(key);
    if (status != JETON_OK && status != JETON_OUT_OF_MEMORY)
        return jt_fail(opening->detail, JETON_CONFIG_INVALID, "key %s of the state cannot be used: %.120s",
                       jt_escape(stored->kid).text, why.text);
    return status;
}

/* --- The first start --- */

/* Writes id and secret for the operator's eyes; what is kept of the secret is its hash. */
static JT_CHECKED make_client(struct opening *opening, unsigned char hash[JT_SECRET_HASH])
{
    JT_AUTO(jt_secret_done) struct jt_secret random = {NULL, 0}, text = {NULL, 0};
    JT_AUTO(jt_buffer_done) struct jt_buffer file;
    struct jt_json_writer writer;
    char path[PATH_ROOM];

    jt_buffer_init_secret(&file, CLIENT_FILE_MAX);
    JT_TRY(jt_secret_new(SECRET_BYTES, &random));
    JT_TRY(jt_secret_new(jt_base64url_encoded(SECRET_BYTES), &text));
    JT_TRY(jt_random(random.at, random.len));
    jt_base64url_encode(jt_secret_bytes(&random), (char *)text.at);
    JT_TRY(jt_digest(JT_HASH_SHA256, jt_secret_bytes(&text), hash));
    jt_json_open(&writer, &file);
    jt_json_add_text(&writer, "client_id", FIRST_CLIENT);
    jt_json_add_string(&writer, "client_secret", jt_secret_bytes(&text));
    jt_json_add_text(&writer, "audience", FIRST_AUDIENCE);
    jt_json_add_text(&writer, "scope", FIRST_SCOPES);
    jt_json_close(&writer);
    jt_buffer_add_byte(&file, '\n');
    JT_TRY(file.status);
    JT_TRY(path_in_state(opening->server, "first-client.json", path, opening->detail));
    JT_TRY(jt_file_write(path, jt_buffer_bytes(&file), 0600, opening->detail));
    jt_log(&opening->server->log, JT_LOG_INFO, "made a first client; its id and secret are in the file", "file", path,
           NULL);
    return JETON_OK;
}

static JT_CHECKED store_first(struct opening *opening, const struct jt_secret_jwk *key, struct jeton_bytes algorithm,
                              const struct jt_stored_client *client, int64_t now)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer sealed;
    struct jt_stored_key stored = {.kid = key->about.kid,
                                   .algorithm = algorithm,
                                   .state = jeton_text(jt_signer_state_name(JT_SIGNER_ACTIVE)),
                                   .created_at = now};
    struct jt_seal_bond bond = {JT_SEAL_SCHEMA, stored.kid, stored.algorithm, stored.state};

    jt_buffer_init(&sealed, SEALED_MAX);
    JT_TRY(jt_sealed_key_write(key, jt_secret_bytes(&opening->seal_key), &bond, &sealed, opening->detail));
    stored.sealed = jt_buffer_bytes(&sealed);
    return jt_store_begin(opening->server->store, &stored, client, opening->detail);
}

static JT_CHECKED begin(struct opening *opening)
{
    const struct jt_config *config = opening->server->config;
    struct jeton_bytes algorithm = jeton_text(config->signing.algorithm.at);
    struct jt_secret_jwk *key = NULL;
    unsigned char hash[JT_SECRET_HASH];
    int64_t now = time(NULL);
    struct jt_stored_client client = {JT_TEXT(FIRST_CLIENT),   {hash, sizeof hash},   JT_TEXT("client_credentials"),
                                      JT_TEXT(FIRST_AUDIENCE), JT_TEXT(FIRST_SCOPES), now};
    bool with_client = config->clients.count == 0;
    enum jeton_status status;

    JT_TRY(jt_secret_jwk_generate(jt_algorithm_find(algorithm), 0, JT_TEXT(""), &key, opening->detail));
    status = with_client ? make_client(opening, hash) : JETON_OK;
    if (status == JETON_OK)
        status = store_first(opening, key, algorithm, with_client ? &client : NULL, now);
    if (status == JETON_OK)
        status = jt_signers_add(opening->server->signers, key, JT_SIGNER_ACTIVE, opening->detail);
    if (status == JETON_OK)
        jt_log(&opening->server->log, JT_LOG_INFO, "made a signing key", "kid", key->about.kid.at, "algorithm",
               config->signing.algorithm.at, NULL);
    jt_secret_jwk_release(key);
    return status;
}

static JT_CHECKED open_keys(struct opening *opening)
{
    struct jt_server *server = opening->server;

    JT_TRY(jt_store_keys(server->store, count_key, opening, opening->detail));
    JT_TRY(open_seal_key(opening, opening->keys == 0));
    if (opening->keys == 0)
        JT_TRY(begin(opening));
    else
        JT_TRY(jt_store_keys(server->store, open_key, opening, opening->detail));
    if (!jt_signers_ready(server->signers))
        return jt_fail(opening->detail, JETON_CONFIG_INVALID, "the state has no active signing key");
    return jt_signers_publish(server->signers, opening->detail);
}

JT_CHECKED jt_server_open_state(struct jt_server *server, struct jeton_detail *detail)
{
    struct opening opening = {.server = server, .detail = detail};
    bool open_to_others = false;
    enum jeton_status status;

    JT_TRY(jt_store_open(server->config->state.at, &server->store, &open_to_others, detail));
    if (open_to_others)
        jt_log(&server->log, JT_LOG_WARN, "others may look into the state; make its mode 0700", "state",
               server->config->state.at, NULL);
    JT_TRY(jt_signers_new(&server->signers));
    status = open_keys(&opening);
    jt_secret_done(&opening.seal_key);
    return status;
}
