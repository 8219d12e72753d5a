/* SPDX-License-Identifier: Apache-2.0 */
/* May this address be dialled? Two tables of blocks, the longest prefix first where blocks overlap; IPv6 addresses that
 * carry an IPv4 address are judged by that. Everything of IPv6 outside 2000::/3 that no line names is never dialled. */
#include "keys/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum verdict { PUBLIC = JT_ADDRESS_PUBLIC, PRIVATE = JT_ADDRESS_PRIVATE, NEVER = JT_ADDRESS_NEVER, EMBEDDED };

struct block4 {
    unsigned char prefix[4];
    unsigned bits;
    enum verdict verdict;
    const char *range;
};

/* IANA IPv4 Special-Purpose Address Registry, and the metadata addresses that lie in ranges of other uses. */
static const struct block4 blocks4[] = {
    {{100, 100, 100, 200}, 32, NEVER, "cloud metadata, 100.100.100.200"},
    {{168, 63, 129, 16}, 32, NEVER, "cloud metadata, 168.63.129.16"},
    {{192, 0, 0, 0}, 24, NEVER, "protocol assignments and cloud metadata, 192.0.0.0/24"},
    {{0, 0, 0, 0}, 8, NEVER, "unspecified, 0.0.0.0/8"},
    {{10, 0, 0, 0}, 8, PRIVATE, "private, 10.0.0.0/8"},
    {{100, 64, 0, 0}, 10, PRIVATE, "carrier, 100.64.0.0/10"},
    {{127, 0, 0, 0}, 8, PRIVATE, "loopback, 127.0.0.0/8"},
    {{169, 254, 0, 0}, 16, NEVER, "link-local and cloud metadata, 169.254.0.0/16"},
    {{172, 16, 0, 0}, 12, PRIVATE, "private, 172.16.0.0/12"},
    {{192, 0, 2, 0}, 24, NEVER, "documentation, 192.0.2.0/24"},
    {{192, 88, 99, 0}, 24, NEVER, "6to4 relays, 192.88.99.0/24"},
    {{192, 168, 0, 0}, 16, PRIVATE, "private, 192.168.0.0/16"},
    {{198, 18, 0, 0}, 15, PRIVATE, "benchmarks, 198.18.0.0/15"},
    {{198, 51, 100, 0}, 24, NEVER, "documentation, 198.51.100.0/24"},
    {{203, 0, 113, 0}, 24, NEVER, "documentation, 203.0.113.0/24"},
    {{224, 0, 0, 0}, 4, NEVER, "multicast, 224.0.0.0/4"},
    {{240, 0, 0, 0}, 4, NEVER, "reserved and broadcast, 240.0.0.0/4"},
};

struct block6 {
    unsigned char prefix[16];
    unsigned bits;
    enum verdict verdict;
    unsigned embedded_at; /* byte where the IPv4 address stands */
    const char *range;
};

/* IANA IPv6 Special-Purpose Address Registry; the first line that fits decides. */
static const struct block6 blocks6[] = {
    {{0}, 128, NEVER, 0, "unspecified, ::"},
    {{[15] = 1}, 128, PRIVATE, 0, "loopback, ::1"},
    {{[10] = 0xff, [11] = 0xff}, 96, EMBEDDED, 12, "IPv4-mapped, ::ffff:0:0/96"},
    {{0}, 96, EMBEDDED, 12, "IPv4-compatible, ::/96"},
    {{0x00, 0x64, 0xff, 0x9b}, 96, EMBEDDED, 12, "NAT64, 64:ff9b::/96"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, NEVER, 0, "local NAT64, 64:ff9b:1::/48"},
    {{0x20, 0x01, 0x00, 0x00}, 32, NEVER, 0, "Teredo, 2001::/32"},
    {{0x20, 0x01, 0x00, 0x00}, 23, NEVER, 0, "protocol assignments, 2001::/23"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, NEVER, 0, "documentation, 2001:db8::/32"},
    {{0x20, 0x02}, 16, EMBEDDED, 2, "6to4, 2002::/16"},
    {{0x3f, 0xff}, 20, NEVER, 0, "documentation, 3fff::/20"},
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, NEVER, 0, "cloud metadata, fd00:ec2::/32"},
    {{0xfd, 0x20, 0x00, 0xce}, 32, NEVER, 0, "cloud metadata, fd20:ce::/32"},
    {{0xfc}, 7, PRIVATE, 0, "private, fc00::/7"},
    {{0xfe, 0x80}, 10, NEVER, 0, "link-local, fe80::/10"},
    {{0xfe, 0xc0}, 10, NEVER, 0, "site-local, fec0::/10"},
    {{0xff}, 8, NEVER, 0, "multicast, ff00::/8"},
    {{0x20}, 3, PUBLIC, 0, ""},
};

static bool prefix_fits(const unsigned char *address, const unsigned char *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(address, prefix, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

static struct jt_address judge4(const unsigned char address[4])
{
    for (size_t i = 0; i < JT_COUNT(blocks4); i++) {
        const struct block4 *block = &blocks4[i];

        if (prefix_fits(address, block->prefix, block->bits))
            return (struct jt_address){(enum jt_address_class)block->verdict, block->range};
    }
    return (struct jt_address){JT_ADDRESS_PUBLIC, ""};
}

static struct jt_address judge6(const unsigned char address[16])
{
    for (size_t i = 0; i < JT_COUNT(blocks6); i++) {
        const struct block6 *block = &blocks6[i];

        if (!prefix_fits(address, block->prefix, block->bits))
            continue;
        if (block->verdict == EMBEDDED)
            return judge4(address + block->embedded_at);
        return (struct jt_address){(enum jt_address_class)block->verdict, block->range};
    }
    return (struct jt_address){JT_ADDRESS_NEVER, "reserved, outside 2000::/3"};
}

struct jt_address jt_address_judge(const struct sockaddr *address, size_t len)
{
    if (len >= sizeof(struct sockaddr_in) && address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return judge4((const unsigned char *)&in.sin_addr);
    }
    if (len >= sizeof(struct sockaddr_in6) && address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return judge6(in6.sin6_addr.s6_addr);
    }
    return (struct jt_address){JT_ADDRESS_NEVER, "neither IPv4 nor IPv6"};
}

bool jt_address_judge_literal(struct jeton_bytes host, struct jt_address *out)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    const char *from = host.at;

    if (host.len >= 2 && from[0] == '[' && from[host.len - 1] == ']')
        host = jt_bytes_cut(host, 1, host.len - 1);
    /* A zone ("%eth0") names a link of this machine; the address before it decides. */
    host = jt_bytes_cut(host, 0, jt_bytes_find(host, '%', 0));
    if (host.len == 0 || host.len >= sizeof(text) || memchr(host.at, 0, host.len) != NULL)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    if (inet_pton(AF_INET, text, address) == 1) {
        *out = judge4(address);
        return true;
    }
    if (inet_pton(AF_INET6, text, address) == 1) {
        *out = judge6(address);
        return true;
    }
    return false;
}

void jt_address_write(const struct sockaddr *address, size_t len, char out[JT_ADDRESS_TEXT])
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    const char *done = NULL;

    if (len >= sizeof(in) && address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof(in));
        done = inet_ntop(AF_INET, &in.sin_addr, out, JT_ADDRESS_TEXT);
    } else if (len >= sizeof(in6) && address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof(in6));
        done = inet_ntop(AF_INET6, &in6.sin6_addr, out, JT_ADDRESS_TEXT);
    }
    if (done == NULL)
        snprintf(out, JT_ADDRESS_TEXT, "(no IP address)");
}
