/* SPDX-License-Identifier: Apache-2.0 */
/* How does a document come over the network without anybody being led astray? The text of the URL is judged first, the
 * address at the socket, then every header line and every byte of the body against its bound. */
#include "keys/fetch_url.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/secret.h"
#include "keys/fetch_url_text.h"
#include "keys/fetch_url_transfer.h"

/* Why a callback ended the transfer; curl itself only says "write error". */
enum stop { STOP_NONE, STOP_STATUS, STOP_REDIRECT, STOP_ENCODING, STOP_HEADERS, STOP_BODY, STOP_MEMORY };

struct jt_transfer {
    CURL *curl;
    CURLU *url;
    struct curl_slist *headers;
    const struct jt_fetch_options *options;
    struct jt_fetch_result *result;
    bool typed; /* the operator's own address, or of its origin */
    size_t header_bytes;
    enum stop stop;
    char refused[JT_ADDRESS_TEXT]; /* the last address not dialled */
    struct jt_address refused_for;
};

void jt_fetch_result_init(struct jt_fetch_result *result)
{
    memset(result, 0, sizeof(*result));
    jt_buffer_init(&result->body, 0);
}

void jt_fetch_result_done(struct jt_fetch_result *result)
{
    if (result != NULL)
        jt_buffer_done(&result->body);
}

