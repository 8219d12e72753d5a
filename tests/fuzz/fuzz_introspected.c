/* SPDX-License-Identifier: Apache-2.0 */
/* Does every answer of an introspection endpoint come back as claims or as a refusal, and are those claims judged
 * within the arena that was promised? What is read once is read the same again. */
#include "fuzz.h"

#include "auth/introspected.h"

#define ISSUER "https://a.example"

static struct jt_policy *new_policy(void)
{
    struct jeton_bytes issuer = JT_TEXT(ISSUER), audience = JT_TEXT("api"), scope = JT_TEXT("read");
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jt_policy *policy = NULL;

    options.issuers = (struct jeton_list){&issuer, 1};
    options.audiences = (struct jeton_list){&audience, 1};
    options.scopes = (struct jeton_list){&scope, 1};
    FUZZ_HOLDS(jt_policy_new(&options, &policy, NULL) == JETON_OK);
    return policy;
}

static void judge(struct jeton_bytes claims)
{
    struct jt_policy *policy = new_policy();
    size_t room = jt_json_arena_size(claims.len);
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jt_json out = {NULL};
    struct jeton_detail detail = {{0}};

    FUZZ_HOLDS(memory != NULL);
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_introspected_judge(claims, policy, 1700000000, &arena, &out, &detail);
    FUZZ_HOLDS(status != JETON_OUT_OF_MEMORY && status != JETON_INTERNAL_ERROR);
    FUZZ_HOLDS(status == JETON_OK || detail.text[0] != '\0');
    FUZZ_HOLDS(jt_bytes_utf8(jeton_text(detail.text)));
    if (status == JETON_OK)
        FUZZ_HOLDS(jt_bytes_equal(jt_json_string(jt_json_get(out, JT_TEXT("iss"))), JT_TEXT(ISSUER)));
    free(memory);
    jt_policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_buffer claims;
    struct jeton_detail detail = {{0}};
    bool active = false;

    jt_buffer_init(&claims, 4 * JT_INTROSPECTED_MAX);
    enum jeton_status status = jt_introspected_read(jeton_bytes(data, size), JT_TEXT(ISSUER), &active, &claims,
                                                    &detail);
    FUZZ_HOLDS(status == JETON_OK || status == JETON_KEYS_UNAVAILABLE);
    FUZZ_HOLDS(status == JETON_OK || (claims.len == 0 && !active && detail.text[0] != '\0'));
    FUZZ_HOLDS(active == (claims.len > 0));
    if (active)
        judge(jt_buffer_bytes(&claims));
    jt_buffer_done(&claims);
    return 0;
}
