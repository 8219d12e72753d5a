/* SPDX-License-Identifier: Apache-2.0 */
/* Is a discovery document believed only for the issuer it names, and is a URL's own text enough to refuse it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys/discovery.h"

static enum jeton_status read_document(const char *json, const char *issuer, struct jt_buffer *uri)
{
    return jt_discovery_read(jeton_text(json), jeton_text(issuer), uri, NULL);
}

static void the_issuer_must_be_equal_byte_for_byte(void **state)
{
    static const char document[] = "{\"issuer\":\"https://a.example/x\",\"jwks_uri\":\"https://a.example/keys\"}";
    static const char *const others[] = {"https://a.example/x/", "https://a.example",       "https://A.example/x",
                                         "https://a.example/x ", "https://a.example:443/x", ""};
    struct jt_buffer uri = {0};

    (void)state;
    assert_int_equal(read_document(document, "https://a.example/x", &uri), JETON_OK);
    assert_true(jt_bytes_equal(jt_buffer_bytes(&uri), JT_TEXT("https://a.example/keys")));
    jt_buffer_done(&uri);
    for (size_t i = 0; i < JT_COUNT(others); i++)
        assert_int_equal(read_document(document, others[i], &uri), JETON_KEYS_UNAVAILABLE);
}

static void a_document_that_does_not_say_it_gives_no_keys(void **state)
{
    static const char *const documents[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"issuer\":\"i\"}",
        "{\"jwks_uri\":\"https://a.example/keys\"}",
        "{\"issuer\":\"i\",\"jwks_uri\":\"\"}",
        "{\"issuer\":\"i\",\"jwks_uri\":7}",
        "{\"issuer\":[\"i\"],\"jwks_uri\":\"https://a.example/keys\"}",
        "{\"issuer\":\"i\",\"jwks_uri\":\"https://a.example/1\",\"jwks_uri\":\"https://a.example/2\"}",
        "{\"issuer\":\"i\",\"jwks_uri\":\"https://a.example/1\"} trailing",
        "\xef\xbb\xbf{\"issuer\":\"i\",\"jwks_uri\":\"https://a.example/1\"}",
    };
    struct jt_buffer uri = {0};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(documents); i++) {
        if (read_document(documents[i], "i", &uri) != JETON_KEYS_UNAVAILABLE)
            fail_msg("%s", documents[i]);
    }
    assert_null(uri.at);
}

static void S1_4_final_slashes_of_an_issuer_are_not_doubled(void **state)
{
    static const char *const issuers[] = {"https://a.example", "https://a.example/", "https://a.example//"};
    struct jt_buffer url;

    (void)state;
    for (size_t i = 0; i < JT_COUNT(issuers); i++) {
        assert_int_equal(jt_discovery_url(jeton_text(issuers[i]), "/w", &url, NULL), JETON_OK);
        assert_true(jt_bytes_equal(jt_buffer_bytes(&url), JT_TEXT("https://a.example/w")));
        jt_buffer_done(&url);
    }
    assert_int_equal(jt_discovery_url(jeton_text("https://a.example?x"), "/w", &url, NULL), JETON_CONFIG_INVALID);
    assert_int_equal(jt_discovery_url(jeton_text("https://a.example#x"), "/w", &url, NULL), JETON_CONFIG_INVALID);
}

static void the_text_of_an_address_alone_can_refuse_it(void **state)
{
    static const struct {
        const char *url;
        bool allow_http, allow_private_ip;
        const char *detail; /* NULL: fine */
    } cases[] = {
        {"https://a.example/keys", false, false, NULL},
        {"https://a.example:8443/keys?x=1", false, false, NULL},
        {"HTTPS://a.example/keys", false, false, NULL},
        {"http://a.example/keys", false, false, "allow_http would"},
        {"http://a.example/keys", true, false, NULL},
        {"http://127.0.0.1/keys", true, false, "allow_private_ip would"},
        {"http://127.0.0.1/keys", false, true, "allow_http would"},
        {"http://127.0.0.1/keys", true, true, NULL},
        {"https://127.0.0.1/keys", false, false, "loopback, 127.0.0.0/8"},
        {"https://127.1/keys", false, false, "loopback"},
        {"https://0x7f.1/keys", false, false, "loopback"},
        {"https://2130706433/keys", false, false, "loopback"},
        {"https://017700000001/keys", false, false, "loopback"},
        {"https://[::1]/keys", false, false, "loopback"},
        {"https://[::ffff:10.0.0.1]/keys", false, false, "10.0.0.0/8"},
        {"https://[64:ff9b::a9fe:a9fe]/keys", false, true, "never dialled"},
        {"https://169.254.169.254/latest", false, true, "never dialled"},
        {"https://[fe80::1%25eth0]/keys", false, true, "never dialled"},
        {"https://0/keys", false, true, "never dialled"},
        {"https://192.168.1.1/keys", false, true, NULL},
        {"https://8.8.8.8/keys", false, false, NULL},
        {"https://user@a.example/keys", false, false, "user information"},
        {"https://user:secret@a.example/keys", false, false, "user information"},
        {"ftp://a.example/keys", true, true, "\"ftp\" is never used"},
        {"file:///etc/passwd", true, true, ""},
        {"data:application/json,{}", true, true, ""},
        {"gopher://a.example/keys", true, true, "\"gopher\" is never used"},
        {"a.example/keys", true, true, ""},
        {"//a.example/keys", true, true, ""},
        {"", true, true, "0 bytes"},
        {"https://", true, true, ""},
        {"https:///keys", true, true, ""},
        {"https://a.example/ke ys", false, false, "no URL has"},
        {"https://a.example\\@b.example/", false, false, "no URL has"},
        {"https://a.example/\r\nX: y", false, false, "no URL has"},
        {"https://a.example:99999/keys", false, false, ""},
    };

    (void)state;
    for (size_t i = 0; i < JT_COUNT(cases); i++) {
        struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;
        struct jeton_detail detail = {""};
        enum jeton_status status;

        options.allow_http = cases[i].allow_http;
        options.allow_private_ip = cases[i].allow_private_ip;
        status = jt_fetch_check(jeton_text(cases[i].url), &options, &detail);
        if (status != (cases[i].detail == NULL ? JETON_OK : JETON_CONFIG_INVALID) ||
            (cases[i].detail != NULL && strstr(detail.text, cases[i].detail) == NULL))
            fail_msg("%s: %s: %s", cases[i].url, jeton_status_code(status), detail.text);
        assert_null(strstr(detail.text, "secret"));
    }
}

