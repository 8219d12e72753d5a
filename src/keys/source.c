/* SPDX-License-Identifier: Apache-2.0 */
/* Where do the keys of one issuer come from, and which are there now? The reader's side of a source; see source.h. */
#include "keys/source.h"

#include <assert.h>
#include <stdlib.h>

#include "keys/engine.h"
#include "keys/refresh.h"

static void free_state(void *value)
{
    struct jt_key_state *state = value;
    jt_keyset_free(state->keys);
    free(state);
}

static void source_done(struct jt_source **source)
{
    jt_source_close(*source);
}

static enum jeton_status source_new(enum jt_source_kind kind, struct jt_source **out)
{
    unsigned char hash_key[16];
    JT_TRY(jt_random(hash_key, sizeof hash_key));
    struct jt_source *source = aligned_alloc(_Alignof(struct jt_source), sizeof *source);
    if (source == NULL)
        return JETON_OUT_OF_MEMORY;
    memset(source, 0, sizeof *source);
    source->kind = kind;
    jt_snapshot_init(&source->snapshot, free_state);
    atomic_init(&source->succeeded_at, INT64_MIN);
    jt_missed_init(&source->missed, hash_key, 60000);
    *out = source;
    return JETON_OK;
}

enum jeton_status jt_source_publish(struct jt_source *source, struct jt_keyset *keys, uint64_t generation,
                                    uint64_t fingerprint)
{
    struct jt_key_state *state = malloc(sizeof *state);
    if (state == NULL)
        return JETON_OUT_OF_MEMORY;
    *state = (struct jt_key_state){keys, generation, fingerprint};
    if (jt_snapshot_publish(&source->snapshot, state)) {
        atomic_store(&source->generation, generation);
        return JETON_OK;
    }
    free(state);
    return JETON_INTERNAL_ERROR;
}

enum jeton_status jt_source_open_static(struct jt_keyset *keys, struct jt_source **out)
{
    JT_AUTO(source_done) struct jt_source *source = NULL;
    JT_TRY(source_new(JT_SOURCE_STATIC, &source));
    JT_TRY(jt_source_publish(source, keys, 1, 0));
    atomic_store(&source->usable_until, INT64_MAX);
    *out = JT_TAKE(source);
    return JETON_OK;
}

enum jeton_status jt_source_open_provider(struct jt_source **out)
{
    return source_new(JT_SOURCE_PROVIDER, out);
}

enum jeton_status jt_source_provide(struct jt_source *source, struct jt_keyset *keys)
{
    struct jt_keys_guard before = jt_source_enter(source, 0);
    uint64_t generation = before.generation + 1;
    jt_source_leave(&before);
    JT_TRY(jt_source_publish(source, keys, generation, 0));
    atomic_store(&source->usable_until, INT64_MAX);
    return JETON_OK;
}

/* The texts of the options, in one block behind the source's own address. */
static bool copy_texts(struct jt_source *source, struct jeton_bytes address, const struct jt_source_options *options)
{
    char *copy = jt_bytes_copy(address);
    char *ca_file = jt_bytes_copy(options->fetch.ca_file);
    char *saved = options->saved_path != NULL ? strdup(options->saved_path) : NULL;
    char *bearer = options->bearer_path != NULL ? strdup(options->bearer_path) : NULL;
    source->address = jeton_bytes(copy, address.len);
    source->options = *options;
    source->options.fetch.ca_file = jeton_bytes(ca_file, options->fetch.ca_file.len);
    source->options.saved_path = saved;
    source->options.bearer_path = bearer;
    return copy != NULL && ca_file != NULL && (saved != NULL) == (options->saved_path != NULL) &&
           (bearer != NULL) == (options->bearer_path != NULL);
}

enum jeton_status jt_source_open(enum jt_source_kind kind, struct jeton_bytes address,
                                 const struct jt_source_options *options, struct jt_source **out,
                                 struct jeton_detail *detail)
{
    JT_AUTO(source_done) struct jt_source *source = NULL;
    assert(kind == JT_SOURCE_FILE || kind == JT_SOURCE_URL || kind == JT_SOURCE_DISCOVERY);
    if (kind != JT_SOURCE_FILE)
        JT_TRY(jt_fetch_check(address, &options->fetch, detail));
    JT_TRY(source_new(kind, &source));
    if (!copy_texts(source, address, options))
        return JETON_OUT_OF_MEMORY;
    source->missed.ttl = options->negative_ttl > 0 ? options->negative_ttl : 1;
    *out = JT_TAKE(source);
    return JETON_OK;
}

static bool same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

