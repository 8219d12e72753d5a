/* SPDX-License-Identifier: Apache-2.0 */
/* Whose directory is this? Stands before the database is opened. */
#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

/* What was made in it is there after a power cut too. One that cannot be synced is as it is. */
static void sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

void jt_directory_sync(const char *path)
{
    char above[PATH_ROOM + 4];

    sync_directory(path);
    if (snprintf(above, sizeof above, "%s/..", path) < (int)sizeof above)
        sync_directory(above);
}

/* Makes the last directory and those above it that are missing. */
static int make(const char *path)
{
    char part[PATH_ROOM];
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof part)
        return ENAMETOOLONG;
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return errno;
        part[i] = path[i];
    }
    return 0;
}

JT_CHECKED jt_directory_lock(const char *path, int *lock, bool *open_to_others, struct jeton_detail *detail)
{
    char file[PATH_ROOM];
    struct stat about;
    int error = make(path);
    int fd;

    if (error != 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state %.120s cannot be made: %s", path, strerror(error));
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state %.120s is no directory", path);
    if (snprintf(file, sizeof file, "%s/jetond.lock", path) >= (int)sizeof file)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state's path is too long");
    fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state %.120s cannot be written: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error = errno;
        close(fd);
        if (error == EWOULDBLOCK)
            return jt_fail(detail, JETON_CONFIG_INVALID, "the state %.120s is in use by another jetond", path);
        return jt_fail(detail, JETON_CONFIG_INVALID, "the state %.120s cannot be locked: %s", path, strerror(error));
    }
    *open_to_others = (about.st_mode & 077) != 0;
    *lock = fd;
    return JETON_OK;
}
