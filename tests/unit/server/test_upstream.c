/* SPDX-License-Identifier: Apache-2.0 */
/* Are the documents of an upstream API and the answers of an STS read strictly, and a request to an STS written so that
 * nothing in it can become another parameter? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/gateway/assume_role.h"
#include "server/gateway/upstream_documents.h"

#define IS(bytes, text) assert_true(jt_bytes_equal((bytes), jeton_text(text)))

static struct jt_document_content good(enum jt_document_kind kind, const char *text)
{
    struct jt_document_content content;
    struct jeton_detail detail = {""};

    if (jt_document_read(kind, jeton_text(text), &content, &detail) != JETON_OK)
        fail_msg("%s: %s", text, detail.text);
    return content;
}

static void bad(enum jt_document_kind kind, const char *text)
{
    struct jt_document_content content;

    if (jt_document_read(kind, jeton_text(text), &content, NULL) == JETON_OK) {
        jt_document_done(&content);
        fail_msg("taken: %s", text);
    }
}

static void a_product_says_where_its_primary_mirror_lies(void **state)
{
    struct jt_document_content content = good(
        JT_DOCUMENT_PRODUCT,
        "{\"product_id\":\"p\",\"disabled\":true,\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{"
        "\"a\":{\"connection_id\":\"one\",\"prefix\":\"x/\"},"
        "\"b\":{\"connection_id\":\"two\",\"prefix\":\"y/\"}}}}");

    (void)state;
    assert_true(content.product.disabled);
    IS(content.product.connection, "two");
    IS(content.product.prefix, "y/");
    jt_document_done(&content);
    content = good(JT_DOCUMENT_PRODUCT,
                   "{\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{\"b\":{\"connection_id\":\"two\"}}}}");
    assert_false(content.product.disabled);
    assert_int_equal(content.product.prefix.len, 0);
    jt_document_done(&content);
}

static void a_product_that_does_not_say_it_says_nothing(void **state)
{
    (void)state;
    bad(JT_DOCUMENT_PRODUCT, "{}");
    bad(JT_DOCUMENT_PRODUCT, "[]");
    bad(JT_DOCUMENT_PRODUCT, "");
    bad(JT_DOCUMENT_PRODUCT, "{\"metadata\":{\"mirrors\":{\"b\":{\"connection_id\":\"two\"}}}}");
    bad(JT_DOCUMENT_PRODUCT,
        "{\"metadata\":{\"primary_mirror\":\"c\",\"mirrors\":{\"b\":{\"connection_id\":\"two\"}}}}");
    bad(JT_DOCUMENT_PRODUCT, "{\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{\"b\":{\"connection_id\":\"\"}}}}");
    bad(JT_DOCUMENT_PRODUCT, "{\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{\"b\":{\"connection_id\":7}}}}");
    bad(JT_DOCUMENT_PRODUCT,
        "{\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{\"b\":{\"connection_id\":\"a\\u0000\"}}}}");
    bad(JT_DOCUMENT_PRODUCT,
        "{\"disabled\":\"no\",\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{\"b\":{\"connection_id\":\"t\"}}}}");
    bad(JT_DOCUMENT_PRODUCT,
        "{\"disabled\":false,\"disabled\":true,\"metadata\":{\"primary_mirror\":\"b\",\"mirrors\":{"
        "\"b\":{\"connection_id\":\"t\"}}}}");
}

static enum jt_store_auth auth_of(const char *authentication)
{
    char text[512];
    struct jt_document_content content;
    enum jt_store_auth auth;

    snprintf(text, sizeof text,
             "{\"data_connection_id\":\"c\",\"details\":{\"provider\":\"s3\",\"bucket\":\"b\",\"region\":\"r\","
             "\"base_prefix\":null}%s}",
             authentication);
    content = good(JT_DOCUMENT_CONNECTION, text);
    IS(content.connection.bucket, "b");
    auth = content.connection.auth;
    jt_document_done(&content);
    return auth;
}

static void S4_48_what_a_connection_asks_for_is_known_or_it_is_not(void **state)
{
    (void)state;
    assert_int_equal(auth_of(""), JT_STORE_UNSAID);
    assert_int_equal(auth_of(",\"authentication\":null"), JT_STORE_UNSAID);
    assert_int_equal(auth_of(",\"authentication\":{\"type\":\"anonymous\"}"), JT_STORE_ANONYMOUS);
    assert_int_equal(auth_of(",\"authentication\":{\"type\":\"s3_access_key\"}"), JT_STORE_STATIC);
    assert_int_equal(auth_of(",\"authentication\":{\"type\":\"s3_web_identity_role\"}"), JT_STORE_FEDERATED);
    assert_int_equal(auth_of(",\"authentication\":{\"type\":\"Anonymous\"}"), JT_STORE_OTHER);
    assert_int_equal(auth_of(",\"authentication\":{\"type\":\"gcp_workload_identity\"}"), JT_STORE_OTHER);
    assert_int_equal(auth_of(",\"authentication\":{}"), JT_STORE_OTHER);
    assert_int_equal(auth_of(",\"authentication\":\"anonymous\""), JT_STORE_OTHER);
    bad(JT_DOCUMENT_CONNECTION, "{\"data_connection_id\":\"c\"}");
    bad(JT_DOCUMENT_CONNECTION, "{\"details\":{\"provider\":\"s3\"}}");
    bad(JT_DOCUMENT_CONNECTION, "{\"data_connection_id\":\"c\",\"read_only\":1,\"details\":{\"provider\":\"s3\"}}");
}

static void a_list_and_permissions_are_read(void **state)
{
    struct jt_document_content content = good(
        JT_DOCUMENT_LIST, "{\"products\":[{\"product_id\":\"b\"},{\"product_id\":\"a\",\"more\":[1]}]}");

    (void)state;
    assert_int_equal(content.list.count, 2);
    IS(content.list.at[0], "b");
    IS(content.list.at[1], "a");
    jt_document_done(&content);
    content = good(JT_DOCUMENT_LIST, "{\"products\":[]}");
    assert_int_equal(content.list.count, 0);
    jt_document_done(&content);
    bad(JT_DOCUMENT_LIST, "{\"products\":[{}]}");
    bad(JT_DOCUMENT_LIST, "{\"products\":{}}");
    bad(JT_DOCUMENT_LIST, "[]");
    content = good(JT_DOCUMENT_PERMISSIONS, "[\"admin\",\"read\"]");
    assert_true(content.permissions.read && !content.permissions.write);
    jt_document_done(&content);
    content = good(JT_DOCUMENT_PERMISSIONS, "[]");
    assert_false(content.permissions.read || content.permissions.write);
    jt_document_done(&content);
    bad(JT_DOCUMENT_PERMISSIONS, "{\"read\":true}");
    bad(JT_DOCUMENT_PERMISSIONS, "[\"read\",1]");
    bad(JT_DOCUMENT_PERMISSIONS, "\"read\"");
}

static void S4_46_the_form_to_an_STS(void **state)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer out;

    (void)state;
    jt_buffer_init(&out, 4096);
    jt_assume_write(&out, JT_TEXT("arn:aws:iam::1:role/r&x=1"), JT_TEXT("a b/c&Action=x"), JT_TEXT("a.b.c"));
    IS(jt_buffer_bytes(&out),
       "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole"
       "%2Fr%26x%3D1&RoleSessionName=a_b_c_Action%3Dx&WebIdentityToken=a.b.c");
    jt_buffer_done(&out);
    jt_assume_write(&out, JT_TEXT("r"), JT_TEXT("x"), JT_TEXT("t"));
    assert_non_null(memmem(out.at, out.len, "RoleSessionName=jetond-session&", 31));
    jt_buffer_done(&out);
    jt_assume_write(&out, JT_TEXT("r"),
                    jeton_bytes("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggghhhh", 68),
                    JT_TEXT("t"));
    assert_non_null(memmem(out.at, out.len, "ffffffffffgggg&", 15));
}

#define GIVEN(id, secret, token, ends)                                                                                 \
    "<AssumeRoleWithWebIdentityResponse xmlns=\"x\"><R><Credentials><AccessKeyId>" id                                  \
    "</AccessKeyId><SecretAccessKey>" secret "</SecretAccessKey><SessionToken>" token                                  \
    "</SessionToken><Expiration>" ends "</Expiration></Credentials></R>"                                               \
    "</AssumeRoleWithWebIdentityResponse>"

static bool read_it(const char *text, struct jt_assumed *out)
{
    return jt_assume_read(jeton_text(text), out);
}

static void S4_46_what_an_STS_answers(void **state)
{
    struct jt_assumed got;

    (void)state;
    assert_true(read_it(GIVEN("ASIA", "s/+=", "tok", "2026-11-24T03:01:03Z"), &got));
    IS(got.access_key_id, "ASIA");
    IS(got.secret, "s/+=");
    IS(got.token, "tok");
    assert_int_equal(got.expires_at, 1795489263);
    assert_true(read_it(GIVEN("A", "s", "t", "1970-01-01T00:00:00.123Z"), &got));
    assert_int_equal(got.expires_at, 0);
    assert_true(read_it(GIVEN("A", "s", "t", "2024-02-29T23:59:59Z"), &got));
    assert_int_equal(got.expires_at, 1709251199);
    assert_true(read_it("<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", &got));
    IS(got.code, "AccessDenied");
    assert_false(read_it(GIVEN("", "s", "t", "2026-11-24T03:01:03Z"), &got));
    assert_false(read_it(GIVEN("A", "s s", "t", "2026-11-24T03:01:03Z"), &got));
    assert_false(read_it(GIVEN("A", "s", "t&amp;", "2026-11-24T03:01:03Z"), &got));
    assert_false(read_it(GIVEN("A", "s", "t", "2026-11-24 03:01:03Z"), &got));
    assert_false(read_it(GIVEN("A", "s", "t", "2026-13-24T03:01:03Z"), &got));
    assert_false(read_it(GIVEN("A", "s", "t", "2026-11-24T03:01:03"), &got));
    assert_false(read_it(GIVEN("A</AccessKeyId><AccessKeyId>B", "s", "t", "2026-11-24T03:01:03Z"), &got));
    assert_false(read_it("", &got));
    assert_false(read_it("<Error></Error>", &got));
    assert_false(read_it("<AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>A", &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_says_where_its_primary_mirror_lies),
        cmocka_unit_test(a_product_that_does_not_say_it_says_nothing),
        cmocka_unit_test(S4_48_what_a_connection_asks_for_is_known_or_it_is_not),
        cmocka_unit_test(a_list_and_permissions_are_read),
        cmocka_unit_test(S4_46_the_form_to_an_STS),
        cmocka_unit_test(S4_46_what_an_STS_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
