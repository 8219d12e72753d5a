/* SPDX-License-Identifier: Apache-2.0 */
/* Do sealed sessions say what was sealed, to the bit, to the second, and as long as their keys and roles are there? */
#include "sigv4_test.h"

#include "auth/session.h"
#include "base/base64url.h"
#include "crypto/crypto.h"

#define NOW 1790000000
#define KEY_A jeton_bytes("0123456789abcdef0123456789abcdef", 32)
#define KEY_B jeton_bytes("fedcba9876543210fedcba9876543210", 32)

struct desk {
    struct memory memory;
    struct jt_sessions *sessions;
};

static struct desk desk_with(struct jeton_bytes first, struct jeton_bytes second, bool legacy, int64_t not_before)
{
    struct jt_session_role role = {JT_TEXT("_default"), not_before};
    struct jt_session_options options = {.keys = {first, second}, .legacy = legacy, .roles = &role, .role_count = 1};
    struct desk desk = {.memory = {.room = jt_session_arena_size(16384)}};
    void *at = malloc(desk.memory.room);
    assert_non_null(at);
    jt_arena_init(&desk.memory.arena, at, desk.memory.room);
    assert_int_equal(jt_sessions_new(&options, &desk.sessions, NULL), JETON_OK);
    return desk;
}

static struct desk desk_of(bool legacy)
{
    return desk_with(KEY_A, jeton_bytes(NULL, 0), legacy, 0);
}

static void desk_done(struct desk *desk)
{
    jt_sessions_free(desk->sessions);
    memory_done(&desk->memory);
}

static const struct jt_session_scope scopes[] = {{{"acme", 4}, {"public/", 7}, JT_ACTION_READ},
                                                 {{"acme", 4}, {"drop", 4}, JT_ACTION_READ | JT_ACTION_WRITE},
                                                 {{"whole", 5}, {"", 0}, JT_ACTION_WRITE}};

static struct jt_session wanted(void)
{
    return (struct jt_session){.expires_at = NOW + 3600,
                               .role = JT_TEXT("_default"),
                               .name = JT_TEXT("me"),
                               .issuer = JT_TEXT("https://login.example"),
                               .subject = JT_TEXT("ann"),
                               .scopes = scopes,
                               .scope_count = JT_COUNT(scopes)};
}

/* With a NUL; freed by the caller. */
static char *made(struct desk *desk, struct jt_session *session)
{
    struct jt_buffer token;
    jt_buffer_init(&token, 16384);
    assert_int_equal(jt_session_make(desk->sessions, session, &desk->memory.arena, &token, NULL), JETON_OK);
    jt_buffer_add_byte(&token, 0);
    return (char *)token.at;
}

static enum jt_signed outcome_of(struct desk *desk, struct jeton_bytes token, int64_t now, struct jt_session *out)
{
    struct jt_session session;
    size_t start = desk->memory.arena.used;
    enum jt_signed outcome = jt_session_open(desk->sessions, token, now, &desk->memory.arena,
                                             out != NULL ? out : &session, NULL);
    if (out == NULL)
        jt_arena_rewind(&desk->memory.arena, start);
    return outcome;
}

static void is_alnum(struct jeton_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char letter = ((const char *)text.at)[i];
        assert_true((letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
                    (letter >= 'a' && letter <= 'z'));
    }
}

