/* SPDX-License-Identifier: Apache-2.0 */
/* May this address be asked, as far as its text says? See fetch_url_text.h. */
#include "keys/fetch_url_text.h"

#include <stdlib.h>

void jt_url_done(CURLU **url)
{
    curl_url_cleanup(*url);
}

static void part_done(char **part)
{
    curl_free(*part);
}

/* No guessing of schemes, no user information; curl turns 127.1 and 0x7f000001 into 127.0.0.1. */
static enum jeton_status url_parse(struct jeton_bytes text, CURLU **out, struct jeton_detail *detail)
{
    char *copy;
    CURLU *url;
    CURLUcode code;
    size_t colon;

    if (text.len == 0 || text.len > JT_FETCH_URL_MAX)
        return jt_fail(detail, JETON_CONFIG_INVALID, "an address of %zu bytes; 1 to %d are fine", text.len,
                       JT_FETCH_URL_MAX);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = ((const unsigned char *)text.at)[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '\\')
            return jt_fail(detail, JETON_CONFIG_INVALID, "\"%s\" is no address: it holds a byte that no URL has",
                           jt_escape(text).text);
    }
    /* curl forgives a slash too few or too many; here it is another text. */
    colon = jt_bytes_find(text, ':', 0);
    if (!jt_bytes_start(jt_bytes_cut(text, colon, text.len), JT_TEXT("://")) ||
        jt_bytes_find(text, '/', colon + 3) == colon + 3)
        return jt_fail(detail, JETON_CONFIG_INVALID, "\"%s\" is no address: https://HOST is needed",
                       jt_escape(text).text);
    copy = jt_bytes_copy(text);
    url = curl_url();
    if (copy == NULL || url == NULL) {
        free(copy);
        curl_url_cleanup(url);
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    }
    code = curl_url_set(url, CURLUPART_URL, copy, CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
    free(copy);
    if (code == CURLUE_OK) {
        *out = url;
        return JETON_OK;
    }
    curl_url_cleanup(url);
    if (code == CURLUE_OUT_OF_MEMORY)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    /* The text is not shown: user information is a secret. */
    if (code == CURLUE_USER_NOT_ALLOWED)
        return jt_fail(detail, JETON_CONFIG_INVALID, "an address with user information is never used");
    return jt_fail(detail, JETON_CONFIG_INVALID, "\"%s\" is no address: %s", jt_escape(text).text,
                   curl_url_strerror(code));
}

static enum jeton_status scheme_check(CURLU *url, const struct jt_fetch_options *options, struct jeton_detail *detail)
{
    JT_AUTO(part_done) char *scheme = NULL;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return jt_fail(detail, JETON_CONFIG_INVALID, "an address without a scheme; https:// is needed");
    if (strcmp(scheme, "https") == 0)
        return JETON_OK;
    if (strcmp(scheme, "http") != 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "scheme \"%s\" is never used; https:// is needed",
                       jt_escape(jeton_text(scheme)).text);
    if (!options->allow_http)
        return jt_fail(detail, JETON_CONFIG_INVALID, "http is refused; allow_http would allow it");
    return JETON_OK;
}

enum jeton_status jt_url_refuse(struct jeton_detail *detail, enum jeton_status status, struct jt_address found,
                                const char *address, bool may_be_allowed)
{
    if (found.class == JT_ADDRESS_NEVER)
        return jt_fail(detail, status, "address %s is never dialled (%s)", address, found.range);
    if (!may_be_allowed)
        return jt_fail(detail, status, "address %s is refused (%s): a document named it, under another origin", address,
                       found.range);
    return jt_fail(detail, status, "address %s is refused (%s); allow_private_ip would allow it", address, found.range);
}

bool jt_url_address_allowed(struct jt_address found, bool allow_private_ip)
{
    return found.class == JT_ADDRESS_PUBLIC || (found.class == JT_ADDRESS_PRIVATE && allow_private_ip);
}

/* Whose word does the address stand on: was it typed, or is it of the typed origin? Only then may it be private. */
bool jt_url_origin_typed(struct jeton_bytes url, const struct jt_fetch_options *options)
{
    return options->typed.len == 0 || jt_fetch_same_origin(url, options->typed);
}

enum jeton_status jt_url_check(struct jeton_bytes text, const struct jt_fetch_options *options, CURLU **out,
                               struct jeton_detail *detail)
{
    JT_AUTO(jt_url_done) CURLU *url = NULL;
    JT_AUTO(part_done) char *host = NULL;
    struct jt_address found;
    bool typed = jt_url_origin_typed(text, options);

    JT_TRY(url_parse(text, &url, detail));
    JT_TRY(scheme_check(url, options, detail));
    if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0')
        return jt_fail(detail, JETON_CONFIG_INVALID, "an address without a host");
    if (jt_address_judge_literal(jeton_text(host), &found) &&
        !jt_url_address_allowed(found, typed && options->allow_private_ip))
        return jt_url_refuse(detail, JETON_CONFIG_INVALID, found, jt_escape(jeton_text(host)).text, typed);
    *out = JT_TAKE(url);
    return JETON_OK;
}

enum jeton_status jt_fetch_check(struct jeton_bytes url, const struct jt_fetch_options *options,
                                 struct jeton_detail *detail)
{
    CURLU *parsed = NULL;

    JT_TRY(jt_url_check(url, options, &parsed, detail));
    curl_url_cleanup(parsed);
    return JETON_OK;
}

static bool part_equal(CURLU *a, CURLU *b, CURLUPart part, unsigned flags)
{
    JT_AUTO(part_done) char *one = NULL;
    JT_AUTO(part_done) char *other = NULL;

    return curl_url_get(a, part, &one, flags) == CURLUE_OK && curl_url_get(b, part, &other, flags) == CURLUE_OK &&
           jt_bytes_equal_nocase(jeton_text(one), jeton_text(other));
}

bool jt_url_same_origin(CURLU *a, CURLU *b)
{
    return part_equal(a, b, CURLUPART_SCHEME, 0) && part_equal(a, b, CURLUPART_HOST, 0) &&
           part_equal(a, b, CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

bool jt_fetch_same_origin(struct jeton_bytes a, struct jeton_bytes b)
{
    JT_AUTO(jt_url_done) CURLU *one = NULL;
    JT_AUTO(jt_url_done) CURLU *other = NULL;

    if (url_parse(a, &one, NULL) != JETON_OK || url_parse(b, &other, NULL) != JETON_OK)
        return false;
    return jt_url_same_origin(one, other);
}
