/* SPDX-License-Identifier: Apache-2.0 */
/* Do the pure parts of the endpoints do what they say? Forms, who a request claims to be, clients and their failures,
 * claims as headers, addresses. The whole server is tested from outside in tests/e2e. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "server/clients/clients.h"
#include "server/config/judge.h"
#include "server/verify/identity.h"

static unsigned char memory[65536];

static struct jt_arena fresh(void)
{
    struct jt_arena arena;

    jt_arena_init(&arena, memory, sizeof memory);
    return arena;
}

static struct jt_form read_form(const char *text)
{
    struct jt_arena arena = fresh();
    struct jt_form form = {.count = 0};

    assert_int_equal(jt_form_read(jeton_text(text), &arena, &form, NULL), JETON_OK);
    return form;
}

#define IS(bytes, text) assert_true(jt_bytes_equal((bytes), jeton_text(text)))

/* --- Forms --- */

static void a_form_is_read(void **state)
{
    struct jt_form form = read_form("a=1&b=two+words&c=%41%c3%a9%26&=x&d");
    size_t count = 9;

    (void)state;
    assert_int_equal(form.count, 5);
    IS(jt_form_get(&form, "a", &count), "1");
    assert_int_equal(count, 1);
    IS(jt_form_get(&form, "b", NULL), "two words");
    IS(jt_form_get(&form, "c", NULL), "A\xc3\xa9&");
    assert_int_equal(jt_form_get(&form, "none", &count).len, 0);
    assert_int_equal(count, 0);
}

static void an_empty_form_and_empty_fields_are_none(void **state)
{
    (void)state;
    assert_int_equal(read_form("").count, 0);
    assert_int_equal(read_form("&&&").count, 0);
}

static void a_field_without_value_is_as_if_absent(void **state)
{
    struct jt_form form = read_form("a=&a=1&b");
    size_t count = 0;

    (void)state;
    IS(jt_form_get(&form, "a", &count), "1");
    assert_int_equal(count, 1);
    assert_int_equal(jt_form_get(&form, "b", &count).len, 0);
    assert_int_equal(count, 0);
    assert_int_equal(jt_form_repeated(&form, "").len, 0);
}

static void what_is_given_twice_is_found(void **state)
{
    struct jt_form form = read_form("a=1&b=2&%61=1&r=1&r=2");

    (void)state;
    IS(jt_form_repeated(&form, "r"), "a");
    form = read_form("r=1&r=2");
    assert_int_equal(jt_form_repeated(&form, "r").len, 0);
    IS(jt_form_repeated(&form, "a"), "r");
}

static void a_form_that_is_not_well_encoded_is_refused(void **state)
{
    static const char *const texts[] = {"a=%",    "a=%4",       "a=%4g", "a=%00", "a=%0a",       "a=%7f", "a=b c",
                                        "a=\x01", "a=\xc3\xa9", "a=%ff", "a=%c3", "a=%ed%a0%80", "%=1",   "a=1&b=%"};
    struct jt_arena arena = fresh();
    struct jt_form form;

    (void)state;
    for (size_t i = 0; i < JT_COUNT(texts); i++)
        assert_int_equal(jt_form_read(jeton_text(texts[i]), &arena, &form, NULL), JETON_REQUEST_INVALID);
}

static void a_form_has_at_most_32_fields(void **state)
{
    char text[256] = "a=1";
    struct jt_arena arena = fresh();
    struct jt_form form;

    (void)state;
    for (int i = 1; i < JT_FORM_FIELDS; i++)
        strcat(text, "&a=1");
    assert_int_equal(jt_form_read(jeton_text(text), &arena, &form, NULL), JETON_OK);
    strcat(text, "&a=1");
    assert_int_equal(jt_form_read(jeton_text(text), &arena, &form, NULL), JETON_REQUEST_INVALID);
}

