/* SPDX-License-Identifier: Apache-2.0 */
/* What can a text make the reader spend? SECURITY rows 24, 25, 55. */
#include "base_test.h"

#include <stdio.h>

static enum jeton_status status_of(struct jt_buffer *text, struct jt_json_limits limits)
{
    assert_int_equal(text->status, JETON_OK);
    struct reading reading = reading_with(jt_buffer_bytes(text), limits);
    reading_done(&reading);
    jt_buffer_done(text);
    return reading.status;
}

static struct jt_buffer repeated(const char *before, const char *piece, size_t times, const char *after)
{
    struct jt_buffer text;
    jt_buffer_init(&text, (size_t)1 << 26);
    jt_buffer_add_text(&text, before);
    for (size_t i = 0; i < times; i++)
        jt_buffer_add_text(&text, piece);
    jt_buffer_add_text(&text, after);
    return text;
}

static struct jt_buffer nested(size_t depth, const char *open, const char *inside, const char *close)
{
    struct jt_buffer text = repeated("", open, depth, inside);
    for (size_t i = 0; i < depth; i++)
        jt_buffer_add_text(&text, close);
    return text;
}

static void depth_ends_at_the_limit(void **state)
{
    (void)state;
    const struct {
        struct jt_json_limits limits;
        size_t depth;
    } cases[] = {{JT_JSON_HEADER, 32}, {JT_JSON_PAYLOAD, 64}, {JT_JSON_KEYS, 32}, {{1, 100}, 1}};
    for (size_t i = 0; i < JT_COUNT(cases); i++) {
        for (size_t more = 0; more < 2; more++) {
            enum jeton_status expected = more == 0 ? JETON_OK : JETON_ARGUMENT_INVALID;
            struct jt_buffer text = nested(cases[i].depth + more, "[", "", "]");
            assert_int_equal(status_of(&text, cases[i].limits), expected);
            text = nested(cases[i].depth + more, "{\"a\":", "1", "}");
            assert_int_equal(status_of(&text, cases[i].limits), expected);
            text = nested(cases[i].depth + more, " [ ", "\"[[[[{{{{\\\"[[[[\"", " ] ");
            assert_int_equal(status_of(&text, cases[i].limits), expected);
        }
    }
}

static void a_hundred_thousand_openings_are_refused_at_once(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[", "{\"\":", "[{\"\":", "[\n", "{"};
    for (size_t i = 0; i < JT_COUNT(pieces); i++) {
        struct jt_buffer text = repeated("", pieces[i], 100000, "");
        assert_int_equal(status_of(&text, JT_JSON_PAYLOAD), JETON_ARGUMENT_INVALID);
    }
}

static void members_end_at_the_limit(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        enum jeton_status expected = more == 0 ? JETON_OK : JETON_ARGUMENT_INVALID;
        struct jt_buffer text = repeated("[0", ",0", 255 + more, "]");
        assert_int_equal(status_of(&text, JT_JSON_HEADER), expected);
        text = repeated("[0", " , {}", 16383 + more, "]");
        assert_int_equal(status_of(&text, JT_JSON_PAYLOAD), expected);
        /* Both count: the elements and what is in them. */
        text = repeated("[[1]", ",[1]", 127 + more, "]");
        assert_int_equal(status_of(&text, JT_JSON_HEADER), expected);
        /* Neither what strings say nor empty containers. */
        text = repeated("[\",,,,[[[\\\\\",\"\\\",,,,,,,,{\",[ ],{\n}", ",\",,,,\"", 252 + more, "]");
        assert_int_equal(status_of(&text, JT_JSON_HEADER), expected);
    }
}

static void commas_and_brackets_in_strings_do_not_count(void **state)
{
    (void)state;
    struct jt_buffer text = repeated("{\"a\":\"", ",[{", 20000, "\"}");
    assert_int_equal(status_of(&text, JT_JSON_HEADER), JETON_OK);
    text = repeated("{\"a\":\"", "\\\",[{\\\\", 20000, "\"}");
    assert_int_equal(status_of(&text, JT_JSON_HEADER), JETON_OK);
    text = repeated("{\"a\":\"", ",[{", 20000, "");
    assert_int_equal(status_of(&text, JT_JSON_HEADER), JETON_ARGUMENT_INVALID);
    text = repeated("{\"a\":\"", ",[{", 20000, "\\");
    assert_int_equal(status_of(&text, JT_JSON_HEADER), JETON_ARGUMENT_INVALID);
}

