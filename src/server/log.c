/* SPDX-License-Identifier: Apache-2.0 */
/* What does the server tell its operator? The one writer of log lines. */
#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"

enum { LINE_MAX_BYTES = 8192 };

static const char *const levels[] = {"error", "warn", "info", "debug"};

enum jt_log_level jt_log_level_find(const char *name)
{
    for (size_t i = 0; i < JT_COUNT(levels); i++) {
        if (strcmp(levels[i], name) == 0)
            return (enum jt_log_level)i;
    }
    return JT_LOG_INFO;
}

static void write_whole(int fd, struct jeton_bytes text)
{
    const char *at = text.at;
    size_t left = text.len;

    while (left > 0) {
        ssize_t done = write(fd, at, left);

        if (done <= 0)
            return;
        at += done;
        left -= (size_t)done;
    }
}

void jt_log(const struct jt_log *log, enum jt_log_level level, const char *message, ...)
{
    struct timespec now;
    char ts[21], stamp[48];
    struct jt_buffer line;
    struct jt_json_writer writer;
    va_list pairs;

    if (!jt_log_wants(log, level))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    jt_time_write(now.tv_sec, ts);
    snprintf(stamp, sizeof stamp, "%.19s.%03ldZ", ts, now.tv_nsec / 1000000);
    jt_buffer_init(&line, LINE_MAX_BYTES);
    jt_json_open(&writer, &line);
    jt_json_add_text(&writer, "ts", stamp);
    jt_json_add_text(&writer, "level", levels[level]);
    jt_json_add_text(&writer, "msg", message);
    va_start(pairs, message);
    for (const char *name = va_arg(pairs, const char *); name != NULL; name = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);

        jt_json_add_text(&writer, name, value != NULL ? value : "");
    }
    va_end(pairs);
    jt_json_close(&writer);
    jt_buffer_add_byte(&line, '\n');
    if (line.status == JETON_OK)
        write_whole(log->fd, jt_buffer_bytes(&line));
    jt_buffer_done(&line);
}
