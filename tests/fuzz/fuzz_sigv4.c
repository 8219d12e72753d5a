/* SPDX-License-Identifier: Apache-2.0 */
/* Does the judge of signed requests stand any request, in the memory it promises? The first line is METHOD PATH?QUERY,
 * the others NAME:VALUE. */
#include "fuzz.h"

#include "auth/sigv4.h"

#define FIELDS 100

static void judge(const struct jt_sigv4_request *request, enum jt_sigv4_path path, const char *service, size_t size)
{
    const struct jt_sigv4_rules rules = {jeton_text(service), path, path != JT_SIGV4_PATH_S3, jeton_bytes("", 0)};
    struct jt_sigv4_claim claim;
    struct jeton_detail detail = {""};
    struct jt_arena arena;
    void *memory = malloc(jt_sigv4_arena_size(size));
    enum jt_signed outcome;

    if (memory == NULL)
        return;
    jt_arena_init(&arena, memory, jt_sigv4_arena_size(size));
    outcome = jt_sigv4_read(request, &arena, &claim, &detail);
    if (outcome == JT_SIGNED_OK) {
        FUZZ_HOLDS(claim.signature.len == 64 && claim.access_key_id.len > 0 && claim.time.len == 16);
        FUZZ_HOLDS(!claim.presigned || (claim.expires > 0 && claim.expires <= JT_SIGV4_EXPIRES_MAX));
        outcome = jt_sigv4_verify(request, &claim, &rules, JT_TEXT("secret"), claim.at, &arena, &detail);
        FUZZ_HOLDS(outcome != JT_SIGNED_NOT && outcome != JT_SIGNED_SKEWED);
    }
    FUZZ_HOLDS(outcome != JT_SIGNED_BROKEN);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_header_field fields[FIELDS];
    struct jeton_bytes all = {data, size};
    size_t end = jt_bytes_find(all, '\n', 0);
    struct jeton_bytes line = jt_bytes_cut(all, 0, end);
    size_t space = jt_bytes_find(line, ' ', 0);
    size_t mark = jt_bytes_find(line, '?', space);
    struct jt_sigv4_request request = {jt_bytes_cut(line, 0, space), jt_bytes_cut(line, space + 1, mark),
                                       jt_bytes_cut(line, mark + 1, end), fields, 0};

    for (size_t from = end + 1; from < size && request.header_count < FIELDS; from = end + 1) {
        size_t colon = jt_bytes_find(all, ':', from);

        end = jt_bytes_find(all, '\n', from);
        if (colon < end)
            fields[request.header_count++] = (struct jt_header_field){jt_bytes_cut(all, from, colon),
                                                                      jt_bytes_cut(all, colon + 1, end)};
    }
    judge(&request, JT_SIGV4_PATH_S3, "s3", size);
    judge(&request, JT_SIGV4_PATH_NORMAL, "sts", size);
    judge(&request, JT_SIGV4_PATH_KEPT, "service", size);
    return 0;
}
