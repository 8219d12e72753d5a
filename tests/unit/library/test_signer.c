/* SPDX-License-Identifier: Apache-2.0 */
/* Can a program outside hold keys in time? A signer through the promise alone: who keeps the set as long as it may
 * never meets an unknown key, a change counts when it is saved, and a restart goes on where the last run stopped. */
#include "library_test.h"

#include <pthread.h>
#include <sched.h>

#define SECOND ((int64_t)1000)

/* What a program keeps: keys as text, and the numbers. */
struct kept_memory {
    struct jeton_output texts[JETON_SIGNER_KEYS];
    struct jeton_signer_key keys[JETON_SIGNER_KEYS];
    struct jeton_signer_memory memory;
    unsigned saves;
    bool full; /* the disk */
};

static void kept_done(struct kept_memory *kept)
{
    for (size_t i = 0; i < kept->memory.count; i++)
        jeton_output_done(&kept->texts[i]);
    kept->memory.count = 0;
}

static bool save(void *context, const struct jeton_signer_memory *memory)
{
    struct kept_memory *kept = context;
    assert_int_equal(memory->size, sizeof *memory);
    if (kept->full)
        return false;
    kept_done(kept);
    kept->memory = *memory;
    kept->memory.keys = kept->keys;
    for (size_t i = 0; i < memory->count; i++) {
        kept->keys[i] = memory->keys[i];
        kept->texts[i] = (struct jeton_output)JETON_OUTPUT_INIT;
        assert_code(jeton_secret_key_write(memory->keys[i].key, JETON_FORMAT_JWK, &kept->texts[i]), JETON_OK);
    }
    kept->saves++;
    return true;
}

static struct jeton_clocks at(int64_t now)
{
    return (struct jeton_clocks){now * SECOND, (now - NOW) * SECOND + 5000000};
}

static struct jeton_signer_options short_times(struct kept_memory *kept)
{
    struct jeton_signer_options options = JETON_SIGNER_OPTIONS_INIT;
    options.token_ttl = 60;
    options.rotate_every = 1000;
    options.publish_ahead = 200;
    options.jwks_max_age = 100;
    options.save = save;
    options.context = kept;
    return options;
}

