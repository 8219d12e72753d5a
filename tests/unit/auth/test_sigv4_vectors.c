/* SPDX-License-Identifier: Apache-2.0 */
/* Are all cases of the AWS signing test suite signed and judged as they say? In the header and in the query, with what
 * is signed compared letter by letter. What is judged otherwise stands, with its reason, in overrides.json. */
#include <dirent.h>

#include "base/json.h"
#include "sigv4_test.h"

#define SUITE JT_VECTORS "/aws-sigv4/"
enum { CASES = 38 };

static char *read_file(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, SUITE "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    char *text = calloc(1, 65536);
    assert_non_null(text);
    assert_in_range(fread(text, 1, 65535, file), 1, 65535);
    fclose(file);
    return text;
}

struct json {
    void *memory;
    struct jt_json value;
};
static struct json read_json(const char *folder, const char *name)
{
    char *text = read_file(folder, name);
    size_t room = jt_json_arena_size(strlen(text));
    struct json json = {malloc(room), {NULL}};
    struct jt_arena arena;
    jt_arena_init(&arena, json.memory, room);
    assert_int_equal(jt_json_read(jeton_text(text), JT_JSON_KEYS, &arena, &json.value, NULL), JETON_OK);
    free(text);
    return json;
}
static struct jt_json member(struct jt_json object, const char *name)
{
    return jt_json_get(object, jeton_text(name));
}

/* One case. */
struct suite_case {
    const char *name; /* v4/… */
    struct json context;
    struct jt_json credentials;
    enum jt_sigv4_path path;
    int64_t now;
    bool judged_otherwise;
};

static const char *secret_of(const struct suite_case *one)
{
    return jt_json_string(member(one->credentials, "secret_access_key")).at;
}

static bool stands_in_overrides(const char *name)
{
    struct json overrides = read_json("", "overrides.json");
    bool found = false;
    for (struct jt_json_walk w = jt_json_walk(overrides.value); jt_json_next(&w);)
        if (jt_bytes_equal(jt_json_string(member(w.value, "case")), jeton_text(name))) {
            assert_true(jt_json_string(member(w.value, "reason")).len > 20);
            found = true;
        }
    free(overrides.memory);
    return found;
}

static int64_t time_of(struct jeton_bytes text)
{
    char compact[17];
    size_t len = 0;
    int64_t at = 0;
    for (size_t i = 0; i < text.len && len < 16; i++)
        if (strchr("-:", ((const char *)text.at)[i]) == NULL)
            compact[len++] = ((const char *)text.at)[i];
    assert_true(jt_sigv4_time_read(jeton_bytes(compact, len), &at));
    return at;
}

static struct suite_case open_case(const char *name)
{
    struct suite_case one = {.name = name, .context = read_json(name, "context.json")};
    one.credentials = member(one.context.value, "credentials");
    one.path = jt_json_boolean(member(one.context.value, "normalize")) ? JT_SIGV4_PATH_NORMAL : JT_SIGV4_PATH_KEPT;
    one.now = time_of(jt_json_string(member(one.context.value, "timestamp")));
    one.judged_otherwise = stands_in_overrides(strchr(name, '/') + 1);
    return one;
}

static void is_equal_to_file(const struct suite_case *one, const char *file, struct jeton_bytes text)
{
    char *expected = read_file(one->name, file);
    if (!jt_bytes_equal(jeton_text(expected), text))
        fail_msg("%s/%s: %.*s", one->name, file, (int)text.len, (const char *)text.at);
    free(expected);
}

/* request.txt signed by us is header-signed-request.txt. */
static void is_signed_as_it_says(const struct suite_case *one)
{
    struct memory memory = memory_for(8192);
    struct wire wire;
    struct jt_sigv4_signed result;
    char *text = read_file(one->name, "request.txt"), *expected = read_file(one->name, "header-signed-request.txt");
    char payload[65];
    struct jt_sigv4_signer signer = {.access_key_id = JT_TEXT("AKIDEXAMPLE"),
                                     .secret = jeton_text(secret_of(one)),
                                     .region = JT_TEXT("us-east-1"),
                                     .service = JT_TEXT("service"),
                                     .path = one->path};
    read_wire(jeton_text(text), &wire);
    signer.send_payload = jt_json_boolean(member(one->context.value, "sign_body"));
    assert_int_equal(jt_sigv4_payload(signer.send_payload ? wire.body : jeton_bytes("", 0), payload), JETON_OK);
    signer.payload = jeton_text(payload);
    if (!jt_json_boolean(member(one->context.value, "omit_session_token")))
        signer.token = jt_json_string(member(one->credentials, "token"));
    assert_int_equal(jt_sigv4_sign(&wire.request, &signer, one->now, &memory.arena, &result, NULL), JETON_OK);
    if (strstr(expected, result.authorization.at) == NULL || strstr(expected, result.date.at) == NULL)
        fail_msg("%s: %s", one->name, (const char *)result.authorization.at);
    free(text);
    free(expected);
    memory_done(&memory);
}

