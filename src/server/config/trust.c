/* SPDX-License-Identifier: Apache-2.0 */
/* What does an entry of `trust` mean, with what it inherits? See config/trust.h. */
#include "server/config/trust.h"

#include <stdio.h>

#include "base/file.h"

enum { KEY_FILE_MAX = 16 << 20, SECRET_MAX = 64 * 1024, WAIT_FOR_SIGNATURE_MS = 2000 };

struct jt_config_key_source jt_config_times(const struct jt_config *config, const struct jt_config_trust *trust)
{
    struct jt_config_key_source times = config->key_source;
    struct jt_config_number *into = &times.fresh_default;
    const struct jt_config_number *own = &trust->key_source.fresh_default;

    _Static_assert(sizeof times % sizeof *into == 0, "numbers alone");
    for (size_t i = 0; i < sizeof times / sizeof *into; i++) {
        if (own[i].place.line > 0)
            into[i] = own[i];
    }
    return times;
}

int64_t jt_config_wait(const struct jt_config *config, const struct jt_config_trust *trust)
{
    struct jt_config_key_source times = jt_config_times(config, trust);

    if (trust->refresh_on_bad_signature.value != 0 && times.wait.place.line == 0)
        return WAIT_FOR_SIGNATURE_MS;
    return times.wait.value;
}

struct jt_source_options jt_config_source_options(const struct jt_config *config, const struct jt_config_trust *trust)
{
    struct jt_config_key_source times = jt_config_times(config, trust);
    struct jt_source_options options = {.times = JT_MACHINE_TIMES_DEFAULT, .fetch = JT_FETCH_OPTIONS_INIT};

    options.times.fresh_default = times.fresh_default.value;
    options.times.fresh_min = times.fresh_min.value;
    options.times.fresh_max = times.fresh_max.value;
    options.times.max_stale = times.max_stale.value;
    options.times.miss_interval = times.miss_interval.value;
    options.times.miss_burst = times.miss_burst.value;
    options.times.backoff_min = times.backoff_min.value;
    options.times.backoff_max = times.backoff_max.value;
    options.times.min_gap = times.min_gap.value;
    options.times.timeout = times.timeout.value;
    options.negative_ttl = times.negative_ttl.value;
    options.fetch.allow_http = trust->allow_http.value != 0;
    options.fetch.allow_private_ip = trust->allow_private_ip.value != 0;
    options.fetch.ca_file = jeton_text(trust->ca_file.at);
    options.fetch.timeout_ms = (long)times.timeout.value;
    options.fetch.connect_timeout_ms = (long)times.connect_timeout.value;
    options.fetch.redirects = (int)times.redirects.value;
    options.bearer_path = trust->bearer_file.at;
    return options;
}

bool jt_config_is_static(const struct jt_config_trust *trust)
{
    return trust->keys.key_files.count > 0 || trust->keys.secret_file.at != NULL || trust->keys.public_key.at != NULL ||
           trust->keys.secret.at != NULL;
}

enum jt_source_kind jt_config_place(const struct jt_config_trust *trust, struct jeton_bytes *address)
{
    *address = jeton_text(NULL);
    if (jt_config_is_static(trust))
        return JT_SOURCE_STATIC;
    if (trust->keys.jwks_file.at != NULL) {
        *address = jeton_text(trust->keys.jwks_file.at);
        return JT_SOURCE_FILE;
    }
    if (trust->keys.jwks_url.at != NULL) {
        *address = jeton_text(trust->keys.jwks_url.at);
        return JT_SOURCE_URL;
    }
    *address = jeton_text(trust->issuer.at);
    return JT_SOURCE_DISCOVERY;
}

struct jt_config_trust jt_config_client_keys(const struct jt_config_client *client, char name[JT_CLIENT_NAME_ROOM])
{
    struct jt_config_trust trust = {.issuer = {.at = name, .place = client->id.place},
                                    .allow_http = client->allow_http,
                                    .allow_private_ip = client->allow_private_ip,
                                    .ca_file = client->ca_file};

    snprintf(name, JT_CLIENT_NAME_ROOM, "client %s", client->id.at != NULL ? client->id.at : "");
    trust.keys.jwks_url = client->keys.jwks_url;
    trust.keys.jwks_file = client->keys.jwks_file;
    trust.keys.key_files = client->keys.key_files;
    return trust;
}

bool jt_config_has_keys(const struct jt_config_client *client)
{
    return client->keys.jwks_url.at != NULL || client->keys.jwks_file.at != NULL || client->keys.key_files.count > 0;
}

static JT_CHECKED add_file(struct jt_keyset *keys, const char *path, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;

    jt_buffer_init_secret(&text, KEY_FILE_MAX);
    JT_TRY(jt_file_read(path, &text, detail));
    return jt_keyset_read(keys, jt_buffer_bytes(&text), JETON_ORIGIN_OPERATOR, NULL, NULL, detail);
}

static JT_CHECKED add_secret(struct jt_keyset *keys, struct jeton_bytes secret, struct jeton_detail *detail)
{
    struct jt_secret_jwk *jwk = NULL;
    enum jeton_status status;

    JT_TRY(jt_secret_jwk_from_bytes(secret, &jwk, detail));
    status = jt_keyset_add_secret(keys, jwk, true);
    jt_secret_jwk_release(jwk);
    return status;
}

static JT_CHECKED add_secret_file(struct jt_keyset *keys, const char *path, struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    bool open_to_others = false;

    JT_TRY(jt_file_read_secret(path, SECRET_MAX, &secret, &open_to_others, detail));
    return add_secret(keys, jt_secret_bytes(&secret), detail);
}

static JT_CHECKED fill(const struct jt_config_trust *trust, struct jt_keyset *keys, const struct jt_config_text **file,
                       struct jeton_detail *detail)
{
    for (size_t i = 0; i < trust->keys.key_files.count; i++) {
        *file = &trust->keys.key_files.at[i];
        JT_TRY(add_file(keys, (*file)->at, detail));
    }
    if (trust->keys.secret_file.at != NULL) {
        *file = &trust->keys.secret_file;
        JT_TRY(add_secret_file(keys, (*file)->at, detail));
    }
    if (trust->keys.public_key.at != NULL) {
        *file = &trust->keys.public_key;
        JT_TRY(jt_keyset_read(keys, jeton_text((*file)->at), JETON_ORIGIN_OPERATOR, NULL, NULL, detail));
    }
    if (trust->keys.secret.at != NULL) {
        *file = &trust->keys.secret;
        JT_TRY(add_secret(keys, jeton_text((*file)->at), detail));
    }
    if (jt_keyset_count(keys) == 0)
        return jt_fail(detail, JETON_KEY_INVALID, "holds no key that can be used");
    return JETON_OK;
}

JT_CHECKED jt_config_static_keys(const struct jt_config_trust *trust, struct jt_keyset **out,
                                 const struct jt_config_text **file, struct jeton_detail *detail)
{
    const struct jt_config_text *none = NULL;
    struct jt_keyset *keys = NULL;
    enum jeton_status status;

    JT_TRY(jt_keyset_new(&keys));
    status = fill(trust, keys, file != NULL ? file : &none, detail);
    if (status != JETON_OK) {
        jt_keyset_free(keys);
        return status;
    }
    jt_keyset_warm(keys);
    *out = keys;
    return JETON_OK;
}