static void too_small_an_arena_is_told(void **state)
{
    struct jt_arena arena;
    struct jt_form form;

    (void)state;
    jt_arena_init(&arena, memory, 16);
    assert_int_equal(jt_form_read(JT_TEXT("abcdefghijklmnopqrstuvwxyz=1"), &arena, &form, NULL), JETON_OUT_OF_MEMORY);
}

static void the_media_type_of_a_form(void **state)
{
    (void)state;
    assert_true(jt_form_is_type(JT_TEXT("application/x-www-form-urlencoded")));
    assert_true(jt_form_is_type(JT_TEXT("Application/X-WWW-Form-Urlencoded ; charset=UTF-8")));
    assert_false(jt_form_is_type(JT_TEXT("application/x-www-form-urlencodedx")));
    assert_false(jt_form_is_type(JT_TEXT("")));
    assert_false(jt_form_is_type(JT_TEXT(";application/x-www-form-urlencoded")));
}

/* --- Who it claims to be --- */

static struct jt_claimant claim(const char *authorization, const char *form_text)
{
    struct jt_arena arena = fresh();
    struct jt_form form = {.count = 0};
    struct jt_claimant claimant;

    assert_int_equal(jt_form_read(jeton_text(form_text), &arena, &form, NULL), JETON_OK);
    assert_int_equal(jt_claimant_read(jeton_text(authorization), &form, &arena, &claimant), JETON_OK);
    return claimant;
}

static void id_and_secret_by_header(void **state)
{
    struct jt_claimant claimant = claim("bAsIc d2ViOnMlM0ElMkJ4K3k=", ""); /* web:s%3A%2Bx+y */

    (void)state;
    assert_int_equal(claimant.kind, JT_CLAIMANT_NAMED);
    assert_true(claimant.basic);
    IS(claimant.id, "web");
    IS(claimant.secret, "s:+x y");
}

static void id_and_secret_by_form(void **state)
{
    struct jt_claimant claimant = claim("", "client_id=web&client_secret=s%3A");

    (void)state;
    assert_int_equal(claimant.kind, JT_CLAIMANT_NAMED);
    assert_false(claimant.basic);
    IS(claimant.id, "web");
    IS(claimant.secret, "s:");
}

static void headers_that_cannot_be_read(void **state)
{
    static const char *const headers[] = {"Basic",           "Basic ",         "Basic d2Vi",      "Basic d2ViOnM",
                                          "Basic d2ViOnN",   "Basic d2ViOn==", "Basic d2ViOnM_",  "Basic d2ViO nM=",
                                          "Bearer d2ViOnM=", "Basic OnM=",     "Basic d2ViOnM=x", "Basic d2ViOiV6eg=="};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(headers); i++)
        assert_int_equal(claim(headers[i], "").kind, JT_CLAIMANT_BAD);
}

static void two_ways_at_once(void **state)
{
    (void)state;
    assert_int_equal(claim("Basic d2ViOnM=", "client_secret=s").kind, JT_CLAIMANT_TWO_WAYS);
    assert_int_equal(claim("Basic d2ViOnM=", "client_id=other").kind, JT_CLAIMANT_TWO_WAYS);
    assert_int_equal(claim("Basic d2ViOnM=", "client_id=web").kind, JT_CLAIMANT_NAMED);
    assert_int_equal(claim("", "").kind, JT_CLAIMANT_NONE);
    assert_int_equal(claim("", "client_secret=s").kind, JT_CLAIMANT_NONE);
}

#define ASSERTED "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
#define OF_WEB "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ3ZWIifQ.c2ln" /* {"iss":"web"} */

static void S5_22_an_assertion_names_its_client(void **state)
{
    struct jt_claimant claimant = claim("", ASSERTED "&client_assertion=" OF_WEB);

    (void)state;
    assert_int_equal(claimant.kind, JT_CLAIMANT_ASSERTED);
    IS(claimant.id, "web");
    IS(claimant.assertion, OF_WEB);
    IS(claim("", ASSERTED "&client_id=other&client_assertion=" OF_WEB).id, "other");
    claimant = claim("", ASSERTED "&client_assertion=x");
    assert_int_equal(claimant.kind, JT_CLAIMANT_ASSERTED);
    assert_int_equal(claimant.id.len, 0);
}

