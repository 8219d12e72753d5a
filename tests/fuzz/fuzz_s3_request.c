/* SPDX-License-Identifier: Apache-2.0 */
/* Method, target and Host of a client, apart by line feeds: nothing that comes out may be what the header forbids. */
#include <stdlib.h>

#include "fuzz.h"
#include "server/gateway/s3_request.h"

static struct jeton_bytes line_of(struct jeton_bytes *rest)
{
    size_t end = jt_bytes_find(*rest, '\n', 0);
    struct jeton_bytes line = jt_bytes_cut(*rest, 0, end);

    *rest = jt_bytes_cut(*rest, end + 1, rest->len);
    return line;
}

static void must_be_clean(struct jeton_bytes text)
{
    const unsigned char *at = text.at;

    if (!jt_bytes_utf8(text))
        abort();
    for (size_t i = 0; i < text.len; i++) {
        if (at[i] < 0x20 || at[i] == 0x7f)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char memory[1 << 18];
    static struct jt_s3_request request;
    struct jeton_bytes rest = jeton_bytes(data, size > 20000 ? 20000 : size);
    struct jt_s3_wire wire = {.method = line_of(&rest), .domain = JT_TEXT("s3.example")};
    struct jeton_bytes target = line_of(&rest);
    size_t mark = jt_bytes_find(target, '?', 0);
    struct jt_arena arena;

    wire.path = jt_bytes_cut(target, 0, mark);
    wire.query = jt_bytes_cut(target, mark + 1, target.len);
    wire.host = rest;
    jt_arena_init(&arena, memory, sizeof memory);
    if (jt_s3_request_read(&wire, &arena, &request) != JT_S3_NONE)
        return 0;
    must_be_clean(request.bucket);
    must_be_clean(request.key);
    if (jt_bytes_find(request.bucket, '/', 0) < request.bucket.len || request.key.len > JT_S3_KEY_MAX ||
        request.product.len + request.rest.len > request.key.len)
        abort();
    return 0;
}
