/* SPDX-License-Identifier: Apache-2.0 */
/* Does the reader take what the table allows, refuse what it does not, and tell all of it with its place? A table of
 * its own, with every type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "server/config/config.h"

struct item {
    struct jt_config_text id;
    struct jt_config_list words;
    struct jt_config_number number;
};

struct config {
    struct jt_config_text text;
    struct jt_config_text choice;
    struct jt_config_number integer, size, duration, boolean;
    struct jt_config_list list;
    struct jt_config_pairs pairs;
    struct jt_config_items items, named;
    struct jt_config_text deep;
};

static const char *no_x(struct jeton_bytes text)
{
    return jt_bytes_find(text, 'x', 0) < text.len ? "may hold no x" : NULL;
}

#define AT(member) offsetof(struct config, member)
#define ITEM(member) offsetof(struct item, member)

static const struct jt_config_key keys[] = {
    {.path = "text", .type = JT_CONFIG_TEXT, .offset = AT(text), .judge = no_x},
    {.path = "choice", .type = JT_CONFIG_CHOICE, .offset = AT(choice), .fallback = "red", .choices = "red green"},
    {.path = "integer", .type = JT_CONFIG_INTEGER, .offset = AT(integer), .fallback = "5", .min = 1, .max = 10},
    {.path = "size", .type = JT_CONFIG_SIZE, .offset = AT(size), .fallback = "7KiB", .min = 1, .max = 1 << 20},
    {.path = "duration",
     .type = JT_CONFIG_DURATION,
     .offset = AT(duration),
     .fallback = "15m",
     .min = 100,
     .max = 86400000},
    {.path = "boolean", .type = JT_CONFIG_BOOLEAN, .offset = AT(boolean), .fallback = "false"},
    {.path = "list", .type = JT_CONFIG_LIST, .offset = AT(list), .fallback = "a, b", .max = 3, .judge = no_x},
    {.path = "pairs", .type = JT_CONFIG_PAIRS, .offset = AT(pairs), .fallback = "{one: 1}", .max = 2, .judge = no_x},
    {.path = "items", .type = JT_CONFIG_ITEMS, .offset = AT(items), .item_size = sizeof(struct item), .max = 5},
    {.path = "items[].id", .type = JT_CONFIG_TEXT, .offset = ITEM(id), .required = true, .judge = no_x},
    {.path = "items[].words", .type = JT_CONFIG_LIST, .offset = ITEM(words), .fallback = "w", .choices = "w v"},
    {.path = "items[].number", .type = JT_CONFIG_INTEGER, .offset = ITEM(number), .fallback = "1", .max = 9},
    {.path = "named",
     .type = JT_CONFIG_NAMED,
     .offset = AT(named),
     .item_size = sizeof(struct item),
     .max = 5,
     .judge = no_x},
    {.path = "named.*.words", .type = JT_CONFIG_LIST, .offset = ITEM(words)},
    {.path = "one.two.deep", .type = JT_CONFIG_TEXT, .offset = AT(deep)},
};
static const struct jt_config_alias aliases[] = {
    {.name = "OLD_CHOICE", .path = "choice", .words = "rouge=red vert=green"},
    {.name = "OLDER_CHOICE", .path = "choice", .words = ""},
    {.name = "OLD_SECONDS", .path = "duration", .unit = "s"},
    {.name = "OLD_TEXT", .path = "text"},
};
static const struct jt_config_table table = {keys, JT_COUNT(keys), aliases, JT_COUNT(aliases)};

struct read {
    struct config config;
    struct jt_config_memory memory;
    struct jt_config_faults faults;
};

static int begin(void **state)
{
    struct read *read = calloc(1, sizeof *read);

    *state = read;
    return read != NULL ? (int)jt_config_defaults(&table, &read->memory, &read->config) : -1;
}

static int end(void **state)
{
    struct read *read = *state;

    jt_config_memory_done(&read->memory);
    free(read);
    return 0;
}

static void read_text(struct read *read, const char *text)
{
    assert_int_equal(jt_config_read(jeton_text(text), &table, &read->memory, &read->config, &read->faults), JETON_OK);
    jt_config_faults_sort(&read->faults);
}

/* The faults of a text, one line each, as FILE tells them. */
static void expect(struct read *read, const char *text, const char *const *lines)
{
    char line[600];
    size_t count = 0;

    read_text(read, text);
    for (; lines[count] != NULL; count++) {
        if (count >= read->faults.count)
            fail_msg("not told: %s", lines[count]);
        jt_config_fault_write(&read->faults.at[count], "f", line, sizeof line);
        assert_string_equal(line, lines[count]);
    }
    if (read->faults.count > count) {
        jt_config_fault_write(&read->faults.at[count], "f", line, sizeof line);
        fail_msg("told too much: %s", line);
    }
}