static void assertions_of_another_type_or_beside_a_secret(void **state)
{
    (void)state;
    assert_int_equal(claim("", "client_assertion=" OF_WEB).kind, JT_CLAIMANT_BAD);
    assert_int_equal(claim("", "client_assertion_type=jwt-bearer&client_assertion=" OF_WEB).kind, JT_CLAIMANT_BAD);
    assert_int_equal(claim("", ASSERTED).kind, JT_CLAIMANT_BAD);
    assert_int_equal(claim("Basic d2ViOnM=", ASSERTED "&client_assertion=" OF_WEB).kind, JT_CLAIMANT_TWO_WAYS);
    assert_int_equal(claim("", ASSERTED "&client_secret=s&client_assertion=" OF_WEB).kind, JT_CLAIMANT_TWO_WAYS);
}

/* --- Clients --- */

static struct jt_clients *some_clients(void)
{
    struct jeton_bytes audiences[] = {JT_TEXT("api"), JT_TEXT("files")};
    struct jt_client client = {
        .id = JT_TEXT("web"), .grants = 1u << JT_GRANT_CLIENT_CREDENTIALS, .audiences = {audiences, 2}};
    struct jt_clients *clients = NULL;

    assert_int_equal(jt_clients_new(&clients), JETON_OK);
    assert_int_equal(jt_digest(JT_HASH_SHA256, JT_TEXT("secret"), client.secret_hash), JETON_OK);
    assert_int_equal(jt_clients_add(clients, &client), JETON_OK);
    client.id = JT_TEXT("other");
    assert_int_equal(jt_clients_add(clients, &client), JETON_OK);
    return clients;
}

static const struct jt_client *attempt(struct jt_clients *clients, const char *id, const char *secret, int64_t now_ms,
                                       unsigned *retry_after)
{
    struct jt_claimant claimant = {
        .kind = JT_CLAIMANT_NAMED, .basic = true, .id = jeton_text(id), .secret = jeton_text(secret)};

    const struct jt_client *client = NULL;

    assert_int_equal(jt_clients_authenticate(clients, &claimant, now_ms, &client, retry_after), JETON_OK);
    return client;
}

static void the_right_secret_opens_and_others_do_not(void **state)
{
    struct jt_clients *clients = some_clients();
    unsigned wait = 9;

    (void)state;
    const struct jt_client *client = attempt(clients, "web", "secret", 0, &wait);
    assert_non_null(client);
    IS(client->id, "web");
    assert_true(jt_text_list_has(&client->audiences, JT_TEXT("files")));
    assert_false(jt_text_list_has(&client->audiences, JT_TEXT("file")));
    assert_int_equal(wait, 0);
    assert_null(attempt(clients, "web", "secres", 0, &wait));
    assert_null(attempt(clients, "web", "secret ", 0, &wait));
    assert_null(attempt(clients, "web", "", 0, &wait));
    assert_null(attempt(clients, "we", "secret", 0, &wait));
    assert_null(attempt(clients, "", "", 0, &wait));
    assert_int_equal(wait, 0);
    jt_clients_free(clients);
}

static void ten_failures_close_an_id_for_the_rest_of_the_minute(void **state)
{
    struct jt_clients *clients = some_clients();
    unsigned wait = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_null(attempt(clients, "web", "wrong", i * 1000, &wait));
        assert_int_equal(wait, 0);
    }
    assert_null(attempt(clients, "web", "secret", 9001, &wait));
    assert_int_equal(wait, 51);
    assert_non_null(attempt(clients, "other", "secret", 9001, &wait));
    assert_null(attempt(clients, "web", "secret", 59999, &wait));
    assert_int_equal(wait, 1);
    assert_non_null(attempt(clients, "web", "secret", 60000, &wait));
    /* One has left the window, nine are in it: one more failure closes again. */
    assert_null(attempt(clients, "web", "wrong", 60000, &wait));
    assert_int_equal(wait, 0);
    assert_null(attempt(clients, "web", "secret", 60000, &wait));
    assert_int_equal(wait, 1);
    jt_clients_free(clients);
}

