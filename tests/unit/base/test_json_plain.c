/* SPDX-License-Identifier: Apache-2.0 */
/* Does the quick way of reading JSON say what the parser says? A space before a text sends it to the parser; with and
 * without it must be the same in everything. */
#include "base_test.h"

#include <stdio.h>

#include "base/json_plain.h"

/* Longer than the texts below with what is put into them. */
enum { ROOM = 512 };

static bool is_plain(struct jeton_bytes text)
{
    static unsigned char memory[16 * ROOM];
    struct jt_arena arena;
    struct jt_json json;
    bool distinct;
    jt_arena_init(&arena, memory, sizeof memory);
    return jt_json_plain_read(text, &arena, &json, &distinct);
}

static void same(struct jeton_bytes text)
{
    char spaced[ROOM + 1];
    spaced[0] = ' ';
    memcpy(spaced + 1, text.at, text.len);
    struct reading one = reading_with(text, JT_JSON_PAYLOAD);
    struct reading other = reading_with(jeton_bytes(spaced, text.len + 1), JT_JSON_PAYLOAD);
    if (one.status != other.status)
        fail_msg("%.*s: %d with the quick way, %d without", (int)text.len, (const char *)text.at, (int)one.status,
                 (int)other.status);
    if (one.status == JETON_OK) {
        JT_AUTO(jt_buffer_done) struct jt_buffer a = {0};
        JT_AUTO(jt_buffer_done) struct jt_buffer b = {0};
        jt_buffer_init(&a, 8 * ROOM);
        jt_buffer_init(&b, 8 * ROOM);
        jt_json_write(&a, one.json);
        jt_json_write(&b, other.json);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.at, b.at, a.len);
    }
    reading_done(&one);
    reading_done(&other);
}

static enum jeton_status status_of(const char *text)
{
    struct reading reading = reading_with(jeton_text(text), JT_JSON_PAYLOAD);
    enum jeton_status status = reading.status;
    reading_done(&reading);
    return status;
}

static const char *const texts[] = {
    "{\"iss\":\"https://login.example\",\"aud\":\"api\",\"exp\":1700000000,\"admin\":true,\"x\":false,\"n\":null}",
    "{\"aud\":[\"a\",\"b\"],\"realm\":{\"roles\":[\"r\",{\"deep\":[[1,2],[],{}]}]},\"\":\"\",\"zero\":0}",
    "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":[[[[[[1]]]]]]},\"0123456789abcdef0123456789abcdef\"]",
    "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{}}}}}}},\"a2\":[]}",
    "{}",
    "[]",
    "[0]",
};

static void texts_as_services_write_them_are_plain_and_others_are_not(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         " ",
                                         "{ }",
                                         "{\"a\" :1}",
                                         "{\"a\":1 }",
                                         "[1.5]",
                                         "[1e3]",
                                         "[-1]",
                                         "[01]",
                                         "[\"\\n\"]",
                                         "[\"\x7f\x80\"]",
                                         "[1,]",
                                         "{\"a\":1,}",
                                         "{\"a\"}",
                                         "[",
                                         "{\"a",
                                         "[\"a]",
                                         "[tru]",
                                         "[truex]",
                                         "[1]]",
                                         "{]",
                                         "[}",
                                         "{\"a\":1]",
                                         "[1 2]",
                                         "[[[[[[[[[1]]]]]]]]]",
                                         "{1:2}",
                                         "[\"\t\"]",
                                         "[],[]",
                                         "[:]"};
    for (size_t i = 0; i < JT_COUNT(texts); i++)
        assert_true(is_plain(jeton_text(texts[i])));
    for (size_t i = 0; i < JT_COUNT(others); i++) {
        if (is_plain(jeton_text(others[i])))
            fail_msg("%s", others[i]);
        same(jeton_text(others[i]));
    }
    assert_false(is_plain(JT_TEXT("[1]\0"))); /* a NUL is a byte like any other */
    assert_false(is_plain(JT_TEXT("[\"a\0b\"]")));
}

static void every_change_of_one_byte_is_judged_alike(void **state)
{
    (void)state;
    static const char bytes[] = "\0\t\n !\"#',-./0123459:Ee[\\]aftnu{}~\x7f\x80\xc3\xff";
    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        char text[ROOM];
        size_t len = strlen(texts[i]);
        for (size_t at = 0; at < len; at++) {
            for (size_t byte = 0; byte < sizeof bytes - 1; byte++) {
                memcpy(text, texts[i], len);
                text[at] = bytes[byte];
                same(jeton_bytes(text, len));
            }
        }
    }
}

static void every_cut_and_every_insertion_is_judged_alike(void **state)
{
    (void)state;
    static const char *const pieces[] = {"\"", "\\", ",", ":", "[", "]", "{", "}", "0", "-", ".5", "e1", "true", "nul"};
    for (size_t i = 0; i < JT_COUNT(texts); i++) {
        char text[ROOM];
        size_t len = strlen(texts[i]);
        for (size_t at = 0; at <= len; at++) {
            same(jeton_bytes(texts[i], at));
            same(jeton_bytes(texts[i] + at, len - at));
            for (size_t piece = 0; piece < JT_COUNT(pieces); piece++) {
                size_t more = strlen(pieces[piece]);
                memcpy(text, texts[i], at);
                memcpy(text + at, pieces[piece], more);
                memcpy(text + at + more, texts[i] + at, len - at);
                same(jeton_bytes(text, len + more));
            }
        }
    }
}

