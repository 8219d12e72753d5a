/* SPDX-License-Identifier: Apache-2.0 */
/* What does this YAML say about the keys of a table? libyaml's events go in, a filled struct and all faults come out.
 * One document; no aliases, anchors, tags or directives; unknown and repeated keys are faults. First stage of Config ->
 * server; beside it config/environment.c, which sends the flow text of a variable through here too. */
#include <stdio.h>
#include <yaml.h>

#include "server/config/value.h"
#include "server/config/walk.h"

enum { DEPTH_MAX = 16, PATH_ROOM = 128 };

struct walk {
    struct jt_config_target target;
    yaml_parser_t parser;
    yaml_event_t event; /* the one being looked at */
    bool have;          /* `event` must be freed */
    bool failed;        /* the text is no YAML: stop everything */
    const char *source;
    unsigned depth;
};

/* A place in the table: the path of its keys ("clients[].") and the same as a person reads it ("clients[0]."). */
struct spot {
    char pattern[PATH_ROOM];
    char shown[PATH_ROOM];
    void *base;
};

static struct jt_place place_of(const struct walk *walk, yaml_mark_t mark)
{
    return (struct jt_place){walk->source, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

/* Goes on to the next event. What YAML allows and a configuration does not need is told here, once for all. */
static bool next(struct walk *walk)
{
    if (walk->have)
        yaml_event_delete(&walk->event);
    walk->have = false;
    if (walk->failed)
        return false;
    if (!yaml_parser_parse(&walk->parser, &walk->event)) {
        walk->failed = true;
        if (walk->parser.error == YAML_MEMORY_ERROR)
            return false;
        jt_config_fault(walk->target.faults, place_of(walk, walk->parser.problem_mark), "document", "%s%s%s",
                        walk->parser.problem != NULL ? walk->parser.problem : "is no YAML",
                        walk->parser.context != NULL ? " " : "",
                        walk->parser.context != NULL ? walk->parser.context : "");
        return false;
    }
    walk->have = true;
    return true;
}

/* Anchors, tags and aliases of the event at hand. */
static bool is_plain(struct walk *walk, const char *shown)
{
    const yaml_event_t *event = &walk->event;
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    const char *fault = NULL;

    if (event->type == YAML_ALIAS_EVENT)
        fault = "aliases are not taken";
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        fault = "anchors are not taken";
    if (tag != NULL)
        fault = "tags are not taken";
    if (fault != NULL)
        jt_config_fault(walk->target.faults, place_of(walk, event->start_mark), shown, "%s", fault);
    return fault == NULL;
}

/* Leaves the whole node whose first event is at hand behind. */
static void skip(struct walk *walk)
{
    size_t open = 0;

    do {
        switch (walk->event.type) {
        case YAML_SEQUENCE_START_EVENT:
        case YAML_MAPPING_START_EVENT:
            open++;
            break;
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
            open--;
            break;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_STREAM_END_EVENT:
        case YAML_DOCUMENT_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
        case YAML_ALIAS_EVENT:
        case YAML_SCALAR_EVENT:
            break;
        }
    } while (open > 0 && next(walk));
}

static struct jeton_bytes scalar(const struct walk *walk)
{
    return jeton_bytes(walk->event.data.scalar.value, walk->event.data.scalar.length);
}

/* Nothing written, as in "limits:" with all its lines commented out. */
static bool is_nothing(const struct walk *walk)
{
    return walk->event.type == YAML_SCALAR_EVENT && walk->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           walk->event.data.scalar.length == 0;
}

static void wrong_type(struct walk *walk, const char *shown, const char *what)
{
    jt_config_fault(walk->target.faults, place_of(walk, walk->event.start_mark), shown, "%s", what);
    skip(walk);
}

static JT_CHECKED read_value(struct walk *walk, const struct jt_config_key *key, void *base, const char *pattern,
                             const char *shown);

/* Keys met in one mapping, with the line of their first time. */
struct seen {
    char name[PATH_ROOM];
    unsigned line;
    struct seen *before;
};

static bool met_before(struct walk *walk, struct seen **seen, struct jeton_bytes name, const char *shown)
{
    struct jt_place place = place_of(walk, walk->event.start_mark);
    struct seen *now = NULL;

    for (const struct seen *one = *seen; one != NULL; one = one->before) {
        if (jt_bytes_equal(jeton_text(one->name), name)) {
            jt_config_fault(walk->target.faults, place, shown, "is given twice, first in line %u", one->line);
            return true;
        }
    }
    now = jt_config_take(walk->target.memory, sizeof *now);
    if (now == NULL) { /* a repeated key must not go unseen */
        walk->failed = true;
        walk->parser.error = YAML_MEMORY_ERROR;
        return false;
    }
    if (name.len < sizeof now->name) {
        memcpy(now->name, name.at, name.len);
        now->line = place.line;
        now->before = *seen;
        *seen = now;
    }
    return false;
}

/* Reads the name of a mapping's next member into `name`, so that the value's first event is at hand. False at the
 * mapping's end, or when the text is no YAML. */
static bool next_member(struct walk *walk, struct seen **seen, const char *shown, char *name, bool *usable,
                        struct jt_place *place)
{
    char path[2 * PATH_ROOM];

    *usable = false;
    if (!next(walk) || walk->event.type == YAML_MAPPING_END_EVENT)
        return false;
    *place = place_of(walk, walk->event.start_mark);
    if (walk->event.type != YAML_SCALAR_EVENT) {
        (void)is_plain(walk, shown[0] != '\0' ? shown : "document");
        wrong_type(walk, shown[0] != '\0' ? shown : "document", "a key must be a plain word");
        return next(walk);
    }
    struct jeton_bytes written = scalar(walk);

    snprintf(path, sizeof path, "%s%s", shown, jt_escape(written).text);
    if (!is_plain(walk, path) || met_before(walk, seen, written, path)) {
        return next(walk);
    }
    if (written.len == 0 || written.len >= PATH_ROOM / 2 || memchr(written.at, '\0', written.len) != NULL) {
        jt_config_fault(walk->target.faults, *place, path, "is no key");
        return next(walk);
    }
    memcpy(name, written.at, written.len);
    name[written.len] = '\0';
    *usable = true;
    return next(walk);
}

/* True when a key of the table stands below `path`, which ends in a dot. */
static bool is_section(const struct jt_config_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++) {
        if (jt_bytes_start(jeton_text(table->at[i].path), jeton_text(path)))
            return true;
    }
    return false;
}

/* False when the path would be too long, which no key of a table is. */
static bool join(const struct spot *spot, const char *name, const char *end, struct spot *out)
{
    int pattern = snprintf(out->pattern, sizeof out->pattern, "%s%s%s", spot->pattern, name, end);
    int shown = snprintf(out->shown, sizeof out->shown, "%s%s%s", spot->shown, jt_escape(jeton_text(name)).text, end);

    out->base = spot->base;
    return pattern > 0 && (size_t)pattern < sizeof out->pattern && shown > 0 && (size_t)shown < sizeof out->shown;
}

static void unknown_key(struct walk *walk, const struct spot *spot, const char *name, struct jt_place place)
{
    struct jeton_bytes near = jt_config_near(walk->target.table, spot->pattern, name);
    struct spot below;

    join(spot, name, "", &below);
    if (near.len > 0)
        jt_config_fault(walk->target.faults, place, below.shown, "is no known key; did you mean \"%.*s\"?",
                        (int)near.len, (const char *)near.at);
    else
        jt_config_fault(walk->target.faults, place, below.shown, "is no known key");
    skip(walk);
}

/* The mapping whose start is at hand: its members are keys of the table below spot->pattern. */
static JT_CHECKED read_section(struct walk *walk, const struct spot *spot)
{
    struct seen *seen = NULL;
    char name[PATH_ROOM];
    bool usable = false;
    struct jt_place place;

    if (walk->depth >= DEPTH_MAX) {
        wrong_type(walk, spot->shown, "is nested too deeply");
        return JETON_OK;
    }
    walk->depth++;
    while (next_member(walk, &seen, spot->shown, name, &usable, &place)) {
        struct spot below;
        const struct jt_config_key *key = NULL;

        if (!usable) {
            skip(walk);
            continue;
        }
        /* What has a meaning in the table's paths is in no key's name. */
        if (strpbrk(name, ".[*") != NULL) {
            unknown_key(walk, spot, name, place);
        } else if (join(spot, name, "", &below) && (key = jt_config_find(walk->target.table, below.pattern)) != NULL) {
            JT_TRY(read_value(walk, key, spot->base, below.pattern, below.shown));
        } else if (join(spot, name, ".", &below) && is_section(walk->target.table, below.pattern)) {
            char shown[PATH_ROOM];

            snprintf(shown, sizeof shown, "%.*s", (int)strlen(below.shown) - 1, below.shown);
            if (!is_plain(walk, shown))
                skip(walk);
            else if (walk->event.type == YAML_MAPPING_START_EVENT)
                JT_TRY(read_section(walk, &below));
            else if (!is_nothing(walk))
                wrong_type(walk, shown, "must be a mapping");
        } else {
            unknown_key(walk, spot, name, place);
        }
    }
    walk->depth--;
    return JETON_OK;
}

static JT_CHECKED read_list(struct walk *walk, const struct jt_config_key *key, void *base, const char *shown)
{
    struct jt_config_list list = {NULL, 0, place_of(walk, walk->event.start_mark)};

    if (key->single && walk->event.type == YAML_SCALAR_EVENT) {
        JT_TRY(jt_config_add(&walk->target, key, &list, scalar(walk), list.place, shown));
        *(struct jt_config_list *)jt_config_field(key, base) = list;
        return JETON_OK;
    }
    if (walk->event.type != YAML_SEQUENCE_START_EVENT) {
        wrong_type(walk, shown, "must be a list");
        return JETON_OK;
    }
    while (next(walk) && walk->event.type != YAML_SEQUENCE_END_EVENT) {
        if (!is_plain(walk, shown))
            skip(walk);
        else if (walk->event.type != YAML_SCALAR_EVENT)
            wrong_type(walk, shown, "must be a list of plain values");
        else
            JT_TRY(
                jt_config_add(&walk->target, key, &list, scalar(walk), place_of(walk, walk->event.start_mark), shown));
    }
    *(struct jt_config_list *)jt_config_field(key, base) = list;
    return JETON_OK;
}

static JT_CHECKED read_pairs(struct walk *walk, const struct jt_config_key *key, void *base, const char *shown)
{
    struct jt_config_pairs pairs = {NULL, 0, place_of(walk, walk->event.start_mark)};
    struct seen *seen = NULL;
    char name[PATH_ROOM], inside[PATH_ROOM], path[2 * PATH_ROOM];
    bool usable = false;
    struct jt_place place;
    static const struct jt_config_key any = {.type = JT_CONFIG_TEXT};

    if (walk->event.type != YAML_MAPPING_START_EVENT) {
        wrong_type(walk, shown, "must be a mapping of names to values");
        return JETON_OK;
    }
    snprintf(inside, sizeof inside, "%.120s.", shown);
    while (next_member(walk, &seen, inside, name, &usable, &place)) {
        struct jt_config_pair pair = {{NULL, place}, {NULL, place}};
        const char *fault = NULL;
        void *at = pairs.at;

        if (!usable) {
            skip(walk);
            continue;
        }
        snprintf(path, sizeof path, "%s%s", inside, jt_escape(jeton_text(name)).text);
        if (!is_plain(walk, path)) {
            skip(walk);
            continue;
        }
        if (walk->event.type != YAML_SCALAR_EVENT) {
            wrong_type(walk, path, "must be a plain value");
            continue;
        }
        pair.value.place = place_of(walk, walk->event.start_mark);
        fault = jt_config_judge(key, jeton_text(name));
        if (fault == NULL && pairs.count >= jt_config_count_max(key))
            fault = "is one too many";
        if (fault == NULL && (fault = jt_config_judge(&any, scalar(walk))) != NULL)
            place = pair.value.place;
        if (fault != NULL) {
            jt_config_fault(walk->target.faults, place, path, "%s", fault);
            continue;
        }
        JT_TRY(jt_config_copy(walk->target.memory, jeton_text(name), &pair.name.at));
        JT_TRY(jt_config_copy(walk->target.memory, scalar(walk), &pair.value.at));
        JT_TRY(jt_config_more(walk->target.memory, &at, pairs.count, sizeof pair));
        pairs.at = at;
        pairs.at[pairs.count++] = pair;
    }
    *(struct jt_config_pairs *)jt_config_field(key, base) = pairs;
    return JETON_OK;
}

/* True when the item at `base` has a value for this key. */
static bool is_given(const struct jt_config_key *key, void *base)
{
    const void *field = jt_config_field(key, base);

    switch (key->type) {
    case JT_CONFIG_TEXT:
    case JT_CONFIG_CHOICE:
        return ((const struct jt_config_text *)field)->at != NULL;
    case JT_CONFIG_INTEGER:
    case JT_CONFIG_SIZE:
    case JT_CONFIG_DURATION:
    case JT_CONFIG_BOOLEAN:
        return ((const struct jt_config_number *)field)->place.line > 0;
    case JT_CONFIG_LIST:
        return ((const struct jt_config_list *)field)->count > 0;
    case JT_CONFIG_PAIRS:
        return ((const struct jt_config_pairs *)field)->count > 0;
    case JT_CONFIG_ITEMS:
    case JT_CONFIG_NAMED:
        return ((const struct jt_config_items *)field)->count > 0;
    }
    return false;
}

/* One mapping of an ITEMS or NAMED key, its start at hand. */
static JT_CHECKED read_item(struct walk *walk, const struct spot *spot)
{
    const struct jt_config_table *table = walk->target.table;
    struct jt_place place = place_of(walk, walk->event.start_mark);
    size_t len = strlen(spot->pattern);
    size_t faults_before = walk->target.faults->count;
    char shown[2 * PATH_ROOM];

    JT_TRY(jt_config_defaults_below(&walk->target, spot->pattern, spot->base));
    JT_TRY(read_section(walk, spot));
    for (size_t i = 0; i < table->count; i++) {
        const struct jt_config_key *key = &table->at[i];

        if (!key->required || strncmp(key->path, spot->pattern, len) != 0 || strpbrk(key->path + len, ".[*") != NULL ||
            is_given(key, spot->base))
            continue;
        snprintf(shown, sizeof shown, "%s%s", spot->shown, key->path + len);
        /* A value that was there and bad has its own fault. */
        bool told = false;
        for (size_t j = faults_before; j < walk->target.faults->count; j++)
            told = told || strcmp(walk->target.faults->at[j].key, shown) == 0;
        if (!told)
            jt_config_fault(walk->target.faults, place, shown, "must be given");
    }
    return JETON_OK;
}

static JT_CHECKED add_item(struct walk *walk, const struct jt_config_key *key, struct jt_config_items *items,
                           struct jt_config_text name, const struct spot *spot)
{
    struct spot below = *spot;

