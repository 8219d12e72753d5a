/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses may be dialled? Every block of the guard with its first and last address and its neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "keys/address_guard.h"

#define PUBLIC JT_ADDRESS_PUBLIC
#define PRIVATE JT_ADDRESS_PRIVATE
#define NEVER JT_ADDRESS_NEVER

struct expectation {
    const char *address;
    enum jt_address_class class;
    const char *range; /* a part of it */
};

static const struct expectation table4[] = {
    {"0.0.0.0", NEVER, "0.0.0.0/8"},
    {"0.255.255.255", NEVER, "0.0.0.0/8"},
    {"1.0.0.0", PUBLIC, ""},
    {"1.1.1.1", PUBLIC, ""},
    {"8.8.8.8", PUBLIC, ""},
    {"9.255.255.255", PUBLIC, ""},
    {"10.0.0.0", PRIVATE, "10.0.0.0/8"},
    {"10.255.255.255", PRIVATE, "10.0.0.0/8"},
    {"11.0.0.0", PUBLIC, ""},
    {"100.63.255.255", PUBLIC, ""},
    {"100.64.0.0", PRIVATE, "carrier"},
    {"100.100.100.199", PRIVATE, "carrier"},
    {"100.100.100.200", NEVER, "metadata"},
    {"100.100.100.201", PRIVATE, "carrier"},
    {"100.127.255.255", PRIVATE, "carrier"},
    {"100.128.0.0", PUBLIC, ""},
    {"126.255.255.255", PUBLIC, ""},
    {"127.0.0.0", PRIVATE, "loopback"},
    {"127.0.0.1", PRIVATE, "loopback"},
    {"127.255.255.255", PRIVATE, "loopback"},
    {"128.0.0.0", PUBLIC, ""},
    {"168.63.129.15", PUBLIC, ""},
    {"168.63.129.16", NEVER, "metadata"},
    {"168.63.129.17", PUBLIC, ""},
    {"169.253.255.255", PUBLIC, ""},
    {"169.254.0.0", NEVER, "link-local"},
    {"169.254.169.254", NEVER, "metadata"},
    {"169.254.255.255", NEVER, "link-local"},
    {"169.255.0.0", PUBLIC, ""},
    {"172.15.255.255", PUBLIC, ""},
    {"172.16.0.0", PRIVATE, "172.16.0.0/12"},
    {"172.31.255.255", PRIVATE, "172.16.0.0/12"},
    {"172.32.0.0", PUBLIC, ""},
    {"191.255.255.255", PUBLIC, ""},
    {"192.0.0.0", NEVER, "192.0.0.0/24"},
    {"192.0.0.192", NEVER, "192.0.0.0/24"},
    {"192.0.0.255", NEVER, "192.0.0.0/24"},
    {"192.0.1.0", PUBLIC, ""},
    {"192.0.1.255", PUBLIC, ""},
    {"192.0.2.0", NEVER, "documentation"},
    {"192.0.2.255", NEVER, "documentation"},
    {"192.0.3.0", PUBLIC, ""},
    {"192.88.98.255", PUBLIC, ""},
    {"192.88.99.0", NEVER, "6to4"},
    {"192.88.99.255", NEVER, "6to4"},
    {"192.88.100.0", PUBLIC, ""},
    {"192.167.255.255", PUBLIC, ""},
    {"192.168.0.0", PRIVATE, "192.168.0.0/16"},
    {"192.168.255.255", PRIVATE, "192.168.0.0/16"},
    {"192.169.0.0", PUBLIC, ""},
    {"198.17.255.255", PUBLIC, ""},
    {"198.18.0.0", PRIVATE, "benchmarks"},
    {"198.19.255.255", PRIVATE, "benchmarks"},
    {"198.20.0.0", PUBLIC, ""},
    {"198.51.99.255", PUBLIC, ""},
    {"198.51.100.0", NEVER, "documentation"},
    {"198.51.100.255", NEVER, "documentation"},
    {"198.51.101.0", PUBLIC, ""},
    {"203.0.112.255", PUBLIC, ""},
    {"203.0.113.0", NEVER, "documentation"},
    {"203.0.113.255", NEVER, "documentation"},
    {"203.0.114.0", PUBLIC, ""},
    {"223.255.255.255", PUBLIC, ""},
    {"224.0.0.0", NEVER, "multicast"},
    {"239.255.255.255", NEVER, "multicast"},
    {"240.0.0.0", NEVER, "reserved"},
    {"255.255.255.254", NEVER, "reserved"},
    {"255.255.255.255", NEVER, "broadcast"},
};

