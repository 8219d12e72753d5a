/* SPDX-License-Identifier: Apache-2.0 */
/* How do requests come in and answers go out? libmicrohttpd, and what it leaves to us: heads that do not fit, repeated
 * headers, bodies that are too long, deadlines, draining. The only file that knows the library. */
#include "server/http/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "server/config/judge.h"
#include "server/http/connections.h"

enum {
    HEAD_ROOM = 5 * 1024,          /* of a head, beside the token */
    POOL_ROOM = 6 * 1024,          /* of a connection, beside two tokens: a head and an answer */
    SWALLOW_MAX = 8 * 1024 * 1024, /* a longer body is refused before it comes */
    PARKED_TICK_MS = 20,           /* while a request waits */
};

struct jt_http {
    struct MHD_Daemon *daemon;
    struct jt_connections connections;
    struct jt_parking parking;
    struct jt_http_options options;
    pthread_key_t arena; /* of each thread, made at its first request */
    _Atomic size_t arena_size;
    _Atomic int64_t tick_max_ms;
    bool quiet;
    _Atomic bool draining;
};

size_t jt_http_head_max(size_t token_max)
{
    return token_max + HEAD_ROOM;
}

size_t jt_http_answer_max(size_t token_max)
{
    return token_max;
}

const char *jt_http_library(void)
{
    return MHD_get_version();
}

/* --- One thread's memory --- */

struct thread_memory {
    struct jt_arena arena;
    max_align_t bytes[];
};

static struct jt_arena *arena_of_thread(struct jt_http *http)
{
    struct thread_memory *memory = pthread_getspecific(http->arena);
    size_t size = atomic_load_explicit(&http->arena_size, memory_order_relaxed);

    if (memory != NULL && memory->arena.len < size) {
        free(memory);
        memory = NULL;
        (void)pthread_setspecific(http->arena, NULL);
    }
    if (memory == NULL) {
        memory = malloc(sizeof *memory + size);
        if (memory == NULL)
            return NULL;
        jt_arena_init(&memory->arena, memory->bytes, size);
        if (pthread_setspecific(http->arena, memory) != 0) {
            free(memory);
            return NULL;
        }
    }
    jt_arena_rewind(&memory->arena, 0);
    return &memory->arena;
}

/* --- Reading the head --- */

struct head {
    struct jt_header_field fields[JT_REQUEST_HEADERS];
    size_t count;
    size_t bytes;
    bool too_many;
};

static enum MHD_Result take_field(void *context, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t value_len)
{
    struct head *head = context;

    (void)kind;
    if (head->count == JT_REQUEST_HEADERS) {
        head->too_many = true;
        return MHD_NO;
    }
    head->fields[head->count].name = jeton_bytes(name, name_len);
    head->fields[head->count++].value = jeton_bytes(value, value != NULL ? value_len : 0);
    head->bytes += name_len + value_len + 4;
    return MHD_YES;
}

static void read_head(struct MHD_Connection *wire, struct head *head)
{
    const union MHD_ConnectionInfo *size = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    head->count = 0;
    head->bytes = 0;
    head->too_many = false;
    (void)MHD_get_connection_values_n(wire, MHD_HEADER_KIND, take_field, head);
    if (size != NULL && size->header_size > head->bytes)
        head->bytes = size->header_size;
}

static size_t count_of(const struct head *head, const char *name, struct jeton_bytes *value)
{
    struct jt_request request = {.headers = head->fields, .header_count = head->count};
    size_t count = 0;

    *value = jt_request_header(&request, name, &count);
    return count;
}

/* What a head may not be (RFC 9112 §3.2, §6.3): each of these has let somebody smuggle a request past a proxy. */
static const char *fault_of_head(const struct head *head, uint64_t *length)
{
    struct jeton_bytes value;
    struct jeton_bytes coding;
    size_t lengths = count_of(head, "Content-Length", &value);
    size_t codings = count_of(head, "Transfer-Encoding", &coding);

    for (size_t i = 0; i < head->count; i++) {
        if (!jt_is_field_name(head->fields[i].name))
            return "a header's name is not well-formed";
    }
    if (lengths > 1)
        return "Content-Length is given twice";
    if (lengths == 1 && !jt_bytes_number(value, INT64_MAX, length))
        return "Content-Length is no number";
    if (codings > 1 || (codings == 1 && !jt_bytes_equal_nocase(coding, JT_TEXT("chunked"))))
        return "Transfer-Encoding is not chunked alone";
    if (lengths > 0 && codings > 0)
        return "Content-Length and Transfer-Encoding are both given";
    if (count_of(head, "Host", &value) > 1)
        return "Host is given twice";
    return NULL;
}

