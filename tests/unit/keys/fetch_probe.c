/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of one request? A program for test_fetch.py: options and a URL in, one JSON line out. */
#include <getopt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "keys/discovery.h"

static void print(enum jeton_status status, const struct jt_fetch_result *result, const struct jeton_detail *detail)
{
    struct jt_json_writer writer;
    struct jt_buffer out;

    jt_buffer_init(&out, 1 << 20);
    jt_json_open(&writer, &out);
    jt_json_add_text(&writer, "status", jeton_status_code(status));
    jt_json_add_text(&writer, "detail", detail->text);
    jt_json_add_number(&writer, "http", result->http_status);
    jt_json_add_boolean(&writer, "address_refused", result->address_refused);
    jt_json_add_number(&writer, "length", (int64_t)result->body.len);
    jt_json_add_text(&writer, "etag", result->freshness.etag);
    jt_json_add_text(&writer, "cache_control", result->freshness.cache_control);
    jt_json_add_text(&writer, "age", result->freshness.age);
    jt_json_add_text(&writer, "retry_after", result->freshness.retry_after);
    jt_json_close(&writer);
    printf("%.*s\n", (int)out.len, (const char *)out.at);
    jt_buffer_done(&out);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"http", no_argument, NULL, 'h'},
        {"private", no_argument, NULL, 'p'},
        {"discover", no_argument, NULL, 'd'},
        {"ca", required_argument, NULL, 'c'},
        {"timeout", required_argument, NULL, 't'},
        {"connect", required_argument, NULL, 'n'},
        {"max", required_argument, NULL, 'm'},
        {"etag", required_argument, NULL, 'e'},
        {"low-for", required_argument, NULL, 'l'},
        {"post", required_argument, NULL, 'b'},
        {"type", required_argument, NULL, 'y'},
        {"authorization", required_argument, NULL, 'a'},
        {"accept", required_argument, NULL, 'j'},
        {"any-status", no_argument, NULL, 's'},
        {"stopped", no_argument, NULL, 'o'},
        {"redirects", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    static const _Atomic bool stopped = true;
    struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;
    struct jt_fetch_result result;
    struct jeton_detail detail = {""};
    enum jeton_status status;
    bool discover = false;
    int got;

    while ((got = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (got) {
        case 'h':
            options.allow_http = true;
            break;
        case 'p':
            options.allow_private_ip = true;
            break;
        case 'd':
            discover = true;
            break;
        case 'c':
            options.ca_file = jeton_text(optarg);
            break;
        case 't':
            options.timeout_ms = atol(optarg);
            break;
        case 'n':
            options.connect_timeout_ms = atol(optarg);
            break;
        case 'm':
            options.body_max = (size_t)atol(optarg);
            break;
        case 'e':
            options.etag = jeton_text(optarg);
            break;
        case 'l':
            options.low_speed_for = atol(optarg);
            break;
        case 'b':
            options.post = true;
            options.body = jeton_text(optarg);
            break;
        case 'y':
            options.content_type = jeton_text(optarg);
            break;
        case 'a':
            options.authorization = jeton_text(optarg);
            break;
        case 'j':
            options.accept = jeton_text(optarg);
            break;
        case 's':
            options.any_status = true;
            break;
        case 'r':
            options.redirects = atoi(optarg);
            break;
        case 'o':
            options.stop = &stopped;
            break;
        default:
            return 2;
        }
    }
    if (optind != argc - 1)
        return 2;
    jt_fetch_result_init(&result);
    status = discover ? jt_discovery_fetch_keys(jeton_text(argv[optind]), &options, &result, &detail)
                      : jt_fetch_url(jeton_text(argv[optind]), &options, &result, &detail);
    print(status, &result, &detail);
    jt_fetch_result_done(&result);
    return 0;
}
