/* SPDX-License-Identifier: Apache-2.0 */
/* May this address be dialled? A pure function over a resolved address: no name, no socket, no clock. The transport
 * asks it after resolution and before it connects, the one place that odd spellings, rebinding and redirects cannot
 * pass by. In the walk "JWKS → snapshot" it stands before the first byte goes out. */
#ifndef JT_KEYS_ADDRESS_GUARD_H
#define JT_KEYS_ADDRESS_GUARD_H

#include <sys/socket.h>

#include "base/bytes.h"

enum jt_address_class {
    JT_ADDRESS_PUBLIC,  /* anybody may dial it */
    JT_ADDRESS_PRIVATE, /* loopback, private, carrier: only with allow_private_ip */
    JT_ADDRESS_NEVER    /* link-local, metadata, multicast, … : never */
};

/* What an address is, and the range that says so: "loopback, 127.0.0.0/8". Lives for ever; "" for a public one.
 * An IPv6 address that carries an IPv4 one is what the IPv4 address is (RFC 4291 §2.5.5, RFC 6052, RFC 3056). */
struct jt_address {
    enum jt_address_class class;
    const char *range;
};

/* `len` bytes at `address`; another family than IPv4 and IPv6, or too few bytes, is never dialled. */
struct jt_address jt_address_judge(const struct sockaddr *address, size_t len);

/* The same for the text of a host that is a literal address, IPv6 with or without brackets; false when it is a name.
 * The spellings of IPv4 that inet_aton() reads (127.1, 0x7f000001) are the URL parser's to normalise. */
bool jt_address_judge_literal(struct jeton_bytes host, struct jt_address *out);

/* "192.0.2.1", "2001:db8::1", for messages. */
#define JT_ADDRESS_TEXT 64
void jt_address_write(const struct sockaddr *address, size_t len, char out[JT_ADDRESS_TEXT]);
#endif
