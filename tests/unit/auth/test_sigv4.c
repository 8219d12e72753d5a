/* SPDX-License-Identifier: Apache-2.0 */
/* Is a signed request refused once anything about it is otherwise: a letter, a second, a header? */
#include "sigv4_test.h"

#define NOW 1440938160 /* 20150830T123600Z */
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

/* A request under test; its texts can be changed. */
struct signed_request {
    char method[8], path[256], query[2048], authorization[1024], date[32];
    struct jt_header_field fields[FIELDS];
    struct jt_sigv4_request request;
    struct memory memory;
};

static const struct jt_sigv4_rules s3 = {.service = {"s3", 2}, .path = JT_SIGV4_PATH_S3};

static void use(struct signed_request *one)
{
    one->request.method = jeton_text(one->method);
    one->request.path = jeton_text(one->path);
    one->request.query = jeton_text(one->query);
    one->request.headers = one->fields;
}

static void add(struct signed_request *one, const char *name, const char *value)
{
    one->fields[one->request.header_count++] = (struct jt_header_field){jeton_text(name), jeton_text(value)};
}

/* GET /bucket/key with a session token and a range, signed in the header. */
static void sign_with(struct signed_request *one, const char *path, const char *query, const char *payload)
{
    struct jt_sigv4_signed result;
    struct jt_sigv4_signer signer = {.access_key_id = JT_TEXT("AKIDEXAMPLE"),
                                     .secret = JT_TEXT(SECRET),
                                     .token = JT_TEXT("the-session"),
                                     .region = JT_TEXT("us-east-1"),
                                     .service = JT_TEXT("s3"),
                                     .path = JT_SIGV4_PATH_S3,
                                     .payload = jeton_text(payload),
                                     .send_payload = true};
    *one = (struct signed_request){.memory = memory_for(8192)};
    strcpy(one->method, "GET");
    strcpy(one->path, path);
    strcpy(one->query, query);
    use(one);
    add(one, "Host", "gateway.example");
    add(one, "Range", "bytes=0-99");
    assert_int_equal(jt_sigv4_sign(&one->request, &signer, NOW, &one->memory.arena, &result, NULL), JETON_OK);
    strcpy(one->authorization, result.authorization.at);
    strcpy(one->date, result.date.at);
    add(one, "X-Amz-Date", one->date);
    add(one, "X-Amz-Security-Token", "the-session");
    add(one, "X-Amz-Content-SHA256", payload);
    add(one, "Authorization", one->authorization);
}

static void sign(struct signed_request *one)
{
    sign_with(one, "/bucket/a%20key", "x-id=GetObject", JT_SIGV4_EMPTY);
}

static void done(struct signed_request *one)
{
    memory_done(&one->memory);
}

static enum jt_signed outcome_of(const struct signed_request *one, int64_t now)
{
    return judge(&one->request, &s3, SECRET, now, NULL);
}

static void is_refused(struct signed_request *one)
{
    use(one);
    assert_int_not_equal(outcome_of(one, NOW), JT_SIGNED_OK);
}

static void what_was_signed_fits(void **state)
{
    (void)state;
    struct signed_request one;
    struct jt_sigv4_claim claim;
    sign(&one);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    assert_int_equal(jt_sigv4_read(&one.request, &one.memory.arena, &claim, NULL), JT_SIGNED_OK);
    assert_true(jt_bytes_equal(claim.access_key_id, JT_TEXT("AKIDEXAMPLE")));
    assert_true(jt_bytes_equal(claim.token, JT_TEXT("the-session")));
    assert_int_equal(claim.at, NOW);
    assert_int_equal(judge(&one.request, &s3, "another", NOW, NULL), JT_SIGNED_MISMATCH);
    done(&one);
}

/* Every byte of `text` changed once, and put back. */
static void each_byte_counts(struct signed_request *one, char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        char was = text[i];
        text[i] = was == 'x' ? 'y' : 'x';
        is_refused(one);
        text[i] = was;
    }
    use(one);
    assert_int_equal(outcome_of(one, NOW), JT_SIGNED_OK);
}

