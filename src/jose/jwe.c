/* SPDX-License-Identifier: Apache-2.0 */
/* How is an encrypted token taken apart, opened and made? RFC 7516 §5.1, §5.2, §7.1; its header is jwe_header.c's. */
#include "jose/jwe.h"

#include "base/base64url.h"
#include "base/json.h"
#include "crypto/crypto.h"

enum { PARTS = 5, HEADER_MAX = 1024, IV = 12, TAG = 16 };

static enum jeton_status cut(struct jeton_bytes text, struct jeton_bytes parts[PARTS], struct jeton_detail *detail)
{
    size_t from = 0;
    for (size_t i = 0; i < PARTS; i++) {
        size_t end = jt_bytes_find(text, '.', from);
        if ((end == text.len) != (i == PARTS - 1))
            return jt_fail(detail, JETON_TOKEN_MALFORMED, "not five parts between dots");
        parts[i] = jt_bytes_cut(text, from, end);
        from = end + 1;
    }
    return JETON_OK;
}

enum jeton_status jt_jwe_read(struct jeton_bytes text, struct jt_arena *arena, struct jt_jwe *out,
                              struct jeton_detail *detail)
{
    static const char *const names[PARTS] = {"header", "encrypted key", "initialisation vector", "content", "tag"};
    struct jeton_bytes parts[PARTS], decoded[PARTS];
    if (text.len == 0)
        return jt_fail(detail, JETON_TOKEN_MISSING, "the token is empty");
    JT_TRY(cut(text, parts, detail));
    if (parts[0].len == 0)
        return jt_fail(detail, JETON_TOKEN_MALFORMED, "the header is empty");
    for (size_t i = 0; i < PARTS; i++) {
        size_t len = jt_base64url_decoded(parts[i].len);
        unsigned char *at = jt_arena_take(arena, len + 1);
        if (at == NULL)
            return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
        if (!jt_base64url_decode(parts[i], at))
            return jt_fail(detail, JETON_TOKEN_MALFORMED, "the %s is not canonical base64url", names[i]);
        decoded[i] = jeton_bytes(at, len);
    }
    *out = (struct jt_jwe){parts[0], decoded[0], decoded[1], decoded[2], decoded[3], decoded[4]};
    return JETON_OK;
}

enum jeton_status jt_jwe_open(const struct jt_jwe *jwe, const struct jt_jwe_encryption *encryption,
                              struct jeton_bytes key, struct jt_arena *arena, struct jeton_bytes *out,
                              struct jeton_detail *detail)
{
    if (key.len != encryption->key || jwe->iv.len != encryption->iv || jwe->tag.len != encryption->tag)
        return jt_fail(detail, JETON_KEY_UNSUITABLE, "%s takes a key of %zu bytes", encryption->name, encryption->key);
    unsigned char *at = jt_arena_take(arena, jwe->sealed.len + 1);
    if (at == NULL)
        return jt_fail(detail, JETON_OUT_OF_MEMORY, "the arena is too small");
    enum jeton_status status = jt_open(key, jwe->iv.at, jwe->header_text, jwe->sealed, jwe->tag.at, at);
    if (status == JETON_SIGNATURE_INVALID)
        return jt_fail(detail, status, "the token was changed, or sealed with another key");
    JT_TRY(status);
    *out = jeton_bytes(at, jwe->sealed.len);
    return JETON_OK;
}

size_t jt_jwe_arena_size(size_t len)
{
    /* Five parts and the content, each at a multiple of sixteen; the parse tree of the header. */
    return 2 * jt_base64url_decoded(len) + 6 * 32 + jt_json_arena_size(jt_base64url_decoded(len));
}

/* --- Making --- */

static void write_header(struct jeton_bytes kid, struct jeton_bytes typ, struct jt_buffer *out)
{
    struct jt_json_writer writer;
    jt_json_open(&writer, out);
    jt_json_add_text(&writer, "alg", "dir");
    jt_json_add_text(&writer, "enc", "A256GCM");
    jt_json_add_string(&writer, "kid", kid);
    if (typ.len > 0)
        jt_json_add_string(&writer, "typ", typ);
    jt_json_close(&writer);
}

static void add_encoded(struct jeton_bytes bytes, struct jt_buffer *out)
{
    char *at = (char *)jt_buffer_grow(out, jt_base64url_encoded(bytes.len));
    if (at != NULL)
        jt_base64url_encode(bytes, at);
}

static enum jeton_status seal_into(struct jeton_bytes key, struct jeton_bytes header, struct jeton_bytes content,
                                   struct jt_buffer *sealed, struct jt_buffer *out)
{
    unsigned char iv[IV], tag[TAG];
    unsigned char *at = jt_buffer_grow(sealed, content.len);
    if (at == NULL)
        return sealed->status;
    JT_TRY(jt_random(iv, sizeof iv));
    JT_TRY(jt_seal(key, iv, header, content, at, tag));
    jt_buffer_add(out, header);
    jt_buffer_add_text(out, "..");
    add_encoded(jeton_bytes(iv, sizeof iv), out);
    jt_buffer_add_byte(out, '.');
    add_encoded(jt_buffer_bytes(sealed), out);
    jt_buffer_add_byte(out, '.');
    add_encoded(jeton_bytes(tag, sizeof tag), out);
    return out->status;
}

enum jeton_status jt_jwe_seal_direct(struct jeton_bytes key, struct jeton_bytes kid, struct jeton_bytes typ,
                                     struct jeton_bytes content, struct jt_buffer *out)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer json;
    JT_AUTO(jt_buffer_done) struct jt_buffer header;
    JT_AUTO(jt_buffer_done) struct jt_buffer sealed;
    jt_buffer_init(&json, HEADER_MAX);
    jt_buffer_init(&header, 2 * HEADER_MAX);
    jt_buffer_init(&sealed, out->max);
    if (key.len != 32)
        return JETON_KEY_UNSUITABLE;
    write_header(kid, typ, &json);
    JT_TRY(json.status);
    add_encoded(jt_buffer_bytes(&json), &header);
    JT_TRY(header.status);
    return seal_into(key, jt_buffer_bytes(&header), content, &sealed, out);
}
