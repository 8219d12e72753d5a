/* SPDX-License-Identifier: Apache-2.0 */
/* Does the reader of encrypted tokens stand any bytes, in the memory it promises? */
#include "fuzz.h"

#include "jose/jwe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char key[32] = "0123456789abcdef0123456789abcde";
    struct jt_arena arena;
    struct jt_jwe jwe;
    struct jt_jwe_header header;
    struct jeton_bytes content = {NULL, 0};
    struct jeton_detail detail = {""};
    void *memory = malloc(jt_jwe_arena_size(size));
    enum jeton_status status;

    if (memory == NULL)
        return 0;
    jt_arena_init(&arena, memory, jt_jwe_arena_size(size));
    status = jt_jwe_read(jeton_bytes(data, size), &arena, &jwe, &detail);
    if (status == JETON_OK)
        status = jt_jwe_header_read(&jwe, &arena, &header, &detail);
    if (status == JETON_OK)
        status = jt_jwe_open(&jwe, header.encryption, jeton_bytes(key, sizeof key), &arena, &content, &detail);
    if (status == JETON_OK)
        FUZZ_HOLDS(content.len < size && jwe.tag.len == 16 && jwe.iv.len == 12 && jwe.encrypted_key.len == 0);
    FUZZ_HOLDS(status != JETON_OUT_OF_MEMORY && status != JETON_INTERNAL_ERROR && status != JETON_KEY_UNSUITABLE);
    free(memory);
    return 0;
}
