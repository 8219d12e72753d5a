/* SPDX-License-Identifier: Apache-2.0 */
/* Which listings are made here? Those that no store could give: the buckets of a session, the products of an account.
 */
#include <stdlib.h>

#include "base/xml_write.h"
#include "server/gateway/gateway_visit.h"

#define SPACE "http://s3.amazonaws.com/doc/2006-03-01/"

static bool is_new(const struct jt_session *session, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (jt_bytes_equal(session->scopes[i].bucket, session->scopes[index].bucket))
            return false;
    }
    return true;
}

/* Those that its scopes name. Nobody else is told any: there is no list of all. */
void jt_visit_list_buckets(struct jt_visit *visit)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer xml;

    jt_buffer_init(&xml, JT_GATEWAY_LIST_MAX / 2);
    jt_xml_declare(&xml);
    jt_xml_open_in(&xml, "ListAllMyBucketsResult", SPACE);
    jt_xml_open(&xml, "Owner");
    jt_xml_add(&xml, "ID", visit->caller.anonymous ? JT_TEXT("anonymous") : visit->caller.subject);
    jt_xml_close(&xml, "Owner");
    jt_xml_open(&xml, "Buckets");
    for (size_t i = 0; visit->has_session && i < visit->session.scope_count; i++) {
        if ((visit->session.scopes[i].actions & JT_ACTION_READ) == 0 || !is_new(&visit->session, i) ||
            jt_bytes_equal(visit->session.scopes[i].bucket, JT_TEXT(JT_SESSION_ANY_BUCKET)))
            continue;
        jt_xml_open(&xml, "Bucket");
        jt_xml_add(&xml, "Name", visit->session.scopes[i].bucket);
        jt_xml_add_text(&xml, "CreationDate", "1970-01-01T00:00:00.000Z");
        jt_xml_close(&xml, "Bucket");
    }
    jt_xml_close(&xml, "Buckets");
    jt_xml_close(&xml, "ListAllMyBucketsResult");
    visit->answer->status = 200;
    jt_visit_send_xml(visit, &xml);
}

/* --- The products of an account --- */

static int compare(const void *a, const void *b)
{
    const struct jeton_bytes *one = a, *other = b;
    size_t len = one->len < other->len ? one->len : other->len;
    int order = len > 0 ? memcmp(one->at, other->at, len) : 0;

    if (order != 0)
        return order;
    return (one->len > other->len) - (one->len < other->len);
}

static void add_name(const struct jt_visit *visit, struct jt_buffer *xml, const char *element, struct jeton_bytes name,
                     const char *end)
{
    jt_xml_open(xml, element);
    if (visit->s3.list.url_encoded)
        jt_s3_encode(xml, name, true);
    else
        jt_xml_write(xml, name);
    jt_buffer_add_text(xml, end);
    jt_xml_close(xml, element);
}

/* Does the common prefix of this product come after where the page before ended? */
static bool is_after(const struct jt_visit *visit, struct jeton_bytes product)
{
    const struct jt_s3_request *s3 = &visit->s3;
    struct jeton_bytes from = !s3->list.version_2             ? s3->list.marker
                              : s3->list.continuation.len > 0 ? s3->list.continuation
                                                              : s3->list.start_after;
    struct jeton_bytes bare = from;

    if (from.len == 0)
        return true;
    if (((const char *)from.at)[from.len - 1] == '/')
        bare.len--;
    return compare(&product, &bare) > 0;
}

/* The ids that belong on this page; `*more`: others come after. */
static size_t pick(const struct jt_visit *visit, const struct jt_document_content *all, struct jeton_bytes *sorted,
                   bool *more)
{
    size_t count = 0;

    *more = false;
    if (all->list.count > 0)
        memcpy(sorted, all->list.at, all->list.count * sizeof *sorted);
    qsort(sorted, all->list.count, sizeof *sorted, compare);
    for (size_t i = 0; i < all->list.count; i++) {
        if (!jt_bytes_start(sorted[i], visit->s3.key) || !is_after(visit, sorted[i]))
            continue;
        if (count == visit->s3.list.max_keys) {
            *more = count > 0;
            break;
        }
        sorted[count++] = sorted[i];
    }
    return count;
}

static void write_head(const struct jt_visit *visit, struct jt_buffer *xml, size_t count, bool more,
                       struct jeton_bytes last)
{
    const struct jt_s3_request *s3 = &visit->s3;

    jt_xml_add(xml, "Name", s3->bucket);
    add_name(visit, xml, "Prefix", s3->key, "");
    jt_xml_add_text(xml, "Delimiter", "/");
    jt_xml_open(xml, "MaxKeys");
    jt_buffer_add_number(xml, s3->list.max_keys);
    jt_xml_close(xml, "MaxKeys");
    if (s3->list.url_encoded)
        jt_xml_add_text(xml, "EncodingType", "url");
    jt_xml_add_text(xml, "IsTruncated", more ? "true" : "false");
    if (!s3->list.version_2) {
        add_name(visit, xml, "Marker", s3->list.marker, "");
        if (more)
            add_name(visit, xml, "NextMarker", last, "/");
        return;
    }
    jt_xml_open(xml, "KeyCount");
    jt_buffer_add_number(xml, (int64_t)count);
    jt_xml_close(xml, "KeyCount");
    if (s3->list.continuation.len > 0)
        jt_xml_add(xml, "ContinuationToken", s3->list.continuation);
    if (s3->list.start_after.len > 0)
        add_name(visit, xml, "StartAfter", s3->list.start_after, "");
    if (more)
        jt_xml_add(xml, "NextContinuationToken", last);
}

void jt_visit_list_products(struct jt_visit *visit, const struct jt_document *products)
{
    struct jeton_bytes *sorted = calloc(products->content.list.count + 1, sizeof *sorted);
    JT_AUTO(jt_buffer_done) struct jt_buffer xml;
    bool more;
    size_t count;

    jt_buffer_init(&xml, JT_GATEWAY_LIST_MAX / 2);
    if (sorted == NULL) {
        jt_visit_fail(visit, JT_S3_INTERNAL);
        return;
    }
    count = pick(visit, &products->content, sorted, &more);
    jt_xml_declare(&xml);
    jt_xml_open_in(&xml, "ListBucketResult", SPACE);
    write_head(visit, &xml, count, more, count > 0 ? sorted[count - 1] : JT_TEXT(""));
    for (size_t i = 0; i < count; i++) {
        jt_xml_open(&xml, "CommonPrefixes");
        add_name(visit, &xml, "Prefix", sorted[i], "/");
        jt_xml_close(&xml, "CommonPrefixes");
    }
    jt_xml_close(&xml, "ListBucketResult");
    free(sorted);
    visit->answer->status = 200;
    jt_visit_send_xml(visit, &xml);
}
