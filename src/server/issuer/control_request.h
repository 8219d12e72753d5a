/* SPDX-License-Identifier: Apache-2.0 */
/* What does an operator ask through the control socket? One JSON object on one line:
 *     {"do":"status"}  {"do":"rotate"}  {"do":"revoke","kid":"…"}  {"do":"import","key":"PEM or JWK","kid":"…"}
 *     {"do":"reseal"}
 * The answer is one object on one line too: {"ok":true,…} or {"ok":false,"error":"…","detail":"…"}. */
#ifndef JT_SERVER_CONTROL_REQUEST_H
#define JT_SERVER_CONTROL_REQUEST_H

#include "base/json.h"

#define JT_CONTROL_LINE_MAX (256 * 1024)

enum jt_control_verb { JT_CONTROL_STATUS, JT_CONTROL_ROTATE, JT_CONTROL_REVOKE, JT_CONTROL_IMPORT, JT_CONTROL_RESEAL };

struct jt_control_request {
    enum jt_control_verb verb;
    struct jeton_bytes kid; /* empty: not said */
    struct jeton_bytes key;
};

/* What it borrows lies in the arena, which needs jt_json_arena_size(line.len). JETON_REQUEST_INVALID. */
JT_CHECKED jt_control_request_read(struct jeton_bytes line, struct jt_arena *arena, struct jt_control_request *out,
                                   struct jeton_detail *detail);

struct jt_keeper;
/* Carries it out and writes the line of the answer, without a line feed. Secrets in the line are the caller's to wipe.
 */
void jt_control_answer(struct jt_keeper *keeper, const char *issuer, struct jeton_bytes line, struct jt_buffer *out);
#endif
