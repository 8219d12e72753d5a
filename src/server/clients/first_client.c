/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask for tokens when nobody is configured? A client made at the very first start. */
#include "server/clients/first_client.h"

#include <stdio.h>

#include "base/base64url.h"
#include "base/file.h"
#include "base/json.h"
#include "crypto/crypto.h"

enum { FILE_MAX = 1024, SECRET_BYTES = 32, PATH_ROOM = 4096 };

#define FIRST_CLIENT "first"
#define FIRST_AUDIENCE "api"
#define FIRST_SCOPES "read write"

static JT_CHECKED write_file(const char *path, struct jeton_bytes secret, struct jeton_detail *detail)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer file;
    struct jt_json_writer writer;

    jt_buffer_init_secret(&file, FILE_MAX);
    jt_json_open(&writer, &file);
    jt_json_add_text(&writer, "client_id", FIRST_CLIENT);
    jt_json_add_string(&writer, "client_secret", secret);
    jt_json_add_text(&writer, "audience", FIRST_AUDIENCE);
    jt_json_add_text(&writer, "scope", FIRST_SCOPES);
    jt_json_close(&writer);
    jt_buffer_add_byte(&file, '\n');
    JT_TRY(file.status);
    return jt_file_write(path, jt_buffer_bytes(&file), 0600, detail);
}

JT_CHECKED jt_first_client_make(const char *state, int64_t now, const struct jt_log *log,
                                unsigned char hash[JT_FIRST_CLIENT_HASH], struct jt_stored_client *client,
                                struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret random = {NULL, 0}, text = {NULL, 0};
    char path[PATH_ROOM];

    if (snprintf(path, sizeof path, "%s/first-client.json", state) >= (int)sizeof path)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state's path is too long");
    JT_TRY(jt_secret_new(SECRET_BYTES, &random));
    JT_TRY(jt_secret_new(jt_base64url_encoded(SECRET_BYTES), &text));
    JT_TRY(jt_random(random.at, random.len));
    jt_base64url_encode(jt_secret_bytes(&random), (char *)text.at);
    JT_TRY(jt_digest(JT_HASH_SHA256, jt_secret_bytes(&text), hash));
    JT_TRY(write_file(path, jt_secret_bytes(&text), detail));
    jt_log(log, JT_LOG_INFO, "made a first client; its id and secret are in the file", "file", path, NULL);
    *client = (struct jt_stored_client){JT_TEXT(FIRST_CLIENT),         {hash, JT_FIRST_CLIENT_HASH},
                                        JT_TEXT("client_credentials"), JT_TEXT(FIRST_AUDIENCE),
                                        JT_TEXT(FIRST_SCOPES),         now};
    return JETON_OK;
}
