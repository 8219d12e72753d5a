/* SPDX-License-Identifier: Apache-2.0 */
/* What is a header field of HTTP, to those that have to do with one? A name and a value, borrowed. */
#ifndef JT_BASE_HEADER_FIELD_H
#define JT_BASE_HEADER_FIELD_H

#include "base/bytes.h"

struct jt_header_field {
    struct jeton_bytes name; /* compared without case */
    struct jeton_bytes value;
};
#endif
