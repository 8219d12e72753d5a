/* SPDX-License-Identifier: Apache-2.0 */
/* Do sources come up, rotate, outlast an issuer and stay themselves under attack? A scripted issuer behind a transport
 * of our own, on a virtual clock: the walk "JWKS → snapshot" without a socket. */
#include "../../scripted_issuer.h"

#include <unistd.h>

#define KEY_A                                                                                                          \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":\"eSbt9oGxCtwbEE0eGyHnLdUAfLpoJS4gJBpaFtbohaw\",\"y\":"     \
    "\"q7iJyINNUJDqO0o5qAtJDi3PN1ZptAmOa02GAnhSFQQ\"}"
#define KEY_B                                                                                                          \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"b\",\"x\":\"ZAisEGmqJ2xih73W-3YEgrHTJZjSt2ONCIFaoH8uu6s\",\"y\":"     \
    "\"alx5mTnTA9MdOj5AyJMCtMhyjeT7b4H8KuI4D72JM6Y\"}"
#define KEY_C                                                                                                          \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"c\",\"x\":\"msGcwtWzBsfozqz8T9cl0-GknbOeiabDor8JcuM6C4A\",\"y\":"     \
    "\"WFr96X6LO_l7lGVlc4F7Lr986gQ2HNIysQb_HY0-n9o\"}"
#define SET(keys) "{\"keys\":[" keys "]}"

struct world {
    struct issuer issuer;
    struct jt_engine *engine;
    struct jt_source *source;
};

static void source_open(struct world *world, enum jt_source_kind kind, const char *address,
                        const struct jt_source_options *options)
{
    struct jeton_detail detail = {""};
    enum jeton_status status = jt_source_open(kind, jeton_text(address), options, &world->source, &detail);
    assert_string_equal(detail.text, "");
    assert_int_equal(status, JETON_OK);
    assert_int_equal(jt_engine_add(world->engine, world->source), JETON_OK);
    assert_int_equal(world->issuer.pending_count, 0); /* opening asks nobody */
    jt_engine_step(world->engine, world->issuer.now);
}

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->issuer = (struct issuer){
        .transport = {begin, cancel, step, wake},
        .now = 1000 * HOUR,
        .wall = 1700000000,
        .latency = 50,
        .status = 200,
        .body = SET(KEY_A),
        .discovery_status = 200,
        .discovery = "{\"issuer\":\"https://login.example\",\"jwks_uri\":\"https://keys.example/"
                     "set\"}"};
    world->engine = engine_over(&world->issuer);
    return world;
}

static struct world *world_with_url(void)
{
    struct world *world = world_new();
    struct jt_source_options options = options_default();
    source_open(world, JT_SOURCE_URL, "https://login.example/keys", &options);
    return world;
}

static void world_free(struct world *world)
{
    jt_engine_remove(world->engine, world->source);
    jt_source_close(world->source);
    jt_engine_close(world->engine);
    free(world);
}

static void run_for(struct world *world, int64_t span)
{
    run_engine(world->engine, &world->issuer, span);
}

/* What readers find: whether a token with this kid would find a key. Misses are told, as a verifier does. */
enum found { FOUND, PENDING, FINAL, UNAVAILABLE };
static enum found look_up(struct world *world, const char *kid)
{
    struct jt_header header = {.algorithm = jt_algorithm_find(JT_TEXT("ES256")), .kid = jeton_text(kid)};
    struct jt_candidates candidates;
    struct jt_keys_guard guard = jt_source_enter(world->source, world->issuer.now);
    enum found found = UNAVAILABLE;
    if (guard.keys != NULL && jt_keyset_find(guard.keys, &header, &candidates, NULL) == JETON_OK)
        found = FOUND;
    else if (guard.keys != NULL)
        found = jt_source_missed(world->source, &guard, header.kid, world->issuer.now) == JT_MISS_FINAL ? FINAL
                                                                                                        : PENDING;
    jt_source_leave(&guard);
    return found;
}

static void opening_asks_nobody_and_before_the_first_answer_keys_are_unavailable(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    assert_int_equal(look_up(world, "a"), UNAVAILABLE);
    run_for(world, SECOND);
    assert_int_equal(look_up(world, "a"), FOUND);
    assert_int_equal(world->issuer.requests, 1);
    world_free(world);
}

