/* SPDX-License-Identifier: Apache-2.0 */
/* How is the issuer of a token that is no JWT asked what it says? See introspector.h. */
#include "server/verify/introspector.h"

#include <inttypes.h>
#include <stdlib.h>

#include "auth/introspected.h"
#include "base/base64url.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "keys/fetch_url.h"
#include "server/http/connections.h"
#include "server/metrics.h"

enum {
    THREADS = 4,
    IN_FLIGHT = 256,
    KEPT_BYTES = 4 << 20,
    FAILED_FOR_MS = 1000, /* an endpoint that is down is asked about one token once a second */
    ORDER_MAX = 256 * 1024,
    HASH = 32
};

enum outcome { ACTIVE, INACTIVE, FAILED, OUTCOMES };
static const char *const outcomes[] = {"active", "inactive", "failed"};
_Static_assert(JT_COUNT(outcomes) == OUTCOMES, "a name for each outcome");

struct jt_introspector {
    struct jt_errands *errands;
    const struct jt_log *log;
    _Atomic bool failing; /* the last answer: what changes is told, not each request */
    _Atomic uint64_t counts[OUTCOMES];
};

/* --- In a thread that may wait --- */

struct order {
    struct jeton_bytes url, issuer, authorization, ca_file, token;
    struct times {
        bool allow_http, allow_private_ip;
        int64_t timeout_ms, connect_timeout_ms, kept_for_ms;
    } times;
};

static void add_encoded(struct jt_buffer *out, struct jeton_bytes text)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *at = text.at;

    for (size_t i = 0; i < text.len; i++) {
        bool plain = (at[i] >= 'A' && at[i] <= 'Z') || (at[i] >= 'a' && at[i] <= 'z') ||
                     (at[i] >= '0' && at[i] <= '9') || (at[i] != '\0' && strchr("-._*", at[i]) != NULL);

        if (!plain)
            jt_buffer_add_byte(out, '%');
        jt_buffer_add_byte(out, plain ? at[i] : (unsigned char)hex[at[i] >> 4]);
        if (!plain)
            jt_buffer_add_byte(out, (unsigned char)hex[at[i] & 15]);
    }
}

static JT_CHECKED fetch(struct jt_introspector *introspector, const struct order *order, struct jt_fetch_result *answer,
                        struct jeton_detail *detail)
{
    struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;
    JT_AUTO(jt_buffer_done) struct jt_buffer body;

    jt_buffer_init_secret(&body, ORDER_MAX);
    jt_buffer_add_text(&body, "token=");
    add_encoded(&body, order->token);
    jt_buffer_add_text(&body, "&token_type_hint=access_token");
    JT_TRY(body.status);
    options.allow_http = order->times.allow_http;
    options.allow_private_ip = order->times.allow_private_ip;
    options.ca_file = order->ca_file;
    options.timeout_ms = (long)order->times.timeout_ms;
    options.connect_timeout_ms = (long)order->times.connect_timeout_ms;
    options.authorization = order->authorization;
    options.accept = JT_TEXT("application/json");
    options.post = true;
    options.body = jt_buffer_bytes(&body);
    options.content_type = JT_TEXT("application/x-www-form-urlencoded");
    options.secret_answer = true;
    options.body_max = JT_INTROSPECTED_MAX;
    options.stop = jt_errands_stopping(introspector->errands);
    return jt_fetch_url(order->url, &options, answer, detail);
}

/* Told once when it begins and once when it is over. */
static void tell(struct jt_introspector *introspector, const struct order *order, enum jeton_status status,
                 const struct jeton_detail *detail)
{
    bool failing = status != JETON_OK;

    if (atomic_load(jt_errands_stopping(introspector->errands)) ||
        atomic_exchange(&introspector->failing, failing) == failing)
        return;
    if (failing)
        jt_log(introspector->log, JT_LOG_WARN, "an issuer cannot be asked about tokens that are no JWT", "issuer",
               jt_escape(order->issuer).text, "detail", detail->text, NULL);
    else
        jt_log(introspector->log, JT_LOG_INFO, "an issuer can be asked about tokens again", "issuer",
               jt_escape(order->issuer).text, NULL);
}