/* --- What curl calls. --- */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct jt_transfer *transfer = context;
    struct jt_address found = jt_address_judge(&address->addr, address->addrlen);

    if (purpose != CURLSOCKTYPE_IPCXN ||
        !jt_url_address_allowed(found, transfer->typed && transfer->options->allow_private_ip)) {
        transfer->result->address_refused = true;
        transfer->refused_for = found;
        jt_address_write(&address->addr, address->addrlen, transfer->refused);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static struct jeton_bytes trimmed(struct jeton_bytes text)
{
    const char *at = text.at;
    size_t from = 0, to = text.len;

    while (from < to && (at[from] == ' ' || at[from] == '\t'))
        from++;
    while (to > from && (at[to - 1] == ' ' || at[to - 1] == '\t' || at[to - 1] == '\r' || at[to - 1] == '\n'))
        to--;
    return jt_bytes_cut(text, from, to);
}

/* A field that does not fit, or holds a NUL, is as if absent: half a value could say something else. */
static void field_keep(char field[JT_FETCH_FIELD_MAX], struct jeton_bytes value, bool join)
{
    size_t used = join ? strlen(field) : 0;
    size_t comma = used > 0 ? 2 : 0;

    if (value.len == 0)
        return;
    if (used + comma + value.len >= JT_FETCH_FIELD_MAX || memchr(value.at, 0, value.len) != NULL) {
        field[0] = '\0';
        return;
    }
    memcpy(field + used, ", ", comma);
    memcpy(field + used + comma, value.at, value.len);
    field[used + comma + value.len] = '\0';
}

static void freshness_keep(struct jt_freshness *freshness, struct jeton_bytes name, struct jeton_bytes value)
{
    const struct {
        struct jeton_bytes name;
        char *field;
        bool join;
    } fields[] = {
        {JT_TEXT("etag"), freshness->etag, false},
        {JT_TEXT("cache-control"), freshness->cache_control, true},
        {JT_TEXT("age"), freshness->age, false},
        {JT_TEXT("expires"), freshness->expires, false},
        {JT_TEXT("date"), freshness->date, false},
        {JT_TEXT("retry-after"), freshness->retry_after, false},
        {JT_TEXT("content-type"), freshness->content_type, false},
    };

    for (size_t i = 0; i < JT_COUNT(fields); i++) {
        if (jt_bytes_equal_nocase(name, fields[i].name))
            field_keep(fields[i].field, value, fields[i].join);
    }
}

/* Identity alone was asked for; what comes packed is not unpacked here. */
static bool encoding_refused(struct jeton_bytes name, struct jeton_bytes value)
{
    if (jt_bytes_equal_nocase(name, JT_TEXT("content-encoding")))
        return value.len > 0 && !jt_bytes_equal_nocase(value, JT_TEXT("identity"));
    if (jt_bytes_equal_nocase(name, JT_TEXT("transfer-encoding")))
        return !jt_bytes_equal_nocase(value, JT_TEXT("chunked")) && !jt_bytes_equal_nocase(value, JT_TEXT("identity"));
    return false;
}

static bool is_redirect(const struct jt_transfer *transfer)
{
    long status = 0;

    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 300 && status < 400;
}

/* Does it lead to where we are: the same scheme, host and port? Only there is curl let go on. */
static bool leads_home(const struct jt_transfer *transfer, struct jeton_bytes location)
{
    JT_AUTO(jt_url_done) CURLU *next = curl_url_dup(transfer->url);
    char *copy = jt_bytes_copy(location);
    bool home = next != NULL && copy != NULL &&
                curl_url_set(next, CURLUPART_URL, copy, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                jt_url_same_origin(next, transfer->url);

    free(copy);
    return home;
}

static enum stop header_refused(const struct jt_transfer *transfer, struct jeton_bytes name, struct jeton_bytes value)
{
    if (encoding_refused(name, value))
        return STOP_ENCODING;
    if (transfer->options->redirects > 0 && jt_bytes_equal_nocase(name, JT_TEXT("location")) && is_redirect(transfer) &&
        !leads_home(transfer, value))
        return STOP_REDIRECT;
    return STOP_NONE;
}

static size_t take_header(char *at, size_t one, size_t len, void *context)
{
    struct jt_transfer *transfer = context;
    struct jeton_bytes line = jeton_bytes(at, len);
    size_t colon;

    (void)one; /* always 1 */
    transfer->header_bytes += len;
    if (transfer->header_bytes > transfer->options->headers_max) {
        transfer->stop = STOP_HEADERS;
        return CURL_WRITEFUNC_ERROR;
    }
    if (jt_bytes_start(line, JT_TEXT("HTTP/"))) {
        memset(&transfer->result->freshness, 0, sizeof(transfer->result->freshness));
        return len;
    }
    colon = jt_bytes_find(line, ':', 0);
    if (colon < len) {
        struct jeton_bytes name = jt_bytes_cut(line, 0, colon), value = trimmed(jt_bytes_cut(line, colon + 1, len));

        transfer->stop = header_refused(transfer, name, value);
        if (transfer->stop != STOP_NONE)
            return CURL_WRITEFUNC_ERROR;
        freshness_keep(&transfer->result->freshness, name, value);
    }
    return len;
}

static size_t take_body(char *at, size_t one, size_t len, void *context)
{
    struct jt_transfer *transfer = context;
    long status = 0;

    (void)one; /* always 1 */
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && !transfer->options->any_status) {
        transfer->stop = STOP_STATUS; /* the body of an error is of no interest */
        return CURL_WRITEFUNC_ERROR;
    }
    if (len > transfer->options->body_max - transfer->result->body.len) {
        transfer->stop = STOP_BODY;
        return CURL_WRITEFUNC_ERROR;
    }
    jt_buffer_add(&transfer->result->body, jeton_bytes(at, len));
    if (transfer->result->body.status != JETON_OK) {
        transfer->stop = STOP_MEMORY;
        return CURL_WRITEFUNC_ERROR;
    }
    return len;
}

/* --- The request. --- */

static CURLcode set_transport(CURL *curl, CURLU *url, const struct jt_fetch_options *options)
{
    CURLcode code = CURLE_OK;

#define SET(option, value) code = code != CURLE_OK ? code : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_CURLU, url);
    SET(CURLOPT_PROTOCOLS_STR, options->allow_http ? "http,https" : "https");
    SET(CURLOPT_FOLLOWLOCATION, options->redirects > 0 && !options->post ? 1L : 0L);
    SET(CURLOPT_MAXREDIRS, (long)options->redirects);
    SET(CURLOPT_PROXY, ""); /* also: no proxy of the environment */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_TIMEOUT_MS, options->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        options->connect_timeout_ms < options->timeout_ms ? options->connect_timeout_ms : options->timeout_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, options->low_speed_bytes);
    SET(CURLOPT_LOW_SPEED_TIME, options->low_speed_for);
    SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)options->body_max);
    SET(CURLOPT_USERAGENT, "jeton");
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* a name that does not resolve keeps nobody waiting at clean-up */
#endif
    return code;
}