static void S1_12_S2_15_S2_21_a_rotation_is_seen_at_the_first_miss(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, MINUTE);
    world->issuer.body = SET(KEY_A "," KEY_B);
    assert_int_equal(look_up(world, "b"), PENDING);
    run_for(world, SECOND);
    assert_int_equal(look_up(world, "b"), FOUND);
    assert_int_equal(look_up(world, "a"), FOUND);
    assert_int_equal(world->issuer.requests, 2);
    world->issuer.body = SET(KEY_B);
    run_for(world, HOUR);
    assert_int_not_equal(look_up(world, "a"), FOUND); /* R17: replaced, never merged */
    world_free(world);
}

static void R14_a_kid_that_nobody_has_costs_one_fetch_and_is_then_final(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, MINUTE);
    for (int i = 0; i < 50; i++) {
        enum found found = look_up(world, "bogus");
        assert_int_equal(found, i == 0 ? PENDING : FINAL);
        run_for(world, SECOND);
    }
    assert_int_equal(world->issuer.requests, 2);
    world_free(world);
}

static void R12_a_flood_of_random_kids_stays_within_the_bucket(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    char kid[32];
    run_for(world, MINUTE);
    for (int i = 0; i < 10000; i++) {
        snprintf(kid, sizeof kid, "random-%d", i);
        assert_int_equal(look_up(world, kid), PENDING);
        if (i % 10 == 0)
            run_for(world, 360);
    }
    /* six minutes: two at once, then 30, 60, 120, 120 … seconds apart; and no more than one scheduled */
    assert_in_range(world->issuer.requests, 4, 9);
    world->issuer.body = SET(KEY_B);
    int64_t rotated = world->issuer.now;
    while (look_up(world, "b") != FOUND) {
        run_for(world, 100);
        assert_true(world->issuer.now - rotated <= 121 * SECOND);
    }
    world_free(world);
}

static void R9_bodies_that_are_no_key_set_leave_the_old_one(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "not json",
        "[]",
        "<html>sign in</html>",
        "\xef\xbb\xbf" SET(KEY_B),
        SET(KEY_B) "x",
        "{\"keys\":[],\"keys\":[" KEY_B "]}",
        "{\"keys\":[{\"kty\":\"AKP\"}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
    };
    for (size_t i = 0; i < JT_COUNT(bad); i++) {
        struct world *world = world_with_url();
        run_for(world, MINUTE);
        world->issuer.body = bad[i];
        look_up(world, "b");
        run_for(world, MINUTE);
        assert_int_equal(look_up(world, "a"), FOUND);
        assert_true(world->issuer.failed >= 1);
        /* the miss is not forgotten: it takes further tokens as they come */
        assert_in_range(atomic_load(&world->source->counts.fetches[JT_CAUSE_MISS][JT_FETCHED_REJECTED]), 1, 4);
        world->issuer.body = SET(KEY_B);
        run_for(world, 10 * MINUTE);
        assert_int_equal(look_up(world, "b"), FOUND);
        world_free(world);
    }
}

static void R10_one_bad_key_among_good_ones_is_counted_by_its_reason(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    world->issuer.body = SET("1," KEY_A ",{\"kty\":\"XYZ\"},{\"kty\":\"EC\",\"crv\":\"P-999\"}," KEY_A
                             ",{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}");
    run_for(world, SECOND);
    assert_int_equal(look_up(world, "a"), FOUND);
    struct jt_source_counts *counts = &world->source->counts;
    assert_int_equal(atomic_load(&counts->skipped[JETON_SKIP_NOT_OBJECT]), 1);
    assert_int_equal(atomic_load(&counts->skipped[JETON_SKIP_TYPE_UNKNOWN]), 1);
    assert_int_equal(atomic_load(&counts->skipped[JETON_SKIP_CURVE_UNKNOWN]), 1);
    assert_int_equal(atomic_load(&counts->skipped[JETON_SKIP_MEMBER_INVALID]), 1);
    assert_int_equal(atomic_load(&counts->skipped[JETON_SKIP_DUPLICATE]), 1);
    world_free(world);
}

