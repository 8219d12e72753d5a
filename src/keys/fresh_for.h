/* SPDX-License-Identifier: Apache-2.0 */
/* How long does the answer of an issuer say that it is good, and when may we ask again? RFC 9111 §4.2, §5.2;
 * RFC 9110 §10.2.3. A pure reading of header values; the machine clamps what comes out. */
#ifndef JT_KEYS_FRESH_FOR_H
#define JT_KEYS_FRESH_FOR_H

#include "keys/fetch_url.h"

/* Milliseconds the answer is fresh from now on: max-age − Age, else Expires − Date (both the server's clock); 0 for
 * no-cache, no-store, or when it is stale already; −1 when the headers say nothing usable. s-maxage is for shared
 * caches and ignored. */
int64_t jt_fresh_for(const struct jt_freshness *headers);

/* Milliseconds of Retry-After: seconds, or a date measured against the server's own Date; −1 when absent or garbage. */
int64_t jt_retry_after(const struct jt_freshness *headers);

/* An IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7), as seconds since 1970; the obsolete forms are
 * not read. */
JETON_MUST_CHECK bool jt_http_date_read(struct jeton_bytes text, int64_t *out);
#endif