/* Decides, at the end of the head, what can be decided without the body. */
static void judge_head(struct jt_http *http, struct MHD_Connection *wire, struct jt_connection *connection,
                       struct jeton_bytes method, struct jeton_bytes path)
{
    struct head head;
    uint64_t length = 0;

    read_head(wire, &head);
    connection->refused = 0;
    connection->body_seen = 0;
    connection->reason = fault_of_head(&head, &length);
    if (head.too_many || connection->query.status != JETON_OK ||
        head.bytes > jt_http_head_max(http->options.token_max)) {
        connection->refused = 431;
        connection->reason = "the head is too large";
    } else if (connection->reason != NULL) {
        connection->refused = 400;
    } else if (length > http->options.body_max) {
        connection->refused = 413;
        connection->reason = "the body is too large";
    }
    connection->wants_body = connection->refused == 0 &&
                             http->options.handler.wants_body(http->options.handler.context, method, path);
    if (length > SWALLOW_MAX)
        connection->body_seen = SWALLOW_MAX + 1;
}

/* --- Answering --- */

static enum MHD_Result send_answer(struct jt_http *http, struct MHD_Connection *wire, const struct jt_answer *answer,
                                   bool close_after)
{
    /* The library takes no const; it copies. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.len, (void *)(uintptr_t)answer->body.at, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result sent = MHD_YES;

    if (response == NULL)
        return MHD_NO;
    if (answer->content_type != NULL)
        sent = MHD_add_response_header(response, "Content-Type", answer->content_type);
    if (sent == MHD_YES)
        sent = MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < answer->header_count && sent == MHD_YES; i++)
        sent = MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    if (sent == MHD_YES && (close_after || http->draining))
        sent = MHD_add_response_header(response, "Connection", "close");
    /* A header that could not be added must not be left out: an identity header stripped is an identity forged. */
    if (sent == MHD_YES)
        sent = MHD_queue_response(wire, answer->status, response);
    MHD_destroy_response(response);
    if (sent != MHD_YES)
        jt_log(http->options.log, JT_LOG_ERROR, "an answer could not be sent", NULL);
    return sent;
}

static void observe(struct jt_http *http, const struct jt_connection *connection, size_t route, unsigned status)
{
    http->options.handler.observe(http->options.handler.context, route, status,
                                  jt_monotonic_ns() - connection->began_ns);
}

/* An answer to a request that never reached its endpoint. */
static enum MHD_Result refuse(struct jt_http *http, struct MHD_Connection *wire, struct jt_connection *connection)
{
    char text[256];
    struct jt_answer answer = {.status = connection->refused, .content_type = "application/json"};

    snprintf(text, sizeof text, "{\"error\":\"invalid_request\",\"error_description\":\"%s\"}\n", connection->reason);
    answer.body = jeton_text(text);
    observe(http, connection, http->options.handler.none, answer.status);
    return send_answer(http, wire, &answer, true);
}

/* An address in absolute form is as good as its path (RFC 9112 §3.2.2). */
static struct jeton_bytes path_of(const char *url)
{
    struct jeton_bytes path = jeton_text(url);

    if (jt_bytes_start(path, JT_TEXT("http://"))) {
        path = jt_bytes_cut(path, jt_bytes_find(path, '/', 7), path.len);
        if (path.len == 0)
            path = JT_TEXT("/");
    }
    return path;
}

/* --- Waiting without a thread --- */

struct jt_holding {
    struct jt_http *http;
    struct MHD_Connection *wire;
    struct jt_connection *connection;
};

static void hold(void *wire)
{
    MHD_suspend_connection(wire);
}

static void let_go(void *wire)
{
    MHD_resume_connection(wire);
}

enum jt_park jt_request_park_for(const struct jt_request *request, enum jt_wait wait, const _Atomic uint64_t *what,
                                 uint64_t mark, int64_t until_ms)
{
    struct jt_holding *holding = request->holding;
    struct jt_connection *connection = holding != NULL ? holding->connection : NULL;
    unsigned before;
    enum jt_park result;

    if (connection == NULL || jt_request_waited(request, wait))
        return JT_PARK_FULL;
    /* Before it is held: from then on another thread may let it go. */
    before = connection->waited;
    connection->waited |= (unsigned)wait;
    connection->parked = true;
    result = jt_parking_add(&holding->http->parking, &(struct jt_parked){holding->wire, what, mark, until_ms});
    if (result == JT_PARK_HELD)
        return result;
    connection->waited = before;
    connection->parked = false;
    return result;
}

void jt_request_under(struct jt_request *request, uint64_t number)
{
    struct jt_connection *connection = request->holding != NULL ? request->holding->connection : NULL;

    if (connection == NULL || connection->under == number)
        return;
    connection->under = number;
    connection->waited = 0;
    request->waited = 0;
}

static const struct sockaddr *peer_of(struct MHD_Connection *wire)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    return info != NULL ? info->client_addr : NULL;
}

