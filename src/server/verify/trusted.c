/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens does this server believe, and where do their keys come from? Its own by the keys of this process, those
 * of `trust` each by its own source, all moved by one engine. Part of assembling. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "keys/engine.h"
#include "keys/fetch_url_many.h"
#include "server/config/trust.h"
#include "server/http/connections.h"
#include "server/issuer/keeper.h"
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
    if (trust->own_audiences)
        jt_log(&server->log, JT_LOG_WARN,
               "no audience is set for this issuer: its tokens must be for the audiences of /verify", "issuer",
               trust->issuer.at, NULL);
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

/* How the keys of one entry are had. */
struct way {
    enum jt_source_kind kind;
    struct jeton_bytes address;
    struct jt_source_options options;
    int64_t wait_ms;
    char path[PATH_ROOM];
};

static JT_CHECKED find_way(const struct jt_server *server, const struct jt_config_trust *trust, struct way *way)
{
    way->options = jt_config_source_options(server->config, trust);
    way->kind = jt_config_place(trust, &way->address);
    way->wait_ms = jt_config_wait(server->config, trust);
    if (way->kind == JT_SOURCE_STATIC || way->kind == JT_SOURCE_FILE ||
        jt_config_times(server->config, trust).last_known_good.value == 0)
        return JETON_OK;
    JT_TRY(saved_path(server, trust->issuer.at, way->address, way->path));
    way->options.saved_path = way->path;
    return JETON_OK;
}

static JT_CHECKED open_source(const struct jt_config_trust *trust, const struct way *way, struct jt_issuer *issuer,
                              struct jeton_detail *detail)
{
    if (way->kind == JT_SOURCE_STATIC)
        return open_static(trust, issuer, detail);
    issuer->moved = true;
    issuer->wait_ms = way->wait_ms;
    return jt_source_open(way->kind, way->address, &way->options, &issuer->source, detail);
}

/* --- Issuers, and how they pass from one configuration to the next --- */

static void release(struct jt_lasting *lasting, struct jt_issuer *issuer)
{
    if (issuer == NULL || --issuer->held > 0)
        return;
    jt_lasting_let_go(lasting, &issuer->told);
    if (issuer->source != NULL && issuer->moved && lasting->engine != NULL)
        jt_engine_remove(lasting->engine, issuer->source);
    jt_source_close(issuer->source);
    if (issuer->tally != NULL && --issuer->tally->held == 0)
        free(issuer->tally);
    free(issuer->name);
    free(issuer);
}

static JT_CHECKED issuer_new(const char *name, const struct jt_issuer *before, struct jt_issuer **out)
{
    struct jt_issuer *issuer = calloc(1, sizeof *issuer);

    if (issuer == NULL)
        return JETON_OUT_OF_MEMORY;
    issuer->held = 1;
    *out = issuer;
    issuer->tally = before != NULL ? before->tally : calloc(1, sizeof *issuer->tally);
    if (issuer->tally == NULL)
        return JETON_OUT_OF_MEMORY;
    issuer->tally->held++;
    issuer->name = strdup(name);
    return issuer->name != NULL ? JETON_OK : JETON_OUT_OF_MEMORY;
}

static struct jt_issuer *issuer_named(const struct jt_server *server, const char *name)
{
    for (size_t i = 0; server != NULL && i < server->issuer_count; i++) {
        if (strcmp(server->issuers[i]->name, name) == 0)
            return server->issuers[i];
    }
    return NULL;
}

static void add_issuer(struct jt_server *server, struct jt_issuer *issuer)
{
    server->issuers[server->issuer_count++] = issuer;
}

/* Keys that were given once are read anew: the files may have changed. */
static bool is_same(const struct jt_issuer *before, const struct way *way)
{
    return before != NULL && before->moved && before->wait_ms == way->wait_ms &&
           jt_source_fits(before->source, way->kind, way->address, &way->options);
}

