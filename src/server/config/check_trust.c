/* SPDX-License-Identifier: Apache-2.0 */
/* Do `trust` and `key_source` make sense: is there one place of keys, one word on the audience, are the times in order,
 * may the addresses be dialled at all? Beside config/check.c. */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "keys/discovery.h"
#include "server/config/trust.h"

enum { KEY_ROOM = 128, FILE_MAX = 16 << 20 };

/* One entry being judged. */
struct judged {
    const struct jt_config *config;
    const struct jt_config_trust *trust;
    const char *prefix; /* of its keys: "trust[0]." */
    size_t index;
    struct jt_config_faults *faults;
};

static void fault(const struct judged *judged, struct jt_place place, const char *key, const char *what)
{
    char shown[KEY_ROOM];

    snprintf(shown, sizeof shown, "%s%s", judged->prefix, key);
    jt_config_fault(judged->faults, place, shown, "%.220s", what);
}

static bool is_told(const struct judged *judged, const char *key)
{
    char shown[KEY_ROOM];

    snprintf(shown, sizeof shown, "trust[%zu].%s", judged->index, key);
    return jt_config_told(judged->faults, shown);
}

/* --- Times --- */

struct order {
    const char *lower_name, *upper_name;
    size_t lower, upper; /* offsets */
};
#define ORDER(low, up)                                                                                                 \
    {                                                                                                                  \
#low, #up, offsetof(struct jt_config_key_source, low), offsetof(struct jt_config_key_source, up)               \
    }
static const struct order orders[] = {ORDER(fresh_min, fresh_default), ORDER(fresh_default, fresh_max),
                                      ORDER(fresh_max, max_stale), ORDER(backoff_min, backoff_max)};

static const struct jt_config_number *at(const struct jt_config_key_source *times, size_t offset)
{
    return (const void *)((const char *)times + offset);
}

static bool is_given(const struct jt_config_number *number)
{
    return number->place.line > 0;
}

/* `own`: the times of the entry alone, where two that are inherited were judged before; NULL: the times for all. */
static void check_times(const struct jt_config_key_source *times, const struct jt_config_key_source *own,
                        const char *prefix, struct jt_config_faults *faults)
{
    char key[KEY_ROOM];

    for (size_t i = 0; i < JT_COUNT(orders); i++) {
        const struct jt_config_number *lower = at(times, orders[i].lower), *upper = at(times, orders[i].upper);
        bool low = own != NULL ? is_given(at(own, orders[i].lower)) : is_given(lower);

        if (lower->value <= upper->value ||
            (own != NULL && !is_given(at(own, orders[i].lower)) && !is_given(at(own, orders[i].upper))))
            continue;
        snprintf(key, sizeof key, "%skey_source.%s", prefix, low ? orders[i].lower_name : orders[i].upper_name);
        jt_config_fault(faults, low ? lower->place : upper->place, key, "may not be %s than %s (%" PRId64 " ms)",
                        low ? "longer" : "shorter", low ? orders[i].upper_name : orders[i].lower_name,
                        low ? upper->value : lower->value);
    }
}

/* --- The place of keys --- */

static void check_one_place(const struct judged *judged)
{
    const struct jt_config_trust *trust = judged->trust;
    int places = (trust->keys.discovery.value != 0) + (trust->keys.jwks_url.at != NULL) +
                 (trust->keys.jwks_file.at != NULL) + (trust->keys.key_files.count > 0) +
                 (trust->keys.secret_file.at != NULL) +
                 (trust->keys.public_key.at != NULL || trust->keys.secret.at != NULL);

    if (places > 1)
        fault(judged, trust->issuer.place, "keys",
              "must name one of discovery, jwks_url, jwks_file, key_files, "
              "secret_file, not several");
    else if (places == 0 && is_given(&trust->keys.discovery))
        fault(judged, trust->keys.discovery.place, "keys.discovery",
              "is false, and no other place of keys is named: jwks_url, jwks_file, key_files, secret_file");
}

