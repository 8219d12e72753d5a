/* SPDX-License-Identifier: Apache-2.0 */
/* How is a Unix socket addressed whose path is longer than an address has room for? See unix_address.h. */
#include "base/unix_address.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PATH_ROOM = 4096 };

bool jt_unix_address(const char *path, int *directory, struct sockaddr_un *out)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_ROOM];
    int len;

    *directory = -1;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) < sizeof out->sun_path) {
        memcpy(out->sun_path, path, strlen(path) + 1);
        return true;
    }
    if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof folder)
        return false;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    *directory = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    len = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", *directory, slash + 1);
    return *directory >= 0 && len < (int)sizeof out->sun_path;
}
