/* SPDX-License-Identifier: Apache-2.0 */
/* What do the environment, the command line and the table itself say about a key? They come over, above and below what
 * the file says; first stage of Config -> server. */
#include <assert.h>
#include <stdio.h>

#include "server/config/walk.h"

#define PREFIX "JETON_"

bool jt_config_environment_name(const struct jt_config_key *key, char *out, size_t room)
{
    size_t len = strlen(PREFIX);

    if (strpbrk(key->path, "[*") != NULL || room < len + strlen(key->path) + 1)
        return false;
    memcpy(out, PREFIX, len);
    for (const char *from = key->path; *from != '\0'; from++)
        out[len++] = (char)(*from >= 'a' && *from <= 'z' ? *from - 'a' + 'A' : (*from == '.' ? '_' : *from));
    out[len] = '\0';
    return true;
}

/* A list by commas: trimmed, empty ones dropped. */
static enum jeton_status set_list(const struct jt_config_target *target, const struct jt_config_key *key, void *base,
                                  struct jeton_bytes text, struct jt_place place)
{
    struct jt_config_list list = {NULL, 0, place};

    for (size_t from = 0; from < text.len;) {
        size_t comma = jt_bytes_find(text, ',', from);
        struct jeton_bytes element = jt_bytes_trim(jt_bytes_cut(text, from, comma), " \t\r\n");

        if (element.len > 0)
            JT_TRY(jt_config_add(target, key, &list, element, place, key->path));
        from = comma + 1;
    }
    *(struct jt_config_list *)jt_config_field(key, base) = list;
    return JETON_OK;
}

/* What a key is when it is said in one line. */
static enum jeton_status set_line(const struct jt_config_target *target, const struct jt_config_key *key, void *base,
                                  struct jeton_bytes text, struct jt_place place)
{
    switch (key->type) {
    case JT_CONFIG_LIST:
        return set_list(target, key, base, text, place);
    case JT_CONFIG_PAIRS:
    case JT_CONFIG_ITEMS:
    case JT_CONFIG_NAMED:
        return jt_config_read_one(target, key, place.source, text, base);
    case JT_CONFIG_TEXT:
    case JT_CONFIG_CHOICE:
    case JT_CONFIG_INTEGER:
    case JT_CONFIG_SIZE:
    case JT_CONFIG_DURATION:
    case JT_CONFIG_BOOLEAN:
        break;
    }
    return jt_config_set(target, key, base, text, place, key->path);
}

JT_CHECKED jt_config_defaults_below(const struct jt_config_target *target, const char *pattern, void *base)
{
    size_t len = strlen(pattern);
    struct jt_config_faults faults = {.count = 0};
    struct jt_config_target own = {target->table, target->memory, &faults};

    for (size_t i = 0; i < target->table->count; i++) {
        const struct jt_config_key *key = &target->table->at[i];

        if (key->fallback == NULL || strncmp(key->path, pattern, len) != 0 || strpbrk(key->path + len, "[*") != NULL)
            continue;
        JT_TRY(set_line(&own, key, base, jeton_text(key->fallback), (struct jt_place){0}));
        assert(faults.count == 0);
    }
    return JETON_OK;
}

JT_CHECKED jt_config_defaults(const struct jt_config_table *table, struct jt_config_memory *memory, void *config)
{
    struct jt_config_target target = {table, memory, NULL};

    return jt_config_defaults_below(&target, "", config);
}

struct jeton_bytes jt_config_variable(const char *const *environment, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, len) == 0 && environment[i][len] == '=')
            return jt_bytes_trim(jeton_text(environment[i] + len + 1), " \t\r\n");
    }
    return jeton_bytes("", 0);
}

static bool is_known(const struct jt_config_table *table, const char *setting)
{
    char name[160];
    size_t len = strcspn(setting, "=");

    for (size_t i = 0; i < table->count; i++) {
        if (jt_config_environment_name(&table->at[i], name, sizeof name) &&
            jt_bytes_equal(jeton_text(name), jeton_bytes(setting, len)))
            return true;
    }
    return false;
}

/* The value of an alias as the key wants it, in `out`. */
static struct jeton_bytes translate(const struct jt_config_alias *alias, struct jeton_bytes value, char *out,
                                    size_t room)
{
    size_t len = value.len;

    if (alias->unit == NULL && alias->words == NULL)
        return value;
    memset(out, 0, room);
    if (len + 8 > room)
        return value; /* no word and no number is that long */
    for (size_t i = 0; i < len; i++) {
        char byte = ((const char *)value.at)[i];

        out[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
    }
    if (alias->unit != NULL) /* a number alone: 1m may not become 1ms */
        return jeton_bytes(out, len + (size_t)snprintf(out + len, room - len, "%s%s",
                                                       strspn(out, "0123456789") < len ? " " : "", alias->unit));
    for (const char *word = alias->words; *word != '\0';) {
        size_t from = strcspn(word, "="), whole = strcspn(word, " ");

        if (jt_bytes_equal(jeton_bytes(out, len), jeton_bytes(word, from)))
            return jeton_bytes(word + from + 1, whole - from - 1);
        word += whole + (word[whole] == ' ');
    }
    return jeton_bytes(out, len);
}

/* What the environment says about one key, and under which name: its own first (S1.2). Empty: nothing. */
static struct jeton_bytes find_value(const char *const *environment, const struct jt_config_table *table,
                                     const struct jt_config_key *key, char *name, size_t room, char *memory,
                                     size_t memory_room)
{
    struct jeton_bytes value = {"", 0};

    if (!jt_config_environment_name(key, name, room))
        return value;
    value = jt_config_variable(environment, name);
    for (size_t i = 0; i < table->alias_count && value.len == 0; i++) {
        const struct jt_config_alias *alias = &table->aliases[i];

        if (strcmp(alias->path, key->path) != 0)
            continue;
        value = translate(alias, jt_config_variable(environment, alias->name), memory, memory_room);
        snprintf(name, room, "%s", alias->name);
        if (alias->unit != NULL && value.len == strlen(alias->unit))
            value.len = 0; /* the unit alone */
    }
    return value;
}

JT_CHECKED jt_config_environment(const char *const *environment, const struct jt_config_table *table,
                                 struct jt_config_memory *memory, void *config, struct jt_config_faults *faults,
                                 const char **unknown)
{
    struct jt_config_target target = {table, memory, faults};
    char source[162] = "$", translated[256];

    *unknown = NULL;
    for (size_t i = 0; i < table->count; i++) {
        struct jt_place place = {NULL, 1, 1};
        struct jeton_bytes value = find_value(environment, table, &table->at[i], source + 1, sizeof source - 1,
                                              translated, sizeof translated);

        if (value.len == 0)
            continue;
        JT_TRY(jt_config_copy(memory, jeton_text(source), &place.source));
        JT_TRY(set_line(&target, &table->at[i], config, value, place));
    }
    for (size_t i = 0; environment[i] != NULL && *unknown == NULL; i++) {
        if (strncmp(environment[i], PREFIX, strlen(PREFIX)) == 0 && !is_known(table, environment[i]))
            *unknown = environment[i];
    }
    return JETON_OK;
}

JT_CHECKED jt_config_option(const char *path, const char *source, const char *value,
                            const struct jt_config_table *table, struct jt_config_memory *memory, void *config,
                            struct jt_config_faults *faults)
{
    struct jt_config_target target = {table, memory, faults};
    const struct jt_config_key *key = jt_config_find(table, path);

    assert(key != NULL);
    return set_line(&target, key, config, jeton_text(value), (struct jt_place){source, 1, 1});
}
