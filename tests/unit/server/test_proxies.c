/* SPDX-License-Identifier: Apache-2.0 */
/* Whose forwarded headers count? Addresses and networks to the bit, and what is left of a request otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "server/http/proxies.h"

static bool has(const char *proxy, const char *peer)
{
    struct jt_config_text text = {proxy, {NULL, 0, 0}};
    struct jt_config_list list = {&text, 1, {NULL, 0, 0}};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    if (inet_pton(AF_INET, peer, &four.sin_addr) == 1)
        return jt_proxies_have(&list, (const struct sockaddr *)&four);
    if (inet_pton(AF_INET6, peer, &six.sin6_addr) == 1)
        return jt_proxies_have(&list, (const struct sockaddr *)&six);
    return jt_proxies_have(&list, (const struct sockaddr *)&local);
}

static void addresses_and_networks_are_compared_to_the_bit(void **state)
{
    (void)state;
    assert_true(has("127.0.0.1", "127.0.0.1"));
    assert_false(has("127.0.0.1", "127.0.0.2"));
    assert_true(has("10.0.0.0/8", "10.255.255.255"));
    assert_false(has("10.0.0.0/8", "11.0.0.0"));
    assert_true(has("192.0.2.128/25", "192.0.2.128"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("127.0.0.1", "::ffff:127.0.0.1"));
    assert_true(has("::1", "::1"));
    assert_false(has("::1", "::2"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::"));
    assert_true(has("unix", "a socket"));
    assert_false(has("unix", "127.0.0.1"));
    assert_false(has("0.0.0.0/0", "a socket"));
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {"",       "proxy",  "127.0.0",    "127.0.0.1/33", "127.0.0.1/",
                                      "::/129", "::1%lo", "127.0.0.1 ", "[::1]",        "UNIX",
                                      "unix:",  "/8",     "1.2.3.4/-1", "1.2.3.4/8/8",  "1.2.3.4/8x"};
    struct jt_proxy proxy;

    (void)state;
    for (size_t i = 0; i < JT_COUNT(bad); i++) {
        if (jt_proxy_read(jeton_text(bad[i]), &proxy))
            fail_msg("\"%s\" was taken", bad[i]);
    }
    assert_true(jt_proxy_read(JT_TEXT("1.2.3.4/0"), &proxy));
    assert_true(jt_proxy_read(JT_TEXT("::/128"), &proxy));
}

static void a_strangers_word_is_as_if_it_were_not_said(void **state)
{
    const struct jt_header_field fields[] = {
        {JT_TEXT("x-forwarded-for"), JT_TEXT("a")}, {JT_TEXT("Host"), JT_TEXT("h")},
        {JT_TEXT("X-Original-URI"), JT_TEXT("b")},  {JT_TEXT("Forwarded"), JT_TEXT("c")},
        {JT_TEXT("X-Forwarded"), JT_TEXT("d")},     {JT_TEXT("X-Forwardedness"), JT_TEXT("e")}};
    static unsigned char memory[1024];
    struct jt_config_text text = {"127.0.0.1", {NULL, 0, 0}};
    struct jt_config_list list = {&text, 1, {NULL, 0, 0}};
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    struct jt_arena arena;
    struct jt_request request = {.headers = fields, .header_count = JT_COUNT(fields)}, counted;

    (void)state;
    jt_arena_init(&arena, memory, sizeof memory);
    request.arena = &arena;
    request.peer = (const struct sockaddr *)&peer;
    assert_int_equal(jt_request_of_peer(&request, &list, &counted), JETON_OK);
    assert_int_equal(counted.header_count, JT_COUNT(fields));
    peer.sin_addr.s_addr = htonl(0x7f000002);
    assert_int_equal(jt_request_of_peer(&request, &list, &counted), JETON_OK);
    assert_int_equal(counted.header_count, 3);
    assert_memory_equal(counted.headers[0].name.at, "Host", 4);
    request.peer = NULL;
    assert_int_equal(jt_request_of_peer(&request, &list, &counted), JETON_OK);
    assert_int_equal(counted.header_count, 3);
    jt_arena_init(&arena, memory, 16); /* no room: the request is not judged at all */
    assert_int_equal(jt_request_of_peer(&request, &list, &counted), JETON_OUT_OF_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_networks_are_compared_to_the_bit),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_strangers_word_is_as_if_it_were_not_said),
    };

    return cmocka_run_group_tests_name("proxies", tests, NULL, NULL);
}
