/* SPDX-License-Identifier: Apache-2.0 */
/* What does a client of an object store want? See s3_request.h. */
#include "server/gateway/s3_request.h"

enum { MAX_KEYS = 1000, TARGET_MAX = 16 * 1024 };

/* --- Escapes --- */

static int hex_of(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* UTF-8 without control characters: what can be a name everywhere behind us. */
static bool is_clean(struct jeton_bytes text)
{
    const unsigned char *at = text.at;

    for (size_t i = 0; i < text.len; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            return false;
    }
    return jt_bytes_utf8(text);
}

static enum jt_s3_fault decode(struct jeton_bytes text, bool plus_is_space, struct jt_arena *arena,
                               struct jeton_bytes *out)
{
    const unsigned char *at = text.at;
    unsigned char *memory = jt_arena_take(arena, text.len + 1);
    size_t len = 0;

    if (memory == NULL)
        return JT_S3_INTERNAL;
    for (size_t i = 0; i < text.len; i++) {
        int high, low;

        if (at[i] != '%') {
            memory[len++] = plus_is_space && at[i] == '+' ? ' ' : at[i];
            continue;
        }
        high = i + 2 < text.len ? hex_of(at[i + 1]) : -1;
        low = i + 2 < text.len ? hex_of(at[i + 2]) : -1;
        if (high < 0 || low < 0)
            return JT_S3_INVALID_URI;
        memory[len++] = (unsigned char)(high * 16 + low);
        i += 2;
    }
    *out = jeton_bytes(memory, len);
    return is_clean(*out) ? JT_S3_NONE : JT_S3_INVALID_URI;
}

void jt_s3_encode(struct jt_buffer *out, struct jeton_bytes text, bool slashes)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char *at = text.at;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = at[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                     byte == '-' || byte == '.' || byte == '_' || byte == '~' || (byte == '/' && slashes);

        if (!plain) {
            jt_buffer_add_byte(out, '%');
            jt_buffer_add_byte(out, (unsigned char)digits[byte >> 4]);
            byte = (unsigned char)digits[byte & 15];
        }
        jt_buffer_add_byte(out, byte);
    }
}

/* --- The query --- */

static enum jt_s3_fault read_field(struct jeton_bytes text, struct jt_arena *arena, struct jt_s3_request *out)
{
    struct jt_s3_field *field = &out->fields[out->field_count];
    size_t equals = jt_bytes_find(text, '=', 0);
    enum jt_s3_fault fault;

    if (text.len == 0)
        return JT_S3_NONE;
    if (out->field_count == JT_S3_FIELDS)
        return JT_S3_INVALID_REQUEST;
    fault = decode(jt_bytes_cut(text, 0, equals), true, arena, &field->name);
    if (fault == JT_S3_NONE)
        fault = decode(jt_bytes_cut(text, equals + 1, text.len), true, arena, &field->value);
    /* Said twice, it is said to one and not to another. */
    for (size_t i = 0; i < out->field_count && fault == JT_S3_NONE; i++) {
        if (jt_bytes_equal(out->fields[i].name, field->name))
            fault = JT_S3_INVALID_ARGUMENT;
    }
    out->field_count += fault == JT_S3_NONE;
    return fault;
}

static enum jt_s3_fault read_query(struct jeton_bytes query, struct jt_arena *arena, struct jt_s3_request *out)
{
    enum jt_s3_fault fault = JT_S3_NONE;

    for (size_t at = 0; at <= query.len && fault == JT_S3_NONE;) {
        size_t end = jt_bytes_find(query, '&', at);

        fault = read_field(jt_bytes_cut(query, at, end), arena, out);
        at = end + 1;
    }
    return fault;
}

static const struct jt_s3_field *find_field(const struct jt_s3_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (jt_bytes_equal(request->fields[i].name, jeton_text(name)))
            return &request->fields[i];
    }
    return NULL;
}

struct jeton_bytes jt_s3_field(const struct jt_s3_request *request, const char *name)
{
    const struct jt_s3_field *field = find_field(request, name);

    return field != NULL ? field->value : jeton_bytes(NULL, 0);
}