static void give_back(struct jt_errand_result *result)
{
    free(result);
}

/* One block: the result, and the claims behind it. */
static struct jt_introspected *result_of(enum jeton_status status, bool active, const struct jt_buffer *claims,
                                         int64_t kept_for_ms)
{
    size_t bytes = sizeof(struct jt_introspected) + claims->len;
    struct jt_introspected *out = malloc(bytes);

    if (out == NULL)
        return NULL;
    memset(out, 0, sizeof *out);
    jt_errand_result_init(&out->result, give_back, bytes, status == JETON_OK ? kept_for_ms : FAILED_FOR_MS);
    out->result.failed = status != JETON_OK;
    out->status = status;
    out->active = active;
    if (claims->len > 0)
        memcpy(out + 1, claims->at, claims->len);
    out->claims = jeton_bytes(out + 1, claims->len);
    return out;
}

static struct jt_errand_result *run(void *context, struct jeton_bytes rest)
{
    struct jt_introspector *introspector = context;
    struct order order = {.url = jt_errand_key_next(&rest)};
    JT_AUTO(jt_buffer_done) struct jt_buffer claims;
    struct jeton_detail detail = {""};
    struct jt_fetch_result answer;
    struct jt_introspected *out = NULL;
    enum jeton_status status;
    bool active = false;

    order.issuer = jt_errand_key_next(&rest);
    order.authorization = jt_errand_key_next(&rest);
    order.ca_file = jt_errand_key_next(&rest);
    memcpy(&order.times, jt_errand_key_next(&rest).at, sizeof order.times);
    order.token = jt_errand_key_next(&rest);
    jt_buffer_init(&claims, JT_INTROSPECTED_MAX);
    jt_fetch_result_init(&answer);
    status = fetch(introspector, &order, &answer, &detail);
    if (status == JETON_OK)
        status = jt_introspected_read(jt_buffer_bytes(&answer.body), order.issuer, &active, &claims, &detail);
    if (status != JETON_OK && claims.len > 0)
        jt_buffer_done(&claims);
    jt_fetch_result_done(&answer);
    tell(introspector, &order, status, &detail);
    jt_count(&introspector->counts[status != JETON_OK ? FAILED : active ? ACTIVE : INACTIVE]);
    out = result_of(status, active, &claims, order.times.kept_for_ms);
    return out != NULL ? &out->result : NULL;
}

/* --- For those who ask --- */

static int64_t clock_ms(void *context)
{
    (void)context;
    return jt_monotonic_ms();
}

JT_CHECKED jt_introspector_open(const struct jt_log *log, void (*told)(void *context, const _Atomic uint64_t *what),
                                void *context, struct jt_introspector **out)
{
    struct jt_introspector *introspector = calloc(1, sizeof *introspector);
    struct jt_errands_options options = {.threads = THREADS,
                                         .in_flight_max = IN_FLIGHT,
                                         .bytes_max = KEPT_BYTES,
                                         .queued_for_ms = JT_FETCH_TIMEOUT_MS,
                                         .clock_ms = clock_ms,
                                         .told = told,
                                         .told_context = context};
    enum jeton_status status;

    if (introspector == NULL)
        return JETON_OUT_OF_MEMORY;
    introspector->log = log;
    status = jt_errands_open(&options, &introspector->errands);
    if (status != JETON_OK) {
        free(introspector);
        return status;
    }
    *out = introspector;
    return JETON_OK;
}

void jt_introspector_stop(struct jt_introspector *introspector)
{
    if (introspector != NULL)
        jt_errands_stop(introspector->errands);
}

void jt_introspector_free(struct jt_introspector *introspector)
{
    if (introspector == NULL)
        return;
    jt_errands_free(introspector->errands);
    free(introspector);
}

