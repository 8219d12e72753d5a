/* SPDX-License-Identifier: Apache-2.0 */
/* Is a request for an object store read for what it is, and nothing read into it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/gateway/s3_request.h"

static unsigned char memory[65536];
static struct jt_s3_request read;

static enum jt_s3_fault read_hosted(const char *method, const char *target, const char *host)
{
    struct jt_arena arena;
    struct jeton_bytes text = jeton_text(target);
    size_t mark = jt_bytes_find(text, '?', 0);
    struct jt_s3_wire wire = {jeton_text(method), jt_bytes_cut(text, 0, mark), jt_bytes_cut(text, mark + 1, text.len),
                              jeton_text(host), JT_TEXT("s3.example")};

    jt_arena_init(&arena, memory, sizeof memory);
    return jt_s3_request_read(&wire, &arena, &read);
}

static enum jt_s3_fault read_it(const char *method, const char *target)
{
    return read_hosted(method, target, "127.0.0.1:8080");
}

#define IS(bytes, text) assert_true(jt_bytes_equal((bytes), jeton_text(text)))
#define FAULT(target, fault) assert_int_equal(read_it("GET", target), fault)

static void expect(const char *method, const char *target, enum jt_s3_operation operation)
{
    assert_int_equal(read_it(method, target), JT_S3_NONE);
    assert_int_equal(read.operation, operation);
}

static void operations_are_told_by_method_path_and_query(void **state)
{
    (void)state;
    expect("GET", "/", JT_S3_LIST_BUCKETS);
    expect("GET", "/?x-id=ListBuckets", JT_S3_LIST_BUCKETS);
    expect("GET", "/a", JT_S3_LIST_OBJECTS);
    expect("GET", "/a/", JT_S3_LIST_OBJECTS);
    expect("GET", "/a?list-type=2&prefix=p%2Fx&delimiter=%2F", JT_S3_LIST_OBJECTS);
    expect("GET", "/a?location", JT_S3_GET_LOCATION);
    expect("HEAD", "/a", JT_S3_HEAD_BUCKET);
    expect("GET", "/a/p/k", JT_S3_GET_OBJECT);
    expect("GET", "/a/p/k?x-id=GetObject", JT_S3_GET_OBJECT);
    expect("HEAD", "/a/p/k", JT_S3_HEAD_OBJECT);
    expect("OPTIONS", "/a/p/k", JT_S3_PREFLIGHT);
    expect("GET", "/a/p/k?acl", JT_S3_OTHER);
    expect("GET", "/a?versions", JT_S3_OTHER);
    expect("GET", "/a/p/k?partNumber=1&uploadId=x", JT_S3_OTHER);
}

static void S4_38_whatever_may_change_something_is_a_write(void **state)
{
    (void)state;
    expect("PUT", "/a/p/k", JT_S3_PUT_OBJECT);
    expect("DELETE", "/a/p/k", JT_S3_DELETE_OBJECT);
    expect("PUT", "/a", JT_S3_WRITE);
    expect("PUT", "/a/p/k?tagging", JT_S3_WRITE);
    expect("PUT", "/a/p/k?partNumber=1&uploadId=x", JT_S3_WRITE);
    expect("DELETE", "/a/p/k?uploadId=x", JT_S3_WRITE);
    expect("POST", "/a?delete", JT_S3_WRITE);
    expect("POST", "/a/p/k?uploads", JT_S3_WRITE);
    expect("PATCH", "/a/p/k", JT_S3_WRITE);
    expect("get", "/a/p/k", JT_S3_WRITE);
    expect("GET", "/a?delete", JT_S3_OTHER);
}

static void a_path_is_taken_apart_after_it_is_decoded(void **state)
{
    (void)state;
    expect("GET", "/acc-1/my%20product/d%C3%A9p/a+b%2Bc", JT_S3_GET_OBJECT);
    IS(read.bucket, "acc-1");
    IS(read.key, "my product/d\xc3\xa9p/a+b+c");
    IS(read.product, "my product");
    IS(read.rest, "d\xc3\xa9p/a+b+c");
    expect("GET", "/a/p%2Fq/k", JT_S3_GET_OBJECT);
    IS(read.product, "p");
    IS(read.rest, "q/k");
    expect("GET", "/a/p%3Fx%3D1%23%26/k", JT_S3_GET_OBJECT);
    IS(read.product, "p?x=1#&");
    expect("GET", "/a/p", JT_S3_GET_OBJECT);
    IS(read.product, "p");
    assert_false(read.product_whole);
    expect("GET", "/a//k", JT_S3_GET_OBJECT);
    assert_int_equal(read.product.len, 0);
    expect("GET", "/a/p//k", JT_S3_GET_OBJECT);
    IS(read.rest, "/k");
}

static void what_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    FAULT("/a/p/../q/k", JT_S3_INVALID_URI);
    FAULT("/a/p/..", JT_S3_INVALID_URI);
    FAULT("/a/p/%2e%2e/k", JT_S3_INVALID_URI);
    FAULT("/a/p/%2E%2e%2Fk", JT_S3_INVALID_URI);
    FAULT("/a/p/./k", JT_S3_INVALID_URI);
    FAULT("/a/../k", JT_S3_INVALID_URI);
    FAULT("/../a/k", JT_S3_INVALID_BUCKET);
    FAULT("/a%2Fb/k", JT_S3_INVALID_BUCKET);
    FAULT("//a/k", JT_S3_INVALID_BUCKET);
    FAULT("/a/p/k%00", JT_S3_INVALID_URI);
    FAULT("/a/p/k%0a", JT_S3_INVALID_URI);
    FAULT("/a/p/k%7F", JT_S3_INVALID_URI);
    FAULT("/a/p/%ff", JT_S3_INVALID_URI);
    FAULT("/a/p/%c0%af", JT_S3_INVALID_URI);
    FAULT("/a/p/%", JT_S3_INVALID_URI);
    FAULT("/a/p/%2", JT_S3_INVALID_URI);
    FAULT("/a/p/%2g", JT_S3_INVALID_URI);
    FAULT("", JT_S3_INVALID_URI);
    FAULT("a/p/k", JT_S3_INVALID_URI);
    FAULT("/a?list-type=2&prefix=p%2F..%2Fq", JT_S3_INVALID_URI);
    FAULT("/a/p/...", JT_S3_NONE);
    FAULT("/a/p/..k", JT_S3_NONE);
}

static void bounds_are_kept(void **state)
{
    char target[4096] = "/a/";

    (void)state;
    memset(target + 3, 'k', 1024);
    assert_int_equal(read_it("GET", target), JT_S3_NONE);
    target[3 + 1024] = 'k';
    assert_int_equal(read_it("GET", target), JT_S3_KEY_TOO_LONG);
    memset(target, 0, sizeof target);
    target[0] = '/';
    memset(target + 1, 'a', 256);
    assert_int_equal(read_it("GET", target), JT_S3_INVALID_BUCKET);
    target[256] = '\0';
    assert_int_equal(read_it("GET", target), JT_S3_NONE);
    strcpy(target, "/a?");
    for (int i = 0; i < 64; i++)
        snprintf(target + strlen(target), 16, "p%d=1&", i);
    assert_int_equal(read_it("GET", target), JT_S3_NONE);
    strcat(target, "one=more");
    assert_int_equal(read_it("GET", target), JT_S3_INVALID_REQUEST);
}

static void a_parameter_said_twice_is_refused(void **state)
{
    (void)state;
    FAULT("/a?prefix=x&prefix=y", JT_S3_INVALID_ARGUMENT);
    FAULT("/a?prefix=x&%70refix=y", JT_S3_INVALID_ARGUMENT);
    FAULT("/a?prefix=x&Prefix=y", JT_S3_NONE);
}

static void a_listing_is_read(void **state)
{
    (void)state;
    expect("GET",
           "/a?list-type=2&prefix=p%2Fd%20e%2F&delimiter=%2F&encoding-type=url&max-keys=7&start-after=p%2Fx&"
           "continuation-token=c%2B%2F%3D",
           JT_S3_LIST_OBJECTS);
    assert_true(read.list.version_2 && read.list.delimited && read.list.url_encoded);
    assert_int_equal(read.list.max_keys, 7);
    IS(read.key, "p/d e/");
    IS(read.product, "p");
    IS(read.rest, "d e/");
    IS(read.list.start_after, "p/x");
    IS(read.list.continuation, "c+/=");
    expect("GET", "/a?prefix=p&marker=m", JT_S3_LIST_OBJECTS);
    assert_false(read.list.version_2);
    IS(read.list.marker, "m");
    assert_int_equal(read.list.max_keys, 1000);
    expect("GET", "/a?max-keys=5000", JT_S3_LIST_OBJECTS);
    assert_int_equal(read.list.max_keys, 1000);
    FAULT("/a?list-type=3", JT_S3_INVALID_ARGUMENT);
    FAULT("/a?max-keys=-1", JT_S3_INVALID_ARGUMENT);
    FAULT("/a?max-keys=9999999999999", JT_S3_INVALID_ARGUMENT);
    FAULT("/a?encoding-type=base64", JT_S3_INVALID_ARGUMENT);
    FAULT("/a?delimiter=x", JT_S3_NOT_IMPLEMENTED);
}

static void a_bucket_may_stand_in_host(void **state)
{
    (void)state;
    assert_int_equal(read_hosted("GET", "/p/k", "Acc.S3.Example:8443"), JT_S3_NONE);
    IS(read.bucket, "acc");
    IS(read.key, "p/k");
    assert_int_equal(read_hosted("GET", "/", "a.b.s3.example"), JT_S3_NONE);
    IS(read.bucket, "a.b");
    assert_int_equal(read.operation, JT_S3_LIST_OBJECTS);
    assert_int_equal(read_hosted("GET", "/a/p/k", "s3.example"), JT_S3_NONE);
    IS(read.bucket, "a");
    assert_int_equal(read_hosted("GET", "/a/p/k", "evils3.example"), JT_S3_NONE);
    IS(read.bucket, "a");
    assert_int_equal(read_hosted("GET", "/a/p/k", ".s3.example"), JT_S3_NONE);
    IS(read.bucket, "a");
    assert_int_equal(read_hosted("GET", "/k", "...s3.example"), JT_S3_INVALID_BUCKET);
}

static void S4_45_special_paths_are_told_apart(void **state)
{
    (void)state;
    expect("GET", "/.well-known/x", JT_S3_GET_OBJECT);
    assert_true(read.special);
    expect("GET", "/a/.well-known/x", JT_S3_GET_OBJECT);
    assert_false(read.special);
}

static void S4_42_all_but_unreserved_is_encoded(void **state)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer out;

    (void)state;
    jt_buffer_init(&out, 1024);
    jt_s3_encode(&out, JT_TEXT("aZ09-._~ ?#&/%+:@\xc3\xa9"), false);
    IS(jt_buffer_bytes(&out), "aZ09-._~%20%3F%23%26%2F%25%2B%3A%40%C3%A9");
    jt_buffer_done(&out);
    jt_s3_encode(&out, JT_TEXT("a/b c"), true);
    IS(jt_buffer_bytes(&out), "a/b%20c");
}

static void S4_37_a_fault_is_written_with_all_it_says_escaped(void **state)
{
    JT_AUTO(jt_buffer_done) struct jt_buffer out;

    (void)state;
    jt_buffer_init(&out, 1024);
    jt_s3_fault_write(&out, "NoSuchKey", "gone", JT_TEXT("/a/<k>&"), JT_TEXT("id-1"));
    IS(jt_buffer_bytes(&out), "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>gone"
                              "</Message><Resource>/a/&lt;k&gt;&amp;</Resource><RequestId>id-1</RequestId></Error>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_told_by_method_path_and_query),
        cmocka_unit_test(S4_38_whatever_may_change_something_is_a_write),
        cmocka_unit_test(a_path_is_taken_apart_after_it_is_decoded),
        cmocka_unit_test(what_leads_elsewhere_is_refused),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(a_parameter_said_twice_is_refused),
        cmocka_unit_test(a_listing_is_read),
        cmocka_unit_test(a_bucket_may_stand_in_host),
        cmocka_unit_test(S4_45_special_paths_are_told_apart),
        cmocka_unit_test(S4_42_all_but_unreserved_is_encoded),
        cmocka_unit_test(S4_37_a_fault_is_written_with_all_it_says_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
