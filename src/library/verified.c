/* SPDX-License-Identifier: Apache-2.0 */
/* The border of <jeton/verify.h>: what a verified token says. */
#include "jose/claims.h"
#include "library/border.h"

struct jeton_bytes jeton_verified_issuer(const struct jeton_verified *token)
{
    return jt_verified_issuer(jt_border_verified(token));
}

struct jeton_bytes jeton_verified_subject(const struct jeton_verified *token)
{
    return jt_verified_subject(jt_border_verified(token));
}

struct jeton_bytes jeton_verified_algorithm(const struct jeton_verified *token)
{
    return jt_algorithm_name(jt_verified_algorithm(jt_border_verified(token)));
}

struct jeton_bytes jeton_verified_kid(const struct jeton_verified *token)
{
    return jt_verified_kid(jt_border_verified(token));
}

const char *jeton_verified_thumbprint(const struct jeton_verified *token)
{
    return jt_verified_thumbprint(jt_border_verified(token));
}

struct jeton_bytes jeton_verified_header(const struct jeton_verified *token)
{
    return jt_verified_header(jt_border_verified(token));
}

struct jeton_bytes jeton_verified_payload(const struct jeton_verified *token)
{
    return jt_verified_payload(jt_border_verified(token));
}

bool jeton_verified_has_scope(const struct jeton_verified *token, struct jeton_bytes scope)
{
    return jt_verified_has_scope(jt_border_verified(token), scope);
}

bool jeton_verified_has_audience(const struct jeton_verified *token, struct jeton_bytes audience)
{
    return jt_verified_has_audience(jt_border_verified(token), audience);
}

bool jeton_verified_time(const struct jeton_verified *token, enum jeton_time_claim which, int64_t *seconds)
{
    struct jt_numeric_date date;
    if (!jt_verified_time(jt_border_verified(token), which, &date))
        return false;
    *seconds = date.seconds;
    return true;
}

bool jeton_verified_string(const struct jeton_verified *token, struct jeton_bytes name, struct jeton_bytes *value)
{
    struct jt_json claim = jt_verified_claim(jt_border_verified(token), name);
    if (jt_json_type(claim) != JT_JSON_STRING)
        return false;
    *value = jt_json_string(claim);
    return true;
}

bool jeton_verified_integer(const struct jeton_verified *token, struct jeton_bytes name, int64_t *value)
{
    struct jt_json claim = jt_verified_claim(jt_border_verified(token), name);
    struct jeton_bytes text = jt_json_number(claim); /* no bytes for another type */
    bool negative = text.len > 0 && *(const char *)text.at == '-';
    uint64_t size;
    if (negative)
        text = jt_bytes_cut(text, 1, text.len);
    if (text.len == 0 || !jt_bytes_number(text, (uint64_t)INT64_MAX + (negative ? 1 : 0), &size))
        return false;
    *value = negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

bool jeton_verified_boolean(const struct jeton_verified *token, struct jeton_bytes name, bool *value)
{
    struct jt_json claim = jt_verified_claim(jt_border_verified(token), name);
    if (jt_json_type(claim) != JT_JSON_BOOLEAN)
        return false;
    *value = jt_json_boolean(claim);
    return true;
}

bool jeton_verified_element(const struct jeton_verified *token, struct jeton_bytes name, size_t index,
                            struct jeton_bytes *value)
{
    return jt_claims_element(jt_verified_claim(jt_border_verified(token), name), index, value);
}
