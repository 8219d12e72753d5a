/* SPDX-License-Identifier: Apache-2.0 */
/* Where do the settings come from, and which one wins? Defaults, file, environment, options, then the rules: the first
 * two stages of Config -> server in their order. */
#include <stdlib.h>

#include "base/file.h"
#include "server/config/config.h"

enum { FILE_MAX = 1 << 20 };

static enum jeton_status read_file(const char *path, struct jt_config *config, struct jt_config_faults *faults)
{
    struct jeton_detail detail = {""};
    struct jt_buffer text;
    enum jeton_status status;

    jt_buffer_init(&text, FILE_MAX);
    status = jt_file_read(path, &text, &detail);
    if (status == JETON_OK) {
        status = jt_config_read(jt_buffer_bytes(&text), &jt_config_keys, &config->memory, config, faults);
    } else if (status != JETON_OUT_OF_MEMORY) {
        jt_config_fault(faults, (struct jt_place){NULL, 1, 1}, "document", "%.220s", detail.text);
        status = JETON_OK;
    }
    jt_buffer_done(&text);
    return status;
}

static enum jeton_status take_options(const struct jt_config_options *options, struct jt_config *config,
                                      struct jt_config_faults *faults)
{
    const struct {
        const char *path;
        const char *option;
        const char *value;
    } all[] = {{"listen", "--listen", options->listen},
               {"issuer", "--issuer", options->issuer},
               {"state", "--state", options->state}};

    for (size_t i = 0; i < JT_COUNT(all); i++) {
        if (all[i].value != NULL)
            JT_TRY(jt_config_option(all[i].path, all[i].option, all[i].value, &jt_config_keys, &config->memory, config,
                                    faults));
    }
    return JETON_OK;
}

JT_CHECKED jt_config_load(const struct jt_config_options *options, const char *const *environment,
                          struct jt_config *config, struct jt_config_faults *faults, const char **unknown)
{
    JT_TRY(jt_config_defaults(&jt_config_keys, &config->memory, config));
    if (options->file != NULL)
        JT_TRY(read_file(options->file, config, faults));
    JT_TRY(jt_config_environment(environment, &jt_config_keys, &config->memory, config, faults, unknown));
    JT_TRY(jt_config_outside(environment, config, faults));
    JT_TRY(jt_config_take_sts(environment, config, faults));
    JT_TRY(take_options(options, config, faults));
    jt_config_take_slots(environment, &config->slots, faults);
    jt_config_check_names(environment, config, faults);
    jt_config_check(config, faults);
    return JETON_OK;
}

void jt_config_done(struct jt_config *config)
{
    jt_config_memory_done(&config->memory);
}

void jt_config_free(struct jt_config *config)
{
    if (config == NULL)
        return;
    jt_config_done(config);
    free(config);
}