#define EXPECT(text, ...) expect(*state, text, (const char *const[]){__VA_ARGS__, NULL})

static void an_empty_text_leaves_the_defaults(void **state)
{
    static const char *const texts[] = {"", "\n", "# nothing\n", "---\n", "--- \n...\n", "{}"};

    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        struct read *read = *state;

        read_text(read, texts[i]);
        assert_int_equal(read->faults.count, 0);
        assert_null(read->config.text.at);
        assert_string_equal(read->config.choice.at, "red");
        assert_int_equal(read->config.integer.value, 5);
        assert_int_equal(read->config.size.value, 7 * 1024);
        assert_int_equal(read->config.duration.value, 900000);
        assert_int_equal(read->config.boolean.value, 0);
        assert_int_equal(read->config.list.count, 2);
        assert_string_equal(read->config.list.at[1].at, "b");
        assert_int_equal(read->config.pairs.count, 1);
        assert_int_equal(read->config.items.count, 0);
    }
}

static void every_type_is_read_with_its_place(void **state)
{
    struct read *read = *state;

    read_text(read, "text: 'two words'\n"
                    "choice: green\n"
                    "integer: 10\n"
                    "size: 1MiB\n"
                    "duration: 24h\n"
                    "boolean: true\n"
                    "list: [p, \"q\"]\n"
                    "pairs: {a: 1, b: two}\n"
                    "items:\n"
                    "  - id: first\n"
                    "    words: [v]\n"
                    "  - {id: second, number: 9}\n"
                    "named:\n"
                    "  n1: {words: [k]}\n"
                    "  n2: {}\n"
                    "one:\n"
                    "  two: {deep: d}\n");
    assert_int_equal(read->faults.count, 0);
    assert_string_equal(read->config.text.at, "two words");
    assert_int_equal(read->config.text.place.line, 1);
    assert_int_equal(read->config.text.place.column, 7);
    assert_string_equal(read->config.choice.at, "green");
    assert_int_equal(read->config.integer.value, 10);
    assert_int_equal(read->config.size.value, 1 << 20);
    assert_int_equal(read->config.duration.value, 86400000);
    assert_int_equal(read->config.boolean.value, 1);
    assert_int_equal(read->config.list.count, 2);
    assert_string_equal(read->config.list.at[1].at, "q");
    assert_int_equal(read->config.list.at[1].place.column, 11);
    assert_int_equal(read->config.pairs.count, 2);
    assert_string_equal(read->config.pairs.at[1].name.at, "b");
    assert_string_equal(read->config.pairs.at[1].value.at, "two");
    const struct item *items = read->config.items.at;
    assert_int_equal(read->config.items.count, 2);
    assert_string_equal(items[0].id.at, "first");
    assert_string_equal(items[0].words.at[0].at, "v");
    assert_int_equal(items[0].number.value, 1);
    assert_string_equal(items[1].words.at[0].at, "w");
    assert_int_equal(items[1].number.value, 9);
    assert_int_equal(items[1].id.place.line, 12);
    const struct item *named = read->config.named.at;
    assert_int_equal(read->config.named.count, 2);
    assert_string_equal(named[0].id.at, "n1");
    assert_string_equal(named[0].words.at[0].at, "k");
    assert_string_equal(named[1].id.at, "n2");
    assert_string_equal(read->config.deep.at, "d");
}

static void sections_and_collections_may_be_left_empty(void **state)
{
    struct read *read = *state;

    read_text(read, "one:\nlist: []\npairs: {}\nitems: []\nnamed: {}\n");
    assert_int_equal(read->faults.count, 0);
    assert_int_equal(read->config.list.count, 0);
    assert_int_equal(read->config.pairs.count, 0);
}

static void unknown_keys_are_refused_at_every_level(void **state)
{
    EXPECT("a: 1\none:\n  b: 2\n  two: {c: 3, d: {e: [1, {f: 2}]}}\nitems:\n  - {id: i, g: 1}\nnamed: {n: {h: 1}}\n",
           "f:1:1: a: is no known key", "f:3:3: one.b: is no known key", "f:4:9: one.two.c: is no known key",
           "f:4:15: one.two.d: is no known key", "f:6:13: items[0].g: is no known key",
           "f:7:13: named.n.h: is no known key");
}

