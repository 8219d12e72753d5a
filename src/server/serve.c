/* SPDX-License-Identifier: Apache-2.0 */
/* What does the main thread do while others answer? It keeps the deadlines of connections, waits for signals, reloads;
 * at the end it drains. Fourth stage of Config -> server. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "server/http/connections.h"
#include "server/http/http.h"
#include "server/issuer/revocations.h"
#include "server/reload.h"
#include "server/start_memory.h"

enum { DRAIN_MS = 9000 };

static int wait_for_signal(const sigset_t *signals, int64_t wait_ms)
{
    struct timespec wait = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
    int number = sigtimedwait(signals, NULL, &wait);

    return number > 0 ? number : 0;
}

static sigset_t signals_of(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/* Alone on its line: scripts wait for it and read the address. */
static void say_where(const struct jt_lasting *lasting)
{
    char line[256];
    int len = snprintf(line, sizeof line, "jetond: listening on %s\n", lasting->listener.name);

    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

/* Requests in flight get their answers; after nine seconds what is left is cut off. */
static void drain(struct jt_lasting *lasting, const sigset_t *signals)
{
    int64_t until_ms = jt_monotonic_ms() + DRAIN_MS;
    char left[32];

    atomic_store(&lasting->draining, true);
    jt_http_drain(lasting->http);
    jt_listener_stop(&lasting->listener);
    while (jt_http_connections(lasting->http) > 0 && jt_monotonic_ms() < until_ms) {
        jt_http_tick(lasting->http);
        (void)wait_for_signal(signals, jt_http_tick_ms(lasting->http));
    }
    snprintf(left, sizeof left, "%zu", jt_http_connections(lasting->http));
    jt_log(&lasting->log, JT_LOG_INFO, "drained", "connections_left", left, NULL);
}

static void say_serving(struct jt_lasting *lasting)
{
    struct jt_snapshot_guard guard = jt_server_enter(lasting);
    const struct jt_server *server = guard.value;

    jt_log(&lasting->log, JT_LOG_INFO, "serving", "issuer", server->issuer, "http", jt_http_library(), "crypto",
           jt_crypto_library(), NULL);
    jt_snapshot_leave(&guard);
}

void jt_server_run(struct jt_lasting *lasting, const struct jt_config_options *options, const char *const *environment)
{
    struct jt_reload reload = {.lasting = lasting, .options = options, .environment = environment};
    sigset_t signals = signals_of();
    int number = 0;

    say_serving(lasting);
    jt_start_memory_give_back();
    say_where(lasting);
    while (number != SIGTERM && number != SIGINT) {
        int64_t tick = jt_http_tick_ms(lasting->http), soon = jt_reload_tick_ms(&reload);

        number = wait_for_signal(&signals, soon < tick ? soon : tick);
        jt_http_tick(lasting->http);
        if (number == SIGHUP)
            jt_reload_begin(&reload, jt_monotonic_ms());
        jt_reload_tick(&reload, jt_monotonic_ms());
        jt_revocations_tick(lasting->revocations, time(NULL), jt_monotonic_ms(), &lasting->log);
    }
    jt_reload_abandon(&reload);
    jt_log(&lasting->log, JT_LOG_INFO, "draining", "signal", number == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
    drain(lasting, &signals);
}