    if (items->count >= jt_config_count_max(key)) {
        wrong_type(walk, spot->shown, "is one too many");
        return JETON_OK;
    }
    JT_TRY(jt_config_more(walk->target.memory, &items->at, items->count, key->item_size));
    below.base = (char *)items->at + items->count * key->item_size;
    items->count++;
    *(struct jt_config_text *)below.base = name;
    return read_item(walk, &below);
}

static JT_CHECKED read_items(struct walk *walk, const struct jt_config_key *key, void *base, const char *pattern,
                             const char *shown)
{
    struct jt_config_items items = {NULL, 0, place_of(walk, walk->event.start_mark)};
    struct spot spot = {.base = base};

    if (walk->event.type != YAML_SEQUENCE_START_EVENT) {
        wrong_type(walk, shown, "must be a list of mappings");
        return JETON_OK;
    }
    snprintf(spot.pattern, sizeof spot.pattern, "%.120s[].", pattern);
    while (next(walk) && walk->event.type != YAML_SEQUENCE_END_EVENT) {
        snprintf(spot.shown, sizeof spot.shown, "%.100s[%zu].", shown, items.count);
        if (!is_plain(walk, shown))
            skip(walk);
        else if (walk->event.type != YAML_MAPPING_START_EVENT)
            wrong_type(walk, shown, "must be a list of mappings");
        else
            JT_TRY(add_item(walk, key, &items, (struct jt_config_text){0}, &spot));
    }
    *(struct jt_config_items *)jt_config_field(key, base) = items;
    return JETON_OK;
}

static JT_CHECKED read_named(struct walk *walk, const struct jt_config_key *key, void *base, const char *pattern,
                             const char *shown)
{
    struct jt_config_items items = {NULL, 0, place_of(walk, walk->event.start_mark)};
    struct spot spot = {.base = base};
    struct seen *seen = NULL;
    char name[PATH_ROOM], inside[PATH_ROOM];
    bool usable = false;
    struct jt_place place;

    if (walk->event.type != YAML_MAPPING_START_EVENT) {
        wrong_type(walk, shown, "must be a mapping of names to mappings");
        return JETON_OK;
    }
    snprintf(inside, sizeof inside, "%.120s.", shown);
    snprintf(spot.pattern, sizeof spot.pattern, "%.120s.*.", pattern);
    while (next_member(walk, &seen, inside, name, &usable, &place)) {
        struct jt_config_text named = {NULL, place};
        const char *fault = usable ? jt_config_judge(key, jeton_text(name)) : NULL;
        char path[PATH_ROOM];

        snprintf(path, sizeof path, "%.60s%.60s", inside, jt_escape(jeton_text(usable ? name : "")).text);
        snprintf(spot.shown, sizeof spot.shown, "%.126s.", path);
        if (fault != NULL)
            jt_config_fault(walk->target.faults, place, path, "%s", fault);
        if (!usable || fault != NULL || !is_plain(walk, path)) {
            skip(walk);
        } else if (walk->event.type != YAML_MAPPING_START_EVENT) {
            wrong_type(walk, path, "must be a mapping");
        } else {
            JT_TRY(jt_config_copy(walk->target.memory, jeton_text(name), &named.at));
            JT_TRY(add_item(walk, key, &items, named, &spot));
        }
    }
    *(struct jt_config_items *)jt_config_field(key, base) = items;
    return JETON_OK;
}

/* The value whose first event is at hand. */
static JT_CHECKED read_value(struct walk *walk, const struct jt_config_key *key, void *base, const char *pattern,
                             const char *shown)
{
    if (!is_plain(walk, shown)) {
        skip(walk);
        return JETON_OK;
    }
    if (is_nothing(walk)) {
        jt_config_fault(walk->target.faults, place_of(walk, walk->event.start_mark), shown, "has no value");
        return JETON_OK;
    }
    switch (key->type) {
    case JT_CONFIG_TEXT:
    case JT_CONFIG_CHOICE:
    case JT_CONFIG_INTEGER:
    case JT_CONFIG_SIZE:
    case JT_CONFIG_DURATION:
    case JT_CONFIG_BOOLEAN:
        break;
    case JT_CONFIG_LIST:
        return read_list(walk, key, base, shown);
    case JT_CONFIG_PAIRS:
        return read_pairs(walk, key, base, shown);
    case JT_CONFIG_ITEMS:
        return read_items(walk, key, base, pattern, shown);
    case JT_CONFIG_NAMED:
        return read_named(walk, key, base, pattern, shown);
    }
    if (walk->event.type != YAML_SCALAR_EVENT) {
        wrong_type(walk, shown, "must be a single value");
        return JETON_OK;
    }
    return jt_config_set(&walk->target, key, base, scalar(walk), place_of(walk, walk->event.start_mark), shown);
}

/* From STREAM-START to the first event of the first document's root. False when there is no document. */
static bool enter(struct walk *walk)
{
    if (!next(walk) || !next(walk) || walk->event.type == YAML_STREAM_END_EVENT)
        return false;
    if (walk->event.data.document_start.version_directive != NULL ||
        walk->event.data.document_start.tag_directives.start != walk->event.data.document_start.tag_directives.end)
        jt_config_fault(walk->target.faults, place_of(walk, walk->event.start_mark), "document",
                        "directives are not taken");
    return next(walk);
}

/* Nothing may stand after the one document. */
static void leave(struct walk *walk)
{
    if (next(walk) && next(walk) && walk->event.type != YAML_STREAM_END_EVENT)
        jt_config_fault(walk->target.faults, place_of(walk, walk->event.start_mark), "document",
                        "a second document is not taken");
}

static enum jeton_status read_root(struct walk *walk, void *config)
{
    struct spot root = {.base = config};

