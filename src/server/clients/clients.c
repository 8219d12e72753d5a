/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask for tokens, and is it really them? */
#include "server/clients/clients.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/crypto.h"

enum { FAILURES_MAX = 10, WINDOW_MS = 60 * 1000, STRANGERS = 256 };

/* The times of the last failures of one id, the oldest at `next` once it is full. */
struct failures {
    int64_t at_ms[FAILURES_MAX];
    unsigned count;
    unsigned next;
};

struct entry {
    struct jt_client client;
    struct failures failures;
    void *memory;
};

struct jt_clients {
    struct entry *at;
    size_t count;
    pthread_mutex_t lock; /* of all failures */
    struct failures strangers[STRANGERS];
    unsigned char hash_key[16];
    unsigned char no_hash[JT_SECRET_HASH]; /* compared with when there is no such client */
};

static const struct {
    const char *name;
    const char *type;
} grants[] = {
    [JT_GRANT_CLIENT_CREDENTIALS] = {"client_credentials", "client_credentials"},
    [JT_GRANT_TOKEN_EXCHANGE] = {"token-exchange", "urn:ietf:params:oauth:grant-type:token-exchange"},
    [JT_GRANT_JWT_BEARER] = {"jwt-bearer", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
};
_Static_assert(JT_COUNT(grants) == JT_GRANT_COUNT, "a name for each grant");

const char *jt_grant_type(enum jt_grant grant)
{
    return grants[grant].type;
}

const char *jt_grant_name(enum jt_grant grant)
{
    return grants[grant].name;
}

bool jt_grant_find(struct jeton_bytes name, enum jt_grant *out)
{
    for (size_t i = 0; i < JT_GRANT_COUNT; i++) {
        if (jt_bytes_equal(name, jeton_text(grants[i].name)) || jt_bytes_equal(name, jeton_text(grants[i].type))) {
            *out = (enum jt_grant)i;
            return true;
        }
    }
    return false;
}

bool jt_text_list_has(const struct jt_text_list *list, struct jeton_bytes text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (jt_bytes_equal(list->at[i], text))
            return true;
    }
    return false;
}

JT_CHECKED jt_clients_new(struct jt_clients **out)
{
    struct jt_clients *clients = calloc(1, sizeof *clients);
    enum jeton_status status;

    if (clients == NULL)
        return JETON_OUT_OF_MEMORY;
    pthread_mutex_init(&clients->lock, NULL);
    status = jt_random(clients->hash_key, sizeof clients->hash_key);
    if (status == JETON_OK)
        status = jt_random(clients->no_hash, sizeof clients->no_hash);
    if (status != JETON_OK) {
        jt_clients_free(clients);
        return status;
    }
    *out = clients;
    return JETON_OK;
}

void jt_clients_free(struct jt_clients *clients)
{
    if (clients == NULL)
        return;
    for (size_t i = 0; i < clients->count; i++)
        free(clients->at[i].memory);
    free(clients->at);
    pthread_mutex_destroy(&clients->lock);
    free(clients);
}

static size_t size_of(const struct jt_text_list *list)
{
    size_t size = list->count * sizeof *list->at;

    for (size_t i = 0; i < list->count; i++)
        size += list->at[i].len;
    return size;
}

/* Copies a text into the block at `*to`. */
static struct jeton_bytes keep(struct jeton_bytes text, char **to)
{
    struct jeton_bytes kept = {*to, text.len};

    if (text.len > 0)
        memcpy(*to, text.at, text.len);
    *to += text.len;
    return kept;
}

static struct jt_text_list keep_list(const struct jt_text_list *list, struct jeton_bytes **slots, char **texts)
{
    struct jt_text_list kept = {*slots, list->count};

    *slots += list->count;
    for (size_t i = 0; i < list->count; i++)
        kept.at[i] = keep(list->at[i], texts);
    return kept;
}