static void keys_of_the_table_do_not_hide_in_names(void **state)
{
    EXPECT("one.two.deep: x\n\"items[].id\": x\nitems[]: x\n\"*\": x\n", "f:1:1: one.two.deep: is no known key",
           "f:2:1: items[].id: is no known key", "f:3:1: items[]: is no known key; did you mean \"items\"?",
           "f:4:1: *: is no known key");
}

static void keys_given_twice_are_refused(void **state)
{
    EXPECT("text: a\ntext: b\none: {two: {deep: a, deep: b}}\nitems: [{id: a, id: b}]\npairs: {a: 1, a: 2}\n"
           "named: {n: {}, n: {}}\n",
           "f:2:1: text: is given twice, first in line 1", "f:3:22: one.two.deep: is given twice, first in line 3",
           "f:4:17: items[0].id: is given twice, first in line 4", "f:5:15: pairs.a: is given twice, first in line 5",
           "f:6:16: named.n: is given twice, first in line 6");
}

static void wrong_types_are_refused(void **state)
{
    EXPECT("text: [a]\ninteger: {a: 1}\nlist: a\npairs: [a]\nitems: {a: b}\nnamed: [a]\none: a\n",
           "f:1:7: text: must be a single value", "f:2:10: integer: must be a single value",
           "f:3:7: list: must be a list", "f:4:8: pairs: must be a mapping of names to values",
           "f:5:8: items: must be a list of mappings", "f:6:8: named: must be a mapping of names to mappings",
           "f:7:6: one: must be a mapping");
}

static void elements_of_wrong_types_are_refused(void **state)
{
    EXPECT("list: [[a], {b: c}]\npairs: {a: [1]}\nitems: [a, [b]]\nnamed: {n: [a]}\n? [a]\n: b\n",
           "f:1:8: list: must be a list of plain values", "f:1:13: list: must be a list of plain values",
           "f:2:12: pairs.a: must be a plain value", "f:3:9: items: must be a list of mappings",
           "f:3:12: items: must be a list of mappings", "f:4:12: named.n: must be a mapping",
           "f:5:3: document: a key must be a plain word");
}

static void a_document_that_is_no_mapping_is_refused(void **state)
{
    EXPECT("just words\n", "f:1:1: document: must be a mapping");
}

static void values_out_of_range_are_refused(void **state)
{
    EXPECT("integer: 11\nsize: 0\nduration: 99ms\n", "f:1:10: integer: must be from 1 to 10, not 11",
           "f:2:7: size: must be from 1 to 1MiB, not 0", "f:3:11: duration: must be from 100ms to 1d, not 99ms");
}

static void the_nearest_values_in_range_are_taken(void **state)
{
    struct read *read = *state;

    read_text(read, "integer: 1\nsize: 1\nduration: 100ms\n");
    assert_int_equal(read->faults.count, 0);
}

static void numbers_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {"integer: 5.0",
                                        "integer: +5",
                                        "integer: -5",
                                        "integer: 0x5",
                                        "integer: five",
                                        "integer: 5 ",
                                        "size: 7KB",
                                        "size: KiB",
                                        "size: 7 KiB",
                                        "size: -1",
                                        "size: 99999999999999999999GiB",
                                        "duration: 15",
                                        "duration: m",
                                        "duration: 1.5h",
                                        "duration: 15 m",
                                        "boolean: yes",
                                        "boolean: 1",
                                        "boolean: True",
                                        "choice: Red",
                                        "choice: re",
                                        "choice: red green"};

    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        struct read *read = *state;

        read->faults.count = 0;
        read_text(read, texts[i]);
        /* YAML itself takes the blank at a line's end away. */
        assert_int_equal(read->faults.count, strcmp(texts[i], "integer: 5 ") == 0 ? 0 : 1);
    }
}

static void nothing_where_a_value_must_be_is_refused(void **state)
{
    EXPECT("text:\ninteger: ''\nlist:\nitems:\n  - id:\npairs: {a: }\n", "f:1:6: text: has no value",
           "f:2:10: integer: has no value", "f:3:6: list: has no value", "f:5:8: items[0].id: has no value",
           "f:6:12: pairs.a: has no value");
}

static void what_an_item_needs_must_be_given(void **state)
{
    EXPECT("items:\n  - {}\n  - {id: a}\n  - {number: 1}\n", "f:2:5: items[0].id: must be given",
           "f:4:5: items[2].id: must be given");
}