/* Whatever comes of it, what stands in `out` is held. */
static JT_CHECKED hold_keys(const struct jt_server *server, const struct jt_config_trust *trust, struct jt_issuer *same,
                            struct jt_issuer **out, struct jeton_detail *detail)
{
    struct way way = {.wait_ms = 0};

    JT_TRY(find_way(server, trust, &way));
    if (is_same(same, &way)) {
        same->held++;
        *out = same;
        return JETON_OK;
    }
    JT_TRY(issuer_new(trust->issuer.at, same, out));
    return open_source(trust, &way, *out, detail);
}

static JT_CHECKED open_trusted(struct jt_server *server, const struct jt_config_trust *trust,
                               const struct jt_server *before, struct jeton_detail *detail)
{
    struct jt_issuer *issuer = NULL;
    enum jeton_status status;

    warn_of_entry(server, trust);
    status = hold_keys(server, trust, issuer_named(before, trust->issuer.at), &issuer, detail);
    if (issuer != NULL)
        add_issuer(server, issuer);
    return status;
}

static struct jt_issuer *holder_named(const struct jt_server *server, const char *name)
{
    for (size_t i = 0; server != NULL && i < server->holder_count; i++) {
        if (server->holders[i] != NULL && strcmp(server->holders[i]->name, name) == 0)
            return server->holders[i];
    }
    return NULL;
}

/* Clients that prove themselves by keys hold them as issuers do; nothing else is believed of them. */
static JT_CHECKED open_holders(struct jt_server *server, const struct jt_server *before, struct jeton_detail *detail)
{
    const struct jt_config_client *clients = server->config->clients.at;
    size_t count = server->config->clients.count;

    server->holders = calloc(count + 1, sizeof(struct jt_issuer *));
    if (server->holders == NULL)
        return JETON_OUT_OF_MEMORY;
    server->holder_count = count;
    for (size_t i = 0; i < count; i++) {
        char name[JT_CLIENT_NAME_ROOM];
        struct jt_config_trust keys;

        if (!jt_config_has_keys(&clients[i]))
            continue;
        keys = jt_config_client_keys(&clients[i], name);
        JT_TRY(hold_keys(server, &keys, holder_named(before, name), &server->holders[i], detail));
    }
    return JETON_OK;
}

