/* SPDX-License-Identifier: Apache-2.0 */
/* What exactly of a request is signed? Its canonical form (AWS Signature Version 4, "create a canonical request"). */
#include <stdlib.h>

#include "auth/sigv4_parts.h"

static int hex_digit(unsigned char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool unreserved(unsigned char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/* Writes what `text` means; false at an escape that is none. `out` has text.len bytes. */
static bool decode(struct jeton_bytes text, bool plus_is_space, unsigned char *out, size_t *len)
{
    const unsigned char *in = text.at;
    size_t to = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = in[i];
        if (byte == '+' && plus_is_space) {
            byte = ' ';
        } else if (byte == '%') {
            int high = i + 2 < text.len ? hex_digit(in[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(in[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (unsigned char)(high << 4 | low);
            i += 2;
        }
        out[to++] = byte;
    }
    *len = to;
    return true;
}

/* `out` has 3 × text.len bytes. */
static size_t encode(struct jeton_bytes text, bool keep_slash, unsigned char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char *in = text.at;
    size_t to = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (unreserved(in[i]) || (in[i] == '/' && keep_slash)) {
            out[to++] = in[i];
            continue;
        }
        out[to++] = '%';
        out[to++] = (unsigned char)digits[in[i] >> 4];
        out[to++] = (unsigned char)digits[in[i] & 15];
    }
    return to;
}

static enum jeton_status decode_arena(struct jeton_bytes text, bool plus_is_space, struct jt_arena *arena,
                                      struct jeton_bytes *out)
{
    unsigned char *memory = jt_arena_take(arena, text.len + 1);
    size_t len = 0;
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    if (!decode(text, plus_is_space, memory, &len))
        return JETON_REQUEST_INVALID;
    *out = jeton_bytes(memory, len);
    return JETON_OK;
}

static enum jeton_status encode_arena(struct jeton_bytes text, bool keep_slash, struct jt_arena *arena,
                                      struct jeton_bytes *out)
{
    unsigned char *memory = jt_arena_take(arena, 3 * text.len + 1);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    *out = jeton_bytes(memory, encode(text, keep_slash, memory));
    return JETON_OK;
}

/* --- The query --- */

static enum jeton_status read_parameter(struct jeton_bytes text, struct jt_arena *arena, struct jt_sigv4_parameter *out)
{
    size_t equals = jt_bytes_find(text, '=', 0);
    JT_TRY(decode_arena(jt_bytes_cut(text, 0, equals), true, arena, &out->name));
    JT_TRY(decode_arena(jt_bytes_cut(text, equals + 1, text.len), true, arena, &out->value));
    JT_TRY(encode_arena(out->name, false, arena, &out->signed_name));
    return encode_arena(out->value, false, arena, &out->signed_value);
}

enum jeton_status jt_sigv4_query_read(struct jeton_bytes query, struct jt_arena *arena, struct jt_sigv4_query *out)
{
    struct jt_sigv4_query read = {NULL, 0};
    size_t parts = 0;
    for (size_t from = 0; from < query.len; from = jt_bytes_find(query, '&', from) + 1)
        parts++;
    if (parts > JT_SIGV4_PARAMETERS)
        return JETON_REQUEST_INVALID;
    read.at = jt_arena_take(arena, (parts + 1) * sizeof *read.at);
    if (read.at == NULL)
        return JETON_OUT_OF_MEMORY;
    for (size_t from = 0, end = 0; from < query.len; from = end + 1) {
        end = jt_bytes_find(query, '&', from);
        if (end > from)
            JT_TRY(read_parameter(jt_bytes_cut(query, from, end), arena, &read.at[read.count++]));
    }
    *out = read;
    return JETON_OK;
}

struct jeton_bytes jt_sigv4_query_get(const struct jt_sigv4_query *query, const char *name, size_t *count)
{
    struct jeton_bytes value = {NULL, 0};
    *count = 0;
    for (size_t i = 0; i < query->count; i++)
        if (jt_bytes_equal(query->at[i].name, jeton_text(name)) && (*count)++ == 0)
            value = query->at[i].value;
    return value;
}

static int compare_bytes(struct jeton_bytes a, struct jeton_bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_parameters(const void *a, const void *b)
{
    const struct jt_sigv4_parameter *left = a, *right = b;
    int order = compare_bytes(left->signed_name, right->signed_name);
    return order != 0 ? order : compare_bytes(left->signed_value, right->signed_value);
}

static enum jeton_status add_query(const struct jt_sigv4_canonical *from, struct jt_arena *arena, struct jt_buffer *out)
{
    struct jt_sigv4_query query;
    bool first = true;
    JT_TRY(jt_sigv4_query_read(from->request->query, arena, &query));
    if (query.count > 1)
        qsort(query.at, query.count, sizeof *query.at, compare_parameters);
    for (size_t i = 0; i < query.count; i++) {
        if (from->presigned && jt_bytes_equal(query.at[i].name, JT_TEXT("X-Amz-Signature")))
            continue;
        if (!first)
            jt_buffer_add_byte(out, '&');
        first = false;
        jt_buffer_add(out, query.at[i].signed_name);
        jt_buffer_add_byte(out, '=');
        jt_buffer_add(out, query.at[i].signed_value);
    }
    return JETON_OK;
}

/* --- The path --- */

/* Dot segments and doubled slashes go (RFC 3986 §5.2.4), a slash at the end stays. */
static size_t normalise(struct jeton_bytes path, unsigned char *out)
{
    size_t len = 0;
    bool slash_at_end = true;
    for (size_t from = 0, end = 0; from < path.len; from = end + 1) {
        end = jt_bytes_find(path, '/', from);
        struct jeton_bytes segment = jt_bytes_cut(path, from, end);
        bool up = jt_bytes_equal(segment, JT_TEXT(".."));
        slash_at_end = end < path.len || up || jt_bytes_equal(segment, JT_TEXT("."));
        if (up)
            while (len > 0 && out[--len] != '/')
                ;
        if (segment.len == 0 || up || jt_bytes_equal(segment, JT_TEXT(".")))
            continue;
        out[len++] = '/';
        memcpy(out + len, segment.at, segment.len);
        len += segment.len;
    }
    if (len == 0 || (slash_at_end && path.len > 0))
        out[len++] = '/';
    return len;
}

static enum jeton_status add_path(const struct jt_sigv4_canonical *from, struct jt_arena *arena, struct jt_buffer *out)
{
    struct jeton_bytes path = from->request->path;
    if (path.len == 0)
        path = JT_TEXT("/");
    if (from->path == JT_SIGV4_PATH_S3) {
        JT_TRY(decode_arena(path, false, arena, &path));
    } else if (from->path == JT_SIGV4_PATH_NORMAL) {
        unsigned char *memory = jt_arena_take(arena, path.len + 2);
        if (memory == NULL)
            return JETON_OUT_OF_MEMORY;
        path = jeton_bytes(memory, normalise(path, memory));
    }
    JT_TRY(encode_arena(path, true, arena, &path));
    jt_buffer_add(out, path);
    return JETON_OK;
}

/* --- The headers --- */

bool jt_sigv4_next_header(struct jeton_bytes *list, struct jeton_bytes *name)
{
    size_t end = jt_bytes_find(*list, ';', 0);
    if (list->len == 0)
        return false;
    *name = jt_bytes_cut(*list, 0, end);
    *list = jt_bytes_cut(*list, end + 1, list->len);
    return true;
}

struct jeton_bytes jt_sigv4_header(const struct jt_sigv4_request *request, struct jeton_bytes name, size_t *count)
{
    struct jeton_bytes value = {NULL, 0};
    *count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        if (jt_bytes_equal_nocase(request->headers[i].name, name) && (*count)++ == 0)
            value = request->headers[i].value;
    return value;
}

/* Without white space around, and one space for each run of it inside. */
static void add_value(struct jeton_bytes value, struct jt_buffer *out)
{
    const char *in = value.at;
    bool space = false, begun = false;
    for (size_t i = 0; i < value.len; i++) {
        if (in[i] == ' ' || in[i] == '\t' || in[i] == '\r' || in[i] == '\n') {
            space = begun;
            continue;
        }
        if (space)
            jt_buffer_add_byte(out, ' ');
        space = false;
        begun = true;
        jt_buffer_add_byte(out, (unsigned char)in[i]);
    }
}

static enum jeton_status add_headers(const struct jt_sigv4_canonical *from, struct jt_buffer *out)
{
    struct jeton_bytes left = from->signed_headers, name;
    while (jt_sigv4_next_header(&left, &name)) {
        bool found = false;
        jt_buffer_add(out, name);
        jt_buffer_add_byte(out, ':');
        for (size_t i = 0; i < from->request->header_count; i++) {
            const struct jt_header_field *field = &from->request->headers[i];
            if (!jt_bytes_equal_nocase(field->name, name))
                continue;
            if (found)
                jt_buffer_add_byte(out, ',');
            add_value(field->value, out);
            found = true;
        }
        if (!found)
            return JETON_REQUEST_INVALID;
        jt_buffer_add_byte(out, '\n');
    }
    return JETON_OK;
}

enum jeton_status jt_sigv4_canonical(const struct jt_sigv4_canonical *from, struct jt_arena *arena,
                                     struct jt_buffer *out)
{
    jt_buffer_add(out, from->request->method);
    jt_buffer_add_byte(out, '\n');
    JT_TRY(add_path(from, arena, out));
    jt_buffer_add_byte(out, '\n');
    JT_TRY(add_query(from, arena, out));
    jt_buffer_add_byte(out, '\n');
    JT_TRY(add_headers(from, out));
    jt_buffer_add_byte(out, '\n');
    jt_buffer_add(out, from->signed_headers);
    jt_buffer_add_byte(out, '\n');
    jt_buffer_add(out, from->payload);
    return out->status;
}
