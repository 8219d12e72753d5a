/* SPDX-License-Identifier: Apache-2.0 */
/* How does another configuration come to work without a request noticing? See reload.h. */
#include "server/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "server/issuer/keeper.h"

enum {
    KEYS_WAIT_MS = 5000, /* for the keys of new issuers, before the configuration works without them */
    TICK_MS = 10
};

static const struct jt_log *log_of(const struct jt_reload *reload)
{
    return &reload->lasting->log;
}

static struct jt_server *present(const struct jt_reload *reload)
{
    return atomic_load(&reload->lasting->current.current);
}

static void log_faults(const struct jt_reload *reload, const struct jt_config_faults *faults)
{
    const char *file = reload->options->file != NULL ? reload->options->file : "defaults";
    char line[600], count[24];

    for (size_t i = 0; i < faults->count; i++) {
        jt_config_fault_write(&faults->at[i], file, line, sizeof line);
        jt_log(log_of(reload), JT_LOG_ERROR, "a fault in the new configuration", "fault", line, NULL);
    }
    snprintf(count, sizeof count, "%zu%s", faults->count, faults->more ? " and more" : "");
    jt_log(log_of(reload), JT_LOG_ERROR, "the new configuration is refused; the old one goes on", "faults", count,
           NULL);
}

static void warn_of_restart(void *context, const char *path, struct jt_place place)
{
    const struct jt_reload *reload = context;
    char where[24];

    snprintf(where, sizeof where, "%u:%u", place.line, place.column);
    jt_log(log_of(reload), JT_LOG_WARN, "this key stays as it was: a change of it needs a restart", "key", path,
           "place", place.source != NULL ? place.source : where, NULL);
}

/* A pipe gives its text once: what it gives the second time is an empty configuration. */
static bool can_be_read_again(const struct jt_reload *reload, struct jt_config_faults *faults)
{
    const char *file = reload->options->file;
    struct stat about;

    if (file == NULL || (strcmp(file, "-") != 0 && (stat(file, &about) != 0 || S_ISREG(about.st_mode))))
        return true; /* one that is gone is the reader's to tell */
    jt_config_fault(faults, (struct jt_place){NULL, 1, 1}, "document", "is no regular file and cannot be read again");
    return false;
}

/* As at a start; but what needs a restart is kept, and the rest must hold beside it. */
static JT_CHECKED load(const struct jt_reload *reload, struct jt_config *config, struct jt_config_faults *faults)
{
    const char *unknown = NULL;

    if (!can_be_read_again(reload, faults))
        return JETON_OK;
    JT_TRY(jt_config_load(reload->options, reload->environment, config, faults, &unknown));
    if (faults->count > 0)
        return JETON_OK;
    JT_TRY(jt_config_keep(&jt_config_keys, present(reload)->config, &config->memory, config, warn_of_restart,
                          (void *)(uintptr_t)reload));
    jt_config_check(config, faults);
    return JETON_OK;
}

static void assemble(struct jt_reload *reload, struct jt_config *config, int64_t now_ms)
{
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_server_open(reload->lasting, config, &reload->pending, &detail);

    reload->until_ms = now_ms + KEYS_WAIT_MS;
    if (status != JETON_OK)
        jt_log(log_of(reload), JT_LOG_ERROR, "the new configuration cannot work; the old one goes on", "detail",
               detail.text[0] != '\0' ? detail.text : jeton_status_text(status), NULL);
}

void jt_reload_begin(struct jt_reload *reload, int64_t now_ms)
{
    struct jt_config *config = calloc(1, sizeof *config);
    struct jt_config_faults *faults = calloc(1, sizeof *faults);

    jt_reload_abandon(reload);
    jt_log(log_of(reload), JT_LOG_INFO, "reloading", "file", reload->options->file != NULL ? reload->options->file : "",
           NULL);
    if (config == NULL || faults == NULL || load(reload, config, faults) != JETON_OK) {
        jt_log(log_of(reload), JT_LOG_ERROR, "out of memory; the old configuration goes on", NULL);
    } else if (faults->count > 0) {
        log_faults(reload, faults);
    } else {
        assemble(reload, config, now_ms);
        config = NULL;
    }
    jt_config_free(config);
    free(faults);
}

static void put_to_work(struct jt_reload *reload, bool with_keys)
{
    char issuers[24];

    snprintf(issuers, sizeof issuers, "%zu", reload->pending->issuer_count - 1);
    if (!jt_server_publish(reload->pending))
        return; /* readers hold too many old ones: the next tick */
    jt_keeper_settle(reload->lasting->keeper, reload->pending->config);
    reload->pending = NULL;
    if (!with_keys)
        jt_log(log_of(reload), JT_LOG_WARN, "the keys of some trusted issuers have not come yet; /readyz names them",
               NULL);
    jt_log(log_of(reload), JT_LOG_INFO, "reloaded", "trusted", issuers, NULL);
}

void jt_reload_tick(struct jt_reload *reload, int64_t now_ms)
{
    if (reload->pending != NULL) {
        bool with_keys = jt_server_has_keys(reload->pending);

        if (with_keys || now_ms >= reload->until_ms)
            put_to_work(reload, with_keys);
    }
    (void)jt_snapshot_collect(&reload->lasting->current);
}

int64_t jt_reload_tick_ms(const struct jt_reload *reload)
{
    return reload->pending != NULL || reload->lasting->current.retired_count > 0 ? TICK_MS : INT64_MAX;
}

void jt_reload_abandon(struct jt_reload *reload)
{
    jt_server_free(reload->pending);
    reload->pending = NULL;
}
