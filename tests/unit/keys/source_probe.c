/* SPDX-License-Identifier: Apache-2.0 */
/* How does an engine over the real transport behave? A program for test_source.py: commands on standard input, events
 * and answers as JSON lines on standard output. Times come as options, short ones. */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "keys/engine.h"
#include "keys/fetch_url_many.h"

#define SOURCES 16

struct named {
    char name[32];
    struct jt_source *source;
};

struct probe {
    struct jt_engine *engine;
    struct jt_transport *transport;
    struct jt_source_options options;
    struct named sources[SOURCES];
    size_t count;
    pthread_mutex_t lock; /* of the list: events name their source from the engine's thread */
    sem_t entered, release;
    pthread_t holder;
};

static int64_t clock_of(void *context)
{
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_of(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

static uint64_t random_of(void *context)
{
    uint64_t bits = 0;
    (void)context;
    return jt_random(&bits, sizeof bits) == JETON_OK ? bits : 0;
}

/* --- Out --- */

struct line {
    struct jt_json_writer writer;
    struct jt_buffer buffer;
};

static void line_open(struct line *line, const char *kind, const char *what)
{
    jt_buffer_init(&line->buffer, 1 << 16);
    jt_json_open(&line->writer, &line->buffer);
    jt_json_add_text(&line->writer, kind, what);
}

/* One write for the whole line: events come from the engine's thread. */
static void line_close(struct line *line)
{
    jt_json_close(&line->writer);
    jt_buffer_add_byte(&line->buffer, '\n');
    flockfile(stdout);
    fwrite(line->buffer.at, 1, line->buffer.len, stdout);
    fflush(stdout);
    funlockfile(stdout);
    jt_buffer_done(&line->buffer);
}

static void told(void *context, const struct jt_source_event *event)
{
    static const char *const names[] = {"fetched", "failed", "state", "disjoint", "saved_bad", "held"};
    struct probe *probe = context;
    struct line line;
    line_open(&line, "event", names[event->type]);
    pthread_mutex_lock(&probe->lock);
    for (size_t i = 0; i < probe->count; i++)
        if (probe->sources[i].source == event->source)
            jt_json_add_text(&line.writer, "source", probe->sources[i].name);
    pthread_mutex_unlock(&probe->lock);
    jt_json_add_text(&line.writer, "state",
                     jt_data_state_name((enum jt_data_state)atomic_load(&event->source->data_state)));
    jt_json_add_text(&line.writer, "cause", jt_cause_name(event->cause));
    jt_json_add_boolean(&line.writer, "changed", event->changed);
    jt_json_add_number(&line.writer, "keys", (int64_t)event->keys);
    jt_json_add_number(&line.writer, "skipped", (int64_t)event->skipped);
    jt_json_add_number(&line.writer, "took", event->took_ms);
    jt_json_add_text(&line.writer, "detail", event->detail != NULL ? event->detail : "");
    line_close(&line);
}

/* --- Commands --- */

static struct jt_source *find(struct probe *probe, const char *name)
{
    for (size_t i = 0; i < probe->count; i++)
        if (strcmp(probe->sources[i].name, name) == 0)
            return probe->sources[i].source;
    fprintf(stderr, "no source %s\n", name);
    exit(2);
}

static void do_open(struct probe *probe, const char *name, const char *kind, const char *address)
{
    struct jeton_detail detail = {""};
    struct line line;
    struct named named = {.source = NULL};
    snprintf(named.name, sizeof named.name, "%s", name);
    enum jeton_status status = jt_source_open(strcmp(kind, "issuer") == 0 ? JT_SOURCE_DISCOVERY
                                              : strcmp(kind, "file") == 0 ? JT_SOURCE_FILE
                                                                          : JT_SOURCE_URL,
                                              jeton_text(address), &probe->options, &named.source, &detail);
    if (status == JETON_OK) {
        pthread_mutex_lock(&probe->lock);
        probe->sources[probe->count++] = named;
        pthread_mutex_unlock(&probe->lock);
        status = jt_engine_add(probe->engine, named.source);
        jt_engine_wake(probe->engine);
    }
    line_open(&line, "open", jeton_status_code(status));
    jt_json_add_text(&line.writer, "detail", detail.text);
    line_close(&line);
}

static const char *look(struct jt_source *source, const char *kid, char thumbprint[JT_THUMBPRINT_LENGTH + 1])
{
    struct jt_header header = {.algorithm = jt_algorithm_find(JT_TEXT("ES256")), .kid = jeton_text(kid)};
    struct jt_candidates candidates = {.count = 0};
    struct jt_keys_guard guard = jt_source_enter(source, clock_of(NULL));
    const char *found = "unavailable";
    thumbprint[0] = '\0';
    if (guard.keys != NULL) {
        enum jeton_status status = jt_keyset_find(guard.keys, &header, &candidates, NULL);
        if (status == JETON_KEY_UNSUITABLE) { /* the kid is there, of another type */
            header.algorithm = jt_algorithm_find(JT_TEXT("RS256"));
            status = jt_keyset_find(guard.keys, &header, &candidates, NULL);
        }
        if (status == JETON_OK) {
            found = "found";
            memcpy(thumbprint, jt_candidate_about(&candidates.at[0])->thumbprint, JT_THUMBPRINT_LENGTH + 1);
        } else {
            found = jt_source_missed(source, &guard, header.kid, clock_of(NULL)) == JT_MISS_FINAL ? "final" : "pending";
        }
    }
    jt_source_leave(&guard);
    return found;
}

static void do_look(struct probe *probe, const char *name, const char *kid)
{
    char thumbprint[JT_THUMBPRINT_LENGTH + 1];
    struct line line;
    line_open(&line, "look", look(find(probe, name), kid, thumbprint));
    jt_json_add_text(&line.writer, "thumbprint", thumbprint);
    line_close(&line);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* How long do readers take? Nanoseconds of the 99th in a hundred. */
static void do_spin(struct probe *probe, const char *name, const char *kid)
{
    static int64_t took[20000];
    char thumbprint[JT_THUMBPRINT_LENGTH + 1];
    struct jt_source *source = find(probe, name);
    struct line line;
    for (size_t i = 0; i < JT_COUNT(took); i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        look(source, kid, thumbprint);
        clock_gettime(CLOCK_MONOTONIC, &to);
        took[i] = (int64_t)(to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
    }
    qsort(took, JT_COUNT(took), sizeof took[0], compare);
    line_open(&line, "spin", thumbprint[0] != '\0' ? "found" : "");
    jt_json_add_number(&line.writer, "p99", took[JT_COUNT(took) / 100 * 99]);
    line_close(&line);
}

static void do_health(struct probe *probe, const char *name)
{
    static const char *const fetches[] = {"idle", "inflight", "backoff"};
    struct jt_source *source = find(probe, name);
    struct jeton_detail fault;
    struct line line;
    uint64_t refused = atomic_load(&source->counts.refused_addresses);
    jt_source_fault(source, &fault);
    line_open(&line, "health", jt_data_state_name((enum jt_data_state)atomic_load(&source->data_state)));
    jt_json_add_text(&line.writer, "fetch", fetches[atomic_load(&source->fetch_state)]);
    jt_json_add_number(&line.writer, "generation", (int64_t)atomic_load(&source->generation));
    jt_json_add_number(&line.writer, "started", (int64_t)atomic_load(&source->started));
    jt_json_add_number(&line.writer, "failures", (int64_t)atomic_load(&source->failures));
    jt_json_add_number(&line.writer, "refused", (int64_t)refused);
    jt_json_add_text(&line.writer, "fault", fault.text);
    for (int skip = 0; skip < JT_SKIP_REASONS; skip++)
        jt_json_add_number(&line.writer, jt_skip_name((enum jeton_skip)skip),
                           (int64_t)atomic_load(&source->counts.skipped[skip]));
    line_close(&line);
}

static void do_close(struct probe *probe, const char *name)
{
    int64_t from = clock_of(NULL);
    struct line line;
    struct jt_source *source = find(probe, name);
    jt_engine_remove(probe->engine, source);
    pthread_mutex_lock(&probe->lock);
    for (size_t i = 0; i < probe->count; i++)
        if (probe->sources[i].source == source)
            probe->sources[i] = probe->sources[--probe->count];
    pthread_mutex_unlock(&probe->lock);
    jt_source_close(source);
    line_open(&line, "close", "ok");
    jt_json_add_number(&line.writer, "took", clock_of(NULL) - from);
    line_close(&line);
}

/* A reader that stays inside until `leave`. */
static void *hold(void *context)
{
    struct probe *probe = context;
    struct jt_keys_guard guard = jt_source_enter(probe->sources[0].source, clock_of(NULL));
    sem_post(&probe->entered);
    sem_wait(&probe->release);
    if (guard.keys != NULL && jt_keyset_count(guard.keys) == 0) /* touches what must not be freed yet */
        abort();
    jt_source_leave(&guard);
    return NULL;
}

static void do_hold(struct probe *probe)
{
    struct line line;
    if (pthread_create(&probe->holder, NULL, hold, probe) != 0)
        exit(2);
    sem_wait(&probe->entered);
    line_open(&line, "hold", "ok");
    line_close(&line);
}

static void do_leave(struct probe *probe)
{
    struct line line;
    sem_post(&probe->release);
    pthread_join(probe->holder, NULL);
    line_open(&line, "leave", "ok");
    line_close(&line);
}

static void do_fork(struct probe *probe, const char *name, const char *kid)
{
    struct line line;
    int ended = -1;
    pid_t child = fork();
    if (child == 0) {
        char thumbprint[JT_THUMBPRINT_LENGTH + 1];
        struct jt_source *source = find(probe, name);
        bool good = strcmp(look(source, kid, thumbprint), "found") == 0;
        good &= strcmp(look(source, "nobody-has-this", thumbprint), "found") != 0;
        jt_engine_refresh(probe->engine, source);
        good &= jt_engine_step(probe->engine, 0) == INT64_MAX;
        jt_engine_close(probe->engine);
        _exit(good ? 0 : 1);
    }
    waitpid(child, &ended, 0);
    line_open(&line, "fork", ended == 0 ? "ok" : "bad");
    line_close(&line);
}

static void do_command(struct probe *probe, char *text)
{
    static char none[1];
    char *words[4] = {none, none, none, none};
    size_t count = 0;
    for (char *word = strtok(text, " \n"); word != NULL && count < 4; word = strtok(NULL, " \n"))
        words[count++] = word;
    if (strcmp(words[0], "open") == 0)
        do_open(probe, words[1], words[2], words[3]);
    else if (strcmp(words[0], "look") == 0)
        do_look(probe, words[1], words[2]);
    else if (strcmp(words[0], "spin") == 0)
        do_spin(probe, words[1], words[2]);
    else if (strcmp(words[0], "health") == 0)
        do_health(probe, words[1]);
    else if (strcmp(words[0], "refresh") == 0)
        jt_engine_refresh(probe->engine, find(probe, words[1]));
    else if (strcmp(words[0], "close") == 0)
        do_close(probe, words[1]);
    else if (strcmp(words[0], "hold") == 0)
        do_hold(probe);
    else if (strcmp(words[0], "leave") == 0)
        do_leave(probe);
    else if (strcmp(words[0], "fork") == 0)
        do_fork(probe, words[1], words[2]);
}

/* --- Options: --name value, the times in milliseconds --- */

static void set_option(struct jt_source_options *options, const char *name, const char *value)
{
    struct jt_machine_times *times = &options->times;
    const struct {
        const char *name;
        int64_t *value;
    } spans[] = {
        {"default", &times->fresh_default}, {"min", &times->fresh_min},           {"max", &times->fresh_max},
        {"stale", &times->max_stale},       {"miss", &times->miss_interval},      {"burst", &times->miss_burst},
        {"backoff", &times->backoff_min},   {"backoff-max", &times->backoff_max}, {"gap", &times->min_gap},
        {"full", &times->full_after},       {"negative", &options->negative_ttl}};
    for (size_t i = 0; i < JT_COUNT(spans); i++)
        if (strcmp(name, spans[i].name) == 0)
            *spans[i].value = atoll(value);
    if (strcmp(name, "timeout") == 0)
        options->fetch.timeout_ms = atol(value);
    if (strcmp(name, "low-for") == 0)
        options->fetch.low_speed_for = atol(value);
    if (strcmp(name, "ca") == 0)
        options->fetch.ca_file = jeton_text(value);
    if (strcmp(name, "bearer") == 0)
        options->bearer_path = value;
    if (strcmp(name, "saved") == 0)
        options->saved_path = value;
    if (strcmp(name, "http") == 0)
        options->fetch.allow_http = *value == '1';
    if (strcmp(name, "private") == 0)
        options->fetch.allow_private_ip = *value == '1';
}

int main(int argc, char **argv)
{
    static struct probe probe = {.lock = PTHREAD_MUTEX_INITIALIZER};
    char text[2048];
    struct line line;
    probe.options = (struct jt_source_options){
        .times = JT_MACHINE_TIMES_DEFAULT, .negative_ttl = 60000, .fetch = JT_FETCH_OPTIONS_INIT};
    for (int i = 1; i + 1 < argc; i += 2)
        set_option(&probe.options, argv[i] + 2, argv[i + 1]);
    struct jt_engine_options options = {
        .clock_ms = clock_of, .wall = wall_of, .random = random_of, .event = told, .event_context = &probe};
    if (sem_init(&probe.entered, 0, 0) != 0 || sem_init(&probe.release, 0, 0) != 0 ||
        jt_transport_open_url(&probe.transport) != JETON_OK)
        return 2;
    options.transport = probe.transport;
    if (jt_engine_open(&options, &probe.engine) != JETON_OK || jt_engine_start(probe.engine) != JETON_OK)
        return 2;
    while (fgets(text, sizeof text, stdin) != NULL)
        do_command(&probe, text);
    int64_t from = clock_of(NULL);
    jt_engine_close(probe.engine);
    jt_transport_close_url(probe.transport);
    line_open(&line, "end", "ok");
    jt_json_add_number(&line.writer, "took", clock_of(NULL) - from);
    line_close(&line);
    for (size_t i = 0; i < probe.count; i++)
        jt_source_close(probe.sources[i].source);
    return 0;
}