bool jt_source_fits(const struct jt_source *source, enum jt_source_kind kind, struct jeton_bytes address,
                    const struct jt_source_options *options)
{
    const struct jt_source_options *own = &source->options;
    return source->kind == kind && jt_bytes_equal(source->address, address) &&
           memcmp(&own->times, &options->times, sizeof own->times) == 0 && own->negative_ttl == options->negative_ttl &&
           own->fetch.allow_http == options->fetch.allow_http &&
           own->fetch.allow_private_ip == options->fetch.allow_private_ip &&
           own->fetch.timeout_ms == options->fetch.timeout_ms && own->fetch.redirects == options->fetch.redirects &&
           own->fetch.connect_timeout_ms == options->fetch.connect_timeout_ms &&
           own->fetch.redirects == options->fetch.redirects &&
           jt_bytes_equal(own->fetch.ca_file, options->fetch.ca_file) &&
           same_text(own->saved_path, options->saved_path) && same_text(own->bearer_path, options->bearer_path);
}

void jt_source_close(struct jt_source *source)
{
    if (source == NULL)
        return;
    assert(source->refresh == NULL);
    jt_snapshot_done(&source->snapshot);
    free((void *)source->address.at);
    free((void *)source->options.fetch.ca_file.at);
    free((void *)source->options.saved_path);
    free((void *)source->options.bearer_path);
    free(source);
}

/* --- Why the last fetch failed: one writer, readers that look again when it was at work --- */

#define FAULT_WORDS (JETON_DETAIL_TEXT / 8)

void jt_source_set_fault(struct jt_source *source, const char *text)
{
    uint64_t words[FAULT_WORDS] = {0};
    strncpy((char *)words, text, sizeof words - 1);
    atomic_fetch_add(&source->fault[0], 1);
    for (unsigned i = 0; i < FAULT_WORDS; i++)
        atomic_store(&source->fault[i + 1], words[i]);
    atomic_fetch_add(&source->fault[0], 1);
}

void jt_source_fault(struct jt_source *source, struct jeton_detail *out)
{
    uint64_t words[FAULT_WORDS];
    for (unsigned tries = 0; tries < 100; tries++) { /* a writer that a fork cut off never ends */
        uint64_t before = atomic_load(&source->fault[0]);
        for (unsigned i = 0; i < FAULT_WORDS; i++)
            words[i] = atomic_load(&source->fault[i + 1]);
        if (before % 2 == 0 && atomic_load(&source->fault[0]) == before) {
            memcpy(out->text, words, sizeof words);
            return;
        }
    }
    out->text[0] = '\0';
}

/* --- Readers --- */

static void note_lookup(struct jt_source *source)
{
    if (!atomic_load_explicit(&source->looked_up, memory_order_relaxed))
        atomic_store(&source->looked_up, true);
}

/* Inside a guard, so that the engine cannot go. One wake for one nap. */
static void wake_dormant(struct jt_source *source)
{
    struct jt_engine *engine;
    if (atomic_load(&source->dormant) && atomic_exchange(&source->dormant, false) &&
        (engine = atomic_load(&source->engine)) != NULL)
        jt_engine_wake(engine);
}

uint64_t jt_source_usable_generation(struct jt_source *source, int64_t now_ms)
{
    note_lookup(source);
    return now_ms < atomic_load(&source->usable_until) ? atomic_load(&source->generation) : 0;
}

struct jt_keys_guard jt_source_enter(struct jt_source *source, int64_t now_ms)
{
    /* Before the set is entered: what a fetch numbered up to here brought, the set has. */
    uint64_t answered = atomic_load(&source->answered);
    struct jt_keys_guard guard = {.answered = answered, .inner = jt_snapshot_enter(&source->snapshot)};
    const struct jt_key_state *state = guard.inner.value;
    note_lookup(source);
    wake_dormant(source);
    if (state == NULL)
        return guard;
    guard.generation = state->generation;
    if (now_ms < atomic_load(&source->usable_until))
        guard.keys = state->keys;
    return guard;
}

void jt_source_leave(struct jt_keys_guard *guard)
{
    jt_snapshot_leave(&guard->inner);
    guard->keys = NULL;
}

enum jt_miss jt_source_missed(struct jt_source *source, const struct jt_keys_guard *guard, struct jeton_bytes kid,
                              int64_t now_ms)
{
    enum jt_miss result = JT_MISS_FINAL;
    struct jt_engine *engine = atomic_load(&source->engine); /* it lets go only when readers have left */
    if (engine != NULL) {
        result = jt_missed_look(&source->missed, kid, now_ms, atomic_load(&source->started), guard->answered);
        if (result == JT_MISS_NEW && !atomic_exchange(&source->wanted, true))
            jt_engine_wake(engine);
    }
    atomic_fetch_add_explicit(&source->counts.misses[result], 1, memory_order_relaxed);
    return result == JT_MISS_NEW ? JT_MISS_PENDING : result;
}
