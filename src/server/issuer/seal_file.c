/* SPDX-License-Identifier: Apache-2.0 */
/* Where does the key lie that seals all others, and is that a good place? Asked at the start, by `--check` and when
 * keys are sealed anew. */
#include "server/issuer/seal_file.h"

#include <limits.h>
#include <stdlib.h>

#include "base/file.h"
#include "keys/sealed_key.h"

enum { FILE_MAX = 4096 };

/* Is `path` below `directory`, whatever links and dots they are written with? */
static bool lies_below(const char *path, const char *directory)
{
    char *whole = realpath(path, NULL), *top = realpath(directory, NULL);
    size_t len = top != NULL ? strlen(top) : 0;
    bool below = whole != NULL && top != NULL && strncmp(whole, top, len) == 0 &&
                 (whole[len] == '/' || (len > 0 && top[len - 1] == '/'));

    free(whole);
    free(top);
    return below;
}

/* systemd hands credentials to the service alone, by means that a mode does not show. */
static bool is_credential(const char *path)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");

    return directory != NULL && directory[0] != '\0' && lies_below(path, directory);
}

JT_CHECKED jt_seal_file_read(const struct jt_seal_file *file, const char *state, struct jt_secret *out,
                             struct jeton_detail *detail)
{
    struct jt_secret secret = {NULL, 0};
    bool open_to_others = false;
    const char *path = file->path;

    JT_TRY(jt_file_read_secret(path, FILE_MAX, &secret, &open_to_others, detail));
    if (secret.len != JT_SEAL_KEY_LENGTH) {
        size_t len = secret.len;

        jt_secret_done(&secret);
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.150s must hold exactly 32 bytes, not %zu", path, len);
    }
    if (open_to_others && !is_credential(path)) {
        jt_secret_done(&secret);
        return jt_fail(detail, JETON_CONFIG_INVALID, "%.150s can be read by others; make its mode 0600", path);
    }
    if (!file->beside && lies_below(path, state)) {
        jt_secret_done(&secret);
        return jt_fail(detail, JETON_CONFIG_INVALID,
                       "%.120s lies in the state it seals: who reads the state has the keys; move it elsewhere", path);
    }
    *out = secret;
    return JETON_OK;
}

JT_CHECKED jt_seal_file_make(const struct jt_seal_file *file, struct jt_secret *out, struct jeton_detail *detail)
{
    struct jt_secret secret = {NULL, 0};
    enum jeton_status status;

    JT_TRY(jt_secret_new(JT_SEAL_KEY_LENGTH, &secret));
    status = jt_random(secret.at, secret.len);
    if (status == JETON_OK)
        status = jt_file_write(file->path, jt_secret_bytes(&secret), 0600, detail);
    if (status == JETON_OK)
        *out = secret;
    else
        jt_secret_done(&secret);
    return status;
}
