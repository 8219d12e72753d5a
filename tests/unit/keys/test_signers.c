/* SPDX-License-Identifier: Apache-2.0 */
/* Does the one active key sign, is what is shown immutable, and does a swap disturb nobody? */
#include "keys/signers.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "jose/sign.h"
#include "jose/verify.h"

#define NOW 1700000000

static struct jt_secret_jwk *make(const char *alg, const char *kid)
{
    struct jt_secret_jwk *key = NULL;

    assert_int_equal(jt_secret_jwk_generate(jt_algorithm_find(jeton_text(alg)), 0, jeton_text(kid), &key, NULL),
                     JETON_OK);
    return key;
}

static struct jt_signer_set *set_of(const struct jt_signer *signers, size_t count)
{
    struct jt_signer_set *set = NULL;

    assert_int_equal(jt_signer_set_make(signers, count, &set, NULL), JETON_OK);
    return set;
}

static enum jeton_status sign(struct jt_signers *signers, struct jt_buffer *out)
{
    struct jeton_sign_options options = JETON_SIGN_OPTIONS_INIT;

    options.now = NOW;
    return jt_signers_sign(signers, &options, out, NULL);
}

/* Is the token's kid this one? The header is looked at as bytes: {"alg":"ES256","typ":"JWT","kid":"…"}. */
static bool is_of(const struct jt_buffer *token, const struct jt_keyset *keys, struct jeton_bytes *kid)
{
    static _Thread_local char memory[1 << 15];
    struct jt_arena arena;
    struct jt_token parts;
    struct jt_header header;
    struct jt_candidates candidates;
    struct jt_verified *verified;

    jt_arena_init(&arena, memory, sizeof memory);
    if (jt_token_read(jt_buffer_bytes(token), &arena, &parts, NULL) != JETON_OK ||
        jt_header_read(parts.header, &arena, &header, NULL) != JETON_OK ||
        jt_keyset_find(keys, &header, &candidates, NULL) != JETON_OK ||
        jt_verify_token(&parts, &header, &candidates, &arena, &verified, NULL) != JETON_OK)
        return false;
    *kid = header.kid;
    return true;
}

static struct jt_keyset *read_set(const struct jt_published *published)
{
    struct jt_keyset *keys = NULL;

    if (jt_keyset_new(&keys) != JETON_OK || jt_keyset_read_jwks(keys, jt_buffer_bytes(&published->jwks),
                                                                JETON_ORIGIN_OPERATOR, NULL, NULL, NULL) != JETON_OK)
        abort();
    return keys;
}

static void without_a_set_nothing_is_signed(void **state)
{
    struct jt_signers *signers = NULL;
    struct jt_published_guard guard;
    struct jt_buffer token;

    (void)state;
    assert_int_equal(jt_signers_new(&signers), JETON_OK);
    jt_buffer_init(&token, 4096);
    assert_false(jt_signers_ready(signers));
    assert_int_equal(sign(signers, &token), JETON_KEYS_UNAVAILABLE);
    guard = jt_signers_enter(signers);
    assert_null(guard.published);
    jt_signers_leave(&guard);
    jt_signers_free(signers);
    jt_buffer_done(&token);
}

static void S4_5_keys_without_an_active_one_are_shown_and_not_ready(void **state)
{
    struct jt_secret_jwk *key = make("ES256", "a");
    struct jt_signer one = {key, JT_SIGNER_NEXT};
    struct jt_signers *signers = NULL;
    struct jt_published_guard guard;
    struct jt_buffer token;

    (void)state;
    assert_int_equal(jt_signers_new(&signers), JETON_OK);
    jt_buffer_init(&token, 4096);
    jt_signers_put(signers, set_of(&one, 1));
    assert_false(jt_signers_ready(signers));
    assert_int_equal(sign(signers, &token), JETON_KEYS_UNAVAILABLE);
    guard = jt_signers_enter(signers);
    assert_int_equal(guard.published->count, 1);
    jt_signers_leave(&guard);
    jt_signers_free(signers);
    jt_buffer_done(&token);
    jt_secret_jwk_release(key);
}