/* What is signed, and the text that is signed in the end, are those of the files. */
static void signs_what_it_says(const struct suite_case *one, const struct wire *wire,
                               const struct jt_sigv4_claim *claim, const char *way, struct jt_arena *arena)
{
    char file[64], payload[65];
    struct jt_buffer canonical, text;
    struct jt_sigv4_scope scope = {claim->time, claim->day, claim->region, claim->service};
    jt_buffer_init(&canonical, 65536);
    jt_buffer_init(&text, 1024);
    assert_int_equal(jt_sigv4_payload(wire->body, payload), JETON_OK);
    struct jt_sigv4_canonical from = {&wire->request, one->path, claim->signed_headers, jeton_text(payload),
                                      claim->presigned};
    assert_int_equal(jt_sigv4_canonical(&from, arena, &canonical), JETON_OK);
    snprintf(file, sizeof file, "%s-canonical-request.txt", way);
    is_equal_to_file(one, file, jt_buffer_bytes(&canonical));
    assert_int_equal(jt_sigv4_string_to_sign(&scope, jt_buffer_bytes(&canonical), &text), JETON_OK);
    snprintf(file, sizeof file, "%s-string-to-sign.txt", way);
    is_equal_to_file(one, file, jt_buffer_bytes(&text));
    jt_buffer_done(&canonical);
    jt_buffer_done(&text);
}

static void is_judged_as_it_says(const struct suite_case *one, const char *way, enum jt_signed expected)
{
    struct memory memory = memory_for(8192);
    struct jeton_detail detail = {""};
    struct wire wire;
    struct jt_sigv4_claim claim;
    char file[64];
    snprintf(file, sizeof file, "%s-signed-request.txt", way);
    char *text = read_file(one->name, file);
    read_wire(jeton_text(text), &wire);
    struct jt_sigv4_rules rules = {JT_TEXT("service"), one->path, true, wire.body};
    enum jt_signed outcome = jt_sigv4_read(&wire.request, &memory.arena, &claim, &detail);
    if (outcome == JT_SIGNED_OK) {
        if (!one->judged_otherwise)
            signs_what_it_says(one, &wire, &claim, way, &memory.arena);
        outcome = jt_sigv4_verify(&wire.request, &claim, &rules, jeton_text(secret_of(one)), one->now, &memory.arena,
                                  &detail);
    }
    if (outcome != expected)
        fail_msg("%s, %s: %s", one->name, way, detail.text);
    char *another = strdup(secret_of(one));
    another[0] ^= 1;
    assert_int_not_equal(judge(&wire.request, &rules, another, one->now, NULL), JT_SIGNED_OK);
    free(another);
    free(text);
    memory_done(&memory);
}

static void all_cases_of_the_aws_suite_are_signed_and_judged_as_they_say(void **state)
{
    (void)state;
    DIR *folder = opendir(SUITE "v4");
    size_t count = 0, otherwise = 0;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char name[300];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "v4/%s", entry->d_name);
        struct suite_case one = open_case(name);
        is_signed_as_it_says(&one);
        is_judged_as_it_says(&one, "header", one.judged_otherwise ? JT_SIGNED_MALFORMED : JT_SIGNED_OK);
        is_judged_as_it_says(&one, "query", one.judged_otherwise ? JT_SIGNED_MISMATCH : JT_SIGNED_OK);
        count++;
        otherwise += one.judged_otherwise;
        free(one.context.memory);
    }
    closedir(folder);
    assert_int_equal(count, CASES);
    assert_int_equal(otherwise, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_cases_of_the_aws_suite_are_signed_and_judged_as_they_say),
    };
    return cmocka_run_group_tests_name("sigv4_vectors", tests, NULL, NULL);
}
