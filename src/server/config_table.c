/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys may a configuration have? The one table: reader, environment names, `--check` and jetond.yaml(5) follow
 * it. A key exists once something uses it. */
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
#define TRUST(member) offsetof(struct jt_config_trust, member)

/* A time of `key_source`, for all issuers and for one. Down to 100 ms: a test's issuer rotates every second. */
#define SOURCE_KEY(name, kind, default_value, least, most, what)                                                       \
    {.path = "key_source." #name,                                                                                      \
     .type = kind,                                                                                                     \
     .offset = OF(key_source.name),                                                                                    \
     .fallback = default_value,                                                                                        \
     .min = (least),                                                                                                   \
     .max = (most),                                                                                                    \
     .text = what},                                                                                                    \
    {                                                                                                                  \
        .path = "trust[].key_source." #name, .type = kind, .offset = TRUST(key_source.name),                           \
        .shown = "*key_source." #name "*", .min = (least), .max = (most),                                              \
        .text = "As *key_source." #name "*, for this issuer alone."                                                    \
    }
#define SOURCE_TIME(name, default_value, most, what)                                                                   \
    SOURCE_KEY(name, JT_CONFIG_DURATION, default_value, 100, most, what)

static const struct jt_config_key keys[] = {
    {.path = "listen",
     .type = JT_CONFIG_TEXT,
     .offset = OF(listen),
     .fallback = "127.0.0.1:8080",
     .judge = jt_judge_listen,
     .restart = true,
     .text = "Where to listen: HOST:PORT, [IPV6]:PORT, or unix:PATH. Port 0 picks a free one. Plain HTTP; TLS is the "
             "proxy's part."},
    {.path = "issuer",
     .type = JT_CONFIG_TEXT,
     .offset = OF(issuer),
     .judge = jt_judge_issuer,
     .shown = "the address it listens on",
     .restart = true,
     .text = "This server's own *iss*: an http or https address without query and fragment, written into every token "
             "and compared byte for byte."},
    {.path = "public_url",
     .type = JT_CONFIG_TEXT,
     .offset = OF(public_url),
     .judge = jt_judge_issuer,
     .shown = "the issuer",
     .text = "What clients see in front of this server; every address it prints is built from it, never from a "
             "request's Host."},
    {.path = "trusted_proxies",
     .type = JT_CONFIG_LIST,
     .offset = OF(trusted_proxies),
     .fallback = "unix, 127.0.0.1, ::1",
     .judge = jt_judge_proxy,
     .text =
         "Peers whose word on the request before them counts: *unix* (whoever comes over a unix socket), addresses, "
         "networks such as 10.0.0.0/8. From anybody else Forwarded, X-Forwarded-… and X-Original-… headers are as "
         "if they had not been sent."},
    {.path = "state",
     .type = JT_CONFIG_TEXT,
     .offset = OF(state),
     .fallback = "/var/lib/jetond",
     .restart = true,
     .text =
         "Directory of the state (SQLite): keys, sealed, and the client made at the first start. Made with mode 0700 "
         "when it is missing. One *jetond* at a time."},
    {.path = "seal_key_file",
     .type = JT_CONFIG_TEXT,
     .offset = OF(seal_key_file),
     .shown = "*seal.key* in the state, made at the first start, with a warning",
     .restart = true,
     .text =
         "File of 32 random bytes that seals the keys in the state (AES-256-GCM). It must lie outside the state and "
         "have mode 0600: who has both has the keys. A systemd credential is fine: *LoadCredential=seal:/path* and "
         "*Environment=JETON_SEAL_KEY_FILE=%d/seal* in the unit; its mode is systemd's affair."},
    {.path = "seal_key_old_file",
     .type = JT_CONFIG_TEXT,
     .offset = OF(seal_key_old_file),
     .restart = true,
     .text =
         "The seal key before this one. A key of the state that does not open under *seal_key_file* is tried with "
         "it at the start, and all are then sealed anew. Remove it afterwards. (*jeton issuer reseal* does the same "
         "in a running server.)"},
    {.path = "control_socket",
     .type = JT_CONFIG_TEXT,
     .offset = OF(control_socket),
     .shown = "*control.sock* in the state",
     .restart = true,
     .text =
         "Unix socket at which *jeton issuer* asks and tells this server. Its mode is 0600: the owner of *jetond* and "
         "root may use it."},
    {.path = "mark_file",
     .type = JT_CONFIG_TEXT,
     .offset = OF(mark_file),
     .shown = "*jetond.mark* in the state",
     .restart = true,
     .text = "File that remembers the last change and the last time this state has seen, so that an older database is "
             "noticed and refused (*--accept-rollback* goes on all the same). In the state it notices a database that "
             "was put back alone; on another disk, a state that was put back whole."},
    {.path = "log_level",
     .type = JT_CONFIG_CHOICE,
     .offset = OF(log_level),
     .fallback = "info",
     .choices = "error warn info debug",
     .text = "The least that is logged, as JSON lines on standard error."},
    {.path = "limits.token",
     .type = JT_CONFIG_SIZE,
     .offset = OF(limits.token),
     .fallback = "7KiB",
     .min = 512,
     .max = 65536,
     .restart = true,
     .text = "Longest token that */verify* judges; a longer one is *token_too_large*."},
    {.path = "limits.body",
     .type = JT_CONFIG_SIZE,
     .offset = OF(limits.body),
     .fallback = "64KiB",
     .min = 1024,
     .max = 1 << 20,
     .restart = true,
     .text = "Longest request body; a longer one is answered with 413."},
    {.path = "limits.connections",
     .type = JT_CONFIG_INTEGER,
     .offset = OF(limits.connections),
     .fallback = "10000",
     .min = 16,
     .max = 1000000,
     .restart = true,
     .text =
         "Connections at the same time; more wait to be accepted. Lowered, with a warning, to what the limit on open "
         "files allows."},
    {.path = "limits.head_timeout",
     .type = JT_CONFIG_DURATION,
     .offset = OF(limits.head_timeout),
     .fallback = "10s",
     .min = 100,
     .max = 5 * MINUTE,
     .restart = true,
     .text = "Time in which a request's head must have come, from its first byte on, however it drips; then its body, "
             "again."},
    {.path = "limits.token_cache",
     .type = JT_CONFIG_SIZE,
     .offset = OF(limits.token_cache),
     .fallback = "8MiB",
     .min = 0,
     .max = INT64_C(1) << 30,
     .text = "Memory for tokens that were judged good a moment ago: one that comes again costs no signature. Shared "
             "evenly by */verify* and each named policy. 0 switches it off."},
    {.path = "signing.algorithm",
     .type = JT_CONFIG_TEXT,
     .offset = OF(signing.algorithm),
     .fallback = "ES256",
     .judge = jt_judge_algorithm,
     .text = "Algorithm of the keys that are made, an asymmetric one, such as RS256, ES256, EdDSA. After a change the "
             "next key that is made has it; the present one goes on until then."},
    {.path = "signing.token_ttl",
     .type = JT_CONFIG_DURATION,
     .offset = OF(signing.token_ttl),
     .fallback = "15m",
     .min = SECOND,
     .max = DAY,
     .text = "Life of the tokens from */token*; whole seconds, at most *signing.rotate_every*."},
    {.path = "signing.delegation_ttl",
     .type = JT_CONFIG_DURATION,
     .offset = OF(signing.delegation_ttl),
     .fallback = "15m",
     .min = SECOND,
     .max = DAY,
     .text = "The longest life of a token that stands for another one (token exchange and jwt-bearer), beside "
             "*signing.token_ttl* and what is left of the token it stands for; whole seconds."},
    {.path = "signing.nbf_skew",
     .type = JT_CONFIG_DURATION,
     .offset = OF(signing.nbf_skew),
     .min = 0,
     .max = 10 * MINUTE,
     .shown = "tokens from */token* have no *nbf*",
     .text = "Tokens from */token* get an *nbf* that lies so long before they are made, for verifiers whose clocks are "
             "behind and who allow no leeway; whole seconds. *jetond* itself allows *trust[].leeway*, 60 s unless "
             "configured."},
    {.path = "signing.rotate_every",
     .type = JT_CONFIG_DURATION,
     .offset = OF(signing.rotate_every),
     .fallback = "30d",
     .min = SECOND,
     .max = 3650 * DAY,
     .text = "How long a key signs before the next one does; whole seconds. It then stays published for "
             "*signing.token_ttl* + 60 s + *signing.jwks_max_age*."},
    {.path = "signing.publish_ahead",
     .type = JT_CONFIG_DURATION,
     .offset = OF(signing.publish_ahead),
     .fallback = "24h",
     .min = SECOND,
     .max = 3650 * DAY,
     .text = "How long a key is published before it signs; whole seconds, at most *signing.rotate_every*. At least "
             "*signing.jwks_max_age* and a margin (a tenth of it, 1 s to 60 s), so that nobody who keeps the published "
             "set for as long as it says meets a key it does not know."},
    {.path = "signing.jwks_max_age",
     .type = JT_CONFIG_DURATION,
     .offset = OF(signing.jwks_max_age),
     .fallback = "15m",
     .min = SECOND,
     .max = 30 * DAY,
     .text = "How long others may keep the published key set (Cache-Control: max-age); whole seconds."},
    SOURCE_TIME(fresh_default, "15m", 30 * DAY,
                "How long a fetched key set is fresh when the answer's headers do not say; it is fetched again before "
                "that ends."),
    SOURCE_TIME(fresh_min, "5m", 30 * DAY, "The least that *Cache-Control* and *Expires* can make of it."),
    SOURCE_TIME(fresh_max, "1h", 30 * DAY, "The most that they can make of it."),
    SOURCE_TIME(max_stale, "24h", 3650 * DAY,
                "How long keys are believed after the last good fetch; then tokens of the issuer get 503 until a fetch "
                "succeeds. Also how long a revoked key can live on through an outage."),
    SOURCE_TIME(
        miss_interval, "30s", DAY,
        "Unknown key ids may cause one fetch in this time, beyond *miss_burst*. Grows to four times itself while "
        "such fetches bring nothing new."),
    SOURCE_KEY(miss_burst, JT_CONFIG_INTEGER, "2", 1, 100, "Fetches that unknown key ids may cause at once."),
    SOURCE_TIME(backoff_min, "5s", DAY,
                "Wait after a failed fetch while keys are at hand; doubles from there, with jitter. A tenth of it "
                "without keys."),
    SOURCE_TIME(backoff_max, "5m", DAY, "Where doubling ends."),
    SOURCE_TIME(min_gap, "2s", DAY, "Between the starts of any two fetches from one place."),
    SOURCE_TIME(negative_ttl, "60s", DAY, "How long an unknown key id is remembered as asked for."),
    SOURCE_TIME(connect_timeout, "3s", 5 * MINUTE, "For one connection."),
    SOURCE_TIME(timeout, "10s", 5 * MINUTE, "For one fetch as a whole."),
    SOURCE_KEY(
        wait, JT_CONFIG_DURATION, "0s", 0, 30 * SECOND,
        "How long a request whose key is not there yet waits for the fetch it caused; it is then judged once "
        "more. At most 1024 wait, further ones are answered at once. Where *refresh_on_bad_signature* is true and "
        "no time is given anywhere, 2s."),
    SOURCE_KEY(redirects, JT_CONFIG_INTEGER, "0", 0, 3,
               "Redirects that are followed when keys are fetched, to the same scheme, host and port alone."),
    SOURCE_KEY(last_known_good, JT_CONFIG_BOOLEAN, "true", 0, 1,
               "Keep the last good key set in the state, so that a start during the issuer's outage has keys at once. "
               "Never believed longer than *max_stale*."),
    {.path = "trust",
     .type = JT_CONFIG_ITEMS,
     .offset = OF(trust),
     .item_size = sizeof(struct jt_config_trust),
     .max = 4096,
     .shown = "none",
     .text =
         "Whose tokens */verify* believes beside this server's own, which need no entry: their keys are looked up in "
         "process, without network."},
    {.path = "trust[].issuer",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(issuer),
     .required = true,
     .judge = jt_judge_trusted,
     .text = "The *iss* of its tokens, compared byte for byte. With discovery, its address."},
    {.path = "trust[].keys.discovery",
     .type = JT_CONFIG_BOOLEAN,
     .offset = TRUST(keys.discovery),
     .shown = "true, when no other place of keys is named",
     .text = "The issuer's discovery document names the place of its keys; it must name this very issuer. Where it is "
             "404, ISSUER/.well-known/jwks.json. Exactly one place of keys may be named."},
    {.path = "trust[].keys.jwks_url",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(keys.jwks_url),
     .text = "Address of the key set."},
    {.path = "trust[].keys.jwks_file",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(keys.jwks_file),
     .text = "File of the key set (JWKS); looked at every *key_source.fresh_default*, and when a key id is unknown."},
    {.path = "trust[].keys.key_files",
     .type = JT_CONFIG_LIST,
     .offset = TRUST(keys.key_files),
     .text = "Files of public keys or certificates: PEM, DER or JWK, read once at the start."},
    {.path = "trust[].keys.secret_file",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(keys.secret_file),
     .text = "File of an HMAC secret for HS256, HS384, HS512: every byte of it, a final line feed too."},
    {.path = "trust[].audiences",
     .type = JT_CONFIG_LIST,
     .offset = TRUST(audiences),
     .text = "Whom its tokens must be for: one of these in their *aud*. This or *any_audience* must be given."},
    {.path = "trust[].any_audience",
     .type = JT_CONFIG_BOOLEAN,
     .offset = TRUST(any_audience),
     .fallback = "false",
     .text = "Believe its tokens whomever they are for. A warning at the start says so."},
    {.path = "trust[].algorithms",
     .type = JT_CONFIG_LIST,
     .offset = TRUST(algorithms),
     .judge = jt_judge_any_algorithm,
     .shown = "what its keys allow",
     .text = "Signature algorithms its tokens may have."},
    {.path = "trust[].types",
     .type = JT_CONFIG_LIST,
     .offset = TRUST(types),
     .shown = "any",
     .text = "Types (*typ*) its tokens may have, such as at+jwt."},
    {.path = "trust[].leeway",
     .type = JT_CONFIG_DURATION,
     .offset = TRUST(leeway),
     .fallback = "60s",
     .min = 0,
     .max = 10 * MINUTE,
     .text = "For clocks that differ: in *exp*, *nbf* and *iat*; whole seconds."},
    {.path = "trust[].required_claims",
     .type = JT_CONFIG_LIST,
     .offset = TRUST(required_claims),
     .text = "Claims its tokens must have, beside those of a named policy."},
    {.path = "trust[].refresh_on_bad_signature",
     .type = JT_CONFIG_BOOLEAN,
     .offset = TRUST(refresh_on_bad_signature),
     .fallback = "false",
     .text = "For an issuer that puts new keys under old ids: a bad signature asks for the keys as an unknown id does, "
             "through the same bucket, and the token is judged once more."},
    {.path = "trust[].allow_http",
     .type = JT_CONFIG_BOOLEAN,
     .offset = TRUST(allow_http),
     .fallback = "false",
     .text = "Fetch its keys over plain http; refused otherwise, on loopback too. A warning at the start says so."},
    {.path = "trust[].allow_private_ip",
     .type = JT_CONFIG_BOOLEAN,
     .offset = TRUST(allow_private_ip),
     .fallback = "false",
     .text = "Dial loopback, private and carrier addresses for the host written here, and for an address found in its "
             "discovery document only when scheme, host and port are the same. Link-local, metadata and multicast "
             "addresses are never dialled. A warning at the start says so."},
    {.path = "trust[].ca_file",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(ca_file),
     .shown = "the system's",
     .text = "Certificates (PEM) that vouch for the server of its keys."},
    {.path = "trust[].bearer_file",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(bearer_file),
     .text =
         "File of a token that is sent as Authorization: Bearer with requests for its keys, to the host written here "
         "alone; read again for each."},
    {.path = "trust[].introspection.url",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(introspection.url),
     .text =
         "Where the issuer is asked about tokens that are no JWT (RFC 7662), by a POST with the client's id and "
         "secret (Basic). What it says is judged as the claims of a JWT are: *exp*, *aud* and the rest must be there. "
         "Such a token names no issuer, so only one entry may have this: nobody else's tokens are shown to it, and "
         "its to nobody else. *ca_file*, *allow_http*, *allow_private_ip* and the times of *key_source* hold here "
         "too."},
    {.path = "trust[].introspection.client_id",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(introspection.client_id),
     .text = "Who asks."},
    {.path = "trust[].introspection.client_secret_file",
     .type = JT_CONFIG_TEXT,
     .offset = TRUST(introspection.client_secret_file),
     .text = "File of its secret; one line feed at its end is not part of it."},
    {.path = "trust[].introspection.cache",
     .type = JT_CONFIG_DURATION,
     .offset = TRUST(introspection.cache),
     .fallback = "30s",
     .min = 0,
     .max = HOUR,
     .text =
         "How long an answer is taken for the same token again, good or bad: so long a token that was revoked there "
         "may still pass here. Never past its *exp*."},
    {.path = "verify.mode",
     .type = JT_CONFIG_CHOICE,
     .offset = OF(verify.mode),
     .fallback = "jwt",
     .choices = "jwt trusted none",
     .text =
         "*jwt* judges tokens. *trusted* takes the caller's word: the token is base64url JSON of claims and nothing "
         "is verified. *none* lets everybody pass without an identity. Both are for machines that nobody else "
         "reaches; a warning at the start says so."},
    {.path = "verify.audiences",
     .type = JT_CONFIG_LIST,
     .offset = OF(verify.audiences),
     .shown = "the audiences of the first client",
     .text = "Whom a token must be for to pass */verify*: one of these in its *aud*. Without it, the audiences of the "
             "first client; a token for anyone else is refused."},
    {.path = "verify.token_header",
     .type = JT_CONFIG_TEXT,
     .offset = OF(verify.token_header),
     .judge = jt_judge_header,
     .text = "A request header that may carry the token, beside Authorization: Bearer."},
    {.path = "verify.resource",
     .type = JT_CONFIG_TEXT,
     .offset = OF(verify.resource),
     .judge = jt_judge_resource,
     .shown = "public_url",
     .text =
         "Address of the resource that */verify* protects, as its clients know it (RFC 9728). When it is given, every "
         "challenge names the address of */.well-known/oauth-protected-resource* (*resource_metadata*), and that "
         "document names this server and the issuers in *trust* as its authorization servers; without it, this "
         "server alone. *none*: there is no such document (404)."},
    {.path = "verify.headers",
     .type = JT_CONFIG_PAIRS,
     .offset = OF(verify.headers),
     .fallback = "{X-Jeton-Subject: sub, X-Jeton-Issuer: iss, X-Jeton-Scope: scope}",
     .max = 16,
     .judge = jt_judge_header,
     .text =
         "Headers of a good answer of */verify*, each with the claim it carries. All are always sent; one whose claim "
         "is absent is sent as a single space. *X-Jeton-Claims* carries all claims as base64url JSON, at most 2 KiB, "
         "whatever is written beside it."},
    {.path = "verify.policies",
     .type = JT_CONFIG_NAMED,
     .offset = OF(verify.policies),
     .item_size = sizeof(struct jt_config_policy),
     .max = 64,
     .judge = jt_judge_name,
     .text = "Named policies: */verify/NAME* judges by the one of that name."},
    {.path = "verify.policies.*.audiences",
     .type = JT_CONFIG_LIST,
     .offset = POLICY(audiences),
     .shown = "verify.audiences, and those of each trusted issuer",
     .text = "Audiences of this policy, in place of *verify.audiences* and of those of the trusted issuers."},
    {.path = "verify.policies.*.scopes",
     .type = JT_CONFIG_LIST,
     .offset = POLICY(scopes),
     .judge = jt_judge_scope,
     .text = "Scopes that a token must all have; else 403."},
    {.path = "verify.policies.*.required_claims",
     .type = JT_CONFIG_LIST,
     .offset = POLICY(required_claims),
     .text = "Claims that a token must have."},
    {.path = "verify.policies.*.role",
     .type = JT_CONFIG_TEXT,
     .offset = POLICY(role),
     .shown = "none is needed",
     .text =
         "The lowest of *identity.roles* that is enough. A token of a lower one gets 403; one that says none, or one "
         "that is not known, 401."},
    {.path = "identity.roles",
     .type = JT_CONFIG_LIST,
     .offset = OF(identity.roles),
     .fallback = "admin, curator, basic",
     .max = 64,
     .judge = jt_judge_name,
     .text =
         "All roles there are, the highest first; compared without case. *user* in a token is read as *basic* where "
         "only that is one. Nothing else is ever taken for one of them."},
    {.path = "identity.claims.user",
     .type = JT_CONFIG_LIST,
     .offset = OF(identity.claims.user),
     .fallback = "sub",
     .single = true,
     .max = 16,
     .text = "Claims that say who it is: the first that is there and not blank. Where anything of *identity* is given, "
             "*user*, *org* and *role* beside a header in *verify.headers* stand for these."},
    {.path = "identity.claims.org",
     .type = JT_CONFIG_LIST,
     .offset = OF(identity.claims.org),
     .fallback = "org, org_id",
     .single = true,
     .max = 16,
     .text = "Claims that say for which organisation."},
    {.path = "identity.claims.role",
     .type = JT_CONFIG_LIST,
     .offset = OF(identity.claims.role),
     .fallback = "role",
     .single = true,
     .max = 16,
     .text = "Claims that say in which role. A header carries it as *identity.roles* spells it."},
    {.path = "identity.dev_org",
     .type = JT_CONFIG_TEXT,
     .offset = OF(identity.dev_org),
     .fallback = "dev-org",
     .judge = jt_judge_name,
     .text = "The organisation that a header of *org* carries where *verify.mode* is none."},
    {.path = "clients",
     .type = JT_CONFIG_ITEMS,
     .offset = OF(clients),
     .item_size = sizeof(struct jt_config_client),
     .max = 4096,
     .shown = "one, made at the first start: *first-client.json* in the state",
     .text = "Who may ask */token* for tokens. With any client here, the one made at the first start is not taken."},
    {.path = "clients[].id",
     .type = JT_CONFIG_TEXT,
     .offset = CLIENT(id),
     .required = true,
     .judge = jt_judge_client_id,
     .text = "The client's id; also the *sub* and *client_id* of its tokens."},
    {.path = "clients[].secret_file",
     .type = JT_CONFIG_TEXT,
     .offset = CLIENT(secret_file),
     .text = "File of the client's secret (*client_secret_basic*, *client_secret_post*); one line feed at its end is "
             "not part of it. A client has either a secret or keys."},
    {.path = "clients[].keys.jwks_url",
     .type = JT_CONFIG_TEXT,
     .offset = CLIENT(keys.jwks_url),
     .text = "Address of the client's key set (*private_key_jwt*, RFC 7523 §2.2): its assertions are signed by one of "
             "these keys, have the client's id as *iss* and *sub*, *issuer* alone as *aud*, an *exp* at most an hour "
             "ahead, and a *jti* that was not used before. Fetched with the times of *key_source*. Exactly one place "
             "of keys may be named."},
    {.path = "clients[].keys.jwks_file",
     .type = JT_CONFIG_TEXT,
     .offset = CLIENT(keys.jwks_file),
     .text = "File of the client's key set (JWKS); looked at as *trust[].keys.jwks_file* is."},
    {.path = "clients[].keys.key_files",
     .type = JT_CONFIG_LIST,
     .offset = CLIENT(keys.key_files),
     .text = "Files of the client's public keys or certificates: PEM, DER or JWK, read once at the start."},
    {.path = "clients[].allow_http",
     .type = JT_CONFIG_BOOLEAN,
     .offset = CLIENT(allow_http),
     .fallback = "false",
     .text = "As *trust[].allow_http*, for the client's keys."},
    {.path = "clients[].allow_private_ip",
     .type = JT_CONFIG_BOOLEAN,
     .offset = CLIENT(allow_private_ip),
     .fallback = "false",
     .text = "As *trust[].allow_private_ip*, for the client's keys."},
    {.path = "clients[].ca_file",
     .type = JT_CONFIG_TEXT,
     .offset = CLIENT(ca_file),
     .shown = "the system's",
     .text = "Certificates (PEM) that vouch for the server of the client's keys."},
    {.path = "clients[].grants",
     .type = JT_CONFIG_LIST,
     .offset = CLIENT(grants),
     .fallback = "client_credentials",
     .choices = "client_credentials token-exchange jwt-bearer urn:ietf:params:oauth:grant-type:token-exchange "
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
     .text = "Ways in which this client may get tokens: for itself (*client_credentials*, RFC 6749 §4.4), for a token "
             "that it has (*token-exchange*, RFC 8693), for an assertion of an issuer in *exchange_from* "
             "(*jwt-bearer*, RFC 7523 §2.1). The last two may be written as their URNs."},
    {.path = "clients[].audiences",
     .type = JT_CONFIG_LIST,
     .offset = CLIENT(audiences),
     .required = true,
     .text = "Whom this client may get tokens for. With one, that is the default; with several it must ask, by "
             "*audience* or *resource*."},
    {.path = "clients[].scopes",
     .type = JT_CONFIG_LIST,
     .offset = CLIENT(scopes),
     .judge = jt_judge_scope,
     .text = "Scopes this client may get; all of them unless it asks for fewer. For another token, only those that it "
             "has too."},
    {.path = "clients[].exchange_from",
     .type = JT_CONFIG_LIST,
     .offset = CLIENT(exchange_from),
     .judge = jt_judge_trusted,
     .text = "Issuers of *trust* whose tokens this client may exchange, by the policy of their entry, its *audiences* "
             "too; and whose assertions it may bring (*jwt-bearer*), which must be for *issuer*. An entry with "
             "*any_audience* may not stand here. Tokens of this server itself need no entry: a client may exchange "
             "those that are for its id or one of its *audiences*."},
};

/* Names of the systems that jeton takes the place of (S1.1, S4.1). Those that make an entry of `trust` together, and
 * AUTH_MODE, are read in config_outside.c. */
static const struct jt_config_alias aliases[] = {
    {.name = "OIDC_PROVIDER_ISSUER", .path = "issuer"},
    {.name = "AUTH_DEV_ORG_ID", .path = "identity.dev_org"},
    {.name = "LOG_LEVEL", .path = "log_level", .words = "trace=debug warning=warn critical=error fatal=error"},
};

const struct jt_config_table jt_config_keys = {keys, JT_COUNT(keys), aliases, JT_COUNT(aliases)};