static void failures_of_assertions_count_with_those_of_secrets(void **state)
{
    struct jt_clients *clients = some_clients();
    unsigned wait = 0;

    (void)state;
    for (int i = 0; i < 9; i++)
        jt_clients_failed(clients, JT_TEXT("web"), 0);
    assert_int_equal(jt_clients_closed_for(clients, JT_TEXT("web"), 0), 0);
    assert_null(attempt(clients, "web", "wrong", 0, &wait));
    assert_int_equal(jt_clients_closed_for(clients, JT_TEXT("web"), 0), 60);
    assert_int_equal(jt_clients_closed_for(clients, JT_TEXT("other"), 0), 0);
    assert_int_equal(jt_clients_closed_for(clients, JT_TEXT("web"), 60000), 0);
    for (int i = 0; i < 10; i++)
        jt_clients_failed(clients, JT_TEXT("nobody"), 0);
    assert_int_equal(jt_clients_closed_for(clients, JT_TEXT("nobody"), 1), 60);
    jt_clients_free(clients);
}

static void a_client_with_keys_has_no_secret_that_fits(void **state)
{
    struct jt_client client = {.id = JT_TEXT("batch"), .has_keys = true};
    struct jt_clients *clients = some_clients();
    unsigned wait = 0;

    (void)state;
    assert_int_equal(jt_digest(JT_HASH_SHA256, JT_TEXT("secret"), client.secret_hash), JETON_OK);
    assert_int_equal(jt_clients_add(clients, &client), JETON_OK);
    assert_null(attempt(clients, "batch", "secret", 0, &wait));
    assert_int_equal(jt_clients_find(clients, JT_TEXT("batch"))->index, 2);
    assert_null(jt_clients_find(clients, JT_TEXT("batc")));
    jt_clients_free(clients);
}

static void grants_by_name_and_by_URN(void **state)
{
    enum jt_grant grant = JT_GRANT_COUNT;

    (void)state;
    for (size_t i = 0; i < JT_GRANT_COUNT; i++) {
        assert_true(jt_grant_find(jeton_text(jt_grant_name((enum jt_grant)i)), &grant));
        assert_int_equal(grant, i);
        assert_true(jt_grant_find(jeton_text(jt_grant_type((enum jt_grant)i)), &grant));
        assert_int_equal(grant, i);
    }
    assert_false(jt_grant_find(JT_TEXT("password"), &grant));
    assert_false(jt_grant_find(JT_TEXT(""), &grant));
}

static void attempts_while_closed_do_not_count(void **state)
{
    struct jt_clients *clients = some_clients();
    unsigned wait = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        assert_null(attempt(clients, "web", "wrong", 0, &wait));
    assert_non_null(attempt(clients, "web", "secret", 60000, &wait));
    jt_clients_free(clients);
}

static void ids_of_no_client_are_counted_alike(void **state)
{
    struct jt_clients *clients = some_clients();
    unsigned wait = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_null(attempt(clients, "stranger", "wrong", 0, &wait));
    assert_null(attempt(clients, "stranger", "wrong", 0, &wait));
    assert_int_equal(wait, 60);
    jt_clients_free(clients);
    jt_clients_free(NULL);
}

/* --- Claims as headers --- */

static enum jeton_status travel(const char *json, const char **out)
{
    struct jt_arena arena = fresh();
    struct jt_json object;
    char text[512];

