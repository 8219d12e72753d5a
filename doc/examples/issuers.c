/* SPDX-License-Identifier: Apache-2.0 */
/* How does a service verify tokens of two issuers whose keys rotate? A whole program on libjeton: tokens come in, one a
 * line, verdicts go out, keys are followed behind its back.
 *
 *     cc issuers.c -o issuers $(pkg-config --cflags --libs jeton)
 *     ./issuers https://login.example/keys.json https://login.example \
 *               https://other.example/keys.json https://other.example [CA-FILE] < tokens
 *
 * A CA file says "this is a try-out": then private addresses are fine, and times are short. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <jeton/jeton.h>

#define ISSUERS 2
#define TOKEN_MAX 16384

/* For the log of a service: cause and remedy stand in the detail. Told by the engine's thread. */
static void tell(void *context, const struct jeton_event *event)
{
    (void)context;
    if (event->type == JETON_EVENT_FETCHED && event->changed)
        fprintf(stderr, "keys: %zu to use, %zu left out\n", event->keys, event->skipped);
    else if (event->type == JETON_EVENT_FAILED)
        fprintf(stderr, "keys: %s\n", event->detail);
    else if (event->type == JETON_EVENT_DISJOINT)
        fprintf(stderr, "keys: all replaced at once\n");
}

static enum jeton_status open_source(struct jeton_engine *engine, const char *url, const char *ca_file,
                                     struct jeton_source **source, struct jeton_detail *detail)
{
    struct jeton_source_options options = JETON_SOURCE_OPTIONS_INIT;
    if (ca_file != NULL) {
        options.ca_file = jeton_text(ca_file);
        options.allow_private_ip = true;
        options.min_gap_ms = options.miss_interval_ms = options.backoff_min_ms = 100;
        options.miss_burst = 10;
    }
    return jeton_source_open_url(engine, jeton_text(url), &options, source, detail);
}

static enum jeton_status make_trust(struct jeton_engine *engine, char **names, struct jeton_source **sources,
                                    struct jeton_trust **trust, struct jeton_detail *detail)
{
    struct jeton_bytes audience = jeton_text("api");
    struct jeton_policy_options policies[ISSUERS] = {JETON_POLICY_OPTIONS_INIT, JETON_POLICY_OPTIONS_INIT};
    struct jeton_trusted trusted[ISSUERS];
    struct jeton_trust_options options = JETON_TRUST_OPTIONS_INIT;
    for (int i = 0; i < ISSUERS; i++) {
        policies[i].audiences.at = &audience;
        policies[i].audiences.count = 1;
        trusted[i] = (struct jeton_trusted){jeton_text(names[i]), &policies[i], sources[i], NULL, false};
    }
    options.trusted = trusted;
    options.count = ISSUERS;
    options.engine = engine;
    options.max_token = TOKEN_MAX;
    options.cache_entries = 1024;
    return jeton_trust_new(&options, trust, detail);
}

/* A server would park a request whose key is pending, and judge it at the next FETCHED event. This program has nothing
 * else to do, so it asks again for two seconds. */
static void judge(struct jeton_trust *trust, struct jeton_bytes token)
{
    static char arena[512 * 1024]; /* jeton_trust_arena_size(TOKEN_MAX) bytes are enough; one per thread */
    struct timespec moment = {0, 20000000};
    struct jeton_trust_result result;
    struct jeton_detail detail = {""};
    for (int tries = 0;; tries++) {
        enum jeton_status status = jeton_trust_verify(trust, token, time(NULL), arena, sizeof arena, &result, &detail);
        bool again = result.outlook == JETON_OUTLOOK_PENDING && tries < 100;
        if (status == JETON_OK) {
            struct jeton_bytes subject = jeton_verified_subject(result.verified);
            printf("200 %.*s\n", (int)subject.len, (const char *)subject.at);
        } else if (!again) {
            printf("%d %s: %s\n", jeton_status_http(status), jeton_status_code(status), detail.text);
        }
        jeton_trust_leave(&result);
        if (status == JETON_OK || !again)
            return;
        nanosleep(&moment, NULL);
    }
}

static void serve(struct jeton_trust *trust)
{
    static char line[TOKEN_MAX + 2];
    while (fgets(line, sizeof line, stdin) != NULL) {
        judge(trust, jeton_bytes(line, strcspn(line, "\n")));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct jeton_engine_options options = JETON_ENGINE_OPTIONS_INIT;
    struct jeton_engine *engine = NULL;
    struct jeton_source *sources[ISSUERS] = {NULL, NULL};
    struct jeton_trust *trust = NULL;
    struct jeton_detail detail = {""};
    enum jeton_status status = JETON_OK;
    if (argc != 5 && argc != 6)
        return fprintf(stderr, "usage: issuers KEYS-URL ISSUER KEYS-URL ISSUER [CA-FILE]\n"), 2;
    char *names[ISSUERS] = {argv[2], argv[4]};
    options.event = tell;
    status = jeton_engine_new(&options, &engine, &detail);
    for (int i = 0; status == JETON_OK && i < ISSUERS; i++)
        status = open_source(engine, argv[1 + 2 * i], argc == 6 ? argv[5] : NULL, &sources[i], &detail);
    if (status == JETON_OK)
        status = make_trust(engine, names, sources, &trust, &detail);
    if (status == JETON_OK)
        status = jeton_engine_start(engine);
    if (status == JETON_OK) {
        for (int i = 0; i < ISSUERS; i++) /* ready when there are keys; an issuer that is down keeps nobody for ever */
            if (jeton_source_wait(sources[i], 3000) != JETON_OK)
                fprintf(stderr, "%s has no keys yet\n", names[i]);
        serve(trust);
    } else {
        fprintf(stderr, "%s: %s\n", jeton_status_code(status), detail.text);
    }
    jeton_trust_free(trust);
    for (int i = 0; i < ISSUERS; i++)
        jeton_source_close(sources[i]);
    jeton_engine_free(engine);
    return status == JETON_OK ? 0 : 1;
}