/* Its own public keys, which the keeper gives it. */
static JT_CHECKED open_own(struct jt_server *server, const struct jt_server *before, struct jeton_detail *detail)
{
    struct jt_issuer *own = NULL;
    enum jeton_status status;

    if (before != NULL) {
        before->issuers[0]->held++;
        add_issuer(server, before->issuers[0]);
        return JETON_OK;
    }
    status = issuer_new(server->issuer, NULL, &own);
    if (own != NULL)
        add_issuer(server, own);
    JT_TRY(status);
    JT_TRY(jt_source_open_provider(&own->source));
    return jt_keeper_provide(server->lasting->keeper, own->source, detail);
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

static JT_CHECKED open_engine(struct jt_lasting *lasting)
{
    struct jt_engine_options options = {.clock_ms = clock_ms,
                                        .wall = wall,
                                        .random = random_bits,
                                        .event = jt_server_source_event,
                                        .event_context = lasting};

    if (lasting->transport == NULL)
        JT_TRY(jt_transport_open_url(&lasting->transport));
    options.transport = lasting->transport;
    return jt_engine_open(&options, &lasting->engine);
}

/* Where nothing is verified, entries are still wanted by clients that exchange, and by roles. */
static bool wants_entries(const struct jt_server *server)
{
    const struct jt_config_client *clients = server->config->clients.at;
    bool wanted = server->verify_mode == JT_VERIFY_JWT || server->config->roles.count > 0;

    for (size_t i = 0; i < server->config->clients.count && !wanted; i++)
        wanted = clients[i].exchange_from.count > 0;
    return wanted;
}

JT_CHECKED jt_server_open_trusted(struct jt_server *server, const struct jt_server *before, struct jeton_detail *detail)
{
    const struct jt_config_trust *entries = server->config->trust.at;
    size_t count = wants_entries(server) ? server->config->trust.count : 0;

    server->issuers = calloc(count + 1, sizeof(struct jt_issuer *));
    if (server->issuers == NULL)
        return JETON_OUT_OF_MEMORY;
    JT_TRY(open_own(server, before, detail));
    for (size_t i = 0; i < count; i++)
        JT_TRY(open_trusted(server, &entries[i], before, detail));
    return open_holders(server, before, detail);
}

/* An engine that has the source already was given it by the configuration before. A file is looked at again. */
static JT_CHECKED start_source(struct jt_lasting *lasting, struct jt_issuer *issuer)
{
    if (lasting->engine == NULL)
        JT_TRY(open_engine(lasting));
    if (atomic_load(&issuer->source->engine) == NULL) {
        issuer->source->owner = issuer;
        return jt_engine_add(lasting->engine, issuer->source);
    }
    if (issuer->source->kind == JT_SOURCE_FILE)
        jt_engine_refresh(lasting->engine, issuer->source);
    return JETON_OK;
}

JT_CHECKED jt_server_start_trusted(struct jt_server *server, struct jeton_detail *detail)
{
    struct jt_lasting *lasting = server->lasting;

    for (size_t i = 0; i < server->issuer_count; i++) {
        if (server->issuers[i]->moved)
            JT_TRY(start_source(lasting, server->issuers[i]));
    }
    for (size_t i = 0; i < server->holder_count; i++) {
        if (server->holders[i] != NULL && server->holders[i]->moved)
            JT_TRY(start_source(lasting, server->holders[i]));
    }
    if (lasting->engine != NULL && !jt_engine_runs(lasting->engine) && jt_engine_start(lasting->engine) != JETON_OK)
        return jt_fail(detail, JETON_INTERNAL_ERROR, "no thread could be started for the keys of other issuers");
    return JETON_OK;
}

static void carry(struct jt_source_counts *to, struct jt_source_counts *from)
{
    for (size_t cause = 0; cause < JT_COUNT(to->fetches); cause++) {
        for (size_t outcome = 0; outcome < JT_COUNT(to->fetches[0]); outcome++)
            atomic_fetch_add(&to->fetches[cause][outcome], atomic_load(&from->fetches[cause][outcome]));
    }
    for (size_t i = 0; i < JT_COUNT(to->misses); i++)
        atomic_fetch_add(&to->misses[i], atomic_load(&from->misses[i]));
    atomic_fetch_add(&to->refused_addresses, atomic_load(&from->refused_addresses));
    atomic_fetch_add(&to->fetch_ms, atomic_load(&from->fetch_ms));
    atomic_fetch_add(&to->disjoint, atomic_load(&from->disjoint));
}

void jt_server_carry_counts(struct jt_server *server, const struct jt_server *before)
{
    server->cache_hits = before->cache_hits;
    server->cache_misses = before->cache_misses;
    for (size_t i = 0; i < before->policy_count; i++) {
        struct jt_cache_counts counts = {0, 0, 0, 0};

        if (before->policies[i].cache != NULL)
            counts = jt_token_cache_counts(before->policies[i].cache);
        server->cache_hits += counts.hits;
        server->cache_misses += counts.misses;
    }
    for (size_t i = 0; i < server->issuer_count; i++) {
        struct jt_issuer *same = issuer_named(before, server->issuers[i]->name);

        if (same != NULL && same != server->issuers[i])
            carry(&server->issuers[i]->source->counts, &same->source->counts);
    }
}

void jt_lasting_stop_engine(struct jt_lasting *lasting)
{
    jt_engine_close(lasting->engine);
    lasting->engine = NULL;
    jt_transport_close_url(lasting->transport);
    lasting->transport = NULL;
}

void jt_server_close_trusted(struct jt_server *server)
{
    for (size_t i = 0; i < server->issuer_count; i++)
        release(server->lasting, server->issuers[i]);
    for (size_t i = 0; i < server->holder_count; i++)
        release(server->lasting, server->holders[i]);
    free(server->issuers);
    free(server->holders);
}
