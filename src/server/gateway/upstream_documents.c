/* SPDX-License-Identifier: Apache-2.0 */
/* What do the documents of the upstream API say? See upstream_documents.h. */
#include "server/gateway/upstream_documents.h"

#include <stdlib.h>

#include "base/json.h"

#define LIMITS ((struct jt_json_limits){32, 65536})
enum { TEXT_MAX = 1024, LIST_MAX = 20000 };

/* Where the texts go: all that a document says is no longer than itself. */
struct reading {
    struct jt_document_content content;
    struct jt_arena kept;
    struct jeton_detail *detail;
};

static JT_CHECKED wrong(struct reading *reading, const char *what)
{
    return jt_fail(reading->detail, JETON_ARGUMENT_INVALID, "%s", what);
}

/* Absent and null are empty, where a text may be. */
static JT_CHECKED take_text(struct reading *reading, struct jt_json value, bool needed, struct jeton_bytes *out)
{
    struct jeton_bytes text = jt_json_string(value);
    enum jt_json_type type = jt_json_type(value);
    unsigned char *memory;

    *out = jeton_bytes(NULL, 0);
    if (type == JT_JSON_NONE || type == JT_JSON_NULL)
        return needed ? wrong(reading, "a text that is needed is missing") : JETON_OK;
    if (type != JT_JSON_STRING || text.len > TEXT_MAX || (needed && text.len == 0))
        return wrong(reading, "a text is none, empty or too long");
    for (size_t i = 0; i < text.len; i++) {
        if (((const unsigned char *)text.at)[i] < 0x20 || ((const unsigned char *)text.at)[i] == 0x7f)
            return wrong(reading, "a text holds a control character");
    }
    memory = jt_arena_take(&reading->kept, text.len + 1);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    if (text.len > 0)
        memcpy(memory, text.at, text.len);
    *out = jeton_bytes(memory, text.len);
    return JETON_OK;
}

static JT_CHECKED take_boolean(struct reading *reading, struct jt_json value, bool *out)
{
    enum jt_json_type type = jt_json_type(value);

    *out = jt_json_boolean(value);
    if (type != JT_JSON_NONE && type != JT_JSON_NULL && type != JT_JSON_BOOLEAN)
        return wrong(reading, "a yes or no is neither");
    return JETON_OK;
}

static JT_CHECKED need_object(struct reading *reading, struct jt_json value)
{
    return jt_json_type(value) == JT_JSON_OBJECT ? JETON_OK : wrong(reading, "an object that is needed is missing");
}

/* Its primary mirror; another is not guessed at. */
static JT_CHECKED read_product(struct reading *reading, struct jt_json document)
{
    struct jt_json metadata = jt_json_get(document, JT_TEXT("metadata"));
    struct jt_json mirrors = jt_json_get(metadata, JT_TEXT("mirrors"));
    struct jeton_bytes primary;
    struct jt_json mirror;

    JT_TRY(need_object(reading, metadata));
    JT_TRY(need_object(reading, mirrors));
    JT_TRY(take_boolean(reading, jt_json_get(document, JT_TEXT("disabled")), &reading->content.product.disabled));
    JT_TRY(take_text(reading, jt_json_get(metadata, JT_TEXT("primary_mirror")), true, &primary));
    mirror = jt_json_get(mirrors, primary);
    JT_TRY(need_object(reading, mirror));
    JT_TRY(
        take_text(reading, jt_json_get(mirror, JT_TEXT("connection_id")), true, &reading->content.product.connection));
    return take_text(reading, jt_json_get(mirror, JT_TEXT("prefix")), false, &reading->content.product.prefix);
}

static enum jt_store_auth auth_of(struct jt_json authentication)
{
    static const struct {
        const char *type;
        enum jt_store_auth auth;
    } types[] = {
        {"anonymous", JT_STORE_ANONYMOUS},
        {"unsigned", JT_STORE_ANONYMOUS},
        {"none", JT_STORE_ANONYMOUS},
        {"static", JT_STORE_STATIC},
        {"access_key", JT_STORE_STATIC},
        {"s3_access_key", JT_STORE_STATIC},
        {"federated", JT_STORE_FEDERATED},
        {"web_identity", JT_STORE_FEDERATED},
        {"s3_web_identity_role", JT_STORE_FEDERATED},
    };
    enum jt_json_type kind = jt_json_type(authentication);
    struct jeton_bytes type = jt_json_string(jt_json_get(authentication, JT_TEXT("type")));

    if (kind == JT_JSON_NONE || kind == JT_JSON_NULL)
        return JT_STORE_UNSAID;
    for (size_t i = 0; i < JT_COUNT(types); i++) {
        if (jt_bytes_equal(type, jeton_text(types[i].type)))
            return types[i].auth;
    }
    return JT_STORE_OTHER;
}

