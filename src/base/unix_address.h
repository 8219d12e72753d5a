/* SPDX-License-Identifier: Apache-2.0 */
/* How is a Unix socket addressed whose path is longer than an address has room for? */
#ifndef JT_BASE_UNIX_ADDRESS_H
#define JT_BASE_UNIX_ADDRESS_H

#include <stdbool.h>
#include <sys/un.h>

/* An address has room for 107 bytes; a longer path goes through the descriptor of its directory, which is opened into
 * `*directory`, to be closed when the address has been used; -1 when it was not needed or could not be opened. False,
 * with -1 or a descriptor all the same, when the socket cannot be addressed. */
bool jt_unix_address(const char *path, int *directory, struct sockaddr_un *out);
#endif
