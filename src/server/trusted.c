/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens does this server believe, and where do their keys come from? Its own by the keys of this process, those
 * of `trust` each by its own source, all moved by one engine. Part of assembling. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "keys/engine.h"
#include "keys/fetch_url_many.h"
#include "server/config_trust.h"
#include "server/connections.h"
#include "server/server.h"

enum { PATH_ROOM = 4096, DIGEST_LENGTH = 32, NAME_BYTES = 16 };

/* --- What an operator should know at the start --- */

static void warn_of_secret(const struct jt_server *server, const struct jt_config_trust *trust)
{
    JT_AUTO(jt_secret_done) struct jt_secret secret = {NULL, 0};
    bool open_to_others = false;

    if (trust->keys.secret_file.at == NULL ||
        jt_file_read_secret(trust->keys.secret_file.at, 1 << 16, &secret, &open_to_others, NULL) != JETON_OK)
        return;
    if (open_to_others)
        jt_log(&server->log, JT_LOG_WARN, "the secret can be read by others; make its mode 0600", "issuer",
               trust->issuer.at, "file", trust->keys.secret_file.at, NULL);
    if (secret.len > 0 && secret.at[secret.len - 1] == '\n')
        jt_log(&server->log, JT_LOG_WARN, "the secret ends with a line feed, which is a byte of it", "issuer",
               trust->issuer.at, "file", trust->keys.secret_file.at, NULL);
}

static void warn_of_entry(const struct jt_server *server, const struct jt_config_trust *trust)
{
    if (trust->any_audience.value != 0)
        jt_log(&server->log, JT_LOG_WARN, "any_audience: tokens of this issuer are believed whomever they are for",
               "issuer", trust->issuer.at, NULL);
    if (trust->allow_http.value != 0)
        jt_log(&server->log, JT_LOG_WARN, "allow_http: keys of this issuer may come unprotected over http", "issuer",
               trust->issuer.at, NULL);
    if (trust->allow_private_ip.value != 0)
        jt_log(&server->log, JT_LOG_WARN, "allow_private_ip: keys of this issuer may come from private addresses",
               "issuer", trust->issuer.at, NULL);
    warn_of_secret(server, trust);
}

/* --- One source --- */

/* A file of its own for each issuer and place: neither may get the keys of another. */
static JT_CHECKED saved_path(const struct jt_server *server, const char *issuer, struct jeton_bytes address,
                             char out[PATH_ROOM])
{
    JT_AUTO(jt_buffer_done) struct jt_buffer text;
    unsigned char digest[DIGEST_LENGTH];
    int len = snprintf(out, PATH_ROOM, "%s/keys-", server->config->state.at);

    jt_buffer_init(&text, PATH_ROOM + 4096);
    jt_buffer_add_text(&text, issuer);
    jt_buffer_add_byte(&text, '\n');
    jt_buffer_add(&text, address);
    JT_TRY(text.status);
    JT_TRY(jt_digest(JT_HASH_SHA256, jt_buffer_bytes(&text), digest));
    if (len < 0 || len + 2 * NAME_BYTES + 6 > PATH_ROOM)
        return JETON_CONFIG_INVALID;
    for (size_t i = 0; i < NAME_BYTES; i++)
        len += snprintf(out + len, PATH_ROOM - (size_t)len, "%02x", digest[i]);
    snprintf(out + len, PATH_ROOM - (size_t)len, ".json");
    return JETON_OK;
}

static JT_CHECKED open_static(const struct jt_config_trust *trust, struct jt_issuer *issuer,
                              struct jeton_detail *detail)
{
    struct jt_keyset *keys = NULL;
    enum jeton_status status;

    JT_TRY(jt_config_static_keys(trust, &keys, NULL, detail));
    status = jt_source_open_static(keys, &issuer->source);
    if (status != JETON_OK)
        jt_keyset_free(keys);
    return status;
}

static JT_CHECKED open_source(struct jt_server *server, const struct jt_config_trust *trust, struct jt_issuer *issuer,
                              struct jeton_detail *detail)
{
    struct jt_source_options options = jt_config_source_options(server->config, trust);
    struct jeton_bytes address;
    enum jt_source_kind kind = jt_config_place(trust, &address);
    char path[PATH_ROOM];