static void an_address_that_a_document_names_may_be_private_only_at_the_typed_origin(void **state)
{
    static const struct {
        const char *url;
        enum jeton_status status;
    } cases[] = {
        {"https://10.0.0.5:8443/keys", JETON_OK},
        {"https://10.0.0.5:8443/other?x", JETON_OK},
        {"https://10.0.0.5/keys", JETON_CONFIG_INVALID},
        {"https://10.0.0.6:8443/keys", JETON_CONFIG_INVALID},
        {"http://10.0.0.5:8443/keys", JETON_CONFIG_INVALID},
        {"https://169.254.169.254:8443/keys", JETON_CONFIG_INVALID},
        {"https://a.example/keys", JETON_OK},
    };
    struct jt_fetch_options options = JT_FETCH_OPTIONS_INIT;

    (void)state;
    options.allow_http = true;
    options.allow_private_ip = true;
    options.typed = JT_TEXT("https://10.0.0.5:8443/realm");
    for (size_t i = 0; i < JT_COUNT(cases); i++) {
        if (jt_fetch_check(jeton_text(cases[i].url), &options, NULL) != cases[i].status)
            fail_msg("%s", cases[i].url);
    }
}

static void origins_are_compared_by_scheme_host_and_port(void **state)
{
    (void)state;
    assert_true(jt_fetch_same_origin(JT_TEXT("https://a.example/x"), JT_TEXT("https://A.EXAMPLE:443/y")));
    assert_true(jt_fetch_same_origin(JT_TEXT("http://a.example:80"), JT_TEXT("http://a.example/y?z")));
    assert_false(jt_fetch_same_origin(JT_TEXT("https://a.example"), JT_TEXT("http://a.example:443")));
    assert_false(jt_fetch_same_origin(JT_TEXT("https://a.example"), JT_TEXT("https://a.example:444")));
    assert_false(jt_fetch_same_origin(JT_TEXT("https://a.example"), JT_TEXT("https://b.a.example")));
    assert_false(jt_fetch_same_origin(JT_TEXT("https://a.example"), JT_TEXT("a.example")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_issuer_must_be_equal_byte_for_byte),
        cmocka_unit_test(a_document_that_does_not_say_it_gives_no_keys),
        cmocka_unit_test(S1_4_final_slashes_of_an_issuer_are_not_doubled),
        cmocka_unit_test(the_text_of_an_address_alone_can_refuse_it),
        cmocka_unit_test(an_address_that_a_document_names_may_be_private_only_at_the_typed_origin),
        cmocka_unit_test(origins_are_compared_by_scheme_host_and_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
