/* SPDX-License-Identifier: Apache-2.0 */
/* Which clients does the server start with? Those of the configuration; when it names none, the one that was made at
 * the first start. */
#include "base/file.h"
#include "crypto/crypto.h"
#include "server/config/trust.h"
#include "server/server.h"

enum { LIST_MAX = 256, SECRET_FILE_MAX = 4096, SECRET_SHORT = 16 };

static struct jt_text_list texts_of(const struct jt_config_list *list, struct jeton_bytes memory[LIST_MAX])
{
    struct jt_text_list texts = {memory, list->count};

    for (size_t i = 0; i < list->count; i++)
        memory[i] = jeton_text(list->at[i].at);
    return texts;
}

static struct jt_text_list words_of(struct jeton_bytes words, struct jeton_bytes memory[LIST_MAX])
{
    struct jt_text_list texts = {memory, 0};

    for (size_t from = 0; from < words.len && texts.count < LIST_MAX;) {
        size_t end = jt_bytes_find(words, ' ', from);

        if (end > from)
            memory[texts.count++] = jt_bytes_cut(words, from, end);
        from = end + 1;
    }
    return texts;
}

static unsigned grants_of(const struct jt_text_list *names)
{
    enum jt_grant grant;
    unsigned grants = 0;

    for (size_t i = 0; i < names->count; i++) {
        if (jt_grant_find(names->at[i], &grant))
            grants |= 1u << grant;
    }
    return grants;
}

/* The hash of the file's secret, without one line feed at its end. */
static JT_CHECKED hash_file(struct jt_server *server, const struct jt_config_client *from, struct jt_client *client,
                            struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    bool open_to_others = false;
    size_t len;

    JT_TRY(jt_file_read_secret(from->secret_file.at, SECRET_FILE_MAX, &secret, &open_to_others, detail));
    if (open_to_others)
        jt_log(&server->log, JT_LOG_WARN, "a client's secret can be read by others; make its mode 0600", "client",
               from->id.at, "file", from->secret_file.at, NULL);
    len = secret.len > 0 && secret.at[secret.len - 1] == '\n' ? secret.len - 1 : secret.len;
    if (len == 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the secret of client %.64s is empty", from->id.at);
    if (len < SECRET_SHORT)
        jt_log(&server->log, JT_LOG_WARN, "a client's secret is shorter than 16 bytes", "client", from->id.at, NULL);
    return jt_digest(JT_HASH_SHA256, jeton_bytes(secret.at, len), client->secret_hash);
}

static JT_CHECKED add_configured(struct jt_server *server, const struct jt_config_client *from,
                                 struct jeton_detail *detail)
{
    struct jeton_bytes grants[LIST_MAX], audiences[LIST_MAX], scopes[LIST_MAX];
    struct jt_text_list grant_list = texts_of(&from->grants, grants);
    struct jt_client client = {.id = jeton_text(from->id.at)};

    client.grants = grants_of(&grant_list);
    client.audiences = texts_of(&from->audiences, audiences);
    client.scopes = texts_of(&from->scopes, scopes);
    client.has_keys = jt_config_has_keys(from);
    if (!client.has_keys)
        JT_TRY(hash_file(server, from, &client, detail));
    return jt_clients_add(server->clients, &client);
}

static enum jeton_status add_stored(void *context, const struct jt_stored_client *stored)
{
    struct jt_server *server = context;
    struct jeton_bytes grants[LIST_MAX], audiences[LIST_MAX], scopes[LIST_MAX];
    struct jt_text_list grant_list = words_of(stored->grants, grants);
    struct jt_client client = {.id = stored->id};

    if (stored->secret_hash.len != JT_SECRET_HASH)
        return JETON_CONFIG_INVALID;
    memcpy(client.secret_hash, stored->secret_hash.at, JT_SECRET_HASH);
    client.grants = grants_of(&grant_list);
    client.audiences = words_of(stored->audiences, audiences);
    client.scopes = words_of(stored->scopes, scopes);
    return jt_clients_add(server->clients, &client);
}

JT_CHECKED jt_server_open_clients(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config_items *configured = &server->config->clients;

    JT_TRY(jt_clients_new(&server->clients));
    for (size_t i = 0; i < configured->count; i++)
        JT_TRY(add_configured(server, &((const struct jt_config_client *)configured->at)[i], detail));
    if (configured->count == 0)
        JT_TRY(jt_store_clients(server->store, add_stored, server, detail));
    if (jt_clients_count(server->clients) == 0)
        jt_log(&server->log, JT_LOG_WARN, "there is no client: nobody can get a token", NULL);
    return JETON_OK;
}
