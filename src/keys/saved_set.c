/* SPDX-License-Identifier: Apache-2.0 */
/* What did the issuer say last, before we were restarted? See saved_set.h. */
#include "keys/saved_set.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/file.h"
#include "base/json.h"
#include "base/time.h"
#include "crypto/crypto.h"

#define FILE_MAX ((size_t)4 << 20) /* a body of 512 KiB, each byte escaped */
#define DIGEST_TEXT 43

static enum jeton_status digest_of(struct jeton_bytes body, char text[DIGEST_TEXT])
{
    unsigned char digest[32];
    JT_TRY(jt_digest(JT_HASH_SHA256, body, digest));
    jt_base64url_encode(jeton_bytes(digest, sizeof digest), text);
    return JETON_OK;
}

static enum jeton_status take_body(struct jt_json saved, struct jeton_bytes address, int64_t now_wall,
                                   struct jt_buffer *body, int64_t *age, struct jeton_detail *detail)
{
    char digest[DIGEST_TEXT];
    struct jt_numeric_date saved_at;
    struct jeton_bytes text = jt_json_string(jt_json_get(saved, JT_TEXT("body")));
    if (!jt_bytes_equal(jt_json_string(jt_json_get(saved, JT_TEXT("address"))), address))
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the saved key set is for another address");
    JT_TRY(digest_of(text, digest));
    if (!jt_bytes_equal(jt_json_string(jt_json_get(saved, JT_TEXT("sha256"))), jeton_bytes(digest, DIGEST_TEXT)))
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the saved key set is damaged");
    if (!jt_numeric_date_read(jt_json_number(jt_json_get(saved, JT_TEXT("saved_at"))), &saved_at) ||
        saved_at.seconds > now_wall)
        return jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the saved key set is from the future");
    jt_buffer_add(body, text);
    *age = now_wall - saved_at.seconds;
    return body->status;
}

enum jeton_status jt_saved_set_read(const char *path, struct jeton_bytes address, int64_t now_wall,
                                    struct jt_buffer *body, int64_t *age, struct jeton_detail *detail)
{
    struct jt_buffer file;
    struct jt_arena arena;
    struct jt_json saved;
    enum jeton_status status;
    jt_buffer_init(body, FILE_MAX);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return JETON_KEYS_UNAVAILABLE;
    jt_buffer_init(&file, FILE_MAX);
    status = jt_file_read(path, &file, detail);
    size_t room = jt_json_arena_size(file.len);
    void *memory = status == JETON_OK ? malloc(room) : NULL;
    if (status == JETON_OK && memory == NULL)
        status = jt_fail(detail, JETON_OUT_OF_MEMORY, "out of memory");
    if (status == JETON_OK) {
        jt_arena_init(&arena, memory, room);
        status = jt_json_read(jt_buffer_bytes(&file), JT_JSON_HEADER, &arena, &saved, detail);
        if (status == JETON_OK)
            status = take_body(saved, address, now_wall, body, age, detail);
        else
            status = jt_fail(detail, JETON_KEYS_UNAVAILABLE, "the saved key set is damaged");
    }
    free(memory);
    jt_buffer_done(&file);
    return status == JETON_OK ? JETON_OK : JETON_KEYS_UNAVAILABLE;
}

enum jeton_status jt_saved_set_write(const char *path, struct jeton_bytes address, struct jeton_bytes body,
                                     int64_t now_wall, struct jeton_detail *detail)
{
    char digest[DIGEST_TEXT];
    struct jt_buffer file;
    struct jt_json_writer object;
    JT_TRY(digest_of(body, digest));
    jt_buffer_init(&file, FILE_MAX);
    jt_json_open(&object, &file);
    jt_json_add_string(&object, "address", address);
    jt_json_add_number(&object, "saved_at", now_wall);
    jt_json_add_string(&object, "sha256", jeton_bytes(digest, DIGEST_TEXT));
    jt_json_add_string(&object, "body", body);
    jt_json_close(&object);
    enum jeton_status status = file.status;
    if (status == JETON_OK)
        status = jt_file_write(path, jt_buffer_bytes(&file), 0600, detail);
    jt_buffer_done(&file);
    return status;
}