static void S4_33_each_byte_of_method_path_query_date_and_authorization_counts(void **state)
{
    (void)state;
    struct signed_request one;
    sign(&one);
    each_byte_counts(&one, one.method);
    each_byte_counts(&one, one.path);
    each_byte_counts(&one, one.query);
    each_byte_counts(&one, one.date);
    /* All of it, the names of its parts too; but not the region's and the key's own letters alone: they are signed. */
    each_byte_counts(&one, one.authorization + strlen("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    done(&one);
}

static void S4_33_each_bit_of_the_signature_counts(void **state)
{
    (void)state;
    struct signed_request one;
    sign(&one);
    char *signature = strstr(one.authorization, "Signature=") + strlen("Signature=");
    for (size_t i = 0; i < 64; i++)
        for (int bit = 0; bit < 8; bit++) {
            signature[i] = (char)(signature[i] ^ 1 << bit);
            is_refused(&one);
            signature[i] = (char)(signature[i] ^ 1 << bit);
        }
    signature[63] = '\0';
    is_refused(&one);
    done(&one);
}

static void S4_33_each_signed_header_counts(void **state)
{
    (void)state;
    struct signed_request one;
    sign(&one);
    for (size_t i = 0; i < one.request.header_count; i++) {
        struct jeton_bytes was = one.fields[i].value;
        one.fields[i].value = JT_TEXT("another");
        is_refused(&one);
        one.fields[i].value = jeton_bytes(was.at, was.len - 1);
        is_refused(&one);
        one.fields[i].value = was;
        struct jeton_bytes name = one.fields[i].name;
        one.fields[i].name = JT_TEXT("X-Other");
        is_refused(&one);
        one.fields[i].name = name;
    }
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    done(&one);
}

static void a_header_that_is_not_signed_may_be_added_but_no_amazon_one(void **state)
{
    (void)state;
    struct signed_request one;
    sign(&one);
    add(&one, "User-Agent", "anything");
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    add(&one, "X-AMZ-Copy-Source", "/other/secret");
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MALFORMED);
    one.request.header_count--;
    add(&one, "Host", "gateway.example");
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MALFORMED);
    one.request.header_count--;
    add(&one, "Range", "bytes=100-"); /* a second one of a signed name */
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MISMATCH);
    done(&one);
}

static void clocks_may_differ_by_fifteen_minutes_and_not_a_second_more(void **state)
{
    (void)state;
    struct signed_request one;
    sign(&one);
    assert_int_equal(outcome_of(&one, NOW + 900), JT_SIGNED_OK);
    assert_int_equal(outcome_of(&one, NOW + 901), JT_SIGNED_SKEWED);
    assert_int_equal(outcome_of(&one, NOW - 900), JT_SIGNED_OK);
    assert_int_equal(outcome_of(&one, NOW - 901), JT_SIGNED_SKEWED);
    done(&one);
}

static void a_path_of_s3_is_what_it_means_however_it_is_escaped_and_keeps_dots_and_slashes(void **state)
{
    (void)state;
    struct signed_request one;
    sign_with(&one, "/bucket/a%20b/../c//d+e~%7E", "", JT_SIGV4_EMPTY);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    strcpy(one.path, "/bucket/a%20b/../c//d%2be%7e~");
    use(&one);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    static const char *const others[] = {"/bucket/c//d+e~~", "/bucket/a%20b/../c/d+e~~", "/bucket/a%2520b/../c//d+e~~",
                                         "/bucket/a+b/../c//d+e~~", "/bucket/a%20b/../c//d%20e~~"};
    for (size_t i = 0; i < JT_COUNT(others); i++) {
        strcpy(one.path, others[i]);
        is_refused(&one);
    }
    done(&one);
}

