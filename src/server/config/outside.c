/* SPDX-License-Identifier: Apache-2.0 */
/* What do the names of other systems in the environment make of `trust`? AUTH_MODE is the mode of /verify; AUTH_JWT_…
 * are one trusted issuer with the order of S1.3 among its sources of keys; AUTH_ISSUER and AUTH_AUDIENCE are one by
 * discovery (S4.1). An entry of the file for the same issuer keeps what these do not say. Below config/load.c. */

#include "server/config/config.h"
#include "server/config/value.h"
#include "server/config/walk.h"

#define MODES "jwt, smoo, trusted, none"
#define KEY_NAMES "AUTH_JWT_RS256_PUBLIC_KEY, AUTH_JWT_HS256_SECRET, AUTH_JWT_JWKS_URL or AUTH_JWT_ISSUER"

const struct jt_config_outside_name jt_config_outside_names[] = {
    {"AUTH_MODE",
     "*verify.mode*, without case; one of jwt, smoo, trusted, none. Said here, jwt needs a trusted issuer, "
     "and smoo, which is jwt otherwise, needs AUTH_JWT_ISSUER."},
    {"AUTH_JWT_RS256_PUBLIC_KEY", "An RSA public key (PEM; \\n may stand for its line feeds) for RS256. The first of "
                                  "these four that is set is where the keys come from."},
    {"AUTH_JWT_HS256_SECRET", "A secret of at least 32 bytes for HS256."},
    {"AUTH_JWT_JWKS_URL", "Address of the key set."},
    {"AUTH_JWT_ISSUER", "*iss* of the tokens; the keys are found by discovery where nothing else is set. Without it, a "
                        "token of any issuer that the keys fit."},
    {"AUTH_JWT_AUDIENCE", "Audiences, by commas; those of */verify* where it is not set."},
    {"AUTH_ISSUER", "*iss* of a trusted issuer whose keys are found by discovery."},
    {"AUTH_AUDIENCE",
     "Its audiences, by commas; those of */verify* where it is not set. With SESSION_TOKEN_KEY also those "
     "of the role *_default*, which reads every bucket, where *roles* has none of that name."},
    {"OIDC_PROVIDER_KEY", "The key that signs, an RSA key in PEM (PKCS#8), where the operator rotates by hand."},
    {"OIDC_PROVIDER_KID", "Its key id; must be set with it."},
    {"OIDC_PROVIDER_KEY_PREVIOUS", "The key before or after it: published, but it does not sign."},
    {"OIDC_PROVIDER_KID_PREVIOUS", "Its key id; without it that key is not published, with a warning."},
    {"SESSION_TOKEN_KEY", "The key that seals session tokens, 32 bytes in base64; *sessions.key_files* win over it."},
    {"STS_MAX_SESSION_DURATION_SECS", "*max_session* in seconds of roles that do not say: 900 and more."},
};
const size_t jt_config_outside_count = JT_COUNT(jt_config_outside_names);

struct outside {
    const char *const *environment;
    struct jt_config *config;
    struct jt_config_target target;
    bool explicit_mode; /* AUTH_MODE says jwt or smoo, and counts */
    bool smoo;
};

static struct jeton_bytes variable(const struct outside *outside, const char *name)
{
    return jt_config_variable(outside->environment, name);
}

/* "$NAME" as the source of a place; `name` with its dollar lives as long as the program. */
static struct jt_place place_of(const char *name)
{
    return (struct jt_place){name, 1, 1};
}

static JT_CHECKED set_text(const struct outside *outside, const char *name, struct jt_config_text *into)
{
    into->place = place_of(name);
    return jt_config_copy(outside->target.memory, variable(outside, name + 1), &into->at);
}

/* --- The mode --- */

static JT_CHECKED read_mode(struct outside *outside)
{
    static const char *const modes[] = {"jwt", "smoo", "trusted", "none"};
    struct jeton_bytes value = variable(outside, "AUTH_MODE");
    struct jt_config_text *mode = &outside->config->verify.mode;

    if (value.len == 0 || variable(outside, "JETON_VERIFY_MODE").len > 0)
        return JETON_OK; /* the canonical name wins (S1.2) */
    for (size_t i = 0; i < JT_COUNT(modes); i++) {
        if (!jt_bytes_equal_nocase(value, jeton_text(modes[i])))
            continue;
        outside->smoo = i == 1;
        outside->explicit_mode = i < 2;
        mode->place = place_of("$AUTH_MODE");
        return jt_config_copy(outside->target.memory, jeton_text(outside->smoo ? "jwt" : modes[i]), &mode->at);
    }
    jt_config_fault(outside->target.faults, place_of("$AUTH_MODE"), "verify.mode", "must be one of: %s; not \"%s\"",
                    MODES, jt_escape(value).text);
    return JETON_OK;
}

/* --- One entry --- */