static void R15_S1_27_an_outage_is_outlasted_for_a_day_and_not_longer(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, SECOND);
    world->issuer.status = 503;
    for (int minute = 0; minute < 24 * 60 - 1; minute++) {
        run_for(world, MINUTE);
        assert_int_equal(look_up(world, "a"), FOUND);
    }
    run_for(world, MINUTE);
    assert_int_equal(look_up(world, "a"), UNAVAILABLE);
    assert_int_equal(atomic_load(&world->source->data_state), JT_DATA_EXPIRED);
    world->issuer.status = 200;
    run_for(world, 5 * MINUTE);
    assert_int_equal(look_up(world, "a"), FOUND);
    world_free(world);
}

static void R4_headers_of_an_error_are_no_freshness(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, SECOND);
    world->issuer.status = 500;
    world->issuer.cache_control = "max-age=31536000";
    run_for(world, HOUR);
    unsigned before = world->issuer.requests;
    assert_in_range(before, 8, 40);
    run_for(world, HOUR);
    assert_in_range(world->issuer.requests - before, 12, 24);
    world_free(world);
}

static void R5_an_etag_is_sent_back_and_a_304_keeps_the_set_fresh(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    world->issuer.etag = "\"one\"";
    run_for(world, 2 * HOUR);
    assert_true(world->issuer.conditional > 0);
    assert_int_equal(world->issuer.conditional, world->issuer.requests - 1);
    assert_int_equal(look_up(world, "a"), FOUND);
    assert_int_equal(atomic_load(&world->source->data_state), JT_DATA_FRESH);
    world->issuer.etag = "\"two\"";
    world->issuer.body = SET(KEY_C);
    run_for(world, HOUR);
    assert_int_equal(look_up(world, "c"), FOUND);
    world_free(world);
}

static void all_keys_replaced_at_once_is_accepted_and_told(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, SECOND);
    world->issuer.body = SET(KEY_A "," KEY_B);
    run_for(world, HOUR);
    assert_int_equal(world->issuer.disjoint, 0);
    world->issuer.body = SET(KEY_C);
    run_for(world, HOUR);
    assert_int_equal(world->issuer.disjoint, 1);
    assert_int_equal(look_up(world, "c"), FOUND);
    world_free(world);
}

static void S5_8_discovery_finds_the_place_and_is_asked_again_after_a_day_or_a_404(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jt_source_options options = options_default();
    source_open(world, JT_SOURCE_DISCOVERY, "https://login.example", &options);
    run_for(world, SECOND);
    assert_string_equal(world->issuer.last_url, "https://keys.example/set");
    assert_int_equal(look_up(world, "a"), FOUND);
    for (int hour = 0; hour < 23; hour++) {
        look_up(world, "a");
        run_for(world, HOUR);
    }
    assert_int_equal(world->issuer.discoveries, 1);
    for (int hour = 0; hour < 3; hour++) {
        look_up(world, "a");
        run_for(world, HOUR);
    }
    assert_int_equal(world->issuer.discoveries, 2);
    world->issuer.status = 404;
    world->issuer.discovery = "{\"issuer\":\"https://login.example\",\"jwks_uri\":\"https://keys.example/moved\"}";
    run_for(world, HOUR);
    assert_string_equal(world->issuer.last_url, "https://keys.example/moved");
    world_free(world);
}

static void discovery_for_another_issuer_is_refused_byte_for_byte(void **state)
{
    (void)state;
    static const char *const others[] = {
        "{\"issuer\":\"https://login.example/\",\"jwks_uri\":\"https://keys.example/set\"}",
        "{\"issuer\":\"https://LOGIN.example\",\"jwks_uri\":\"https://keys.example/set\"}",
        "{\"jwks_uri\":\"https://keys.example/set\"}",
        "{\"issuer\":\"https://login.example\"}",
        "{\"issuer\":\"https://login.example\",\"jwks_uri\":7}",
    };
    for (size_t i = 0; i < JT_COUNT(others); i++) {
        struct world *world = world_new();
        struct jt_source_options options = options_default();
        world->issuer.discovery = others[i];
        source_open(world, JT_SOURCE_DISCOVERY, "https://login.example", &options);
        run_for(world, MINUTE);
        assert_int_equal(look_up(world, "a"), UNAVAILABLE);
        assert_int_equal(world->issuer.requests, 0);
        assert_string_not_equal(world->issuer.last_detail, "");
        world_free(world);
    }
}