/* Another than zero ends the transfer. */
static int is_stopped(void *context, curl_off_t down_whole, curl_off_t down, curl_off_t up_whole, curl_off_t up)
{
    (void)down_whole;
    (void)down;
    (void)up_whole;
    (void)up;
    return atomic_load((const _Atomic bool *)context) ? 1 : 0;
}

static CURLcode set_callbacks(CURL *curl, struct jt_transfer *transfer)
{
    CURLcode code = CURLE_OK;

    if (transfer->options->stop != NULL) {
        SET(CURLOPT_XFERINFOFUNCTION, is_stopped);
        SET(CURLOPT_XFERINFODATA, (void *)(uintptr_t)transfer->options->stop);
        SET(CURLOPT_NOPROGRESS, 0L);
    }

    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, transfer);
    return code;
}

/* The body is borrowed until the end of the transfer. */
static CURLcode set_post(CURL *curl, const struct jt_fetch_options *options)
{
    CURLcode code = CURLE_OK;

    if (!options->post)
        return code;
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)options->body.len);
    SET(CURLOPT_POSTFIELDS, options->body.len > 0 ? (const char *)options->body.at : "");
    return code;
}

/* A CA file replaces the system's authorities, its directory too. */
static CURLcode set_authorities(CURL *curl, struct jeton_bytes ca_file)
{
    CURLcode code = CURLE_OK;
    char *path;

    if (ca_file.len == 0)
        return CURLE_OK;
    path = jt_bytes_copy(ca_file);
    if (path == NULL)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_CAINFO, path);
    SET(CURLOPT_CAPATH, NULL);
    free(path);
    return code;
}
#undef SET

static bool header_add(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer == NULL)
        return false;
    *list = longer;
    return true;
}

/* curl keeps a copy of its own for the time of the request; ours is wiped. */
static bool header_add_secret(struct curl_slist **list, const char *start, struct jeton_bytes value)
{
    struct jt_buffer line;
    bool added;

    jt_buffer_init_secret(&line, strlen(start) + value.len + 1);
    jt_buffer_add_text(&line, start);
    jt_buffer_add(&line, value);
    jt_buffer_add_byte(&line, 0);
    added = line.status == JETON_OK && header_add(list, (const char *)line.at);
    jt_buffer_done(&line);
    return added;
}

/* Printable ASCII; another byte could begin another header. */
static bool is_line(struct jeton_bytes text, unsigned char least)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = ((const unsigned char *)text.at)[i];

        if (byte < least || byte >= 0x7f)
            return false;
    }
    return true;
}

/* A final line feed of the file is dropped; with one inside nothing is sent, and the issuer says what it misses. */
static bool header_add_bearer(struct curl_slist **list, struct jeton_bytes bearer)
{
    struct jeton_bytes text = trimmed(bearer);

    return !is_line(text, 0x21) || header_add_secret(list, "Authorization: Bearer ", text);
}

static void headers_done(struct curl_slist *headers)
{
    for (struct curl_slist *line = headers; line != NULL; line = line->next)
        jt_wipe(line->data, strlen(line->data));
    curl_slist_free_all(headers);
}