    snprintf(text, sizeof text, "{\"c\":%s}", json);
    assert_int_equal(jt_json_read(jeton_text(text), JT_JSON_PAYLOAD, &arena, &object, NULL), JETON_OK);
    return jt_identity_value(jt_json_get(object, JT_TEXT("c")), &arena, out);
}

static void claims_that_travel(void **state)
{
    static const char *const pairs[][2] = {
        {"\"ada\"", "ada"},       {"\"a b c\"", "a b c"}, {"\"\"", ""},         {"1.50", "1.50"},
        {"-0e1", "-0e1"},         {"true", "true"},       {"false", "false"},   {"[]", ""},
        {"[\"a\",\"b\"]", "a b"}, {"\"~!\"", "~!"},       {"\"\\u0041\"", "A"}, {"[\"a\"]", "a"},
    };

    (void)state;
    for (size_t i = 0; i < JT_COUNT(pairs); i++) {
        const char *out = NULL;

        assert_int_equal(travel(pairs[i][0], &out), JETON_OK);
        assert_string_equal(out, pairs[i][1]);
    }
}

static void claims_that_do_not(void **state)
{
    static const char *const values[] = {"null",    "{}",          "[1]",           "[[]]",        "[\"a b\"]",
                                         "[\"\"]",  "\" a\"",      "\"a \"",        "\" \"",       "\"a  b\"",
                                         "\"\\n\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\u007f\"", "\"\xc3\xa9\"",
                                         "\"\\t\"", "[\"a\",null]"};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(values); i++) {
        const char *out = NULL;

        assert_int_equal(travel(values[i], &out), JETON_CLAIMS_UNMAPPABLE);
        assert_null(out);
    }
}

static void an_absent_claim_is_empty(void **state)
{
    struct jt_arena arena = fresh();
    struct jt_json none = {NULL};
    const char *out = NULL;

    (void)state;
    assert_int_equal(jt_identity_value(none, &arena, &out), JETON_OK);
    assert_string_equal(out, "");
}

static void all_claims_travel_up_to_2_KiB(void **state)
{
    static char payload[1537];
    struct jt_arena arena = fresh();
    const char *out = NULL;

    (void)state;
    assert_int_equal(jt_identity_claims(JT_TEXT("{}"), &arena, &out), JETON_OK);
    assert_string_equal(out, "e30");
    assert_int_equal(jt_identity_claims(jeton_bytes(payload, 1536), &arena, &out), JETON_OK);
    assert_int_equal(strlen(out), 2048);
    assert_int_equal(jt_identity_claims(jeton_bytes(payload, 1537), &arena, &out), JETON_CLAIMS_UNMAPPABLE);
}

/* --- Texts of the configuration --- */

static void addresses_to_listen_on(void **state)
{
    static const char *const good[] = {"127.0.0.1:8080", "localhost:0",      "[::1]:65535",
                                       "0.0.0.0:1",      "unix:/run/d.sock", "unix:d"};
    static const char *const bad[] = {
        "",      "8080",  ":8080",   "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
        "[::1]", "[]:80", "[::1:80", "a b:80",    "unix:",      "127.0.0.1:-1",    "h:8o"};
    char path[160] = "unix:";

    (void)state;
    for (size_t i = 0; i < JT_COUNT(good); i++)
        assert_null(jt_judge_listen(jeton_text(good[i])));
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_non_null(jt_judge_listen(jeton_text(bad[i])));
    memset(path + 5, 'p', 107);
    assert_null(jt_judge_listen(jeton_text(path)));
    path[5 + 107] = 'p';
    assert_non_null(jt_judge_listen(jeton_text(path)));
}