static void S1_3_the_well_known_name_is_tried_only_when_discovery_is_404(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct jt_source_options options = options_default();
    world->issuer.discovery_status = 500;
    source_open(world, JT_SOURCE_DISCOVERY, "https://login.example/", &options);
    run_for(world, MINUTE);
    assert_int_equal(world->issuer.requests, 0);
    world->issuer.discovery_status = 404;
    run_for(world, MINUTE);
    assert_string_equal(world->issuer.last_url, "https://login.example/.well-known/jwks.json"); /* S1_4 */
    assert_int_equal(look_up(world, "a"), FOUND);
    world_free(world);
}

static char saved[] = "/tmp/jeton-saved-XXXXXX";

static void a_restart_during_an_outage_verifies_at_once_from_the_saved_set(void **state)
{
    (void)state;
    int fd = mkstemp(saved);
    assert_true(fd >= 0);
    close(fd);
    unlink(saved);
    struct jt_source_options options = options_default();
    options.saved_path = saved;
    struct world *world = world_new();
    source_open(world, JT_SOURCE_URL, "https://login.example/keys", &options);
    run_for(world, HOUR);
    assert_int_equal(world->issuer.saved_bad, 0);
    world_free(world);

    world = world_new();
    world->issuer.wall += 2 * 3600;
    world->issuer.status = 500;
    source_open(world, JT_SOURCE_URL, "https://login.example/keys", &options);
    assert_int_equal(look_up(world, "a"), FOUND);
    run_for(world, MINUTE);
    assert_int_equal(look_up(world, "a"), FOUND);
    assert_int_equal(atomic_load(&world->source->data_state), JT_DATA_STALE);
    world_free(world);
    unlink(saved);
}

static void a_saved_set_that_is_old_foreign_damaged_or_from_the_future_is_ignored(void **state)
{
    (void)state;
    for (int fault = 0; fault < 5; fault++) {
        struct jt_source_options options = options_default();
        options.saved_path = saved;
        struct world *world = world_new();
        source_open(world, JT_SOURCE_URL, "https://login.example/keys", &options);
        run_for(world, SECOND);
        world_free(world);
        world = world_new();
        world->issuer.status = 500;
        world->issuer.wall += fault == 0 ? 25 * 3600 : fault == 1 ? -7200 : 60;
        if (fault == 3)
            assert_int_equal(truncate(saved, 100), 0);
        if (fault == 4) {
            FILE *file = fopen(saved, "r+");
            assert_non_null(file);
            fseek(file, -40, SEEK_END);
            fputc('Z', file);
            fclose(file);
        }
        source_open(world, JT_SOURCE_URL, fault == 2 ? "https://other.example/keys" : "https://login.example/keys",
                    &options);
        assert_int_equal(look_up(world, "a"), UNAVAILABLE);
        assert_int_equal(world->issuer.saved_bad, 1);
        world_free(world);
    }
    unlink(saved);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_file_is_read_again_when_it_changes_and_a_torn_write_is_survived(void **state)
{
    (void)state;
    char path[] = "/tmp/jeton-keys-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_text(path, SET(KEY_A));
    struct world *world = world_new();
    struct jt_source_options options = options_default();
    options.times = (struct jt_machine_times){.fresh_default = SECOND,
                                              .fresh_min = SECOND,
                                              .fresh_max = SECOND,
                                              .max_stale = INT64_MAX,
                                              .miss_interval = SECOND,
                                              .miss_burst = 2,
                                              .backoff_min = SECOND,
                                              .backoff_max = SECOND,
                                              .min_gap = 100,
                                              .timeout = SECOND,
                                              .full_after = INT64_MAX,
                                              .idle_after = INT64_MAX};
    source_open(world, JT_SOURCE_FILE, path, &options);
    assert_int_equal(look_up(world, "a"), FOUND);
    write_text(path, "{\"keys\":[{\"kty\":\"EC\",\"crv\":");
    run_for(world, 5 * SECOND);
    assert_int_equal(look_up(world, "a"), FOUND);
    assert_true(world->issuer.failed > 0);
    write_text(path, SET(KEY_B));
    run_for(world, 3 * SECOND);
    assert_int_equal(look_up(world, "b"), FOUND);
    unlink(path);
    run_for(world, HOUR);
    assert_int_equal(look_up(world, "b"), FOUND);
    world_free(world);
}

static void removing_a_source_with_a_fetch_in_flight_cancels_it(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    assert_int_equal(world->issuer.pending_count, 1);
    jt_engine_remove(world->engine, world->source);
    assert_int_equal(world->issuer.pending_count, 0);
    assert_int_equal(jt_engine_add(world->engine, world->source), JETON_OK);
    run_for(world, SECOND);
    assert_int_equal(look_up(world, "a"), FOUND);
    world_free(world);
}

static void a_source_that_comes_back_goes_on_counting_its_sets(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, SECOND);
    uint64_t before = jt_source_usable_generation(world->source, world->issuer.now);
    assert_int_not_equal(before, 0);
    jt_engine_remove(world->engine, world->source);
    world->issuer.body = SET(KEY_B);
    assert_int_equal(jt_engine_add(world->engine, world->source), JETON_OK);
    run_for(world, SECOND);
    assert_int_equal(look_up(world, "b"), FOUND);
    assert_true(jt_source_usable_generation(world->source, world->issuer.now) > before);
    world_free(world);
}

