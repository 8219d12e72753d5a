/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte says what the rest is: a document of the upstream API, or the answer of an STS. */
#include "fuzz.h"
#include "server/gateway/assume_role.h"
#include "server/gateway/upstream_documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_document_content content;
    struct jt_assumed assumed;
    struct jeton_bytes text;

    if (size == 0)
        return 0;
    text = jeton_bytes(data + 1, size - 1);
    if (data[0] % 5 == 4) {
        if (jt_assume_read(text, &assumed))
            FUZZ_HOLDS(assumed.code.len > 0 || (assumed.secret.len > 0 && assumed.expires_at >= 0));
        return 0;
    }
    if (jt_document_read((enum jt_document_kind)(data[0] % 5), text, &content, NULL) != JETON_OK)
        return 0;
    FUZZ_HOLDS(data[0] % 5 != JT_DOCUMENT_PRODUCT || content.product.connection.len > 0);
    for (size_t i = 0; i < content.list.count; i++)
        FUZZ_HOLDS(content.list.at[i].len > 0);
    jt_document_done(&content);
    return 0;
}
