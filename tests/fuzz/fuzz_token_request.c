/* SPDX-License-Identifier: Apache-2.0 */
/* Does POST /token stand any bytes, and does it give a token only where it should? A server of two clients, with one
 * known key for everything, so that good tokens and assertions can lie in the corpus. The first line goes in as the
 * Authorization header (empty: none), the rest as the form. */
#include "fuzz.h"

#define HOLDS FUZZ_HOLDS
#include "../token_world.h"

static bool has(struct jeton_bytes text, const char *part)
{
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static void answer_holds(const struct jt_answer *answer)
{
    switch (answer->status) {
    case 200:
        FUZZ_HOLDS(has(answer->body, "{\"access_token\":\"") && has(answer->body, "\"token_type\":\"Bearer\""));
        return;
    case 400:
    case 401:
        FUZZ_HOLDS(has(answer->body, "{\"error\":\"") && !has(answer->body, "access_token\":\""));
        return;
    default:
        FUZZ_HOLDS(!"a status that no request can bring about");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *world;
    static unsigned char memory[1 << 20];
    struct jeton_bytes all = {data, size}, line = jt_bytes_cut(all, 0, jt_bytes_find(all, '\n', 0));
    struct jt_arena arena;
    struct jt_answer answer;

    if (world == NULL)
        world = make_world();
    if (size > 16384)
        return 0;
    jt_arena_init(&arena, memory, sizeof memory);
    world->server.clients = open_clients();
    answer = ask_for_token(world, line, jt_bytes_cut(all, line.len + 1, size), &arena);
    answer_holds(&answer);
    jt_clients_free(world->server.clients);
    return 0;
}
