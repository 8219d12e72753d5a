/* SPDX-License-Identifier: Apache-2.0 */
/* How is a file read whole and replaced whole? Reading is bounded and never waits for a device; writing is seen by
 * others all at once or not at all. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 16384 };

static enum jeton_status fail(struct jeton_detail *detail, const char *path, const char *what)
{
    return jt_fail(detail, JETON_CONFIG_INVALID, "%s: %s", jt_escape(jeton_text(path)).text, what);
}

static enum jeton_status fail_errno(struct jeton_detail *detail, const char *path, int number)
{
    char text[128];
    return fail(detail, path, strerror_r(number, text, sizeof text));
}

static enum jeton_status too_large(struct jeton_detail *detail, const char *path, size_t max)
{
    char text[64];
    snprintf(text, sizeof text, "larger than %zu bytes", max);
    return fail(detail, path, text);
}

/* The descriptor is the caller's to close, by close_read(). */
static enum jeton_status open_read(const char *path, int *out, struct stat *about, struct jeton_detail *detail)
{
    bool standard = strcmp(path, "-") == 0;
    /* O_NONBLOCK: opening a pipe or a device must not wait. */
    int file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return fail_errno(detail, path, errno);
    enum jeton_status status = JETON_OK;
    if (fstat(file, about) != 0)
        status = fail_errno(detail, path, errno);
    else if (S_ISDIR(about->st_mode))
        status = fail(detail, path, "is a directory");
    else if (!standard && !S_ISREG(about->st_mode) && !S_ISFIFO(about->st_mode))
        status = fail(detail, path, "is not a file");
    else if (!standard && fcntl(file, F_SETFL, O_RDONLY) != 0)
        status = fail_errno(detail, path, errno);
    if (status != JETON_OK && !standard)
        close(file);
    if (status == JETON_OK)
        *out = file;
    return status;
}

static void close_read(int file)
{
    if (file != STDIN_FILENO)
        close(file);
}

/* read(), again when a signal came between. */
static ssize_t read_some(int file, void *at, size_t len)
{
    ssize_t got;
    do
        got = read(file, at, len);
    while (got < 0 && errno == EINTR);
    return got;
}

/* At the maximum: is there one byte more? */
static enum jeton_status must_end(int file, const char *path, size_t max, struct jeton_detail *detail)
{
    unsigned char more;
    ssize_t got = read_some(file, &more, 1);
    jt_wipe(&more, 1);
    if (got < 0)
        return fail_errno(detail, path, errno);
    return got == 0 ? JETON_OK : too_large(detail, path, max);
}

static enum jeton_status read_buffer(int file, const char *path, struct jt_buffer *out, struct jeton_detail *detail)
{
    for (;;) {
        size_t left = out->max - out->len;
        if (left == 0)
            return must_end(file, path, out->max, detail);
        size_t len = left < CHUNK ? left : CHUNK;
        unsigned char *at = jt_buffer_grow(out, len);
        if (at == NULL)
            return out->status;
        ssize_t got = read_some(file, at, len);
        out->len -= len - (got > 0 ? (size_t)got : 0);
        if (got < 0)
            return fail_errno(detail, path, errno);
        if (got == 0)
            return JETON_OK;
    }
}

/* A pipe that nobody writes into yet ends at once: what was meant to come is not there. */
static enum jeton_status must_bring(const struct stat *about, const char *path, size_t len, struct jeton_detail *detail)
{
    if (len == 0 && S_ISFIFO(about->st_mode) && strcmp(path, "-") != 0)
        return fail(detail, path, "is a pipe, and nothing came through it");
    return JETON_OK;
}

enum jeton_status jt_file_read(const char *path, struct jt_buffer *out, struct jeton_detail *detail)
{
    int file;
    struct stat about;
    JT_TRY(out->status);
    size_t before = out->len;
    JT_TRY(open_read(path, &file, &about, detail));
    enum jeton_status status;
    if (S_ISREG(about.st_mode) && (uintmax_t)about.st_size > out->max - out->len)
        status = too_large(detail, path, out->max);
    else
        status = read_buffer(file, path, out, detail);
    close_read(file);
    if (status == JETON_OK)
        status = must_bring(&about, path, out->len - before, detail);
    return status;
}

