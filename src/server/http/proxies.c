/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word on the request before it counts? See proxies.h. */
#include "server/http/proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static size_t width_of(sa_family_t family)
{
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

bool jt_proxy_read(struct jeton_bytes text, struct jt_proxy *out)
{
    struct jt_proxy proxy = {AF_UNIX, {0}, 0};
    size_t slash = jt_bytes_find(text, '/', 0);
    char address[INET6_ADDRSTRLEN];
    uint64_t bits = 0;

    if (!jt_bytes_equal(text, JT_TEXT("unix"))) {
        if (slash == 0 || slash >= sizeof address)
            return false;
        memcpy(address, text.at, slash);
        address[slash] = '\0';
        proxy.family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
        if (inet_pton(proxy.family, address, proxy.bytes) != 1)
            return false;
        bits = 8 * width_of(proxy.family);
        if (slash < text.len && !jt_bytes_number(jt_bytes_cut(text, slash + 1, text.len), bits, &bits))
            return false;
        proxy.bits = (unsigned)bits;
    }
    *out = proxy;
    return true;
}

/* An IPv4 peer of a socket for both kinds is what it is. */
static struct jt_proxy address_of(const struct sockaddr *peer)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct jt_proxy address = {peer->sa_family, {0}, 0};
    const void *at = peer;

    if (peer->sa_family == AF_INET)
        memcpy(address.bytes, &((const struct sockaddr_in *)at)->sin_addr, 4);
    if (peer->sa_family == AF_INET6)
        memcpy(address.bytes, &((const struct sockaddr_in6 *)at)->sin6_addr, 16);
    if (peer->sa_family == AF_INET6 && memcmp(address.bytes, mapped, sizeof mapped) == 0) {
        address.family = AF_INET;
        memmove(address.bytes, address.bytes + sizeof mapped, 4);
    }
    return address;
}

static bool holds(const struct jt_proxy *network, const struct jt_proxy *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    unsigned mask = rest == 0 ? 0 : 0xffu << (8 - rest) & 0xff;

    return network->family == address->family && memcmp(network->bytes, address->bytes, whole) == 0 &&
           (mask == 0 || (network->bytes[whole] & mask) == (address->bytes[whole] & mask));
}

bool jt_proxies_have(const struct jt_config_list *list, const struct sockaddr *peer)
{
    struct jt_proxy proxy, address;

    if (peer == NULL)
        return false;
    address = address_of(peer);
    for (size_t i = 0; i < list->count; i++) {
        if (jt_proxy_read(jeton_text(list->at[i].at), &proxy) && holds(&proxy, &address))
            return true;
    }
    return false;
}

static bool is_forwarded(struct jeton_bytes name)
{
    char first = name.len > 0 ? *(const char *)name.at : '\0';

    if (first != 'X' && first != 'x' && first != 'F' && first != 'f')
        return false;
    return jt_bytes_equal_nocase(jt_bytes_cut(name, 0, 12), JT_TEXT("X-Forwarded-")) ||
           jt_bytes_equal_nocase(jt_bytes_cut(name, 0, 11), JT_TEXT("X-Original-")) ||
           jt_bytes_equal_nocase(name, JT_TEXT("Forwarded"));
}

JT_CHECKED jt_request_of_peer(const struct jt_request *request, const struct jt_config_list *trusted,
                              struct jt_request *out)
{
    struct jt_header_field *kept = NULL;
    size_t count = 0;

    *out = *request;
    for (size_t i = 0; i < request->header_count; i++)
        count += is_forwarded(request->headers[i].name);
    if (count == 0 || jt_proxies_have(trusted, request->peer))
        return JETON_OK;
    kept = jt_arena_take(request->arena, request->header_count * sizeof *kept);
    if (kept == NULL)
        return JETON_OUT_OF_MEMORY;
    out->header_count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_forwarded(request->headers[i].name))
            kept[out->header_count++] = request->headers[i];
    }
    out->headers = kept;
    return JETON_OK;
}