    if (kind == JT_SOURCE_STATIC)
        return open_static(trust, issuer, detail);
    if (kind != JT_SOURCE_FILE && jt_config_times(server->config, trust).last_known_good.value != 0) {
        JT_TRY(saved_path(server, trust->issuer.at, address, path));
        options.saved_path = path;
    }
    issuer->moved = true;
    issuer->wait_ms = jt_config_wait(server->config, trust);
    return jt_source_open(kind, address, &options, &issuer->source, detail);
}

/* Its own public keys, read from what it publishes: no way leads from there to a private one. */
static JT_CHECKED open_own(struct jt_server *server, struct jeton_detail *detail)
{
    struct jt_issuer *own = &server->issuers[0];
    struct jt_keyset *keys = NULL;
    enum jeton_status status;

    own->name = server->issuer;
    server->issuer_count = 1;
    JT_TRY(jt_source_open_provider(&own->source));
    JT_TRY(jt_keyset_new(&keys));
    status = jt_keyset_read_jwks(keys, jt_buffer_bytes(&jt_signers_published(server->signers)->jwks),
                                 JETON_ORIGIN_OPERATOR, NULL, NULL, detail);
    if (status == JETON_OK) {
        jt_keyset_warm(keys);
        status = jt_source_provide(own->source, keys);
    }
    if (status != JETON_OK)
        jt_keyset_free(keys);
    return status;
}

/* --- The engine --- */

static int64_t clock_ms(void *context)
{
    (void)context;
    return jt_monotonic_ms();
}

static int64_t wall(void *context)
{
    (void)context;
    return time(NULL);
}

/* Jitter: not a secret. */
static uint64_t random_bits(void *context)
{
    uint64_t bits = 0;

    (void)context;
    if (jt_random(&bits, sizeof bits) != JETON_OK)
        bits = (uint64_t)jt_monotonic_ns() * UINT64_C(0x9e3779b97f4a7c15);
    return bits;
}

static JT_CHECKED open_engine(struct jt_server *server)
{
    struct jt_engine_options options = {.clock_ms = clock_ms,
                                        .wall = wall,
                                        .random = random_bits,
                                        .event = jt_server_source_event,
                                        .event_context = server};

    JT_TRY(jt_transport_open_url(&server->transport));
    options.transport = server->transport;
    JT_TRY(jt_engine_open(&options, &server->engine));
    for (size_t i = 0; i < server->issuer_count; i++) {
        if (server->issuers[i].moved)
            JT_TRY(jt_engine_add(server->engine, server->issuers[i].source));
    }
    return JETON_OK;
}

JT_CHECKED jt_server_open_trusted(struct jt_server *server, struct jeton_detail *detail)
{
    const struct jt_config_trust *entries = server->config->trust.at;
    size_t count = server->verify_mode == JT_VERIFY_JWT ? server->config->trust.count : 0;
    bool moved = false;

    server->issuers = calloc(count + 1, sizeof *server->issuers);
    if (server->issuers == NULL)
        return JETON_OUT_OF_MEMORY;
    JT_TRY(open_own(server, detail));
    for (size_t i = 0; i < count; i++) {
        struct jt_issuer *issuer = &server->issuers[server->issuer_count];

        issuer->name = entries[i].issuer.at;
        warn_of_entry(server, &entries[i]);
        server->issuer_count++;
        JT_TRY(open_source(server, &entries[i], issuer, detail));
        moved = moved || issuer->moved;
    }
    return moved ? open_engine(server) : JETON_OK;
}

JT_CHECKED jt_server_start_trusted(struct jt_server *server, struct jeton_detail *detail)
{
    if (server->engine == NULL)
        return JETON_OK;
    if (jt_engine_start(server->engine) != JETON_OK)
        return jt_fail(detail, JETON_INTERNAL_ERROR, "no thread could be started for the keys of other issuers");
    return JETON_OK;
}

void jt_server_stop_trusted(struct jt_server *server)
{
    jt_engine_close(server->engine);
    server->engine = NULL;
    jt_transport_close_url(server->transport);
    server->transport = NULL;
}

void jt_server_close_trusted(struct jt_server *server)
{
    for (size_t i = 0; i < server->issuer_count; i++)
        jt_source_close(server->issuers[i].source);
    free(server->issuers);
}