static void texts_are_judged(void **state)
{
    EXPECT("text: ax\nlist: [a, x]\npairs: {x: 1}\nitems: [{id: x, words: [u]}]\nnamed: {x: {}}\n",
           "f:1:7: text: may hold no x", "f:2:11: list: may hold no x: \"x\"", "f:3:9: pairs.x: may hold no x",
           "f:4:14: items[0].id: may hold no x", "f:4:25: items[0].words: must be of: w v; not \"u\"",
           "f:5:9: named.x: may hold no x");
}

static void lists_are_bounded_and_name_nothing_twice(void **state)
{
    EXPECT("list: [a, a, b, c, d]\nitems: [{id: a}, {id: b}, {id: c}, {id: d}, {id: e}, {id: f}]\n"
           "pairs: {a: 1, b: 2, c: 3}\n",
           "f:1:11: list: names the same twice: \"a\"", "f:1:20: list: holds too many: \"d\"",
           "f:2:54: items[5]: is one too many", "f:3:21: pairs.c: is one too many");
}

static void aliases_anchors_tags_and_directives_are_refused(void **state)
{
    EXPECT("text: &a b\nchoice: *a\ninteger: !!int 5\nlist: &l [a]\nitems: !x []\n!!str boolean: true\n",
           "f:1:7: text: anchors are not taken", "f:2:9: choice: aliases are not taken",
           "f:3:10: integer: tags are not taken", "f:4:7: list: anchors are not taken",
           "f:5:8: items: tags are not taken", "f:6:1: boolean: tags are not taken");
}

static void directives_are_refused(void **state)
{
    EXPECT("%YAML 1.1\n---\ntext: a\n", "f:1:1: document: directives are not taken");
}

static void an_empty_key_is_none(void **state)
{
    EXPECT("'': 1\none: {'': 2}\n", "f:1:1: document: is no key", "f:2:7: one: is no key");
}

static void merge_keys_are_only_unknown_keys(void **state)
{
    EXPECT("<<: {text: a}\n", "f:1:1: <<: is no known key");
}

static void a_second_document_is_refused(void **state)
{
    EXPECT("text: a\n---\ntext: b\n", "f:2:1: document: a second document is not taken");
}

static void text_that_is_no_yaml_is_told_with_its_place(void **state)
{
    struct read *read = *state;

    read_text(read, "text: a\n  b: [\n");
    assert_int_equal(read->faults.count, 1);
    assert_int_equal(read->faults.at[0].place.line, 2);
    assert_string_equal(read->faults.at[0].key, "document");
}

static void faults_before_broken_yaml_are_told_too(void **state)
{
    struct read *read = *state;

    read_text(read, "a: 1\ninteger: x\nlist: [\n");
    assert_int_equal(read->faults.count, 3);
}

static void bytes_that_are_no_utf8_are_refused(void **state)
{
    struct read *read = *state;

    read_text(read, "text: \xff\xfe\n");
    assert_int_equal(read->faults.count, 1);
}

static void a_nul_is_no_text(void **state)
{
    EXPECT("text: \"a\\0b\"\n", "f:1:7: text: may not hold a NUL");
}

static void deep_nesting_is_survived(void **state)
{
    struct read *read = *state;
    char text[4096] = "text: ";

    memset(text + 6, '[', 2000);
    read_text(read, text);
    assert_true(read->faults.count > 0);
    read->faults.count = 0;
    strcpy(text, "a: ");
    for (size_t i = 0; i < 500; i++)
        strcat(text, "{a: ");
    read_text(read, text);
    assert_true(read->faults.count > 0);
}

static void no_more_than_a_hundred_faults_are_kept(void **state)
{
    struct read *read = *state;
    char text[4096] = "";

    for (int i = 0; i < 150; i++)
        sprintf(text + strlen(text), "k%d: 1\n", i);
    read_text(read, text);
    assert_int_equal(read->faults.count, JT_CONFIG_FAULTS);
    assert_true(read->faults.more);
}

static void a_bad_value_leaves_what_was_there(void **state)
{
    struct read *read = *state;

    read_text(read, "integer: 77\nchoice: blue\n");
    assert_int_equal(read->config.integer.value, 5);
    assert_string_equal(read->config.choice.at, "red");
}

/* --- Environment and options --- */