static void S4_7_next_active_retiring_in_this_order_and_nothing_private(void **state)
{
    struct jt_secret_jwk *keys[] = {make("ES256", "old"), make("RS256", "now"), make("EdDSA", "soon")};
    const struct jt_signer all[] = {
        {keys[0], JT_SIGNER_RETIRING}, {keys[1], JT_SIGNER_ACTIVE}, {keys[2], JT_SIGNER_NEXT}};
    struct jt_signer_set *set = set_of(all, 3);
    const struct jt_published *published = jt_signer_set_published(set);
    struct jeton_bytes text = jt_buffer_bytes(&published->jwks);
    static const char *const order[] = {"soon", "now", "old"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(published->at[i].key->about.kid.at, order[i]);
    assert_int_equal(published->algorithms,
                     JT_ALG_BIT(JT_ALG_ES256) | JT_ALG_BIT(JT_ALG_RS256) | JT_ALG_BIT(JT_ALG_EDDSA));
    assert_null(memmem(text.at, text.len, "\"d\":", 4));
    assert_null(memmem(text.at, text.len, "\"p\":", 4));
    jt_signer_set_free(set);
    for (size_t i = 0; i < 3; i++)
        jt_secret_jwk_release(keys[i]);
}

static void S4_8_the_active_key_alone_signs(void **state)
{
    struct jt_secret_jwk *keys[] = {make("ES256", "old"), make("ES256", "now"), make("ES256", "soon")};
    const struct jt_signer all[] = {
        {keys[0], JT_SIGNER_RETIRING}, {keys[1], JT_SIGNER_ACTIVE}, {keys[2], JT_SIGNER_NEXT}};
    struct jt_signers *signers = NULL;
    struct jt_signer_set *set = set_of(all, 3);
    struct jt_keyset *shown = read_set(jt_signer_set_published(set));
    struct jeton_bytes kid = {NULL, 0};
    struct jt_buffer token;

    (void)state;
    assert_int_equal(jt_signers_new(&signers), JETON_OK);
    jt_signers_put(signers, set);
    assert_true(jt_signers_ready(signers));
    jt_buffer_init(&token, 4096);
    assert_int_equal(sign(signers, &token), JETON_OK);
    assert_true(is_of(&token, shown, &kid));
    assert_true(jt_bytes_equal(kid, JT_TEXT("now")));
    jt_buffer_done(&token);
    jt_keyset_free(shown);
    jt_signers_free(signers);
    for (size_t i = 0; i < 3; i++)
        jt_secret_jwk_release(keys[i]);
}

static void S5_18_a_key_that_cannot_sign_or_has_no_name_is_no_signer(void **state)
{
    struct jt_secret_jwk *good = make("ES256", "a"), *nameless = NULL;
    struct jt_signer two[] = {{good, JT_SIGNER_ACTIVE}, {good, JT_SIGNER_ACTIVE}};
    struct jt_signer_set *set = NULL;
    struct jeton_detail detail = {""};

    (void)state;
    assert_int_equal(jt_signer_set_make(two, 2, &set, &detail), JETON_KEY_INVALID);
    assert_string_equal(detail.text, "two keys are active");
    assert_int_equal(jt_secret_jwk_make(good->key, JT_TEXT(""), good->about.alg, &nameless), JETON_OK);
    two[0].key = nameless;
    assert_int_equal(jt_signer_set_make(two, 1, &set, &detail), JETON_KEY_INVALID);
    assert_null(set);
    jt_secret_jwk_release(nameless);
    jt_secret_jwk_release(good);
}

static void S5_7_what_a_reader_holds_stays_as_it_was(void **state)
{
    struct jt_secret_jwk *a = make("ES256", "a"), *b = make("ES256", "b");
    struct jt_signer first = {a, JT_SIGNER_ACTIVE}, second = {b, JT_SIGNER_ACTIVE};
    struct jt_signers *signers = NULL;
    struct jt_published_guard held, later;
    char etag[48];

    (void)state;
    assert_int_equal(jt_signers_new(&signers), JETON_OK);
    jt_signers_put(signers, set_of(&first, 1));
    held = jt_signers_enter(signers);
    memcpy(etag, held.published->etag, sizeof etag);
    for (unsigned i = 0; i < JT_SNAPSHOT_RETIRED; i++)
        jt_signers_put(signers, set_of(i % 2 == 0 ? &second : &first, 1));
    assert_string_equal(held.published->etag, etag);
    assert_string_equal(held.published->at[0].key->about.kid.at, "a");
    jt_signers_leave(&held);
    later = jt_signers_enter(signers);
    assert_string_equal(later.published->etag, etag); /* the same keys give the same tag */
    jt_signers_leave(&later);
    jt_signers_free(signers);
    jt_secret_jwk_release(a);
    jt_secret_jwk_release(b);
}

/* --- Threads sign while the set is swapped --- */

enum { THREADS = 4, SWAPS = 300 };

struct race {
    struct jt_signers *signers;
    struct jt_keyset *all;
    atomic_bool over;
    atomic_uint signed_count;
    atomic_uint bad;
};

static void *sign_on(void *context)
{
    struct race *race = context;

    while (!atomic_load(&race->over)) {
        struct jt_published_guard guard = jt_signers_enter(race->signers);
        struct jeton_bytes kid;
        struct jt_buffer token;

        jt_buffer_init(&token, 4096);
        if (guard.published->count != 2 || guard.published->jwks.len == 0 || sign(race->signers, &token) != JETON_OK ||
            !is_of(&token, race->all, &kid))
            atomic_fetch_add(&race->bad, 1);
        jt_signers_leave(&guard);
        jt_buffer_done(&token);
        atomic_fetch_add(&race->signed_count, 1);
    }
    return NULL;
}

static void S4_10_signing_goes_on_while_the_set_is_swapped(void **state)
{
    struct jt_secret_jwk *a = make("ES256", "a"), *b = make("ES256", "b");
    const struct jt_signer one[] = {{a, JT_SIGNER_ACTIVE}, {b, JT_SIGNER_NEXT}};
    const struct jt_signer other[] = {{a, JT_SIGNER_RETIRING}, {b, JT_SIGNER_ACTIVE}};
    struct jt_signer_set *first = set_of(one, 2);
    struct race race = {.all = read_set(jt_signer_set_published(first))};
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(jt_signers_new(&race.signers), JETON_OK);
    jt_signers_put(race.signers, first);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_on, &race), 0);
    for (unsigned i = 0; i < SWAPS || atomic_load(&race.signed_count) < SWAPS; i++)
        jt_signers_put(race.signers, set_of(i % 2 == 0 ? other : one, 2));
    atomic_store(&race.over, true);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(race.bad, 0);
    jt_signers_free(race.signers);
    jt_keyset_free(race.all);
    jt_secret_jwk_release(a);
    jt_secret_jwk_release(b);
}

static void state_names_are_found_again(void **state)
{
    enum jt_signer_state found;

    (void)state;
    for (enum jt_signer_state each = JT_SIGNER_NEXT; each <= JT_SIGNER_RETIRING; each++) {
        assert_true(jt_signer_state_find(jeton_text(jt_signer_state_name(each)), &found));
        assert_int_equal(found, each);
    }
    assert_false(jt_signer_state_find(JT_TEXT("Active"), &found));
    jt_signers_free(NULL);
    jt_signer_set_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_set_nothing_is_signed),
        cmocka_unit_test(S4_5_keys_without_an_active_one_are_shown_and_not_ready),
        cmocka_unit_test(S4_7_next_active_retiring_in_this_order_and_nothing_private),
        cmocka_unit_test(S4_8_the_active_key_alone_signs),
        cmocka_unit_test(S5_18_a_key_that_cannot_sign_or_has_no_name_is_no_signer),
        cmocka_unit_test(S5_7_what_a_reader_holds_stays_as_it_was),
        cmocka_unit_test(S4_10_signing_goes_on_while_the_set_is_swapped),
        cmocka_unit_test(state_names_are_found_again),
    };
    return cmocka_run_group_tests_name("signers", tests, NULL, NULL);
}