static void says_what_was_sealed(bool legacy)
{
    struct desk desk = desk_of(legacy);
    struct jt_session session = wanted(), opened;
    char *token = made(&desk, &session);
    assert_int_equal(strchr(token, '.') == NULL, legacy);
    assert_int_equal(outcome_of(&desk, jeton_text(token), NOW, &opened), JT_SIGNED_OK);
    assert_true(jt_bytes_equal(opened.access_key_id, session.access_key_id));
    assert_true(jt_bytes_equal(opened.secret, session.secret));
    assert_int_equal(opened.expires_at, NOW + 3600);
    assert_true(jt_bytes_equal(opened.role, JT_TEXT("_default")));
    assert_true(jt_bytes_equal(opened.name, JT_TEXT("me")));
    assert_true(jt_bytes_equal(opened.issuer, JT_TEXT("https://login.example")));
    assert_true(jt_bytes_equal(opened.subject, JT_TEXT("ann")));
    assert_int_equal(opened.scope_count, 3);
    assert_true(jt_bytes_equal(opened.scopes[0].prefix, JT_TEXT("public/")));
    assert_int_equal(opened.scopes[1].actions, JT_ACTION_READ | JT_ACTION_WRITE);
    jt_session_forget(&opened);
    assert_int_equal(opened.secret.len, 0);
    free(token);
    desk_done(&desk);
}

static void S4_31_a_session_says_what_was_sealed_in_both_layouts(void **state)
{
    (void)state;
    says_what_was_sealed(false);
    says_what_was_sealed(true);
}

static void S4_23_id_and_secret_are_letters_and_digits_and_never_the_same(void **state)
{
    (void)state;
    struct desk desk = desk_of(false);
    struct jt_session one = wanted(), two = wanted();
    free(made(&desk, &one));
    free(made(&desk, &two));
    assert_true(jt_bytes_start(one.access_key_id, JT_TEXT("STSPRXY")));
    assert_in_range(one.access_key_id.len, 20, 23);
    assert_int_equal(one.secret.len, 40);
    is_alnum(one.access_key_id);
    is_alnum(one.secret);
    assert_false(jt_bytes_equal(one.access_key_id, two.access_key_id));
    assert_false(jt_bytes_equal(one.secret, two.secret));
    desk_done(&desk);
}

static void S4_32_what_is_not_ours_is_a_stranger_and_what_is_over_has_expired(void **state)
{
    (void)state;
    struct desk desk = desk_of(false), other = desk_with(KEY_B, jeton_bytes(NULL, 0), false, 0);
    struct jt_session session = wanted();
    static const char *const foreign[] = {"",
                                          "AAAA",
                                          "not base64url!",
                                          "a.b.c.d.e",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                          "FwoGZXIvYXdzEBYaDHqa0AP1Tu+Q=="};
    char *token = made(&desk, &session);
    for (size_t i = 0; i < JT_COUNT(foreign); i++)
        assert_int_equal(outcome_of(&desk, jeton_text(foreign[i]), NOW, NULL), JT_SIGNED_STRANGER);
    assert_int_equal(outcome_of(&other, jeton_text(token), NOW, NULL), JT_SIGNED_STRANGER);
    assert_int_equal(outcome_of(&desk, jeton_text(token), NOW + 3599, NULL), JT_SIGNED_OK);
    assert_int_equal(outcome_of(&desk, jeton_text(token), NOW + 3600, NULL), JT_SIGNED_EXPIRED);
    assert_int_equal(jt_signed_http(JT_SIGNED_STRANGER), 403);
    assert_string_equal(jt_signed_s3_code(JT_SIGNED_STRANGER), "AccessDenied");
    assert_int_equal(jt_signed_http(JT_SIGNED_EXPIRED), 403);
    assert_string_equal(jt_signed_s3_code(JT_SIGNED_EXPIRED), "ExpiredToken");
    free(token);
    desk_done(&desk);
    desk_done(&other);
}

static void S4_32_keys_of_a_wrong_length_and_twins_are_refused(void **state)
{
    (void)state;
    struct jt_sessions *sessions = NULL;
    struct jt_session_options options = {.keys = {jeton_bytes(KEY_A.at, 31), {NULL, 0}}};
    assert_int_equal(jt_sessions_new(&options, &sessions, NULL), JETON_KEY_INVALID);
    options.keys[0] = KEY_A;
    options.keys[1] = jeton_bytes(KEY_B.at, 16);
    assert_int_equal(jt_sessions_new(&options, &sessions, NULL), JETON_KEY_INVALID);
    options.keys[1] = KEY_A;
    assert_int_equal(jt_sessions_new(&options, &sessions, NULL), JETON_KEY_INVALID);
    assert_null(sessions);
}