static const char *take_environment(struct read *read, const char *const *environment)
{
    const char *unknown = NULL;

    assert_int_equal(jt_config_environment(environment, &table, &read->memory, &read->config, &read->faults, &unknown),
                     JETON_OK);
    return unknown;
}

static void the_environment_wins_over_the_file(void **state)
{
    struct read *read = *state;

    read_text(read, "integer: 1\nlist: [p]\n");
    assert_null(take_environment(read, (const char *const[]){"JETON_INTEGER=2", "JETON_LIST= q , ,r,", "OTHER=1",
                                                             "JETON_ONE_TWO_DEEP=d", "JETON_PAIRS={k: v}",
                                                             "JETON_ITEMS=[{id: i}]", NULL}));
    assert_int_equal(read->faults.count, 0);
    assert_int_equal(read->config.integer.value, 2);
    assert_int_equal(read->config.list.count, 2);
    assert_string_equal(read->config.list.at[0].at, "q");
    assert_string_equal(read->config.deep.at, "d");
    assert_string_equal(read->config.pairs.at[0].value.at, "v");
    assert_int_equal(read->config.items.count, 1);
}

static void S1_1_an_empty_value_is_as_if_unset(void **state)
{
    struct read *read = *state;

    read_text(read, "integer: 1\n");
    (void)take_environment(read, (const char *const[]){"JETON_INTEGER=", "JETON_LIST=  ", NULL});
    assert_int_equal(read->faults.count, 0);
    assert_int_equal(read->config.integer.value, 1);
    assert_int_equal(read->config.list.count, 2);
}

static void S1_2_an_alias_says_what_the_canonical_name_does_not(void **state)
{
    struct read *read = *state;

    read_text(read, "choice: red\ntext: f\n");
    (void)take_environment(read, (const char *const[]){"OLD_CHOICE= VERT ", "OLDER_CHOICE=red", "OLD_SECONDS=90",
                                                       "OLD_TEXT=As It Is", "JETON_CHOICE= ", NULL});
    assert_int_equal(read->faults.count, 0);
    assert_string_equal(read->config.choice.at, "green");
    assert_string_equal(read->config.choice.place.source, "$OLD_CHOICE");
    assert_int_equal(read->config.duration.value, 90000);
    assert_string_equal(read->config.text.at, "As It Is");
    (void)take_environment(read, (const char *const[]){"OLD_CHOICE=vert", "JETON_CHOICE=red", NULL});
    assert_string_equal(read->config.choice.at, "red");
    assert_string_equal(read->config.choice.place.source, "$JETON_CHOICE");
}

static void faults_of_an_alias_name_it(void **state)
{
    struct read *read = *state;
    char line[600];

    (void)take_environment(read, (const char *const[]){"OLDER_CHOICE=Blue", "OLD_SECONDS=1m", "OLD_CHOICE= ", NULL});
    jt_config_faults_sort(&read->faults);
    assert_int_equal(read->faults.count, 2);
    jt_config_fault_write(&read->faults.at[0], "f", line, sizeof line);
    assert_string_equal(line, "$OLDER_CHOICE:1:1: choice: must be one of: red green; not \"blue\"");
    jt_config_fault_write(&read->faults.at[1], "f", line, sizeof line);
    assert_non_null(strstr(line, "$OLD_SECONDS:1:1: duration: must be a duration"));
}

static unsigned kept;

static void tell_kept(void *context, const char *path, struct jt_place place)
{
    assert_non_null(context);
    assert_true(strcmp(path, "integer") == 0 ? place.line == 1 && place.column == 10 : place.line == 0);
    kept++;
}

static void a_reload_keeps_what_needs_a_restart(void **state)
{
    static const struct jt_config_key lasting[] = {
        {.path = "text", .type = JT_CONFIG_TEXT, .offset = AT(text), .restart = true},
        {.path = "integer", .type = JT_CONFIG_INTEGER, .offset = AT(integer), .restart = true},
        {.path = "size", .type = JT_CONFIG_SIZE, .offset = AT(size)},
    };
    static const struct jt_config_table some = {lasting, JT_COUNT(lasting), NULL, 0};
    struct read *read = *state;
    struct config before = {.integer = {7, {NULL, 2, 3}}, .size = {1, {NULL, 0, 0}}};

    read_text(read, "integer: 5\nsize: 2\n");
    assert_int_equal(jt_config_keep(&some, &before, &read->memory, &read->config, tell_kept, read), JETON_OK);
    assert_int_equal(read->config.integer.value, 7);
    assert_int_equal(read->config.size.value, 2);
    assert_null(read->config.text.at);
    assert_int_equal(kept, 1); /* the text is the same: nowhere */
    before.text.at = "was";
    assert_int_equal(jt_config_keep(&some, &before, &read->memory, &read->config, tell_kept, read), JETON_OK);
    assert_string_equal(read->config.text.at, "was");
    assert_ptr_not_equal(read->config.text.at, before.text.at);
    assert_int_equal(kept, 2);
}

