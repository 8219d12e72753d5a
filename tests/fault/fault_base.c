/* SPDX-License-Identifier: Apache-2.0 */
/* Does base keep its word when memory is short? A text is written into a buffer, read as JSON and written again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/secret.h"

#include "fault.h"

static enum jeton_status read_and_write(struct jeton_bytes text, struct jt_buffer *out)
{
    size_t room = jt_json_arena_size(text.len);
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_json json;
    enum jeton_status status;

    if (memory == NULL)
        return JETON_OUT_OF_MEMORY;
    jt_arena_init(&arena, memory, room);
    status = jt_json_read(text, JT_JSON_PAYLOAD, &arena, &json, NULL);
    if (status == JETON_OK) {
        jt_json_write(out, json);
        status = out->status;
    }
    free(memory);
    return status;
}

static enum jeton_status json_is_written_and_read(void)
{
    struct jt_buffer text, again;
    struct jt_json_writer writer;
    enum jeton_status status;

    jt_buffer_init(&text, 4096);
    jt_buffer_init_secret(&again, 4096);
    jt_json_open(&writer, &text);
    for (int i = 0; i < 40; i++) {
        char name[16];

        snprintf(name, sizeof(name), "n%d", i);
        jt_json_add_number(&writer, name, i);
    }
    jt_json_close(&writer);
    status = text.status == JETON_OK ? read_and_write(jt_buffer_bytes(&text), &again) : text.status;
    jt_buffer_done(&again);
    jt_buffer_done(&text);
    return status;
}

static enum jeton_status a_duplicate_member_stays_refused(void)
{
    struct jt_buffer out;
    enum jeton_status status;

    jt_buffer_init(&out, 4096);
    status = read_and_write(JT_TEXT("{\"a\":1,\"b\":[true],\"\\u0061\":2}"), &out);
    jt_buffer_done(&out);
    return status;
}

static enum jeton_status a_secret_is_copied(void)
{
    struct jt_secret secret = {0};
    enum jeton_status status = jt_secret_copy(JT_TEXT("a secret of some length"), &secret);

    jt_secret_done(&secret);
    return status;
}

FAULT_SCENARIOS({"json_is_written_and_read", json_is_written_and_read, JETON_OK, FAULT_MEMORY, JETON_OK},
                {"a_duplicate_member_stays_refused", a_duplicate_member_stays_refused, JETON_ARGUMENT_INVALID,
                 FAULT_MEMORY, JETON_OK},
                {"a_secret_is_copied", a_secret_is_copied, JETON_OK, FAULT_MEMORY, JETON_OK});
