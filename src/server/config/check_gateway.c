/* SPDX-License-Identifier: Apache-2.0 */
/* Does `gateway` make sense: may its addresses be dialled at all, has each store what its way of signing needs, and
 * nothing that it does not? Beside config/check.c. */
#include <stdio.h>

#include "base/file.h"
#include "base/secret.h"
#include "keys/fetch_url.h"
#include "server/config/config.h"

enum { KEY_ROOM = 200, SECRET_FILE_MAX = 4096, FILE_MAX = 16 << 20 };

static void check_address(const struct jt_config_text *address, const struct jt_config_number *allow_http,
                          const struct jt_config_number *allow_private_ip, const char *key,
                          struct jt_config_faults *faults)
{
    struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;
    struct jeton_detail detail = {""};

    if (address->at == NULL)
        return;
    options.allow_http = allow_http->value != 0;
    options.allow_private_ip = allow_private_ip->value != 0;
    if (jt_fetch_check(jeton_text(address->at), &options, &detail) != JETON_OK)
        jt_config_fault(faults, address->place, key, "%.220s", detail.text);
}

static void check_file(const struct jt_config_text *file, const char *key, struct jt_config_faults *faults)
{
    struct jeton_detail detail = {""};
    struct jt_buffer text;

    if (file->at == NULL)
        return;
    jt_buffer_init(&text, FILE_MAX);
    if (jt_file_read(file->at, &text, &detail) != JETON_OK)
        jt_config_fault(faults, file->place, key, "%.220s", detail.text);
    jt_buffer_done(&text);
}

static void check_secret(const struct jt_config_text *file, const char *key, struct jt_config_faults *faults)
{
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    struct jeton_detail detail = {""};
    bool open_to_others = false;

    if (file->at == NULL)
        return;
    if (jt_file_read_secret(file->at, SECRET_FILE_MAX, &secret, &open_to_others, &detail) != JETON_OK)
        jt_config_fault(faults, file->place, key, "%.220s", detail.text);
    else if (secret.len == 0 || (secret.len == 1 && secret.at[0] == '\n'))
        jt_config_fault(faults, file->place, key, "the file is empty");
}

/* A key that one way of signing needs and no other has a use for. */
static void check_belongs(const struct jt_config_backend *backend, const struct jt_config_text *value, const char *name,
                          const char *auth, struct jt_config_faults *faults)
{
    bool needed = strcmp(backend->auth.at, auth) == 0;
    char key[KEY_ROOM];

    snprintf(key, sizeof key, "gateway.backends.%s.%s", backend->id.at, name);
    if (needed && value->at == NULL && !jt_config_told(faults, key))
        jt_config_fault(faults, backend->auth.place, key, "must be given with auth: %s", auth);
    if (!needed && value->at != NULL)
        jt_config_fault(faults, value->place, key, "belongs to auth: %s alone", auth);
}

static void check_backend(const struct jt_config_backend *backend, struct jt_config_faults *faults)
{
    char key[KEY_ROOM];

    if (backend->auth.at == NULL)
        return; /* told before */
    snprintf(key, sizeof key, "gateway.backends.%s.endpoint", backend->id.at);
    check_address(&backend->endpoint, &backend->allow_http, &backend->allow_private_ip, key, faults);
    snprintf(key, sizeof key, "gateway.backends.%s.sts_endpoint", backend->id.at);
    check_address(&backend->sts_endpoint, &backend->allow_http, &backend->allow_private_ip, key, faults);
    snprintf(key, sizeof key, "gateway.backends.%s.ca_file", backend->id.at);
    check_file(&backend->ca_file, key, faults);
    snprintf(key, sizeof key, "gateway.backends.%s.secret_access_key_file", backend->id.at);
    check_secret(&backend->secret_access_key_file, key, faults);
    check_belongs(backend, &backend->access_key_id, "access_key_id", "static", faults);
    check_belongs(backend, &backend->secret_access_key_file, "secret_access_key_file", "static", faults);
    check_belongs(backend, &backend->sts_endpoint, "sts_endpoint", "federated", faults);
    check_belongs(backend, &backend->role_arn, "role_arn", "federated", faults);
}

void jt_config_check_gateway(const struct jt_config *config, struct jt_config_faults *faults)
{
    const struct jt_config_gateway *gateway = &config->gateway;

    check_address(&gateway->upstream_api, &gateway->allow_http, &gateway->allow_private_ip, "gateway.upstream_api",
                  faults);
    check_file(&gateway->ca_file, "gateway.ca_file", faults);
    for (size_t i = 0; i < gateway->backends.count; i++)
        check_backend(&((const struct jt_config_backend *)gateway->backends.at)[i], faults);
}