static void a_source_that_nobody_used_for_days_wakes_at_the_first_lookup(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    run_for(world, 3 * 24 * HOUR);
    unsigned requests = world->issuer.requests;
    run_for(world, 24 * HOUR);
    assert_int_equal(world->issuer.requests, requests);
    unsigned wakes = world->issuer.wakes;
    assert_int_equal(look_up(world, "a"), UNAVAILABLE);
    assert_int_equal(look_up(world, "a"), UNAVAILABLE);
    assert_int_equal(world->issuer.wakes, wakes + 1);
    run_for(world, SECOND);
    assert_int_equal(look_up(world, "a"), FOUND);
    assert_int_equal(world->issuer.requests, requests + 1);
    world_free(world);
}

static void R12_a_flood_on_a_failing_issuer_slows_down_too(void **state)
{
    (void)state;
    struct world *world = world_with_url();
    char kid[32];
    run_for(world, MINUTE);
    world->issuer.status = 500;
    unsigned before = world->issuer.requests;
    for (int i = 0; i < 3600; i++) {
        snprintf(kid, sizeof kid, "random-%d", i);
        look_up(world, kid);
        run_for(world, SECOND);
    }
    uint64_t by_misses = atomic_load(&world->source->counts.fetches[JT_CAUSE_MISS][JT_FETCHED_FAILED]);
    assert_in_range(by_misses, 2, 32);
    assert_in_range(world->issuer.requests - before, 10, 32 + 40);
    world_free(world);
}

static void an_address_that_its_own_text_refuses_is_a_configuration_fault(void **state)
{
    (void)state;
    struct jt_source_options options = options_default();
    struct jeton_detail detail = {""};
    struct jt_source *source = NULL;
    static const char *const refused[] = {
        "http://login.example/keys", "https://127.0.0.1/keys",     "https://[::1]/keys", "https://169.254.169.254/",
        "ftp://login.example/",      "https://u:p@login.example/", "login.example"};
    for (size_t i = 0; i < JT_COUNT(refused); i++) {
        assert_int_equal(jt_source_open(JT_SOURCE_URL, jeton_text(refused[i]), &options, &source, &detail),
                         JETON_CONFIG_INVALID);
        assert_null(source);
    }
}

