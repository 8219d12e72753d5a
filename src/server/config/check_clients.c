/* SPDX-License-Identifier: Apache-2.0 */
/* Do `clients` make sense: has each its own id, one way to prove it, and only such issuers to exchange from whose
 * tokens are for somebody? Beside config/check.c. */
#include <stdio.h>

#include "base/file.h"
#include "base/secret.h"
#include "server/config/trust.h"

enum { KEY_ROOM = 128, SECRET_FILE_MAX = 4096, FILE_MAX = 16 << 20 };

/* One client being judged. */
struct judged {
    const struct jt_config *config;
    const struct jt_config_client *client;
    size_t index;
    struct jt_config_faults *faults;
};

static void fault(const struct judged *judged, struct jt_place place, const char *key, const char *what)
{
    char shown[KEY_ROOM];

    snprintf(shown, sizeof shown, "clients[%zu].%s", judged->index, key);
    jt_config_fault(judged->faults, place, shown, "%.220s", what);
}

/* Something that would prove who it is was given, and refused when it was read. */
static bool is_proof_told(const struct judged *judged)
{
    static const char *const proofs[] = {"secret_file", "keys", "keys.jwks_url", "keys.jwks_file", "keys.key_files"};
    char shown[KEY_ROOM];

    for (size_t i = 0; i < JT_COUNT(proofs); i++) {
        snprintf(shown, sizeof shown, "clients[%zu].%s", judged->index, proofs[i]);
        if (jt_config_told(judged->faults, shown))
            return true;
    }
    return false;
}

/* Where the client stands, by a key of it that could be read. */
static struct jt_place place_of(const struct jt_config_client *client)
{
    return client->id.place.line > 0 ? client->id.place : client->audiences.place;
}

static void check_id(const struct judged *judged)
{
    const struct jt_config_client *all = judged->config->clients.at;
    const struct jt_config_text *id = &judged->client->id;
    char what[64];

    for (size_t i = 0; i < judged->index && id->at != NULL; i++) {
        if (all[i].id.at == NULL || strcmp(all[i].id.at, id->at) != 0)
            continue;
        snprintf(what, sizeof what, "is the id of clients[%zu] too", i);
        fault(judged, id->place, "id", what);
        return;
    }
}

/* --- How it proves who it is --- */

static void check_secret(const struct judged *judged)
{
    const struct jt_config_text *file = &judged->client->secret_file;
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    struct jeton_detail detail = {""};
    bool open_to_others = false;

    if (jt_file_read_secret(file->at, SECRET_FILE_MAX, &secret, &open_to_others, &detail) != JETON_OK)
        fault(judged, file->place, "secret_file", detail.text);
    else if (secret.len == 0 || (secret.len == 1 && secret.at[0] == '\n'))
        fault(judged, file->place, "secret_file", "the file is empty");
}

static void check_ca_file(const struct judged *judged)
{
    const struct jt_config_text *file = &judged->client->ca_file;
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    struct jeton_detail detail = {""};

    jt_buffer_init(&text, FILE_MAX);
    if (file->at == NULL)
        return;
    if (jt_file_read(file->at, &text, &detail) != JETON_OK)
        fault(judged, file->place, "ca_file", detail.text);
    else if (text.len == 0)
        fault(judged, file->place, "ca_file", "the file is empty");
}

static void check_keys(const struct judged *judged)
{
    const struct jt_config_client *client = judged->client;
    int places = (client->keys.jwks_url.at != NULL) + (client->keys.jwks_file.at != NULL) +
                 (client->keys.key_files.count > 0);
    char prefix[32], name[JT_CLIENT_NAME_ROOM];
    struct jt_config_trust keys;

    check_ca_file(judged);
    if (places > 1) {
        fault(judged, place_of(client), "keys", "must name one of jwks_url, jwks_file, key_files, not several");
        return;
    }
    snprintf(prefix, sizeof prefix, "clients[%zu].", judged->index);
    keys = jt_config_client_keys(client, name);
    jt_config_check_place(judged->config, &keys, prefix, judged->faults);
}

static void check_proof(const struct judged *judged)
{
    const struct jt_config_client *client = judged->client;
    bool keys = jt_config_has_keys(client);

    if (client->secret_file.at != NULL && keys)
        fault(judged, client->secret_file.place, "secret_file", "and keys are named: a client has one or the other");
    else if (keys)
        check_keys(judged);
    else if (client->secret_file.at != NULL)
        check_secret(judged);
    else if (place_of(client).line > 0 && !is_proof_told(judged))
        fault(judged, place_of(client), "secret_file", "must be given, or keys");
}

/* --- What it may bring --- */

static const struct jt_config_trust *entry_of(const struct jt_config *config, const char *issuer)
{
    const struct jt_config_trust *entries = config->trust.at;

    for (size_t i = 0; i < config->trust.count; i++) {
        if (entries[i].issuer.at != NULL && !entries[i].any_issuer && strcmp(entries[i].issuer.at, issuer) == 0)
            return &entries[i];
    }
    return NULL;
}

/* What is wrong with exchanging tokens of that issuer; NULL: nothing. A token for anybody is for nobody who could ask
 * for another on its ground (S5.30). */
static const char *judge_from(const struct jt_config *config, const char *issuer)
{
    const struct jt_config_trust *entry = entry_of(config, issuer);

    if (config->issuer.at != NULL && strcmp(config->issuer.at, issuer) == 0)
        return "is this server itself; tokens of its own need no entry";
    if (entry == NULL)
        return "is the issuer of no entry of trust";
    if (entry->any_audience.value != 0)
        return "has any_audience in trust: tokens for anybody cannot be exchanged; name audiences there";
    if (strchr(issuer, '#') != NULL)
        return "holds a #, which stands between issuer and user in the sub of exchanged tokens";
    return NULL;
}

static void check_exchange(const struct judged *judged)
{
    const struct jt_config_list *from = &judged->client->exchange_from;

    for (size_t i = 0; i < from->count; i++) {
        const char *what = judge_from(judged->config, from->at[i].at);

        if (what != NULL)
            fault(judged, from->at[i].place, "exchange_from", what);
    }
}

void jt_config_check_clients(const struct jt_config *config, struct jt_config_faults *faults)
{
    for (size_t i = 0; i < config->clients.count; i++) {
        struct judged judged = {config, &((const struct jt_config_client *)config->clients.at)[i], i, faults};

        check_id(&judged);
        check_proof(&judged);
        check_exchange(&judged);
    }
}