static void each_bit_counts(bool legacy)
{
    struct desk desk = desk_of(legacy);
    struct jt_session session = wanted();
    char *token = made(&desk, &session);
    for (size_t i = 0; token[i] != '\0'; i++)
        for (int bit = 0; bit < 8; bit++) {
            token[i] = (char)(token[i] ^ 1 << bit);
            assert_int_equal(outcome_of(&desk, jeton_text(token), NOW, NULL), JT_SIGNED_STRANGER);
            token[i] = (char)(token[i] ^ 1 << bit);
        }
    assert_int_equal(outcome_of(&desk, jeton_text(token), NOW, NULL), JT_SIGNED_OK);
    free(token);
    desk_done(&desk);
}

static void S4_33_any_bit_flipped_in_a_session_is_refused_in_both_layouts(void **state)
{
    (void)state;
    each_bit_counts(false);
    each_bit_counts(true);
}

static void S4_35_two_keys_overlap_in_a_rotation(void **state)
{
    (void)state;
    for (int legacy = 0; legacy < 2; legacy++) {
        struct desk before = desk_of(legacy != 0), after = desk_with(KEY_B, KEY_A, legacy != 0, 0),
                    later = desk_with(KEY_B, jeton_bytes(NULL, 0), legacy != 0, 0);
        struct jt_session one = wanted(), two = wanted();
        char *old = made(&before, &one), *new = made(&after, &two);
        assert_int_equal(outcome_of(&after, jeton_text(old), NOW, NULL), JT_SIGNED_OK);
        assert_int_equal(outcome_of(&after, jeton_text(new), NOW, NULL), JT_SIGNED_OK);
        assert_int_equal(outcome_of(&later, jeton_text(new), NOW, NULL), JT_SIGNED_OK);
        assert_int_equal(outcome_of(&later, jeton_text(old), NOW, NULL), JT_SIGNED_STRANGER);
        assert_int_equal(outcome_of(&before, jeton_text(new), NOW, NULL), JT_SIGNED_STRANGER);
        free(old);
        free(new);
        desk_done(&before);
        desk_done(&after);
        desk_done(&later);
    }
}

static void S4_31_each_layout_is_read_whichever_is_written(void **state)
{
    (void)state;
    struct desk jwe = desk_of(false), legacy = desk_of(true);
    struct jt_session one = wanted(), two = wanted();
    char *new = made(&jwe, &one), *old = made(&legacy, &two);
    assert_int_equal(outcome_of(&legacy, jeton_text(new), NOW, NULL), JT_SIGNED_OK);
    assert_int_equal(outcome_of(&jwe, jeton_text(old), NOW, NULL), JT_SIGNED_OK);
    free(new);
    free(old);
    desk_done(&jwe);
    desk_done(&legacy);
}

static void S4_36_an_epoch_of_the_role_ends_its_sessions_and_so_does_its_end(void **state)
{
    (void)state;
    struct desk before = desk_of(false), raised = desk_with(KEY_A, jeton_bytes(NULL, 0), false, 5);
    struct jt_session old = wanted(), fresh = wanted(), other = wanted();
    char *token = made(&before, &old);
    assert_int_equal(outcome_of(&raised, jeton_text(token), NOW, NULL), JT_SIGNED_ENDED);
    free(token);
    fresh.not_before = 5;
    token = made(&raised, &fresh);
    assert_int_equal(outcome_of(&raised, jeton_text(token), NOW, NULL), JT_SIGNED_OK);
    free(token);
    other.role = JT_TEXT("gone");
    token = made(&before, &other);
    assert_int_equal(outcome_of(&before, jeton_text(token), NOW, NULL), JT_SIGNED_ENDED);
    free(token);
    desk_done(&before);
    desk_done(&raised);
}

