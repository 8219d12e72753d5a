/* SPDX-License-Identifier: Apache-2.0 */
/* What did the operator decide? The settings of jetond as a struct, filled by the table of keys in config/table.c. */
#ifndef JT_SERVER_CONFIG_H
#define JT_SERVER_CONFIG_H

#include "server/config/read.h"

struct jt_config_client {
    struct jt_config_text id;
    struct jt_config_text secret_file; /* or keys */
    struct {
        struct jt_config_text jwks_url;
        struct jt_config_text jwks_file;
        struct jt_config_list key_files;
    } keys;
    struct jt_config_number allow_http, allow_private_ip;
    struct jt_config_text ca_file;
    struct jt_config_list grants;
    struct jt_config_list audiences;
    struct jt_config_list scopes;
    struct jt_config_list exchange_from;
};

struct jt_config_policy {
    struct jt_config_text name;
    struct jt_config_list audiences; /* none: those of verify.audiences */
    struct jt_config_list scopes;
    struct jt_config_list required_claims;
    struct jt_config_text role; /* at NULL: none is needed */
};

/* A part of a bucket that a role may use, with claims in braces. */
struct jt_config_scope {
    struct jt_config_text bucket;
    struct jt_config_text prefix;
    struct jt_config_list actions;
};

struct jt_config_role {
    struct jt_config_text name;
    struct jt_config_list issuers;
    struct jt_config_list audiences; /* none: the role is not there for anybody */
    struct jt_config_list subjects;
    struct jt_config_number max_session;
    struct jt_config_number not_before;
    struct jt_config_items scopes; /* struct jt_config_scope */
};

/* Times of one source of keys. In an item of `trust`, what stands nowhere (place.line 0) is inherited. */
struct jt_config_key_source {
    struct jt_config_number fresh_default, fresh_min, fresh_max;
    struct jt_config_number max_stale;
    struct jt_config_number miss_interval, miss_burst;
    struct jt_config_number backoff_min, backoff_max;
    struct jt_config_number min_gap;
    struct jt_config_number negative_ttl;
    struct jt_config_number connect_timeout, timeout;
    struct jt_config_number wait;
    struct jt_config_number redirects;
    struct jt_config_number last_known_good;
};

struct jt_config_trust {
    struct jt_config_text issuer;
    struct {
        struct jt_config_number discovery;
        struct jt_config_text jwks_url;
        struct jt_config_text jwks_file;
        struct jt_config_list key_files;
        struct jt_config_text secret_file;
        struct jt_config_text public_key, secret; /* themselves, from the environment alone (config/outside.c) */
    } keys;
    struct jt_config_list audiences;
    struct jt_config_number any_audience;
    struct jt_config_list algorithms;
    struct jt_config_list types;
    struct jt_config_number leeway;
    struct jt_config_list required_claims;
    struct jt_config_number refresh_on_bad_signature;
    struct jt_config_number allow_http, allow_private_ip;
    struct jt_config_text ca_file;
    struct jt_config_text bearer_file;
    struct {
        struct jt_config_text url; /* at NULL: not asked */
        struct jt_config_text client_id;
        struct jt_config_text client_secret_file;
        struct jt_config_number cache;
    } introspection;
    struct jt_config_key_source key_source;
    bool any_issuer;    /* whoever issued it, as long as the keys fit; from the environment alone */
    bool own_audiences; /* without a word on the audience: those of /verify, never any */
};

/* The operator's slots (config/slots.c); borrowed from the environment. All NULL: jetond rotates by itself. */
struct jt_config_slots {
    const char *key, *kid;
    const char *previous, *previous_kid;
};

/* A store behind the gateway, by the id of its connection. */
struct jt_config_backend {
    struct jt_config_text id;
    struct jt_config_text endpoint;
    struct jt_config_text auth;
    struct jt_config_text region; /* at NULL: as the connection's document says */
    struct jt_config_text access_key_id, secret_access_key_file;
    struct jt_config_text sts_endpoint, role_arn;
    struct jt_config_number allow_http, allow_private_ip;
    struct jt_config_text ca_file;
};

struct jt_config_gateway {
    struct jt_config_text upstream_api; /* at NULL: there is no gateway */
    struct jt_config_text domain;
    struct jt_config_number timeout;
    struct jt_config_number allow_http, allow_private_ip;
    struct jt_config_text ca_file;
    struct {
        struct jt_config_number product, connection, list, permissions;
    } ttl;
    struct jt_config_items backends; /* struct jt_config_backend */
};

