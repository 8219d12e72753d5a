/* SPDX-License-Identifier: Apache-2.0 */
/* What do the tests of SigV4 share? Requests read from their text as it goes over the wire, and an arena. */
#ifndef JT_TESTS_SIGV4_TEST_H
#define JT_TESTS_SIGV4_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "auth/sigv4_parts.h"

#define FIELDS 32

/* A request; texts are borrowed from the one it was read from. */
struct wire {
    struct jt_header_field fields[FIELDS];
    struct jt_sigv4_request request;
    struct jeton_bytes body;
};

static inline void read_target(struct jeton_bytes line, struct wire *out)
{
    size_t space = jt_bytes_find(line, ' ', 0);
    struct jeton_bytes target = jt_bytes_cut(line, space + 1, line.len - strlen(" HTTP/1.1"));
    size_t mark = jt_bytes_find(target, '?', 0);
    out->request.method = jt_bytes_cut(line, 0, space);
    out->request.path = jt_bytes_cut(target, 0, mark);
    out->request.query = jt_bytes_cut(target, mark + 1, target.len);
}

/* "GET / HTTP/1.1\nName:value\n  folded\n\nbody" */
static inline void read_wire(struct jeton_bytes text, struct wire *out)
{
    size_t end = jt_bytes_find(text, '\n', 0);
    *out = (struct wire){.body = {"", 0}};
    read_target(jt_bytes_cut(text, 0, end), out);
    out->request.headers = out->fields;
    for (size_t from = end + 1; from < text.len; from = end + 1) {
        end = jt_bytes_find(text, '\n', from);
        if (end == from) {
            out->body = jt_bytes_cut(text, from + 1, text.len);
            return;
        }
        while (end + 1 < text.len && ((const char *)text.at)[end + 1] == ' ')
            end = jt_bytes_find(text, '\n', end + 1);
        size_t colon = jt_bytes_find(text, ':', from);
        assert_true(out->request.header_count < FIELDS);
        out->fields[out->request.header_count++] = (struct jt_header_field){jt_bytes_cut(text, from, colon),
                                                                            jt_bytes_cut(text, colon + 1, end)};
    }
}

struct memory {
    struct jt_arena arena;
    size_t room;
};
/* Of exactly the promised size. */
static inline struct memory memory_for(size_t len)
{
    struct memory memory = {.room = jt_sigv4_arena_size(len)};
    void *at = malloc(memory.room);
    assert_non_null(at);
    jt_arena_init(&memory.arena, at, memory.room);
    return memory;
}
static inline void memory_done(struct memory *memory)
{
    free(memory->arena.at);
}

/* Reading and judging in one. */
static inline enum jt_signed judge(const struct jt_sigv4_request *request, const struct jt_sigv4_rules *rules,
                                   const char *secret, int64_t now, struct jeton_detail *detail)
{
    struct memory memory = memory_for(8192);
    struct jt_sigv4_claim claim;
    enum jt_signed outcome = jt_sigv4_read(request, &memory.arena, &claim, detail);
    if (outcome == JT_SIGNED_OK)
        outcome = jt_sigv4_verify(request, &claim, rules, jeton_text(secret), now, &memory.arena, detail);
    memory_done(&memory);
    return outcome;
}
#endif
