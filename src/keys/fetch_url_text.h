/* SPDX-License-Identifier: Apache-2.0 */
/* May this address be asked, as far as its text says? Scheme, user information, a literal address, the origin; for the
 * files that run requests. No network. */
#ifndef JT_KEYS_FETCH_URL_TEXT_H
#define JT_KEYS_FETCH_URL_TEXT_H

#include <curl/curl.h>

#include "keys/address_guard.h"
#include "keys/fetch_url.h"

void jt_url_done(CURLU **url);
JT_CHECKED jt_url_check(struct jeton_bytes text, const struct jt_fetch_options *options, CURLU **out,
                        struct jeton_detail *detail);
enum jeton_status jt_url_refuse(struct jeton_detail *detail, enum jeton_status status, struct jt_address found,
                                const char *address, bool may_be_allowed);
bool jt_url_address_allowed(struct jt_address found, bool allow_private_ip);
bool jt_url_origin_typed(struct jeton_bytes url, const struct jt_fetch_options *options);
bool jt_url_same_origin(CURLU *a, CURLU *b);
#endif
