/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys may a configuration have? The one table: reader, environment names, `--check` and jetond.yaml(5) follow it.
 * A key exists once something uses it. */
#include <stddef.h>

#include "server/config.h"
#include "server/config_judge.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (INT64_C(24) * HOUR)

#define OF(member) offsetof(struct jt_config, member)
#define CLIENT(member) offsetof(struct jt_config_client, member)
#define POLICY(member) offsetof(struct jt_config_policy, member)

static const struct jt_config_key keys[] = {
    {.path = "listen", .type = JT_CONFIG_TEXT, .offset = OF(listen), .fallback = "127.0.0.1:8080",
     .judge = jt_judge_listen,
     .text = "Where to listen: HOST:PORT, [IPV6]:PORT, or unix:PATH. Port 0 picks a free one. Plain HTTP; TLS is the "
             "proxy's part."},
    {.path = "issuer", .type = JT_CONFIG_TEXT, .offset = OF(issuer), .judge = jt_judge_issuer,
     .shown = "the address it listens on",
     .text = "This server's own *iss*: an http or https address without query and fragment, written into every token "
             "and compared byte for byte."},
    {.path = "public_url", .type = JT_CONFIG_TEXT, .offset = OF(public_url), .judge = jt_judge_issuer,
     .shown = "the issuer",
     .text = "What clients see in front of this server; every address it prints is built from it, never from a "
             "request's Host."},
    {.path = "state", .type = JT_CONFIG_TEXT, .offset = OF(state), .fallback = "/var/lib/jetond",
     .text = "Directory of the state (SQLite): keys, sealed, and the client made at the first start. Made with mode 0700 "
             "when it is missing. One *jetond* at a time."},
    {.path = "seal_key_file", .type = JT_CONFIG_TEXT, .offset = OF(seal_key_file),
     .shown = "*seal.key* in the state, made at the first start, with a warning",
     .text = "File of 32 random bytes that seals the keys in the state (AES-256-GCM). Keep it outside the state, mode "
             "0600: who has both has the keys."},
    {.path = "log_level", .type = JT_CONFIG_CHOICE, .offset = OF(log_level), .fallback = "info",
     .choices = "error warn info debug", .text = "The least that is logged, as JSON lines on standard error."},
    {.path = "limits.token", .type = JT_CONFIG_SIZE, .offset = OF(limits.token), .fallback = "7KiB", .min = 512,
     .max = 65536, .text = "Longest token that */verify* judges; a longer one is *token_too_large*."},
    {.path = "limits.body", .type = JT_CONFIG_SIZE, .offset = OF(limits.body), .fallback = "64KiB", .min = 1024,
     .max = 1 << 20, .text = "Longest request body; a longer one is answered with 413."},
    {.path = "limits.connections", .type = JT_CONFIG_INTEGER, .offset = OF(limits.connections), .fallback = "10000",
     .min = 16, .max = 1000000,
     .text = "Connections at the same time; more wait to be accepted. Lowered, with a warning, to what the limit on open "
             "files allows."},
    {.path = "limits.head_timeout", .type = JT_CONFIG_DURATION, .offset = OF(limits.head_timeout), .fallback = "10s",
     .min = 100, .max = 5 * MINUTE,
     .text = "Time in which a request's head must have come, from its first byte on, however it drips; then its body, "
             "again."},
    {.path = "signing.algorithm", .type = JT_CONFIG_TEXT, .offset = OF(signing.algorithm), .fallback = "ES256",
     .judge = jt_judge_algorithm,
     .text = "Algorithm of the key that is made at the first start; an asymmetric one, such as RS256, ES256, EdDSA."},
    {.path = "signing.token_ttl", .type = JT_CONFIG_DURATION, .offset = OF(signing.token_ttl), .fallback = "15m",
     .min = SECOND, .max = DAY, .text = "Life of the tokens from */token*; whole seconds."},
    {.path = "signing.jwks_max_age", .type = JT_CONFIG_DURATION, .offset = OF(signing.jwks_max_age), .fallback = "15m",
     .min = SECOND, .max = 30 * DAY,
     .text = "How long others may keep the published key set (Cache-Control: max-age); whole seconds."},
    {.path = "verify.audiences", .type = JT_CONFIG_LIST, .offset = OF(verify.audiences),
     .shown = "the audiences of the first client",
     .text = "Whom a token must be for to pass */verify*: one of these in its *aud*. Without it, the audiences of the "
             "first client; a token for anyone else is refused."},
    {.path = "verify.token_header", .type = JT_CONFIG_TEXT, .offset = OF(verify.token_header), .judge = jt_judge_header,
     .text = "A request header that may carry the token, beside Authorization: Bearer."},
    {.path = "verify.headers", .type = JT_CONFIG_PAIRS, .offset = OF(verify.headers),
     .fallback = "{X-Jeton-Subject: sub, X-Jeton-Issuer: iss, X-Jeton-Scope: scope}", .max = 16,
     .judge = jt_judge_header,
     .text = "Headers of a good answer of */verify*, each with the claim it carries. All are always sent; one whose claim "
             "is absent is sent as a single space. *X-Jeton-Claims* carries all claims as base64url JSON, at most 2 KiB, "
             "whatever is written beside it."},
    {.path = "verify.policies", .type = JT_CONFIG_NAMED, .offset = OF(verify.policies),
     .item_size = sizeof(struct jt_config_policy), .max = 64, .judge = jt_judge_name,
     .text = "Named policies: */verify/NAME* judges by the one of that name."},
    {.path = "verify.policies.*.audiences", .type = JT_CONFIG_LIST, .offset = POLICY(audiences),
     .shown = "verify.audiences", .text = "Audiences of this policy, in place of *verify.audiences*."},
    {.path = "verify.policies.*.scopes", .type = JT_CONFIG_LIST, .offset = POLICY(scopes), .judge = jt_judge_scope,
     .text = "Scopes that a token must all have; else 403."},
    {.path = "verify.policies.*.required_claims", .type = JT_CONFIG_LIST, .offset = POLICY(required_claims),
     .text = "Claims that a token must have."},
    {.path = "clients", .type = JT_CONFIG_ITEMS, .offset = OF(clients), .item_size = sizeof(struct jt_config_client),
     .max = 4096, .shown = "one, made at the first start: *first-client.json* in the state",
     .text = "Who may ask */token* for tokens. With any client here, the one made at the first start is not taken."},
    {.path = "clients[].id", .type = JT_CONFIG_TEXT, .offset = CLIENT(id), .required = true, .judge = jt_judge_client_id,
     .text = "The client's id; also the *sub* and *client_id* of its tokens."},
    {.path = "clients[].secret_file", .type = JT_CONFIG_TEXT, .offset = CLIENT(secret_file), .required = true,
     .text = "File of the client's secret; one line feed at its end is not part of it."},
    {.path = "clients[].grants", .type = JT_CONFIG_LIST, .offset = CLIENT(grants), .fallback = "client_credentials",
     .choices = "client_credentials", .text = "Ways in which this client may get tokens."},
    {.path = "clients[].audiences", .type = JT_CONFIG_LIST, .offset = CLIENT(audiences), .required = true,
     .text = "Whom this client may get tokens for. With one, that is the default; with several it must ask, by "
             "*audience* or *resource*."},
    {.path = "clients[].scopes", .type = JT_CONFIG_LIST, .offset = CLIENT(scopes), .judge = jt_judge_scope,
     .text = "Scopes this client may get; all of them unless it asks for fewer."},
};

const struct jt_config_table jt_config_keys = {keys, JT_COUNT(keys)};