static void a_query_is_compared_in_order_and_by_what_it_means(void **state)
{
    (void)state;
    struct signed_request one;
    sign_with(&one, "/bucket", "list-type=2&prefix=a%2Fb%20c&delimiter=/&flag", JT_SIGV4_EMPTY);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    strcpy(one.query, "flag=&delimiter=%2f&list-type=2&prefix=a/b+c");
    use(&one);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
    static const char *const others[] = {
        "list-type=2&prefix=a%2Fb%20c&delimiter=/", "list-type=2&prefix=a%2Fb%20c&delimiter=/&flag&flag",
        "list-type=2&prefix=a%2Fb%20c&delimiter=/&flag&versions", "list-type=2&prefix=&delimiter=/&flag",
        "list-type=2&prefix=a%252Fb%20c&delimiter=/&flag"};
    for (size_t i = 0; i < JT_COUNT(others); i++) {
        strcpy(one.query, others[i]);
        is_refused(&one);
    }
    done(&one);
}

static void an_escape_that_is_none_is_refused(void **state)
{
    (void)state;
    struct signed_request one;
    sign(&one);
    strcpy(one.query, "a=%zz");
    use(&one);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MALFORMED);
    strcpy(one.query, "x-id=GetObject");
    strcpy(one.path, "/bucket/%2");
    use(&one);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MALFORMED);
    done(&one);
}

static void bodies_may_be_unsigned_or_streamed_and_the_head_still_counts(void **state)
{
    (void)state;
    static const char *const good[] = {JT_SIGV4_UNSIGNED, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                       "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                                       "STREAMING-UNSIGNED-PAYLOAD-TRAILER"};
    static const char *const bad[] = {"", "unsigned-payload", "STREAMING-SOMETHING", "e3b0c4",
                                      "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"};
    for (size_t i = 0; i < JT_COUNT(good); i++) {
        struct signed_request one;
        sign_with(&one, "/bucket/key", "", good[i]);
        assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_OK);
        strcpy(one.path, "/bucket/other");
        is_refused(&one);
        done(&one);
    }
    for (size_t i = 0; i < JT_COUNT(bad); i++) {
        struct signed_request one;
        sign_with(&one, "/bucket/key", "", bad[i]);
        assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MALFORMED);
        done(&one);
    }
}

static void a_body_at_hand_must_have_the_hash_that_was_signed(void **state)
{
    (void)state;
    struct signed_request one;
    struct jt_sigv4_rules rules = s3;
    sign(&one);
    rules.body_known = true;
    rules.body = jeton_bytes("", 0);
    assert_int_equal(judge(&one.request, &rules, SECRET, NOW, NULL), JT_SIGNED_OK);
    rules.body = JT_TEXT("x");
    assert_int_equal(judge(&one.request, &rules, SECRET, NOW, NULL), JT_SIGNED_BODY);
    rules.service = JT_TEXT("sts");
    assert_int_equal(judge(&one.request, &rules, SECRET, NOW, NULL), JT_SIGNED_MALFORMED);
    done(&one);
}

/* --- Presigned --- */

/* The AWS documentation's own example of a presigned address ("Authenticating Requests: Using Query Parameters"). */
#define PRESIGNED                                                                                                      \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_"       \
    "request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="                \
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
#define PRESIGNED_AT 1369353600
#define DOCUMENTED "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

static void presigned(struct signed_request *one)
{
    *one = (struct signed_request){.memory = memory_for(1)};
    strcpy(one->method, "GET");
    strcpy(one->path, "/test.txt");
    strcpy(one->query, PRESIGNED);
    add(one, "host", "examplebucket.s3.amazonaws.com");
    use(one);
}

static enum jt_signed presigned_outcome(const struct signed_request *one, int64_t now)
{
    return judge(&one->request, &s3, DOCUMENTED, now, NULL);
}

