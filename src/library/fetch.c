/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/fetch.h>: options and outputs of the promise over the guarded request of the keys room. */
#include <jeton/fetch.h>

#include "keys/discovery.h"
#include "keys/fetch_url.h"

static enum jeton_status read_options(const struct jeton_fetch_options *options, struct jt_fetch_options *out,
                                      struct jeton_detail *detail)
{
    static const struct jeton_fetch_options defaults = JETON_FETCH_OPTIONS_INIT;

    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof(*options))
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "fetch options of another version");
    if (options->timeout_ms <= 0 || options->connect_timeout_ms <= 0 || options->max_body == 0)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "a timeout or a size of fetch options is not positive");
    *out = (struct jt_fetch_options)JT_FETCH_OPTIONS_INIT;
    out->allow_http = options->allow_http;
    out->allow_private_ip = options->allow_private_ip;
    out->ca_file = options->ca_file;
    out->timeout_ms = options->timeout_ms;
    out->connect_timeout_ms = options->connect_timeout_ms;
    out->body_max = options->max_body;
    return JETON_OK;
}

static enum jeton_status give(struct jeton_bytes bytes, struct jeton_output *output, struct jeton_detail *detail)
{
    char *copy = jt_bytes_copy(bytes);

    if (copy == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    output->at = copy;
    output->len = bytes.len;
    return JETON_OK;
}

enum jeton_status jeton_fetch_check(struct jeton_bytes url, const struct jeton_fetch_options *options,
                                    struct jeton_detail *detail)
{
    struct jt_fetch_options inner;

    JT_TRY(read_options(options, &inner, detail));
    return jt_fetch_check(url, &inner, detail);
}

typedef enum jeton_status fetch_function(struct jeton_bytes where, const struct jt_fetch_options *options,
                                         struct jt_fetch_result *result, struct jeton_detail *detail);

static enum jeton_status fetch_by(fetch_function *fetch, struct jeton_bytes where,
                                  const struct jeton_fetch_options *options, struct jeton_output *body,
                                  struct jeton_detail *detail)
{
    struct jt_fetch_options inner;
    struct jt_fetch_result result;
    enum jeton_status status;

    JT_TRY(read_options(options, &inner, detail));
    jt_fetch_result_init(&result);
    status = fetch(where, &inner, &result, detail);
    if (status == JETON_OK)
        status = give(jt_buffer_bytes(&result.body), body, detail);
    jt_fetch_result_done(&result);
    return status;
}

enum jeton_status jeton_fetch_keys(struct jeton_bytes url, const struct jeton_fetch_options *options,
                                   struct jeton_output *body, struct jeton_detail *detail)
{
    return fetch_by(jt_fetch_url, url, options, body, detail);
}

enum jeton_status jeton_fetch_issuer_keys(struct jeton_bytes issuer, const struct jeton_fetch_options *options,
                                          struct jeton_output *body, struct jeton_detail *detail)
{
    return fetch_by(jt_discovery_fetch_keys, issuer, options, body, detail);
}