/* Twice the room, at most `max`; the old pages are wiped. */
static enum jeton_status secret_widen(struct jt_secret *room, size_t used, size_t max)
{
    struct jt_secret wider = {NULL, 0};
    size_t len = room->len == 0 ? 4096 : room->len > max / 2 ? max : room->len * 2;
    JT_TRY(jt_secret_new(len < max ? len : max, &wider));
    if (used > 0)
        memcpy(wider.at, room->at, used);
    jt_secret_done(room);
    *room = wider;
    return JETON_OK;
}

static enum jeton_status read_secret(int file, const char *path, size_t max, struct jt_secret *room, size_t *used,
                                     struct jeton_detail *detail)
{
    for (;;) {
        if (*used == max)
            return must_end(file, path, max, detail);
        if (*used == room->len)
            JT_TRY(secret_widen(room, *used, max));
        ssize_t got = read_some(file, room->at + *used, room->len - *used);
        if (got < 0)
            return fail_errno(detail, path, errno);
        if (got == 0)
            return JETON_OK;
        *used += (size_t)got;
    }
}

enum jeton_status jt_file_read_secret(const char *path, size_t max, struct jt_secret *out, bool *warn_mode,
                                      struct jeton_detail *detail)
{
    JT_AUTO(jt_secret_done) struct jt_secret room = {NULL, 0};
    size_t used = 0;
    int file;
    struct stat about;
    JT_TRY(open_read(path, &file, &about, detail));
    enum jeton_status status = read_secret(file, path, max, &room, &used, detail);
    close_read(file);
    if (status == JETON_OK)
        status = must_bring(&about, path, used, detail);
    if (status == JETON_OK)
        status = jt_secret_copy(jeton_bytes(room.at, used), out);
    if (status == JETON_OK && warn_mode != NULL)
        *warn_mode = S_ISREG(about.st_mode) && (about.st_mode & (S_IRGRP | S_IROTH)) != 0;
    return status;
}

bool jt_file_write_all(int file, struct jeton_bytes content)
{
    const unsigned char *at = content.at;
    for (size_t left = content.len; left > 0;) {
        ssize_t put = write(file, at, left);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        left -= (size_t)put;
    }
    return true;
}

/* So that the new name outlasts a power cut; the content is safe already, so a file system that cannot is no failure.
 */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? strdup(".")
                   : slash == path ? strdup("/")
                                   : jt_bytes_copy(jeton_bytes(path, (size_t)(slash - path)));
    int file = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    if (file >= 0) {
        (void)fsync(file);
        close(file);
    }
}

/* mkostemp() makes it 0600; the mode asked for is set while it is still empty. */
static bool write_new(char *name, struct jeton_bytes content, unsigned mode)
{
    int file = mkostemp(name, O_CLOEXEC);
    if (file < 0)
        return false;
    bool good = fchmod(file, (mode_t)mode) == 0 && jt_file_write_all(file, content) && fsync(file) == 0;
    int number = errno;
    if (close(file) != 0 && good) {
        good = false;
        number = errno;
    }
    if (!good)
        unlink(name);
    errno = number;
    return good;
}

enum jeton_status jt_file_write(const char *path, struct jeton_bytes content, unsigned mode,
                                struct jeton_detail *detail)
{
    char *name = NULL;
    if (asprintf(&name, "%s.XXXXXX", path) < 0)
        return JETON_OUT_OF_MEMORY;
    enum jeton_status status = JETON_OK;
    if (!write_new(name, content, mode)) {
        status = fail_errno(detail, path, errno);
    } else if (rename(name, path) != 0) {
        status = fail_errno(detail, path, errno);
        unlink(name);
    } else {
        sync_folder(path);
    }
    free(name);
    return status;
}
