/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text an address, a header's name, a scope? One pure function for each kind of text a configuration holds. */
#include "server/config/judge.h"

#include <sys/un.h>

#include "auth/scope_template.h"
#include "jose/algorithm.h"
#include "server/http/proxies.h"

static bool only_bytes(struct jeton_bytes text, bool (*fits)(unsigned char byte))
{
    for (size_t i = 0; i < text.len; i++) {
        if (!fits(((const unsigned char *)text.at)[i]))
            return false;
    }
    return true;
}

static bool is_alphanumeric(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_field_byte(unsigned char byte)
{
    return is_alphanumeric(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_name_byte(unsigned char byte)
{
    return is_alphanumeric(byte) || byte == '-' || byte == '_' || byte == '.';
}

static bool is_url_byte(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f && strchr("\"<>\\^`{|}", byte) == NULL;
}

/* RFC 6749 §3.3: %x21 / %x23-5B / %x5D-7E. */
static bool is_scope_byte(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static bool is_printable(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f;
}

static bool is_address_byte(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f') ||
           byte == ':' || byte == '.';
}

bool jt_is_field_name(struct jeton_bytes text)
{
    return text.len > 0 && only_bytes(text, is_field_byte);
}

bool jt_listen_read(struct jeton_bytes text, struct jt_listen_at *out)
{
    struct jt_listen_at at = {.unix_socket = jt_bytes_start(text, JT_TEXT("unix:"))};
    size_t colon = text.len;
    uint64_t port = 0;

    if (at.unix_socket) {
        at.path = jt_bytes_cut(text, 5, text.len);
        if (at.path.len == 0 || at.path.len >= sizeof((struct sockaddr_un *)0)->sun_path)
            return false;
        *out = at;
        return true;
    }
    while (colon > 0 && ((const char *)text.at)[colon - 1] != ':')
        colon--;
    if (colon < 2 || !jt_bytes_number(jt_bytes_cut(text, colon, text.len), 65535, &port))
        return false;
    at.port = (unsigned)port;
    at.host = jt_bytes_cut(text, 0, colon - 1);
    if (((const char *)at.host.at)[0] == '[') {
        if (at.host.len < 4 || ((const char *)at.host.at)[at.host.len - 1] != ']')
            return false;
        at.host = jt_bytes_cut(at.host, 1, at.host.len - 1);
    } else if (jt_bytes_find(at.host, ':', 0) < at.host.len) {
        return false;
    }
    if (at.host.len > 253 || !only_bytes(at.host, is_printable))
        return false;
    *out = at;
    return true;
}

const char *jt_judge_listen(struct jeton_bytes text)
{
    struct jt_listen_at at;

    return jt_listen_read(text, &at) ? NULL : "must be HOST:PORT, [IPV6]:PORT or unix:PATH";
}

const char *jt_judge_proxy(struct jeton_bytes text)
{
    struct jt_proxy proxy;

    return jt_proxy_read(text, &proxy) ? NULL : "must be unix, an address, or an address with its bits: 10.0.0.0/8";
}

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. */
static bool is_authority(struct jeton_bytes text)
{
    bool bracket = jt_bytes_start(text, JT_TEXT("["));
    size_t end = jt_bytes_find(text, bracket ? ']' : ':', 0);
    struct jeton_bytes host = jt_bytes_cut(text, bracket ? 1 : 0, end);
    struct jeton_bytes rest = jt_bytes_cut(text, end + (bracket ? 1 : 0), text.len);
    uint64_t port = 0;

    if (host.len == 0 || host.len > 253 || (bracket && end == text.len))
        return false;
    if (!only_bytes(host, bracket ? is_address_byte : is_name_byte))
        return false;
    return rest.len == 0 ||
           (jt_bytes_start(rest, JT_TEXT(":")) && jt_bytes_number(jt_bytes_cut(rest, 1, rest.len), 65535, &port));
}

const char *jt_judge_issuer(struct jeton_bytes text)
{
    size_t scheme = jt_bytes_start(text, JT_TEXT("https://")) ? 8 : jt_bytes_start(text, JT_TEXT("http://")) ? 7 : 0;

    if (scheme == 0 || text.len == scheme || ((const char *)text.at)[scheme] == '/')
        return "must be an address that starts with https:// or http://";
    if (text.len > 1024)
        return "is longer than 1024 bytes";
    if (jt_bytes_find(text, '?', 0) < text.len || jt_bytes_find(text, '#', 0) < text.len)
        return "may have no query and no fragment (RFC 8414 §2)";
    if (jt_bytes_find(text, '@', 0) < text.len)
        return "may have no user information";
    if (!only_bytes(text, is_url_byte))
        return "holds a byte that no address may hold";
    return is_authority(jt_bytes_cut(text, scheme, jt_bytes_find(text, '/', scheme)))
               ? NULL
               : "must name a host, and after a colon a port: https://HOST or https://HOST:PORT";
}

/* RFC 9728 §1.2. */
const char *jt_judge_resource(struct jeton_bytes text)
{
    return jt_bytes_equal(text, JT_TEXT("none")) ? NULL : jt_judge_issuer(text);
}

const char *jt_judge_algorithm(struct jeton_bytes text)
{
    const struct jt_algorithm *algorithm = jt_algorithm_find(text);

    if (algorithm == NULL)
        return "is no signature algorithm known here";
    if (algorithm->type == JT_KEY_OCT)
        return "must be asymmetric: what is published could sign otherwise";
    return jt_algorithm_usable(algorithm) ? NULL : "is not in the crypto library of this machine";
}

const char *jt_judge_any_algorithm(struct jeton_bytes text)
{
    const struct jt_algorithm *algorithm = jt_algorithm_find(text);

    if (algorithm == NULL)
        return "is no signature algorithm known here";
    return jt_algorithm_usable(algorithm) ? NULL : "is not in the crypto library of this machine";
}

/* Any text may be an `iss`; one that a log line and a metric can show. */
const char *jt_judge_trusted(struct jeton_bytes text)
{
    if (text.len > 1024)
        return "is longer than 1024 bytes";
    return only_bytes(text, is_printable) ? NULL : "must be printable ASCII without spaces";
}

const char *jt_judge_header(struct jeton_bytes text)
{
    /* What the connection and the answer itself are made of. */
    static const char *const taken[] = {
        "Authorization", "Connection",        "Content-Length",  "Content-Type", "Date",
        "Host",          "Keep-Alive",        "Set-Cookie",      "TE",           "Trailer",
        "Upgrade",       "Transfer-Encoding", "WWW-Authenticate"};

    if (!jt_is_field_name(text) || text.len > 64)
        return "must be a header's name";
    for (size_t i = 0; i < JT_COUNT(taken); i++) {
        if (jt_bytes_equal_nocase(text, jeton_text(taken[i])))
            return "is a header that HTTP itself needs";
    }
    return NULL;
}

const char *jt_judge_name(struct jeton_bytes text)
{
    return text.len <= 64 && only_bytes(text, is_name_byte) ? NULL
                                                            : "must be of letters, digits, - and _, at most 64 of them";
}

const char *jt_judge_scope(struct jeton_bytes text)
{
    return only_bytes(text, is_scope_byte) ? NULL : "must be a scope: printable, no space, quote or backslash";
}

const char *jt_judge_client_id(struct jeton_bytes text)
{
    if (text.len > 256)
        return "is longer than 256 bytes";
    /* The sub of a token that stands for a user of another issuer has one; that of a client never equals it. */
    if (jt_bytes_find(text, '#', 0) < text.len)
        return "may hold no #, which stands between issuer and user in the sub of exchanged tokens";
    return only_bytes(text, is_printable) ? NULL : "must be printable ASCII without spaces";
}

static bool is_domain_byte(unsigned char byte)
{
    return is_name_byte(byte) || byte == '.';
}

const char *jt_judge_domain(struct jeton_bytes text)
{
    if (text.len > 253 || !only_bytes(text, is_domain_byte) || jt_bytes_start(text, JT_TEXT(".")))
        return "must be a host's name, such as s3.example";
    return NULL;
}

const char *jt_judge_connection(struct jeton_bytes text)
{
    return text.len <= 128 && only_bytes(text, is_domain_byte)
               ? NULL
               : "must be of letters, digits, -, _ and ., at most 128 of them";
}

/* What may stand behind "role/" in an ARN, without a path. */
static bool is_role_byte(unsigned char byte)
{
    return is_alphanumeric(byte) || (byte != '\0' && strchr("+=,.@_-", byte) != NULL);
}

const char *jt_judge_role(struct jeton_bytes text)
{
    return text.len <= 64 && only_bytes(text, is_role_byte)
               ? NULL
               : "must be of letters, digits and + = , . @ _ -, at most 64";
}

static bool is_scope_template_byte(unsigned char byte)
{
    return byte >= 0x20 && byte != 0x7f;
}

const char *jt_judge_prefix(struct jeton_bytes text)
{
    if (text.len > 1024 || !only_bytes(text, is_scope_template_byte))
        return "must be at most 1024 bytes, without control characters";
    return jt_scope_template_fits(text) ? NULL : "has a brace that is not one of a pair around the name of a claim";
}

const char *jt_judge_bucket(struct jeton_bytes text)
{
    for (size_t i = 0, depth = 0; i < text.len; i++) {
        char letter = ((const char *)text.at)[i];

        depth += letter == '{';
        depth -= letter == '}' && depth > 0;
        if (letter == '/' && depth == 0)
            return "is the name of a bucket, without a slash";
    }
    return jt_judge_prefix(text);
}