static void faults_of_the_environment_name_the_variable(void **state)
{
    struct read *read = *state;
    char line[600];

    (void)take_environment(read, (const char *const[]){"JETON_INTEGER=x", "JETON_ITEMS=[{}]", NULL});
    jt_config_faults_sort(&read->faults);
    assert_int_equal(read->faults.count, 2);
    jt_config_fault_write(&read->faults.at[0], "f", line, sizeof line);
    assert_string_equal(line, "$JETON_INTEGER:1:1: integer: must be a whole number, not \"x\"");
    jt_config_fault_write(&read->faults.at[1], "f", line, sizeof line);
    assert_string_equal(line, "$JETON_ITEMS:1:2: items[0].id: must be given");
}

static void a_setting_of_no_key_is_told(void **state)
{
    const char *unknown = take_environment(*state, (const char *const[]){"JETON_INTEGER=1", "JETON_NOPE=1", NULL});

    assert_string_equal(unknown, "JETON_NOPE=1");
}

static void an_option_is_judged_like_the_file(void **state)
{
    struct read *read = *state;
    char line[600];

    assert_int_equal(jt_config_option("text", "--text", "good", &table, &read->memory, &read->config, &read->faults),
                     JETON_OK);
    assert_string_equal(read->config.text.at, "good");
    assert_int_equal(jt_config_option("text", "--text", "x", &table, &read->memory, &read->config, &read->faults),
                     JETON_OK);
    jt_config_fault_write(&read->faults.at[0], "f", line, sizeof line);
    assert_string_equal(line, "--text:1:1: text: may hold no x");
}

static void names_of_the_environment_follow_the_path(void **state)
{
    char name[64];

    (void)state;
    assert_true(jt_config_environment_name(&keys[JT_COUNT(keys) - 1], name, sizeof name));
    assert_string_equal(name, "JETON_ONE_TWO_DEEP");
    assert_false(jt_config_environment_name(&keys[9], name, sizeof name));
    assert_false(jt_config_environment_name(&keys[0], name, 8));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_empty_text_leaves_the_defaults),
        CASE(every_type_is_read_with_its_place),
        CASE(sections_and_collections_may_be_left_empty),
        CASE(unknown_keys_are_refused_at_every_level),
        CASE(keys_of_the_table_do_not_hide_in_names),
        CASE(keys_given_twice_are_refused),
        CASE(wrong_types_are_refused),
        CASE(elements_of_wrong_types_are_refused),
        CASE(a_document_that_is_no_mapping_is_refused),
        CASE(values_out_of_range_are_refused),
        CASE(the_nearest_values_in_range_are_taken),
        CASE(numbers_that_are_none_are_refused),
        CASE(nothing_where_a_value_must_be_is_refused),
        CASE(what_an_item_needs_must_be_given),
        CASE(texts_are_judged),
        CASE(lists_are_bounded_and_name_nothing_twice),
        CASE(aliases_anchors_tags_and_directives_are_refused),
        CASE(directives_are_refused),
        CASE(an_empty_key_is_none),
        CASE(merge_keys_are_only_unknown_keys),
        CASE(a_second_document_is_refused),
        CASE(text_that_is_no_yaml_is_told_with_its_place),
        CASE(faults_before_broken_yaml_are_told_too),
        CASE(bytes_that_are_no_utf8_are_refused),
        CASE(a_nul_is_no_text),
        CASE(deep_nesting_is_survived),
        CASE(no_more_than_a_hundred_faults_are_kept),
        CASE(a_bad_value_leaves_what_was_there),
        CASE(the_environment_wins_over_the_file),
        CASE(S1_1_an_empty_value_is_as_if_unset),
        CASE(S1_2_an_alias_says_what_the_canonical_name_does_not),
        CASE(faults_of_an_alias_name_it),
        CASE(a_reload_keeps_what_needs_a_restart),
        CASE(faults_of_the_environment_name_the_variable),
        CASE(a_setting_of_no_key_is_told),
        CASE(an_option_is_judged_like_the_file),
        CASE(names_of_the_environment_follow_the_path),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