static const struct expectation table6[] = {
    {"::", NEVER, "unspecified"},
    {"::1", PRIVATE, "loopback"},
    {"::2", NEVER, "0.0.0.0/8"},
    {"::127.0.0.1", PRIVATE, "loopback"},
    {"::169.254.169.254", NEVER, "link-local"},
    {"::8.8.8.8", PUBLIC, ""},
    {"::1:0:0", NEVER, "reserved"},
    {"::ffff:0.0.0.0", NEVER, "0.0.0.0/8"},
    {"::ffff:127.0.0.1", PRIVATE, "loopback"},
    {"::ffff:10.1.2.3", PRIVATE, "10.0.0.0/8"},
    {"::ffff:a9fe:a9fe", NEVER, "link-local"},
    {"::ffff:100.100.100.200", NEVER, "metadata"},
    {"::ffff:8.8.8.8", PUBLIC, ""},
    {"::ffff:0:8.8.8.8", NEVER, "reserved"},
    {"::fffe:8.8.8.8", NEVER, "reserved"},
    {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "reserved"},
    {"64:ff9b::a9fe:a9fe", NEVER, "link-local"},
    {"64:ff9b::192.168.1.1", PRIVATE, "192.168.0.0/16"},
    {"64:ff9b::8.8.8.8", PUBLIC, ""},
    {"64:ff9b::1:0:0", NEVER, "reserved"},
    {"64:ff9b:1::", NEVER, "64:ff9b:1::/48"},
    {"64:ff9b:1::8.8.8.8", NEVER, "64:ff9b:1::/48"},
    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", NEVER, "64:ff9b:1::/48"},
    {"64:ff9b:2::8.8.8.8", NEVER, "reserved"},
    {"100::1", NEVER, "reserved"},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "reserved"},
    {"2000::", PUBLIC, ""},
    {"2001::", NEVER, "Teredo"},
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", NEVER, "Teredo"},
    {"2001:1::1", NEVER, "2001::/23"},
    {"2001:2::1", NEVER, "2001::/23"},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "2001::/23"},
    {"2001:200::", PUBLIC, ""},
    {"2001:4860:4860::8888", PUBLIC, ""},
    {"2001:db7:ffff::1", PUBLIC, ""},
    {"2001:db8::", NEVER, "documentation"},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "documentation"},
    {"2001:db9::", PUBLIC, ""},
    {"2002:7f00:1::", PRIVATE, "loopback"},
    {"2002:a9fe:a9fe::1", NEVER, "link-local"},
    {"2002:a00:1::1", PRIVATE, "10.0.0.0/8"},
    {"2002:808:808::1", PUBLIC, ""},
    {"2003::1", PUBLIC, ""},
    {"2606:4700:4700::1111", PUBLIC, ""},
    {"3ffe:ffff::1", PUBLIC, ""},
    {"3fff::", NEVER, "documentation"},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "documentation"},
    {"3fff:1000::", PUBLIC, ""},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC, ""},
    {"4000::", NEVER, "reserved"},
    {"5f00::1", NEVER, "reserved"},
    {"fbff::1", NEVER, "reserved"},
    {"fc00::", PRIVATE, "fc00::/7"},
    {"fd00::1", PRIVATE, "fc00::/7"},
    {"fd00:ec1:ffff::1", PRIVATE, "fc00::/7"},
    {"fd00:ec2::254", NEVER, "metadata"},
    {"fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "metadata"},
    {"fd00:ec3::", PRIVATE, "fc00::/7"},
    {"fd20:ce::254", NEVER, "metadata"},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PRIVATE, "fc00::/7"},
    {"fe00::1", NEVER, "reserved"},
    {"fe80::", NEVER, "link-local"},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "link-local"},
    {"fec0::1", NEVER, "site-local"},
    {"feff:ffff::1", NEVER, "site-local"},
    {"ff00::", NEVER, "multicast"},
    {"ff02::1", NEVER, "multicast"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER, "multicast"},
};

static void expect(const struct expectation *expected, struct jt_address got)
{
    if (got.class != expected->class || strstr(got.range, expected->range) == NULL)
        fail_msg("%s: class %d, \"%s\"", expected->address, (int)got.class, got.range);
    if (expected->class == PUBLIC)
        assert_string_equal(got.range, "");
}