static void a_presigned_address_holds_as_long_as_it_says(void **state)
{
    (void)state;
    struct signed_request one;
    presigned(&one);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_OK);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT + 86399), JT_SIGNED_OK);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT + 86400), JT_SIGNED_OVER);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT - 900), JT_SIGNED_OK);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT - 901), JT_SIGNED_SKEWED);
    add(&one, "x-amz-acl", "public-read");
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_QUERY_MALFORMED);
    done(&one);
}

static void S4_33_each_byte_of_a_presigned_query_counts(void **state)
{
    (void)state;
    struct signed_request one;
    presigned(&one);
    for (size_t i = 0; one.query[i] != '\0'; i++) {
        char was = one.query[i];
        one.query[i] = was == 'x' ? 'y' : 'x';
        use(&one);
        /* The key's own name is for the caller to compare, but it is signed too. */
        assert_int_not_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_OK);
        one.query[i] = was;
    }
    strcat(one.query, "&versionId=1");
    use(&one);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_MISMATCH);
    done(&one);
}

static void with_query(const char *find, const char *replace, enum jt_signed expected)
{
    struct signed_request one;
    presigned(&one);
    char *at = strstr(one.query, find);
    assert_non_null(at);
    char rest[1024];
    strcpy(rest, at + strlen(find));
    strcpy(at, replace);
    strcat(one.query, rest);
    use(&one);
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), expected);
    done(&one);
}

static void a_presigned_query_is_read_strictly(void **state)
{
    (void)state;
    with_query("Expires=86400", "Expires=604801", JT_SIGNED_QUERY_MALFORMED);
    with_query("Expires=86400", "Expires=604800", JT_SIGNED_MISMATCH);
    with_query("Expires=86400", "Expires=0", JT_SIGNED_QUERY_MALFORMED);
    with_query("Expires=86400", "Expires=-1", JT_SIGNED_QUERY_MALFORMED);
    with_query("Expires=86400", "Expires=1e3", JT_SIGNED_QUERY_MALFORMED);
    with_query("&X-Amz-Expires=86400", "", JT_SIGNED_QUERY_MALFORMED);
    with_query("X-Amz-Algorithm=AWS4-HMAC-SHA256&", "", JT_SIGNED_QUERY_MALFORMED);
    with_query("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", JT_SIGNED_QUERY_MALFORMED);
    with_query("X-Amz-Expires=86400", "X-Amz-Expires=86400&X-Amz-Expires=86400", JT_SIGNED_QUERY_MALFORMED);
    with_query("SignedHeaders=host", "SignedHeaders=date", JT_SIGNED_QUERY_MALFORMED);
    with_query("SignedHeaders=host", "SignedHeaders=host%3Bdate", JT_SIGNED_QUERY_MALFORMED);
    with_query("SignedHeaders=host", "SignedHeaders=Host", JT_SIGNED_QUERY_MALFORMED);
    with_query("%2Fs3%2F", "%2Fsts%2F", JT_SIGNED_QUERY_MALFORMED);
    with_query("aws4_request", "aws5_request", JT_SIGNED_QUERY_MALFORMED);
    with_query("%2F20130524%2F", "%2F20130525%2F", JT_SIGNED_QUERY_MALFORMED);
    with_query("20130524T000000Z", "20130524T250000Z", JT_SIGNED_QUERY_MALFORMED);
}

static void two_authorizations_are_refused_and_none_is_told_apart(void **state)
{
    (void)state;
    struct signed_request one;
    presigned(&one);
    add(&one, "Authorization", "AWS4-HMAC-SHA256 Credential=A/20130524/r/s3/aws4_request");
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_MALFORMED);
    one.request.header_count--;
    one.request.query = JT_TEXT("list-type=2");
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_NOT);
    add(&one, "Authorization", "Bearer abc");
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_NOT);
    one.fields[1].value = JT_TEXT("AWS AKID:c2lnbmF0dXJl"); /* version 2 */
    assert_int_equal(presigned_outcome(&one, PRESIGNED_AT), JT_SIGNED_MALFORMED);
    done(&one);
}