static void issuers(void **state)
{
    static const char *const good[] = {"https://a",         "http://127.0.0.1:8080",       "https://a/b/",
                                       "https://[::1]:1/x", "https://a_b.example-1:65535", "https://[::1]"};
    static const char *const bad[] = {"",
                                      "a",
                                      "https://",
                                      "https:///x",
                                      "ftp://a",
                                      "https://a?q",
                                      "https://a#f",
                                      "https://u@a",
                                      "https://a b",
                                      "https://a\"",
                                      "https://\xc3\xa9",
                                      "HTTPS://a",
                                      "https://[",
                                      "https://[]",
                                      "https://[::1",
                                      "https://[::1]1",
                                      "https://[::g]",
                                      "https://a:",
                                      "https://a:x",
                                      "https://a:65536",
                                      "https://a:/b",
                                      "https://:1",
                                      "https://%61",
                                      "https://a,b"};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(good); i++)
        assert_null(jt_judge_issuer(jeton_text(good[i])));
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_non_null(jt_judge_issuer(jeton_text(bad[i])));
}

static void header_names_scopes_and_algorithms(void **state)
{
    (void)state;
    assert_null(jt_judge_header(JT_TEXT("X-User")));
    assert_non_null(jt_judge_header(JT_TEXT("x user")));
    assert_non_null(jt_judge_header(JT_TEXT("X-User:")));
    assert_non_null(jt_judge_header(JT_TEXT("content-length")));
    assert_null(jt_judge_scope(JT_TEXT("files:read/*")));
    assert_non_null(jt_judge_scope(JT_TEXT("a b")));
    assert_non_null(jt_judge_scope(JT_TEXT("a\"")));
    assert_non_null(jt_judge_scope(JT_TEXT("a\\")));
    assert_null(jt_judge_algorithm(JT_TEXT("ES256")));
    assert_non_null(jt_judge_algorithm(JT_TEXT("HS256")));
    assert_non_null(jt_judge_algorithm(JT_TEXT("none")));
    assert_null(jt_judge_name(JT_TEXT("admin-2")));
    assert_non_null(jt_judge_name(JT_TEXT("a/b")));
    assert_null(jt_judge_client_id(JT_TEXT("web:1")));
    assert_non_null(jt_judge_client_id(JT_TEXT("a b")));
    assert_non_null(jt_judge_client_id(JT_TEXT("https://login.example#ada"))); /* the sub of a user elsewhere */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read),
        cmocka_unit_test(an_empty_form_and_empty_fields_are_none),
        cmocka_unit_test(a_field_without_value_is_as_if_absent),
        cmocka_unit_test(what_is_given_twice_is_found),
        cmocka_unit_test(a_form_that_is_not_well_encoded_is_refused),
        cmocka_unit_test(a_form_has_at_most_32_fields),
        cmocka_unit_test(too_small_an_arena_is_told),
        cmocka_unit_test(the_media_type_of_a_form),
        cmocka_unit_test(id_and_secret_by_header),
        cmocka_unit_test(id_and_secret_by_form),
        cmocka_unit_test(headers_that_cannot_be_read),
        cmocka_unit_test(two_ways_at_once),
        cmocka_unit_test(S5_22_an_assertion_names_its_client),
        cmocka_unit_test(assertions_of_another_type_or_beside_a_secret),
        cmocka_unit_test(the_right_secret_opens_and_others_do_not),
        cmocka_unit_test(ten_failures_close_an_id_for_the_rest_of_the_minute),
        cmocka_unit_test(failures_of_assertions_count_with_those_of_secrets),
        cmocka_unit_test(a_client_with_keys_has_no_secret_that_fits),
        cmocka_unit_test(grants_by_name_and_by_URN),
        cmocka_unit_test(attempts_while_closed_do_not_count),
        cmocka_unit_test(ids_of_no_client_are_counted_alike),
        cmocka_unit_test(claims_that_travel),
        cmocka_unit_test(claims_that_do_not),
        cmocka_unit_test(an_absent_claim_is_empty),
        cmocka_unit_test(all_claims_travel_up_to_2_KiB),
        cmocka_unit_test(addresses_to_listen_on),
        cmocka_unit_test(issuers),
        cmocka_unit_test(header_names_scopes_and_algorithms),
    };

    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