/* The entry of the file for this issuer, or a new one with its defaults. */
static JT_CHECKED find_entry(const struct outside *outside, struct jeton_bytes issuer, struct jt_config_trust **out)
{
    struct jt_config_items *items = &outside->config->trust;
    struct jt_config_trust *at = items->at;

    for (size_t i = 0; i < items->count && issuer.len > 0; i++) {
        if (at[i].issuer.at != NULL && jt_bytes_equal(jeton_text(at[i].issuer.at), issuer)) {
            *out = &at[i];
            return JETON_OK;
        }
    }
    /* One more than the reader's doubling knows of: a block of its own. */
    at = jt_config_take(outside->target.memory, (items->count + 1) * sizeof *at);
    if (at == NULL)
        return JETON_OUT_OF_MEMORY;
    if (items->count > 0)
        memcpy(at, items->at, items->count * sizeof *at);
    items->at = at;
    *out = &at[items->count++];
    JT_TRY(jt_config_defaults_below(&outside->target, "trust[].", *out));
    return jt_config_copy(outside->target.memory, issuer, &(*out)->issuer.at);
}

/* A list by commas: trimmed, empty ones dropped (S4.1). */
static JT_CHECKED set_list(const struct outside *outside, const char *name, struct jeton_bytes text,
                           struct jt_config_list *into)
{
    const struct jt_config_key *key = jt_config_find(outside->target.table, "trust[].audiences");
    struct jt_config_list list = {NULL, 0, place_of(name)};

    for (size_t from = 0; from < text.len;) {
        size_t to = jt_bytes_find(text, ',', from), first = from, last = to;

        while (first < last && ((const char *)text.at)[first] == ' ')
            first++;
        while (last > first && ((const char *)text.at)[last - 1] == ' ')
            last--;
        if (last > first)
            JT_TRY(jt_config_add(&outside->target, key, &list, jt_bytes_cut(text, first, last), list.place, name));
        from = to + 1;
    }
    *into = list;
    return JETON_OK;
}

static JT_CHECKED set_audiences(const struct outside *outside, const char *name, struct jt_config_trust *entry)
{
    struct jeton_bytes text = variable(outside, name + 1);

    if (text.len > 0) {
        entry->any_audience.value = 0;
        return set_list(outside, name, text, &entry->audiences);
    }
    entry->own_audiences = entry->audiences.count == 0 && entry->any_audience.value == 0;
    return JETON_OK;
}

/* A PEM that came through a shell or a file of variables: \n for each line feed. */
static JT_CHECKED set_pem(const struct outside *outside, const char *name, struct jt_config_text *into)
{
    char *to = NULL;

    JT_TRY(set_text(outside, name, into));
    if (strchr(into->at, '\n') != NULL)
        return JETON_OK;
    to = (char *)(uintptr_t)into->at; /* our copy */
    for (const char *from = into->at; *from != '\0'; from++) {
        bool escaped = from[0] == '\\' && from[1] == 'n';

        *to++ = escaped ? '\n' : *from;
        from += escaped;
    }
    *to = '\0';
    return JETON_OK;
}

/* The first source that is set wins; with a key at hand nothing is fetched (S1.3, S1.5). */
static JT_CHECKED set_keys(const struct outside *outside, struct jt_config_trust *entry)
{
    struct jt_config_list *algorithms = &entry->algorithms;
    bool pem = variable(outside, "AUTH_JWT_RS256_PUBLIC_KEY").len > 0;
    bool secret = variable(outside, "AUTH_JWT_HS256_SECRET").len > 0;

    if (!pem && !secret && variable(outside, "AUTH_JWT_JWKS_URL").len == 0)
        return JETON_OK;
    memset(&entry->keys, 0, sizeof entry->keys);
    if (!pem && !secret)
        return set_text(outside, "$AUTH_JWT_JWKS_URL", &entry->keys.jwks_url);
    *algorithms = (struct jt_config_list){jt_config_take(outside->target.memory, sizeof *algorithms->at), 1,
                                          place_of(pem ? "$AUTH_JWT_RS256_PUBLIC_KEY" : "$AUTH_JWT_HS256_SECRET")};
    if (algorithms->at == NULL)
        return JETON_OUT_OF_MEMORY;
    algorithms->at[0] = (struct jt_config_text){pem ? "RS256" : "HS256", algorithms->place};
    return pem ? set_pem(outside, algorithms->place.source, &entry->keys.public_key)
               : set_text(outside, algorithms->place.source, &entry->keys.secret);
}

/* S1.21: `sub` must be there, beside what the file asks for. */
static JT_CHECKED require_subject(const struct outside *outside, const char *name, struct jt_config_trust *entry)
{
    const struct jt_config_key *key = jt_config_find(outside->target.table, "trust[].required_claims");

    for (size_t i = 0; i < entry->required_claims.count; i++) {
        if (strcmp(entry->required_claims.at[i].at, "sub") == 0)
            return JETON_OK;
    }
    return jt_config_add(&outside->target, key, &entry->required_claims, JT_TEXT("sub"), place_of(name), name);
}