void jt_introspector_write_counts(struct jt_introspector *introspector, struct jt_buffer *out)
{
    jt_buffer_add_text(
        out, "# HELP jeton_introspections_total Questions to the issuer of tokens that are no JWT, by result.\n"
             "# TYPE jeton_introspections_total counter\n");
    for (size_t i = 0; i < OUTCOMES; i++)
        jt_buffer_add_format(out, "jeton_introspections_total{result=\"%s\"} %" PRIu64 "\n", outcomes[i],
                             atomic_load_explicit(&introspector->counts[i], memory_order_relaxed));
}

/* Everything that an answer depends on; of the token its hash, since keys are kept. */
static JT_CHECKED write_key(const struct jt_introspection *introspection, struct jeton_bytes token,
                            struct jt_buffer *key)
{
    unsigned char hash[HASH];

    JT_TRY(jt_digest(JT_HASH_SHA256, token, hash));
    jt_errand_key_add(key, introspection->url);
    jt_errand_key_add(key, introspection->issuer);
    jt_errand_key_add(key, jeton_bytes(hash, sizeof hash));
    JT_TRY(jt_digest(JT_HASH_SHA256, introspection->authorization, hash));
    jt_errand_key_add(key, jeton_bytes(hash, sizeof hash));
    return key->status;
}

static JT_CHECKED write_order(const struct jt_introspection *introspection, struct jeton_bytes token,
                              struct jt_buffer *order)
{
    struct times times;

    memset(&times, 0, sizeof times);
    times.allow_http = introspection->allow_http;
    times.allow_private_ip = introspection->allow_private_ip;
    times.timeout_ms = introspection->timeout_ms;
    times.connect_timeout_ms = introspection->connect_timeout_ms;
    times.kept_for_ms = introspection->kept_for_ms;
    jt_errand_key_add(order, introspection->url);
    jt_errand_key_add(order, introspection->issuer);
    jt_errand_key_add(order, introspection->authorization);
    jt_errand_key_add(order, introspection->ca_file);
    jt_errand_key_add(order, jeton_bytes(&times, sizeof times));
    jt_errand_key_add(order, token);
    return order->status;
}

enum jt_errand_state jt_introspector_ask(struct jt_introspector *introspector, const struct jt_request *request,
                                         const struct jt_introspection *introspection, struct jeton_bytes token,
                                         struct jt_introspected **out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer key, order;
    struct jt_errand_result *result = NULL;
    enum jt_errand_state state = JT_ERRAND_NOT_NOW;

    jt_buffer_init(&key, ORDER_MAX);
    jt_buffer_init_secret(&order, ORDER_MAX);
    if (write_key(introspection, token, &key) == JETON_OK && write_order(introspection, token, &order) == JETON_OK)
        state = jt_request_errand(
            request, introspector->errands,
            &(struct jt_errand){jt_buffer_bytes(&key), jt_buffer_bytes(&order), introspector, run},
            introspection->timeout_ms, &result);
    if (state == JT_ERRAND_IS_HERE)
        *out = (struct jt_introspected *)(void *)result;
    return state;
}

/* Base64 with padding (RFC 4648 §4), from the alphabet of URLs. */
static JT_CHECKED encode_base64(struct jeton_bytes bytes, const char *before, struct jt_secret *out)
{
    size_t front = strlen(before), len = jt_base64url_encoded(bytes.len);
    char *at = NULL;

    JT_TRY(jt_secret_new(front + (len + 3) / 4 * 4, out));
    at = (char *)out->at;
    for (size_t i = 0; i < front; i++)
        at[i] = before[i];
    jt_base64url_encode(bytes, at + front);
    for (size_t i = front; i < front + len; i++)
        at[i] = (char)(at[i] == '-' ? '+' : at[i] == '_' ? '/' : at[i]);
    memset(at + front + len, '=', out->len - front - len);
    return JETON_OK;
}

JT_CHECKED jt_introspector_basic(struct jeton_bytes id, struct jeton_bytes secret, struct jt_secret *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer pair;

    jt_buffer_init_secret(&pair, ORDER_MAX);
    add_encoded(&pair, id);
    jt_buffer_add_byte(&pair, ':');
    add_encoded(&pair, secret);
    JT_TRY(pair.status);
    return encode_base64(jt_buffer_bytes(&pair), "Basic ", out);
}
