/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word on the request before it counts? Peers whose X-Forwarded-… and X-Original-… headers are believed; from
 * anybody else they are as if they had not been sent. */
#ifndef JT_SERVER_PROXIES_H
#define JT_SERVER_PROXIES_H

#include <sys/socket.h>

#include "server/config/read.h"
#include "server/http/http.h"

/* "unix", an address, or an address and the bits of its network: 10.0.0.0/8. */
struct jt_proxy {
    sa_family_t family;
    unsigned char bytes[16];
    unsigned bits;
};
bool jt_proxy_read(struct jeton_bytes text, struct jt_proxy *out);
/* Is the peer one of the list, whose texts jt_proxy_read takes? NULL: nobody is. */
bool jt_proxies_have(const struct jt_config_list *list, const struct sockaddr *peer);

/* The request as it counts: itself, or a copy in its arena without such headers. */
JT_CHECKED jt_request_of_peer(const struct jt_request *request, const struct jt_config_list *trusted,
                              struct jt_request *out);
#endif
