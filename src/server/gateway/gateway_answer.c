/* SPDX-License-Identifier: Apache-2.0 */
/* How does the gateway answer by itself? S3's XML, the headers that let pages read it, the id of the request. */
#include <stdio.h>

#include "crypto/crypto.h"
#include "server/gateway/gateway_visit.h"

enum { ID_MAX = 128, XML_MAX = 16 * 1024 };

static bool is_id(struct jeton_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = ((const char *)text.at)[i];
        bool good = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    byte == '-' || byte == '_' || byte == '.';

        if (!good)
            return false;
    }
    return text.len > 0 && text.len <= ID_MAX;
}

/* The one that came with it, when it can be shown (S4.41); else a new one. */
static void find_id(struct jt_visit *visit)
{
    struct jeton_bytes given = jt_request_header(visit->request, "X-Request-Id", NULL);
    unsigned char random[16];
    char *text = jt_arena_take(visit->request->arena, ID_MAX + 1);

    if (text == NULL)
        return;
    if (is_id(given)) {
        memcpy(text, given.at, given.len);
        text[given.len] = '\0';
    } else {
        if (jt_random(random, sizeof random) != JETON_OK)
            memset(random, 0, sizeof random);
        for (size_t i = 0; i < sizeof random; i++)
            snprintf(text + 2 * i, 3, "%02x", random[i]);
    }
    visit->request_id = jeton_text(text);
    jt_answer_header(visit->answer, "x-request-id", text);
    jt_answer_header(visit->answer, "x-amz-request-id", text);
}

/* S4.40. */
void jt_visit_begin(struct jt_visit *visit)
{
    jt_answer_header(visit->answer, "Access-Control-Allow-Origin", "*");
    jt_answer_header(visit->answer, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
    jt_answer_header(visit->answer, "Access-Control-Allow-Headers", "*");
    jt_answer_header(visit->answer, "Access-Control-Expose-Headers", "*");
    find_id(visit);
}

void jt_visit_send_xml(struct jt_visit *visit, struct jt_buffer *xml)
{
    unsigned char *copy = xml->status == JETON_OK ? jt_arena_take(visit->request->arena, xml->len + 1) : NULL;

    if (copy == NULL) {
        visit->answer->status = 500;
        return;
    }
    memcpy(copy, xml->at, xml->len);
    visit->answer->content_type = "application/xml";
    visit->answer->body = jeton_bytes(copy, xml->len);
}

void jt_visit_fail_as(struct jt_visit *visit, unsigned status, const char *code, const char *text)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer xml;

    jt_buffer_init(&xml, XML_MAX * 6);
    visit->answer->status = status;
    jt_s3_fault_write(&xml, code, text, jt_bytes_cut(visit->wire.path, 0, XML_MAX), visit->request_id);
    jt_visit_send_xml(visit, &xml);
    if (status == 405)
        jt_answer_header(visit->answer, "Allow", "GET, HEAD, OPTIONS");
    if (status == 503)
        jt_answer_header(visit->answer, "Retry-After", "1");
}

void jt_visit_fail(struct jt_visit *visit, enum jt_s3_fault fault)
{
    jt_visit_fail_as(visit, jt_s3_fault_status(fault), jt_s3_fault_code(fault), jt_s3_fault_text(fault));
}