static enum MHD_Result answer_request(struct jt_http *http, struct MHD_Connection *wire,
                                      struct jt_connection *connection, struct jeton_bytes method,
                                      struct jeton_bytes path)
{
    struct head head;
    struct timespec now;
    struct jt_answer answer = {.status = 500};
    struct jt_request request = {.method = method,
                                 .path = path,
                                 .query = jt_buffer_bytes(&connection->query),
                                 .body = jt_buffer_bytes(&connection->body)};
    struct jt_holding holding = {http, wire, connection};
    enum MHD_Result sent = MHD_YES;

    read_head(wire, &head);
    clock_gettime(CLOCK_REALTIME, &now);
    request.now = now.tv_sec;
    request.headers = head.fields;
    request.header_count = head.count;
    request.peer = peer_of(wire);
    request.arena = arena_of_thread(http);
    if (request.arena == NULL)
        return MHD_NO;
    request.spent = &connection->spent;
    request.holding = atomic_load(&http->tick_max_ms) == 0 ? NULL : &holding;
    request.waited = connection->waited;
    http->options.handler.answer(http->options.handler.context, &request, &answer);
    if (connection->parked) {
        connection->parked = false;
    } else {
        observe(http, connection, answer.route, answer.status);
        sent = send_answer(http, wire, &answer, false);
    }
    http->options.handler.answered(http->options.handler.context, &answer);
    return sent;
}

/* --- Called by the library --- */

static enum MHD_Result on_body(struct jt_http *http, struct jt_connection *connection, const char *data, size_t *len)
{
    connection->body_seen += *len;
    if (connection->refused == 0 && connection->body_seen > http->options.body_max) {
        connection->refused = 413;
        connection->reason = "the body is too large";
        jt_buffer_done(&connection->body);
    }
    if (connection->body_seen > SWALLOW_MAX)
        return MHD_NO;
    if (connection->refused == 0 && connection->wants_body) {
        jt_buffer_add(&connection->body, jeton_bytes(data, *len));
        if (connection->body.status != JETON_OK)
            return MHD_NO;
    }
    *len = 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *wire, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **marker)
{
    struct jt_http *http = context;
    struct jt_connection *connection = *marker;
    struct jeton_bytes path = path_of(url);

    (void)version;
    if (connection == NULL) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        connection = info != NULL ? info->socket_context : NULL;
        if (connection == NULL)
            return MHD_NO;
        *marker = connection;
        connection->began_ns = jt_monotonic_ns();
        connection->waited = 0;
        connection->spent = false;
        jt_connection_enter(connection, JT_CONNECTION_BODY);
        jt_buffer_done(&connection->body);
        jt_buffer_init_secret(&connection->body, http->options.body_max);
        judge_head(http, wire, connection, jeton_text(method), path);
        /* Where the body ends is not known of a bad head; and nobody waits for megabytes that will not be read. A body
         * that is merely too long is read first: an answer before its end would be lost with the connection. */
        if ((connection->refused != 0 && connection->refused != 413) || connection->body_seen > SWALLOW_MAX) {
            jt_connection_enter(connection, JT_CONNECTION_ANSWER);
            return refuse(http, wire, connection);
        }
        return MHD_YES;
    }
    if (*upload_len > 0)
        return on_body(http, connection, upload, upload_len);
    jt_connection_enter(connection, JT_CONNECTION_ANSWER);
    if (connection->refused != 0)
        return refuse(http, wire, connection);
    return answer_request(http, wire, connection, jeton_text(method), path);
}

static void on_answered(void *context, struct MHD_Connection *wire, void **marker, enum MHD_RequestTerminationCode why)
{
    struct jt_connection *connection = *marker;

    (void)context;
    (void)wire;
    (void)why;
    if (connection == NULL)
        return;
    jt_buffer_done(&connection->body);
    jt_buffer_done(&connection->query);
    atomic_fetch_add_explicit(&connection->answered, 1, memory_order_relaxed);
    jt_connection_enter(connection, JT_CONNECTION_HEAD);
    *marker = NULL;
}

static void on_connection(void *context, struct MHD_Connection *wire, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct jt_http *http = context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_CONNECTION_FD);

        *socket_context = info != NULL ? jt_connections_add(&http->connections, info->connect_fd) : NULL;
    } else if (*socket_context != NULL) {
        jt_connections_remove(&http->connections, *socket_context);
        *socket_context = NULL;
    }
}

/* Escapes in a path stay as they are: what is compared is what was sent, and %00 cuts nothing off. */
static size_t keep_escapes(void *context, struct MHD_Connection *wire, char *text)
{
    (void)context;
    (void)wire;
    return strlen(text);
}