static void check_static(const struct judged *judged)
{
    const struct jt_config_text *file = NULL;
    struct jt_keyset *keys = NULL;
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_config_static_keys(judged->trust, &keys, &file, &detail);
    const char *key = judged->trust->keys.secret_file.at != NULL ? "keys.secret_file"
                      : judged->trust->keys.key_files.count > 0  ? "keys.key_files"
                                                                 : "keys";
    jt_alg_mask asked = 0;

    for (size_t i = 0; i < judged->trust->algorithms.count; i++) {
        const struct jt_algorithm *algorithm = jt_algorithm_find(jeton_text(judged->trust->algorithms.at[i].at));

        asked |= algorithm != NULL ? JT_ALG_BIT(algorithm->id) : 0;
    }
    if (status == JETON_OK && asked != 0 && (asked & JT_ALG_SYMMETRIC) == 0 && !jt_keyset_has_secret(keys) &&
        (jt_keyset_allows(keys) & asked) == 0)
        fault(judged, file->place, key, "no key here fits the algorithms that are asked for");
    if (status == JETON_OK)
        jt_keyset_free(keys);
    else
        fault(judged, file != NULL ? file->place : judged->trust->issuer.place, key, detail.text);
}

static void check_jwks_file(const struct judged *judged)
{
    const struct jt_config_text *file = &judged->trust->keys.jwks_file;
    struct jeton_detail detail = {""};
    struct jt_keyset *keys = NULL;
    struct jt_buffer text;

    jt_buffer_init(&text, FILE_MAX);
    if (jt_keyset_new(&keys) == JETON_OK &&
        (jt_file_read(file->at, &text, &detail) != JETON_OK ||
         jt_keyset_read_jwks(keys, jt_buffer_bytes(&text), JETON_ORIGIN_OPERATOR, NULL, NULL, &detail) != JETON_OK))
        fault(judged, file->place, "keys.jwks_file", detail.text);
    jt_keyset_free(keys);
    jt_buffer_done(&text);
}

static void check_address(const struct judged *judged, const struct jt_config_text *address, const char *key)
{
    struct jt_source_options options = jt_config_source_options(judged->config, judged->trust);
    struct jeton_detail detail = {""};

    if (jt_fetch_check(jeton_text(address->at), &options.fetch, &detail) != JETON_OK)
        fault(judged, address->place, key, detail.text);
}

static void check_discovery(const struct judged *judged)
{
    const struct jt_config_text *issuer = &judged->trust->issuer;
    struct jeton_detail detail = {""};
    struct jt_buffer url;

    if (jt_discovery_url(jeton_text(issuer->at), "/", &url, &detail) == JETON_OK) {
        jt_buffer_done(&url);
        check_address(judged, issuer, "issuer");
    } else {
        fault(judged, issuer->place, "issuer", detail.text);
    }
}

/* The one place that is named. */
static void check_place(const struct judged *judged)
{
    struct jeton_bytes address;

    switch (jt_config_place(judged->trust, &address)) {
    case JT_SOURCE_STATIC:
        check_static(judged);
        return;
    case JT_SOURCE_FILE:
        check_jwks_file(judged);
        return;
    case JT_SOURCE_URL:
        check_address(judged, &judged->trust->keys.jwks_url, "keys.jwks_url");
        return;
    case JT_SOURCE_DISCOVERY:
        check_discovery(judged);
        return;
    case JT_SOURCE_PROVIDER:
        break;
    }
}

void jt_config_check_place(const struct jt_config *config, const struct jt_config_trust *trust, const char *prefix,
                           struct jt_config_faults *faults)
{
    check_place(&(struct judged){config, trust, prefix, 0, faults});
}

/* --- What its tokens must show --- */

static void check_audience(const struct judged *judged)
{
    const struct jt_config_trust *trust = judged->trust;

    if (is_told(judged, "audiences") || is_told(judged, "any_audience"))
        return; /* given, and bad */
    if (trust->audiences.count == 0 && trust->any_audience.value == 0 && !trust->own_audiences)
        fault(judged, trust->issuer.place, "audiences", "must be given; any_audience: true believes tokens for anyone");
    if (trust->audiences.count > 0 && trust->any_audience.value != 0)
        fault(judged, trust->any_audience.place, "any_audience", "is true, and audiences are named: which?");
}

/* A secret can check HS* alone, and HS* needs a secret. */
static void check_algorithms(const struct judged *judged)
{
    const struct jt_config_list *algorithms = &judged->trust->algorithms;
    bool secret = judged->trust->keys.secret_file.at != NULL || judged->trust->keys.secret.at != NULL;

    for (size_t i = 0; i < algorithms->count; i++) {
        const struct jt_algorithm *algorithm = jt_algorithm_find(jeton_text(algorithms->at[i].at));
        bool symmetric = algorithm->type == JT_KEY_OCT;

        if (symmetric && !secret)
            fault(judged, algorithms->at[i].place, "algorithms", "HS256, HS384 and HS512 need keys.secret_file");
        else if (!symmetric && secret)
            fault(judged, algorithms->at[i].place, "algorithms", "a secret can check HS256, HS384 and HS512 alone");
    }
}