static void S5_10_every_ipv4_block_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(table4); i++) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(443)};

        assert_int_equal(inet_pton(AF_INET, table4[i].address, &in.sin_addr), 1);
        expect(&table4[i], jt_address_judge((const struct sockaddr *)&in, sizeof(in)));
    }
}

static void S5_10_every_ipv6_block_is_judged_and_embedded_ipv4_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_COUNT(table6); i++) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};

        assert_int_equal(inet_pton(AF_INET6, table6[i].address, &in6.sin6_addr), 1);
        expect(&table6[i], jt_address_judge((const struct sockaddr *)&in6, sizeof(in6)));
    }
}

static void all_of_ipv4_carried_in_ipv6_is_judged_alike(void **state)
{
    static const char *const forms[] = {"::ffff:%u.%u.%u.%u", "64:ff9b::%u.%u.%u.%u", "2002:%02x%02x:%02x%02x::1"};

    (void)state;
    for (size_t form = 0; form < JT_COUNT(forms); form++) {
        for (size_t i = 0; i < JT_COUNT(table4); i++) {
            struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
            struct expectation carried = table4[i];
            char text[64];
            unsigned a, b, c, d;

            assert_int_equal(sscanf(table4[i].address, "%u.%u.%u.%u", &a, &b, &c, &d), 4);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(text, sizeof(text), forms[form], a, b, c, d);
#pragma GCC diagnostic pop
            assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
            carried.address = text;
            expect(&carried, jt_address_judge((const struct sockaddr *)&in6, sizeof(in6)));
        }
    }
}

static void what_is_neither_ipv4_nor_ipv6_is_never_dialled(void **state)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};

    (void)state;
    assert_int_equal(jt_address_judge((const struct sockaddr *)&local, sizeof(local)).class, NEVER);
    assert_int_equal(jt_address_judge((const struct sockaddr *)&in, sizeof(in)).class, PUBLIC);
    assert_int_equal(jt_address_judge((const struct sockaddr *)&in, sizeof(in) - 1).class, NEVER);
}

static void literals_are_told_from_names(void **state)
{
    static const struct expectation literals[] = {
        {"127.0.0.1", PRIVATE, "loopback"},
        {"[::1]", PRIVATE, "loopback"},
        {"::1", PRIVATE, "loopback"},
        {"[fe80::1%25eth0]", NEVER, "link-local"},
        {"[::ffff:169.254.169.254]", NEVER, "link"},
        {"8.8.8.8", PUBLIC, ""},
        {"[2606:4700:4700::1111]", PUBLIC, ""},
    };
    static const char *const names[] = {"localhost",  "example.com", "",          "[]",  "[",
                                        "127.0.0.1.", "127.0.0",     "1.2.3.4.5", "::g", "a.127.0.0.1"};

    (void)state;
    for (size_t i = 0; i < JT_COUNT(literals); i++) {
        struct jt_address found = {PUBLIC, ""};

        if (!jt_address_judge_literal(jeton_text(literals[i].address), &found))
            fail_msg("%s is a literal", literals[i].address);
        expect(&literals[i], found);
    }
    for (size_t i = 0; i < JT_COUNT(names); i++) {
        struct jt_address found = {PUBLIC, "untouched"};

        if (jt_address_judge_literal(jeton_text(names[i]), &found))
            fail_msg("\"%s\" is no literal", names[i]);
        assert_string_equal(found.range, "untouched");
    }
    {
        struct jt_address found;

        assert_false(jt_address_judge_literal(jeton_bytes("8.8.8.8\0evil", 12), &found));
    }
}

static void addresses_are_written_for_messages(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xa9fea9fe)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    char text[JT_ADDRESS_TEXT];

    (void)state;
    jt_address_write((const struct sockaddr *)&in, sizeof(in), text);
    assert_string_equal(text, "169.254.169.254");
    jt_address_write((const struct sockaddr *)&local, sizeof(local), text);
    assert_string_equal(text, "(no IP address)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(S5_10_every_ipv4_block_is_judged),
        cmocka_unit_test(S5_10_every_ipv6_block_is_judged_and_embedded_ipv4_too),
        cmocka_unit_test(all_of_ipv4_carried_in_ipv6_is_judged_alike),
        cmocka_unit_test(what_is_neither_ipv4_nor_ipv6_is_never_dialled),
        cmocka_unit_test(literals_are_told_from_names),
        cmocka_unit_test(addresses_are_written_for_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