/* Objects as large as allowed, names that share all but their last bytes: with each compared with each this would take
 * minutes under a sanitizer, in order it takes no time. */
static void the_largest_object_is_checked_in_no_time(void **state)
{
    (void)state;
    for (int twin = 0; twin < 2; twin++) {
        struct jt_buffer text;
        jt_buffer_init(&text, (size_t)1 << 22);
        for (int i = 0; i < 16384; i++)
            jt_buffer_add_format(&text, "%s\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%05d\":0", i == 0 ? "{" : ",",
                                 twin && i == 16383 ? 0 : i);
        jt_buffer_add_text(&text, "}");
        assert_int_equal(status_of(&text, JT_JSON_PAYLOAD), twin ? JETON_ARGUMENT_INVALID : JETON_OK);
    }
}

/* Each kind of text at each length: memory of the promised size always suffices, whether the text is good or broken. */
static void the_promised_arena_suffices_for_the_worst_texts(void **state)
{
    (void)state;
    static const char *const shapes[][2] = {
        {"[1,1", ",1"},
        {"[", "["},
        {"{\"\":", "{\"\":"},
        {"[[],[]", ",[]"},
        {"[{},{}", ",{}"},
        {"{\"\":1", ",\"\":1"},
        {"[\"\"", ",\"\""},
        {"[{\"\":1}", ",{\"\":1}"},
        {" [ 1", " , 1"},
        {"[\n1", ",\n1"},
        {"1", "1"},
        {"\"", "x"},
        {"[[1,1", ",1"},
        {"{\"a\":[1", ",1"},
        {"{\n\"\":1", ",\"\":1"},
    };
    static const char *const ends[] = {"", "]", "}", "]}", "]]"};
    const struct jt_json_limits limits = {64, SIZE_MAX};
    for (size_t shape = 0; shape < JT_COUNT(shapes); shape++) {
        for (size_t times = 0; times < 3000; times += times < 100 ? 1 : 37 + shape) {
            for (size_t end = 0; end < JT_COUNT(ends); end++) {
                struct jt_buffer text = repeated(shapes[shape][0], shapes[shape][1], times, ends[end]);
                assert_int_not_equal(status_of(&text, limits), JETON_OUT_OF_MEMORY);
            }
        }
    }
}

/* Names as short as can be, all different: the most names an order has to be found for. */
static void the_promised_arena_suffices_for_the_most_names(void **state)
{
    (void)state;
    for (int count = 1; count < 20000; count = count < 200 ? count + 1 : count * 3 / 2) {
        struct jt_buffer text;
        jt_buffer_init(&text, (size_t)1 << 22);
        jt_buffer_add_text(&text, "{");
        for (int i = 0; i < count; i++) {
            char name[5] = {0};
            int at = 0;
            for (int left = i; left > 0; left /= 90, at++)
                name[at] =
                    "!#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"
                        [left % 90];
            jt_buffer_add_format(&text, "%s\"%s\":0", i == 0 ? "" : ",", name);
        }
        jt_buffer_add_text(&text, "}");
        assert_int_equal(status_of(&text, (struct jt_json_limits){4, 65536}), JETON_OK);
    }
}