static void a_source_fits_what_would_fetch_the_same_keys_in_the_same_way(void **state)
{
    (void)state;
    struct jt_source *source = NULL;
    struct jt_source_options own = options_default(), other;
    own.saved_path = "/saved";
    own.fetch.ca_file = JT_TEXT("/ca");
    const struct jeton_bytes address = JT_TEXT("https://login.example/keys");
    assert_int_equal(jt_source_open(JT_SOURCE_URL, address, &own, &source, NULL), JETON_OK);
    assert_true(jt_source_fits(source, JT_SOURCE_URL, address, &own));
    assert_false(jt_source_fits(source, JT_SOURCE_DISCOVERY, address, &own));
    assert_false(jt_source_fits(source, JT_SOURCE_URL, JT_TEXT("https://login.example/key"), &own));
#define DIFFERS(change)                                                                                                \
    other = own;                                                                                                       \
    change;                                                                                                            \
    assert_false(jt_source_fits(source, JT_SOURCE_URL, address, &other))
    DIFFERS(other.times.min_gap++);
    DIFFERS(other.times.max_stale--);
    DIFFERS(other.negative_ttl++);
    DIFFERS(other.fetch.allow_http = !own.fetch.allow_http);
    DIFFERS(other.fetch.allow_private_ip = !own.fetch.allow_private_ip);
    DIFFERS(other.fetch.timeout_ms++);
    DIFFERS(other.fetch.connect_timeout_ms++);
    DIFFERS(other.fetch.redirects++);
    DIFFERS(other.fetch.ca_file = JT_TEXT("/cb"));
    DIFFERS(other.fetch.ca_file = JT_TEXT(""));
    DIFFERS(other.saved_path = NULL);
    DIFFERS(other.saved_path = "/else");
    DIFFERS(other.bearer_path = "/bearer");
#undef DIFFERS
    jt_source_close(source);
}

static void S5_2_a_provider_shows_what_its_owner_gives_and_nothing_is_fetched(void **state)
{
    (void)state;
    struct world world = {.issuer = {.now = 5}};
    struct jt_keyset *keys;
    assert_int_equal(jt_source_open_provider(&world.source), JETON_OK);
    assert_int_equal(look_up(&world, "a"), UNAVAILABLE);
    assert_int_equal(jt_keyset_new(&keys), JETON_OK);
    assert_int_equal(jt_keyset_read_jwks(keys, JT_TEXT(SET(KEY_A)), JETON_ORIGIN_OPERATOR, NULL, NULL, NULL), JETON_OK);
    assert_int_equal(jt_source_provide(world.source, keys), JETON_OK);
    assert_int_equal(look_up(&world, "a"), FOUND);
    assert_int_equal(look_up(&world, "b"), FINAL);
    jt_source_close(world.source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_asks_nobody_and_before_the_first_answer_keys_are_unavailable),
        cmocka_unit_test(S1_12_S2_15_S2_21_a_rotation_is_seen_at_the_first_miss),
        cmocka_unit_test(R14_a_kid_that_nobody_has_costs_one_fetch_and_is_then_final),
        cmocka_unit_test(R12_a_flood_of_random_kids_stays_within_the_bucket),
        cmocka_unit_test(R9_bodies_that_are_no_key_set_leave_the_old_one),
        cmocka_unit_test(R10_one_bad_key_among_good_ones_is_counted_by_its_reason),
        cmocka_unit_test(R15_S1_27_an_outage_is_outlasted_for_a_day_and_not_longer),
        cmocka_unit_test(R4_headers_of_an_error_are_no_freshness),
        cmocka_unit_test(R5_an_etag_is_sent_back_and_a_304_keeps_the_set_fresh),
        cmocka_unit_test(all_keys_replaced_at_once_is_accepted_and_told),
        cmocka_unit_test(S5_8_discovery_finds_the_place_and_is_asked_again_after_a_day_or_a_404),
        cmocka_unit_test(discovery_for_another_issuer_is_refused_byte_for_byte),
        cmocka_unit_test(S1_3_the_well_known_name_is_tried_only_when_discovery_is_404),
        cmocka_unit_test(a_restart_during_an_outage_verifies_at_once_from_the_saved_set),
        cmocka_unit_test(a_saved_set_that_is_old_foreign_damaged_or_from_the_future_is_ignored),
        cmocka_unit_test(a_file_is_read_again_when_it_changes_and_a_torn_write_is_survived),
        cmocka_unit_test(removing_a_source_with_a_fetch_in_flight_cancels_it),
        cmocka_unit_test(a_source_that_comes_back_goes_on_counting_its_sets),
        cmocka_unit_test(a_source_that_nobody_used_for_days_wakes_at_the_first_lookup),
        cmocka_unit_test(R12_a_flood_on_a_failing_issuer_slows_down_too),
        cmocka_unit_test(an_address_that_its_own_text_refuses_is_a_configuration_fault),
        cmocka_unit_test(a_source_fits_what_would_fetch_the_same_keys_in_the_same_way),
        cmocka_unit_test(S5_2_a_provider_shows_what_its_owner_gives_and_nothing_is_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