/* The library takes the query apart and unescapes it; signatures are over what was sent. */
static void *on_target(void *context, const char *target, struct MHD_Connection *wire)
{
    struct jt_http *http = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(wire, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct jt_connection *connection = info != NULL ? info->socket_context : NULL;
    struct jeton_bytes text = jeton_text(target);

    if (connection != NULL) {
        jt_buffer_done(&connection->query);
        jt_buffer_init_secret(&connection->query, jt_http_head_max(http->options.token_max));
        jt_buffer_add(&connection->query, jt_bytes_cut(text, jt_bytes_find(text, '?', 0) + 1, text.len));
    }
    return NULL; /* the request's marker, as it is without this callback */
}

static void on_log(void *context, const char *format, va_list arguments)
{
    struct jt_http *http = context;
    char text[256];

    if (!jt_log_wants(http->options.log, JT_LOG_DEBUG))
        return;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    jt_log(http->options.log, JT_LOG_DEBUG, "http", "detail", text, NULL);
}

/* --- Opening and closing --- */

static struct MHD_Daemon *start(struct jt_http *http)
{
    const struct jt_http_options *options = &http->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_log, http,
                            MHD_OPTION_LISTEN_SOCKET, options->listen_fd, MHD_OPTION_THREAD_POOL_SIZE, options->threads,
                            MHD_OPTION_CONNECTION_LIMIT, options->connections, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)JT_KEEP_ALIVE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            2 * options->token_max + POOL_ROOM, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
                            MHD_OPTION_NOTIFY_COMPLETED, on_answered, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
                            http, MHD_OPTION_URI_LOG_CALLBACK, on_target, http, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
#if MHD_VERSION >= 0x01000000
                            MHD_OPTION_CLIENT_DISCIPLINE_LVL, 3,
#else
                            MHD_OPTION_STRICT_FOR_CLIENT, 1,
#endif
                            MHD_OPTION_END);
}

JT_CHECKED jt_http_open(const struct jt_http_options *options, struct jt_http **out, struct jeton_detail *detail)
{
    struct jt_http *http = calloc(1, sizeof *http);

    if (http == NULL)
        return JETON_OUT_OF_MEMORY;
    http->options = *options;
    jt_http_adapt(http, options->arena_size, options->tick_max_ms);
    if (pthread_key_create(&http->arena, free) != 0) {
        free(http);
        return jt_fail(detail, JETON_INTERNAL_ERROR, "no thread key left");
    }
    jt_connections_init(&http->connections, options->head_timeout_ms);
    jt_parking_init(&http->parking, hold, let_go);
    http->daemon = start(http);
    if (http->daemon == NULL) {
        jt_http_close(http);
        return jt_fail(detail, JETON_INTERNAL_ERROR, "libmicrohttpd did not start");
    }
    *out = http;
    return JETON_OK;
}

void jt_http_tick(struct jt_http *http)
{
    jt_connections_tick(&http->connections, jt_monotonic_ms());
    jt_parking_tick(&http->parking, jt_monotonic_ms());
}

int64_t jt_http_tick_ms(struct jt_http *http)
{
    int64_t tick = jt_connections_tick_ms(&http->connections);
    int64_t most = atomic_load(&http->tick_max_ms);

    if (most > 0 && jt_parking_count(&http->parking) > 0)
        most = PARKED_TICK_MS;
    return most > 0 && most < tick ? most : tick;
}

void jt_http_told(struct jt_http *http, const _Atomic uint64_t *what)
{
    jt_parking_told(&http->parking, what);
}

void jt_http_let_go(struct jt_http *http, const _Atomic uint64_t *what)
{
    jt_parking_let_go(&http->parking, what);
}

void jt_http_adapt(struct jt_http *http, size_t arena_size, int64_t tick_max_ms)
{
    atomic_store(&http->arena_size, arena_size);
    atomic_store(&http->tick_max_ms, tick_max_ms);
}

void jt_http_drain(struct jt_http *http)
{
    atomic_store(&http->draining, true);
    jt_connections_drain(&http->connections);
    if (!http->quiet)
        (void)MHD_quiesce_daemon(http->daemon);
    http->quiet = true;
    jt_parking_close(&http->parking);
}

size_t jt_http_connections(struct jt_http *http)
{
    return jt_connections_count(&http->connections);
}

void jt_http_close(struct jt_http *http)
{
    if (http == NULL)
        return;
    if (http->daemon != NULL) {
        /* Quiet first: the listening socket stays the caller's. */
        if (!http->quiet)
            (void)MHD_quiesce_daemon(http->daemon);
        jt_parking_close(&http->parking); /* the library cannot stop while a request is held */
        MHD_stop_daemon(http->daemon);
    }
    jt_connections_done(&http->connections);
    jt_parking_done(&http->parking);
    pthread_key_delete(http->arena);
    free(http);
}
