/* SPDX-License-Identifier: Apache-2.0 */
/* What does the main thread do while others answer? It keeps the deadlines of connections and waits for signals; at the
 * end it drains. Fourth stage of Config -> server. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "server/connections.h"
#include "server/http.h"
#include "server/server.h"
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
static void say_where(const struct jt_server *server)
{
    char line[256];
    int len = snprintf(line, sizeof line, "jetond: listening on %s\n", server->listener.name);

    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

/* Requests in flight get their answers; after nine seconds what is left is cut off. */
static void drain(struct jt_server *server, const sigset_t *signals)
{
    int64_t until_ms = jt_monotonic_ms() + DRAIN_MS;
    char left[32];

    atomic_store(&server->draining, true);
    jt_http_drain(server->http);
    jt_listener_stop(&server->listener);
    while (jt_http_connections(server->http) > 0 && jt_monotonic_ms() < until_ms) {
        jt_http_tick(server->http);
        (void)wait_for_signal(signals, jt_http_tick_ms(server->http));
    }
    snprintf(left, sizeof left, "%zu", jt_http_connections(server->http));
    jt_log(&server->log, JT_LOG_INFO, "drained", "connections_left", left, NULL);
}

void jt_server_run(struct jt_server *server)
{
    sigset_t signals = signals_of();
    int number = 0;

    jt_log(&server->log, JT_LOG_INFO, "serving", "issuer", server->issuer, "http", jt_http_library(), "crypto",
           jt_crypto_library(), NULL);
    jt_start_memory_give_back();
    say_where(server);
    while (number != SIGTERM && number != SIGINT) {
        number = wait_for_signal(&signals, jt_http_tick_ms(server->http));
        jt_http_tick(server->http);
        if (number == SIGHUP)
            jt_log(&server->log, JT_LOG_WARN, "SIGHUP: this version does not reload; the configuration stays", NULL);
    }
    jt_log(&server->log, JT_LOG_INFO, "draining", "signal", number == SIGTERM ? "SIGTERM" : "SIGINT", NULL);
    drain(server, &signals);
}
