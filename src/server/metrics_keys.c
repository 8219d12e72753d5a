/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted about the keys of trusted issuers and about cached tokens, as Prometheus reads it. Labels come from
 * the configuration and from names in this program alone. */
#include <inttypes.h>

#include "server/http/connections.h"
#include "server/server.h"

static void head(struct jt_buffer *out, const char *name, const char *type, const char *help)
{
    jt_buffer_add_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* name{issuer="…" and whatever is still to be added */
static void open_line(struct jt_buffer *out, const char *name, const struct jt_issuer *issuer)
{
    jt_buffer_add_text(out, name);
    jt_buffer_add_text(out, "{issuer=");
    jt_metrics_label(out, issuer->name);
}

static void add_line(struct jt_buffer *out, const char *name, const struct jt_issuer *issuer, uint64_t value)
{
    open_line(out, name, issuer);
    jt_buffer_add_format(out, "} %" PRIu64 "\n", value);
}

static void write_fetches(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    static const char *const results[] = {"changed", "same", "rejected", "failed"};
    const struct jt_source_counts *counts = &issuer->source->counts;

    for (size_t cause = 0; cause < JT_COUNT(counts->fetches); cause++) {
        for (size_t result = 0; result < JT_COUNT(results); result++) {
            uint64_t count = atomic_load(&counts->fetches[cause][result]);

            if (count == 0)
                continue;
            open_line(out, "jeton_keys_fetches_total", issuer);
            jt_buffer_add_format(out, ",cause=\"%s\",result=\"%s\"} %" PRIu64 "\n",
                                 jt_cause_name((enum jt_fetch_cause)cause), results[result], count);
        }
    }
}

static void write_duration(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    const struct jt_source_counts *counts = &issuer->source->counts;
    uint64_t sum_ms = atomic_load(&counts->fetch_ms), fetches = 0;

    for (size_t cause = 0; cause < JT_COUNT(counts->fetches); cause++) {
        for (size_t result = 0; result < JT_COUNT(counts->fetches[0]); result++)
            fetches += atomic_load(&counts->fetches[cause][result]);
    }
    open_line(out, "jeton_keys_fetch_duration_seconds_sum", issuer);
    jt_buffer_add_format(out, "} %.3f\n", (double)sum_ms / 1e3);
    add_line(out, "jeton_keys_fetch_duration_seconds_count", issuer, fetches);
}

static void write_last_success(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    add_line(out, "jeton_keys_last_success_timestamp_seconds", issuer,
             (uint64_t)atomic_load(&issuer->source->succeeded_wall));
}

static void write_generation(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    add_line(out, "jeton_keys_generation", issuer, atomic_load(&issuer->source->generation));
}

/* Asking how many there are is no use of the source: entering it would keep an idle one awake, by one scrape a minute.
 */
static void write_usable(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    struct jt_source *source = issuer->source;
    struct jt_snapshot_guard guard = jt_snapshot_enter(&source->snapshot);
    const struct jt_key_state *state = guard.value;
    bool usable = state != NULL && jt_monotonic_ms() < atomic_load(&source->usable_until);

    add_line(out, "jeton_keys_usable", issuer, usable ? jt_keyset_count(state->keys) : 0);
    jt_snapshot_leave(&guard);
}

static void write_skipped(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    for (size_t i = 0; i < JT_SKIP_REASONS; i++) {
        uint64_t count = atomic_load(&issuer->source->counts.skipped[i]);

        if (count == 0)
            continue;
        open_line(out, "jeton_keys_skipped", issuer);
        jt_buffer_add_format(out, ",reason=\"%s\"} %" PRIu64 "\n", jt_skip_name((enum jeton_skip)i), count);
    }
}

static void write_state(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    enum jt_data_state now = issuer->moved ? (enum jt_data_state)atomic_load(&issuer->source->data_state)
                                           : JT_DATA_FRESH;

    for (enum jt_data_state state = JT_DATA_EMPTY; state <= JT_DATA_EXPIRED; state++) {
        open_line(out, "jeton_keys_state", issuer);
        jt_buffer_add_format(out, ",state=\"%s\"} %d\n", jt_data_state_name(state), state == now);
    }
}

static void write_misses(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    static const char *const results[] = {"new", "pending", "final"};

    for (size_t i = 0; i < JT_COUNT(results); i++) {
        open_line(out, "jeton_keys_misses_total", issuer);
        jt_buffer_add_format(out, ",result=\"%s\"} %" PRIu64 "\n", results[i],
                             (uint64_t)atomic_load(&issuer->source->counts.misses[i]));
    }
}

static void write_refused(const struct jt_issuer *issuer, struct jt_buffer *out)
{
    add_line(out, "jeton_keys_addresses_refused_total", issuer, atomic_load(&issuer->source->counts.refused_addresses));
}

static const struct {
    const char *name, *type, *help;
    void (*write)(const struct jt_issuer *issuer, struct jt_buffer *out);
} families[] = {
    {"jeton_keys_fetches_total", "counter", "Fetches of keys, by what caused them and what came of it.", write_fetches},
    {"jeton_keys_fetch_duration_seconds", "summary", "Time of fetches.", write_duration},
    {"jeton_keys_last_success_timestamp_seconds", "gauge", "When keys were fetched last; 0: not since the start.",
     write_last_success},
    {"jeton_keys_generation", "gauge", "How many different key sets there have been since the start.",
     write_generation},
    {"jeton_keys_usable", "gauge", "Keys that tokens are judged by now.", write_usable},
    {"jeton_keys_skipped", "gauge", "Keys of the present set that are not used, by reason.", write_skipped},
    {"jeton_keys_state", "gauge", "1 for the state the keys are in.", write_state},
    {"jeton_keys_misses_total", "counter", "Tokens whose key was not there, by what was known of it.", write_misses},
    {"jeton_keys_addresses_refused_total", "counter", "Fetches in which an address was not dialled.", write_refused},
};

static void write_cache(const struct jt_server *server, struct jt_buffer *out)
{
    struct jt_cache_counts sum = {server->cache_hits, server->cache_misses, 0, 0};

    for (size_t i = 0; i < server->policy_count; i++) {
        if (server->policies[i].cache == NULL)
            continue;
        struct jt_cache_counts counts = jt_token_cache_counts(server->policies[i].cache);

        sum.hits += counts.hits;
        sum.misses += counts.misses;
        sum.entries += counts.entries;
    }
    head(out, "jeton_token_cache_hits", "counter", "Tokens that had been judged good before, and still were.");
    jt_buffer_add_format(out, "jeton_token_cache_hits %" PRIu64 "\n", sum.hits);
    head(out, "jeton_token_cache_misses", "counter", "Tokens that had to be judged whole.");
    jt_buffer_add_format(out, "jeton_token_cache_misses %" PRIu64 "\n", sum.misses);
    head(out, "jeton_token_cache_entries", "gauge", "Tokens kept.");
    jt_buffer_add_format(out, "jeton_token_cache_entries %" PRIu64 "\n", sum.entries);
}

void jt_metrics_write_keys(const struct jt_server *server, struct jt_buffer *out)
{
    write_cache(server, out);
    for (size_t i = 0; i < JT_COUNT(families) && server->issuer_count > 1; i++) {
        head(out, families[i].name, families[i].type, families[i].help);
        for (size_t k = 1; k < server->issuer_count; k++)
            families[i].write(server->issuers[k], out);
    }
}
