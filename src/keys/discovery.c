/* SPDX-License-Identifier: Apache-2.0 */
/* Where does an issuer keep its keys? Two requests at most: the document that belongs to the issuer, then the set. */
#include "keys/discovery.h"

#include <stdlib.h>

#include "base/json.h"

enum jeton_status jt_discovery_url(struct jeton_bytes issuer, const char *path, struct jt_buffer *out,
                                   struct jeton_detail *detail)
{
    const char *at = issuer.at;
    size_t len = issuer.len;

    if (jt_bytes_find(issuer, '?', 0) < len || jt_bytes_find(issuer, '#', 0) < len)
        return jt_fail(detail, JETON_CONFIG_INVALID, "issuer \"%s\" has a query or a fragment", jt_escape(issuer).text);
    while (len > 0 && at[len - 1] == '/')
        len--;
    if (len > JT_FETCH_URL_MAX || strlen(path) > JT_FETCH_URL_MAX - len)
        return jt_fail(detail, JETON_CONFIG_INVALID, "an issuer of %zu bytes is too long", issuer.len);
    jt_buffer_init(out, JT_FETCH_URL_MAX);
    jt_buffer_add(out, jt_bytes_cut(issuer, 0, len));
    jt_buffer_add_text(out, path);
    if (out->status != JETON_OK)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    return JETON_OK;
}

static enum jeton_status read_members(struct jt_json json, struct jeton_bytes issuer, struct jt_buffer *jwks_uri,
                                      struct jeton_detail *detail)
{
    struct jt_json named = jt_json_get(json, JT_TEXT("issuer"));
    struct jt_json uri = jt_json_get(json, JT_TEXT("jwks_uri"));

    if (jt_json_type(named) != JT_JSON_STRING || !jt_bytes_equal(jt_json_string(named), issuer))
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the discovery document names another issuer");
    if (jt_json_type(uri) != JT_JSON_STRING || jt_json_string(uri).len == 0)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the discovery document names no jwks_uri");
    if (jt_json_string(uri).len > JT_FETCH_URL_MAX)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the discovery document's jwks_uri is too long");
    jt_buffer_init(jwks_uri, JT_FETCH_URL_MAX);
    jt_buffer_add(jwks_uri, jt_json_string(uri));
    if (jwks_uri->status != JETON_OK)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    return JETON_OK;
}

enum jeton_status jt_discovery_read(struct jeton_bytes json, struct jeton_bytes issuer, struct jt_buffer *jwks_uri,
                                    struct jeton_detail *detail)
{
    size_t room = jt_json_arena_size(json.len);
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_json document;
    enum jeton_status status;

    if (memory == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    jt_arena_init(&arena, memory, room);
    /* The reader's own detail could quote the document. */
    status = jt_json_read(json, JT_JSON_KEYS, &arena, &document, NULL);
    if (status == JETON_OK && jt_json_type(document) == JT_JSON_OBJECT)
        status = read_members(document, issuer, jwks_uri, detail);
    else if (status != JETON_OUT_OF_MEMORY)
        status = jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the discovery document is no JSON object");
    free(memory);
    return status;
}

/* The document is the issuer's word, not the operator's: what is wrong with its address is no fault of configuration.
 */
static enum jeton_status fetch_named(struct jeton_bytes url, struct jeton_bytes issuer,
                                     const struct jt_fetch_options *options, struct jt_fetch_result *result,
                                     struct jeton_detail *detail)
{
    struct jt_fetch_options named = *options;
    struct jeton_detail why = {""};
    enum jeton_status status;

    named.typed = issuer;
    status = jt_fetch_check(url, &named, &why);
    if (status == JETON_CONFIG_INVALID)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "jwks_uri of the discovery document: %s", why.text);
    JT_TRY(status);
    return jt_fetch_url(url, &named, result, detail);
}

static enum jeton_status fetch_below(struct jeton_bytes issuer, const char *path,
                                     const struct jt_fetch_options *options, struct jt_fetch_result *result,
                                     struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer url = {0};

    JT_TRY(jt_discovery_url(issuer, path, &url, detail));
    return jt_fetch_url(jt_buffer_bytes(&url), options, result, detail);
}

static enum jeton_status fetch_keys(struct jeton_bytes issuer, const struct jt_fetch_options *options,
                                    struct jt_fetch_result *result, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer jwks_uri = {0};
    struct jt_fetch_options typed = *options;
    enum jeton_status status;

    typed.typed = jeton_bytes(NULL, 0);
    typed.etag = jeton_bytes(NULL, 0);
    status = fetch_below(issuer, "/.well-known/openid-configuration", &typed, result, detail);
    if (status == JETON_KEYS_UNAVAILABLE && result->http_status == 404) {
        typed.etag = options->etag;
        return fetch_below(issuer, "/.well-known/jwks.json", &typed, result, detail);
    }
    JT_TRY(status);
    JT_TRY(jt_discovery_read(jt_buffer_bytes(&result->body), issuer, &jwks_uri, detail));
    return fetch_named(jt_buffer_bytes(&jwks_uri), issuer, options, result, detail);
}

enum jeton_status jt_discovery_fetch_keys(struct jeton_bytes issuer, const struct jt_fetch_options *options,
                                          struct jt_fetch_result *result, struct jeton_detail *detail)
{
    enum jeton_status status = fetch_keys(issuer, options, result, detail);

    /* What is left may be the discovery document, which nobody shall take for keys. */
    if (status != JETON_OK)
        jt_buffer_done(&result->body);
    return status;
}
