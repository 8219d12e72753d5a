/* SPDX-License-Identifier: Apache-2.0 */
/* Who does a request say it comes from? Reads, believes nothing; clients.c judges. */
#include "base/base64url.h"
#include "jose/verify.h"
#include "server/clients/clients.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

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

/* What the assertion says of whom it is; empty when it cannot be read. Nothing is believed: its failures are counted
 * for that id, its keys are tried. */
static struct jeton_bytes peek_issuer(struct jeton_bytes assertion, struct jt_arena *arena)
{
    struct jt_payload payload = {.read = false};
    struct jt_token token;

    if (jt_token_split(assertion, &token, NULL) != JETON_OK ||
        !jt_base64url_decode_arena(token.payload_text, arena, &token.payload) ||
        jt_payload_read(&payload, token.payload, arena, NULL) != JETON_OK)
        return (struct jeton_bytes){NULL, 0};
    return jt_json_string(jt_json_get(payload.json, JT_TEXT("iss")));
}

static void read_assertion(const struct jt_form *form, struct jt_arena *arena, struct jt_claimant *out)
{
    struct jeton_bytes type = jt_form_get(form, "client_assertion_type", NULL);

    out->id = jt_form_get(form, "client_id", NULL);
    out->assertion = jt_form_get(form, "client_assertion", NULL);
    out->kind = JT_CLAIMANT_BAD;
    if (out->assertion.len == 0 || !jt_bytes_equal(type, JT_TEXT(ASSERTION_TYPE)))
        return;
    out->kind = JT_CLAIMANT_ASSERTED;
    if (out->id.len == 0)
        out->id = peek_issuer(out->assertion, arena);
}

static bool has_assertion(const struct jt_form *form)
{
    return jt_form_get(form, "client_assertion", NULL).len > 0 ||
           jt_form_get(form, "client_assertion_type", NULL).len > 0;
}

JT_CHECKED jt_claimant_read(struct jeton_bytes authorization, const struct jt_form *form, struct jt_arena *arena,
                            struct jt_claimant *out)
{
    struct jeton_bytes id = jt_form_get(form, "client_id", NULL);
    struct jeton_bytes secret = jt_form_get(form, "client_secret", NULL);

    *out = (struct jt_claimant){.kind = JT_CLAIMANT_NONE};
    if (has_assertion(form)) {
        if (authorization.len > 0 || secret.len > 0)
            out->kind = JT_CLAIMANT_TWO_WAYS;
        else
            read_assertion(form, arena, out);
        return JETON_OK;
    }
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
