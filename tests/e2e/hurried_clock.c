/* SPDX-License-Identifier: Apache-2.0 */
/* How do a hundred rotations fit into seconds? The clocks by which jetond rotates run faster, the linker's doing
 * (--wrap): time() and clock_gettime() of the wall and of the time since boot, and waiting in poll(). The clock of
 * connections and deadlines is left alone. In the environment:
 *   JT_HURRY  how many times as fast; 1 unless given
 *   JT_EPOCH  seconds since 1970 at which the fast clock and the true one agree; so it goes on over a restart
 *   JT_JUMP   a file: seconds by which the wall's clock is off, read at every look */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
time_t __wrap_time(time_t *out);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

static int64_t number_of(const char *name, int64_t otherwise)
{
    const char *value = getenv(name);

    return value != NULL ? strtoll(value, NULL, 10) : otherwise;
}

static int64_t hurry(void)
{
    return number_of("JT_HURRY", 1);
}

static int64_t jump_ns(void)
{
    const char *path = getenv("JT_JUMP");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char text[32] = "";

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(fd);
    return strtoll(text, NULL, 10) * INT64_C(1000000000);
}

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    int result = __real_clock_gettime(id, out);
    int64_t ns, epoch = 0;

    if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_BOOTTIME))
        return result;
    if (id == CLOCK_REALTIME)
        epoch = number_of("JT_EPOCH", out->tv_sec);
    ns = ((int64_t)out->tv_sec - epoch) * INT64_C(1000000000) + out->tv_nsec;
    ns = ns * hurry() + epoch * INT64_C(1000000000) + (id == CLOCK_REALTIME ? jump_ns() : 0);
    out->tv_sec = ns / INT64_C(1000000000);
    out->tv_nsec = ns % INT64_C(1000000000);
    return 0;
}

time_t __wrap_time(time_t *out)
{
    struct timespec now;

    __wrap_clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    int fast = timeout > 0 ? (int)(timeout / hurry()) : timeout;

    return __real_poll(fds, count, timeout > 0 && fast == 0 ? 1 : fast);
}
