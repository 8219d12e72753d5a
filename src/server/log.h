/* SPDX-License-Identifier: Apache-2.0 */
/* What does the server tell its operator? One JSON line for each thing on standard error; never a token, a secret, a
 * key or a query string. */
#ifndef JT_SERVER_LOG_H
#define JT_SERVER_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

enum jt_log_level { JT_LOG_ERROR, JT_LOG_WARN, JT_LOG_INFO, JT_LOG_DEBUG };

struct jt_log {
    int fd;
    _Atomic int level; /* enum jt_log_level: the least that is written */
};

static inline bool jt_log_wants(const struct jt_log *log, enum jt_log_level level)
{
    return (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

/* {"ts":…,"level":…,"msg":…,name:value…}: pairs of texts, ended by NULL. One write(2) for each line: lines of several
 * threads do not mix. */
void jt_log(const struct jt_log *log, enum jt_log_level level, const char *message, ...) __attribute__((sentinel));
enum jt_log_level jt_log_level_find(const char *name);
#endif