static JT_CHECKED add_jwt(struct outside *outside)
{
    struct jt_config_trust *entry = NULL;
    const char *issuer = "$AUTH_JWT_ISSUER";

    JT_TRY(find_entry(outside, variable(outside, issuer + 1), &entry));
    entry->issuer.place = place_of(issuer);
    if (entry->issuer.at[0] == '\0') {
        entry->any_issuer = true;
        entry->issuer.at = "*"; /* what it is called in logs and counters */
    }
    JT_TRY(set_keys(outside, entry));
    JT_TRY(set_audiences(outside, "$AUTH_JWT_AUDIENCE", entry));
    return require_subject(outside, issuer, entry);
}

static JT_CHECKED add_oidc(struct outside *outside)
{
    struct jt_config_trust *entry = NULL;
    const char *issuer = "$AUTH_ISSUER";

    JT_TRY(find_entry(outside, variable(outside, issuer + 1), &entry));
    if (entry->issuer.place.line == 0)
        entry->issuer.place = place_of(issuer);
    if (entry->issuer.place.source != NULL && strcmp(entry->issuer.place.source, "$AUTH_JWT_ISSUER") == 0)
        return JETON_OK; /* the same issuer by the other names, which say more */
    return set_audiences(outside, "$AUTH_AUDIENCE", entry);
}

/* --- What must be there (S1.6, S1.7, S4.3) --- */

static bool has_jwt(const struct outside *outside)
{
    return variable(outside, "AUTH_JWT_RS256_PUBLIC_KEY").len > 0 ||
           variable(outside, "AUTH_JWT_HS256_SECRET").len > 0 || variable(outside, "AUTH_JWT_JWKS_URL").len > 0 ||
           variable(outside, "AUTH_JWT_ISSUER").len > 0;
}

static void check(const struct outside *outside)
{
    struct jt_config_faults *faults = outside->target.faults;

    if (outside->smoo && variable(outside, "AUTH_JWT_ISSUER").len == 0)
        jt_config_fault(faults, place_of("$AUTH_MODE"), "verify.mode", "smoo needs AUTH_JWT_ISSUER");
    else if (outside->explicit_mode && outside->config->trust.count == 0)
        jt_config_fault(faults, place_of("$AUTH_MODE"), "verify.mode",
                        "jwt needs a source of keys: set " KEY_NAMES ", or trust in the file");
    if (variable(outside, "AUTH_AUDIENCE").len > 0 && variable(outside, "AUTH_ISSUER").len == 0)
        jt_config_fault(faults, place_of("$AUTH_AUDIENCE"), "trust",
                        "AUTH_ISSUER is not set, whose audiences these are");
}

JT_CHECKED jt_config_outside(const char *const *environment, struct jt_config *config, struct jt_config_faults *faults)
{
    struct outside outside = {
        .environment = environment, .config = config, .target = {&jt_config_keys, &config->memory, faults}};

    JT_TRY(read_mode(&outside));
    if (has_jwt(&outside))
        JT_TRY(add_jwt(&outside));
    if (variable(&outside, "AUTH_ISSUER").len > 0)
        JT_TRY(add_oidc(&outside));
    check(&outside);
    return JETON_OK;
}

/* A fault of this variable is one line already. */
static bool is_told(const struct jt_config_faults *faults, const char *source)
{
    for (size_t i = 0; i < faults->count; i++) {
        if (faults->at[i].place.source != NULL && strcmp(faults->at[i].place.source, source) == 0)
            return true;
    }
    return false;
}

/* Who sets four of these means the system that needs all six (S4.1): one that is missing ends the start (S4.3), unless
 * the file or an option says what it would. */
void jt_config_check_names(const char *const *environment, const struct jt_config *config,
                           struct jt_config_faults *faults)
{
    const struct {
        const char *source; /* with its dollar */
        bool said_otherwise;
    } needed[] = {{"$OIDC_PROVIDER_KEY", false},
                  {"$OIDC_PROVIDER_KID", false},
                  {"$OIDC_PROVIDER_ISSUER", config->issuer.at != NULL},
                  {"$SESSION_TOKEN_KEY", config->sessions.key_files.count > 0},
                  {"$AUTH_ISSUER", config->trust.count > 0},
                  {"$SOURCE_API_URL", config->gateway.upstream_api.at != NULL}};
    size_t set = 0;

    for (size_t i = 0; i < JT_COUNT(needed); i++)
        set += jt_config_variable(environment, needed[i].source + 1).len > 0;
    for (size_t i = 0; i < JT_COUNT(needed) && set >= 4; i++) {
        if (jt_config_variable(environment, needed[i].source + 1).len > 0 || needed[i].said_otherwise ||
            is_told(faults, needed[i].source))
            continue;
        jt_config_fault(faults, place_of(needed[i].source), "environment",
                        "%s is not set, or empty, and the other names of its kind are set", needed[i].source + 1);
    }
}
