/* SPDX-License-Identifier: Apache-2.0 */
/* Does the promised arena suffice for every text, and is what was read written so that it is read as the same? Each
 * value is looked at by every getter, each object for a name that is there twice, the slow way. */
#include "fuzz.h"

#include "base/json.h"

static void look(struct jt_json json, size_t depth)
{
    size_t count = 0;
    FUZZ_HOLDS(depth <= 64);
    FUZZ_HOLDS(jt_json_type(json) != JT_JSON_NONE);
    FUZZ_HOLDS(jt_bytes_utf8(jt_json_string(json)));
    FUZZ_HOLDS((jt_json_type(json) == JT_JSON_NUMBER) == (jt_json_number(json).len > 0));
    for (struct jt_json_walk walk = jt_json_walk(json); jt_json_next(&walk); count++) {
        look(walk.value, depth + 1);
        /* The first of that name, so also the only one. */
        FUZZ_HOLDS(!walk.object || count > 500 || jt_json_get(json, walk.name).value == walk.value.value);
    }
    FUZZ_HOLDS(count == jt_json_count(json));
}

static enum jeton_status read(struct jeton_bytes text, struct jt_json_limits limits, struct jt_buffer *written)
{
    size_t room = jt_json_arena_size(text.len);
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_json json = {NULL};
    struct jeton_detail detail = {{0}};

    FUZZ_HOLDS(memory != NULL);
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_json_read(text, limits, &arena, &json, &detail);
    FUZZ_HOLDS(status == JETON_OK || status == JETON_ARGUMENT_INVALID);
    FUZZ_HOLDS(jt_bytes_utf8(jeton_text(detail.text)));
    if (status == JETON_OK) {
        look(json, 0);
        jt_json_write(written, json);
    } else {
        FUZZ_HOLDS(arena.used == 0 && detail.text[0] != '\0');
    }
    free(memory);
    return status;
}

/* With a space before it the text goes another way; it must say the same. */
static void compare(const uint8_t *data, size_t size, enum jeton_status status, struct jeton_bytes written)
{
    struct jt_buffer spaced, other;

    jt_buffer_init(&spaced, size + 1);
    jt_buffer_init(&other, 8 * size + 64);
    jt_buffer_add_byte(&spaced, ' ');
    jt_buffer_add(&spaced, jeton_bytes(data, size));
    FUZZ_HOLDS(read(jt_buffer_bytes(&spaced), JT_JSON_PAYLOAD, &other) == status);
    FUZZ_HOLDS(jt_bytes_equal(jt_buffer_bytes(&other), written));
    jt_buffer_done(&spaced);
    jt_buffer_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_buffer once, twice, unused;

    if (size > 1 << 20)
        return 0;
    jt_buffer_init(&once, 8 * size + 64);
    jt_buffer_init(&twice, 8 * size + 64);
    jt_buffer_init(&unused, 8 * size + 64);
    enum jeton_status status = read(jeton_bytes(data, size), JT_JSON_PAYLOAD, &once);
    if (size < 16384) /* a character more must not pass the limit of members */
        compare(data, size, status, jt_buffer_bytes(&once));
    if (status == JETON_OK) {
        FUZZ_HOLDS(once.status == JETON_OK);
        FUZZ_HOLDS(read(jt_buffer_bytes(&once), JT_JSON_PAYLOAD, &twice) == JETON_OK);
        FUZZ_HOLDS(jt_bytes_equal(jt_buffer_bytes(&once), jt_buffer_bytes(&twice)));
    } else {
        /* What is refused with wide limits is refused with narrow ones. */
        FUZZ_HOLDS(read(jeton_bytes(data, size), JT_JSON_HEADER, &unused) != JETON_OK);
    }
    jt_buffer_done(&once);
    jt_buffer_done(&twice);
    jt_buffer_done(&unused);
    return 0;
}
