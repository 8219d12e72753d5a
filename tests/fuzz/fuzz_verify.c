/* SPDX-License-Identifier: Apache-2.0 */
/* Is a token judged the same way by verdict and explanation, within the promised arena, and is none believed that was
 * not signed? The key set is fixed; the bytes are the token. The first byte chooses the policy. */
#include "fuzz.h"

#include "auth/authenticate.h"

#define NOW 1700000000
#define MAX_TOKEN ((size_t)4096)

/* RFC 7515 A.1 and RFC 8037 A.4: their examples are in the corpus, so good tokens are near. */
static const char keys[] = "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-"
                           "1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CA"
                           "ow\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"x\":\"11qYAYKxCrfVS_"
                           "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static struct jt_policy *policy_of(unsigned choice)
{
    static const struct jeton_bytes issuers[] = {{"joe", 3}, {"ann", 3}}, algs[] = {{"HS256", 5}, {"EdDSA", 5}},
                                    typ[] = {{"JWT", 3}};
    struct jeton_policy_options options = JETON_POLICY_OPTIONS_INIT;
    struct jt_policy *policy = NULL;
    options.any_audience = true;
    options.max_token = MAX_TOKEN;
    options.issuers = (struct jeton_list){issuers, choice & 3 ? (choice & 3) - 1 : 0};
    options.algorithms = (struct jeton_list){algs, choice & 4 ? 2 : 0};
    options.types = (struct jeton_list){typ, choice & 8 ? 1 : 0};
    options.exp_optional = (choice & 16) != 0;
    options.max_age = choice & 32 ? 100 : -1;
    FUZZ_HOLDS(jt_policy_new(&options, &policy, NULL) == JETON_OK);
    return policy;
}

static void judge(struct jeton_bytes token, const struct jt_keyset *set, const struct jt_policy *policy)
{
    static struct jeton_verdict verdict;
    size_t room = jt_authenticate_arena_size(MAX_TOKEN);
    void *memory = malloc(room);
    struct jt_arena arena;
    struct jeton_detail detail = {{0}};
    const struct jt_verified *verified = NULL, *explained = NULL;
    FUZZ_HOLDS(memory != NULL);
    jt_arena_init(&arena, memory, room);
    enum jeton_status status = jt_authenticate(token, set, policy, NOW, &arena, &verified, &detail);
    FUZZ_HOLDS(status != JETON_OUT_OF_MEMORY && status != JETON_INTERNAL_ERROR);
    FUZZ_HOLDS((status == JETON_OK) == (verified != NULL));
    FUZZ_HOLDS((status == JETON_OK) == (detail.text[0] == '\0'));
    FUZZ_HOLDS(jt_bytes_utf8(jeton_text(detail.text)));
    if (verified != NULL)
        FUZZ_HOLDS(jt_json_type(jt_verified_claims(verified)) == JT_JSON_OBJECT);
    jt_arena_init(&arena, memory, room);
    FUZZ_HOLDS(jt_explain(token, set, policy, NOW, &arena, &explained, &verdict) == status);
    FUZZ_HOLDS(strcmp(verdict.detail.text, detail.text) == 0);
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_keyset *set = NULL;
    if (size == 0)
        return 0;
    FUZZ_HOLDS(jt_keyset_new(&set) == JETON_OK);
    FUZZ_HOLDS(jt_keyset_read_jwks(set, JT_TEXT(keys), JETON_ORIGIN_OPERATOR, NULL, NULL, NULL) == JETON_OK);
    struct jt_policy *policy = policy_of(data[0]);
    judge(jeton_bytes(data + 1, size - 1), set, policy);
    judge(jeton_bytes(data + 1, size - 1), set, policy); /* over a remembered header */
    jt_policy_free(policy);
    jt_keyset_free(set);
    return 0;
}