/* As another program wrote it: prefixes in a list, other names of actions, no issuer. */
static void S4_31_a_foreign_session_of_the_older_layout_is_read(void **state)
{
    (void)state;
    struct desk desk = desk_of(false);
    struct jt_session session;
    static const char json[] =
        "{\"access_key_id\":\"STSPRXYA\",\"secret_access_key\":\"s3cr3t\",\"session_token\":\"\",\"expiration\":"
        "\"2026-09-21T14:13:21.25+00:00\",\"allowed_scopes\":[{\"bucket\":\"acme\",\"prefixes\":[\"a/\",\"b/\"],"
        "\"actions\":[\"get_object\",\"list_bucket\",\"fly\"]}],\"assumed_role_id\":\"_default\",\"source_identity\":"
        "\"ann\"}";
    unsigned char sealed[12 + sizeof json + 16] = "nonce nonce!";
    char token[2 * sizeof sealed] = "";
    size_t len = sizeof json - 1;
    assert_int_equal(jt_seal(KEY_A, sealed, jeton_bytes("", 0), jeton_bytes(json, len), sealed + 12, sealed + 12 + len),
                     JETON_OK);
    jt_base64url_encode(jeton_bytes(sealed, 12 + len + 16), token);
    assert_int_equal(outcome_of(&desk, jeton_text(token), NOW, &session), JT_SIGNED_OK);
    assert_int_equal(session.expires_at, NOW + 1);
    assert_int_equal(session.scope_count, 2);
    assert_int_equal(session.scopes[1].actions, JT_ACTION_READ);
    assert_int_equal(session.issuer.len, 0);
    assert_int_equal(outcome_of(&desk, jeton_text(token), NOW + 1, NULL), JT_SIGNED_EXPIRED);
    desk_done(&desk);
}

static void sealed_content_that_is_no_session_is_a_stranger(void **state)
{
    (void)state;
    struct desk desk = desk_of(false);
    static const char *const contents[] = {"",
                                           "[]",
                                           "{}",
                                           "{\"access_key_id\":\"A\"}",
                                           "{\"access_key_id\":\"A\",\"secret_access_key\":\"B\",\"expiration\":1,"
                                           "\"assumed_role_id\":\"_default\",\"source_identity\":\"a\"}",
                                           "{\"access_key_id\":\"\",\"secret_access_key\":\"\",\"expiration\":"
                                           "\"2099-01-01T00:00:00Z\",\"assumed_role_id\":\"_default\","
                                           "\"source_identity\":\"a\"}"};
    for (size_t i = 0; i < JT_COUNT(contents); i++) {
        unsigned char sealed[512] = "nonce nonce!";
        char token[1024] = "";
        size_t len = strlen(contents[i]);
        assert_int_equal(
            jt_seal(KEY_A, sealed, jeton_bytes("", 0), jeton_text(contents[i]), sealed + 12, sealed + 12 + len),
            JETON_OK);
        jt_base64url_encode(jeton_bytes(sealed, 12 + len + 16), token);
        assert_int_equal(outcome_of(&desk, jeton_text(token), NOW, NULL), JT_SIGNED_STRANGER);
    }
    desk_done(&desk);
}

/* --- At most 2^32 seals under one key --- */

static uint64_t set_aside;
static enum jeton_status reserve(void *context, const char *kid, uint64_t count, uint64_t *first)
{
    assert_int_equal(strlen(kid), 12);
    if (context != NULL)
        return JETON_INTERNAL_ERROR;
    *first = set_aside;
    set_aside += count;
    return JETON_OK;
}

static enum jeton_status make_with(void *context)
{
    struct jt_session_options options = {.keys = {KEY_A, {NULL, 0}}, .reserve = reserve, .reserve_context = context};
    struct desk desk = desk_of(false);
    struct jt_session session = wanted();
    struct jt_buffer token;
    jt_sessions_free(desk.sessions);
    assert_int_equal(jt_sessions_new(&options, &desk.sessions, NULL), JETON_OK);
    jt_buffer_init(&token, 16384);
    enum jeton_status status = jt_session_make(desk.sessions, &session, &desk.memory.arena, &token, NULL);
    assert_int_equal(token.len > 0, status == JETON_OK);
    jt_buffer_done(&token);
    desk_done(&desk);
    return status;
}