static JT_CHECKED read_connection(struct reading *reading, struct jt_json document)
{
    struct jt_json details = jt_json_get(document, JT_TEXT("details"));

    JT_TRY(need_object(reading, details));
    JT_TRY(take_boolean(reading, jt_json_get(document, JT_TEXT("read_only")), &reading->content.connection.read_only));
    JT_TRY(take_text(reading, jt_json_get(document, JT_TEXT("data_connection_id")), true,
                     &reading->content.connection.id));
    JT_TRY(take_text(reading, jt_json_get(details, JT_TEXT("provider")), true, &reading->content.connection.provider));
    JT_TRY(take_text(reading, jt_json_get(details, JT_TEXT("bucket")), false, &reading->content.connection.bucket));
    JT_TRY(take_text(reading, jt_json_get(details, JT_TEXT("region")), false, &reading->content.connection.region));
    reading->content.connection.auth = auth_of(jt_json_get(document, JT_TEXT("authentication")));
    return take_text(reading, jt_json_get(details, JT_TEXT("base_prefix")), false,
                     &reading->content.connection.base_prefix);
}

static JT_CHECKED read_list(struct reading *reading, struct jt_json document)
{
    struct jt_json products = jt_json_get(document, JT_TEXT("products"));
    size_t count = jt_json_count(products);
    size_t i = 0;

    if (jt_json_type(products) != JT_JSON_ARRAY || count > LIST_MAX)
        return wrong(reading, "products is no list, or too long a one");
    reading->content.list.at = jt_arena_take(&reading->kept, count * sizeof *reading->content.list.at + 1);
    if (reading->content.list.at == NULL)
        return JETON_OUT_OF_MEMORY;
    for (struct jt_json_walk walk = jt_json_walk(products); jt_json_next(&walk);)
        JT_TRY(
            take_text(reading, jt_json_get(walk.value, JT_TEXT("product_id")), true, &reading->content.list.at[i++]));
    reading->content.list.count = count;
    return JETON_OK;
}

/* What is not known here gives nothing. */
static JT_CHECKED read_permissions(struct reading *reading, struct jt_json document)
{
    if (jt_json_type(document) != JT_JSON_ARRAY)
        return wrong(reading, "permissions are no list");
    for (struct jt_json_walk walk = jt_json_walk(document); jt_json_next(&walk);) {
        struct jeton_bytes name = jt_json_string(walk.value);

        if (jt_json_type(walk.value) != JT_JSON_STRING)
            return wrong(reading, "a permission is no text");
        reading->content.permissions.read |= jt_bytes_equal(name, JT_TEXT("read"));
        reading->content.permissions.write |= jt_bytes_equal(name, JT_TEXT("write"));
    }
    return JETON_OK;
}

static JT_CHECKED read_as(enum jt_document_kind kind, struct reading *reading, struct jt_json document)
{
    if (kind == JT_DOCUMENT_PERMISSIONS)
        return read_permissions(reading, document);
    JT_TRY(need_object(reading, document));
    if (kind == JT_DOCUMENT_PRODUCT)
        return read_product(reading, document);
    return kind == JT_DOCUMENT_LIST ? read_list(reading, document) : read_connection(reading, document);
}

static JT_CHECKED parse(enum jt_document_kind kind, struct jeton_bytes text, struct reading *reading, void *memory,
                        size_t size)
{
    struct jt_json document;
    struct jt_arena arena;

    jt_arena_init(&arena, memory, size);
    JT_TRY(jt_json_read(text, LIMITS, &arena, &document, reading->detail));
    return read_as(kind, reading, document);
}

/* Texts are 16 bytes apart at least, a list has a place for each of its own: what that can come to. */
static size_t kept_size(enum jt_document_kind kind, size_t len)
{
    return kind == JT_DOCUMENT_LIST ? 6 * len + 256 : 2 * len + 256;
}

JT_CHECKED jt_document_read(enum jt_document_kind kind, struct jeton_bytes text, struct jt_document_content *out,
                            struct jeton_detail *detail)
{
    size_t size = jt_json_arena_size(text.len);
    size_t kept = kept_size(kind, text.len);
    struct reading reading = {.detail = detail};
    void *memory = NULL;
    enum jeton_status status = JETON_OUT_OF_MEMORY;

    if (text.len > JT_DOCUMENT_MAX)
        return jt_fail(detail, JETON_ARGUMENT_INVALID, "it is too long");
    memory = malloc(size);
    reading.content.memory = malloc(kept);
    reading.content.bytes = kept;
    jt_arena_init(&reading.kept, reading.content.memory, reading.content.memory != NULL ? kept : 0);
    if (memory != NULL && reading.content.memory != NULL)
        status = parse(kind, text, &reading, memory, size);
    free(memory);
    if (status != JETON_OK) {
        free(reading.content.memory);
        return status;
    }
    *out = reading.content;
    return JETON_OK;
}

void jt_document_done(struct jt_document_content *content)
{
    free(content->memory);
    content->memory = NULL;
}