static void check_file(const struct judged *judged, const struct jt_config_text *file, const char *key)
{
    struct jeton_detail detail = {""};
    struct jt_buffer text;

    if (file->at == NULL)
        return;
    jt_buffer_init_secret(&text, FILE_MAX);
    if (jt_file_read(file->at, &text, &detail) != JETON_OK)
        fault(judged, file->place, key, detail.text);
    else if (text.len == 0)
        fault(judged, file->place, key, "the file is empty");
    jt_buffer_done(&text);
}

static void check_name(const struct judged *judged)
{
    const struct jt_config_trust *all = judged->config->trust.at;
    const char *name = judged->trust->issuer.at;
    char what[64];

    if (judged->config->issuer.at != NULL && strcmp(judged->config->issuer.at, name) == 0)
        fault(judged, judged->trust->issuer.place, "issuer", "is this server itself, which needs no entry");
    for (size_t i = 0; i < judged->index; i++) {
        if (all[i].issuer.at == NULL || strcmp(all[i].issuer.at, name) != 0)
            continue;
        snprintf(what, sizeof what, "is the issuer of trust[%zu] too", i);
        fault(judged, judged->trust->issuer.place, "issuer", what);
        break;
    }
}

/* --- Whom to ask about tokens that are no JWT --- */

static size_t entries_that_ask(const struct judged *judged)
{
    const struct jt_config_trust *all = judged->config->trust.at;
    size_t count = 0;

    for (size_t i = 0; i < judged->index; i++)
        count += all[i].introspection.url.at != NULL;
    return count;
}

static void check_introspection(const struct judged *judged)
{
    const struct jt_config_trust *trust = judged->trust;
    const struct jt_config_text *url = &trust->introspection.url, *id = &trust->introspection.client_id,
                                *file = &trust->introspection.client_secret_file;
    const struct jt_config_text *first = url->at != NULL ? url : id->at != NULL ? id : file;

    if (first->at == NULL)
        return;
    if ((url->at == NULL && !is_told(judged, "introspection.url")) ||
        (id->at == NULL && !is_told(judged, "introspection.client_id")) ||
        (file->at == NULL && !is_told(judged, "introspection.client_secret_file")))
        fault(judged, first->place, "introspection", "needs url, client_id and client_secret_file");
    check_file(judged, file, "introspection.client_secret_file");
    if (url->at == NULL)
        return;
    check_address(judged, url, "introspection.url");
    if (entries_that_ask(judged) > 0)
        fault(judged, url->place, "introspection.url",
              "another entry has one: a token that names no issuer may be shown to one alone");
}

static void check_entry(const struct judged *judged)
{
    const struct jt_config_trust *trust = judged->trust;
    struct jt_config_key_source times = jt_config_times(judged->config, trust);
    size_t before;

    check_times(&times, &trust->key_source, judged->prefix, judged->faults);
    check_audience(judged);
    if (trust->leeway.value % 1000 != 0)
        fault(judged, trust->leeway.place, "leeway", "must be whole seconds");
    if (trust->issuer.at == NULL)
        return; /* told before */
    check_name(judged);
    check_algorithms(judged);
    check_file(judged, &trust->ca_file, "ca_file");
    check_file(judged, &trust->bearer_file, "bearer_file");
    check_introspection(judged);
    before = judged->faults->count;
    check_one_place(judged);
    if (judged->faults->count == before)
        check_place(judged);
}

void jt_config_check_trust(const struct jt_config *config, struct jt_config_faults *faults)
{
    check_times(&config->key_source, NULL, "", faults);
    for (size_t i = 0; i < config->trust.count; i++) {
        char prefix[32];
        struct judged judged = {config, &((const struct jt_config_trust *)config->trust.at)[i], prefix, i, faults};

        snprintf(prefix, sizeof prefix, "trust[%zu].", i);
        check_entry(&judged);
    }
    if (strcmp(config->verify.mode.at, "jwt") != 0 && config->verify.policies.count > 0)
        jt_config_fault(faults, config->verify.policies.place, "verify.policies",
                        "need verify.mode jwt: nothing else could hold them");
}