static void a_key_that_has_sealed_as_much_as_it_may_seals_no_more(void **state)
{
    (void)state;
    set_aside = 0;
    assert_int_equal(make_with(NULL), JETON_OK);
    assert_int_equal(set_aside, 65536);
    set_aside = (UINT64_C(1) << 32) - 65536;
    assert_int_equal(make_with(NULL), JETON_OK);
    assert_int_equal(make_with(NULL), JETON_KEYS_UNAVAILABLE);
    assert_int_equal(make_with(&set_aside), JETON_KEYS_UNAVAILABLE); /* cannot be counted */
}

static void a_session_that_is_too_long_is_not_made(void **state)
{
    (void)state;
    struct desk desk = desk_of(false);
    struct jt_session session = wanted();
    static char prefix[1024];
    struct jt_session_scope many[8];
    struct jt_buffer token;
    memset(prefix, 'a', sizeof prefix);
    for (size_t i = 0; i < JT_COUNT(many); i++)
        many[i] = (struct jt_session_scope){JT_TEXT("bucket"), jeton_bytes(prefix, sizeof prefix), JT_ACTION_READ};
    session.scopes = many;
    jt_buffer_init(&token, 65536);
    session.scope_count = 8;
    assert_int_equal(jt_session_make(desk.sessions, &session, &desk.memory.arena, &token, NULL), JETON_TOKEN_TOO_LARGE);
    session.scope_count = 6; /* seven thousand bytes in base64url are too long too */
    assert_int_equal(jt_session_make(desk.sessions, &session, &desk.memory.arena, &token, NULL), JETON_TOKEN_TOO_LARGE);
    assert_int_equal(token.len, 0);
    session.scope_count = 4;
    assert_int_equal(jt_session_make(desk.sessions, &session, &desk.memory.arena, &token, NULL), JETON_OK);
    jt_buffer_done(&token);
    desk_done(&desk);
}

/* --- From a request to its session --- */

struct signed_by {
    struct jt_header_field fields[8];
    struct jt_sigv4_request request;
    char date[17], payload[80];
};

static void sign_by(struct desk *desk, const struct jt_session *session, struct jeton_bytes id,
                    struct jeton_bytes secret, struct jeton_bytes token, struct signed_by *out)
{
    struct jt_sigv4_signed result;
    struct jt_sigv4_signer signer = {.access_key_id = id,
                                     .secret = secret,
                                     .token = token,
                                     .region = JT_TEXT("auto"),
                                     .service = JT_TEXT("s3"),
                                     .payload = JT_TEXT(JT_SIGV4_EMPTY),
                                     .send_payload = true};
    (void)session;
    *out = (struct signed_by){.request = {JT_TEXT("GET"), JT_TEXT("/acme/public/x"), {NULL, 0}, out->fields, 1}};
    out->fields[0] = (struct jt_header_field){JT_TEXT("host"), JT_TEXT("gateway.example")};
    assert_int_equal(jt_sigv4_sign(&out->request, &signer, NOW, &desk->memory.arena, &result, NULL), JETON_OK);
    out->fields[1] = (struct jt_header_field){JT_TEXT("x-amz-date"), result.date};
    out->fields[2] = (struct jt_header_field){JT_TEXT("x-amz-content-sha256"), JT_TEXT(JT_SIGV4_EMPTY)};
    out->fields[3] = (struct jt_header_field){JT_TEXT("authorization"), result.authorization};
    out->fields[4] = (struct jt_header_field){JT_TEXT("x-amz-security-token"), token};
    out->request.header_count = token.len > 0 ? 5 : 4;
}

static enum jt_signed authenticated(struct desk *desk, const struct signed_by *one, int64_t now, struct jt_session *out)
{
    static const struct jt_sigv4_rules rules = {.service = {"s3", 2}, .path = JT_SIGV4_PATH_S3};
    return jt_session_authenticate(desk->sessions, &one->request, &rules, now, &desk->memory.arena, out, NULL);
}