    if (!enter(walk))
        return JETON_OK;
    if (!is_plain(walk, "document"))
        skip(walk);
    else if (walk->event.type == YAML_MAPPING_START_EVENT)
        JT_TRY(read_section(walk, &root));
    else if (!is_nothing(walk))
        wrong_type(walk, "document", "must be a mapping");
    leave(walk);
    return JETON_OK;
}

static enum jeton_status walk_text(struct walk *walk, struct jeton_bytes text, const struct jt_config_key *key,
                                   void *config)
{
    enum jeton_status status = JETON_OK;

    if (yaml_parser_initialize(&walk->parser) == 0)
        return JETON_OUT_OF_MEMORY;
    yaml_parser_set_encoding(&walk->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&walk->parser, text.len > 0 ? text.at : (const unsigned char *)"", text.len);
    if (key == NULL) {
        status = read_root(walk, config);
    } else if (enter(walk)) {
        status = read_value(walk, key, config, key->path, key->path);
        if (status == JETON_OK)
            leave(walk);
    }
    if (walk->have)
        yaml_event_delete(&walk->event);
    if (walk->parser.error == YAML_MEMORY_ERROR)
        status = JETON_OUT_OF_MEMORY;
    yaml_parser_delete(&walk->parser);
    return status;
}

JT_CHECKED jt_config_read(struct jeton_bytes text, const struct jt_config_table *table, struct jt_config_memory *memory,
                          void *config, struct jt_config_faults *faults)
{
    struct walk walk = {.target = {table, memory, faults}};

    return walk_text(&walk, text, NULL, config);
}

JT_CHECKED jt_config_read_one(const struct jt_config_target *target, const struct jt_config_key *key,
                              const char *source, struct jeton_bytes text, void *config)
{
    struct walk walk = {.target = *target, .source = source};

    return walk_text(&walk, text, key, config);
}