static CURLcode set_headers(CURL *curl, const struct jt_fetch_options *options, struct curl_slist **list)
{
    struct jeton_bytes accept = JT_TEXT("application/jwk-set+json, application/json");

    if (!header_add_secret(list, "Accept: ", options->accept.len > 0 ? options->accept : accept) ||
        !header_add(list, "Accept-Encoding: identity"))
        return CURLE_OUT_OF_MEMORY;
    /* Nobody is asked whether a body may come: it is small. */
    if (options->post &&
        (!header_add_secret(list, "Content-Type: ", options->content_type) || !header_add(list, "Expect:")))
        return CURLE_OUT_OF_MEMORY;
    if (options->etag.len > 0) {
        char line[sizeof("If-None-Match: ") + JT_FETCH_FIELD_MAX] = "If-None-Match: ";

        /* It came from jt_freshness, and so has no line feed and fits. */
        if (options->etag.len >= JT_FETCH_FIELD_MAX || memchr(options->etag.at, '\n', options->etag.len) != NULL)
            return CURLE_BAD_FUNCTION_ARGUMENT;
        memcpy(line + strlen(line), options->etag.at, options->etag.len);
        if (!header_add(list, line))
            return CURLE_OUT_OF_MEMORY;
    }
    if (options->authorization.len > 0) {
        if (!header_add_secret(list, "Authorization: ", options->authorization))
            return CURLE_OUT_OF_MEMORY;
    } else if (options->bearer.len > 0 && !header_add_bearer(list, options->bearer)) {
        return CURLE_OUT_OF_MEMORY;
    }
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *list);
}

static enum jeton_status compressed(struct jeton_detail *detail)
{
    return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the answer is compressed, which was not asked for");
}

/* Why did our own callback stop it? */
static enum jeton_status explain_stop(const struct jt_transfer *transfer, struct jeton_detail *detail)
{
    switch (transfer->stop) {
    case STOP_REDIRECT:
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE,
                       "a redirect to another scheme, host or port, where none is followed");
    case STOP_ENCODING:
        return compressed(detail);
    case STOP_HEADERS:
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the headers are over %zu bytes",
                       transfer->options->headers_max);
    case STOP_BODY:
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the answer is over %zu bytes", transfer->options->body_max);
    case STOP_MEMORY:
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    case STOP_NONE:
    case STOP_STATUS:
        break;
    }
    if (transfer->result->http_status >= 300 && transfer->result->http_status < 400)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "HTTP status %ld: redirects are not followed",
                       transfer->result->http_status);
    return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "HTTP status %ld instead of 200", transfer->result->http_status);
}

/* Why did curl stop it? Its fixed texts alone are shown, never its error buffer, which may quote the peer. */
static enum jeton_status explain_failure(const struct jt_transfer *transfer, CURLcode code, struct jeton_detail *detail)
{
    if (code == CURLE_OUT_OF_MEMORY)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    if (code == CURLE_SSL_CACERT_BADFILE)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the file of certificate authorities \"%s\" cannot be used",
                       jt_escape(transfer->options->ca_file).text);
    if (transfer->stop != STOP_NONE)
        return explain_stop(transfer, detail);
    if (code == CURLE_BAD_CONTENT_ENCODING) /* from 8.13 on curl itself stops at other Transfer-Encodings */
        return compressed(detail);
    if (code == CURLE_TOO_MANY_REDIRECTS)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "more than %d redirects", transfer->options->redirects);
    if (code == CURLE_FILESIZE_EXCEEDED)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the answer is over %zu bytes", transfer->options->body_max);
    if (transfer->result->address_refused && code == CURLE_COULDNT_CONNECT)
        return jt_url_refuse(detail, JETON_KEYS_UNAVAILABLE, transfer->refused_for, transfer->refused, transfer->typed);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE,
                       "the server's certificate does not fit or is not trusted; ca_file names other authorities");
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "it was given up: the server ends");
    if (code == CURLE_OPERATION_TIMEDOUT)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "no whole answer in time (timeout is %ld ms), or too slowly",
                       transfer->options->timeout_ms);
    return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "%s", curl_easy_strerror(code));
}

/* --- One request, begun and ended; what lies between is curl_easy_perform or a multi handle's. --- */