static void too_small_an_arena_is_out_of_memory_and_stays_whole(void **state)
{
    (void)state;
    struct jt_buffer text;
    jt_buffer_init(&text, 1 << 16);
    for (int i = 0; i < 100; i++)
        jt_buffer_add_format(&text, "%s\"n%d\":[1,2]", i == 0 ? "{" : ",", i);
    jt_buffer_add_text(&text, "}");
    bool enough = false;
    size_t most = jt_json_arena_size(text.len);
    for (size_t room = 0; room <= most; room += 64) {
        unsigned char *memory = malloc(room + 1);
        struct jt_arena arena;
        struct jt_json json = {NULL};
        jt_arena_init(&arena, memory, room);
        enum jeton_status status = jt_json_read(jt_buffer_bytes(&text), JT_JSON_KEYS, &arena, &json, NULL);
        assert_true(status == JETON_OK || (!enough && status == JETON_OUT_OF_MEMORY));
        enough = status == JETON_OK;
        if (!enough) {
            assert_int_equal(arena.used, 0);
            assert_null(json.value);
        }
        free(memory);
    }
    assert_true(enough);
    jt_buffer_done(&text);
}

static void a_size_that_cannot_be_counted_stays_the_largest(void **state)
{
    (void)state;
    assert_true(jt_json_arena_size(SIZE_MAX) == SIZE_MAX);
    assert_true(jt_json_arena_size(SIZE_MAX / 13) == SIZE_MAX);
    assert_true(jt_json_arena_size(16384) < 220000);
}

/* Random texts made of JSON's own pieces: whatever is accepted is written and read again as the same. */
static void random_texts_come_back_as_the_same(void **state)
{
    (void)state;
    static const char *const pieces[] = {"{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "\"a\"",
                                         "\"b\"",
                                         "\"\\u0061\"",
                                         "1",
                                         "-0",
                                         "1e9",
                                         " ",
                                         "\n",
                                         "true",
                                         "null",
                                         "\"",
                                         "\\",
                                         "\"\\ud83d\\ude00\"",
                                         "{\"x\":1}",
                                         "[1,2]",
                                         "\"\xc3\xa4\"",
                                         "{\"a\":",
                                         "{\"b\":"};
    struct numbers numbers = {55};
    size_t accepted = 0;
    for (int round = 0; round < 60000; round++) {
        struct jt_buffer text;
        jt_buffer_init(&text, 4096);
        jt_buffer_add_byte(&text, round % 2 ? '[' : ' ');
        for (uint64_t left = number_below(&numbers, 9); left > 0; left--) {
            jt_buffer_add_text(&text, pieces[number_below(&numbers, JT_COUNT(pieces))]);
            if (number_below(&numbers, 3) == 0)
                jt_buffer_add_byte(&text, ',');
        }
        jt_buffer_add_text(&text, round % 2 ? "1]" : "");
        struct reading reading = reading_with(jt_buffer_bytes(&text), JT_JSON_PAYLOAD);
        assert_int_not_equal(reading.status, JETON_OUT_OF_MEMORY);
        if (reading.status == JETON_OK) {
            struct jt_buffer once, twice;
            jt_buffer_init(&once, 4096);
            jt_buffer_init(&twice, 4096);
            jt_json_write(&once, reading.json);
            struct reading again = reading_with(jt_buffer_bytes(&once), JT_JSON_PAYLOAD);
            assert_int_equal(again.status, JETON_OK);
            jt_json_write(&twice, again.json);
            assert_true(jt_bytes_equal(jt_buffer_bytes(&once), jt_buffer_bytes(&twice)));
            reading_done(&again);
            jt_buffer_done(&once);
            jt_buffer_done(&twice);
            accepted++;
        }
        reading_done(&reading);
        jt_buffer_done(&text);
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_ends_at_the_limit),
        cmocka_unit_test(a_hundred_thousand_openings_are_refused_at_once),
        cmocka_unit_test(members_end_at_the_limit),
        cmocka_unit_test(commas_and_brackets_in_strings_do_not_count),
        cmocka_unit_test(the_largest_object_is_checked_in_no_time),
        cmocka_unit_test(the_promised_arena_suffices_for_the_worst_texts),
        cmocka_unit_test(the_promised_arena_suffices_for_the_most_names),
        cmocka_unit_test(too_small_an_arena_is_out_of_memory_and_stays_whole),
        cmocka_unit_test(a_size_that_cannot_be_counted_stays_the_largest),
        cmocka_unit_test(random_texts_come_back_as_the_same),
    };
    return cmocka_run_group_tests_name("json_limits", tests, NULL, NULL);
}
