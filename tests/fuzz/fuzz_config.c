/* SPDX-License-Identifier: Apache-2.0 */
/* Does the configuration reader stand any text? Into the server's own table; what it took must be within bounds, what
 * it did not must have a place. A text that starts with $ is an environment instead, a variable on each line. No file
 * is opened. */
#include "fuzz.h"

#include "server/config/config.h"

static void faults_hold(const struct jt_config_faults *faults)
{
    char line[600];

    FUZZ_HOLDS(faults->count <= JT_CONFIG_FAULTS);
    for (size_t i = 0; i < faults->count; i++) {
        FUZZ_HOLDS(faults->at[i].key[0] != '\0' && faults->at[i].what[0] != '\0');
        jt_config_fault_write(&faults->at[i], "f", line, sizeof line);
        for (const char *at = line; *at != '\0'; at++)
            FUZZ_HOLDS((unsigned char)*at >= 0x20);
    }
}

static void config_holds(const struct jt_config *config)
{
    FUZZ_HOLDS(config->limits.token.value >= 512 && config->limits.token.value <= 65536);
    FUZZ_HOLDS(config->limits.connections.value >= 16);
    FUZZ_HOLDS(config->listen.at != NULL && config->listen.at[0] != '\0');
    FUZZ_HOLDS(config->verify.headers.count <= 16);
    for (size_t i = 0; i < config->clients.count; i++)
        FUZZ_HOLDS(((const struct jt_config_client *)config->clients.at)[i].audiences.count <= 256);
}

enum { VARIABLES_MAX = 64 };

static void read_environment(char *text, struct jt_config *config, struct jt_config_faults *faults)
{
    const char *environment[VARIABLES_MAX + 1] = {NULL}, *unknown = NULL;
    size_t count = 0;

    for (char *line = strtok(text, "\n"); line != NULL && count < VARIABLES_MAX; line = strtok(NULL, "\n"))
        environment[count++] = line + (*line == '$');
    if (jt_config_environment(environment, &jt_config_keys, &config->memory, config, faults, &unknown) != JETON_OK ||
        jt_config_outside(environment, config, faults) != JETON_OK)
        return;
    for (size_t i = 0; i < config->trust.count; i++) {
        const struct jt_config_trust *entry = &((const struct jt_config_trust *)config->trust.at)[i];

        FUZZ_HOLDS(faults->count > 0 || entry->issuer.at != NULL);
        FUZZ_HOLDS(faults->count > 0 || entry->audiences.count > 0 || entry->any_audience.value != 0 ||
                   entry->own_audiences || entry->issuer.place.source == NULL ||
                   strcmp(entry->issuer.place.source, "$JETON_TRUST") == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_config config = {.listen = {NULL, {0}}};
    struct jt_config_faults *faults = calloc(1, sizeof *faults);
    char *text = calloc(1, size + 1);

    if (faults != NULL && text != NULL && size <= 1 << 16 &&
        jt_config_defaults(&jt_config_keys, &config.memory, &config) == JETON_OK) {
        if (size > 0)
            memcpy(text, data, size);
        if (text[0] == '$')
            read_environment(text, &config, faults);
        else if (jt_config_read(jeton_bytes(data, size), &jt_config_keys, &config.memory, &config, faults) != JETON_OK)
            faults->count = 0;
        jt_config_faults_sort(faults);
        faults_hold(faults);
        config_holds(&config);
    }
    jt_config_done(&config);
    free(faults);
    free(text);
    return 0;
}