static void S4_33_a_request_is_its_sessions_when_id_and_secret_are_those_sealed(void **state)
{
    (void)state;
    struct desk desk = desk_of(false);
    struct jt_session session = wanted(), other = wanted(), opened;
    struct signed_by one;
    char *token = made(&desk, &session), *others = made(&desk, &other);
    sign_by(&desk, &session, session.access_key_id, session.secret, jeton_text(token), &one);
    assert_int_equal(authenticated(&desk, &one, NOW, &opened), JT_SIGNED_OK);
    assert_true(jt_bytes_equal(opened.subject, JT_TEXT("ann")));
    jt_session_forget(&opened);
    /* the secret of another session, the id of another, the token of another, none at all */
    sign_by(&desk, &session, session.access_key_id, other.secret, jeton_text(token), &one);
    assert_int_equal(authenticated(&desk, &one, NOW, &opened), JT_SIGNED_MISMATCH);
    sign_by(&desk, &session, other.access_key_id, session.secret, jeton_text(token), &one);
    assert_int_equal(authenticated(&desk, &one, NOW, &opened), JT_SIGNED_MISMATCH);
    sign_by(&desk, &session, session.access_key_id, session.secret, jeton_text(others), &one);
    assert_int_equal(authenticated(&desk, &one, NOW, &opened), JT_SIGNED_MISMATCH);
    sign_by(&desk, &session, session.access_key_id, session.secret, jeton_bytes(NULL, 0), &one);
    assert_int_equal(authenticated(&desk, &one, NOW, &opened), JT_SIGNED_STRANGER);
    one.request.header_count = 1;
    assert_int_equal(authenticated(&desk, &one, NOW, &opened), JT_SIGNED_NOT);
    free(token);
    free(others);
    desk_done(&desk);
}

static void a_request_of_an_expired_session_is_refused_however_well_it_is_signed(void **state)
{
    (void)state;
    struct desk desk = desk_of(false);
    struct jt_session session = wanted(), opened;
    struct signed_by one;
    session.expires_at = NOW + 60;
    char *token = made(&desk, &session);
    sign_by(&desk, &session, session.access_key_id, session.secret, jeton_text(token), &one);
    assert_int_equal(authenticated(&desk, &one, NOW + 59, &opened), JT_SIGNED_OK);
    assert_int_equal(authenticated(&desk, &one, NOW + 60, &opened), JT_SIGNED_EXPIRED);
    free(token);
    desk_done(&desk);
}

/* --- Scopes --- */

static bool allows(const char *bucket, const char *key, enum jt_action action)
{
    struct jt_session session = wanted();
    return jt_session_allows(&session, jeton_text(bucket), jeton_text(key), action);
}

static bool lists(const char *bucket, const char *prefix)
{
    struct jt_session session = wanted();
    return jt_session_lists(&session, jeton_text(bucket), jeton_text(prefix));
}

static void S4_36_scopes_hold_a_bucket_a_prefix_and_an_action(void **state)
{
    (void)state;
    assert_true(allows("acme", "public/a", JT_ACTION_READ));
    assert_true(allows("acme", "public/", JT_ACTION_READ));
    assert_false(allows("acme", "public", JT_ACTION_READ));
    assert_false(allows("acme", "public/a", JT_ACTION_WRITE));
    assert_false(allows("acme", "private/a", JT_ACTION_READ));
    assert_false(allows("acme2", "public/a", JT_ACTION_READ));
    assert_false(allows("acm", "public/a", JT_ACTION_READ));
    assert_false(allows("acme", "", JT_ACTION_READ));
    assert_true(allows("acme", "drop/x", JT_ACTION_WRITE));
    assert_true(allows("acme", "drop", JT_ACTION_WRITE));
    assert_false(allows("acme", "dropper", JT_ACTION_WRITE)); /* a prefix ends at a slash */
    assert_true(allows("whole", "any/thing", JT_ACTION_WRITE));
    assert_false(allows("whole", "any/thing", JT_ACTION_READ));
}

