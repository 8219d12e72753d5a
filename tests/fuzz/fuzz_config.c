/* SPDX-License-Identifier: Apache-2.0 */
/* Does the configuration reader stand any text? Into the server's own table; what it took must be within bounds, what
 * it did not must have a place. No file is opened. */
#include "fuzz.h"

#include "server/config.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_config config = {.listen = {NULL, {0}}};
    struct jt_config_faults *faults = calloc(1, sizeof *faults);

    if (faults == NULL || size > 1 << 16 || jt_config_defaults(&jt_config_keys, &config.memory, &config) != JETON_OK) {
        free(faults);
        return 0;
    }
    if (jt_config_read(jeton_bytes(data, size), &jt_config_keys, &config.memory, &config, faults) == JETON_OK) {
        jt_config_faults_sort(faults);
        faults_hold(faults);
        config_holds(&config);
    }
    jt_config_done(&config);
    free(faults);
    return 0;
}