JT_CHECKED jt_clients_add(struct jt_clients *clients, const struct jt_client *client)
{
    struct entry *more = realloc(clients->at, (clients->count + 1) * sizeof *more);
    struct jeton_bytes *slots = NULL;
    char *texts = NULL;

    if (more == NULL)
        return JETON_OUT_OF_MEMORY;
    clients->at = more;
    struct entry *entry = &more[clients->count];

    *entry = (struct entry){.client = *client};
    entry->memory = malloc(size_of(&client->audiences) + size_of(&client->scopes) + client->id.len + 1);
    if (entry->memory == NULL)
        return JETON_OUT_OF_MEMORY;
    slots = entry->memory;
    texts = (char *)(slots + client->audiences.count + client->scopes.count);
    entry->client.audiences = keep_list(&client->audiences, &slots, &texts);
    entry->client.scopes = keep_list(&client->scopes, &slots, &texts);
    entry->client.id = keep(client->id, &texts);
    entry->client.index = clients->count;
    clients->count++;
    return JETON_OK;
}

size_t jt_clients_count(const struct jt_clients *clients)
{
    return clients->count;
}

const struct jt_client *jt_clients_at(const struct jt_clients *clients, size_t index)
{
    return &clients->at[index].client;
}

static struct entry *find(struct jt_clients *clients, struct jeton_bytes id)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (jt_bytes_equal(clients->at[i].client.id, id))
            return &clients->at[i];
    }
    return NULL;
}

/* Seconds until the oldest of ten failures is a minute old; 0: open. */
static unsigned closed_for(const struct failures *failures, int64_t now_ms)
{
    int64_t left = failures->count < FAILURES_MAX ? 0 : failures->at_ms[failures->next] + WINDOW_MS - now_ms;

    return left > 0 ? (unsigned)((left + 999) / 1000) : 0;
}

static void add_failure(struct failures *failures, int64_t now_ms)
{
    failures->at_ms[failures->next] = now_ms;
    failures->next = (failures->next + 1) % FAILURES_MAX;
    if (failures->count < FAILURES_MAX)
        failures->count++;
}

const struct jt_client *jt_clients_find(const struct jt_clients *clients, struct jeton_bytes id)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (jt_bytes_equal(clients->at[i].client.id, id))
            return &clients->at[i].client;
    }
    return NULL;
}

static struct failures *failures_of(struct jt_clients *clients, struct entry *entry, struct jeton_bytes id)
{
    return entry != NULL ? &entry->failures : &clients->strangers[jt_bytes_hash(id, clients->hash_key) % STRANGERS];
}

unsigned jt_clients_closed_for(struct jt_clients *clients, struct jeton_bytes id, int64_t now_ms)
{
    struct failures *failures = failures_of(clients, find(clients, id), id);
    unsigned seconds;

    pthread_mutex_lock(&clients->lock);
    seconds = closed_for(failures, now_ms);
    pthread_mutex_unlock(&clients->lock);
    return seconds;
}

void jt_clients_failed(struct jt_clients *clients, struct jeton_bytes id, int64_t now_ms)
{
    struct failures *failures = failures_of(clients, find(clients, id), id);

    pthread_mutex_lock(&clients->lock);
    add_failure(failures, now_ms);
    pthread_mutex_unlock(&clients->lock);
}

/* The same work whether there is such a client or not. */
static JT_CHECKED compare_secret(const struct jt_clients *clients, const struct entry *entry, struct jeton_bytes secret,
                                 bool *fits)
{
    unsigned char hash[JT_SECRET_HASH];
    enum jeton_status status = jt_digest(JT_HASH_SHA256, secret, hash);

    if (status == JETON_OK)
        *fits = jt_crypto_equal(jeton_bytes(hash, sizeof hash),
                                jeton_bytes(entry != NULL ? entry->client.secret_hash : clients->no_hash, sizeof hash));
    jt_wipe(hash, sizeof hash);
    *fits = *fits && entry != NULL && !entry->client.has_keys && secret.len > 0;
    return status;
}

JT_CHECKED jt_clients_authenticate(struct jt_clients *clients, const struct jt_claimant *claimant, int64_t now_ms,
                                   const struct jt_client **out, unsigned *retry_after)
{
    struct entry *entry = find(clients, claimant->id);
    struct failures *failures = failures_of(clients, entry, claimant->id);
    enum jeton_status status = JETON_OK;
    bool fits = false;

    /* Held throughout: attempts at the same time do not get past the count. */
    pthread_mutex_lock(&clients->lock);
    *retry_after = closed_for(failures, now_ms);
    if (*retry_after == 0) {
        status = compare_secret(clients, entry, claimant->secret, &fits);
        if (status == JETON_OK && !fits)
            add_failure(failures, now_ms);
    }
    pthread_mutex_unlock(&clients->lock);
    *out = fits ? &entry->client : NULL;
    return status;
}
