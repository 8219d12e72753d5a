/* SPDX-License-Identifier: Apache-2.0 */
/* Is this text a value of this key? Types and ranges, one function each; below the readers of file, environment and
 * options. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "server/config/value.h"

const struct jt_config_key *jt_config_find(const struct jt_config_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->at[i].path, path) == 0)
            return &table->at[i];
    }
    return NULL;
}

size_t jt_config_count_max(const struct jt_config_key *key)
{
    return key->max > 0 ? (size_t)key->max : 256;
}

JT_CHECKED jt_config_copy(struct jt_config_memory *memory, struct jeton_bytes text, const char **out)
{
    char *copy = jt_config_take(memory, text.len + 1);

    if (copy == NULL)
        return JETON_OUT_OF_MEMORY;
    if (text.len > 0)
        memcpy(copy, text.at, text.len);
    *out = copy;
    return JETON_OK;
}

JT_CHECKED jt_config_more(struct jt_config_memory *memory, void **at, size_t count, size_t size)
{
    /* Full at 0, 4, 8, 16, …; what is outgrown goes with the rest. */
    if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
        return JETON_OK;
    void *more = jt_config_take(memory, (count == 0 ? 4 : 2 * count) * size);

    if (more == NULL)
        return JETON_OUT_OF_MEMORY;
    if (count > 0)
        memcpy(more, *at, count * size);
    *at = more;
    return JETON_OK;
}

const char *jt_config_judge(const struct jt_config_key *key, struct jeton_bytes text)
{
    if (text.len == 0)
        return key->empty ? NULL : "has no value";
    for (size_t i = 0; i < text.len; i++) {
        if (((const char *)text.at)[i] == '\0')
            return "may not hold a NUL";
    }
    return key->judge != NULL ? key->judge(text) : NULL;
}

/* "7KiB": bytes, with or without B, KiB, MiB, GiB. */
static bool size_read(struct jeton_bytes text, int64_t *out)
{
    static const struct {
        const char *unit;
        unsigned shift;
    } units[] = {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}, {"", 0}};
    uint64_t number = 0;

    for (size_t i = 0; i < JT_COUNT(units); i++) {
        size_t len = strlen(units[i].unit);

        if (text.len <= len || memcmp((const char *)text.at + text.len - len, units[i].unit, len) != 0)
            continue;
        if (!jt_bytes_number(jt_bytes_cut(text, 0, text.len - len), (uint64_t)(INT64_MAX >> units[i].shift), &number))
            return false;
        *out = (int64_t)(number << units[i].shift);
        return true;
    }
    return false;
}

