/* SPDX-License-Identifier: Apache-2.0 */
/* Do the readers of what clients send stand any bytes? The first line goes in as an Authorization header, the rest as a
 * form. */
#include "fuzz.h"

#include "server/clients/clients.h"
#include "server/config/judge.h"
#include "server/http/form.h"

static void form_holds(const struct jt_form *form, size_t body_len)
{
    size_t bytes = 0;

    FUZZ_HOLDS(form->count <= JT_FORM_FIELDS);
    for (size_t i = 0; i < form->count; i++) {
        bytes += form->at[i].name.len + form->at[i].value.len;
        FUZZ_HOLDS(jt_bytes_utf8(form->at[i].name) && jt_bytes_utf8(form->at[i].value));
        for (size_t j = 0; j < form->at[i].value.len; j++)
            FUZZ_HOLDS(((const unsigned char *)form->at[i].value.at)[j] >= 0x20);
    }
    FUZZ_HOLDS(bytes <= body_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char memory[1 << 18];
    struct jeton_bytes all = {data, size};
    struct jeton_bytes header = jt_bytes_cut(all, 0, jt_bytes_find(all, '\n', 0));
    struct jeton_bytes body = jt_bytes_cut(all, header.len + 1, size);
    struct jt_form form = {.count = 0};
    struct jt_claimant claimant;
    struct jt_arena arena;
    struct jt_listen_at at;

    jt_arena_init(&arena, memory, sizeof memory);
    if (jt_form_read(body, &arena, &form, NULL) == JETON_OK)
        form_holds(&form, body.len);
    else
        form.count = 0;
    if (jt_claimant_read(header, &form, &arena, &claimant) == JETON_OK && claimant.kind == JT_CLAIMANT_NAMED)
        FUZZ_HOLDS(claimant.id.len > 0 && claimant.id.len + claimant.secret.len <= size);
    (void)jt_form_is_type(header);
    (void)jt_listen_read(header, &at);
    (void)jt_judge_issuer(header);
    (void)jt_judge_header(header);
    return 0;
}