static void a_scope_may_be_for_every_bucket(void **state)
{
    (void)state;
    static const struct jt_session_scope all = {{"*", 1}, {"", 0}, JT_ACTION_READ};
    struct jt_session session = {.scopes = &all, .scope_count = 1};
    assert_true(jt_session_allows(&session, JT_TEXT("any"), JT_TEXT("k"), JT_ACTION_READ));
    assert_true(jt_session_lists(&session, JT_TEXT("any"), jeton_bytes("", 0)));
    assert_true(jt_session_sees(&session, JT_TEXT("any")));
    assert_false(jt_session_allows(&session, JT_TEXT("any"), JT_TEXT("k"), JT_ACTION_WRITE));
}

static void a_key_that_climbs_out_of_its_prefix_is_no_ones(void **state)
{
    (void)state;
    assert_false(allows("acme", "public/../private/a", JT_ACTION_READ));
    assert_false(allows("acme", "public/..", JT_ACTION_READ));
    assert_false(allows("acme", "public/./a", JT_ACTION_READ));
    assert_false(allows("whole", "../acme/private", JT_ACTION_WRITE));
    assert_true(allows("acme", "public/..a", JT_ACTION_READ));
    assert_false(lists("acme", "public/../"));
}

static void a_bucket_is_seen_where_something_of_it_may_be_read(void **state)
{
    (void)state;
    struct jt_session session = wanted();
    assert_true(jt_session_sees(&session, JT_TEXT("acme")));
    assert_false(jt_session_sees(&session, JT_TEXT("whole")));
    assert_false(jt_session_sees(&session, JT_TEXT("other")));
}

static void a_listing_shows_only_what_may_be_read(void **state)
{
    (void)state;
    assert_true(lists("acme", "public/"));
    assert_true(lists("acme", "public/deep/er"));
    assert_false(lists("acme", "public"));
    assert_false(lists("acme", ""));
    assert_false(lists("acme", "drop")); /* would show dropper */
    assert_true(lists("acme", "drop/"));
    assert_false(lists("whole", "")); /* it may write alone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S4_31_a_session_says_what_was_sealed_in_both_layouts),
        cmocka_unit_test(S4_23_id_and_secret_are_letters_and_digits_and_never_the_same),
        cmocka_unit_test(S4_32_what_is_not_ours_is_a_stranger_and_what_is_over_has_expired),
        cmocka_unit_test(S4_32_keys_of_a_wrong_length_and_twins_are_refused),
        cmocka_unit_test(S4_33_any_bit_flipped_in_a_session_is_refused_in_both_layouts),
        cmocka_unit_test(S4_35_two_keys_overlap_in_a_rotation),
        cmocka_unit_test(S4_31_each_layout_is_read_whichever_is_written),
        cmocka_unit_test(S4_36_an_epoch_of_the_role_ends_its_sessions_and_so_does_its_end),
        cmocka_unit_test(S4_31_a_foreign_session_of_the_older_layout_is_read),
        cmocka_unit_test(sealed_content_that_is_no_session_is_a_stranger),
        cmocka_unit_test(a_key_that_has_sealed_as_much_as_it_may_seals_no_more),
        cmocka_unit_test(a_session_that_is_too_long_is_not_made),
        cmocka_unit_test(S4_33_a_request_is_its_sessions_when_id_and_secret_are_those_sealed),
        cmocka_unit_test(a_request_of_an_expired_session_is_refused_however_well_it_is_signed),
        cmocka_unit_test(S4_36_scopes_hold_a_bucket_a_prefix_and_an_action),
        cmocka_unit_test(a_scope_may_be_for_every_bucket),
        cmocka_unit_test(a_key_that_climbs_out_of_its_prefix_is_no_ones),
        cmocka_unit_test(a_bucket_is_seen_where_something_of_it_may_be_read),
        cmocka_unit_test(a_listing_shows_only_what_may_be_read),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
