/* SPDX-License-Identifier: Apache-2.0 */
/* What is one guarded request between its beginning and its end? For the two files that run requests: one after the
 * other (fetch_url.c), or many at once (fetch_url_many.c). */
#ifndef JT_KEYS_FETCH_URL_TRANSFER_H
#define JT_KEYS_FETCH_URL_TRANSFER_H

#include <curl/curl.h>

#include "keys/fetch_url.h"

struct jt_transfer;

/* `url` need not outlive the call; options, their texts and the result must outlive the transfer. Statuses as
 * jt_fetch_url(): nothing was begun then. */
JT_CHECKED jt_transfer_begin(struct jeton_bytes url, const struct jt_fetch_options *options,
                             struct jt_fetch_result *result, struct jt_transfer **out, struct jeton_detail *detail);
CURL *jt_transfer_curl(const struct jt_transfer *transfer);
/* Gives the transfer back. `code` is what curl said at its end; statuses as jt_fetch_url(). */
JT_CHECKED jt_transfer_end(struct jt_transfer *transfer, CURLcode code, struct jeton_detail *detail);
void jt_transfer_cancel(struct jt_transfer *transfer);
#endif