/* A bound as a person would write it. */
static void bound_write(enum jt_config_type type, int64_t value, char *out, size_t room)
{
    static const struct {
        const char *unit;
        int64_t of;
    } spans[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}},
      sizes[] = {{"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};

    if (type == JT_CONFIG_DURATION) {
        for (size_t i = 0; i < JT_COUNT(spans); i++) {
            if (value % spans[i].of == 0 && value != 0) {
                snprintf(out, room, "%" PRId64 "%s", value / spans[i].of, spans[i].unit);
                return;
            }
        }
    } else if (type == JT_CONFIG_SIZE) {
        for (size_t i = 0; i < JT_COUNT(sizes); i++) {
            if (value % sizes[i].of == 0 && value != 0) {
                snprintf(out, room, "%" PRId64 "%s", value / sizes[i].of, sizes[i].unit);
                return;
            }
        }
    }
    snprintf(out, room, "%" PRId64 "%s", value, type == JT_CONFIG_DURATION ? "s" : "");
}

static bool number_read(const struct jt_config_key *key, struct jeton_bytes text, int64_t *out)
{
    uint64_t number = 0;

    switch (key->type) {
    case JT_CONFIG_INTEGER:
        if (!jt_bytes_number(text, INT64_MAX, &number))
            return false;
        *out = (int64_t)number;
        return true;
    case JT_CONFIG_SIZE:
        return size_read(text, out);
    case JT_CONFIG_DURATION:
        return jt_duration_read(text, false, out);
    case JT_CONFIG_BOOLEAN:
        *out = jt_bytes_equal(text, JT_TEXT("true"));
        return *out == 1 || jt_bytes_equal(text, JT_TEXT("false"));
    case JT_CONFIG_TEXT:
    case JT_CONFIG_CHOICE:
    case JT_CONFIG_LIST:
    case JT_CONFIG_PAIRS:
    case JT_CONFIG_ITEMS:
    case JT_CONFIG_NAMED:
        break;
    }
    return false;
}

static const char *wanted(enum jt_config_type type)
{
    switch (type) {
    case JT_CONFIG_INTEGER:
        return "must be a whole number";
    case JT_CONFIG_SIZE:
        return "must be a size such as 7KiB (B, KiB, MiB, GiB)";
    case JT_CONFIG_DURATION:
        return "must be a duration such as 15m (ms, s, m, h, d)";
    case JT_CONFIG_BOOLEAN:
        return "must be true or false";
    case JT_CONFIG_TEXT:
    case JT_CONFIG_CHOICE:
    case JT_CONFIG_LIST:
    case JT_CONFIG_PAIRS:
    case JT_CONFIG_ITEMS:
    case JT_CONFIG_NAMED:
        break;
    }
    return "has a wrong type";
}

static void set_number(const struct jt_config_target *target, const struct jt_config_key *key, void *base,
                       struct jeton_bytes text, struct jt_place place, const char *shown)
{
    int64_t value = 0;
    char min[32], max[32];

    if (!number_read(key, text, &value)) {
        jt_config_fault(target->faults, place, shown, "%s, not \"%s\"", wanted(key->type), jt_escape(text).text);
        return;
    }
    if (key->type != JT_CONFIG_BOOLEAN && (value < key->min || value > key->max)) {
        bound_write(key->type, key->min, min, sizeof min);
        bound_write(key->type, key->max, max, sizeof max);
        jt_config_fault(target->faults, place, shown, "must be from %s to %s, not %s", min, max, jt_escape(text).text);
        return;
    }
    struct jt_config_number *field = jt_config_field(key, base);
    field->value = value;
    field->place = place;
}

static bool is_choice(const char *choices, struct jeton_bytes text)
{
    const char *word = choices;

    while (*word != '\0') {
        size_t len = strcspn(word, " ");

        if (jt_bytes_equal(jeton_bytes(word, len), text))
            return true;
        word += len + (word[len] == ' ');
    }
    return false;
}

JT_CHECKED jt_config_set(const struct jt_config_target *target, const struct jt_config_key *key, void *base,
                         struct jeton_bytes text, struct jt_place place, const char *shown)
{
    const char *fault = NULL;

    assert(key->type != JT_CONFIG_LIST && key->type != JT_CONFIG_PAIRS && key->type != JT_CONFIG_ITEMS &&
           key->type != JT_CONFIG_NAMED);
    fault = jt_config_judge(key, text);
    if (fault == NULL && key->type == JT_CONFIG_CHOICE && !is_choice(key->choices, text)) {
        jt_config_fault(target->faults, place, shown, "must be one of: %s; not \"%s\"", key->choices,
                        jt_escape(text).text);
        return JETON_OK;
    }
    if (fault != NULL) {
        jt_config_fault(target->faults, place, shown, "%s", fault);
        return JETON_OK;
    }
    if (key->type != JT_CONFIG_TEXT && key->type != JT_CONFIG_CHOICE) {
        set_number(target, key, base, text, place, shown);
        return JETON_OK;
    }
    const char *copy = NULL;
    struct jt_config_text *field = jt_config_field(key, base);

    JT_TRY(jt_config_copy(target->memory, text, &copy));
    field->at = copy;
    field->place = place;
    return JETON_OK;
}

JT_CHECKED jt_config_add(const struct jt_config_target *target, const struct jt_config_key *key,
                         struct jt_config_list *list, struct jeton_bytes text, struct jt_place place, const char *shown)
{
    const char *fault = jt_config_judge(key, text);
    const char *copy = NULL;
    void *at = list->at;

    if (fault == NULL && key->choices != NULL && !is_choice(key->choices, text)) {
        jt_config_fault(target->faults, place, shown, "must be of: %s; not \"%s\"", key->choices, jt_escape(text).text);
        return JETON_OK;
    }
    for (size_t i = 0; fault == NULL && i < list->count; i++) {
        if (jt_bytes_equal(jeton_text(list->at[i].at), text))
            fault = "names the same twice";
    }
    if (fault == NULL && list->count >= jt_config_count_max(key))
        fault = "holds too many";
    if (fault != NULL) {
        jt_config_fault(target->faults, place, shown, "%s: \"%s\"", fault, jt_escape(text).text);
        return JETON_OK;
    }
    JT_TRY(jt_config_more(target->memory, &at, list->count, sizeof *list->at));
    list->at = at;
    JT_TRY(jt_config_copy(target->memory, text, &copy));
    list->at[list->count++] = (struct jt_config_text){copy, place};
    return JETON_OK;
}