/* Made of pieces that mean something: most are no JSON, all are judged alike. */
static void random_texts_are_judged_alike(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "{",    "}",     "[",     "]",       ",",    ":",     "\"a\":",       "\"b\":", "\"a\"",
        "\"",   "1",     "0",     "12",      "true", "false", "null",         "]}",     "}]",
        "\\\"", "[[[[[", "]]]]]", "\"a\":{", "-1",   "1.0",   "{\"c\":[1,2]}"};
    struct numbers numbers = {0x5eed5eed5eedu};
    for (size_t round = 0; round < 60000; round++) {
        char text[ROOM] = "{";
        size_t count = number_below(&numbers, 14);
        for (size_t i = 0; i < count; i++)
            strcat(text, pieces[number_below(&numbers, JT_COUNT(pieces))]);
        strcat(text, "}");
        same(jeton_text(text));
    }
}

/* Strings and what is around them fall on every place of the blocks that are looked through ahead; so does the one byte
 * that makes a text another. */
static void every_place_in_a_block_is_judged_alike(void **state)
{
    (void)state;
    for (size_t len = 0; len < 200; len++) {
        char text[ROOM], filling[200];
        memset(filling, 'x', len);
        filling[len] = 0;
        snprintf(text, sizeof text, "{\"%s\":\"%s\",\"n\":[12,\"\",{}],\"\":true}", filling, filling);
        assert_true(is_plain(jeton_text(text)));
        same(jeton_text(text));
        for (char *at = strchr(text, 'x'); at != NULL; at = strchr(at + 1, 'x')) {
            static const char bytes[] = "\"\\\x1f\x80";
            for (size_t i = 0; i < sizeof bytes - 1; i++) {
                *at = bytes[i];
                assert_false(is_plain(jeton_text(text)));
                if (len % 13 == 0)
                    same(jeton_text(text));
            }
            *at = 'x';
        }
    }
}

static void object_of(char *text, size_t room, const char *first, const char *second, bool inner)
{
    snprintf(text, room, "%s{\"%s\":1,\"between\":[],\"%s\":2}%s", inner ? "{\"x\":" : "", first, second,
             inner ? "}" : "");
}

/* Of every length, as the quick way compares only the beginning of a name: what is there twice is refused, and what
 * differs only at its end, or in its length, is not. */
static void a_name_that_is_there_twice_is_refused_and_one_nearly_so_is_not(void **state)
{
    (void)state;
    static const char letters[] = "subject_of_the_token";
    for (size_t len = 0; len < sizeof letters - 1; len++) {
        for (unsigned inner = 0; inner < 2; inner++) {
            char text[128], name[32] = "", other[32] = "";
            memcpy(name, letters, len);
            memcpy(other, letters, len + 1);
            object_of(text, sizeof text, name, name, inner);
            assert_true(is_plain(jeton_text(text)));
            same(jeton_text(text));
            assert_int_equal(status_of(text), JETON_ARGUMENT_INVALID);
            object_of(text, sizeof text, name, other, inner);
            assert_int_equal(status_of(text), JETON_OK);
            memcpy(name, letters, len + 1);
            name[len] = '~';
            object_of(text, sizeof text, name, other, inner);
            assert_int_equal(status_of(text), JETON_OK);
        }
    }
}

/* The promised memory is enough up to the last byte, and no more is touched: what is too little is given back whole. */
static void an_arena_too_small_is_as_before(void **state)
{
    (void)state;
    struct jeton_bytes text = JT_TEXT("[[[[[[[[\"abc\",1],2],3]]]]],true]");
    for (size_t room = 0; room < 1024; room++) {
        unsigned char *memory = malloc(room + 1);
        struct jt_arena arena;
        struct jt_json json;
        bool distinct;
        jt_arena_init(&arena, memory, room);
        if (!jt_json_plain_read(text, &arena, &json, &distinct))
            assert_int_equal(arena.used, 0);
        else
            assert_true(distinct);
        free(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_as_services_write_them_are_plain_and_others_are_not),
        cmocka_unit_test(every_change_of_one_byte_is_judged_alike),
        cmocka_unit_test(every_cut_and_every_insertion_is_judged_alike),
        cmocka_unit_test(random_texts_are_judged_alike),
        cmocka_unit_test(every_place_in_a_block_is_judged_alike),
        cmocka_unit_test(a_name_that_is_there_twice_is_refused_and_one_nearly_so_is_not),
        cmocka_unit_test(an_arena_too_small_is_as_before),
    };
    return cmocka_run_group_tests_name("json_plain", tests, NULL, NULL);
}