/* --- Bucket and key --- */

/* "bucket.domain:port": the bucket, as DNS has it without case; none when Host is the domain itself or another. */
static enum jt_s3_fault bucket_of_host(const struct jt_s3_wire *wire, struct jt_arena *arena, struct jeton_bytes *out)
{
    struct jeton_bytes host = wire->host;
    size_t before;
    char *memory;

    *out = jeton_bytes(NULL, 0);
    if (wire->domain.len == 0)
        return JT_S3_NONE;
    host = jt_bytes_cut(host, 0, jt_bytes_find(host, ':', 0));
    if (host.len <= wire->domain.len + 1)
        return JT_S3_NONE;
    before = host.len - wire->domain.len - 1;
    if (((const char *)host.at)[before] != '.' ||
        !jt_bytes_equal_nocase(jt_bytes_cut(host, before + 1, host.len), wire->domain))
        return JT_S3_NONE;
    memory = jt_arena_take(arena, before);
    if (memory == NULL)
        return JT_S3_INTERNAL;
    for (size_t i = 0; i < before; i++) {
        char byte = ((const char *)host.at)[i];

        memory[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    *out = jeton_bytes(memory, before);
    return JT_S3_NONE;
}

static bool is_dots(struct jeton_bytes part)
{
    return jt_bytes_equal(part, JT_TEXT(".")) || jt_bytes_equal(part, JT_TEXT(".."));
}

/* A store behind that resolves them would look elsewhere than was allowed. */
static bool has_dots(struct jeton_bytes key)
{
    for (size_t at = 0; at <= key.len;) {
        size_t end = jt_bytes_find(key, '/', at);

        if (is_dots(jt_bytes_cut(key, at, end)))
            return true;
        at = end + 1;
    }
    return false;
}

static enum jt_s3_fault check_bucket(struct jeton_bytes bucket)
{
    if (bucket.len > JT_S3_BUCKET_MAX || is_dots(bucket) || jt_bytes_find(bucket, '/', 0) < bucket.len ||
        !is_clean(bucket))
        return JT_S3_INVALID_BUCKET;
    return JT_S3_NONE;
}

static enum jt_s3_fault check_key(struct jeton_bytes key)
{
    if (key.len > JT_S3_KEY_MAX)
        return JT_S3_KEY_TOO_LONG;
    return has_dots(key) ? JT_S3_INVALID_URI : JT_S3_NONE;
}

static void cut_product(struct jt_s3_request *out)
{
    size_t slash = jt_bytes_find(out->key, '/', 0);

    out->product = jt_bytes_cut(out->key, 0, slash);
    out->product_whole = slash < out->key.len;
    out->rest = jt_bytes_cut(out->key, slash + 1, out->key.len);
}

static enum jt_s3_fault read_path(const struct jt_s3_wire *wire, struct jt_arena *arena, struct jt_s3_request *out)
{
    struct jeton_bytes path = wire->path;
    enum jt_s3_fault fault = bucket_of_host(wire, arena, &out->bucket);
    size_t slash = 0;

    if (path.len == 0 || path.len > TARGET_MAX || *(const char *)path.at != '/')
        return JT_S3_INVALID_URI;
    out->special = jt_bytes_start(path, JT_TEXT("/."));
    if (fault == JT_S3_NONE && out->bucket.len == 0) {
        slash = jt_bytes_find(path, '/', 1);
        fault = decode(jt_bytes_cut(path, 1, slash), false, arena, &out->bucket);
    }
    if (fault == JT_S3_NONE)
        fault = check_bucket(out->bucket);
    if (fault == JT_S3_NONE)
        fault = decode(jt_bytes_cut(path, slash + 1, path.len), false, arena, &out->key);
    if (fault == JT_S3_NONE && out->bucket.len == 0 && out->key.len > 0)
        fault = JT_S3_INVALID_BUCKET;
    return fault == JT_S3_NONE ? check_key(out->key) : fault;
}

/* --- The operation --- */

/* Parameters that make another operation of a request. */
static bool has_subresource(const struct jt_s3_request *request)
{
    static const char *const names[] = {
        "accelerate",
        "acl",
        "analytics",
        "attributes",
        "cors",
        "delete",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "logging",
        "metadataTable",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versioning",
        "versions",
        "website",
        "partNumber",
        "versionId",
    };

    for (size_t i = 0; i < JT_COUNT(names); i++) {
        if (find_field(request, names[i]) != NULL)
            return true;
    }
    return false;
}

static enum jt_s3_operation read_of(const struct jt_s3_request *request, bool head)
{
    if (has_subresource(request))
        return JT_S3_OTHER;
    if (request->bucket.len == 0)
        return head ? JT_S3_OTHER : JT_S3_LIST_BUCKETS;
    if (request->key.len > 0)
        return head ? JT_S3_HEAD_OBJECT : JT_S3_GET_OBJECT;
    if (find_field(request, "location") != NULL)
        return head ? JT_S3_OTHER : JT_S3_GET_LOCATION;
    return head ? JT_S3_HEAD_BUCKET : JT_S3_LIST_OBJECTS;
}

static enum jt_s3_operation operation_of(struct jeton_bytes method, const struct jt_s3_request *request)
{
    bool object = request->bucket.len > 0 && request->key.len > 0 && !has_subresource(request);

    if (jt_bytes_equal(method, JT_TEXT("GET")))
        return read_of(request, false);
    if (jt_bytes_equal(method, JT_TEXT("HEAD")))
        return read_of(request, true);
    if (jt_bytes_equal(method, JT_TEXT("OPTIONS")))
        return JT_S3_PREFLIGHT;
    if (jt_bytes_equal(method, JT_TEXT("PUT")) && object)
        return JT_S3_PUT_OBJECT;
    if (jt_bytes_equal(method, JT_TEXT("DELETE")) && object)
        return JT_S3_DELETE_OBJECT;
    return JT_S3_WRITE;
}

/* --- A listing --- */

static enum jt_s3_fault read_list(struct jt_s3_request *out)
{
    struct jeton_bytes delimiter = jt_s3_field(out, "delimiter");
    struct jeton_bytes type = jt_s3_field(out, "list-type");
    struct jeton_bytes encoding = jt_s3_field(out, "encoding-type");
    struct jeton_bytes most = jt_s3_field(out, "max-keys");
    uint64_t max_keys = MAX_KEYS;

    if (type.len > 0 && !jt_bytes_equal(type, JT_TEXT("2")))
        return JT_S3_INVALID_ARGUMENT;
    if (encoding.len > 0 && !jt_bytes_equal(encoding, JT_TEXT("url")))
        return JT_S3_INVALID_ARGUMENT;
    if (delimiter.len > 0 && !jt_bytes_equal(delimiter, JT_TEXT("/")))
        return JT_S3_NOT_IMPLEMENTED;
    if (most.len > 0 && !jt_bytes_number(most, INT32_MAX, &max_keys))
        return JT_S3_INVALID_ARGUMENT;
    out->list.version_2 = type.len > 0;
    out->list.url_encoded = encoding.len > 0;
    out->list.delimited = delimiter.len > 0;
    out->list.max_keys = (unsigned)(max_keys > MAX_KEYS ? MAX_KEYS : max_keys);
    out->list.continuation = jt_s3_field(out, "continuation-token");
    out->list.start_after = jt_s3_field(out, "start-after");
    out->list.marker = jt_s3_field(out, "marker");
    out->key = jt_s3_field(out, "prefix");
    return check_key(out->key);
}

enum jt_s3_fault jt_s3_request_read(const struct jt_s3_wire *wire, struct jt_arena *arena, struct jt_s3_request *out)
{
    enum jt_s3_fault fault;

    memset(out, 0, sizeof *out);
    out->operation = JT_S3_OTHER;
    fault = read_path(wire, arena, out);
    if (fault == JT_S3_NONE)
        fault = read_query(wire->query, arena, out);
    if (fault != JT_S3_NONE)
        return fault;
    out->operation = operation_of(wire->method, out);
    if (out->operation == JT_S3_LIST_OBJECTS)
        fault = read_list(out);
    cut_product(out);
    return fault;
}
