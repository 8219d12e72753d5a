/* SPDX-License-Identifier: Apache-2.0 */
/* What can go wrong with a request for an object store, in the words of S3? See s3_fault.h. */
#include "server/gateway/s3_fault.h"

#include "base/xml_write.h"

static const struct {
    const char *code;
    unsigned status;
    const char *text;
} faults[] = {
#define JT_S3_FAULT(id, code, status, text) {code, status, text},
    JT_S3_FAULT_TABLE(JT_S3_FAULT)
#undef JT_S3_FAULT
};

const char *jt_s3_fault_code(enum jt_s3_fault fault)
{
    return faults[fault].code;
}

unsigned jt_s3_fault_status(enum jt_s3_fault fault)
{
    return faults[fault].status;
}

const char *jt_s3_fault_text(enum jt_s3_fault fault)
{
    return faults[fault].text;
}

void jt_s3_fault_write(struct jt_buffer *out, const char *code, const char *text, struct jeton_bytes resource,
                       struct jeton_bytes request_id)
{
    jt_xml_declare(out);
    jt_xml_open(out, "Error");
    jt_xml_add_text(out, "Code", code);
    jt_xml_add_text(out, "Message", text);
    jt_xml_add(out, "Resource", resource);
    jt_xml_add(out, "RequestId", request_id);
    jt_xml_close(out, "Error");
}