static struct jeton_signer *start(const struct jeton_signer_options *options, const struct jeton_signer_memory *memory,
                                  struct jeton_clocks clocks)
{
    struct jeton_signer *signer = NULL;
    struct jeton_detail detail = {""};
    if (jeton_signer_new(options, memory, clocks, &signer, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
    return signer;
}

/* A new run with what the last one kept, read back from its text. */
static struct jeton_signer *restart(struct kept_memory *kept, const struct jeton_signer_options *options,
                                    struct jeton_clocks clocks)
{
    struct jeton_secret_key *read[JETON_SIGNER_KEYS];
    struct jeton_signer_key keys[JETON_SIGNER_KEYS];
    struct jeton_signer_memory memory = kept->memory;
    memory.keys = keys;
    for (size_t i = 0; i < memory.count; i++) {
        assert_code(jeton_secret_key_read(jeton_bytes(kept->texts[i].at, kept->texts[i].len), &read[i], NULL),
                    JETON_OK);
        keys[i] = kept->keys[i];
        keys[i].key = read[i];
    }
    size_t count = memory.count;
    struct jeton_signer *signer = start(options, &memory, clocks);
    for (size_t i = 0; i < count; i++)
        jeton_secret_key_free(read[i]);
    return signer;
}

static struct jeton_output signed_at(struct jeton_signer *signer, int64_t now)
{
    struct jeton_sign_options options = sign_options();
    struct jeton_output token = JETON_OUTPUT_INIT;
    struct jeton_detail detail = {""};
    options.now = now;
    options.ttl = 60;
    if (jeton_signer_sign(signer, &options, &token, &detail) != JETON_OK)
        fail_msg("%s", detail.text);
    return token;
}

static struct jeton_keyset *shown_by(struct jeton_signer *signer)
{
    struct jeton_output jwks = JETON_OUTPUT_INIT;
    struct jeton_keyset *set = NULL;
    int64_t max_age = 0;
    assert_code(jeton_signer_show(signer, NULL, &max_age, &jwks), JETON_OK);
    assert_int_equal(max_age, 100);
    assert_null(strstr(jwks.at, "\"d\""));
    assert_code(jeton_keyset_new(&set), JETON_OK);
    assert_code(jeton_keyset_add_jwks(set, jeton_bytes(jwks.at, jwks.len), NULL, NULL), JETON_OK);
    jeton_output_done(&jwks);
    return set;
}

static enum jeton_status judge_at(const struct jeton_output *token, const struct jeton_keyset *set, int64_t now)
{
    struct jeton_policy_options options = any_audience();
    struct jeton_policy *policy = NULL;
    assert_code(jeton_policy_new(&options, &policy, NULL), JETON_OK);
    enum jeton_status status = jeton_verify(jeton_bytes(token->at, token->len), set, policy, now, test_arena,
                                            sizeof test_arena, &last_verified, &last_detail);
    jeton_policy_free(policy);
    return status;
}

static void step(struct jeton_signer *signer, struct jeton_clocks clocks, struct jeton_signer_change *change)
{
    assert_code(jeton_signer_step(signer, clocks, change, NULL), JETON_OK);
}

/* The kid of the active key; NULL when none. */
static const char *active_of(const struct jeton_signer *signer)
{
    static char kid[64];
    struct jeton_signer_about about;
    for (size_t i = 0; i < jeton_signer_count(signer); i++) {
        jeton_signer_about(signer, i, &about);
        if (about.state != JETON_SIGNER_ACTIVE)
            continue;
        snprintf(kid, sizeof kid, "%.*s", (int)about.kid.len, (const char *)about.kid.at);
        return kid;
    }
    return NULL;
}

static void the_first_start_makes_one_key_that_signs_and_is_saved(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_output token = signed_at(signer, NOW);
    struct jeton_keyset *set = shown_by(signer);
    char etag[JETON_ETAG_SIZE], again[JETON_ETAG_SIZE];
    struct jeton_output jwks = JETON_OUTPUT_INIT;
    assert_int_equal(kept.saves, 1);
    assert_int_equal(jeton_signer_count(signer), 1);
    assert_code(judge_at(&token, set, NOW), JETON_OK);
    assert_code(jeton_signer_show(signer, etag, NULL, &jwks), JETON_OK);
    jeton_output_done(&jwks);
    assert_code(jeton_signer_show(signer, again, NULL, &jwks), JETON_OK);
    jeton_output_done(&jwks);
    assert_string_equal(etag, again);
    assert_int_equal(etag[0], '"');
    jeton_output_done(&token);
    jeton_keyset_free(set);
    jeton_signer_free(signer);
    kept_done(&kept);
}

/* A relying party that fetches when it must and keeps for exactly max-age; each second a token is signed. */
static void S4_10_who_keeps_the_set_for_max_age_never_meets_an_unknown_key(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_keyset *set = NULL;
    struct jeton_output oldest = JETON_OUTPUT_INIT;
    char before[64] = "";
    unsigned rotations = 0;
    for (int64_t now = NOW; now < NOW + 5500; now += 5) {
        step(signer, at(now), NULL);
        if ((now - NOW) % 100 == 0) {
            jeton_keyset_free(set);
            set = shown_by(signer);
        }
        struct jeton_output token = signed_at(signer, now);
        if (judge_at(&token, set, now) != JETON_OK)
            fail_msg("at %lld: %s", (long long)(now - NOW), last_detail.text);
        if (now % 60 == 0) { /* a token of up to a minute ago, with the set as it is now */
            if (oldest.at != NULL)
                assert_code(judge_at(&oldest, set, now), JETON_OK);
            jeton_output_done(&oldest);
            oldest = signed_at(signer, now);
        }
        rotations += strcmp(before, active_of(signer)) != 0;
        strcpy(before, active_of(signer));
        jeton_output_done(&token);
        assert_in_range(jeton_signer_count(signer), 1, 3);
    }
    assert_int_equal(rotations, 6);
    jeton_output_done(&oldest);
    jeton_keyset_free(set);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static void S4_11_a_restart_goes_on_where_the_last_run_stopped(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    char first[64], second[64];
    strcpy(first, active_of(signer));
    for (int64_t now = NOW; now <= NOW + 900; now += 10)
        step(signer, at(now), NULL);
    assert_int_equal(jeton_signer_count(signer), 2);
    struct jeton_output token = signed_at(signer, NOW + 900);
    jeton_signer_free(signer);
    signer = restart(&kept, &options, at(NOW + 901));
    assert_int_equal(jeton_signer_count(signer), 2);
    assert_string_equal(active_of(signer), first);
    step(signer, at(NOW + 1000), NULL);
    strcpy(second, active_of(signer));
    assert_string_not_equal(second, first);
    jeton_signer_free(signer);
    signer = restart(&kept, &options, at(NOW + 1001));
    assert_string_equal(active_of(signer), second);
    struct jeton_keyset *set = shown_by(signer);
    assert_code(judge_at(&token, set, NOW + 900), JETON_OK);
    assert_int_equal(jeton_keyset_count(set), 2);
    jeton_keyset_free(set);
    jeton_output_done(&token);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static void a_change_that_cannot_be_saved_did_not_happen(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = NULL;
    struct jeton_signer_change change = {true, 0};
    kept.full = true;
    assert_code(jeton_signer_new(&options, NULL, at(NOW), &signer, &last_detail), JETON_INTERNAL_ERROR);
    assert_null(signer);
    kept.full = false;
    signer = start(&options, NULL, at(NOW));
    char first[64];
    strcpy(first, active_of(signer));
    kept.full = true;
    assert_code(jeton_signer_step(signer, at(NOW + 800), &change, &last_detail), JETON_INTERNAL_ERROR);
    assert_false(change.changed);
    assert_int_equal(change.due_in_ms, 1000);
    assert_int_equal(jeton_signer_count(signer), 1);
    assert_code(jeton_signer_rotate(signer, at(NOW + 801), NULL, NULL), JETON_INTERNAL_ERROR);
    assert_code(jeton_signer_revoke(signer, jeton_text(first), at(NOW + 801), NULL, NULL), JETON_INTERNAL_ERROR);
    assert_string_equal(active_of(signer), first);
    struct jeton_output token = signed_at(signer, NOW + 802);
    struct jeton_keyset *set = shown_by(signer);
    assert_code(judge_at(&token, set, NOW + 802), JETON_OK);
    assert_int_equal(jeton_keyset_count(set), 1);
    kept.full = false;
    step(signer, at(NOW + 803), &change);
    assert_true(change.changed);
    assert_int_equal(jeton_signer_count(signer), 2);
    assert_int_equal(kept.memory.count, 2);
    step(signer, at(NOW + 1002), NULL); /* published at 803, so it does not sign at 1000 */
    assert_string_equal(active_of(signer), first);
    step(signer, at(NOW + 1003), NULL);
    assert_string_not_equal(active_of(signer), first);
    jeton_keyset_free(set);
    jeton_output_done(&token);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static void rotating_by_hand_waits_until_everybody_can_know_the_key(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    int64_t signs_at = 0;
    char first[64];
    strcpy(first, active_of(signer));
    assert_code(jeton_signer_rotate(signer, at(NOW + 10), &signs_at, NULL), JETON_OK);
    assert_int_equal(signs_at, NOW + 210);
    assert_string_equal(active_of(signer), first);
    step(signer, at(NOW + 209), NULL);
    assert_string_equal(active_of(signer), first);
    step(signer, at(NOW + 210), NULL);
    assert_string_not_equal(active_of(signer), first);
    step(signer, at(NOW + 210 + 1 + 60 + 60 + 99), NULL);
    assert_int_equal(jeton_signer_count(signer), 2);
    step(signer, at(NOW + 210 + 1 + 60 + 60 + 100), NULL);
    assert_int_equal(jeton_signer_count(signer), 1);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static void an_emergency_takes_the_key_out_at_once_and_says_what_it_breaks(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_output token = signed_at(signer, NOW + 1);
    int64_t early_for = 0;
    char first[64];
    strcpy(first, active_of(signer));
    assert_code(jeton_signer_revoke(signer, jeton_text("no such key"), at(NOW + 1), NULL, &last_detail),
                JETON_ARGUMENT_INVALID);
    assert_code(jeton_signer_revoke(signer, jeton_text(first), at(NOW + 1), &early_for, NULL), JETON_OK);
    assert_int_equal(early_for, 200);
    assert_string_not_equal(active_of(signer), first);
    struct jeton_keyset *set = shown_by(signer);
    assert_code(judge_at(&token, set, NOW + 1), JETON_KEY_UNKNOWN);
    jeton_output_done(&token);
    token = signed_at(signer, NOW + 1);
    assert_code(judge_at(&token, set, NOW + 1), JETON_OK);
    assert_int_equal(kept.memory.count, 1);
    jeton_keyset_free(set);
    jeton_output_done(&token);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static void a_key_of_ones_own_waits_for_its_turn(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_secret_key *key = make_key("EdDSA", "mine"), *symmetric = make_key("HS256", "secret");
    assert_code(jeton_signer_add(signer, symmetric, at(NOW), &last_detail), JETON_KEY_INVALID);
    assert_code(jeton_signer_add(signer, key, at(NOW), NULL), JETON_OK);
    assert_code(jeton_signer_add(signer, key, at(NOW), &last_detail), JETON_KEY_INVALID);
    jeton_secret_key_free(key);
    jeton_secret_key_free(symmetric);
    step(signer, at(NOW + 999), NULL);
    assert_string_not_equal(active_of(signer), "mine");
    step(signer, at(NOW + 1000), NULL);
    assert_string_equal(active_of(signer), "mine");
    struct jeton_output token = signed_at(signer, NOW + 1000);
    struct jeton_keyset *set = shown_by(signer);
    assert_code(judge_at(&token, set, NOW + 1000), JETON_OK);
    jeton_keyset_free(set);
    jeton_output_done(&token);
    jeton_signer_free(signer);
    kept_done(&kept);
}

/* Ten years forward and back: the wall's clock says what it likes, keys move by the time that went by. */
static void a_clock_that_jumps_moves_no_key(void **state)
{
    (void)state;
    const int64_t jumps[] = {3650 * 86400, -3650 * 86400, 86400, -86400};
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_keyset *set = shown_by(signer);
    int64_t off = 0;
    char first[64];
    strcpy(first, active_of(signer));
    for (size_t i = 0; i < 4; i++) {
        struct jeton_clocks clocks = at(NOW + 100 * ((int64_t)i + 1));
        off += jumps[i];
        clocks.wall_ms += off * SECOND;
        step(signer, clocks, NULL);
        struct jeton_output token = signed_at(signer, clocks.wall_ms / SECOND);
        assert_code(judge_at(&token, set, clocks.wall_ms / SECOND), JETON_OK);
        jeton_output_done(&token);
        assert_string_equal(active_of(signer), first);
        assert_int_equal(jeton_signer_count(signer), 1);
    }
    assert_int_equal(kept.saves, 5); /* the new times are kept */
    step(signer, at(NOW + 800), NULL);
    assert_int_equal(jeton_signer_count(signer), 2);
    step(signer, at(NOW + 1000), NULL);
    assert_string_not_equal(active_of(signer), first);
    jeton_keyset_free(set);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static void a_clock_that_went_back_between_two_runs_shortens_nothing(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    step(signer, at(NOW + 800), NULL);
    jeton_signer_free(signer);
    signer = restart(&kept, &options, at(NOW - 3600)); /* saved at 800: the next key has 200 s to wait still */
    char first[64];
    strcpy(first, active_of(signer));
    step(signer, at(NOW - 3600 + 199), NULL);
    assert_string_equal(active_of(signer), first);
    step(signer, at(NOW - 3600 + 200), NULL);
    assert_string_not_equal(active_of(signer), first);
    jeton_signer_free(signer);
    kept_done(&kept);
}

/* Sets and tokens of the longer times are out there. */
static void shorter_times_keep_what_longer_ones_promised(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer;
    int64_t signs_at = 0;
    options.jwks_max_age = 600;
    options.token_ttl = 900;
    options.publish_ahead = 700;
    signer = start(&options, NULL, at(NOW));
    jeton_signer_free(signer);
    options = short_times(&kept);
    signer = restart(&kept, &options, at(NOW + 10));
    assert_int_equal(kept.memory.past_jwks_max_age, 600);
    assert_int_equal(kept.memory.past_token_ttl, 900);
    assert_code(jeton_signer_rotate(signer, at(NOW + 10), &signs_at, NULL), JETON_OK);
    assert_int_equal(signs_at, NOW + 10 + 660);
    jeton_signer_free(signer);
    signer = restart(&kept, &options, at(NOW + 11));
    assert_code(jeton_signer_rotate(signer, at(NOW + 11), &signs_at, NULL), JETON_OK);
    assert_int_equal(signs_at, NOW + 10 + 660);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static enum jeton_status made(const struct jeton_signer_options *options, const struct jeton_signer_memory *memory)
{
    struct jeton_signer *signer = NULL;
    last_detail.text[0] = '\0';
    enum jeton_status status = jeton_signer_new(options, memory, at(NOW), &signer, &last_detail);
    assert_true((signer != NULL) == (status == JETON_OK));
    jeton_signer_free(signer);
    return status;
}

static void times_that_would_break_the_promise_are_refused_with_their_numbers(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options good = short_times(&kept), bad = good;
    good.publish_ahead = 110;
    assert_code(made(&good, NULL), JETON_OK);
    bad.publish_ahead = 109;
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    assert_non_null(strstr(last_detail.text, "109 s"));
    assert_non_null(strstr(last_detail.text, "110 s"));
    bad = good;
    bad.token_ttl = bad.rotate_every;
    assert_code(made(&bad, NULL), JETON_OK);
    bad.token_ttl++;
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    bad = good;
    bad.publish_ahead = 1001;
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    bad = good;
    bad.jwks_max_age = 0;
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    bad = good;
    bad.algorithm = jeton_text("HS256");
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    bad.algorithm = jeton_text("none");
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    bad = good;
    bad.size--;
    assert_code(made(&bad, NULL), JETON_ARGUMENT_INVALID);
    kept_done(&kept);
}

static void a_memory_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_secret_key *one = make_key("ES256", "one"), *two = make_key("ES256", "two");
    struct jeton_secret_key *secret = make_key("HS256", "s");
    struct jeton_signer_key keys[2] = {{one, JETON_SIGNER_ACTIVE, NOW, NOW, NOW + 1},
                                       {two, JETON_SIGNER_NEXT, NOW, 0, 0}};
    struct jeton_signer_memory memory = JETON_SIGNER_MEMORY_INIT;
    memory.keys = keys;
    memory.count = 2;
    assert_code(made(&options, &memory), JETON_OK);
    keys[1].state = JETON_SIGNER_ACTIVE;
    assert_code(made(&options, &memory), JETON_KEY_INVALID);
    keys[1] = (struct jeton_signer_key){one, JETON_SIGNER_NEXT, NOW, 0, 0};
    assert_code(made(&options, &memory), JETON_KEY_INVALID);
    keys[1] = (struct jeton_signer_key){secret, JETON_SIGNER_RETIRING, NOW, NOW, NOW};
    assert_int_not_equal(made(&options, &memory), JETON_OK);
    keys[1] = (struct jeton_signer_key){two, JETON_SIGNER_NEXT, -1, 0, 0};
    assert_code(made(&options, &memory), JETON_KEY_INVALID);
    keys[1] = (struct jeton_signer_key){two, JETON_SIGNER_NEXT, NOW, 0, 0};
    memory.size++;
    assert_code(made(&options, &memory), JETON_ARGUMENT_INVALID);
    jeton_secret_key_free(one);
    jeton_secret_key_free(two);
    jeton_secret_key_free(secret);
    kept_done(&kept);
}

static enum jeton_status sign_refused(struct jeton_signer *signer, const struct jeton_sign_options *options)
{
    struct jeton_output token = JETON_OUTPUT_INIT;
    enum jeton_status status = jeton_signer_sign(signer, options, &token, &last_detail);
    jeton_output_done(&token);
    return status;
}

static void a_token_that_outlives_its_key_is_not_signed(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_sign_options sign = sign_options();
    struct jeton_claim claim = {jeton_text("exp"), jeton_text("9999999999")};
    sign.ttl = 60;
    assert_code(sign_refused(signer, &sign), JETON_OK);
    sign.ttl = 61;
    assert_code(sign_refused(signer, &sign), JETON_ARGUMENT_INVALID);
    sign.ttl = 0;
    assert_code(sign_refused(signer, &sign), JETON_ARGUMENT_INVALID);
    sign.ttl = 60;
    sign.claims = &claim;
    sign.claim_count = 1;
    assert_code(sign_refused(signer, &sign), JETON_ARGUMENT_INVALID);
    sign.claim_count = 0;
    sign.kid = jeton_text("another");
    assert_code(sign_refused(signer, &sign), JETON_ARGUMENT_INVALID);
    sign.kid = jeton_text("");
    sign.claims_json = jeton_text("{\"exp\":9999999999}"); /* replaced by ours */
    struct jeton_output token = JETON_OUTPUT_INIT;
    assert_code(jeton_signer_sign(signer, &sign, &token, NULL), JETON_OK);
    struct jeton_keyset *set = shown_by(signer);
    assert_code(judge_at(&token, set, NOW + 121), JETON_TOKEN_EXPIRED);
    jeton_keyset_free(set);
    jeton_output_done(&token);
    jeton_signer_free(signer);
    kept_done(&kept);
}

/* --- Minters --- */

static void S4_8_a_minter_signs_with_the_signer_of_the_program(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    struct jeton_keyset *set = shown_by(signer);
    struct jeton_minter_options mint = JETON_MINTER_OPTIONS_INIT;
    struct jeton_mint_request request = JETON_MINT_REQUEST_INIT;
    struct jeton_minter *minter = NULL;
    struct jeton_output token = JETON_OUTPUT_INIT, again = JETON_OUTPUT_INIT;
    mint.issuer = jeton_text("https://me.example");
    mint.signer = signer;
    assert_code(jeton_minter_new(&mint, &minter, NULL), JETON_OK);
    assert_code(jeton_minter_token(minter, &request, NOW, &token, &last_detail), JETON_ARGUMENT_INVALID);
    request.subject = jeton_text("alice");
    request.audience = jeton_text("https://api.example");
    assert_code(jeton_minter_token(minter, &request, NOW, &token, NULL), JETON_OK);
    assert_code(jeton_minter_token(minter, &request, NOW + 30, &again, NULL), JETON_OK);
    assert_string_equal(token.at, again.at);
    assert_code(judge_at(&token, set, NOW), JETON_OK);
    assert_true(jeton_verified_has_audience(last_verified, jeton_text("https://api.example")));
    jeton_output_done(&again);
    assert_code(jeton_signer_revoke(signer, jeton_text(active_of(signer)), at(NOW + 1), NULL, NULL), JETON_OK);
    assert_code(jeton_minter_token(minter, &request, NOW + 1, &again, NULL), JETON_OK);
    assert_string_not_equal(token.at, again.at);
    assert_code(judge_at(&again, set, NOW + 1), JETON_KEY_UNKNOWN);
    jeton_keyset_free(set);
    set = shown_by(signer);
    assert_code(judge_at(&again, set, NOW + 1), JETON_OK);
    request.size = 1;
    assert_code(jeton_minter_token(minter, &request, NOW, &token, &last_detail), JETON_ARGUMENT_INVALID);
    jeton_output_done(&token);
    jeton_output_done(&again);
    jeton_keyset_free(set);
    jeton_minter_free(minter);
    jeton_signer_free(signer);
    kept_done(&kept);
}

static enum jeton_status minter_made(const struct jeton_minter_options *options)
{
    struct jeton_minter *minter = NULL;
    enum jeton_status status = jeton_minter_new(options, &minter, &last_detail);
    assert_true((minter != NULL) == (status == JETON_OK));
    jeton_minter_free(minter);
    return status;
}

static void a_minter_signs_with_one_key_or_one_signer(void **state)
{
    (void)state;
    struct jeton_signer_options options = short_times(NULL);
    struct jeton_minter_options mint = JETON_MINTER_OPTIONS_INIT;
    struct jeton_secret_key *key = make_key("ES256", "k");
    options.save = NULL;
    options.token_ttl = 20;
    struct jeton_signer *signer = start(&options, NULL, at(NOW));
    mint.issuer = jeton_text("https://me.example");
    assert_code(minter_made(&mint), JETON_ARGUMENT_INVALID);
    mint.key = key;
    assert_code(minter_made(&mint), JETON_OK);
    mint.signer = signer;
    assert_code(minter_made(&mint), JETON_ARGUMENT_INVALID);
    mint.key = NULL;
    assert_code(minter_made(&mint), JETON_ARGUMENT_INVALID); /* 60 s are more than the signer's 20 */
    mint.ttl = 20;
    assert_code(minter_made(&mint), JETON_OK);
    mint.size = 0;
    assert_code(minter_made(&mint), JETON_ARGUMENT_INVALID);
    jeton_secret_key_free(key);
    jeton_signer_free(signer);
}

/* --- Threads --- */

enum { CROWD = 3 };

struct crowd {
    struct jeton_signer *signer;
    unsigned next;          /* number of the thread that starts */
    unsigned rounds[CROWD]; /* of each, that it has ended */
    bool stop;
    bool failed;
};

/* What a thread signed must be good for the set that is shown after it. */
static void *sign_and_show(void *context)
{
    static _Thread_local _Alignas(16) char arena[1 << 19];
    struct crowd *crowd = context;
    unsigned me = __atomic_fetch_add(&crowd->next, 1, __ATOMIC_RELAXED);
    struct jeton_policy_options any = any_audience();
    struct jeton_policy *policy = NULL;
    if (jeton_policy_new(&any, &policy, NULL) != JETON_OK)
        return NULL;
    while (!__atomic_load_n(&crowd->stop, __ATOMIC_RELAXED)) {
        struct jeton_sign_options options = sign_options();
        struct jeton_output token = JETON_OUTPUT_INIT, jwks = JETON_OUTPUT_INIT;
        struct jeton_keyset *set = NULL;
        const struct jeton_verified *verified = NULL;
        options.ttl = 60;
        bool good = jeton_signer_sign(crowd->signer, &options, &token, NULL) == JETON_OK &&
                    jeton_signer_show(crowd->signer, NULL, NULL, &jwks) == JETON_OK &&
                    jeton_keyset_new(&set) == JETON_OK &&
                    jeton_keyset_add_jwks(set, jeton_bytes(jwks.at, jwks.len), NULL, NULL) == JETON_OK &&
                    jeton_verify(jeton_bytes(token.at, token.len), set, policy, NOW, arena, sizeof arena, &verified,
                                 NULL) == JETON_OK;
        jeton_output_done(&token);
        jeton_output_done(&jwks);
        jeton_keyset_free(set);
        if (!good)
            __atomic_store_n(&crowd->failed, true, __ATOMIC_RELAXED);
        __atomic_fetch_add(&crowd->rounds[me], 1, __ATOMIC_RELAXED);
    }
    jeton_policy_free(policy);
    return NULL;
}

/* Time goes on only when everybody has ended a round: none spans more than two steps, which is less than a key stays.
 */
static void wait_for_all(struct crowd *crowd)
{
    for (int i = 0; i < CROWD; i++) {
        unsigned before = __atomic_load_n(&crowd->rounds[i], __ATOMIC_RELAXED);
        while (__atomic_load_n(&crowd->rounds[i], __ATOMIC_RELAXED) == before)
            sched_yield();
    }
}

static void threads_sign_and_show_while_keys_rotate(void **state)
{
    (void)state;
    struct kept_memory kept = {0};
    struct jeton_signer_options options = short_times(&kept);
    struct crowd crowd = {.signer = start(&options, NULL, at(NOW))};
    pthread_t threads[CROWD];
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_show, &crowd), 0);
    for (int64_t now = NOW; now < NOW + 4000; now += 50) {
        step(crowd.signer, at(now), NULL);
        wait_for_all(&crowd);
    }
    __atomic_store_n(&crowd.stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    assert_false(crowd.failed);
    assert_true(kept.saves >= 8);
    jeton_signer_free(crowd.signer);
    kept_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_makes_one_key_that_signs_and_is_saved),
        cmocka_unit_test(S4_10_who_keeps_the_set_for_max_age_never_meets_an_unknown_key),
        cmocka_unit_test(S4_11_a_restart_goes_on_where_the_last_run_stopped),
        cmocka_unit_test(a_change_that_cannot_be_saved_did_not_happen),
        cmocka_unit_test(rotating_by_hand_waits_until_everybody_can_know_the_key),
        cmocka_unit_test(an_emergency_takes_the_key_out_at_once_and_says_what_it_breaks),
        cmocka_unit_test(a_key_of_ones_own_waits_for_its_turn),
        cmocka_unit_test(a_clock_that_jumps_moves_no_key),
        cmocka_unit_test(a_clock_that_went_back_between_two_runs_shortens_nothing),
        cmocka_unit_test(shorter_times_keep_what_longer_ones_promised),
        cmocka_unit_test(times_that_would_break_the_promise_are_refused_with_their_numbers),
        cmocka_unit_test(a_memory_that_cannot_be_is_refused),
        cmocka_unit_test(a_token_that_outlives_its_key_is_not_signed),
        cmocka_unit_test(S4_8_a_minter_signs_with_the_signer_of_the_program),
        cmocka_unit_test(a_minter_signs_with_one_key_or_one_signer),
        cmocka_unit_test(threads_sign_and_show_while_keys_rotate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