static CURLcode set_all(struct jt_transfer *transfer)
{
    CURLcode code = set_transport(transfer->curl, transfer->url, transfer->options);

    if (code == CURLE_OK)
        code = set_callbacks(transfer->curl, transfer);
    if (code == CURLE_OK)
        code = set_post(transfer->curl, transfer->options);
    if (code == CURLE_OK)
        code = set_authorities(transfer->curl, transfer->options->ca_file);
    if (code == CURLE_OK)
        code = set_headers(transfer->curl, transfer->options, &transfer->headers);
    return code;
}

static void transfer_free(struct jt_transfer *transfer)
{
    curl_easy_cleanup(transfer->curl);
    headers_done(transfer->headers);
    curl_url_cleanup(transfer->url);
    free(transfer);
}

static void body_init(struct jt_fetch_result *result, const struct jt_fetch_options *options)
{
    if (options->secret_answer)
        jt_buffer_init_secret(&result->body, options->body_max);
    else
        jt_buffer_init(&result->body, options->body_max);
}

static void result_restart(struct jt_fetch_result *result, const struct jt_fetch_options *options)
{
    jt_fetch_result_done(result);
    memset(result, 0, sizeof(*result));
    body_init(result, options);
}

static enum jeton_status lines_check(const struct jt_fetch_options *options, struct jeton_detail *detail)
{
    if (is_line(options->authorization, 0x20) && is_line(options->accept, 0x20) && is_line(options->content_type, 0x20))
        return JETON_OK;
    return jt_fail(detail, JETON_CONFIG_INVALID, "what should go as a header is no line of printable characters");
}

enum jeton_status jt_transfer_begin(struct jeton_bytes url, const struct jt_fetch_options *options,
                                    struct jt_fetch_result *result, struct jt_transfer **out,
                                    struct jeton_detail *detail)
{
    struct jt_transfer *transfer;
    CURLU *parsed = NULL;
    CURLcode code;
    enum jeton_status status;

    JT_TRY(lines_check(options, detail));
    JT_TRY(jt_url_check(url, options, &parsed, detail));
    result_restart(result, options);
    transfer = calloc(1, sizeof(*transfer));
    if (transfer == NULL) {
        curl_url_cleanup(parsed);
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    }
    transfer->url = parsed;
    transfer->options = options;
    transfer->result = result;
    transfer->typed = jt_url_origin_typed(url, options);
    transfer->curl = curl_easy_init();
    code = transfer->curl != NULL ? set_all(transfer) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK) {
        *out = transfer;
        return JETON_OK;
    }
    status = explain_failure(transfer, code, detail);
    transfer_free(transfer);
    return status;
}

CURL *jt_transfer_curl(const struct jt_transfer *transfer)
{
    return transfer->curl;
}

static enum jeton_status judge_end(const struct jt_transfer *transfer, CURLcode code, struct jeton_detail *detail)
{
    long http_status = transfer->result->http_status;

    if (code != CURLE_OK)
        return explain_failure(transfer, code, detail);
    if (transfer->options->any_status || http_status == 200 || (http_status == 304 && transfer->options->etag.len > 0))
        return JETON_OK;
    return explain_stop(transfer, detail);
}

enum jeton_status jt_transfer_end(struct jt_transfer *transfer, CURLcode code, struct jeton_detail *detail)
{
    struct jt_fetch_result *result = transfer->result;
    enum jeton_status status;

    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &result->http_status);
    status = judge_end(transfer, code, detail);
    if (status != JETON_OK) {
        jt_buffer_done(&result->body);
        body_init(result, transfer->options);
    }
    transfer_free(transfer);
    return status;
}

void jt_transfer_cancel(struct jt_transfer *transfer)
{
    transfer_free(transfer);
}

enum jeton_status jt_fetch_url(struct jeton_bytes url, const struct jt_fetch_options *options,
                               struct jt_fetch_result *result, struct jeton_detail *detail)
{
    struct jt_transfer *transfer;

    JT_TRY(jt_transfer_begin(url, options, result, &transfer, detail));
    return jt_transfer_end(transfer, curl_easy_perform(transfer->curl), detail);
}
