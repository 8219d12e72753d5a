/* SPDX-License-Identifier: Apache-2.0 */
/* How do many requests run in one thread without any of them holding up another? The transport over libcurl's multi
 * interface; names are resolved in threads of libcurl's own. */
#ifndef JT_KEYS_FETCH_URL_MANY_H
#define JT_KEYS_FETCH_URL_MANY_H

#include "keys/transport.h"

JT_CHECKED jt_transport_open_url(struct jt_transport **out);
/* Nothing may be in flight: the engine was closed before. */
void jt_transport_close_url(struct jt_transport *transport);
#endif
