/* SPDX-License-Identifier: Apache-2.0 */
/* Who does a request say it comes from? Reads, believes nothing; clients.c judges. */
#include "base/base64url.h"
#include "server/clients.h"

/* RFC 4648 §4, with its padding and nothing else: turned into base64url, whose reader is strict. */
static JT_CHECKED decode_base64(struct jeton_bytes text, struct jt_arena *arena, struct jeton_bytes *out, bool *good)
{
    char *plain = jt_arena_take(arena, text.len + 1);
    unsigned char *bytes = NULL;
    size_t len = text.len;

    *good = false;
    if (plain == NULL)
        return JETON_OUT_OF_MEMORY;
    if (len == 0 || len % 4 != 0)
        return JETON_OK;
    memcpy(plain, text.at, len);
    for (int pads = 0; pads < 2 && plain[len - 1] == '='; pads++)
        len--;
    for (size_t i = 0; i < len; i++) {
        if (plain[i] == '-' || plain[i] == '_')
            return JETON_OK;
        plain[i] = (char)(plain[i] == '+' ? '-' : plain[i] == '/' ? '_' : plain[i]);
    }
    bytes = jt_arena_take(arena, jt_base64url_decoded(len) + 1);
    if (bytes == NULL)
        return JETON_OUT_OF_MEMORY;
    *good = jt_base64url_decode(jeton_bytes(plain, len), bytes);
    *out = jeton_bytes(bytes, jt_base64url_decoded(len));
    return JETON_OK;
}

static JT_CHECKED read_basic(struct jeton_bytes credentials, struct jt_arena *arena, struct jt_claimant *out)
{
    struct jeton_bytes pair = {NULL, 0};
    size_t colon, id_len = 0, secret_len = 0;
    char *memory = NULL;
    bool good = false;

    out->basic = true;
    out->kind = JT_CLAIMANT_BAD;
    while (credentials.len > 0 && *(const char *)credentials.at == ' ')
        credentials = jt_bytes_cut(credentials, 1, credentials.len);
    JT_TRY(decode_base64(credentials, arena, &pair, &good));
    if (!good)
        return JETON_OK;
    colon = jt_bytes_find(pair, ':', 0);
    memory = jt_arena_take(arena, pair.len + 1);
    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    if (colon == pair.len || colon == 0 || !jt_form_decode(jt_bytes_cut(pair, 0, colon), memory, &id_len) ||
        !jt_form_decode(jt_bytes_cut(pair, colon + 1, pair.len), memory + colon, &secret_len))
        return JETON_OK;
    out->kind = JT_CLAIMANT_NAMED;
    out->id = jeton_bytes(memory, id_len);
    out->secret = jeton_bytes(memory + colon, secret_len);
    return JETON_OK;
}

JT_CHECKED jt_claimant_read(struct jeton_bytes authorization, const struct jt_form *form, struct jt_arena *arena,
                            struct jt_claimant *out)
{
    struct jeton_bytes id = jt_form_get(form, "client_id", NULL);
    struct jeton_bytes secret = jt_form_get(form, "client_secret", NULL);

    *out = (struct jt_claimant){.kind = JT_CLAIMANT_NONE};
    if (authorization.len > 0) {
        if (!jt_bytes_equal_nocase(jt_bytes_cut(authorization, 0, 6), JT_TEXT("Basic "))) {
            out->kind = JT_CLAIMANT_BAD;
            out->basic = true;
            return JETON_OK;
        }
        JT_TRY(read_basic(jt_bytes_cut(authorization, 6, authorization.len), arena, out));
        /* The id alone may stand in the form too, when it is the same. */
        if (secret.len > 0 || (id.len > 0 && out->kind == JT_CLAIMANT_NAMED && !jt_bytes_equal(id, out->id)))
            out->kind = JT_CLAIMANT_TWO_WAYS;
        return JETON_OK;
    }
    if (id.len == 0)
        return JETON_OK;
    out->kind = JT_CLAIMANT_NAMED;
    out->id = id;
    out->secret = secret;
    return JETON_OK;
}
