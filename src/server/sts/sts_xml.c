/* SPDX-License-Identifier: Apache-2.0 */
/* How does /.sts answer? XML as AWS's clients read it: escaped, in their namespace, with the request's id. */
#include "base/xml_write.h"
#include "server/sts/sts.h"

enum { ERROR_MAX = 8192 };

void jt_sts_send(const struct jt_sts_ask *ask, struct jt_buffer *text)
{
    struct jt_answer *answer = ask->answer;
    void *body = text->status == JETON_OK ? jt_arena_take(ask->request->arena, text->len + 1) : NULL;

    if (body != NULL) {
        memcpy(body, text->at, text->len);
        answer->body = jeton_bytes(body, text->len);
    } else {
        answer->status = 500;
        answer->body = jeton_bytes("", 0);
    }
    answer->content_type = "text/xml";
    jt_buffer_done(text);
}

void jt_sts_error(const struct jt_sts_ask *ask, unsigned status, const char *code, const char *text)
{
    struct jt_buffer out;

    ask->answer->status = status;
    jt_buffer_init(&out, ERROR_MAX);
    jt_xml_declare(&out);
    jt_xml_open_in(&out, "ErrorResponse", JT_STS_SPACE);
    jt_xml_open(&out, "Error");
    jt_xml_add_text(&out, "Type", status < 500 ? "Sender" : "Receiver");
    jt_xml_add_text(&out, "Code", code);
    jt_xml_add_text(&out, "Message", status < 500 ? text : "internal error");
    jt_xml_close(&out, "Error");
    jt_xml_add_text(&out, "RequestId", ask->request_id);
    jt_xml_close(&out, "ErrorResponse");
    jt_sts_send(ask, &out);
}

/* As S3 says it (S4.14). */
void jt_sts_not_there(const struct jt_sts_ask *ask)
{
    struct jt_buffer out;

    ask->answer->status = 501;
    jt_buffer_init(&out, ERROR_MAX);
    jt_xml_declare(&out);
    jt_xml_open(&out, "Error");
    jt_xml_add_text(&out, "Code", "NotImplemented");
    jt_xml_add_text(&out, "Message", "STS token exchange is not configured");
    jt_xml_add_text(&out, "Resource", "/.sts");
    jt_xml_add_text(&out, "RequestId", ask->request_id);
    jt_xml_close(&out, "Error");
    jt_sts_send(ask, &out);
}

void jt_sts_write_metadata(const struct jt_sts_ask *ask, struct jt_buffer *text)
{
    jt_xml_open(text, "ResponseMetadata");
    jt_xml_add_text(text, "RequestId", ask->request_id);
    jt_xml_close(text, "ResponseMetadata");
}

void jt_sts_write_arn(struct jt_buffer *text, struct jeton_bytes role, struct jeton_bytes name)
{
    jt_xml_open(text, "Arn");
    jt_buffer_add_text(text, "arn:aws:sts::" JT_STS_ACCOUNT ":assumed-role/");
    jt_xml_write(text, role);
    jt_buffer_add_byte(text, '/');
    jt_xml_write(text, name);
    jt_xml_close(text, "Arn");
}

void jt_sts_write_id(struct jt_buffer *text, struct jeton_bytes role, struct jeton_bytes name)
{
    jt_xml_write(text, role);
    jt_buffer_add_byte(text, ':');
    jt_xml_write(text, name);
}