struct jt_config {
    struct jt_config_text listen;
    struct jt_config_text issuer;     /* at NULL: the address listened on */
    struct jt_config_text public_url; /* at NULL: the issuer */
    struct jt_config_list trusted_proxies;
    struct jt_config_text state;
    struct jt_config_text seal_key_file; /* at NULL: made in the state */
    struct jt_config_text seal_key_old_file;
    struct jt_config_text control_socket; /* at NULL: in the state */
    struct jt_config_text mark_file;      /* at NULL: in the state */
    struct jt_config_slots slots;
    struct jt_config_text log_level;
    struct {
        struct jt_config_number token;
        struct jt_config_number body;
        struct jt_config_number connections;
        struct jt_config_number head_timeout;
        struct jt_config_number token_cache;
    } limits;
    struct {
        struct jt_config_text algorithm;
        struct jt_config_number token_ttl;
        struct jt_config_number delegation_ttl;
        struct jt_config_number nbf_skew; /* not given (place.line 0): tokens have no nbf */
        struct jt_config_number rotate_every;
        struct jt_config_number publish_ahead;
        struct jt_config_number jwks_max_age;
    } signing;
    struct jt_config_key_source key_source;
    struct jt_config_items trust; /* struct jt_config_trust */
    struct {
        struct jt_config_text mode;
        struct jt_config_list audiences;
        struct jt_config_text token_header;
        struct jt_config_text resource; /* at NULL: public_url; or "none" */
        struct jt_config_pairs headers;
        struct jt_config_items policies; /* struct jt_config_policy */
    } verify;
    struct {
        struct jt_config_list roles; /* the highest first */
        struct {
            struct jt_config_list user, org, role;
        } claims;
        struct jt_config_text dev_org;
    } identity;
    struct jt_config_items clients; /* struct jt_config_client */
    struct jt_config_gateway gateway;
    struct jt_config_items roles; /* struct jt_config_role */
    struct {
        struct jt_config_list key_files;
        struct jt_config_text format;
        struct jt_config_text key; /* itself, in base64; from the environment alone (config/sts.c) */
        struct jt_config_text max; /* of roles that do not say; from the environment alone */
    } sessions;
    struct jt_config_memory memory;
};

extern const struct jt_config_table jt_config_keys;

/* What stands on the command line; NULL: not given. */
struct jt_config_options {
    const char *file;
    const char *listen;
    const char *issuer;
    const char *state;
    bool accept_rollback; /* for this start alone: an older clock or state is no reason to refuse */
};

/* Defaults, then the file, the environment and the options, each over what came before, then the rules over the whole.
 * `config` is the caller's, zeroed; jt_config_done() in any case. JETON_OK with or without faults; JETON_OUT_OF_MEMORY.
 * Reads the files that the configuration names, changes nothing. */
JT_CHECKED jt_config_load(const struct jt_config_options *options, const char *const *environment,
                          struct jt_config *config, struct jt_config_faults *faults, const char **unknown);
void jt_config_done(struct jt_config *config);
/* And the struct itself, which came from malloc. Takes NULL. */
void jt_config_free(struct jt_config *config);

/* What needs a restart (`restart` in the table) stays in `config` as it is in `before`; `told` hears of each such key
 * that the new text has otherwise (config/keep.c). */
JT_CHECKED jt_config_keep(const struct jt_config_table *table, const void *before, struct jt_config_memory *memory,
                          void *config, void (*told)(void *context, const char *path, struct jt_place place),
                          void *context);

/* AUTH_MODE, AUTH_JWT_… and AUTH_ISSUER: the mode of /verify and one or two entries of `trust`, over those of the file
 * (config/outside.c). */
JT_CHECKED jt_config_outside(const char *const *environment, struct jt_config *config, struct jt_config_faults *faults);
/* Is all of them set that stands together? After everything was read. */
void jt_config_check_names(const char *const *environment, const struct jt_config *config,
                           struct jt_config_faults *faults);
/* The names of the environment that are read there, each with what it is for; for jetond.yaml(5). */
struct jt_config_outside_name {
    const char *name;
    const char *text;
};
extern const struct jt_config_outside_name jt_config_outside_names[];
extern const size_t jt_config_outside_count;
/* The two slots of the environment, and what is wrong with them. */
void jt_config_take_slots(const char *const *environment, struct jt_config_slots *slots,
                          struct jt_config_faults *faults);

/* SESSION_TOKEN_KEY, STS_MAX_SESSION_DURATION_SECS, and the role of AUTH_ISSUER (config/sts.c). */
JT_CHECKED jt_config_take_sts(const char *const *environment, struct jt_config *config,
                              struct jt_config_faults *faults);
/* The sealing keys of sessions, 32 bytes each, into secret memory; how many into `count`: 0, 1 or 2. A key that is none
 * is told with the place that named it. JETON_OK, JETON_KEY_INVALID, JETON_OUT_OF_MEMORY. */
struct jt_secret;
JT_CHECKED jt_config_session_keys(const struct jt_config *config, struct jt_secret *out, size_t *count,
                                  const struct jt_config_text **which, struct jeton_detail *detail);

/* Rules that concern more than one key, and files that must be there (config/check.c). */
void jt_config_check(const struct jt_config *config, struct jt_config_faults *faults);
/* Those of `signing` (config/check_signing.c). */
void jt_config_check_signing(const struct jt_config *config, struct jt_config_faults *faults);
/* Those of `key_source` and `trust` (config/check_trust.c). */
void jt_config_check_trust(const struct jt_config *config, struct jt_config_faults *faults);
/* The one place of keys that an entry names: can it be read, may it be dialled? `prefix` is "trust[0].". */
void jt_config_check_place(const struct jt_config *config, const struct jt_config_trust *trust, const char *prefix,
                           struct jt_config_faults *faults);
/* Those of `roles` and `sessions` (config/check_sts.c). */
void jt_config_check_sts(const struct jt_config *config, struct jt_config_faults *faults);
/* Those of `clients` (config/check_clients.c). */
void jt_config_check_clients(const struct jt_config *config, struct jt_config_faults *faults);

/* Those of `gateway` (config/check_gateway.c). */
void jt_config_check_gateway(const struct jt_config *config, struct jt_config_faults *faults);

/* jetond.yaml(5) in scdoc, from the table (config/man.c). */
struct jt_buffer;
void jt_config_man(const struct jt_config_table *table, struct jt_buffer *out);
#endif