static void too_many_parameters_are_refused(void **state)
{
    (void)state;
    struct signed_request one;
    char query[4 * JT_SIGV4_PARAMETERS + 8] = "";
    sign(&one);
    for (size_t i = 0; i <= JT_SIGV4_PARAMETERS; i++)
        strcat(query, "a=1&");
    one.request.query = jeton_text(query);
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MALFORMED);
    one.request.query.len -= 4;
    assert_int_equal(outcome_of(&one, NOW), JT_SIGNED_MISMATCH);
    done(&one);
}

static void the_hash_of_no_body_is_known(void **state)
{
    (void)state;
    char hash[65];
    assert_int_equal(jt_sigv4_payload(jeton_bytes("", 0), hash), JETON_OK);
    assert_string_equal(hash, JT_SIGV4_EMPTY);
}

static void times_are_read_and_written(void **state)
{
    (void)state;
    char text[17];
    int64_t at = 0;
    static const int64_t times[] = {0, 951782400, 1440938160, 4102444799};
    for (size_t i = 0; i < JT_COUNT(times); i++) {
        jt_sigv4_time_write(times[i], text);
        assert_true(jt_sigv4_time_read(jeton_text(text), &at));
        assert_int_equal(at, times[i]);
    }
    static const char *const bad[] = {"",
                                      "20150830T123600",
                                      "20150830 123600Z",
                                      "20151330T123600Z",
                                      "20150832T123600Z",
                                      "2015-830T123600Z",
                                      "20150830T123660+"};
    for (size_t i = 0; i < JT_COUNT(bad); i++)
        assert_false(jt_sigv4_time_read(jeton_text(bad[i]), &at));
}

static void a_request_without_host_is_not_signed(void **state)
{
    (void)state;
    struct memory memory = memory_for(100);
    struct jt_sigv4_request request = {JT_TEXT("GET"), JT_TEXT("/"), {NULL, 0}, NULL, 0};
    struct jt_sigv4_signer signer = {.secret = JT_TEXT("s"), .payload = JT_TEXT(JT_SIGV4_EMPTY)};
    struct jt_sigv4_signed result;
    assert_int_equal(jt_sigv4_sign(&request, &signer, NOW, &memory.arena, &result, NULL), JETON_ARGUMENT_INVALID);
    memory_done(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_fits),
        cmocka_unit_test(S4_33_each_byte_of_method_path_query_date_and_authorization_counts),
        cmocka_unit_test(S4_33_each_bit_of_the_signature_counts),
        cmocka_unit_test(S4_33_each_signed_header_counts),
        cmocka_unit_test(a_header_that_is_not_signed_may_be_added_but_no_amazon_one),
        cmocka_unit_test(clocks_may_differ_by_fifteen_minutes_and_not_a_second_more),
        cmocka_unit_test(a_path_of_s3_is_what_it_means_however_it_is_escaped_and_keeps_dots_and_slashes),
        cmocka_unit_test(a_query_is_compared_in_order_and_by_what_it_means),
        cmocka_unit_test(an_escape_that_is_none_is_refused),
        cmocka_unit_test(bodies_may_be_unsigned_or_streamed_and_the_head_still_counts),
        cmocka_unit_test(a_body_at_hand_must_have_the_hash_that_was_signed),
        cmocka_unit_test(a_presigned_address_holds_as_long_as_it_says),
        cmocka_unit_test(S4_33_each_byte_of_a_presigned_query_counts),
        cmocka_unit_test(a_presigned_query_is_read_strictly),
        cmocka_unit_test(two_authorizations_are_refused_and_none_is_told_apart),
        cmocka_unit_test(too_many_parameters_are_refused),
        cmocka_unit_test(the_hash_of_no_body_is_known),
        cmocka_unit_test(times_are_read_and_written),
        cmocka_unit_test(a_request_without_host_is_not_signed),
    };
    return cmocka_run_group_tests_name("sigv4", tests, NULL, NULL);
}
